package hubspot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// mapped is one logical field and the property behind it.
type mapped struct {
	logical  crm.Field
	native   string    // property name, "" if there is none
	on       *property // nil if the portal has none or the token cannot see it
	kind     crm.Kind  // of the cell's text
	state    crm.State // of the cell before a record is read
	place    int       // of the cell among those of a deal
	writable bool
	in, out  map[string]string // stored option to the field's word and back, where they differ
}

// mapping is every logical field of the connection.
type mapping struct {
	deals    []*mapped
	contacts []*mapped
	byName   map[string]*mapped
	byNative map[string][]*mapped // fields of deals
	names    *crm.Names           // of deals
	context  *mapped              // the relationship note of a contact, nil if not configured
}

// nativeName is the property of a logical field: the configured one, else
// derived from the field set, as handoff and item_1_1_score give
// handoff_item_1_1_score.
func nativeName(f crm.Field) string {
	if f.Native != "" || f.Prefix == "" || f.Base == "" {
		return strings.TrimSpace(f.Native)
	}
	return strings.ToLower(f.Prefix + "_" + f.Base)
}

// mapFields finds every logical field in the portal and collects what is wrong.
func (s *schema) mapFields(setup crm.Setup) {
	m := &s.mapping
	m.byName, m.byNative = map[string]*mapped{}, map[string][]*mapped{}
	for _, f := range setup.Fields {
		e := s.find(f)
		m.byName[f.Name] = e
		if f.Object == crm.ObjectContact {
			m.contacts = append(m.contacts, e)
			if m.context == nil || strings.HasSuffix(f.Name, "context") {
				m.context = e
			}
			continue
		}
		m.deals = append(m.deals, e)
		if e.on != nil {
			m.byNative[e.native] = append(m.byNative[e.native], e)
		}
	}
	names := make([]string, len(m.deals))
	for i, e := range m.deals {
		names[i] = e.logical.Name
	}
	m.names = crm.NewNames(names...)
	for _, e := range m.deals {
		e.place = m.names.Place(e.logical.Name)
		s.checkField(e, "deal")
	}
	for _, e := range m.contacts {
		s.checkField(e, "contact")
	}
}

func (s *schema) find(f crm.Field) *mapped {
	e := &mapped{logical: f, native: nativeName(f), kind: f.Kind, state: crm.Read}
	defs, barred := s.deals, false
	if f.Object == crm.ObjectContact {
		defs, barred = s.contacts, s.denied != nil
	}
	for _, name := range []string{e.native, strings.ToLower(e.native)} {
		if p := defs[name]; p != nil {
			e.on, e.native = p, name
			break
		}
	}
	if e.on == nil {
		e.state = crm.Unreadable
		if !barred && f.Native == "" && (f.Optional || e.native == "") {
			e.state = crm.Unmapped
		}
		return e
	}
	e.kind = e.on.kind()
	if f.Kind == crm.Date && e.kind == crm.DateTime {
		e.kind = crm.Date
	}
	e.writable = f.Writer == crm.Ours && f.Object != crm.ObjectContact && !e.on.readOnly
	e.translate()
	return e
}

// translate pairs the words that a picklist must offer with stored options of
// the same label.
func (e *mapped) translate() {
	if e.on.kind() != crm.Picklist {
		return
	}
	for _, want := range e.logical.Options {
		if want == "" || e.on.offers(want) {
			continue
		}
		for _, o := range e.on.options {
			if !o.hidden && fold(o.label) == fold(want) && !slices.Contains(e.logical.Options, o.value) {
				if e.in == nil {
					e.in, e.out = map[string]string{}, map[string]string{}
				}
				e.in[o.value], e.out[want] = want, o.value
				break
			}
		}
	}
}

func (p *property) offers(value string) bool {
	return slices.ContainsFunc(p.options, func(o choice) bool { return o.value == value })
}

// read gives the cell of a property's value on a record.
func (e *mapped) read(raw string, zone *time.Location) crm.Cell {
	var text string
	if e.kind == crm.Date && e.on.kind() == crm.DateTime {
		text = day(raw, zone)
	} else {
		text = canonical(e.kind, raw)
	}
	if word, ok := e.in[text]; ok {
		text = word
	}
	return crm.Value(text)
}

// write gives the text that HubSpot stores for a canonical one. "" clears.
func (e *mapped) write(text string, zone *time.Location) string {
	text = strings.TrimSpace(text)
	if stored, ok := e.out[text]; ok {
		return stored
	}
	if e.on.kind() == crm.Date && len(text) > len(time.DateOnly) {
		return day(text, zone)
	}
	return text
}

// checkField reports what a person should mend about one field.
func (s *schema) checkField(e *mapped, object string) {
	f, place := e.logical, "fields."+e.logical.Name
	if e.on == nil {
		if e.state == crm.Unreadable && !(object == "contact" && s.denied != nil) {
			s.problem(crm.Fail, place, fmt.Sprintf("there is no %s property %q, or the token cannot see it", object, e.native),
				fixMissing(f, place))
		}
		return
	}
	if f.Writer == crm.Ours {
		s.checkOurs(e, place)
	}
	if has := e.on.kind(); !fits(f.Kind, has) {
		e.writable = false
		s.problem(crm.Fail, place, fmt.Sprintf("%s property %s is of type %s, which cannot hold a %s", object, e.native, e.on.typ, f.Kind),
			"set "+place+" to a property of a fitting type")
	}
	if missing := e.lacking(); len(missing) > 0 {
		s.problem(crm.Fail, place, fmt.Sprintf("%s property %s lacks the options %s", object, e.native, quoted(missing)),
			"add the options to the property in HubSpot's Settings > Properties")
	}
}

// fixMissing is what to do about a property that is not there.
func fixMissing(f crm.Field, place string) string {
	if makes(f) {
		return "run syncd fields apply, or have the files of syncd fields export posted"
	}
	return "create the property in HubSpot's Settings > Properties, or set " + place + " to the name of the right one"
}

func (s *schema) checkOurs(e *mapped, place string) {
	for _, other := range s.mapping.byNative[e.native] {
		if other != e && (other.logical.Writer != crm.Ours || other.logical.Name < e.logical.Name) {
			e.writable = false
			s.problem(crm.Fail, place, fmt.Sprintf("deal property %s is mapped to %q too; syncd writes no property that somebody else uses", e.native, other.logical.Name),
				"give each of the two a property of its own")
			return
		}
	}
	if e.on.readOnly {
		s.problem(crm.Fail, place, fmt.Sprintf("deal property %s cannot be written: HubSpot marks its value read-only", e.native),
			"set "+place+" to a property that can be edited")
	}
}

// fits tells whether a property of kind has can stand for a logical field of
// kind want. Text holds anything.
func fits(want, has crm.Kind) bool {
	text := has == crm.Text || has == crm.LongText
	switch want {
	case "", has:
		return true
	case crm.Text, crm.LongText:
		return has != crm.Bool
	case crm.Picklist:
		return text || has == crm.Number || has == crm.Bool
	case crm.Number:
		return text || has == crm.Picklist
	case crm.Date, crm.DateTime:
		return text || has == crm.Date || has == crm.DateTime
	}
	return text || has == crm.Picklist // users and booleans
}

// lacking are the words that a picklist should offer and does not.
func (e *mapped) lacking() []string {
	if e.on.kind() != crm.Picklist || len(e.on.options) == 0 {
		return nil
	}
	var out []string
	for _, want := range e.logical.Options {
		if _, known := e.out[want]; want != "" && !known && !e.on.offers(want) {
			out = append(out, want)
		}
	}
	return out
}

func quoted(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return `"` + strings.Join(names, `", "`) + `"`
}

package salesforce

import (
	"fmt"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// mapped is one logical field and where it lives.
type mapped struct {
	logical  crm.Field
	native   string // API name, "" if there is none
	object   string // Opportunity, Contact or OpportunityContactRole
	on       *field // nil if the org has no such field or our user cannot see it
	writable bool
	place    int // of the cell among those of a deal; -1 if it is none
}

// state of the field's cells before a record is read.
func (m *mapped) state() crm.State {
	switch {
	case m.on != nil:
		return crm.Read
	case m.logical.Native == "" && (m.logical.Optional || m.native == ""):
		return crm.Unmapped
	}
	return crm.Unreadable
}

// mapping is every logical field of the connection.
type mapping struct {
	all      []mapped
	byName   map[string]*mapped
	byNative map[string][]*mapped // fields of Opportunity by API name
	tracked  map[string][]*mapped // those whose changes are asked for
	names    *crm.Names           // of the fields of a deal that are mapped
}

// nativeName is the API name of a logical field: the configured one, else
// derived from the field set, as handoff and item_1_1_score give
// Handoff_Item_1_1_Score__c.
func nativeName(f crm.Field) string {
	if f.Native != "" || f.Prefix == "" || f.Base == "" {
		return f.Native
	}
	parts := strings.Split(f.Prefix+"_"+f.Base, "_")
	for i, p := range parts {
		if p != "" {
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "_") + "__c"
}

// mapFields finds every logical field in the org and collects what is wrong.
func (s *schema) mapFields(setup crm.Setup) {
	m := &s.mapping
	m.all = make([]mapped, 0, len(setup.Fields))
	m.byName, m.byNative, m.tracked = map[string]*mapped{}, map[string][]*mapped{}, map[string][]*mapped{}
	for _, f := range setup.Fields {
		m.all = append(m.all, s.find(f))
	}
	var names []string
	for i := range m.all {
		if e := &m.all[i]; e.object == "Opportunity" && e.state() != crm.Unmapped {
			names = append(names, e.logical.Name)
		}
	}
	m.names = crm.NewNames(names...)
	for i := range m.all {
		e := &m.all[i]
		e.place = m.names.Place(e.logical.Name)
		m.byName[e.logical.Name] = e
		if e.on != nil && e.object == "Opportunity" {
			m.byNative[e.on.Name] = append(m.byNative[e.on.Name], e)
			if e.logical.Track {
				m.tracked[historyName(e.on.Name)] = append(m.tracked[historyName(e.on.Name)], e)
			}
		}
	}
	for i := range m.all {
		s.checkField(&m.all[i])
	}
}

// find looks a field up where it may live. A fact about people may be kept on
// the contact or on the contact's role.
func (s *schema) find(f crm.Field) mapped {
	e := mapped{logical: f, native: nativeName(f), object: "Opportunity"}
	objects := []string{"Opportunity"}
	if f.Object == crm.ObjectContact {
		objects = []string{"Contact", "OpportunityContactRole"}
		e.object = "Contact"
	}
	for _, name := range objects {
		native := strings.TrimPrefix(e.native, name+".")
		if on := s.objects[name].field(native); on != nil {
			e.on, e.object, e.native = on, name, on.Name
			break
		}
	}
	e.writable = e.on != nil && e.object == "Opportunity" && f.Writer == crm.Ours && e.on.Updateable && !e.on.Calculated
	return e
}

// checkField reports what a person should mend about one field.
func (s *schema) checkField(e *mapped) {
	f := e.logical
	place := "fields." + f.Name
	if e.on == nil {
		if e.state() == crm.Unreadable {
			s.problem(crm.Fail, place,
				fmt.Sprintf("%s.%s: %v", e.object, e.native, errNotDescribed),
				fmt.Sprintf("create the field, or correct %s, and let the integration user read%s it (a new field is visible to nobody until a permission set grants it)", place, orEdit(f)))
		}
		return
	}
	if f.Writer == crm.Ours {
		s.checkOurs(e, place)
	}
	if !fits(f.Kind, e.on.kind()) {
		e.writable = false
		s.problem(crm.Fail, place,
			fmt.Sprintf("%s.%s is of type %s, which cannot hold a %s", e.object, e.native, e.on.Type, f.Kind),
			"map "+place+" to a field of a fitting type")
	}
	if missing := lacking(f.Options, e.on); len(missing) > 0 {
		s.problem(crm.Fail, place,
			fmt.Sprintf("picklist %s.%s lacks %s", e.object, e.native, quoted(missing)),
			"add the values to the picklist, and to the record types that use it")
	}
}

func (s *schema) checkOurs(e *mapped, place string) {
	for _, other := range s.mapping.byNative[e.on.Name] {
		if other != e && (other.logical.Writer != crm.Ours || other.logical.Name < e.logical.Name) {
			e.writable = false
			s.problem(crm.Fail, place,
				fmt.Sprintf("%s.%s is mapped to %q too; syncd writes no field that somebody else uses", e.object, e.native, other.logical.Name),
				"give each of the two a field of its own")
			return
		}
	}
	if !e.writable {
		why := "the integration user may not edit it"
		if e.on.Calculated {
			why = "it is a formula"
		}
		s.problem(crm.Fail, place,
			fmt.Sprintf("%s.%s cannot be written: %s", e.object, e.native, why),
			"grant edit access to the field in the integration user's permission set, or map "+place+" elsewhere")
	}
}

func orEdit(f crm.Field) string {
	if f.Writer == crm.Ours {
		return " and edit"
	}
	return ""
}

// fits tells whether a CRM field of kind has can stand for a logical field of
// kind want. Text holds anything.
func fits(want, has crm.Kind) bool {
	switch want {
	case "", has:
		return true
	case crm.Text, crm.LongText:
		return has != crm.Bool
	case crm.Picklist:
		return has == crm.Text || has == crm.LongText || has == crm.Number
	case crm.Number:
		return has == crm.Text || has == crm.Picklist
	case crm.Date, crm.DateTime:
		return has == crm.Date || has == crm.DateTime || has == crm.Text
	case crm.User:
		return has == crm.Text
	case crm.Bool:
		return has == crm.Picklist || has == crm.Text
	}
	return true
}

// lacking are the options that a restricted picklist does not offer.
func lacking(want []string, f *field) []string {
	if f.kind() != crm.Picklist || !f.Restricted {
		return nil
	}
	has := f.options()
	var out []string
	for _, o := range want {
		if o != "" && !slices.Contains(has, o) {
			out = append(out, o)
		}
	}
	return out
}

// historyName is what field history calls a field: a standard lookup goes by
// the record it points to.
func historyName(native string) string {
	if !strings.HasSuffix(native, "__c") && strings.HasSuffix(native, "Id") && len(native) > 2 {
		return strings.TrimSuffix(native, "Id")
	}
	return native
}

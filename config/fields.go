package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/yamlfile"
)

// spec is a field as the table of logical names has it.
type spec struct {
	name     string
	kind     crm.Kind
	writer   crm.Writer
	options  []string
	optional bool
	track    bool
	access   crm.Access
	label    string // "" means made from the name
	help     string
}

// own are syncd's fields of a field set, beside those that follow from a card.
func own() []spec {
	return []spec{
		{name: "status", kind: crm.Picklist, options: handoff.Statuses(), access: crm.Open},
		{name: "band", kind: crm.Picklist, access: crm.Restricted},
		{name: "health", kind: crm.Picklist, options: []string{"green", "yellow", "orange", "red"}, access: crm.Restricted},
		{name: "escalation", kind: crm.Picklist, options: []string{handoff.NoEscalation, handoff.CSManager, handoff.SalesManager}},
		{name: "score", kind: crm.Number, access: crm.Restricted},
		{name: "score_out_of", kind: crm.Number, access: crm.Restricted},
		{name: "attempt", kind: crm.Number},
		{name: "range", kind: crm.Text, access: crm.Restricted},
		{name: "action", kind: crm.Text, access: crm.Open},
		{name: "ball", kind: crm.Text, access: crm.Open},
		{name: "key", kind: crm.Text, track: true},
		{name: "scorecard_version", kind: crm.Text},
		{name: "sync_message", kind: crm.Text},
		{name: "gaps", kind: crm.LongText, access: crm.Open},
		{name: "hold", kind: crm.Bool},
		{name: "due_at", kind: crm.DateTime},
		{name: "escalated_at", kind: crm.DateTime},
		{name: "resolved_at", kind: crm.DateTime},
		{name: "updated_at", kind: crm.DateTime},
	}
}

// human are the cells that people fill in, beside those of the items.
func human() []spec {
	return []spec{
		{name: "attempt_scored", kind: crm.Number, writer: crm.CSM, track: true},
		{name: "csm", kind: crm.User, writer: crm.CSM, track: true, access: crm.Open},
		{name: "kickoff_at", writer: crm.CSM, track: true, access: crm.Open},
		{name: "dispute_item", kind: crm.Text, writer: crm.CSM, optional: true},
		{name: "dispute_reason", kind: crm.LongText, writer: crm.CSM, optional: true},
		{name: "dispute_outcome", kind: crm.Picklist, writer: crm.CSM, options: []string{handoff.Upheld, handoff.Changed, handoff.Clarified}, optional: true},
		{name: "dispute_score", kind: crm.Picklist, writer: crm.CSM, options: []string{"0", "1", "2"}, optional: true, access: crm.Restricted},
		{name: "duplicate_decision", kind: crm.Picklist, writer: crm.CSM, options: []string{handoff.SameSale, handoff.OwnSale}, optional: true},
	}
}

// org are fields with no default: they exist as far as they are mapped.
func org() []spec {
	return []spec{
		{name: "arr", kind: crm.Number, writer: crm.Org},
		{name: "term_months", kind: crm.Number, writer: crm.Org},
		{name: "discount", kind: crm.Number, writer: crm.Org},
		{name: "notes", kind: crm.LongText, writer: crm.AE, track: true},
		{name: "next_step", writer: crm.AE},
		{name: "partner", writer: crm.Org},
		{name: "sent_at", writer: crm.Org},
	}
}

// groups are the nested maps of fields: by item, what the AE entered.
func groups() map[string]crm.Kind {
	return map[string]crm.Kind{
		"evidence": crm.LongText, "none": crm.Bool, "pick": crm.Picklist, "date": crm.Date, "until": crm.Date,
		"owner": "", "listed": crm.Bool, "ours": "", "theirs": "", "boilerplate": "", "agreed": crm.Bool, "task_open": crm.Bool, "days": crm.Number, "set_at": "",
	}
}

// contactContext is the relationship note of a contact.
const contactContext = "contact_context"

// validateFields checks that every mapped name is one that syncd knows. Fields
// of the org's own choosing go under required_fields, and under fields only if
// they are to have a name there.
func (c *Connection) validateFields(v *checker, path string, cards map[string]*scorecard.Card) {
	var items []string
	for _, card := range cards {
		for item := range card.Items() {
			items = append(items, item.ID)
		}
	}
	known := []string{contactContext}
	for _, list := range [][]spec{own(), human(), org(), answers()} {
		for _, s := range list {
			known = append(known, s.name)
		}
	}
	kinds := groups()
	for name, native := range c.Fields {
		at := yamlfile.Join(path+".fields", strings.SplitN(name, ".", 2)...)
		group, item, nested := strings.Cut(name, ".")
		switch {
		case native == "":
			v.fault(at, "names no field", "write the CRM's API name of the field, or leave the key out")
		case nested:
			if _, ok := kinds[group]; !ok {
				v.fault(at, fmt.Sprintf("%q has no keys of its own", group), "evidence, none, pick, date and until do")
			} else if item == "" {
				v.fault(at, "names no item", `write it like "1.1"`)
			} else if len(items) > 0 && !slices.Contains(items, item) {
				v.fault(at, fmt.Sprintf("there is no item %q on any scorecard", item), "`syncd scorecard print` lists the items")
			}
		case slices.Contains(known, name), strings.HasPrefix(name, "category_"), strings.HasPrefix(name, "item_"), partnerField(name):
		case slices.Contains(c.RequiredFields, name):
		default:
			v.fault(at, fmt.Sprintf("unknown field %q", name), yamlfile.DidYouMean(name, known))
		}
	}
	for role := range c.Roles {
		v.oneOf(yamlfile.Join(path+".roles", role), role, Roles())
	}
	for set := range c.FieldPrefix {
		v.oneOf(yamlfile.Join(path+".field_prefix", set), set, []string{"handoff", partnerSet})
	}
}

// Setup says what a connection asks of its adapter, for the cards it uses.
func (c *Config) Setup(con *Connection, cards []*scorecard.Card) crm.Setup {
	zone := c.Zone()
	s := crm.Setup{Connection: con.Name, Roles: con.Roles, Zone: zone, Since: con.Scope.GoLive.In(zone), Posts: con.Chatter, Attempts: con.AttemptObject}
	if w := con.Waiver; w != nil {
		s.Waiver = crm.Waiver{By: w.By, Until: w.Until.In(zone)}
	}
	b := &fieldList{con: con, seen: map[string]bool{}}
	for _, card := range cards {
		b.card(card)
	}
	b.partner(cards, &s)
	for _, o := range org() {
		b.mapped(o)
	}
	kinds := groups()
	for name := range con.Fields {
		if group, _, nested := strings.Cut(name, "."); nested {
			b.mapped(spec{name: name, kind: kinds[group], writer: crm.AE, track: false})
		}
	}
	for _, name := range con.RequiredFields {
		b.required(name)
	}
	if native := con.Fields[contactContext]; native != "" {
		b.add(crm.Field{Name: contactContext, Native: native, Object: crm.ObjectContact, Kind: crm.LongText, Writer: crm.Org, Label: contactContext})
	}
	slices.SortFunc(b.list, func(x, y crm.Field) int { return strings.Compare(x.Name, y.Name) })
	s.Fields, s.Notes = b.list, b.notes
	return s
}

// fieldList gathers fields, each name once.
type fieldList struct {
	con  *Connection
	seen map[string]bool
	list []crm.Field
	// notes are kept apart: nobody reads them but people.
	notes []crm.Field
}

func (b *fieldList) add(f crm.Field) {
	if !b.seen[f.Name] {
		b.seen[f.Name] = true
		b.list = append(b.list, f)
	}
}

// card adds a card's own and human fields. Cards of one prefix share them; the
// bands of all are options of the one band field.
func (b *fieldList) card(card *scorecard.Card) {
	for _, s := range own() {
		s.writer = crm.Ours
		if s.name == "band" {
			for _, band := range card.Bands {
				s.options = append(s.options, band.Name)
			}
		}
		b.derived(card, s)
	}
	for _, s := range human() {
		if card.Start == scorecard.StartKickoff || !atKickoff(s.name) {
			b.derived(card, s)
		}
	}
	for _, cat := range card.Categories {
		b.derived(card, spec{name: cat.Cell, kind: crm.Number, writer: crm.Ours, access: crm.Restricted, label: cat.ID + " " + cat.Title})
	}
	for item := range card.Items() {
		s := spec{name: item.Cell, kind: crm.Number, writer: crm.Ours, access: crm.Restricted, label: item.ID + " " + item.Gap, help: guidance(item)}
		if !item.Auto {
			s.kind, s.writer, s.options, s.track = crm.Picklist, crm.CSM, []string{"0", "1", "2"}, false
			b.note(card, item)
		}
		b.derived(card, s)
	}
}

// note adds the cell in which the CSM says why an item was scored as it was.
func (b *fieldList) note(card *scorecard.Card, item *scorecard.Item) {
	f := b.field(card, spec{
		name: "item_" + crm.Underscored(item.ID) + "_note", kind: crm.LongText, writer: crm.CSM, label: item.ID + " note: " + item.Gap,
		help: "Why the item was scored as it was, for whoever reads the record. syncd does not read it.",
	})
	if !b.seen[f.Name] {
		b.seen[f.Name] = true
		b.notes = append(b.notes, f)
	}
}

func (b *fieldList) derived(card *scorecard.Card, s spec) { b.add(b.field(card, s)) }

// field is where a card's field lives.
func (b *fieldList) field(card *scorecard.Card, s spec) crm.Field {
	prefix := card.Prefix
	if p := b.con.FieldPrefix[card.Prefix]; p != "" {
		prefix = strings.Trim(p, "_")
	}
	name := card.Field(s.name)
	return crm.Field{
		Name: name, Native: b.con.Fields[name], Prefix: prefix, Base: s.name, Object: crm.ObjectDeal, Kind: s.kind, Writer: s.writer,
		Options: s.options, Label: labelOf(prefix, s), Help: s.help, Optional: s.optional, Track: s.track, Access: s.access,
	}
}

// Longest label and help text that every CRM takes.
const (
	longestLabel = 40
	longestHelp  = 500
)

// labelOf is what people in the CRM call a field: "Handoff 1.1 use case".
func labelOf(prefix string, s spec) string {
	words := s.label
	if words == "" {
		words = strings.ReplaceAll(s.name, "_", " ")
	}
	words = strings.NewReplacer("csm", "CSM").Replace(words)
	set := []rune(strings.TrimSpace(strings.ReplaceAll(prefix, "_", " ") + " " + words))
	set[0] = unicode.ToUpper(set[0])
	return clip(string(set), longestLabel)
}

// guidance is what earns an item its points.
func guidance(item *scorecard.Item) string {
	return clip(fmt.Sprintf("2: %s 1: %s 0: %s", item.Guidance[2], item.Guidance[1], item.Guidance[0]), longestHelp)
}

// clip cuts a text to so many characters, at a word where it can.
func clip(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	cut := string(runes[:most-1])
	if i := strings.LastIndexByte(cut, ' '); i > most/2 {
		cut = cut[:i]
	}
	return cut + "…"
}

func (b *fieldList) mapped(s spec) {
	if native := b.con.Fields[s.name]; native != "" {
		b.add(crm.Field{Name: s.name, Native: native, Object: crm.ObjectDeal, Kind: s.kind, Writer: s.writer, Label: s.name, Track: s.track, Access: crm.Open})
	}
}

// required adds a field that 5.3 wants filled; a name that fields does not map
// is the CRM's own.
func (b *fieldList) required(name string) {
	native := b.con.Fields[name]
	if native == "" {
		native = standard(b.con.CRM, name)
	}
	b.add(crm.Field{Name: name, Native: native, Object: crm.ObjectDeal, Writer: crm.Org, Label: name})
}

// standard is the field that every CRM of a kind has under a logical name; any
// other name is the CRM's own.
func standard(crm, name string) string {
	if name == "next_step" {
		return map[string]string{"salesforce": "NextStep", "hubspot": "hs_next_step"}[crm]
	}
	return name
}

// Zone is the company's time zone.
func (c *Config) Zone() *time.Location {
	zone, err := time.LoadLocation(c.Company.TimeZone)
	if err != nil {
		return time.UTC // validate has said so
	}
	return zone
}

package sfsim

import (
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// objects that the world's words stand for
func objectOf(word string) string {
	switch word {
	case "contact":
		return "Contact"
	case "role":
		return "OpportunityContactRole"
	}
	return "Opportunity"
}

// addCustom adds to the standard objects what this org's admins added: custom
// fields, picklist values, record types, currencies.
func (s *Server) addCustom(w *world.World) {
	s.opp.exact["Type"].values = w.Types
	s.role.exact["Role"].values = w.Roles
	s.addStages()
	s.addTaskStatuses()
	s.addCurrencies(w)
	if len(s.o.RecordTypes) > 0 {
		f := &field{
			name: "RecordTypeId", label: "Record Type ID", kind: "reference", length: 18, targets: []string{"RecordType"}, rel: "RecordType",
			create: true, update: true, filter: true, sort: true, group: true,
		}
		s.opp.addField(f)
	}
	if s.o.ViewAllFields {
		s.table("ObjectPermissions").addField(&field{
			name: "PermissionsViewAllFields", label: "View All Fields", kind: "boolean", def: false,
			create: true, update: true, filter: true, sort: true, group: true,
		})
	}
	track := s.o.TrackedFields
	for _, f := range w.Fields {
		t := s.table(objectOf(f.Object))
		if f.Salesforce == "" || t.field(f.Salesforce) != nil || s.o.NoHandoffFields && handoffField(f.Salesforce) {
			continue
		}
		made := customField(f)
		t.addField(made)
		if s.o.TrackedFields == nil && t == s.opp && !made.long() && len(track) < 16 {
			track = append(track, made.name)
		}
	}
	for _, f := range s.o.Custom {
		for _, t := range s.sharing(f.Object) {
			if t.field(f.Name) == nil {
				t.addField(f.field())
			}
		}
	}
	if s.o.TrackedFields == nil {
		track = append(track, "OwnerId", "StageName", "Amount", "CloseDate")
	}
	for _, name := range track {
		s.tracked[name] = true
	}
}

func newCustom(name, title, kind string) *field {
	if title == "" {
		title = strings.ReplaceAll(strings.TrimSuffix(name, "__c"), "_", " ")
	}
	return &field{name: name, label: title, kind: kind, custom: true, create: true, update: true, filter: true, sort: true, group: true}
}

func customField(w world.Field) *field {
	f := newCustom(w.Salesforce, w.Label, "string")
	length := func(otherwise int) int {
		if w.Length > 0 {
			return w.Length
		}
		return otherwise
	}
	switch w.Kind {
	case world.LongText, world.RichText:
		f.kind, f.length, f.html = "textarea", length(32768), w.Kind == world.RichText
	case world.Number:
		f.kind, f.precision, f.scale = "double", 18, w.Scale
	case world.Money:
		f.kind, f.precision, f.scale = "currency", 18, 2
	case world.Bool:
		f.kind, f.def = "boolean", false
	case world.Date:
		f.kind = "date"
	case world.DateTime:
		f.kind = "datetime"
	case world.Picklist:
		f.kind, f.length, f.values, f.restricted = "picklist", 255, w.Options, len(w.Options) > 0
	case world.UserRef:
		f.kind, f.length, f.targets, f.rel = "reference", 18, []string{"User"}, strings.TrimSuffix(f.name, "__c")+"__r"
	default:
		f.length = length(255)
		if f.length > 255 {
			f.kind = "textarea"
		}
	}
	f.finish()
	return f
}

// finish takes away what a field's type does not allow.
func (f *field) finish() {
	if f.long() {
		f.filter, f.sort, f.group = false, false, false
	}
	if f.number() || f.kind == "datetime" {
		f.group = false
	}
}

func (c CustomField) field() *field {
	kind := c.Type
	if kind == "" {
		kind = "string"
	}
	f := newCustom(c.Name, c.Label, kind)
	f.externalID, f.unique = c.ExternalID, c.Unique
	switch {
	case f.number():
		f.precision, f.scale = c.Precision, c.Scale
		if f.precision == 0 {
			f.precision = 18
		}
	case kind == "boolean":
		f.def = false
	case f.text():
		f.length = c.Length
		if f.length == 0 {
			f.length = 255
		}
		f.values, f.restricted = c.Options, kind == "picklist" && len(c.Options) > 0
	}
	f.finish()
	return f
}

// addCurrencies makes the org a multi-currency one if the world's deals are in
// more than one. Otherwise currencies do not exist in its schema at all.
func (s *Server) addCurrencies(w *world.World) {
	home := w.Currency
	if home == "" {
		home = "USD"
	}
	s.currencies = []string{home}
	for _, d := range w.Deals {
		if d.Currency != "" && !slices.Contains(s.currencies, d.Currency) {
			s.currencies = append(s.currencies, d.Currency)
		}
	}
	if !s.multiCurrency() {
		s.dropTable("CurrencyType")
		return
	}
	for _, name := range []string{"Opportunity", "Account", "Contact", "OpportunityContactRole", "User"} {
		s.table(name).addField(&field{
			name: "CurrencyIsoCode", label: "Currency ISO Code", kind: "picklist", length: 255, values: s.currencies, restricted: true,
			create: true, update: true, filter: true, sort: true, group: true, def: home,
		})
	}
}

// A stage is what a StageName means.
type stage struct {
	name, forecast, forecastName string
	probability                  float64
	closed, won                  bool
}

// stageList is the vendor's usual sales process.
func stageList() []stage {
	return []stage{
		{"Prospecting", "Pipeline", "Pipeline", 10, false, false},
		{"Qualification", "Pipeline", "Pipeline", 10, false, false},
		{"Needs Analysis", "Pipeline", "Pipeline", 20, false, false},
		{"Value Proposition", "Pipeline", "Pipeline", 50, false, false},
		{"Id. Decision Makers", "Pipeline", "Pipeline", 60, false, false},
		{"Perception Analysis", "Pipeline", "Pipeline", 70, false, false},
		{"Proposal/Price Quote", "Pipeline", "Pipeline", 75, false, false},
		{"Negotiation/Review", "Pipeline", "Pipeline", 90, false, false},
		{"Closed Won", "Closed", "Closed", 100, true, true},
		{"Closed Lost", "Omitted", "Omitted", 0, true, false},
	}
}

func (s *Server) addStages() {
	s.stages = map[string]stage{}
	var names []string
	for _, g := range stageList() {
		s.stages[g.name] = g
		names = append(names, g.name)
	}
	s.opp.exact["StageName"].values = names
}

func stageOf(w world.Stage) string {
	switch w {
	case world.Won:
		return "Closed Won"
	case world.Lost:
		return "Closed Lost"
	case world.Engaging:
		return "Negotiation/Review"
	}
	return "Prospecting"
}

// addTaskStatuses fixes what the status of a task may be, and which mean closed.
func (s *Server) addTaskStatuses() {
	if s.o.TaskStatuses == nil {
		s.o.TaskStatuses = usualStatuses()
	}
	f := s.task.exact["Status"]
	f.restricted, f.values, f.def = true, nil, nil
	s.closes = map[string]bool{}
	for _, g := range s.o.TaskStatuses {
		f.values = append(f.values, g.Name)
		s.closes[g.Name] = g.Closed
		if f.def == nil && g.Default {
			f.def = g.Name
		}
	}
	if f.def == nil {
		f.def = f.values[0]
	}
}

// doneStatus is the first status that means closed.
func (s *Server) doneStatus() string {
	for _, g := range s.o.TaskStatuses {
		if g.Closed {
			return g.Name
		}
	}
	return "Completed"
}

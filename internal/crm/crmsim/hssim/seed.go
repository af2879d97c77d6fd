package hssim

import (
	"html"
	"strconv"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// seeded remembers what became of the lists of the world.
type seeded struct {
	deals, contacts, companies []*record
	owners                     []*owner
}

// seed fills an empty portal. Nothing of it is news to the search index.
func (s *Server) seed(w *world.World) {
	past := w.Now.AddDate(-6, 0, 0).UnixMilli()
	for _, t := range s.tables {
		s.defineBuiltIns(t, past)
	}
	s.seedPipelines(past)
	s.seedTypes(w)
	s.seedOwners(w, past)
	s.seedFields(w, past)
	s.seedLabels(w)
	s.seedCompanies(w)
	s.seedContacts(w)
	s.seedDeals(w)
	for _, t := range s.tables {
		t.ix.seedAll(t)
	}
}

// seedTypes offers the world's deal types. The two HubSpot ships have internal
// values of their own; those an admin adds are named as labelled.
func (s *Server) seedTypes(w *world.World) {
	options := make([]option, len(w.Types))
	for i, t := range w.Types {
		options[i] = option{Label: t, Value: dealType(t), DisplayOrder: i}
	}
	s.table("deals").props["dealtype"].offer(options)
}

func dealType(label string) string {
	switch strings.ToLower(label) {
	case "new business":
		return "newbusiness"
	case "existing business":
		return "existingbusiness"
	}
	return label
}

func (s *Server) seedOwners(w *world.World, at int64) {
	teams := map[string]string{}
	for i, u := range w.Users {
		first, last, _ := strings.Cut(u.Name, " ")
		if u.Team != "" && teams[u.Team] == "" {
			teams[u.Team] = strconv.Itoa(5_310_020 + 11*len(teams))
		}
		o := &owner{
			id: 41_629_700 + 37*int64(i), user: 9_100_017 + 29*int64(i), first: first, last: last, email: strings.ToLower(u.Email),
			team: u.Team, teamID: teams[u.Team], at: at, archived: !u.Active,
		}
		s.owners[strconv.FormatInt(o.id, 10)] = o
		s.ownerList = append(s.ownerList, o)
		s.seeded.owners = append(s.seeded.owners, o)
	}
}

// seedFields defines the world's custom fields. A field that HubSpot has
// already is left as it is.
func (s *Server) seedFields(w *world.World, at int64) {
	for _, f := range w.Fields {
		t := s.table("deals")
		if f.Object != "deal" {
			t = s.table("contacts")
		}
		if f.HubSpot == "" || t.props[f.HubSpot] != nil || s.o.NoHandoffFields && ofFieldSet(f) {
			continue
		}
		name := "custom_information"
		if t.groupNamed(name) == nil {
			t.groups = append(t.groups, &group{Name: name, Label: "Custom information", DisplayOrder: 1})
		}
		p := &property{name: f.HubSpot, label: f.Label, group: name, order: -1, created: at, updated: at}
		switch f.Kind {
		case world.LongText:
			p.typ, p.field = "string", "textarea"
		case world.RichText:
			p.typ, p.field = "string", "html"
		case world.Number, world.Money:
			p.typ, p.field = "number", "number"
		case world.Bool:
			p.typ, p.field = "bool", "booleancheckbox"
			p.offer([]option{{Label: "Yes", Value: "true"}, {Label: "No", Value: "false", DisplayOrder: 1}})
		case world.Date:
			p.typ, p.field = "date", "date"
		case world.DateTime:
			p.typ, p.field = "datetime", "date"
		case world.Picklist:
			p.typ, p.field = "enumeration", "select"
			p.offerWords(f.Options...)
		case world.UserRef:
			p.typ, p.field, p.external, p.refType = "enumeration", "select", true, "OWNER"
		default:
			p.typ, p.field = "string", "text"
		}
		t.define(p)
	}
}

// ofFieldSet reports whether a field is one that syncd brings along, by the
// prefixes of its field sets.
func ofFieldSet(f world.Field) bool {
	return strings.HasPrefix(f.HubSpot, "handoff_") || strings.HasPrefix(f.HubSpot, "partner_")
}

func (s *Server) seedLabels(w *world.World) {
	p := pair{"deals", "contacts"}
	for _, role := range w.Roles {
		s.addLabel(p, labelName(role), role, "", 0)
	}
}

func (s *Server) seedCompanies(w *world.World) {
	t := s.table("companies")
	for _, a := range w.Accounts {
		st := &state{created: s.stampOf(w, time.Time{}), modified: s.stampOf(w, time.Time{})}
		put(t, st, "name", a.Name)
		put(t, st, "country", a.Country)
		put(t, st, "industry", a.Sector)
		put(t, st, "hubspot_owner_id", s.ownerText(a.Owner))
		s.seeded.companies = append(s.seeded.companies, t.add(st))
	}
}

func (s *Server) seedContacts(w *world.World) {
	t := s.table("contacts")
	fields := fieldsOn(w, "contact", "role")
	for _, c := range w.Contacts {
		st := &state{created: s.stampOf(w, time.Time{}), modified: s.stampOf(w, time.Time{})}
		put(t, st, "firstname", c.First)
		put(t, st, "lastname", c.Last)
		put(t, st, "jobtitle", c.Title)
		put(t, st, "email", strings.ToLower(c.Email))
		put(t, st, "phone", c.Phone)
		put(t, st, "mobilephone", c.Mobile)
		if c.Bounced {
			put(t, st, "hs_email_hard_bounce_reason_enum", "UNKNOWN_USER")
			put(t, st, "hs_email_bounce", "1")
		}
		if c.Phone != "" {
			put(t, st, "hs_searchable_calculated_phone_number", digits(c.Phone))
		}
		for name, v := range c.Fields {
			s.putField(t, st, fields[name], v)
		}
		r := t.add(st)
		t.claim(t.props["email"], r, "", st.text(t.props["email"].slot))
		if c.Account >= 0 && c.Account < len(s.seeded.companies) {
			co := s.seeded.companies[c.Account]
			put(t, st, "company", w.Accounts[c.Account].Name)
			put(t, st, "associatedcompanyid", co.key())
			s.tie(r, co).primary = true
			co.cur.contacts++
		}
		s.seeded.contacts = append(s.seeded.contacts, r)
	}
}

// tie links two seeded records without looking for an earlier link.
func (s *Server) tie(x, y *record) *link {
	if s.rank[x.t.plural] > s.rank[y.t.plural] {
		x, y = y, x
	}
	l := &link{a: x, b: y}
	x.links, y.links = append(x.links, l), append(y.links, l)
	return l
}

func put(t *table, st *state, name, text string) {
	if p := t.props[name]; p != nil && text != "" {
		st.set(p.slot, text)
	}
}

// putField stores a custom value; HubSpot's own words for owners and instants.
func (s *Server) putField(t *table, st *state, f *world.Field, text string) {
	if f == nil || text == "" {
		return
	}
	switch f.Kind {
	case world.UserRef:
		n, err := strconv.Atoi(strings.TrimPrefix(text, "user:"))
		if err != nil {
			return
		}
		text = s.ownerText(n)
	case world.DateTime:
		text = isoTime(parseInstant(text))
	}
	put(t, st, f.HubSpot, text)
}

// fieldsOn indexes the custom fields of an object by logical name.
func fieldsOn(w *world.World, objects ...string) map[string]*world.Field {
	out := map[string]*world.Field{}
	for i := range w.Fields {
		for _, o := range objects {
			if w.Fields[i].Object == o {
				out[w.Fields[i].Name] = &w.Fields[i]
			}
		}
	}
	return out
}

func (s *Server) ownerText(user int) string {
	if user < 0 || user >= len(s.seeded.owners) {
		return ""
	}
	return strconv.FormatInt(s.seeded.owners[user].id, 10)
}

// stampOf is a moment no later than the world's Now; the zero time becomes one
// well before everything else.
func (s *Server) stampOf(w *world.World, at time.Time) int64 {
	if at.IsZero() {
		at = w.Now.AddDate(-3, 0, 0)
	}
	if at.After(w.Now) {
		at = w.Now
	}
	return at.UnixMilli()
}

func digits(text string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, text)
}

// asHTML wraps plain text as the editor in the browser does.
func asHTML(title, body string) string {
	var b strings.Builder
	b.WriteString(`<div style="" dir="auto" data-top-level="true">`)
	if title != "" {
		b.WriteString("<p><strong>" + html.EscapeString(title) + "</strong></p>")
	}
	for _, line := range strings.Split(body, "\n") {
		b.WriteString(`<p style="margin:0;">` + html.EscapeString(line) + "</p>")
	}
	b.WriteString("</div>")
	return b.String()
}

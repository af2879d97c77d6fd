package hubspot

import (
	"context"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// Kinds of part.
const (
	partGroup    = "group"
	partProperty = "property"
)

// holdings are the definitions a portal has, with those that are out of sight.
type holdings struct {
	*schema
	groups    map[string]bool
	archived  map[string]*property // of deals
	sensitive map[string]*property // of deals
}

// Survey compares the property groups and properties that the set-up needs with
// those of the portal. What the set-up names itself is told only where it is
// missing.
func (c *Client) Survey(ctx context.Context) (crm.Survey, error) {
	h, err := c.readHoldings(ctx)
	if err != nil {
		return crm.Survey{}, err
	}
	var s crm.Survey
	list := wants(c.setup)
	parts := make([]crm.Part, len(list))
	short := map[string]bool{} // groups in which something is missing
	for i, w := range list {
		parts[i] = h.part(w)
		short[w.body.Group] = short[w.body.Group] || parts[i].State == crm.Missing
	}
	s.Parts = append(h.groupParts(list, short), parts...)
	for _, f := range c.setup.Fields {
		if p, gone := h.named(f); gone {
			s.Parts = append(s.Parts, p)
			s.Manual = append(s.Manual, p.Notes...)
		}
	}
	s.Assign, s.Manual = assignments(s.Parts), append(s.Manual, byHand(c.setup, list)...)
	return s, nil
}

func (c *Client) readHoldings(ctx context.Context) (*holdings, error) {
	h := &holdings{schema: &schema{}}
	err := c.served(func() (err error) {
		h.deals, err = c.properties(ctx, "deals")
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, f := range c.setup.Fields {
		if f.Object != crm.ObjectContact {
			continue
		}
		if h.contacts, err = c.properties(ctx, "contacts"); err != nil {
			e, refused := refusedKind(err)
			if !refused {
				return nil, err
			}
			h.denied = e
		}
		break
	}
	return h, c.readHidden(ctx, h)
}

// readHidden reads what lists of properties leave out, and the groups.
func (c *Client) readHidden(ctx context.Context, h *holdings) error {
	r, _, err := c.get(ctx, "/crm/v3/properties/deals/groups", nil)
	if err != nil {
		return err
	}
	if !r.Get("results").IsArray() {
		return malformed("properties", "the answer holds no list of groups")
	}
	h.groups = map[string]bool{}
	r.Get("results").ForEach(func(_, g gjson.Result) bool {
		if !g.Get("archived").Bool() {
			h.groups[strings.Clone(g.Get("name").String())] = true
		}
		return true
	})
	if h.archived, err = c.aside(ctx, url.Values{"archived": {"true"}}); err != nil {
		return err
	}
	h.sensitive = map[string]*property{}
	for _, degree := range []string{"sensitive", "highly_sensitive"} {
		more, err := c.aside(ctx, url.Values{"archived": {"false"}, "dataSensitivity": {degree}})
		if err != nil {
			return err
		}
		for name, p := range more {
			if h.deals[name] == nil { // a portal without such data may not tell them apart
				h.sensitive[name] = p
			}
		}
	}
	return nil
}

// aside lists definitions of deals that the usual list leaves out; none where
// the portal does not know the question.
func (c *Client) aside(ctx context.Context, query url.Values) (map[string]*property, error) {
	out := map[string]*property{}
	r, _, err := c.get(ctx, "/crm/v3/properties/deals", query)
	if _, refused := refusedKind(err); refused {
		return out, nil
	}
	r.Get("results").ForEach(func(_, r gjson.Result) bool {
		if p := readProperty(r); p.name != "" {
			out[p.name] = p
		}
		return true
	})
	return out, err
}

// groupParts are the groups that properties are to be made in, and those that
// are there already. One that nothing is to be made in is not needed: the
// properties may lie wherever people put them.
func (h *holdings) groupParts(list []wanted, short map[string]bool) []crm.Part {
	var out []crm.Part
	done := map[string]bool{}
	for _, w := range list {
		name := w.body.Group
		if done[name] || !h.groups[name] && !short[name] {
			continue
		}
		done[name] = true
		p := crm.Part{Kind: partGroup, Name: name, Label: groupOf(name).Label, Type: "property group of deals", State: crm.Missing}
		if h.groups[name] {
			p.State = crm.Present
		}
		out = append(out, p)
	}
	return out
}

// part tells how one property stands.
func (h *holdings) part(w wanted) crm.Part {
	p := crm.Part{
		Kind: partProperty, Name: w.body.Name, Label: w.body.Label, Field: w.field.Name, Type: w.body.inWords(), State: crm.Missing,
	}
	switch e := h.find(w.field); {
	case e.on != nil:
		p.State, p.Notes = crm.Present, w.differences(e)
		if len(p.Notes) > 0 {
			p.State = crm.Differs
		}
	case h.archived[p.Name] != nil:
		p.State, p.Notes = crm.Hidden, []string{"it was archived, and HubSpot keeps its name and values: " + fixArchived}
	case h.sensitive[p.Name] != nil:
		p.State, p.Notes = crm.Hidden, []string{"it is there as a property for sensitive data, whose values the token cannot read"}
	case !validNames.MatchString(p.Name):
		p.State, p.Notes = crm.Differs, []string{"HubSpot takes no such name (lower case letters, digits and underscores, a letter first): set field_prefix or fields." + w.field.Name}
	}
	return p
}

const fixArchived = "restore it in HubSpot's Settings > Properties > Archived properties"

// differences says how a property is other than syncd would have made it.
func (w wanted) differences(e *mapped) []string {
	var notes []string
	on, d := e.on, w.body
	has, want := on.kind(), kindToMake(w.field)
	free := w.field.Kind == "" && (has == crm.Date || has == crm.DateTime)
	switch {
	case has == want && (has == crm.Bool || has == crm.User), free:
	case on.typ != d.Type || on.field != d.FieldType || has != want && want != "":
		is := typeInWords(on.typ, on.field)
		if has == crm.User {
			is = "HubSpot user"
		}
		notes = append(notes, "it is of the type "+is+", not "+d.inWords())
	}
	if lacking := e.lacking(); len(lacking) > 0 {
		notes = append(notes, "it lacks the options "+quoted(lacking))
	} else if want == crm.Picklist && has == crm.Picklist && len(on.options) == 0 {
		notes = append(notes, "it offers no option at all")
	}
	switch {
	case on.counted:
		notes = append(notes, "it is calculated: nobody can fill it in")
	case on.readOnly && w.field.Writer == crm.Ours:
		notes = append(notes, "HubSpot marks its value read-only: it cannot be written through the API")
	}
	if on.unique {
		notes = append(notes, "it wants a value of its own on every deal")
	}
	return notes
}

// named tells of a property that the set-up names itself and that is not there.
func (h *holdings) named(f crm.Field) (crm.Part, bool) {
	object := "deal"
	if f.Object == crm.ObjectContact {
		object = "contact"
	}
	e := h.find(f)
	if makes(f) || e.native == "" || e.on != nil || f.Object == crm.ObjectContact && h.denied != nil {
		return crm.Part{}, false
	}
	p := crm.Part{Kind: partProperty, Name: e.native, Label: f.Label, Field: f.Name, Type: string(f.Kind), State: crm.Hidden}
	note := object + " property " + e.native + ", named by fields." + f.Name + ", "
	switch {
	case object == "deal" && h.archived[e.native] != nil:
		note += "was archived: " + fixArchived
	case object == "deal" && h.sensitive[e.native] != nil:
		note += "is for sensitive data, whose values the token cannot read: map another, or give the token the sensitive-data scopes of deals"
	default:
		note += "is not there, or the token cannot see it: create it by hand in HubSpot's Settings > Properties, or map another"
	}
	p.Notes = []string{note}
	return p, true
}

// assignments says which scope is needed for what is still to be made.
func assignments(parts []crm.Part) []string {
	for _, p := range parts {
		if p.State == crm.Missing {
			return []string{scopeSchemas + " -> the token that runs syncd fields apply; it is not needed afterwards"}
		}
	}
	return nil
}

// byHand is what no API can set.
func byHand(setup crm.Setup, list []wanted) []string {
	var out []string
	if names := restrictedNames(setup.Fields); len(names) > 0 {
		out = append(out, "in Settings > Properties, choose for each of "+strings.Join(names, ", ")+
			" who can view and edit it: the CS and Sales managers and the CSMs alone (an Enterprise feature)")
	}
	if len(list) > 0 {
		out = append(out, "in Settings > Objects > Deals > Record customization, put the properties that CSMs fill in on the deal record")
	}
	return out
}

// restrictedNames are the properties that tell a number or a band.
func restrictedNames(fields []crm.Field) []string {
	var out []string
	for _, f := range fields {
		if f.Access == crm.Restricted && f.Object != crm.ObjectContact {
			out = append(out, nativeName(f))
		}
	}
	return out
}

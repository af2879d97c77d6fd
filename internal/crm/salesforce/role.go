package salesforce

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// contactColumn is where one fact about people is read.
type contactColumn struct {
	state crm.State
	path  string // within a contact role's row: "Contact.Email"
	kind  crm.Kind
}

// contactColumns are the places of a contact's facts, by fact.
type contactColumns struct {
	fact   map[string]contactColumn
	bounce []string // paths of what tells of bounced mail
}

// contactFacts are the standard fields; a logical field of the same name whose
// object is contact takes its place. context has no standard field.
var contactFacts = map[string]string{
	"name": "Name", "title": "Title", "email": "Email", "phone": "Phone", "mobile": "MobilePhone", "context": "",
}

func (s *schema) contactColumns(setup crm.Setup) contactColumns {
	out := contactColumns{fact: map[string]contactColumn{}}
	contact := s.objects["Contact"]
	if s.standing("Contact") != readable {
		contact = nil
	}
	for fact, native := range contactFacts {
		switch f := contact.field(native); {
		case native == "":
		case f == nil:
			out.fact[fact] = contactColumn{state: crm.Unreadable}
		default:
			out.fact[fact] = contactColumn{crm.Read, "Contact." + f.Name, f.kind()}
		}
	}
	for _, f := range setup.Fields {
		m := s.mapping.byName[f.Name]
		if m == nil || f.Object != crm.ObjectContact {
			continue
		}
		fact := factOf(f)
		if _, ok := contactFacts[fact]; !ok || m.state() == crm.Unmapped {
			continue
		}
		col := contactColumn{state: m.state()}
		if m.on != nil {
			col.kind, col.path = m.on.kind(), m.on.Name
			if m.object == "Contact" {
				col.path = "Contact." + m.on.Name
			}
		}
		out.fact[fact] = col
	}
	for _, f := range contact.having("IsEmailBounced", "EmailBouncedDate") {
		out.bounce = append(out.bounce, "Contact."+f)
	}
	return out
}

// factOf is which fact a logical field about people stands for: contact.email,
// contact_email and email are all the e-mail.
func factOf(f crm.Field) string {
	name := strings.TrimPrefix(strings.TrimPrefix(f.Name, "contact."), "contact_")
	return strings.ToLower(name)
}

// paths are all columns to ask for.
func (cc contactColumns) paths() []string {
	var out []string
	for _, fact := range sortedKeys(cc.fact) {
		if p := cc.fact[fact].path; p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return append(out, cc.bounce...)
}

// played is one role of a deal and who plays it.
type played struct {
	role string
	by   crm.ContactID
}

// contactRoles asks who plays which part, with the contacts' facts beside it.
func (l *loading) contactRoles() *ask {
	o := l.s.objects["OpportunityContactRole"]
	cols := []string{"Id", "OpportunityId", "ContactId"}
	cols = append(cols, o.having("Role")...)
	return &ask{
		object: "OpportunityContactRole", cols: append(cols, l.contact.paths()...), key: "OpportunityId",
		ids: l.ids, optional: true, row: l.contactRole,
	}
}

func (l *loading) contactRole(v gjson.Result) {
	row := l.row.read(v)
	d := l.at(row.get("OpportunityId").String())
	id := crm.ContactID(id18(row.get("ContactId").String()))
	if d == nil || id == "" {
		return
	}
	for _, key := range l.s.plays[fold(row.get("Role").String())] {
		d.played = append(d.played, played{key, id})
	}
	p := d.person(id)
	if p == nil {
		d.people = append(d.people, l.person(id, row))
		return
	}
	// The same person in another role: what is kept on the role is put together.
	if col := l.contact.fact["context"]; col.path != "" && !strings.HasPrefix(col.path, "Contact.") {
		more := text(col.kind, row.get(col.path))
		if more != "" && more != p.Context.Text {
			p.Context.Text = strings.TrimPrefix(p.Context.Text+"\n"+more, "\n")
		}
	}
}

// person is who was read already, nil if nobody was under that id. The people
// of a deal are few.
func (d *draft) person(id crm.ContactID) *crm.Contact {
	for i := range d.people {
		if p := &d.people[i]; p.ID == id {
			return p
		}
	}
	return nil
}

// person reads the contact beside a role. A contact that our user may not see
// comes as null, and its facts are Unreadable.
func (l *loading) person(id crm.ContactID, row *row) crm.Contact {
	p := crm.Contact{ID: id}
	visible := row.get("Contact").IsObject()
	cell := func(fact string) crm.Cell {
		col, ok := l.contact.fact[fact]
		if !ok {
			return crm.Cell{}
		}
		if col.path == "" || strings.HasPrefix(col.path, "Contact.") && !visible {
			return crm.Cell{State: crm.Unreadable}
		}
		v := row.get(col.path)
		if !v.Exists() {
			return crm.Cell{State: crm.Unreadable}
		}
		return crm.Value(text(col.kind, v))
	}
	p.Name, p.Title, p.Email = cell("name"), cell("title"), cell("email")
	p.Phone, p.Mobile, p.Context = cell("phone"), cell("mobile"), cell("context")
	if visible {
		p.Bounce = l.bounce(row)
	}
	return p
}

func (l *loading) bounce(row *row) crm.Bounce {
	known := crm.BounceUnknown
	for _, path := range l.contact.bounce {
		v := row.get(path)
		if v.Type == gjson.True || v.Type == gjson.String && v.Str != "" {
			return crm.Bounced
		}
		if v.Exists() {
			known = crm.BounceNone
		}
	}
	return known
}

// finishRoles puts contacts and roles in order. Roles are Unreadable if their
// rows could not be read, Unmapped if the org offers none of the names.
func (l *loading) finishRoles(d *draft) {
	hidden := l.roles == nil || l.roles.refused != nil || l.s.objects["OpportunityContactRole"].field("Role") == nil
	if len(l.setup.Roles) > 0 {
		d.deal.Roles = make(map[string]crm.Role, len(l.setup.Roles))
	}
	for key := range l.setup.Roles {
		switch {
		case hidden:
			d.deal.Roles[key] = crm.Role{State: crm.Unreadable}
		case l.s.roles[key] == nil:
			d.deal.Roles[key] = crm.Role{State: crm.Unmapped}
		default:
			var ids []crm.ContactID
			for _, p := range d.played {
				if p.role == key {
					ids = append(ids, p.by)
				}
			}
			slices.Sort(ids)
			d.deal.Roles[key] = crm.Role{State: crm.Read, Contacts: slices.Compact(ids)}
		}
	}
	d.deal.Contacts = d.people
	slices.SortFunc(d.deal.Contacts, func(a, b crm.Contact) int { return strings.Compare(string(a.ID), string(b.ID)) })
}

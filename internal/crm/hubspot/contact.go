package hubspot

import (
	"context"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// person is a contact and what says which parts it plays.
type person struct {
	crm.Contact
	buys      []string // values of the buying role
	buysKnown bool
}

// fetchPeople reads the contacts of all deals, each once. A contact that was
// deleted meanwhile is nobody; one that may not be read is somebody of whom
// nothing is known.
func (b *batch) fetchPeople(ctx context.Context) error {
	ids := b.contacts.targets()
	b.people = make(map[string]*person, len(ids))
	if len(ids) == 0 {
		return nil
	}
	if b.s.denied == nil && b.c.refusals.of("contact records") == nil {
		recs, err := b.c.read(ctx, "contacts", ids, b.s.ask.contacts, nil, objectBatch)
		e, refused := refusedKind(err)
		switch {
		case refused:
			b.c.refusals.add("contact records", e)
		case err != nil:
			return err
		default:
			for id, rec := range recs.found {
				b.people[id] = b.person(rec)
			}
			for _, id := range recs.refused {
				b.people[id] = stranger(id, b.s)
			}
			return nil
		}
	}
	for _, id := range ids {
		b.people[id] = stranger(id, b.s)
	}
	return nil
}

// stranger is a contact that cannot be read.
func stranger(id string, s *schema) *person {
	dark := crm.Cell{State: crm.Unreadable}
	p := &person{Contact: crm.Contact{ID: crm.ContactID(id), Name: dark, Title: dark, Email: dark, Phone: dark, Mobile: dark}}
	if s.mapping.context != nil {
		p.Context = dark
	}
	return p
}

func (b *batch) person(rec *record) *person {
	s := b.s
	p := &person{Contact: crm.Contact{
		ID: crm.ContactID(rec.id), Name: s.nameOf(rec),
		Title: s.contactCell(rec, "jobtitle"), Email: s.contactCell(rec, "email"), Phone: s.contactCell(rec, "phone"),
		Bounce: s.bounceOf(rec),
	}}
	if s.contacts["mobilephone"] != nil { // not every portal keeps a second number
		p.Mobile = s.contactCell(rec, "mobilephone")
	}
	if e := s.mapping.context; e != nil {
		p.Context = b.mappedCell(rec, e)
	}
	if s.contacts[buyingRole] != nil {
		var text string
		text, p.buysKnown = rec.value(buyingRole)
		p.buys = strings.Split(options(text), ";")
	}
	return p
}

// contactCell is a standard property. HubSpot always has it: where it is not
// defined, the token cannot see it.
func (s *schema) contactCell(rec *record, name string) crm.Cell {
	if s.contacts[name] == nil {
		return crm.Cell{State: crm.Unreadable}
	}
	c := rec.cell(crm.Text, name)
	c.Text = strings.TrimSpace(c.Text)
	return c
}

func (s *schema) nameOf(rec *record) crm.Cell {
	first, last := s.contactCell(rec, "firstname"), s.contactCell(rec, "lastname")
	name := strings.TrimSpace(first.Text + " " + last.Text)
	if name == "" && (!first.Known() || !last.Known()) {
		return crm.Cell{State: crm.Unreadable}
	}
	return crm.Value(name)
}

// bounceOf reads the two marks of dead mail. HubSpot fills them only from its
// own marketing mail, so empty ones say nothing.
func (s *schema) bounceOf(rec *record) crm.Bounce {
	if reason, _ := rec.value(bounceReason); strings.TrimSpace(reason) != "" {
		return crm.Bounced
	}
	if bad, _ := rec.value(badAddress); fold(bad) == "true" {
		return crm.Bounced
	}
	return crm.BounceUnknown
}

package hubspot

import (
	"slices"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// deal maps one record, and what hangs on it, to a snapshot.
func (b *batch) deal(rec *record) crm.Deal {
	s := b.s
	d := crm.Deal{
		Ref:      crm.Ref{Connection: b.c.setup.Connection, Object: crm.ObjectDeal, ID: rec.id},
		Name:     b.standard(rec, crm.Text, "dealname"),
		Pipeline: b.standard(rec, crm.Picklist, "pipeline"),
		Type:     b.labelled(rec, "dealtype"),
		Amount:   b.standard(rec, crm.Number, "amount"),
		Currency: b.currency(rec),
		Owner:    crm.UserID(b.standard(rec, crm.User, "hubspot_owner_id").Text),

		CreatedAt:  stampOf(rec.created, rec.text("createdate")),
		ModifiedAt: stampOf(rec.text("hs_lastmodifieddate"), rec.updated),
	}
	at := s.stages[rec.text("dealstage")]
	d.Won, d.Closed = b.flag(rec, "hs_is_closed_won", at.won), b.flag(rec, "hs_is_closed", at.closed)
	d.Closed = d.Closed || d.Won
	d.Stage = b.standard(rec, crm.Picklist, "dealstage")
	if d.Stage.Known() && at.label != "" {
		d.Stage.Text = at.label
	}
	d.CloseDate = b.standard(rec, crm.Text, "closedate")
	d.CloseDate.Text = day(d.CloseDate.Text, s.account.zone)
	if d.Won {
		d.WonAt = b.wonAt(rec)
	}
	d.Seller = b.seller(rec.id, &d)
	d.AccountID = b.company(rec.id)
	d.Fields = s.mapping.names.Cells()
	past := b.pasts[rec.id]
	theirs := len(past.at) > 0 && b.wantsTimes(rec)
	for _, e := range s.mapping.deals {
		if c := b.mappedCell(rec, e); c.State != crm.Unmapped {
			if e.logical.Track && (theirs || e.logical.Writer == crm.Ours) {
				c.At = past.arrived(e.native)
			}
			d.Fields.Put(e.place, c)
		}
	}
	d.Contacts, d.Roles = b.contactsOf(rec.id)
	d.Notes, d.NotesState = b.notesOf(rec.id)
	return d
}

// standard is a property that every portal has: where it is not defined, the
// token cannot see it.
func (b *batch) standard(rec *record, kind crm.Kind, name string) crm.Cell {
	if b.s.deals[name] == nil {
		return crm.Cell{State: crm.Unreadable}
	}
	return rec.cell(kind, name)
}

func (b *batch) labelled(rec *record, name string) crm.Cell {
	c := b.standard(rec, crm.Picklist, name)
	c.Text = b.s.deals[name].optionLabel(c.Text)
	return c
}

func (b *batch) flag(rec *record, name string, otherwise bool) bool {
	if text := rec.text(name); text != "" {
		return fold(text) == "true"
	}
	return otherwise
}

func (b *batch) currency(rec *record) crm.Cell {
	if text := strings.ToUpper(strings.TrimSpace(rec.text("deal_currency_code"))); text != "" {
		return crm.Value(text)
	}
	if b.s.account.currency == "" {
		return crm.Cell{} // the problem of the account says what is taken for it
	}
	return crm.Value(b.s.account.currency)
}

// mappedCell is the cell of a logical field on a record.
func (b *batch) mappedCell(rec *record, e *mapped) crm.Cell {
	if e.on == nil {
		return crm.Cell{State: e.state}
	}
	text, known := rec.value(e.native)
	if !known {
		return crm.Cell{State: crm.Unreadable}
	}
	return e.read(text, b.s.account.zone)
}

// wonAt is when the deal was won, as precisely as the portal knows.
func (b *batch) wonAt(rec *record) crm.Moment {
	if t, ok := instant(rec.text("hs_closed_won_date")); ok {
		return crm.Moment{At: t, Source: "closed won date"}
	}
	stage := rec.text("dealstage")
	for _, prefix := range []string{"hs_v2_date_entered_", "hs_date_entered_"} {
		if t, ok := instant(rec.text(prefix + stage)); ok {
			return crm.Moment{At: t, Source: "stage entry"}
		}
	}
	closed := day(rec.text("closedate"), b.s.account.zone)
	if t, err := time.ParseInLocation(time.DateOnly, closed, b.c.setup.Zone); err == nil {
		return crm.Moment{At: t.UTC(), Imprecise: true, Source: "close date"}
	}
	return crm.Moment{}
}

// company is the deal's customer: the primary company, else the one with the
// lowest id. Its name would cost a call a hundred companies and is not judged.
func (b *batch) company(id string) crm.AccountID {
	list := b.companies.of[id]
	if len(list) == 0 {
		return ""
	}
	best := list[0]
	for _, l := range list[1:] {
		if l.primary() && !best.primary() || l.primary() == best.primary() && number64(l.to) < number64(best.to) {
			best = l
		}
	}
	return crm.AccountID(best.to)
}

// contactsOf are the deal's contacts and the roles they hold.
func (b *batch) contactsOf(id string) ([]crm.Contact, map[string]crm.Role) {
	var list []link
	for _, l := range b.contacts.of[id] {
		if b.people[l.to] != nil { // not deleted since
			list = append(list, l)
		}
	}
	contacts := make([]crm.Contact, 0, len(list))
	for _, l := range list {
		contacts = append(contacts, b.people[l.to].Contact)
	}
	slices.SortFunc(contacts, func(x, y crm.Contact) int { return strings.Compare(string(x.ID), string(y.ID)) })
	roles := make(map[string]crm.Role, len(b.s.roles))
	unreadable := b.contacts.state(id) != crm.Read
	for key, r := range b.s.roles {
		role := crm.Role{State: r.state}
		if role.State == crm.Read && unreadable {
			role.State = crm.Unreadable
		}
		if role.State == crm.Read {
			ids, unknown := r.holders(list, b.people)
			slices.Sort(ids)
			role.Contacts = slices.Compact(ids)
			if unknown {
				role.State = crm.Unreadable
			}
		}
		roles[key] = role
	}
	return contacts, roles
}

package autoscore

import (
	"strconv"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// contactsComplete counts usable e-mail addresses and phone numbers of the
// roles: all is 2, none is 0, some is 1. The contact with the most counts; a
// role the CRM does not offer, and a field that is not mapped, drop out.
func (c *call) contactsComplete() verdict {
	var t tally
	roles, held := 0, 0
	for key := range strings.SplitSeq(c.it.Check.Params["roles"], ",") {
		key = strings.TrimSpace(key)
		name := c.judge.roleName(key)
		role := c.deal.Roles[key]
		roles++
		switch role.State {
		case crm.Unmapped:
			c.say("role_unmapped", name)
			continue
		case crm.Unreadable:
			c.say("role_unreadable", name)
			t.unknown = true
			continue
		}
		if c.reach(&t, role, name) {
			held++
		}
	}
	if t.unknown {
		return unknown
	}
	if roles > 1 && held == roles && t.people == 1 {
		c.flag("single_threaded")
		c.say("single_threaded")
	}
	if t.unverified {
		c.say("email_unverified")
	}
	switch {
	case t.wanted == 0:
		c.say("contacts_unmapped")
		return open
	case t.usable == 0:
		c.say("contacts_none", strconv.Itoa(t.wanted))
		return proven(0)
	case t.usable < t.wanted:
		c.say("contacts_some", strconv.Itoa(t.usable), strconv.Itoa(t.wanted))
		return proven(1)
	case len(t.chosen) >= 3 && t.oneNumber():
		c.say("phone_shared", strconv.Itoa(len(t.chosen)))
		return proven(1)
	}
	c.say("contacts_all", strconv.Itoa(t.wanted))
	return proven(2)
}

// tally is what was found over all roles.
type tally struct {
	wanted, usable int
	unknown        bool            // something that matters could not be read
	unverified     bool            // an address counts that the CRM never tried
	chosen         []crm.ContactID // who counted, each once
	numbers        []string        // theirs, and those of anybody as good, each once

	people int // different contacts over all roles
	seen   [4]crm.ContactID
}

// meet counts a contact among the people, as far as one differs from several.
func (t *tally) meet(id crm.ContactID) {
	for _, s := range t.seen[:min(t.people, len(t.seen))] {
		if s == id {
			return
		}
	}
	if t.people < len(t.seen) {
		t.seen[t.people] = id
	}
	t.people++
}

func (t *tally) oneNumber() bool { return len(t.numbers) == 1 }

// reach adds the best contact of one role to the tally and says what it
// lacks. It reports whether anybody holds the role.
func (c *call) reach(t *tally, role crm.Role, name string) (held bool) {
	var top reachable
	var who *crm.Contact
	for _, id := range role.Contacts {
		p := c.deal.Contact(id)
		if p == nil {
			continue
		}
		t.meet(p.ID)
		r := c.reachable(p)
		if who == nil || r.usable() > top.usable() {
			top, who = r, p
		}
	}
	if who == nil {
		c.say("contact_missing", name)
		t.wanted += 2
		return false
	}
	for _, s := range [...]struct {
		is   slot
		code string
	}{{top.mail, top.mailCode}, {top.phone, top.phoneCode}} {
		switch s.is {
		case dropped:
			c.say(s.code, name)
		case unsure:
			c.say(s.code, name)
			t.unknown = true
		case missing:
			c.say(s.code, name)
			t.wanted++
		case usable:
			t.wanted++
			t.usable++
		}
	}
	t.unverified = t.unverified || top.mail == usable && who.Bounce == crm.BounceUnknown
	t.choose(who.ID)
	t.number(top.number)
	for _, id := range role.Contacts { // a second contact as good has a say in whether numbers differ
		if id == who.ID {
			continue
		}
		if p := c.deal.Contact(id); p != nil {
			if r := c.reachable(p); r.usable() == top.usable() {
				t.number(r.number)
			}
		}
	}
	return true
}

func (t *tally) choose(id crm.ContactID) {
	for _, known := range t.chosen {
		if known == id {
			return
		}
	}
	t.chosen = append(t.chosen, id)
}

func (t *tally) number(n string) {
	for _, known := range t.numbers {
		if known == n {
			return
		}
	}
	t.numbers = append(t.numbers, n)
}

// slot is what became of one wanted value.
type slot uint8

const (
	missing slot = iota
	usable
	dropped // no field is mapped to it
	unsure  // it cannot be read
)

// reachable is how a contact can be reached, with the reason where not.
type reachable struct {
	mail, phone         slot
	mailCode, phoneCode string
	number              string
}

func (r reachable) usable() int {
	n := 0
	if r.mail == usable {
		n++
	}
	if r.phone == usable {
		n++
	}
	return n
}

func (c *call) reachable(p *crm.Contact) reachable {
	var r reachable
	switch p.Email.State {
	case crm.Unmapped:
		r.mail, r.mailCode = dropped, "email_unmapped"
	case crm.Unreadable:
		r.mail, r.mailCode = unsure, "email_unreadable"
	default:
		r.mailCode = "email_blank"
		if p.Email.Text != "" {
			r.mailCode = c.judge.mailbox(p.Email.Text)
		}
		switch {
		case r.mailCode != "":
		case p.Bounce == crm.Bounced:
			r.mailCode = "email_bounced"
		default:
			r.mail = usable
		}
	}
	r.phone, r.phoneCode, r.number = c.phone(p)
	return r
}

// phone takes the first of two numbers that can be dialled.
func (c *call) phone(p *crm.Contact) (slot, string, string) {
	hidden, mapped, typed := false, false, false
	for _, cell := range [...]*crm.Cell{&p.Phone, &p.Mobile} {
		switch cell.State {
		case crm.Unreadable:
			hidden, mapped = true, true
		case crm.Read:
			mapped = true
			if cell.Text == "" {
				continue
			}
			if n := c.judge.number(cell.Text); n != "" {
				return usable, "", n
			}
			typed = typed || !c.judge.Placeholder(cell.Text)
		}
	}
	switch {
	case hidden:
		return unsure, "phone_unreadable", ""
	case !mapped:
		return dropped, "phone_unmapped", ""
	case typed:
		return missing, "phone_invalid", ""
	}
	return missing, "phone_blank", ""
}

package autoscore

import (
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// role judges who holds a role on the customer's side. The contact with the
// most to show counts.
func (c *call) role() verdict {
	key := c.it.Check.Params["role"]
	name := c.judge.roleName(key)
	role := c.deal.Roles[key]
	switch role.State {
	case crm.Unmapped:
		c.say("role_unmapped", name)
		return open
	case crm.Unreadable:
		c.say("role_unreadable", name)
		return unknown
	}
	b := c.best(role, key, false)
	switch {
	case b.unknown:
		c.say("role_fields_unreadable", name)
		return unknown
	case b.contact == nil:
		c.nobody(role, name)
		return proven(0)
	}
	c.senior(b, name)
	if b.contact.Context.State == crm.Unmapped {
		c.say("context_unmapped", name)
	}
	if b.lacks != 0 {
		c.say("role_lacks", append([]string{name}, b.lacks.words()...)...)
		return proven(1)
	}
	c.say("role_complete", name)
	return likely
}

// nobody says why a role that was read has no one in it.
func (c *call) nobody(role crm.Role, name string) {
	if len(role.Contacts) > 0 {
		c.say("role_nameless", name)
	} else {
		c.say("role_empty", name)
	}
}

// senior remarks on a title without any word of those who sign.
func (c *call) senior(b best, name string) {
	for _, h := range c.it.Check.Hints {
		if h == "senior_title" && b.lacks&noTitle == 0 && !c.judge.read(b.contact.Title.Text).senior {
			c.say("hint_senior_title", name)
		}
	}
}

// lack is a set of what a contact does not have.
type lack uint8

const (
	noTitle lack = 1 << iota
	noDetails
	noContext
)

func (l lack) words() []string {
	words := make([]string, 0, 3)
	if l&noTitle != 0 {
		words = append(words, "title")
	}
	if l&noDetails != 0 {
		words = append(words, "e-mail or phone")
	}
	if l&noContext != 0 {
		words = append(words, "relationship note")
	}
	return words
}

func (l lack) count() int { return int(l&1 + l>>1&1 + l>>2&1) }

// best is the contact of a role that lacks least; contact is nil if there is
// nobody with a name. unknown: some of it could not be read, and it might
// have decided.
type best struct {
	contact *crm.Contact
	lacks   lack
	unknown bool
}

// best looks through the contacts of a role. explained: the relationship is
// told elsewhere, so no contact needs to tell it.
func (c *call) best(role crm.Role, key string, explained bool) best {
	var b best
	for _, id := range role.Contacts {
		p := c.deal.Contact(id)
		if p == nil { // deleted or merged since
			continue
		}
		named, known := c.named(p, key)
		if !known {
			b.unknown = true
		}
		if !named {
			continue
		}
		lacks, known := c.lacks(p, explained)
		if !known {
			b.unknown = true
		}
		if known && lacks == 0 { // nobody can do better
			return best{contact: p}
		}
		if b.contact == nil || lacks.count() < b.lacks.count() {
			b.contact, b.lacks = p, lacks
		}
	}
	return b
}

// named reports whether a contact has a person's name, and whether that can
// be known.
func (c *call) named(p *crm.Contact, role string) (named, known bool) {
	switch p.Name.State {
	case crm.Unreadable:
		return false, false
	case crm.Unmapped:
		return false, true
	}
	r := c.judge.phrase(p.Name.Text)
	if r.placeholder(false) || r.nobody || r.digits || r.letters < 2 && !r.dense {
		return false, true
	}
	if strings.IndexByte(p.Name.Text, '@') >= 0 { // HubSpot shows the address where the name is missing
		return false, true
	}
	return !c.judge.echoes(r, c.deal.Name.Text) && !c.judge.echoes(r, role), true
}

// lacks lists what a named contact does not have, and whether all of it could
// be read. A relationship note that is not mapped is not asked for.
func (c *call) lacks(p *crm.Contact, explained bool) (l lack, known bool) {
	known = true
	if !c.says(p.Title, false) {
		if p.Title.State == crm.Unreadable {
			known = false
		} else {
			l |= noTitle
		}
	}
	if !c.writes(p.Email) && !c.says(p.Phone, false) && !c.says(p.Mobile, false) {
		if p.Email.State == crm.Unreadable || p.Phone.State == crm.Unreadable || p.Mobile.State == crm.Unreadable {
			known = false
		} else {
			l |= noDetails
		}
	}
	if !explained && !c.says(p.Context, true) {
		switch p.Context.State {
		case crm.Unreadable:
			known = false
		case crm.Read:
			l |= noContext
		}
	}
	return l, known
}

// says reports whether a cell of a contact holds something.
func (c *call) says(cell crm.Cell, long bool) bool {
	if cell.State != crm.Read || cell.Text == "" {
		return false
	}
	return c.means(c.judge.read(cell.Text), long)
}

// writes is says for an e-mail address.
func (c *call) writes(cell crm.Cell) bool {
	return cell.State == crm.Read && cell.Text != "" && c.means(c.judge.address(cell.Text).reading, false)
}

// means reports whether a text of a contact is more than a filler.
func (c *call) means(r reading, long bool) bool {
	return !r.none && !r.placeholder(long) && !c.judge.echoes(r, c.deal.Name.Text)
}

// RoleName is how people call who has a role: "day_to_day" is the "day-to-day
// contact".
func RoleName(key string) string {
	if key == "day_to_day" { // the one that is no noun
		key += "_contact"
	}
	return strings.ReplaceAll(strings.ReplaceAll(key, "_to_", "-to-"), "_", " ")
}

func (j *Judge) roleName(key string) string { return j.names.get(key, RoleName) }

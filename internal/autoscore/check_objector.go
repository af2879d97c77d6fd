package autoscore

import "github.com/handoffscore/syncd/internal/crm"

// objector judges who was against it, and why: a contact in the role, a text,
// or a confirmed none. It proves 0 only where all of them were read and are
// blank.
func (c *call) objector() verdict {
	key := c.it.Check.Params["role"]
	name := c.judge.roleName(key)
	role := c.deal.Roles[key]
	if role.State == crm.Unreadable {
		c.say("role_unreadable", name)
	}
	if c.barred("text", "none") || role.State == crm.Unreadable {
		return unknown
	}
	class, r := c.long("text")
	b := c.best(role, key, class == real)
	if b.unknown {
		c.say("role_fields_unreadable", name)
		return unknown
	}
	attested := c.attested(c.cell("none"))
	switch {
	case class == real:
		c.hints(r)
		c.say("text", c.label("text"))
		if attested {
			c.say("none_beside_text", c.label("text"))
		}
		if b.contact != nil && b.lacks == 0 {
			c.say("role_complete", name)
			return likely
		}
		return filled
	case b.contact != nil:
		if attested || class == saysNone {
			c.say("none_beside_contact", name)
		}
		return c.person(b, class, name)
	case attested:
		c.say("none_confirmed", c.label("text"))
		return likely
	case class == saysNone:
		return c.askPick()
	case class == picture:
		return open
	case role.State == crm.Unmapped || class == absent && c.given("text"):
		if role.State == crm.Unmapped {
			c.say("role_unmapped", name)
		}
		if class == absent && c.given("text") {
			c.say("unmapped", c.label("text"))
		}
		return open
	}
	c.nobody(role, name)
	return proven(0)
}

// person judges somebody who objected where no text tells the concern: only
// the relationship note can.
func (c *call) person(b best, class class, name string) verdict {
	if b.contact.Context.State == crm.Unmapped {
		c.say("context_unmapped", name)
		if class != absent && class != picture {
			c.say("objector_no_concern", name)
			return proven(1)
		}
	}
	switch {
	case b.lacks != 0:
		c.say("role_lacks", append([]string{name}, b.lacks.words()...)...)
		return proven(1)
	case b.contact.Context.State == crm.Unmapped: // the concern may stand where we cannot look
		c.say("role_complete", name)
		return filled
	}
	c.say("role_complete", name)
	return likely
}

package autoscore

import "strconv"

// textOrNone judges words that a confirmed "none" can stand in for. What is
// written beside the pick is judged instead of it, and a discount contradicts
// a none however it was said.
func (c *call) textOrNone() verdict {
	if c.barred("text", "none", "pick", "discount") {
		return unknown
	}
	class, r := c.long("text")
	pick := c.short(c.cell("pick"))
	none := c.attested(c.cell("none"))
	attested := none || pick == saysNone

	if class == real {
		c.hints(r)
		c.say("text", c.label("text"))
		if attested {
			c.say("none_beside_text", c.label("text"))
		}
		return filled
	}
	if percent := c.discount(); percent > 0 && (class == blank || class == saysNone || attested) {
		c.say("discount_contradicts", c.label("text"), percentage(percent))
		return proven(0)
	}
	switch {
	case class == picture:
		return atLeast(attested || pick == real)
	case pick == real:
		if none {
			c.say("none_beside_pick", c.label("text"))
		}
		if class == absent {
			c.say("pick_text_unmapped", c.label("text"))
			return filled
		}
		c.say("pick_only", c.label("text"))
		return proven(1)
	case attested:
		c.say("none_confirmed", c.label("text"))
		return likely
	case class == saysNone:
		return c.askPick()
	case class == absent:
		c.say("unmapped", c.label("text"))
		return open
	}
	return proven(0)
}

// askPick leaves a typed "none" open: an honest answer and a way of saying
// nothing look the same. The pick would tell them apart.
func (c *call) askPick() verdict {
	c.ask = true
	if c.cell("none").Mapped() || c.cell("pick").Mapped() {
		c.say("none_typed", c.label("text"))
	} else {
		c.say("none_typed_no_pick", c.label("text"))
	}
	return open
}

// discount is the deal's discount, 0 if it has none or nobody can say.
func (c *call) discount() float64 {
	cell := c.cell("discount")
	if cell.Text == "" {
		return 0
	}
	n, ok := Decimal(cell.Text)
	if !ok {
		c.say("discount_unclear", c.label("discount"))
		return 0
	}
	return n
}

// percentage names a discount. Above 100 it is an amount, or something that
// was never meant for the field, and is not repeated.
func percentage(f float64) string {
	if f > 100 {
		return "above 0"
	}
	return trim(f) + " %"
}

func trim(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

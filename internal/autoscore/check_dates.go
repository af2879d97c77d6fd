package autoscore

import "github.com/handoffscore/syncd/internal/crm"

// timeline judges when the customer expects to be live: a date, a range, or
// words. The end of a range decides.
func (c *call) timeline() verdict {
	if c.barred("date", "until", "text") {
		return unknown
	}
	from, to := c.judge.day(c.cell("date")), c.judge.day(c.cell("until"))
	if from != 0 && to != 0 && to < from {
		c.say("range_backwards", c.label("date"))
	}
	end := max(from, to)
	if end == 0 {
		return c.timelineText()
	}
	var class class
	var r reading
	if c.cell("text").Text != "" {
		class, r = c.long("text")
	}
	if class == real {
		c.hints(r)
	}
	late := false
	if c.close != 0 && end < c.close {
		c.say("date_before_close", c.label("date"))
		late = true
	}
	if c.kickoff != 0 && end < c.kickoff {
		c.say("date_past_at_kickoff", c.label("date"))
		late = true
	}
	switch {
	case late:
		return proven(1)
	case to != 0 && to < from:
		return filled
	}
	c.say("date_given", c.label("date"))
	return likely
}

// timelineText judges a timeline without a date that can be read as one.
// "End of Q1" in a text field that is mapped as the date is text.
func (c *call) timelineText() verdict {
	mapped, unclear := false, false
	for _, param := range [...]string{"text", "date", "until"} {
		if c.cell(param).State == crm.Unmapped {
			continue
		}
		mapped = true
		switch class, r := c.long(param); class {
		case real:
			c.hints(r)
			c.say("text", c.label(param))
			return filled
		case saysNone:
			c.say("none_typed_no_pick", c.label(param))
			unclear = true
		case picture:
			unclear = true
		}
	}
	switch {
	case unclear:
		return open
	case !mapped:
		c.say("unmapped", c.label("date"))
		return open
	}
	return proven(0)
}

// milestone judges what live means: words, with a date at best. A date alone
// is half of it.
func (c *call) milestone() verdict {
	if c.barred("text", "date", "same_as") {
		return unknown
	}
	date := c.judge.day(c.cell("date"))
	class, r := c.long("text")
	if date != 0 {
		if c.close != 0 && date < c.close {
			c.say("date_before_close", c.label("date"))
		} else if c.kickoff != 0 && date < c.kickoff {
			c.say("date_past_at_kickoff", c.label("date"))
		}
	}
	switch class {
	case real:
		c.hints(r)
		if other := c.cell("same_as"); other.State == crm.Read && c.same(r, other.Text) {
			c.say("same_text", c.label("text"), c.label("same_as"))
		}
		c.say("text", c.label("text"))
		return filled
	case blank:
		if date != 0 {
			c.say("date_only", c.label("text"))
			return proven(1)
		}
		return proven(0)
	case saysNone:
		c.say("none_typed_no_pick", c.label("text"))
	case absent:
		c.say("unmapped", c.label("text"))
	}
	if date != 0 {
		return filled
	}
	return open
}

// same reports whether two texts are one, apart from case and punctuation.
func (c *call) same(r reading, other string) bool {
	o := c.judge.read(other)
	if r.key != "" || o.key != "" {
		return r.key == o.key
	}
	return r.letters == o.letters && c.cell("text").Text == other
}

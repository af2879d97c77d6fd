package autoscore

import (
	"strings"

	"github.com/handoffscore/syncd/internal/richtext"
)

// text judges words that a person must weigh. A pick alone is half of it.
func (c *call) text() verdict {
	if c.barred("text", "pick", "boilerplate") {
		return unknown
	}
	class, r := c.long("text")
	picked := c.short(c.cell("pick")) == real
	switch class {
	case real:
		c.hints(r)
		c.boilerplate()
		c.say("text", c.label("text"))
		return filled
	case picture:
		return atLeast(picked)
	case saysNone:
		if c.it.Check.Params["nothing_caps"] != "" && c.it.Check.Params["nothing_caps"] != "false" {
			c.say("nothing_typed", c.label("text"))
			return proven(1)
		}
		c.say("none_typed_no_pick", c.label("text"))
		return atLeast(picked)
	}
	if class == absent {
		if !picked {
			c.say("unmapped", c.label("text"))
			return open
		}
		c.say("pick_text_unmapped", c.label("text"))
		return filled
	}
	if picked {
		c.say("pick_only", c.label("text"))
		return proven(1)
	}
	return proven(0)
}

// atLeast is a text nobody but a person can tell the worth of, beside which
// something else is filled or is not.
func atLeast(half bool) verdict {
	if half {
		return filled
	}
	return open
}

// hints says what a text lacks that good ones have. It moves no score.
func (c *call) hints(r reading) {
	for _, h := range c.it.Check.Hints {
		switch {
		case h == "number_or_date" && !r.dated,
			h == "version_or_method" && !r.method,
			h == "measure_or_date" && !r.measured && !r.dated:
			c.say("hint_"+h, c.label("text"))
		}
	}
}

// boilerplate flags a text that contains the partner's stock sentences.
func (c *call) boilerplate() {
	stock := c.cell("boilerplate")
	if c.short(stock) != real {
		return
	}
	flat := func(s string) string { return strings.Join(split(richtext.Plain(s)), " ") }
	if strings.Contains(flat(c.cell("text").Text), flat(stock.Text)) {
		c.say("boilerplate", c.label("text"))
		c.flag("boilerplate:" + c.it.ID)
	}
}

package autoscore

import (
	"slices"
	"strconv"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// Bounds of what 5.3 takes for a real value.
const (
	arrMin    = 1   // an ARR up to this is somebody's way past a required field
	termMin   = 1   // months
	termMax   = 120 // months
	driftDays = 30  // close date and win this far apart are worth a look
)

// dealCorrect asks whether the deal is won with a plausible close date,
// recurring revenue and term, and whether the org's required fields are
// filled. Recurring revenue and term both missing are 0, anything less is 1.
func (c *call) dealCorrect() verdict {
	if !c.deal.Won {
		c.say("not_won")
		return proven(0)
	}
	bad := c.barred("arr", "term_months")
	for _, known := range [...]struct {
		cell crm.Cell
		name string
	}{{c.deal.CloseDate, "close date"}, {c.deal.Currency, "currency"}, {c.deal.Type, "deal type"}} {
		if known.cell.State == crm.Unreadable {
			c.say("unreadable", known.name)
			bad = true
		}
	}
	for _, f := range c.judge.rules.Required {
		if c.deal.Field(f.Name).State == crm.Unreadable {
			c.say("unreadable", f.label())
			bad = true
		}
	}
	if bad {
		return unknown
	}
	complete := c.dated()
	complete = c.currency() && complete
	arr, term := c.revenue(), c.term()
	complete = c.required() && complete && arr && term
	switch {
	case !arr && !term:
		return proven(0)
	case !complete:
		return proven(1)
	}
	c.say("deal_complete")
	return proven(2)
}

func (f RequiredField) label() string {
	if f.Label != "" {
		return f.Label
	}
	return f.Name
}

// dated checks the close date.
func (c *call) dated() bool {
	cell := c.deal.CloseDate
	if cell.State == crm.Unmapped {
		c.say("dropped", "close date")
		return true
	}
	d := c.judge.day(cell)
	if d == 0 {
		c.say("missing", "close date")
		return false
	}
	if !c.at.Now.IsZero() && d > dayOf(c.at.Now, c.judge.zone) {
		c.say("close_in_future")
		return false
	}
	if !c.deal.WonAt.Imprecise && !c.deal.WonAt.At.IsZero() {
		apart := d - dayOf(c.deal.WonAt.At, c.judge.zone)
		if apart < 0 {
			apart = -apart
		}
		if apart > driftDays {
			c.say("hint_close_drift", strconv.Itoa(int(apart)))
		}
	}
	return true
}

// currency checks that amounts are in one the company knows.
func (c *call) currency() bool {
	known := c.judge.rules.Currencies
	if len(known) == 0 || c.deal.Currency.State == crm.Unmapped {
		return true
	}
	code := strings.TrimSpace(c.deal.Currency.Text)
	if code == "" {
		c.say("missing", "currency")
		return false
	}
	if !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, code) }) {
		c.say("currency_unknown")
		return false
	}
	return true
}

// revenue checks the annual recurring revenue. One that is not mapped is not
// missing.
func (c *call) revenue() bool {
	cell := c.cell("arr")
	if cell.State == crm.Unmapped {
		c.say("dropped", "ARR")
		c.warn("dropped", "ARR")
		return true
	}
	n, isNumber := Decimal(cell.Text)
	switch {
	case isNumber && n > arrMin:
		return true
	case c.free():
		c.say("arr_free")
		return true
	case strings.TrimSpace(cell.Text) == "":
		c.say("missing", "ARR")
	case !isNumber:
		c.say("not_a_number", "ARR")
	default:
		c.say("arr_implausible", strconv.Itoa(arrMin))
	}
	return false
}

// free reports whether the deal is of a type that may bring no revenue.
func (c *call) free() bool {
	kind := strings.TrimSpace(c.deal.Type.Text)
	return kind != "" && slices.ContainsFunc(c.judge.rules.FreeTypes, func(t string) bool {
		return strings.EqualFold(strings.TrimSpace(t), kind)
	})
}

// term checks the contract term. One that is not mapped is not missing.
func (c *call) term() bool {
	cell := c.cell("term_months")
	if cell.State == crm.Unmapped {
		c.say("dropped", "contract term")
		c.warn("dropped", "contract term")
		return true
	}
	n, isNumber := Decimal(cell.Text)
	switch {
	case isNumber && n >= termMin && n <= termMax:
		return true
	case strings.TrimSpace(cell.Text) == "":
		c.say("missing", "contract term")
	case !isNumber:
		c.say("not_a_number", "contract term")
	default:
		c.say("term_implausible", strconv.Itoa(termMin), strconv.Itoa(termMax))
	}
	return false
}

// required checks the fields the org wants filled, and names each that is not.
func (c *call) required() bool {
	all := true
	for _, f := range c.judge.rules.Required {
		cell := c.deal.Field(f.Name)
		if cell.State == crm.Unmapped {
			c.say("dropped", f.label())
			c.warn("dropped", f.label())
			continue
		}
		if cell.Text != "" {
			r := c.judge.read(cell.Text)
			if !r.placeholder(false) && !c.judge.echoes(r, c.deal.Name.Text) && !c.judge.echoes(r, f.label()) {
				continue
			}
		}
		c.say("missing", f.label())
		all = false
	}
	return all
}

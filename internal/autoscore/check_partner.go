package autoscore

import (
	"strconv"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// words classes the text of a partner component. done is true where nothing
// but the text decides: v is the verdict then. half: something beside the text
// is filled, so that a blank text is half of the component and not none.
func (c *call) words(half bool) (v verdict, done bool) {
	class, r := c.long("text")
	switch class {
	case real:
		c.hints(r)
		c.say("text", c.label("text"))
		return filled, false
	case saysNone:
		c.say("none_typed_no_pick", c.label("text"))
		return atLeast(half), true
	case picture:
		return atLeast(half), true
	case absent:
		c.say("unmapped", c.label("text"))
		return atLeast(half), true
	}
	if half {
		c.say("beside_text_only", c.label("text"))
		return proven(1), true
	}
	return proven(0), true
}

// accountLogic judges why this account, why now, and who owns it.
func (c *call) accountLogic() verdict {
	if c.barred("text", "owner", "listed") {
		return unknown
	}
	listed, owned := c.yes(c.cell("listed")), c.short(c.cell("owner"))
	v, done := c.words(listed)
	if done {
		return v
	}
	if owned == blank {
		c.say("owner_blank")
	}
	switch {
	case listed && owned != blank:
		c.say("account_listed")
		return likely
	case c.cell("listed").Mapped() && !listed:
		c.say("account_not_listed")
	}
	return v
}

// relationship judges who knows whom: one named person on each side.
func (c *call) relationship() verdict {
	if c.barred("text", "ours", "theirs") {
		return unknown
	}
	ours, theirs := c.short(c.cell("ours")), c.short(c.cell("theirs"))
	v, done := c.words(ours == real || theirs == real)
	if done {
		return v
	}
	unnamed := false
	for _, side := range [...]struct {
		class class
		code  string
	}{{ours, "ours_unnamed"}, {theirs, "theirs_unnamed"}} {
		if side.class == blank || side.class == saysNone {
			c.say(side.code)
			unnamed = true
		}
	}
	if unnamed {
		return proven(1)
	}
	return v
}

// offer judges what the partner will do: dated inside so many days of
// sending, and agreed.
func (c *call) offer() verdict {
	if c.barred("text", "date", "agreed", "sent_at") {
		return unknown
	}
	date, agreed := c.judge.day(c.cell("date")), c.yes(c.cell("agreed"))
	v, done := c.words(date != 0 || agreed)
	if done {
		return v
	}
	whole := true
	if c.cell("date").Mapped() {
		whole = c.inWindow(date)
	}
	if c.cell("agreed").Mapped() && !agreed {
		c.say("offer_not_agreed")
		whole = false
	}
	switch {
	case !whole:
		return proven(1)
	case date != 0 && agreed:
		return likely
	}
	return v
}

// inWindow checks the date of an offer against the day it was sent.
func (c *call) inWindow(date day) bool {
	if date == 0 {
		c.say("offer_undated")
		return false
	}
	days, err := strconv.Atoi(c.it.Check.Params["days"])
	sent := c.judge.day(c.cell("sent_at"))
	if err != nil || sent == 0 {
		return true
	}
	switch ahead := int(date - sent); {
	case ahead < 0:
		c.say("offer_before_sent")
		return false
	case ahead > days:
		c.say("offer_too_late", strconv.Itoa(ahead), strconv.Itoa(days))
		return false
	}
	return true
}

// nextAction judges the one move asked for.
func (c *call) nextAction() verdict {
	if c.barred("text", "task_open") {
		return unknown
	}
	task := c.yes(c.cell("task_open"))
	v, done := c.words(task)
	if done {
		return v
	}
	one := true
	if lines := c.judge.read(c.cell("text").Text).lines; lines > 1 {
		c.say("actions_several", strconv.Itoa(lines))
		one = false
	}
	if c.cell("task_open").Mapped() && !task {
		c.say("no_open_task")
		one = false
	}
	if !one {
		return proven(1)
	}
	return v
}

// singleOwner judges who runs the next move: one name, not a team's.
func (c *call) singleOwner() verdict {
	if c.barred("owner") {
		return unknown
	}
	cell := c.cell("owner")
	switch c.short(cell) {
	case absent:
		c.say("unmapped", c.label("owner"))
		return open
	case blank, saysNone:
		c.say("owner_blank")
		return proven(0)
	}
	text := strings.TrimSpace(cell.Text)
	local, _, isMail := strings.Cut(text, "@")
	switch {
	case several(text):
		c.say("owner_several")
		return proven(1)
	case isMail && c.judge.shared(local), c.judge.read(text).team, c.judge.shared(text):
		c.say("owner_team")
		return proven(1)
	}
	c.say("owner_named")
	return likely
}

// several reports whether a text names more than one person. "Chen, Mark" is
// one; "Mark Chen, Ewa Lind" are two.
func several(text string) bool {
	if strings.ContainsAny(text, ";/&\n") || strings.Contains(text, " and ") {
		return true
	}
	parts := 0
	for part := range strings.SplitSeq(text, ",") {
		if len(strings.Fields(part)) < 2 {
			return false
		}
		parts++
	}
	return parts > 1
}

// acceptance judges when a handoff counts as accepted: criteria and a window
// in days, both set before it was sent.
func (c *call) acceptance() verdict {
	if c.barred("text", "days", "set_at", "sent_at") {
		return unknown
	}
	days, isNumber := Decimal(c.cell("days").Text)
	window := isNumber && days > 0
	v, done := c.words(window)
	if done {
		return v
	}
	whole := true
	if c.cell("days").Mapped() && !window {
		c.say("window_missing")
		whole = false
	}
	set, sent := c.judge.instant(c.cell("set_at")), c.judge.instant(c.cell("sent_at"))
	known := !set.IsZero() && !sent.IsZero()
	if known && after(set, sent, c.cell("set_at")) {
		c.say("criteria_set_late")
		whole = false
	}
	switch {
	case !whole:
		return proven(1)
	case known && window:
		return likely
	}
	return v
}

// after reports whether set is later than sent under every reading: of a date
// without a time only the start of its day counts.
func after(set, sent time.Time, cell crm.Cell) bool {
	if len(strings.TrimSpace(cell.Text)) == len("2006-01-02") {
		set = set.Add(time.Millisecond).AddDate(0, 0, -1)
	}
	return set.After(sent)
}

// proof judges the evidence behind the claims: something a seller can open.
func (c *call) proof() verdict {
	if c.barred("text") {
		return unknown
	}
	v, done := c.words(false)
	if done {
		return v
	}
	if c.judge.read(c.cell("text").Text).link {
		c.say("proof_link")
	} else {
		c.say("proof_no_link")
	}
	return v
}

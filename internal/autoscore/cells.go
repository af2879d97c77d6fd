package autoscore

import (
	"strconv"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// class is what a text is worth before anybody judges it.
type class uint8

const (
	absent     class = iota // not mapped, or the card names no such source
	unreadable              // mapped, cannot be read
	blank                   // nothing, or a placeholder
	saysNone                // a bare "none"
	picture                 // an image and no words: nobody but a person can tell
	real                    // text
)

// source is where among the item's sources a parameter stands, -1 if the card
// names none for it.
func (c *call) source(param string) int {
	for i := range c.sources {
		if c.sources[i].param == param {
			return i
		}
	}
	return -1
}

// given reports whether the card names a source for the check.
func (c *call) given(param string) bool { return c.source(param) >= 0 }

// cell returns the cell behind one of the check's sources.
func (c *call) cell(param string) crm.Cell {
	if i := c.source(param); i >= 0 {
		return c.cells[i]
	}
	return crm.Cell{}
}

// label is what evidence calls the field behind a source.
func (c *call) label(param string) string {
	if i := c.source(param); i >= 0 {
		return c.sources[i].label
	}
	return c.judge.label(c.it, param)
}

// long classes a source that holds sentences and says what it found, except
// for real text and a bare none, which are the check's to explain.
func (c *call) long(param string) (class, reading) {
	cell := c.cell(param)
	switch cell.State {
	case crm.Unmapped:
		return absent, reading{}
	case crm.Unreadable:
		c.say("unreadable", c.label(param))
		return unreadable, reading{}
	}
	if cell.Text == "" {
		c.say("blank", c.label(param))
		return blank, reading{}
	}
	j := c.judge
	r := j.read(cell.Text)
	switch {
	case r.none && !r.allowed:
		return saysNone, r
	case r.letters == 0 && r.image:
		c.say("picture", c.label(param))
		return picture, r
	case r.letters == 0:
		c.say("blank", c.label(param))
		return blank, r
	case r.placeholder(true), j.echoes(r, c.deal.Name.Text), j.echoes(r, c.it.Title), j.echoes(r, c.it.Gap),
		j.echoes(r, c.sources[c.source(param)].own):
		c.say("placeholder", c.label(param))
		return blank, r
	}
	return real, r
}

// short classes a pick, a name or another short value.
func (c *call) short(cell crm.Cell) class {
	switch cell.State {
	case crm.Unmapped:
		return absent
	case crm.Unreadable:
		return unreadable
	}
	if cell.Text == "" {
		return blank
	}
	r := c.judge.read(cell.Text)
	switch {
	case r.none && !r.allowed:
		return saysNone
	case r.placeholder(false):
		return blank
	}
	return real
}

// barred says so and returns true if any of the sources cannot be read: what
// is there might change everything, so the item is open.
func (c *call) barred(params ...string) bool {
	bad := false
	for _, p := range params {
		if c.cell(p).State == crm.Unreadable {
			c.say("unreadable", c.label(p))
			bad = true
		}
	}
	return bad
}

// attested reports whether a "none, confirmed" pick was set: a ticked box, or
// a value that says none. Any other value ("not asked") attests nothing.
func (c *call) attested(cell crm.Cell) bool {
	if cell.State != crm.Read || cell.Text == "" {
		return false
	}
	return affirms(cell.Text) || c.short(cell) == saysNone
}

func affirms(text string) bool {
	switch text {
	case "true":
		return true
	case "false":
		return false
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "1", "confirmed", "ja", "oui", "sí", "si", "sim", "はい":
		return true
	}
	return false
}

// yes reports whether a box is ticked, a count is above 0, or a pick holds
// something that denies nothing.
func (c *call) yes(cell crm.Cell) bool {
	if cell.State != crm.Read || cell.Text == "" {
		return false
	}
	if affirms(cell.Text) {
		return true
	}
	if n, ok := Decimal(cell.Text); ok {
		return n > 0
	}
	text := strings.ToLower(strings.TrimSpace(cell.Text))
	return text != "false" && !strings.HasPrefix(text, "not ") && !strings.HasPrefix(text, "no ") && c.short(cell) == real
}

// Decimal reads a number, with or without a percent sign.
func Decimal(text string) (float64, bool) {
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "%"))
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != f || f-f != 0 { // not a number, or infinite
		return 0, false
	}
	return f, true
}

package autoscore

import (
	"strconv"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// substance is how many letters or digits a note needs to tell anything.
const substance = 40

// notesAfterClose asks whether something of substance was written at or after
// the win: then 2. Thin words after, or substance before only, are 1. What
// syncd wrote itself and activities without words are not there.
func (c *call) notesAfterClose() verdict {
	field := c.cell("notes")
	bad := c.barred("notes")
	if c.deal.NotesState == crm.Unreadable {
		c.say("notes_unreadable")
		bad = true
	}
	switch {
	case bad:
		return unknown
	case c.deal.NotesState == crm.Unmapped && field.State == crm.Unmapped:
		c.say("notes_unmapped")
		return open
	case c.deal.Won && c.deal.WonAt.At.IsZero():
		c.say("won_at_unknown")
		return unknown
	}
	s := c.sightings(field)
	if c.deal.WonAt.Imprecise && s.after {
		c.say("won_day_only")
		c.warn("won_day_only")
	}
	switch {
	case s.after && s.substanceAfter:
		c.say("notes_after")
		return proven(2)
	case s.substanceBefore && s.undated:
		c.say("notes_undated", c.label("notes"))
		return proven(1)
	case s.substanceBefore:
		if days := int(c.deal.WonAt.At.Sub(s.last).Hours() / 24); c.deal.Won && days > 0 {
			c.say("notes_before", strconv.Itoa(days))
		} else {
			c.say("notes_before_only")
		}
		return proven(1)
	case s.after:
		c.say("notes_thin")
		return proven(1)
	}
	c.say("notes_none")
	return proven(0)
}

// sightings is what was found among notes.
type sightings struct {
	after, substanceAfter, substanceBefore bool
	undated                                bool      // of substance, but nobody knows when it was written
	last                                   time.Time // the latest of substance before the win
}

func (c *call) sightings(field crm.Cell) sightings {
	var s sightings
	see := func(text string, at time.Time) {
		if text == "" || crm.IsOwnMark(text) {
			return
		}
		r := c.judge.read(text)
		if r.letters == 0 {
			return
		}
		solid := r.letters >= substance && !r.placeholder(true) && !c.judge.echoes(r, c.deal.Name.Text)
		switch {
		case c.deal.Won && !at.Before(c.deal.WonAt.At):
			s.after = true
			s.substanceAfter = s.substanceAfter || solid
		case solid:
			s.substanceBefore = true
			s.undated = s.undated || at.IsZero()
			if at.After(s.last) {
				s.last = at
			}
		}
	}
	for i := range c.deal.Notes {
		n := &c.deal.Notes[i]
		if !n.Ours && !crm.IsOwnMark(n.Title) {
			see(n.Body, n.At)
		}
		if s.substanceAfter {
			return s
		}
	}
	if field.State == crm.Read {
		see(field.Text, field.At)
	}
	return s
}

package handoff

import (
	"strconv"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Key is what syncd writes on the record to know its own marks by: a copy of
// it on a cloned deal names another deal.
func Key(id string, card string, attempt int) string {
	return id + "/" + card + "/" + strconv.Itoa(attempt)
}

// cloned reports whether the record's key names another deal, so that what
// people had typed on that deal must not count on this one.
func cloned(card *scorecard.Card, d *crm.Deal) bool {
	key := d.Field(card.Field("key"))
	if !key.Known() || key.Text == "" {
		return false
	}
	id, _, _ := strings.Cut(key.Text, "/")
	return id != d.Ref.ID
}

// Human returns one of a card's human cells. On a clone it is blank until it
// was changed after the record's creation.
func Human(card *scorecard.Card, d *crm.Deal, base string) crm.Cell {
	c := d.Field(card.Field(base))
	if c.Known() && c.Text != "" && cloned(card, d) && !c.At.After(d.CreatedAt) {
		return crm.Cell{State: crm.Read}
	}
	return c
}

// Entered collects the cells in which a person scores the card's judgement items.
func Entered(card *scorecard.Card, d *crm.Deal) autoscore.Entered {
	e := autoscore.Entered{}
	for item := range card.Items() {
		if item.Auto {
			continue
		}
		if c := Human(card, d, "item_"+crm.Underscored(item.ID)+"_score"); c.Mapped() {
			e[item.ID] = c
		}
	}
	return e
}

// KickoffOf reads the kickoff of a deal. A date without a time is the end of
// its day; one before the win counts from the win.
func KickoffOf(card *scorecard.Card, d *crm.Deal, zone *time.Location) (k Kickoff, readable bool) {
	c := Human(card, d, "kickoff_at")
	if c.State == crm.Unreadable {
		return k, false
	}
	text := strings.TrimSpace(c.Text)
	if text == "" {
		return k, true
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		day, err := time.ParseInLocation(time.DateOnly, text, orUTC(zone))
		if err != nil {
			return k, true
		}
		at, k.DateOnly = day.AddDate(0, 0, 1), true
	}
	if at.Before(d.WonAt.At) {
		at, k.BeforeWin = d.WonAt.At, true
	}
	k.At = at.UTC()
	return k, true
}

// signature reads attempt_scored; 0 means none.
func signature(card *scorecard.Card, d *crm.Deal) int {
	f, err := strconv.ParseFloat(strings.TrimSpace(Human(card, d, "attempt_scored").Text), 64)
	if err != nil || f != float64(int(f)) || f < 0 {
		return 0
	}
	return int(f)
}

func orUTC(z *time.Location) *time.Location {
	if z == nil {
		return time.UTC
	}
	return z
}

package handoff

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Sheet is what people filled in on a deal for one card. On a copy of another
// deal nothing that came with the copy counts until somebody has changed it.
type Sheet struct {
	card      *scorecard.Card
	deal      *crm.Deal
	copied    bool
	inherited map[string]string // by base name, what came with the copy and still stands there
}

// Read reads the sheet of a deal. prev is what is remembered of the handoff:
// what was found on a copy the first time it was seen.
func Read(card *scorecard.Card, d *crm.Deal, prev State) Sheet {
	s := Sheet{card: card, deal: d, copied: prev.Copied, inherited: prev.Inherited}
	key := d.Field(card.Field("key"))
	if !prev.Copied && !(key.Known() && IsCopy(d.Ref.ID, key.Text)) {
		return s
	}
	s.copied, s.inherited = true, map[string]string{}
	for _, base := range typed(card) {
		c := d.Field(logical(card, base))
		before, known := prev.Inherited[base]
		switch {
		case c.State == crm.Unreadable:
			if known {
				s.inherited[base] = before
			}
		case c.Text == "" || c.At.After(d.CreatedAt):
		case !prev.Copied || known && before == c.Text:
			s.inherited[base] = c.Text
		}
	}
	return s
}

// typed lists the cells that people fill in.
func typed(card *scorecard.Card) []string {
	return append(slices.Collect(scores(card)), "csm", startBase(card), "attempt_scored", "dispute_item", "dispute_reason", "dispute_outcome", "dispute_score", "duplicate_decision")
}

// scores yields the cells of the judgement items.
func scores(card *scorecard.Card) iter.Seq[string] {
	return func(yield func(string) bool) {
		for item := range card.Items() {
			if !item.Auto && !yield(item.Cell) {
				return
			}
		}
	}
}

// Cell returns one of the card's human cells as it counts.
func (s Sheet) Cell(base string) crm.Cell {
	c := s.deal.Field(logical(s.card, base))
	if text, ok := s.inherited[base]; ok && c.Known() && c.Text == text {
		return crm.Cell{State: crm.Read}
	}
	return c
}

// Entered is the cell in which a person scores an item of the card; auto items
// have none.
func (s Sheet) Entered(item *scorecard.Item) crm.Cell {
	if item.Auto {
		return crm.Cell{}
	}
	return s.Cell(item.Cell)
}

// Kickoff reads the kickoff of the deal, or the sending of a handoff. A date
// without a time is the end of its day; a kickoff before the win counts from
// the win.
func (s Sheet) Kickoff(zone *time.Location) (k Kickoff, readable bool) {
	c := s.startCell()
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
	if s.card.Start == scorecard.StartKickoff && at.Before(s.deal.WonAt.At) {
		at, k.BeforeWin = s.deal.WonAt.At, true
	}
	k.At = at.UTC()
	return k, true
}

// attemptIn reads the number of an attempt; 0 means none.
func attemptIn(text string) int {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
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

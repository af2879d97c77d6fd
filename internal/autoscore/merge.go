package autoscore

import (
	"strings"
	"unicode/utf8"

	"github.com/handoffscore/syncd/internal/crm"
)

// typedMax is how much of a cell that holds no score is repeated, in characters.
const typedMax = 60

// Merge puts the value a person entered on top of what the machine found.
//
// A 0, 1 or 2 settles a judgement item, whatever the machine says; outside its
// floor and cap it is an override. A blank or unmapped cell leaves the item as
// it is. Anything else is never coerced: the item is open from 0 to 2 and
// NotUnderstood holds what was typed. A cell that cannot be read opens the
// item too, as Unknown. Auto items come back as they are.
func Merge(machine Item, cell crm.Cell) Item {
	if machine.Auto || cell.State == crm.Unmapped {
		return machine
	}
	item := machine
	if cell.State == crm.Unreadable {
		item.Unknown = true
		item.reopen("score_unreadable")
		return item
	}
	text := strings.TrimSpace(cell.Text)
	if text == "" {
		return machine
	}
	score, ok := ParseScore(text)
	if !ok {
		item.NotUnderstood = shorten(cell.Text)
		item.reopen("score_not_understood")
		return item
	}
	item.Settle(score, CSM)
	proof := item.Proof()
	item.Override = item.Floor < proof.Floor || item.Cap > proof.Cap
	// Settled by a person: what the machine could not read is not needed.
	item.Unknown, item.NotUnderstood = false, ""
	return item
}

// Settle gives the item a score and says who gave it; what the machine can
// prove is kept.
func (i *Item) Settle(score Score, by Source) {
	i.Score, i.Source = score, by
	i.ranged(int8(score), int8(score))
}

// ranged puts another range in force; what the machine can prove is kept.
func (i *Item) ranged(floor, ceiling int8) {
	proof := i.Proof()
	i.Floor, i.Cap, i.Machine = floor, ceiling, nil
	if proof != (Range{floor, ceiling}) {
		i.Machine = &proof
	}
}

// reopen makes the item open from 0 to 2 and says why. The machine's own floor
// and cap are kept.
func (i *Item) reopen(code string) {
	i.Score, i.Source, i.Override = Open, Machine, false
	i.ranged(0, 2)
	i.Evidence = append(i.Evidence[:len(i.Evidence):len(i.Evidence)], Evidence{Code: code})
}

// Restart opens an item that has to change before it counts again. A person's
// value is taken off with it; what the machine can prove is kept.
func (i *Item) Restart() { i.reopen("restart") }

// ParseScore reads "2", and "2.0" as number fields have it, with or without
// space around it; ok is false for anything that is not 0, 1 or 2.
func ParseScore(text string) (score Score, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Open, false
	}
	if text[0] < '0' || text[0] > '2' {
		return Open, false
	}
	if rest := text[1:]; rest != "" {
		if len(rest) < 2 || rest[0] != '.' || strings.Trim(rest[1:], "0") != "" {
			return Open, false
		}
	}
	return Score(text[0] - '0'), true
}

// shorten gives a cell as typed, cut where a message would become unreadable.
func shorten(text string) string {
	text = strings.ToValidUTF8(strings.TrimSpace(text), "\uFFFD")
	if utf8.RuneCountInString(text) <= typedMax {
		return text
	}
	return string([]rune(text)[:typedMax-1]) + "…"
}

package handoff

import (
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// TimesMatter returns the question an adapter asks of a deal before it spends
// calls on learning when cells were filled in: can the answer move anything?
// It can on a copy, where only what was changed since counts; while a clock
// runs, which begins when the CSM was named; for a later attempt's signature;
// and for a text of notes, which counts by its last change. While a store is
// rebuilt it can for what is final: when it became so is not remembered.
func TimesMatter(cards []*scorecard.Card, rebuilt func() bool) func(id string, cell func(string) crm.Cell) bool {
	return func(id string, cell func(string) crm.Cell) bool {
		return cell("notes").Text != "" || slices.ContainsFunc(cards, func(card *scorecard.Card) bool {
			return timesMatter(card, id, cell, rebuilt)
		})
	}
}

func timesMatter(card *scorecard.Card, id string, cell func(string) crm.Cell, rebuilt func() bool) bool {
	text := func(base string) string { return cell(logical(card, base)).Text }
	filled := func(base string) bool { return text(base) != "" }
	switch key := text("key"); {
	case IsCopy(id, key):
		return slices.ContainsFunc(typed(card), filled)
	case attemptIn(text("attempt_scored")) > 1:
		return true
	case strings.Contains(key+"/", "/"+finalMark+"/"):
		return rebuilt()
	}
	return filled("csm") && filled(startBase(card)) && slices.ContainsFunc(scores(card), func(base string) bool { return !filled(base) })
}

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
// and for a text of notes, which counts by its last change.
func TimesMatter(cards []*scorecard.Card) func(id string, cell func(string) crm.Cell) bool {
	return func(id string, cell func(string) crm.Cell) bool {
		return cell("notes").Text != "" || slices.ContainsFunc(cards, func(card *scorecard.Card) bool {
			return timesMatter(card, id, cell)
		})
	}
}

func timesMatter(card *scorecard.Card, id string, cell func(string) crm.Cell) bool {
	text := func(base string) string { return cell(logical(card, base)).Text }
	filled := func(base string) bool { return text(base) != "" }
	switch key := text("key"); {
	case IsCopy(id, key):
		return slices.ContainsFunc(typed(card), filled)
	case attemptIn(text("attempt_scored")) > 1:
		return true
	case strings.Contains(key+"/", "/"+finalMark+"/"):
		return false
	}
	if !filled("csm") || !filled(startBase(card)) {
		return false
	}
	for base := range scores(card) {
		if !filled(base) {
			return true
		}
	}
	return false
}

// FinalTimes returns the question whether it matters when syncd's own key came
// by its text: while a store is rebuilt, for what is final. Nobody remembers
// since when.
func FinalTimes(cards []*scorecard.Card, rebuilt func() bool) func(id string, cell func(string) crm.Cell) bool {
	return func(_ string, cell func(string) crm.Cell) bool {
		return rebuilt() && slices.ContainsFunc(cards, func(card *scorecard.Card) bool {
			return strings.Contains(cell(card.Field("key")).Text+"/", "/"+finalMark+"/")
		})
	}
}

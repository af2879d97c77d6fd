package handoff

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Records are what is kept beside the deal of the attempts that are final,
// oldest first: of the last one all that is known, and of those before it, in case
// nobody has kept them at the time, the totals.
func Records(card *scorecard.Card, deal string, s State) []crm.Attempt {
	var list []crm.Attempt
	for i := range s.Earlier {
		list = append(list, record(card, deal, &s.Earlier[i]))
	}
	if s.Final == nil {
		return list
	}
	return append(list, record(card, deal, s.Final))
}

// longTextLimit is what every CRM's long text holds.
const longTextLimit = 32_000

// record is that of one final. What history alone still has of an earlier one,
// and what a rebuilt one may have said before, gives way to a record that is there.
func record(card *scorecard.Card, deal string, f *Final) crm.Attempt {
	a := crm.Attempt{
		Key: strings.Join([]string{deal, card.ID, strconv.Itoa(f.Attempt)}, "/"), Deal: crm.DealID(deal), Scorecard: card.ID, Version: f.Version,
		Number: f.Attempt, Score: f.Total, OutOf: card.OutOf, Band: f.Band, Notes: cut(strings.Join(f.Notes, ", "), textLimit),
		FinalAt: f.At.UTC().Truncate(time.Second), Once: f.Rebuilt || f.Items == nil,
	}
	if f.Items == nil {
		return a
	}
	var sums []string
	for i, cat := range card.Sums(f.points()).Categories {
		sums = append(sums, fmt.Sprintf("%s %d of %d", card.Categories[i].Title, cat.Points, cat.Max))
	}
	a.Categories = cut(strings.Join(sums, ", "), textLimit)
	a.Gaps = cut(Gaps(card, autoscore.Result{Items: f.Items}, func(int) bool { return false }), longTextLimit)
	return a
}

package handoff

import (
	"slices"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Again is how an item stood in the final that asked to start again from it.
type Again struct {
	Score autoscore.Score `json:"score"`
	Mark  string          `json:"mark,omitempty"` // of its evidence; "" if that could not be read
}

// again lists the items that the next attempt has to change: those that the
// band of a final restarts from.
func again(card *scorecard.Card, f *Final) map[string]Again {
	if f == nil {
		return nil
	}
	band := card.Band(f.Total)
	if band == nil || len(band.Restart) == 0 {
		return nil
	}
	list := make(map[string]Again, len(band.Restart))
	for _, id := range band.Restart {
		if item := f.item(id); item != nil {
			list[id] = Again{item.Score, f.Marks[id]}
		}
	}
	return list
}

// restarts reports whether any band of the card starts again from an item, so
// that its evidence is to be remembered even at full marks.
func restarts(card *scorecard.Card, id string) bool {
	for i := range card.Bands {
		if slices.Contains(card.Bands[i].Restart, id) {
			return true
		}
	}
	return false
}

// restart opens the items of an attempt that had to change and have not: the
// score is the one it was, and so is the evidence, as far as it can be read.
func restart(in Input, r autoscore.Result, list map[string]Again) autoscore.Result {
	var stale []autoscore.Item
	for id, was := range list {
		now := r.Item(id)
		if now == nil || now.Score == autoscore.Open {
			continue
		}
		mark, ok := markOf(in, id)
		if now.Score != was.Score || ok && was.Mark != "" && mark != was.Mark {
			continue
		}
		item := *now
		item.Restart()
		stale = append(stale, item)
	}
	if len(stale) > 0 {
		put(&r, stale)
	}
	return r
}

package handoff

import (
	"reflect"

	"github.com/handoffscore/syncd/internal/autoscore"
)

// Where a final's auto items come from.
const (
	AutoAtKickoff    = "at kickoff"
	AutoAfterKickoff = "first after kickoff"
	AutoAtSending    = "at sending"
	AutoAfterSending = "first after sending"
	AutoAtFinal      = "at final"
	AutoAtSigning    = "at signing"
)

// readAuto remembers how the auto items stand, and once the kickoff has passed
// puts the reading that counts into the result: the last at or before the
// kickoff, or the first after it if there was none.
func readAuto(in Input, s *State, r *autoscore.Result) (from string) {
	n, known := 0, true
	for i := range r.Items {
		if r.Items[i].Auto {
			n++
			known = known && !r.Items[i].Unknown
		}
	}
	if n == 0 {
		return AutoAtFinal
	}
	items := make([]autoscore.Item, 0, n)
	for i := range r.Items {
		if r.Items[i].Auto {
			items = append(items, r.Items[i])
		}
	}
	if known && (len(s.Auto) == 0 || !sameScores(s.Auto[len(s.Auto)-1].Items, items)) {
		s.Auto = append(s.Auto, AutoReading{At: in.Now, Items: items})
	}
	if s.Kickoff.At.IsZero() || in.Now.Before(s.Kickoff.At) || len(s.Auto) == 0 {
		return AutoAtFinal
	}
	terms := termsOf(in.Card)
	counts, from := 0, terms.autoAfter
	for i, reading := range s.Auto {
		if !reading.At.After(s.Kickoff.At) {
			counts, from = i, terms.autoAt
		}
	}
	if !known || counts < len(s.Auto)-1 { // else it is the one that stands in the result
		put(r, s.Auto[counts].Items)
	}
	return from
}

// put replaces items of a result and sums it anew.
func put(r *autoscore.Result, items []autoscore.Item) {
	all := make([]autoscore.Item, len(r.Items))
	copy(all, r.Items)
	r.Items = all
	for _, item := range items {
		if at := r.Item(item.ID); at != nil {
			*at = item
		}
	}
	r.Floor, r.Ceiling, r.OpenN = 0, 0, 0
	for _, item := range r.Items {
		r.Floor += int(item.Floor)
		r.Ceiling += int(item.Cap)
		if item.Score == autoscore.Open {
			r.OpenN++
		}
	}
}

// sameScores compares readings by what they say, evidence included.
func sameScores(a, b []autoscore.Item) bool { return reflect.DeepEqual(a, b) }

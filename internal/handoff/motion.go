package handoff

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Graded is one handoff of a motion that is final, as the next ones look back
// on it.
type Graded struct {
	Deal   string         // id
	Sent   time.Time      // when it was sent
	Scores map[string]int // by item
}

// Past are the handoffs of a state that are final, oldest first: an attempt
// for which the deal was sent anew is one of its own; one that scored the same
// sending again takes the place of the one before.
func (s State) Past(deal string) []Graded {
	var list []Graded
	add := func(f *Final) {
		if f.Sent.IsZero() || len(f.scores()) == 0 {
			return
		}
		list = slices.DeleteFunc(list, func(g Graded) bool { return g.Sent.Equal(f.Sent) })
		list = append(list, Graded{deal, f.Sent, f.scores()})
	}
	for i := range s.Earlier {
		add(&s.Earlier[i])
	}
	if s.Final != nil {
		add(s.Final)
	}
	return list
}

// scores are a final's scores by item; those of an earlier attempt are kept
// without the items, and those of one that was rebuilt nobody knows.
func (f *Final) scores() map[string]int {
	if f.Items == nil {
		return f.Scores
	}
	m := make(map[string]int, len(f.Items))
	for i := range f.Items {
		if item := &f.Items[i]; item.Score != autoscore.Open {
			m[item.ID] = int(item.Score)
		}
	}
	return m
}

// Reading is what a final says beside its total: what was weakest over the last
// handoffs of the motion, and where the weakness of this one lies.
type Reading struct {
	Weakest []scorecard.Weak `json:"weakest,omitempty"` // weakest first
	Verdict string           `json:"verdict,omitempty"`
	Advice  string           `json:"advice,omitempty"`
}

// LooksBack reports whether the band of a handoff's final names what was
// weakest over the last ones, so that LookBack needs them.
func LooksBack(card *scorecard.Card, s State) bool {
	if s.Final == nil || s.Status == Closed {
		return false
	}
	band := card.Band(s.Final.Total)
	return band != nil && band.Weakest > 0
}

// Before reports whether a handoff was sent before another one; of one moment,
// the id decides.
func (g Graded) Before(sent time.Time, deal string) bool {
	return g.Sent.Before(sent) || g.Sent.Equal(sent) && g.Deal < deal
}

// LookBack reads a final against the other handoffs of its motion: of those
// sent before it the last ones count, and this one, whatever order they were
// scored in.
func LookBack(card *scorecard.Card, deal string, s State, others []Graded) Reading {
	var r Reading
	if s.Final == nil {
		return r
	}
	if g := card.Diagnose(s.Final.points()); g != nil {
		r.Verdict, r.Advice = g.Verdict, g.Advice
	}
	band := card.Band(s.Final.Total)
	if band == nil || band.Weakest == 0 {
		return r
	}
	sent := s.Final.Sent
	all := slices.DeleteFunc(s.Past(deal), func(g Graded) bool { return g.Sent.After(sent) })
	for _, g := range others {
		if g.Deal != deal && g.Before(sent, deal) {
			all = append(all, g)
		}
	}
	slices.SortStableFunc(all, func(a, b Graded) int { return cmp.Or(a.Sent.Compare(b.Sent), strings.Compare(a.Deal, b.Deal)) })
	history := make([]map[string]int, len(all))
	for i, g := range all {
		history[i] = g.Scores
	}
	r.Weakest = card.Weakest(history, band.Weakest)
	return r
}

// Action is a band's action with what the reading adds to it: what does not fit
// is taken off the band's own words.
func (r Reading) Action(card *scorecard.Card, action string) string {
	var tail string
	if len(r.Weakest) > 0 {
		names := make([]string, len(r.Weakest))
		for i, w := range r.Weakest {
			names[i] = w.Item
			if item := card.Item(w.Item); item != nil {
				names[i] = item.Gap
			}
		}
		tail = " Weakest: " + strings.Join(names, ", ") + "."
	}
	if r.Verdict != "" {
		tail += " Diagnosis: " + r.Verdict + "."
	}
	tail = cut(tail, textLimit-1)
	return cut(action, textLimit-len([]rune(tail))) + tail
}

// Look adds a reading to what follows from a step, and to what the record shows
// of it: the weakest and the verdict follow the action, the advice what syncd
// has to say.
func (o *Output) Look(card *scorecard.Card, r Reading) {
	o.Reading = r
	if o.Show == nil {
		return
	}
	action := card.Field("action")
	o.Show[action] = r.Action(card, o.Show[action])
	o.Show[card.Field("sync_message")] = message(card, *o)
}

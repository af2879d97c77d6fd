package handoff

import (
	"slices"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Turn is who had the ball from a moment on, until the next turn.
type Turn struct {
	Who  string    `json:"who"`
	From time.Time `json:"from"`
}

// Who may have the ball.
const (
	WithCSManager = "CS manager"
	WithCSM       = "CSM"
	WithAE        = "AE"
	WithNobody    = "nobody"

	// Of a partner handoff.
	WithPartnerManager = "partner manager"
	WithSeller         = "seller"
)

// ball says whose turn it is, and what for.
func ball(in Input, s State, r autoscore.Result) (who, what string) {
	if in.Card.Start == scorecard.StartSent {
		return sentBall(in, s, r)
	}
	switch s.Status {
	case NeedsCSM:
		return WithCSManager, "name a CSM"
	case AwaitingKickoff:
		if s.Kickoff.At.IsZero() {
			return WithCSM, "set the kickoff"
		}
		return WithCSM, "hold the kickoff"
	case ScoringOpen, Overdue:
		if r.OpenN == 0 {
			return WithCSM, "sign the attempt"
		}
		return WithCSM, "score the open items"
	case Disputed:
		return WithCSManager, "decide the dispute"
	case IsFinal:
		return afterFinal(in, s)
	}
	return WithNobody, ""
}

// afterFinal: the AE has what the band asks for, until every gap shows
// something new; then it is for the CSM to look.
func afterFinal(in Input, s State) (who, what string) {
	if s.Quiet {
		return WithCSManager, "decide whether this is a duplicate"
	}
	gaps, filled := 0, 0
	for i := range s.Final.Items {
		if s.Final.Items[i].Short() {
			gaps++
			if filledAfter(in, s.Final, s.Final.Items[i].ID, i) {
				filled++
			}
		}
	}
	band := in.Card.Band(s.Final.Total)
	asked := func(kind string) bool { return slices.Contains(band.Tasks, kind) }
	switch {
	case gaps == 0:
		return WithNobody, ""
	case filled == gaps && (asked(Rehandoff) || asked(FieldsNeeded)):
		return WithCSM, "check what was filled and sign the next attempt"
	case asked(Rehandoff):
		return WithAE, "hand the deal over again with the listed fields filled"
	case asked(FieldsNeeded):
		return WithAE, "fill the listed fields"
	case band == &in.Card.Bands[0]:
		return WithNobody, ""
	}
	return WithCSM, "close the listed gaps with the AE"
}

// pass hands the ball over. A turn begins when what makes it begin happened,
// where that is known: the kickoff, the due time, the win.
func pass(in Input, s *State, who string) {
	if len(s.Turns) == 0 {
		from := origin(in, *s)
		if from.IsZero() || from.After(in.Now) || !s.Open() { // who had it before it was seen is not known
			from = in.Now
		}
		s.Turns = []Turn{{who, from}}
		return
	}
	last := s.Turns[len(s.Turns)-1]
	if last.Who == who {
		return
	}
	from := in.Now
	for _, known := range []time.Time{s.CSMSince, s.Kickoff.At} {
		if who == termsOf(in.Card).turn && s.Open() && known.After(last.From) && known.Before(from) {
			from = known
		}
	}
	s.Turns = append(s.Turns[:len(s.Turns):len(s.Turns)], Turn{who, from})
}

// Held sums who had the ball how long up to a moment. The sums add up to the
// time since the first turn began.
func Held(turns []Turn, now time.Time) map[string]time.Duration {
	held := map[string]time.Duration{}
	for i, t := range turns {
		end := now
		if i+1 < len(turns) {
			end = turns[i+1].From
		}
		held[t.Who] += end.Sub(t.From)
	}
	return held
}

// fold makes texts comparable that people pick or type.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

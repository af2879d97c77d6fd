package handoff

import (
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// terms are the words in which a card's handoff is told.
type terms struct {
	scorer            string // who scores, as a field's name
	turn              string // and as the one with the ball
	role              Role   // and as the one who is reminded
	start             string // what the clock starts at
	autoAt, autoAfter string
}

func termsOf(card *scorecard.Card) terms {
	if card.Start == scorecard.StartSent {
		return terms{WithPartnerManager, WithPartnerManager, ToPartnerManager, "sending", AutoAtSending, AutoAfterSending}
	}
	return terms{"CSM", WithCSM, ToCSM, "kickoff", AutoAtKickoff, AutoAfterKickoff}
}

// sentField is the org's own field that says when a handoff was sent; it is of
// no field set.
const sentField = "sent_at"

// startBase is the cell that a card's clock starts from.
func startBase(card *scorecard.Card) string {
	if card.Start == scorecard.StartSent {
		return sentField
	}
	return "kickoff_at"
}

// logical is the name of one of a card's cells on the deal.
func logical(card *scorecard.Card, base string) string {
	if base == sentField {
		return base
	}
	return card.Field(base)
}

// startCell is the cell that the clock starts from, as it counts.
func (s Sheet) startCell() crm.Cell { return s.Cell(startBase(s.card)) }

// sentAfter reports whether the handoff was sent later than at a moment.
func (s Sheet) sentAfter(at time.Time, zone *time.Location) bool {
	sent, _ := sentAt(s.startCell().Text, zone)
	return sent.After(at)
}

// sentBall says whose turn it is in a handoff that is sent to a seller.
func sentBall(in Input, s State, r autoscore.Result) (who, what string) {
	waits := ""
	if s.Acceptance.State == Waiting {
		waits = "; the seller's answer: " + s.Acceptance.String()
	}
	switch s.Status {
	case NeedsCSM:
		return WithPartnerManager, "enter who scores this handoff" + waits
	case AwaitingKickoff:
		return WithPartnerManager, "send the handoff" + waits
	case ScoringOpen, Overdue:
		if r.OpenN == 0 {
			return WithPartnerManager, "sign the attempt" + waits
		}
		return WithPartnerManager, "score the open components" + waits
	case Disputed:
		return WithPartnerManager, "decide the dispute" + waits
	case IsFinal:
		return afterSending(in, s)
	}
	return WithNobody, ""
}

// afterSending: what has to start again is the partner manager's; else the
// seller answers first, and the gaps are closed before the next one goes out.
func afterSending(in Input, s State) (who, what string) {
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
	switch {
	case gaps > 0 && filled == gaps && band != &in.Card.Bands[0]:
		return WithPartnerManager, "check what was filled and sign the next attempt"
	case band.Hold:
		return WithPartnerManager, "start again with the listed components"
	case s.Acceptance.State == Waiting:
		return WithSeller, "accept or decline the handoff (" + s.Acceptance.String() + ")"
	case gaps == 0, band == &in.Card.Bands[0]:
		return WithNobody, ""
	}
	return WithPartnerManager, "close the listed gaps before the next handoff"
}

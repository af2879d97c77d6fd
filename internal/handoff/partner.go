package handoff

import (
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Reasons a partner handoff is out of scope, or closed.
const (
	ReasonNoPartner  = "no partner"
	ReasonNotSent    = "not sent"
	ReasonSentGoLive = "sent before go_live"
	ReasonLost       = "lost before it was scored"
)

// Partners returns the card for deals with a partner, nil if there is none.
func Partners(cards []*scorecard.Card) *scorecard.Card {
	for _, c := range cards {
		if c.PartnerOnly {
			return c
		}
	}
	return nil
}

// partnerScope is the scope of a handoff to the seller, which is before the
// sale: stage, type and pipeline do not matter. What cannot be read takes no
// handoff out of it and begins none.
func partnerScope(in Input, prev State) (ok bool, reason string) {
	partner, sent := in.Deal.Field("partner"), in.sheet.startCell()
	known := prev.Status != "" && prev.Status != OutOfScope && prev.Status != Closed
	switch {
	case partner.State != crm.Read:
		if !known {
			return false, ReasonNoPartner
		}
	case in.Partner == "":
		return false, ReasonNoPartner
	}
	if sent.State != crm.Read {
		return known, ReasonNotSent
	}
	switch at, day := sentAt(sent.Text, in.Settings.Zone); {
	case at.IsZero():
		return false, ReasonNotSent
	case day.Before(in.Settings.GoLive):
		return false, ReasonSentGoLive
	case in.Deal.Closed && !in.Deal.Won && prev.Final == nil:
		return false, ReasonLost
	}
	return true, ""
}

// sentAt reads when a handoff was sent: zero if the text is no time. A date
// without a time counts as the end of its day for clocks, and from its start
// where the question is what came before; day is that start.
func sentAt(text string, zone *time.Location) (at, day time.Time) {
	text = strings.TrimSpace(text)
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), t.UTC()
	}
	t, err := time.ParseInLocation(time.DateOnly, text, orUTC(zone))
	if err != nil {
		return time.Time{}, time.Time{}
	}
	return t.AddDate(0, 0, 1).UTC(), t.UTC()
}

// Sent is when a deal's handoff was sent, as it stands there; zero if it was
// not.
func Sent(d *crm.Deal, zone *time.Location) time.Time {
	at, _ := sentAt(d.Field(sentField).Text, zone)
	return at
}

// motion is what a partner handoff belongs to: the partner as people write it,
// without regard to capitals and blanks.
func motion(in Input, prev State) string {
	if in.Deal.Field("partner").State != crm.Read {
		return prev.Motion
	}
	return strings.Join(strings.Fields(fold(in.Partner)), " ")
}

// origin is what a handoff counts from: the win, or the sending.
func origin(in Input, s State) time.Time {
	if in.Card.Start == scorecard.StartSent {
		return s.Kickoff.At
	}
	return in.Deal.WonAt.At
}

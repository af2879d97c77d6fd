package handoff

import (
	"fmt"
	"math"
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Answers a seller can give to a handoff. Silence after the window is one.
const (
	Waiting     = "waiting"
	Accepted    = "accepted"
	Declined    = "declined"
	NoResponse  = "no response"
	NotMeasured = "not measured"
)

// Acceptance is whether and how fast the seller answered a handoff that was
// sent. The zero value is a handoff of which that is not asked.
type Acceptance struct {
	State string `json:"state,omitempty"`
	// Days is how many whole days the answer took, or, while it is waited for,
	// have passed; of calendar days where only dates are known.
	Days int `json:"days"`
	// Window is how many days the seller has; 0 if that is not known.
	Window int       `json:"window,omitempty"`
	Until  time.Time `json:"until,omitzero"` // the end of the window
	At     time.Time `json:"at,omitzero"`    // of the answer
	Why    string    `json:"why,omitempty"`  // it is not measured
}

// String tells the state in a few words, "" if there is none.
func (a Acceptance) String() string {
	switch a.State {
	case Waiting:
		return fmt.Sprintf("waiting, day %d of %d", min(a.Days+1, a.Window), a.Window)
	case Accepted, Declined:
		switch a.Days {
		case 0:
			return a.State + " within a day"
		case 1:
			return a.State + " after 1 day"
		}
		return fmt.Sprintf("%s after %d days", a.State, a.Days)
	case NoResponse:
		if a.Window == 1 {
			return "no response in a day"
		}
		return fmt.Sprintf("no response in %d days", a.Window)
	case NotMeasured:
		return "not measured: " + a.Why
	}
	return ""
}

// accepting reads how the seller has answered a handoff that was sent. An
// answer that was known and cannot be read any more stands.
func accepting(in Input, s State) Acceptance {
	if in.Card.Start != scorecard.StartSent || s.Kickoff.At.IsZero() || in.Now.Before(s.Kickoff.At) && !s.Kickoff.DateOnly {
		return Acceptance{}
	}
	yes, no := in.Deal.Field("accepted_at"), in.Deal.Field("declined_at")
	a := Acceptance{State: NotMeasured, Window: responseDays(in.Card, in.Deal)}
	zone := orUTC(in.Settings.Zone)
	switch barred := yes.State == crm.Unreadable || no.State == crm.Unreadable; {
	case barred && (s.Acceptance.State == Accepted || s.Acceptance.State == Declined):
		return s.Acceptance
	case barred:
		a.Why = "the answer cannot be read"
		return a
	case !yes.Mapped() && !no.Mapped():
		a.Why = "no field is mapped for the answer"
		return a
	case a.Window == 0:
		a.Why = "no response window"
		return a
	}
	a.Until = s.Kickoff.At.In(zone).AddDate(0, 0, a.Window).UTC()
	for _, c := range []struct {
		state string
		cell  crm.Cell
	}{{Accepted, yes}, {Declined, no}} {
		at, days, ok := answered(c.cell.Text, s.Kickoff, in.Now, zone)
		if ok && (a.At.IsZero() || at.Before(a.At)) { // the first answer is the answer
			a.State, a.At, a.Days = c.state, at, days
		}
	}
	switch {
	case !a.At.IsZero():
	case in.Now.Before(a.Until):
		a.State, a.Days = Waiting, max(0, elapsed(s.Kickoff.At, in.Now, zone))
	default:
		a.State, a.Days = NoResponse, a.Window
	}
	return a
}

// answered reads the time of an answer. One from before the sending answers an
// earlier one, and one in the future none yet.
func answered(text string, sent Kickoff, now time.Time, zone *time.Location) (at time.Time, days int, ok bool) {
	at, day := sentAt(text, zone)
	if at.IsZero() {
		return at, 0, false
	}
	dateOnly := !at.Equal(day)
	from := sent.At
	if sent.DateOnly {
		from = from.In(zone).AddDate(0, 0, -1)
	}
	if at.Before(from) || day.After(now) {
		return at, 0, false
	}
	if dateOnly || sent.DateOnly {
		return at, max(0, calendarDays(from, day, zone)), true
	}
	return at, elapsed(sent.At, at, zone), true
}

// elapsed is how many whole days have passed by the clock on the wall: a day on
// which it is changed is one too.
func elapsed(from, to time.Time, zone *time.Location) int {
	n := calendarDays(from, to, zone)
	if from.In(zone).AddDate(0, 0, n).After(to) {
		n--
	}
	return n
}

// calendarDays is how many midnights lie between two moments.
func calendarDays(from, to time.Time, zone *time.Location) int {
	noon := func(t time.Time) time.Time {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
	}
	return int(noon(to).Sub(noon(from)) / (24 * time.Hour))
}

// mostDays bounds a response window: ten years are no window but a slip.
const mostDays = 3650

// responseDays is the window in days that the card's item on acceptance is
// judged by, begun days counting as whole ones; 0 if there is none.
func responseDays(card *scorecard.Card, d *crm.Deal) int {
	for item := range card.Items() {
		name := item.Check.Sources["days"]
		if item.Check.Name != "acceptance" || name == "" {
			continue
		}
		n, ok := autoscore.Decimal(d.Field(name).Text)
		if days := math.Ceil(n); ok && days >= 1 && days <= mostDays {
			return int(days)
		}
	}
	return 0
}

// next is when the words of a waiting acceptance change; zero if they do not.
func (a Acceptance) next(sent time.Time, zone *time.Location) time.Time {
	if a.State != Waiting {
		return time.Time{}
	}
	at := sent.In(orUTC(zone)).AddDate(0, 0, a.Days+1).UTC()
	if at.After(a.Until) {
		return a.Until
	}
	return at
}

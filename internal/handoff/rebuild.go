package handoff

import (
	"strconv"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// A store that was lost or brought back from a backup knows less than the
// record shows. What stands there was written once, and what went with it was
// asked of people then: it is taken over and not asked again.

// attemptOnRecord is the attempt that the key on the record speaks of; 0 if it
// speaks of none of this card, or of another deal.
func attemptOnRecord(in Input) int {
	parts := strings.Split(in.Deal.Field(in.Card.Field("key")).Text, "/")
	if len(parts) < 3 || parts[0] != in.Deal.Ref.ID || parts[1] != in.Card.ID {
		return 0
	}
	return attemptIn(parts[2])
}

// restore takes over what the record shows of an attempt that is final there
// already. The total stands as it was written; the items are those of now, for
// only the store knew the others. It reports whether there was anything.
func restore(in Input, f *Final) bool {
	cell := func(base string) crm.Cell { return in.Deal.Field(in.Card.Field(base)) }
	total, err := strconv.ParseFloat(strings.TrimSpace(cell("score").Text), 64)
	if attemptOnRecord(in) != f.Attempt || err != nil || total != float64(int(total)) || in.Card.Band(int(total)) == nil {
		return false
	}
	if cell("score_out_of").Text != "" && cell("score_out_of").Text != strconv.Itoa(in.Card.OutOf) {
		return false
	}
	if at := shownAt(in, "updated_at"); !at.IsZero() && at.Before(in.Now) {
		f.At = at
	}
	if int(total) != f.Total {
		f.Total, f.Rebuilt = int(total), true
		f.Notes = append(f.Notes, "the score that stood on the record")
	}
	return true
}

// remember takes over what the record shows of times that nothing else tells.
func remember(in Input, s *State) {
	if !in.fresh || attemptOnRecord(in) == 0 {
		return
	}
	s.EscalatedAt, s.ResolvedAt = shownAt(in, "escalated_at"), shownAt(in, "resolved_at")
}

// shownAt is a time that the record shows; zero if there is none.
func shownAt(in Input, base string) time.Time {
	at, err := time.Parse(time.RFC3339, in.Deal.Field(in.Card.Field(base)).Text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// assignedBefore is since when the CSM has held the account by the due time on
// the record, where the CRM does not tell; else now.
func assignedBefore(in Input) time.Time {
	since := shownAt(in, "due_at").Add(-scoringTime)
	if in.fresh && attemptOnRecord(in) > 0 && since.Before(in.Now) && !since.Before(counted(in)) {
		return since
	}
	return in.Now
}

// remindedBefore reports whether the record shows that scoring was overdue for
// the same due time at a working moment that has passed.
func remindedBefore(in Input, s State) bool {
	due, shown := shownAt(in, "due_at"), shownAt(in, "updated_at")
	if !in.fresh || due.IsZero() || shown.IsZero() || attemptOnRecord(in) != s.Attempt {
		return false
	}
	overdue := fold(in.Deal.Field(in.Card.Field("status")).Text) == string(Overdue)
	return overdue && due.Truncate(time.Second).Equal(s.Due.Truncate(time.Second)) && !in.Settings.Hours.Next(shown, orUTC(in.Settings.Zone)).After(in.Now)
}

// Tell adds a warning for people to what follows from a step, and to what the
// record shows of it.
func (o *Output) Tell(card *scorecard.Card, warning string) {
	o.Warnings = append(o.Warnings, warning)
	if o.Show != nil {
		o.Show[card.Field("sync_message")] = message(card, *o)
	}
}

package handoff

import (
	"slices"
	"strconv"
	"time"

	"github.com/handoffscore/syncd/internal/scorecard"
)

// Kinds of notice. Those of a band are named on the card.
const (
	FieldsNeeded = "ae_fields_needed"
	Rehandoff    = "ae_rehandoff"
	Escalation   = "sales_manager_escalation"
	Reminder     = "csm_reminder"
	// Post is an escalation as it is said in the deal's feed, where the CRM has
	// one: once, and never taken back.
	Post = "sales_manager_post"
)

// Role is whom a notice is for.
type Role string

// Roles.
const (
	ToAE           Role = "AE"
	ToSalesManager Role = "Sales manager"
	ToCSM          Role = "CSM"
	// ToPartnerManager: who scores a partner handoff.
	ToPartnerManager Role = "partner manager"
	// ToFeed: whoever reads the deal; the Sales manager is named.
	ToFeed Role = "feed"
)

// Notice is something that was asked of a person: a task in the CRM, once. It
// is known by its key for good, whatever becomes of the task.
type Notice struct {
	Kind     string    `json:"kind"`
	Attempt  int       `json:"attempt"`
	To       Role      `json:"to"`
	RaisedAt time.Time `json:"raised_at"`
	Due      time.Time `json:"due"`
	// For tells notices of one kind and attempt apart: the due time that a
	// reminder is about.
	For string `json:"for,omitempty"`
	// Shown: the record says that it was asked before the store was lost. Its
	// task is looked for, and not made again.
	Shown bool `json:"shown,omitempty"`
	// Digest: it fell due while nothing ran and is told in one with others.
	Digest bool `json:"digest,omitempty"`
	// ClosedAt is when it was no longer asked, and why.
	ClosedAt time.Time `json:"closed_at,omitzero"`
	Why      string    `json:"why,omitempty"`
}

// Open reports whether the notice still asks for something.
func (n Notice) Open() bool { return n.ClosedAt.IsZero() }

// Key names a notice for good: "D-1/sales-to-cs/1/ae_rehandoff".
func (n Notice) Key(id, card string) string {
	key := id + "/" + card + "/" + strconv.Itoa(n.Attempt) + "/" + n.Kind
	if n.For != "" {
		key += "/" + n.For
	}
	return key
}

// Posted is the notice as it is said in the deal's feed.
func (n Notice) Posted() Notice {
	n.Kind, n.To = Post, ToFeed
	return n
}

// Words is the kind whose words the notice is told in.
func (n Notice) Words() string {
	if n.Kind == Post {
		return Escalation
	}
	return n.Kind
}

// roleOf is whom a kind of notice is for.
func roleOf(kind string) Role {
	switch kind {
	case Escalation:
		return ToSalesManager
	case Reminder:
		return ToCSM
	}
	return ToAE
}

// answerTime is what the AE and the Sales manager have from the kickoff or
// from the notice, the later.
const answerTime = 24 * time.Hour

// flagged reports whether a final's band raises a flag.
func flagged(in Input, f *Final) bool {
	b := in.Card.Band(f.Total)
	return b != nil && b.Escalation != "" && b.Escalation != NoEscalation
}

// flag brings flag and notices in line with the band of the final: what the
// band asks is asked once an attempt, what it no longer asks is closed.
func flag(in Input, s *State, out *Output) {
	band := in.Card.Band(s.Final.Total)
	s.Quiet = twin(in)
	if s.Flag != "" {
		s.Flag, s.ResolvedAt = "", in.Now
	}
	before := in.key.forgotten(s, band.Tasks) || !s.Held.IsZero() && slices.ContainsFunc(band.Tasks, func(kind string) bool { return in.key.has(s.Attempt, kind) })
	recall(in, s)
	if s.Quiet {
		ask(in, s, nil)
		return
	}
	ask(in, s, band.Tasks)
	switch {
	case !flagged(in, s.Final):
	case before: // raised when it was asked for; the record shows since when
		s.Flag, s.EscalatedAt, s.Elder = band.Escalation, time.Time{}, true
	default:
		s.Flag, s.EscalatedAt = band.Escalation, in.Now
		out.Escalate = band.Escalation
	}
}

// twin reports whether the deal may be the same sale as another, and nobody
// has decided yet: it does not escalate until then.
func twin(in Input) bool {
	return in.Twin != "" && fold(in.sheet.Cell("duplicate_decision").Text) != OwnSale
}

// What duplicate_decision may hold.
const (
	SameSale = "same sale" // the deal leaves the scope
	OwnSale  = "own sale"
)

// ask adds the notices of these kinds for the attempt, each once, and closes
// the others of its bands.
func ask(in Input, s *State, kinds []string) {
	notices := slices.Clone(s.Notices)
	for i := range notices {
		n := &notices[i]
		if n.Open() && !(n.Attempt == s.Attempt && slices.Contains(kinds, n.Kind)) {
			n.ClosedAt, n.Why = in.Now, "no longer needed"
		}
	}
	for _, kind := range kinds {
		if slices.ContainsFunc(notices, func(n Notice) bool { return n.Kind == kind && n.Attempt == s.Attempt }) {
			continue // asked once; a person has seen it
		}
		notices = append(notices, Notice{
			Kind: kind, Attempt: s.Attempt, To: roleOf(kind), RaisedAt: in.Now, Due: later(s.Kickoff.At, in.Now).Add(answerTime),
		})
	}
	s.Notices = notices
}

// recall adds the notices that the key says were asked for and nobody
// remembers: what the band still asks is not asked again, and what it does not
// is closed.
func recall(in Input, s *State) {
	for _, kind := range in.key.asked {
		known := func(b scorecard.Band) bool { return slices.Contains(b.Tasks, kind) }
		if in.key.attempt > s.Attempt || !slices.ContainsFunc(in.Card.Bands, known) ||
			slices.ContainsFunc(s.Notices, func(n Notice) bool { return n.Kind == kind && n.Attempt == in.key.attempt }) {
			continue
		}
		s.Notices = append(s.Notices[:len(s.Notices):len(s.Notices)], Notice{
			Kind: kind, Attempt: in.key.attempt, To: roleOf(kind), RaisedAt: in.Now, Due: later(s.Kickoff.At, in.Now).Add(answerTime), Shown: true,
		})
	}
}

// silence closes every notice that is open.
func silence(s *State, now time.Time, why string) {
	s.Notices = slices.Clone(s.Notices)
	for i := range s.Notices {
		if s.Notices[i].Open() {
			s.Notices[i].ClosedAt, s.Notices[i].Why = now, why
		}
	}
}

// stopped is how long nothing may have run before what fell due meanwhile is
// told in one digest.
const stopped = 24 * time.Hour

// dueName is how a reminder names the due time that it is about.
func dueName(due time.Time) string { return due.UTC().Format("20060102T1504") }

// remind asks the CSM once that scoring is due, in working hours, and not any
// more once it is done or the due time has moved.
func remind(in Input, s *State, out *Output) {
	about := ""
	if s.Status == Overdue {
		about = dueName(s.Due)
	}
	s.Notices = slices.Clone(s.Notices)
	known := false
	for i := range s.Notices {
		n := &s.Notices[i]
		if n.Kind != Reminder {
			continue
		}
		known = known || n.For == about && n.Attempt == s.Attempt
		if n.Open() && n.For != about {
			n.ClosedAt, n.Why = in.Now, "no longer due"
		}
	}
	if about == "" || known {
		return
	}
	before := in.key.attempt == s.Attempt && in.key.reminded
	at := in.Settings.Hours.Next(in.Now, orUTC(in.Settings.Zone))
	if at.After(in.Now) && !before {
		out.Wake = at
		return
	}
	s.Notices = append(s.Notices, Notice{
		Kind: Reminder, Attempt: s.Attempt, To: termsOf(in.Card).role, RaisedAt: in.Now, Due: in.Now, For: about, Shown: before,
		Digest: !in.Since.IsZero() && in.Now.Sub(in.Since) > stopped && s.Due.Before(in.Now.Add(-stopped)),
	})
}

// listAfter is how long a deal may be without CSM or kickoff before the CS
// manager hears of it.
const listAfter = 5 * 24 * time.Hour

// Reasons to be on the CS manager's list.
const (
	ListOverdue   = "scoring is overdue"
	ListNoCSM     = "no CSM for 5 days"
	ListNoKickoff = "no kickoff for 5 days"
	ListBand      = "below standard"
	ListDispute   = "a dispute waits"
	ListTwin      = "possible duplicate"
)

// listed gathers the reasons.
func listed(in Input, s State, band *scorecard.Band) []string {
	if in.Card.PartnerOnly {
		return nil // it is not the CS manager's
	}
	var why []string
	add := func(ok bool, reason string) {
		if ok {
			why = append(why, reason)
		}
	}
	add(s.Status == Overdue, ListOverdue)
	add(s.Open() && !s.NoCSM.IsZero() && in.Now.Sub(s.NoCSM) >= listAfter, ListNoCSM)
	add(s.Open() && !s.NoKickoff.IsZero() && in.Now.Sub(s.NoKickoff) >= listAfter, ListNoKickoff)
	add(band != nil && band.Escalation == CSManager, ListBand)
	add(s.Status == Disputed, ListDispute)
	add(s.Status != Closed && twin(in), ListTwin)
	return why
}

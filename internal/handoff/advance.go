package handoff

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// scoringTime is what a CSM has from the kickoff, or from being assigned.
const scoringTime = 48 * time.Hour

// Advance takes one step in the life of a handoff. The same input and state
// always give the same output, and taking the step again changes nothing.
func Advance(in Input, prev State) Output {
	in.key, in.marks = readKey(in), new([]seen)
	if prev.Unkeyed && !in.key.hidden {
		prev = State{}
	}
	in.sheet, in.fresh = Read(in.Card, in.Deal, prev), prev.Status == ""
	s := prev
	if in.key.attempt > prev.Attempt { // more has happened than is known
		s, in.fresh = behind(prev), true
	}
	s.Card, s.Attempt = in.Card.ID, max(prev.Attempt, in.key.attempt, 1)
	if s.Final == nil {
		s.Version = in.Card.Version
	}
	s.Unkeyed = s.Unkeyed || in.fresh && in.key.hidden
	if s.Final == nil && s.Held.IsZero() && in.key.final && in.key.attempt == s.Attempt {
		s.Held, s.Elder = in.Now, true
		if !in.key.at.IsZero() {
			s.Held = in.key.at
		}
	}
	if in.Card.PartnerOnly {
		in.Twin = "" // two partners may work on one sale
	}
	if ok, reason := scope(in, prev); !ok {
		return leave(in, s, reason)
	}
	s.Reason = ""
	back(in, &s)
	s.Elder = s.Elder || in.fresh && in.key.attempt > 0
	out := Output{Result: in.Result}
	people(in, &s, &out)
	s.Win = origin(in, s)
	if in.Card.PartnerOnly {
		s.Motion, s.Acceptance = motion(in, prev), accepting(in, s)
	}
	sign(in, &s)
	if s.Final == nil {
		forwards(in, &s, &out)
	}
	if s.Final == nil && (s.Unkeyed || !s.Held.IsZero()) {
		return standBy(in, s, out)
	}
	if s.Final != nil {
		afterwards(in, &s, &out)
	}
	remind(in, &s, &out)
	if twin(in) {
		out.Warnings = append(out.Warnings, "possible duplicate of "+in.Twin+": nobody is asked for anything until duplicate decision says")
	}
	who, what := ball(in, s, out.Result)
	pass(in, &s, who)
	out.Listed = listed(in, s, bandOf(in, s))
	out.Wake = sooner(out.Wake, s.Acceptance.next(s.Kickoff.At, in.Settings.Zone))
	out.State = s
	out.Show = show(in, out, turnText(who, what))
	return out
}

// forwards is a step before final.
func forwards(in Input, s *State, out *Output) {
	s.Started = s.Started || slices.ContainsFunc(in.Result.Items, func(i autoscore.Item) bool { return i.Source == autoscore.CSM })
	from := readAuto(in, s, &out.Result)
	out.Result = restart(in, out.Result, s.Again)
	s.Status = status(*s, in.Now)
	if s.Attempt > 1 {
		from = AutoAtSigning
	}
	ok, why := signed(*s, s.Attempt)
	held := !s.Held.IsZero()
	switch {
	case s.Unkeyed:
		out.Warnings = append(out.Warnings, "the key field cannot be read, so what was scored and asked before is not known: nobody is asked, and nothing else is written here")
	case held && s.Signature.Attempt == s.Attempt+1: // the values are those of the next attempt
		rehandoff(in, s, out)
	case settled(out.Result, s.Attempt, ok || held):
		finish(in, s, out, from)
	case held:
		out.Warnings = append(out.Warnings, "final before the store was rebuilt, and left as it stands until these are settled: "+list(unsettled(out.Result)))
	case why != "":
		out.Warnings = append(out.Warnings, why)
	}
}

// afterwards is a step of a handoff that is final.
func afterwards(in Input, s *State, out *Output) {
	if !rehandoff(in, s, out) {
		correct(in, s, out)
		dispute(in, s, out)
		if s.Quiet != twin(in) {
			flag(in, s, out)
		}
	}
	s.Status = IsFinal
	if s.Dispute.Open() {
		s.Status = Disputed
	}
	mark(in, s)
	out.Result = frozen(in.Result, s.Final)
}

func bandOf(in Input, s State) *scorecard.Band {
	if s.Final == nil || s.Quiet || s.Status == Closed {
		return nil
	}
	return in.Card.Band(s.Final.Total)
}

// leave is a deal outside the scope: never seen before, it is left alone;
// else, and where the record says that it was scored before it was lost, its
// handoff is closed.
func leave(in Input, s State, reason string) Output {
	s.Reason = reason
	if (s.Status == "" || s.Status == OutOfScope) && (in.key.attempt == 0 || reason != ReasonNotWon) {
		s.Status = OutOfScope
		return Output{State: s, Result: in.Result}
	}
	if s.Status != Closed {
		recall(in, &s)
		s = Close(s, reason, in.Now)
		if reason == ReasonNoPartner {
			s.Motion = "" // it was none of this motion
		}
		pass(in, &s, WithNobody)
	}
	out := Output{State: s, Result: in.Result}
	if s.Final != nil {
		out.Result = frozen(in.Result, s.Final)
	}
	out.Show = show(in, out, turnText(ball(in, s, out.Result)))
	if s.Unkeyed || !s.Held.IsZero() {
		maps.DeleteFunc(out.Show, func(name, _ string) bool {
			return s.Unkeyed || !slices.ContainsFunc([]string{"status", "hold", "escalation", "ball", "sync_message"}, func(base string) bool { return name == in.Card.Field(base) })
		})
	}
	return out
}

// standBy is a step in which nobody knows what the record should show, for it
// knows more than the store: it is left as it is, and says why.
func standBy(in Input, s State, out Output) Output {
	if s.Unkeyed {
		out.Result.Degraded = true
	} else {
		s.Status = IsFinal
	}
	out.State = s
	out.Show = map[string]string{in.Card.Field("sync_message"): message(in.Card, out)}
	return out
}

// people takes in who holds the account and when the kickoff is, and the due
// time that follows. A cell that cannot be read changes nothing.
func people(in Input, s *State, out *Output) {
	s.Copied, s.Inherited = in.sheet.copied, in.sheet.inherited
	if n := len(s.Inherited); n > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("copied from another deal: %d cells came with the copy and do not count until changed", n))
	}
	csm := in.sheet.Cell("csm")
	hadCSM, hadKickoff := s.CSM != "", !s.Kickoff.At.IsZero()
	switch {
	case csm.State == crm.Unreadable:
		out.Warnings = append(out.Warnings, "the "+termsOf(in.Card).scorer+" field cannot be read")
	case crm.UserID(csm.Text) != s.CSM:
		s.CSM, s.CSMSince, s.CSMSeen = crm.UserID(csm.Text), in.Now, true
		if s.CSM == "" {
			s.CSMSince, s.CSMSeen = time.Time{}, false
		} else if in.fresh && in.key.final { // nobody knows any more
			s.CSMSince = time.Time{}
		}
	}
	if s.CSMSeen && !csm.At.IsZero() && (s.CSMSince.IsZero() || csm.At.Before(s.CSMSince)) {
		s.CSMSince, s.CSMSeen = csm.At, false
	}
	if k, ok := in.sheet.Kickoff(in.Settings.Zone); ok {
		s.Kickoff = k
		if k.BeforeWin {
			out.Warnings = append(out.Warnings, "the kickoff lies before the win and counts from there")
		}
	} else {
		out.Warnings = append(out.Warnings, "the "+termsOf(in.Card).start+" field cannot be read")
	}
	from := origin(in, *s)
	s.NoCSM = without(s.NoCSM, s.CSM == "", hadCSM, csm, from, in)
	s.NoKickoff = without(s.NoKickoff, s.Kickoff.At.IsZero(), hadKickoff, in.sheet.startCell(), from, in)
	s.Due = time.Time{}
	if !s.Kickoff.At.IsZero() && !s.CSMSince.IsZero() {
		s.Due = later(s.Kickoff.At, s.CSMSince).Add(scoringTime)
	}
}

// without is since when something is missing: from where the handoff counts, or
// from when what was there was cleared.
func without(since time.Time, missing, had bool, cell crm.Cell, from time.Time, in Input) time.Time {
	switch {
	case !missing:
		return time.Time{}
	case !since.IsZero():
		return since
	case had:
		return edited(cell, in.Now)
	}
	return from
}

// status before final.
func status(s State, now time.Time) Status {
	switch {
	case s.CSM == "":
		return NeedsCSM
	case s.Kickoff.At.IsZero() || now.Before(s.Kickoff.At):
		return AwaitingKickoff
	case now.Before(s.Due):
		return ScoringOpen
	}
	return Overdue
}

// settled reports whether nothing stands between the attempt and its final:
// every auto item judged, and every judgement item scored by a person, or
// proven and the attempt signed. A later attempt is signed in any case.
func settled(r autoscore.Result, attempt int, signed bool) bool {
	if attempt > 1 && !signed {
		return false
	}
	for _, item := range r.Items {
		switch item.Source {
		case autoscore.Auto, autoscore.CSM, autoscore.Dispute:
		case autoscore.Proven:
			if !signed {
				return false
			}
		default:
			return false
		}
	}
	return len(r.Items) > 0
}

// finish freezes the attempt.
func finish(in Input, s *State, out *Output, autoFrom string) {
	f := &Final{At: in.Now, Version: in.Card.Version, Attempt: s.Attempt, Items: out.Result.Items, AutoFrom: autoFrom}
	if !s.Held.IsZero() {
		f.At, f.Rebuilt = s.Held, true
	}
	f.Total = in.Card.Sums(f.points()).Total
	terms := termsOf(in.Card)
	if s.Kickoff.At.IsZero() {
		f.Notes = append(f.Notes, "no "+terms.start)
	}
	if s.CSM == "" {
		f.Notes = append(f.Notes, "no "+terms.scorer)
	}
	if in.Card.Start == scorecard.StartSent {
		f.Sent = s.Kickoff.At
	}
	f.Band = in.Card.Band(f.Total).Name
	f.Marks = marks(in, f.Items, nil)
	s.Final, s.Status, s.Again = f, IsFinal, nil
	flag(in, s, out)
	s.Held = time.Time{}
}

// points looks up frozen scores, which are asked for in card order.
func (f *Final) points() scorecard.Score {
	place := 0
	return func(id string) (int, bool) {
		item := autoscore.Find(f.Items, id, place)
		if place++; item == nil {
			return 0, false
		}
		return int(item.Score), item.Score != autoscore.Open
	}
}

// frozen is the judgement in force once final: the final's items.
func frozen(now autoscore.Result, f *Final) autoscore.Result {
	r := now
	r.Version, r.Items = f.Version, f.Items
	r.Floor, r.Ceiling, r.OpenN = f.Total, f.Total, 0
	return r
}

// sooner is the earlier of two moments; a zero one is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Close ends a handoff whose deal is no longer there. What was asked of people
// is asked no more; what was scored stays.
func Close(s State, reason string, now time.Time) State {
	if s.Flag != "" {
		s.Flag, s.ResolvedAt = "", now
	}
	silence(&s, now, reason)
	s.Status, s.Reason, s.LeftAt = Closed, reason, now
	return s
}

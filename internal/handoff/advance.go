package handoff

import (
	"fmt"
	"slices"
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
)

// scoringTime is what a CSM has from the kickoff, or from being assigned.
const scoringTime = 48 * time.Hour

// Advance takes one step in the life of a handoff. The same input and state
// always give the same output, and taking the step again changes nothing.
func Advance(in Input, prev State) Output {
	s := prev
	s.Card, s.Attempt = in.Card.ID, max(prev.Attempt, 1)
	if s.Final == nil {
		s.Version = in.Card.Version
	}
	if ok, reason := Scope(in.Deal, in.Settings); !ok {
		return leave(in, s, reason)
	}
	s.Reason = ""
	out := Output{Result: in.Result}
	sheet := Read(in.Card, in.Deal, prev)
	people(in, sheet, &s, &out)
	if s.Final != nil {
		s.Status = IsFinal
		out.Result = frozen(in.Result, s.Final)
		out.State = s
		out.Show = show(in, out)
		return out
	}
	s.Started = s.Started || slices.ContainsFunc(in.Result.Items, func(i autoscore.Item) bool { return i.Source == autoscore.CSM })
	from := readAuto(in, &s, &out.Result)
	s.Status = status(s, in.Now)
	signed := sheet.signature()
	if signed > s.Attempt {
		out.Warnings = append(out.Warnings, "attempt scored names an attempt that has not begun: it is ignored")
	}
	if settled(in, out.Result, signed == s.Attempt) {
		finish(in, &s, &out, from)
	}
	out.State = s
	out.Show = show(in, out)
	return out
}

// leave is a deal outside the scope: never seen before, it is left alone;
// else its handoff is closed.
func leave(in Input, s State, reason string) Output {
	s.Reason = reason
	if s.Status == "" || s.Status == OutOfScope {
		s.Status = OutOfScope
		return Output{State: s, Result: in.Result}
	}
	s = Close(s, reason, in.Now)
	out := Output{State: s, Result: in.Result}
	if s.Final != nil {
		out.Result = frozen(in.Result, s.Final)
	}
	out.Show = show(in, out)
	return out
}

// people takes in who holds the account and when the kickoff is, and the due
// time that follows. A cell that cannot be read changes nothing.
func people(in Input, sheet Sheet, s *State, out *Output) {
	s.Copied, s.Inherited = sheet.copied, sheet.inherited
	if n := len(s.Inherited); n > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("copied from another deal: %d cells came with the copy and do not count until changed", n))
	}
	csm := sheet.Cell("csm")
	switch {
	case csm.State == crm.Unreadable:
		out.Warnings = append(out.Warnings, "the CSM field cannot be read")
	case crm.UserID(csm.Text) != s.CSM:
		s.CSM, s.CSMSince, s.CSMSeen = crm.UserID(csm.Text), in.Now, true
		if s.CSM == "" {
			s.CSMSince, s.CSMSeen = time.Time{}, false
		}
	}
	if s.CSMSeen && !csm.At.IsZero() && csm.At.Before(s.CSMSince) {
		s.CSMSince, s.CSMSeen = csm.At, false
	}
	if k, ok := sheet.Kickoff(in.Settings.Zone); ok {
		s.Kickoff = k
		if k.BeforeWin {
			out.Warnings = append(out.Warnings, "the kickoff lies before the win and counts from there")
		}
	} else {
		out.Warnings = append(out.Warnings, "the kickoff field cannot be read")
	}
	s.Due = time.Time{}
	if !s.Kickoff.At.IsZero() && s.CSM != "" {
		s.Due = later(s.Kickoff.At, s.CSMSince).Add(scoringTime)
	}
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
// proven and the attempt signed.
func settled(in Input, r autoscore.Result, signed bool) bool {
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
	f := &Final{At: in.Now, Version: in.Card.Version, Items: out.Result.Items, AutoFrom: autoFrom}
	f.Total = in.Card.Sums(f.score).Total
	if s.Kickoff.At.IsZero() {
		f.Notes = append(f.Notes, "no kickoff")
	}
	if s.CSM == "" {
		f.Notes = append(f.Notes, "no CSM")
	}
	band := in.Card.Band(f.Total)
	f.Band = band.Name
	s.Final, s.Status = f, IsFinal
	if band.Escalation != "" && band.Escalation != NoEscalation {
		s.EscalatedAt, s.ResolvedAt = in.Now, time.Time{}
		out.Escalate = band.Escalation
	}
}

// score is an item's frozen score.
func (f *Final) score(id string) (int, bool) {
	for _, item := range f.Items {
		if item.ID == id {
			return int(item.Score), item.Score != autoscore.Open
		}
	}
	return 0, false
}

// frozen is the judgement in force once final: the final's items.
func frozen(now autoscore.Result, f *Final) autoscore.Result {
	r := now
	r.Version, r.Items = f.Version, f.Items
	r.Floor, r.Ceiling, r.OpenN = f.Total, f.Total, 0
	return r
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Close ends a handoff whose deal is no longer there.
func Close(s State, reason string, now time.Time) State {
	if !s.EscalatedAt.IsZero() && s.ResolvedAt.IsZero() {
		s.ResolvedAt = now
	}
	s.Status, s.Reason = Closed, reason
	return s
}

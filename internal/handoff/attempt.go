package handoff

import (
	"fmt"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// rewonWithin is how soon after leaving a deal may be won again and still be
// the same sale.
const rewonWithin = 30 * 24 * time.Hour

// back takes a deal that had left into its handoff again. The same win, as
// after an undelete or a slip of a stage, and one won again soon go on where
// they were: the final stands, its flag and hold show again, and nobody is
// asked twice. A later win begins the next attempt.
func back(in Input, s *State) {
	if s.Status != Closed {
		return
	}
	win, left := in.Deal.WonAt.At, s.LeftAt
	s.LeftAt = time.Time{}
	same := !win.After(s.Win) || win.Sub(left) <= rewonWithin
	if in.Card.Start == scorecard.StartSent {
		same = s.Final == nil || !in.sheet.sentAfter(s.Final.Sent, in.Settings.Zone)
	}
	if same {
		if s.Final != nil && !s.Quiet && flagged(in, s.Final) {
			s.Flag, s.ResolvedAt = in.Card.Band(s.Final.Total).Escalation, time.Time{}
		}
		return
	}
	if s.Final != nil {
		s.Earlier = append(s.Earlier[:len(s.Earlier):len(s.Earlier)], s.Final.brief())
	}
	s.Attempt++
	s.Again = again(in.Card, s.Final)
	s.Final, s.Auto, s.Started, s.Dispute = nil, nil, false, s.Dispute.past()
	s.NoCSM, s.NoKickoff = time.Time{}, time.Time{}
	s.EscalatedAt, s.ResolvedAt = time.Time{}, time.Time{}
	s.Turns, s.Quiet = nil, false
	if s.CSM != "" && s.CSMSince.IsZero() {
		s.CSMSince = in.Now
	}
}

// brief is a final without what history keeps.
func (f *Final) brief() Final {
	b := *f
	if !f.Sent.IsZero() {
		b.Scores = f.scores()
	}
	b.Items, b.Marks = nil, nil
	return b
}

// behind is what a store that is older than the record knows of the attempt
// that the key names: nothing of its final, and the attempts before it.
func behind(s State) State {
	if s.Final != nil {
		s.Earlier = append(s.Earlier[:len(s.Earlier):len(s.Earlier)], s.Final.brief())
	}
	s.Final, s.Auto, s.Dispute, s.Flag = nil, nil, Dispute{}, ""
	return s
}

// sign takes in the signature.
func sign(in Input, s *State) {
	cell := in.sheet.Cell("attempt_scored")
	if cell.State == crm.Unreadable {
		return
	}
	n := attemptIn(cell.Text)
	switch {
	case n != s.Signature.Attempt:
		s.Signature = Signature{Attempt: n, At: in.Now, Seen: true}
		if in.fresh && !s.Held.IsZero() { // it may be as old as the final
			s.Signature.At = s.Held
		}
		if !cell.At.IsZero() {
			s.Signature.At, s.Signature.Seen = cell.At, false
		}
	case !cell.At.IsZero() && (s.Signature.Seen || cell.At.After(s.Signature.At)):
		s.Signature.At, s.Signature.Seen = cell.At, false
	}
	if n == 0 {
		s.Signature = Signature{}
	}
}

// signed reports whether attempt n is signed: by a signature that was made
// after the attempt before became final. why says what is wrong with one that
// does not count.
func signed(s State, n int) (ok bool, why string) {
	sig := s.Signature
	switch {
	case sig.Attempt == 0 || sig.Attempt < n:
		return false, ""
	case sig.Attempt > n:
		return false, fmt.Sprintf("attempt scored says %d, and attempt %d has not begun: it is ignored", sig.Attempt, sig.Attempt)
	}
	for _, f := range append(s.Earlier[:len(s.Earlier):len(s.Earlier)], finalOf(s)...) {
		if f.Attempt == n-1 && !sig.At.After(f.At) {
			return false, fmt.Sprintf("attempt scored said %d before attempt %d was final: it is ignored until it is entered again", n, n-1)
		}
	}
	return true, ""
}

func finalOf(s State) []Final {
	switch {
	case !s.Held.IsZero():
		return []Final{{Attempt: s.Attempt, At: s.Held}}
	case s.Final == nil:
		return nil
	}
	return []Final{*s.Final}
}

// rehandoff makes the next attempt final once the CSM has signed it and
// nothing is open. Until then the record shows the one before.
func rehandoff(in Input, s *State, out *Output) bool {
	n := s.Attempt + 1
	ok, why := signed(*s, n)
	if why != "" {
		out.Warnings = append(out.Warnings, why)
	}
	if !ok {
		return false
	}
	in.Result = restart(in, in.Result, again(in.Card, s.Final))
	if missing := unsettled(in.Result); len(missing) > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("attempt %d is signed and waits for %s", n, list(missing)))
		return false
	}
	if s.Final != nil {
		s.Earlier = append(s.Earlier[:len(s.Earlier):len(s.Earlier)], s.Final.brief())
	}
	s.Attempt, s.Final, s.Held, s.Auto, s.Dispute = n, nil, time.Time{}, nil, s.Dispute.past()
	s.Version = in.Card.Version
	out.Result = in.Result
	finish(in, s, out, AutoAtSigning)
	return true
}

// unsettled names the items that stand between a signed attempt and its final.
func unsettled(r autoscore.Result) []string {
	var ids []string
	for _, item := range r.Items {
		switch item.Source {
		case autoscore.Auto, autoscore.CSM, autoscore.Dispute, autoscore.Proven:
		default:
			ids = append(ids, item.ID)
		}
	}
	return ids
}

// list joins ids for a sentence, the first few of many.
func list(ids []string) string {
	const most = 6
	if len(ids) > most {
		return strings.Join(ids[:most], ", ") + fmt.Sprintf(" and %d more", len(ids)-most)
	}
	return strings.Join(ids, ", ")
}

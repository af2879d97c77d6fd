package handoff

import (
	"maps"
	"slices"
	"strconv"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// What is remembered is kept of every deal: it is written as JSON by hand, as
// the deal itself is. What is appended is what the tags of the types say; the
// test of what is kept holds the two against each other.

// AppendJSON appends the state as JSON.
func (s *State) AppendJSON(b []byte) []byte {
	b = crm.AppendMember(append(b, '{'), "card", s.Card)
	b = crm.AppendMember(b, "version", s.Version)
	b = crm.AppendInt(b, "attempt", s.Attempt)
	b = crm.AppendMember(b, "status", string(s.Status))
	b = crm.AppendSome(b, "reason", s.Reason)
	b = crm.AppendTrue(b, "started", s.Started)
	b = crm.AppendTime(b, "win", s.Win)
	b = crm.AppendTime(b, "left_at", s.LeftAt)
	b = crm.AppendSome(b, "csm", string(s.CSM))
	b = crm.AppendTime(b, "csm_since", s.CSMSince)
	b = crm.AppendTrue(b, "csm_seen", s.CSMSeen)
	if s.Kickoff != (Kickoff{}) {
		b = append(crm.AppendName(b, "kickoff"), '{')
		b = crm.AppendTime(b, "at", s.Kickoff.At)
		b = crm.AppendTrue(b, "date_only", s.Kickoff.DateOnly)
		b = append(crm.AppendTrue(b, "before_win", s.Kickoff.BeforeWin), '}')
	}
	b = crm.AppendTime(b, "due", s.Due)
	b = crm.AppendTime(b, "no_csm", s.NoCSM)
	b = crm.AppendTime(b, "no_kickoff", s.NoKickoff)
	if s.Signature != (Signature{}) {
		b = crm.AppendInt(append(crm.AppendName(b, "signature"), '{'), "attempt", s.Signature.Attempt)
		b = crm.AppendTime(b, "at", s.Signature.At)
		b = append(crm.AppendTrue(b, "seen", s.Signature.Seen), '}')
	}
	b = crm.AppendEach(b, "auto", s.Auto, appendReading)
	if s.Final != nil {
		b = AppendFinal(crm.AppendName(b, "final"), s.Final)
	}
	b = crm.AppendEach(b, "earlier", s.Earlier, AppendFinal)
	b = crm.AppendEach(b, "notices", s.Notices, AppendNotice)
	if s.Dispute != (Dispute{}) {
		b = s.Dispute.AppendJSON(crm.AppendName(b, "dispute"))
	}
	b = crm.AppendEach(b, "turns", s.Turns, AppendTurn)
	b = crm.AppendSome(b, "flag", s.Flag)
	b = crm.AppendTrue(b, "quiet", s.Quiet)
	b = crm.AppendTime(b, "escalated_at", s.EscalatedAt)
	b = crm.AppendTime(b, "resolved_at", s.ResolvedAt)
	b = crm.AppendTrue(b, "elder", s.Elder)
	b = crm.AppendTime(b, "held", s.Held)
	b = crm.AppendTrue(b, "unkeyed", s.Unkeyed)
	b = crm.AppendTrue(b, "copied", s.Copied)
	if len(s.Inherited) > 0 {
		b = crm.AppendTexts(crm.AppendName(b, "inherited"), s.Inherited)
	}
	b = crm.AppendSome(b, "motion", s.Motion)
	if s.Acceptance != (Acceptance{}) {
		b = s.Acceptance.AppendJSON(crm.AppendName(b, "acceptance"))
	}
	if len(s.Again) > 0 {
		b = append(crm.AppendName(b, "again"), '{')
		for _, id := range slices.Sorted(maps.Keys(s.Again)) {
			b = crm.AppendInt(append(crm.AppendKey(b, id), '{'), "score", int(s.Again[id].Score))
			b = append(crm.AppendSome(b, "mark", s.Again[id].Mark), '}')
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

func appendReading(b []byte, r *AutoReading) []byte {
	b = crm.AppendStamp(crm.AppendName(append(b, '{'), "at"), r.At)
	return append(crm.AppendList(crm.AppendName(b, "items"), r.Items, autoscore.AppendItem), '}')
}

// AppendFinal appends a final as JSON.
func AppendFinal(b []byte, f *Final) []byte {
	b = crm.AppendStamp(crm.AppendName(append(b, '{'), "at"), f.At)
	b = crm.AppendMember(b, "version", f.Version)
	b = crm.AppendInt(b, "total", f.Total)
	b = crm.AppendMember(b, "band", f.Band)
	b = crm.AppendEach(b, "items", f.Items, autoscore.AppendItem)
	b = crm.AppendMember(b, "auto_from", f.AutoFrom)
	b = crm.AppendStrings(b, "notes", f.Notes)
	b = crm.AppendInt(b, "attempt", f.Attempt)
	if len(f.Marks) > 0 {
		b = crm.AppendTexts(crm.AppendName(b, "marks"), f.Marks)
	}
	b = crm.AppendEach(b, "corrections", f.Corrections, appendCorrection)
	b = crm.AppendTime(b, "sent", f.Sent)
	if len(f.Scores) > 0 {
		b = append(crm.AppendName(b, "scores"), '{')
		for _, id := range slices.Sorted(maps.Keys(f.Scores)) {
			b = strconv.AppendInt(crm.AppendKey(b, id), int64(f.Scores[id]), 10)
		}
		b = append(b, '}')
	}
	return append(crm.AppendTrue(b, "rebuilt", f.Rebuilt), '}')
}

func appendCorrection(b []byte, c *Correction) []byte {
	b = crm.AppendStamp(crm.AppendName(append(b, '{'), "at"), c.At)
	b = crm.AppendMember(b, "by", c.By)
	b = crm.AppendList(crm.AppendName(b, "changes"), c.Changes, func(b []byte, c *Change) []byte {
		b = crm.AppendMember(append(b, '{'), "item", c.Item)
		b = crm.AppendInt(b, "from", int(c.From))
		return append(crm.AppendInt(b, "to", int(c.To)), '}')
	})
	b = crm.AppendInt(b, "total", c.Total)
	return append(crm.AppendMember(b, "band", c.Band), '}')
}

// AppendNotice appends a notice as JSON.
func AppendNotice(b []byte, n *Notice) []byte {
	b = crm.AppendMember(append(b, '{'), "kind", n.Kind)
	b = crm.AppendInt(b, "attempt", n.Attempt)
	b = crm.AppendMember(b, "to", string(n.To))
	b = crm.AppendStamp(crm.AppendName(b, "raised_at"), n.RaisedAt)
	b = crm.AppendStamp(crm.AppendName(b, "due"), n.Due)
	b = crm.AppendSome(b, "for", n.For)
	b = crm.AppendTrue(b, "shown", n.Shown)
	b = crm.AppendTrue(b, "digest", n.Digest)
	b = crm.AppendTime(b, "closed_at", n.ClosedAt)
	return append(crm.AppendSome(b, "why", n.Why), '}')
}

// AppendTurn appends a turn as JSON.
func AppendTurn(b []byte, t *Turn) []byte {
	b = crm.AppendMember(append(b, '{'), "who", t.Who)
	return append(crm.AppendStamp(crm.AppendName(b, "from"), t.From), '}')
}

// AppendJSON appends the dispute as JSON.
func (d *Dispute) AppendJSON(b []byte) []byte {
	b = crm.AppendSome(append(b, '{'), "item", d.Item)
	b = crm.AppendSome(b, "reason", d.Reason)
	b = crm.AppendTime(b, "filed_at", d.FiledAt)
	b = crm.AppendSome(b, "outcome", d.Outcome)
	b = crm.AppendTime(b, "ended_at", d.EndedAt)
	return append(crm.AppendSome(b, "before", d.Before), '}')
}

// AppendJSON appends the acceptance as JSON.
func (a *Acceptance) AppendJSON(b []byte) []byte {
	b = crm.AppendSome(append(b, '{'), "state", a.State)
	b = crm.AppendInt(b, "days", a.Days)
	if a.Window != 0 {
		b = crm.AppendInt(b, "window", a.Window)
	}
	b = crm.AppendTime(b, "until", a.Until)
	b = crm.AppendTime(b, "at", a.At)
	return append(crm.AppendSome(b, "why", a.Why), '}')
}

// AppendJSON appends the reading as JSON.
func (r *Reading) AppendJSON(b []byte) []byte {
	b = crm.AppendEach(append(b, '{'), "weakest", r.Weakest, func(b []byte, w *scorecard.Weak) []byte {
		b = crm.AppendMember(append(b, '{'), "Item", w.Item)
		b = strconv.AppendFloat(crm.AppendName(b, "Mean"), w.Mean, 'f', -1, 64)
		return append(crm.AppendInt(b, "N", w.N), '}')
	})
	b = crm.AppendSome(b, "verdict", r.Verdict)
	return append(crm.AppendSome(b, "advice", r.Advice), '}')
}

package syncer

import (
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
)

// appendJSON appends what is kept as JSON: what the tags of the types say.
func (k *Kept) appendJSON(b []byte) []byte {
	b = k.State.AppendJSON(crm.AppendName(append(b, '{'), "state"))
	b = crm.AppendMember(b, "snapshot", k.Snapshot)
	return append(crm.AppendMember(b, "judgement", k.Judgement), '}')
}

// appendJSON appends the judgement as JSON, likewise.
func (j *Judged) appendJSON(b []byte) []byte {
	b = crm.AppendMember(append(b, '{'), "status", string(j.Status))
	b = crm.AppendInt(b, "attempt", j.Attempt)
	b = j.Result.AppendJSON(crm.AppendName(b, "result"))
	b = crm.AppendStrings(b, "warnings", j.Warnings)
	b = crm.AppendSome(b, "csm", string(j.CSM))
	b = crm.AppendTime(b, "kickoff", j.Kickoff)
	b = crm.AppendTime(b, "due", j.Due)
	if j.Final != nil {
		b = handoff.AppendFinal(crm.AppendName(b, "final"), j.Final)
	}
	b = crm.AppendEach(b, "earlier", j.Earlier, handoff.AppendFinal)
	b = crm.AppendEach(b, "notices", j.Notices, handoff.AppendNotice)
	b = crm.AppendSome(b, "flag", j.Flag)
	b = crm.AppendTime(b, "escalated_at", j.EscalatedAt)
	b = crm.AppendTime(b, "resolved_at", j.ResolvedAt)
	if j.Dispute != (handoff.Dispute{}) {
		b = j.Dispute.AppendJSON(crm.AppendName(b, "dispute"))
	}
	b = crm.AppendEach(b, "turns", j.Turns, handoff.AppendTurn)
	b = crm.AppendStrings(b, "listed", j.Listed)
	b = crm.AppendSome(b, "motion", j.Motion)
	if r := &j.Reading; r.Weakest != nil || r.Verdict != "" || r.Advice != "" {
		b = r.AppendJSON(crm.AppendName(b, "reading"))
	}
	if j.Acceptance != (handoff.Acceptance{}) {
		b = j.Acceptance.AppendJSON(crm.AppendName(b, "acceptance"))
	}
	return append(b, '}')
}

package syncer

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/store"
)

// taken is a deal that was taken a step further, before anything of it is kept.
type taken struct {
	deal *crm.Deal
	card *scorecard.Card
	kept Kept // as it was before
	out  handoff.Output
	twin string
	// asked are the notices, with what is said of them in the deal's feed.
	asked []handoff.Notice
	// waits: there were no calls left to find out whom to ask. The record is
	// written once that is known.
	waits bool
}

// take takes one deal a step further on its card for won deals. It is nil for
// one that is left alone.
func (p *pass) take(d *crm.Deal, prev map[string]Kept, twin string, now time.Time, counts *Counts) *taken {
	card, warning := p.c.card(d, prev)
	kept := prev[card.ID]
	out := p.step(d, card, kept, twin, now)
	if warning != "" && out.State.Open() {
		out.Warnings = append(out.Warnings, warning)
	}
	if out.State.Status == handoff.OutOfScope {
		counts.LeftOut[out.State.Reason]++
		if out.State.Reason == handoff.ReasonType {
			counts.LeftOutTypes[d.Type.Text]++
		}
		return nil
	}
	counts.step(out)
	if out.State.Status != handoff.Closed {
		counts.InScopeTypes[d.Type.Text]++
	}
	return &taken{deal: d, card: card, kept: kept, out: out, twin: twin}
}

// keep adds to the slice what follows from a step.
func (p *pass) keep(t *taken, rows map[string]store.State, refused map[string]store.Intent, now time.Time, s *store.Slice) {
	d, card, out := t.deal, t.card, t.out
	snapshot, hash := p.snapshotOf(d)
	if known := p.snapped[d.Ref.ID]; hash != t.kept.Snapshot && hash != known {
		if p.drifted(d, rows[card.ID]) {
			p.counts.Drift++
		}
		s.Snapshots = append(s.Snapshots, store.Snapshot{Ref: d.Ref, At: now, Hash: hash, Body: string(snapshot)})
	}
	p.snapped[d.Ref.ID] = hash
	j := judgementOf(out)
	judgement, judged := p.text.judgement(&j)
	if judged != t.kept.Judgement {
		s.Judgements = append(s.Judgements, store.Judgement{
			Ref: d.Ref, Card: card.ID, Version: out.State.Version, Attempt: out.State.Attempt,
			At: now, Run: p.run.ID, SnapshotHash: hash, Body: string(judgement),
		})
		p.card(card, s)
	}
	row, had := rows[card.ID]
	next := p.stateRow(d, out, Kept{State: out.State, Snapshot: hash, Judgement: judged}, now)
	next.Twin = t.twin
	if t.waits { // this run comes back to it if it goes on, else the next one does
		next.NextAt, p.counted[d.Ref.ID] = now, true
		s.Again = append(s.Again, d.Ref.ID)
	}
	if t.twin != "" && row.InScope && !next.InScope { // the other is the only one now
		s.Again = append(s.Again, t.twin)
	}
	moved := !had || !sameRow(row, next)
	if moved {
		s.States = append(s.States, next)
	}
	if p.c.Attempts != nil && (moved || p.run.Kind == KindFull) {
		s.Attempts = append(s.Attempts, handoff.Records(card, d.Ref.ID, out.State)...)
	}
	p.dropOthers(card, rows, now, s)

	fields, before := Diff(out.Show, d, p.own, card.Field("updated_at"), now)
	tries := 0
	if last, ok := refused[card.ID]; ok && repeats(fields, last.Fields, card.Field("updated_at")) {
		if last.NextTry.After(now) {
			return
		}
		tries = last.Tries
	}
	if fields == nil || t.waits {
		return
	}
	p.counts.FieldsPlanned += int64(len(fields))
	intent := store.Intent{
		Run: p.run.ID, Ref: d.Ref, Account: string(d.AccountID), Card: card.ID, Fields: fields, Before: before, InputHash: hash, Tries: tries,
		Escalation: escalates(fields, card), BandChange: changes(before, card.Field("band")), CreatedAt: now, UpdatedAt: now,
	}
	if intent.Escalation == handoff.SalesManager {
		p.counts.Escalations++
	}
	s.Intents = append(s.Intents, intent)
}

// drifted reports whether a full run found a deal otherwise than it was known,
// though its record has not moved since: passes between had no way to see it.
func (p *pass) drifted(d *crm.Deal, row store.State) bool {
	return p.run.Kind == KindFull && row.Ref.ID != "" && !row.Open && d.ModifiedAt.Before(p.watermark)
}

// escalates names whom a write newly escalates to, told from the record and
// not from memory: a plan that was made and not applied counts again.
func escalates(fields map[string]string, card *scorecard.Card) string {
	to, ok := fields[card.Field("escalation")]
	if !ok || to == handoff.NoEscalation {
		return ""
	}
	return to
}

// changes reports whether a write replaces a band; a first one replaces none.
func changes(before map[string]string, band string) bool { return before[band] != "" }

// judgementOf is one step as history keeps it. The moment it was made is not
// part of it, so that the same judgement is kept once; the items of a final,
// which are those of the result, are written once, and its marks, which compare
// what is to come, are the state's alone.
func judgementOf(out handoff.Output) Judged {
	j := Judged{
		Status: out.State.Status, Attempt: out.State.Attempt, Result: out.Result,
		Warnings: out.Warnings, CSM: out.State.CSM, Kickoff: out.State.Kickoff.At, Due: out.State.Due,
		Earlier: out.State.Earlier, Notices: out.State.Notices, Flag: out.State.Flag, EscalatedAt: out.State.EscalatedAt, ResolvedAt: out.State.ResolvedAt,
		Dispute: out.State.Dispute, Turns: out.State.Turns, Listed: out.Listed,
		Motion: out.State.Motion, Reading: out.Reading, Acceptance: out.State.Acceptance,
	}
	if out.State.Final != nil {
		final := *out.State.Final
		final.Items, final.Marks = nil, nil
		j.Final = &final
	}
	return j
}

// ReadJudged reads a judgement as stored.
func ReadJudged(body string) (Judged, error) {
	var j Judged
	err := json.Unmarshal([]byte(body), &j)
	if err == nil && j.Final != nil {
		j.Final.Items = j.Result.Items
	}
	return j, err
}

// goneDeal closes the handoffs of a deal that was deleted or merged away.
func (p *pass) goneDeal(prev map[string]Kept, rows map[string]store.State, now time.Time, s *store.Slice) {
	for card, row := range rows {
		k := prev[card]
		if k.State.Status == handoff.Closed {
			s.Closings = append(s.Closings, closings(row.Ref.ID, card, k.State.Notices, nil, now)...) // some may have been refused
			continue
		}
		k.State = handoff.Close(k.State, "deleted or merged away", now)
		s.Closings = append(s.Closings, closings(row.Ref.ID, card, k.State.Notices, nil, now)...)
		if row.Twin != "" {
			s.Again, row.Twin = append(s.Again, row.Twin), ""
		}
		row.Status, row.Open, row.InScope, row.NextAt, row.UpdatedAt = string(handoff.Closed), false, false, time.Time{}, now
		row.Body = p.text.state(&k)
		s.States = append(s.States, row)
	}
}

// endAgain ends what was asked once more, after an undo, on deals that are gone.
func (p *pass) endAgain(ctx context.Context, gone []string, s *store.Slice) error {
	list, err := p.Store.TasksOf(ctx, p.c.Name, gone)
	for _, row := range list {
		if row.Key != store.First(row.Key) && !row.Ended() {
			s.Closings = append(s.Closings, store.Closing{Key: row.Key, Note: "No longer needed: deleted or merged away."})
		}
	}
	return err
}

// dropOthers takes a deal's other cards out of play once the choice of card
// has moved; what they said stays in history.
func (p *pass) dropOthers(card *scorecard.Card, rows map[string]store.State, now time.Time, s *store.Slice) {
	for id, row := range rows {
		if id == card.ID || !row.InScope || p.c.partners(id) != card.PartnerOnly {
			continue
		}
		row.Open, row.InScope, row.NextAt, row.Status, row.UpdatedAt = false, false, time.Time{}, string(handoff.OutOfScope), now
		s.States = append(s.States, row)
	}
}

// card keeps the content of a scorecard version beside the results that name it.
func (p *pass) card(card *scorecard.Card, s *store.Slice) {
	for _, c := range s.Cards {
		if c.Version == card.Version {
			return
		}
	}
	s.Cards = append(s.Cards, store.Card{ID: card.ID, Version: card.Version, Source: card.Source})
}

func (p *pass) stateRow(d *crm.Deal, out handoff.Output, k Kept, now time.Time) store.State {
	s := store.State{
		Ref: d.Ref, Card: out.State.Card, Attempt: out.State.Attempt, Status: string(out.State.Status),
		Open: out.State.Open(), InScope: out.State.Status != handoff.Closed, Final: out.State.Final != nil,
		Account: string(d.AccountID), Amount: d.Amount.Text, WonAt: d.WonAt.At,
		InputHash: k.Snapshot, Body: p.text.state(&k), UpdatedAt: now, NextAt: nextAt(out, now),
	}
	if f := out.State.Final; f != nil {
		s.Band, s.Score, s.SentAt = f.Band, &f.Total, f.Sent
	}
	if p.c.partners(s.Card) { // it is no sale that may be another's
		s.Account, s.Amount, s.WonAt, s.Motion = "", "", time.Time{}, out.State.Motion
	}
	return s
}

// nextAt is the next moment at which the record must be looked at again even
// if nothing on it moves.
func nextAt(out handoff.Output, now time.Time) time.Time {
	s := out.State
	if s.Final != nil && s.Status != handoff.Closed && s.Kickoff.At.After(now) {
		return s.Kickoff.At // the action's wording changes then
	}
	return out.Wake
}

func sameRow(a, b store.State) bool {
	return a.Body == b.Body && a.Status == b.Status && a.InScope == b.InScope &&
		a.Account == b.Account && a.Amount == b.Amount && a.Twin == b.Twin && a.Motion == b.Motion && a.NextAt.Equal(b.NextAt)
}

// repeats reports whether a write is the one that the CRM has refused.
func repeats(fields, refused map[string]string, updatedAt string) bool {
	a, b := maps.Clone(fields), maps.Clone(refused)
	delete(a, updatedAt)
	delete(b, updatedAt)
	return maps.Equal(a, b)
}

package store

import (
	"context"
	"math"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// SnapshotAt returns the last snapshot of a deal at a moment; zero means now.
func (s *Store) SnapshotAt(ctx context.Context, ref crm.Ref, asOf time.Time) (Snapshot, bool, error) {
	list, err := query(ctx, s.db, func(scan func(...any) error) (Snapshot, error) {
		snap := Snapshot{Ref: ref}
		var t int64
		var body string
		err := scan(&t, &snap.Hash, &body)
		snap.At, snap.Body = at(t), body
		return snap, err
	}, `SELECT at, hash, body FROM deals d JOIN snapshots ON deal = d.num WHERE d.connection = $1 AND d.id = $2 AND at <= $3 ORDER BY at DESC, seq DESC LIMIT 1`, ref.Connection, ref.ID, upTo(asOf))
	if err != nil || len(list) == 0 {
		return Snapshot{}, false, err
	}
	return list[0], true, nil
}

// LastJudgement returns the last judgement of a deal on a card at a moment;
// zero means now.
func (s *Store) LastJudgement(ctx context.Context, ref crm.Ref, card string, asOf time.Time) (Judgement, bool, error) {
	list, err := s.judgements(ctx, ref, card, asOf, `DESC LIMIT 1`, `DESC`)
	if err != nil || len(list) == 0 {
		return Judgement{}, false, err
	}
	return list[0], true, nil
}

// Judgements returns every judgement of a deal on a card, oldest first.
func (s *Store) Judgements(ctx context.Context, ref crm.Ref, card string) ([]Judgement, error) {
	return s.judgements(ctx, ref, card, time.Time{}, ``, ``)
}

func (s *Store) judgements(ctx context.Context, ref crm.Ref, card string, asOf time.Time, last, first string) ([]Judgement, error) {
	return query(ctx, s.db, func(scan func(...any) error) (Judgement, error) {
		j := Judgement{Ref: ref, Card: card}
		var t int64
		var body string
		err := scan(&j.Version, &j.Attempt, &t, &j.Run, &j.SnapshotHash, &body)
		j.At, j.Body = at(t), body
		return j, err
	}, `SELECT version, attempt, at, run, snapshot_hash, body FROM deals d JOIN judgements ON deal = d.num WHERE d.connection = $1 AND d.id = $2 AND card = $3 AND at <= $4 ORDER BY at `+first+`, seq `+last,
		ref.Connection, ref.ID, card, upTo(asOf))
}

func upTo(asOf time.Time) int64 {
	if asOf.IsZero() {
		return math.MaxInt64
	}
	return ms(asOf)
}

// Card returns the content of a scorecard version.
func (s *Store) Card(ctx context.Context, version string) (Card, bool, error) {
	list, err := query(ctx, s.db, func(scan func(...any) error) (Card, error) {
		c := Card{Version: version}
		var source string
		err := scan(&c.ID, &source)
		c.Source = []byte(source)
		return c, err
	}, `SELECT id, source FROM cards WHERE version = $1`, version)
	if err != nil || len(list) == 0 {
		return Card{}, false, err
	}
	return list[0], true, nil
}

// Outcomes returns what became of the writes of a deal up to a moment, by
// intent: the last word on each.
func (s *Store) Outcomes(ctx context.Context, ref crm.Ref, asOf time.Time) (map[int64]Result, error) {
	list, err := query(ctx, s.db, func(scan func(...any) error) (r Result, err error) {
		var t int64
		err = scan(&r.ID, &t, &r.Status, &r.Class, &r.Code, &r.Message)
		r.At = at(t)
		return r, err
	}, `SELECT intent, moment, state, class, code, message FROM (
		SELECT o.intent, o.at AS moment, o.status AS state, o.class, o.code, o.message, o.seq AS place FROM deals d JOIN intents i ON i.deal = d.num JOIN outcomes o ON o.intent = i.seq
			WHERE d.connection = $1 AND d.id = $2 AND o.at <= $3
		UNION ALL SELECT seq, updated_at, status, class, code, message, $4 FROM deals d JOIN intents i ON i.deal = d.num
			WHERE d.connection = $1 AND d.id = $2 AND updated_at <= $3 AND status = 'confirmed' AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.intent = i.seq AND o.status = 'confirmed')
		) AS words ORDER BY place`, ref.Connection, ref.ID, upTo(asOf), int64(math.MaxInt64))
	last := make(map[int64]Result, len(list))
	for _, r := range list {
		last[r.ID] = r
	}
	return last, err
}

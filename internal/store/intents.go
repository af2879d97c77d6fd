package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

const (
	intentColumns  = `run, connection, object, id, account, card, status, class, code, message, tries, next_try, escalation, band_change, created_at, updated_at`
	payloadColumns = `intent, fields, before, input_hash`
)

// Planned returns up to limit planned intents of a run, by account, in order.
func (s *Store) Planned(ctx context.Context, connection, run string, limit int) ([]Intent, error) {
	return s.intents(ctx, `connection = $1 AND status = 'planned' AND run = $2 ORDER BY account, seq LIMIT $3`, connection, run, limit)
}

// Underway returns up to limit intents of a run whose outcome is not known:
// sent by a process that died, or answered by nothing.
func (s *Store) Underway(ctx context.Context, connection, run string, limit int) ([]Intent, error) {
	return s.intents(ctx, `connection = $1 AND status IN ('sent', 'unknown') AND run = $2 ORDER BY seq LIMIT $3`, connection, run, limit)
}

// Rejected returns the rejected intents of some deals, one a deal and card.
func (s *Store) Rejected(ctx context.Context, connection string, ids []string) ([]Intent, error) {
	var all []Intent
	err := inParts(s, ids, []any{connection}, func(list string, args []any) error {
		part, err := s.intents(ctx, `connection = $1 AND status = 'rejected' AND id IN `+list, args...)
		all = append(all, part...)
		return err
	})
	return all, err
}

// Refused returns the rejected intents of a run.
func (s *Store) Refused(ctx context.Context, run string) ([]Intent, error) {
	return s.intents(ctx, `run = $1 AND status = 'rejected' ORDER BY seq`, run)
}

// Writes returns every intent of a deal, oldest first.
func (s *Store) Writes(ctx context.Context, connection, id string) ([]Intent, error) {
	return s.intents(ctx, `connection = $1 AND id = $2 ORDER BY seq`, connection, id)
}

func (s *Store) intents(ctx context.Context, where string, args ...any) ([]Intent, error) {
	return query(ctx, s.db, scanIntent, `SELECT seq, `+intentColumns+`, fields, before, input_hash FROM intents JOIN payloads ON intent = seq WHERE `+where, args...)
}

func scanIntent(scan func(...any) error) (in Intent, err error) {
	var connection, object, id, fields, before string
	var bandChange int
	var next, created, updated int64
	err = scan(&in.ID, &in.Run, &connection, &object, &id, &in.Account, &in.Card, &in.Status, &in.Class, &in.Code, &in.Message,
		&in.Tries, &next, &in.Escalation, &bandChange, &created, &updated, &fields, &before, &in.InputHash)
	if err != nil {
		return in, err
	}
	in.Ref, in.BandChange = refOf(connection, object, id), bandChange != 0
	in.NextTry, in.CreatedAt, in.UpdatedAt = at(next), at(created), at(updated)
	if err := json.Unmarshal([]byte(fields), &in.Fields); err != nil {
		return in, err
	}
	return in, json.Unmarshal([]byte(before), &in.Before)
}

// plan adds intents, and what each is to write.
func (s *Store) plan(ctx context.Context, tx *sql.Tx, list []Intent) error {
	rows := make([][]any, len(list))
	for i, in := range list {
		rows[i] = []any{
			in.Run, in.Ref.Connection, string(in.Ref.Object), in.Ref.ID, in.Account, in.Card,
			Planned, "", "", "", in.Tries, 0, in.Escalation, bit(in.BandChange), ms(in.CreatedAt), ms(in.UpdatedAt),
		}
	}
	// Engines return rows in an order of their own.
	seqs := map[[2]string][]int64{}
	err := s.insertReturning(ctx, tx, "intents", intentColumns, rows, "seq, id, card", func(scan func(...any) error) error {
		var seq int64
		var id, card string
		err := scan(&seq, &id, &card)
		seqs[[2]string{id, card}] = append(seqs[[2]string{id, card}], seq)
		return err
	})
	if err != nil {
		return err
	}
	payloads := make([][]any, len(list))
	for i, in := range list {
		fields, err := json.Marshal(in.Fields)
		if err != nil {
			return fmt.Errorf("store intents: %w", err)
		}
		before, err := json.Marshal(in.Before)
		if err != nil {
			return fmt.Errorf("store intents: %w", err)
		}
		key := [2]string{in.Ref.ID, in.Card}
		if len(seqs[key]) != 1 {
			return fmt.Errorf("store intents: %d of deal %s by card %s in one slice", len(seqs[key]), in.Ref.ID, in.Card)
		}
		payloads[i] = []any{seqs[key][0], string(fields), string(before), in.InputHash}
	}
	return s.insert(ctx, tx, "payloads", payloadColumns, payloads, "")
}

// MarkSent notes that intents are on their way.
func (s *Store) MarkSent(ctx context.Context, l Lease, ids []int64, now time.Time) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		return inParts(s, ids, []any{ms(now)}, func(list string, args []any) error {
			_, err := tx.ExecContext(ctx, `UPDATE intents SET status = 'sent', tries = tries + 1, updated_at = $1 WHERE seq IN `+list, args...)
			if err != nil {
				return fmt.Errorf("store intents: %w", err)
			}
			return nil
		})
	})
}

// Resolve keeps what became of intents; every outcome is kept for good.
func (s *Store) Resolve(ctx context.Context, l Lease, results []Result) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		rows := make([][]any, len(results))
		for i, r := range results {
			rows[i] = []any{r.ID, ms(r.At), r.Status, r.Class, r.Code, r.Message}
		}
		if err := s.insert(ctx, tx, "outcomes", "intent, at, status, class, code, message", rows, ""); err != nil {
			return err
		}
		if err := s.confirm(ctx, tx, results); err != nil {
			return err
		}
		for _, r := range results {
			if r.Status == Confirmed {
				continue
			}
			_, err := tx.ExecContext(ctx, `UPDATE intents SET status = $1, class = $2, code = $3, message = $4, next_try = $5, updated_at = $6 WHERE seq = $7`,
				r.Status, r.Class, r.Code, r.Message, ms(r.NextTry), ms(r.At), r.ID)
			if err != nil {
				return fmt.Errorf("store intents: %w", err)
			}
		}
		return nil
	})
}

// confirm resolves the confirmed ones, as a rule nearly all, in one statement.
func (s *Store) confirm(ctx context.Context, tx *sql.Tx, results []Result) error {
	var ids []int64
	var now time.Time
	for _, r := range results {
		if r.Status == Confirmed {
			ids, now = append(ids, r.ID), r.At
		}
	}
	return inParts(s, ids, []any{ms(now)}, func(list string, args []any) error {
		_, err := tx.ExecContext(ctx, `UPDATE intents SET status = 'confirmed', class = '', code = '', message = '', next_try = 0, updated_at = $1 WHERE seq IN `+list, args...)
		if err != nil {
			return fmt.Errorf("store intents: %w", err)
		}
		return nil
	})
}

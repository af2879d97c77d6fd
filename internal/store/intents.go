package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

const (
	intentColumns  = `seq, run, connection, deal, account, card, status, class, code, message, tries, next_try, escalation, band_change, created_at, updated_at`
	payloadColumns = `intent, fields, before, input_hash`
	intentSelect   = `seq, run, d.connection, d.object, d.id, account, card, status, class, code, message, tries, next_try, escalation, band_change, created_at, updated_at, fields, before, input_hash`
)

// ToSend returns up to limit planned writes of a run behind a place, in order.
func (s *Store) ToSend(ctx context.Context, connection, run string, after int64, limit int) ([]Write, error) {
	return s.payloads(ctx, `i.connection = $1 AND status = 'planned' AND run = $2 AND seq > $3 ORDER BY seq LIMIT $4`, connection, run, after, limit)
}

// Underway returns up to limit writes of a run whose outcome is not known: sent
// by a process that died, or answered by nothing.
func (s *Store) Underway(ctx context.Context, connection, run string, limit int) ([]Write, error) {
	return s.payloads(ctx, `i.connection = $1 AND status IN ('sent', 'unknown') AND run = $2 ORDER BY seq LIMIT $3`, connection, run, limit)
}

func (s *Store) payloads(ctx context.Context, where string, args ...any) ([]Write, error) {
	return query(ctx, s.db, func(scan func(...any) error) (w Write, err error) {
		var fields string
		if err = scan(&w.ID, &w.Deal, &w.Account, &w.Tries, &fields); err == nil {
			w.Fields, err = readTexts(fields)
		}
		return w, err
	}, `SELECT seq, d.id, account, tries, fields FROM intents i JOIN payloads ON intent = seq JOIN deals d ON d.num = i.deal WHERE `+where, args...)
}

// Rejected returns the rejected intents of some deals, one a deal and card.
func (s *Store) Rejected(ctx context.Context, connection string, ids []string) ([]Intent, error) {
	var all []Intent
	err := inParts(s, ids, []any{connection}, func(list string, args []any) error {
		part, err := s.intents(ctx, `d.connection = $1 AND status = 'rejected' AND d.id IN `+list, args...)
		all = append(all, part...)
		return err
	})
	return all, err
}

// Refused returns the rejected intents of a run.
func (s *Store) Refused(ctx context.Context, connection, run string) ([]Intent, error) {
	return s.intents(ctx, `i.connection = $1 AND run = $2 AND status = 'rejected' ORDER BY seq`, connection, run)
}

// unfinished is in the words of the index that holds what is, whatever the run.
const unfinished = `status IN ('planned', 'sent', 'unknown', 'rejected')`

// Waiting counts a connection's rejected intents, and records of attempts, which
// wait for their next try, by class.
func (s *Store) Waiting(ctx context.Context, connection string) (map[string]int, error) {
	return s.CountBy(ctx, `SELECT class, COUNT(*) FROM (SELECT class FROM intents WHERE connection = $1 AND `+unfinished+` AND status = 'rejected'
		UNION ALL SELECT class FROM attempts WHERE connection = $1 AND status = 'rejected') AS refused GROUP BY class`, connection)
}

// Writes returns every intent of a deal, oldest first.
func (s *Store) Writes(ctx context.Context, connection, id string) ([]Intent, error) {
	return s.intents(ctx, `d.connection = $1 AND d.id = $2 ORDER BY seq`, connection, id)
}

func (s *Store) intents(ctx context.Context, where string, args ...any) ([]Intent, error) {
	return query(ctx, s.db, scanIntent, `SELECT `+intentSelect+` FROM intents i JOIN payloads ON intent = seq JOIN deals d ON d.num = i.deal WHERE `+where, args...)
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
	if in.Fields, err = readTexts(fields); err != nil {
		return in, err
	}
	in.Before, err = readTexts(before)
	return in, err
}

// readTexts reads an object of texts. Texts without escapes share the memory
// of the whole, which is theirs alone.
func readTexts(body string) (map[string]string, error) {
	if !gjson.Valid(body) || body[0] != '{' {
		return nil, errors.New("an intent's texts are no JSON object")
	}
	m := make(map[string]string, strings.Count(body, `":"`))
	gjson.Parse(body).ForEach(func(name, text gjson.Result) bool {
		m[name.String()] = text.String()
		return true
	})
	return m, nil
}

// plan adds intents, and what each is to write.
func (s *Store) plan(ctx context.Context, tx *sql.Tx, list []Intent, nums map[string]int64) error {
	seqs, err := s.numbers(ctx, tx, "intents", "seq", len(list))
	if err != nil {
		return err
	}
	rows, payloads := make([][]any, len(list)), make([][]any, len(list))
	var buf []byte
	text := func(m map[string]string) string {
		buf = crm.AppendTexts(buf[:0], m)
		return string(buf)
	}
	for i, in := range list {
		rows[i] = []any{
			seqs[i], in.Run, in.Ref.Connection, nums[in.Ref.ID], in.Account, in.Card,
			Planned, "", "", "", in.Tries, 0, in.Escalation, bit(in.BandChange), ms(in.CreatedAt), ms(in.UpdatedAt),
		}
		payloads[i] = []any{seqs[i], text(in.Fields), text(in.Before), in.InputHash}
	}
	if err := s.insert(ctx, tx, "intents", intentColumns, rows, ""); err != nil {
		return err
	}
	return s.insert(ctx, tx, "payloads", payloadColumns, payloads, "")
}

// MarkSent notes that intents are on their way.
func (s *Store) MarkSent(ctx context.Context, l Lease, ids []int64, now time.Time) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		return inParts(s, ids, []any{ms(now)}, func(list string, args []any) error {
			_, err := tx.ExecContext(ctx, s.updates()+` intents SET status = 'sent', tries = tries + 1, updated_at = $1 WHERE seq IN `+list, args...)
			if err != nil {
				return fmt.Errorf("store intents: %w", err)
			}
			return nil
		})
	})
}

// Resolve keeps what became of intents; every outcome is kept for good. What is
// confirmed and no more is in the intent itself, which does not change again.
func (s *Store) Resolve(ctx context.Context, l Lease, results []Result) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		var rows [][]any
		for _, r := range results {
			if r.Status != Confirmed || r.Class != "" || r.Code != "" || r.Message != "" {
				rows = append(rows, []any{r.ID, ms(r.At), r.Status, r.Class, r.Code, r.Message})
			}
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
		_, err := tx.ExecContext(ctx, s.updates()+` intents SET status = 'confirmed', class = '', code = '', message = '', next_try = 0, updated_at = $1 WHERE seq IN `+list, args...)
		if err != nil {
			return fmt.Errorf("store intents: %w", err)
		}
		return nil
	})
}

// WritesOf returns up to limit intents of a run behind a place, in order; with
// a status, those that stand there.
func (s *Store) WritesOf(ctx context.Context, connection, run, status string, after int64, limit int) ([]Intent, error) {
	return s.intents(ctx, `i.connection = $1 AND run = $2 AND ($3 = '' OR status = $3) AND seq > $4 ORDER BY seq LIMIT $5`, connection, run, status, after, limit)
}

// CountWrites counts the intents of a run by status.
func (s *Store) CountWrites(ctx context.Context, connection, run string) (map[string]int, error) {
	return s.CountBy(ctx, `SELECT status, COUNT(*) FROM intents WHERE connection = $1 AND run = $2 GROUP BY status`, connection, run)
}

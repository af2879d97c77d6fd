package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// Attempt is the record of an attempt as it is to stand in the CRM, and how far
// it is: Planned, Sent, Confirmed, Rejected, or Superseded where the deal is gone.
type Attempt struct {
	crm.Attempt
	Run                  string // that has planned what it says
	Status               string
	Class, Code, Message string
	Tries                int
	NextTry, UpdatedAt   time.Time
}

// AttemptResult is what became of such a record.
type AttemptResult struct {
	Key, Status, Class, Code, Message string
	NextTry, At                       time.Time
}

const (
	attemptColumns = `connection, key, deal, once, body, run, status, class, code, message, tries, next_try, updated_at`
	// What is to stand there is planned where it is another than before; what is
	// made once gives way to what is known. A deal that was gone may be back.
	attemptConflict = `ON CONFLICT (connection, key) DO UPDATE SET
		once = excluded.once, body = excluded.body, run = excluded.run, status = 'planned', class = '', code = '', message = '', tries = 0, next_try = 0, updated_at = excluded.updated_at
		WHERE attempts.status = 'superseded' OR excluded.once = 0 AND attempts.body <> excluded.body`
)

func attemptRows(slice Slice, nums map[string]int64) [][]any {
	rows := make([][]any, len(slice.Attempts))
	for i := range slice.Attempts {
		a := &slice.Attempts[i]
		body, err := json.Marshal(a)
		if err != nil {
			panic(err) // texts, numbers and a time
		}
		rows[i] = []any{slice.Run.Connection, a.Key, nums[string(a.Deal)], bit(a.Once), string(body), slice.Run.ID, Planned, "", "", "", 0, 0, ms(slice.Run.Now())}
	}
	return rows
}

// AttemptsOwed returns up to limit records behind a key that are to be made or
// changed at a moment, in order of their keys.
func (s *Store) AttemptsOwed(ctx context.Context, connection string, now time.Time, after string, limit int) ([]Attempt, error) {
	return s.attempts(ctx, `connection = $1 AND (status = 'planned' OR status = 'rejected' AND next_try <= $2) AND key > $3 ORDER BY key LIMIT $4`, connection, ms(now), after, limit)
}

// AttemptsUnderway returns up to limit records of which nobody knows whether the
// CRM has taken them: they were sent by a process that died, or not answered.
func (s *Store) AttemptsUnderway(ctx context.Context, connection string, limit int) ([]Attempt, error) {
	return s.attempts(ctx, `connection = $1 AND status = 'sent' ORDER BY key LIMIT $2`, connection, limit)
}

// AttemptsOf returns the records of a deal's attempts.
func (s *Store) AttemptsOf(ctx context.Context, connection, deal string) ([]Attempt, error) {
	return s.attempts(ctx, `connection = $1 AND deal IN (SELECT num FROM deals WHERE connection = $1 AND id = $2) ORDER BY key`, connection, deal)
}

// AttemptsRefused returns the records that a run has planned and the CRM has
// refused.
func (s *Store) AttemptsRefused(ctx context.Context, connection, run string) ([]Attempt, error) {
	return s.attempts(ctx, `connection = $1 AND status = 'rejected' AND run = $2 ORDER BY key`, connection, run)
}

// CountAttemptsOwed counts the records that the CRM is yet to be told.
func (s *Store) CountAttemptsOwed(ctx context.Context, connection string) (int64, error) {
	return s.countAttempts(ctx, `connection = $1 AND status IN ('planned', 'sent', 'rejected')`, connection)
}

// CountAttemptsDue counts those of them that are to be told at a moment: a
// refused one waits for its next try.
func (s *Store) CountAttemptsDue(ctx context.Context, connection string, now time.Time) (int64, error) {
	return s.countAttempts(ctx, `connection = $1 AND (status IN ('planned', 'sent') OR status = 'rejected' AND next_try <= $2)`, connection, ms(now))
}

func (s *Store) countAttempts(ctx context.Context, where string, args ...any) (int64, error) {
	counts, err := query(ctx, s.db, func(scan func(...any) error) (n int64, err error) { err = scan(&n); return n, err }, `SELECT COUNT(*) FROM attempts WHERE `+where, args...)
	if err != nil || len(counts) == 0 {
		return 0, err
	}
	return counts[0], nil
}

func (s *Store) attempts(ctx context.Context, where string, args ...any) ([]Attempt, error) {
	return query(ctx, s.db, func(scan func(...any) error) (a Attempt, err error) {
		var key, body string
		var once, next, updated int64
		if err := scan(&key, &once, &body, &a.Run, &a.Status, &a.Class, &a.Code, &a.Message, &a.Tries, &next, &updated); err != nil {
			return a, err
		}
		if err := json.Unmarshal([]byte(body), &a.Attempt); err != nil {
			return a, fmt.Errorf("stored record of attempt %s: %w", key, err)
		}
		a.Once, a.NextTry, a.UpdatedAt = once != 0, at(next), at(updated)
		return a, nil
	}, `SELECT key, once, body, run, status, class, code, message, tries, next_try, updated_at FROM attempts WHERE `+where, args...)
}

// AttemptsSent notes that records are on their way.
func (s *Store) AttemptsSent(ctx context.Context, l Lease, keys []string, now time.Time) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		return inParts(s, keys, []any{ms(now), l.Connection}, func(list string, args []any) error {
			_, err := tx.ExecContext(ctx, `UPDATE attempts SET status = 'sent', tries = tries + 1, updated_at = $1 WHERE connection = $2 AND key IN `+list, args...)
			if err != nil {
				return fmt.Errorf("store attempts: %w", err)
			}
			return nil
		})
	})
}

// AttemptsSettled keeps what became of records. The whole of it is kept or
// nothing.
func (s *Store) AttemptsSettled(ctx context.Context, l Lease, results []AttemptResult) error {
	if len(results) == 0 {
		return nil
	}
	return s.write(ctx, l, func(tx *sql.Tx) error {
		for _, r := range results {
			_, err := tx.ExecContext(ctx, `UPDATE attempts SET status = $1, class = $2, code = $3, message = $4, next_try = $5, updated_at = $6 WHERE connection = $7 AND key = $8`,
				r.Status, r.Class, r.Code, r.Message, ms(r.NextTry), ms(r.At), l.Connection, r.Key)
			if err != nil {
				return fmt.Errorf("store attempts: %w", err)
			}
		}
		return nil
	})
}

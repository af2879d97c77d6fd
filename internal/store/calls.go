package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Spent is what a slice of work took of the vendor's calls.
type Spent struct {
	At    time.Time
	Calls int64
}

// keptCalls is how long spending is remembered; vendors count a day.
const keptCalls = 48 * time.Hour

// Spend notes calls that were made.
func (s *Store) Spend(ctx context.Context, l Lease, now Spent) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM calls WHERE connection = $1 AND at < $2`, l.Connection, ms(now.At.Add(-keptCalls))); err != nil {
			return fmt.Errorf("store calls: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO calls (connection, at, calls) VALUES ($1, $2, $3)`, l.Connection, ms(now.At), now.Calls); err != nil {
			return fmt.Errorf("store calls: %w", err)
		}
		return nil
	})
}

// SpentSince lists what was spent after a moment, oldest first.
func (s *Store) SpentSince(ctx context.Context, connection string, since time.Time) ([]Spent, error) {
	return query(ctx, s.db, func(scan func(...any) error) (x Spent, err error) {
		var t int64
		err = scan(&t, &x.Calls)
		x.At = at(t)
		return x, err
	}, `SELECT at, calls FROM calls WHERE connection = $1 AND at > $2 ORDER BY at, seq`, connection, ms(since))
}

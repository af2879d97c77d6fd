package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Acquire takes a connection's lease if it is free or has run out; every taking raises the epoch, so that what an earlier holder
// still tries to write is refused. *ErrHeld says who has it.
func (s *Store) Acquire(ctx context.Context, connection, holder string, ttl time.Duration, now time.Time) (Lease, error) {
	l := Lease{Connection: connection, Holder: holder, Until: now.Add(ttl)}
	err := s.tx(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `INSERT INTO leases (connection, holder, epoch, until) VALUES ($1, $2, 1, $3)
			ON CONFLICT (connection) DO UPDATE SET holder = excluded.holder, epoch = leases.epoch + 1, until = excluded.until
			WHERE leases.until <= $4 OR leases.holder = '' RETURNING epoch`,
			connection, holder, ms(l.Until), ms(now)).Scan(&l.Epoch)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		held := &ErrHeld{Connection: connection}
		var until int64
		if err := tx.QueryRowContext(ctx, `SELECT holder, until FROM leases WHERE connection = $1`, connection).Scan(&held.Holder, &until); err != nil {
			return err
		}
		held.Until = at(until)
		return held
	})
	return l, err
}

// Renew moves the lease's end; ErrFenced if it has passed to another.
func (s *Store) Renew(ctx context.Context, l Lease, ttl time.Duration, now time.Time) (Lease, error) {
	l.Until = now.Add(ttl)
	return l, s.write(ctx, l, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE leases SET until = $1 WHERE connection = $2`, ms(l.Until), l.Connection)
		return err
	})
}

// Release gives the lease back; it is no fault if it has passed already.
func (s *Store) Release(ctx context.Context, l Lease) error {
	_, err := s.db.ExecContext(ctx, `UPDATE leases SET holder = '', until = 0 WHERE connection = $1 AND epoch = $2`, l.Connection, l.Epoch)
	if err != nil {
		return fmt.Errorf("release lease of %s: %w", l.Connection, err)
	}
	return nil
}

// fence refuses a write under a lease that is no longer in force. On
// PostgreSQL it holds the row, so that the epoch cannot move before the
// transaction ends; on SQLite there is one writer anyway.
func (s *Store) fence(ctx context.Context, tx *sql.Tx, l Lease) error {
	q := `SELECT epoch FROM leases WHERE connection = $1`
	if s.dialect == Postgres {
		q += ` FOR SHARE`
	}
	var epoch int64
	err := tx.QueryRowContext(ctx, q, l.Connection).Scan(&epoch)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("lease of %s: %w", l.Connection, err)
	}
	if epoch != l.Epoch {
		return fmt.Errorf("connection %s: %w", l.Connection, ErrFenced)
	}
	return nil
}

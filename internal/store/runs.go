package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Connection returns what is kept of a connection; the zero value but for its
// name if nothing is.
func (s *Store) Connection(ctx context.Context, name string) (Connection, error) {
	c := Connection{Name: name}
	var watermark, full, success int64
	err := s.db.QueryRowContext(ctx, `SELECT crm, org_id, watermark, last_full, last_success, in_scope, known FROM connections WHERE name = $1`, name).
		Scan(&c.CRM, &c.OrgID, &watermark, &full, &success, &c.InScope, &c.Known)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("connection %s: %w", name, err)
	}
	c.Watermark, c.LastFull, c.LastSuccess = at(watermark), at(full), at(success)
	return c, nil
}

// SaveConnection keeps a connection. Two connections to one org are refused:
// its limits and its records are one.
func (s *Store) SaveConnection(ctx context.Context, l Lease, c Connection) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		var other string
		err := tx.QueryRowContext(ctx, `SELECT name FROM connections WHERE crm = $1 AND org_id = $2 AND name <> $3`, c.CRM, c.OrgID, c.Name).Scan(&other)
		switch {
		case err == nil:
			return fmt.Errorf("connections %s and %s are the same %s org %s: keep one of them", other, c.Name, c.CRM, c.OrgID)
		case !errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("connection %s: %w", c.Name, err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO connections (name, crm, org_id, watermark, last_full, last_success, in_scope, known)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO UPDATE SET crm = excluded.crm, org_id = excluded.org_id,
			watermark = excluded.watermark, last_full = excluded.last_full, last_success = excluded.last_success,
			in_scope = excluded.in_scope, known = excluded.known`,
			c.Name, c.CRM, c.OrgID, ms(c.Watermark), ms(c.LastFull), ms(c.LastSuccess), c.InScope, c.Known)
		return err
	})
}

const runColumns = `id, connection, mode, kind, phase, cursor, status, started, ended, window_from, window_to, resume_at, counts, error, moment, beside`

// StartRun keeps a new run.
func (s *Store) StartRun(ctx context.Context, l Lease, r Run) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO runs (`+runColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, r.values()...)
		return err
	})
}

// SaveRun keeps how far a run has come.
func (s *Store) SaveRun(ctx context.Context, l Lease, r Run) error {
	return s.write(ctx, l, func(tx *sql.Tx) error { return saveRun(ctx, tx, r) })
}

func saveRun(ctx context.Context, tx *sql.Tx, r Run) error {
	_, err := tx.ExecContext(ctx, `UPDATE runs SET mode = $3, kind = $4, phase = $5, cursor = $6, status = $7, started = $8, ended = $9,
		window_from = $10, window_to = $11, resume_at = $12, counts = $13, error = $14, moment = $15, beside = $16 WHERE id = $1 AND connection = $2`, r.values()...)
	if err != nil {
		return fmt.Errorf("run %s: %w", r.ID, err)
	}
	return nil
}

// Now is the moment that the run judges by.
func (r Run) Now() time.Time {
	if r.Moment.IsZero() {
		return r.WindowTo
	}
	return r.Moment
}

func (r Run) values() []any {
	return []any{
		r.ID, r.Connection, r.Mode, r.Kind, r.Phase, r.Cursor, r.Status, ms(r.Started), ms(r.Ended),
		ms(r.WindowFrom), ms(r.WindowTo), ms(r.ResumeAt), string(r.Counts), r.Error, ms(r.Moment), r.Beside,
	}
}

// Run returns a run by its id.
func (s *Store) Run(ctx context.Context, id string) (Run, bool, error) {
	runs, err := s.runs(ctx, `SELECT `+runColumns+` FROM runs WHERE id = $1`, id)
	if err != nil || len(runs) == 0 {
		return Run{}, false, err
	}
	return runs[0], true, nil
}

// Runs returns the runs begun last, newest first; of all connections if none is named.
func (s *Store) Runs(ctx context.Context, connection string, limit int) ([]Run, error) {
	return s.runs(ctx, `SELECT `+runColumns+` FROM runs WHERE connection = $1 OR $1 = '' ORDER BY seq DESC LIMIT $2`, connection, limit)
}

// Undo is the kind of a run that puts back what another one replaced. It has
// read nothing, so no pass goes by it, unless it is to be brought to its end.
const Undo = "undo"

// LatestRun returns the run of a connection that was begun last, of a kind or,
// with "", of any that reads; the zero Run if there is none.
func (s *Store) LatestRun(ctx context.Context, connection, kind string) (Run, error) {
	runs, err := s.runs(ctx, `SELECT `+runColumns+` FROM runs WHERE connection = $1 AND (kind = $2 OR $2 = '' AND (kind <> 'undo' OR status = 'running')) ORDER BY seq DESC LIMIT 1`, connection, kind)
	if err != nil || len(runs) == 0 {
		return Run{}, err
	}
	return runs[0], nil
}

func (s *Store) runs(ctx context.Context, q string, args ...any) ([]Run, error) {
	return query(ctx, s.db, func(scan func(...any) error) (r Run, err error) {
		var counts string
		var started, ended, from, to, resume, moment int64
		err = scan(&r.ID, &r.Connection, &r.Mode, &r.Kind, &r.Phase, &r.Cursor, &r.Status, &started, &ended, &from, &to, &resume, &counts, &r.Error, &moment, &r.Beside)
		r.Started, r.Ended, r.WindowFrom, r.WindowTo, r.ResumeAt, r.Moment = at(started), at(ended), at(from), at(to), at(resume), at(moment)
		r.Counts = []byte(counts)
		return r, err
	}, q, args...)
}

// LastSuccess tells when the work of a schedule last succeeded; zero if never.
func (s *Store) LastSuccess(ctx context.Context, key string) (time.Time, error) {
	var t int64
	err := s.db.QueryRowContext(ctx, `SELECT last_success FROM schedules WHERE key = $1`, key).Scan(&t)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("schedule %s: %w", key, err)
	}
	return at(t), nil
}

// SetLastSuccess notes that the work of a schedule succeeded.
func (s *Store) SetLastSuccess(ctx context.Context, key string, t time.Time) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO schedules (key, last_success) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET last_success = excluded.last_success`, key, ms(t))
	if err != nil {
		return fmt.Errorf("schedule %s: %w", key, err)
	}
	return nil
}

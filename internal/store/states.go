package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

const stateColumns = `connection, deal, card, attempt, status, is_open, next_at, in_scope, final, band, score, account, amount, won_at, twin, motion, sent_at, input_hash, body, updated_at`

const stateSelect = `d.connection, d.object, d.id, card, attempt, status, is_open, next_at, in_scope, final, band, score, account, amount, won_at, twin, motion, sent_at, input_hash, body, updated_at`

// States returns where the handoffs of some deals stand, on every card.
func (s *Store) States(ctx context.Context, connection string, ids []string) ([]State, error) {
	var all []State
	err := inParts(s, ids, []any{connection}, func(list string, args []any) error {
		part, err := query(ctx, s.db, scanState, `SELECT `+stateSelect+` FROM deals d JOIN states s ON s.deal = d.num WHERE d.connection = $1 AND d.id IN `+list, args...)
		all = append(all, part...)
		return err
	})
	return all, err
}

func scanState(scan func(...any) error) (st State, err error) {
	var open, inScope, final int
	var next, won, sent, updated int64
	var score sql.NullInt64
	var body string
	err = scan(&st.Ref.Connection, (*string)(&st.Ref.Object), &st.Ref.ID, &st.Card, &st.Attempt, &st.Status, &open, &next, &inScope, &final,
		&st.Band, &score, &st.Account, &st.Amount, &won, &st.Twin, &st.Motion, &sent, &st.InputHash, &body, &updated)
	st.Open, st.InScope, st.Final = open != 0, inScope != 0, final != 0
	st.NextAt, st.WonAt, st.UpdatedAt, st.Body = at(next), at(won), at(updated), body
	st.SentAt = at(sent)
	if score.Valid {
		n := int(score.Int64)
		st.Score = &n
	}
	return st, err
}

// Due says which deals a run is to look at beside those that moved.
type Due struct {
	Connection string
	Run        string // what it has read is left out
	Beside     string // what that run has planned is left to it
	Now        time.Time
	All        bool // everything in scope, whatever its clock
}

// OpenRefs pages through the ids of deals whose clock runs, whose time has
// come, or with a write or a task that is still to be made, in the order in which they
// were first looked at. What was only planned by a run that observes is not to
// be made. next is where to go on, "" on the last page.
func (s *Store) OpenRefs(ctx context.Context, d Due, after string, limit int) (ids []string, next string, err error) {
	var from int64
	if after != "" {
		if from, err = strconv.ParseInt(after, 10, 64); err != nil {
			return nil, "", fmt.Errorf("store: place %q: %w", after, err)
		}
	}
	reasons := []struct{ table, where string }{
		{"states", `is_open = 1`},
		{"states", `is_open = 0 AND next_at > 0 AND next_at <= $3`},
		{"intents", unfinished + ` AND (status IN ('sent', 'unknown') OR (status = 'rejected' AND next_try <= $3)
			OR (status = 'planned' AND run <> $6 AND run IN (SELECT id FROM runs WHERE connection = $1 AND mode = 'write')))`},
		{"tasks", `status IN ('wanted', 'sent', 'closing') AND next_try <= $3
			AND run <> $6 AND run IN (SELECT id FROM runs WHERE connection = $1 AND mode = 'write')`},
	}
	if d.All {
		reasons = append(reasons, struct{ table, where string }{"states", `in_scope = 1`})
	}
	// The first page of all is among the first pages of each: none is read to
	// its end for every page. That the deals begin there too, PostgreSQL does not
	// conclude.
	pages := make([]string, len(reasons))
	for i, r := range reasons {
		pages[i] = `SELECT deal FROM (SELECT DISTINCT deal FROM ` + r.table + ` x JOIN deals ON num = deal AND num > $2
			WHERE x.connection = $1 AND deal > $2 AND ` + r.where + `
			AND (read_by = '' OR read_by <> $5 AND read_by NOT IN (SELECT id FROM runs WHERE connection = $1 AND beside = $5 AND beside <> ''))
			ORDER BY deal LIMIT $4) AS page`
	}
	var last int64
	ids, err = query(ctx, s.db, func(scan func(...any) error) (id string, err error) { return id, scan(&id, &last) },
		`SELECT id, num FROM (`+strings.Join(pages, " UNION ")+`) AS due JOIN deals ON num = due.deal ORDER BY num LIMIT $4`,
		d.Connection, from, ms(d.Now), limit, d.Run, d.Beside)
	if err == nil && len(ids) == limit {
		next = strconv.FormatInt(last, 10)
	}
	return ids, next, err
}

// Unread returns those of some deals that are in scope and that a run has not
// read, each once, in the order of their ids.
func (s *Store) Unread(ctx context.Context, connection, run string, ids []string) ([]string, error) {
	var all []string
	err := inParts(s, ids, []any{connection, run}, func(list string, args []any) error {
		part, err := query(ctx, s.db, scanString, `SELECT id FROM deals d WHERE connection = $1 AND read_by <> $2
			AND EXISTS (SELECT 1 FROM states WHERE deal = d.num AND in_scope = 1) AND id IN `+list, args...)
		all = append(all, part...)
		return err
	})
	slices.Sort(all)
	return slices.Compact(all), err
}

func scanString(scan func(...any) error) (v string, err error) { return v, scan(&v) }

// SampleRef returns the id of a deal in scope, to try things with; a final one
// where there is one. "" if there is none.
func (s *Store) SampleRef(ctx context.Context, connection string) (string, error) {
	ids, err := query(ctx, s.db, scanString, `SELECT id FROM states s JOIN deals ON num = deal WHERE s.connection = $1 AND in_scope = 1 ORDER BY final DESC, deal LIMIT 1`, connection)
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

// CountStates counts the handoffs in scope by status and band.
func (s *Store) CountStates(ctx context.Context, connection string) (Standing, error) {
	n := Standing{ByStatus: map[string]int64{}, ByBand: map[string]int64{}}
	type row struct {
		status, band string
		final        int
		n            int64
	}
	rows, err := query(ctx, s.db, func(scan func(...any) error) (r row, err error) {
		return r, scan(&r.status, &r.band, &r.final, &r.n)
	}, `SELECT status, band, final, COUNT(*) FROM states WHERE connection = $1 AND in_scope = 1 GROUP BY status, band, final`, connection)
	if err != nil {
		return n, err
	}
	for _, r := range rows {
		n.ByStatus[r.status] += r.n
		n.InScope += r.n
		if r.final != 0 {
			n.ByBand[r.band] += r.n
			n.Final += r.n
		}
	}
	n.Known = n.Final
	return n, nil
}

// GuardCounts looks over the plan of a run.
func (s *Store) GuardCounts(ctx context.Context, connection, run string) (GuardCounts, error) {
	var g GuardCounts
	err := s.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(CASE WHEN escalation = 'Sales manager' THEN 1 ELSE 0 END), 0), COALESCE(SUM(band_change), 0)
		FROM intents WHERE connection = $1 AND run = $2 AND status <> 'superseded'`, connection, run).Scan(&g.Escalations, &g.BandChanges)
	if err != nil {
		return g, fmt.Errorf("plan of run %s: %w", run, err)
	}
	// Where the record shows an escalation already, its task may still be to make.
	var tasks int
	err = s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM tasks WHERE connection = $1 AND run = $2 AND role = 'Sales manager' AND status = 'wanted' AND find_only = 0`, connection, run).Scan(&tasks)
	if err != nil {
		return g, fmt.Errorf("plan of run %s: %w", run, err)
	}
	g.Escalations = max(g.Escalations, tasks)
	standing, err := s.CountStates(ctx, connection)
	if err != nil {
		return g, err
	}
	known, err := s.Connection(ctx, connection)
	if err != nil {
		return g, err
	}
	g.InScope, g.InScopeLast, g.Known = int(standing.InScope), known.InScope, known.Known
	return g, nil
}

// stateRows are the rows of states: first those of fresh deals, which cannot
// have one yet, then those that may.
func stateRows(states []State, nums map[string]int64, fresh map[string]bool) (first, later [][]any) {
	for _, s := range states {
		var score any
		if s.Score != nil {
			score = *s.Score
		}
		row := []any{
			s.Ref.Connection, nums[s.Ref.ID], s.Card, s.Attempt, s.Status, bit(s.Open), ms(s.NextAt), bit(s.InScope), bit(s.Final),
			s.Band, score, s.Account, s.Amount, ms(s.WonAt), s.Twin, s.Motion, ms(s.SentAt), s.InputHash, s.Body, ms(s.UpdatedAt),
		}
		if fresh[s.Ref.ID] {
			first = append(first, row)
		} else {
			later = append(later, row)
		}
	}
	return first, later
}

const stateConflict = `ON CONFLICT (deal, card) DO UPDATE SET attempt = excluded.attempt, status = excluded.status, is_open = excluded.is_open,
	next_at = excluded.next_at, in_scope = excluded.in_scope, final = excluded.final, band = excluded.band, score = excluded.score,
	account = excluded.account, amount = excluded.amount, won_at = excluded.won_at, twin = excluded.twin, motion = excluded.motion, sent_at = excluded.sent_at, input_hash = excluded.input_hash,
	body = excluded.body, updated_at = excluded.updated_at`

// refOf is a deal's ref from its columns.
func refOf(connection, object, id string) crm.Ref {
	return crm.Ref{Connection: connection, Object: crm.Object(object), ID: id}
}

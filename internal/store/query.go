package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// maxParams bounds the parameters of one statement: engines allow more, but
// their text and their bindings are held in memory.
const maxParams = 8000

type querier interface {
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
}

// query reads all rows of a statement.
func query[T any](ctx context.Context, db querier, row func(scan func(...any) error) (T, error), q string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := row(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return all, nil
}

// CountBy reads a count for each name: the statement's two columns. It is for
// packages that keep tables of their own beside the store's.
func (s *Store) CountBy(ctx context.Context, q string, args ...any) (map[string]int, error) {
	counts := map[string]int{}
	_, err := query(ctx, s.db, func(scan func(...any) error) (struct{}, error) {
		var name string
		var n int
		err := scan(&name, &n)
		counts[name] = n
		return struct{}{}, err
	}, q, args...)
	return counts, err
}

// insert writes rows of n values each in as few statements as fit. suffix
// follows the values: ON CONFLICT ...
func (s *Store) insert(ctx context.Context, tx *sql.Tx, table, columns string, rows [][]any, suffix string) error {
	return s.inserts(table, columns, rows, suffix, func(q string, args []any) error {
		_, err := tx.ExecContext(ctx, q, args...)
		return err
	})
}

// insertReturning writes rows as insert does and reads columns of each back.
func (s *Store) insertReturning(ctx context.Context, tx *sql.Tx, table, columns string, rows [][]any, suffix, returning string, read func(scan func(...any) error) error) error {
	return s.inserts(table, columns, rows, suffix+" RETURNING "+returning, func(q string, args []any) error {
		_, err := query(ctx, tx, func(scan func(...any) error) (struct{}, error) { return struct{}{}, read(scan) }, q, args...)
		return err
	})
}

func (s *Store) inserts(table, columns string, rows [][]any, suffix string, do func(q string, args []any) error) error {
	for len(rows) > 0 {
		n := len(rows[0])
		k := min(len(rows), maxParams/n)
		var b strings.Builder
		b.WriteString("INSERT INTO " + table + " (" + columns + ") VALUES ")
		args := make([]any, 0, k*n)
		for i, row := range rows[:k] {
			if i > 0 {
				b.WriteByte(',')
			}
			s.places(&b, i*n, n)
			args = append(args, row...)
		}
		b.WriteString(" " + suffix)
		if err := do(b.String(), args); err != nil {
			return fmt.Errorf("store %s: %w", table, err)
		}
		rows = rows[k:]
	}
	return nil
}

// inParts calls do with a list of values in parts that fit one statement: list
// is the text to put behind IN, args are the fixed ones, which the statement
// must name before the list, with the part behind them.
func inParts[T any](s *Store, values []T, fixed []any, do func(list string, args []any) error) error {
	for len(values) > 0 {
		k := min(len(values), maxParams-len(fixed))
		args := append(make([]any, 0, k+len(fixed)), fixed...)
		for _, v := range values[:k] {
			args = append(args, v)
		}
		var b strings.Builder
		s.places(&b, len(fixed), k)
		if err := do(b.String(), args); err != nil {
			return err
		}
		values = values[k:]
	}
	return nil
}

// places writes "($4,$5,$6)" for 3 parameters after the third. SQLite looks
// named ones up in a list, which takes the square of their number, and counts
// nameless ones on from the last named.
func (s *Store) places(b *strings.Builder, after, n int) {
	b.WriteByte('(')
	for i := 1; i <= n; i++ {
		if i > 1 {
			b.WriteByte(',')
		}
		if s.dialect == SQLite {
			b.WriteByte('?')
			continue
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(after + i))
	}
	b.WriteByte(')')
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

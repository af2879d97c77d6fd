package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
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

// rowsAtOnce are the rows of one statement on SQLite, which takes longer to
// read a long statement than to run it: a short one is read once and run again
// for the next rows.
const rowsAtOnce = 50

// insert writes rows of n values each in few statements. suffix follows the
// values: ON CONFLICT ...
func (s *Store) insert(ctx context.Context, tx *sql.Tx, table, columns string, rows [][]any, suffix string) error {
	if len(rows) == 0 {
		return nil
	}
	n := len(rows[0])
	most, verb := maxParams/n, "INSERT"
	if s.dialect == SQLite {
		// As for updates; what may change a row instead is made sure of all the same.
		most, verb = min(most, rowsAtOnce), "INSERT OR FAIL"
	}
	var stmt statement
	var size int // in rows, of stmt
	args := make([]any, 0, min(len(rows), most)*n)
	for part := range slices.Chunk(rows, most) {
		if len(part) != size {
			var b strings.Builder
			b.WriteString(verb + " INTO " + table + " (" + columns + ") VALUES ")
			for i := range part {
				if i > 0 {
					b.WriteByte(',')
				}
				s.places(&b, i*n, n)
			}
			b.WriteString(" " + suffix)
			var err error
			if stmt, err = s.statement(ctx, tx, b.String()); err != nil {
				return fmt.Errorf("store %s: %w", table, err)
			}
			size = len(part)
		}
		args = args[:0]
		for _, row := range part {
			args = append(args, row...)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return fmt.Errorf("store %s: %w", table, err)
		}
	}
	return nil
}

// numbers returns n numbers for new rows of a table that counts them, none of
// which was a row's before. A statement that tells the numbers it has given, in
// an order of its own, takes the engine longer.
func (s *Store) numbers(ctx context.Context, tx *sql.Tx, table, column string, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	ask, args := `SELECT nextval(pg_get_serial_sequence($1, $2)) FROM generate_series(1, $3)`, []any{table, column, n}
	if s.dialect == SQLite {
		ask, args = `SELECT seq FROM sqlite_sequence WHERE name = $1`, args[:1]
	}
	nums, err := query(ctx, tx, func(scan func(...any) error) (num int64, err error) { return num, scan(&num) }, ask, args...)
	if s.dialect == SQLite {
		last := append(nums, 0)[0] // none is kept of a table that never had a row
		nums = make([]int64, n)
		for i := range nums {
			nums[i] = last + int64(i) + 1
		}
	}
	return nums, err
}

// statement is one that is run again with other arguments.
type statement interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
}

// statement readies a statement for a transaction, at whose end it ends.
// PostgreSQL's driver readies by itself what comes again, and to ask it for that
// would cost a way there and back.
func (s *Store) statement(ctx context.Context, tx *sql.Tx, q string) (statement, error) {
	if s.dialect == SQLite {
		return tx.PrepareContext(ctx, q)
	}
	return plain{tx, q}, nil
}

// plain is a statement that is sent as it stands.
type plain struct {
	tx *sql.Tx
	q  string
}

func (p plain) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return p.tx.ExecContext(ctx, p.q, args...)
}

// updates is how a statement begins that changes many rows. One that fails
// half-way need not be undone by itself, of which SQLite would make sure by a
// file beside that holds the pages as they were: the transaction is given up.
func (s *Store) updates() string {
	if s.dialect == SQLite {
		return "UPDATE OR FAIL"
	}
	return "UPDATE"
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

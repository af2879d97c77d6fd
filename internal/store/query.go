package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// maxParams is how many parameters one statement may carry on either engine.
const maxParams = 30000

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

// insert writes rows of n values each in as few statements as fit. suffix
// follows the values: ON CONFLICT ...
func insert(ctx context.Context, tx *sql.Tx, table, columns string, rows [][]any, suffix string) error {
	if len(rows) == 0 {
		return nil
	}
	n := len(rows[0])
	for len(rows) > 0 {
		k := min(len(rows), maxParams/n)
		var b strings.Builder
		b.WriteString("INSERT INTO " + table + " (" + columns + ") VALUES ")
		args := make([]any, 0, k*n)
		for i, row := range rows[:k] {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(places(i*n, n))
			args = append(args, row...)
		}
		b.WriteString(" " + suffix)
		if _, err := tx.ExecContext(ctx, b.String(), args...); err != nil {
			return fmt.Errorf("store %s: %w", table, err)
		}
		rows = rows[k:]
	}
	return nil
}

// places is "($4,$5,$6)" for 3 parameters after the third.
func places(after, n int) string {
	b := make([]byte, 0, 6*n+2)
	b = append(b, '(')
	for i := 1; i <= n; i++ {
		if i > 1 {
			b = append(b, ',')
		}
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(after+i), 10)
	}
	return string(append(b, ')'))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

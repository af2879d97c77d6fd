package app_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// places are the tables and columns of a database that hold one of some words.
func places(t *testing.T, db *sql.DB, words []string) []string {
	t.Helper()
	var tables, found []string
	every(t, db, `SELECT name FROM sqlite_master WHERE type = 'table'`, func(_, text string) { tables = append(tables, text) })
	for _, table := range tables {
		every(t, db, "SELECT * FROM "+table, func(column, text string) {
			at := table + "." + column
			if !slices.Contains(found, at) && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) }) {
				found = append(found, at)
			}
		})
	}
	return found
}

// every calls see with the text of every cell that a query answers.
func every(t *testing.T, db *sql.DB, query string, see func(column, text string)) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	cells, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, cell := range cells {
			if b, ok := cell.([]byte); ok {
				cell = string(b)
			}
			see(columns[i], fmt.Sprint(cell))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// What the page on operating says of people in the store, and of erasing one,
// is so: nobody is named but in snapshots, its statements leave nothing of a
// person in the file, and syncd goes on without what they took.
func TestAPersonIsErasedAsThePageSays(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	const example = "jane.doe@acme.example"
	m := regexp.MustCompile("(?s)```sql\n(.*?)```").FindStringSubmatch(string(page))
	if m == nil || !strings.Contains(m[1], example) {
		t.Fatal("the page does not say how")
	}
	apptest.Each(t, func(t *testing.T, vendor string) {
		w := apptest.World(60)
		r := apptest.New(t, apptest.Options{CRM: vendor, World: w})
		r.Pass(t)
		var words []string
		for _, c := range w.Contacts {
			words = append(words, c.Email, c.First+" "+c.Last)
			for _, phone := range []string{c.Phone, c.Mobile} {
				if len(phone) > 6 {
					words = append(words, phone)
				}
			}
		}
		for _, u := range w.Users {
			words = append(words, u.Name, u.Email)
		}
		words = slices.DeleteFunc(words, func(word string) bool { return len(word) < 6 })
		db, err := r.Store(t).Pool(1)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if at := places(t, db, words); !slices.Equal(at, []string{"snapshots.body"}) {
			t.Errorf("people are named in %v", at)
		}
		var person, deal string
		for _, c := range w.Contacts {
			err := db.QueryRowContext(t.Context(), `SELECT id FROM snapshots JOIN deals ON num = deal WHERE body LIKE $1`, "%"+c.Email+"%").Scan(&deal)
			if err == nil && c.Email != "" {
				person = c.Email
				break
			}
		}
		if person == "" {
			t.Fatal("nobody is in a snapshot")
		}
		r.Close(t)
		if _, err := db.ExecContext(t.Context(), strings.ReplaceAll(m[1], example, person)); err != nil {
			t.Fatal(err)
		}
		if at := places(t, db, []string{person}); len(at) > 0 {
			t.Errorf("still in %v", at)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(r.Database + "*")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, path := range files {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte(person)) {
				t.Errorf("%s still holds the address", filepath.Base(path))
			}
		}
		r.Open(t)
		if report := r.Full(t); report.FieldsWritten+report.TasksCreated > 0 {
			t.Errorf("the next pass writes: %+v", report.Counts)
		}
		x, err := r.App.Explain(t.Context(), r.App.Connections()[0], deal, time.Time{})
		if err != nil || len(x) == 0 || len(x[0].Items) == 0 {
			t.Errorf("%+v, %v", x, err)
		}
	})
}

package app_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/need"
)

// places are the tables and columns of a database that hold one of some words.
func places(t *testing.T, db *sql.DB, list string, words []string) []string {
	t.Helper()
	var tables, found []string
	every(t, db, list, func(_, text string) { tables = append(tables, text) })
	for _, table := range tables {
		every(t, db, "SELECT * FROM "+table, func(column, text string) {
			at := table + "." + column
			if !slices.Contains(found, at) && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) }) {
				found = append(found, at)
			}
		})
	}
	slices.Sort(found)
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

// keeper is a database that the page has statements for.
type keeper struct {
	name string
	open func(t *testing.T) string // where a new one is; "" means the rig's own
	// ready makes the files tell: what stands in them must not be packed.
	ready  string
	tables string // names all tables, and what else shows what is in them
	// holding names the files that hold a word, of a closed program's database.
	holding func(t *testing.T, db *sql.DB, r *apptest.Rig, word string) []string
}

var keepers = []keeper{
	{
		name: "SQLite", open: func(*testing.T) string { return "" },
		tables: `SELECT name FROM sqlite_master WHERE type = 'table'`,
		holding: func(t *testing.T, _ *sql.DB, r *apptest.Rig, word string) []string {
			t.Helper()
			files, err := filepath.Glob(r.Database + "*")
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			return slices.DeleteFunc(files, func(path string) bool {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				return !bytes.Contains(b, []byte(word))
			})
		},
	},
	{
		name: "PostgreSQL", open: need.Postgres,
		ready:  `ALTER TABLE snapshots ALTER body SET STORAGE EXTERNAL`,
		tables: `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() UNION ALL SELECT 'pg_stats'`,
		holding: func(t *testing.T, db *sql.DB, _ *apptest.Rig, word string) []string {
			t.Helper()
			if _, err := db.ExecContext(t.Context(), `CHECKPOINT`); err != nil { // what it has, it has written
				t.Fatal(err)
			}
			var files []string
			every(t, db, `SELECT file FROM pg_database, LATERAL (SELECT 'base/' || oid || '/' || pg_ls_dir('base/' || oid) AS file) AS files
				WHERE datname = current_database() AND position('`+word+`'::bytea IN pg_read_binary_file(file)) > 0`, func(_, file string) { files = append(files, file) })
			return files
		},
	},
}

// said are the page's statements about a kind of database: each block of them.
func said(t *testing.T, page []byte, database string) []string {
	t.Helper()
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)((?:[^\n]+\n)+)\n```sql\n(.*?)```").FindAllSubmatch(page, -1) {
		if strings.Contains(string(m[1]), database+",") || strings.Contains(string(m[1]), database+":") {
			blocks = append(blocks, string(m[2]))
		}
	}
	return blocks
}

// run runs statements one by one, as the databases' own programs do.
func run(t *testing.T, db *sql.DB, statements string) {
	t.Helper()
	for one := range strings.SplitSeq(strings.TrimRight(statements, "; \n"), ";\n") {
		if _, err := db.ExecContext(t.Context(), one); err != nil {
			t.Fatalf("%s: %v", one, err)
		}
	}
}

// What the page on operating says of people in the store, and of erasing one,
// is so: nobody is named but in snapshots, its statements leave nothing of a
// person in the files, and syncd goes on without what they took.
func TestAPersonIsErasedAsThePageSays(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	const example = "jane.doe@acme.example"
	for _, k := range keepers {
		blocks := said(t, page, k.name)
		if len(blocks) != 2 || !strings.Contains(blocks[0], example) {
			t.Fatalf("the page does not say how on %s: %q", k.name, blocks)
		}
		t.Run(k.name, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, vendor string) {
				w := apptest.World(60)
				r := apptest.New(t, apptest.Options{CRM: vendor, World: w, Database: k.open(t)})
				db, err := r.Store(t).Pool(1)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				run(t, db, k.ready)
				r.Pass(t)
				if at := places(t, db, k.tables, everybody(w)); !slices.Equal(at, []string{"snapshots.body"}) {
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
				if at := k.holding(t, db, r, person); len(at) == 0 {
					t.Error("no file holds the address before it is erased")
				}
				// What a statement of another session may still see, PostgreSQL keeps.
				var held []string
				for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
					run(t, db, strings.ReplaceAll(blocks[0], example, strings.ToUpper(person)))
					if held = k.holding(t, db, r, person); len(held) == 0 || time.Now().After(end) {
						break
					}
				}
				if len(held) > 0 {
					t.Errorf("%v still hold the address", held)
				}
				if at := places(t, db, k.tables, []string{person}); len(at) > 0 {
					t.Errorf("still in %v", at)
				}
				r.Open(t)
				if report := r.Full(t); report.FieldsWritten+report.TasksCreated > 0 {
					t.Errorf("the next pass writes: %+v", report.Counts)
				}
				x, err := r.App.Explain(t.Context(), r.App.Connections()[0], deal, time.Time{})
				if err != nil || len(x) == 0 || len(x[0].Items) == 0 {
					t.Errorf("%+v, %v", x, err)
				}
				onlyAYear(t, db, blocks[1])
			})
		})
	}
}

// onlyAYear runs what deletes snapshots of more than a year ago.
func onlyAYear(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	set := func(where string, at time.Time) {
		if _, err := db.ExecContext(t.Context(), `UPDATE snapshots SET at = $1 WHERE seq `+where, at.UnixMilli()); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	set(`> 0`, now)
	set(`= (SELECT min(seq) FROM snapshots)`, now.AddDate(0, 0, -366))
	set(`= (SELECT max(seq) FROM snapshots)`, now.AddDate(0, 0, -364))
	var before, after string
	every(t, db, `SELECT count(*) - 1 FROM snapshots`, func(_, text string) { before = text })
	run(t, db, statement)
	every(t, db, `SELECT count(*) FROM snapshots WHERE at > 0`, func(_, text string) { after = text })
	if before != after {
		t.Errorf("%s of snapshots are left, not %s", after, before)
	}
	every(t, db, `SELECT count(*) FROM snapshots WHERE at < `+strconv.FormatInt(now.AddDate(0, 0, -365).UnixMilli(), 10), func(_, text string) {
		if text != "0" {
			t.Errorf("%s of more than a year ago are left", text)
		}
	})
}

// everybody is what names a person of a world: names, addresses and numbers.
func everybody(w *world.World) []string {
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
	return slices.DeleteFunc(words, func(word string) bool { return len(word) < 6 })
}

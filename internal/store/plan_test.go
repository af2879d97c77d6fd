package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// heard is a statement as SQLite was given it.
type heard struct {
	text string
	args []any
}

// listener opens connections that note what is asked of them.
type listener struct {
	engine driver.Driver
	dsn    string
	heard  []heard
}

func (l *listener) Driver() driver.Driver { return l.engine }

func (l *listener) Connect(context.Context) (driver.Conn, error) {
	c, err := l.engine.Open(l.dsn)
	return &overheard{c, l}, err
}

type overheard struct {
	driver.Conn
	*listener
}

func (o *overheard) note(q string, args []driver.NamedValue) {
	h := heard{text: q}
	for _, a := range args {
		h.args = append(h.args, a.Value)
	}
	o.heard = append(o.heard, h)
}

func (o *overheard) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	o.note(q, args)
	return o.Conn.(driver.QueryerContext).QueryContext(ctx, q, args)
}

func (o *overheard) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	o.note(q, args)
	return o.Conn.(driver.ExecerContext).ExecContext(ctx, q, args)
}

func (o *overheard) PrepareContext(ctx context.Context, q string) (driver.Stmt, error) {
	o.note(q, make([]driver.NamedValue, strings.Count(q, "$"))) // more than it has
	return o.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, q)
}

func (o *overheard) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return o.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

// A pass over thousands of tasks or open deals takes its time once, and not
// once a page: no page of tasks is sorted, and none is looked for among all.
func TestPagesAreFoundByIndexes(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "syncd.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	plain := s.db
	l := &listener{engine: plain.Driver(), dsn: s.dsn}
	s.db = sql.OpenDB(l)
	defer plain.Close()
	now := time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)
	lease, err := s.Acquire(t.Context(), "org", "me", time.Hour, now)
	if err != nil {
		t.Fatal(err)
	}
	run := Run{ID: "r1", Connection: "org", Status: RunRunning, WindowTo: now}
	if err := s.StartRun(t.Context(), lease, run); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		does func(ctx context.Context) error
		by   []string // the indexes that are to be used
	}{
		{"to make", func(ctx context.Context) error {
			_, err := s.TasksToMake(ctx, "org", "r1", now, "a", 100)
			return err
		}, []string{"tasks_run (connection=? AND run=? AND key>?)"}},
		{"to close", func(ctx context.Context) error {
			_, err := s.TasksToClose(ctx, "org", "r1", now, "a", 100)
			return err
		}, []string{"tasks_run (connection=? AND run=? AND key>?)"}},
		{"of a run", func(ctx context.Context) error {
			_, err := s.TasksBy(ctx, "org", "r1", "a", 100)
			return err
		}, []string{"tasks_run (connection=? AND run=? AND key>?)"}},
		{"refused", func(ctx context.Context) error {
			_, err := s.TasksRefused(ctx, "org", "r1", "a", 100)
			return err
		}, []string{"tasks_run (connection=? AND run=? AND key>?)"}},
		{"alone", func(ctx context.Context) error {
			_, err := s.TasksAlone(ctx, "org", "r1", "a", 100)
			return err
		}, []string{"tasks_run (connection=? AND run=? AND key>?)", "intents_deal (deal=?)"}},
		{"late owners", func(ctx context.Context) error {
			_, err := s.LateOwners(ctx, "org", "r1")
			return err
		}, []string{"tasks_late (connection=? AND run=?"}},
		{"late tasks", func(ctx context.Context) error {
			_, err := s.LateTasks(ctx, "org", "r1", "u1")
			return err
		}, []string{"tasks_late (connection=? AND run=? AND owner=?)"}},
		{"open", func(ctx context.Context) error {
			_, _, err := s.OpenRefs(ctx, Due{Connection: "org", Run: "r2", Now: now}, "", 100)
			return err
		}, []string{"tasks_open (connection=? AND deal>?)", "states_open (connection=? AND deal>?)", "intents_unfinished (connection=? AND deal>?)"}},
		{"open or not", func(ctx context.Context) error {
			_, _, err := s.OpenRefs(ctx, Due{Connection: "org", Run: "r2", Now: now, All: true}, "", 100)
			return err
		}, []string{"states_scope (connection=? AND deal>?)"}},
		{"taken back", func(ctx context.Context) error {
			return s.Commit(ctx, lease, Slice{Run: run, Closings: []Closing{{Key: "1/a"}}})
		}, []string{"tasks_told (connection=? AND within=?)"}},
		{"planned", func(ctx context.Context) error {
			_, err := s.WritesOf(ctx, "org", "r1", Planned, 7, 100)
			return err
		}, []string{"intents_run (connection=? AND run=? AND seq>?)"}},
		{"to send", func(ctx context.Context) error {
			_, err := s.ToSend(ctx, "org", "r1", 7, 100)
			return err
		}, []string{"intents_run (connection=? AND run=? AND seq>?)"}},
		{"under way", func(ctx context.Context) error {
			_, err := s.Underway(ctx, "org", "r1", 100)
			return err
		}, []string{"intents_run (connection=? AND run=?)"}},
		{"waiting", func(ctx context.Context) error {
			_, err := s.Waiting(ctx, "org")
			return err
		}, []string{"intents_unfinished (connection=?)"}},
		{"settled", func(ctx context.Context) error {
			return s.TasksSettled(ctx, lease, []TaskResult{{Key: "1/a", Status: TaskClosed, At: now}})
		}, nil},
		{"left", func(ctx context.Context) error { return s.LeaveTasks(ctx, lease, "r1", []string{"1", "2"}) }, []string{"tasks_deal (deal=?)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.heard = nil
			if err := c.does(t.Context()); err != nil {
				t.Fatal(err)
			}
			var plan []string
			for _, h := range l.heard {
				if !strings.Contains(h.text, "tasks") && !strings.Contains(h.text, "intents") {
					continue
				}
				steps, err := query(t.Context(), plain, func(scan func(...any) error) (step string, err error) {
					var a, b, c any
					return step, scan(&a, &b, &c, &step)
				}, "EXPLAIN QUERY PLAN "+h.text, h.args...)
				if err != nil {
					t.Fatal(err)
				}
				plan = append(plan, steps...)
			}
			all := strings.Join(plan, "\n")
			t.Log("\n" + all)
			for _, index := range c.by {
				if !strings.Contains(all, index) {
					t.Errorf("%s is not used", index)
				}
			}
			for _, step := range plan {
				if strings.Contains(step, "SCAN t") || strings.Contains(step, "SCAN x") || !strings.HasPrefix(c.name, "open") && strings.Contains(step, "USE TEMP B-TREE") && !strings.HasSuffix(step, "GROUP BY") {
					t.Errorf("takes all: %s", step)
				}
			}
		})
	}
}

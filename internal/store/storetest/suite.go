// Package storetest is the suite that every database behind the store must
// pass, with a way to open a fresh one of each kind.
package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/need"
	"github.com/handoffscore/syncd/internal/store"
)

// Each runs a test on a fresh store of each engine. PostgreSQL on 127.0.0.1 is
// used when it is there, and required when SYNCD_REQUIRE=1.
func Each(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "syncd.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, need.Postgres(t)) })
}

// Open opens a store and closes it with the test.
func Open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

var now = time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)

func lease(t *testing.T, s *store.Store, at time.Time) store.Lease {
	t.Helper()
	l, err := s.Acquire(t.Context(), "org", "me", time.Minute, at)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func begun(t *testing.T, s *store.Store, l store.Lease, id string) store.Run {
	t.Helper()
	r := store.Run{ID: id, Connection: "org", Mode: "write", Kind: "full", Phase: "changed", Status: store.RunRunning, Started: now, WindowTo: now}
	if err := s.StartRun(t.Context(), l, r); err != nil {
		t.Fatal(err)
	}
	return r
}

func ref(id string) crm.Ref { return crm.Ref{Connection: "org", Object: crm.ObjectDeal, ID: id} }

// Run is the suite.
func Run(t *testing.T) {
	for name, test := range map[string]func(*testing.T, *store.Store){
		"an old epoch cannot write":                fenced,
		"a held lease names its holder":            held,
		"a slice comes back as it was kept":        roundTrip,
		"a slice is kept whole or not at all":      whole,
		"a new reading supersedes what was open":   superseded,
		"a crash after sending leaves a trace":     crash,
		"rejected writes wait for their time":      rejected,
		"every write has a last word":              outcomes,
		"connections of their own":                 apart,
		"open refs page in order":                  openRefs,
		"due for several reasons":                  dueInPages,
		"a run reads each deal once":               readOnce,
		"what a run has not read":                  unread,
		"the last handoffs of a motion":            motion,
		"a write of one card ends none of another": ofOneCard,
		"runs in the order they were begun":        latest,
		"a run beside one that waits":              beside,
		"calls of the last day":                    spending,
		"plans of runs that ended":                 leftPlanned,
		"one org has one connection":               oneOrg,
		"history answers as of a moment":           asOf,
		"readers and a writer at once":             together,
		"records of attempts":                      keepsAttempts,
		"a person is asked once":                   askedOnce,
		"tasks that are due":                       dueTasks,
		"tasks of a run in pages":                  paged,
		"reminders that came late":                 lateTasks,
		"a task that is taken back":                takenBack,
		"a digest ends with the last it tells":     digest,
		"a digest that was never made":             unmadeDigest,
		"many told in a digest":                    manyTold,
		"records wait for their tasks":             heldBack,
		"deals with a task are looked at again":    lookedAtAgain,
		"tasks that a run leaves":                  left,
		"an old epoch changes no task":             fencedTasks,
		"siblings of an account":                   siblings,
		"two thousand deals in one slice":          big,
	} {
		t.Run(name, func(t *testing.T) {
			Each(t, func(t *testing.T, dsn string) { test(t, Open(t, dsn)) })
		})
	}
}

func fenced(t *testing.T, s *store.Store) {
	old := lease(t, s, now)
	run := begun(t, s, old, "r1")
	young, err := s.Acquire(t.Context(), "org", "other", time.Minute, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if young.Epoch <= old.Epoch {
		t.Errorf("epoch went from %d to %d", old.Epoch, young.Epoch)
	}
	for what, err := range map[string]error{
		"commit":  s.Commit(t.Context(), old, store.Slice{Run: run}),
		"run":     s.SaveRun(t.Context(), old, run),
		"sent":    s.MarkSent(t.Context(), old, []int64{1}, now),
		"resolve": s.Resolve(t.Context(), old, []store.Result{{ID: 1, Status: store.Confirmed}}),
		"save":    s.SaveConnection(t.Context(), old, store.Connection{Name: "org"}),
	} {
		if !errors.Is(err, store.ErrFenced) {
			t.Errorf("%s under an old lease: %v", what, err)
		}
	}
	if _, err := s.Renew(t.Context(), old, time.Minute, now); !errors.Is(err, store.ErrFenced) {
		t.Errorf("renewed an old lease: %v", err)
	}
	if err := s.Release(t.Context(), old); err != nil {
		t.Error(err)
	}
	if err := s.SaveRun(t.Context(), young, run); err != nil {
		t.Errorf("the release of an old lease ended the young one: %v", err)
	}
}

func held(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	_, err := s.Acquire(t.Context(), "org", "other", time.Minute, now.Add(59*time.Second))
	var h *store.ErrHeld
	if !errors.As(err, &h) || h.Holder != "me" || !h.Until.Equal(now.Add(time.Minute)) {
		t.Errorf("got %v", err)
	}
	if err := s.Release(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Acquire(t.Context(), "org", "other", time.Minute, now); err != nil {
		t.Errorf("a released lease is held: %v", err)
	}
}

func sample(id string, score *int) store.State {
	return store.State{
		Ref: ref(id), Card: "sales-to-cs", Attempt: 1, Status: "scoring open", Open: true, InScope: true, Score: score, Account: "a", Amount: "12.50",
		WonAt: now.Add(-time.Hour), InputHash: "h", Body: `{"k":"v"}`, UpdatedAt: now,
	}
}

func roundTrip(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	run := begun(t, s, l, "r1")
	zero := 0
	run.Cursor = "c"
	slice := store.Slice{
		Run: run, States: []store.State{sample("1", nil), sample("2", &zero)},
		Snapshots:  []store.Snapshot{{Ref: ref("1"), At: now, Hash: "h", Body: `{"a":1}`}},
		Judgements: []store.Judgement{{Ref: ref("1"), Card: "sales-to-cs", Version: "v", Attempt: 1, At: now, Run: "r1", SnapshotHash: "h", Body: `{}`}},
		Intents:    []store.Intent{{Run: "r1", Ref: ref("1"), Card: "sales-to-cs", Fields: map[string]string{"status": "x", "score": ""}, Before: map[string]string{"status": ""}, Escalation: "Sales manager", BandChange: true, CreatedAt: now, UpdatedAt: now}},
		Cards:      []store.Card{{ID: "sales-to-cs", Version: "v", Source: []byte("yaml: here")}},
	}
	for range 2 { // cards are kept once
		if err := s.Commit(t.Context(), l, store.Slice{Run: run, Cards: slice.Cards}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(t.Context(), l, slice); err != nil {
		t.Fatal(err)
	}
	got, err := s.States(t.Context(), "org", []string{"1", "2", "3"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(slice.States, got); d != "" {
		t.Errorf("states (no score is not 0):\n%s", d)
	}
	planned, err := s.WritesOf(t.Context(), "org", "r1", store.Planned, 0, 10)
	if err != nil || len(planned) != 1 {
		t.Fatalf("%d planned, %v", len(planned), err)
	}
	want := slice.Intents[0]
	want.ID, want.Status = planned[0].ID, store.Planned
	if d := cmp.Diff(want, planned[0]); d != "" {
		t.Errorf("intent:\n%s", d)
	}
	last, err := s.LatestRun(t.Context(), "org", "")
	if err != nil || last.Cursor != "c" {
		t.Errorf("latest run %+v %v", last, err)
	}
	card, ok, err := s.Card(t.Context(), "v")
	if err != nil || !ok || !bytes.Equal(card.Source, slice.Cards[0].Source) {
		t.Errorf("card %+v %v %v", card, ok, err)
	}
	g, err := s.GuardCounts(t.Context(), "org", "r1")
	if err != nil || g.Escalations != 1 || g.BandChanges != 1 || g.InScope != 2 {
		t.Errorf("guard %+v %v", g, err)
	}
}

func whole(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	run := begun(t, s, l, "r1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Commit(ctx, l, store.Slice{Run: run, States: []store.State{sample("1", nil)}})
	if err == nil {
		t.Fatal("a cancelled commit succeeded")
	}
	got, err := s.States(t.Context(), "org", []string{"1"})
	if err != nil || len(got) != 0 {
		t.Errorf("%d states of a slice that failed, %v", len(got), err)
	}
}

func intent(run, id string) store.Intent {
	return store.Intent{Run: run, Ref: ref(id), Card: "sales-to-cs", Fields: map[string]string{"status": run}, Before: map[string]string{}, CreatedAt: now, UpdatedAt: now}
}

func superseded(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r1 := begun(t, s, l, "r1")
	if err := s.Commit(t.Context(), l, store.Slice{Run: r1, Read: []string{"1", "2"}, Intents: []store.Intent{intent("r1", "1"), intent("r1", "2")}}); err != nil {
		t.Fatal(err)
	}
	r2 := begun(t, s, l, "r2")
	if err := s.Commit(t.Context(), l, store.Slice{Run: r2, Read: []string{"1"}, Intents: []store.Intent{intent("r2", "1")}}); err != nil {
		t.Fatal(err)
	}
	first, err := s.WritesOf(t.Context(), "org", "r1", store.Planned, 0, 10)
	if err != nil || len(first) != 1 || first[0].Ref.ID != "2" {
		t.Errorf("left of the first run: %+v %v", first, err)
	}
	writes, err := s.Writes(t.Context(), "org", "1")
	if err != nil || len(writes) != 2 || writes[0].Status != store.Superseded || writes[1].Status != store.Planned {
		t.Errorf("writes %+v %v", writes, err)
	}
}

func crash(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r := begun(t, s, l, "r1")
	if err := s.Commit(t.Context(), l, store.Slice{Run: r, Intents: []store.Intent{intent("r1", "1")}}); err != nil {
		t.Fatal(err)
	}
	planned, _ := s.WritesOf(t.Context(), "org", "r1", store.Planned, 0, 10)
	if err := s.MarkSent(t.Context(), l, []int64{planned[0].ID}, now); err != nil {
		t.Fatal(err)
	}
	under, err := s.Underway(t.Context(), "org", "r1", 10)
	if err != nil || len(under) != 1 || under[0].Tries != 1 {
		t.Errorf("underway %+v %v", under, err)
	}
	ids, _, err := s.OpenRefs(t.Context(), store.Due{Connection: "org", Now: now}, "", 10)
	if err != nil || len(ids) != 1 {
		t.Errorf("a deal whose write nobody knows of is not looked at again: %v %v", ids, err)
	}
}

func rejected(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r := begun(t, s, l, "r1")
	if err := s.Commit(t.Context(), l, store.Slice{Run: r, Intents: []store.Intent{intent("r1", "1"), intent("r1", "2")}}); err != nil {
		t.Fatal(err)
	}
	planned, _ := s.WritesOf(t.Context(), "org", "r1", store.Planned, 0, 10)
	results := []store.Result{
		{ID: planned[0].ID, Status: store.Rejected, Class: "validation", Code: "RULE", Message: "no", NextTry: now.Add(time.Hour), At: now},
		{ID: planned[1].ID, Status: store.Confirmed, At: now},
	}
	if err := s.Resolve(t.Context(), l, results); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]int{now: 0, now.Add(time.Hour): 1} {
		ids, _, err := s.OpenRefs(t.Context(), store.Due{Connection: "org", Now: at}, "", 10)
		if err != nil || len(ids) != want {
			t.Errorf("at %s: %v %v, want %d", at, ids, err, want)
		}
	}
	got, err := s.Rejected(t.Context(), "org", []string{"1", "2"})
	if err != nil || len(got) != 1 || got[0].Message != "no" || got[0].Class != "validation" {
		t.Errorf("rejected %+v %v", got, err)
	}
	if n, err := s.Waiting(t.Context(), "org"); err != nil || !maps.Equal(n, map[string]int{"validation": 1}) {
		t.Errorf("waiting %v %v", n, err)
	}
	if n, err := s.Waiting(t.Context(), "other"); err != nil || len(n) != 0 {
		t.Errorf("waiting elsewhere %v %v", n, err)
	}
}

// outcomes: the last word on each write up to a moment, whether it stands in the
// intent or apart.
func outcomes(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r := begun(t, s, l, "r1")
	other := intent("r1", "1")
	other.Card = "partner-handoff"
	if err := s.Commit(t.Context(), l, store.Slice{Run: r, Intents: []store.Intent{intent("r1", "1"), other, intent("r1", "2")}}); err != nil {
		t.Fatal(err)
	}
	planned, err := s.WritesOf(t.Context(), "org", "r1", store.Planned, 0, 10)
	if err != nil || len(planned) != 3 {
		t.Fatalf("%d planned, %v", len(planned), err)
	}
	first, second := planned[0].ID, planned[1].ID
	later := now.Add(time.Hour)
	for _, results := range [][]store.Result{
		{
			{ID: first, Status: store.Confirmed, At: now},
			{ID: planned[2].ID, Status: store.Confirmed, At: now},
			{ID: second, Status: store.Rejected, Class: "locked", Code: "UNABLE_TO_LOCK_ROW", Message: "no", At: now},
		},
		{{ID: second, Status: store.Confirmed, Message: "two fields were left out", At: later}},
	} {
		if err := s.Resolve(t.Context(), l, results); err != nil {
			t.Fatal(err)
		}
	}
	confirmed := store.Result{ID: first, Status: store.Confirmed, At: now}
	for at, want := range map[time.Time]map[int64]store.Result{
		now.Add(-time.Second): {},
		now:                   {first: confirmed, second: {ID: second, Status: store.Rejected, Class: "locked", Code: "UNABLE_TO_LOCK_ROW", Message: "no", At: now}},
		later:                 {first: confirmed, second: {ID: second, Status: store.Confirmed, Message: "two fields were left out", At: later}},
		{}:                    {first: confirmed, second: {ID: second, Status: store.Confirmed, Message: "two fields were left out", At: later}},
	} {
		got, err := s.Outcomes(t.Context(), ref("1"), at)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("at %s (-want +got):\n%s", at, d)
		}
	}
}

// ofOneCard: a new write of one card leaves a rejected one of another to its
// time, and takes the place of its own.
func ofOneCard(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r := begun(t, s, l, "r1")
	other := intent("r1", "1")
	other.Card = "partner-handoff"
	if err := s.Commit(t.Context(), l, store.Slice{Run: r, Intents: []store.Intent{intent("r1", "1"), other}}); err != nil {
		t.Fatal(err)
	}
	planned, _ := s.WritesOf(t.Context(), "org", "r1", store.Planned, 0, 10)
	var results []store.Result
	for _, in := range planned {
		results = append(results, store.Result{ID: in.ID, Status: store.Rejected, Class: "validation", NextTry: now.Add(time.Hour), At: now})
	}
	if err := s.Resolve(t.Context(), l, results); err != nil {
		t.Fatal(err)
	}
	r2 := begun(t, s, l, "r2")
	if err := s.Commit(t.Context(), l, store.Slice{Run: r2, Read: []string{"1"}, Intents: []store.Intent{intent("r2", "1")}}); err != nil {
		t.Fatal(err)
	}
	left, err := s.Rejected(t.Context(), "org", []string{"1"})
	if err != nil || len(left) != 1 || left[0].Card != "partner-handoff" {
		t.Errorf("rejected %+v %v", left, err)
	}
}

// apart: what uses up the store's connections leaves those apart alone.
func apart(t *testing.T, s *store.Store) {
	eye, err := s.Apart(1)
	if err != nil {
		t.Fatal(err)
	}
	defer eye.Close()
	begun(t, s, lease(t, s, now), "r1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if runs, err := eye.Runs(t.Context(), "org", 1); err != nil || len(runs) != 1 {
		t.Errorf("%+v %v", runs, err)
	}
	if _, err := eye.CountBy(t.Context(), `SELECT name, 1 FROM no_such_table`); err == nil || !store.NoTable(err) {
		t.Errorf("a table that is not there: %v", err)
	}
}

func openRefs(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r := begun(t, s, l, "r1")
	var states []store.State
	for i := range 7 {
		st := sample(strconv.Itoa(i), nil)
		st.Open = i%2 == 0
		if i == 3 {
			st.NextAt = now
		}
		if i == 5 {
			st.NextAt = now.Add(time.Millisecond)
		}
		states = append(states, st)
	}
	if err := s.Commit(t.Context(), l, store.Slice{Run: r, States: states}); err != nil {
		t.Fatal(err)
	}
	var all []string
	for after, more := "", true; more; {
		ids, next, err := s.OpenRefs(t.Context(), store.Due{Connection: "org", Now: now}, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		all, after, more = append(all, ids...), next, next != ""
	}
	if d := cmp.Diff([]string{"0", "2", "3", "4", "6"}, all); d != "" {
		t.Error(d)
	}
}

// dueInPages: pages of whatever size name every deal that is due once, on how
// many cards and for how many reasons it is, and in spite of those between that
// the run has read.
func dueInPages(t *testing.T, s *store.Store) {
	a := asks(t, s)
	slice := store.Slice{Run: a.run}
	for i := range 10 {
		for _, card := range []string{"sales-to-cs", "second"} {
			st := sample(strconv.Itoa(i), nil)
			st.Card, st.Open = card, i < 4 || i == 7
			if i == 2 || i == 8 {
				st.NextAt = now
			}
			slice.States = append(slice.States, st)
			if i == 1 || i == 6 {
				in := intent("r1", strconv.Itoa(i))
				in.Card = card
				slice.Intents = append(slice.Intents, in)
			}
		}
	}
	slice.Tasks = []store.Task{task("1/a"), task("1/b"), task("5/a"), task("5/b"), task("5/c")}
	a.commit(t, slice)
	a.begin(t, "later")
	a.commit(t, store.Slice{Run: a.run, Read: []string{"0", "3", "4"}})
	for all, want := range map[bool][]string{false: {"1", "2", "5", "6", "7", "8"}, true: {"1", "2", "5", "6", "7", "8", "9"}} {
		for limit := 1; limit <= 11; limit++ {
			var have []string
			for after, more := "", true; more; {
				ids, next, err := a.OpenRefs(t.Context(), store.Due{Connection: "org", Run: "later", Now: now, All: all}, after, limit)
				a.ok(t, err)
				have, after, more = append(have, ids...), next, next != ""
			}
			if d := cmp.Diff(want, have); d != "" {
				t.Errorf("all %t, %d a page:\n%s", all, limit, d)
			}
		}
	}
}

func readOnce(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r := begun(t, s, l, "r1")
	closed := sample("2", nil)
	closed.Open = false
	if err := s.Commit(t.Context(), l, store.Slice{Run: r, States: []store.State{sample("1", nil), closed, sample("3", nil)}, Read: []string{"1"}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		due  store.Due
		want []string
	}{
		{store.Due{Connection: "org", Run: "r1", Now: now}, []string{"3"}},
		{store.Due{Connection: "org", Run: "r1", Now: now, All: true}, []string{"2", "3"}},
		{store.Due{Connection: "org", Run: "r2", Now: now, All: true}, []string{"1", "2", "3"}},
	} {
		if ids, _, err := s.OpenRefs(t.Context(), c.due, "", 10); err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%+v: %v %v, want %v", c.due, ids, err, c.want)
		}
	}
}

// latest: of runs begun in one second, whatever their names, the one begun last
// is the latest.
func latest(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	if r, err := s.LatestRun(t.Context(), "org", ""); err != nil || r.ID != "" {
		t.Errorf("before the first run: %+v %v", r, err)
	}
	for _, id := range []string{"c", "a", "b"} {
		begun(t, s, l, id)
	}
	short := store.Run{ID: "0", Connection: "org", Kind: "incremental", Status: store.RunDone, Started: now, WindowTo: now, Beside: "b"}
	if err := s.StartRun(t.Context(), l, short); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]string{"": "0", "full": "b", "incremental": "0", "other": ""} {
		if r, err := s.LatestRun(t.Context(), "org", kind); err != nil || r.ID != want || r.Beside != map[string]string{"0": "b"}[want] {
			t.Errorf("latest of kind %q: %+v %v, want %s", kind, r, err, want)
		}
	}
	for _, connection := range []string{"org", ""} {
		runs, err := s.Runs(t.Context(), connection, 3)
		var ids []string
		for _, r := range runs {
			ids = append(ids, r.ID)
		}
		if err != nil || !slices.Equal(ids, []string{"0", "b", "a"}) {
			t.Errorf("runs of %q: %v %v", connection, ids, err)
		}
	}
}

// beside: what a run that waits has read and planned is kept for it by those
// that go on beside it, and by no others.
func beside(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	full := begun(t, s, l, "full")
	closed := sample("1", nil)
	closed.Open = false
	if err := s.Commit(t.Context(), l, store.Slice{Run: full, Read: []string{"1"}, States: []store.State{closed}, Intents: []store.Intent{intent("full", "1")}}); err != nil {
		t.Fatal(err)
	}
	due := func(d store.Due, want ...string) {
		t.Helper()
		d.Connection, d.Now = "org", now
		if ids, _, err := s.OpenRefs(t.Context(), d, "", 10); err != nil || !slices.Equal(ids, want) {
			t.Errorf("%+v: %v %v, want %v", d, ids, err, want)
		}
	}
	run := store.Run{ID: "run", Connection: "org", Mode: "write", Kind: "incremental", Status: store.RunRunning, Started: now, WindowTo: now, Beside: "full"}
	if err := s.StartRun(t.Context(), l, run); err != nil {
		t.Fatal(err)
	}
	due(store.Due{Run: "run", Beside: "full"})
	due(store.Due{Run: "full", All: true}) // it has read it
	due(store.Due{Run: "run"}, "1")
	if err := s.Commit(t.Context(), l, store.Slice{Run: run, Read: []string{"1"}}); err != nil {
		t.Fatal(err)
	}
	due(store.Due{Run: "full", All: true}) // one beside it has, since
	if err := s.Commit(t.Context(), l, store.Slice{Run: begun(t, s, l, "next"), Read: []string{"1"}}); err != nil {
		t.Fatal(err)
	}
	due(store.Due{Run: "full", All: true}, "1")
}

func spending(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	for h := range 60 {
		if err := s.Spend(t.Context(), l, store.Spent{At: now.Add(time.Duration(h) * time.Hour), Calls: int64(h)}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.SpentSince(t.Context(), "org", now.Add(35*time.Hour))
	if err != nil || len(got) != 24 || got[0].Calls != 36 || !got[23].At.Equal(now.Add(59*time.Hour)) {
		t.Errorf("%d rows, %v: %+v", len(got), err, got)
	}
	if all, err := s.SpentSince(t.Context(), "org", time.Time{}); err != nil || len(all) != 49 {
		t.Errorf("%d rows are kept, %v; two days are wanted", len(all), err)
	}
	if err := s.Spend(t.Context(), store.Lease{Connection: "org", Holder: "me", Epoch: 99}, store.Spent{At: now}); !errors.Is(err, store.ErrFenced) {
		t.Errorf("without the lease: %v", err)
	}
}

func leftPlanned(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	for _, mode := range []string{"write", "observe"} {
		r := begun(t, s, l, mode)
		r.Mode = mode
		if err := s.Commit(t.Context(), l, store.Slice{Run: r, Intents: []store.Intent{intent(mode, "of "+mode)}}); err != nil {
			t.Fatal(err)
		}
	}
	if ids, _, err := s.OpenRefs(t.Context(), store.Due{Connection: "org", Run: "next", Now: now}, "", 10); err != nil || !slices.Equal(ids, []string{"of write"}) {
		t.Errorf("%v %v: what a run in write mode planned and never sent, and nothing that was only observed", ids, err)
	}
}

func oneOrg(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	if err := s.SaveConnection(t.Context(), l, store.Connection{Name: "org", CRM: "salesforce", OrgID: "00D"}); err != nil {
		t.Fatal(err)
	}
	l2, err := s.Acquire(t.Context(), "twin", "me", time.Minute, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SaveConnection(t.Context(), l2, store.Connection{Name: "twin", CRM: "salesforce", OrgID: "00D"}); err == nil {
		t.Error("two connections to one org")
	}
}

func asOf(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r := begun(t, s, l, "r1")
	for i := range 3 {
		at := now.Add(time.Duration(i) * time.Hour)
		err := s.Commit(t.Context(), l, store.Slice{
			Run:        r,
			Judgements: []store.Judgement{{Ref: ref("1"), Card: "c", Version: "v", Attempt: 1, At: at, Body: strconv.Itoa(i)}},
			Snapshots:  []store.Snapshot{{Ref: ref("1"), At: at, Body: strconv.Itoa(i)}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for at, want := range map[time.Time]string{{}: "2", now.Add(90 * time.Minute): "1", now: "0"} {
		j, ok, err := s.LastJudgement(t.Context(), ref("1"), "c", at)
		if err != nil || !ok || j.Body != want {
			t.Errorf("judgement at %v: %s %v %v, want %s", at, j.Body, ok, err, want)
		}
		snap, ok, err := s.SnapshotAt(t.Context(), ref("1"), at)
		if err != nil || !ok || snap.Body != want {
			t.Errorf("snapshot at %v: %s %v %v, want %s", at, snap.Body, ok, err, want)
		}
	}
	if _, ok, _ := s.LastJudgement(t.Context(), ref("1"), "c", now.Add(-time.Hour)); ok {
		t.Error("a judgement from before the first")
	}
	all, err := s.Judgements(t.Context(), ref("1"), "c")
	if err != nil || len(all) != 3 || all[0].Body != "0" {
		t.Errorf("%d judgements, %v", len(all), err)
	}
}

func together(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r := begun(t, s, l, "r1")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if _, err := s.States(context.Background(), "org", []string{"1"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 20 {
		if err := s.Commit(t.Context(), l, store.Slice{Run: r, States: []store.State{sample(strconv.Itoa(i), nil)}}); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

func big(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r := begun(t, s, l, "r1")
	body, err := json.Marshal(make([]string, 200))
	if err != nil {
		t.Fatal(err)
	}
	slice, n := store.Slice{Run: r}, 2000
	if testing.Short() {
		n = 200
	}
	for i := range n {
		id := fmt.Sprintf("%05d", i)
		st := sample(id, nil)
		st.Body = string(body)
		slice.Read = append(slice.Read, id)
		slice.States = append(slice.States, st)
		slice.Intents = append(slice.Intents, intent("r1", id))
	}
	if err := s.Commit(t.Context(), l, slice); err != nil {
		t.Fatal(err)
	}
	got, err := s.CountStates(t.Context(), "org")
	if err != nil || got.InScope != int64(n) || got.ByStatus["scoring open"] != int64(n) || got.Final != 0 {
		t.Errorf("%+v %v", got, err)
	}
}

package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/store"
)

// asking is a store with a run in which people are asked.
type asking struct {
	*store.Store
	lease store.Lease
	run   store.Run
}

func asks(t *testing.T, s *store.Store) *asking {
	t.Helper()
	a := &asking{Store: s, lease: lease(t, s, now)}
	a.begin(t, "r1")
	return a
}

// begin begins a run; what is asked from then on is its own.
func (a *asking) begin(t *testing.T, id string) {
	t.Helper()
	a.run = begun(t, a.Store, a.lease, id)
}

func task(key string) store.Task {
	return store.Task{
		Key: key, Ref: ref(key[:1]), Card: "sales-to-cs", Attempt: 1, Kind: "csm_reminder", Role: "CSM", Owner: "u1",
		About: "Deal", Subject: "Score it", Body: "It is due.", Due: now.Add(time.Hour), Urgent: true, Digest: true,
	}
}

func (a *asking) ask(t *testing.T, tasks ...store.Task) {
	t.Helper()
	a.commit(t, store.Slice{Run: a.run, Tasks: tasks})
}

func (a *asking) unask(t *testing.T, keys ...string) {
	t.Helper()
	s := store.Slice{Run: a.run}
	for _, key := range keys {
		s.Closings = append(s.Closings, store.Closing{Key: key, Note: "No longer needed."})
	}
	a.commit(t, s)
}

func (a *asking) commit(t *testing.T, s store.Slice) {
	t.Helper()
	a.ok(t, a.Commit(t.Context(), a.lease, s))
}

func (a *asking) ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// settle keeps what became of tasks; one that was made has its key's name.
func (a *asking) settle(t *testing.T, status string, keys ...string) {
	t.Helper()
	var results []store.TaskResult
	for _, key := range keys {
		r := store.TaskResult{Key: key, Status: status, At: now}
		if status == store.TaskMade {
			r.TaskID = "of " + key
		}
		results = append(results, r)
	}
	a.ok(t, a.TasksSettled(t.Context(), a.lease, results))
}

func (a *asking) sent(t *testing.T, keys ...string) {
	t.Helper()
	a.ok(t, a.TasksSent(t.Context(), a.lease, keys, now))
}

// row is a task as it is kept.
func (a *asking) row(t *testing.T, key string) store.Task {
	t.Helper()
	list, err := a.TasksOf(t.Context(), "org", []string{key[:1]})
	a.ok(t, err)
	for _, k := range list {
		if k.Key == key {
			return k
		}
	}
	t.Fatalf("no task %s", key)
	return store.Task{}
}

// are wants tasks to stand as given.
func (a *asking) are(t *testing.T, want map[string]string) {
	t.Helper()
	have := map[string]string{}
	for key := range want {
		have[key] = a.row(t, key).Status
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Error(d)
	}
}

// due lists the keys that a run is to make and to close at a moment.
func (a *asking) due(t *testing.T, run string, at time.Time, limit int) (toMake, toClose []string) {
	t.Helper()
	for _, part := range []struct {
		list *[]string
		next func() ([]store.Task, error)
	}{
		{&toMake, func() ([]store.Task, error) { return a.TasksToMake(t.Context(), "org", run, at, "", limit) }},
		{&toClose, func() ([]store.Task, error) { return a.TasksToClose(t.Context(), "org", run, at, "", limit) }},
	} {
		rows, err := part.next()
		a.ok(t, err)
		for _, row := range rows {
			*part.list = append(*part.list, row.Key)
		}
	}
	return toMake, toClose
}

// open lists the deals that are to be looked at by a run to come.
func (a *asking) open(t *testing.T, at time.Time) []string {
	t.Helper()
	ids, _, err := a.OpenRefs(t.Context(), store.Due{Connection: "org", Run: "later", Now: at}, "", 10)
	a.ok(t, err)
	return ids
}

// askedOnce: what is known stays as it is; while it is not made it is the
// latest run's, in its words; once it is on its way it keeps its owner.
func askedOnce(t *testing.T, s *store.Store) {
	a := asks(t, s)
	a.ask(t, task("1/a"), task("1/b"), task("1/c"))
	want := task("1/a")
	want.Run, want.Status, want.CreatedAt, want.UpdatedAt = "r1", store.TaskWanted, now, now
	if d := cmp.Diff(want, a.row(t, "1/a")); d != "" {
		t.Errorf("a task comes back otherwise:\n%s", d)
	}
	a.sent(t, "1/b", "1/c")
	a.settle(t, store.TaskMade, "1/c")
	a.begin(t, "r2")
	var again []store.Task
	for _, key := range []string{"1/a", "1/b", "1/c"} {
		k := task(key)
		k.Owner, k.Subject, k.Due = "u2", "Score it now", now.Add(5*time.Hour)
		again = append(again, k)
	}
	a.ask(t, again...)
	type told struct{ Run, Owner, Subject, Status, TaskID string }
	have := map[string]told{}
	for _, key := range []string{"1/a", "1/b", "1/c"} {
		row := a.row(t, key)
		have[key] = told{row.Run, row.Owner, row.Subject, row.Status, row.TaskID}
		if !row.Due.Equal(now.Add(time.Hour)) {
			t.Errorf("%s is due %s", key, row.Due)
		}
	}
	if d := cmp.Diff(map[string]told{
		"1/a": {"r2", "u2", "Score it now", store.TaskWanted, ""},
		"1/b": {"r2", "u1", "Score it now", store.TaskSent, ""},
		"1/c": {"r1", "u1", "Score it", store.TaskMade, "of 1/c"},
	}, have); d != "" {
		t.Error(d)
	}
	if n := a.row(t, "1/b").Tries; n != 1 {
		t.Errorf("%d tries", n)
	}
	list, err := a.TasksBy(t.Context(), "org", "r2", "", 10)
	if err != nil || len(list) != 2 {
		t.Errorf("%d tasks of the second run, %v", len(list), err)
	}
}

// dueTasks: those with an owner and without a later try, in pages.
func dueTasks(t *testing.T, s *store.Store) {
	a := asks(t, s)
	nobody := task("1/d")
	nobody.Owner = ""
	a.ask(t, task("1/b"), task("1/a"), task("1/c"), nobody)
	a.sent(t, "1/a")
	a.ok(t, a.TasksSettled(t.Context(), a.lease, []store.TaskResult{{Key: "1/c", Status: store.TaskWanted, Class: "locked", NextTry: now.Add(time.Hour), At: now}}))
	for _, c := range []struct {
		at    time.Time
		limit int
		want  []string
	}{
		{now, 10, []string{"1/a", "1/b"}},
		{now, 1, []string{"1/a"}},
		{now.Add(time.Hour), 10, []string{"1/a", "1/b", "1/c"}},
	} {
		if have, _ := a.due(t, "r1", c.at, c.limit); cmp.Diff(c.want, have) != "" {
			t.Errorf("at %s, up to %d: %v, want %v", c.at, c.limit, have, c.want)
		}
	}
	if list, err := a.TasksToMake(t.Context(), "org", "r1", now, "1/a", 10); err != nil || len(list) != 1 || list[0].Key != "1/b" {
		t.Errorf("behind the first: %v %v", list, err)
	}
	if have, _ := a.due(t, "r2", now, 10); len(have) != 0 {
		t.Errorf("of another run: %v", have)
	}
}

// keysOf are the keys of some tasks, in their order.
func keysOf(list []store.Task) []string {
	keys := []string{}
	for _, k := range list {
		keys = append(keys, k.Key)
	}
	return keys
}

// paged: each task of a run comes once, in the order of keys, though those of
// the pages before are taken over by another run meanwhile.
func paged(t *testing.T, s *store.Store) {
	a := asks(t, s)
	a.begin(t, "r0")
	a.ask(t, task("1/other"))
	a.run.ID = "r1"
	nobody := task("2/b")
	nobody.Owner, nobody.Class, nobody.Message = "", "nobody", "There is nobody."
	a.commit(t, store.Slice{Run: a.run, Intents: []store.Intent{intent("r1", "1"), intent("r1", "3")}, Tasks: []store.Task{task("3/a"), task("1/b"), nobody, task("2/a"), task("1/a"), task("4/a")}})
	a.sent(t, "1/b")
	a.settle(t, store.TaskMade, "1/b")
	a.settle(t, store.TaskDropped, "4/a")
	a.ok(t, a.TasksSettled(t.Context(), a.lease, []store.TaskResult{{Key: "3/a", Status: store.TaskWanted, Class: "locked", NextTry: now.Add(time.Hour), At: now}}))
	planned, err := a.WritesOf(t.Context(), "org", "r1", store.Planned, 0, 10)
	a.ok(t, err)
	a.ok(t, a.Resolve(t.Context(), a.lease, []store.Result{{ID: planned[1].ID, Status: store.Confirmed, At: now}}))
	type next = func(ctx context.Context, connection, run, after string, limit int) ([]store.Task, error)
	read := func(of next, each func(page []store.Task)) []string {
		var all []string
		for after := ""; ; {
			page, err := of(t.Context(), "org", "r1", after, 2)
			a.ok(t, err)
			if len(page) == 0 {
				return all
			}
			if len(page) > 2 {
				t.Errorf("a page of %d", len(page))
			}
			all, after = append(all, keysOf(page)...), page[len(page)-1].Key
			if each != nil {
				each(page)
			}
		}
	}
	for name, c := range map[string]struct {
		of   next
		want []string
	}{
		"all":                        {a.TasksBy, []string{"1/a", "1/b", "2/a", "2/b", "3/a", "4/a"}},
		"beside what is not written": {a.TasksAlone, []string{"2/a", "2/b", "3/a", "4/a"}},
		"refused":                    {a.TasksRefused, []string{"2/b", "3/a"}},
	} {
		if d := cmp.Diff(c.want, read(c.of, nil)); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
	a.begin(t, "r2")
	taken := read(a.TasksBy, func(page []store.Task) { a.unask(t, keysOf(page)...) })
	if d := cmp.Diff([]string{"1/a", "1/b", "2/a", "2/b", "3/a", "4/a"}, taken); d != "" {
		t.Errorf("taken over page by page:\n%s", d)
	}
	if d := cmp.Diff([]string{"4/a"}, read(a.TasksBy, nil)); d != "" {
		t.Errorf("left to the run:\n%s", d)
	}
	some, err := a.TasksByKey(t.Context(), "org", []string{"2/b", "1/a", "9/unheard of"})
	slices.SortFunc(some, func(x, y store.Task) int { return strings.Compare(x.Key, y.Key) })
	if d := cmp.Diff([]string{"1/a", "2/b"}, keysOf(some)); d != "" || err != nil {
		t.Errorf("by key: %v\n%s", err, d)
	}
}

// lateTasks: a digest is for whoever is reminded late of several things that are
// still to be made.
func lateTasks(t *testing.T, s *store.Store) {
	a := asks(t, s)
	of := func(key, owner string, change func(*store.Task)) store.Task {
		k := task(key)
		k.Owner = owner
		if change != nil {
			change(&k)
		}
		return k
	}
	inTime := func(k *store.Task) { k.Digest = false }
	a.ask(t,
		of("2/a", "u1", nil), of("1/a", "u1", nil), of("3/a", "u1", nil), of("1/in time", "u1", inTime),
		of("1/found", "u1", func(k *store.Task) { k.FindOnly = true }), of("1/sent", "u1", nil),
		of("1/one", "u2", nil), of("2/one", "u2", inTime),
		of("1/nobody", "", nil), of("2/nobody", "", nil),
		of("5/a", "u0", nil), of("4/a", "u0", nil),
	)
	a.sent(t, "1/sent")
	a.begin(t, "r2")
	a.ask(t, of("6/a", "u1", nil), of("6/b", "u2", nil), of("3/a", "u1", nil))
	owners, err := a.LateOwners(t.Context(), "org", "r1")
	if d := cmp.Diff([]string{"u0", "u1"}, owners); d != "" || err != nil {
		t.Errorf("owners: %v\n%s", err, d)
	}
	list, err := a.LateTasks(t.Context(), "org", "r1", "u1")
	var want []store.Task
	for _, key := range []string{"1/a", "2/a"} {
		k := task(key)
		want = append(want, store.Task{Key: key, Ref: k.Ref, Card: k.Card, Attempt: k.Attempt, Role: k.Role, About: k.About})
	}
	if d := cmp.Diff(want, list); d != "" || err != nil {
		t.Errorf("tasks: %v\n%s", err, d)
	}
	a.ok(t, a.Collapse(t.Context(), a.lease, a.run, task("1/digest"), []string{"1/a", "2/a"}))
	if owners, err := a.LateOwners(t.Context(), "org", "r1"); err != nil || cmp.Diff([]string{"u0"}, owners) != "" {
		t.Errorf("owners once one was told: %v %v", owners, err)
	}
}

// takenBack: what was never made is dropped, what may stand in the CRM is to be
// closed, what has ended is left.
func takenBack(t *testing.T, s *store.Store) {
	a := asks(t, s)
	keys := []string{"1/acknowledged", "1/closed", "1/dropped", "1/made", "1/sent", "1/wanted"}
	for _, key := range keys {
		a.ask(t, task(key))
		if status := key[2:]; status == store.TaskSent {
			a.sent(t, key)
		} else {
			a.settle(t, status, key)
		}
	}
	a.begin(t, "r2")
	a.unask(t, append(keys, "1/unheard of")...)
	a.are(t, map[string]string{
		"1/acknowledged": store.TaskAcknowledged, "1/closed": store.TaskClosed, "1/dropped": store.TaskDropped,
		"1/made": store.TaskClosing, "1/sent": store.TaskClosing, "1/wanted": store.TaskDropped,
	})
	if row := a.row(t, "1/made"); row.TaskID != "of 1/made" || row.Note == "" {
		t.Errorf("to be closed: %+v", row)
	}
	if _, have := a.due(t, "r2", now, 10); cmp.Diff([]string{"1/made", "1/sent"}, have) != "" {
		t.Errorf("to be closed: %v", have)
	}
	a.ok(t, a.TasksSettled(t.Context(), a.lease, []store.TaskResult{{Key: "1/made", Status: store.TaskClosing, NextTry: now.Add(time.Hour), At: now}}))
	if _, have := a.due(t, "r2", now, 10); cmp.Diff([]string{"1/sent"}, have) != "" {
		t.Errorf("to be closed while one waits: %v", have)
	}
	if row := a.row(t, "1/made"); row.TaskID != "of 1/made" {
		t.Error("a result without id took the task's away")
	}
	a.begin(t, "r3")
	a.ask(t, task("1/made"), task("1/dropped"))
	a.are(t, map[string]string{"1/made": store.TaskClosing, "1/dropped": store.TaskDropped})
}

// digest: several told in one; it is closed with the last of them.
func digest(t *testing.T, s *store.Store) {
	a := asks(t, s)
	a.ask(t, task("1/a"), task("2/a"), task("3/a"))
	a.sent(t, "3/a") // too late for it
	d := task("1/digest")
	d.Kind = "digest"
	a.ok(t, a.Collapse(t.Context(), a.lease, a.run, d, []string{"1/a", "2/a", "3/a"}))
	a.are(t, map[string]string{"1/digest": store.TaskWanted, "1/a": store.TaskTold, "2/a": store.TaskTold, "3/a": store.TaskSent})
	if have, _ := a.due(t, "r1", now, 10); cmp.Diff([]string{"1/digest", "3/a"}, have) != "" {
		t.Errorf("to be made: %v", have)
	}
	if within := a.row(t, "2/a").Within; within != "1/digest" {
		t.Errorf("told in %q", within)
	}
	a.sent(t, "1/digest")
	a.settle(t, store.TaskMade, "1/digest")
	a.begin(t, "r2")
	a.unask(t, "1/a")
	a.are(t, map[string]string{"1/digest": store.TaskMade, "1/a": store.TaskClosed, "2/a": store.TaskTold})
	a.unask(t, "2/a")
	a.are(t, map[string]string{"1/digest": store.TaskClosing, "2/a": store.TaskClosed})
	if _, have := a.due(t, "r2", now, 10); cmp.Diff([]string{"1/digest"}, have) != "" {
		t.Errorf("to be closed: %v", have)
	}
}

// unmadeDigest: nobody needs to be told any more.
func unmadeDigest(t *testing.T, s *store.Store) {
	a := asks(t, s)
	a.ask(t, task("1/a"), task("2/a"))
	a.ok(t, a.Collapse(t.Context(), a.lease, a.run, task("1/digest"), []string{"1/a", "2/a"}))
	a.unask(t, "1/a", "2/a")
	a.are(t, map[string]string{"1/digest": store.TaskDropped, "1/a": store.TaskClosed, "2/a": store.TaskClosed})
}

// manyTold: a digest stays open to the last of many, in whatever parts they end.
func manyTold(t *testing.T, s *store.Store) {
	a := asks(t, s)
	var keys []string
	for i := range 120 {
		keys = append(keys, fmt.Sprintf("1/%03d", i))
	}
	var tasks []store.Task
	for _, key := range keys {
		tasks = append(tasks, task(key))
	}
	a.ask(t, tasks...)
	a.ok(t, a.Collapse(t.Context(), a.lease, a.run, task("1/digest"), keys))
	a.settle(t, store.TaskMade, "1/digest")
	a.begin(t, "r2")
	a.unask(t, keys[:119]...)
	a.are(t, map[string]string{"1/digest": store.TaskMade, "1/118": store.TaskClosed, "1/119": store.TaskTold})
	a.unask(t, keys[119])
	a.are(t, map[string]string{"1/digest": store.TaskClosing, "1/119": store.TaskClosed})
}

// heldBack: the records whose task is not known to be made are planned again;
// those whose task was made, was refused or has nobody are written.
func heldBack(t *testing.T, s *store.Store) {
	a := asks(t, s)
	nobody := task("5/a")
	nobody.Owner = ""
	var intents []store.Intent
	for _, id := range []string{"1", "2", "3", "4", "5", "6"} {
		intents = append(intents, intent("r1", id))
	}
	a.commit(t, store.Slice{Run: a.run, Intents: intents, Tasks: []store.Task{task("1/a"), task("2/a"), task("3/a"), task("4/a"), nobody}})
	a.sent(t, "2/a", "3/a", "4/a")
	a.settle(t, store.TaskMade, "3/a")
	a.ok(t, a.TasksSettled(t.Context(), a.lease, []store.TaskResult{{Key: "4/a", Status: store.TaskWanted, Class: "validation", NextTry: now.Add(time.Hour), At: now}}))
	a.ok(t, a.HoldBack(t.Context(), a.lease, "r1"))
	left, err := a.WritesOf(t.Context(), "org", "r1", store.Planned, 0, 10)
	a.ok(t, err)
	var ids []string
	for _, in := range left {
		ids = append(ids, in.Ref.ID)
	}
	if d := cmp.Diff([]string{"3", "4", "5", "6"}, ids); d != "" {
		t.Error(d)
	}
}

// lookedAtAgain: a deal is due while a task of it is, and by no run that only
// observes.
func lookedAtAgain(t *testing.T, s *store.Store) {
	a := asks(t, s)
	a.ask(t, task("1/a"), task("2/a"), task("3/a"), task("4/a"))
	a.sent(t, "2/a")
	a.settle(t, store.TaskMade, "3/a")
	a.ok(t, a.TasksSettled(t.Context(), a.lease, []store.TaskResult{{Key: "4/a", Status: store.TaskClosing, NextTry: now.Add(time.Hour), At: now}}))
	if have := a.open(t, now); cmp.Diff([]string{"1", "2"}, have) != "" {
		t.Errorf("due now: %v", have)
	}
	if have := a.open(t, now.Add(time.Hour)); cmp.Diff([]string{"1", "2", "4"}, have) != "" {
		t.Errorf("due later: %v", have)
	}
	observes := a.run
	observes.ID, observes.Mode = "look", "observe"
	a.ok(t, a.StartRun(t.Context(), a.lease, observes))
	a.run = observes
	a.ask(t, task("5/a"))
	if have := a.open(t, now); cmp.Diff([]string{"1", "2"}, have) != "" {
		t.Errorf("due once one run observed: %v", have)
	}
}

// left: a run leaves what is to be made on some deals to whoever comes next.
func left(t *testing.T, s *store.Store) {
	a := asks(t, s)
	a.ask(t, task("1/made"), task("1/sent"), task("1/wanted"), task("1/z"), task("2/wanted"))
	a.sent(t, "1/sent")
	a.settle(t, store.TaskMade, "1/made", "1/z")
	a.unask(t, "1/z")
	a.ok(t, a.LeaveTasks(t.Context(), a.lease, "r1", []string{"1"}))
	toMake, toClose := a.due(t, "r1", now, 10)
	if d := cmp.Diff([]string{"1/sent", "2/wanted"}, toMake); d != "" || len(toClose) > 0 {
		t.Errorf("still the run's: to be closed %v, to be made:\n%s", toClose, d)
	}
	a.begin(t, "r2")
	a.ask(t, task("1/wanted"))
	a.unask(t, "1/z")
	toMake, toClose = a.due(t, "r2", now, 10)
	if d := cmp.Diff([]string{"1/wanted", "1/z"}, append(toMake, toClose...)); d != "" {
		t.Errorf("taken up by the next:\n%s", d)
	}
}

// fencedTasks: an old lease changes no task.
func fencedTasks(t *testing.T, s *store.Store) {
	a := asks(t, s)
	a.ask(t, task("1/a"))
	if _, err := s.Acquire(t.Context(), "org", "other", time.Minute, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"sent":     a.TasksSent(t.Context(), a.lease, []string{"1/a"}, now),
		"settled":  a.TasksSettled(t.Context(), a.lease, []store.TaskResult{{Key: "1/a", Status: store.TaskMade, At: now}}),
		"held":     a.HoldBack(t.Context(), a.lease, "r1"),
		"left":     a.LeaveTasks(t.Context(), a.lease, "r1", []string{"1"}),
		"collapse": a.Collapse(t.Context(), a.lease, a.run, task("1/digest"), []string{"1/a"}),
	} {
		if !errors.Is(err, store.ErrFenced) {
			t.Errorf("%s under an old lease: %v", what, err)
		}
	}
	a.are(t, map[string]string{"1/a": store.TaskWanted})
}

// siblings are deals in scope of an account.
func siblings(t *testing.T, s *store.Store) {
	a := asks(t, s)
	state := func(id, account string, in bool) store.State {
		st := sample(id, nil)
		st.Account, st.InScope, st.Twin = account, in, "9"
		return st
	}
	a.commit(t, store.Slice{Run: a.run, Read: []string{"1"}, States: []store.State{
		state("1", "acme", true), state("2", "acme", true), state("3", "acme", false), state("4", "other", true), state("5", "", true),
	}})
	list, err := a.Siblings(t.Context(), "org", []string{"acme", ""})
	a.ok(t, err)
	byID := map[string]store.Sibling{}
	for _, b := range list {
		byID[b.ID] = b
	}
	of := store.Sibling{Card: "sales-to-cs", Account: "acme", Amount: "12.50", Twin: "9", WonAt: now.Add(-time.Hour)}
	one, two := of, of
	one.ID, one.ReadBy, two.ID = "1", "r1", "2"
	if d := cmp.Diff(map[string]store.Sibling{"1": one, "2": two}, byID); d != "" {
		t.Error(d)
	}
	if list, err := a.Siblings(t.Context(), "elsewhere", []string{"acme"}); err != nil || len(list) != 0 {
		t.Errorf("of another connection: %v %v", list, err)
	}
}

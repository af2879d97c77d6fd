package writeback_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

// book is a CRM's tasks. Unless a test scripts it, what is asked is done.
type book struct {
	size  int
	tasks []crm.FoundTask
	log   []string // "find d1 d2", "make k1 k2", "close 1 2", oldest first
	// onFind, onMake and onClose, if set, answer instead of it; onMake and onClose
	// may call make and finish.
	onFind  func(n int) error
	onMake  func(n int, tasks []crm.Task) ([]crm.TaskOutcome, error)
	onClose func(n int, list []crm.Closing) ([]crm.TaskOutcome, error)
	finds   int
	makes   int
	closes  int
}

func (b *book) TaskBatch() int { return b.size }

func (b *book) FindTasks(ctx context.Context, deals []crm.DealID) ([]crm.FoundTask, error) {
	if ctx.Err() != nil {
		return nil, ended(crm.Unavailable)
	}
	b.log = append(b.log, line("find", deals))
	b.finds++
	if b.onFind != nil {
		if err := b.onFind(b.finds); err != nil {
			return nil, err
		}
	}
	var found []crm.FoundTask
	for _, k := range b.tasks {
		if slices.Contains(deals, k.Deal) {
			found = append(found, k)
		}
	}
	return found, nil
}

func (b *book) MakeTasks(_ context.Context, tasks []crm.Task) ([]crm.TaskOutcome, error) {
	text := "make"
	for _, k := range tasks {
		text += " " + k.Key
	}
	b.log = append(b.log, text)
	b.makes++
	if b.onMake != nil {
		return b.onMake(b.makes, tasks)
	}
	return b.make(tasks...), nil
}

// make puts tasks into the CRM.
func (b *book) make(tasks ...crm.Task) []crm.TaskOutcome {
	var out []crm.TaskOutcome
	for _, k := range tasks {
		id := crm.TaskID(strconv.Itoa(len(b.tasks) + 1))
		b.tasks = append(b.tasks, crm.FoundTask{ID: id, Key: k.Key, Deal: k.Deal, Owner: k.Owner})
		out = append(out, crm.TaskOutcome{Outcome: crm.Outcome{ID: k.Deal, Status: crm.Confirmed}, Task: id})
	}
	return out
}

func (b *book) CloseTasks(_ context.Context, list []crm.Closing) ([]crm.TaskOutcome, error) {
	text := "close"
	for _, c := range list {
		text += " " + string(c.ID)
	}
	b.log = append(b.log, text)
	b.closes++
	if b.onClose != nil {
		return b.onClose(b.closes, list)
	}
	return b.finish(list...), nil
}

// finish completes tasks.
func (b *book) finish(list ...crm.Closing) []crm.TaskOutcome {
	var out []crm.TaskOutcome
	for _, c := range list {
		for i := range b.tasks {
			b.tasks[i].Done = b.tasks[i].Done || b.tasks[i].ID == c.ID
		}
		out = append(out, crm.TaskOutcome{Outcome: crm.Outcome{Status: crm.Confirmed}, Task: c.ID})
	}
	return out
}

// answer gives every task one outcome.
func (b *book) answer(n int, o crm.Outcome) []crm.TaskOutcome {
	out := make([]crm.TaskOutcome, n)
	for i := range out {
		out[i].Outcome = o
	}
	return out
}

// desk is a rig whose CRM has tasks.
type desk struct {
	*rig
	book *book
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{newRig(t), &book{size: 2}}
	d.w.Log = zap.NewNop()
	return d
}

// task is what is asked about a deal; its key begins with the deal's id.
func task(key string) store.Task {
	return store.Task{
		Key: key, Ref: ref(key[:2]), Card: "sales-to-cs", Attempt: 1, Kind: "ae_rehandoff", Role: "AE", Owner: "u1",
		About: "Deal", Subject: "Complete the handoff", Body: "The fields.", Due: now.Add(24 * time.Hour),
	}
}

// ask puts tasks into a run's plan, and a write of each of their deals.
func (d *desk) ask(t *testing.T, run string, tasks ...store.Task) {
	t.Helper()
	var deals []string
	for _, k := range tasks {
		deals = append(deals, k.Ref.ID)
	}
	slices.Sort(deals)
	d.plan(t, run, slices.Compact(deals)...)
	d.commit(t, store.Slice{Run: d.running(run), Tasks: tasks})
}

// unask takes tasks back in a run's plan.
func (d *desk) unask(t *testing.T, run string, keys ...string) {
	t.Helper()
	s := store.Slice{Run: d.running(run)}
	for _, key := range keys {
		s.Closings = append(s.Closings, store.Closing{Key: key, Note: "No longer needed."})
	}
	d.commit(t, s)
}

func (d *desk) running(run string) store.Run {
	return store.Run{ID: run, Connection: "org", Phase: "apply", Status: store.RunRunning, WindowTo: now}
}

// tasks works the tasks of a run at a moment.
func (d *desk) tasks(t *testing.T, run string, at time.Time) (writeback.TaskTally, bool, error) {
	t.Helper()
	target := d.target()
	target.Tasks = d.book
	return d.w.Tasks(t.Context(), target, d.lease, run, at, time.Now().Add(time.Hour))
}

// work is tasks that end well.
func (d *desk) work(t *testing.T, run string) writeback.TaskTally {
	t.Helper()
	tally, done, err := d.tasks(t, run, now)
	if err != nil || !done {
		t.Fatalf("tasks: done %v, %v", done, err)
	}
	return tally
}

// row is what the store holds of a task.
func (d *desk) row(t *testing.T, key string) store.Task {
	t.Helper()
	list, err := d.store.TasksOf(t.Context(), "org", []string{key[:2]})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range list {
		if k.Key == key {
			return k
		}
	}
	t.Fatalf("no task %s", key)
	return store.Task{}
}

// is wants a task to stand in the store in one way.
func (d *desk) is(t *testing.T, key, status, id string) store.Task {
	t.Helper()
	row := d.row(t, key)
	if row.Status != status || row.TaskID != id {
		t.Errorf("%s is %s as task %q, want %s as %q", key, row.Status, row.TaskID, status, id)
	}
	return row
}

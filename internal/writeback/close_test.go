package writeback_test

import (
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

// made is a desk with tasks that a first run has made.
func made(t *testing.T, keys ...string) *desk {
	t.Helper()
	d := newDesk(t)
	var tasks []store.Task
	for _, key := range keys {
		tasks = append(tasks, task(key))
	}
	d.ask(t, "r1", tasks...)
	d.work(t, "r1")
	d.book.log = nil
	d.begin(t, "r2")
	return d
}

func TestTasksAreClosedWithANoteBeforeOthersAreMade(t *testing.T) {
	d := made(t, "d1/a")
	d.book.onClose = func(_ int, list []crm.Closing) ([]crm.TaskOutcome, error) {
		if list[0].Note != "No longer needed." {
			t.Errorf("note %q", list[0].Note)
		}
		return d.book.finish(list...), nil
	}
	d.unask(t, "r2", "d1/a")
	d.ask(t, "r2", task("d2/b"))
	if tally := d.work(t, "r2"); tally != (writeback.TaskTally{Made: 1, Closed: 1}) {
		t.Errorf("%+v", tally)
	}
	d.asked(t, "close 1", "find d2", "make d2/b")
	d.is(t, "d1/a", store.TaskClosed, "1")
	d.work(t, "r2")
	d.asked(t, "close 1", "find d2", "make d2/b")
}

// A task was on its way when the process died, and is no longer needed.
func TestATaskWithoutIDIsLookedForBeforeItIsClosed(t *testing.T) {
	for _, there := range []bool{true, false} {
		d := newDesk(t)
		d.ask(t, "r1", task("d1/a"))
		if err := d.store.TasksSent(t.Context(), d.lease, []string{"d1/a"}, now); err != nil {
			t.Fatal(err)
		}
		if there {
			d.book.make(crm.Task{Key: "d1/a", Deal: "d1"})
		}
		d.begin(t, "r2")
		d.unask(t, "r2", "d1/a")
		tally := d.work(t, "r2")
		if there {
			d.asked(t, "find d1", "close 1")
			d.is(t, "d1/a", store.TaskClosed, "1")
		} else {
			d.asked(t, "find d1")
			d.is(t, "d1/a", store.TaskDropped, "")
		}
		if closed := tally.Closed == 1; closed != there {
			t.Errorf("there %v: %+v", there, tally)
		}
	}
}

// What became of a task that was to be closed.
func TestOutcomesOfClosing(t *testing.T) {
	for _, c := range []struct {
		name    string
		outcome crm.Outcome
		err     error
		status  string
		tally   writeback.TaskTally
		next    time.Duration
	}{
		{"gone", crm.Outcome{Status: crm.Rejected, Class: crm.ClassGone}, nil, store.TaskAcknowledged, writeback.TaskTally{}, 0},
		{"refused", crm.Outcome{Status: crm.Rejected, Class: crm.ClassValidation}, nil, store.TaskClosing, writeback.TaskTally{Rejected: 1}, 6 * time.Hour},
		{"locked", crm.Outcome{Status: crm.Rejected, Class: crm.ClassLocked}, nil, store.TaskClosing, writeback.TaskTally{Rejected: 1}, 4 * time.Minute},
		{"not allowed", crm.Outcome{Status: crm.NotSent}, ended(crm.Permission), store.TaskClosing, writeback.TaskTally{Rejected: 1}, 6 * time.Hour},
		{"unknown", crm.Outcome{Status: crm.Unknown}, nil, store.TaskClosing, writeback.TaskTally{Unresolved: 1}, 0},
		{"not sent", crm.Outcome{Status: crm.NotSent}, ended(crm.Unavailable), store.TaskClosing, writeback.TaskTally{Unresolved: 1}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := made(t, "d1/a")
			d.unask(t, "r2", "d1/a")
			d.book.onClose = func(_ int, list []crm.Closing) ([]crm.TaskOutcome, error) {
				return d.book.answer(len(list), c.outcome), c.err
			}
			tally, _, err := d.tasks(t, "r2", now)
			if tally != c.tally || (err != nil) != (c.err != nil && crm.KindOf(c.err) != crm.Permission) {
				t.Errorf("%+v, %v", tally, err)
			}
			row := d.is(t, "d1/a", c.status, "1")
			if next := now.Add(c.next); c.next > 0 && !row.NextTry.Equal(next) || c.next == 0 && !row.NextTry.IsZero() {
				t.Errorf("next try %s, want %s", row.NextTry, next)
			}
			d.book.onClose, d.book.log = nil, nil
			d.work(t, "r2") // the next slice of the run
			if again := len(d.book.log) > 0; again != (c.next == 0 && c.status == store.TaskClosing) {
				t.Errorf("asked again: %v", d.book.log)
			}
		})
	}
}

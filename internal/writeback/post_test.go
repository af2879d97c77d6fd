package writeback_test

import (
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

func post(key string) store.Task {
	k := task(key)
	k.Kind, k.Role = "sales_manager_post", "feed"
	return k
}

// What was said is not taken back: neither a post that stands, nor one of which
// nobody knew whether it does. One that was never made is dropped.
func TestPostsAreNotTakenBack(t *testing.T) {
	d := newDesk(t)
	d.ask(t, "r1", post("d1/said"), post("d1/sent"), post("d1/lost"), post("d1/wish"))
	if err := d.store.TasksSettled(t.Context(), d.lease, []store.TaskResult{{Key: "d1/said", Status: store.TaskMade, TaskID: "9", At: now}}); err != nil {
		t.Fatal(err)
	}
	if err := d.store.TasksSent(t.Context(), d.lease, []string{"d1/sent", "d1/lost"}, now); err != nil {
		t.Fatal(err)
	}
	d.book.tasks = []crm.FoundTask{{ID: "7", Key: "d1/sent", Deal: "d1", Post: true}}
	d.begin(t, "r2")
	d.unask(t, "r2", "d1/said", "d1/sent", "d1/lost", "d1/wish")
	d.is(t, "d1/said", store.TaskMade, "9")
	if tally := d.work(t, "r2"); tally != (writeback.TaskTally{}) {
		t.Errorf("%+v", tally)
	}
	d.asked(t, "find d1")
	d.is(t, "d1/said", store.TaskMade, "9")
	d.is(t, "d1/sent", store.TaskMade, "7")
	d.is(t, "d1/lost", store.TaskDropped, "")
	d.is(t, "d1/wish", store.TaskDropped, "")
}

// A task is not found in a post that quotes it, nor a post in a task.
func TestPostsAndTasksAreNotTakenForEachOther(t *testing.T) {
	d := newDesk(t)
	d.ask(t, "r1", task("d1/a"), post("d1/b"))
	d.book.tasks = []crm.FoundTask{{ID: "6", Key: "d1/a", Deal: "d1", Post: true}, {ID: "7", Key: "d1/b", Deal: "d1"}}
	if tally := d.work(t, "r1"); tally != (writeback.TaskTally{Made: 2}) {
		t.Errorf("%+v", tally)
	}
	d.asked(t, "find d1", "make d1/a d1/b")
}

// A refused post is not tried again, but for one that only came too soon.
func TestRefusedPosts(t *testing.T) {
	for class, status := range map[crm.Class]string{
		crm.ClassPermission: store.TaskDropped, crm.ClassInvalid: store.TaskDropped, crm.ClassValidation: store.TaskDropped, crm.ClassGone: store.TaskDropped,
		crm.ClassBusy: store.TaskWanted, crm.ClassQuota: store.TaskWanted, crm.ClassLocked: store.TaskWanted,
	} {
		d := newDesk(t)
		d.ask(t, "r1", post("d1/a"))
		d.book.onMake = func(_ int, tasks []crm.Task) ([]crm.TaskOutcome, error) {
			if !tasks[0].Post {
				t.Error("it is sent as a task")
			}
			return d.book.answer(1, crm.Outcome{Status: crm.Rejected, Class: class, Message: "no"}), nil
		}
		if tally := d.work(t, "r1"); tally != (writeback.TaskTally{Rejected: 1}) {
			t.Errorf("%s: %+v", class, tally)
		}
		d.is(t, "d1/a", status, "")
	}
}

// A record does not wait for a post of which nobody knows whether it stands.
func TestAPostHoldsNoRecordUp(t *testing.T) {
	for _, c := range []struct {
		ask  store.Task
		left int
	}{{post("d1/a"), 1}, {task("d1/a"), 0}} {
		d := newDesk(t)
		d.ask(t, "r1", c.ask)
		d.book.onMake = func(int, []crm.Task) ([]crm.TaskOutcome, error) {
			return d.book.answer(1, crm.Outcome{Status: crm.Unknown}), nil
		}
		if tally, _, err := d.tasks(t, "r1", now.Add(time.Minute)); tally.Unresolved != 1 || err != nil {
			t.Errorf("%+v, %v", tally, err)
		}
		if left, err := d.store.WritesOf(t.Context(), "org", "r1", store.Planned, 0, 10); err != nil || len(left) != c.left {
			t.Errorf("post %v: %d records are to be written, %v", c.ask.Post(), len(left), err)
		}
	}
}

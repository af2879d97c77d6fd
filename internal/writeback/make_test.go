package writeback_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

// asked compares what the CRM was asked for.
func (d *desk) asked(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, d.book.log); diff != "" {
		t.Errorf("asked of the CRM (-want +got):\n%s", diff)
	}
}

func TestTasksAreLookedForBeforeTheyAreMade(t *testing.T) {
	d := newDesk(t)
	d.ask(t, "r1", task("d1/a"), task("d1/b"), task("d2/a"))
	if tally := d.work(t, "r1"); tally != (writeback.TaskTally{Made: 3}) {
		t.Errorf("%+v", tally)
	}
	d.asked(t, "find d1", "make d1/a d1/b", "find d2", "make d2/a")
	d.is(t, "d1/a", store.TaskMade, "1")
	d.is(t, "d2/a", store.TaskMade, "3")
	d.work(t, "r1") // nothing is left
	d.asked(t, "find d1", "make d1/a d1/b", "find d2", "make d2/a")
}

// What the CRM holds decides, whatever the store says.
func TestATaskThatStandsThereIsNotMadeAgain(t *testing.T) {
	found := func(key string) crm.FoundTask { return crm.FoundTask{ID: "7", Key: key, Deal: "d1"} }
	for _, c := range []struct {
		name     string
		there    []crm.FoundTask
		findOnly bool
		status   string
		id       string
	}{
		{"open", []crm.FoundTask{found("d1/a")}, false, store.TaskMade, "7"},
		{"completed", []crm.FoundTask{{ID: "7", Key: "d1/a", Deal: "d1", Done: true}}, false, store.TaskAcknowledged, "7"},
		{"deleted", []crm.FoundTask{{ID: "7", Key: "d1/a", Deal: "d1", Deleted: true}}, false, store.TaskAcknowledged, "7"},
		{"twice, one open", []crm.FoundTask{{ID: "6", Key: "d1/a", Deal: "d1", Done: true}, found("d1/a")}, false, store.TaskMade, "7"},
		{"twice, the other way about", []crm.FoundTask{found("d1/a"), {ID: "8", Key: "d1/a", Deal: "d1", Deleted: true}}, false, store.TaskMade, "7"},
		{"asked before the store was lost, open", []crm.FoundTask{found("d1/a")}, true, store.TaskMade, "7"},
		{"asked before the store was lost, gone", nil, true, store.TaskAcknowledged, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			d.book.tasks = c.there
			k := task("d1/a")
			k.FindOnly = c.findOnly
			d.ask(t, "r1", k)
			if tally := d.work(t, "r1"); tally != (writeback.TaskTally{}) {
				t.Errorf("%+v", tally)
			}
			d.asked(t, "find d1")
			d.is(t, "d1/a", c.status, c.id)
		})
	}
	t.Run("another one", func(t *testing.T) {
		d := newDesk(t)
		d.book.tasks = []crm.FoundTask{found("d1/b")}
		d.ask(t, "r1", task("d1/a"))
		d.work(t, "r1")
		d.asked(t, "find d1", "make d1/a")
	})
}

// The answer is lost; what stands in the CRM decides whether it is made again,
// and never by the pass that made it.
func TestALostAnswerIsLookedFor(t *testing.T) {
	for _, c := range []struct {
		name  string
		cause error
		reach bool
	}{
		{"made", nil, true},
		{"made, and the connection is lost", ended(crm.Unavailable), true},
		{"not made", nil, false},
		{"not made, and the connection is lost", ended(crm.Unavailable), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			d.ask(t, "r1", task("d1/a"))
			d.book.onMake = func(n int, tasks []crm.Task) ([]crm.TaskOutcome, error) {
				if n > 1 {
					return d.book.make(tasks...), nil
				}
				if c.reach {
					d.book.make(tasks...)
				}
				return d.book.answer(len(tasks), crm.Outcome{Status: crm.Unknown}), c.cause
			}
			want := writeback.TaskTally{Made: 1}
			if !c.reach {
				want = writeback.TaskTally{Unresolved: 1}
			}
			tally, _, err := d.tasks(t, "r1", now)
			if tally != want || (err != nil) != (c.cause != nil) {
				t.Errorf("%+v, %v", tally, err)
			}
			d.asked(t, "find d1", "make d1/a", "find d1")
			if c.reach {
				d.is(t, "d1/a", store.TaskMade, "1")
				return
			}
			d.is(t, "d1/a", store.TaskWanted, "")
			if in := d.intents(t, "d1")[0]; in.Status != store.Superseded {
				t.Errorf("the record's write is %s though nobody was asked", in.Status)
			}
			d.begin(t, "r2")
			d.ask(t, "r2", task("d1/a"))
			d.work(t, "r2")
			d.is(t, "d1/a", store.TaskMade, "1")
		})
	}
}

// While the CRM cannot be asked nothing is known; who comes next looks first.
func TestATaskOnItsWayStaysSoUntilItCanBeLookedFor(t *testing.T) {
	for name, cause := range map[string]error{"the look fails": ended(crm.Unavailable), "the day's calls are used up": ended(crm.Quota)} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.ask(t, "r1", task("d1/a"))
			d.book.onMake = func(_ int, tasks []crm.Task) ([]crm.TaskOutcome, error) {
				d.book.make(tasks...)
				return d.book.answer(len(tasks), crm.Outcome{Status: crm.Unknown}), cause
			}
			d.book.onFind = func(n int) error {
				if n == 2 {
					return ended(crm.Unavailable)
				}
				return nil
			}
			tally, done, err := d.tasks(t, "r1", now)
			if tally != (writeback.TaskTally{Unresolved: 1}) || done || !errors.Is(err, cause) {
				t.Errorf("%+v done %v %v", tally, done, err)
			}
			d.is(t, "d1/a", store.TaskSent, "")
			if in := d.intents(t, "d1")[0]; in.Status != store.Superseded {
				t.Errorf("the record's write is %s", in.Status)
			}
			d.book.onFind = nil
			d.work(t, "r1")
			d.is(t, "d1/a", store.TaskMade, "1")
			if len(d.book.tasks) != 1 {
				t.Errorf("%d tasks", len(d.book.tasks))
			}
		})
	}
}

// What never left is made by the next pass, and the record waits for it.
func TestATaskThatNeverLeftIsStillWanted(t *testing.T) {
	d := newDesk(t)
	d.ask(t, "r1", task("d1/a"))
	d.book.onMake = func(_ int, tasks []crm.Task) ([]crm.TaskOutcome, error) {
		return d.book.answer(len(tasks), crm.Outcome{Status: crm.NotSent}), ended(crm.Auth)
	}
	tally, done, err := d.tasks(t, "r1", now)
	if tally != (writeback.TaskTally{}) || done || crm.KindOf(err) != crm.Auth {
		t.Errorf("%+v done %v %v", tally, done, err)
	}
	d.is(t, "d1/a", store.TaskWanted, "")
	if in := d.intents(t, "d1")[0]; in.Status != store.Superseded {
		t.Errorf("the record's write is %s", in.Status)
	}
}

// A refused task waits for its next try, in this run too, and stands in
// nothing's way.
func TestARefusedTaskWaits(t *testing.T) {
	no := crm.Outcome{Status: crm.Rejected, Class: crm.ClassValidation, Code: "RULE", Message: "no"}
	d := newDesk(t)
	d.ask(t, "r1", task("d1/a"), task("d2/a"))
	d.book.onMake = func(_ int, tasks []crm.Task) ([]crm.TaskOutcome, error) {
		return append(d.book.answer(1, no), d.book.make(tasks[1:]...)...), nil
	}
	if tally := d.work(t, "r1"); tally != (writeback.TaskTally{Made: 1, Rejected: 1}) {
		t.Errorf("%+v", tally)
	}
	row := d.is(t, "d1/a", store.TaskWanted, "")
	if row.Class != "validation" || row.Code != "RULE" || row.Message != "no" || !row.NextTry.Equal(now.Add(6*time.Hour)) || row.Tries != 1 {
		t.Errorf("%+v", row)
	}
	d.is(t, "d2/a", store.TaskMade, "1")
	d.work(t, "r1") // the next slice of the run
	d.asked(t, "find d1 d2", "make d1/a d2/a")
	for _, id := range []string{"d1", "d2"} {
		if in := d.intents(t, id)[0]; in.Status != store.Planned {
			t.Errorf("the write of %s is %s", id, in.Status)
		}
	}
	d.book.onMake = nil
	if tally, _, err := d.tasks(t, "r1", now.Add(6*time.Hour)); err != nil || tally.Made != 1 {
		t.Errorf("when it is due: %+v, %v", tally, err)
	}
}

// A token that may not make tasks may still write records.
func TestRefusedTasksLetRecordsBeWritten(t *testing.T) {
	d := newDesk(t)
	d.ask(t, "r1", task("d1/a"))
	d.book.onMake = func(_ int, tasks []crm.Task) ([]crm.TaskOutcome, error) {
		return d.book.answer(len(tasks), crm.Outcome{Status: crm.NotSent}), ended(crm.Permission)
	}
	if tally := d.work(t, "r1"); tally != (writeback.TaskTally{Rejected: 1}) {
		t.Errorf("%+v", tally)
	}
	row := d.is(t, "d1/a", store.TaskWanted, "")
	if row.Class != string(crm.ClassPermission) || row.Message == "" || !row.NextTry.After(now) {
		t.Errorf("%+v", row)
	}
	if tally := d.apply(t, "r1"); tally.Confirmed != 1 {
		t.Errorf("%+v", tally)
	}
}

func TestAnAnswerOfTheWrongLengthIsLookedFor(t *testing.T) {
	d := newDesk(t)
	d.ask(t, "r1", task("d1/a"), task("d1/b"))
	d.book.onMake = func(_ int, tasks []crm.Task) ([]crm.TaskOutcome, error) { return d.book.make(tasks...)[:1], nil }
	if tally := d.work(t, "r1"); tally != (writeback.TaskTally{Made: 2}) {
		t.Errorf("%+v", tally)
	}
	d.asked(t, "find d1", "make d1/a d1/b", "find d1")
}

func TestADeadlineEndsTasksBetweenBatches(t *testing.T) {
	d := newDesk(t)
	d.ask(t, "r1", task("d1/a"), task("d2/a"), task("d3/a"))
	target := d.target()
	target.Tasks = d.book
	tally, done, err := d.w.Tasks(t.Context(), target, d.lease, "r1", now, time.Now().Add(-time.Second))
	if err != nil || done || tally.Made != 2 {
		t.Errorf("%+v done %v %v", tally, done, err)
	}
	if tally := d.work(t, "r1"); tally.Made != 1 || len(d.book.tasks) != 3 {
		t.Errorf("the rest: %+v, %d tasks", tally, len(d.book.tasks))
	}
}

// Whoever has lost the lease makes nothing more; one who lost it under way
// leaves what the next one finds.
func TestALostLeaseStopsTasks(t *testing.T) {
	d := newDesk(t)
	d.ask(t, "r1", task("d1/a"), task("d2/a"), task("d3/a"))
	var other store.Lease
	d.book.onMake = func(_ int, tasks []crm.Task) ([]crm.TaskOutcome, error) {
		other = d.take(t, "other")
		return d.book.make(tasks...), nil
	}
	if _, done, err := d.tasks(t, "r1", now); !errors.Is(err, store.ErrFenced) || done || d.book.makes != 1 {
		t.Errorf("done %v, %v", done, err)
	}
	d.is(t, "d1/a", store.TaskSent, "")
	d.lease, d.book.onMake = other, nil
	if tally := d.work(t, "r1"); tally.Made != 1 || len(d.book.tasks) != 3 {
		t.Errorf("%+v, %d tasks", tally, len(d.book.tasks))
	}
	d.is(t, "d1/a", store.TaskMade, "1")
}

func TestWithoutABookNobodyIsAsked(t *testing.T) {
	d := newDesk(t)
	d.ask(t, "r1", task("d1/a"))
	if tally, done, err := d.w.Tasks(t.Context(), d.target(), d.lease, "r1", now, now); tally != (writeback.TaskTally{}) || !done || err != nil {
		t.Errorf("%+v done %v %v", tally, done, err)
	}
}

package syncer_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// desk is a rig that asks people. A plan makes no task.
type desk struct {
	*rig
	who *who
}

// who is a fake of whoever may be asked.
type who struct {
	crm.TaskBook
	*fake
	people map[crm.UserID]crm.Person
	err    error
	asked  int
}

func (w *who) People(context.Context, []crm.UserID) (map[crm.UserID]crm.Person, error) {
	w.asked++
	return w.people, w.err
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{rig: newRig(t)}
	d.who = &who{fake: d.crm, people: map[crm.UserID]crm.Person{
		"ae1": {ID: "ae1", Active: true, Manager: "boss"}, "boss": {ID: "boss", Active: true}, "csm1": {ID: "csm1", Active: true},
	}}
	d.c.Source, d.c.Tasks = d.who, d.who
	d.c.Texts = handoff.Texts{}
	for _, kind := range handoff.Kinds() {
		d.c.Texts[kind] = handoff.Words{Subject: "About {{.Deal}}", Body: "{{range .Deals}}{{.}};{{end}}Please look."}
	}
	return d
}

// poor puts a deal into the CRM that a CSM has scored with nothing.
func (d *desk) poor(id string) {
	d.won(id)
	d.set(id, "item_1_1_score", "0")
}

const escalation = "d1/small/1/sales_manager_escalation"

// tasks are a run's tasks by key.
func (d *desk) tasks(t *testing.T, run *store.Run) map[string]store.Task {
	t.Helper()
	list, err := d.store.TasksBy(t.Context(), "org", run.ID, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]store.Task{}
	for _, k := range list {
		all[k.Key] = k
	}
	return all
}

func (d *desk) counts(t *testing.T, run *store.Run) syncer.Counts {
	t.Helper()
	c, err := syncer.ReadCounts(run.Counts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// become keeps what became of a task.
func (d *desk) become(t *testing.T, key, status string, next time.Time) {
	t.Helper()
	if err := d.store.TasksSettled(t.Context(), d.lease, []store.TaskResult{{Key: key, Status: status, TaskID: "7", NextTry: next, At: d.now}}); err != nil {
		t.Fatal(err)
	}
}

// toClose are the keys of what a run is to close now.
func (d *desk) toClose(t *testing.T, run *store.Run) []string {
	t.Helper()
	list, err := d.store.TasksToClose(t.Context(), "org", run.ID, d.now, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, k := range list {
		keys = append(keys, k.Key)
	}
	return keys
}

func TestANoticeBecomesATaskOnce(t *testing.T) {
	d := newDesk(t)
	d.poor("d1")
	d.moves([]string{"d1"})
	run := d.plan(t)
	want := store.Task{
		Key: escalation, Ref: ref("d1"), Card: "small", Attempt: 1, Kind: handoff.Escalation, Role: "Sales manager", Owner: "boss", About: "Deal d1",
		Subject: "About Deal d1", Due: start.Add(24 * time.Hour), Urgent: true, Run: run.ID, Status: store.TaskWanted, CreatedAt: start, UpdatedAt: start,
	}
	have := d.tasks(t, run)
	k := have[escalation]
	if !strings.Contains(k.Body, "Please look.") {
		t.Errorf("body %q", k.Body)
	}
	k.Body = ""
	if diff := cmp.Diff(want, k); diff != "" || len(have) != 1 {
		t.Errorf("%d tasks\n%s", len(have), diff)
	}
	if n := d.counts(t, run); n.TasksPlanned != 1 || n.Unassigned != 0 {
		t.Errorf("planned %d, unassigned %d", n.TasksPlanned, n.Unassigned)
	}
	d.become(t, escalation, store.TaskMade, time.Time{})
	d.write(t, run)
	asked := d.who.asked
	d.now = d.now.Add(time.Minute)
	if again := d.plan(t); len(d.tasks(t, again)) != 0 || d.counts(t, again).TasksPlanned != 0 || d.who.asked != asked {
		t.Error("asked again")
	}
}

// Where nobody is left, the record and the run say so, until somebody is.
func TestNobodyLeftShows(t *testing.T) {
	d := newDesk(t)
	d.poor("d1")
	d.who.people = map[crm.UserID]crm.Person{"ae1": {ID: "ae1", Active: true}}
	d.moves([]string{"d1"})
	run := d.plan(t)
	k := d.tasks(t, run)[escalation]
	if k.Owner != "" || k.Class != "nobody" || !strings.Contains(k.Message, "nobody to ask as Sales manager") {
		t.Errorf("%+v", k)
	}
	if said := d.planned(t, run)["d1"].Fields["sync_message"]; !strings.Contains(said, k.Message) {
		t.Errorf("the record says %q", said)
	}
	if n := d.counts(t, run); n.Unassigned != 1 {
		t.Errorf("unassigned %d", n.Unassigned)
	}
	d.write(t, run)
	d.now = d.now.Add(time.Minute) // long before it is tried again
	if run = d.plan(t); d.counts(t, run).Unassigned != 1 || len(d.planned(t, run)) != 0 {
		t.Errorf("read again: unassigned %d, planned %v", d.counts(t, run).Unassigned, d.planned(t, run))
	}
	people := map[crm.UserID]crm.Person{"ae1": {ID: "ae1", Active: true, Manager: "boss"}, "boss": {ID: "boss", Active: true}}
	d.who.people, d.now = people, d.now.Add(6*time.Hour)
	d.moves()
	run = d.plan(t)
	if k := d.tasks(t, run)[escalation]; k.Owner != "boss" || k.Class != "" || k.Message != "" {
		t.Errorf("once somebody is: %+v", k)
	}
	if said := d.planned(t, run)["d1"].Fields["sync_message"]; strings.Contains(said, "nobody") {
		t.Errorf("the record still says %q", said)
	}
}

// The day's calls end while people are looked up: what was read is kept, and
// the record is written once it is known whom to ask.
func TestWhatWasReadIsKeptWhenPeopleCannotBeLookedUp(t *testing.T) {
	d := newDesk(t)
	d.poor("d1")
	d.won("d2")
	d.who.err = &crm.Error{Op: "fake.People", Kind: crm.Quota}
	d.moves([]string{"d1", "d2"})
	run := d.plan(t)
	if s := d.state(t, "d1"); s.Status != "final" {
		t.Errorf("status %s", s.Status)
	}
	if have := d.planned(t, run); len(d.tasks(t, run)) != 0 || have["d1"].Fields != nil || have["d2"].Fields == nil {
		t.Errorf("planned %v", have)
	}
	if n := d.counts(t, run).TasksUnresolved; n != 1 {
		t.Errorf("%d unresolved: the pass says that all is done", n)
	}
	d.who.err = nil
	d.now = d.now.Add(time.Minute)
	d.moves()
	run = d.plan(t)
	if d.tasks(t, run)[escalation].Owner != "boss" || d.planned(t, run)["d1"].Fields["status"] != "final" {
		t.Errorf("the next pass planned %v", d.planned(t, run))
	}
}

// Another fault of the look-up ends the pass.
func TestAFaultOfTheLookUpEndsThePass(t *testing.T) {
	d := newDesk(t)
	d.poor("d1")
	d.who.err = broken("fake.People")
	d.moves([]string{"d1"})
	if done, err := d.p.Plan(t.Context(), d.c, d.lease, d.begin(t, syncer.KindIncremental), d.crm.desc, later()); done || crm.KindOf(err) != crm.Unavailable {
		t.Errorf("done %v, %v", done, err)
	}
}

// What fell due while nothing ran is told each CSM in one.
func TestRemindersOfALongStopAreToldInOne(t *testing.T) {
	d := newDesk(t)
	d.who.people["csm2"] = crm.Person{ID: "csm2", Active: true}
	if err := d.store.SaveConnection(t.Context(), d.lease, store.Connection{Name: "org", CRM: "salesforce", OrgID: "00D", LastSuccess: start.AddDate(0, 0, -4)}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"d1", "d2", "d3"} {
		d.won(id)
		d.set(id, "kickoff_at", stamp(start.AddDate(0, 0, -5)))
	}
	d.crm.deals["d3"].Fields.Set("csm", crm.Cell{State: crm.Read, Text: "csm2", At: start.AddDate(0, 0, -6)})
	d.moves([]string{"d1", "d2", "d3"})
	run := d.plan(t)
	list, err := d.store.TasksToMake(t.Context(), "org", run.ID, d.now, "", 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d tasks to make, %v", len(list), err)
	}
	one, alone := list[0], list[1]
	if one.Kind != handoff.Digest || one.Owner != "csm1" || one.Ref.ID != "d1" || !strings.Contains(one.Body, "Deal d1;Deal d2;") {
		t.Errorf("%+v", one)
	}
	if alone.Kind != handoff.Reminder || alone.Owner != "csm2" || alone.Ref.ID != "d3" {
		t.Errorf("%+v", alone)
	}
	for key, k := range d.tasks(t, run) {
		if k.Owner == "csm1" && k.Kind == handoff.Reminder && (k.Status != store.TaskTold || k.Within != one.Key) {
			t.Errorf("%s is %s within %q", key, k.Status, k.Within)
		}
	}
}

// Scoring is overdue only because syncd cannot read what it judges by itself:
// the CSM is not reminded of it, but of what they have not scored.
func TestNobodyIsRemindedOfWhatCannotBeRead(t *testing.T) {
	d := newDesk(t)
	for _, id := range []string{"d1", "d2"} {
		d.won(id)
		d.set(id, "kickoff_at", stamp(start.AddDate(0, 0, -5)))
		d.crm.deals[crm.DealID(id)].CloseDate = crm.Cell{State: crm.Unreadable}
	}
	d.set("d1", "item_1_1_score", "2")
	d.moves([]string{"d1", "d2"})
	run := d.plan(t)
	if s := d.state(t, "d1"); s.Status != "overdue" {
		t.Fatalf("status %s", s.Status)
	}
	have := d.tasks(t, run)
	if len(have) != 1 {
		t.Errorf("tasks %v", have)
	}
	for _, k := range have {
		if k.Ref.ID != "d2" || k.Kind != handoff.Reminder {
			t.Errorf("asked %+v", k)
		}
	}
}

// A task that could not be closed is closed once it is time, even if its deal
// is gone by then.
func TestARefusedClosingIsTakenUpWhenItIsDue(t *testing.T) {
	for _, gone := range []bool{true, false} {
		d := newDesk(t)
		d.poor("d1")
		d.moves([]string{"d1"})
		first := d.plan(t)
		d.write(t, first)
		d.become(t, escalation, store.TaskMade, time.Time{})
		d.now = d.now.Add(time.Minute)
		if gone {
			delete(d.crm.deals, "d1")
		} else {
			d.set("d1", "item_1_1_score", "2")
		}
		d.moves([]string{"d1"})
		run := d.plan(t)
		if diff := cmp.Diff([]string{escalation}, d.toClose(t, run)); diff != "" {
			t.Fatalf("gone %v:\n%s", gone, diff)
		}
		d.write(t, run)
		d.become(t, escalation, store.TaskClosing, d.now.Add(time.Hour))
		if !gone {
			d.now = d.now.Add(time.Minute)
			if early := d.toClose(t, d.plan(t)); len(early) != 0 {
				t.Errorf("closed again before its time: %v", early)
			}
		}
		d.moves()
		d.now = d.now.Add(time.Hour)
		if diff := cmp.Diff([]string{escalation}, d.toClose(t, d.plan(t))); diff != "" {
			t.Errorf("gone %v, when it is due:\n%s", gone, diff)
		}
	}
}

// Of two deals that may be one sale the one that was there first is looked at
// again, and once more when the other is gone.
func TestTwinsAreLookedAtAgain(t *testing.T) {
	d := newDesk(t)
	for _, id := range []string{"d1", "d2"} {
		d.won(id).AccountID = "acme"
		d.set(id, "item_1_1_score", "2")
	}
	d.settled(t, "d1")
	d.moves([]string{"d2"})
	d.write(t, d.plan(t))
	if d.state(t, "d1").Twin != "d2" || d.state(t, "d2").Twin != "d1" {
		t.Errorf("twins %q and %q", d.state(t, "d1").Twin, d.state(t, "d2").Twin)
	}
	delete(d.crm.deals, "d2")
	d.moves([]string{"d2"})
	d.now = d.now.Add(time.Minute)
	d.plan(t)
	d.moves()
	d.now = d.now.Add(time.Minute)
	d.plan(t)
	if twin := d.state(t, "d1").Twin; twin != "" {
		t.Errorf("still a twin of %q", twin)
	}
}

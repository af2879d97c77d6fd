package crmtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// Desk is a person at work on tasks in the simulated CRM, and the wire to it.
type Desk interface {
	// Put is a task of a person's own.
	Put(deal, owner, text string) (task string, err error)
	Finish(task string) error
	Reopen(task string) error
	Hand(task, owner string) error // gives it to somebody else
	Edit(task, text string) error
	Bin(task string) error
	BinDeal(deal string) error
	// Show is a task as people read it. Due is the day in the company's zone.
	Show(task string) Shown
	Made() int // tasks there are, the deleted ones left out
	// Spoil lets the next request that makes or closes tasks go wrong, unless
	// it is mended before.
	Spoil(Spoiled) (mend func())
	Unplug() (plug func()) // the CRM is not there
}

// Shown is a task as people read it.
type Shown struct {
	Subject, Text, Due string
	Owner              string
	Urgent, Done       bool
}

// Spoiled is a way for a request to go wrong.
type Spoiled uint8

// LostAnswer: it was carried out, and no answer came. LostCall: it left and was
// not carried out. Failed: the CRM failed in itself. Crowded: refused for
// coming too soon after others, before anything happened.
const (
	LostAnswer Spoiled = iota
	LostCall
	Failed
	Crowded
)

// TaskRig is a Subject with what the task suite needs beside it.
type TaskRig struct {
	Subject
	Book crm.TaskBook
	Desk Desk
	// TellsDeleted: the CRM shows tasks in the recycle bin.
	TellsDeleted bool
	Crowd        int // tasks on one deal that take several pages in each way of reading
	next         int // deal that no test has used yet
}

// RunTasks is the suite of a crm.TaskBook.
func RunTasks(t *testing.T, r TaskRig) {
	t.Run("makes tasks and finds them by key", r.makes)
	t.Run("keeps words whole", r.words)
	t.Run("makes more than one call takes", r.makesMany)
	t.Run("rejects one task and keeps the rest", r.rejectsOne)
	t.Run("makes a key once", r.once)
	t.Run("says that it does not know", r.unknown)
	t.Run("waits where nothing happened", r.crowded)
	t.Run("sends nothing to nobody", r.unplugged)
	t.Run("closes with a note", r.closes)
	t.Run("closes more than one call takes", r.closesMany)
	t.Run("does not know how a closing ended", r.closesUnknown)
	t.Run("finds a task that was handed on", r.handed)
	t.Run("leaves people's own tasks alone", r.foreign)
	t.Run("tells deleted tasks", r.deleted)
	t.Run("finds tasks in a crowd", r.crowd)
	t.Run("does not count its tasks as notes", r.notNotes)
	t.Run("counts its calls", func(t *testing.T) {
		calls := r.Source.Calls()
		for _, kind := range []string{"tasks make", "tasks find", "tasks close"} {
			if calls[kind] == 0 {
				t.Errorf("no call of the kind %q: %v", kind, calls)
			}
		}
	})
}

// deals are won deals that no test has used yet.
func (r *TaskRig) deals(t *testing.T, n int) []crm.DealID {
	t.Helper()
	list := r.won(r.next + n)
	if len(list) < r.next+n {
		t.Fatal("the world is too small")
	}
	var out []crm.DealID
	for _, i := range list[r.next:] {
		out = append(out, crm.DealID(r.Deal(i)))
	}
	r.next += n
	return out
}

// people are users who may be given tasks.
func (r *TaskRig) people() (list []crm.UserID) {
	for i, u := range r.World.Users {
		if u.Active {
			list = append(list, crm.UserID(r.Person(i)))
		}
	}
	return list
}

// TaskSetup is Setup of a company nine hours east of Greenwich.
func TaskSetup(w *world.World, native func(world.Field) string) crm.Setup {
	s := Setup(w, native)
	s.Zone = time.FixedZone("", 9*3600)
	return s
}

// due is an hour past midnight on dueDay in the company's zone.
func (r *TaskRig) due() time.Time { return time.Date(2026, 11, 19, 16, 0, 0, 0, time.UTC) }

const dueDay = "2026-11-20"

func (r *TaskRig) task(deal crm.DealID, name string) crm.Task {
	key := string(deal) + "/card/1/" + name
	return crm.Task{
		Key: key, Deal: deal, Owner: r.people()[0], Subject: "Handoff of a deal", Due: r.due(),
		Body: "Fill these in before kickoff.\n- use case: what is it for?\n\n" + crm.Mark(key),
	}
}

// made makes tasks that must all be confirmed.
func (r *TaskRig) made(t *testing.T, tasks ...crm.Task) []string {
	t.Helper()
	out, err := r.Book.MakeTasks(t.Context(), tasks)
	if err != nil || len(out) != len(tasks) {
		t.Fatalf("%d outcomes of %d: %v", len(out), len(tasks), err)
	}
	var ids []string
	for i, o := range out {
		if o.Status != crm.Confirmed || o.Task == "" || o.ID != tasks[i].Deal || slices.Contains(ids, string(o.Task)) {
			t.Fatalf("outcome %d: %+v", i, o)
		}
		ids = append(ids, string(o.Task))
	}
	return ids
}

// found are the tasks on deals by key, each key once.
func (r *TaskRig) found(t *testing.T, deals ...crm.DealID) map[string]crm.FoundTask {
	t.Helper()
	list, err := r.Book.FindTasks(t.Context(), deals)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]crm.FoundTask{}
	for _, f := range list {
		if twice, ok := out[f.Key]; ok {
			t.Errorf("%s is found twice: %+v and %+v", f.Key, twice, f)
		}
		out[f.Key] = f
	}
	return out
}

// want is what is to be found of tasks that were made and left alone.
func want(tasks []crm.Task, ids []string) map[string]crm.FoundTask {
	out := map[string]crm.FoundTask{}
	for i, x := range tasks {
		out[x.Key] = crm.FoundTask{ID: crm.TaskID(ids[i]), Key: x.Key, Deal: x.Deal, Owner: x.Owner}
	}
	return out
}

func (r *TaskRig) makes(t *testing.T) {
	deals := r.deals(t, 3)
	tasks := []crm.Task{r.task(deals[0], "a"), r.task(deals[0], "b"), r.task(deals[1], "a")}
	tasks[1].Owner, tasks[1].Urgent = r.people()[1], true
	ids := r.made(t, tasks...)
	// Deals without tasks, and one asked for twice, change nothing.
	if d := cmp.Diff(want(tasks, ids), r.found(t, deals[0], deals[1], deals[2], deals[0])); d != "" {
		t.Error(d)
	}
	if got := r.found(t, deals[2]); len(got) > 0 {
		t.Errorf("found %v on a deal without tasks", got)
	}
	if got := r.found(t); len(got) > 0 {
		t.Errorf("found %v on no deals", got)
	}
	for i, x := range tasks {
		got := r.Desk.Show(ids[i])
		if d := cmp.Diff(Shown{Subject: x.Subject, Text: x.Body, Due: dueDay, Owner: string(x.Owner), Urgent: x.Urgent}, got); d != "" {
			t.Error(d)
		}
	}
}

// Whatever stands in a task's words, it arrives and the key is found again.
func (r *TaskRig) words(t *testing.T) {
	deal := r.deals(t, 1)[0]
	odd := r.task(deal, "odd")
	odd.Subject = "  Handoff of \"R&D\" <b>\nfor\x00 O'Neil \xed\xa0\x80 "
	odd.Body = "\r\nIs 1 < 2 & 3 > 2?\r\nAsk \"why\" <script>\n\n\nand &amp; \xed\xa0\x80go\t" // without the mark
	long := r.task(deal, "long")
	long.Subject = strings.Repeat("😀", 200)
	long.Body = "[syncd D-9/card/1/x]\n" + strings.Repeat("&😀", 40_000) + "\n\n" + crm.Mark(long.Key)
	tasks := []crm.Task{odd, long}
	ids := r.made(t, tasks...)
	if d := cmp.Diff(want(tasks, ids), r.found(t, deal)); d != "" {
		t.Error(d)
	}
	got := r.Desk.Show(ids[0])
	if w := `Handoff of "R&D" <b> for O'Neil`; got.Subject != w {
		t.Errorf("subject %q, want %q", got.Subject, w)
	}
	if w := "Is 1 < 2 & 3 > 2?\nAsk \"why\" <script>\n\n\nand &amp; go\n\n" + crm.Mark(odd.Key); got.Text != w {
		t.Errorf("text %q, want %q", got.Text, w)
	}
	got = r.Desk.Show(ids[1])
	if crm.Units(got.Subject) > 255 || !strings.HasSuffix(got.Subject, "😀…") {
		t.Errorf("subject of %d units: %q", crm.Units(got.Subject), got.Subject)
	}
	if !strings.HasSuffix(got.Text, "…\n\n"+crm.Mark(long.Key)) || crm.Units(got.Text) < 10_000 {
		t.Errorf("a text of %d units", crm.Units(got.Text))
	}
}

// batch are tasks for two calls and a bit, on some deals.
func (r *TaskRig) batch(t *testing.T) (tasks []crm.Task, deals []crm.DealID) {
	deals = r.deals(t, 7)
	for i := range 2*r.Book.TaskBatch() + 11 {
		tasks = append(tasks, r.task(deals[i%len(deals)], fmt.Sprint("n", i)))
	}
	return tasks, deals
}

func (r *TaskRig) makesMany(t *testing.T) {
	tasks, deals := r.batch(t)
	before := r.Source.Calls()["tasks make"]
	ids := r.made(t, tasks...)
	if n := r.Source.Calls()["tasks make"] - before; n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
	if d := cmp.Diff(want(tasks, ids), r.found(t, deals...)); d != "" {
		t.Error(d)
	}
}

func (r *TaskRig) rejectsOne(t *testing.T) {
	deals := r.deals(t, 2)
	if err := r.Desk.BinDeal(string(deals[1])); err != nil {
		t.Fatal(err)
	}
	var tasks []crm.Task
	for i := range 9 {
		tasks = append(tasks, r.task(deals[0], fmt.Sprint("r", i)))
	}
	tasks[1].Deal = deals[1]
	tasks[3].Owner = crm.UserID(nextID(crm.DealID(tasks[3].Owner)))
	tasks[5].Deal = nextID(tasks[5].Deal)
	tasks[6].Key = ""
	tasks[7].Key = "no]key"
	bad := []int{1, 3, 5, 6, 7}
	out, err := r.Book.MakeTasks(t.Context(), tasks)
	if err != nil || len(out) != len(tasks) {
		t.Fatalf("%d outcomes: %v", len(out), err)
	}
	left := map[string]crm.FoundTask{}
	for i, o := range out {
		if o.ID != tasks[i].Deal {
			t.Errorf("outcome %d is of %s", i, o.ID)
		}
		if !slices.Contains(bad, i) {
			if o.Status != crm.Confirmed {
				t.Errorf("outcome %d: %+v", i, o)
			}
			maps.Copy(left, want(tasks[i:i+1], []string{string(o.Task)}))
			continue
		}
		if o.Status != crm.Rejected || o.Class == "" || o.Message == "" || o.Task != "" {
			t.Errorf("outcome %d: %+v", i, o)
		}
		for _, u := range r.World.Users {
			if strings.Contains(o.Message, u.Name) || strings.Contains(o.Message, u.Email) {
				t.Errorf("outcome %d names somebody: %s", i, o.Message)
			}
		}
	}
	if d := cmp.Diff(left, r.found(t, deals[0])); d != "" {
		t.Error(d)
	}
}

func (r *TaskRig) once(t *testing.T) {
	deal := r.deals(t, 1)[0]
	a, b := r.task(deal, "one"), r.task(deal, "two")
	before := r.Desk.Made()
	out, err := r.Book.MakeTasks(t.Context(), []crm.Task{a, b, a})
	if err != nil || out[0].Status != crm.Confirmed || out[1].Status != crm.Confirmed || cmp.Diff(out[0], out[2]) != "" {
		t.Errorf("%+v %v", out, err)
	}
	if n := r.Desk.Made() - before; n != 2 || len(r.found(t, deal)) != 2 {
		t.Errorf("%d tasks were made", n)
	}
	if out, err := r.Book.MakeTasks(t.Context(), nil); len(out) > 0 || err != nil {
		t.Errorf("%+v %v", out, err)
	}
}

// A request that went out and was not answered is Unknown and is not sent
// again; the records tell what became of it.
func (r *TaskRig) unknown(t *testing.T) {
	for _, c := range []struct {
		name string
		how  Spoiled
		made int
	}{{"answer lost", LostAnswer, 2}, {"call lost", LostCall, 0}, {"failed", Failed, 0}} {
		t.Run(c.name, func(t *testing.T) {
			deal := r.deals(t, 1)[0]
			tasks := []crm.Task{r.task(deal, "a"), r.task(deal, "b")}
			before, calls := r.Desk.Made(), r.Source.Calls()["tasks make"]
			mend := r.Desk.Spoil(c.how)
			out, _ := r.Book.MakeTasks(t.Context(), tasks)
			mend()
			for i, o := range out {
				if o.Status != crm.Unknown || o.ID != deal || o.Task != "" {
					t.Errorf("outcome %d: %+v", i, o)
				}
			}
			if n := r.Source.Calls()["tasks make"] - calls; n != 1 {
				t.Errorf("sent %d times", n)
			}
			got := r.found(t, deal)
			if len(got) != c.made || r.Desk.Made()-before != c.made {
				t.Errorf("%d found, %d made, want %d", len(got), r.Desk.Made()-before, c.made)
			}
		})
	}
}

func (r *TaskRig) crowded(t *testing.T) {
	deal := r.deals(t, 1)[0]
	before := r.Desk.Made()
	defer r.Desk.Spoil(Crowded)()
	tasks := []crm.Task{r.task(deal, "a"), r.task(deal, "b")}
	ids := r.made(t, tasks...)
	if d := cmp.Diff(want(tasks, ids), r.found(t, deal)); d != "" || r.Desk.Made()-before != 2 {
		t.Errorf("%d made, %s", r.Desk.Made()-before, d)
	}
}

func (r *TaskRig) unplugged(t *testing.T) {
	deal := r.deals(t, 1)[0]
	ids := r.made(t, r.task(deal, "a"))
	plug := r.Desk.Unplug()
	var calls sync.WaitGroup // each tries for a while
	calls.Go(func() {
		made, err := r.Book.MakeTasks(t.Context(), []crm.Task{r.task(deal, "b"), r.task(deal, "c")})
		if err == nil || crm.KindOf(err) != crm.Unavailable || len(made) != 2 || made[0].Status != crm.NotSent || made[1].Status != crm.NotSent || made[1].ID != deal {
			t.Errorf("made %+v: %v", made, err)
		}
	})
	calls.Go(func() {
		closed, err := r.Book.CloseTasks(t.Context(), []crm.Closing{{ID: crm.TaskID(ids[0])}})
		if err == nil || crm.KindOf(err) != crm.Unavailable || len(closed) != 1 || closed[0].Status != crm.NotSent {
			t.Errorf("closed %+v: %v", closed, err)
		}
	})
	calls.Go(func() {
		if found, err := r.Book.FindTasks(t.Context(), []crm.DealID{deal}); err == nil || crm.KindOf(err) != crm.Unavailable || len(found) > 0 {
			t.Errorf("found %+v: %v", found, err)
		}
	})
	calls.Wait()
	plug()
	if got := r.found(t, deal); len(got) != 1 {
		t.Errorf("found %v afterwards", got)
	}
}

const note = "No longer needed: the handoff is <complete> & signed."

func (r *TaskRig) closes(t *testing.T) {
	deal := r.deals(t, 1)[0]
	var tasks []crm.Task
	names := []string{"plain", "done", "binned", "edited", "unmarked", "handed", "noteless", "again"}
	for _, name := range names {
		tasks = append(tasks, r.task(deal, name))
	}
	ids := r.made(t, tasks...)
	id := map[string]string{}
	for i, name := range names {
		id[name] = ids[i]
	}
	edited := "I asked them.\n" + crm.Mark(tasks[3].Key) + "\nThey answer on Friday."
	for _, err := range []error{
		r.Desk.Finish(id["done"]), r.Desk.Bin(id["binned"]), r.Desk.Edit(id["edited"], edited),
		r.Desk.Edit(id["unmarked"], "All mine now."), r.Desk.Hand(id["handed"], string(r.people()[2])),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var list []crm.Closing
	for _, name := range names {
		c := crm.Closing{ID: crm.TaskID(id[name]), Note: note}
		if name == "noteless" {
			c.Note = ""
		}
		list = append(list, c)
	}
	never := crm.TaskID(nextID(crm.DealID(ids[0]))) // of another kind of record, or none
	list = append(list, crm.Closing{ID: "no-id", Note: note}, list[7], crm.Closing{ID: never})
	out, err := r.Book.CloseTasks(t.Context(), list)
	if err != nil || len(out) != len(list) {
		t.Fatalf("%d outcomes: %v", len(out), err)
	}
	for i, o := range out {
		status := crm.Confirmed
		if list[i].ID == "no-id" {
			status = crm.Rejected
		}
		if o.Status != status || o.Task != list[i].ID {
			t.Errorf("outcome %d: %+v", i, o)
		}
	}
	body := func(i int, insert string) string {
		return "Fill these in before kickoff.\n- use case: what is it for?\n\n" + insert + crm.Mark(tasks[i].Key)
	}
	for name, text := range map[string]string{
		"plain": body(0, note+"\n\n"), "done": body(1, ""), "handed": body(5, note+"\n\n"), "noteless": body(6, ""), "again": body(7, note+"\n\n"),
		"edited":   "I asked them.\n" + note + "\n\n" + crm.Mark(tasks[3].Key) + "\nThey answer on Friday.",
		"unmarked": "All mine now.\n\n" + note,
	} {
		got := r.Desk.Show(id[name])
		if !got.Done || got.Text != text {
			t.Errorf("%s: done %v, text\n%s\nwant\n%s", name, got.Done, got.Text, text)
		}
	}
	if got := r.Desk.Show(id["handed"]); got.Owner != string(r.people()[2]) {
		t.Errorf("the closed task is %s's", got.Owner)
	}
	for key, f := range r.found(t, deal) {
		if !f.Done && !f.Deleted {
			t.Errorf("%s is found open", key)
		}
	}
	// Once more changes nothing; opened again, it is closed without a second note.
	if err := r.Desk.Reopen(id["plain"]); err != nil {
		t.Fatal(err)
	}
	if out, err := r.Book.CloseTasks(t.Context(), list[:1]); err != nil || out[0].Status != crm.Confirmed {
		t.Fatalf("%+v %v", out, err)
	}
	if got := r.Desk.Show(id["plain"]); !got.Done || got.Text != body(0, note+"\n\n") {
		t.Errorf("closed twice: %+v", got)
	}
}

func (r *TaskRig) closesMany(t *testing.T) {
	tasks, deals := r.batch(t)
	var list []crm.Closing
	for _, id := range r.made(t, tasks...) {
		list = append(list, crm.Closing{ID: crm.TaskID(id), Note: note})
	}
	out, err := r.Book.CloseTasks(t.Context(), list)
	if err != nil || len(out) != len(list) {
		t.Fatalf("%d outcomes: %v", len(out), err)
	}
	for i, o := range out {
		if o.Status != crm.Confirmed {
			t.Fatalf("outcome %d: %+v", i, o)
		}
	}
	got := r.found(t, deals...)
	for key, f := range got {
		if !f.Done {
			t.Errorf("%s is open", key)
		}
	}
	if len(got) != len(tasks) {
		t.Errorf("%d of %d found", len(got), len(tasks))
	}
}

func (r *TaskRig) closesUnknown(t *testing.T) {
	deal := r.deals(t, 1)[0]
	ids := r.made(t, r.task(deal, "a"))
	list := []crm.Closing{{ID: crm.TaskID(ids[0]), Note: note}}
	mend := r.Desk.Spoil(LostAnswer)
	if out, _ := r.Book.CloseTasks(t.Context(), list); len(out) != 1 || out[0].Status != crm.Unknown {
		t.Errorf("%+v", out)
	}
	mend()
	if out, err := r.Book.CloseTasks(t.Context(), list); err != nil || out[0].Status != crm.Confirmed {
		t.Errorf("%+v %v", out, err)
	}
	if n := strings.Count(r.Desk.Show(ids[0]).Text, note); n != 1 {
		t.Errorf("%d notes", n)
	}
}

func (r *TaskRig) handed(t *testing.T) {
	deal := r.deals(t, 1)[0]
	x, to := r.task(deal, "a"), r.people()[3]
	ids := r.made(t, x)
	if err := r.Desk.Hand(ids[0], string(to)); err != nil {
		t.Fatal(err)
	}
	if got := r.found(t, deal)[x.Key]; got.Owner != to || got.ID != crm.TaskID(ids[0]) {
		t.Errorf("found %+v, want owner %s", got, to)
	}
}

func (r *TaskRig) foreign(t *testing.T) {
	deal := r.deals(t, 1)[0]
	x := r.task(deal, "a")
	ids := r.made(t, x)
	for _, text := range []string{
		"Call them back.", "", "The task " + crm.Mark(x.Key) + " is wrong: who owns it?\nAsk.", "See " + crm.Mark("D-9/card/1/b") + ", thanks.",
		"[syncd]", "[syncd ]", "[syncd D-1/card/1/x", "syncd " + x.Key + "]",
	} {
		if _, err := r.Desk.Put(string(deal), string(x.Owner), text); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(want([]crm.Task{x}, ids), r.found(t, deal)); d != "" {
		t.Error(d)
	}
}

func (r *TaskRig) deleted(t *testing.T) {
	deals := r.deals(t, 2)
	a, b, c := r.task(deals[0], "a"), r.task(deals[0], "b"), r.task(deals[1], "c")
	ids := r.made(t, a, b, c)
	for _, err := range []error{r.Desk.Bin(ids[0]), r.Desk.BinDeal(string(deals[1]))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := r.found(t, deals...)
	if f := got[b.Key]; f.Deleted || f.ID != crm.TaskID(ids[1]) {
		t.Errorf("%+v", f)
	}
	for _, key := range []string{a.Key, c.Key} {
		if f, ok := got[key]; r.TellsDeleted && (!ok || !f.Deleted) || !r.TellsDeleted && ok && !f.Deleted && key == a.Key {
			t.Errorf("%s: found %v, %+v", key, ok, f)
		}
	}
}

// A deal may have more tasks than a page of any kind holds.
func (r *TaskRig) crowd(t *testing.T) {
	deals := r.deals(t, 2)
	owner := string(r.people()[0])
	var tasks []crm.Task
	var ids []string
	for i := range r.Crowd {
		if i%40 == 7 {
			x := r.task(deals[i/40%2], fmt.Sprint("c", i))
			tasks, ids = append(tasks, x), append(ids, r.made(t, x)...)
		}
		if _, err := r.Desk.Put(string(deals[0]), owner, fmt.Sprintf("My own number %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(want(tasks, ids), r.found(t, deals...)); d != "" {
		t.Error(d)
	}
}

// Our own tasks are no words of a person's, open or closed.
func (r *TaskRig) notNotes(t *testing.T) {
	deal := r.deals(t, 1)[0]
	ids := r.made(t, r.task(deal, "a"), r.task(deal, "b"))
	if _, err := r.Book.CloseTasks(t.Context(), []crm.Closing{{ID: crm.TaskID(ids[1]), Note: note}}); err != nil {
		t.Fatal(err)
	}
	own, err := r.Desk.Put(string(deal), string(r.people()[0]), "They want to start on Monday with twelve people.")
	if err != nil {
		t.Fatal(err)
	}
	l, err := r.Source.Load(t.Context(), []crm.DealID{deal})
	if err != nil || len(l.Deals) != 1 {
		t.Fatal(len(l.Deals), err)
	}
	ours := map[string]bool{}
	for _, n := range l.Deals[0].Notes {
		ours[n.ID] = n.Ours
	}
	for _, id := range ids {
		if is, ok := ours[id]; !ok || !is {
			t.Errorf("task %s counts as a note: %v", id, ours)
		}
	}
	if is, ok := ours[own]; !ok || is {
		t.Errorf("a person's task does not count: %v", ours)
	}
}

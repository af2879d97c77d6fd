package syncer_test

import (
	"context"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/writeback"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/store"
)

// The CRM refused a write. It is not repeated before its time, unless there is
// something else to write.
func TestARefusedWriteIsNotRepeatedBeforeItIsDue(t *testing.T) {
	const wait = time.Hour
	for _, c := range []struct {
		name    string
		after   time.Duration
		change  func(r *rig, refused map[string]string)
		planned bool
	}{
		{"at once", 0, func(*rig, map[string]string) {}, false},
		{"just before it is due", wait - time.Millisecond, func(*rig, map[string]string) {}, false},
		{"when it is due", wait, func(*rig, map[string]string) {}, true},
		{"long after", 30 * time.Hour, func(*rig, map[string]string) {}, true},
		{"another value, before", time.Minute, func(r *rig, _ map[string]string) { r.set("d1", "kickoff_at", stamp(start.Add(-2*time.Hour))) }, true},
		{"another field, before", time.Minute, func(r *rig, _ map[string]string) { r.set("d1", "hold", "true") }, true},
		{"the stamp alone is no other value", time.Minute, func(r *rig, _ map[string]string) { r.set("d1", "updated_at", stamp(start)) }, false},
		{"somebody put it right", wait, func(r *rig, refused map[string]string) {
			for name, text := range refused {
				r.set("d1", name, text)
			}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.won("d1")
			r.moves([]string{"d1"})
			in := r.planned(t, r.plan(t))["d1"]
			r.resolve(t, in, store.Result{Status: store.Rejected, Class: "locked", Message: "no", NextTry: start.Add(wait)})
			r.moves()
			r.now = start.Add(c.after)
			c.change(r, in.Fields)
			run := r.plan(t)
			got, planned := r.planned(t, run)["d1"]
			if planned != c.planned {
				t.Errorf("planned %v", got.Fields)
			}
			list, err := r.store.Writes(t.Context(), "org", "d1")
			if err != nil {
				t.Fatal(err)
			}
			waits := list[0].Status == store.Rejected
			if want := !c.planned && c.after < wait; waits != want || waits && list[0].Message != "no" {
				t.Errorf("the refused write is %s %q", list[0].Status, list[0].Message)
			}
		})
	}
}

// A final deal has no clock; its refused write alone brings it back.
func TestARefusedWriteOfAFinalDealIsTriedAgain(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.set("d1", "item_1_1_score", "2")
	r.moves([]string{"d1"})
	in := r.planned(t, r.plan(t))["d1"]
	r.resolve(t, in, store.Result{Status: store.Rejected, Class: "validation", NextTry: start.Add(6 * time.Hour)})
	r.moves()
	r.crm.loaded()
	for at, want := range map[time.Duration][]string{6*time.Hour - time.Millisecond: nil, 6 * time.Hour: {"d1"}} {
		r.now = start.Add(at)
		due, _, err := r.store.OpenRefs(t.Context(), store.Due{Connection: "org", Now: r.now}, "", 10)
		if d := cmp.Diff(want, due); d != "" || err != nil {
			t.Errorf("after %s (-want +got):\n%s%v", at, d, err)
		}
	}
	r.now = start.Add(6 * time.Hour)
	if got := r.planned(t, r.plan(t))["d1"].Fields; got["score"] != "4" {
		t.Errorf("planned %v", got)
	}
}

// A run before this one sent a write and never heard of it: the record is read,
// and only what it lacks is planned.
func TestAWriteNobodyKnowsOfIsReadBeforeItIsPlannedAgain(t *testing.T) {
	for _, status := range []string{store.Sent, store.Unknown} {
		for _, arrived := range []bool{true, false} {
			r := newRig(t)
			r.won("d1")
			r.set("d1", "item_1_1_score", "2") // final: nothing else brings it back
			r.moves([]string{"d1"})
			in := r.planned(t, r.plan(t))["d1"]
			r.resolve(t, in, store.Result{Status: status})
			if arrived {
				for name, text := range in.Fields {
					r.set("d1", name, text)
				}
			}
			r.moves()
			r.crm.loaded()
			r.now = r.now.Add(time.Minute)
			_, planned := r.planned(t, r.plan(t))["d1"]
			if d := cmp.Diff([]string{"d1"}, r.crm.loaded()); d != "" {
				t.Errorf("%s, arrived %v: read (-want +got):\n%s", status, arrived, d)
			}
			if planned == arrived {
				t.Errorf("%s, arrived %v: planned %v", status, arrived, planned)
			}
			if list, err := r.store.Writes(t.Context(), "org", "d1"); err != nil || list[0].Status != store.Superseded {
				t.Errorf("%s, arrived %v: the old write is %s, %v", status, arrived, list[0].Status, err)
			}
		}
	}
}

// Final by a reading of the open clock; its write was planned and never sent
// (guard, quota, crash). The next pass must not forget it.
func TestAPlannedWriteOfAnEndedRunIsNotForgotten(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.settled(t, "d1")
	r.set("d1", "item_1_1_score", "0") // moves no stamp in this fake: the open clock sees it
	first := r.plan(t)
	if in := r.planned(t, first)["d1"]; in.Escalation != "Sales manager" {
		t.Fatalf("%+v", in)
	}
	first.Status = store.RunGuarded
	if err := r.store.SaveRun(t.Context(), r.lease, *first); err != nil {
		t.Fatal(err)
	}
	r.now = r.now.Add(time.Minute)
	second := r.plan(t)
	if got := r.planned(t, second)["d1"]; got.Fields["score"] != "2" || got.Escalation != "Sales manager" {
		t.Errorf("the next pass plans %v; read %v", got.Fields, r.crm.loaded())
	}
}

// refusing is a CRM in which every record is locked.
type refusing struct{ *fake }

func (r refusing) Write(_ context.Context, updates []crm.Update) ([]crm.Outcome, error) {
	out := make([]crm.Outcome, len(updates))
	for i := range updates {
		out[i] = crm.Outcome{ID: updates[i].ID, Status: crm.Rejected, Class: crm.ClassLocked, Message: "locked"}
	}
	return out, nil
}

// Locked again and again: each try waits longer.
func TestTheWaitOfALockedRecordGrows(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.moves([]string{"d1"})
	w := &writeback.Writer{Store: r.store}
	sink := refusing{r.crm}
	var last time.Duration
	for try := range 4 {
		run := r.plan(t)
		if _, _, err := w.Apply(t.Context(), writeback.Target{Name: "org", Source: r.crm, Sink: sink, Same: r.c.Same}, r.lease, run.ID, r.now, later()); err != nil {
			t.Fatal(err)
		}
		list, _ := r.store.Writes(t.Context(), "org", "d1")
		in := list[len(list)-1]
		wait := in.NextTry.Sub(r.now)
		if wait <= last {
			t.Errorf("try %d waits %s after %s", try+1, wait, last)
		}
		last = wait
		r.now = in.NextTry
	}
}

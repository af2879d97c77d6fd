package syncer_test

import (
	"testing"

	"github.com/handoffscore/syncd/internal/writeback"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// The guard is told of a band only where one is replaced.
func TestAFirstBandIsNoChange(t *testing.T) {
	for _, c := range []struct {
		name, before, score string // the CSM's score of 1.1
		changes             bool
		escalation          string
	}{
		{"none before", "", "2", false, ""},
		{"none before, and escalated", "", "0", false, "Sales manager"},
		{"another before", "Poor", "2", true, ""},
		{"another before, and escalated", "Good", "0", true, "Sales manager"},
		{"the same before", "Good", "2", false, ""},
		{"not final: no band", "", "", false, ""},
		{"a band where none should be", "Good", "", true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.won("d1")
			r.set("d1", "band", c.before)
			r.set("d1", "item_1_1_score", c.score)
			r.moves([]string{"d1"})
			run := r.plan(t)
			in := r.planned(t, run)["d1"]
			if in.BandChange != c.changes || in.Escalation != c.escalation {
				t.Errorf("change %v, escalation %q of %v", in.BandChange, in.Escalation, in.Fields)
			}
			if n := counts(t, run).Escalations; (n == 1) != (c.escalation != "") {
				t.Errorf("%d escalations counted", n)
			}
		})
	}
}

// Observed or written, the plan is one; observing sends nothing, and what was
// only observed is planned again by the run that writes.
func TestObserveIsTheSamePlan(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.won("d2")
	r.set("d2", "item_1_1_score", "0")
	r.moves([]string{"d1", "d2"})
	r.c.Mode = syncer.Observe
	observed := r.plan(t)
	seen := r.planned(t, observed)
	r.c.Mode = syncer.Write
	wrote := r.plan(t)
	again := r.planned(t, wrote)
	for _, id := range []string{"d1", "d2"} {
		if len(seen[id].Fields) == 0 {
			t.Errorf("%s was not planned", id)
		}
		if d := cmp.Diff(seen[id].Fields, again[id].Fields); d != "" {
			t.Errorf("%s observed and written (-observed +written):\n%s", id, d)
		}
		if list, err := r.store.Writes(t.Context(), "org", id); err != nil || len(list) != 2 || list[0].Status != store.Superseded {
			t.Errorf("%s: the observed plan is still open: %+v %v", id, list, err)
		}
	}
	if a, b := counts(t, observed), counts(t, wrote); a.FieldsPlanned != b.FieldsPlanned || a.Escalations != 1 || b.Escalations != 1 {
		t.Errorf("observed %+v, written %+v", a, b)
	}
	if r.crm.writes != 0 {
		t.Errorf("%d writes", r.crm.writes)
	}
}

// A batch judged again after a crash plans each deal again: the guard must see
// each once.
func TestTheGuardCountsADealPlannedTwiceOnce(t *testing.T) {
	r := newRig(t)
	for _, id := range names(20) {
		r.won(id)
		r.set(id, "item_1_1_score", "0")
	}
	r.crm.batch = 20
	r.moves(names(20))
	run := r.begin(t, syncer.KindIncremental)
	r.p.Progress = func(string, int64) { r.store.Close() } // dies behind its last slice
	if done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later()); err == nil || done {
		t.Fatalf("done %v", done)
	}
	r.open(t)
	run = r.stored(t, run.ID)
	if done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later()); err != nil || !done {
		t.Fatalf("done %v %v", done, err)
	}
	w := &writeback.Writer{Store: r.store}
	if err := w.Guard(t.Context(), "org", run.ID, writeback.Limits{MaxEscalations: 25}); err != nil {
		t.Errorf("20 escalations: %v", err)
	}
	if c := counts(t, run); c.DealsRead != 20 || c.Escalations != 20 {
		t.Errorf("counted %d read, %d escalations", c.DealsRead, c.Escalations)
	}
}

package syncer_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// The window has a beginning and no end; what is judged is judged as of the
// run's start, and the watermark is not the plan's to move.
func TestAPlanReadsFromItsWindowUpToNow(t *testing.T) {
	recent := crm.Window{From: start.Add(-20 * time.Minute)}
	for kind, windows := range map[string][]crm.Window{
		syncer.KindFull:        {{}},
		syncer.KindIncremental: {recent, recent}, // what changed, and what was touched
	} {
		t.Run(kind, func(t *testing.T) {
			r := newRig(t)
			mark := store.Connection{Name: "org", CRM: "salesforce", OrgID: "00D", Watermark: start.Add(-5 * time.Minute)}
			if err := r.store.SaveConnection(t.Context(), r.lease, mark); err != nil {
				t.Fatal(err)
			}
			r.won("d1").ModifiedAt = start.Add(time.Hour) // moved while the run was under way
			r.moves([]string{"d1"})
			r.crm.pages[0][0].At = start.Add(time.Hour)
			run := r.planOf(t, kind)
			if d := cmp.Diff(windows, r.crm.windows); d != "" {
				t.Errorf("windows (-want +got):\n%s", d)
			}
			if got := r.planned(t, run)["d1"].Fields["updated_at"]; got != stamp(start) {
				t.Errorf("planned as of %q", got)
			}
			if got, err := r.store.Connection(t.Context(), "org"); err != nil || got != mark {
				t.Errorf("the plan moved the connection to %+v, %v", got, err)
			}
		})
	}
}

// What the overlap names again is read again, and nothing comes of it.
func TestTheOverlapIsReadAgainAndChangesNothing(t *testing.T) {
	r := newRig(t)
	for _, id := range names(5) {
		r.won(id)
	}
	r.set("d002", "item_1_1_score", "0")
	r.settled(t, names(5)...)
	before := map[string]int{}
	for _, table := range []string{"snapshots", "judgements", "intents"} {
		before[table] = r.rows(t, table, "d002")
	}
	state := r.state(t, "d002")
	r.moves(names(5)[:2], names(5)[2:])
	run := r.plan(t)
	if d := cmp.Diff(names(5), r.crm.loaded()); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
	if got := r.planned(t, run); len(got) != 0 {
		t.Errorf("planned %v", got)
	}
	for table, n := range before {
		if got := r.rows(t, table, "d002"); got != n {
			t.Errorf("%s went from %d to %d", table, n, got)
		}
	}
	if d := cmp.Diff(state, r.state(t, "d002")); d != "" {
		t.Error(d)
	}
}

// A deal may be named on several pages and is planned once.
func TestADealNamedTwiceIsPlannedOnce(t *testing.T) {
	for name, pages := range map[string][][]string{
		"on one page":     {{"d1", "d1", "d2"}},
		"in one batch":    {{"d1"}, {"d1"}, {"d2"}},
		"in two batches":  {{"d1", "d2"}, {"d1", "d3"}},
		"and it has gone": {{"d1", "d2"}, {"d4", "d4"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			for _, id := range []string{"d1", "d2", "d3"} {
				r.won(id)
			}
			r.moves(pages...)
			r.planned(t, r.plan(t))
			if n := r.rows(t, "snapshots", "d1"); n != 1 {
				t.Errorf("%d snapshots", n)
			}
		})
	}
}

func TestADealNotWonIsReadOnlyIfItIsTracked(t *testing.T) {
	r := newRig(t)
	for _, id := range []string{"d1", "d2"} {
		r.won(id)
	}
	r.settled(t, "d1")
	for _, id := range []string{"d1", "d2"} {
		r.crm.deals[crm.DealID(id)].Won = false
	}
	r.moves([]string{"d1", "d2", "d3"}) // d3 is gone and was never seen
	run := r.plan(t)
	if d := cmp.Diff([]string{"d1"}, r.crm.loaded()); d != "" {
		t.Error(d)
	}
	if n := counts(t, run).DealsRead; n != 1 {
		t.Errorf("%d deals read", n)
	}
}

// A deal that is won and left out is counted by reason and leaves no trace.
func TestWhatIsLeftOutIsCounted(t *testing.T) {
	r := newRig(t)
	r.won("d1").Type = crm.Value("Renewal")
	r.won("d2").WonAt.At = start.AddDate(-1, 0, 0)
	r.won("d3")
	r.moves([]string{"d1", "d2", "d3"})
	run := r.planOf(t, syncer.KindFull)
	want := syncer.Counts{LeftOut: map[string]int64{"type left out": 1, "won before go_live": 4}, LeftOutTypes: map[string]int64{"Renewal": 1}}
	got := counts(t, run)
	if d := cmp.Diff(want.LeftOut, got.LeftOut) + cmp.Diff(want.LeftOutTypes, got.LeftOutTypes); d != "" {
		t.Errorf("left out, three by the CRM's own count (-want +got):\n%s", d)
	}
	if got.DealsRead != 3 || got.InScope != 1 || len(r.planned(t, run)) != 1 {
		t.Errorf("%+v", got)
	}
	if r.rows(t, "states", "d1")+r.rows(t, "snapshots", "d1") != 0 {
		t.Error("a deal out of scope is kept")
	}
}

func TestAnotherOrgIsRefused(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.settled(t, "d1")
	r.crm.desc.OrgID = "00X"
	r.moves([]string{"d1"})
	done, err := r.p.Plan(t.Context(), r.c, r.lease, r.begin(t, syncer.KindIncremental), r.crm.desc, later())
	if crm.KindOf(err) != crm.Invalid || done || len(r.crm.loaded()) != 0 {
		t.Errorf("done %v, %v", done, err)
	}
}

func TestALostLeaseStopsThePlan(t *testing.T) {
	r := newRig(t)
	for _, id := range names(6) {
		r.won(id)
	}
	r.moves(names(6)[:2], names(6)[2:4], names(6)[4:])
	run := r.begin(t, syncer.KindFull)
	r.crm.onLoad = func(ids []crm.DealID) error {
		if ids[0] == "d001" {
			r.take(t, "other")
		}
		return nil
	}
	done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later())
	if !errors.Is(err, store.ErrFenced) || done {
		t.Errorf("done %v, %v", done, err)
	}
	if n := r.rows(t, "states", "d001") + r.rows(t, "intents", "d001"); n != 0 {
		t.Errorf("%d rows were written under an old lease", n)
	}
}

func TestACancelledPlanIsNotComplete(t *testing.T) {
	r := newRig(t)
	for _, id := range names(6) {
		r.won(id)
	}
	r.moves(names(6)[:2], names(6)[2:4], names(6)[4:])
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	run := r.begin(t, syncer.KindFull)
	r.p.Progress = func(string, int64) { cancel() }
	if done, err := r.p.Plan(ctx, r.c, r.lease, run, r.crm.desc, later()); err == nil || done || run.Phase != syncer.PhaseChanged {
		t.Errorf("done %v in phase %s, %v", done, run.Phase, err)
	}
	r.p.Progress = nil
	if done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later()); err != nil || !done || len(r.planned(t, run)) != 6 {
		t.Errorf("gone on with: done %v, %v, %d planned", done, err, len(r.planned(t, run)))
	}
}

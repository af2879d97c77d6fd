package syncer_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// stored is a run as another process finds it.
func (r *rig) stored(t *testing.T, id string) *store.Run {
	t.Helper()
	run, ok, err := r.store.Run(t.Context(), id)
	if err != nil || !ok {
		t.Fatalf("run %s: %v %v", id, ok, err)
	}
	return &run
}

// The process dies while it loads its third batch. What it had judged is kept
// with the place it had reached, and the next process goes on from there.
func TestThePlaceIsKeptWithEachBatch(t *testing.T) {
	r := newRig(t)
	for _, id := range names(8) {
		r.won(id)
	}
	pages := slices.Collect(slices.Chunk(names(8), 2))
	r.moves(pages...)
	var mended atomic.Bool
	r.crm.onLoad = func(ids []crm.DealID) error {
		if ids[0] == "d005" && !mended.Load() {
			return broken("fake.Load")
		}
		return nil
	}
	run := r.begin(t, syncer.KindFull)
	if done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later()); crm.KindOf(err) != crm.Unavailable || done {
		t.Fatalf("done %v, %v", done, err)
	}
	r.store.Close()
	r.open(t)
	mended.Store(true)
	r.crm.loaded()
	run = r.stored(t, run.ID)
	if c := counts(t, run); run.Cursor != "2" || run.Phase != syncer.PhaseChanged || c.DealsRead != 4 {
		t.Fatalf("the run stands at %q in %s with %+v", run.Cursor, run.Phase, c)
	}
	if n := len(r.planned(t, run)); n != 4 {
		t.Errorf("%d planned before the crash", n)
	}
	done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later())
	if err != nil || !done {
		t.Fatalf("gone on with: done %v, %v", done, err)
	}
	if d := cmp.Diff([]string{"", "2"}, r.crm.afters); d != "" {
		t.Errorf("read from (-want +got):\n%s", d)
	}
	// The first process may have been loading ahead when it died.
	if d := cmp.Diff(names(8)[4:], slices.Compact(r.crm.loaded())); d != "" {
		t.Errorf("read by the second process (-want +got):\n%s", d)
	}
	c := counts(t, run)
	if len(r.planned(t, run)) != 8 || c.DealsRead != 8 || c.InScope != 8 || c.LeftOut["won before go_live"] != 3 {
		t.Errorf("%d planned, %+v", len(r.planned(t, run)), c)
	}
}

// Every reading of the CRM gets three pages and no further.
func TestAPassThatAlwaysDiesAtOnePageProgresses(t *testing.T) {
	for _, c := range []struct {
		name           string
		perPage, batch int
	}{
		{"a page fills a batch", 2, 2},
		{"two pages fill a batch", 2, 4},
		{"three pages fill a batch", 2, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			all := names(24)
			for _, id := range all {
				r.won(id)
			}
			r.moves(slices.Collect(slices.Chunk(all, c.perPage))...)
			r.crm.batch, r.crm.dieAfter = c.batch, 3
			run := r.begin(t, syncer.KindFull)
			for tries := 1; ; tries++ {
				at := run.Cursor
				done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later())
				if done {
					break
				}
				run = r.stored(t, run.ID)
				if err == nil || run.Cursor == at {
					t.Fatalf("try %d: from %q to %q, %v", tries, at, run.Cursor, err)
				}
			}
			if got := len(r.planned(t, run)); got != len(all) || counts(t, run).DealsRead != int64(len(all)) {
				t.Errorf("%d planned, %+v", got, counts(t, run))
			}
		})
	}
}

// A slice of work ends at its deadline and the next goes on behind it, in both
// phases.
func TestAPausedPlanGoesOnWhereItWas(t *testing.T) {
	r := newRig(t)
	for _, id := range names(10) {
		r.won(id)
	}
	r.settled(t, names(10)...)
	r.moves(names(10)[:2], names(10)[2:4])
	run := r.begin(t, syncer.KindIncremental)
	pauses := map[string]int{}
	for done := false; !done; {
		var err error
		if done, err = r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, time.Now().Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		if pauses[run.Phase]++; pauses[run.Phase] > 10 {
			t.Fatalf("stuck at %q in %s", run.Cursor, run.Phase)
		}
		run = r.stored(t, run.ID)
	}
	if pauses[syncer.PhaseChanged] != 1 || pauses[syncer.PhaseOpen] < 3 {
		t.Errorf("pauses %v", pauses)
	}
	got := slices.Compact(r.crm.loaded())
	if d := cmp.Diff(names(10), got); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
}

// More deals than are committed together.
func TestALargeBatchIsKeptWhole(t *testing.T) {
	r := newRig(t)
	all := names(600)
	for _, id := range all {
		r.won(id)
	}
	r.crm.batch = 1000
	r.moves(all)
	run := r.plan(t)
	c := counts(t, run)
	if n := len(r.planned(t, run)); n != 600 || c.DealsRead != 600 || c.InScope != 600 {
		t.Errorf("%d planned, %+v", n, c)
	}
	if d := cmp.Diff(all, r.crm.loaded()); d != "" {
		t.Error(d)
	}
}

// Seven won on a page, a batch of ten: a slice of work still ends near its deadline.
func TestAPlanPausesWhereverPagesAndBatchesMeet(t *testing.T) {
	r := newRig(t)
	all := names(280)
	for _, id := range all {
		r.won(id)
	}
	r.crm.batch = 100
	r.moves(slices.Collect(slices.Chunk(all, 7))...)
	run := r.begin(t, syncer.KindFull)
	done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, time.Now().Add(-time.Second))
	if err != nil || done {
		t.Errorf("with its deadline passed it read %d of 280 deals: done %v, %v", counts(t, run).DealsRead, done, err)
	}
}

// Pages of deals that are not won, or too few won ones to fill a batch: every
// page read is behind us.
func TestAPassThatDiesProgressesOverPagesThatNameLittle(t *testing.T) {
	for _, c := range []struct {
		name                string
		won, perPage, batch int
	}{
		{"nothing won on a page", 0, 2, 2},
		{"one won on a page, a batch of ten", 1, 2, 10},
		{"three won on a page, a batch of five", 3, 3, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			all := names(36)
			for i, id := range all {
				r.won(id).Won = i%c.perPage < c.won
			}
			r.moves(slices.Collect(slices.Chunk(all, c.perPage))...)
			r.crm.batch, r.crm.dieAfter = c.batch, 3
			run := r.begin(t, syncer.KindFull)
			for tries := 1; ; tries++ {
				at := run.Cursor
				done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later())
				if done {
					break
				}
				run = r.stored(t, run.ID)
				if err == nil || run.Cursor == at {
					t.Fatalf("try %d: from %q to %q, %v", tries, at, run.Cursor, err)
				}
			}
		})
	}
}

// Deals of a page that come in no order of their ids are loaded in that order,
// page by page: the place moves by whole pages.
func TestDealsOfAPageAreLoadedByTheirIDs(t *testing.T) {
	r := newRig(t)
	for _, id := range names(8) {
		r.won(id)
	}
	r.moves([]string{"d008", "d003", "d005", "d001"}, []string{"d007", "d002", "d006", "d004"})
	run := r.begin(t, syncer.KindFull)
	if done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later()); err != nil || !done {
		t.Fatalf("done %v, %v", done, err)
	}
	r.crm.mu.Lock()
	defer r.crm.mu.Unlock()
	slices.SortFunc(r.crm.loads, slices.Compare) // they are under way side by side
	want := [][]crm.DealID{{"d001", "d003"}, {"d002", "d004"}, {"d005", "d008"}, {"d006", "d007"}}
	if d := cmp.Diff(want, r.crm.loads); d != "" {
		t.Errorf("loads (-want +got):\n%s", d)
	}
}

// slow is the fake with loads that take their time, the first apart.
type slow struct {
	*fake
	under *atomic.Int32
}

func (s *slow) Load(ctx context.Context, ids []crm.DealID) (crm.Loaded, error) {
	s.under.Add(1)
	defer s.under.Add(-1)
	if ids[0] != "d001" {
		time.Sleep(100 * time.Millisecond)
	}
	return s.fake.Load(ctx, ids)
}

// Plan returns only when nothing of it is still at work.
func TestAPlanReturnsWithNothingInFlight(t *testing.T) {
	r := newRig(t)
	for _, id := range names(8) {
		r.won(id)
	}
	r.moves(slices.Collect(slices.Chunk(names(8), 2))...)
	var under atomic.Int32
	r.c.Source = &slow{fake: r.crm, under: &under}
	run := r.begin(t, syncer.KindFull)
	if _, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if n := under.Load(); n != 0 {
		t.Errorf("%d loads are still under way", n)
	}
}

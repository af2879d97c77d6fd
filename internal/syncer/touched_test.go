package syncer_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/syncer"
)

// finals are n deals that are final: no clock brings them back.
func (r *rig) finals(t *testing.T, n int) []string {
	t.Helper()
	all := names(n)
	for _, id := range all {
		r.won(id)
		r.set(id, "item_1_1_score", "2")
	}
	r.settled(t, all...)
	if s := r.state(t, all[0]); s.Status != "final" || s.Open {
		t.Fatalf("status %s, open %v", s.Status, s.Open)
	}
	return all
}

// Somebody is linked to a final deal that does not move.
func TestAFinalDealThatWasTouchedIsRead(t *testing.T) {
	r := newRig(t)
	r.finals(t, 3)
	snapshots := r.rows(t, "snapshots", "d002")
	r.crm.deals["d002"].Contacts = []crm.Contact{{ID: "c1", Name: crm.Value("Jana Ruiz")}}
	r.touches([]string{"d002"})
	run := r.plan(t)
	if d := cmp.Diff([]string{"d002"}, r.crm.loaded()); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
	if n := r.rows(t, "snapshots", "d002"); n != snapshots+1 {
		t.Errorf("%d snapshots, %d before", n, snapshots)
	}
	if n := counts(t, run).DealsRead; n != 1 {
		t.Errorf("%d deals read", n)
	}
	// The overlap names it again, and nothing comes of it.
	r.now = r.now.Add(time.Minute)
	if got := r.planned(t, r.plan(t)); len(got) != 0 || r.rows(t, "snapshots", "d002") != snapshots+1 {
		t.Errorf("planned %v, %d snapshots", got, r.rows(t, "snapshots", "d002"))
	}
}

// Of what was touched only deals in scope are read, each once in a run.
func TestWhatWasTouchedIsReadOnlyIfItIsTrackedAndUnread(t *testing.T) {
	r := newRig(t)
	r.finals(t, 6)
	r.won("new")   // about to be named as changed, or won before go_live
	r.won("never") // not won
	r.crm.deals["never"].Won = false
	left := crm.DealID("d006") // left won, and is out of scope
	r.crm.deals[left].Won = false
	r.moves([]string{string(left)})
	r.write(t, r.plan(t))
	r.crm.loaded()
	r.moves([]string{"d001", "d002"})
	r.touches([]string{"d002", "d003", "d003", "new"}, []string{"never", "d003", "d004", string(left)}, []string{"d001", "d004"})
	run := r.plan(t)
	if d := cmp.Diff([]string{"d001", "d002", "d003", "d004"}, r.crm.loaded()); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
	if c := counts(t, run); c.DealsRead != 4 {
		t.Errorf("%+v", c)
	}
}

// A full run reads everything in scope; it does not ask what was touched.
func TestAFullRunDoesNotAskWhatWasTouched(t *testing.T) {
	r := newRig(t)
	all := r.finals(t, 3)
	r.crm.traces = nil
	r.touches(all)
	r.planOf(t, syncer.KindFull)
	if len(r.crm.traces) != 0 {
		t.Errorf("asked from %q", r.crm.traces)
	}
	r.plan(t)
	if d := cmp.Diff([]string{""}, r.crm.traces); d != "" {
		t.Errorf("an incremental run asks from (-want +got):\n%s", d)
	}
}

// The process dies while it loads its third batch of what was touched.
func TestThePlaceIsKeptAmongWhatWasTouched(t *testing.T) {
	r := newRig(t)
	all := r.finals(t, 8)
	r.crm.traces, r.crm.afters = nil, nil
	r.touches(slices.Collect(slices.Chunk(all, 2))...)
	var mended atomic.Bool
	r.crm.onLoad = func(ids []crm.DealID) error {
		if ids[0] == "d005" && !mended.Load() {
			return broken("fake.Load")
		}
		return nil
	}
	run := r.begin(t, syncer.KindIncremental)
	if done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later()); crm.KindOf(err) != crm.Unavailable || done {
		t.Fatalf("done %v, %v", done, err)
	}
	r.store.Close()
	r.open(t)
	mended.Store(true)
	r.crm.loaded()
	run = r.stored(t, run.ID)
	if c := counts(t, run); run.Cursor != "2" || run.Phase != syncer.PhaseTouched || c.DealsRead != 4 {
		t.Fatalf("the run stands at %q in %s with %+v", run.Cursor, run.Phase, c)
	}
	if done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later()); err != nil || !done {
		t.Fatalf("gone on with: done %v, %v", done, err)
	}
	if d := cmp.Diff([]string{"", "2"}, r.crm.traces) + cmp.Diff([]string{""}, r.crm.afters); d != "" {
		t.Errorf("read from (-want +got):\n%s", d)
	}
	// The first process may have been loading ahead when it died.
	if d := cmp.Diff(all[4:], slices.Compact(r.crm.loaded())); d != "" {
		t.Errorf("read by the second process (-want +got):\n%s", d)
	}
	if n := counts(t, run).DealsRead; n != 8 {
		t.Errorf("%d deals read", n)
	}
}

// Every reading gets three pages of what was touched and no further.
func TestAPassThatAlwaysDiesAmongWhatWasTouchedProgresses(t *testing.T) {
	for name, tracked := range map[string]int{"all tracked": 24, "none tracked": 0} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			if tracked > 0 {
				r.finals(t, tracked)
			}
			r.touches(slices.Collect(slices.Chunk(names(24), 2))...)
			r.crm.dieAfter = 3
			run := r.begin(t, syncer.KindIncremental)
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
			if n := counts(t, run).DealsRead; n != int64(tracked) {
				t.Errorf("%d of %d deals read", n, tracked)
			}
		})
	}
}

// A slice of work ends at its deadline among what was touched too.
func TestAPlanPausesAmongWhatWasTouched(t *testing.T) {
	r := newRig(t)
	all := r.finals(t, 8)
	r.touches(slices.Collect(slices.Chunk(all, 2))...)
	run := r.begin(t, syncer.KindIncremental)
	for pauses := 1; ; pauses++ {
		done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, time.Now().Add(-time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if done {
			if pauses < 4 {
				t.Errorf("%d pauses", pauses-1)
			}
			break
		}
		run = r.stored(t, run.ID)
	}
	if d := cmp.Diff(all, slices.Compact(r.crm.loaded())); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
}

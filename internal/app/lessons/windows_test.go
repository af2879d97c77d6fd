package lessons_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
)

// takenInLate wins a deal that becomes visible only after a while, with passes
// before, and wants it written once.
func takenInLate(t *testing.T, o apptest.Options, late time.Duration) {
	t.Helper()
	o.HubSpot.SearchLag = late
	r := open(t, o)
	r.Pass(t)
	r.Clock.Advance(2 * time.Hour)
	deal := engaged(r, 1)[0]
	win(t, r, deal, late)
	at := time.Duration(0)
	for _, next := range []time.Duration{late / 4, late - time.Second, late, late + time.Minute, late + time.Hour} {
		r.Clock.Advance(next - at)
		at = next
		r.Pass(t)
		if n := len(writes(t, r, deal, "confirmed")); next == late/4 && n != 0 {
			t.Fatalf("the deal was seen after %v: the test shows nothing", next)
		}
	}
	if n := len(writes(t, r, deal, "confirmed")); n != 1 {
		t.Errorf("a deal that was visible %v late was written %d times", late, n)
	}
}

// A row may become visible long after its stamp: up to the overlap it is taken
// in by the next pass, and once.
func TestLesson01RowsVisibleLate(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, crm string) {
		for _, late := range []time.Duration{time.Minute, 7 * time.Minute, 15 * time.Minute} {
			takenInLate(t, apptest.Options{CRM: crm, Extra: "    lag: 1s\n"}, late)
		}
	})
}

// The cursor stays five minutes behind the CRM's clock, so that what the CRM
// shows a little late is not passed by.
func TestLesson02TheCursorStaysBehindTheServersClock(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, crm string) {
		for _, late := range []time.Duration{4 * time.Second, 5 * time.Minute} {
			takenInLate(t, apptest.Options{CRM: crm, Extra: "    overlap: 1s\n"}, late)
		}
		r := open(t, apptest.Options{CRM: crm})
		r.Pass(t)
		if c, _ := books(t, r); c.Watermark.IsZero() || c.Watermark.After(r.Clock.Now().Add(-5*time.Minute)) {
			t.Errorf("the watermark is %s at %s", c.Watermark, r.Clock.Now())
		}
	})
}

// A search index shows newer rows before older ones, and rows that are newer
// than the pass: neither moves the cursor, and each row is taken in once.
func TestLesson03AnIndexIsNotOrderedInTime(t *testing.T) {
	t.Parallel()
	var x tap
	o := apptest.Options{CRM: apptest.HubSpot, World: apptest.World(120), Front: x.front}
	o.HubSpot.SearchLag = 12 * time.Minute
	r := open(t, o)
	r.Pass(t)
	r.Clock.Advance(2 * time.Hour)
	deals := engaged(r, 10)
	seen := make([]int, len(deals))
	for pass := 1; pass <= len(deals)+13; pass++ {
		if pass <= len(deals) {
			win(t, r, deals[pass-1], 0)
		}
		r.Clock.Advance(time.Minute)
		r.Pass(t)
		for i, deal := range deals {
			if seen[i] == 0 && len(writes(t, r, deal, "confirmed")) > 0 {
				seen[i] = pass
			}
		}
	}
	overtaken := false
	for i, deal := range deals {
		if n := len(writes(t, r, deal, "confirmed")); n != 1 {
			t.Errorf("deal %d of %d was written %d times", i, len(deals), n)
		}
		overtaken = overtaken || i > 0 && seen[i] < seen[i-1]
	}
	if !overtaken {
		t.Errorf("no row was seen before an older one (%v): the test shows nothing", seen)
	}

	// A deal is won while the pass asks what moved.
	plain := open(t, apptest.Options{CRM: apptest.HubSpot, Front: x.front})
	plain.Pass(t)
	plain.Clock.Advance(2 * time.Hour)
	began, deal := plain.Clock.Now(), engaged(plain, 1)[0]
	var first sync.Once
	x.set(func(_ http.ResponseWriter, q *call) bool {
		if q.changed() {
			first.Do(func() {
				plain.Clock.Advance(40 * time.Minute)
				win(t, plain, deal, 0)
			})
		}
		return false
	})
	plain.Pass(t)
	x.set(nil)
	if c, _ := books(t, plain); c.Watermark.After(began.Add(-5 * time.Minute)) {
		t.Errorf("a row of %s moved the watermark of a pass of %s to %s", plain.Clock.Now(), began, c.Watermark)
	}
	if next := plain.Pass(t); next.DealsRead == 0 || next.FieldsPlanned != 0 {
		t.Errorf("the next pass read %d deals and planned %d fields", next.DealsRead, next.FieldsPlanned)
	}
	if n := len(writes(t, plain, deal, "confirmed")); n != 1 {
		t.Errorf("the deal was written %d times", n)
	}
}

// Every pass looks back a quarter of an hour without being told to, and what
// it reads again it does not write again.
func TestLesson04AnOverlapByDefaultThatWritesNothing(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, crm string) {
		r := open(t, apptest.Options{CRM: crm})
		first := r.Pass(t)
		before, _ := books(t, r)
		r.Clock.Advance(14 * time.Minute)
		r.ResetStats()
		second := r.Pass(t)
		if _, run := books(t, r); before.Watermark.Sub(run.WindowFrom) != 15*time.Minute {
			t.Errorf("the window begins at %s, the watermark is %s", run.WindowFrom, before.Watermark)
		}
		if second.DealsRead < first.Confirmed {
			t.Errorf("%d deals were written and %d read again", first.Confirmed, second.DealsRead)
		}
		if second.FieldsPlanned != 0 || r.DealsWritten() != 0 {
			t.Errorf("%d fields planned, %d deals written", second.FieldsPlanned, r.DealsWritten())
		}
	})
}

// Windows tile time: a stamp just before, on or just after an edge is in
// exactly one of them, and a pass begins where the one before it was sure.
func TestLesson05WindowsTileTime(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		r := open(t, apptest.Options{CRM: name})
		src := source(t, r)
		unit := time.Millisecond
		if name == apptest.Salesforce {
			unit = time.Second // its stamps are whole
		}
		start := apptest.Start.Add(time.Hour)
		cuts := []time.Time{start, start.Add(time.Minute), start.Add(time.Minute + 7*unit), start.Add(2 * time.Minute), start.Add(time.Hour)}
		want := map[crm.DealID]int{}
		for i, cut := range cuts[1:4] {
			for j, off := range []time.Duration{-unit, 0, unit} {
				id := r.Deal(3*i + j)
				r.Clock.Set(cut.Add(off))
				r.Clock.Freeze(true)
				r.Set(t, id, "arr", "4711")
				want[crm.DealID(id)] = i + min(j, 1)
			}
		}
		r.Clock.Set(start.Add(2 * time.Hour))
		times, all := map[crm.DealID]int{}, map[crm.DealID]int{}
		for i := range cuts[1:] {
			part, _ := named(t, src, crm.Window{From: cuts[i], To: cuts[i+1]})
			for id, n := range part {
				times[id] += n
				all[id] = i
			}
		}
		once(t, times, 9)
		for id, i := range want {
			if all[id] != i {
				t.Errorf("deal %s is in window %d, want %d", id, all[id], i)
			}
		}
		r.Pass(t)
		for range 3 {
			_, before := books(t, r)
			r.Clock.Advance(7*time.Minute + 333*time.Millisecond)
			r.Pass(t)
			if _, run := books(t, r); !run.WindowFrom.Equal(before.WindowTo.Add(-20 * time.Minute)) {
				t.Errorf("a pass up to %s is followed by one from %s", before.WindowTo, run.WindowFrom)
			}
		}
	})
}

package lessons_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/handoff"
)

// old is a world in which three deals were won three years ago.
func old() *world.World {
	w := apptest.World(60)
	for i := range 3 {
		d := &w.Deals[i]
		d.WonAt = w.Now.AddDate(-3, 0, -i)
		d.CreatedAt, d.CloseDate, d.Notes = d.WonAt.AddDate(0, -2, 0), d.WonAt.Format(time.DateOnly), nil
		d.Type = "New Business"
	}
	return w
}

// There is no silent start date: the first pass reads everything that is in
// scope, however old, and tells how much lies before go_live.
func TestLesson06NothingIsLeftOutSilently(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, crm string) {
		all := open(t, apptest.Options{CRM: crm, World: old(), Scope: "{go_live: 2019-01-01}"})
		if report := all.Pass(t); report.LeftOut[handoff.ReasonGoLive] != 0 {
			t.Errorf("%d deals left out for a go_live before all of them", report.LeftOut[handoff.ReasonGoLive])
		}
		for i := range 3 {
			if all.Field(t, all.Deal(i), "status") == "" {
				t.Errorf("deal %d, won in %d, was not written", i, all.World.Deals[i].WonAt.Year())
			}
		}

		r := open(t, apptest.Options{CRM: crm, World: old()})
		live, before := time.Date(2026, 10, 2, 22, 0, 0, 0, time.UTC), int64(0)
		for _, d := range r.World.Deals {
			if d.Stage == world.Won && d.WonAt.Before(live) {
				before++
			}
		}
		code, said := command(t, r, "run", "--once")
		if !strings.Contains(said, handoff.ReasonGoLive) {
			t.Errorf("exit %d, nothing said of go_live:\n%s", code, said)
		}
		if report := r.Full(t); before < 4 || report.LeftOut[handoff.ReasonGoLive] != before {
			t.Errorf("%d deals told to be left out, %d are", report.LeftOut[handoff.ReasonGoLive], before)
		}
	})
}

// The start date that leaves deals out is printed beside their number.
func TestLesson06TheStartDateIsPrinted(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		r := open(t, apptest.Options{CRM: name, World: old()})
		if _, said := command(t, r, "run", "--once"); !strings.Contains(said, "2026-10-03") {
			t.Errorf("the date is not told:\n%s", said)
		}
	})
}

// The cursor is where the run began by the CRM's clock, however long the run
// took: what changed meanwhile is taken in by the next.
func TestLesson16TheCursorIsTheRunsStart(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, crm string) {
		var x tap
		r := open(t, apptest.Options{CRM: crm, Front: x.front})
		r.Pass(t)
		r.Clock.Advance(2 * time.Hour)
		began, deal := r.Clock.Now(), engaged(r, 1)[0]
		var first sync.Once
		x.set(func(_ http.ResponseWriter, q *call) bool {
			if q.loads() {
				first.Do(func() {
					r.Clock.Advance(time.Minute)
					win(t, r, deal, 0)
					r.Clock.Advance(time.Hour)
				})
			}
			return false
		})
		r.Pass(t)
		x.set(nil)
		if r.Clock.Now().Before(began.Add(time.Hour)) || len(writes(t, r, deal, "confirmed")) != 0 {
			t.Fatal("nothing changed behind the run's back: the test shows nothing")
		}
		if c, _ := books(t, r); c.Watermark.After(began) {
			t.Errorf("a run begun at %s left the watermark at %s", began, c.Watermark)
		}
		r.Pass(t)
		if n := len(writes(t, r, deal, "confirmed")); n != 1 {
			t.Errorf("a deal won during a run was written %d times", n)
		}
	})
}

// clocks counts the deals whose clock runs: they are read at every pass.
func clocks(t *testing.T, r *apptest.Rig) int {
	t.Helper()
	var ids []string
	for i := range r.World.Deals {
		ids = append(ids, r.Deal(i))
	}
	all, err := r.Store(t).States(t.Context(), r.Name(), ids)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range all {
		if s.Open {
			n++
		}
	}
	return n
}

// syncd's own writes move the records and bring nothing about: the next pass
// writes nothing, and the one after the overlap reads open deals alone.
func TestLesson17OwnWritesAreNoNews(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, crm string) {
		r := open(t, apptest.Options{CRM: crm})
		first := r.Pass(t)
		if first.Confirmed == 0 {
			t.Fatal("nothing was written: the test shows nothing")
		}
		r.ResetStats()
		for pass, wait := range []time.Duration{time.Minute, 25 * time.Minute, time.Hour} {
			r.Clock.Advance(wait)
			report := r.Pass(t)
			if report.FieldsPlanned != 0 || r.DealsWritten() != 0 {
				t.Fatalf("pass %d planned %d fields, %d deals written", pass, report.FieldsPlanned, r.DealsWritten())
			}
			running := clocks(t, r)
			switch read := int(report.DealsRead); {
			case pass == 0 && read <= running:
				t.Errorf("the overlap was not read: %d deals, %d are open", read, running)
			case pass == 2 && read != running:
				t.Errorf("%d deals were read after the overlap, %d are open", read, running)
			}
		}
	})
}

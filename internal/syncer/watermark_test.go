package syncer_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// Whole passes against both CRMs, whose clock goes on a second with every
// request: the watermark stays the lag (5 minutes) behind the clock at the
// start, however long a pass takes, the next window begins the overlap (15
// minutes) before it, and a pass that fails leaves it.
func TestTheWatermarkStaysBehindTheStartOfThePass(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		var rig atomic.Pointer[apptest.Rig]
		var left atomic.Int64 // requests until the CRM takes no more of our token
		left.Store(1 << 30)
		front := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if r := rig.Load(); r != nil {
					r.Clock.Advance(time.Second)
				}
				if left.Add(-1) < 0 {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				next.ServeHTTP(w, req)
			})
		}
		r := apptest.New(t, apptest.Options{CRM: crm, World: apptest.World(60), Front: front})
		rig.Store(r)
		look := func(id string) (store.Run, store.Connection) {
			run, _, err := r.Store(t).Run(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			c, err := r.Store(t).Connection(t.Context(), r.Name())
			if err != nil {
				t.Fatal(err)
			}
			return run, c
		}
		first, c := look(r.Pass(t).Run)
		took := r.Clock.Now().Sub(first.WindowTo)
		if took < 4*time.Second || first.WindowTo.Before(apptest.Start) || first.Kind != syncer.KindFull || !first.WindowFrom.IsZero() {
			t.Fatalf("the first pass took %s: %+v", took, first)
		}
		if want := first.WindowTo.Add(-5 * time.Minute); !c.Watermark.Equal(want) {
			t.Errorf("the watermark is %s, want %s", c.Watermark, want)
		}
		r.Clock.Advance(time.Hour)
		second, after := look(r.Pass(t).Run)
		if want := c.Watermark.Add(-15 * time.Minute); !second.WindowFrom.Equal(want) || second.Kind != syncer.KindIncremental {
			t.Errorf("the second window begins at %s, want %s", second.WindowFrom, want)
		}
		if want := second.WindowTo.Add(-5 * time.Minute); !after.Watermark.Equal(want) || second.WindowTo.Sub(first.WindowTo) < time.Hour {
			t.Errorf("the watermark went to %s, want %s", after.Watermark, want)
		}
		r.Clock.Advance(time.Hour)
		left.Store(2)
		report := r.Try(t)
		if report.Err == nil || report.Status != store.RunFailed {
			t.Fatalf("a pass without a CRM: %s, %v", report.Status, report.Err)
		}
		if _, c := look(report.Run); !c.Watermark.Equal(after.Watermark) {
			t.Errorf("a failed pass moved the watermark to %s", c.Watermark)
		}
	})
}

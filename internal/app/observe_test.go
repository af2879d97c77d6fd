package app_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
)

// A run that was stopped in the middle of writing writes nothing more once syncd
// is to observe, or while a plan is made; and all of it once it writes again.
func TestAStoppedRunWritesNothingWhileSyncdObserves(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		for _, planned := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			var writes atomic.Int64
			var stop atomic.Bool
			stop.Store(true)
			r := apptest.New(t, apptest.Options{CRM: crm, World: apptest.World(30), Front: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
					if apptest.IsWrite(q) {
						writes.Add(1)
						if stop.Load() {
							cancel()
							return
						}
					}
					next.ServeHTTP(w, q)
				})
			}})
			if out := r.App.Pass(ctx, r.App.Connections()[0], app.Ask{}); out.Err == nil || writes.Load() == 0 {
				t.Fatalf("was not stopped: %+v", out)
			}
			stop.Store(false)
			writes.Store(0)
			if !planned {
				r.Close(t)
				r.Mode = "observe"
				r.Open(t)
			}
			out := r.App.Pass(t.Context(), r.App.Connections()[0], app.Ask{PlanOnly: planned, Full: planned})
			if out.Err != nil || out.Mode != "observe" || out.FieldsPlanned == 0 || writes.Load() > 0 {
				t.Errorf("%d writes while observing: %+v", writes.Load(), out)
			}
			r.Close(t)
			r.Mode = "write"
			r.Open(t)
			if out := r.Pass(t); out.FieldsWritten == 0 {
				t.Errorf("nothing is written afterwards: %+v", out)
			}
			if out := r.Full(t); out.FieldsWritten > 0 {
				t.Errorf("%d fields were left", out.FieldsWritten)
			}
		}
	})
}

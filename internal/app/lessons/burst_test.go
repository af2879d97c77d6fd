package lessons_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/crmtest"
	"github.com/handoffscore/syncd/internal/crm/hubspot"
)

// direct answers requests without a network, so that a test's clock may jump.
type direct struct{ http.Handler }

func (d direct) RoundTrip(q *http.Request) (*http.Response, error) {
	in := q.Clone(q.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	d.ServeHTTP(rec, in)
	return rec.Result(), nil
}

// A refusal for the ten-second window is waited out for as long as the window
// is, by reads and writes alike, as often as it takes.
func TestLesson21TheTenSecondWindowIsWaitedOut(t *testing.T) {
	t.Parallel()
	w := apptest.World(20)
	read := func(t *testing.T, c *hubspot.Client, id crm.DealID) error {
		_, err := c.Load(t.Context(), []crm.DealID{id})
		return err
	}
	write := func(t *testing.T, c *hubspot.Client, id crm.DealID) error {
		out, err := c.Write(t.Context(), []crm.Update{{ID: id, Fields: map[string]string{"score": "7"}}})
		if err == nil && out[0].Status != crm.Confirmed {
			t.Errorf("the write is %+v", out[0])
		}
		return err
	}
	for on, do := range map[string]func(*testing.T, *hubspot.Client, crm.DealID) error{
		"batch_read deals": read, "batch_update deals": write, "associations_batch_read deals/contacts": read,
	} {
		for _, times := range []int{1, 3} {
			synctest.Test(t, func(t *testing.T) {
				sim := hssim.New(w, hssim.Options{NoSearchLag: true})
				c := portalOf(t, w, sim)
				sim.ResetStats()
				if err := do(t, c, crm.DealID(sim.DealID(0))); err != nil {
					t.Fatal(err)
				}
				plain := sim.Stats().ByKind[on]
				sim.ResetStats()
				sim.AddFault(hssim.Fault{Do: hssim.TenSecondly, On: on, Times: times})
				began := time.Now()
				if err := do(t, c, crm.DealID(sim.DealID(1))); err != nil {
					t.Errorf("%s: %v", on, err)
				}
				if took, least := time.Since(began), time.Duration(times)*10*time.Second; took < least || took > least+2*time.Second {
					t.Errorf("%s, refused %d times, took %v", on, times, took)
				}
				if n := sim.Stats().ByKind[on]; n != plain+times || plain == 0 {
					t.Errorf("%s was sent %d times, %d times without %d refusals", on, n, plain, times)
				}
			})
		}
	}
	// Somebody else with the same token takes the whole window, before a read
	// and before a write.
	synctest.Test(t, func(t *testing.T) {
		sim := hssim.New(w, hssim.Options{NoSearchLag: true, EnforceLimits: true, BurstPer10s: 40})
		c := portalOf(t, w, sim)
		for _, do := range []func(*testing.T, *hubspot.Client, crm.DealID) error{read, write} {
			for range 50 {
				q := httptest.NewRequest("GET", "/crm/v3/owners", nil)
				q.Header.Set("Authorization", "Bearer "+sim.Credentials().Token)
				sim.ServeHTTP(httptest.NewRecorder(), q)
			}
			sim.ResetStats()
			if err := do(t, c, crm.DealID(sim.DealID(2))); err != nil || sim.Stats().Limited == 0 {
				t.Errorf("beside a busy app, %d refusals: %v", sim.Stats().Limited, err)
			}
		}
	})
}

func portalOf(t *testing.T, w *world.World, sim *hssim.Server) *hubspot.Client {
	t.Helper()
	c, err := hubspot.New(crmtest.Setup(w, func(f world.Field) string { return f.HubSpot }), hubspot.Auth{Token: sim.Credentials().Token},
		hubspot.Options{BaseURL: "https://portal.test", HTTP: direct{sim}, SearchPerSecond: -1})
	if err == nil {
		_, err = c.Describe(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A CRM that fails again and again is asked a bounded number of times, and
// every repeat counts among the run's calls.
func TestLesson22RepeatsAreBoundedAndCounted(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		kind, on := "batch read", "batch_read deals"
		if name == apptest.Salesforce {
			kind, on = "composite", "composite"
		}
		asked := func(r *apptest.Rig) (n, total int) {
			if r.HS != nil {
				return r.HS.Stats().ByKind[on], r.HS.Stats().Requests
			}
			return r.SF.Stats().Requests[on], r.SF.Stats().Total
		}
		whole := open(t, apptest.Options{CRM: name})
		whole.Pass(t)
		questions, _ := asked(whole)
		r := open(t, apptest.Options{CRM: name})
		r.Fail(apptest.Unavailable, on, 1, -1)
		report := r.Try(t)
		if crm.KindOf(report.Err) != crm.Unavailable || report.Err == nil {
			t.Fatal(report.Err)
		}
		n, total := asked(r)
		if n < 5 || n > 5*questions {
			t.Errorf("%d questions were asked %d times", questions, n)
		}
		// A repeat that was on its way when another question gave up counts and
		// may never have arrived; none arrives uncounted.
		const inFlight = 10
		if got := int(report.APICalls); got < total || got >= total+inFlight || report.APICallsByKind[kind] < 5 {
			t.Errorf("%d calls on record (%v), the CRM saw %d", report.APICalls, report.APICallsByKind, total)
		}
	})
}

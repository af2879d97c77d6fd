package app_test

import (
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
)

// The share of the day is kept to the call, across passes and restarts; what is
// done stays done, and a day later the work goes on.
func TestTheShareOfTheDayIsKept(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		o := quick(apptest.Options{CRM: name, World: apptest.World(2500), Extra: "    budget: {daily_share: 0.25}\n"})
		o.HubSpot.EnforceLimits, o.HubSpot.DailyLimit = true, 600 // 150 of them are ours, 120 for a backfill
		o.HubSpot.BurstPer10s, o.HubSpot.SearchPerSecond, o.HubSpot.AssociationsPer10s = 10_000, 10_000, 10_000
		o.Salesforce = sfsim.Options{EnforceLimits: true, DailyLimit: 240, PageSize: 500}
		r := apptest.New(t, o)
		ours := map[string]int64{apptest.HubSpot: 120, apptest.Salesforce: 48}[name]
		left := ours / 4 // a fifth of the whole, for passes beside it
		first := r.Try(t)
		if crm.KindOf(first.Err) != crm.Quota || first.APICalls < ours || first.APICalls > ours+4 { // signing in is not counted by the vendor
			t.Fatalf("%d calls, %v", first.APICalls, first.Err)
		}
		if wait := first.ResumeAt.Sub(r.Clock.Now()); wait < 23*time.Hour || wait > 25*time.Hour {
			t.Errorf("goes on in %s", wait)
		}
		for range 3 {
			r.Open(t) // a new process does not begin a new share
			r.Clock.Advance(time.Hour)
			again := r.Try(t)
			if crm.KindOf(again.Err) != crm.Quota || again.APICalls > 22+left { // who we are, the schema, what time it is: and no more
				t.Fatalf("%d more calls, %d were left, %v", again.APICalls, left, again.Err)
			}
			left = max(0, left-again.APICalls)
		}
		for days := 0; ; days++ {
			r.Clock.Advance(26 * time.Hour)
			report := r.Try(t)
			if report.Err == nil && report.Waits == "" {
				break
			}
			if days == 10 || report.Err != nil && crm.KindOf(report.Err) != crm.Quota {
				t.Fatalf("after %d days: %+v, %v", days, report.Counts, report.Err)
			}
		}
		shown := 0
		for i := range r.World.Deals {
			if r.Field(t, r.Deal(i), "status") != "" {
				shown++
			}
		}
		if shown == 0 || shown != len(inScope(t, r)) {
			t.Errorf("%d deals show a status, %d are in scope", shown, len(inScope(t, r)))
		}
	})
}

func inScope(t *testing.T, r *apptest.Rig) []string {
	t.Helper()
	var in []string
	s := r.Store(t)
	for i := range r.World.Deals {
		states, err := s.States(t.Context(), r.Name(), []string{r.Deal(i)})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range states {
			if s.InScope {
				in = append(in, r.Deal(i))
			}
		}
	}
	return in
}

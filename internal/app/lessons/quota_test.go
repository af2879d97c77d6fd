package lessons_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
)

// limited is a rig whose CRM allows so many calls a day.
func limited(t *testing.T, name string, calls int, front func(http.Handler) http.Handler) *apptest.Rig {
	t.Helper()
	const plenty = 1_000_000 // bursts are another matter
	o := apptest.Options{CRM: name, World: apptest.World(500), Front: front, Extra: "    budget: {daily_share: 1}\n"}
	o.HubSpot = hssim.Options{EnforceLimits: true, BurstPer10s: plenty, SearchPerSecond: plenty, AssociationsPer10s: plenty, DailyLimit: calls}
	o.Salesforce = sfsim.Options{EnforceLimits: true, DailyLimit: calls}
	return open(t, o)
}

// counted is how many of its requests the CRM took out of the day's.
func counted(r *apptest.Rig) int {
	if r.HS != nil {
		return r.HS.Stats().Requests
	}
	n := 0
	for _, q := range r.SF.Requests() {
		if strings.HasPrefix(q.Path, "/services/data/v") {
			n++
		}
	}
	return n
}

// refusals counts requests that were refused for a limit.
func refusals(r *apptest.Rig) int {
	if r.HS != nil {
		return r.HS.Stats().ByStatus[http.StatusTooManyRequests]
	}
	n := 0
	for _, q := range r.SF.Requests() {
		if q.Status == http.StatusForbidden {
			n++
		}
	}
	return n
}

// The day's calls are used up: the run ends at once with what it has done on
// record, exit code 3, and the time to go on; then it goes on.
func TestLesson19TheDaysQuotaEndsTheRun(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		free := limited(t, name, 100_000, nil)
		free.Pass(t)
		r := limited(t, name, counted(free)-1, nil)
		began := time.Now()
		code, said := command(t, r, "run", "--once")
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("the run took %v to end", took)
		}
		if n := refusals(r); n == 0 || n > 10 {
			t.Errorf("%d requests were refused; ten were under way at most", n)
		}
		resume := r.Clock.Now().Add(time.Hour) // a rolling day: nobody can say better
		if r.HS != nil {
			resume = time.Date(2026, 11, 17, 23, 0, 0, 0, time.UTC) // midnight in Berlin
		}
		c, run := books(t, r)
		if run.Status != "quota" || !c.Watermark.IsZero() || run.ResumeAt.Sub(resume).Abs() > time.Minute {
			t.Errorf("the run is %s, resumes at %s, want %s; watermark %s", run.Status, run.ResumeAt, resume, c.Watermark)
		}
		s, kept := r.Store(t), 0
		for i := range r.World.Deals {
			kept += len(writesIn(t, s, r, i, "confirmed"))
		}
		if kept != r.DealsWritten() || kept == 0 {
			t.Errorf("%d writes are on record, %d were made", kept, r.DealsWritten())
		}
		zone, err := time.LoadLocation("Europe/Berlin") // the company's
		if err != nil {
			t.Fatal(err)
		}
		if code != 3 || !strings.Contains(said, "resumes at "+run.ResumeAt.In(zone).Format(time.RFC3339)) {
			t.Errorf("exit %d:\n%s", code, said)
		}
		r.Clock.Set(resume.Add(time.Second))
		r.Clock.Freeze(true)
		report := r.Try(t)
		for range 5 { // clocks have run out and bring more writes than a day has calls
			if report.Err == nil {
				break
			}
			r.Clock.Advance(25 * time.Hour)
			report = r.Try(t)
		}
		if report.Err != nil || report.InScope == 0 || report.InScope != int64(shown(t, r)) {
			t.Errorf("%d deals in scope, %d shown, %v", report.InScope, shown(t, r), report.Err)
		}
	})
}

// The time to go on counts from when the calls ran out, not from when the run
// began.
func TestLesson19ALongRunsTimeToGoOn(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		var x tap
		// Who can see the numbers is three calls more of Salesforce.
		calls := map[string]int{apptest.HubSpot: 20, apptest.Salesforce: 23}[name]
		r := limited(t, name, calls, x.front)
		began := r.Clock.Now()
		var first sync.Once
		x.set(func(_ http.ResponseWriter, q *call) bool {
			if q.loads() {
				first.Do(func() { r.Clock.Advance(3 * time.Hour) })
			}
			return false
		})
		report := r.Try(t)
		want := began.Add(4 * time.Hour)
		if r.HS != nil {
			want = time.Date(2026, 11, 17, 23, 0, 0, 0, time.UTC)
		}
		if crm.KindOf(report.Err) != crm.Quota || report.ResumeAt.Sub(want).Abs() > time.Minute {
			t.Errorf("resumes at %s, want %s: %v", report.ResumeAt, want, report.Err)
		}
	})
}

// shown counts the deals that show a status.
func shown(t *testing.T, r *apptest.Rig) int {
	t.Helper()
	n := 0
	for i := range r.World.Deals {
		if r.Field(t, r.Deal(i), "status") != "" {
			n++
		}
	}
	return n
}

// Calls, repeats among them, are taken from a share of the day. When it is
// used up the run ends as it does at the vendor's own limit, and so do further
// runs of that day.
func TestLesson22CallsKeepToTheirShareOfTheDay(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		const inFlight = 10 // may be under way when the share runs out
		o := apptest.Options{CRM: name, World: apptest.World(300), Extra: "    budget: {daily_share: 0.025}\n"}
		o.HubSpot.DailyLimit = 1200
		o.Salesforce = sfsim.Options{DailyLimit: 4000, PageSize: 20}
		ours := int64(30)
		if name == apptest.Salesforce {
			ours = 100
		}
		r := open(t, o)
		r.Fail(apptest.Unavailable, "", 12, 2)
		report := r.Try(t)
		if report.Err == nil || crm.KindOf(report.Err) != crm.Quota || report.APICalls > ours+inFlight || report.APICalls < ours/2 {
			t.Errorf("%d calls, %d are ours: %v", report.APICalls, ours, report.Err)
		}
		if !report.ResumeAt.After(r.Clock.Now()) {
			t.Errorf("goes on at %s", report.ResumeAt)
		}
		r.Open(t)
		r.Clock.Advance(time.Hour)
		if again := r.Try(t); report.APICalls+again.APICalls > ours+inFlight || crm.KindOf(again.Err) != crm.Quota {
			t.Errorf("another run of the day made %d calls after %d: %v", again.APICalls, report.APICalls, again.Err)
		}
	})
}

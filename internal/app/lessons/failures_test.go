package lessons_test

import (
	"net/http"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/hubspot"
	"github.com/handoffscore/syncd/internal/store"
)

// A session or token that dies between two pages, or anywhere else, costs one
// sign-in: the run goes on and nothing is lost or done twice.
func TestLesson18ATokenThatDiesInMidPage(t *testing.T) {
	t.Parallel()
	org := func() *apptest.Rig {
		o := apptest.Options{CRM: apptest.Salesforce, World: apptest.World(300)}
		o.Salesforce.PageSize, o.Salesforce.LocatorsOnce = 40, true
		return open(t, o)
	}
	clean := org()
	want := clean.Pass(t)
	for on, nth := range map[string]int{"queryMore Opportunity": 3, "composite": 1, "queryMore OpportunityContactRole": 2, "collections update": 1, "queryAll": 1} {
		t.Run(on, func(t *testing.T) {
			r := org()
			r.SF.AddFault(sfsim.Fault{Do: sfsim.KillSession, On: on, Nth: nth})
			got := r.Pass(t)
			if n := got.APICallsByKind["sign-in"]; n != 2 {
				t.Errorf("%d sign-ins, want 2", n)
			}
			if got.DealsRead != want.DealsRead || got.Confirmed != want.Confirmed || r.DealsWritten() != clean.DealsWritten() {
				t.Errorf("%d read, %d confirmed, %d written; want %d, %d, %d",
					got.DealsRead, got.Confirmed, r.DealsWritten(), want.DealsRead, want.Confirmed, clean.DealsWritten())
			}
			alike(t, clean, r)
		})
	}
	t.Run("an OAuth token", func(t *testing.T) {
		r := open(t, apptest.Options{CRM: apptest.HubSpot, World: bare(1500, 0)})
		cred := r.HS.Credentials()
		c := portal(t, r, hubspot.Auth{
			Flow: "oauth", ClientID: cred.ClientID, ClientSecret: cred.ClientSecret, RefreshToken: cred.RefreshToken,
		}, hubspot.Options{})
		r.HS.AddFault(hssim.Fault{Do: hssim.ExpiredToken, On: "search", Nth: 3})
		times, page := map[crm.DealID]int{}, 0
		for p, err := range c.Changed(t.Context(), crm.Window{}, "") {
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range p.Deals {
				times[m.ID]++
			}
			if page++; page == 5 {
				r.Clock.Advance(31 * time.Minute) // its life is 30
			}
		}
		once(t, times, 1500)
		if n := c.Calls()["token"]; n != 3 {
			t.Errorf("%d tokens were fetched, want 3", n)
		}
	})
}

// stopper lets the CRM give so many pages of what moved, and no more.
type stopper struct {
	mu   sync.Mutex // guards all
	left int
	more map[string]bool // further pages of what moved, by the end of their address
}

func (s *stopper) allow(pages int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = pages
}

func (s *stopper) on(w http.ResponseWriter, q *call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !q.changed() && !s.more[path.Base(q.URL.Path)] {
		return false
	}
	if s.left--; s.left < 0 {
		return breakOff(w, q)
	}
	return retell(w, q.serve(), func(v any) any {
		if page, ok := v.(map[string]any); ok {
			if next, ok := page["nextRecordsUrl"].(string); ok {
				s.more[path.Base(next)] = true
			}
		}
		return v
	})
}

// breakOff answers so that a pass ends at once.
func breakOff(w http.ResponseWriter, q *call) bool {
	w.Header().Set("Date", apptest.Start.Format(http.TimeFormat))
	if path.Base(q.URL.Path) == "search" {
		return say(w, 200, `{"results":[]}`) // without a total
	}
	return say(w, 400, `[{"message":"unexpected token: FROM","errorCode":"MALFORMED_QUERY"}]`)
}

// stopped makes passes that each end after two pages of what moved, every time
// in a new process, and wants each to come further than the one before.
func stopped(t *testing.T, o apptest.Options, pages int) {
	t.Helper()
	clean := open(t, o)
	clean.Pass(t)
	var x tap
	stop := stopper{more: map[string]bool{}}
	o.Front = x.front
	r := open(t, o)
	x.set(stop.on)
	place, tries := "", 0
	for done := false; !done; tries++ {
		stop.allow(2)
		report := r.Try(t)
		switch _, run := books(t, r); {
		case report.Err == nil:
			done = true
		case run.Status != store.RunFailed:
			t.Fatal(run.Status, report.Err)
		case run.Cursor == place:
			t.Fatalf("try %d ended where the one before did, at %q", tries+1, place)
		default:
			place = run.Cursor
		}
		r.Open(t)
	}
	if tries < pages/2 {
		t.Errorf("%d tries for %d pages: the test shows nothing", tries, pages)
	}
	alike(t, clean, r)
	s := r.Store(t)
	for i := range r.World.Deals {
		if n := len(writesIn(t, s, r, i, "confirmed")); n > 1 {
			t.Fatalf("deal %d was written %d times", i, n)
		}
	}
}

// Each finished page is kept: a run that never gets further than two pages
// comes to its end all the same, and so does one whose writing always breaks
// off.
func TestLesson20EachFinishedPageIsKept(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		t.Run("reading", func(t *testing.T) {
			o := apptest.Options{CRM: name, World: apptest.World(1000)}
			o.Salesforce.PageSize = 200
			stopped(t, o, 5)
		})
		t.Run("writing", func(t *testing.T) {
			r := open(t, apptest.Options{CRM: name, World: apptest.World(700)})
			for before, tries := -1, 1; ; tries++ {
				if r.HS != nil {
					r.HS.AddFault(hssim.Fault{Do: hssim.Daily, On: "batch_update", Nth: 3, Times: -1})
				} else {
					r.SF.AddFault(sfsim.Fault{Do: sfsim.DailyLimit, On: "collections update", Nth: 3, Times: -1})
				}
				report := r.Try(t)
				if report.Err == nil {
					if r.DealsWritten() != int(report.InScope) || tries < 2 {
						t.Errorf("%d deals written for %d in scope, in %d tries", r.DealsWritten(), report.InScope, tries)
					}
					return
				}
				n := shown(t, r)
				if n == before || tries > 10 {
					t.Fatalf("try %d: %d deals are written, as before: %v", tries, n, report.Err)
				}
				before = n
				if r.HS != nil {
					r.HS.ClearFaults()
				} else {
					r.SF.ClearFaults()
				}
				r.Clock.Advance(time.Minute)
			}
		})
	})
}

package lessons_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
)

// Deleting a deal moves no date that a search can see: a deal whose clock is
// closed is dropped by the next sweep, an open one by the next pass, and
// nobody writes to either again.
func TestLesson14DeletedDealsAreDropped(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		r := open(t, apptest.Options{CRM: name, World: apptest.World(120)})
		first := r.Pass(t)
		closed, running := with(t, r, "final")[0], with(t, r, "needs CSM")[0]
		r.Clock.Advance(2 * time.Hour)
		r.Delete(t, r.Deal(closed))
		r.Delete(t, r.Deal(running))
		r.Clock.Advance(2 * time.Hour)
		r.Pass(t)
		if s := state(t, r, r.Deal(running)); s.Status != "closed" || s.InScope {
			t.Errorf("the open deal is %s after a pass", s.Status)
		}
		r.Clock.Advance(24 * time.Hour)
		sweep := r.Full(t)
		if s := state(t, r, r.Deal(closed)); s.Status != "closed" || s.InScope {
			t.Errorf("the closed deal is %s after a sweep", s.Status)
		}
		if sweep.InScope != first.InScope-2 || sweep.Rejected != 0 || sweep.Unresolved != 0 {
			t.Errorf("%d in scope, %d before; %d rejected", sweep.InScope, first.InScope, sweep.Rejected)
		}
		for _, deal := range []int{closed, running} {
			if n := len(writes(t, r, deal, "planned")) + len(writes(t, r, deal, "rejected")); n != 0 {
				t.Errorf("%d writes to a deleted deal are waiting", n)
			}
		}
	})
}

// What has left the recycle bin is named by nobody; the sweep misses it all
// the same.
func TestLesson14WhatIsGoneForGoodIsDropped(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		var x tap
		r := open(t, apptest.Options{CRM: name, World: apptest.World(120), Front: x.front})
		r.Pass(t)
		deal := with(t, r, "final")[0]
		r.Clock.Advance(time.Hour)
		r.Delete(t, r.Deal(deal))
		if r.SF != nil {
			if err := r.SF.Purge("Opportunity", r.Deal(deal)); err != nil {
				t.Fatal(err)
			}
		}
		x.set(func(w http.ResponseWriter, q *call) bool { // after 90 days a portal shows no trash
			return strings.Contains(q.URL.RawQuery, "archived=true") && say(w, 200, `{"results":[]}`)
		})
		r.Clock.Advance(100 * 24 * time.Hour)
		r.Full(t)
		if s := state(t, r, r.Deal(deal)); s.Status != "closed" || s.InScope {
			t.Errorf("the deal is %s, in scope %v", s.Status, s.InScope)
		}
	})
}

// A sweep that comes more than 90 days after the one before says so: what was
// deleted meanwhile may have left the recycle bin.
func TestLesson14ALateSweepSaysSo(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		r := open(t, apptest.Options{CRM: name})
		r.Pass(t)
		r.Clock.Advance(100 * 24 * time.Hour)
		if report := r.Full(t); !strings.Contains(strings.Join(report.Problems, "\n"), "90 days") {
			t.Errorf("nothing is said of it: %v", report.Problems)
		}
	})
}

// After a merge only the survivor is scored and written. A write that was on
// its way to the loser is dropped and not tried again.
func TestLesson15OfMergedDealsOnlyTheSurvivorCounts(t *testing.T) {
	t.Parallel()
	for name, keeps := range map[string]bool{"a new id": false, "the winner's id": true} {
		t.Run(name, func(t *testing.T) {
			var x tap
			o := apptest.Options{CRM: apptest.HubSpot, World: apptest.World(120), Front: x.front}
			o.HubSpot.MergeKeepsID = keeps
			r := open(t, o)
			first := r.Pass(t)
			finals := with(t, r, "final")
			winner, loser, late, into := finals[0], finals[1], with(t, r, "needs CSM")[0], finals[2]
			r.Clock.Advance(2 * time.Hour)
			survivor, err := r.HS.Merge("deals", r.Deal(winner), r.Deal(loser))
			if err != nil {
				t.Fatal(err)
			}
			r.Unlink(t, late, "Champion") // brings a write, below
			r.Set(t, r.Deal(late), "arr", "")
			var once sync.Once
			var mu sync.Mutex
			sent := 0
			lateID := r.Deal(late)
			x.set(func(_ http.ResponseWriter, q *call) bool {
				if !q.writing() {
					return false
				}
				mu.Lock()
				defer mu.Unlock()
				if strings.Contains(q.body, `"`+lateID+`"`) {
					sent++
				}
				once.Do(func() { // between plan and write
					if _, err := r.HS.Merge("deals", r.Deal(into), lateID); err != nil {
						t.Error(err)
					}
				})
				return false
			})
			r.Clock.Advance(time.Minute)
			report := r.Pass(t)
			refused, err := r.App.RunDetail(t.Context(), report.Run)
			if err != nil || sent != 1 || len(refused.Refused) != 1 || refused.Refused[0].Class != string(crm.ClassGone) || refused.Refused[0].Deal != lateID {
				t.Fatalf("sent %d times, refused %+v, %v", sent, refused.Refused, err)
			}
			for range 3 {
				r.Clock.Advance(7 * time.Hour)
				report = r.Pass(t)
			}
			if sent != 1 || report.Rejected != 0 {
				t.Errorf("the loser was written to %d times, %d rejected", sent, report.Rejected)
			}
			for _, lost := range []int{loser, late} {
				if s := state(t, r, r.Deal(lost)); s.Status != "closed" || s.InScope {
					t.Errorf("a loser is %s", s.Status)
				}
			}
			if s := state(t, r, survivor); !s.InScope || r.Field(t, survivor, "status") == "" {
				t.Errorf("the survivor is %s and shows %q", s.Status, r.Field(t, survivor, "status"))
			}
			if full := r.Full(t); full.InScope != first.InScope-2 {
				t.Errorf("%d deals in scope, %d before two merges", full.InScope, first.InScope)
			}
		})
	}
}

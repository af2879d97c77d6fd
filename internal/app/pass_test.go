package app_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// The story of a first week: everything written is on the records, the second
// pass is idle, and three edits by hand that move no deal bring exactly three
// writes.
func TestPassesWriteOnceAndFollowEdits(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(400)}))
		first := r.Pass(t)
		if first.Rejected != 0 || first.Unresolved != 0 || first.FieldsWritten == 0 || first.Counts.Final == 0 {
			t.Fatalf("first pass %+v", first.Counts)
		}
		written := r.Written(t, first.Run)
		if len(written) != int(first.InScope) {
			t.Errorf("%d deals written, %d in scope", len(written), first.InScope)
		}
		for id, fields := range written {
			for name, want := range fields {
				if got := r.Field(t, id, name); !sameValue(got, want) {
					t.Errorf("deal %s %s is %q on the record, want %q", id, name, got, want)
				}
			}
		}
		r.Clock.Advance(time.Minute)
		if second := r.Pass(t); second.FieldsWritten != 0 || second.FieldsPlanned != 0 {
			t.Fatalf("the second pass wrote %d fields", second.FieldsWritten)
		}

		edited := awaiting(t, r)[:3]
		r.Relabel(t, edited[0], "Champion", "Evaluator")
		r.Unlink(t, edited[1], "Champion")
		r.SetPhone(t, r.Holder(edited[2], "Executive Sponsor"), "tbd")
		r.Clock.Advance(time.Minute)
		third := r.Pass(t)
		var touched, want []string
		for id := range r.Written(t, third.Run) {
			touched = append(touched, id)
		}
		for _, deal := range edited {
			want = append(want, r.Deal(deal))
		}
		slices.Sort(want)
		slices.Sort(touched)
		if d := cmp.Diff(want, touched); d != "" {
			t.Errorf("deals written after three edits (-want +got):\n%s", d)
		}
	})
}

// quick takes the search index's lag out of what does not concern it.
func quick(o apptest.Options) apptest.Options {
	o.HubSpot.NoSearchLag = true
	return o
}

// awaiting are deals before their kickoff with champion and sponsor complete,
// each role held by one person of its own, none of whom plays on another's deal.
func awaiting(t *testing.T, r *apptest.Rig) []int {
	t.Helper()
	var found []int
	for i, d := range r.World.Deals {
		id := r.Deal(i)
		status := r.Field(t, id, "status")
		if status != "awaiting kickoff" && status != "needs CSM" || r.Field(t, id, "item_5_1_score") != "2" || d.Amount < "5000" && len(d.Amount) == 4 {
			continue
		}
		c, s := r.Holder(i, "Champion"), r.Holder(i, "Executive Sponsor")
		if c >= 0 && s >= 0 && c != s && r.World.Contacts[c].Phone != "" && r.World.Contacts[s].Phone != "" && r.World.Contacts[s].Email != "" {
			found = append(found, i)
		}
	}
	if len(found) < 3 {
		t.Fatalf("only %d deals fit the story", len(found))
	}
	return found
}

func sameValue(got, want string) bool {
	if got == want {
		return true
	}
	a, errA := time.Parse(time.RFC3339, got)
	b, errB := time.Parse(time.RFC3339, want)
	if errA == nil && errB == nil {
		return a.Truncate(time.Second).Equal(b.Truncate(time.Second))
	}
	return strings.TrimSpace(got) == strings.TrimSpace(want)
}

func TestObserveWritesNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(60), Mode: "observe"}))
		observed := r.Pass(t)
		if observed.FieldsWritten != 0 || observed.FieldsPlanned == 0 || r.DealsWritten() != 0 {
			t.Errorf("observe wrote: %+v, the CRM saw %d", observed.Counts, r.DealsWritten())
		}
		r.Mode = "write"
		r.Open(t)
		r.Clock.Advance(time.Minute)
		if w := r.Pass(t); w.FieldsWritten < observed.FieldsPlanned {
			t.Errorf("turned to write, %d fields were written of %d planned before", w.FieldsWritten, observed.FieldsPlanned)
		}
	})
}

func TestTheGuardStopsAFloodOfEscalations(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(120), Limits: "{max_escalations_per_run: 1}"}))
		for range 2 { // and again: what was planned once is not forgotten
			if report := r.Try(t); report.Err == nil || !strings.Contains(report.Err.Error(), "max_escalations_per_run") {
				t.Fatalf("pass ended with %v", report.Err)
			}
			r.Clock.Advance(time.Minute)
		}
		if n := r.DealsWritten(); n != 0 {
			t.Errorf("%d deals were written", n)
		}
	})
}

func TestALostStoreIsRebuiltWithoutAWrite(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(60)}))
		r.Pass(t)
		r.LoseStore(t)
		report := r.Pass(t)
		for id, fields := range r.Written(t, report.Run) {
			if fields["escalation"] != "" || fields["score"] != "" {
				t.Errorf("deal %s was written again: %v", id, fields)
			}
		}
	})
}

// Bands that were overwritten by hand on many records are not put back in one
// go: a person looks first.
func TestTheGuardStopsAFloodOfBandChanges(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(400)}))
		first := r.Pass(t)
		changed := 0
		for i := range r.World.Deals {
			if id := r.Deal(i); r.Field(t, id, "band") == "Incomplete" {
				r.Set(t, id, "band", "Excellent")
				changed++
			}
		}
		if first.Final < 25 || changed*5 <= int(first.Final) {
			t.Fatalf("%d of %d finals changed: the world is too small", changed, first.Final)
		}
		r.Clock.Advance(time.Minute)
		r.ResetStats()
		if report := r.Try(t); report.Err == nil || !strings.Contains(report.Err.Error(), "max_band_changes") || r.DealsWritten() != 0 {
			t.Errorf("pass ended with %v, %d written", report.Err, r.DealsWritten())
		}
	})
}

// A pass that cannot begin is on record, and takes nothing from a run that is
// to be gone on with.
func TestAPassThatCannotBeginIsOnRecord(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		var down atomic.Bool
		o := quick(apptest.Options{CRM: crm, World: apptest.World(20), Front: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				if down.Load() {
					http.Error(w, `{"message":"no"}`, http.StatusNotFound)
					return
				}
				next.ServeHTTP(w, q)
			})
		}})
		r := apptest.New(t, o)
		down.Store(true)
		failed := r.Try(t)
		if failed.Err == nil {
			t.Fatal("the CRM was not there")
		}
		runs, err := r.Store(t).Runs(t.Context(), r.Name(), 10)
		if err != nil || len(runs) != 1 || runs[0].Status != "failed" || runs[0].Error == "" {
			t.Fatalf("%+v, %v", runs, err)
		}
		down.Store(false)
		r.Open(t) // a refused sign-in is not tried again for a while
		if report := r.Pass(t); report.Kind != "full" || report.FieldsWritten == 0 {
			t.Errorf("the next pass is %s and wrote %d fields", report.Kind, report.FieldsWritten)
		}
	})
}

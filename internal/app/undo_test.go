package app_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
)

// escalated is a company whose deals are all escalated by one run.
func escalated(t *testing.T, crm string, deals int, front func(http.Handler) http.Handler) (*apptest.Rig, app.Report) {
	t.Helper()
	t.Parallel()
	r := apptest.Still(t, apptest.Options{CRM: crm, World: apptest.Even(deals), Front: front})
	r.Pass(t)
	for i := range deals {
		r.Score(t, i, poor)
	}
	return r, r.At(t, hours(1))
}

func takeBack(t *testing.T, r *apptest.Rig, run string) app.Undone {
	t.Helper()
	out, err := r.App.Undo(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// keys are what stands of a kind of task on a deal, "-" before what is done.
func keys(t *testing.T, r *apptest.Rig, deal int, kind string) string {
	t.Helper()
	var list []string
	for _, k := range r.Tasks(t) {
		if _, name, _ := strings.Cut(k.Key, "sales-to-cs/"); k.Deal == r.Deal(deal) && strings.Contains(name, kind) {
			if k.Done {
				name = "-" + name
			}
			list = append(list, name)
		}
	}
	return strings.Join(list, " ")
}

// What an undo has taken back is asked once more when the record shows it again,
// by a key of its own; what a person has completed or deleted is not.
func TestWhatWasTakenBackIsAskedOnceMore(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r, first := escalated(t, crm, 3, nil)
		r.FinishTask(t, r.TasksOn(t, 1, "ae_rehandoff")[0].ID)
		r.RemoveTask(t, r.TasksOn(t, 2, "ae_rehandoff")[0].ID)
		gone := map[string]int{apptest.HubSpot: 1}[crm] // a portal does not tell that it was deleted
		r.Clock.Set(hours(2))
		if out := takeBack(t, r, first.Run); out.Err != nil || out.TasksTaken-gone != 4 || out.TasksClosed-int64(gone) != 4 {
			t.Errorf("%d tasks taken, %d closed, %v", out.TasksTaken, out.TasksClosed, out.Err)
		}
		for n := range 2 {
			r.At(t, hours(3+n))
			for deal, want := range []string{"-1/ae_rehandoff 1/ae_rehandoff/again-1", "-1/ae_rehandoff", ""} {
				if got := keys(t, r, deal, "ae_rehandoff"); got != want {
					t.Errorf("pass %d, deal %d: %q, want %q", n, deal, got, want)
				}
				if got := keys(t, r, deal, "sales_manager"); got != "-1/sales_manager_escalation 1/sales_manager_escalation/again-1" {
					t.Errorf("pass %d, deal %d: %q", n, deal, got)
				}
			}
		}
		if x := r.Explain(t, 0); x.Asked[0].Task == nil || x.Asked[0].Task.Status != "made" {
			t.Errorf("explain tells %+v", x.Asked[0])
		}
		// And once more, and what then leaves the band is closed.
		r.Clock.Set(hours(5))
		again := r.At(t, hours(5))
		list, err := r.Store(t).TasksOf(t.Context(), r.Name(), []string{r.Deal(0)})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range list {
			if strings.HasSuffix(k.Key, "again-1") && k.Run != again.Run {
				again.Run = k.Run
			}
		}
		takeBack(t, r, again.Run)
		r.At(t, hours(6))
		if got := keys(t, r, 0, "ae_rehandoff"); got != "-1/ae_rehandoff -1/ae_rehandoff/again-1 1/ae_rehandoff/again-2" {
			t.Errorf("taken back twice: %q", got)
		}
		// A store that is lost finds what stands there.
		r.LoseStore(t)
		r.At(t, hours(7))
		r.Set(t, r.Deal(0), "attempt_scored", "2")
		for i := range 3 {
			r.Score(t, i, "22222222222222222")
		}
		r.Set(t, r.Deal(1), "attempt_scored", "2")
		r.At(t, hours(8))
		r.Delete(t, r.Deal(2))
		r.At(t, hours(9))
		for deal := range 2 {
			for _, k := range r.TasksOn(t, deal, "") {
				if !k.Done {
					t.Errorf("deal %d: %s is open", deal, k.Key)
				}
			}
		}
	})
}

// A process that dies anywhere between taking back and asking once more leaves
// one task open of each kind.
func TestAnUndoThatIsCutShortAsksOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		for _, c := range []struct {
			name  string
			after bool // the CRM does what it is asked, and nobody hears of it
		}{{"before", false}, {"after", true}} {
			for nth := range 12 {
				t.Run(c.name, func(t *testing.T) {
					var armed, dead atomic.Bool
					ctx, die := context.WithCancel(t.Context())
					defer die()
					var seen atomic.Int64
					r, first := escalated(t, crm, 2, func(next http.Handler) http.Handler {
						return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
							if armed.Load() && !dead.Load() && seen.Add(1) == int64(nth+1) {
								if c.after {
									next.ServeHTTP(httptest.NewRecorder(), q)
								}
								dead.Store(true)
								die()
							}
							if dead.Load() { // nothing reaches the process any more
								panic(http.ErrAbortHandler)
							}
							next.ServeHTTP(w, q)
						})
					})
					r.Clock.Set(hours(2))
					armed.Store(true)
					_, _ = r.App.Undo(ctx, first.Run)
					armed.Store(false)
					dead.Store(false)
					r.Open(t)
					for n := range 3 {
						r.Clock.Set(hours(10 + n))
						r.Try(t)
					}
					for deal := range 2 {
						for _, kind := range []string{"ae_rehandoff", "sales_manager_escalation"} {
							got := keys(t, r, deal, kind)
							if got != "1/"+kind && got != "-1/"+kind+" 1/"+kind+"/again-1" {
								t.Errorf("cut short at request %d: %q", nth+1, got)
							}
						}
					}
				})
			}
		}
	})
}

// What an undo could not close is closed later, though the band still asks for
// it; then it is asked once more, unless a person has done it meanwhile.
func TestAnUndoThatIsRefusedIsTriedAgain(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r, first := escalated(t, crm, 2, nil)
		var refused []string
		for i := range 2 {
			refused = append(refused, r.TasksOn(t, i, "ae_rehandoff")[0].ID)
		}
		r.Fail(apptest.RefuseRecords, map[string]string{apptest.HubSpot: "batch_update"}[crm], 1, 1000, refused...)
		r.Clock.Set(hours(2))
		if out := takeBack(t, r, first.Run); out.TasksRejected != 2 {
			t.Fatalf("%d tasks refused", out.TasksRejected)
		}
		r.Clock.Set(hours(3))
		r.Try(t)
		for deal := range 2 {
			if got := keys(t, r, deal, "ae_rehandoff"); got != "1/ae_rehandoff" {
				t.Errorf("refused: %q", got)
			}
		}
		r.ClearFaults()
		r.FinishTask(t, refused[1])
		r.At(t, hours(30))
		r.At(t, hours(31))
		for deal, want := range []string{"-1/ae_rehandoff 1/ae_rehandoff/again-1", "-1/ae_rehandoff"} {
			if got := keys(t, r, deal, "ae_rehandoff"); got != want {
				t.Errorf("deal %d: %q, want %q", deal, got, want)
			}
		}
	})
}

// A digest is taken back with all that it tells, however much that is: what was
// told is looked for in it, and what a person has completed stays.
func TestADigestOfManyIsTakenBackWhole(t *testing.T) {
	for _, done := range []bool{false, true} {
		t.Run(map[bool]string{false: "open", true: "completed"}[done], func(t *testing.T) {
			t.Parallel()
			const deals = 620 // more than are held at a time
			r := apptest.Still(t, apptest.Options{CRM: apptest.Salesforce, World: apptest.Even(deals)})
			r.At(t, hours(1))
			told := r.At(t, hours(24*8))
			list := r.Tasks(t)
			if len(list) != 1 || list[0].Kind() != "csm_digest" {
				t.Fatalf("%d tasks were made, %+v", len(list), told.Counts)
			}
			want := map[string]int{"csm_digest: closed, Taken back.": 1, "csm_reminder: closed, Taken back.": deals}
			taken := deals + 1
			if done {
				r.FinishTask(t, list[0].ID)
				want = map[string]int{"csm_digest: acknowledged, ": 1, "csm_reminder: acknowledged, ": deals}
				taken = 0
			}
			r.Clock.Advance(time.Hour)
			if out := takeBack(t, r, told.Run); out.Err != nil || out.TasksTaken != taken || out.TasksClosed != int64(min(taken, 1)) {
				t.Errorf("%d tasks taken, %d closed, %v", out.TasksTaken, out.TasksClosed, out.Err)
			}
			ids := make([]string, deals)
			for i := range ids {
				ids[i] = r.Deal(i)
			}
			rows, err := r.Store(t).TasksOf(t.Context(), r.Name(), ids)
			if err != nil {
				t.Fatal(err)
			}
			have := map[string]int{}
			for _, k := range rows {
				have[k.Kind+": "+k.Status+", "+k.Note]++
			}
			if d := cmp.Diff(want, have); d != "" {
				t.Error(d)
			}
		})
	}
}

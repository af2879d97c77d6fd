package traps_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/handoff"
)

// asking is a company of which everybody can be asked by a task: where the CRM
// knows no managers one stands in.
func asking(t *testing.T, crm string, deals int) *apptest.Rig {
	t.Helper()
	r := begin(t, crm, deals)
	r.Extra = fmt.Sprintf("    managers: {default: [%q]}\n", r.User(job(r.World, world.RevOps)[0]))
	r.Open(t)
	return r
}

// wantsAsked fails unless the tasks on a deal are of these kinds, each after its
// attempt, with "-" before what is done.
func wantsAsked(t *testing.T, r *apptest.Rig, deal int, kinds ...string) {
	t.Helper()
	got := []string{}
	for _, task := range r.TasksOn(t, deal, "") {
		kind := task.Attempt() + " " + task.Kind()
		if task.Done {
			kind = "-" + kind
		}
		got = append(got, kind)
	}
	slices.Sort(got)
	if d := cmp.Diff(append([]string{}, kinds...), got); d != "" {
		t.Errorf("tasks on deal %d (-want +got):\n%s", deal, d)
	}
}

// Whatever request of a pass breaks off, that which makes the tasks among them,
// before the CRM has done what it asks or after, and though the program starts
// anew: each person is asked once.
// Mutation: internal/writeback/tasks.go: adopt finds no task that stands in the CRM.
func TestTrap11NobodyIsAskedTwice(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		const most = 18
		r := asking(t, crm, most)
		r.Pass(t)
		making := map[string]string{apptest.HubSpot: "batch_create tasks", apptest.Salesforce: "collections insert"}[crm]
		broken := 0
		for i := range most {
			at := hour(1 + 2*i)
			r.Clock.Set(at)
			r.Score(t, i, nineteen)
			before := r.Fired()
			mishap := []apptest.Mishap{apptest.ResetBefore, apptest.ResetAfter, apptest.TruncatedBody}[i%3]
			if i < 6 {
				r.Fail(mishap, making, 1, 1)
			} else {
				r.Fail(mishap, "", i-4, 1)
			}
			r.Try(t)
			if r.Fired() > before {
				broken++
			} else if i < 6 {
				t.Fatal("no request that makes tasks met its fault")
			}
			r.ClearFaults()
			r.Open(t)
			r.At(t, at.Add(time.Hour))
		}
		if broken < most/3 {
			t.Fatalf("%d passes met a fault: the test shows little", broken)
		}
		r.At(t, hour(2*most+1))
		for i := range most {
			wantsAsked(t, r, i, "1 ae_rehandoff", "1 sales_manager_escalation")
			shows(t, r, i, fields{"status": "final", "escalation": "Sales manager"})
		}
	})
}

// A task that somebody has ticked off or thrown away is not made again, by no
// later pass and with no new store; the next attempt asks anew.
// Mutation: internal/writeback/tasks.go: adopt makes again what a person has ended.
func TestTrap12ATaskThatAPersonEndedStaysEnded(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := asking(t, crm, 2)
		r.Pass(t)
		r.Score(t, 0, nineteen)
		r.At(t, hour(1))
		wantsAsked(t, r, 0, "1 ae_rehandoff", "1 sales_manager_escalation")
		r.FinishTask(t, r.TasksOn(t, 0, handoff.Rehandoff)[0].ID)
		r.RemoveTask(t, r.TasksOn(t, 0, handoff.Escalation)[0].ID)
		for h := 2; h < 5; h++ {
			r.At(t, hour(h))
			wantsAsked(t, r, 0, "-1 ae_rehandoff")
		}
		// A correction takes the deal out of the band and back.
		r.Set(t, r.Deal(0), "item_4_4_score", "2")
		r.At(t, hour(6))
		r.Set(t, r.Deal(0), "item_4_4_score", "0")
		r.At(t, hour(7))
		shows(t, r, 0, fields{"score": "19", "escalation": "Sales manager"})
		wantsAsked(t, r, 0, "-1 ae_fields_needed", "-1 ae_rehandoff")
		r.LoseStore(t)
		r.At(t, hour(8))
		wantsAsked(t, r, 0, "-1 ae_fields_needed", "-1 ae_rehandoff")

		r.Clock.Set(hour(50))
		r.Set(t, r.Deal(0), "attempt_scored", "2")
		r.At(t, hour(50))
		wantsAsked(t, r, 0, "-1 ae_fields_needed", "-1 ae_rehandoff", "2 ae_rehandoff", "2 sales_manager_escalation")
	})
}

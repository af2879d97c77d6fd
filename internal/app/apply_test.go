package app_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/writeback"
)

// planned makes a plan and wants nothing to be written by it.
func planned(t *testing.T, r *apptest.Rig) (app.Report, app.Plan) {
	t.Helper()
	report := r.App.Pass(t.Context(), r.App.Connections()[0], app.Ask{PlanOnly: true, Full: true})
	var guarded *writeback.Guarded
	if report.Err != nil && !errors.As(report.Err, &guarded) { // one that goes too far is shown all the same
		t.Fatal(report.Err)
	}
	p, err := r.App.Plan(t.Context(), report, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := r.DealsWritten(); n != 0 || len(r.Tasks(t)) != 0 {
		t.Fatalf("a plan wrote %d deals and %d tasks", n, len(r.Tasks(t)))
	}
	return report, p
}

func refusedWith(t *testing.T, err error, says string) {
	t.Helper()
	var p *app.ErrPlan
	if !errors.As(err, &p) || !strings.Contains(err.Error(), says) {
		t.Errorf("%v, want %q", err, says)
	}
}

// A plan is written exactly as it was shown; what has moved since is left as
// it is and named, with its tasks.
func TestApplyWritesExactlyThePlan(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(60)}))
		_, p := planned(t, r)
		if len(p.Changes) != p.Records || len(p.Tasks) == 0 || p.ForecastCalls == 0 {
			t.Fatalf("%d of %d changes, %d tasks, %d calls", len(p.Changes), p.Records, len(p.Tasks), p.ForecastCalls)
		}
		r.Clock.Advance(time.Hour)
		byDeal := map[string]map[string]string{}
		for _, ch := range p.Changes {
			byDeal[ch.Deal] = map[string]string{}
			for _, f := range ch.Fields {
				byDeal[ch.Deal][f.Field] = f.After
			}
		}
		edited, gone, touched := p.Tasks[0].Deal, p.Changes[len(p.Changes)-1].Deal, p.Changes[1].Deal
		r.Set(t, edited, "arr", "123456")
		r.Delete(t, gone)
		r.Set(t, touched, "range", "somebody was here")
		out, err := r.App.Apply(t.Context(), p.Plan)
		if err != nil || out.Err != nil {
			t.Fatal(err, out.Err)
		}
		why := map[string]string{}
		for _, m := range out.Moved {
			why[m.Deal] = m.Why
		}
		if len(why) != 3 || !strings.Contains(why[edited], "deal has changed") || !strings.Contains(why[gone], "no longer there") || !strings.Contains(why[touched], "range") {
			t.Errorf("left alone: %v", why)
		}
		if out.Confirmed != int64(p.Records-3) || out.Mode != "write" || out.Status != "done" {
			t.Errorf("%d confirmed of %d planned, %s, %s", out.Confirmed, p.Records, out.Mode, out.Status)
		}
		for deal, fields := range byDeal {
			for name, want := range fields {
				if deal == gone || why[deal] != "" && name == "range" && deal == touched {
					continue
				}
				got := r.Field(t, deal, name)
				if wrote := sameValue(got, want); wrote == (why[deal] != "" && want != "" && want != "false") {
					t.Errorf("deal %s (%s): %s is %q, planned %q", deal, why[deal], name, got, want)
				}
			}
		}
		for _, k := range r.Tasks(t) {
			if k.Deal == edited {
				t.Errorf("%s was made on a deal that had moved", k.Key)
			}
		}
		if out.TasksCreated == 0 || out.TasksCreated != int64(len(r.Tasks(t))) {
			t.Errorf("%d tasks made, %d stand there", out.TasksCreated, len(r.Tasks(t)))
		}
		_, err = r.App.Apply(t.Context(), p.Plan)
		refusedWith(t, err, "written already")
		r.Clock.Advance(time.Hour)
		if next := r.Pass(t); next.Confirmed < 2 {
			t.Errorf("the next pass wrote %d records of those left alone", next.Confirmed)
		}
	})
}

// A plan is screened in parts of 500 writes. A deal with a task whose write comes
// in a later part is named once.
func TestAMovedDealIsNamedOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(1200)}))
		_, p := planned(t, r)
		asked := map[string]bool{}
		for _, k := range p.Tasks {
			asked[k.Deal] = true
		}
		var late []string
		for _, ch := range p.Changes[min(500, len(p.Changes)):] {
			if asked[ch.Deal] {
				late = append(late, ch.Deal)
			}
		}
		if len(late) < 3 {
			t.Fatalf("%d of %d deals have a task and a late write", len(late), p.Records)
		}
		r.Clock.Advance(time.Hour)
		for _, id := range late[:3] {
			r.Set(t, id, "arr", "123456")
		}
		out, err := r.App.Apply(t.Context(), p.Plan)
		if err != nil || out.Err != nil {
			t.Fatal(err, out.Err)
		}
		if len(out.Moved) != 3 {
			t.Errorf("three deals have moved, and these are named: %v", out.Moved)
		}
	})
}

func TestPlansThatAreNotApplied(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(60), Mode: "observe", Limits: "{max_escalations_per_run: 1}"}))
		_, p := planned(t, r)
		_, err := r.App.Apply(t.Context(), p.Plan)
		refusedWith(t, err, "observe")
		_, err = r.App.Apply(t.Context(), "no-such-plan")
		refusedWith(t, err, "syncd plan")
		r.Mode = "write"
		r.Open(t)
		out, err := r.App.Apply(t.Context(), p.Plan)
		var guarded *writeback.Guarded
		if err != nil || !errors.As(out.Err, &guarded) || r.DealsWritten() != 0 || len(r.Tasks(t)) != 0 {
			t.Errorf("%v, %v, %d written", err, out.Err, r.DealsWritten())
		}
		// With the limit raised the same plan is written.
		r.Limits = "{max_escalations_per_run: 0}"
		r.Open(t)
		if out, err = r.App.Apply(t.Context(), p.Plan); err != nil || out.Err != nil || out.Confirmed != int64(p.Records) {
			t.Errorf("%v, %v, %d of %d confirmed", err, out.Err, out.Confirmed, p.Records)
		}
		// A later pass has written it: nothing is left of the plan.
		r = apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(60), Mode: "observe"}))
		r.Open(t)
		_, p = planned(t, r)
		r.Mode = "write"
		r.Open(t)
		r.Clock.Advance(time.Minute)
		r.Pass(t)
		r.ResetStats()
		out, err = r.App.Apply(t.Context(), p.Plan)
		if err != nil || out.Err != nil || out.Renewed != p.Records || out.Confirmed != 0 || r.DealsWritten() != 0 {
			t.Errorf("%v %v: %d of %d planned anew, %d confirmed", err, out.Err, out.Renewed, p.Records, out.Confirmed)
		}
	})
}

// What a run wrote is taken back where it still stands, and its tasks are
// closed. What somebody has changed since stays.
func TestUndo(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(60)}))
		before := map[string]map[string]string{}
		for i := range r.World.Deals {
			before[r.Deal(i)] = r.Own(t, r.Deal(i))
		}
		first := r.Pass(t)
		var kept string
		for id := range r.Written(t, first.Run) {
			kept = id
		}
		r.Set(t, kept, "range", "somebody was here")
		r.Clock.Advance(time.Minute)
		out, err := r.App.Undo(t.Context(), first.Run)
		if err != nil || out.Err != nil {
			t.Fatal(err, out.Err)
		}
		if out.Kept != 1 || out.Confirmed != first.Confirmed || out.TasksClosed != first.TasksCreated || out.Kind != "undo" {
			t.Errorf("%d kept, %d records of %d, %d tasks of %d", out.Kept, out.Confirmed, first.Confirmed, out.TasksClosed, first.TasksCreated)
		}
		r.Clock.Advance(time.Minute)
		twice, err := r.App.Undo(t.Context(), first.Run)
		if err != nil || twice.Err != nil || twice.Kept != 1 || twice.FieldsWritten != 0 || twice.Back != out.FieldsWritten {
			t.Errorf("a second time: %d kept, %d written, %d of %d already back: %v %v", twice.Kept, twice.FieldsWritten, twice.Back, out.FieldsWritten, err, twice.Err)
		}
		for id, was := range before {
			for name, now := range r.Own(t, id) {
				if id == kept && name == "range" {
					was[name] = "somebody was here"
				}
				if !sameValue(now, was[name]) && now != "false" {
					t.Errorf("deal %s: %s is %q, was %q", id, name, now, was[name])
				}
			}
		}
		for _, k := range r.Tasks(t) {
			if !k.Done {
				t.Errorf("%s is open", k.Key)
			}
		}
		_, err = r.App.Undo(t.Context(), out.Run)
		refusedWith(t, err, "put a run back")
		_, err = r.App.Undo(t.Context(), "no-such-run")
		refusedWith(t, err, "syncd runs")
		// The next pass writes anew and asks once more, and the one after it no more.
		tasks := len(r.Tasks(t))
		for range 2 {
			r.Clock.Advance(time.Minute)
			again := r.Full(t)
			if n := len(r.Tasks(t)); n != 2*tasks {
				t.Errorf("%d records were written anew, %d tasks where there were %d", again.Confirmed, n, tasks)
			}
		}
	})
}

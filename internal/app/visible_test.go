package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
)

// leaky is a Salesforce org in which whoever has the profile of sellers can read
// the range.
func leaky(t *testing.T, extra string) *apptest.Rig {
	t.Helper()
	r := apptest.New(t, apptest.Options{CRM: apptest.Salesforce, World: apptest.World(30), Extra: extra})
	r.SF.Grant("Standard User", "Opportunity.Handoff_Range__c", true, false)
	return r
}

// ranges counts the deals that show a range.
func ranges(t *testing.T, r *apptest.Rig) int {
	t.Helper()
	n := 0
	for i := range r.World.Deals {
		if r.Field(t, r.Deal(i), "range") != "" {
			n++
		}
	}
	return n
}

// A number that sellers can read is not written, all else is; the pass says who
// can read it, and once nobody can, a full pass writes it.
func TestNumbersThatSellersCanReadAreNotWritten(t *testing.T) {
	r := leaky(t, "")
	shown := ranges(t, r)
	out := r.Try(t)
	if out.Err != nil || out.Withheld != 1 || out.FieldsWritten == 0 {
		t.Fatalf("%+v", out)
	}
	if n := ranges(t, r); n != shown {
		t.Errorf("%d deals show a range, %d before", n, shown)
	}
	if told := strings.Join(out.Problems, "\n"); !strings.Contains(told, "Handoff_Range__c") || !strings.Contains(told, "profile Standard User") {
		t.Errorf("problems: %s", told)
	}
	status := 0
	for i := range r.World.Deals {
		if r.Field(t, r.Deal(i), "status") != "" {
			status++
		}
	}
	if status == 0 {
		t.Error("nothing else was written")
	}
	found := r.App.Check(t.Context(), r.App.Connections()[0], "")
	if f := finding(t, found.Findings, "visibility"); f.Grade != crm.Fault || !strings.Contains(f.Fix, "visibility_waiver") {
		t.Errorf("check says %+v", f)
	}

	r.SF.Grant("Standard User", "Opportunity.Handoff_Range__c", false, false)
	r.Close(t)
	r.Open(t) // the schema is read anew
	if out := r.Full(t); out.Withheld != 0 || len(out.Problems) > 0 && strings.Contains(out.Problems[0], "sellers") {
		t.Errorf("%+v", out)
	}
	if n := ranges(t, r); n <= shown {
		t.Errorf("%d deals show a range although no seller can read it", n)
	}
}

// What a plan holds is not written either once sellers can read it.
func TestAPlanDoesNotLeak(t *testing.T) {
	r := apptest.New(t, apptest.Options{CRM: apptest.Salesforce, World: apptest.World(30)})
	shown := ranges(t, r)
	plan := r.App.Pass(t.Context(), r.App.Connections()[0], app.Ask{PlanOnly: true, Full: true})
	if plan.Err != nil || plan.FieldsPlanned == 0 {
		t.Fatalf("%+v", plan)
	}
	r.SF.Grant("Standard User", "Opportunity.Handoff_Range__c", true, false)
	r.Close(t)
	r.Open(t)
	out, err := r.App.Apply(t.Context(), plan.Run)
	if err != nil || out.FieldsWritten == 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if n := ranges(t, r); n != shown {
		t.Errorf("%d deals show a range, %d before", n, shown)
	}
}

// A person's word lets numbers be written, until its day.
func TestAWaiverHoldsUntilItsDay(t *testing.T) {
	for _, c := range []struct {
		name string
		days int
		held int64
	}{{"holds", 30, 0}, {"is over", -1, 1}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at := time.Now().UTC()
			r := leaky(t, fmt.Sprintf("    visibility_waiver: {by: Jane Doe, until: %s}\n", at.AddDate(0, 0, c.days).Format(time.DateOnly)))
			r.Clock.Set(at)
			out := r.Try(t)
			if out.Err != nil || out.Withheld != c.held {
				t.Errorf("%d withheld, want %d: %v", out.Withheld, c.held, out.Err)
			}
			told := strings.Join(out.Problems, "\n")
			if !strings.Contains(told, "Handoff_Range__c") || strings.Contains(told, "waived by Jane Doe") != (c.held == 0) ||
				strings.Contains(told, "the waiver of Jane Doe ended on "+at.AddDate(0, 0, c.days).Format(time.DateOnly)) != (c.held > 0) {
				t.Errorf("problems: %s", told)
			}
		})
	}
}

func finding(t *testing.T, list []crm.Finding, area string) crm.Finding {
	t.Helper()
	for _, f := range list {
		if f.Area == area && f.Grade != crm.Fine {
			return f
		}
	}
	t.Fatalf("nothing about %s in %+v", area, list)
	return crm.Finding{}
}

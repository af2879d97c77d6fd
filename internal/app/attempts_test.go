package app_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
)

const fine = "22221" + "2221" + "2222" + "2221" // 37 with the automatic six

// archiving is an org with records of attempts, made as fields apply does.
func archiving(t *testing.T, deals int) *apptest.Rig {
	t.Helper()
	t.Parallel()
	r := apptest.Still(t, apptest.Options{CRM: apptest.Salesforce, World: apptest.Even(deals), Extra: "    attempt_object: true\n"})
	r.MakeAttemptObject(t)
	return r
}

func wantsRecords(t *testing.T, r *apptest.Rig, deal int, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, r.AttemptRecords(deal)); d != "" {
		t.Errorf("records of deal %d (-want +got):\n%s", deal, d)
	}
}

// A handoff leaves one record for each of its attempts, which a correction
// changes and a lost store, an undo and a second pass do not.
func TestARecordIsKeptOfEveryAttempt(t *testing.T) {
	r := archiving(t, 2)
	r.Pass(t)
	wantsRecords(t, r, 0)
	r.Clock.Set(hours(1))
	r.Score(t, 0, poor)
	first := r.Pass(t)
	wantsRecords(t, r, 0, "1: 19 Incomplete")
	if first.AttemptsWritten != 1 || first.AttemptsOwed != 0 {
		t.Errorf("%d written, %d owed", first.AttemptsWritten, first.AttemptsOwed)
	}
	r.Set(t, r.Deal(0), "item_1_1_score", "0") // inside the correction window
	r.At(t, hours(2))
	wantsRecords(t, r, 0, "1: 18 Incomplete")

	r.Clock.Set(hours(30))
	r.Score(t, 0, fine)
	r.Set(t, r.Deal(0), "attempt_scored", "2")
	second := r.Pass(t)
	wantsRecords(t, r, 0, "1: 18 Incomplete", "2: 37 Excellent")
	for _, a := range r.Explain(t, 0).Attempts {
		if a.Record != "confirmed" {
			t.Errorf("attempt %d: %q %s", a.Attempt, a.Record, a.Why)
		}
	}
	r.ResetStats()
	r.At(t, hours(31))
	r.Full(t)
	if n := r.Calls()["collections upsert Handoff_Attempt__c"]; n != 0 {
		t.Errorf("%d calls for what stands there", n)
	}

	r.LoseStore(t)
	r.Clock.Set(hours(60))
	r.Set(t, r.Deal(0), "item_1_1_score", "0") // long after: what is summed again is another score
	r.Full(t)
	wantsRecords(t, r, 0, "1: 18 Incomplete", "2: 37 Excellent")

	if _, err := r.App.Undo(t.Context(), second.Run); err == nil {
		t.Error("a run that the store does not know was undone")
	}
	r.Score(t, 1, poor)
	last := r.At(t, hours(61))
	if _, err := r.App.Undo(t.Context(), last.Run); err != nil {
		t.Fatal(err)
	}
	if got := r.Field(t, r.Deal(1), "score"); got != "" {
		t.Errorf("after the undo the deal shows %q", got)
	}
	wantsRecords(t, r, 1, "1: 19 Incomplete") // what was scored was scored
}

// Whatever breaks off, each record is made once.
func TestARecordOfAnAttemptIsMadeOnce(t *testing.T) {
	for _, mishap := range []apptest.Mishap{apptest.ResetBefore, apptest.ResetAfter, apptest.TruncatedJSON, apptest.Unavailable, apptest.HTMLPage, apptest.RefuseRecords} {
		t.Run(string(mishap), func(t *testing.T) {
			r := archiving(t, 3)
			r.Pass(t)
			for i := range 3 {
				r.Score(t, i, poor)
			}
			r.Fail(mishap, "collections upsert", 1, 1)
			r.Clock.Set(hours(1))
			r.Try(t)
			if r.Fired() == 0 {
				t.Fatal("nothing went wrong")
			}
			r.Open(t)
			report := r.At(t, hours(9)) // a refused record has waited its time
			if report.AttemptsOwed != 0 {
				t.Errorf("%d owed", report.AttemptsOwed)
			}
			for i := range 3 {
				wantsRecords(t, r, i, "1: 19 Incomplete")
			}
		})
	}
}

// An undo writes no record that the CRM was not told before it.
func TestAnUndoTellsOfNoAttempt(t *testing.T) {
	r := archiving(t, 1)
	r.Pass(t)
	r.Score(t, 0, poor)
	r.Fail(apptest.RefuseRecords, "collections upsert", 1, 1)
	run := r.At(t, hours(1)).Run
	r.Clock.Set(hours(9))
	if _, err := r.App.Undo(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	wantsRecords(t, r, 0)
	r.Pass(t)
	wantsRecords(t, r, 0, "1: 19 Incomplete")
}

// An org without the object is told, its deals are written all the same, and
// what it was not told it is told once the object is there.
func TestRecordsOfAttemptsWaitForTheirObject(t *testing.T) {
	t.Parallel()
	r := apptest.Still(t, apptest.Options{CRM: apptest.Salesforce, World: apptest.Even(2), Extra: "    attempt_object: true\n"})
	r.Score(t, 0, poor)
	report := r.At(t, hours(1))
	if report.AttemptsOwed != 1 || report.AttemptsWritten != 0 || r.Field(t, r.Deal(0), "score") != "19" {
		t.Errorf("%+v; the deal shows %q", report.Counts, r.Field(t, r.Deal(0), "score"))
	}
	if a := r.Explain(t, 0).Attempts; len(a) != 1 || a[0].Record != "planned" {
		t.Errorf("explained: %+v", a)
	}
	r.MakeAttemptObject(t)
	if report = r.At(t, hours(2)); report.AttemptsOwed != 0 || report.AttemptsWritten != 1 {
		t.Errorf("%+v", report.Counts)
	}
	wantsRecords(t, r, 0, "1: 19 Incomplete")
}

// Turned on late, a full pass tells of what was final before; observing, it
// tells nobody.
func TestRecordsOfAttemptsOfBefore(t *testing.T) {
	t.Parallel()
	r := apptest.Still(t, apptest.Options{CRM: apptest.Salesforce, World: apptest.Even(2), Salesforce: sfsim.Options{}})
	r.Score(t, 0, poor)
	r.At(t, hours(1))
	r.Extra, r.Mode = "    attempt_object: true\n", "observe"
	r.Open(t)
	r.MakeAttemptObject(t)
	c := r.App.Connections()[0]
	r.Clock.Set(hours(2))
	report := r.App.Pass(t.Context(), c, app.Ask{Full: true, PlanOnly: true})
	plan, err := r.App.Plan(t.Context(), report, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Attempts) != 1 || plan.Attempts[0].Deal != r.Deal(0) || plan.Attempts[0].Score != 19 || plan.AttemptsPlanned != 1 {
		t.Errorf("planned: %+v of %d", plan.Attempts, plan.AttemptsPlanned)
	}
	if r.Full(t); len(r.SF.IDs(apptest.AttemptObject)) != 0 {
		t.Error("observing, it was written")
	}
	r.Mode = "write"
	r.Open(t)
	r.At(t, hours(3))
	wantsRecords(t, r, 0, "1: 19 Incomplete")
}

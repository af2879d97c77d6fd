package traps_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// A renewal is nobody's handoff. What is left out is listed by type; with an
// explicit list so is everything that the list does not name.
// Mutation: internal/handoff/scope.go: typeIn takes in every type where none is excluded by name.
func TestTrap13RenewalsAreNoHandoffs(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(5)
		w.Deals[1].Type, w.Deals[2].Type, w.Deals[3].Type = "Renewal", "Renewal", "Expansion"
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		report := r.Pass(t)
		if d := cmp.Diff(map[string]int64{"Renewal": 2}, report.LeftOutTypes); d != "" || report.InScope != 3 {
			t.Errorf("%d in scope, left out (-want +got):\n%s", report.InScope, d)
		}
		shows(t, r, 1, fields{"status": "", "key": ""})
		shows(t, r, 3, fields{"status": "awaiting kickoff"})

		r.Scope = "{go_live: 2026-10-03, threshold: 5000, types: [Renewal]}"
		r.LoseStore(t)
		report = r.Pass(t)
		if report.InScope != 2 || report.LeftOut["type left out"] != 3 || report.LeftOutTypes["Expansion"] != 1 {
			t.Errorf("by an explicit list %d in scope, left out %v, %v", report.InScope, report.LeftOut, report.LeftOutTypes)
		}
	})
}

// Two won deals that look like one sale are flagged, and neither asks anybody
// for anything until the CS manager says what they are: sales of their own, or
// one, which then leaves the scope.
// Mutation: internal/handoff/scope.go: MayBeOne sees no two deals as one.
func TestTrap15OneSaleInTwoDealsEscalatesOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(6)
		for i, amount := range []string{"50000", "50000.00", "50000", "50000", "61000", "50000"} {
			w.Deals[i].Account, w.Deals[i].Amount = i/2*2, amount
		}
		week := w.Deals[3].WonAt.AddDate(0, 0, -8) // the third pair is of two amounts, the second too far apart
		w.Deals[3].WonAt, w.Deals[3].CloseDate = week, week.Format(time.DateOnly)
		w.Deals[1].WonAt = w.Deals[1].WonAt.AddDate(0, 0, -6)
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		for i := range w.Deals {
			r.Score(t, i, nineteen)
		}
		if report := r.At(t, hour(1)); report.Escalations != 4 {
			t.Errorf("%d escalations, want 4", report.Escalations)
		}
		for i := range 2 {
			shows(t, r, i, fields{"status": "final", "score": "19", "escalation": "None", "ball": "CS manager: decide whether this is a duplicate"})
			if said := r.Field(t, r.Deal(i), "sync_message"); !strings.Contains(said, "possible duplicate of "+r.Deal(1-i)) || len(r.State(t, i).Notices) != 0 {
				t.Errorf("deal %d says %q and asked %v", i, said, r.State(t, i).Notices)
			}
		}
		for i := 2; i < 6; i++ {
			shows(t, r, i, fields{"escalation": "Sales manager", "sync_message": ""})
		}
		r.Clock.Set(hour(3))
		r.Set(t, r.Deal(0), "duplicate_decision", "own sale")
		r.Set(t, r.Deal(1), "duplicate_decision", "same sale")
		r.At(t, hour(3))
		r.At(t, hour(4))
		shows(t, r, 0, fields{"status": "final", "escalation": "Sales manager", "sync_message": ""})
		shows(t, r, 1, fields{"status": "closed", "escalation": "None"})
	})
}

// A deal that was won before go_live is neither scored nor written, though
// somebody edits it today; the run says how many there are.
// Mutation: internal/handoff/scope.go: Scope drops the case of go_live.
func TestTrap20YearsOfOldDealsAreLeftAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(8)
		for i := range 5 {
			d := &w.Deals[i]
			d.WonAt = d.WonAt.AddDate(-i-1, 0, 0)
			d.CreatedAt, d.CloseDate, d.Notes = d.WonAt.AddDate(0, -1, 0), d.WonAt.Format(time.DateOnly), nil
		}
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		for i := range 2 {
			r.Score(t, i, allZero)
		}
		code, said, _ := r.Command(t, "run", "--once")
		if code != 0 || !strings.Contains(said, "won before go_live") || r.DealsWritten() != 3 {
			t.Errorf("exit %d, %d deals written:\n%s", code, r.DealsWritten(), said)
		}
		r.Clock.Set(hour(1))
		if report := r.Full(t); report.LeftOut["won before go_live"] != 5 || report.InScope != 3 {
			t.Errorf("%d in scope, left out %v", report.InScope, report.LeftOut)
		}
		for i := range 5 {
			shows(t, r, i, fields{"status": "", "score": "", "escalation": ""})
		}
	})
}

// A deal that is reopened is closed and kept. Won again within 30 days it goes
// on with its final; won again later it starts on its next attempt.
// Mutation: internal/handoff/attempt.go: rewonWithin is three days.
func TestTrap22ADealThatIsWonAgainIsScoredOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 2)
		r.Pass(t)
		r.Score(t, 0, nineteen)
		r.At(t, hour(1))
		asked := len(r.State(t, 0).Notices)

		r.Reopen(t, 0)
		r.At(t, hour(24))
		shows(t, r, 0, fields{"status": "closed", "score": "19", "hold": "false", "escalation": "None"})
		r.Clock.Set(hour(24 * 20))
		r.Win(t, 0)
		r.At(t, hour(24*20+1))
		shows(t, r, 0, fields{"status": "final", "attempt": "1", "score": "19", "hold": "true", "escalation": "Sales manager"})
		if n := len(r.State(t, 0).Notices); n != asked {
			t.Errorf("people were asked %d times, %d before the deal left", n, asked)
		}

		r.Reopen(t, 0)
		r.At(t, hour(24*21))
		r.Clock.Set(hour(24 * 60))
		r.Win(t, 0)
		r.At(t, hour(24*60+1))
		shows(t, r, 0, fields{"attempt": "2", "score": "", "category_1": "", "hold": "false", "escalation": "None"})
		if e := r.State(t, 0).Earlier; len(e) != 1 || e[0].Total != 19 {
			t.Errorf("the first attempt is kept as %+v", e)
		}
	})
}

// An amount is compared in the company's currency. One that cannot be compared
// takes the full card and says so, and what a CSM has begun to score keeps its
// card whatever becomes of the amount.
// Mutation: internal/handoff/scope.go: companyAmount forgets the rate.
func TestTrap24AThresholdIsInOneCurrency(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(6)
		for i, c := range []string{"JPY", "USD", "CHF", "EUR", "EUR", "JPY"} {
			w.Deals[i].Currency = c
		}
		w.Deals[3].Amount, w.Deals[4].Amount = "", "5000"
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w, Company: "rates: {JPY: 0.006, USD: 0.9}"})
		r.Score(t, 5, "-------------"+"1---")
		r.Pass(t)
		for i, want := range []string{"14", "40", "40", "40", "40", "14"} {
			if got := r.Field(t, r.Deal(i), "score_out_of"); got != want {
				t.Errorf("50,000 %s is scored out of %s, want %s", w.Deals[i].Currency, got, want)
			}
		}
		for i, want := range map[int]string{2: "no rate for CHF: the full card is used", 3: "the amount is blank: the full card is used"} {
			if got := strings.Join(r.Explain(t, i).Warnings, "\n"); !strings.Contains(got, want) {
				t.Errorf("deal %d warns %q, want %q", i, got, want)
			}
		}
		r.SetAmount(t, 5, "9000000")
		r.SetAmount(t, 0, "9000000")
		r.At(t, hour(-3))
		shows(t, r, 0, fields{"score_out_of": "40"})
		shows(t, r, 5, fields{"score_out_of": "14"})
	})
}

// What counts as won is what the CRM flags so, whatever the stage is called.
// When half of all deals vanish from the scope in one go, nothing is written
// and a person is told.
// Mutation: internal/writeback/guard.go: the fall of deals in scope is not looked at.
func TestTrap39ARenamedStageEmptiesNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 40)
		r.Pass(t)
		r.RenameWon(t, "Closed Won - Paid")
		r.Clock.Set(hour(1))
		if report := r.Full(t); report.InScope != 40 {
			t.Fatalf("%d deals in scope after a stage was renamed", report.InScope)
		}

		for i := range 20 {
			r.Reopen(t, i)
			r.Score(t, 39-i, allTwo)
		}
		r.Clock.Set(hour(2))
		r.ResetStats()
		report := r.Try(t)
		if report.Err == nil || !strings.Contains(report.Err.Error(), "deals in scope fell from 40 to 20") || r.DealsWritten() != 0 {
			t.Errorf("%d deals written, %v", r.DealsWritten(), report.Err)
		}
		shows(t, r, 0, fields{"status": "scoring open"})
		if code, said, log := r.Command(t, "run", "--once"); code != 4 || !strings.Contains(said+log, "fell from 40 to 20") {
			t.Errorf("exit %d, want 4:\n%s%s", code, said, log)
		}
	})
}

// Two connections to one org would score and write every deal twice: the
// second is refused by name and reads nothing.
// Mutation: internal/store/runs.go: SaveConnection does not look for another connection of the org.
func TestTrap34OneOrgHasOneConnection(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 3)
		first := r.Pass(t)
		r.Called = "second"
		r.Open(t)
		r.Clock.Set(hour(1))
		r.ResetStats()
		report := r.Try(t)
		want := fmt.Sprintf("connections %s and second are the same %s org", first.Connection, crm)
		if report.Err == nil || !strings.Contains(report.Err.Error(), want) || report.DealsRead != 0 || r.DealsWritten() != 0 {
			t.Errorf("%d deals read, %d written: %v", report.DealsRead, r.DealsWritten(), report.Err)
		}
		r.Called = ""
		r.Open(t)
		r.Pass(t) // what the pass before left, the due clocks
		r.ResetStats()
		if report := r.Pass(t); report.FieldsWritten != 0 || r.DealsWritten() != 0 {
			t.Errorf("own writes brought %d more", report.FieldsWritten)
		}
	})
}

package traps_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
)

const lockRule = "Closed deals are locked: ask RevOps (rule Lock_Closed_Deals)"

// An org that locks some of its won deals refuses these, by the name of the
// rule; the others are written, the run is whole, and its exit code says that
// somebody has to look. Unlocked, a deal is written later.
// Mutation: internal/cli/passes.go: the exit code takes no notice of refused records.
func TestTrap02ALockedDealIsRefusedAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		r := begin(t, name, 5)
		locked := []string{r.Deal(1), r.Deal(3)}
		if r.SF != nil {
			r.SF.AddRule(sfsim.Rule{Object: "Opportunity", Message: lockRule, Broken: func(get func(string) any) bool {
				return get("IsWon") == true && (get("Name") == r.World.Deals[1].Name || get("Name") == r.World.Deals[3].Name)
			}})
		} else {
			r.HS.AddFault(hssim.Fault{Do: hssim.RefuseRecords, On: "batch_update", Times: -1, IDs: locked, Message: lockRule})
		}
		code, said, _ := r.Command(t, "run", "--once", "-o", "json")
		if code != 1 || !strings.Contains(said, `"rejected": 2`) || !strings.Contains(said, `"confirmed": 3`) {
			t.Errorf("exit %d:\n%s", code, said)
		}
		for i := range 5 {
			if written := r.Field(t, r.Deal(i), "status") != ""; written == slices.Contains(locked, r.Deal(i)) {
				t.Errorf("deal %d is written: %v", i, written)
			}
		}
		runs, err := r.App.Runs(t.Context(), 1)
		if err != nil || len(runs) != 1 {
			t.Fatal(runs, err)
		}
		detail, err := r.App.RunDetail(t.Context(), runs[0].ID)
		if err != nil || len(detail.Refused) != 2 {
			t.Fatalf("%d refused, %v", len(detail.Refused), err)
		}
		for _, refused := range detail.Refused {
			if !slices.Contains(locked, refused.Deal) || refused.Class != string(crm.ClassValidation) || !strings.Contains(refused.Message, "Lock_Closed_Deals") {
				t.Errorf("%+v", refused)
			}
		}
		if r.SF != nil {
			r.SF.ClearRules()
		} else {
			r.HS.ClearFaults()
		}
		r.At(t, hour(20))
		shows(t, r, 1, fields{"status": "scoring open"})
	})
}

// A rule that wants another property filled refuses the deal it is about. The
// property is named and never filled for anybody; the score is kept and goes
// out once the rule is met.
// Mutation: internal/crm/hubspot/refusal.go: what a portal finds bad is not put into the message.
func TestTrap03AMissingPropertyIsNamedAndNotFilled(t *testing.T) {
	t.Parallel()
	w := apptest.Even(4)
	w.Deals[2].Fields["term_months"] = ""
	o := apptest.Options{CRM: apptest.HubSpot, World: w, Extra: "    api_version: \"2026-09\"\n"}
	o.HubSpot.ConditionalRequired = []hssim.Requirement{{Object: "deals", Required: "contract_term"}}
	r := apptest.Still(t, o)
	for i := range 4 {
		r.Score(t, i, allTwo)
	}
	report := r.Pass(t)
	detail, err := r.App.RunDetail(t.Context(), report.Run)
	if err != nil || report.Confirmed != 3 || len(detail.Refused) != 1 {
		t.Fatalf("%d confirmed, refused %+v, %v", report.Confirmed, detail.Refused, err)
	}
	if x := detail.Refused[0]; x.Deal != r.Deal(2) || x.Class != string(crm.ClassValidation) || !strings.Contains(x.Message, "contract_term") {
		t.Errorf("%+v", x)
	}
	shows(t, r, 2, fields{"term_months": "", "status": "", "score": ""})
	if x := r.Explain(t, 2); x.Score == nil || *x.Score != 39 || r.Item(t, 2, "5.3").Question == "" {
		t.Errorf("the score is kept as %v", x.Score)
	}
	r.Clock.Set(hour(20))
	r.Set(t, r.Deal(2), "term_months", "24")
	r.At(t, hour(20))
	shows(t, r, 2, fields{"status": "final", "score": "39", "term_months": "24"})
}

// ours are the fields that syncd writes, by logical name.
var ours = []string{
	"status", "band", "health", "escalation", "score", "score_out_of", "attempt", "category_1", "category_2", "category_3", "category_4", "category_5",
	"item_5_1_score", "item_5_2_score", "item_5_3_score", "range", "action", "ball", "key", "scorecard_version", "sync_message", "gaps", "hold",
	"due_at", "escalated_at", "resolved_at", "updated_at",
}

// What a person types between our reading and our writing stays, whatever it
// is: no write carries a field that people write. The next pass takes it in.
// Mutation: internal/syncer/judge.go: Diff sends the ARR along as it was read, and mapping.go of both adapters lets it pass.
func TestTrap05AnEditMadeMeanwhileStays(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		t.Parallel()
		var mu sync.Mutex
		carried := map[string]bool{}
		r := apptest.Still(t, apptest.Options{CRM: name, World: apptest.Even(3), Front: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				if apptest.IsWrite(q) {
					body, _ := io.ReadAll(q.Body)
					q.Body = io.NopCloser(bytes.NewReader(body))
					all, err := apptest.Written(body)
					mu.Lock()
					for _, fields := range all {
						for native := range fields {
							carried[native] = true
						}
					}
					mu.Unlock()
					if err != nil {
						t.Error(err)
					}
				}
				next.ServeHTTP(w, q)
			})
		}})
		on := map[string]string{apptest.HubSpot: "batch_update", apptest.Salesforce: "collections update"}[name]
		typed := fields{"item_1_1_score": "0", "evidence.1.1": "typed a second ago", "arr": "77000", "item_1_2_note": "ask them", "kickoff_at": stamp(hour(72))}
		r.Meanwhile(on, 1, func() {
			for field, v := range typed {
				r.Set(t, r.Deal(0), field, v)
			}
		})
		r.Pass(t)
		if r.Fired() == 0 {
			t.Fatal("nothing was written")
		}
		shows(t, r, 0, typed)
		shows(t, r, 0, fields{"status": "awaiting kickoff", "due_at": stamp(hour(48))})
		r.At(t, hour(-1))
		shows(t, r, 0, typed)
		shows(t, r, 0, fields{"due_at": stamp(hour(120))})
		r.Score(t, 1, allTwo)
		r.At(t, hour(1))
		mu.Lock()
		defer mu.Unlock()
		for _, f := range r.World.Fields {
			native := map[string]string{apptest.HubSpot: f.HubSpot, apptest.Salesforce: f.Salesforce}[name]
			if carried[native] != slices.Contains(ours, f.Name) && (carried[native] || slices.Contains([]string{"status", "score", "key"}, f.Name)) {
				t.Errorf("%s was written: %v", f.Name, carried[native])
			}
			delete(carried, native)
		}
		if len(carried) != 0 {
			t.Errorf("written beside the handoff's fields: %v", carried)
		}
	})
}

// A pass that finds nothing new writes nothing, however often it runs: our own
// writes move the records, and that moves nothing of ours.
// Mutation: internal/handoff/show.go: showFinal sets updated_at at every step.
func TestTrap35AnIdlePassWritesNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		r := begin(t, name, 12)
		for i := range 4 {
			r.Score(t, i, []string{allTwo, nineteen, allZero, nineteen}[i])
		}
		r.Set(t, r.Deal(5), "item_1_1_score", "1")
		first := r.Pass(t)
		written := r.DealsWritten()
		if first.FieldsWritten == 0 || written != 12 {
			t.Fatalf("%d deals written", written)
		}
		for _, after := range []time.Duration{time.Second, time.Minute, 16 * time.Minute, 3 * time.Hour} {
			r.Clock.Advance(after)
			if report := r.Pass(t); report.FieldsPlanned != 0 || report.FieldsWritten != 0 || r.DealsWritten() != written {
				t.Errorf("%s later %d fields were written", after, report.FieldsWritten)
			}
		}
		r.Clock.Advance(time.Hour)
		if report := r.Full(t); report.FieldsPlanned != 0 || r.DealsWritten() != written {
			t.Errorf("a full pass planned %d fields", report.FieldsPlanned)
		}
	})
}

// However often passes are asked for, they leave the day's calls to others: a
// share is theirs, and then the run ends with the time to go on. Nothing is
// lost by that.
// Mutation: internal/app/budget.go: over finds that there is always a call left.
func TestTrap38TheDaysCallsAreLeftToOthers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		t.Parallel()
		const day, share, underWay = 800, 0.1, 10
		o := apptest.Options{CRM: name, World: apptest.Even(10), Extra: "    budget: {daily_share: 0.1, searches_per_second: 1000}\n"}
		o.HubSpot = hssim.Options{DailyLimit: day}
		o.Salesforce = sfsim.Options{DailyLimit: day}
		if name == apptest.Salesforce {
			o.Extra = "    budget: {daily_share: 0.1}\n"
		}
		r := apptest.Still(t, o)
		ended, calls := 0, int64(0)
		for range 40 {
			report := r.Try(t)
			calls += report.APICalls
			switch {
			case report.Err == nil:
			case crm.KindOf(report.Err) == crm.Quota && report.ResumeAt.After(r.Clock.Now()):
				ended++
			default:
				t.Fatal(report.Err)
			}
			r.Clock.Advance(15 * time.Minute)
		}
		// Each pass asks for the CRM's clock before it knows what is left.
		if most := int64(share*day) + underWay + int64(ended); calls > most || ended == 0 || calls < most/2 {
			t.Errorf("%d calls of %d that are ours; %d passes ended early", calls, most, ended)
		}
		r.Score(t, 7, nineteen)
		r.Clock.Advance(26 * time.Hour)
		r.Pass(t)
		shows(t, r, 7, fields{"status": "final", "score": "19", "escalation": "Sales manager"})
	})
}

package lessons_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
)

const itsWords = "Only the board may change this record"

// refuse makes the CRM refuse two deals that are final in its world, whatever
// is written to them, and names them.
func refuse(t *testing.T, r *apptest.Rig) []int {
	t.Helper()
	clean := open(t, apptest.Options{CRM: r.CRM, World: r.World})
	clean.Pass(t)
	deals := with(t, clean, "final")[:2]
	ids := []string{r.Deal(deals[0]), r.Deal(deals[1])}
	if r.HS != nil {
		r.HS.AddFault(hssim.Fault{Do: hssim.RefuseRecords, On: "batch_update", Times: -1, IDs: ids, Message: itsWords})
	} else {
		r.SF.AddFault(sfsim.Fault{
			Do: sfsim.RefuseRecords, On: "collections update", Times: -1, IDs: ids,
			Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: itsWords,
		})
	}
	return deals
}

// Of a batch in which some records are refused the others are kept, and the
// refused ones are listed by id with the CRM's words, whether it answers 207
// or refuses the whole batch.
func TestLesson23APartialAnswerIsReadRecordByRecord(t *testing.T) {
	t.Parallel()
	for name, multi := range map[string]bool{"207": true, "400": false} {
		t.Run(name, func(t *testing.T) {
			o := apptest.Options{CRM: apptest.HubSpot}
			o.HubSpot.ValidationAs207 = multi
			r := open(t, o)
			deals := refuse(t, r)
			report := r.Pass(t)
			if report.Rejected != 2 || report.Confirmed != report.InScope-2 || report.RecordsSent != report.InScope {
				t.Errorf("%d sent, %d confirmed, %d rejected of %d", report.RecordsSent, report.Confirmed, report.Rejected, report.InScope)
			}
			if n := r.HS.Stats().ByStatus[http.StatusMultiStatus]; multi && n == 0 {
				t.Error("no answer was a 207: the test shows nothing")
			}
			detail, err := r.App.RunDetail(t.Context(), report.Run)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, f := range detail.Refused {
				ids = append(ids, f.Deal)
				if !strings.Contains(f.Message, itsWords) {
					t.Errorf("deal %s: %q", f.Deal, f.Message)
				}
			}
			want := []string{r.Deal(deals[0]), r.Deal(deals[1])}
			slices.Sort(ids)
			slices.Sort(want)
			if !slices.Equal(ids, want) {
				t.Errorf("refused are %v, want %v", ids, want)
			}
			s := r.Store(t)
			for i := range r.World.Deals {
				if shows, refused := r.Field(t, r.Deal(i), "status") != "", slices.Contains(deals, i); shows == refused && len(writesIn(t, s, r, i, "confirmed"))+len(writesIn(t, s, r, i, "rejected")) > 0 {
					t.Errorf("deal %d: refused %v, written %v", i, refused, shows)
				}
			}
		})
	}
}

// A success that names no record, or fewer than were sent, confirms nothing it
// does not name: what was not written is found out and written later, what was
// is not sent again.
func TestLesson24OnlyNamedRecordsAreConfirmed(t *testing.T) {
	t.Parallel()
	hollow := map[string]map[string]string{
		apptest.HubSpot: {
			"no results":   `{"status":"COMPLETE","results":[],"startedAt":"2026-11-17T09:00:00Z","completedAt":"2026-11-17T09:00:00Z"}`,
			"no list":      `{"status":"COMPLETE"}`,
			"not a record": `{"status":"COMPLETE","results":[{},{},null]}`,
			"nothing":      ``,
		},
		apptest.Salesforce: {"no results": `[]`, "no list": `{}`, "not a record": `[{},{},null]`, "nothing": ``},
	}
	apptest.Each(t, func(t *testing.T, name string) {
		for what, body := range hollow[name] {
			t.Run(what, func(t *testing.T) {
				var x tap
				r := open(t, apptest.Options{CRM: name, World: apptest.World(30), Front: x.front})
				x.set(func(w http.ResponseWriter, q *call) bool { return q.writing() && say(w, 200, body) })
				report := r.Try(t)
				balanced(t, report)
				if report.Confirmed != 0 || report.Err == nil && report.Unresolved+report.Rejected == 0 || report.FieldsWritten != 0 {
					t.Errorf("%d confirmed, %d fields, %v", report.Confirmed, report.FieldsWritten, report.Err)
				}
				x.set(nil)
				r.Clock.Advance(time.Minute)
				if again := r.Pass(t); r.DealsWritten() != int(again.InScope) || again.Confirmed != again.InScope {
					t.Errorf("afterwards %d deals are written of %d", r.DealsWritten(), again.InScope)
				}
			})
		}
		t.Run("one is missing", func(t *testing.T) {
			var x tap
			r := open(t, apptest.Options{CRM: name, World: apptest.World(30), Front: x.front})
			x.set(func(w http.ResponseWriter, q *call) bool {
				return q.writing() && retell(w, q.serve(), func(v any) any {
					if list, ok := v.([]any); ok {
						return list[1:]
					}
					answer := v.(map[string]any)
					answer["results"] = answer["results"].([]any)[1:]
					return answer
				})
			})
			balanced(t, r.Try(t))
			x.set(nil)
			for range 2 {
				r.Clock.Advance(time.Minute)
				r.Pass(t)
			}
			s := r.Store(t)
			for i := range r.World.Deals {
				if len(writesIn(t, s, r, i, "confirmed")) > 1 {
					t.Errorf("deal %d was written twice", i)
				}
			}
			if report := r.Full(t); r.DealsWritten() != int(report.InScope) {
				t.Errorf("%d deals were written for %d in scope", r.DealsWritten(), report.InScope)
			}
		})
	})
}

func balanced(t *testing.T, report app.Report) {
	t.Helper()
	if report.RecordsSent != report.Confirmed+report.Rejected+report.Unresolved {
		t.Errorf("%d sent, %d confirmed, %d rejected, %d unresolved", report.RecordsSent, report.Confirmed, report.Rejected, report.Unresolved)
	}
}

// A record is at most once in a batch, by whichever form of its id, and the
// last score wins.
func TestLesson25ARecordIsOnceInABatch(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		r := open(t, apptest.Options{CRM: name})
		source(t, r)
		score := func(id, n string) crm.Update {
			return crm.Update{ID: crm.DealID(id), Fields: map[string]string{"score": n}}
		}
		first, again := r.Deal(0), r.Deal(0)
		if name == apptest.Salesforce {
			again = again[:15] // the same record in the short form
		}
		outcomes, err := r.App.Connections()[0].Sink.Write(t.Context(), []crm.Update{
			score(first, "11"), score(r.Deal(1), "5"), score(again, "22"), score(first, "33"),
		})
		if err != nil || len(outcomes) != 4 {
			t.Fatalf("%d outcomes, %v", len(outcomes), err)
		}
		for i, o := range outcomes {
			if o.Status != crm.Confirmed {
				t.Errorf("update %d: %+v", i, o)
			}
		}
		if a, b := r.Field(t, first, "score"), r.Field(t, r.Deal(1), "score"); a != "33" || b != "5" || r.DealsWritten() != 2 {
			t.Errorf("scores %s and %s, %d records written", a, b, r.DealsWritten())
		}
	})
}

// One refused record shows in the exit code, in what the pass prints and in
// the list of its run.
func TestLesson26ARefusedRecordShows(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		r := open(t, apptest.Options{CRM: name})
		deals := refuse(t, r)
		code, said := command(t, r, "run", "--once", "-o", "json")
		if code != 1 || !strings.Contains(said, `"rejected": 2`) {
			t.Errorf("exit %d:\n%s", code, said)
		}
		_, run := books(t, r)
		_, said = command(t, r, "runs", run.ID)
		for _, deal := range deals {
			if !strings.Contains(said, r.Deal(deal)) || !strings.Contains(said, itsWords) {
				t.Errorf("deal %s is not told:\n%s", r.Deal(deal), said)
			}
		}
	})
}

// Only its own confirmation settles a record. One that is refused stays
// queued for as long as it takes, though nothing else about it moves.
func TestLesson27ARefusedRecordStaysQueued(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		r := open(t, apptest.Options{CRM: name})
		deals := refuse(t, r)
		first := r.Pass(t)
		for range 4 {
			for _, deal := range deals {
				if len(writes(t, r, deal, "confirmed")) != 0 || len(writes(t, r, deal, "rejected")) != 1 || r.Field(t, r.Deal(deal), "status") != "" {
					t.Fatalf("deal %d is not waiting", deal)
				}
			}
			r.Clock.Advance(25 * time.Hour)
			if report := r.Pass(t); report.Rejected != 2 {
				t.Fatalf("%d rejected by a later pass, want 2", report.Rejected)
			}
		}
		if r.HS != nil {
			r.HS.ClearFaults()
		} else {
			r.SF.ClearFaults()
		}
		r.Clock.Advance(25 * time.Hour)
		r.Pass(t)
		for _, deal := range deals {
			if r.Field(t, r.Deal(deal), "status") != "final" || len(writes(t, r, deal, "confirmed")) != 1 || len(writes(t, r, deal, "rejected")) != 0 {
				t.Errorf("deal %d was not written once it could be", deal)
			}
		}
		if first.Rejected != 2 || first.Unresolved != 0 {
			t.Errorf("the first pass: %d rejected, %d unresolved", first.Rejected, first.Unresolved)
		}
	})
}

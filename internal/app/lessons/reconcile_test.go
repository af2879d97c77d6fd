package lessons_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/hubspot"
)

// A search shows no more than 10,000 results. No query is sent beyond that,
// and a search that stops short of its own count fails the pass.
func TestLesson09TheSearchCapIsNeverMet(t *testing.T) {
	t.Parallel()
	n := size(21_000, 10_600)
	r := open(t, apptest.Options{CRM: apptest.HubSpot, World: bare(n, time.Second)})
	times, _ := named(t, portal(t, r, hubspot.Auth{}, hubspot.Options{}), crm.Window{})
	once(t, times, n)
	if refused := r.HS.Stats().ByStatus[400]; refused != 0 {
		t.Errorf("%d searches were refused", refused)
	}

	var x tap
	short := open(t, apptest.Options{CRM: apptest.HubSpot, World: apptest.World(500), Front: x.front})
	limit := short.Deal(300)
	x.set(func(w http.ResponseWriter, q *call) bool {
		var in struct {
			FilterGroups []struct {
				Filters []struct{ PropertyName, Value string }
			}
		}
		if !q.changed() || json.Unmarshal([]byte(q.body), &in) != nil {
			return false
		}
		for _, f := range in.FilterGroups[0].Filters {
			if f.PropertyName == "hs_object_id" && len(f.Value) >= len(limit) && f.Value > limit {
				return say(w, 200, `{"total":100,"results":[]}`) // as behind result 9,990 of 2 million
			}
		}
		return false
	})
	report := short.Try(t)
	if c, _ := books(t, short); report.Err == nil || !c.Watermark.IsZero() || short.DealsWritten() != 0 {
		t.Errorf("a search that stops short: %v, watermark %s, %d deals written", report.Err, c.Watermark, short.DealsWritten())
	}
	x.set(nil)
	short.Clock.Advance(time.Minute)
	if again := short.Pass(t); again.Confirmed == 0 || again.Confirmed != again.InScope {
		t.Errorf("afterwards %d deals of %d are written", again.Confirmed, again.InScope)
	}
}

// drop takes the last row out of every complete answer about an object.
func drop(v any, object string) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = drop(v[i], object)
		}
	case map[string]any:
		for key, inner := range v {
			v[key] = drop(inner, object)
		}
		rows, _ := v["records"].([]any)
		if len(rows) == 0 || v["done"] != true {
			break
		}
		if row, _ := rows[0].(map[string]any); row != nil {
			if a, _ := row["attributes"].(map[string]any); a != nil && a["type"] == object {
				v["records"] = rows[:len(rows)-1]
			}
		}
	}
	return v
}

// Rows are counted against what the org announces, of deals and of all that
// hangs on them: 257 children are 257, and an answer that is short fails the
// pass before anything is written.
func TestLesson28RowsAreReconciledWithTheirCount(t *testing.T) {
	t.Parallel()
	w := crowded()
	for i := range 7 {
		w.Deals[0].Roles = append(w.Deals[0].Roles, world.Role{Contact: i, Name: "Blocker"})
	}
	o := apptest.Options{CRM: apptest.Salesforce, World: w}
	o.Salesforce.PageSize = 100
	r := open(t, o)
	l, err := source(t, r).Load(t.Context(), []crm.DealID{crm.DealID(r.Deal(0))})
	if err != nil || len(l.Deals) != 1 || len(l.Deals[0].Contacts) != 257 {
		t.Fatalf("257 contacts were linked: %d deals, %v", len(l.Deals), err)
	}
	for name, c := range map[string]struct {
		object string
		on     func(*call) bool
	}{
		"what moved": {"Opportunity", (*call).changed},
		"deals":      {"Opportunity", (*call).loads},
		"roles":      {"OpportunityContactRole", (*call).loads},
		"history":    {"OpportunityHistory", (*call).loads},
	} {
		t.Run(name, func(t *testing.T) {
			var x tap
			r := open(t, apptest.Options{CRM: apptest.Salesforce, Front: x.front})
			x.set(func(w http.ResponseWriter, q *call) bool {
				return c.on(q) && retell(w, q.serve(), func(v any) any { return drop(v, c.object) })
			})
			report := r.Try(t)
			if c, _ := books(t, r); crm.KindOf(report.Err) != crm.Malformed || report.Err == nil || !c.Watermark.IsZero() || r.DealsWritten() != 0 {
				t.Errorf("%v, watermark %s, %d deals written", report.Err, c.Watermark, r.DealsWritten())
			}
		})
	}
}

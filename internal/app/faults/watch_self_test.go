package faults_test

import (
	"encoding/json"
	"testing"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// A write of what the record shows already is told from one that changes it;
// its stamp does not count.
func TestTheWatchTellsWhatIsSentAgain(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		s := stage{crm: crm}
		r, w := s.set(t, apptest.Options{})
		r.Pass(t)
		deal := standing(t, r, "needs CSM", "awaiting kickoff", "scoring open")[0]
		id := r.Deal(deal)
		body := func(status, stamp string) []byte {
			fields := map[string]any{"handoff_status": status, "handoff_score": nil, "handoff_updated_at": stamp}
			batch := map[string]any{"inputs": []any{map[string]any{"id": id, "properties": fields}}}
			if crm == apptest.Salesforce {
				fields = map[string]any{
					"id": id, "attributes": map[string]any{"type": "Opportunity"},
					"Handoff_Status__c": status, "Handoff_Score__c": nil, "Handoff_Updated_At__c": stamp,
				}
				batch = map[string]any{"records": []any{fields}}
			}
			text, err := json.Marshal(batch)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		w.reset()
		w.write(body("final", "2026-11-17T09:00:00Z"))
		if len(w.resent) != 0 || !w.written[id] {
			t.Errorf("a change counts as sent again: %v", w.resent)
		}
		w.write(body(r.Field(t, id, "status"), "2026-11-18T09:00:00Z"))
		if len(w.resent) != 1 {
			t.Errorf("the same values again: %v", w.resent)
		}
	})
}

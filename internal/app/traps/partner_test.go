package traps_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// A deal that came with a partner is graded by the partner's card, and the AE
// who never spoke to the customer is asked for nothing by it. Where the deal is
// won both cards stand side by side; neither score is in the other.
// Mutation: internal/handoff/scope.go: Choose takes the partner card like any other.
func TestTrap33APartnersHandoffIsNotTheAEs(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(4)
		w.Fields = append(w.Fields, world.PartnerCells()...)
		csm := w.Deals[0].Fields["csm"]
		w.Deals[0].Stage, w.Deals[0].WonAt = world.Engaging, time.Time{}
		w.Deals[1].Amount = "1000"
		for i, score := range []string{"0", "2", "1"} { // the last deal came without a partner
			f := w.Deals[i].Fields
			f["partner"], f["sent_at"], f["partner_csm"] = "Halden", stamp(apptest.EvenWin.Add(-time.Hour)), csm
			for _, item := range world.Components() {
				f["partner_item_"+item+"_score"] = score
			}
		}
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w, Cards: []string{"partner-handoff", "sales-to-cs", "sales-to-cs-simplified"}})
		for i := 1; i < 4; i++ {
			r.Score(t, i, nineteen)
		}
		r.At(t, hour(1))
		blank := fields{"partner_status": "", "partner_score": "", "partner_band": ""}
		shows(t, r, 0, fields{"status": "", "score": "", "partner_status": "final", "partner_score": "0", "partner_band": "Not a handoff yet", "partner_escalation": "None"})
		shows(t, r, 1, fields{"score": "9", "score_out_of": "14", "partner_score": "18", "partner_score_out_of": "18", "partner_band": "Sales-ready"})
		shows(t, r, 2, fields{"score": "19", "score_out_of": "40", "escalation": "Sales manager", "partner_score": "9", "partner_band": "Fix before volume"})
		shows(t, r, 3, fields{"score": "19", "escalation": "Sales manager"})
		shows(t, r, 3, blank)
		wantsAsked(t, r, 0)
		wantsAsked(t, r, 2, "1 ae_rehandoff", "1 sales_manager_escalation")
		for i, cards := range []int{1, 2, 2, 1} {
			all, err := r.App.Explain(t.Context(), r.App.Connections()[0], r.Deal(i), time.Time{})
			if err != nil || len(all) != cards {
				t.Fatalf("deal %d is told by %d cards, want %d: %v", i, len(all), cards, err)
			}
			for _, x := range all {
				if sum, want := fmt.Sprint(x.OutOf), map[string]string{"partner-handoff": "18", "sales-to-cs": "40", "sales-to-cs-simplified": "14"}[x.Scorecard]; sum != want {
					t.Errorf("deal %d: %s is out of %s", i, x.Scorecard, sum)
				}
			}
		}
	})
}

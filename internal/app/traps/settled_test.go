package traps_test

import (
	"testing"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// unscored are the fields of a record that say nothing before a score is final.
var unscored = fields{"score": "", "band": "", "health": "", "action": "", "category_1": "", "category_4": "", "escalation": "None", "hold": "false", "escalated_at": ""}

// A deal has no band and escalates to nobody because of items that nobody has
// scored, late as they may be; the last one decides.
// Mutation: internal/handoff/show.go: show has the band of what is sure before anything is final.
func TestTrap01NoBandBeforeEverythingIsSettled(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 2)
		r.Pass(t)
		shows(t, r, 0, unscored)
		shows(t, r, 0, fields{"status": "awaiting kickoff", "range": "23-40 of 40, 17 items open"})
		r.Score(t, 0, "0000000000000000-") // all but one
		r.At(t, hour(300))
		shows(t, r, 0, unscored)
		shows(t, r, 0, fields{"status": "overdue", "range": "7-8 of 40, 1 item open"})
		r.Set(t, r.Deal(0), "item_4_4_score", "0")
		r.At(t, hour(301))
		shows(t, r, 0, fields{"status": "final", "score": "6", "band": "Incomplete", "escalation": "Sales manager", "hold": "true"})
		shows(t, r, 1, unscored)
	})
}

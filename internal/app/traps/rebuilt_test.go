package traps_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// tracking is a company whose org tells when a signature, a CSM and syncd's key
// came by what they hold, as a portal does of itself.
func tracking(t *testing.T, crm string, deals int) *apptest.Rig {
	t.Helper()
	t.Parallel()
	o := apptest.Options{CRM: crm, World: apptest.Even(deals), Scope: "{go_live: 2026-10-03, threshold: 60000}"}
	o.Salesforce.TrackedFields = []string{"OwnerId", "StageName", "Handoff_Key__c", "Handoff_Attempt_Scored__c", "Handoff_CSM__c"}
	for i := range o.World.Deals {
		o.World.Deals[i].Amount = "90000"
	}
	return apptest.Still(t, o)
}

// nineteens is such a company with three deals that are final at 19.
func nineteens(t *testing.T, crm string) *apptest.Rig {
	t.Helper()
	r := tracking(t, crm, 3)
	r.Pass(t)
	for i := range 3 {
		r.Score(t, i, nineteen)
	}
	r.At(t, hour(1))
	return r
}

// records are syncd's own fields of every deal, but for some.
func records(t *testing.T, r *apptest.Rig, but ...string) []map[string]string {
	t.Helper()
	var all []map[string]string
	for i := range r.World.Deals {
		own := r.Own(t, r.Deal(i))
		maps.DeleteFunc(own, func(name, _ string) bool { return slices.Contains(but, name) })
		all = append(all, own)
	}
	return all
}

// stands fails unless every record is as it was.
func stands(t *testing.T, r *apptest.Rig, when string, was []map[string]string, tasks int, but ...string) {
	t.Helper()
	if d := cmp.Diff(was, records(t, r, but...)); d != "" {
		t.Errorf("%s (-before +after):\n%s", when, d)
	}
	if n := len(r.Tasks(t)); n != tasks {
		t.Errorf("%s there are %d tasks, were %d", when, n, tasks)
	}
}

// A store that is lost while a cell cannot be read takes no final off its
// record. The record says why it waits, and is settled again by the pass that can
// read the cell.
// Mutation: internal/handoff/advance.go: a held attempt shows what is open.
func TestALostStoreLeavesFinalsStanding(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := nineteens(t, crm)
		was, tasks := records(t, r), len(r.Tasks(t))
		said := records(t, r, "sync_message")
		r.Hide(t, apptest.ScoreField("1.1"))
		r.LoseStore(t)
		for n := range 2 {
			report := r.At(t, hour(2+n))
			if report.Escalations != 0 || report.Degraded != 3 {
				t.Errorf("%d escalations, %d deals degraded", report.Escalations, report.Degraded)
			}
			stands(t, r, "with a cell hidden", said, tasks, "sync_message")
		}
		if says := r.Field(t, r.Deal(0), "sync_message"); !strings.Contains(says, "final before the store was rebuilt, and left as it stands until these are settled: 1.1") {
			t.Errorf("the record says %q", says)
		}
		r.Show(t, apptest.ScoreField("1.1"))
		r.Open(t) // what an org has is looked up once an hour
		r.At(t, hour(5))
		stands(t, r, "with the cell back", was, tasks)
	})
}

// A rebuilt store knows when a final became so from the CRM: its window stays
// closed, its due time stays, and a signature that was waiting counts.
// Mutation: internal/handoff/advance.go: a held attempt is final from the pass on.
func TestALostStoreKeepsTheTimesOfFinals(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := nineteens(t, crm)
		was, tasks := records(t, r), len(r.Tasks(t))
		r.Clock.Set(hour(30))
		r.Score(t, 2, allTwo)
		r.Set(t, r.Deal(2), "attempt_scored", "2")
		r.LoseStore(t)
		r.At(t, hour(70))
		shows(t, r, 2, fields{"attempt": "2", "score": "40", "escalation": "None", "hold": "false"})
		for _, k := range r.TasksOn(t, 2, "") {
			if !k.Done {
				t.Errorf("%s is open", k.Key)
			}
		}
		now := records(t, r)
		if d := cmp.Diff(was[:2], now[:2]); d != "" || len(r.Tasks(t)) != tasks {
			t.Errorf("%d tasks, were %d (-before +after):\n%s", len(r.Tasks(t)), tasks, d)
		}
		if x := r.Explain(t, 0); x.FinalAt.Before(hour(1)) || x.FinalAt.After(hour(2)) {
			t.Errorf("final at %s", x.FinalAt)
		}
		if _, out, _ := r.Command(t, "explain", r.Deal(0)); strings.Contains(out, "0001-01-01") || !strings.Contains(out, "to the Sales manager, before the store was rebuilt") {
			t.Errorf("explain tells:\n%s", out)
		}
		r.Clock.Set(hour(71))
		r.Set(t, r.Deal(0), apptest.ScoreField("1.1"), "2")
		r.At(t, hour(72))
		shows(t, r, 0, fields{"score": "19", "sync_message": "changed after final and not used: 1.1"})
	})
}

// The card by which somebody has begun to score is told from the key when the
// store is lost, whatever has become of the amount.
// Mutation: internal/handoff/scope.go: Named names no card.
func TestALostStoreKeepsTheCard(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := tracking(t, crm, 2)
		r.Pass(t)
		for i := range 2 {
			r.Set(t, r.Deal(i), apptest.ScoreField("4.1"), []string{"1", ""}[i])
			r.SetAmount(t, i, "1000")
		}
		r.LoseStore(t)
		r.At(t, hour(1))
		shows(t, r, 0, fields{"score_out_of": "40"})
		shows(t, r, 1, fields{"score_out_of": "14"})
		r.LoseStore(t)
		r.SetAmount(t, 1, "90000")
		r.At(t, hour(2))
		shows(t, r, 0, fields{"score_out_of": "40"})
		shows(t, r, 1, fields{"score_out_of": "40"})
	})
}

// Without the key nobody knows what a lost store has asked for: deals that the
// store does not know are left alone until it can be read. One that knows them
// goes on without it.
// Mutation: internal/handoff/advance.go: an unreadable key is a blank one.
func TestAHiddenKeyAsksNobodyTwice(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := tracking(t, crm, 3)
		r.Pass(t)
		r.Score(t, 0, nineteen)
		r.At(t, hour(1))
		r.Hide(t, "key")
		r.Open(t)
		r.Score(t, 1, nineteen)
		if report := r.At(t, hour(2)); report.Escalations != 1 {
			t.Errorf("%d escalations by a store that knows the deals", report.Escalations)
		}
		was, tasks := records(t, r, "sync_message", "key"), len(r.Tasks(t))
		r.LoseStore(t)
		r.Score(t, 2, nineteen)
		for n := range 2 {
			report := r.At(t, hour(3+n))
			told := slices.ContainsFunc(report.Problems, func(p string) bool { return strings.Contains(p, "key") })
			if report.Escalations != 0 || report.Degraded != 3 || !told {
				t.Errorf("%d escalations, %d deals degraded, the pass says %v", report.Escalations, report.Degraded, report.Problems)
			}
			stands(t, r, "with the key hidden", keepCells(was, records(t, r, "sync_message", "key")), tasks, "sync_message", "key")
		}
		if says := r.Field(t, r.Deal(2), "sync_message"); !strings.Contains(says, "the key field cannot be read") {
			t.Errorf("the record says %q", says)
		}
		r.Show(t, "key")
		r.Open(t)
		if report := r.At(t, hour(6)); report.Degraded != 0 {
			t.Errorf("%d deals degraded", report.Degraded)
		}
		shows(t, r, 0, fields{"status": "final", "score": "19", "escalation": "Sales manager"})
		shows(t, r, 2, fields{"status": "final", "score": "19", "escalation": "Sales manager"})
		for i := range 3 {
			if n := len(r.TasksOn(t, i, "")); n != 2 {
				t.Errorf("deal %d: %d tasks", i, n)
			}
		}
	})
}

// keepCells takes what people typed from now into what was.
func keepCells(was, now []map[string]string) []map[string]string {
	for i := range was {
		for name, text := range now[i] {
			if strings.HasPrefix(name, "item_") && !strings.HasPrefix(name, "item_5_") {
				was[i][name] = text
			}
		}
	}
	return was
}

// Whom nobody was there to ask is asked once somebody is, and not taken for asked
// because the store was lost meanwhile: the key names what was asked.
// Mutation: internal/syncer/tasks.go: the key names what there was nobody to ask for.
func TestALostStoreAsksWhatThereWasNobodyToAskFor(t *testing.T) {
	t.Parallel()
	r := apptest.Still(t, apptest.Options{CRM: apptest.HubSpot, World: apptest.Even(3), Scope: "{go_live: 2026-10-03}", Extra: "    managers: {}\n"})
	r.Pass(t)
	r.Score(t, 0, nineteen)
	if report := r.At(t, hour(1)); report.Unassigned != 1 {
		t.Fatalf("%d tasks have nobody to take them", report.Unassigned)
	}
	const kind = "sales_manager_escalation"
	asked := func() int {
		n := 0
		for _, k := range r.TasksOn(t, 0, "") {
			if strings.HasSuffix(k.Key, "/"+kind) {
				n++
			}
		}
		return n
	}
	if key := r.Field(t, r.Deal(0), "key"); asked() != 0 || strings.Contains(key, kind) || !strings.Contains(key, "ae_rehandoff") {
		t.Errorf("%d are asked, the key says %s", asked(), key)
	}
	written := r.DealsWritten()
	r.At(t, hour(2))
	if n := r.DealsWritten() - written; n != 0 {
		t.Errorf("%d records are written while nobody is found", n)
	}
	r.Extra = fmt.Sprintf("    managers: {default: [%q]}\n", r.User(2))
	r.LoseStore(t)
	for n := range 2 {
		r.At(t, hour(3+n))
		if key := r.Field(t, r.Deal(0), "key"); asked() != 1 || !strings.Contains(key, kind) {
			t.Errorf("%d are asked, the key says %s", asked(), key)
		}
	}

	// What was asked, and seen, stays so where nobody is left while the store is
	// lost again, and where somebody is once more.
	for _, k := range r.TasksOn(t, 0, "") {
		if strings.HasSuffix(k.Key, "/"+kind) {
			r.RemoveTask(t, k.ID)
		}
	}
	for n, managers := range []string{"{}", fmt.Sprintf("{default: [%q]}", r.User(2))} {
		r.Extra = "    managers: " + managers + "\n"
		r.LoseStore(t)
		r.At(t, hour(6+n))
		if key := r.Field(t, r.Deal(0), "key"); asked() != 0 || !strings.Contains(key, kind) {
			t.Errorf("with managers %s %d are asked, the key says %s", managers, asked(), key)
		}
	}
}

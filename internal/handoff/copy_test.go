package handoff_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
)

// clone is a scored deal as a copy of it stands in the CRM, key and all.
func clone() *crm.Deal {
	d := score(unmapped(), "22222222222222222")
	d.Fields.Set("key", text("D-0/sales-to-cs/1"))
	d.Fields.Set("csm", text("csm1"))
	d.Fields.Set("attempt_scored", text("1"))
	d.CreatedAt = at("09 09:00")
	return d
}

// scored lists the items that count by a person's score.
func scored(out handoff.Output) []string {
	ids := []string{}
	for _, i := range out.Result.Items {
		if i.Source == autoscore.CSM {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

func TestACloneBringsNoScores(t *testing.T) {
	d := clone()
	changed := d.Fields.Get("item_1_1_score")
	changed.At = at("17 08:00")
	d.Fields.Set("item_1_1_score", changed)
	d.Fields.Set("csm", crm.Cell{State: crm.Read, Text: "csm1", At: at("08 09:00")})
	out := step(t, d, handoff.State{}, at("17 09:00"))
	if got := scored(out); out.State.Final != nil || !slices.Equal(got, []string{"1.1"}) {
		t.Errorf("final %v, scored %v: only 1.1 was changed on the copy", out.State.Final, got)
	}
	has(t, out.Show, map[string]string{"status": "needs CSM", "key": "D-1/sales-to-cs/1/copy"})
	if !strings.Contains(out.Show["sync_message"], "19 cells came with the copy") { // 16 scores, CSM, kickoff, signature
		t.Errorf("message %q", out.Show["sync_message"])
	}
}

// The record's key is its own after the first pass; what came with the copy
// stays without effect, however often it is read.
func TestWhatCameWithACopyNeverCounts(t *testing.T) {
	d := clone()
	out := step(t, d, handoff.State{}, at("17 09:00"))
	d.Fields.Set("key", text(out.Show["key"]))
	for range 2 {
		out = step(t, d, out.State, at("17 10:00"))
		if got := scored(out); len(got) > 0 || out.State.Final != nil || out.State.CSM != "" {
			t.Fatalf("scored %v, CSM %q: nobody has touched the copy", got, out.State.CSM)
		}
	}
	d.Fields.Set("item_1_1_score", text("1"))
	d.Fields.Set("item_1_2_score", text(""))
	out = step(t, d, out.State, at("17 11:00"))
	if got := scored(out); !slices.Equal(got, []string{"1.1"}) {
		t.Errorf("scored %v, want the changed one", got)
	}
	d.Fields.Set("item_1_1_score", text("2"))
	d.Fields.Set("item_1_2_score", text("2")) // as on the other deal, but typed here
	out = step(t, d, out.State, at("17 12:00"))
	if got := scored(out); !slices.Equal(got, []string{"1.1", "1.2"}) {
		t.Errorf("scored %v, want both", got)
	}
}

func TestACopyIsKnownWithoutTheStore(t *testing.T) {
	d := clone()
	d.Fields.Set("key", text("D-1/sales-to-cs/1/copy"))
	if got := scored(step(t, d, handoff.State{}, at("17 09:00"))); len(got) > 0 {
		t.Errorf("scored %v", got)
	}
	d.Fields.Set("key", text("D-1/sales-to-cs/1"))
	if got := scored(step(t, d, handoff.State{}, at("17 09:00"))); len(got) != 17 {
		t.Errorf("the deal's own key: %d scored", len(got))
	}
}

func TestAnUnreadableCellOnACopy(t *testing.T) {
	d := clone()
	out := step(t, d, handoff.State{}, at("17 09:00"))
	d.Fields.Set("csm", crm.Cell{State: crm.Unreadable})
	out = step(t, d, out.State, at("17 10:00"))
	d.Fields.Set("csm", text("csm1"))
	if out = step(t, d, out.State, at("17 11:00")); out.State.CSM != "" {
		t.Errorf("CSM %q: nobody has changed it", out.State.CSM)
	}
}

func TestTimesMatter(t *testing.T) {
	all := func(d *crm.Deal) {
		for name, c := range score(unmapped(), "22222222222222222").Fields.All() {
			d.Fields.Set(name, c)
		}
	}
	for _, c := range []struct {
		name string
		set  map[string]string
		more func(*crm.Deal)
		want bool
	}{
		{name: "nothing filled in"},
		{name: "a CSM, no kickoff", set: map[string]string{"csm": "u1"}},
		{name: "a running clock", set: map[string]string{"csm": "u1", "kickoff_at": "2026-11-16"}, want: true},
		{name: "everything scored", set: map[string]string{"csm": "u1", "kickoff_at": "2026-11-16"}, more: all},
		{name: "final on the record", set: map[string]string{"csm": "u1", "kickoff_at": "2026-11-16", "key": "D-1/sales-to-cs/1/final"}},
		{name: "final on the deal it was copied from", set: map[string]string{"csm": "u1", "key": "D-0/sales-to-cs/1", "status": "final"}, want: true},
		{name: "a copy that brought nothing", set: map[string]string{"key": "D-0/sales-to-cs/1"}},
		{name: "a later attempt is signed", set: map[string]string{"attempt_scored": "2", "key": "D-1/sales-to-cs/1", "status": "final"}, want: true},
		{name: "notes in a field", set: map[string]string{"notes": "called them"}, want: true},
	} {
		d := &crm.Deal{Ref: crm.Ref{ID: "D-1"}, Fields: crm.CellsOf(map[string]crm.Cell{})}
		if c.more != nil {
			c.more(d)
		}
		for name, v := range c.set {
			d.Fields.Set(name, text(v))
		}
		if got := handoff.TimesMatter(cards(t))("D-1", d.Field); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		for _, lost := range []bool{false, true} {
			own := handoff.FinalTimes(cards(t), func() bool { return lost })("D-1", d.Field)
			if want := lost && strings.HasSuffix(c.set["key"], "/final"); own != want {
				t.Errorf("%s: lost %v, the key's %v", c.name, lost, own)
			}
		}
	}
}

// The CRM could not say since when there is a CSM, and then it can.
func TestTheTimeOfACSMIsPutRight(t *testing.T) {
	d := unmapped()
	d.Fields.Set("csm", text("csm1"))
	d.Fields.Set("kickoff_at", text("2026-11-10T09:00:00.000Z"))
	out := step(t, d, handoff.State{}, at("17 09:00"))
	has(t, out.Show, map[string]string{"status": "scoring open", "due_at": "2026-11-19T09:00:00.000Z"})
	d.Fields.Set("csm", crm.Cell{State: crm.Read, Text: "csm1", At: at("12 08:00")})
	out = step(t, d, out.State, at("17 10:00"))
	has(t, out.Show, map[string]string{"status": "overdue", "due_at": "2026-11-14T08:00:00.000Z"})
	d.Fields.Set("csm", text("csm1")) // and once known it stays
	has(t, step(t, d, out.State, at("17 11:00")).Show, map[string]string{"due_at": "2026-11-14T08:00:00.000Z"})
	d.Fields.Set("csm", text("csm2"))
	has(t, step(t, d, out.State, at("18 09:00")).Show, map[string]string{"due_at": "2026-11-20T09:00:00.000Z"})
}

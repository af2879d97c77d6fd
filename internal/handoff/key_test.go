package handoff_test

import (
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/handoff"
)

// forgets is a store that was lost: nothing is known but what the record shows.
func (x *story) forgets(out handoff.Output) {
	x.s = handoff.State{}
	for name, text := range out.Show {
		x.cell(name, text, "")
	}
}

// What was asked and escalated stands in the key: a store that was lost raises
// nothing twice, and moves no time on the record.
func TestALostStoreAsksNobodyTwice(t *testing.T) {
	x := begin(t, score(unmapped(), eighteen))
	out := x.pass("17 09:00")
	x.forgets(out)
	again := x.pass("19 09:00")
	at, shown := again.Show["escalated_at"] // left as it stands there
	if again.Escalate != "" || shown || again.Show["escalation"] != out.Show["escalation"] || again.Show["key"] != out.Show["key"] {
		t.Errorf("escalated to %q, at %q, key %s", again.Escalate, at, again.Show["key"])
	}
	if len(again.State.Notices) == 0 {
		t.Fatal("the band asks nobody")
	}
	for _, n := range again.State.Notices {
		if !n.Shown {
			t.Errorf("%s is asked anew", n.Kind)
		}
	}
	// The next attempt is asked for as ever.
	x.cell("attempt_scored", "2", "20 09:00")
	next := x.pass("20 10:00")
	if next.Show["attempt"] != "2" || next.Escalate == "" {
		t.Errorf("attempt %s escalates to %q", next.Show["attempt"], next.Escalate)
	}
	for _, n := range next.State.Notices {
		if n.Attempt == 2 && n.Shown {
			t.Errorf("%s of attempt 2 counts as asked", n.Kind)
		}
	}
}

// syncd reads none of its own fields but the key: what somebody types over them
// moves nothing, whether the store is there or lost.
func TestOwnFieldsAreNoInput(t *testing.T) {
	for _, lost := range []bool{false, true} {
		x := begin(t, score(unmapped(), eighteen))
		out := x.pass("17 09:00")
		if lost {
			x.forgets(out)
		}
		for name, text := range map[string]string{
			"score": "40", "band": "Excellent", "status": "overdue", "escalated_at": "2026-11-18T09:00:00.000Z", "due_at": "2026-11-30T09:00:00.000Z", "updated_at": "2026-11-17T12:00:00.000Z",
		} {
			x.cell(name, text, "")
		}
		again := x.pass("18 09:00")
		for _, name := range []string{"score", "band", "status", "escalated_at", "due_at", "escalation"} {
			if lost && name == "escalated_at" {
				continue // left as it stands there
			}
			if again.Show[name] != out.Show[name] {
				t.Errorf("lost %v: %s shows %q, want %q", lost, name, again.Show[name], out.Show[name])
			}
		}
	}
}

// Words in a key that make no sense, or speak of days to come, say nothing.
func TestAKeyThatMakesNoSense(t *testing.T) {
	for _, key := range []string{
		"D-1/sales-to-cs/1/final-/asked-/copy-/reminded-", "D-1/sales-to-cs/one", "D-1/sales-to-cs/1/asked", "D-1", "",
		"D-1/sales-to-cs/1/asked-" + strings.Repeat("x+", 200),
	} {
		x := begin(t, score(unmapped(), eighteen))
		x.cell("key", key, "")
		out := x.pass("17 09:00")
		if out.Show["escalated_at"] != "2026-11-17T09:00:00.000Z" || out.Escalate == "" {
			t.Errorf("%q: escalated at %s to %q", key, out.Show["escalated_at"], out.Escalate)
		}
		for _, n := range out.State.Notices {
			if n.Shown {
				t.Errorf("%q: %s counts as asked", key, n.Kind)
			}
		}
	}
}

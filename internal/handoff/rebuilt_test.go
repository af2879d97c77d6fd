package handoff_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
)

// lost is a story whose attempt 1 became final on the 17th at 9:00 and whose
// store was lost. told is when the key came to say so, "" if the CRM does not
// tell.
func lost(t *testing.T, told string) (*story, handoff.Output) {
	x := begin(t, score(unmapped(), eighteen))
	x.cell("csm", "csm1", "12 09:00")
	x.cell("kickoff_at", "2026-11-16T09:00:00.000Z", "")
	out := x.pass("17 09:00")
	x.forgets(out)
	x.cell("key", out.Show["key"], told)
	return x, out
}

// wantsLeft fails unless a pass left the record as it is, said why, and asked
// nobody for anything.
func (x *story) wantsLeft(says string) {
	x.t.Helper()
	if names := slices.Collect(maps.Keys(x.out.Show)); !slices.Equal(names, []string{"sync_message"}) || !strings.Contains(x.out.Show["sync_message"], says) {
		x.t.Errorf("shows %v", x.out.Show)
	}
	if !x.s.Open() || x.out.Escalate != "" || x.s.Final != nil || slices.ContainsFunc(x.s.Notices, handoff.Notice.Open) {
		x.t.Errorf("open %v, escalates to %q, final %v, asked for %s", x.s.Open(), x.out.Escalate, x.s.Final, x.notices())
	}
}

// A final of which the store remembers nothing stands as long as what was
// entered does not settle it any more, whatever the reason.
func TestALostFinalStandsUntilItIsSettledAgain(t *testing.T) {
	for name, cell := range map[string]crm.Cell{"unreadable": {State: crm.Unreadable}, "emptied": crm.Value(""), "not understood": crm.Value("7")} {
		t.Run(name, func(t *testing.T) {
			x, out := lost(t, "17 09:01")
			was := x.deal.Field("item_1_1_score")
			x.deal.Fields.Set("item_1_1_score", cell)
			x.pass("19 09:00")
			x.wantsLeft("1.1")
			x.pass("20 09:00")
			x.wantsLeft("left as it stands until these are settled: 1.1")
			x.deal.Won = false
			if gone := x.pass("20 10:00"); gone.Show["status"] != "closed" || gone.Show["hold"] != "false" || len(gone.Show) != 5 {
				t.Errorf("left, it shows %v", gone.Show)
			}
			x.deal.Won = true
			x.pass("20 11:00")
			x.wantsLeft("1.1")
			x.deal.Fields.Set("item_1_1_score", was)
			again := x.pass("21 09:00")
			want := maps.Clone(out.Show)
			delete(want, "escalated_at")
			delete(want, "resolved_at")
			if d := cmp.Diff(want, again.Show); d != "" || again.Escalate != "" {
				t.Errorf("settled again, escalates to %q (-before +after):\n%s", again.Escalate, d)
			}
			if !again.State.Final.At.Equal(at("17 09:01")) {
				t.Errorf("final at %s", again.State.Final.At)
			}
		})
	}
}

// What the CRM does not tell of times is left on the record as it stands there.
func TestALostStoreMovesNoDueTime(t *testing.T) {
	x, out := lost(t, "")
	x.cell("csm", "csm1", "")
	again := x.pass("19 09:00")
	if due, shown := again.Show["due_at"]; shown || again.Show["score"] != out.Show["score"] {
		t.Errorf("due %q, score %s", due, again.Show["score"])
	}
	x.cell("csm", "csm1", "12 09:00") // and then it tells
	if again = x.pass("20 09:00"); again.Show["due_at"] != out.Show["due_at"] {
		t.Errorf("due %q, was %q", again.Show["due_at"], out.Show["due_at"])
	}
	x.cell("csm", "csm2", "")
	if again = x.pass("21 09:00"); again.Show["due_at"] != "2026-11-23T09:00:00.000Z" {
		t.Errorf("handed over, it is due %q", again.Show["due_at"])
	}
}

// A rebuilt store opens no correction window that has closed, where the CRM
// tells when the key came to say final. Where it does not, a correction counts.
func TestTheCorrectionWindowOfALostStore(t *testing.T) {
	for _, c := range []struct{ told, pass, score string }{
		{"17 09:01", "18 09:00", "19"}, {"17 09:01", "18 09:02", "18"}, {"", "19 07:00", "19"},
	} {
		x, _ := lost(t, c.told)
		x.pass("18 08:00")
		x.cell("item_1_3_score", "1", "")
		out := x.pass(c.pass)
		if late := strings.Contains(out.Show["sync_message"], "changed after final and not used"); out.Show["score"] != c.score || late != (c.score == "18") {
			t.Errorf("told %q: at %s the score is %s, says %q", c.told, c.pass, out.Show["score"], out.Show["sync_message"])
		}
	}
}

// A signature that was made before the store was lost, after the attempt before
// was final, counts where the CRM tells both times. Else it is to be made again,
// and the final stands meanwhile: what was entered is the next attempt's.
func TestASignatureBeforeTheStoreWasLost(t *testing.T) {
	for _, c := range []struct{ told, signed, attempt string }{
		{"17 09:01", "18 09:00", "2"}, {"17 09:01", "17 08:00", ""}, {"", "18 09:00", ""}, {"17 09:01", "", ""},
	} {
		x, _ := lost(t, c.told)
		x.scores(rescued)
		x.cell("attempt_scored", "2", c.signed)
		out := x.pass("19 09:00")
		if out.Show["attempt"] != c.attempt {
			t.Errorf("told %q, signed %q: attempt %q, says %q", c.told, c.signed, out.Show["attempt"], out.Show["sync_message"])
			continue
		}
		if c.attempt == "" {
			x.wantsLeft("until it is entered again")
			x.cell("attempt_scored", "2", "19 10:00")
			out = x.pass("19 11:00")
		}
		x.wants("attempt 2", map[string]string{"attempt": "2", "score": "37", "escalation": "None", "hold": "false"}, "-ae_rehandoff 1 AE, -sales_manager_escalation 1 Sales manager")
		for _, n := range out.State.Notices {
			if !n.Shown {
				t.Errorf("%s is not looked for", n.Kind)
			}
		}
	}
}

// What the key says was asked for, and the band asks no more, is closed; it is
// still known if the band asks for it once more.
func TestWhatWasAskedBeforeTheStoreWasLostIsClosed(t *testing.T) {
	x, out := lost(t, "17 09:01")
	x.cell("item_1_3_score", "2", "")
	x.cell("item_1_4_score", "1", "")
	x.pass("18 08:00")
	x.wants("corrected", map[string]string{"score": "21"}, "-ae_rehandoff 1 AE, -sales_manager_escalation 1 Sales manager, ae_fields_needed 1 AE")
	if key := x.out.Show["key"]; key != out.Show["key"]+"+ae_fields_needed" {
		t.Errorf("the key is %s", key)
	}
}

// A deal that left the scope while there was no store is closed as any other
// once it is read: the key says that it was scored.
func TestALostStoreClosesWhatHasLeft(t *testing.T) {
	x, _ := lost(t, "17 09:01")
	x.deal.Won = false
	x.pass("18 08:00")
	x.wants("left", map[string]string{"status": "closed", "hold": "false", "escalation": "None"}, "-ae_rehandoff 1 AE, -sales_manager_escalation 1 Sales manager")
	if score, shown := x.out.Show["score"]; shown {
		t.Errorf("the score is %q", score)
	}
	x.s = handoff.State{}
	x.cell("key", "", "")
	if out := x.pass("18 09:00"); out.Show != nil || out.State.Status != handoff.OutOfScope {
		t.Errorf("never scored, it is %s and shows %v", out.State.Status, out.Show)
	}
}

// Nobody knows what was scored and asked for on a deal that the store does not
// know and whose key cannot be read.
func TestAKeyThatCannotBeRead(t *testing.T) {
	x, out := lost(t, "17 09:01")
	key := x.deal.Field("key")
	x.deal.Fields.Set("key", crm.Cell{State: crm.Unreadable})
	for _, moment := range []string{"19 09:00", "20 09:00"} {
		if x.pass(moment); !x.out.Result.Degraded {
			t.Error("the run is not degraded")
		}
		x.wantsLeft("the key field cannot be read")
	}
	x.deal.Won = false
	if gone := x.pass("20 10:00"); len(gone.Show) > 0 {
		t.Errorf("left, it shows %v", gone.Show)
	}
	x.deal.Won = true
	x.deal.Fields.Set("key", key)
	again := x.pass("21 09:00")
	if again.Escalate != "" || again.Show["score"] != out.Show["score"] || again.Show["key"] != out.Show["key"] || again.Result.Degraded {
		t.Errorf("escalates to %q, score %s, key %s", again.Escalate, again.Show["score"], again.Show["key"])
	}
	// A store that knows the deal goes on without it.
	x.deal.Fields.Set("key", crm.Cell{State: crm.Unreadable})
	x.scores(rescued)
	x.cell("attempt_scored", "2", "22 09:00")
	if next := x.pass("22 10:00"); next.Show["attempt"] != "2" || next.Show["score"] != "37" {
		t.Errorf("attempt %s, score %s, says %q", next.Show["attempt"], next.Show["score"], next.Show["sync_message"])
	}
}

// The key names the card that was chosen, once somebody has begun to score by
// it or it is final.
func TestTheKeyNamesTheCard(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"D-1/sales-to-cs-simplified/1", "", ""},
		{"D-1/sales-to-cs-simplified/1", "5", ""},
		{"D-1/sales-to-cs-simplified/1", "1", "sales-to-cs-simplified"},
		{"D-1/sales-to-cs-simplified/1/final", "", "sales-to-cs-simplified"},
		{"D-1/sales-to-cs/1/final", "", "sales-to-cs"},
		{"D-2/sales-to-cs-simplified/1/final", "1", ""},
		{"D-1/partner-handoff/1/final", "1", ""},
		{"", "1", ""},
	} {
		d := unmapped()
		d.Fields.Set("key", text(c.key))
		d.Fields.Set("item_4_1_score", text(c.value))
		if got := handoff.Named(cards(t), d, func(string) bool { return false }); got != c.want {
			t.Errorf("%q and %q name %q, want %q", c.key, c.value, got, c.want)
		}
		known := handoff.Named(cards(t), d, func(string) bool { return true })
		if want := map[bool]string{true: c.want}[strings.HasSuffix(c.key, "final")]; known != want {
			t.Errorf("%q, known, names %q, want %q", c.key, known, want)
		}
	}
}

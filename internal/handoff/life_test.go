package handoff_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
)

const (
	nineteen = "11100" + "1110" + "1111" + "1110"
	eighteen = "11000" + "1110" + "1101" + "1111"
	rescued  = "22221" + "2221" + "2222" + "2221" // 37 with the automatic six
)

// story takes one deal through time; edits stay.
type story struct {
	t    *testing.T
	deal *crm.Deal
	s    handoff.State
	out  handoff.Output
	last time.Time
	twin string
	// plain: the status field knows nothing of disputes
	plain bool
	set   func(*handoff.Settings)
}

func begin(t *testing.T, d *crm.Deal) *story { return &story{t: t, deal: d} }

// pass judges and advances at a moment of November, and once more to see that
// an idle pass changes nothing.
func (x *story) pass(moment string) handoff.Output {
	x.t.Helper()
	now := at(moment)
	s := settings()
	if x.set != nil {
		x.set(&s)
	}
	x.out = x.once(now, s)
	x.s = x.out.State
	since := x.last
	x.last = now
	if again := x.once(now, s); again.Escalate != "" {
		x.t.Errorf("%s: an idle pass escalates again", moment)
	} else if d := cmp.Diff(x.out.State, again.State) + cmp.Diff(x.out.Show, again.Show); d != "" {
		x.t.Errorf("%s: an idle pass changes something (last %s):\n%s", moment, since, d)
	}
	return x.out
}

func (x *story) once(now time.Time, s handoff.Settings) handoff.Output {
	card, _ := handoff.Choose(cards(x.t), x.deal, s, "")
	sheet := handoff.Read(card, x.deal, x.s)
	k, _ := sheet.Kickoff(s.Zone)
	r := judge().Score(card, x.deal, sheet.Entered, autoscore.At{Now: now, Kickoff: k.At})
	return handoff.Advance(handoff.Input{Card: card, Deal: x.deal, Result: r, Now: now, Settings: s, Twin: x.twin, Since: x.last, Disputed: !x.plain}, x.s)
}

// cell fills in a cell, at a moment that the CRM knows if one is given.
func (x *story) cell(name, value, moment string) {
	c := crm.Value(value)
	if moment != "" {
		c.At = at(moment)
	}
	x.deal.Fields.Set(name, c)
}

func (x *story) scores(digits string) { score(x.deal, digits) }

// notices lists kind and attempt of what was asked, "-" before what no longer is.
func (x *story) notices() string {
	var list []string
	for _, n := range x.s.Notices {
		text := n.Kind + " " + string(rune('0'+n.Attempt)) + " " + string(n.To)
		if !n.Open() {
			text = "-" + text
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func (x *story) wants(what string, want map[string]string, notices string) {
	x.t.Helper()
	got := map[string]string{}
	for k := range want {
		got[k] = x.out.Show[k]
	}
	if d := cmp.Diff(want, got); d != "" {
		x.t.Errorf("%s (-want +got):\n%s", what, d)
	}
	if n := x.notices(); n != notices {
		x.t.Errorf("%s: asked %q, want %q", what, n, notices)
	}
}

const (
	askedAtNineteen  = "ae_rehandoff 1 AE, sales_manager_escalation 1 Sales manager"
	closedAtNineteen = "-ae_rehandoff 1 AE, -sales_manager_escalation 1 Sales manager"
)

// E14 of the worked examples.
func TestACorrectionInsideItsWindowRevisesTheAttempt(t *testing.T) {
	x := begin(t, unmapped())
	x.pass("16 15:00")
	x.wants("open", map[string]string{"status": "scoring open", "score": "", "band": "", "escalation": "None"}, "")
	x.scores(nineteen)
	x.pass("17 09:00")
	x.wants("nineteen", map[string]string{"score": "19", "band": "Incomplete", "hold": "true", "escalation": "Sales manager", "resolved_at": ""}, askedAtNineteen)
	x.cell("item_4_4_score", "1", "")
	out := x.pass("17 15:00")
	x.wants("twenty", map[string]string{
		"status": "final", "attempt": "1", "score": "20", "band": "Below Standard", "health": "orange", "hold": "false", "escalation": "CS manager",
		"escalated_at": "2026-11-17T15:00:00.000Z", "resolved_at": "2026-11-17T15:00:00.000Z", "sync_message": "",
	}, closedAtNineteen+", ae_fields_needed 1 AE")
	want := []handoff.Correction{{At: at("17 15:00"), By: "CSM", Changes: []handoff.Change{{Item: "4.4", From: 0, To: 1}}, Total: 19, Band: "Incomplete"}}
	if d := cmp.Diff(want, out.State.Final.Corrections); d != "" {
		t.Error(d)
	}
	x.cell("item_4_4_score", "0", "") // and back: nobody is asked a second time
	x.pass("17 16:00")
	x.wants("nineteen again", map[string]string{"score": "19", "escalation": "Sales manager", "hold": "true"}, "-ae_fields_needed 1 AE, "+closedAtNineteen)
}

// What the machine proves may be the very score that somebody took back.
func TestAnEmptiedScoreIsToldThoughItIsProvenToo(t *testing.T) {
	x := begin(t, score(unmapped(), nineteen))
	x.deal.Contacts[0].Title = text("") // the champion's
	x.cell("item_2_1_score", "1", "")
	x.pass("17 09:00")
	x.cell("item_2_1_score", "", "")
	out := x.pass("17 10:00")
	if want := "the score stands: 2.1"; x.s.Final == nil || !strings.Contains(out.Show["sync_message"], want) {
		t.Errorf("final %v, says %q", x.s.Final, out.Show["sync_message"])
	}
}

func TestWhatIsEditedAfterTheWindowIsToldAndNotUsed(t *testing.T) {
	for _, c := range []struct {
		name, moment, value, typed, score, says string
		window                                  time.Duration
	}{
		{"in time", "18 09:00", "1", "", "20", "", 0},
		{"late", "18 09:01", "1", "", "19", "changed after final and not used: 4.4", 0},
		{"typed in time, seen late", "20 09:00", "1", "18 08:59", "20", "", 0},
		{"typed late", "20 09:00", "1", "18 09:01", "19", "changed after final and not used: 4.4", 0},
		{"emptied", "17 10:00", "", "", "19", "emptied or not understood after final, the score stands: 4.4", 0},
		{"not understood", "17 10:00", "3", "", "19", "emptied or not understood after final, the score stands: 4.4", 0},
		{"a longer window", "19 08:00", "1", "", "20", "", 48 * time.Hour},
		{"no window", "17 09:01", "1", "", "19", "changed after final and not used: 4.4", -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := begin(t, score(unmapped(), nineteen))
			x.set = func(s *handoff.Settings) { s.Correction = c.window }
			x.pass("17 09:00")
			x.cell("item_4_4_score", c.value, c.typed)
			out := x.pass(c.moment)
			if out.Show["score"] != c.score || !strings.Contains(out.Show["sync_message"], c.says) || c.says == "" && out.Show["sync_message"] != "" {
				t.Errorf("score %s, says %q", out.Show["score"], out.Show["sync_message"])
			}
		})
	}
}

// E15 of the worked examples.
func TestARehandoffIsTheNextAttempt(t *testing.T) {
	x := begin(t, unmapped())
	x.pass("16 15:00")
	x.scores(eighteen)
	x.pass("17 09:00")
	x.wants("attempt 1", map[string]string{"attempt": "1", "score": "18", "band": "Incomplete", "ball": "AE: hand the deal over again with the listed fields filled"}, askedAtNineteen)
	x.pass("17 10:00")
	x.scores(rescued)
	x.pass("24 09:00")
	x.wants("not signed", map[string]string{"attempt": "1", "score": "18", "hold": "true"}, askedAtNineteen)
	x.cell("attempt_scored", "2", "")
	out := x.pass("24 10:00")
	x.wants("attempt 2", map[string]string{
		"status": "final", "attempt": "2", "score": "37", "band": "Excellent", "health": "green", "hold": "false", "escalation": "None",
		"resolved_at": "2026-11-24T10:00:00.000Z", "sync_message": "",
		"key": "D-1/sales-to-cs/2/final",
	}, closedAtNineteen)
	if e := out.State.Earlier; len(e) != 1 || e[0].Total != 18 || e[0].Attempt != 1 || e[0].Items != nil {
		t.Errorf("attempt 1 is kept as %+v", e)
	}
}

func TestASecondIncompleteAttemptEscalatesOnceMore(t *testing.T) {
	x := begin(t, score(unmapped(), eighteen))
	x.pass("17 09:00")
	x.scores(nineteen)
	x.cell("attempt_scored", "2", "")
	out := x.pass("24 10:00")
	x.wants("attempt 2", map[string]string{"attempt": "2", "score": "19", "escalation": "Sales manager", "escalated_at": "2026-11-24T10:00:00.000Z"},
		closedAtNineteen+", ae_rehandoff 2 AE, sales_manager_escalation 2 Sales manager")
	if out.Escalate != handoff.SalesManager {
		t.Error("nobody hears of it")
	}
}

func TestASignatureCountsOnlyAfterTheAttemptBefore(t *testing.T) {
	for _, c := range []struct{ name, signed, typed, says string }{
		{"after it", "2", "17 09:01", ""},
		{"seen after it", "2", "", ""},
		{"before it", "2", "17 08:59", "before attempt 1 was final"},
		{"at the same moment", "2", "17 09:00", "before attempt 1 was final"},
		{"one too far", "3", "17 10:00", "attempt 3 has not begun"},
		{"not a number", "two", "17 10:00", "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := begin(t, score(unmapped(), eighteen))
			x.pass("17 09:00")
			x.scores(rescued)
			x.cell("attempt_scored", c.signed, c.typed)
			out := x.pass("24 10:00")
			counts := c.says == ""
			if (out.Show["attempt"] == "2") != counts || !counts && out.Show["score"] != "18" {
				t.Errorf("attempt %s, score %s", out.Show["attempt"], out.Show["score"])
			}
			if c.says != "-" && !strings.Contains(out.Show["sync_message"], c.says) {
				t.Errorf("says %q", out.Show["sync_message"])
			}
		})
	}
	t.Run("stood there before, entered again", func(t *testing.T) {
		x := begin(t, score(unmapped(), eighteen))
		x.cell("attempt_scored", "2", "")
		x.pass("17 09:00")
		x.scores(rescued)
		if out := x.pass("24 10:00"); out.Show["attempt"] != "1" || !strings.Contains(out.Show["sync_message"], "entered again") {
			t.Fatalf("attempt %s, says %q", out.Show["attempt"], out.Show["sync_message"])
		}
		x.cell("attempt_scored", "2", "24 11:00")
		if out := x.pass("24 12:00"); out.Show["attempt"] != "2" {
			t.Errorf("attempt %s, says %q", out.Show["attempt"], out.Show["sync_message"])
		}
	})
}

func TestASignedAttemptWaitsForWhatIsOpen(t *testing.T) {
	x := begin(t, score(unmapped(), eighteen))
	x.pass("17 09:00")
	x.scores(rescued)
	x.cell("item_4_1_score", "", "")
	x.cell("attempt_scored", "2", "24 09:00")
	out := x.pass("24 10:00")
	if out.Show["score"] != "18" || !strings.Contains(out.Show["sync_message"], "attempt 2 is signed and waits for 4.1") {
		t.Errorf("score %s, says %q", out.Show["score"], out.Show["sync_message"])
	}
	x.cell("item_4_1_score", "2", "")
	x.pass("24 11:00")
	x.wants("whole", map[string]string{"attempt": "2", "score": "37"}, closedAtNineteen)
}

// A lost store: the key on the record says which attempt it is.
func TestTheAttemptIsToldFromTheKeyWhenTheStoreIsLost(t *testing.T) {
	x := begin(t, score(unmapped(), rescued))
	x.cell("attempt_scored", "2", "24 10:00")
	x.cell("key", "D-1/sales-to-cs/2", "")
	x.pass("25 10:00")
	x.wants("attempt 2", map[string]string{"status": "final", "attempt": "2", "score": "37", "key": "D-1/sales-to-cs/2/final"}, "")
	x.s = handoff.State{}
	x.cell("attempt_scored", "1", "24 10:00")
	x.cell("key", "D-1/sales-to-cs-simplified/7", "")
	if out := x.pass("25 11:00"); out.Show["attempt"] != "1" {
		t.Errorf("the key of another card made it attempt %s", out.Show["attempt"])
	}
}

func TestWonAgain(t *testing.T) {
	for _, c := range []struct {
		name, win, attempt, score, status string
		notices                           string
	}{
		{"the same win", "10 14:00", "1", "19", "final", closedAtNineteen},
		{"soon", "29 10:00", "1", "19", "final", closedAtNineteen},
		{"at the last moment", "50 10:00", "1", "19", "final", closedAtNineteen},
		{"later", "50 10:01", "2", "", "awaiting kickoff", closedAtNineteen},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := begin(t, score(unmapped(), nineteen))
			x.pass("17 09:00")
			x.deal.Won = false
			x.pass("20 10:00")
			x.wants("left", map[string]string{"status": "closed", "hold": "false", "escalation": "None", "resolved_at": "2026-11-20T10:00:00.000Z", "score": "19", "ball": "nobody"}, closedAtNineteen)
			x.deal.Won = true
			x.deal.WonAt.At = day(c.win)
			if c.attempt == "2" {
				x.deal.Fields.Set("kickoff_at", text("2026-12-28T09:00:00.000Z"))
			}
			x.passAt(day("51 10:00"))
			want := map[string]string{"status": c.status, "attempt": c.attempt, "score": c.score}
			if c.attempt == "1" {
				want["escalation"], want["hold"], want["resolved_at"], want["escalated_at"] = "Sales manager", "true", "", "2026-11-17T09:00:00.000Z"
			} else {
				want["escalation"], want["hold"], want["escalated_at"], want["due_at"] = "None", "false", "", "2026-12-30T09:00:00.000Z"
			}
			x.wants("won again", want, c.notices)
		})
	}
}

// day reads a moment of November whose day may lie behind its end.
func day(s string) time.Time {
	n, clock, _ := strings.Cut(s, " ")
	d := int(n[0]-'0')*10 + int(n[1]-'0')
	return at("01 "+clock).AddDate(0, 0, d-1)
}

func (x *story) passAt(now time.Time) handoff.Output {
	x.out = x.once(now, settings())
	x.s, x.last = x.out.State, now
	return x.out
}

func TestALaterWinIsSignedAsItsOwnAttempt(t *testing.T) {
	x := begin(t, score(unmapped(), nineteen))
	x.pass("17 09:00")
	x.deal.Won = false
	x.pass("20 10:00")
	x.deal.Won, x.deal.WonAt.At = true, day("60 10:00")
	x.deal.Fields.Set("kickoff_at", text("2027-01-04T09:00:00.000Z"))
	x.passAt(day("61 10:00"))
	x.scores(rescued)
	if out := x.passAt(day("66 10:00")); out.State.Final != nil {
		t.Error("the values of the first attempt made the second final without a signature")
	}
	x.cell("attempt_scored", "2", "")
	out := x.passAt(day("67 10:00"))
	if f := out.State.Final; f == nil || f.Total != 36 || f.AutoFrom != handoff.AutoAtSigning || out.Show["attempt"] != "2" {
		t.Errorf("%+v", f)
	}
}

func TestDisputes(t *testing.T) {
	filed := func(t *testing.T) *story {
		x := begin(t, score(unmapped(), nineteen))
		x.pass("17 09:00")
		x.cell("dispute_item", "5.1", "")
		x.cell("dispute_reason", "the sponsor's number is in the other record", "")
		x.pass("19 09:00")
		x.wants("filed", map[string]string{"status": "disputed", "score": "19", "escalation": "Sales manager", "ball": "CS manager: decide the dispute"}, askedAtNineteen)
		if !slices.Contains(x.out.Listed, handoff.ListDispute) {
			t.Errorf("listed for %v", x.out.Listed)
		}
		return x
	}
	for _, c := range []struct{ name, outcome, score, status, total, escalation, says, notices string }{
		{"upheld", "upheld", "", "final", "19", "Sales manager", "", askedAtNineteen},
		{"clarified", "Clarified", "", "final", "19", "Sales manager", "", askedAtNineteen},
		{"changed", "changed", "1", "final", "18", "Sales manager", "", askedAtNineteen},
		{"changed to what it was", "changed", "2", "final", "19", "Sales manager", "", askedAtNineteen},
		{"changed without a score", "changed", "", "disputed", "19", "Sales manager", "its score is not 0, 1 or 2", askedAtNineteen},
		{"an outcome there is none of", "maybe", "", "disputed", "19", "Sales manager", `"maybe"`, askedAtNineteen},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := filed(t)
			x.cell("dispute_outcome", c.outcome, "")
			x.cell("dispute_score", c.score, "")
			out := x.pass("26 09:00")
			x.wants("decided", map[string]string{"status": c.status, "score": c.total, "escalation": c.escalation}, c.notices)
			if !strings.Contains(out.Show["sync_message"], c.says) {
				t.Errorf("says %q", out.Show["sync_message"])
			}
			if c.name == "changed" {
				item := out.Result.Item("5.1")
				if item.Source != autoscore.Dispute || item.Score != 1 || item.Proof() != (autoscore.Range{Floor: 2, Cap: 2}) {
					t.Errorf("%+v", item)
				}
				if k := out.State.Final.Corrections; len(k) != 1 || k[0].By != "dispute" || k[0].Changes[0] != (handoff.Change{Item: "5.1", From: 2, To: 1}) {
					t.Errorf("kept %+v", k)
				}
			}
		})
	}
	t.Run("leaves the band", func(t *testing.T) {
		x := filed(t)
		x.cell("dispute_item", "4.4 pricing", "")
		x.pass("20 09:00")
		x.cell("dispute_outcome", "changed", "")
		x.cell("dispute_score", "2", "")
		x.pass("26 09:00")
		x.wants("decided", map[string]string{"score": "21", "band": "Below Standard", "escalation": "CS manager", "hold": "false"}, closedAtNineteen+", ae_fields_needed 1 AE")
		x.cell("item_4_4_score", "0", "") // what a dispute has settled no edit moves
		x.pass("26 10:00")
		x.wants("settled", map[string]string{"score": "21"}, closedAtNineteen+", ae_fields_needed 1 AE")
	})
	t.Run("left on the record, it decides nothing of the next attempt", func(t *testing.T) {
		x := filed(t)
		x.cell("dispute_outcome", "changed", "")
		x.cell("dispute_score", "1", "")
		x.pass("20 09:00")
		x.scores(rescued)
		x.cell("attempt_scored", "2", "24 09:00")
		x.pass("24 10:00")
		x.pass("24 11:00")
		x.wants("attempt 2", map[string]string{"attempt": "2", "status": "final", "score": "37"}, closedAtNineteen)
		x.cell("dispute_reason", "and here as well", "")
		x.cell("dispute_outcome", "", "")
		x.pass("25 09:00")
		x.wants("filed anew", map[string]string{"status": "disputed", "score": "37"}, closedAtNineteen)
	})
	t.Run("no such item", func(t *testing.T) {
		x := begin(t, score(unmapped(), nineteen))
		x.cell("dispute_item", "9.9", "")
		if out := x.pass("17 09:00"); out.Show["status"] != "final" {
			t.Errorf("%s", out.Show["status"])
		}
	})
	t.Run("a record that cannot say so", func(t *testing.T) {
		x := filed(t)
		x.plain = true
		x.pass("20 09:00")
		x.wants("final", map[string]string{"status": "final", "ball": "CS manager: decide the dispute"}, askedAtNineteen)
		if x.s.Status != handoff.Disputed {
			t.Errorf("the state is %s", x.s.Status)
		}
	})
	t.Run("a second one", func(t *testing.T) {
		x := filed(t)
		x.cell("dispute_outcome", "upheld", "")
		x.pass("20 09:00")
		x.cell("dispute_item", "5.2", "")
		x.cell("dispute_outcome", "", "")
		x.pass("21 09:00")
		x.wants("filed anew", map[string]string{"status": "disputed"}, askedAtNineteen)
	})
	// What was decided of one dispute decides nothing of the next, for as long
	// as it stands on the record.
	for _, c := range []struct {
		name, at string // when the outcome was set, "" if the CRM does not tell
		decided  bool
	}{{"unknown when", "", false}, {"before it was filed", "20 08:00", false}, {"after", "20 12:00", true}} {
		t.Run("an outcome that is left, "+c.name, func(t *testing.T) {
			x := filed(t)
			x.cell("dispute_outcome", "upheld", "")
			x.pass("20 09:00")
			x.cell("dispute_item", "5.2", "20 11:00")
			x.cell("dispute_outcome", "upheld", c.at)
			want := map[bool]string{true: "final", false: "disputed"}[c.decided]
			for _, at := range []string{"21 09:00", "21 10:00"} {
				out := x.pass(at)
				x.wants("filed anew", map[string]string{"status": want}, askedAtNineteen)
				if strings.Contains(out.Show["sync_message"], "the dispute before") == c.decided {
					t.Errorf("says %q", out.Show["sync_message"])
				}
			}
			x.cell("dispute_outcome", "", "")
			x.pass("22 09:00")
			x.wants("cleared", map[string]string{"status": want}, askedAtNineteen)
			x.cell("dispute_outcome", "upheld", "")
			x.pass("23 09:00")
			x.wants("decided", map[string]string{"status": "final"}, askedAtNineteen)
		})
	}
}

func TestARepeatedReminderIsNone(t *testing.T) {
	x := begin(t, rich())
	x.set = func(s *handoff.Settings) { s.Hours, _ = handoff.ParseHours("Mon-Fri 09:00-17:00") }
	x.pass("17 09:00")
	x.wants("open", map[string]string{"status": "scoring open"}, "")
	out := x.pass("18 20:00") // due at 09:00Z, and nobody works at 21:00 in Berlin
	x.wants("overdue", map[string]string{"status": "overdue"}, "")
	if want := at("19 08:00"); !out.Wake.Equal(want) || !slices.Contains(out.Listed, handoff.ListOverdue) {
		t.Errorf("wakes %s, want %s; listed for %v", out.Wake, want, out.Listed)
	}
	x.pass("19 08:00")
	x.wants("reminded", map[string]string{"status": "overdue"}, "csm_reminder 1 CSM")
	x.pass("19 12:00")
	x.deal.Fields.Set("kickoff_at", text("2026-11-20T09:00:00.000Z")) // moved: not due any more
	x.pass("19 13:00")
	x.wants("moved", map[string]string{"status": "awaiting kickoff", "due_at": "2026-11-22T09:00:00.000Z"}, "-csm_reminder 1 CSM")
	x.pass("23 09:00")
	x.wants("due again", map[string]string{"status": "overdue"}, "-csm_reminder 1 CSM, csm_reminder 1 CSM")
	x.scores(rescued)
	x.pass("23 10:00")
	x.wants("scored", map[string]string{"status": "final", "score": "37"}, "-csm_reminder 1 CSM, -csm_reminder 1 CSM")
}

func TestWhatFellDueInALongStopIsADigest(t *testing.T) {
	for _, c := range []struct {
		last   string
		digest bool
	}{{"17 09:00", true}, {"25 08:45", false}} {
		x := begin(t, rich())
		x.pass(c.last)
		x.s.Notices = nil
		x.pass("25 09:00")
		n := x.s.Notices
		if len(n) != 1 || n[0].Digest != c.digest || !n[0].RaisedAt.Equal(at("25 09:00")) {
			t.Errorf("last pass %s: %+v", c.last, n)
		}
	}
}

func TestNobodyAndNoKickoffAreListedAfterFiveDays(t *testing.T) {
	x := begin(t, rich())
	x.deal.Fields.Set("csm", text(""))
	x.deal.Fields.Set("kickoff_at", text(""))
	if out := x.pass("15 13:59"); len(out.Listed) != 0 {
		t.Errorf("listed for %v", out.Listed)
	}
	if out := x.pass("15 14:00"); !slices.Equal(out.Listed, []string{handoff.ListNoCSM, handoff.ListNoKickoff}) {
		t.Errorf("listed for %v", out.Listed)
	}
	x.deal.Fields.Set("csm", text("csm1"))
	x.pass("16 09:00")
	x.deal.Fields.Set("csm", text("")) // cleared: five days from here
	x.pass("17 09:00")
	if out := x.pass("22 08:59"); !slices.Equal(out.Listed, []string{handoff.ListNoKickoff}) {
		t.Errorf("listed for %v", out.Listed)
	}
	if out := x.pass("22 09:00"); !slices.Contains(out.Listed, handoff.ListNoCSM) {
		t.Errorf("listed for %v", out.Listed)
	}
}

func TestAPossibleDuplicateAsksNobody(t *testing.T) {
	x := begin(t, score(unmapped(), nineteen))
	x.twin = "D-2"
	x.pass("17 09:00")
	x.wants("undecided", map[string]string{"score": "19", "hold": "true", "escalation": "None", "escalated_at": "", "ball": "CS manager: decide whether this is a duplicate"}, "")
	if !slices.Contains(x.out.Listed, handoff.ListTwin) || !strings.Contains(x.out.Show["sync_message"], "possible duplicate of D-2") {
		t.Errorf("listed for %v, says %q", x.out.Listed, x.out.Show["sync_message"])
	}
	x.cell("duplicate_decision", "Own sale", "")
	x.pass("18 09:00")
	x.wants("its own", map[string]string{"escalation": "Sales manager", "escalated_at": "2026-11-18T09:00:00.000Z"}, askedAtNineteen)
	x.cell("duplicate_decision", "same sale", "")
	x.pass("19 09:00")
	x.wants("the same", map[string]string{"status": "closed", "escalation": "None", "hold": "false"}, closedAtNineteen)
}

func TestAGapThatIsFilledLaterIsMarked(t *testing.T) {
	x := begin(t, score(rich(), "11111"+"1111"+"1111"+"1111"))
	x.deal.Fields.Set("evidence.1.3", text(""))
	x.deal.Contacts[0].Phone = text("")
	x.pass("17 09:00")
	before := x.out.Show["gaps"]
	if strings.Contains(before, "filled after") {
		t.Fatal(before)
	}
	marked := func() (ids []string) {
		for line := range strings.SplitSeq(x.out.Show["gaps"], "\n") {
			if id, rest, _ := strings.Cut(line, " "); strings.HasSuffix(rest, "(filled after, check)") {
				ids = append(ids, id)
			}
		}
		return ids
	}
	x.deal.Fields.Set("evidence.1.3", text("Budget ends in December."))
	x.deal.Contacts[0].Phone = text("+46 8 465 004 01")
	x.pass("19 09:00")
	if d := cmp.Diff([]string{"1.3", "2.1", "5.1"}, marked()); d != "" {
		t.Error(d)
	}
	x.deal.Roles["objector"] = crm.Role{State: crm.Read} // gone is not filled
	x.deal.Fields.Set("evidence.1.1", text("n/a"))
	x.pass("19 10:00")
	if d := cmp.Diff([]string{"1.3", "2.1", "5.1"}, marked()); d != "" {
		t.Error(d)
	}
	if x.out.Show["score"] != "22" {
		t.Errorf("score %s", x.out.Show["score"])
	}
}

// What could not be read at final is known from when it first can.
func TestAGapThatCouldNotBeReadIsNotFilledByBeingRead(t *testing.T) {
	x := begin(t, score(rich(), "11111"+"1111"+"1111"+"1111"))
	whole := x.deal.Contacts[0]
	dark := crm.Cell{State: crm.Unreadable}
	x.deal.Contacts[0].Title, x.deal.Contacts[0].Phone = dark, dark
	x.deal.Fields.Set("evidence.1.3", dark)
	x.pass("17 09:00")
	if x.s.Final == nil {
		x.deal.Contacts[0].Phone = whole.Phone // 5.1 waits for what cannot be read
		x.pass("17 09:30")
	}
	x.deal.Contacts[0] = whole
	x.deal.Fields.Set("evidence.1.3", text("Budget ends in December."))
	x.pass("17 10:00")
	if x.s.Final == nil || strings.Contains(x.out.Show["gaps"], "filled after") {
		t.Errorf("final %v, gaps %s", x.s.Final != nil, x.out.Show["gaps"])
	}
	x.deal.Fields.Set("evidence.1.3", text("Budget ends in June."))
	x.pass("17 11:00")
	if n := strings.Count(x.out.Show["gaps"], "filled after"); n != 1 {
		t.Errorf("%d gaps filled: %s", n, x.out.Show["gaps"])
	}
}

// Who had the ball: the times add up, and a turn begins when its reason did.
func TestTheBallsTimesAddUp(t *testing.T) {
	x := begin(t, rich())
	x.deal.Fields.Set("csm", text(""))
	x.pass("11 09:00")
	x.deal.Fields.Set("csm", crm.Cell{State: crm.Read, Text: "csm1", At: at("12 12:00")})
	x.pass("12 12:10")
	x.scores(nineteen)
	x.pass("17 09:00")
	x.pass("19 09:00")
	want := []handoff.Turn{{Who: "CS manager", From: at("10 14:00")}, {Who: "CSM", From: at("12 12:00")}, {Who: "AE", From: at("17 09:00")}}
	if d := cmp.Diff(want, x.s.Turns); d != "" {
		t.Error(d)
	}
	var sum time.Duration
	held := handoff.Held(x.s.Turns, at("19 09:00"))
	for _, d := range held {
		sum += d
	}
	if sum != at("19 09:00").Sub(at("10 14:00")) || held["AE"] != 48*time.Hour {
		t.Errorf("held %v, in all %s", held, sum)
	}
}

func TestHours(t *testing.T) {
	berlin := settings().Zone
	h, err := handoff.ParseHours("Mon-Thu,Fri 09:00-17:30")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ now, next string }{
		{"17 08:00", "17 08:00"}, // Tuesday, 09:00 in Berlin
		{"17 07:59", "17 08:00"},
		{"17 16:29", "17 16:29"},
		{"17 16:30", "18 08:00"},
		{"20 16:30", "23 08:00"}, // Friday evening
		{"22 12:00", "23 08:00"},
	} {
		if got := h.Next(at(c.now), berlin); !got.Equal(at(c.next)) {
			t.Errorf("%s: next %s, want %s", c.now, got, c.next)
		}
	}
	spring := time.Date(2027, 3, 27, 20, 0, 0, 0, time.UTC) // Saturday; the clock is put forward on Sunday
	if got := h.Next(spring, berlin); !got.Equal(time.Date(2027, 3, 29, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("over the change of the clock: %s", got)
	}
	for _, bad := range []string{"always", "Mon-Fri", "Mon-Fry 09:00-17:00", "Mon-Fri 9-17", "Mon-Fri 17:00-09:00"} {
		if _, err := handoff.ParseHours(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if none, err := handoff.ParseHours(""); err != nil || !none.Next(spring, berlin).Equal(spring) {
		t.Error("no hours are not always")
	}
}

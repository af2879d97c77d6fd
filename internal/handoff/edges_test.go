package handoff_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Cells that cannot be read change nothing that is known, and are told.
func TestUnreadablePeopleAreNotNobody(t *testing.T) {
	d := rich()
	first := step(t, d, handoff.State{}, at("17 09:00"))
	d.Fields.Set("csm", crm.Cell{State: crm.Unreadable})
	d.Fields.Set("kickoff_at", crm.Cell{State: crm.Unreadable})
	out := step(t, d, first.State, at("17 10:00"))
	if out.State.CSM != "csm1" || out.State.Status != handoff.ScoringOpen || !out.State.Due.Equal(first.State.Due) {
		t.Errorf("%+v", out.State)
	}
	if !strings.Contains(out.Show["sync_message"], "CSM field cannot be read") || !strings.Contains(out.Show["sync_message"], "kickoff field cannot be read") {
		t.Errorf("says %q", out.Show["sync_message"])
	}
}

func TestAHandOverGivesAnother48Hours(t *testing.T) {
	d := rich()
	first := step(t, d, handoff.State{}, at("17 09:00"))
	d.Fields.Set("csm", crm.Cell{State: crm.Read, Text: "csm2"})
	out := step(t, d, first.State, at("18 08:00"))
	if !out.State.Due.Equal(at("20 08:00")) {
		t.Errorf("due %s, want 48 hours from the pass that saw the hand-over", out.State.Due)
	}
	d.Fields.Set("csm", text(""))
	out = step(t, d, out.State, at("18 09:00"))
	if out.State.Status != handoff.NeedsCSM || !out.State.CSMSince.IsZero() || out.Show["due_at"] != "" {
		t.Errorf("%+v", out.State)
	}
}

func TestFinalWithoutKickoffOrCSMIsNoted(t *testing.T) {
	d := score(unmapped(), "22222222222222222")
	d.Fields.Set("kickoff_at", text(""))
	d.Fields.Set("csm", text(""))
	out := step(t, d, handoff.State{}, at("17 09:00"))
	has(t, out.Show, map[string]string{"status": "final", "score": "40", "sync_message": "final with no kickoff and no CSM", "ball": "nobody"})
	if out.State.Final.AutoFrom != handoff.AutoAtFinal {
		t.Errorf("auto items %s", out.State.Final.AutoFrom)
	}
}

func TestASignatureAheadIsReportedAndIgnored(t *testing.T) {
	d := score(rich(), "222-2222222222222")
	d.Fields.Set("evidence.1.4", text(""))
	d.Fields.Set("attempt_scored", text("2"))
	out := step(t, d, handoff.State{}, at("17 09:00"))
	if out.State.Final != nil || !strings.Contains(out.Show["sync_message"], "has not begun") {
		t.Errorf("%+v %q", out.State.Final, out.Show["sync_message"])
	}
	for _, cell := range []string{"", "1.5", "-1", "x"} {
		d.Fields.Set("attempt_scored", text(cell))
		if out := step(t, d, handoff.State{}, at("17 09:00")); out.State.Final != nil {
			t.Errorf("%q signed the attempt", cell)
		}
	}
	d.Fields.Set("attempt_scored", text(" 1.0 "))
	if out := step(t, d, handoff.State{}, at("17 09:00")); out.State.Final == nil {
		t.Error("1.0 did not sign the attempt")
	}
}

func TestEarlyWarningHoldsOnlyBeforeTheKickoffAndNeverEscalates(t *testing.T) {
	d := rich()
	for name := range d.Fields.All() {
		if strings.HasPrefix(name, "evidence.") {
			d.Fields.Set(name, text(""))
		}
	}
	d.Roles = map[string]crm.Role{"champion": {State: crm.Read}, "executive_sponsor": {State: crm.Read}, "day_to_day": {State: crm.Read}, "objector": {State: crm.Read}}
	d.Fields.Set("pick.1.3", text(""))
	d.Fields.Set("pick.1.5", text(""))
	d.Fields.Set("date.3.3", text(""))
	d.Fields.Set("date.4.3", text(""))
	d.Fields.Set("kickoff_at", text("2026-11-20T09:00:00.000Z"))
	for _, c := range []struct {
		on   bool
		hold string
	}{{false, "false"}, {true, "true"}} {
		s := settings()
		s.EarlyWarning = c.on
		card, _ := handoff.Choose(cards(t), d, s, "")
		r := judge().Score(card, d, handoff.Read(card, d, handoff.State{}).Entered, autoscore.At{Now: at("17 09:00"), Kickoff: at("20 09:00")})
		out := handoff.Advance(handoff.Input{Card: card, Deal: d, Result: r, Now: at("17 09:00"), Settings: s}, handoff.State{})
		has(t, out.Show, map[string]string{"hold": c.hold, "escalation": "None", "score": "", "band": ""})
		if out.Escalate != "" {
			t.Error("escalates before final")
		}
	}
}

// Taking the same step twice changes nothing.
func TestAStepIsIdempotent(t *testing.T) {
	for _, digits := range []string{"-----------------", "2211121111-------", "11100111011111110"} {
		first := step(t, score(rich(), digits), handoff.State{}, at("17 09:00"))
		again := step(t, score(rich(), digits), first.State, at("17 09:00"))
		if d := cmp.Diff(first.State, again.State); d != "" {
			t.Errorf("%s: state moved:\n%s", digits, d)
		}
		if d := cmp.Diff(first.Show, again.Show); d != "" {
			t.Errorf("%s: record moved:\n%s", digits, d)
		}
		if again.Escalate != "" {
			t.Errorf("%s: escalated twice", digits)
		}
	}
}

func TestChoiceWithOneCard(t *testing.T) {
	all := cards(t)
	small := rich()
	small.Amount = text("1")
	for _, c := range []struct {
		cards []*scorecard.Card
		want  string
	}{{all[:1], "sales-to-cs"}, {all[1:], "sales-to-cs-simplified"}} {
		if card, _ := handoff.Choose(c.cards, small, settings(), ""); card.ID != c.want {
			t.Errorf("%s, want %s", card.ID, c.want)
		}
	}
	for _, d := range []crm.Cell{{State: crm.Unreadable}, text("lots")} {
		small.Amount = d
		card, warning := handoff.Choose(all, small, settings(), "")
		if card.ID != "sales-to-cs" || warning == "" {
			t.Errorf("amount %v: %s, %q", d, card.ID, warning)
		}
	}
	no := settings()
	no.Threshold = nil
	small.Amount = text("1")
	if card, _ := handoff.Choose(all, small, no, ""); card.ID != "sales-to-cs" {
		t.Error("the short card without a threshold")
	}
}

func TestRecordTypesAndOpenStates(t *testing.T) {
	d, s := rich(), settings()
	d.RecordType, s.RecordTypes = text("Renewal_RT"), []string{"New_RT"}
	if in, reason := handoff.Scope(d, s); in || reason != handoff.ReasonRecordType {
		t.Errorf("%v %q", in, reason)
	}
	for status, open := range map[handoff.Status]bool{
		handoff.NeedsCSM: true, handoff.AwaitingKickoff: true, handoff.ScoringOpen: true, handoff.Overdue: true,
		handoff.IsFinal: false, handoff.Disputed: false, handoff.Closed: false, handoff.OutOfScope: false, "": false,
	} {
		if (handoff.State{Status: status}).Open() != open {
			t.Errorf("%q open: %v", status, !open)
		}
	}
	if n := len(handoff.Statuses()); n != 6 {
		t.Errorf("%d statuses for the record", n)
	}
}

func TestAKickoffThatIsNoTimeIsNone(t *testing.T) {
	d := rich()
	d.Fields.Set("kickoff_at", text("next week"))
	out := step(t, d, handoff.State{}, at("17 09:00"))
	if out.State.Status != handoff.AwaitingKickoff || out.Show["ball"] != "CSM: set the kickoff" {
		t.Errorf("%s %q", out.State.Status, out.Show["ball"])
	}
	d.Fields.Set("kickoff_at", text("2026-11-16"))
	card := cards(t)[0]
	if k, ok := handoff.Read(card, d, handoff.State{}).Kickoff(nil); !ok || !k.DateOnly || !k.At.Equal(at("17 00:00")) {
		t.Errorf("%+v", k)
	}
}

func TestMessagesAreCutToTheField(t *testing.T) {
	d := rich()
	for _, id := range judgementItems {
		d.Fields.Set("item_"+crm.Underscored(id)+"_score", text(strings.Repeat("ä", 300)))
	}
	out := step(t, d, handoff.State{}, at("17 09:00"))
	if n := len([]rune(out.Show["sync_message"])); n != 255 {
		t.Errorf("%d characters", n)
	}
}

// A deal that returns to scope after it was closed is judged again, and its
// final stands.
func TestReWonShowsItsFinal(t *testing.T) {
	won := score(unmapped(), "22222222222222222")
	first := step(t, won, handoff.State{}, at("17 09:00"))
	lost := score(unmapped(), "22222222222222222")
	lost.Won = false
	closed := step(t, lost, first.State, at("18 09:00"))
	again := step(t, won, closed.State, at("19 09:00"))
	has(t, again.Show, map[string]string{"status": "final", "score": "40"})
	if gone := handoff.Close(first.State, "deleted", at("18 09:00")); gone.Status != handoff.Closed || gone.Reason != "deleted" {
		t.Errorf("%+v", gone)
	}
}

// Another field set has fields of its own.
func TestTheFieldSetNamesTheFields(t *testing.T) {
	card := *cards(t)[0]
	card.Prefix = "partner"
	d := rich()
	r := judge().Score(&card, d, handoff.Read(&card, d, handoff.State{}).Entered, autoscore.At{Now: at("17 09:00")})
	out := handoff.Advance(handoff.Input{Card: &card, Deal: d, Result: r, Now: at("17 09:00"), Settings: settings()}, handoff.State{})
	if _, ok := out.Show["partner_status"]; !ok || out.Show["status"] != "" {
		t.Errorf("%v", out.Show)
	}
}

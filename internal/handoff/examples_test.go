package handoff_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
)

func has(t *testing.T, show map[string]string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for k := range want {
		v, ok := show[k]
		if !ok {
			v = "(absent)"
		}
		got[k] = v
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("on the record (-want +got):\n%s", d)
	}
}

func TestFreshlyWonShowsARangeAndNoScore(t *testing.T) {
	d := rich()
	d.Fields.Set("kickoff_at", text("2026-11-20T09:00:00.000Z"))
	out := step(t, d, handoff.State{}, at("17 09:00"))
	has(t, out.Show, map[string]string{
		"status": "awaiting kickoff", "attempt": "1", "score_out_of": "40", "score": "", "band": "", "health": "",
		"range": "23-40 of 40, 17 items open", "category_1": "", "category_2": "", "category_3": "", "category_4": "", "category_5": "",
		"hold": "false", "escalation": "None", "gaps": "", "due_at": "2026-11-22T09:00:00.000Z",
		"item_5_1_score": "2", "item_5_2_score": "2", "item_5_3_score": "2", "key": "D-1/sales-to-cs/1",
	})
}

func TestHalfScoredCountsWhatIsThere(t *testing.T) {
	out := step(t, score(rich(), "22111"+"2111"+"----"+"----"), handoff.State{}, at("17 09:00"))
	has(t, out.Show, map[string]string{
		"status": "scoring open", "range": "26-34 of 40, 8 items open", "score": "", "band": "", "hold": "false",
		"due_at": "2026-11-18T09:00:00.000Z", "ball": "CSM: score the open items", "category_1": "",
	})
	if d := cmp.Diff([]string{"1.3", "1.4", "1.5", "2.2", "2.3", "2.4"}, gapIDs(out.Result)); d != "" {
		t.Error(d)
	}
}

func TestOverridesCountAndShow(t *testing.T) {
	d := score(rich(), "22222"+"2222"+"2222"+"2022")
	d.Fields.Set("evidence.1.4", text(""))
	out := step(t, d, handoff.State{}, at("17 09:00"))
	has(t, out.Show, map[string]string{
		"status": "final", "score": "38", "band": "Excellent", "health": "green",
		"category_1": "10", "category_2": "8", "category_3": "8", "category_4": "6", "category_5": "6",
	})
	overrides := 0
	for _, i := range out.Result.Items {
		if i.Override {
			overrides++
		}
	}
	if overrides != 2 {
		t.Errorf("%d overrides, want 2", overrides)
	}
	if d := cmp.Diff([]string{"4.2"}, gapIDs(out.Result)); d != "" {
		t.Error(d)
	}
}

func TestAValueNotUnderstoodBlocksFinalEvenWhenSigned(t *testing.T) {
	d := score(unmapped(), "22111"+"1111"+"1121"+"3221")
	d.Fields.Set("attempt_scored", text("1"))
	out := step(t, d, handoff.State{}, at("17 09:00"))
	has(t, out.Show, map[string]string{
		"status": "scoring open", "score": "", "band": "", "range": "27-29 of 40, 1 item open", "sync_message": `4.1: "3" is not 0, 1 or 2`,
	})
}

// Every bound of every band, as the examples have them.
func TestBands(t *testing.T) {
	for _, c := range []struct {
		digits             string
		total              int
		band, health       string
		hold, escalation   string
		categories, action string
	}{
		{"11100" + "1110" + "1111" + "1110", 19, "Incomplete", "red", "true", "Sales manager", "3 3 4 3 6", "pause onboarding"},
		{"11100" + "1110" + "1111" + "1111", 20, "Below Standard", "orange", "false", "CS manager", "3 3 4 4 6", ""},
		{"22111" + "1111" + "1121" + "1121", 27, "Below Standard", "orange", "false", "CS manager", "7 4 5 5 6", ""},
		{"22111" + "1111" + "1121" + "1221", 28, "Acceptable", "yellow", "false", "None", "7 4 5 6 6", ""},
		{"22211" + "2221" + "2221" + "2221", 35, "Acceptable", "yellow", "false", "None", "8 7 7 7 6", ""},
		{"22211" + "2221" + "2221" + "2222", 36, "Excellent", "green", "false", "None", "8 7 7 8 6", ""},
	} {
		t.Run(strconv.Itoa(c.total), func(t *testing.T) {
			out := step(t, score(unmapped(), c.digits), handoff.State{}, at("17 09:00"))
			cat := strings.Fields(c.categories)
			has(t, out.Show, map[string]string{
				"status": "final", "attempt": "1", "score": strconv.Itoa(c.total), "score_out_of": "40", "band": c.band, "health": c.health,
				"hold": c.hold, "escalation": c.escalation,
				"category_1": cat[0], "category_2": cat[1], "category_3": cat[2], "category_4": cat[3], "category_5": cat[4],
			})
			if !strings.Contains(strings.ToLower(out.Show["action"]), c.action) {
				t.Errorf("action %q does not say %q", out.Show["action"], c.action)
			}
			if (out.Escalate == handoff.SalesManager) != (c.escalation == handoff.SalesManager) {
				t.Errorf("escalates to %q", out.Escalate)
			}
			if ae := strings.ReplaceAll(out.Show["action"]+out.Show["ball"]+out.Show["status"], "24 hours", ""); strings.ContainsAny(ae, "0123456789") || strings.Contains(ae, c.band) {
				t.Errorf("an AE can read a number: %q %q", out.Show["action"], out.Show["ball"])
			}
		})
	}
}

func TestTheShortCard(t *testing.T) {
	small := func() *crm.Deal {
		d := unmapped()
		d.Amount = text("6000")
		d.Fields.Set("arr", text("6000"))
		d.Fields.Set("term_months", text("12"))
		return d
	}
	d := score(small(), "-------------"+"0000")
	d.Contacts[1].Phone = text("")
	has(t, step(t, d, handoff.State{}, at("17 09:00")).Show, map[string]string{
		"status": "final", "score": "5", "score_out_of": "14", "band": "Incomplete", "health": "red", "category_4": "0", "category_5": "5",
		"hold": "true", "escalation": "None",
	})
	has(t, step(t, score(small(), "-------------"+"2111"), handoff.State{}, at("17 09:00")).Show, map[string]string{
		"status": "final", "score": "11", "score_out_of": "14", "band": "Acceptable", "category_4": "5", "category_5": "6", "escalation": "None",
	})
}

func TestFinalIsFrozen(t *testing.T) {
	first := step(t, score(unmapped(), "11100"+"1110"+"1111"+"1110"), handoff.State{}, at("17 09:00"))
	rescued := score(unmapped(), "22222"+"2222"+"2222"+"2222")
	rescued.Contacts = nil
	later := step(t, rescued, first.State, at("25 09:00"))
	if says := later.Show["sync_message"]; !strings.HasPrefix(says, "changed after final and not used: 1.1, 1.2, ") {
		t.Errorf("says %q", says)
	}
	delete(first.Show, "sync_message")
	delete(later.Show, "sync_message")
	if d := cmp.Diff(first.Show, later.Show); d != "" {
		t.Errorf("the record moved after final:\n%s", d)
	}
	if later.Escalate != "" {
		t.Error("escalated again")
	}
}

func TestAutoItemsCountAsOfTheKickoff(t *testing.T) {
	d := rich()
	before := step(t, d, handoff.State{}, at("15 09:00"))
	d.Contacts[1].Phone = text("") // lost after the kickoff
	after := step(t, d, before.State, at("17 09:00"))
	if s := after.Result.Item("5.1").Score; s != 2 {
		t.Errorf("5.1 is %d after the kickoff, want the 2 it was then", s)
	}
	d.Contacts[1].Phone = crm.Cell{State: crm.Unreadable}
	hidden := step(t, d, before.State, at("17 09:00"))
	if item := hidden.Result.Item("5.1"); item.Score != 2 || item.Unknown {
		t.Errorf("5.1 is %d where it can no longer be read, want the 2 it was at the kickoff", item.Score)
	}
	d.Contacts[1].Phone = text("")
	none := step(t, d, handoff.State{}, at("17 09:00"))
	if s := none.Result.Item("5.1").Score; s != 1 {
		t.Errorf("5.1 is %d at the first look after the kickoff, want 1", s)
	}
	final := step(t, score(d, "22222222222222222"), after.State, at("17 10:00"))
	if got := final.State.Final; got == nil || got.AutoFrom != handoff.AutoAtKickoff || got.Total != 40 {
		t.Errorf("final %+v, want 40 with the items as of the kickoff", got)
	}
}

func TestClocks(t *testing.T) {
	for _, c := range []struct {
		name    string
		kickoff string
		csm     crm.Cell
		now     time.Time
		status  handoff.Status
		due     string
	}{
		{"nobody holds the account", "2026-11-16T09:00:00.000Z", text(""), at("17 09:00"), handoff.NeedsCSM, ""},
		{"no kickoff", "", crm.Cell{State: crm.Read, Text: "csm1", At: at("10 12:00")}, at("17 09:00"), handoff.AwaitingKickoff, ""},
		{"a minute before due", "2026-11-16T09:00:00.000Z", crm.Cell{State: crm.Read, Text: "csm1", At: at("10 12:00")}, at("18 08:59"), handoff.ScoringOpen, "2026-11-18T09:00:00.000Z"},
		{"due", "2026-11-16T09:00:00.000Z", crm.Cell{State: crm.Read, Text: "csm1", At: at("10 12:00")}, at("18 09:00"), handoff.Overdue, "2026-11-18T09:00:00.000Z"},
		{"a CSM named after the kickoff has 48 hours", "2026-11-16T09:00:00.000Z", crm.Cell{State: crm.Read, Text: "csm1", At: at("17 08:00")}, at("18 10:00"), handoff.ScoringOpen, "2026-11-19T08:00:00.000Z"},
		{"a date is the end of its day in Berlin", "2026-11-16", crm.Cell{State: crm.Read, Text: "csm1", At: at("10 12:00")}, at("16 22:30"), handoff.AwaitingKickoff, "2026-11-18T23:00:00.000Z"},
		{"a kickoff before the win counts from the win", "2026-11-01T09:00:00.000Z", crm.Cell{State: crm.Read, Text: "csm1", At: at("10 12:00")}, at("10 15:00"), handoff.ScoringOpen, "2026-11-12T14:00:00.000Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := rich()
			d.Fields.Set("kickoff_at", text(c.kickoff))
			d.Fields.Set("csm", c.csm)
			out := step(t, d, handoff.State{}, c.now)
			if out.State.Status != c.status || out.Show["due_at"] != c.due {
				t.Errorf("%s due %q, want %s due %q", out.State.Status, out.Show["due_at"], c.status, c.due)
			}
		})
	}
}

func TestScope(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*crm.Deal, *handoff.Settings)
		reason string
	}{
		{"in", func(*crm.Deal, *handoff.Settings) {}, ""},
		{"lost", func(d *crm.Deal, _ *handoff.Settings) { d.Won = false }, handoff.ReasonNotWon},
		{"won at the first moment of go_live", func(d *crm.Deal, s *handoff.Settings) { d.WonAt.At = s.GoLive }, ""},
		{"won just before go_live", func(d *crm.Deal, s *handoff.Settings) { d.WonAt.At = s.GoLive.Add(-time.Millisecond) }, handoff.ReasonGoLive},
		{"a renewal", func(d *crm.Deal, _ *handoff.Settings) { d.Type = text("renewal ") }, handoff.ReasonType},
		{"a renewal by default", func(d *crm.Deal, s *handoff.Settings) { d.Type, s.ExcludeTypes = text("Early Renewal"), nil }, handoff.ReasonType},
		{"blank type", func(d *crm.Deal, _ *handoff.Settings) { d.Type = text("") }, ""},
		{"blank type with a list", func(d *crm.Deal, s *handoff.Settings) { d.Type, s.Types = text(""), []string{"New Business"} }, handoff.ReasonType},
		{"listed type", func(_ *crm.Deal, s *handoff.Settings) { s.Types = []string{"new business"} }, ""},
		{"another pipeline", func(d *crm.Deal, s *handoff.Settings) { d.Pipeline, s.Pipelines = text("p2"), []string{"p1"} }, handoff.ReasonPipeline},
		{"a renamed stage", func(d *crm.Deal, _ *handoff.Settings) { d.Stage = text("Closed Won - Paid") }, ""},
		{"nobody knows when", func(d *crm.Deal, _ *handoff.Settings) { d.WonAt = crm.Moment{} }, handoff.ReasonNoWonTime},
	} {
		d, s := rich(), settings()
		c.change(d, &s)
		if in, reason := handoff.Scope(d, s); reason != c.reason || in != (c.reason == "") {
			t.Errorf("%s: in %v, %q; want %q", c.name, in, reason, c.reason)
		}
	}
}

func TestChoiceOfCard(t *testing.T) {
	for _, c := range []struct {
		amount, currency, kept, want string
		warns                        bool
	}{
		{"9999.99", "EUR", "", "sales-to-cs-simplified", false},
		{"10000", "EUR", "", "sales-to-cs", false},
		{"10000", "USD", "", "sales-to-cs-simplified", false},
		{"1000000", "JPY", "", "sales-to-cs-simplified", false},
		{"5000", "XXX", "", "sales-to-cs", true},
		{"", "EUR", "", "sales-to-cs", true},
		{"500", "EUR", "sales-to-cs", "sales-to-cs", false},
	} {
		d := rich()
		d.Amount, d.Currency = text(c.amount), text(c.currency)
		card, warning := handoff.Choose(cards(t), d, settings(), c.kept)
		if card.ID != c.want || (warning != "") != c.warns {
			t.Errorf("%s %s kept %q: %s, warning %q; want %s", c.amount, c.currency, c.kept, card.ID, warning, c.want)
		}
	}
}

func TestLeavingWonCloses(t *testing.T) {
	first := step(t, score(unmapped(), "11100"+"1110"+"1111"+"1110"), handoff.State{}, at("17 09:00"))
	d := unmapped()
	d.Won = false
	out := step(t, d, first.State, at("18 09:00"))
	has(t, out.Show, map[string]string{"status": "closed", "hold": "false", "escalation": "None", "score": "19", "resolved_at": "2026-11-18T09:00:00.000Z"})
	never := step(t, d, handoff.State{}, at("18 09:00"))
	if never.Show != nil || never.State.Status != handoff.OutOfScope {
		t.Errorf("a deal that was never in scope is touched: %+v", never)
	}
}

func TestSignedProvenItemsSettle(t *testing.T) {
	d := score(rich(), "222-2222222222222")
	d.Fields.Set("evidence.1.4", text(""))
	out := step(t, d, handoff.State{}, at("17 09:00"))
	has(t, out.Show, map[string]string{"status": "scoring open", "ball": "CSM: sign the attempt", "score": ""})
	d.Fields.Set("attempt_scored", text("1"))
	has(t, step(t, d, out.State, at("17 10:00")).Show, map[string]string{"status": "final", "score": "38"})
}

func TestUnreadableBlocksFinal(t *testing.T) {
	d := score(unmapped(), "22222222222222222")
	d.Fields.Set("arr", crm.Cell{State: crm.Unreadable})
	out := step(t, d, handoff.State{}, at("17 09:00"))
	if out.State.Final != nil || !out.Result.Degraded {
		t.Errorf("final %v degraded %v", out.State.Final, out.Result.Degraded)
	}
	has(t, out.Show, map[string]string{"score": "", "item_5_3_score": "", "sync_message": "5.3: cannot be read"})
}

package handoff_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
)

func partnerCard(t testing.TB) *scorecard.Card {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "config", "scorecards", "partner-handoff.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	card, err := scorecard.Parse("partner-handoff.yaml", b)
	if err != nil {
		t.Fatal(err)
	}
	return card
}

// lead is an open deal that a partner's handoff was sent for on the 3rd at
// 10:00 in Berlin, with five days to answer.
func lead() *crm.Deal {
	d := &crm.Deal{
		Ref: crm.Ref{Connection: "org", Object: crm.ObjectDeal, ID: "P-1"}, Name: text("Vantage Freight - Core"),
		CreatedAt: at("01 09:00"), Stage: text("Qualification"), Type: text("Renewal"), Owner: "ae1", Seller: "ae1", NotesState: crm.Read,
		Fields: crm.CellsOf(map[string]crm.Cell{
			"partner": text("Cobalt Analytics"), "sent_at": text("2026-11-03T09:00:00.000Z"),
			"accepted_at": text(""), "declined_at": text(""), "days.8": text("5"),
			"partner_csm":            {State: crm.Read, Text: "pm1", At: at("02 12:00")},
			"partner_attempt_scored": text(""), "partner_key": text(""),
			"evidence.1": text("Their board named freight costs as the theme of the year, and Mara Ionescu owns the account."),
			"evidence.8": text("Accepted means a first call is booked; declined needs a reason from the list."),
		}),
	}
	for i := 1; i <= 9; i++ {
		d.Fields.Set(fmt.Sprintf("partner_item_%d_score", i), text(""))
	}
	return d
}

// grade fills in the partner manager's cells, one digit a component, "-" blank.
func grade(d *crm.Deal, digits string) *crm.Deal {
	for i, c := range digits {
		v := string(c)
		if c == '-' {
			v = ""
		}
		d.Fields.Set("partner_item_"+strconv.Itoa(i+1)+"_score", text(v))
	}
	return d
}

func with(d *crm.Deal, cells map[string]string) *crm.Deal {
	for name, v := range cells {
		d.Fields.Set(name, text(v))
	}
	return d
}

// hand judges and advances a partner handoff once, as a pass does.
func hand(t testing.TB, d *crm.Deal, prev handoff.State, now time.Time) handoff.Output {
	t.Helper()
	card, s, j := partnerCard(t), settings(), judge()
	sheet := handoff.Read(card, d, prev)
	k, _ := sheet.Kickoff(s.Zone)
	in := handoff.Input{Card: card, Deal: d, Now: now, Settings: s, Twin: "P-0"}
	in.Result = j.Score(card, d, sheet.Entered, autoscore.At{Now: now, Kickoff: k.At})
	if partner := d.Field("partner"); j.Named(partner) {
		in.Partner = partner.Text
	}
	return handoff.Advance(in, prev)
}

func TestPartnerScope(t *testing.T) {
	scored := func(d *crm.Deal) handoff.State {
		return hand(t, grade(d, "222222222"), handoff.State{}, at("03 10:00")).State
	}
	begun := func(d *crm.Deal) handoff.State { return hand(t, d, handoff.State{}, at("03 10:00")).State }
	lost := func(d *crm.Deal) { d.Closed = true }
	for _, c := range []struct {
		name   string
		prev   func(*crm.Deal) handoff.State
		change func(*crm.Deal)
		status handoff.Status
		reason string
	}{
		{"a renewal that is not won", nil, func(*crm.Deal) {}, handoff.ScoringOpen, ""},
		{"won", nil, func(d *crm.Deal) { d.Won, d.Closed, d.WonAt.At = true, true, at("04 09:00") }, handoff.ScoringOpen, ""},
		{"no partner", nil, func(d *crm.Deal) { with(d, map[string]string{"partner": ""}) }, handoff.OutOfScope, handoff.ReasonNoPartner},
		{"a placeholder for a partner", nil, func(d *crm.Deal) { with(d, map[string]string{"partner": "tbd"}) }, handoff.OutOfScope, handoff.ReasonNoPartner},
		{"partner not mapped", nil, func(d *crm.Deal) { d.Fields.Set("partner", crm.Cell{}) }, handoff.OutOfScope, handoff.ReasonNoPartner},
		{"partner cannot be read", nil, func(d *crm.Deal) { d.Fields.Set("partner", crm.Cell{State: crm.Unreadable}) }, handoff.OutOfScope, handoff.ReasonNoPartner},
		{"not sent", nil, func(d *crm.Deal) { with(d, map[string]string{"sent_at": ""}) }, handoff.OutOfScope, handoff.ReasonNotSent},
		{"sending cannot be read", nil, func(d *crm.Deal) { d.Fields.Set("sent_at", crm.Cell{State: crm.Unreadable}) }, handoff.OutOfScope, handoff.ReasonNotSent},
		{"sent at the first moment of go_live", nil, func(d *crm.Deal) { with(d, map[string]string{"sent_at": "2026-10-31T23:00:00.000Z"}) }, handoff.ScoringOpen, ""},
		{"sent just before go_live", nil, func(d *crm.Deal) { with(d, map[string]string{"sent_at": "2026-10-31T22:59:59.000Z"}) }, handoff.OutOfScope, handoff.ReasonSentGoLive},
		{"sent on the day before go_live", nil, func(d *crm.Deal) { with(d, map[string]string{"sent_at": "2026-10-31"}) }, handoff.OutOfScope, handoff.ReasonSentGoLive},
		{"sent on the day of go_live", nil, func(d *crm.Deal) { with(d, map[string]string{"sent_at": "2026-11-01"}) }, handoff.ScoringOpen, ""},
		{"planned", nil, func(d *crm.Deal) { with(d, map[string]string{"sent_at": "2026-11-20T09:00:00.000Z"}) }, handoff.AwaitingKickoff, ""},
		{"lost and never seen", nil, lost, handoff.OutOfScope, handoff.ReasonLost},
		{"lost before it was scored", begun, lost, handoff.Closed, handoff.ReasonLost},
		{"lost after it was scored", scored, lost, handoff.IsFinal, ""},
		{"won after it was scored", scored, func(d *crm.Deal) { d.Won, d.Closed = true, true }, handoff.IsFinal, ""},
		{"partner cleared", begun, func(d *crm.Deal) { with(d, map[string]string{"partner": ""}) }, handoff.Closed, handoff.ReasonNoPartner},
		{"partner cleared after it was scored", scored, func(d *crm.Deal) { with(d, map[string]string{"partner": "n/a"}) }, handoff.Closed, handoff.ReasonNoPartner},
		{"partner cannot be read any more", begun, func(d *crm.Deal) { d.Fields.Set("partner", crm.Cell{State: crm.Unreadable}) }, handoff.ScoringOpen, ""},
		{"sending cannot be read any more", begun, func(d *crm.Deal) { d.Fields.Set("sent_at", crm.Cell{State: crm.Unreadable}) }, handoff.ScoringOpen, ""},
	} {
		d, prev := lead(), handoff.State{}
		if c.prev != nil {
			prev = c.prev(d)
		}
		c.change(d)
		out := hand(t, d, prev, at("04 10:00"))
		if out.State.Status != c.status || out.State.Reason != c.reason {
			t.Errorf("%s: %s, %q; want %s, %q", c.name, out.State.Status, out.State.Reason, c.status, c.reason)
		}
		if shown := out.Show != nil; shown == (c.status == handoff.OutOfScope) {
			t.Errorf("%s: shows %v", c.name, out.Show)
		}
	}
}

func TestAPartnerHandoffOnTheRecord(t *testing.T) {
	open := hand(t, grade(lead(), "22------2"), handoff.State{}, at("04 10:00"))
	has(t, open.Show, map[string]string{
		"partner_status": "scoring open", "partner_score_out_of": "18", "partner_score": "", "partner_band": "", "partner_hold": "false",
		"partner_due_at": "2026-11-05T09:00:00.000Z", "partner_key": "P-1/partner-handoff/1", "partner_escalation": "None", "status": "(absent)",
		"partner_ball": "partner manager: score the open components; the seller's answer: waiting, day 2 of 5",
	})
	final := hand(t, grade(lead(), "222222221"), open.State, at("04 11:00"))
	has(t, final.Show, map[string]string{
		"partner_status": "final", "partner_score": "17", "partner_band": "Sales-ready", "partner_health": "green", "partner_category_1": "17",
		"partner_ball": "seller: accept or decline the handoff (waiting, day 2 of 5)",
	})
	if f := final.State.Final; f.AutoFrom != handoff.AutoAtFinal || len(f.Notes) != 0 || !f.Sent.Equal(at("03 09:00")) {
		t.Errorf("%+v", f)
	}
	if len(final.State.Notices) != 0 || final.Listed != nil || len(final.Warnings) != 0 {
		t.Errorf("notices %v, listed %v, warnings %v", final.State.Notices, final.Listed, final.Warnings)
	}
	for name, v := range open.Show {
		if strings.Contains(strings.ToLower(v), "kickoff") || !strings.HasPrefix(name, "partner_") {
			t.Errorf("%s: %q", name, v)
		}
	}
}

func TestPartnerClock(t *testing.T) {
	for _, c := range []struct {
		name, sent string
		manager    crm.Cell
		now        time.Time
		status     handoff.Status
		due, ball  string
	}{
		{"before due", "2026-11-03T09:00:00.000Z", crm.Cell{State: crm.Read, Text: "pm1", At: at("02 12:00")}, at("05 08:59"), handoff.ScoringOpen, "2026-11-05T09:00:00.000Z", "score the open components"},
		{"due", "2026-11-03T09:00:00.000Z", crm.Cell{State: crm.Read, Text: "pm1", At: at("02 12:00")}, at("05 09:00"), handoff.Overdue, "2026-11-05T09:00:00.000Z", "score the open components"},
		{"named later than sent", "2026-11-03T09:00:00.000Z", crm.Cell{State: crm.Read, Text: "pm1", At: at("04 12:00")}, at("05 09:00"), handoff.ScoringOpen, "2026-11-06T12:00:00.000Z", "score the open components"},
		{"nobody scores", "2026-11-03T09:00:00.000Z", text(""), at("05 09:00"), handoff.NeedsCSM, "", "enter who scores this handoff"},
		{"to be sent", "2026-11-10T09:00:00.000Z", crm.Cell{State: crm.Read, Text: "pm1", At: at("02 12:00")}, at("05 09:00"), handoff.AwaitingKickoff, "2026-11-12T09:00:00.000Z", "send the handoff"},
		{"a date is the end of its day in Berlin", "2026-11-03", crm.Cell{State: crm.Read, Text: "pm1", At: at("02 12:00")}, at("04 09:00"), handoff.ScoringOpen, "2026-11-05T23:00:00.000Z", "score the open components"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := with(lead(), map[string]string{"sent_at": c.sent})
			d.Fields.Set("partner_csm", c.manager)
			d.Won, d.Closed, d.WonAt.At = true, true, at("09 09:00") // a later win moves nothing
			out := hand(t, d, handoff.State{}, c.now)
			if out.State.Status != c.status || out.Show["partner_due_at"] != c.due || !strings.HasPrefix(out.Show["partner_ball"], "partner manager: "+c.ball) {
				t.Errorf("%s due %q, %q", out.State.Status, out.Show["partner_due_at"], out.Show["partner_ball"])
			}
		})
	}
}

// The example of the scorecard: three handoffs of one motion.
func TestTwoWeakestAndAVerdict(t *testing.T) {
	card := partnerCard(t)
	past := func(id, sent, digits string) handoff.Graded {
		at, err := time.Parse(time.RFC3339, sent)
		if err != nil {
			t.Fatal(err)
		}
		g := handoff.Graded{Deal: id, Sent: at, Scores: map[string]int{}}
		for i, c := range digits {
			g.Scores[strconv.Itoa(i+1)] = int(c - '0')
		}
		return g
	}
	september, october := past("P-9", "2026-09-04T09:00:00Z", "221211121"), past("P-3", "2026-10-06T09:00:00Z", "221110"+"022")
	october.Scores = past("", "2026-10-06T09:00:00Z", "221111022").Scores
	out := hand(t, grade(lead(), "211221021"), handoff.State{}, at("17 09:00"))
	for _, c := range []struct {
		name   string
		others []handoff.Graded
		want   []string
	}{
		{"the example", []handoff.Graded{september, october}, []string{"7 0.33 of 3", "3 1.00 of 3"}},
		{"in any order", []handoff.Graded{october, september}, []string{"7 0.33 of 3", "3 1.00 of 3"}},
		{"this one alone", nil, []string{"7 0.00 of 1", "2 1.00 of 1"}},
		{"an older one does not count", []handoff.Graded{september, october, past("P-8", "2026-08-01T09:00:00Z", "000000000")}, []string{"7 0.33 of 3", "3 1.00 of 3"}},
		{"nor does a later one", []handoff.Graded{september, october, past("P-7", "2026-11-04T09:00:00Z", "000000000")}, []string{"7 0.33 of 3", "3 1.00 of 3"}},
		{"nor this deal once more", []handoff.Graded{september, october, past("P-1", "2026-11-01T09:00:00Z", "000000000")}, []string{"7 0.33 of 3", "3 1.00 of 3"}},
		{"of one moment the id decides", []handoff.Graded{past("P-0", "2026-11-03T09:00:00Z", "222222222"), past("P-2", "2026-11-03T09:00:00Z", "000000000")}, []string{"7 1.00 of 2", "2 1.50 of 2"}},
	} {
		r := handoff.LookBack(card, "P-1", out.State, c.others)
		var got []string
		for _, w := range r.Weakest {
			got = append(got, fmt.Sprintf("%s %.2f of %d", w.Item, w.Mean, w.N))
		}
		if d := cmp.Diff(c.want, got); d != "" || r.Verdict != "shrink the ask" {
			t.Errorf("%s: verdict %q, weakest (-want +got):\n%s", c.name, r.Verdict, d)
		}
	}
	has(t, out.Show, map[string]string{"partner_score": "12", "partner_score_out_of": "18", "partner_band": "Fix before volume"})
	if !handoff.LooksBack(card, out.State) {
		t.Error("the band names the weakest")
	}
	out.Look(card, handoff.LookBack(card, "P-1", out.State, []handoff.Graded{september, october}))
	has(t, out.Show, map[string]string{
		"partner_action":       "Rebuild the two weakest components before the next handoff of this motion goes out. Weakest: owner, relationship path. Diagnosis: shrink the ask.",
		"partner_sync_message": "Cut the handoff down to one move with one named owner.",
	})
}

func TestDiagnosis(t *testing.T) {
	card := partnerCard(t)
	for _, c := range []struct{ digits, verdict string }{
		{"222222222", ""},
		{"222222221", "rebuild the packet"},
		{"222221222", "shrink the ask"},
		{"222222212", "renegotiate the rule"},
		{"111111111", "rebuild the packet"}, // ties go to the earlier group
		{"222221112", "shrink the ask"},
		{"111112222", "rebuild the packet"},
	} {
		out := hand(t, grade(lead(), c.digits), handoff.State{}, at("04 09:00"))
		r := handoff.LookBack(card, "P-1", out.State, nil)
		if r.Verdict != c.verdict || (r.Advice == "") != (c.verdict == "") {
			t.Errorf("%s: %q, %q", c.digits, r.Verdict, r.Advice)
		}
		out.Look(card, r)
		if len([]rune(out.Show["partner_action"])) > 255 || c.verdict != "" && !strings.Contains(out.Show["partner_action"], c.verdict) {
			t.Errorf("%s: action %q", c.digits, out.Show["partner_action"])
		}
		if rule := c.verdict == "renegotiate the rule"; rule != strings.Contains(out.Show["partner_sync_message"], "leadership") {
			t.Errorf("%s: says %q", c.digits, out.Show["partner_sync_message"])
		}
	}
}

// What does not fit is taken off the action, not off what is named.
func TestALongActionKeepsWhatItNames(t *testing.T) {
	card := partnerCard(t)
	r := handoff.Reading{Weakest: []scorecard.Weak{{Item: "7"}, {Item: "9"}}, Verdict: "shrink the ask"}
	if a := r.Action(card, strings.Repeat("Much to do. ", 21)); len([]rune(a)) != 255 || !strings.HasSuffix(a, "… Weakest: owner, proof. Diagnosis: shrink the ask.") {
		t.Errorf("%q", a)
	}
}

// Attempts of one deal are handoffs of their own where it was sent anew, and
// one where it was only scored again.
func TestAttemptsThatWereSentAnewCountForTheMotion(t *testing.T) {
	first := hand(t, grade(lead(), "211221021"), handoff.State{}, at("04 09:00"))
	for _, c := range []struct {
		name, sent string
		want       []string
	}{
		{"scored again", "2026-11-03T09:00:00.000Z", []string{"2026-11-03 18"}},
		{"sent anew", "2026-11-10T09:00:00.000Z", []string{"2026-11-03 12", "2026-11-10 18"}},
	} {
		d := with(grade(lead(), "222222222"), map[string]string{"partner_attempt_scored": "2", "sent_at": c.sent})
		second := hand(t, d, first.State, at("11 09:00"))
		var got []string
		for _, g := range second.State.Past("P-1") {
			sum := 0
			for _, n := range g.Scores {
				sum += n
			}
			got = append(got, g.Sent.Format(time.DateOnly)+" "+strconv.Itoa(sum))
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// The next attempt waits for what the one before was to start again from.
func TestRestart(t *testing.T) {
	asked := hand(t, grade(lead(), "110010012"), handoff.State{}, at("04 09:00"))
	has(t, asked.Show, map[string]string{
		"partner_band": "Not a handoff yet", "partner_hold": "true", "partner_escalation": "None", "partner_score": "6",
		"partner_ball": "partner manager: start again with the listed components",
	})
	for _, c := range []struct {
		name   string
		change map[string]string
		waits  string // the components that the second attempt waits for, "" if it is final
	}{
		{"nothing has changed", nil, "1, 8"},
		{"the others have changed", map[string]string{"partner_item_2_score": "2", "partner_item_3_score": "2"}, "1, 8"},
		{"a value has changed", map[string]string{"partner_item_1_score": "2"}, "8"},
		{"a text has changed", map[string]string{"evidence.1": "They asked for a carrier audit by March, and Mara Ionescu has it on her list."}, "8"},
		{"both have changed", map[string]string{"partner_item_1_score": "2", "days.8": "4"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := with(with(grade(lead(), "110010012"), c.change), map[string]string{"partner_attempt_scored": "2"})
			out := hand(t, d, asked.State, at("07 09:00"))
			if c.waits == "" {
				if out.State.Attempt != 2 || out.State.Final.Attempt != 2 {
					t.Errorf("attempt %d, %v", out.State.Attempt, out.Warnings)
				}
				return
			}
			if out.State.Attempt != 1 || !slices.Contains(out.Warnings, "attempt 2 is signed and waits for "+c.waits) {
				t.Errorf("attempt %d, warnings %q", out.State.Attempt, out.Warnings)
			}
		})
	}
	better := hand(t, grade(lead(), "211221021"), handoff.State{}, at("04 09:00"))
	next := hand(t, with(grade(lead(), "211221021"), map[string]string{"partner_attempt_scored": "2"}), better.State, at("07 09:00"))
	if next.State.Attempt != 2 {
		t.Errorf("a band without restart holds the next attempt: %q", next.Warnings)
	}
}

// A component at full marks is looked at too, and what cannot be read is not
// held to have changed.
func TestRestartFromWhatWasComplete(t *testing.T) {
	asked := hand(t, grade(lead(), "200010020"), handoff.State{}, at("04 09:00"))
	d := with(grade(lead(), "200010020"), map[string]string{"partner_attempt_scored": "2", "evidence.1": "Another reason altogether, with a date in it: 4 March."})
	if out := hand(t, d, asked.State, at("07 09:00")); !slices.Contains(out.Warnings, "attempt 2 is signed and waits for 8") {
		t.Errorf("%q", out.Warnings)
	}
	d.Fields.Set("evidence.1", crm.Cell{State: crm.Unreadable})
	if out := hand(t, d, asked.State, at("07 09:00")); !slices.Contains(out.Warnings, "attempt 2 is signed and waits for 1, 8") {
		t.Errorf("%q", out.Warnings)
	}
}

// A handoff that was closed and is sent anew is the next attempt, and still
// has to change what the one before was to start again from.
func TestSentAnewAfterItWasClosed(t *testing.T) {
	asked := hand(t, grade(lead(), "110010012"), handoff.State{}, at("04 09:00"))
	closed := hand(t, with(grade(lead(), "110010012"), map[string]string{"partner": ""}), asked.State, at("05 09:00"))
	has(t, closed.Show, map[string]string{"partner_status": "closed", "partner_hold": "false", "partner_score": "6"})
	if closed.State.Motion != "" || asked.State.Motion != "cobalt analytics" {
		t.Errorf("motion %q, then %q", asked.State.Motion, closed.State.Motion)
	}
	same := hand(t, grade(lead(), "110010012"), closed.State, at("06 09:00"))
	has(t, same.Show, map[string]string{"partner_status": "final", "partner_attempt": "1", "partner_hold": "true"})

	anew := with(grade(lead(), "112212012"), map[string]string{"sent_at": "2026-11-06T09:00:00.000Z", "partner_attempt_scored": "2"})
	next := hand(t, anew, closed.State, at("06 10:00"))
	has(t, next.Show, map[string]string{"partner_status": "scoring open", "partner_attempt": "2", "partner_score": "", "partner_range": "10-14 of 18, 2 items open"})
	with(anew, map[string]string{"partner_item_1_score": "2", "partner_item_8_score": "2"})
	has(t, hand(t, anew, next.State, at("06 11:00")).Show, map[string]string{"partner_status": "final", "partner_attempt": "2", "partner_score": "14"})
}

// A copy of a deal brings neither scores nor the sending with it.
func TestACopyIsNotSent(t *testing.T) {
	d := with(grade(lead(), "222222222"), map[string]string{"partner_key": "P-0/partner-handoff/1"})
	d.CreatedAt = at("04 09:00")
	if out := hand(t, d, handoff.State{}, at("05 09:00")); out.State.Status != handoff.OutOfScope || out.State.Reason != handoff.ReasonNotSent {
		t.Errorf("%s, %s", out.State.Status, out.State.Reason)
	}
	d.Fields.Set("sent_at", crm.Cell{State: crm.Read, Text: "2026-11-05T08:00:00.000Z", At: at("05 08:00")})
	if out := hand(t, d, handoff.State{}, at("05 09:00")); out.State.Status != handoff.NeedsCSM || out.Result.OpenN == 0 {
		t.Errorf("%s, %d open", out.State.Status, out.Result.OpenN)
	}
}

// Late scoring is the partner manager's, and nobody else hears of it.
func TestAnOverduePartnerHandoff(t *testing.T) {
	out := hand(t, lead(), handoff.State{}, at("09 09:00"))
	if out.State.Status != handoff.Overdue || len(out.Listed) != 0 {
		t.Errorf("%s, listed %v", out.State.Status, out.Listed)
	}
	if n := out.State.Notices; len(n) != 1 || n[0].Kind != handoff.Reminder || n[0].To != handoff.ToPartnerManager {
		t.Errorf("%+v", n)
	}
	people := map[crm.UserID]crm.Person{"pm1": {ID: "pm1", Active: true}}
	if who, why := handoff.Assign(handoff.ToPartnerManager, handoff.Hands{CSM: "pm1"}, people, handoff.Managers{}); who != "pm1" {
		t.Errorf("%q, %s", who, why)
	}
	if _, why := handoff.Assign(handoff.ToPartnerManager, handoff.Hands{CSM: "gone"}, people, handoff.Managers{}); why != "the partner manager is not active" {
		t.Error(why)
	}
}

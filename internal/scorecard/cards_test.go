package scorecard

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shipped are the cards that come with syncd.
func shipped(t testing.TB) map[string]*Card {
	t.Helper()
	cards, err := ParseSet(shippedFiles(t))
	if err != nil {
		t.Fatal(err)
	}
	return cards
}

func shippedFiles(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	paths, err := filepath.Glob("../../config/scorecards/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		if files[filepath.Base(p)], err = os.ReadFile(p); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestTheShippedCardsHaveTheirPointsAndBands(t *testing.T) {
	cards := shipped(t)
	for _, tt := range []struct {
		id, categories, bands string
		outOf, items          int
	}{
		{"sales-to-cs", "1 Deal Context 10, 2 Stakeholder Map 8, 3 Technical Fit 8, 4 Expectation Record 8, 5 CRM Hygiene 6", "36-40 Excellent green None [], 28-35 Acceptable yellow None [], 20-27 Below Standard orange CS manager [ae_fields_needed], 0-19 Incomplete red hold Sales manager [ae_rehandoff sales_manager_escalation]", 40, 20},
		{"sales-to-cs-simplified", "4 Expectation Record 8, 5 CRM Hygiene 6", "13-14 Excellent green None [], 10-12 Acceptable yellow None [], 7-9 Below Standard orange CS manager [ae_fields_needed], 0-6 Incomplete red hold None [ae_rehandoff]", 14, 7},
		{"partner-handoff", "1 Handoff components 18", "15-18 Sales-ready green None [], 9-14 Fix before volume orange None [], 0-8 Not a handoff yet red hold None []", 18, 9},
	} {
		t.Run(tt.id, func(t *testing.T) {
			c := cards[tt.id]
			var categories, bands []string
			for _, cat := range c.Categories {
				categories = append(categories, fmt.Sprintf("%s %s %d", cat.ID, cat.Title, cat.Max))
			}
			for _, b := range c.Bands {
				hold := ""
				if b.Hold {
					hold = " hold"
				}
				bands = append(bands, fmt.Sprintf("%d-%d %s %s%s %s %v", b.Min, b.Max, b.Name, b.Health, hold, b.Escalation, b.Tasks))
			}
			if diff := cmp.Diff(tt.categories, strings.Join(categories, ", ")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.bands, strings.Join(bands, ", ")); diff != "" {
				t.Error(diff)
			}
			if c.OutOf != tt.outOf || c.Count() != tt.items {
				t.Errorf("%d points, %d items", c.OutOf, c.Count())
			}
		})
	}
	if len(cards) != 3 {
		t.Errorf("%d cards", len(cards))
	}
}

// Every item of the two rubrics is there, with the check that judges it and
// the fields that it looks at.
func TestEveryItemHasItsCheck(t *testing.T) {
	want := map[string]string{
		"sales-to-cs": `1.1 text (text: evidence.1.1)
1.2 text (text: evidence.1.2), hint number_or_date
1.3 text (pick: pick.1.3; text: evidence.1.3)
1.4 text (text: evidence.1.4; nothing_caps: true)
1.5 text_or_none (none: none.1.5; pick: pick.1.5; text: evidence.1.5)
2.1 role (role: champion)
2.2 role (role: executive_sponsor), hint senior_title
2.3 role (role: day_to_day)
2.4 objector (none: none.2.4; text: evidence.2.4; role: objector)
3.1 text (pick: pick.3.1; text: evidence.3.1), hint version_or_method
3.2 text_or_none (none: none.3.2; text: evidence.3.2)
3.3 timeline (date: date.3.3; text: evidence.3.3; until: until.3.3)
3.4 text (text: evidence.3.4)
4.1 text (text: evidence.4.1), hint measure_or_date
4.2 text_or_none (none: none.4.2; text: evidence.4.2)
4.3 milestone (date: date.4.3; same_as: evidence.3.3; text: evidence.4.3)
4.4 text_or_none (discount: discount; none: none.4.4; text: evidence.4.4)
5.1 auto contacts_complete (roles: champion, executive_sponsor, day_to_day)
5.2 auto notes_after_close (notes: notes)
5.3 auto deal_correct (arr: arr; term_months: term_months)
`,
		"partner-handoff": `1 account_logic (listed: listed.1; owner: owner.1; text: evidence.1)
2 text (text: evidence.2)
3 relationship (ours: ours.3; text: evidence.3; theirs: theirs.3)
4 text (boilerplate: boilerplate.4; text: evidence.4)
5 offer (agreed: agreed.5; date: date.5; sent_at: sent_at; text: evidence.5; days: 14)
6 next_action (task_open: task_open.6; text: evidence.6)
7 single_owner (owner: owner.7)
8 acceptance (days: days.8; sent_at: sent_at; set_at: set_at.8; text: evidence.8)
9 proof (text: evidence.9)
`,
	}
	for id, lines := range want {
		var b strings.Builder
		for it := range shipped(t)[id].Items() {
			auto := ""
			if it.Auto {
				auto = "auto "
			}
			fmt.Fprintf(&b, "%s %s%s\n", it.ID, auto, it.Check.line())
			if it.Max != 2 {
				t.Errorf("%s %s: max %d", id, it.ID, it.Max)
			}
		}
		if diff := cmp.Diff(lines, b.String()); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}

// The simplified card is a view of the full one, not a copy.
func TestTheSimplifiedCardSharesItsItems(t *testing.T) {
	cards := shipped(t)
	full, small := cards["sales-to-cs"], cards["sales-to-cs-simplified"]
	if diff := cmp.Diff(full.Categories[3:], small.Categories); diff != "" {
		t.Error(diff)
	}
	if full.Prefix != small.Prefix || !small.BelowThreshold || full.BelowThreshold || small.PartnerOnly {
		t.Error("prefix or scope")
	}
	files := shippedFiles(t)
	files["sales-to-cs.yaml"] = bytes.Replace(files["sales-to-cs.yaml"], []byte("gap: go-live milestone"), []byte("gap: milestone"), 1)
	changed, err := ParseSet(files)
	if err != nil {
		t.Fatal(err)
	}
	if changed["sales-to-cs-simplified"].Version == small.Version {
		t.Error("a change of what is taken did not change the version")
	}
	if changed["partner-handoff"].Version != cards["partner-handoff"].Version {
		t.Error("an untouched card changed its version")
	}
}

func TestThePartnerCardIsOfItsOwn(t *testing.T) {
	c := shipped(t)["partner-handoff"]
	if c.Prefix != "partner" || c.Start != StartSent || c.Scorer != "partner_manager" || !c.PartnerOnly {
		t.Errorf("%+v", c)
	}
	if c.Band(12).Weakest != 2 {
		t.Error("the middle band names two components")
	}
	if diff := cmp.Diff([]string{"1", "8"}, c.LowestBand().Restart); diff != "" {
		t.Error(diff)
	}
	want := []Group{{ID: "packet", Items: []string{"1", "2", "3", "4", "5", "9"}}, {ID: "ask", Items: []string{"6", "7"}}, {ID: "rule", Items: []string{"8"}}}
	for i, g := range c.Groups {
		g.Verdict, g.Advice = "", ""
		if diff := cmp.Diff(want[i], g); diff != "" {
			t.Error(diff)
		}
	}
}

// The AE can read actions, gaps and questions: no score, no band, no
// statistic is in them.
func TestTextsTellNoNumbersToTheAE(t *testing.T) {
	percent := regexp.MustCompile(`\d+(\.\d+)?\s?%|\bNRR\b|benchmark data`)
	for id, c := range shipped(t) {
		for _, b := range c.Bands {
			for _, other := range c.Bands {
				for _, action := range []string{b.Action, b.ActionLate} {
					if strings.Contains(strings.ToLower(action), strings.ToLower(other.Name)) || strings.Contains(action, "point") {
						t.Errorf("%s %s: %q", id, b.Name, action)
					}
				}
			}
		}
		var all strings.Builder
		if err := Print(&all, c); err != nil {
			t.Fatal(err)
		}
		if found := percent.FindString(all.String()); found != "" {
			t.Errorf("%s: %q", id, found)
		}
	}
}

// Where the kickoff has passed, the delay is a pause.
func TestTheLowestBandPausesAfterKickoff(t *testing.T) {
	for _, id := range []string{"sales-to-cs", "sales-to-cs-simplified"} {
		b := shipped(t)[id].LowestBand()
		if !strings.Contains(strings.ToLower(b.Action), "delay kickoff") || !strings.Contains(strings.ToLower(b.ActionLate), "pause onboarding") {
			t.Errorf("%s: %q, %q", id, b.Action, b.ActionLate)
		}
	}
}

// Two texts for one purpose would confuse: each item has its own.
func TestItemTextsDiffer(t *testing.T) {
	for id, c := range shipped(t) {
		seen := map[string]string{}
		for it := range c.Items() {
			for _, text := range append(it.Guidance[:], it.Question, it.Gap, it.Title) {
				if other := seen[text]; other != "" {
					t.Errorf("%s: %s and %s both say %q", id, other, it.ID, text)
				}
				seen[text] = it.ID
			}
			if !strings.Contains(it.Question, "?") || len(it.Gap) > 40 {
				t.Errorf("%s %s: question %q, gap %q", id, it.ID, it.Question, it.Gap)
			}
		}
	}
}

func TestFieldNamesFollowThePrefix(t *testing.T) {
	cards := shipped(t)
	for id, want := range map[string]string{"sales-to-cs": "status", "sales-to-cs-simplified": "status", "partner-handoff": "partner_status"} {
		if got := cards[id].Field("status"); got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
	if cards["sales-to-cs"].Item("9.9") != nil || cards["sales-to-cs"].Item("3.2").Title == "" {
		t.Error("items by id")
	}
}

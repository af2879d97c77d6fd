package traps_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// A CSM who knows more than the record has the last word: the 2 counts, the
// cell is left alone, and it is told that nothing is on record.
// Mutation: internal/autoscore/merge.go: Merge takes no score above the cap.
func TestTrap04TheCSMsTwoBeatsABlankField(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(1)
		delete(w.Deals[0].Fields, "evidence.1.1")
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		r.Pass(t)
		if item := r.Item(t, 0, "1.1"); item.Cap != 0 || r.Gap(t, 0, "1.1") == "" {
			t.Fatalf("a blank field is worth up to %d", item.Cap)
		}
		r.Score(t, 0, allTwo)
		r.At(t, hour(1))
		shows(t, r, 0, fields{"item_1_1_score": "2", "score": "40", "band": "Excellent", "gaps": ""})
		item := r.Item(t, 0, "1.1")
		if item.Score == nil || *item.Score != 2 || item.Source != "csm" || !item.Override || !strings.Contains(strings.Join(item.Evidence, " "), "the field is blank") {
			t.Errorf("%+v", item)
		}
	})
}

// Nought is a score and blank is none: on the record, in what is told, and in
// the JSON of it.
// Mutation: internal/app/explain.go: number takes a nought for open.
func TestTrap06NoughtIsNotBlank(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(2)
		for i := range w.Deals {
			w.Deals[i].Notes = nil // 5.2 is worth nothing
		}
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		r.Set(t, r.Deal(0), "item_1_1_score", "0")
		r.At(t, hour(1))
		shows(t, r, 0, fields{"range": "20-36 of 40, 16 items open", "item_5_2_score": "0", "item_1_1_score": "0", "score": ""})
		shows(t, r, 1, fields{"range": "21-38 of 40, 17 items open", "item_5_2_score": "0", "item_1_1_score": "", "score": ""})
		if r.Gap(t, 0, "1.1") == "" || r.Gap(t, 1, "1.1") != "" {
			t.Errorf("gaps: %q of a nought, %q of a blank", r.Gap(t, 0, "1.1"), r.Gap(t, 1, "1.1"))
		}
		for deal, want := range []string{`"id": "1.1",.*"score": 0,`, `"id": "1.1",.*"score": null,`} {
			if _, said, _ := r.Command(t, "explain", r.Deal(deal), "-o", "json"); !matches(said, want) {
				t.Errorf("deal %d does not say %s", deal, want)
			}
		}
		r.Score(t, 0, "-"+allZero[1:])
		r.Score(t, 1, "-"+allZero[1:])
		r.At(t, hour(2))
		shows(t, r, 0, fields{"status": "final", "score": "4", "category_1": "0"})
		shows(t, r, 1, fields{"status": "scoring open", "score": "", "category_1": ""})
	})
}

// "None" as an answer is neither nothing nor everything: typed it is open and
// the pick is asked for, confirmed by the pick it is suggested as complete, and
// beside a discount it is contradicted.
// Mutation: internal/autoscore/check_none.go: a typed none proves nought.
func TestTrap07AnHonestNoneIsNotPunished(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(4)
		for i, f := range []map[string]string{
			{"evidence.4.2": "None"},
			{"evidence.4.2": "", "none.4.2": "true"},
			{"evidence.4.4": "none", "discount": "18"},
			{"evidence.1.4": "nothing"}, // every deal nearly died of something
		} {
			for name, v := range f {
				w.Deals[i].Fields[name] = v
			}
		}
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		r.Pass(t)
		typed := r.Item(t, 0, "4.2")
		if typed.Score != nil || typed.Floor != 0 || typed.Cap != 2 || !strings.Contains(strings.Join(typed.Evidence, " "), "pick would settle") {
			t.Errorf("typed: %+v", typed)
		}
		ticked := r.Item(t, 1, "4.2")
		if ticked.Score != nil || ticked.Floor != 1 || ticked.Cap != 2 || ticked.Suggestion == nil || *ticked.Suggestion != 2 {
			t.Errorf("confirmed: %+v", ticked)
		}
		denied := r.Item(t, 2, "4.4")
		if denied.Cap != 0 || !strings.Contains(strings.Join(denied.Evidence, " "), "the discount is 18 %") {
			t.Errorf("contradicted: %+v", denied)
		}
		if item := r.Item(t, 3, "1.4"); item.Cap != 1 || item.Question == "" {
			t.Errorf("nothing where there is no pick: %+v", item)
		}
	})
}

// An ARR of one and a term in days are somebody's way past a required field.
// Mutation: internal/autoscore/check_deal.go: any ARR that is a number counts.
func TestTrap25AnARROfOneIsMissing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(6)
		for i, f := range []map[string]string{{}, {"arr": "1"}, {"arr": "0"}, {"term_months": "720"}, {"arr": "1", "term_months": "0"}, {"arr": "0"}} {
			for name, v := range f {
				w.Deals[i].Fields[name] = v
			}
		}
		w.Deals[5].Type = "Expansion"
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w, Scope: "{go_live: 2026-10-03, free_types: [Expansion]}"})
		r.Pass(t)
		for i, want := range []string{"2", "1", "1", "1", "0", "2"} {
			if got := r.Field(t, r.Deal(i), "item_5_3_score"); got != want || (r.Gap(t, i, "5.3") == "") != (want == "2") {
				t.Errorf("%v, a deal of type %s: %s, want %s; gap %q", w.Deals[i].Fields["arr"], w.Deals[i].Type, got, want, r.Gap(t, i, "5.3"))
			}
		}
	})
}

// What the AE fills in once the kickoff was held comes too late for this
// handoff: the score is of the kickoff, and the gap says that it was filled
// after.
// Mutation: internal/handoff/auto.go: readAuto lets the last reading count.
func TestTrap32WhatIsFilledAfterTheKickoffIsMarked(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(2)
		for i := range w.Deals {
			w.Deals[i].Fields["arr"], w.Deals[i].Fields["evidence.1.1"] = "", "tbd"
		}
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		r.At(t, hour(-1))
		r.Clock.Set(hour(20))
		r.Set(t, r.Deal(0), "arr", "50000")
		r.At(t, hour(20))
		for i := range w.Deals {
			r.Score(t, i, "0"+allTwo[1:])
		}
		r.At(t, hour(24))
		for i := range w.Deals {
			shows(t, r, i, fields{"status": "final", "score": "37", "item_5_3_score": "1"})
		}
		r.Clock.Set(hour(25))
		r.Set(t, r.Deal(0), "evidence.1.1", "Regional teams tracked deals in spreadsheets; the forecast view works without a consultant.")
		r.At(t, hour(25))
		for _, item := range []string{"1.1", "5.3"} {
			if a, b := r.Gap(t, 0, item), r.Gap(t, 1, item); !strings.HasSuffix(a, "(filled after, check)") || b == "" || strings.Contains(b, "filled") {
				t.Errorf("gap %q where it was filled, %q where not", a, b)
			}
		}
		shows(t, r, 0, fields{"score": "37", "item_5_3_score": "1"})
	})
}

// A role that changes hands moves no deal, and is seen by the next pass while
// the clock runs.
// Mutation: internal/syncer/plan.go: part takes roles and people from the last snapshot where the deal itself has not moved.
func TestTrap36ARoleThatChangesHandsIsSeen(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		o := apptest.Options{CRM: crm, World: apptest.Even(3)}
		o.HubSpot.LinkKeepsDate = true
		r := apptest.Still(t, o)
		r.Pass(t)
		r.At(t, hour(-3)) // own writes are behind the overlap
		r.Clock.Set(hour(-2))
		r.Unlink(t, 0, "Champion")
		r.Relabel(t, 1, "Day-to-day", "Evaluator")
		report := r.At(t, hour(-2))
		if report.Kind != "incremental" {
			t.Fatalf("the pass is %s", report.Kind)
		}
		for i, want := range []string{"1", "1", "2"} {
			shows(t, r, i, fields{"item_5_1_score": want})
		}
		for i, item := range map[int]string{0: "2.1", 1: "2.3"} {
			if r.Item(t, i, item).Cap != 0 || r.Gap(t, i, item) == "" {
				t.Errorf("deal %d: %+v", i, r.Item(t, i, item))
			}
		}
	})
}

// A champion who is deleted, or merged into somebody else, is not evidence any
// more while the handoff is open; what is final stays.
// Mutation: internal/handoff/gaps.go: filledAfter takes what is gone for filled.
func TestTrap37APersonWhoIsGoneIsNoEvidence(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 3)
		r.Score(t, 1, "22222"+"0222"+"2222"+"2222") // the CSM thinks little of the champion
		r.Pass(t)
		shows(t, r, 1, fields{"status": "final", "score": "38", "item_5_1_score": "2"})
		before := r.Own(t, r.Deal(1))
		r.Clock.Set(hour(-9))
		for i := range 2 {
			r.DeleteContact(t, r.Holder(i, "Champion"))
		}
		r.MergeContacts(t, r.Holder(2, "Champion"), r.Holder(2, "Day-to-day"))
		r.At(t, hour(-9))
		r.Clock.Set(hour(-8))
		r.Full(t)
		shows(t, r, 0, fields{"item_5_1_score": "1"})
		if item := r.Item(t, 0, "2.1"); item.Cap != 0 || r.Gap(t, 0, "2.1") == "" {
			t.Errorf("a deleted champion is worth up to %d", item.Cap)
		}
		if d := cmp.Diff(before, r.Own(t, r.Deal(1))); d != "" {
			t.Errorf("the final deal (-before +after):\n%s", d)
		}
		for role, held := range r.Snapshot(t, 2).Roles {
			for _, id := range held.Contacts {
				if string(id) == r.ContactID(r.Holder(2, "Day-to-day")) && r.SF != nil {
					t.Errorf("the %s is somebody who was merged away", role)
				}
			}
		}
		if item := r.Item(t, 2, "2.3"); item.Cap == 0 {
			t.Errorf("the role of who was merged is empty: %+v", item)
		}
	})
}

// A field that the integration user cannot see is unknown, not blank: its items
// are open, nothing becomes final by it, and the run says that it is degraded.
// Mutation: internal/autoscore/cells.go: barred and long take an unreadable cell for a blank one.
func TestTrap40AHiddenFieldIsUnknownNotBlank(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 2)
		r.Score(t, 1, "-"+allTwo[1:])
		r.Set(t, r.Deal(1), "attempt_scored", "1")
		r.Hide(t, "evidence.1.1")
		r.Hide(t, "arr")
		report := r.Pass(t)
		if report.Degraded != 2 || !strings.Contains(strings.Join(report.Problems, "\n"), "evidence.1.1") {
			t.Errorf("%d degraded, told %v", report.Degraded, report.Problems)
		}
		for i := range 2 {
			if item := r.Item(t, i, "1.1"); !item.Unknown || item.Score != nil || item.Floor != 0 || item.Cap != 2 {
				t.Errorf("deal %d: %+v", i, item)
			}
			shows(t, r, i, fields{"status": "awaiting kickoff", "score": "", "item_5_3_score": ""})
			if gap := r.Gap(t, i, "1.1") + r.Gap(t, i, "5.3"); gap != "" {
				t.Errorf("deal %d has the gap %q", i, gap)
			}
		}
		r.Show(t, "evidence.1.1")
		r.Show(t, "arr")
		r.Set(t, r.Deal(1), "item_1_1_score", "2")
		r.Open(t) // reads the schema again
		r.At(t, hour(-2))
		shows(t, r, 1, fields{"status": "final", "score": "40"})
	})
}

// Empty rich text, spaces that do not break, dashes and smileys are blank.
// Mutation: internal/richtext/plain.go: tags stay in the text.
func TestTrap43WhatLooksBlankIsBlank(t *testing.T) {
	blanks(t, "<p><br></p>", "<div><span>&nbsp;</span></div>", "\u00a0\u00a0", "\u2014", "...", "\U0001F642\U0001F642\U0001F642", "\u200b\u200b\u200b")
}

// Filler is filler in every language that teams write in, and so is what the
// company says is; a short word in signs that mean a word each is not.
// Mutation: internal/autoscore/words.txt: the Japanese line of placeholders is gone.
func TestTrap44FillerInOtherLanguagesIsFiller(t *testing.T) {
	blanks(t, "siehe E-Mail", "k.A.", "\u898b\u7a4d\u53c2\u7167", "voir mail", "ver correo")
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(2)
		w.Deals[0].Fields["evidence.1.1"] = "\u5728\u5eab\u7ba1\u7406" // stock keeping
		w.Deals[1].Fields["evidence.1.1"] = "steht im Wiki"
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w, More: "placeholders: {add: [\"Steht im Wiki!\"]}\n"})
		r.Pass(t)
		if item := r.Item(t, 0, "1.1"); item.Floor != 1 || item.Cap != 2 {
			t.Errorf("four signs of Japanese: %+v", item)
		}
		if item := r.Item(t, 1, "1.1"); item.Cap != 0 {
			t.Errorf("what the company calls filler: %+v", item)
		}
	})
}

// blanks fails unless every text proves that nothing is there.
func blanks(t *testing.T, texts ...string) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(len(texts))
		at := 0
		for w.Fields[at].Name != "evidence.1.1" {
			at++
		}
		w.Fields[at].Kind = world.RichText
		for i, text := range texts {
			w.Deals[i].Fields["evidence.1.1"] = text
		}
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		r.At(t, apptest.Start.Add(time.Minute))
		for i, text := range texts {
			if item := r.Item(t, i, "1.1"); item.Cap != 0 || r.Gap(t, i, "1.1") == "" {
				t.Errorf("%q is worth %d-%d, gap %q", text, item.Floor, item.Cap, r.Gap(t, i, "1.1"))
			}
		}
	})
}

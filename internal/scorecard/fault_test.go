package scorecard

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/yamlfile"
)

// small is a sound card with a bit of everything; the tables break it.
const small = `id: small
title: A small card
prefix: tiny
start: kickoff
scorer: csm
out_of: 5
categories:
  - id: "1"
    title: First
    max: 3
    items:
      - id: "1.1"
        title: One
        guidance: {missing: none, partial: some, complete: all}
        question: What about one?
        gap: one
        check: {name: text, sources: {text: evidence.1.1}, hints: [number_or_date]}
      - id: "1.2"
        title: Two
        max: 1
        guidance: {missing: none, partial: some}
        question: What about two?
        gap: two
        check: {name: role, params: {role: champion}}
  - id: "2"
    title: Second
    max: 2
    items:
      - id: "2.1"
        title: Three
        auto: true
        guidance: {missing: none, partial: some, complete: all}
        question: What about three?
        gap: three
        check: {name: contacts_complete, params: {roles: "champion,day_to_day"}}
bands:
  - {name: Good, health: green, min: 4, max: 5, action: Go on.}
  - {name: Fair, health: orange, min: 2, max: 3, action: Mend., escalation: CS manager, tasks: [ae_fields_needed], weakest: 2}
  - {name: Poor, health: red, min: 0, max: 1, action: Wait., escalation: Sales manager, tasks: [sales_manager_escalation], restart: ["1.1"]}
groups:
  - {id: a, items: ["1.1", "1.2"], verdict: first}
  - {id: b, items: ["2.1"], verdict: second, advice: Look again.}
`

// brief shows an error's faults as `path: message @ what stands at the fault`.
func brief(src string, err error) []string {
	var all []string
	faults, _ := errors.AsType[yamlfile.Faults](err)
	for _, f := range faults {
		line := []rune(strings.Split(src, "\n")[f.Line-1])
		at := strings.FieldsFunc(string(line[f.Col-1:]), func(r rune) bool { return strings.ContainsRune(", ]}", r) })[0]
		all = append(all, fmt.Sprintf("%s: %s @ %.12s", f.Path, f.Message, at))
	}
	return all
}

func TestTheSmallCardIsSound(t *testing.T) {
	if _, err := Parse("small.yaml", []byte(small)); err != nil {
		t.Fatal(err)
	}
}

func TestEveryFaultOfACardHasItsPlace(t *testing.T) {
	long := strings.Repeat("x", 256)
	for _, tt := range []struct{ name, old, new, want string }{
		{"unknown key", "title: A small card", "titel: A small card", `title: is missing @ id: | titel: unknown key "titel" @ titel:`},
		{"card id", "id: small", "id: Small Card", `id: "Small Card" is not a name that can be used here @ Small`},
		{"prefix", "prefix: tiny", "prefix: Tiny_", `prefix: "Tiny_" is not a name that can be used here @ Tiny_`},
		{"start", "start: kickoff", "start: kickof", `start: unknown value "kickof" @ kickof`},
		{"scorer", "scorer: csm", "scorer: ae", `scorer: unknown value "ae" @ ae`},
		{"several lines in a title", "title: A small card", "title: \"A\\nB\"", `title: must be one line of plain text @ "A\nB"`},

		{"the total is off", "out_of: 5", "out_of: 6", `out_of: is 6, but the items add up to 5 @ 6`},
		{"a category is off", "max: 3\n    items", "max: 4\n    items", `categories[0].max: is 4, but its items add up to 3 @ 4`},
		{"a total that cannot be read is told once", "out_of: 5", "out_of: five", `out_of: wants a whole number, not five @ five`},
		{"a missing max is told once", "    max: 3\n    items", "    items", `categories[0].max: is missing @ id:`},
		{"a category without items", "    max: 2\n    items:\n      - id", "    max: 2\n    items: []\n    other:\n      - id", `categories[1].items: the category has no item @ [ | categories[1].other: unknown key "other" @ other: | groups[1].items[0]: there is no item "2.1" @ "2.1"`},
		{"item worth nothing", "        max: 1\n", "        max: 0\n", `categories[0].items[1].max: is 0; an item is worth 1 or 2 @ 0`},
		{"item worth too much", "        max: 1\n", "        max: 3\n", `categories[0].items[1].max: is 3; an item is worth 1 or 2 @ 3`},
		{"item worth less than nothing", "        max: 1\n", "        max: -1\n", `categories[0].items[1].max: is -1; an item is worth 1 or 2 @ -1`},
		{"octal", "        max: 1\n", "        max: 01\n", `categories[0].items[1].max: wants a whole number, not 01 @ 01`},

		{"category twice", "- id: \"2\"", "- id: \"1\"", `categories[1].id: category "1" is on the card twice @ "1"`},
		{"item twice", "- id: \"1.2\"", "- id: \"1.1\"", `categories[0].items[1].id: item "1.1" is on the card twice @ "1.1" | groups[0].items[1]: there is no item "1.2" @ "1.2"`},
		{"item id", "- id: \"2.1\"", "- id: \"2_1\"", `categories[1].items[0].id: "2_1" is not a name that can be used here @ "2_1" | groups[1].items[0]: there is no item "2.1" @ "2.1"`},
		{"no guidance", "        guidance: {missing: none, partial: some}\n", "", `categories[0].items[1].guidance: is missing @ id:`},
		{"no guidance for 1", "{missing: none, partial: some}", "{missing: none}", `categories[0].items[1].guidance.partial: is missing @ guidance:`},
		{"no guidance for 2", "{missing: none, partial: some, complete: all}\n        question: What about one?", "{missing: none, partial: some}\n        question: What about one?", `categories[0].items[0].guidance.complete: is missing @ {missing:`},
		{"no question", "        question: What about one?\n", "", `categories[0].items[0].question: is missing @ id:`},
		{"blank gap", "gap: one", "gap: ''", `categories[0].items[0].gap: has no value @ gap:`},
		{"several lines in a gap", "gap: one", "gap: |\n          one\n          two", `categories[0].items[0].gap: must be one line of plain text @ |`},
		{"no check", "        check: {name: role, params: {role: champion}}\n", "", `categories[0].items[1].check: is missing @ id:`},

		{"unknown check", "name: text,", "name: txt,", `categories[0].items[0].check.name: unknown check "txt" @ txt`},
		{"check without a name", "{name: role, params", "{params", `categories[0].items[1].check.name: is missing @ check:`},
		{"unknown source key", "{text: evidence.1.1}", "{text: evidence.1.1, texts: notes}", `categories[0].items[0].check.sources.texts: check "text" takes no source "texts" @ notes`},
		{"missing source", ", sources: {text: evidence.1.1}", "", `categories[0].items[0].check.sources.text: check "text" needs the source "text" @ {name:`},
		{"unknown kind of source", "evidence.1.1}", "evidense.1.1}", `categories[0].items[0].check.sources.text: unknown source "evidense.1.1" @ evidense.1.1`},
		{"source of no item", "evidence.1.1}", "evidence.1.7}", `categories[0].items[0].check.sources.text: unknown source "evidence.1.7": there is no item "1.7" @ evidence.1.7`},
		{"source that is no name", "evidence.1.1}", "Use Case}", `categories[0].items[0].check.sources.text: unknown source "Use Case" @ Use`},
		{"source nearly spelled right", "evidence.1.1}", "discuont}", `categories[0].items[0].check.sources.text: unknown source "discuont" @ discuont`},
		{"blank source", "{text: evidence.1.1}", "{text: ''}", `categories[0].items[0].check.sources.text: unknown source "" @ ''`},
		{"unknown parameter", "{role: champion}", "{role: champion, rolle: x}", `categories[0].items[1].check.params.rolle: check "role" takes no parameter "rolle" @ x`},
		{"missing parameter", ", params: {role: champion}", "", `categories[0].items[1].check.params.role: check "role" needs the parameter "role" @ {name:`},
		{"role nearly spelled right", "{role: champion}", "{role: champoin}", `categories[0].items[1].check.params.role: unknown role "champoin" @ champoin`},
		{"role that is no name", "champion,day_to_day", "champion, day_to_day", `categories[1].items[0].check.params.roles: unknown role " day_to_day" @ "champion`},
		{"role twice", "champion,day_to_day", "champion,champion", `categories[1].items[0].check.params.roles: role "champion" is listed twice @ "champion`},
		{"unknown hint", "number_or_date", "number_or_dates", `categories[0].items[0].check.hints[0]: unknown hint "number_or_dates" @ number_or_da`},
		{"hint twice", "[number_or_date]", "[number_or_date, number_or_date]", `categories[0].items[0].check.hints[1]: hint "number_or_date" is listed twice @ number_or_da`},
		{"days", "{name: role, params: {role: champion}}", "{name: offer, sources: {text: evidence.1.2}, params: {days: soon}}", `categories[0].items[1].check.params.days: "soon" is not a number of days @ soon`},
		{"no days", "{name: role, params: {role: champion}}", "{name: offer, sources: {text: evidence.1.2}, params: {days: 0}}", `categories[0].items[1].check.params.days: "0" is not a number of days @ 0`},
		{"nothing_caps", "{name: role, params: {role: champion}}", "{name: text, sources: {text: evidence.1.2}, params: {nothing_caps: maybe}}", `categories[0].items[1].check.params.nothing_caps: unknown value "maybe" @ maybe`},
		{"nothing_caps blank", "{name: role, params: {role: champion}}", "{name: text, sources: {text: evidence.1.2}, params: {nothing_caps: ''}}", `categories[0].items[1].check.params.nothing_caps: has no value @ ''`},
		{"auto with a check for people", "max: 1\n", "auto: true\n        max: 1\n", `categories[0].items[1].check.name: the item is auto, but check "role" leaves the score to a person @ role`},
		{"auto check on an item for people", "        auto: true\n", "", `categories[1].items[0].check.name: check "contacts_complete" scores by itself, but the item is not auto @ contacts_com`},

		{"gap between bands", "max: 3, action", "max: 2, action", `bands[1].max: total 3 is in no band @ 2`},
		{"overlap", "max: 3, action", "max: 4, action", `bands[1].max: total 4 is in the band before too @ 4`},
		{"the top is in no band", "max: 5, action", "max: 4, action", `bands[0].max: total 5 is in no band @ 4`},
		{"above the top", "max: 5, action", "max: 9, action", `bands[0].max: is 9, but the card has 5 points @ 9`},
		{"zero is in no band", "min: 0, max: 1", "min: 1, max: 1", `bands[2].min: total 0 is in no band @ 1`},
		{"below zero", "min: 0, max: 1", "min: -2, max: 1", `bands[2].min: a total cannot be below 0 @ -2`},
		{"bounds swapped", "min: 2, max: 3", "min: 3, max: 2", `bands[1].min: is 3, above its max of 2 @ 3`},
		{"out of order", "{name: Fair, health: orange, min: 2, max: 3", "{name: Fair, health: orange, min: 7, max: 8", `bands[1]: is better than the band before it @ {name: | bands[2].max: totals 2-6 are in no band @ 1`},
		{"no bands", "bands:\n", "bands: []\nbends:\n", `bands: the card has no band @ [ | bends: unknown key "bends" @ bends:`},
		{"band twice", "name: Fair", "name: Good", `bands[1].name: band "Good" is on the card twice @ Good`},
		{"health", "health: orange", "health: amber", `bands[1].health: unknown value "amber" @ amber`},
		{"escalation", "escalation: CS manager", "escalation: CSM", `bands[1].escalation: unknown value "CSM" @ CSM`},
		{"task", "[ae_fields_needed]", "[ae_field_needed]", `bands[1].tasks[0]: unknown value "ae_field_needed" @ ae_field_nee`},
		{"task twice", "[ae_fields_needed]", "[ae_fields_needed, ae_fields_needed]", `bands[1].tasks[1]: task "ae_fields_needed" is listed twice @ ae_fields_ne`},
		{"task of another escalation", "escalation: Sales manager", "escalation: CS manager", `bands[2].tasks[0]: the band does not go to the Sales manager @ sales_manage`},
		{"more weakest than items", "weakest: 2", "weakest: 4", `bands[1].weakest: is 4; the card has 3 items @ 4`},
		{"fewer weakest than none", "weakest: 2", "weakest: -1", `bands[1].weakest: is -1; the card has 3 items @ -1`},
		{"restart", `restart: ["1.1"]`, `restart: ["1.9"]`, `bands[2].restart[0]: there is no item "1.9" @ "1.9"`},
		{"action too long", "action: Mend.", "action: " + long, `bands[1].action: has 256 characters, more than the 255 of the field on the record @ xxxxxxxxxxxx`},
		{"late action too long", "action: Mend.", "action: Mend., action_late: " + long, `bands[1].action_late: has 256 characters, more than the 255 of the field on the record @ xxxxxxxxxxxx`},

		{"group of unknown items", `items: ["2.1"]`, `items: ["2.7"]`, `groups[1].items[0]: there is no item "2.7" @ "2.7"`},
		{"item in two groups", `items: ["2.1"]`, `items: ["1.1"]`, `groups[1].items[0]: item "1.1" is in another group too @ "1.1"`},
		{"item twice in a group", `items: ["2.1"]`, `items: ["2.1", "2.1"]`, `groups[1].items[1]: item "2.1" is listed twice @ "2.1"`},
		{"group without items", `items: ["2.1"]`, `items: []`, `groups[1].items: the group has no item @ [`},
		{"group twice", "{id: b,", "{id: a,", `groups[1].id: group "a" is on the card twice @ a`},
		{"use of an unknown card", "out_of: 5", "out_of: 5\nuse: {card: large, categories: ['1']}", `use.card: there is no other card "large" @ large`},
		{"use of itself", "out_of: 5", "out_of: 5\nuse: {card: small, categories: ['1']}", `use.card: there is no other card "small" @ small`},
		{"use of nothing", "out_of: 5", "out_of: 5\nuse: {}", `use.card: is missing @ use: | use.categories: is missing @ use:`},
		{"no categories", "categories:\n", "categories: []\nolder:\n", `categories: the card has no category @ [ | older: unknown key "older" @ older:`},
		{"not YAML", "id: small", "id: [", `: not valid YAML: sequence end token ']' not found @ [`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Count(small, tt.old) != 1 && tt.name != "not YAML" {
				t.Fatalf("%q is in the card %d times", tt.old, strings.Count(small, tt.old))
			}
			src := strings.Replace(small, tt.old, tt.new, 1)
			card, err := Parse("small.yaml", []byte(src))
			if err == nil || card != nil {
				t.Fatal("no fault")
			}
			if diff := cmp.Diff(tt.want, strings.Join(brief(src, err), " | ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAllFaultsOfACardComeAtOnce(t *testing.T) {
	src := strings.NewReplacer("out_of: 5", "out_of: 7", "health: green", "health: blue", "gap: one", "gap:", "name: text,", "name: tetx,", "min: 0", "min: 1").Replace(small)
	_, err := Parse("cards/small.yaml", []byte(src))
	const want = `cards/small.yaml:6:9: out_of: is 7, but the items add up to 5 (write 5, or correct the items)
    6 | out_of: 7
      |         ^
cards/small.yaml:16:9: categories[0].items[0].gap: has no value (give it one)
   16 |         gap:
      |         ^
cards/small.yaml:17:23: categories[0].items[0].check.name: unknown check "tetx" (did you mean "text"?)
   17 |         check: {name: tetx, sources: {text: evidence.1.1}, hints: [number_or_date]}
      |                       ^
cards/small.yaml:37:26: bands[0].health: unknown value "blue" (known: green, yellow, orange, red)
   37 |   - {name: Good, health: blue, min: 4, max: 5, action: Go on.}
      |                          ^
cards/small.yaml:39:36: bands[2].min: total 0 is in no band (write 0, and list the bands best first)
   39 |   - {name: Poor, health: red, min: 1, max: 1, action: Wait., escalation: Sales manager, tasks: [sale
      |                                    ^`
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Error(diff)
	}
}

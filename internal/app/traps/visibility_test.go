package traps_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// readable are the fields of a record that AEs read.
var readable = []string{"status", "gaps", "action", "ball"}

// harmless are the digits that AEs may read: an item's number where a line of
// gaps begins, and how many hours there are.
var harmless = regexp.MustCompile(`(?m)^[0-9]\.[0-9] |[0-9]+ hours`)

// What an AE can read holds no score and no band, in any band and before one:
// the fields that AEs see have no digit but an item's number and a deadline's hours,
// and no text that goes into a task has any.
// Mutation: internal/handoff/ball.go: the ball says how many items are open.
func TestTrap10WhatAEsReadHoldsNoNumber(t *testing.T) {
	set, err := config.Default().Cards()
	if err != nil {
		t.Fatal(err)
	}
	var cards []*scorecard.Card
	var bands []string
	for _, card := range set {
		cards = append(cards, card)
		for _, b := range card.Bands {
			bands = append(bands, b.Name)
		}
	}
	numberFree := func(t *testing.T, what, text string) {
		t.Helper()
		if strings.IndexFunc(harmless.ReplaceAllString(text, ""), unicode.IsDigit) >= 0 {
			t.Errorf("%s holds a number: %s", what, text)
		}
		for _, band := range bands {
			if strings.Contains(strings.ToLower(text), strings.ToLower(band)) {
				t.Errorf("%s names the band %s: %s", what, band, text)
			}
		}
	}
	for kind, words := range config.Default().Words() {
		if fault := words.Lint(cards); fault != "" {
			t.Errorf("%s: %s", kind, fault)
		}
	}
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 6)
		const acceptable, below = "11122" + "2122" + "1122" + "1122", "01112" + "1122" + "0112" + "1111"
		for i, digits := range []string{allTwo, acceptable, below, nineteen} {
			r.Score(t, i, digits)
		}
		r.Score(t, 4, "01-------------"+"--")
		r.Pass(t)
		for _, h := range []int{1, 60} {
			seen := map[string]bool{}
			r.At(t, hour(h))
			for i := range 6 {
				for _, name := range readable {
					numberFree(t, fmt.Sprintf("%s of deal %d", name, i), r.Field(t, r.Deal(i), name))
				}
				seen[r.Field(t, r.Deal(i), "band")] = true
				for _, n := range r.State(t, i).Notices {
					deal := r.Snapshot(t, i)
					card := set["sales-to-cs"]
					f := handoff.FactsOf(card, &deal, handoff.Output{State: r.State(t, i)}, n, nil)
					f.Due, f.Deal = "", ""
					subject, body, err := config.Default().Words()[n.Kind].Render(f, "")
					if err != nil {
						t.Error(err)
					}
					numberFree(t, n.Kind, subject+"\n"+body)
				}
			}
			if delete(seen, ""); len(seen) != 4 {
				t.Errorf("bands on show: %v", seen)
			}
		}
	})
}

// faces is everything that a person can be shown today of a company's handoffs:
// what passes print, lists of runs, what is told of every deal, and what stands
// on it and in its tasks.
func faces(t *testing.T, r *apptest.Rig) map[string]string {
	t.Helper()
	shown := map[string]string{}
	r.Close(t)
	defer r.Open(t)
	see := func(args ...string) {
		code, out, log := r.Command(t, args...)
		if code > 1 {
			t.Fatalf("%v: exit %d\n%s", args, code, log)
		}
		shown[strings.Join(args, " ")] = out + log
	}
	see("run", "--once", "-o", "json")
	see("run", "--once")
	see("runs", "-o", "json")
	see("runs")
	var runs []struct{ ID string }
	if err := json.Unmarshal([]byte(shown["runs -o json"]), &runs); err != nil || len(runs) == 0 {
		t.Fatal(runs, err)
	}
	see("runs", runs[len(runs)-1].ID, "-o", "json")
	for i := range 2 {
		see("explain", r.Deal(i), "-o", "json")
		see("explain", r.Deal(i))
	}
	for i := range r.World.Deals {
		for _, task := range r.TasksOn(t, i, "") {
			shown["task "+task.Key] = task.Subject + "\n" + task.Body
		}
		for name, text := range r.Own(t, r.Deal(i)) {
			if slices.Contains(ours, name) {
				shown[fmt.Sprintf("%s of deal %d", name, i)] = text
			}
		}
	}
	return shown
}

// Nobody's figures stand beside a name: no face names an AE, and none has a
// figure by seller, let alone a ranking.
// Mutation: internal/app/explain.go: describeDeal tells who sold the deal.
func TestTrap30NoFaceGradesAPerson(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(4)
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		for i, digits := range []string{nineteen, nineteen, allTwo} {
			r.Score(t, i, digits)
		}
		byPerson := regexp.MustCompile(`(?i)^(by_)?(ae|aes|seller|sellers|owner|owners|rank|ranking|leaderboard)(_|$)`)
		for face, text := range faces(t, r) {
			for i, u := range w.Users {
				if u.Job == world.AE && (strings.Contains(text, u.Name) || strings.Contains(text, u.Email) || strings.Contains(text, `"`+r.User(i)+`"`)) {
					t.Errorf("%s names an AE:\n%s", face, text)
				}
			}
			var v any
			if json.Unmarshal([]byte(text), &v) != nil {
				continue
			}
			for _, key := range keysOf(v) {
				if byPerson.MatchString(key) {
					t.Errorf("%s has %q", face, key)
				}
			}
		}
	})
}

// keysOf are all keys of a JSON value, at any depth; kinds of call are not of
// people.
func keysOf(v any) (keys []string) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			keys = append(keys, keysOf(x)...)
		}
	case map[string]any:
		for k, x := range v {
			if keys = append(keys, k); !strings.HasPrefix(k, "api_calls") {
				keys = append(keys, keysOf(x)...)
			}
		}
	}
	return keys
}

// What people wrote about their customers stays where they wrote it: no text of
// theirs, no mail address and no phone number is in a log, on a face or in a
// field of ours.
// Mutation: internal/autoscore/check_contacts.go: evidence quotes the mail address that is not well-formed.
func TestTrap42NobodysWordsAreSpread(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(3)
		for i := range w.Deals {
			w.Deals[i].Fields["evidence.4.2"] = "The sponsor is off sick with zebrafever until March; promised 61 % off, quietly."
			w.Deals[i].Fields["evidence.1.4"] = "nothing"
			w.Deals[i].Notes[0].Body += " Call the zebrafever ward on +49 30 7654321 if it burns."
			champion := &w.Contacts[w.Deals[i].Roles[0].Contact]
			champion.Email, champion.Phone = "secretive.zebra@customer.invalid-tld", "+49 30 12"
			champion.Fields["contact_context"] = "Divorced from the zebrafever sponsor last year, so never seat them together."
		}
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		r.Score(t, 0, nineteen)
		r.Set(t, r.Deal(1), "item_4_2_note", "zebrafever again, says the CSM")
		shown := faces(t, r)
		if !strings.Contains(shown["explain "+r.Deal(1)], "The e-mail address of the") {
			t.Error("the evidence says nothing of the address: the test shows nothing")
		}
		for face, text := range shown {
			for _, word := range []string{"zebra", "61 %", "7654321", "invalid-tld", "+49 30", "Divorced"} {
				if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
					t.Errorf("%s says %q", face, word)
				}
			}
		}
	})
}

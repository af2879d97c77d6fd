package scorecard

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/yamlfile"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// user is a card that takes categories from small, with n points.
func user(id, card, categories string, top string) []byte {
	return []byte("id: " + id + "\ntitle: T\nprefix: tiny\nstart: kickoff\nscorer: csm\nout_of: " + top +
		"\nuse: {card: " + card + ", categories: [" + categories + "]}\nbands: [{name: All, health: green, min: 0, max: " + top + ", action: Go.}]\n")
}

func TestACardSaysTheSameHoweverItIsWritten(t *testing.T) {
	first, err := Parse("a", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Version) != 12 || strings.Trim(first.Version, "0123456789abcdef") != "" {
		t.Errorf("version %q", first.Version)
	}
	if diff := cmp.Diff(small, string(first.Source)); diff != "" {
		t.Error(diff)
	}
	reworded := strings.NewReplacer(
		"id: small", "# a comment\nid: 'small'", "title: One", "title: >-\n          One", "guidance: {missing: none, partial: some}", "guidance:\n          partial: some\n          missing: none",
		"action: Mend.,", "action: Mend., action_late: Mend., hold: false,", "{id: a, items", "{id: a, advice: '', items").Replace(small)
	again, err := Parse("b", []byte(reworded))
	if err != nil {
		t.Fatal(err)
	}
	if again.Version != first.Version {
		t.Error("another way of writing is another version")
	}
	for _, change := range [][2]string{
		{"title: One", "title: Uno"},
		{"gap: two", "gap: 2"},
		{"partial: some, complete: all", "partial: some, complete: it all"},
		{"evidence.1.1", "notes"},
		{"hints: [number_or_date]", "hints: []"},
		{"role: champion", "role: objector"},
		{"action: Wait.", "action: Hold."},
		{"action: Wait.", "action: Wait., hold: true"},
		{"weakest: 2", "weakest: 1"},
		{"restart: [\"1.1\"]", "restart: [\"2.1\"]"},
		{"verdict: first", "verdict: one"},
		{"scorer: csm", "scorer: partner_manager"},
		{"out_of: 5", "out_of: 5\nbelow_threshold: true"},
		{"start: kickoff", "start: sent"},
		{"title: First", "title: Top"},
	} {
		other, err := Parse("c", []byte(strings.Replace(small, change[0], change[1], 1)))
		if err != nil {
			t.Fatal(err)
		}
		if other.Version == first.Version {
			t.Errorf("%s: the version is the same", change[1])
		}
	}
}

// What is stored with a result is enough to read the card again.
func TestTheStoredSourceStandsAlone(t *testing.T) {
	for id, c := range shipped(t) {
		again, err := Parse("stored", c.Source)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if diff := cmp.Diff(c, again); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
		if content, err := Parse("content", c.content()); err != nil || content.Version != c.Version {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestACallerCannotChangeASource(t *testing.T) {
	src := []byte(small)
	c, err := Parse("a", src)
	if err != nil {
		t.Fatal(err)
	}
	src[0] = 'X'
	if c.Source[0] != 'i' {
		t.Error("the source is shared with the caller")
	}
}

func TestParseTakesCategoriesFromOthers(t *testing.T) {
	base, err := Parse("small", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse("user", user("user", "small", "'2', '1'", "5"), nil, base)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Category{base.Categories[1], base.Categories[0]}, c.Categories); diff != "" {
		t.Error(diff)
	}
	// The card's own categories follow those taken, and may not repeat them.
	own := strings.Replace(small, "categories:\n", "use: {card: small, categories: ['1']}\ncategories:\n", 1)
	own = strings.Replace(own, "id: small", "id: own", 1)
	_, err = Parse("own", []byte(own), base)
	want := []string{
		`categories[0].id: category "1" is on the card twice @ "1"`,
		`categories[0].items[0].id: item "1.1" is on the card twice @ "1.1"`,
		`categories[0].items[1].id: item "1.2" is on the card twice @ "1.2"`,
	}
	got := brief(own, err)
	for _, w := range want {
		if !strings.Contains(strings.Join(got, "\n"), w) {
			t.Errorf("no %q in %v", w, got)
		}
	}
}

func TestReferencesThatCannotBeFollowed(t *testing.T) {
	broken := bytes.Replace([]byte(small), []byte("health: green"), []byte("health: blue"), 1)
	for _, tt := range []struct {
		name  string
		files map[string][]byte
		want  string
	}{
		{"in any order", map[string][]byte{"a": user("user", "small", "'1'", "3"), "b": []byte(small)}, ""},
		{"through another", map[string][]byte{"a": user("third", "user", "'1'", "3"), "b": user("user", "small", "'1'", "3"), "c": []byte(small)}, ""},
		{"unknown card", map[string][]byte{"a": user("user", "smal", "'1'", "3"), "b": []byte(small)}, `a:7:13: use.card: there is no other card "smal" (did you mean "small"?)`},
		{"unknown category", map[string][]byte{"a": user("user", "small", "'1', '7'", "3"), "b": []byte(small)}, `a:7:38: use.categories[1]: card small has no category "7" (known: 1, 2)`},
		{"category twice", map[string][]byte{"a": user("user", "small", "'1', '1'", "3"), "b": []byte(small)}, `a:7:38: use.categories[1]: category "1" is taken twice (keep one of the two)`},
		{"itself", map[string][]byte{"a": user("user", "user", "'1'", "3")}, `a:7:13: use.card: refers back to this card (write the categories out in one of the cards)`},
		{"each other", map[string][]byte{"a": user("ua", "ub", "'1'", "3"), "b": user("ub", "ua", "'1'", "3")}, `b:7:13: use.card: refers back to this card (write the categories out in one of the cards)`},
		{"a card with faults is told once", map[string][]byte{"a": user("user", "small", "'1'", "3"), "b": broken}, `b:37:26: bands[0].health: unknown value "blue" (known: green, yellow, orange, red)`},
		{"one id for two files", map[string][]byte{"a": []byte(small), "b": []byte(small)}, `b:1:5: id: is the card of a too (give one of the two another id)`},
		{"sums of what is taken", map[string][]byte{"a": user("user", "small", "'1'", "4"), "b": []byte(small)}, "a:6:9: out_of: is 4, but the items add up to 3 (write 3, or correct the items)\na:8:49: bands[0].max: is 4, but the card has 3 points (write 3)"},
		{"no YAML", map[string][]byte{"a": []byte("a: b: c"), "b": []byte(small)}, "a:1:4: not valid YAML: mapping value is not allowed in this context (check the indentation, or put a value that holds a colon in quotes)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cards, err := ParseSet(tt.files)
			var got []string
			if faults, ok := errors.AsType[yamlfile.Faults](err); ok {
				for _, f := range faults {
					got = append(got, f.Error())
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Error(diff)
			}
			if (err == nil) != (len(cards) == len(tt.files)) {
				t.Errorf("%d cards, error %v", len(cards), err)
			}
		})
	}
}

func TestPrintMakesARubric(t *testing.T) {
	for id, c := range shipped(t) {
		var b bytes.Buffer
		if err := Print(&b, c); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", id+".md")
		// The version is the hash of the content: the golden file leaves it out.
		got := strings.ReplaceAll(b.String(), c.Version, "VERSION")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
	if err := Print(refusing{}, shipped(t)["sales-to-cs"]); err == nil {
		t.Error("a write that failed is no error")
	}
}

type refusing struct{}

func (refusing) Write([]byte) (int, error) { return 0, errors.New("refused") }

func TestTheFormIsJSONWithItsVersion(t *testing.T) {
	c := shipped(t)["sales-to-cs-simplified"]
	b, err := json.Marshal(c.Form())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		ID         string `json:"id"`
		Version    string `json:"version"`
		OutOf      int    `json:"out_of"`
		Use        any    `json:"use"`
		Categories []struct {
			Items []struct {
				ID       string            `json:"id"`
				Max      int               `json:"max"`
				Guidance map[string]string `json:"guidance"`
			} `json:"items"`
		} `json:"categories"`
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != c.ID || got.Version != c.Version || got.OutOf != 14 || got.Use != nil || len(got.Categories) != 2 {
		t.Errorf("%+v", got)
	}
	if it := got.Categories[0].Items[0]; it.ID != "4.1" || it.Max != 2 || len(it.Guidance) != 3 {
		t.Errorf("%+v", it)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	for _, src := range shippedFiles(f) {
		f.Add(src)
	}
	f.Add(user("u", "small", "'1'", "3"))
	f.Add([]byte("use:\nbands: [{}]\ngroups: [{items: [x]}]\ncategories: [{items: [{check: {name: offer, params: {days: }}}]}]"))
	base, err := Parse("small", []byte(small))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := Parse("fuzz.yaml", src, base)
		if (c == nil) == (err == nil) {
			t.Fatalf("card %v, error %v", c, err)
		}
		if err != nil {
			_ = err.Error()
			return
		}
		// A card that loads covers its totals and survives being stored.
		for total := 0; total <= c.OutOf; total++ {
			if c.Band(total) == nil {
				t.Errorf("no band for %d of %d", total, c.OutOf)
			}
		}
		again, err := Parse("again", c.content())
		if err != nil || again.Version != c.Version {
			t.Errorf("stored and read again: %v", err)
		}
	})
}

package autoscore

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/need"
)

// Whatever an item says is read back as it was.
func TestItemsAreReadBack(t *testing.T) {
	items := []Item{{}, {Score: Open, Suggestion: Open}, {Score: Open, Cap: 2, Source: Machine, Suggestion: 2}, {Score: 1, Floor: 0, Cap: 2, Suggestion: Open}}
	for score := Open; score <= 2; score++ {
		for floor := int8(-1); floor <= 2; floor++ {
			for most := int8(-1); most <= 2; most++ {
				items = append(items, Item{ID: "1.1", Score: score, Floor: floor, Cap: most, Suggestion: score, Machine: &Range{floor, most}})
			}
		}
	}
	for n := range 8 {
		var filled Item
		need.Fill(&filled, n)
		items = append(items, filled)
	}
	items = append(items, Item{Evidence: []Evidence{{Code: "notes_after"}, {}, {Code: "text", Args: []string{"", `a "b"`}}}})
	for _, want := range items {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Item
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// Stores hold items as they were once written: all of them told.
func TestItemsOfOldAreRead(t *testing.T) {
	for text, want := range map[string]Item{
		`{"id":"1.1","score":-1,"floor":1,"cap":2,"source":"machine","suggestion":2,"evidence":[{"code":"text","args":["use case"]},{"code":"notes_after"}]}`: {
			ID: "1.1", Score: Open, Floor: 1, Cap: 2, Source: Machine, Suggestion: 2,
			Evidence: []Evidence{{Code: "text", Args: []string{"use case"}}, {Code: "notes_after"}},
		},
		`{"id":"2.3","score":0,"floor":0,"cap":0,"machine":{"floor":1,"cap":2},"source":"csm"}`: {
			ID: "2.3", Machine: &Range{1, 2}, Source: CSM, Suggestion: Open,
		},
	} {
		var got Item
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// What cannot be an item of a store is refused, and nothing is made up.
func TestItemsThatAreNoneAreRefused(t *testing.T) {
	for _, text := range []string{`{"evidence":[[]]}`, `{"evidence":[[1]]}`, `{"evidence":["text"]}`, `{"machine":["a",2]}`, `{"machine":[1]}`, `{"machine":[0,1,2]}`, `{"machine":7}`, `{"score":"2"}`, `{"floor":300}`, `{"auto":"x"}`, `{"unknown":1}`, `[]`, `7`, `"x"`} {
		var got Item
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s was read as %+v", text, got)
		}
	}
}

// Whatever is read as an item is read again from what it is stored as.
func FuzzItem(f *testing.F) {
	for _, s := range []string{
		`{"id":"1.1","floor":1,"cap":2,"source":"machine","evidence":[["text","use case"],["notes_after"]]}`,
		`{"id":"2.3","score":0,"machine":{"floor":1,"cap":2},"source":"csm","override":true}`, `{"machine":[0,2],"score":2}`, `[]`, `{"evidence":[{"code":"text","args":["a"]}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var first, second Item
		if !utf8.Valid(text) || json.Unmarshal(text, &first) != nil {
			return
		}
		if err := json.Unmarshal(AppendItem(nil, &first), &second); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("read (-) and read again (+):\n%s", diff)
		}
	})
}

package autoscore

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/handoffscore/syncd/internal/crm"
)

func machineItem(floor, cap int8) Item {
	i := Item{ID: "x", Score: Open, Floor: floor, Cap: cap, Source: Machine, Suggestion: Open}
	if floor == cap {
		i.Score, i.Source = Score(floor), Proven
	}
	return i
}

func TestMerge(t *testing.T) {
	auto := machineItem(1, 1)
	auto.Auto, auto.Source = true, Auto
	shut := machineItem(0, 2)
	shut.Unknown = true
	rows := []struct {
		name    string
		machine Item
		cell    crm.Cell
		want    string
		typed   string
	}{
		{"2", machineItem(1, 2), crm.Value("2"), "2 csm", ""},
		{"2.0 as number fields have it", machineItem(1, 2), crm.Value("2.0"), "2 csm", ""},
		{"2.000", machineItem(1, 2), crm.Value("2.000"), "2 csm", ""},
		{"2 with spaces", machineItem(1, 2), crm.Value(" 2\t"), "2 csm", ""},
		{"2 with non-breaking spaces", machineItem(1, 2), crm.Value("\u00a02\u00a0"), "2 csm", ""},
		{"1", machineItem(1, 2), crm.Value("1"), "1 csm", ""},
		{"0 is a value, not a blank", machineItem(0, 2), crm.Value("0"), "0 csm", ""},
		{"0 on real text", machineItem(1, 2), crm.Value("0"), "0 csm override", ""},
		{"2 on nothing", machineItem(0, 0), crm.Value("2"), "2 csm override", ""},
		{"1 on nothing", machineItem(0, 0), crm.Value("1"), "1 csm override", ""},
		{"0 on nothing agrees", machineItem(0, 0), crm.Value("0"), "0 csm", ""},
		{"blank", machineItem(1, 2), crm.Value(""), "1-2", ""},
		{"blank on a proven item", machineItem(1, 1), crm.Value(""), "1 proven", ""},
		{"spaces are blank", machineItem(1, 2), crm.Value("  \u00a0"), "1-2", ""},
		{"no such field", machineItem(1, 2), crm.Cell{}, "1-2", ""},
		{"3", machineItem(1, 2), crm.Value("3"), "0-2", "3"},
		{"-1", machineItem(1, 1), crm.Value("-1"), "0-2", "-1"},
		{"1.5", machineItem(1, 2), crm.Value("1.5"), "0-2", "1.5"},
		{"1,0", machineItem(1, 2), crm.Value("1,0"), "0-2", "1,0"},
		{"1. without digits", machineItem(1, 2), crm.Value("1."), "0-2", "1."},
		{"20", machineItem(1, 2), crm.Value("20"), "0-2", "20"},
		{"02", machineItem(1, 2), crm.Value("02"), "0-2", "02"},
		{"a word", machineItem(0, 0), crm.Value("two"), "0-2", "two"},
		{"true", machineItem(1, 2), crm.Value("true"), "0-2", "true"},
		{"full-width", machineItem(1, 2), crm.Value("２"), "0-2", "２"},
		{"typed with spaces", machineItem(1, 2), crm.Value(" 2 of 2 "), "0-2", "2 of 2"},
		{"cell cannot be read", machineItem(1, 2), crm.Cell{State: crm.Unreadable}, "0-2 unknown", ""},
		{"cell of a proven item cannot be read", machineItem(0, 0), crm.Cell{State: crm.Unreadable}, "0-2 unknown", ""},
		{"a value settles what the machine could not read", shut, crm.Value("1"), "1 csm", ""},
		{"auto items take no value", auto, crm.Value("2"), "1 auto", ""},
		{"auto items take no nonsense", auto, crm.Value("x"), "1 auto", ""},
		{"auto items need no cell", auto, crm.Cell{State: crm.Unreadable}, "1 auto", ""},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			got := Merge(r.machine, r.cell)
			if brief(got) != r.want || got.NotUnderstood != r.typed {
				t.Errorf("got %q, not understood %q; want %q, %q", brief(got), got.NotUnderstood, r.want, r.typed)
			}
			if got.Proof() != r.machine.Proof() {
				t.Error("the machine's own floor and cap were lost")
			}
		})
	}
}

func TestMergeDoesNotTouchSharedEvidence(t *testing.T) {
	shared := []Evidence{{Code: "text", Args: []string{"a"}}, {Code: "blank", Args: []string{"b"}}}
	m := machineItem(1, 2)
	m.Evidence = shared[:1]
	if got := Merge(m, crm.Value("9")); len(got.Evidence) != 2 || got.Evidence[1].Code != "score_not_understood" {
		t.Errorf("evidence %v", got.Evidence)
	}
	if shared[1].Code != "blank" {
		t.Error("the next item's evidence was overwritten")
	}
}

func TestNotUnderstoodIsBounded(t *testing.T) {
	got := Merge(machineItem(1, 2), crm.Value(strings.Repeat("é", 4000))).NotUnderstood
	if n := utf8.RuneCountInString(got); n != typedMax || !strings.HasSuffix(got, "…") {
		t.Errorf("%d characters: %q", n, got)
	}
}

func FuzzMerge(f *testing.F) {
	for _, s := range []string{"2", "2.0", " 1 ", "0", "", "3", "two", "\x00", "1e0"} {
		f.Add(s, int8(1), int8(2))
	}
	f.Fuzz(func(t *testing.T, text string, floor, cap int8) {
		floor, cap = min(max(floor, 0), 2), min(max(cap, 0), 2)
		m := machineItem(min(floor, cap), max(floor, cap))
		got := Merge(m, crm.Value(text))
		if got.Floor < 0 || got.Floor > got.Cap || got.Cap > 2 {
			t.Fatalf("Merge(%q): %d-%d", text, got.Floor, got.Cap)
		}
		switch clean := strings.TrimSpace(text); {
		case got.Source == CSM:
			if !strings.HasPrefix(clean, string('0'+rune(got.Score))) || strings.Trim(clean[1:], ".0") != "" {
				t.Errorf("Merge(%q) gave %d", text, got.Score)
			}
		case clean == "":
			if got.Score != m.Score || got.NotUnderstood != "" {
				t.Errorf("blank %q changed the item", text)
			}
		case !got.Open() || got.NotUnderstood == "" || got.Floor != 0 || got.Cap != 2:
			t.Errorf("Merge(%q) = %s, not understood %q", text, brief(got), got.NotUnderstood)
		}
		if !utf8.ValidString(got.NotUnderstood) {
			t.Errorf("%q is not valid UTF-8", got.NotUnderstood)
		}
	})
}

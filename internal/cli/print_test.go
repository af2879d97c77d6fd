package cli

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// tables are of the two forms there are: with one text at the end, and with
// several columns that may bend.
func tables(t *testing.T, room int) map[string][]string {
	t.Helper()
	long := strings.TrimSpace(strings.Repeat("word ", 30)) + " END"
	out := map[string][]string{}
	render := func(name string, configs []table.ColumnConfig, cut bool, header []string, row table.Row) {
		var b bytes.Buffer
		g := newGrid(&b, room, header...)
		if cut {
			for i := range configs {
				configs[i].WidthMaxEnforcer = g.shorten
			}
		}
		g.SetColumnConfigs(configs)
		g.AppendRow(row)
		g.Render()
		out[name] = strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	}
	render("last", nil, false, []string{"run", "error"}, table.Row{"20261116T090000-ABCDEF", long})
	render("several", []table.ColumnConfig{{Number: 2, WidthMax: 42, WidthMaxEnforcer: text.WrapSoft}, {Number: 3, WidthMax: 84, WidthMaxEnforcer: text.WrapSoft}},
		false, []string{"", "subject", "message"}, table.Row{"fail", long, long})
	render("cut", []table.ColumnConfig{{Number: 2, WidthMax: 40}, {Number: 3, WidthMax: 60}}, true, []string{"deal", "now", "would be"}, table.Row{"006", long, long})
	return out
}

func TestTablesFitATerminal(t *testing.T) {
	for _, room := range []int{60, 80, 120, 200} {
		for name, lines := range tables(t, room) {
			for _, line := range lines {
				if n := utf8.RuneCountInString(line); n > room {
					t.Errorf("%s on %d columns: %d in %q", name, room, n, line)
				}
			}
			all := strings.Join(lines, "\n")
			if cut := name == "cut"; cut != strings.Contains(all, "…") || !cut && !strings.Contains(all, "END") {
				t.Errorf("%s on %d columns:\n%s", name, room, all)
			}
		}
	}
	if lines := tables(t, 10)["several"]; len(lines) < 3 {
		t.Errorf("too little room for anything: %q", lines)
	}
}

// What is not a terminal gets the same whatever the room, and all of it.
func TestTablesInAFileAreWhole(t *testing.T) {
	got := tables(t, 0)
	for name, lines := range got {
		if all := strings.Join(lines, "\n"); strings.Contains(all, "…") || !strings.Contains(all, "END") {
			t.Errorf("%s:\n%s", name, all)
		}
	}
	if n := len(got["last"]); n != 2 {
		t.Errorf("a text without a width of its own is broken into %d lines", n)
	}
	if columns(&bytes.Buffer{}) != 0 {
		t.Error("a buffer is taken for a terminal")
	}
}

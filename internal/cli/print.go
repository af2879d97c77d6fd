package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// writeJSON prints one value, indented.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// writeJSONLine writes one value on one line, for a program that reads along.
func writeJSONLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// newTable is a plain table; it never prints colour codes. On a terminal it is
// made to fit; anywhere else columns keep their widths and no text is cut.
func newTable(w io.Writer, header ...string) *grid { return newGrid(w, columns(w), header...) }

// columns is how many characters a line of the terminal has; 0 if w is none, or
// does not say.
func columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// grid is a table that knows how much room it has.
type grid struct {
	out     io.Writer
	room    int // in characters; 0 means any
	header  table.Row
	rows    []table.Row
	columns []table.ColumnConfig // by number; those that have a WidthMax may be made narrower, and so may the last
	phrases int                  // number of a column that may be made narrower too, but between words alone; 0 means none
	folds   []fold               // what goes below its row where there is no room for it, in this order
}

// fold is a column that may go below its row.
type fold struct {
	number int
	least  int    // how narrow it may be made before it goes; 0 means not at all
	says   string // stands before its text there
}

func newGrid(w io.Writer, room int, header ...string) *grid {
	g := &grid{out: w, room: room}
	for _, h := range header {
		g.header = append(g.header, h)
	}
	return g
}

// AppendRow adds a row.
func (g *grid) AppendRow(row table.Row) { g.rows = append(g.rows, row) }

// SetColumnConfigs says how columns look.
func (g *grid) SetColumnConfigs(list []table.ColumnConfig) { g.columns = list }

const (
	narrowest = 16     // how far a column is made narrower: below, nothing can be read
	folded    = "\x01" // where such a text goes; no text of a table has it
)

// Render prints the table.
func (g *grid) Render() {
	all := g.measured()
	kept := g.kept(all)
	pick := func(row table.Row) table.Row {
		var out table.Row
		for _, c := range kept {
			if c.Number <= len(row) {
				out = append(out, row[c.Number-1])
			}
		}
		return out
	}
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = 0
	t.SetStyle(style)
	if len(g.header) > 0 {
		t.AppendHeader(pick(g.header))
	}
	var below []string
	for _, row := range g.rows {
		t.AppendRow(pick(row))
		if s := g.below(row, kept); s != "" {
			below = append(below, s)
			t.AppendRow(table.Row{folded})
		}
	}
	t.SetColumnConfigs(g.fit(kept))
	for line := range strings.Lines(t.Render() + "\n") {
		if strings.TrimSpace(line) == folded && len(below) > 0 {
			writeWithin(g.out, g.room, "   ", below[0])
			below = below[1:]
			continue
		}
		fmt.Fprint(g.out, line)
	}
}

// column is one of a table's columns, and how wide it is.
type column struct {
	table.ColumnConfig
	width, least int
	blank        bool // in every row
}

// measured are all columns, as wide as their texts are and may be.
func (g *grid) measured() []column {
	var all []column
	for n, row := range slices.Concat([]table.Row{g.header}, g.rows) {
		for len(all) < len(row) {
			all = append(all, column{ColumnConfig: table.ColumnConfig{Number: len(all) + 1}, blank: true})
		}
		for i, cell := range row {
			c, s := &all[i], fmt.Sprint(cell)
			c.width = max(c.width, text.LongestLineLen(s))
			c.blank = c.blank && (n == 0 || s == "")
			if c.Number == g.phrases {
				for word := range strings.FieldsSeq(s) {
					c.least = max(c.least, text.StringWidth(word))
				}
			}
		}
	}
	for _, c := range g.columns {
		if c.Number <= len(all) {
			all[c.Number-1].ColumnConfig = c
		}
	}
	for i := range all {
		c := &all[i]
		if c.WidthMax > 0 {
			c.width = min(c.width, c.WidthMax)
		}
		c.least = max(c.least, narrowest)
		if i := slices.IndexFunc(g.folds, func(f fold) bool { return f.number == c.Number }); i >= 0 {
			c.least = cmp.Or(g.folds[i].least, c.width)
		}
	}
	return all
}

// bends tells whether one of some columns may be made narrower.
func (g *grid) bends(kept []column, i int) bool {
	return kept[i].WidthMax > 0 || kept[i].Number == g.phrases || i == len(kept)-1
}

// kept are the columns that stay columns. Where there is no room for all as wide
// as they are, those with nothing in them go; where there is none however narrow
// they are made, those that may go below their row do.
func (g *grid) kept(all []column) []column {
	kept := slices.Clone(all)
	fits := func(bent bool) bool {
		total := 0
		for i, c := range kept {
			if bent && g.bends(kept, i) {
				c.width = min(c.width, c.least)
			}
			total += c.width + len("  ")
		}
		return g.room == 0 || total <= g.room
	}
	for _, bent := range []bool{false, true} {
		for _, f := range g.folds {
			if fits(bent) {
				return kept
			}
			kept = slices.DeleteFunc(kept, func(c column) bool { return c.Number == f.number && (c.blank || bent) })
		}
	}
	return kept
}

// below is what a row has in columns that are not kept.
func (g *grid) below(row table.Row, kept []column) string {
	var parts []string
	for i, cell := range row {
		if slices.ContainsFunc(kept, func(c column) bool { return c.Number == i+1 }) {
			continue
		}
		at := slices.IndexFunc(g.folds, func(f fold) bool { return f.number == i+1 })
		if s := fmt.Sprint(cell); s != "" {
			parts = append(parts, g.folds[at].says+s)
		}
	}
	return strings.Join(parts, ", ")
}

// fit makes columns narrower, the widest first, until a row fits into the room
// or nothing is left to take away.
func (g *grid) fit(kept []column) []table.ColumnConfig {
	configs := make([]table.ColumnConfig, len(kept))
	total := 0
	for i, c := range kept {
		configs[i] = c.ColumnConfig
		configs[i].Number = i + 1
		total += c.width + len("  ") // padding
	}
	for g.room > 0 && total > g.room {
		widest := -1
		for i, c := range kept {
			if g.bends(kept, i) && c.width > c.least && (widest < 0 || c.width >= kept[widest].width) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		kept[widest].width--
		total--
		configs[widest].WidthMax = kept[widest].width
		if configs[widest].WidthMaxEnforcer == nil {
			configs[widest].WidthMaxEnforcer = text.WrapSoft
		}
	}
	return configs
}

// writeWithin prints a text between the indentation and the end of the room.
func writeWithin(w io.Writer, room int, indent, s string) {
	if room > 0 {
		s = text.WrapSoft(s, max(room-text.StringWidth(indent), narrowest))
	}
	for line := range strings.SplitSeq(s, "\n") {
		fmt.Fprintln(w, indent+strings.TrimRight(line, " "))
		indent = strings.Repeat(" ", text.StringWidth(indent))
	}
}

// clean makes text from a CRM fit for a terminal: no control or direction
// characters that could move the cursor or hide text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}

// shown is a score, or a dash while it is open.
func shown(n *int) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
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
	table.Writer
	room    int // in characters; 0 means any
	rows    []table.Row
	columns []table.ColumnConfig // by number; those that have a WidthMax may be made narrower, and so may the last
}

func newGrid(w io.Writer, room int, header ...string) *grid {
	g := &grid{Writer: table.NewWriter(), room: room}
	g.SetOutputMirror(w)
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = 0
	g.SetStyle(style)
	row := make(table.Row, len(header))
	for i, h := range header {
		row[i] = h
	}
	if len(header) > 0 {
		g.AppendHeader(row)
		g.rows = append(g.rows, row)
	}
	return g
}

// AppendRow adds a row.
func (g *grid) AppendRow(row table.Row, config ...table.RowConfig) {
	g.rows = append(g.rows, row)
	g.Writer.AppendRow(row, config...)
}

// SetColumnConfigs says how columns look.
func (g *grid) SetColumnConfigs(list []table.ColumnConfig) { g.columns = list }

// narrowest is how far a column is made narrower: below, nothing can be read.
const narrowest = 16

// Render prints the table.
func (g *grid) Render() string {
	g.Writer.SetColumnConfigs(g.fit())
	return g.Writer.Render()
}

// fit makes columns narrower, the widest first, until a row fits into the room
// or nothing is left to take away.
func (g *grid) fit() []table.ColumnConfig {
	var widths []int
	for _, row := range g.rows {
		for len(widths) < len(row) {
			widths = append(widths, 0)
		}
		for i, cell := range row {
			widths[i] = max(widths[i], text.LongestLineLen(fmt.Sprint(cell)))
		}
	}
	configs := make([]table.ColumnConfig, len(widths))
	for _, c := range g.columns {
		if c.Number <= len(configs) {
			configs[c.Number-1] = c
		}
	}
	total := 0
	for i := range configs {
		if c := &configs[i]; c.WidthMax > 0 {
			widths[i] = min(widths[i], c.WidthMax)
		}
		configs[i].Number = i + 1
		total += widths[i] + len("  ") // padding
	}
	for g.room > 0 && total > g.room {
		widest := -1
		for i := range configs {
			bends := configs[i].WidthMax > 0 || i == len(configs)-1
			if bends && widths[i] > narrowest && (widest < 0 || widths[i] >= widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
		total--
		configs[widest].WidthMax = widths[widest]
		if configs[widest].WidthMaxEnforcer == nil {
			configs[widest].WidthMaxEnforcer = text.WrapSoft
		}
	}
	return configs
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

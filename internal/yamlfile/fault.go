package yamlfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing wrong with a file.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // from 1
	Col     int    `json:"col"`  // from 1, in characters
	Path    string `json:"path"` // connections[0].auth.flow; "" for the file itself
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"` // what to write instead; may be blank
	// Excerpt is the line at fault with a caret below, secrets masked.
	Excerpt string `json:"excerpt,omitempty"`
}

// Error is the fault in one line.
func (f Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Col)
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Message)
	if f.Fix != "" {
		b.WriteString(" (" + f.Fix + ")")
	}
	return b.String()
}

// Faults are all faults of one or more files.
type Faults []Fault

// Error lists every fault by position, each with its excerpt.
func (fs Faults) Error() string {
	var b strings.Builder
	for i, f := range fs.sorted() {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.Error())
		if f.Excerpt != "" {
			b.WriteString("\n" + f.Excerpt)
		}
	}
	return b.String()
}

// Err is the faults as an error, nil if there are none.
func (fs Faults) Err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs.sorted()
}

// sorted orders by file and position; faults of one place keep their order.
func (fs Faults) sorted() Faults {
	out := slices.Clone(fs)
	slices.SortStableFunc(out, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return out
}

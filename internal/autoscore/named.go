package autoscore

import (
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// Named reports whether a cell names something: a lookup, a pick or a text that
// is no placeholder and no bare "none", a box that is ticked, a number above 0.
func (j *Judge) Named(cell crm.Cell) bool {
	if !cell.Known() {
		return false
	}
	if n, ok := Decimal(cell.Text); ok {
		return n > 0
	}
	c := &call{judge: j}
	switch strings.ToLower(strings.TrimSpace(cell.Text)) {
	case "false", "no":
		return false
	}
	return c.short(cell) == real
}

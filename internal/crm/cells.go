package crm

import (
	"encoding/json"
	"iter"
	"slices"
)

// Cells holds the cells of a deal by logical name; a name that is absent is
// Unmapped, and one that is Unmapped is absent. Deals that are read together
// share their names, so that a deal holds nothing but its cells. Like a map, a
// copy of Cells shows what is set through the original.
type Cells struct {
	names *Names
	list  []Cell // one a name
}

// Names is a set of logical names that many Cells share, in order.
type Names struct {
	list []string
	at   map[string]int
}

// NewNames makes a set of names, each once.
func NewNames(names ...string) *Names {
	n := &Names{list: slices.Compact(slices.Sorted(slices.Values(names))), at: make(map[string]int, len(names))}
	for i, name := range n.list {
		n.at[name] = i
	}
	return n
}

// Place is where a name stands in the set, -1 if it is not in it.
func (n *Names) Place(name string) int {
	if i, ok := n.at[name]; ok {
		return i
	}
	return -1
}

// List are the names in order. It is not to be changed.
func (n *Names) List() []string { return n.list }

// Cells makes cells for the names, all Unmapped.
func (n *Names) Cells() Cells { return Cells{n, make([]Cell, len(n.list))} }

// CellsOf makes cells of a map.
func CellsOf(m map[string]Cell) Cells {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	c := NewNames(names...).Cells()
	for name, cell := range m {
		c.list[c.names.at[name]] = cell
	}
	return c
}

// Get returns the cell of a name; Unmapped if there is none.
func (c Cells) Get(name string) Cell {
	if c.names == nil {
		return Cell{}
	}
	if i, ok := c.names.at[name]; ok {
		return c.list[i]
	}
	return Cell{}
}

// Set sets the cell of a name. A name that the set does not have makes a new
// set, for these cells alone.
func (c *Cells) Set(name string, cell Cell) {
	if c.names == nil || c.names.Place(name) < 0 {
		m := map[string]Cell{name: cell}
		for name, cell := range c.All() {
			m[name] = cell
		}
		*c = CellsOf(m)
		return
	}
	c.list[c.names.at[name]] = cell
}

// Names is the set that the cells are of, and At and Put reach them by their
// place in it.
func (c Cells) Names() *Names { return c.names }

// At returns the cell at a place of the set.
func (c Cells) At(place int) Cell { return c.list[place] }

// Put sets the cell at a place of the set.
func (c Cells) Put(place int, cell Cell) { c.list[place] = cell }

// Clone returns cells of their own with the same content.
func (c Cells) Clone() Cells { return Cells{c.names, slices.Clone(c.list)} }

// All yields the cells that are there, by name.
func (c Cells) All() iter.Seq2[string, Cell] {
	return func(yield func(string, Cell) bool) {
		for i, cell := range c.list {
			if cell.State != Unmapped && !yield(c.names.list[i], cell) {
				return
			}
		}
	}
}

// Len is how many cells are there.
func (c Cells) Len() int {
	n := 0
	for range c.All() {
		n++
	}
	return n
}

// IsZero leaves no cells out of JSON.
func (c Cells) IsZero() bool { return c.Len() == 0 }

// Equal compares what is there.
func (c Cells) Equal(o Cells) bool {
	if c.Len() != o.Len() {
		return false
	}
	for name, cell := range c.All() {
		if other := o.Get(name); cell.State != other.State || cell.Text != other.Text || !cell.At.Equal(other.At) {
			return false
		}
	}
	return true
}

// MarshalJSON writes an object, as of a map.
func (c Cells) MarshalJSON() ([]byte, error) { return appendCells(nil, c), nil }

// UnmarshalJSON reads an object.
func (c *Cells) UnmarshalJSON(b []byte) error {
	var m map[string]Cell
	err := json.Unmarshal(b, &m)
	*c = CellsOf(m)
	return err
}

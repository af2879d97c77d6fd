package crm

import (
	"encoding/json"
	"iter"
	"slices"
	"time"
)

// Cells holds the cells of a deal by logical name; a name that is absent is
// Unmapped, and one that is Unmapped is absent. Deals that are read together
// share their names, so that a deal holds nothing but its cells. Like a map, a
// copy of Cells shows what is set through the original.
type Cells struct {
	names *Names
	held  *held // nil where there are no names
}

// held are the cells themselves. A pass holds thousands of deals of a hundred
// cells each, and of few cells is it known when they changed: so the parts of a
// cell are kept apart, in a third of the room.
type held struct {
	states  []State // one a name
	texts   []string
	changes []change
}

// change is when the cell at a place changed.
type change struct {
	place int
	at    time.Time
}

func (h *held) cell(place int) Cell {
	c := Cell{State: h.states[place], Text: h.texts[place]}
	if i := h.changed(place); i >= 0 {
		c.At = h.changes[i].at
	}
	return c
}

func (h *held) put(place int, c Cell) {
	h.states[place], h.texts[place] = c.State, c.Text
	i := h.changed(place)
	switch {
	case i >= 0:
		h.changes[i].at = c.At
	case !c.At.IsZero():
		h.changes = append(h.changes, change{place, c.At})
	}
}

// changed is where among the changes that of a place is, -1 if it is not known.
func (h *held) changed(place int) int {
	return slices.IndexFunc(h.changes, func(c change) bool { return c.place == place })
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
func (n *Names) Cells() Cells {
	return Cells{n, &held{states: make([]State, len(n.list)), texts: make([]string, len(n.list))}}
}

// CellsOf makes cells of a map.
func CellsOf(m map[string]Cell) Cells {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	c := NewNames(names...).Cells()
	for name, cell := range m {
		c.Put(c.names.at[name], cell)
	}
	return c
}

// Get returns the cell of a name; Unmapped if there is none.
func (c Cells) Get(name string) Cell {
	if c.names == nil {
		return Cell{}
	}
	if i, ok := c.names.at[name]; ok {
		return c.held.cell(i)
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
	c.Put(c.names.at[name], cell)
}

// Names is the set that the cells are of, and At and Put reach them by their
// place in it.
func (c Cells) Names() *Names { return c.names }

// At returns the cell at a place of the set.
func (c Cells) At(place int) Cell { return c.held.cell(place) }

// Put sets the cell at a place of the set.
func (c Cells) Put(place int, cell Cell) { c.held.put(place, cell) }

// Clone returns cells of their own with the same content.
func (c Cells) Clone() Cells {
	if c.held == nil {
		return c
	}
	return Cells{c.names, &held{slices.Clone(c.held.states), slices.Clone(c.held.texts), slices.Clone(c.held.changes)}}
}

// Only returns the cells at some places, and no others. They share their content
// with c.
func (c Cells) Only(places []int) Cells {
	states := make([]State, len(c.held.states))
	for _, place := range places {
		states[place] = c.held.states[place]
	}
	return Cells{c.names, &held{states, c.held.texts, c.held.changes}}
}

// All yields the cells that are there, by name.
func (c Cells) All() iter.Seq2[string, Cell] {
	return func(yield func(string, Cell) bool) {
		if c.held == nil {
			return
		}
		for place, state := range c.held.states {
			if state != Unmapped && !yield(c.names.list[place], c.held.cell(place)) {
				return
			}
		}
	}
}

// Len is how many cells are there.
func (c Cells) Len() int {
	if c.held == nil {
		return 0
	}
	n := 0
	for _, state := range c.held.states {
		if state != Unmapped {
			n++
		}
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

package crm

import (
	"encoding/json"
	"time"
)

// State says what is known of a cell.
type State uint8

// A cell that is absent from a map is Unmapped too.
const (
	Unmapped   State = iota // no field of the CRM is mapped to it
	Unreadable              // mapped, but the integration user cannot read it
	Read                    // read; Text "" is blank
)

// Cell is one value as it stands on a record.
type Cell struct {
	State State     `json:"s,omitzero"`
	Text  string    `json:"v,omitempty"` // canonical text of the field's Kind; "" is blank
	At    time.Time `json:"at,omitzero"` // when it last changed, from the CRM's history; zero if not known
}

// IsZero leaves the state of a cell that was read, as nearly all were, out of
// its JSON.
func (s State) IsZero() bool { return s == Read }

// MarshalJSON writes the cell as it is stored: as its text where it was read
// and there is no more to say.
func (c Cell) MarshalJSON() ([]byte, error) { return appendCell(nil, c), nil }

// UnmarshalJSON reads a cell as stored: without a state it was read. Such a cell
// was once an object too.
func (c *Cell) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		*c = Cell{State: Read}
		return json.Unmarshal(b, &c.Text)
	}
	type plain Cell
	p := plain{State: Read}
	err := json.Unmarshal(b, &p)
	*c = Cell(p)
	return err
}

// Value returns a read cell holding text.
func Value(text string) Cell { return Cell{State: Read, Text: text} }

// Blank reports whether the cell was read and holds nothing at all. Text that
// only looks like something (a placeholder) is for autoscore to judge.
func (c Cell) Blank() bool { return c.State == Read && c.Text == "" }

// Mapped reports whether a field of the CRM stands behind the cell.
func (c Cell) Mapped() bool { return c.State != Unmapped }

// Known reports whether the cell was read.
func (c Cell) Known() bool { return c.State == Read }

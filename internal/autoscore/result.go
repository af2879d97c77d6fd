package autoscore

import (
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Score is 0, 1, 2 or Open. Open is never summed as 0.
type Score int8

// Open is an item that has no score yet. As a Suggestion it means none.
const Open Score = -1

// Source says who or what gave an item its score.
type Source string

// Sources of a score.
const (
	Machine Source = "machine" // open: the machine knows a floor and a cap
	Proven  Source = "proven"  // judgement item, floor = cap by proof
	Auto    Source = "auto"    // auto item, judged
	CSM     Source = "csm"     // a person's value in the item's cell
	Dispute Source = "dispute" // the outcome of a dispute
)

// Item is one judged item.
type Item struct {
	ID    string
	Auto  bool // judged by syncd alone; takes no human value
	Score Score
	// Floor and Cap are the range in force: the machine's, or the score twice
	// once there is one.
	Floor int8
	Cap   int8
	// Machine is what the machine alone can prove where that differs from the
	// range in force; nil where it is the same.
	Machine    *Range
	Source     Source
	Override   bool  // a CSM value outside the machine's floor and cap
	Suggestion Score // shown, never counted; Open if there is none
	// Unknown: something the item needs cannot be read; blocks final.
	Unknown bool
	// NotUnderstood is the CSM's cell as typed when it is no 0, 1 or 2; blocks final.
	NotUnderstood string
	Evidence      []Evidence
}

// Range is a floor and a cap.
type Range struct {
	Floor int8
	Cap   int8
}

// Proof is what the machine alone can prove of the item.
func (i Item) Proof() Range {
	if i.Machine != nil {
		return *i.Machine
	}
	return Range{i.Floor, i.Cap}
}

// MarshalJSON writes the item as it is stored.
func (i Item) MarshalJSON() ([]byte, error) { return AppendItem(nil, &i), nil }

// Open reports whether the item has no score yet.
func (i Item) Open() bool { return i.Score == Open }

// Short reports whether the item is a gap: scored or capped below 2.
func (i Item) Short() bool { return i.Cap < 2 }

// Evidence is one reason, as a code and its arguments; Render makes the
// sentence. Arguments name fields, roles, rules and numbers, never an e-mail
// address, a phone number or a person's text.
type Evidence struct {
	Code string
	Args []string
}

// MarshalJSON writes the evidence as it is stored.
func (e Evidence) MarshalJSON() ([]byte, error) { return appendEvidence(nil, &e), nil }

// Result is one judged deal on one card.
type Result struct {
	Card    string `json:"card"`    // scorecard id
	Version string `json:"version"` // scorecard version
	Items   []Item `json:"items"`   // in card order
	Floor   int    `json:"floor"`   // sum of floors
	Ceiling int    `json:"ceiling"` // sum of caps
	OpenN   int    `json:"open"`    // items without a score
	// Flags are remarks on the whole deal: "single_threaded", "ask_pick:4.2".
	Flags []string `json:"flags,omitempty"`
	// Warnings are doubts a person should know of.
	Warnings []Evidence `json:"warnings,omitempty"`
	// Degraded: something could not be read.
	Degraded bool `json:"degraded,omitempty"`
}

// Item returns the judged item with the given id, or nil.
func (r *Result) Item(id string) *Item { return Find(r.Items, id, 0) }

// Find returns the item with the given id, or nil. It looks at a place first:
// lists of items are in card order, so that who goes through one of them knows
// where in another an item most likely is.
func Find(items []Item, id string, place int) *Item {
	if place < len(items) && items[place].ID == id {
		return &items[place]
	}
	for i := range items {
		if items[i].ID == id {
			return &items[i]
		}
	}
	return nil
}

// Entered tells what a person typed for an item of the card: the cell as read.
// It is taken from Deal.Fields by the caller, who knows which cells count (a
// clone's do not).
type Entered func(*scorecard.Item) crm.Cell

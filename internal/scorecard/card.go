// Package scorecard is the declarative card: categories, items and bands as
// data, parsed strictly from YAML, validated with all faults at once, and
// named by the hash of its content. It holds the arithmetic of a card (sums,
// bands, diagnosis) and knows neither how an item is judged (autoscore) nor
// how a handoff lives (handoff). It is pure: no I/O, no clock, no log.
package scorecard

import "iter"

// Card is one version of a scorecard. It is immutable once parsed.
type Card struct {
	ID      string // "sales-to-cs"
	Title   string
	Version string // first 12 hex digits of the content's SHA-256
	// Source is the YAML to store with results. It stands alone: for a card
	// that takes categories from another it is the content with those resolved.
	Source []byte

	// Prefix names the field set on the record: "handoff" or "partner". Cards
	// with one prefix share fields and human cells.
	Prefix string
	Start  Start
	Scorer string // who scores the judgement items: "csm" or "partner_manager"
	// Threshold: the card is for deals below the connection's onboarding
	// threshold only.
	BelowThreshold bool
	// PartnerOnly: the card is for deals with a partner.
	PartnerOnly bool

	Categories []Category
	Bands      []Band  // best first
	Groups     []Group // diagnosis groups, in tie order; may be empty
	OutOf      int     // sum of the items' maxima
}

// Start is the event a card's clock starts from.
type Start string

// Start events.
const (
	StartKickoff Start = "kickoff" // the kickoff meeting of a won deal
	StartSent    Start = "sent"    // the moment a partner handoff was sent
)

// Category is a group of items with a sum of its own.
type Category struct {
	ID    string // "1"
	Title string
	Max   int
	Cell  string // the field that its sum stands in, without the prefix: "category_1"
	Items []Item
}

// Item is one line of the card.
type Item struct {
	ID       string // "1.1"
	Title    string
	Max      int       // always 2 today; range-checked
	Auto     bool      // judged by syncd alone; takes no human value
	Guidance [3]string // what earns 0, 1 and 2, for people
	Question string    // what to ask when the item is short
	Gap      string    // the gap in a few words: "use case"
	Line     string    // the gap and the question: "1.1 use case - What will they use it for?"
	Cell     string    // the field that its score stands in, without the prefix: "item_1_1_score"
	Check    Check
}

// Check is a named check from autoscore's closed set, with its parameters.
type Check struct {
	Name string // "text", "role", ...
	// Sources are logical field names by parameter: {"text": "evidence.1.1"}.
	// Which parameters a check takes is listed in checks.go.
	Sources map[string]string
	Params  map[string]string // other parameters: {"role": "champion"}
	Hints   []string          // named hints to run on the text: "number_or_date"
}

// Band is a named range of the final total and what it asks for.
type Band struct {
	Name   string
	Health string // green, yellow, orange, red
	Min    int    // inclusive
	Max    int    // inclusive
	// Action says what to do; ActionLate replaces it once the kickoff has passed.
	Action     string
	ActionLate string
	Hold       bool   // onboarding is held
	Escalation string // "None", "CS manager" or "Sales manager"
	// Tasks are the kinds of task the band asks for: "ae_fields_needed",
	// "ae_rehandoff", "sales_manager_escalation".
	Tasks []string
	// Weakest is how many weakest items the band names, over the last
	// handoffs of the same motion; 0 for none.
	Weakest int
	// Restart lists items that the next attempt must change.
	Restart []string
}

// Group is a diagnosis group: the one with the lowest mean share names the verdict.
type Group struct {
	ID      string // "packet"
	Items   []string
	Verdict string // "rebuild the packet"
	Advice  string // what to do about it, in a sentence
}

// Items yields all items in order.
func (c *Card) Items() iter.Seq[*Item] {
	return func(yield func(*Item) bool) {
		for i := range c.Categories {
			for j := range c.Categories[i].Items {
				if !yield(&c.Categories[i].Items[j]) {
					return
				}
			}
		}
	}
}

// Count is how many items the card has.
func (c *Card) Count() int {
	n := 0
	for i := range c.Categories {
		n += len(c.Categories[i].Items)
	}
	return n
}

// Item returns the item with the given id, or nil.
func (c *Card) Item(id string) *Item {
	for i := range c.Categories {
		for j := range c.Categories[i].Items {
			if c.Categories[i].Items[j].ID == id {
				return &c.Categories[i].Items[j]
			}
		}
	}
	return nil
}

// Field returns the logical name on the record of one of the card's own or
// human cells: "status" for the handoff set, "partner_status" for another.
func (c *Card) Field(base string) string {
	if c.Prefix == "handoff" {
		return base
	}
	return c.Prefix + "_" + base
}

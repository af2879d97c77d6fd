package handoff

import (
	"fmt"
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
)

// correctionTime is what a CSM has to correct a final where the settings do
// not say.
const correctionTime = 24 * time.Hour

// window is until when a final may be corrected.
func window(in Input, f *Final) time.Time {
	switch d := in.Settings.Correction; {
	case d < 0:
		return f.At
	case d > 0:
		return f.At.Add(d)
	}
	return f.At.Add(correctionTime)
}

// correct takes in what the CSM has edited since final. A valid value typed
// inside the window revises the attempt and keeps both; anything else is told
// and changes nothing.
func correct(in Input, s *State, out *Output) {
	var changes []Change
	var late, unclear []string
	until := window(in, s.Final)
	for i := range s.Final.Items {
		frozen := &s.Final.Items[i]
		item := in.Card.Item(frozen.ID)
		if item == nil || item.Auto || frozen.Source == autoscore.Dispute {
			continue
		}
		now := autoscore.Find(in.Result.Items, frozen.ID, i)
		if now == nil || now.Source == autoscore.CSM && now.Score == frozen.Score {
			continue
		}
		cell := in.sheet.Cell(item.Cell)
		switch {
		case !cell.Known():
		case now.Source != autoscore.CSM:
			if frozen.Source == autoscore.CSM || now.NotUnderstood != "" {
				unclear = append(unclear, frozen.ID)
			}
		case edited(cell, in.Now).After(until):
			late = append(late, frozen.ID)
		default:
			changes = append(changes, Change{frozen.ID, frozen.Score, now.Score})
		}
	}
	if len(late) > 0 {
		out.Warnings = append(out.Warnings, "changed after final and not used: "+list(late))
	}
	if len(unclear) > 0 {
		out.Warnings = append(out.Warnings, "emptied or not understood after final, the score stands: "+list(unclear))
	}
	if len(changes) == 0 {
		return
	}
	revised := make(map[string]autoscore.Item, len(changes))
	for _, c := range changes {
		revised[c.Item] = *in.Result.Item(c.Item)
	}
	revise(in, s, out, Correction{At: in.Now, By: termsOf(in.Card).scorer, Changes: changes}, revised)
}

// edited is when a cell was typed: by the CRM's own time, else by the pass.
func edited(c crm.Cell, now time.Time) time.Time {
	if c.At.IsZero() {
		return now
	}
	return c.At
}

// revise puts other values into a final: total and band follow, and with them
// the flag and what people are asked.
func revise(in Input, s *State, out *Output, c Correction, items map[string]autoscore.Item) {
	f := *s.Final
	c.Total, c.Band = f.Total, f.Band
	f.Corrections = append(f.Corrections[:len(f.Corrections):len(f.Corrections)], c)
	f.Items = append([]autoscore.Item(nil), f.Items...)
	for i := range f.Items {
		if item, ok := items[f.Items[i].ID]; ok {
			f.Items[i] = item
		}
	}
	f.Total = in.Card.Sums(f.points()).Total
	f.Band = in.Card.Band(f.Total).Name
	f.Marks, f.Rebuilt = marks(in, f.Items, nil), false
	s.Final = &f
	if f.Band != c.Band {
		flag(in, s, out)
	}
}

// Dispute is a disagreement over one item of a final. The score stands until
// the CS manager has decided.
type Dispute struct {
	Item    string    `json:"item,omitempty"`
	Reason  string    `json:"reason,omitempty"` // as filed
	FiledAt time.Time `json:"filed_at,omitzero"`
	Outcome string    `json:"outcome,omitempty"` // "" while open
	EndedAt time.Time `json:"ended_at,omitzero"`
	// Before is the outcome of the dispute before, while it may still stand on
	// the record: it decides nothing of this one.
	Before string `json:"before,omitempty"`
}

// Outcomes of a dispute, as the CS manager picks them.
const (
	Upheld    = "upheld"    // the score stands
	Changed   = "changed"   // dispute_score takes its place
	Clarified = "clarified" // the rubric is to be put more clearly; the score stands
)

// Open reports whether a dispute waits for its outcome.
func (d Dispute) Open() bool { return d.Item != "" && d.Outcome == "" }

// past is what is remembered of a dispute once the next attempt has begun: one
// that was decided and still stands on the record decides nothing of that.
func (d Dispute) past() Dispute {
	if d.Open() {
		return Dispute{}
	}
	return d
}

// dispute takes in what the dispute cells say of a final.
func dispute(in Input, s *State, out *Output) {
	filed, reason := in.sheet.Cell("dispute_item"), in.sheet.Cell("dispute_reason")
	if !filed.Known() {
		return
	}
	id := itemIn(filed.Text)
	if id == "" {
		s.Dispute = Dispute{}
		return
	}
	if s.Final.item(id) == nil {
		out.Warnings = append(out.Warnings, "the dispute names no item of the scorecard")
		return
	}
	if id != s.Dispute.Item || reason.Text != s.Dispute.Reason {
		next := Dispute{Item: id, Reason: reason.Text, FiledAt: edited(filed, in.Now)}
		if id != s.Dispute.Item {
			next.Before = s.Dispute.Outcome
		}
		s.Dispute = next
	}
	if !s.Dispute.Open() {
		return
	}
	cell := in.sheet.Cell("dispute_outcome")
	outcome := fold(cell.Text)
	if outcome == s.Dispute.Before && outcome != "" && (cell.At.IsZero() || cell.At.Before(s.Dispute.FiledAt)) {
		out.Warnings = append(out.Warnings, "the outcome on the record is of the dispute before: clear it, then set the outcome of this one")
		return
	}
	s.Dispute.Before = ""
	switch outcome {
	case "":
	case Upheld, Clarified, "rubric clarified":
		s.Dispute.Outcome, s.Dispute.EndedAt = outcome, in.Now
	case Changed:
		score, ok := autoscore.ParseScore(in.sheet.Cell("dispute_score").Text)
		if !ok {
			out.Warnings = append(out.Warnings, "the dispute is decided as changed, and its score is not 0, 1 or 2")
			return
		}
		s.Dispute.Outcome, s.Dispute.EndedAt = Changed, in.Now
		item := *s.Final.item(id)
		if item.Score == score {
			return
		}
		change := Change{id, item.Score, score}
		item.Settle(score, autoscore.Dispute)
		revise(in, s, out, Correction{At: in.Now, By: "dispute", Changes: []Change{change}}, map[string]autoscore.Item{id: item})
	default:
		out.Warnings = append(out.Warnings, fmt.Sprintf("the outcome of the dispute is %q, which is none of upheld, changed and clarified", cut(outcome, 20)))
	}
}

// item is one of a final's items, or nil.
func (f *Final) item(id string) *autoscore.Item { return autoscore.Find(f.Items, id, 0) }

package syncer

import (
	"encoding/json"

	"github.com/handoffscore/syncd/internal/handoff"
)

// Counts is what a pass did, as reported. A deal with two handoffs, one to the
// seller and one to customer success, counts twice but for DealsRead.
type Counts struct {
	DealsRead     int64            `json:"deals_read"`
	InScope       int64            `json:"in_scope"`
	Judged        int64            `json:"judged"`
	Final         int64            `json:"final"`
	ByBand        map[string]int64 `json:"by_band"`
	ByStatus      map[string]int64 `json:"by_status"`
	FieldsPlanned int64            `json:"fields_planned"`
	FieldsWritten int64            `json:"fields_written"`
	RecordsSent   int64            `json:"records_sent"`
	Confirmed     int64            `json:"confirmed"`
	TasksCreated  int64            `json:"tasks_created"` // and posts
	Escalations   int64            `json:"escalations"`
	TasksPlanned  int64            `json:"tasks_planned"`
	TasksClosed   int64            `json:"tasks_closed"`
	TasksRejected int64            `json:"tasks_rejected"`
	// TasksUnresolved are tasks of which nobody knows yet whether they stand in
	// the CRM, which are looked for before they are made again, and deals of which
	// nobody could find out whom to ask.
	TasksUnresolved int64 `json:"tasks_unresolved"`
	// AttemptsPlanned are records of attempts that are due to be made or changed
	// once the plan is complete, AttemptsWritten those that were, and AttemptsOwed
	// those that the CRM was not told then, refused ones among them.
	AttemptsPlanned  int64 `json:"attempts_planned,omitempty"`
	AttemptsWritten  int64 `json:"attempts_written,omitempty"`
	AttemptsRejected int64 `json:"attempts_rejected,omitempty"`
	AttemptsOwed     int64 `json:"attempts_owed,omitempty"`
	Unassigned       int64 `json:"unassigned"` // asks for which nobody is left to take them
	Rejected         int64 `json:"rejected"`
	Unresolved       int64 `json:"unresolved"`         // outcome still unknown
	Degraded         int64 `json:"degraded"`           // deals with something unreadable
	Drift            int64 `json:"drift"`              // deals found changed by a full run alone
	Withheld         int64 `json:"withheld,omitempty"` // fields that are not written because sellers can read them
	// InScopeTypes counts the won deals in scope that were read, by type.
	InScopeTypes map[string]int64 `json:"in_scope_types,omitempty"`
	// LeftOut counts deals that were read and are out of scope, by reason;
	// LeftOutTypes those left out for their type, by type.
	LeftOut      map[string]int64 `json:"left_out,omitempty"`
	LeftOutTypes map[string]int64 `json:"left_out_types,omitempty"`
	APICalls     map[string]int64 `json:"api_calls,omitempty"`
	Problems     []string         `json:"problems,omitempty"`
}

func newCounts() Counts {
	return Counts{
		ByBand: map[string]int64{}, ByStatus: map[string]int64{},
		InScopeTypes: map[string]int64{}, LeftOut: map[string]int64{}, LeftOutTypes: map[string]int64{}, APICalls: map[string]int64{},
	}
}

// step counts a handoff that was taken a step further.
func (c *Counts) step(out handoff.Output) {
	if out.State.Status != handoff.Closed {
		c.InScope++
		c.Judged++
	}
	if out.Result.Degraded {
		c.Degraded++
	}
}

// ReadCounts decodes the counts of a stored run.
func ReadCounts(raw []byte) (Counts, error) {
	c := newCounts()
	if len(raw) == 0 {
		return c, nil
	}
	err := json.Unmarshal(raw, &c)
	return c, err
}

// JSON encodes the counts for the store.
func (c Counts) JSON() []byte {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // a struct of numbers, strings and maps of them
	}
	return b
}

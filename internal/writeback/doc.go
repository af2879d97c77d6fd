// Package writeback guards and applies a planned pass: one look over the plan
// before anything is written, then every intent once, in full batches, several
// in flight, with the outcome of every record kept.
//
// What it promises: sent = confirmed + rejected + unknown, always. A write
// whose outcome is unknown is read back from the record before it is sent
// again. Only syncd's own fields are in an intent; who put them there (syncer)
// has compared them with the record first.
package writeback

import (
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// Limits of one run's effect. A zero limit is no limit.
type Limits struct {
	MaxEscalations int     // Sales-manager escalations in one run
	MaxBandChanges float64 // share of known deals whose band would change
}

// minKnown is how many deals must be known before shares mean anything.
const minKnown = 25

// Writer applies plans.
type Writer struct {
	Store    *store.Store
	Log      *zap.Logger
	InFlight int // batches at a time; 0 means 10
	// Progress, if set, is told after each batch how many records were settled.
	Progress func(connection string, settled int64)
}

// Target is the connection a plan is applied to.
type Target struct {
	Name   string
	Source crm.Source
	Sink   crm.Sink
	Tasks  crm.TaskBook // nil: nobody is asked by a task
	// Attempts keeps a record of every attempt that is final; nil: nobody does.
	Attempts crm.AttemptBook
	// Same compares a field's text on the record with what was sent.
	Same func(field, have, want string) bool
}

// Tally is what became of the records of a run.
type Tally struct {
	Sent, Confirmed, Rejected, Unresolved int64
	Fields                                int64 // fields confirmed
}

// retryAfter is how long a rejected record waits, by class.
func retryAfter(class crm.Class, tries int) time.Duration {
	switch class {
	case crm.ClassLocked, crm.ClassBusy:
		return min(time.Minute<<min(tries, 6), time.Hour)
	case crm.ClassQuota:
		return time.Hour
	}
	return 6 * time.Hour
}

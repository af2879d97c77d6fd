package crm

import (
	"context"
	"time"
)

// Attempt is the record of one attempt of a handoff that is final. A CRM that
// keeps such records has them beside the deal, for managers and CSMs alone: all
// of it tells numbers.
type Attempt struct {
	Key        string // names it for good: deal, scorecard and number, parted by "/"
	Deal       DealID
	Scorecard  string // id
	Version    string
	Number     int // from 1
	Score      int // points, of OutOf
	OutOf      int
	Band       string
	Categories string // points by category, one line; "" if they are not known any more
	Gaps       string // lines of plain text; "" if there are none or they are not known any more
	Notes      string // what was missing when it became final
	FinalAt    time.Time
	// Once: nothing newer is known than what a record by this key would say. It
	// is made where there is none, and never changed.
	Once bool `json:"-"`
}

// AttemptBook keeps records of attempts.
type AttemptBook interface {
	// PutAttempts makes or changes records, by Key, and returns one outcome each,
	// in order, as Write does. Of those that are made once, one that stands there
	// is confirmed. A record is never sent twice by one call.
	PutAttempts(ctx context.Context, list []Attempt) ([]Outcome, error)
	// FindAttempts reads the records by key, with what PutAttempts writes; those
	// that are not there are absent.
	FindAttempts(ctx context.Context, keys []string) (map[string]Attempt, error)
	// AttemptBatch is how many records one call takes.
	AttemptBatch() int
}

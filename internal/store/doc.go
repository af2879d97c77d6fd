// Package store keeps what syncd knows between passes: connections and their
// watermarks, leases, runs, where each handoff stands, snapshots and
// judgements (append-only), write intents and what became of every record.
// One set of SQL serves SQLite and PostgreSQL.
//
// It promises that a slice of a pass is kept whole or not at all, and that a
// holder whose lease has passed to another can no longer write. It knows
// nothing of scoring: states, snapshots and judgements are JSON to it.
//
// Times are integers of UTC milliseconds, JSON is text, a score that is not
// there is NULL.
package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// ErrFenced is a write by a holder whose lease is no longer in force.
var ErrFenced = errors.New("the lease has passed to another holder")

// ErrHeld is a connection that another holder works.
type ErrHeld struct {
	Connection, Holder string
	Until              time.Time
}

func (e *ErrHeld) Error() string {
	return fmt.Sprintf("connection %s is being worked by %s until %s", e.Connection, e.Holder, e.Until.UTC().Format(time.RFC3339))
}

// Connection is what is kept of a connection.
type Connection struct {
	Name, CRM, OrgID                 string
	Watermark, LastFull, LastSuccess time.Time
	InScope, Known                   int // at the last complete run
}

// Lease is the right to write for one connection.
type Lease struct {
	Connection, Holder string
	Epoch              int64
	Until              time.Time
}

// Run statuses.
const (
	RunRunning = "running"
	RunDone    = "done"
	RunFailed  = "failed"
	RunQuota   = "quota"
	RunGuarded = "guarded"
)

// Run is one pass over a connection. What it judges it judges as of Moment; it
// knows the CRM up to WindowTo, its beginning, however often it was gone on
// with since.
type Run struct {
	ID, Connection, Mode, Kind, Phase, Cursor, Status string
	Started, Ended, WindowFrom, WindowTo, ResumeAt    time.Time
	Moment                                            time.Time // zero means WindowTo
	// Beside is the full run that waits while this one goes on; "" if none. What
	// that one has read and planned is kept for it.
	Beside string
	Counts []byte // JSON
	Error  string
}

// State is where one handoff stands. Body is JSON; the columns beside it are
// for looking things up.
type State struct {
	Ref     crm.Ref
	Card    string
	Attempt int
	Status  string
	Open    bool      // the clock runs: read again at every pass
	NextAt  time.Time // read again from then on; zero if there is no such time
	InScope bool
	Final   bool
	Band    string
	Score   *int
	Account string
	Amount  string
	WonAt   time.Time
	Twin    string // another deal that may be the same sale, as last told
	// Motion is what partner handoffs are looked back on by, SentAt when the
	// one that is final was sent; "" and zero for all others.
	Motion    string
	SentAt    time.Time
	InputHash string
	Body      string
	UpdatedAt time.Time
}

// Snapshot is a deal as it was seen.
type Snapshot struct {
	Ref  crm.Ref
	At   time.Time
	Hash string
	Body string
}

// Judgement is one step of a handoff as it was judged.
type Judgement struct {
	Ref               crm.Ref
	Card, Version     string
	Attempt           int
	At                time.Time
	Run, SnapshotHash string
	Body              string
}

// Intent states.
const (
	Planned    = "planned"
	Sent       = "sent" // on its way; if the process died here, nobody knows
	Confirmed  = "confirmed"
	Rejected   = "rejected"
	Unknown    = "unknown"
	Superseded = "superseded"
)

// Intent is one write to one record.
type Intent struct {
	ID                   int64
	Run                  string
	Ref                  crm.Ref
	Account              string
	Card                 string
	Fields               map[string]string // logical name -> text
	Before               map[string]string // what stood there; absent was blank
	InputHash, Status    string
	Class, Code, Message string
	Tries                int
	NextTry              time.Time
	Escalation           string
	BandChange           bool
	CreatedAt, UpdatedAt time.Time
}

// Write is what is to be sent of an intent.
type Write struct {
	ID      int64
	Deal    string // its id
	Account string // writes to deals of one account are sent together: they share locks
	Fields  map[string]string
	Tries   int
}

// Result is what became of an intent.
type Result struct {
	ID                           int64
	Status, Class, Code, Message string
	NextTry, At                  time.Time
}

// Card is the content of a scorecard version.
type Card struct {
	ID, Version string
	Source      []byte
}

// Slice is a part of a pass that is kept whole or not at all.
type Slice struct {
	Run        Run
	Read       []string // ids of the deals that were read
	States     []State
	Snapshots  []Snapshot
	Judgements []Judgement
	Intents    []Intent
	Cards      []Card
	Tasks      []Task        // that people are to be asked for
	Closings   []Closing     // of tasks that are no longer needed
	Attempts   []crm.Attempt // that have records beside their deals
	Again      []string      // ids of deals that are to be looked at again, by this run where it still comes to them
}

// GuardCounts is the plan of a run at a glance.
type GuardCounts struct {
	Escalations, BandChanges, Known, InScope, InScopeLast int
}

// Standing counts handoffs in scope.
type Standing struct {
	ByStatus, ByBand      map[string]int64
	InScope, Final, Known int64
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Package syncer plans a pass over one connection: which deals to look at,
// their whole snapshots, what they are worth, where their handoffs stand, and
// what the record should show that it does not. It writes to the store alone;
// sending is writeback's.
//
// A pass streams: refs come page by page, snapshots are loaded while earlier
// ones are judged, and each slice (snapshots, judgements, states, intents, the
// place reached) is one transaction. A pass that dies goes on from its last
// slice. Full and incremental passes share every line but the window.
package syncer

import (
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/store"
)

// Connection is one CRM as a pass sees it.
type Connection struct {
	Name     string
	CRM      string // "salesforce" or "hubspot", for reports
	Mode     Mode
	Source   crm.Source
	Sink     crm.Sink
	Setup    crm.Setup
	Cards    []*scorecard.Card
	Settings handoff.Settings
	Judge    *autoscore.Judge
	Tasks    crm.TaskBook    // nil: people are asked by the record alone
	Attempts crm.AttemptBook // nil: no records of attempts are kept beside the deals
	Managers handoff.Managers
	Texts    handoff.Texts
	Lag      time.Duration // how far behind the CRM's clock the watermark stays
	Overlap  time.Duration // how far before the watermark a window begins
	// Rebuilt: the store has not seen a full run of it, so that records may know
	// more than the store.
	Rebuilt atomic.Bool
}

// Mode says whether a connection writes to its CRM.
type Mode string

// Modes of a connection.
const (
	Observe Mode = "observe"
	Write   Mode = "write"
)

// Planner plans passes.
type Planner struct {
	Store *store.Store
	Log   *zap.Logger
	// Progress, if set, is told after each slice how many deals were read.
	Progress func(connection string, read int64)
}

// Phases of a run, in order. A run's cursor belongs to its phase.
const (
	PhaseChanged = "changed" // deals whose record moved
	PhaseTouched = "touched" // deals to which something moved; a full run reads them anyway
	PhaseOpen    = "open"    // deals whose clock runs, and writes to be tried again
	PhaseGuard   = "guard"   // one look over the plan
	PhaseApply   = "apply"
	// PhaseScreen: a plan is applied that was made before. Whoever takes it up
	// takes out of it what has moved since, and writes the rest.
	PhaseScreen = "screen"
	PhaseDone   = "done"
)

// Reading reports whether a run in the phase still reads deals.
func Reading(phase string) bool {
	return phase == PhaseChanged || phase == PhaseTouched || phase == PhaseOpen
}

// nextPhase is the phase behind one that reads.
func nextPhase(phase, kind string) string {
	switch {
	case phase == PhaseChanged && kind == KindIncremental:
		return PhaseTouched
	case phase == PhaseOpen:
		return PhaseGuard
	}
	return PhaseOpen
}

// Package handoff is the life of a score: whether a deal is in scope, which
// card it takes, whose turn it is, when scoring is due, when an attempt is
// final, and what the record should then show. It is pure: state, judgement
// and the moment in, state and wishes out; no I/O, no clock, no log.
//
// A State is kept per deal and scorecard. What is final is frozen: later
// readings of the deal do not move it. Re-handoffs, corrections and tasks
// build on Attempt and Final; until then there is one attempt.
package handoff

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Settings are a connection's rules for the life of a handoff.
type Settings struct {
	Zone     *time.Location             // the company's; nil means UTC
	GoLive   time.Time                  // deals won earlier are never scored
	Currency string                     // the company's; thresholds are in it
	Rates    map[string]decimal.Decimal // one unit of each in company currency
	// Threshold below which the short card is taken; nil means never.
	Threshold    *decimal.Decimal
	Types        []string // explicit list of types; empty means all but excluded
	ExcludeTypes []string // nil means any type containing "renew"
	Pipelines    []string // empty means all
	RecordTypes  []string // empty means all
	EarlyWarning bool     // a ceiling in the lowest band holds the kickoff
}

// Status is where a handoff stands.
type Status string

// The states of a handoff, in order of life.
const (
	OutOfScope      Status = "out of scope"
	NeedsCSM        Status = "needs CSM"
	AwaitingKickoff Status = "awaiting kickoff"
	ScoringOpen     Status = "scoring open"
	Overdue         Status = "overdue"
	IsFinal         Status = "final"
	Closed          Status = "closed"
)

// Statuses are what the record's status field may hold.
func Statuses() []string {
	return []string{string(NeedsCSM), string(AwaitingKickoff), string(ScoringOpen), string(Overdue), string(IsFinal), string(Closed)}
}

// State is what is remembered of one handoff between passes.
type State struct {
	Card    string `json:"card"`
	Version string `json:"version"`
	Attempt int    `json:"attempt"`
	Status  Status `json:"status"`
	Reason  string `json:"reason,omitempty"` // why out of scope or closed
	// Started: a CSM value was seen; the choice of card is kept from then on.
	Started bool `json:"started,omitempty"`

	CSM      crm.UserID `json:"csm,omitempty"`
	CSMSince time.Time  `json:"csm_since,omitzero"`
	// CSMSeen: CSMSince is only the pass that saw the CSM; the CRM's own time
	// takes its place once it can be had.
	CSMSeen bool      `json:"csm_seen,omitempty"`
	Kickoff Kickoff   `json:"kickoff,omitzero"`
	Due     time.Time `json:"due,omitzero"`

	// Auto holds the auto items each time they changed, oldest first, so that
	// the reading in force at the kickoff can be told.
	Auto  []AutoReading `json:"auto,omitempty"`
	Final *Final        `json:"final,omitempty"`

	EscalatedAt time.Time `json:"escalated_at,omitzero"`
	ResolvedAt  time.Time `json:"resolved_at,omitzero"`

	// Copied: the record began as a copy of another deal. Inherited is what
	// people had typed on that one and still stands here, by base name.
	Copied    bool              `json:"copied,omitempty"`
	Inherited map[string]string `json:"inherited,omitempty"`
}

// Kickoff is when the kickoff meeting is, as understood.
type Kickoff struct {
	At       time.Time `json:"at,omitzero"` // zero if there is none
	DateOnly bool      `json:"date_only,omitempty"`
	// BeforeWin: it lay before the win and counts from there.
	BeforeWin bool `json:"before_win,omitempty"`
}

// AutoReading is how the auto items stood at a pass.
type AutoReading struct {
	At    time.Time        `json:"at"`
	Items []autoscore.Item `json:"items"`
}

// Final is the frozen score of an attempt.
type Final struct {
	At      time.Time        `json:"at"`
	Version string           `json:"version"` // of the scorecard
	Total   int              `json:"total"`
	Band    string           `json:"band"`
	Items   []autoscore.Item `json:"items,omitempty"`
	// AutoFrom says which reading the auto items come from: "at kickoff",
	// "first after kickoff" or "at final".
	AutoFrom string   `json:"auto_from"`
	Notes    []string `json:"notes,omitempty"` // what was missing: "no kickoff", "no CSM"
}

// Input is everything one step of a handoff looks at.
type Input struct {
	Card     *scorecard.Card
	Deal     *crm.Deal
	Result   autoscore.Result // judged now, CSM values merged
	Now      time.Time        // the CRM's clock at the start of the pass
	Settings Settings
}

// Output is what follows from one step.
type Output struct {
	State State
	// Result is the judgement in force: auto items as of the kickoff, and the
	// frozen one once final.
	Result autoscore.Result
	// Show is what syncd's own fields on the record should hold, by logical
	// name as canonical text; nil means the record is left alone.
	Show     map[string]string
	Warnings []string // for people, without personal data
	// Escalate names whom the band newly escalates to in this step, "" if nobody.
	Escalate string
}

// Open reports whether the clock of a handoff is running, so that its deal is
// read again at every pass.
func (s State) Open() bool {
	switch s.Status {
	case NeedsCSM, AwaitingKickoff, ScoringOpen, Overdue:
		return true
	}
	return false
}

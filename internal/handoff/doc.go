// Package handoff is the life of a score: whether a deal is in scope, which
// card it takes, whose turn it is, when scoring is due, when an attempt is
// final, and what the record should then show. It is pure: state, judgement
// and the moment in, state and wishes out; no I/O, no clock, no log.
//
// A State is kept per deal and scorecard. What is final is frozen: later
// readings of the deal do not move it. A correction inside its window and the
// outcome of a dispute revise a final and keep both values; a re-handoff is the
// next attempt, and the record shows the one before until that is final.
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
	// Correction is how long after final a CSM may correct a value; 0 means 24
	// hours, below 0 never.
	Correction time.Duration
	Hours      Hours // when reminders may be made; zero means at any time
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
	Disputed        Status = "disputed" // final, and the score stands until the CS manager decides
	Closed          Status = "closed"
)

// Statuses are what the record's status field must be able to hold; one that
// offers Disputed too shows it, any other shows final meanwhile.
func Statuses() []string {
	return []string{string(NeedsCSM), string(AwaitingKickoff), string(ScoringOpen), string(Overdue), string(IsFinal), string(Closed)}
}

// State is what is remembered of one handoff between passes.
type State struct {
	Card    string `json:"card"`
	Version string `json:"version"`
	Attempt int    `json:"attempt"` // the one that the record shows
	Status  Status `json:"status"`
	Reason  string `json:"reason,omitempty"` // why out of scope or closed
	// Started: a CSM value was seen; the choice of card is kept from then on.
	Started bool `json:"started,omitempty"`
	// Win is the win that the attempt counts from, or the sending of a card that
	// starts there; LeftAt is when the deal was
	// seen to have left the scope, zero while it is in it.
	Win    time.Time `json:"win,omitzero"`
	LeftAt time.Time `json:"left_at,omitzero"`

	CSM      crm.UserID `json:"csm,omitempty"`
	CSMSince time.Time  `json:"csm_since,omitzero"`
	// CSMSeen: CSMSince is only the pass that saw the CSM; the CRM's own time
	// takes its place once it can be had.
	CSMSeen bool      `json:"csm_seen,omitempty"`
	Kickoff Kickoff   `json:"kickoff,omitzero"`
	Due     time.Time `json:"due,omitzero"`
	// NoCSM and NoKickoff are since when there is none; zero while there is one.
	NoCSM     time.Time `json:"no_csm,omitzero"`
	NoKickoff time.Time `json:"no_kickoff,omitzero"`
	Signature Signature `json:"signature,omitzero"`

	// Auto holds the auto items each time they changed, oldest first, so that
	// the reading in force at the kickoff can be told.
	Auto  []AutoReading `json:"auto,omitempty"`
	Final *Final        `json:"final,omitempty"`
	// Earlier are the finals of earlier attempts, oldest first, without items:
	// history has those.
	Earlier []Final `json:"earlier,omitempty"`
	// Notices are what was asked of people, oldest first.
	Notices []Notice `json:"notices,omitempty"`
	Dispute Dispute  `json:"dispute,omitzero"`
	// Turns say who had the ball since when, from the win on.
	Turns []Turn `json:"turns,omitempty"`

	// Flag is whom the escalation that is up is for, "" if none is. EscalatedAt
	// is when it or the last one was raised, ResolvedAt when one was last taken
	// down.
	Flag string `json:"flag,omitempty"`
	// Quiet: the deal may be a duplicate, so its band asks nobody for anything.
	Quiet bool `json:"quiet,omitempty"`

	EscalatedAt time.Time `json:"escalated_at,omitzero"`
	ResolvedAt  time.Time `json:"resolved_at,omitzero"`
	// Elder: the record is older than what is remembered. What it shows of times
	// that nobody remembers is left there.
	Elder bool `json:"elder,omitempty"`
	// Held: the key says that the attempt is final, of which nothing is
	// remembered. It is when that was, by the CRM's own time of the key, else by
	// the pass that found it so. Until what people entered settles it again, the
	// record is left as it stands.
	Held time.Time `json:"held,omitzero"`
	// Unkeyed: nothing was remembered and the key could not be read, so nobody
	// knows what was scored and asked before. Once it can be, this state is dropped.
	Unkeyed bool `json:"unkeyed,omitempty"`

	// Copied: the record began as a copy of another deal. Inherited is what
	// people had typed on that one and still stands here, by base name.
	Copied    bool              `json:"copied,omitempty"`
	Inherited map[string]string `json:"inherited,omitempty"`

	// Of a partner handoff: the motion it belongs to, how the seller answered,
	// and the items that the attempt has to change, by id.
	Motion     string           `json:"motion,omitempty"`
	Acceptance Acceptance       `json:"acceptance,omitzero"`
	Again      map[string]Again `json:"again,omitempty"`
}

// Kickoff is when the kickoff meeting is, as understood; on a card that starts
// when a handoff is sent, it is the sending.
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
	Attempt  int      `json:"attempt"`
	// Marks are what the evidence of each gap looked like, by item, so that a
	// gap that is filled later can be told.
	Marks map[string]string `json:"marks,omitempty"`
	// Corrections are the values that were revised, oldest first.
	Corrections []Correction `json:"corrections,omitempty"`
	// Sent is when what was scored was sent, zero on cards that start at the
	// kickoff. Scores take the place of Items in an earlier attempt of such.
	Sent   time.Time      `json:"sent,omitzero"`
	Scores map[string]int `json:"scores,omitempty"`
	// Rebuilt: the store was lost, and it was summed from what the cells hold
	// since. What was said of it before may be nearer to what it was.
	Rebuilt bool `json:"rebuilt,omitempty"`
}

// Correction is a final revised: by the CSM inside the window, or by the
// outcome of a dispute.
type Correction struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"` // "CSM", "partner manager" or "dispute"
	Changes []Change  `json:"changes"`
	Total   int       `json:"total"` // before
	Band    string    `json:"band"`  // before
}

// Change is one item's value before and after.
type Change struct {
	Item string          `json:"item"`
	From autoscore.Score `json:"from"`
	To   autoscore.Score `json:"to"`
}

// Signature is what attempt_scored says, and since when: by the CRM's own
// time, or by the pass that saw it first.
type Signature struct {
	Attempt int       `json:"attempt"`
	At      time.Time `json:"at,omitzero"`
	Seen    bool      `json:"seen,omitempty"` // At is only the pass that saw it
}

// Input is everything one step of a handoff looks at.
type Input struct {
	Card     *scorecard.Card
	Deal     *crm.Deal
	Result   autoscore.Result // judged now, CSM values merged
	Now      time.Time        // the CRM's clock at the start of the pass
	Settings Settings
	// Twin is another deal that may be the same sale: same account, equal
	// amount, won within 7 days. "" if there is none.
	Twin string
	// Since is when the connection was last worked before this pass; zero if
	// that is not known. What fell due long before is told in one digest.
	Since time.Time
	// Disputed: the record's status field offers that word.
	Disputed bool
	// Partner is the deal's partner as it stands there, "" for a placeholder.
	Partner string

	sheet Sheet
	key   keyed   // on the record
	fresh bool    // nothing was known of the handoff before this step
	marks *[]seen // of items that were looked at in this step
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
	// Listed are the reasons for the deal to be on the CS manager's list.
	Listed []string
	// Reading is what a partner's final says beside its total, as far as it was
	// looked at.
	Reading Reading
	// Wake is when the deal must be looked at again though nothing moves; zero
	// if never.
	Wake time.Time
}

// Open reports whether the clock of a handoff is running, so that its deal is
// read again at every pass.
func (s State) Open() bool {
	switch s.Status {
	case NeedsCSM, AwaitingKickoff, ScoringOpen, Overdue:
		return true
	}
	return s.Status == IsFinal && !s.Held.IsZero() // what settles it again may move nothing
}

package crm

import (
	"context"
	"iter"
	"time"
)

// Source reads one CRM. Every method may be called from several goroutines
// and returns *Error. Reads are of whole pages; an adapter keeps constant
// memory however many deals there are.
type Source interface {
	// Describe reads the CRM's schema: which fields exist and may be read or
	// written, roles and deal types on offer, who we are, what time it is
	// there. It must be called before Changed and Load, at the start of a
	// pass. Schema may be cached for up to an hour; the clock never is.
	Describe(ctx context.Context) (Description, error)

	// Changed yields pages of deals whose record moved inside the window, in
	// an order of the adapter's choosing, each deal at least once. Deals that
	// were deleted or merged away come with Gone. after resumes behind the
	// page that carried it; "" starts. The last page has Next "".
	Changed(ctx context.Context, w Window, after string) iter.Seq2[Page, error]

	// Touched yields pages of deals to which something moved inside the window
	// although the deal itself may not have: contacts in their roles, roles,
	// notes and activities. At is when it moved; Won, Partner and Gone are not told. A
	// deal may come several times, also one that was never won. What the CRM
	// refuses to tell is left out: the next Description says so, and only a
	// full read finds it. after and Next are as with Changed.
	Touched(ctx context.Context, w Window, after string) iter.Seq2[Page, error]

	// Earlier counts won deals whose record has not moved since Setup.Since:
	// they were won before scoring began and are never named by Changed.
	Earlier(ctx context.Context) (int64, error)

	// Load reads whole snapshots of at most LoadBatch deals. A deal that no
	// longer exists is in Gone, one that was merged in Merged with its
	// survivor; every id asked for is in exactly one of Deals, Gone and
	// Merged. Order is not promised.
	Load(ctx context.Context, ids []DealID) (Loaded, error)
	// LoadBatch is the number of deals one Load takes with the fewest calls.
	LoadBatch() int
	// LoadsAhead is how many Loads are worth having under way while one is
	// judged: as few as keep its requests in flight.
	LoadsAhead() int

	// People resolves users or owners, inactive and archived ones included,
	// with all managers above them. Unknown ids are absent from the answer.
	People(ctx context.Context, ids []UserID) (map[UserID]Person, error)

	// Calls counts API requests so far by kind ("query", "search", ...).
	Calls() map[string]int64
}

// Sink writes syncd's own fields on deals.
type Sink interface {
	// Write sets fields on at most WriteBatch deals, each id once, and
	// returns one outcome an update, in the order of updates, whatever
	// happened. The error is nil or says why the connection as a whole
	// cannot go on (auth, quota, unavailable); outcomes are complete then
	// too, NotSent or Unknown for what was not confirmed.
	Write(ctx context.Context, updates []Update) ([]Outcome, error)
	// WriteBatch is the number of deals one call writes. It may become smaller
	// while a batch is on its way; Write still takes the one it was asked for.
	WriteBatch() int
}

// Window is a half-open stretch of the CRM's own time, [From, To).
// A zero From means since ever, a zero To up to now.
type Window struct{ From, To time.Time }

// Page is a page of deals to look at.
type Page struct {
	Deals []Moved
	Next  string // resumes after this page; "" on the last one
}

// Moved is a deal whose record moved, or to which something did.
type Moved struct {
	ID      DealID
	At      time.Time // the modification stamp of what moved
	Won     bool
	Partner bool // Setup.Partner holds something
	Gone    bool // deleted or merged away
}

// Loaded is the answer to Load.
type Loaded struct {
	Deals  []Deal
	Gone   []DealID
	Merged map[DealID]DealID // asked for -> survivor
}

// Update is the new text of some of syncd's own fields on one deal.
type Update struct {
	ID     DealID
	Fields map[string]string // logical name -> canonical text; "" clears
}

// Status is what became of one update.
type Status uint8

// What became of an update. Sent = Confirmed + Rejected + Unknown.
const (
	NotSent   Status = iota // never left; safe to send later
	Confirmed               // the CRM said yes, for this record
	Rejected                // the CRM said no, for this record
	Unknown                 // sent, no answer: read the record before sending again
)

// Outcome is what became of one update.
type Outcome struct {
	ID      DealID
	Status  Status
	Class   Class  // of a rejection
	Code    string // the CRM's own code
	Message string // the CRM's own words, without personal data
	// Fields are logical names: those a rejection names, or those that were
	// left out of a confirmed write because the CRM does not take them.
	Fields []string
}

// Class groups the reasons a record was rejected for.
type Class string

// Classes of rejection. Only Locked and Busy are worth another try soon.
const (
	ClassLocked     Class = "locked"     // another transaction or an approval holds the record
	ClassValidation Class = "validation" // a rule of the org blocks the write
	ClassPermission Class = "permission" // the integration user may not write this
	ClassQuota      Class = "quota"
	ClassGone       Class = "gone" // deleted or merged away
	ClassBusy       Class = "busy" // the CRM failed in itself
	ClassInvalid    Class = "invalid"
)

// Description is what a CRM says of itself at the start of a pass.
type Description struct {
	OrgID    string // Salesforce organisation id, HubSpot portal id
	OrgName  string
	Currency string    // ISO 4217, the org's own
	TimeZone string    // IANA name, "" if the CRM does not say
	Self     UserID    // the integration's own user, "" if it has none
	Now      time.Time // the CRM's clock
	// Fields tells, for every field the connection asked for, what the CRM has.
	Fields map[string]FieldStatus
	Roles  []string // role names or labels on offer
	Types  []string // deal types on offer
	Posts  bool     // Setup.Posts, and the CRM takes posts and shows them again
	// Visibility is who can read restricted fields.
	Visibility Visibility
	// Problems are faults and doubts about the mapping, each with its fix.
	Problems []Problem
}

// FieldStatus is how a logical field stands in the CRM.
type FieldStatus struct {
	Native   string // API name it resolved to
	Kind     Kind
	Exists   bool // false also when the integration user cannot see it
	Writable bool
	Length   int      // of texts, 0 if not limited
	Options  []string // of picklists
}

// Problem is something about the set-up that a person should mend.
type Problem struct {
	Severity Severity
	Place    string // config key path or CRM field
	Message  string
	Fix      string
}

// Severity of a Problem.
type Severity uint8

// Warn lets the pass go on, Fail means items or writes are affected.
const (
	Warn Severity = iota
	Fail
)

package sfsim

import (
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
)

// Options tunes a Server. The zero value is a production org without request
// limits and with everything else as strict as the vendor.
type Options struct {
	Clock *simclock.Clock // nil means a new one at the world's Now

	EnforceLimits bool          // refuse with 403 once the daily requests are used up, or 25 long ones run
	DailyLimit    int           // requests in 24 hours; 0 means 100,000 and 1,000 for each active user
	PageSize      int           // most rows of a query page; 0 means 2,000
	ChildPageSize int           // most rows of a subquery in its parent's page; 0 means 199
	BulkPageSize  int           // most rows of a set of bulk query results; 0 means 50,000
	BulkWait      time.Duration // simulated time that a bulk job waits in the queue, and then runs; 0 means 1 s
	WidePages     bool          // pages keep their size when two or more custom long texts are selected
	LocatorsOnce  bool          // a page of a query can be fetched only once
	Latency       time.Duration // real time added to every request
	Gzip          bool          // compress for clients that take it

	Sandbox             bool          // tells so, and takes test.salesforce.com as the audience
	LoginHosts          []string      // host names that play login.salesforce.com, without port
	InstanceHost        string        // host name, without port, that logins at LoginHosts are sent to; "" means the same
	SessionTimeout      time.Duration // of simulated time without a request; 0 means 2 hours
	SharedSession       bool          // all logins of the integration user get one session
	RotateRefreshTokens bool          // every refresh answers with a new refresh token and kills the old one
	NoRunAsUser         bool          // the app has no user for the client credentials flow
	NoPasswordFlow      bool          // the username-password grant is blocked, as in new orgs
	NoSOAPLogin         bool          // SOAP login() is switched off, as in new orgs
	WallClockAssertions bool          // judge exp of JWTs by the machine's clock, not the simulated one

	CompositeCollections  int           // collections calls in a composite call; 0 means 5, below 0 none: the vendor's pages differ
	UnknownFieldPerRecord bool          // in collections an unknown field refuses its record, not the call
	NoArchive             bool          // activities older than a year stay in plain queries
	MergeStampsChildren   bool          // records moved to the winner of a merge get new stamps
	RecordTypes           []string      // names of record types of Opportunity; the first is the default
	TrackedFields         []string      // API names on Opportunity with field history; nil means a usual choice of 20
	Custom                []CustomField // fields beside those of the world
	NoHandoffFields       bool          // as before anybody set syncd up: none of its fields, no permission sets for them
	CustomFieldLimit      int           // custom fields an object may have; 0 means the 500 of Enterprise Edition
	ViewAllFields         bool          // object permissions know "View All Fields", as newer versions do
	NoChatter             bool          // Chatter is switched off: there are no feeds
	TaskStatuses          []TaskStatus  // of tasks, in their order; nil means the vendor's five
}

// TaskStatus is a status that tasks may have. The first default one is given to
// new tasks, or else the first.
type TaskStatus struct {
	Name            string
	Closed, Default bool
}

func usualStatuses() []TaskStatus {
	return []TaskStatus{{Name: "Not Started", Default: true}, {Name: "In Progress"}, {Name: "Completed", Closed: true}, {Name: "Waiting on someone else"}, {Name: "Deferred"}}
}

// CustomField is a custom field that the world does not know.
type CustomField struct {
	Object, Name string // "Task", "Handoff_Key__c"
	Label        string // "" means made from the name
	Type         string // a describe type; "" means string
	Length       int    // of texts; 0 means 255
	Precision    int    // of numbers; 0 means 18
	Scale        int
	Options      []string // of picklists, which then are restricted
	ExternalID   bool
	Unique       bool
}

// Credentials are what an admin hands out for the integration user.
type Credentials struct {
	ClientID      string // of the connected app; also the issuer of JWTs
	ClientSecret  string
	Username      string
	Password      string
	SecurityToken string // appended to Password where the API asks for a password
	RefreshToken  string
	PrivateKey    string // PEM (PKCS 8), belongs to the certificate on the connected app
	UserID        string
	OrgID         string
}

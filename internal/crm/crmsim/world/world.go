// Package world describes the company that the simulated CRMs are filled with:
// people, accounts, contacts, deals, roles and notes, in no vendor's words.
// A world is plain data made from a seed or read from CSV files; each simulator
// turns it into its own records, so that one deal means the same in both CRMs.
//
// Lists refer to each other by position: Deal.Owner is an index into Users.
// -1 means nobody.
package world

import "time"

// World is everything a simulator is seeded with.
type World struct {
	Now      time.Time // where the simulated clock starts (UTC)
	Company  string
	Domain   string // the seller's own mail domain
	TimeZone string // IANA name
	Currency string // ISO 4217
	Fields   []Field
	Roles    []string // the contact role names the CRM offers
	Types    []string // the deal types the CRM offers
	Users    []User
	Accounts []Account
	Contacts []Contact
	Deals    []Deal
	Flaws    []Flaw // what was odd in imported data; never fatal
}

// Kind is the type of a field, in neutral words.
type Kind string

// Kinds of field.
const (
	Text     Kind = "text"     // up to 255 characters
	LongText Kind = "longtext" // many lines
	RichText Kind = "richtext" // HTML
	Number   Kind = "number"
	Money    Kind = "money"
	Bool     Kind = "bool"
	Date     Kind = "date"     // YYYY-MM-DD
	DateTime Kind = "datetime" // an instant
	Picklist Kind = "picklist"
	UserRef  Kind = "user"
)

// Field is a custom field that exists in the simulated CRM.
type Field struct {
	Name       string // logical name: "status", "evidence.1.1", "arr"
	Object     string // "deal", "contact" or "role"
	Label      string
	Salesforce string // API name there, for example Handoff_Status__c
	HubSpot    string // property name there, for example handoff_status
	Kind       Kind
	Length     int      // of texts; 0 means the kind's default
	Scale      int      // decimal places of numbers
	Options    []string // of picklists; restricted to these
}

// Role words for users.
const (
	AE           = "ae"
	SalesManager = "sales_manager"
	CSM          = "csm"
	CSManager    = "cs_manager"
	RevOps       = "revops"
	Integration  = "integration" // the user syncd signs in as; exactly one
)

// User is somebody with a login.
type User struct {
	Name    string
	Email   string
	Job     string // one of the role words above
	Team    string
	Manager int // index into Users, -1 if none
	Active  bool
}

// Account is a customer company.
type Account struct {
	Name    string
	Owner   int
	Country string
	Sector  string
}

// Contact is a person at an account.
type Contact struct {
	Account int
	First   string
	Last    string
	Title   string
	Email   string
	Phone   string
	Mobile  string
	Bounced bool
	Fields  map[string]string // logical name to text, for Field.Object "contact"
}

// Stage is where a deal stands.
type Stage string

// Stages of the simulated pipeline.
const (
	Prospecting Stage = "prospecting"
	Engaging    Stage = "engaging"
	Won         Stage = "won"
	Lost        Stage = "lost"
)

// Deal is an opportunity with what hangs on it.
type Deal struct {
	Key       string // the importer's own id, "" if generated
	Name      string
	Account   int
	Owner     int // now
	Seller    int // owner when it was won; usually Owner
	Stage     Stage
	Type      string // one of World.Types, "" blank
	Amount    string // decimal, "" blank
	Currency  string // "" means the company's
	CloseDate string // YYYY-MM-DD, "" blank
	CreatedAt time.Time
	WonAt     time.Time // zero unless won
	EditedAt  time.Time // the last edit of a field; zero if none is known
	// Fields holds custom field values by logical name, as canonical text:
	// decimals, "true"/"false", YYYY-MM-DD, RFC 3339, or "user:N" with an
	// index into Users. Absent or "" is blank.
	Fields map[string]string
	Roles  []Role
	Notes  []Note
}

// Role says who plays which part in a deal.
type Role struct {
	Contact int
	Name    string // one of World.Roles
	Primary bool
}

// Note is something a person wrote or logged on a deal.
type Note struct {
	At    time.Time
	By    int
	Kind  string // "note", "call", "email", "meeting", "task"
	Title string
	Body  string // plain text; a simulator wraps it as its vendor does
}

// Flaw is an oddity met while importing.
type Flaw struct {
	File    string
	Row     int // 1 is the header
	Message string
}

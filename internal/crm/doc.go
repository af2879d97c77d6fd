// Package crm is what syncd understands of a customer relationship management
// system: deals with their contacts, notes and people, the cells people and
// syncd write on a deal, tasks, and the contracts an adapter fulfils, Source,
// Sink and TaskBook. It knows no vendor: a value is canonical text (see Kind), a
// field is named by its logical name, and an adapter translates both ways.
//
// Three states of a cell are kept apart everywhere: not mapped, not readable,
// and read (where "" is blank). Not readable is never blank.
package crm

// Object names a kind of record.
type Object string

// The objects that syncd keys anything by.
const (
	ObjectDeal    Object = "deal"
	ObjectContact Object = "contact"
)

// IDs of records, each its own type so that one cannot be passed for another.
// Salesforce ids are normalised to 18 characters; HubSpot ids are decimal.
type (
	DealID    string
	ContactID string
	AccountID string
	// UserID is a Salesforce User id or a HubSpot owner id.
	UserID string
)

// Ref names one record of one connection.
type Ref struct {
	Connection string `json:"connection"`
	Object     Object `json:"object"`
	ID         string `json:"id"`
}

// String gives connection/id, as people type it.
func (r Ref) String() string { return r.Connection + "/" + r.ID }

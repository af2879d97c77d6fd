package crm

import "time"

// Deal is a whole snapshot of one opportunity or deal with everything that is
// judged: the same whether it was read alone, in a batch, incrementally or in
// full. It is plain data and marshals to JSON as stored.
type Deal struct {
	Ref       Ref       `json:"ref"`
	Name      Cell      `json:"name"`
	AccountID AccountID `json:"account_id,omitempty"`

	Won    bool   `json:"won"`    // by the won flag, never by a label
	Closed bool   `json:"closed"` // won or lost
	WonAt  Moment `json:"won_at"` // zero unless won

	Stage      Cell `json:"stage"`       // label, for people
	Pipeline   Cell `json:"pipeline"`    // HubSpot pipeline id
	RecordType Cell `json:"record_type"` // Salesforce record type's developer name
	Type       Cell `json:"type"`
	Amount     Cell `json:"amount"`   // Number
	Currency   Cell `json:"currency"` // ISO 4217; the org's currency where records carry none
	CloseDate  Cell `json:"close_date"`

	Owner  UserID `json:"owner,omitempty"`  // now
	Seller UserID `json:"seller,omitempty"` // the AE: owner when it was won, else the owner now

	CreatedAt  time.Time `json:"created_at,omitzero"`
	ModifiedAt time.Time `json:"modified_at,omitzero"` // the CRM's own stamp; a hint, never proof

	// Fields holds every mapped field by logical name, syncd's own included,
	// as they stand on the record. A name that is absent is not mapped.
	Fields Cells `json:"fields,omitzero"`
	// Roles holds the configured roles by their key ("champion").
	Roles    map[string]Role `json:"roles,omitempty"`
	Contacts []Contact       `json:"contacts,omitempty"` // sorted by id, each once
	Notes    []Note          `json:"notes,omitempty"`    // sorted by time, then id
	// NotesState is Unreadable if any kind of note could not be read.
	NotesState State `json:"notes_state"`
}

// Moment is an instant and how sure it is.
type Moment struct {
	At        time.Time `json:"at,omitzero"`
	Imprecise bool      `json:"imprecise,omitempty"` // only a day is known
	Source    string    `json:"source,omitempty"`    // "stage history", "close date", ...
}

// Field returns the cell of a logical name; Unmapped if there is none.
func (d *Deal) Field(name string) Cell { return d.Fields.Get(name) }

// Contact returns the contact with the given id, or nil.
func (d *Deal) Contact(id ContactID) *Contact {
	for i := range d.Contacts {
		if d.Contacts[i].ID == id {
			return &d.Contacts[i]
		}
	}
	return nil
}

// Role is who holds one configured role on a deal.
type Role struct {
	// State is Unmapped if the CRM offers none of the configured role names,
	// Unreadable if roles could not be read.
	State    State       `json:"state"`
	Contacts []ContactID `json:"contacts,omitempty"` // sorted, each once
}

// Contact is a person on the customer's side.
type Contact struct {
	ID      ContactID `json:"id"`
	Name    Cell      `json:"name"`
	Title   Cell      `json:"title"`
	Email   Cell      `json:"email"`
	Phone   Cell      `json:"phone"`
	Mobile  Cell      `json:"mobile"`
	Context Cell      `json:"context"` // the relationship note; Unmapped unless configured
	Bounce  Bounce    `json:"bounce"`
}

// Bounce says what the CRM knows of mail to a contact.
type Bounce uint8

// What is known of a contact's mail.
const (
	BounceUnknown Bounce = iota // the CRM does not say
	BounceNone                  // it tracks bounces and saw none for this person
	Bounced                     // mail to the address came back
)

// Note is something written or logged on a deal.
type Note struct {
	ID     string    `json:"id"`
	Kind   NoteKind  `json:"kind"`
	At     time.Time `json:"at"` // created
	Author UserID    `json:"author,omitempty"`
	Title  string    `json:"title,omitempty"`
	Body   string    `json:"body,omitempty"` // as stored; may be HTML
	Ours   bool      `json:"ours,omitempty"` // syncd made it; it never counts
}

// NoteKind is what a note is.
type NoteKind string

// Kinds of note. A notes text that is a field of the deal itself is not among
// them: it is the field "notes", with the time of its last change.
const (
	NoteText    NoteKind = "note"
	NoteCall    NoteKind = "call"
	NoteEmail   NoteKind = "email"
	NoteMeeting NoteKind = "meeting"
	NoteTask    NoteKind = "task"
)

// Person is somebody with a login: AE, CSM or manager.
type Person struct {
	ID      UserID   `json:"id"`
	Name    string   `json:"name"`
	Email   string   `json:"email,omitempty"`
	Active  bool     `json:"active"`
	Manager UserID   `json:"manager,omitempty"` // Salesforce only
	Teams   []string `json:"teams,omitempty"`   // HubSpot only; ids, the primary first
}

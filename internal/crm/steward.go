package crm

import "context"

// Steward looks after the CRM's side of a set-up. Both adapters are one; its
// methods return *Error, and may be called without Describe before.
type Steward interface {
	// Inspect looks at everything that decides whether passes will work, and
	// says what it found, in an order for reading. An error means that nothing
	// could be found out: it comes with a fix. What only a part of the
	// questions was refused is a finding. Nothing is changed but by Probe.
	Inspect(ctx context.Context, o Inspection) ([]Finding, error)

	// Survey compares what the set-up needs with what the CRM has.
	Survey(ctx context.Context) (Survey, error)
	// Provide creates a part that a survey says is missing. A part that is there
	// by now is left as it is, without an error.
	Provide(ctx context.Context, p Part) error
}

// Inspection tunes Inspect.
type Inspection struct {
	// Probe is a deal that may be written to see whether rules would refuse it:
	// a field of ours is set to the value that it has. "" writes nothing.
	Probe DealID
}

// Finding is one thing that was looked at.
type Finding struct {
	Area    string `json:"area"`    // "credentials", "api", "permissions", "fields", "visibility", "roles", "stages", "rules", "quota", "managers", "clock", "time zone", "store"
	Subject string `json:"subject"` // what was looked at: a field's native name, a role, a scope
	Grade   Grade  `json:"grade"`
	Message string `json:"message"`       // what was found, one sentence without a full stop
	Fix     string `json:"fix,omitempty"` // what to do, for Doubt and Fault; an imperative
}

// Grade is how good a finding is.
type Grade string

// Grades of findings, best first.
const (
	Fine  Grade = "ok"
	Doubt Grade = "warn"
	Fault Grade = "fail"
)

// Survey is what the CRM has of what a set-up needs.
type Survey struct {
	// Parts in the order in which they have to be created.
	Parts []Part `json:"parts"`
	// Assign says, one a line, which permission goes to whom. Nobody is
	// assigned anything by syncd.
	Assign []string `json:"assign,omitempty"`
	// Manual is what a person has to do by hand, one a line: page layouts,
	// property restrictions.
	Manual []string `json:"manual,omitempty"`
}

// Part is something that a CRM has or lacks: a field, a group, a permission.
type Part struct {
	Kind  string    `json:"kind"` // in the vendor's words: "field", "property", "group", "permission set", "field permission"
	Name  string    `json:"name"` // API name, unique within Kind
	Label string    `json:"label,omitempty"`
	Field string    `json:"field,omitempty"` // logical name, "" if it stands for none
	Type  string    `json:"type,omitempty"`  // as people say it: "number 5.1", "picklist of 5", "read and edit"
	State PartState `json:"state"`
	Notes []string  `json:"notes,omitempty"` // how it differs, or why it is not created
}

// PartState is how a part stands.
type PartState string

// States of parts.
const (
	Present PartState = "present"
	Missing PartState = "missing" // Provide creates it
	Differs PartState = "differs" // it is there in another form; never changed
	Hidden  PartState = "hidden"  // it is there, and the token or user cannot see it
)

package crm

import (
	"errors"
	"fmt"
	"time"
)

// Kind of error: tells the program what to do.
type ErrorKind string

// Kinds of error an adapter returns.
const (
	Auth        ErrorKind = "auth"         // credentials are wrong or no longer accepted
	Permission  ErrorKind = "permission"   // a scope or a right is missing
	NotFound    ErrorKind = "not found"    // no such record or resource
	Invalid     ErrorKind = "invalid"      // the request or the set-up is wrong; sending it again is no use
	RateLimited ErrorKind = "rate limited" // a burst limit; After says when
	Quota       ErrorKind = "quota"        // the day's calls are used up; After says when
	Unavailable ErrorKind = "unavailable"  // unreachable, timed out, or failed in itself
	Malformed   ErrorKind = "malformed"    // the answer was not what the API promises
)

// Error is what every adapter returns. Its text names no secret and no person.
type Error struct {
	Op    string        // "hubspot.Search"
	Kind  ErrorKind     // what to do
	ID    string        // CRM record, "" if none
	Code  string        // the vendor's own code, "" if none
	After time.Duration // wait the server asked for; 0 if it named none
	At    time.Time     // the vendor's clock when it said so; zero if it did not tell
	Fix   string        // what a person can do, "" if nothing is known
	Err   error         // cause, reached by Unwrap
}

func (e *Error) Error() string {
	s := e.Op + ": " + string(e.Kind)
	if e.ID != "" {
		s += " " + e.ID
	}
	if e.Code != "" {
		s += " [" + e.Code + "]"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Fix != "" {
		s += fmt.Sprintf(" (%s)", e.Fix)
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether the same call may succeed later.
func (k ErrorKind) Retryable() bool {
	return k == RateLimited || k == Unavailable || k == Quota
}

// KindOf returns the kind of the first *Error in err's chain, or Unavailable
// for any other error.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Unavailable
}

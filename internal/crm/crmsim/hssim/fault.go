package hssim

import (
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/simfault"
)

// Mishap is a way for a request to go wrong.
type Mishap string

// Mishaps. Those that come before the commit leave the portal untouched.
const (
	ExpiredToken      Mishap = "401 expired"
	NoScope           Mishap = "403 scopes"
	Locked            Mishap = "423"
	TenSecondly       Mishap = "429 TEN_SECONDLY_ROLLING"
	Secondly          Mishap = "429 SECONDLY"
	Daily             Mishap = "429 DAILY"
	Migrating         Mishap = "477"
	ServerError       Mishap = "500"
	BadGateway        Mishap = "502 HTML"
	Unavailable       Mishap = "503 HTML"
	GatewayTimeout    Mishap = "504 HTML"
	HTMLPage          Mishap = "200 HTML"
	ResetBeforeCommit Mishap = "reset before commit"
	ResetAfterCommit  Mishap = "reset after commit"
	TimeoutAfter      Mishap = "timeout after commit"  // hangs until the client leaves, or for Wait
	TruncatedJSON     Mishap = "truncated JSON"        // after commit; a complete HTTP answer with half a body
	TruncatedBody     Mishap = "truncated body"        // after commit; the connection ends inside the body
	SlowBody          Mishap = "slow body"             // after commit; the body takes Wait
	HugeBody          Mishap = "huge body"             // 200 MB of junk with status 200
	EmptyAnswer       Mishap = "empty answer"          // after commit; status 200 and no body
	RefuseRecords     Mishap = "refuse single records" // the records named in IDs
	Meanwhile         Mishap = "meanwhile"             // Act happens first; the request itself meets no fault
)

// A Fault plans mishaps for requests to come.
type Fault struct {
	Do         Mishap
	On         string        // kind of request, as "search" or "search deals"; "" means any
	Nth        int           // which matching request is the first to suffer; 0 means the next one
	Times      int           // how many in a row; 0 means 1, below 0 means all
	RetryAfter string        // sent as that header with 423, 429, 477, 502, 503
	Wait       time.Duration // real time, for SlowBody and TimeoutAfter
	IDs        []string      // for RefuseRecords
	Category   string        // for RefuseRecords; "" means VALIDATION_ERROR
	Message    string        // for RefuseRecords
	Scopes     []string      // for NoScope; nil means those the call needs
	Act        func()        // for Meanwhile: what people do just before the request is served

	of *simfault.Plan[Mishap, Fault]
}

// AddFault plans a mishap. Of several that match one request the first added
// happens; requests are counted for all of them.
func (s *Server) AddFault(f Fault) {
	f.of = &s.faults
	s.faults.Add(&f, f.Nth, f.Times)
}

// ClearFaults cancels every planned mishap.
func (s *Server) ClearFaults() { s.faults.Clear() }

// Fired tells how often each mishap has happened since the start: requests that
// met it, and for RefuseRecords the records that were refused.
func (s *Server) Fired() map[Mishap]int { return s.faults.Fired() }

// strike counts a request and returns the mishap it meets, nil if none. What
// people do meanwhile is done when it returns.
func (s *Server) strike(kind string) *Fault {
	hit := s.faults.Next(func(f *Fault) bool {
		return f.On == "" || f.On == kind || strings.HasPrefix(kind, f.On+" ")
	})
	if hit != nil && hit.Do != RefuseRecords {
		s.faults.Fire(hit.Do)
	}
	if hit != nil && hit.Act != nil {
		hit.Act()
	}
	return hit
}

// refusal is the error answer of mishaps that have one; nil for the others.
func (f *Fault) refusal(c *call) *apiError {
	var e *apiError
	switch f.Do {
	case ExpiredToken:
		e = expired(c.now.Add(-75*time.Second), c.now)
	case NoScope:
		scopes := f.Scopes
		for _, group := range c.ep.scopes {
			if f.Scopes == nil {
				scopes = append(scopes, group[0])
			}
		}
		e = missingScopes(scopes)
	case Locked:
		e = refuse(423, "", "The resource is locked. Try again later.")
	case TenSecondly:
		e = limited("TEN_SECONDLY_ROLLING")
	case Secondly:
		e = limited("SECONDLY")
	case Daily:
		e = limited("DAILY")
	case Migrating:
		e = refuse(477, "", "This account is being moved to another data center.")
	case ServerError:
		e = refuse(500, "", "internal error")
	case BadGateway:
		e = edge(502, "Bad Gateway")
	case Unavailable:
		e = edge(503, "Service Temporarily Unavailable")
	case GatewayTimeout:
		e = edge(504, "Gateway Time-out")
	case HTMLPage:
		e = edge(200, "Just a moment")
	default:
		return nil
	}
	e.retryAfter = f.RetryAfter
	return e
}

// edge is what the proxies in front of the API answer: HTML, never JSON.
func edge(status int, title string) *apiError {
	return &apiError{
		status: status, Message: title,
		html: "<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body><center><h1>" + title + "</h1></center><hr></body></html>\n",
	}
}

// refuses reports whether the request's fault refuses a record.
func (f *Fault) refuses(id string) bool {
	if f == nil || f.Do != RefuseRecords {
		return false
	}
	for _, x := range f.IDs {
		if x == id {
			f.of.Fire(RefuseRecords)
			return true
		}
	}
	return false
}

func (f *Fault) category() string {
	if f.Category != "" {
		return f.Category
	}
	return "VALIDATION_ERROR"
}

func (f *Fault) message() string {
	if f.Message != "" {
		return f.Message
	}
	return "The record was not accepted."
}

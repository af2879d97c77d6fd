package sfsim

import (
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/simfault"
)

// Mishap is a way for a request to go wrong.
type Mishap string

// Mishaps. Those before the commit leave the org untouched.
const (
	KillSession       Mishap = "401 INVALID_SESSION_ID"  // the session is dead from then on
	NotForREST        Mishap = "401 not valid for REST"  // a new login does not help
	DailyLimit        Mishap = "403 daily limit"         // REQUEST_LIMIT_EXCEEDED, TotalRequests
	ConcurrentLimit   Mishap = "403 concurrent requests" // REQUEST_LIMIT_EXCEEDED, ConcurrentRequests
	QueryTimeout      Mishap = "400 QUERY_TIMEOUT"
	ServerError       Mishap = "500 JSON" // UNKNOWN_EXCEPTION
	ServerErrorHTML   Mishap = "500 HTML"
	BadGateway        Mishap = "502 HTML"
	Unavailable       Mishap = "503 HTML"
	Busy              Mishap = "503 JSON" // SERVER_UNAVAILABLE
	URITooLong        Mishap = "414 HTML"
	HeadersTooLarge   Mishap = "431 HTML"
	EmptyArray        Mishap = "400 []" // an error without an error
	HTMLPage          Mishap = "200 HTML"
	ResetBeforeCommit Mishap = "reset before commit"
	ResetAfterCommit  Mishap = "reset after commit"
	HangAfter         Mishap = "hang after commit" // until the client leaves, or for Wait
	TruncatedJSON     Mishap = "truncated JSON"    // after commit; a complete HTTP answer with half a body
	TruncatedBody     Mishap = "truncated body"    // after commit; the connection ends inside the body
	SlowBody          Mishap = "slow body"         // after commit; the body takes Wait
	HugeBody          Mishap = "huge body"         // 200 MB of junk with status 200
	EmptyAnswer       Mishap = "empty answer"      // after commit; status 200 and no body
	RefuseRecords     Mishap = "refuse single records"
	Meanwhile         Mishap = "meanwhile" // Act happens first; the request itself meets no fault
)

// A Fault plans mishaps for requests to come.
type Fault struct {
	Do      Mishap
	On      string        // kind of request, as "query" or "query Opportunity"; "" means any. "bulk work update" is the work on a bulk job
	Nth     int           // which matching request is the first to suffer; 0 means the next one
	Times   int           // how many in a row; 0 means 1, below 0 means all
	Wait    time.Duration // real time, for SlowBody and HangAfter
	IDs     []string      // for RefuseRecords, in either length; nil means all records
	Code    string        // for RefuseRecords; "" means UNABLE_TO_LOCK_ROW
	Message string        // for RefuseRecords
	Act     func()        // for Meanwhile: what people do just before the request is served; not for subrequests

	of *simfault.Plan[Mishap, Fault]
}

// AddFault plans a mishap. Of several that match one request the first added
// happens; requests are counted for all of them. Kinds are those of Stats, with
// the object behind them where there is one.
func (s *Server) AddFault(f Fault) {
	f.of = &s.faults
	s.faults.Add(&f, f.Nth, f.Times)
}

// ClearFaults cancels every planned mishap.
func (s *Server) ClearFaults() { s.faults.Clear() }

// Fired tells how often each mishap has happened since the start: requests and
// subrequests that met it, and for RefuseRecords the records that were refused.
func (s *Server) Fired() map[Mishap]int { return s.faults.Fired() }

// strike counts a request and returns the mishap it meets, nil if none. What
// people do meanwhile is done when it returns.
func (s *Server) strike(kind, object string) *Fault {
	return s.meet(func(f *Fault) bool { return f.On == "" || f.names(kind, object) })
}

// strikeInside is strike for a question inside another request, while which
// nobody acts.
func (s *Server) strikeInside(kind, object string) *Fault {
	return s.meet(func(f *Fault) bool { return f.Do != Meanwhile && (f.On == "" || f.names(kind, object)) })
}

// strikeWork is strike for the work that the org does by itself, which only
// mishaps that name it meet.
func (s *Server) strikeWork(kind, object string) *Fault {
	return s.meet(func(f *Fault) bool { return f.names(kind, object) })
}

func (f *Fault) names(kind, object string) bool {
	return f.On == kind || strings.EqualFold(f.On, kind+" "+object)
}

func (s *Server) meet(concerns func(*Fault) bool) *Fault {
	hit := s.faults.Next(concerns)
	if hit != nil && hit.Do != RefuseRecords {
		s.faults.Fire(hit.Do)
	}
	if hit != nil && hit.Act != nil {
		hit.Act()
	}
	return hit
}

// refusal is the error answer of mishaps that have one; nil for the others.
func (f *Fault) refusal() *apiError {
	if f == nil {
		return nil
	}
	switch f.Do {
	case KillSession:
		return badSession()
	case NotForREST:
		return refuse(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
	case DailyLimit:
		return tooManyRequests()
	case ConcurrentLimit:
		return tooManyLongRequests()
	case QueryTimeout:
		return refuse(400, "QUERY_TIMEOUT", "Your query request was running for too long.")
	case ServerError:
		return refuse(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support: 1316514201-33018 (-1203456788)")
	case Busy:
		return refuse(503, "SERVER_UNAVAILABLE", "server temporarily unavailable")
	case ServerErrorHTML:
		return down(500, "Internal Server Error")
	case BadGateway:
		return down(502, "Bad Gateway")
	case Unavailable:
		return down(503, "Service Unavailable")
	case HTMLPage:
		return down(200, "Maintenance")
	case URITooLong:
		return edge(414, "URI Too Long")
	case HeadersTooLarge:
		return edge(431, "Request Header Fields Too Large")
	case EmptyArray:
		return &apiError{status: 400, object: []any{}}
	}
	return nil
}

// refuses says why a record is refused by the request's fault; nil if it is not.
func (f *Fault) refuses(id string) *recordError {
	if f == nil || f.Do != RefuseRecords {
		return nil
	}
	hit := f.IDs == nil
	for _, x := range f.IDs {
		full, ok := fullID(x)
		hit = hit || ok && full == id
	}
	if !hit {
		return nil
	}
	f.of.Fire(RefuseRecords)
	code, message := f.Code, f.Message
	if code == "" {
		code = "UNABLE_TO_LOCK_ROW"
	}
	if message == "" {
		message = "unable to obtain exclusive access to this record"
		if code != "UNABLE_TO_LOCK_ROW" {
			message = "the record was not accepted"
		}
	}
	return deny(code, message)
}

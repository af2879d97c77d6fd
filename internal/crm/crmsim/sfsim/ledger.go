package sfsim

import (
	"maps"
	"sync"
	"time"
)

// Stats counts what the org did since it was made or ResetStats was called.
type Stats struct {
	Requests    map[string]int // by kind; subrequests of a composite call are not counted
	Total       int            // requests
	Subrequests map[string]int // by kind, inside composite and batch
	Rows        map[string]int // records served, by object
	Written     map[string]int // records inserted, updated or deleted through the API, by object
	Bytes       int64          // of response bodies
	MaxInFlight int            // requests under way at the same time
}

// A RequestLog is one request as the org saw it.
type RequestLog struct {
	At     time.Time // simulated
	Method string
	Path   string // with the query
	Kind   string // as in Stats
	Object string // "" if it concerns none
	Status int    // 0 if the connection was reset
	Took   time.Duration
}

const keptRequests = 10_000

type ledger struct {
	mu       sync.Mutex
	stats    Stats
	inFlight int
	requests []RequestLog
	oldest   int // in requests, once it is full
}

func (l *ledger) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats = Stats{Requests: map[string]int{}, Subrequests: map[string]int{}, Rows: map[string]int{}, Written: map[string]int{}, MaxInFlight: l.inFlight}
	l.requests, l.oldest = nil, 0
}

func (l *ledger) enter() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight++
	l.stats.MaxInFlight = max(l.stats.MaxInFlight, l.inFlight)
}

// leave notes that a request is over.
func (l *ledger) leave(c *call) {
	l.record(c)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
}

// record counts a request, once. It comes before the answer goes out, so that
// whoever has the answer finds it counted.
func (l *ledger) record(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.recorded {
		return
	}
	c.recorded = true
	l.stats.Total++
	l.stats.Requests[c.kind]++
	l.stats.Bytes += c.sent
	for k, n := range c.rows {
		l.stats.Rows[k] += n
	}
	for k, n := range c.written {
		l.stats.Written[k] += n
	}
	for k, n := range c.subs {
		l.stats.Subrequests[k] += n
	}
	entry := RequestLog{
		At: c.began, Method: c.r.Method, Path: c.r.URL.RequestURI(), Kind: c.kind, Object: c.object, Status: c.status, Took: time.Since(c.start),
	}
	if len(l.requests) < keptRequests {
		l.requests = append(l.requests, entry)
		return
	}
	l.requests[l.oldest] = entry
	l.oldest = (l.oldest + 1) % keptRequests
}

// work counts what the org did by itself, outside a request.
func (l *ledger) work(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, n := range c.written {
		l.stats.Written[k] += n
	}
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	out := s.log.stats
	out.Requests, out.Subrequests = maps.Clone(out.Requests), maps.Clone(out.Subrequests)
	out.Rows, out.Written = maps.Clone(out.Rows), maps.Clone(out.Written)
	return out
}

// ResetStats sets the counters to zero and forgets the requests.
func (s *Server) ResetStats() { s.log.reset() }

// Requests returns the last 10,000 requests, oldest first.
func (s *Server) Requests() []RequestLog {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return append(append([]RequestLog(nil), s.log.requests[s.log.oldest:]...), s.log.requests[:s.log.oldest]...)
}

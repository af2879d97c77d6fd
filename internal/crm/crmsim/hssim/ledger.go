package hssim

import (
	"maps"
	"sync"
	"time"
)

// Stats counts what a portal has been asked for since the start or ResetStats.
type Stats struct {
	Requests    int
	ByKind      map[string]int // requests by kind, as "batch_read contacts"
	ByStatus    map[int]int
	Rows        map[string]int // rows served: by object, and "associations deals/contacts"
	Written     map[string]int // records written through the API, by object
	Limited     int            // 429 answers from the limiters, faults not counted
	MaxInFlight int
	BytesOut    int64
}

// RequestLog is one request as the portal saw it. It holds no token and no body.
type RequestLog struct {
	At      time.Time // simulated
	Method  string
	Path    string // with the query
	Kind    string // "search deals"; "" for unknown paths
	Status  int    // 0 when the connection was cut
	Rows    int    // rows in the answer
	Written int    // records written
	Fault   Mishap // the mishap it met, if any
}

const keptRequests = 20_000

type ledger struct {
	mu       sync.Mutex
	stats    Stats
	inFlight int
	ring     []RequestLog
	next     int
}

func (l *ledger) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats = Stats{ByKind: map[string]int{}, ByStatus: map[int]int{}, Rows: map[string]int{}, Written: map[string]int{}}
	l.ring, l.next = nil, 0
}

func (l *ledger) enter() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight++
	l.stats.MaxInFlight = max(l.stats.MaxInFlight, l.inFlight)
}

func (l *ledger) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
}

// record books a request. It is called before the answer leaves, so that a
// client that has its answer finds it counted.
func (l *ledger) record(c *call) {
	if c.recorded {
		return
	}
	c.recorded = true
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Requests++
	l.stats.ByKind[c.kind]++
	l.stats.ByStatus[c.status]++
	l.stats.BytesOut += c.sent
	if c.limited {
		l.stats.Limited++
	}
	entry := RequestLog{At: c.now, Method: c.r.Method, Path: c.r.URL.RequestURI(), Kind: c.kind, Status: c.status}
	if c.fault != nil {
		entry.Fault = c.fault.Do
	}
	for name, n := range c.rows {
		l.stats.Rows[name] += n
		entry.Rows += n
	}
	for name, n := range c.written {
		l.stats.Written[name] += n
		entry.Written += n
	}
	if len(l.ring) < keptRequests {
		l.ring = append(l.ring, entry)
		return
	}
	l.ring[l.next] = entry
	l.next = (l.next + 1) % keptRequests
}

// Stats returns the counters. Rows and records count for requests whose answer
// was lost too.
func (s *Server) Stats() Stats {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	out := s.log.stats
	out.ByKind, out.ByStatus = maps.Clone(out.ByKind), maps.Clone(out.ByStatus)
	out.Rows, out.Written = maps.Clone(out.Rows), maps.Clone(out.Written)
	return out
}

// ResetStats sets the counters to zero and empties the request log.
func (s *Server) ResetStats() { s.log.reset() }

// Requests lists the last 20,000 requests, oldest first.
func (s *Server) Requests() []RequestLog {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	out := make([]RequestLog, 0, len(s.log.ring))
	out = append(out, s.log.ring[s.log.next:]...)
	return append(out, s.log.ring[:s.log.next]...)
}

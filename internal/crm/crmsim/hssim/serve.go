package hssim

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A call is one request on its way through.
type call struct {
	s        *Server
	w        http.ResponseWriter
	r        *http.Request
	ep       endpoint
	kind     string // endpoint and objects, as "search deals"
	version  string // "v3", "v4", "2026-03", "2026-09"
	oauth    bool
	now      time.Time
	body     []byte
	fault    *Fault
	status   int
	sent     int64
	limited  bool
	recorded bool
	rows     map[string]int
	written  map[string]int
}

// An endpoint is what a path and method lead to.
type endpoint struct {
	op     string
	handle func(*call) (any, *apiError)
	scopes [][]string // of each group one is needed
	policy policy
	writes bool // takes the lock exclusively
}

// raw is an answer that is encoded already.
type raw []byte

const (
	longestURI  = 16_384   // bytes of request URI before the edge answers 414
	longestBody = 10 << 20 // bytes
)

// dated reports whether the path names a dated API version.
func (c *call) dated() bool { return strings.HasPrefix(c.version, "20") }

func (c *call) ms() int64 { return c.now.UnixMilli() }

func (c *call) served(name string, n int) {
	if n > 0 {
		c.rows[name] += n
	}
}

func (c *call) wrote(t *table, n int) {
	if n > 0 {
		c.written[t.plural] += n
	}
}

// ServeHTTP answers one API request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.log.enter()
	c := &call{s: s, w: w, r: r, now: s.clock.Now(), status: http.StatusOK, rows: map[string]int{}, written: map[string]int{}}
	defer func() {
		s.log.record(c)
		s.log.leave()
	}()
	if s.o.Latency > 0 {
		select {
		case <-time.After(s.o.Latency):
		case <-r.Context().Done():
			c.status = 0
			return
		}
	}
	c.now = s.clock.Now()
	w.Header().Set("Date", c.now.UTC().Format(http.TimeFormat))
	answer, e := s.answer(c)
	c.respond(answer, e)
}

// answer takes a request through all gates to its handler.
func (s *Server) answer(c *call) (any, *apiError) {
	refusal := s.route(c)
	c.fault = s.strike(c.kind)
	if c.fault != nil {
		if e := c.fault.refusal(c); e != nil {
			return nil, e
		}
		if c.fault.Do == ResetBeforeCommit || c.fault.Do == HugeBody {
			return nil, nil
		}
	}
	if len(c.r.URL.RequestURI()) > longestURI {
		return nil, edge(414, "Request-URI Too Large")
	}
	if c.ep.policy != unrestricted {
		oauth, e := s.auth.bearer(c.r.Header, c.now)
		if e != nil {
			return nil, e
		}
		c.oauth = oauth
		share := s.limits.take(c.ep.policy, oauth, c.now, s.zone)
		share.headers(c.w.Header(), c.ep.policy, oauth, s.limits.daily)
		if share.policy != "" {
			c.limited = true
			return nil, limited(share.policy)
		}
	}
	if refusal != nil {
		return nil, refusal
	}
	if e := s.auth.allowed(c.ep.scopes); e != nil {
		return nil, e
	}
	body, err := io.ReadAll(io.LimitReader(c.r.Body, longestBody+1))
	if err != nil {
		return nil, refuse(400, "", "the request body could not be read")
	}
	if len(body) > longestBody {
		return nil, edge(413, "Request Entity Too Large")
	}
	c.body = body
	if len(body) > 0 && c.ep.policy != unrestricted && !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/json") {
		return nil, refuse(415, "", "HTTP 415 Unsupported Media Type")
	}
	if c.ep.writes {
		s.mu.Lock()
		defer s.mu.Unlock()
	} else {
		s.mu.RLock()
		defer s.mu.RUnlock()
	}
	return c.ep.handle(c)
}

// respond encodes an answer and sends it, or does to it what a fault wants.
func (c *call) respond(answer any, e *apiError) {
	h := c.w.Header()
	var body []byte
	switch {
	case e != nil:
		body = c.encodeError(e)
	case c.status == http.StatusNoContent:
	default:
		h.Set("Content-Type", "application/json;charset=utf-8")
		body = encode(answer)
	}
	if c.fault != nil && c.spoil(body) {
		return
	}
	c.send(body)
}

func encode(answer any) []byte {
	if b, ok := answer.(raw); ok {
		return b
	}
	b, err := json.Marshal(answer)
	if err != nil {
		panic("hssim: an answer cannot be encoded: " + err.Error()) // a mistake in this package
	}
	return b
}

func (c *call) encodeError(e *apiError) []byte {
	h := c.w.Header()
	c.status = e.status
	if e.retryAfter != "" {
		h.Set("Retry-After", e.retryAfter)
	}
	if e.html != "" {
		h.Set("Content-Type", "text/html; charset=UTF-8")
		return []byte(e.html)
	}
	h.Set("Content-Type", "application/json;charset=utf-8")
	if e.oauth != nil {
		return encode(e.oauth)
	}
	sent := *e
	c.s.auth.mu.Lock()
	sent.CorrelationID = c.s.auth.uuid()
	c.s.auth.mu.Unlock()
	return encode(sent)
}

func (c *call) send(body []byte) {
	if c.status != http.StatusNoContent {
		c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	c.sent = int64(len(body))
	c.s.log.record(c)
	c.w.WriteHeader(c.status)
	_, _ = c.w.Write(body) // the client may be gone; nobody is left to tell
}

// spoil carries out the faults that concern the way back.
func (c *call) spoil(body []byte) bool {
	switch c.fault.Do {
	case ResetBeforeCommit, ResetAfterCommit:
		c.cut()
	case TimeoutAfter:
		wait := c.fault.Wait
		if wait == 0 {
			wait = time.Hour
		}
		select {
		case <-c.r.Context().Done():
		case <-time.After(wait):
		}
		c.cut()
	case TruncatedJSON:
		c.send(body[:len(body)/2])
	case TruncatedBody:
		c.s.log.record(c)
		c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		c.w.WriteHeader(c.status)
		_, _ = c.w.Write(body[:len(body)/2])
		_ = http.NewResponseController(c.w).Flush()
		c.cut()
	case EmptyAnswer:
		c.status = http.StatusOK
		c.send(nil)
	case HugeBody:
		c.junk(200 << 20)
	case SlowBody:
		c.drip(body)
	default:
		return false
	}
	return true
}

// cut ends the connection without another byte.
func (c *call) cut() {
	c.status = 0
	c.s.log.record(c)
	conn, _, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var tcp *net.TCPConn
	if t, ok := conn.(*net.TCPConn); ok {
		tcp = t
	}
	if tcp != nil {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (c *call) junk(size int) {
	c.s.log.record(c)
	c.w.Header().Set("Content-Type", "application/json;charset=utf-8")
	c.w.WriteHeader(http.StatusOK)
	block := []byte(strings.Repeat(`{"results":[{"id":"`, 3449)) // about 64 KiB
	for sent := 0; sent < size; sent += len(block) {
		if _, err := c.w.Write(block); err != nil {
			return
		}
	}
}

func (c *call) drip(body []byte) {
	c.s.log.record(c)
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(c.status)
	const parts = 20
	step := len(body)/parts + 1
	for len(body) > 0 {
		n := min(step, len(body))
		if _, err := c.w.Write(body[:n]); err != nil {
			return
		}
		_ = http.NewResponseController(c.w).Flush()
		body = body[n:]
		select {
		case <-time.After(c.fault.Wait / parts):
		case <-c.r.Context().Done():
			return
		}
	}
}

// decode reads the JSON body into v, which must be a pointer to a struct.
func (c *call) decode(v any) *apiError {
	if len(c.body) == 0 {
		return refuse(400, "VALIDATION_ERROR", "Invalid input JSON: the request has no body")
	}
	err := json.Unmarshal(c.body, v)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	offset, what := int64(0), "the body is not of the expected form"
	switch {
	case errors.As(err, &syntax):
		offset, what = syntax.Offset, "unexpected character or end"
	case errors.As(err, &kind):
		offset, what = kind.Offset, "cannot read a "+kind.Value+" as "+kind.Type.String()
	case err.Error() != "":
		what = err.Error()
	}
	line := 1 + strings.Count(string(c.body[:min(int(offset), len(c.body))]), "\n")
	return invalid("Invalid input JSON on line %d, column %d: %s", line, offset, what)
}

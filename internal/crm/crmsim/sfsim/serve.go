package sfsim

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A call is one request on its way through.
type call struct {
	s        *Server
	r        *http.Request
	method   string
	params   url.Values // of the URL
	version  string     // "v60.0"
	kind     string     // what Stats counts it as
	object   string
	session  *session
	now      stamp
	began    time.Time // simulated
	start    time.Time // real
	body     []byte
	fault    *Fault
	csv      bool      // the body is to be CSV
	inner    bool      // a subrequest
	soaped   *soapCall // nil for all but the Metadata API
	rest     bool      // got past sign-in, so limits are told
	status   int
	sent     int64 // bytes of body
	recorded bool
	rows     map[string]int
	written  map[string]int
	subs     map[string]int
}

// An answer is a response with a body that is encoded already.
type answer struct {
	status int
	kind   string // content type, "" means JSON
	body   []byte // nil for none
	header map[string]string
}

func ok(v any) *answer { return &answer{status: http.StatusOK, body: mustJSON(v)} }

func (c *call) served(t *table, n int) {
	if n > 0 {
		c.rows[t.name] += n
	}
}

func (c *call) wrote(t *table) { c.written[t.name]++ }

// ServeHTTP answers one API request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.log.enter()
	c := &call{
		s: s, r: r, method: r.Method, start: time.Now(), rows: map[string]int{}, written: map[string]int{}, subs: map[string]int{},
	}
	defer func() {
		s.limits.leave(c)
		s.log.leave(c)
	}()
	if s.o.Latency > 0 {
		select {
		case <-time.After(s.o.Latency):
		case <-r.Context().Done():
			return
		}
	}
	c.began = s.clock.Now()
	c.now = stampOf(c.began)
	s.tick()
	w.Header().Set("Date", c.began.UTC().Format(http.TimeFormat))
	a, e := c.answer()
	c.respond(w, a, e)
}

// answer finds what to say. Faults before the commit come in here, the others
// in respond.
func (c *call) answer() (*answer, *apiError) {
	if e := tooLong(c.r); e != nil {
		c.kind = "edge"
		return nil, e
	}
	var err error
	if c.params, err = url.ParseQuery(c.r.URL.RawQuery); err != nil {
		c.kind = "edge"
		return nil, down(400, "Bad Request")
	}
	if c.body, err = io.ReadAll(io.LimitReader(c.r.Body, longestBody+1)); err != nil {
		c.kind = "edge"
		return nil, down(400, "Bad Request")
	}
	ep, e := c.route(c.r.URL.EscapedPath())
	c.fault = c.s.strike(c.kind, c.object)
	if ep.rest || ep.soap {
		sign := c.signIn
		if ep.soap {
			sign = c.soapSignIn
		}
		if e := sign(); e != nil {
			return nil, e
		}
		if c.fault != nil && c.fault.Do == KillSession {
			c.s.auth.revoke(c.session.token)
			return nil, badSession()
		}
		c.rest = ep.rest
		if e := c.s.afford(c); e != nil {
			return nil, e
		}
	}
	if refused := c.fault.refusal(); refused != nil {
		return nil, refused
	}
	if c.fault != nil && c.fault.Do == ResetBeforeCommit {
		return nil, nil
	}
	switch {
	case e != nil:
		return nil, e
	case len(c.body) > longestBody:
		return nil, down(413, "Request Entity Too Large")
	}
	switch ep.lock {
	case reads:
		c.s.mu.RLock()
		defer c.s.mu.RUnlock()
	case writes:
		c.s.mu.Lock()
		defer c.s.mu.Unlock()
	}
	return ep.handle()
}

// tooLong is the edge's check of the request line and headers.
func tooLong(r *http.Request) *apiError {
	uri := len(r.RequestURI)
	if uri > longestURI {
		return edge(414, "URI Too Long")
	}
	all := uri + len(r.Method) + len(r.Proto) + len(r.Host) + 12
	for name, values := range r.Header {
		for _, v := range values {
			all += len(name) + len(v) + 4
		}
	}
	if all > longestURI {
		return edge(431, "Request Header Fields Too Large")
	}
	return nil
}

func (c *call) respond(w http.ResponseWriter, a *answer, e *apiError) {
	if a == nil && e == nil {
		hangUp(w)
		return
	}
	if e != nil && c.kindIsSOAP() && e.page == "" && e.object == nil && e.status != http.StatusMethodNotAllowed {
		a = soapRefusal(e)
	} else if e != nil {
		body, kind := e.body()
		a = &answer{status: e.status, kind: kind, body: body, header: e.header}
		if e.page != "" && e.status == 403 {
			a.kind = "text/plain;charset=UTF-8"
		}
	}
	if c.fault != nil && (e == nil || c.fault.refusal() == nil) && c.spoil(w, a) {
		return
	}
	c.write(w, a)
}

func (c *call) write(w http.ResponseWriter, a *answer) {
	h := w.Header()
	for k, v := range a.header {
		h.Set(k, v)
	}
	if c.rest {
		h.Set("Sforce-Limit-Info", c.s.limitInfo(c.now))
	}
	c.status = a.status
	if a.body == nil {
		c.s.log.record(c)
		w.WriteHeader(a.status)
		return
	}
	kind := a.kind
	if kind == "" {
		kind = "application/json;charset=UTF-8"
	}
	h.Set("Content-Type", kind)
	body := a.body
	if c.s.o.Gzip && strings.Contains(c.r.Header.Get("Accept-Encoding"), "gzip") {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body)
		_ = z.Close()
		body = b.Bytes()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.sent = int64(len(body))
	c.s.log.record(c)
	w.WriteHeader(a.status)
	if c.r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// spoil is what goes wrong after the commit. It reports whether it answered.
func (c *call) spoil(w http.ResponseWriter, a *answer) bool {
	switch c.fault.Do {
	case ResetAfterCommit:
		hangUp(w)
	case HangAfter:
		wait := time.NewTimer(c.fault.Wait)
		defer wait.Stop()
		if c.fault.Wait <= 0 {
			wait.Stop()
		}
		select {
		case <-wait.C:
		case <-c.r.Context().Done():
		}
		hangUp(w)
	case TruncatedJSON:
		a.body = a.body[:len(a.body)/2]
		return false
	case TruncatedBody:
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)+1))
		c.status = a.status
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body[:len(a.body)/2])
		flush(w)
		hangUp(w)
	case SlowBody:
		c.slowly(w, a)
	case HugeBody:
		c.junk(w)
	case EmptyAnswer:
		c.status = http.StatusOK
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.WriteHeader(http.StatusOK)
	default:
		return false
	}
	return true
}

func (c *call) slowly(w http.ResponseWriter, a *answer) {
	const parts = 10
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	c.status = a.status
	w.WriteHeader(a.status)
	for i := range parts {
		part := a.body[len(a.body)*i/parts : len(a.body)*(i+1)/parts]
		if _, err := w.Write(part); err != nil {
			return
		}
		flush(w)
		select {
		case <-time.After(c.fault.Wait / parts):
		case <-c.r.Context().Done():
			return
		}
	}
}

func (c *call) junk(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	c.status = http.StatusOK
	w.WriteHeader(http.StatusOK)
	chunk := bytes.Repeat([]byte(`{"records":[`), 8192)
	for left := hugeBody; left > 0; left -= len(chunk) {
		n, err := w.Write(chunk[:min(left, len(chunk))])
		c.sent += int64(n)
		if err != nil {
			return
		}
	}
}

func flush(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// hangUp ends the connection without an answer, with a reset where it is TCP.
func hangUp(w http.ResponseWriter) {
	h, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := h.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// decode reads a JSON body with its numbers as they are written.
func decode(body []byte, into any) *apiError {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("trailing content")
		}
	}
	var shape *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &shape):
		return refuse(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of %s from %s value at [line:1, column:%d]", shape.Field, strings.ToUpper(shape.Value), shape.Offset)
	case len(bytes.TrimSpace(body)) == 0:
		return refuse(400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
	}
	return refuse(400, "JSON_PARSER_ERROR", "Unexpected character at [line:1, column:%d]: %s", d.InputOffset()+1, err)
}

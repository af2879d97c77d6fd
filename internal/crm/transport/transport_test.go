package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// policy is a small vendor: GET is safe, 429 is refused before anything
// happened, 401 wants a new token, 5xx is unavailable.
type policy struct{}

func (policy) Kind(r *http.Request) string               { return strings.ToLower(r.Method) }
func (policy) Safe(r *http.Request) bool                 { return r.Method == http.MethodGet }
func (policy) Wait(context.Context, *http.Request) error { return nil }
func (policy) Judge(_ *http.Request, status int, h http.Header, _ []byte) Verdict {
	switch {
	case status == 401:
		return Verdict{Kind: crm.Auth, Reauth: true}
	case status == 429:
		after, _ := RetryAfter(h, time.Hour)
		return Verdict{Kind: crm.RateLimited, Again: true, After: after}
	case status >= 500:
		return Verdict{Kind: crm.Unavailable}
	case status < 300:
		return Verdict{Kind: crm.Malformed}
	}
	return Verdict{Kind: crm.Invalid}
}

type token struct {
	mu     sync.Mutex
	gen    uint64
	renews int
}

func (c *token) Apply(_ context.Context, r *http.Request) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Header.Set("Authorization", "Bearer t"+string(rune('0'+c.gen)))
	return c.gen, nil
}

func (c *token) Renew(_ context.Context, gen uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if gen == c.gen {
		c.gen++
		c.renews++
	}
	return nil
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name    string
		method  string
		handler func(n int32, w http.ResponseWriter, r *http.Request)
		calls   int32
		kind    crm.ErrorKind // "" means success
		unsent  bool
		says    string
	}{
		{"a read is sent again after a 5xx", "GET", func(n int32, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				w.WriteHeader(503)
				io.WriteString(w, "<html>maintenance</html>")
				return
			}
			io.WriteString(w, `{}`)
		}, 2, "", false, ""},
		{"a write is not sent again after a 5xx", "PATCH", func(_ int32, w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(502)
		}, 1, crm.Unavailable, false, "answered 502"},
		{"a write is sent again after a refusal, body and all", "PATCH", func(n int32, w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			if string(b) != "payload" {
				w.WriteHeader(400)
				return
			}
			if n < 3 {
				w.WriteHeader(429)
				return
			}
			io.WriteString(w, `[]`)
		}, 3, "", false, ""},
		{"a connection reset during a write is unknown", "PATCH", func(_ int32, w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		}, 1, crm.Unavailable, false, "closed without an answer"},
		{"a page that breaks off is read again", "GET", func(n int32, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			if n == 1 {
				io.WriteString(w, `{"a":`)
				return
			}
			io.WriteString(w, `{"a":"`+strings.Repeat("b", 92)+`"}`)
		}, 2, "", false, ""},
		{"a page of 2 MiB over a cap of 1 is refused once", "GET", func(_ int32, w http.ResponseWriter, _ *http.Request) {
			for range 2 << 10 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		}, 1, crm.Malformed, false, "size cap of 1 MiB"},
		{"HTML with a 200 is not an answer", "GET", func(_ int32, w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "<html>sign in</html>")
		}, 1, crm.Malformed, false, ""},
		{"an empty 200 is not an answer", "GET", func(_ int32, w http.ResponseWriter, _ *http.Request) {}, 1, crm.Malformed, false, ""},
		{"a wait beyond the cap ends the call", "GET", func(_ int32, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "900")
			w.WriteHeader(429)
		}, 1, crm.RateLimited, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n atomic.Int32
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.handler(n.Add(1), w, r) }))
			defer s.Close()
			tr := New(Options{Op: "test", Policy: policy{}, MaxBody: 1 << 20, MaxWait: time.Second})
			req, _ := http.NewRequest(c.method, s.URL+"/x?secret=1", strings.NewReader("payload"))
			_, _, err := tr.Do(req)
			var e *crm.Error
			if c.kind == "" && err != nil || c.kind != "" && (!errors.As(err, &e) || e.Kind != c.kind) {
				t.Fatalf("error %v, want kind %q", err, c.kind)
			}
			if n.Load() != c.calls {
				t.Errorf("%d requests, want %d", n.Load(), c.calls)
			}
			if Unsent(err) != c.unsent {
				t.Errorf("unsent %v, want %v", Unsent(err), c.unsent)
			}
			if err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("error says %q, want %q and no query", err, c.says)
			}
			if got := tr.Calls()[strings.ToLower(c.method)]; got != int64(c.calls) {
				t.Errorf("counted %d calls", got)
			}
		})
	}
}

func TestManyCallersRenewOnce(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t1" {
			w.WriteHeader(401)
			return
		}
		io.WriteString(w, `{}`)
	}))
	defer s.Close()
	c := &token{}
	tr := New(Options{Op: "test", Policy: policy{}, Credentials: c})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			req, _ := http.NewRequest("POST", s.URL, strings.NewReader("x"))
			if _, _, err := tr.Do(req); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c.renews != 1 {
		t.Errorf("renewed %d times, want once", c.renews)
	}
}

func TestATokenRefusedTwiceIsAnError(t *testing.T) {
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { n.Add(1); w.WriteHeader(401) }))
	defer s.Close()
	tr := New(Options{Op: "test", Policy: policy{}, Credentials: &token{}})
	req, _ := http.NewRequest("GET", s.URL, nil)
	if _, _, err := tr.Do(req); crm.KindOf(err) != crm.Auth {
		t.Errorf("got %v", err)
	}
	if n.Load() != 2 {
		t.Errorf("%d requests, want 2", n.Load())
	}
}

func TestADeadHostNamesTheHostAndIsUnsent(t *testing.T) {
	tr := New(Options{Op: "test", Policy: policy{}, Attempts: 1})
	req, _ := http.NewRequest("PATCH", "http://127.0.0.1:1/x", strings.NewReader("x"))
	_, _, err := tr.Do(req)
	if !Unsent(err) || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("got %v, unsent %v", err, Unsent(err))
	}
}

func TestRoundTripKeepsTheVendorsErrorBody(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		io.WriteString(w, `[{"errorCode":"X"}]`)
	}))
	defer s.Close()
	c := http.Client{Transport: New(Options{Op: "test", Policy: policy{}})}
	resp, err := c.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 400 || string(b) != `[{"errorCode":"X"}]` {
		t.Errorf("got %d %s", resp.StatusCode, b)
	}
}

func TestRetryAfter(t *testing.T) {
	date := "Mon, 16 Nov 2026 09:00:00 GMT"
	for _, c := range []struct {
		value string
		want  time.Duration
		ok    bool
	}{
		{"", 0, false},
		{"7", 7 * time.Second, true},
		{"86400", time.Minute, true},
		{"-3", 0, true},
		{"Mon, 16 Nov 2026 09:00:05 GMT", 5 * time.Second, true},
		{"Mon, 16 Nov 2026 08:00:00 GMT", 0, true},
		{"soon", 0, false},
	} {
		h := http.Header{"Date": {date}}
		if c.value != "" {
			h.Set("Retry-After", c.value)
		}
		if d, ok := RetryAfter(h, time.Minute); d != c.want || ok != c.ok {
			t.Errorf("Retry-After %q: %v %v, want %v %v", c.value, d, ok, c.want, c.ok)
		}
	}
}

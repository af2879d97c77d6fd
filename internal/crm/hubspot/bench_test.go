package hubspot

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// tape answers a request that it has seen before as it was answered then.
type tape struct {
	mu      sync.Mutex // guards answers
	answers map[string]taped
}

type taped struct {
	status int
	header http.Header
	body   []byte
}

func (t *tape) RoundTrip(req *http.Request) (*http.Response, error) {
	var asked []byte
	if req.Body != nil {
		var err error
		if asked, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	key := req.URL.String() + string(asked)
	t.mu.Lock()
	a, seen := t.answers[key]
	t.mu.Unlock()
	if !seen {
		req.Body = io.NopCloser(bytes.NewReader(asked))
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		a = taped{status: resp.StatusCode, header: resp.Header}
		if a.body, err = io.ReadAll(resp.Body); err != nil {
			return nil, err
		}
		t.mu.Lock()
		t.answers[key] = a
		t.mu.Unlock()
	}
	return &http.Response{
		StatusCode: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: req,
	}, nil
}

// BenchmarkLoad reads 500 deals with contacts, notes and history from answers
// that are there already.
func BenchmarkLoad(b *testing.B) {
	sim := hssim.New(company(500), hssim.Options{})
	sim.Clock().Freeze(true)
	srv := httptest.NewServer(sim)
	defer srv.Close()
	c, err := New(setup(), Auth{Token: sim.Credentials().Token}, Options{BaseURL: srv.URL, HTTP: &tape{answers: map[string]taped{}}, SearchPerSecond: -1})
	if err != nil {
		b.Fatal(err)
	}
	ids := (&portal{sim, c, srv.URL}).ids(500)
	load := func() {
		if l, err := c.Load(context.Background(), ids); err != nil || len(l.Deals) != len(ids) {
			b.Fatal(len(l.Deals), err)
		}
	}
	load() // what is not on the tape yet
	b.ReportAllocs()
	for b.Loop() {
		load()
	}
}

package crmtest_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/crmtest"
	"github.com/handoffscore/syncd/internal/crm/hubspot"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

// tape answers a request that it has seen before as it was answered then, and
// so keeps the simulator out of what is measured.
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

// BenchmarkLoad reads 500 whole snapshots from answers that are there already.
func BenchmarkLoad(b *testing.B) { each(b, load) }

// BenchmarkWrite writes 200 deals, which is answered the same every time.
func BenchmarkWrite(b *testing.B) { each(b, write) }

type connection interface {
	crm.Source
	crm.Sink
}

func each(b *testing.B, measure func(b *testing.B, c connection, id func(int) string)) {
	w := world.Generate(world.GenerateOptions{Deals: 500, Seed: 11, Now: now})
	serve := func(b *testing.B, h http.Handler) string {
		srv := httptest.NewServer(h)
		b.Cleanup(srv.Close)
		return srv.URL
	}
	b.Run("hubspot", func(b *testing.B) {
		sim := hssim.New(w, hssim.Options{Clock: simclock.New(now), NoSearchLag: true})
		c, err := hubspot.New(crmtest.Setup(w, func(f world.Field) string { return f.HubSpot }), hubspot.Auth{Token: sim.Credentials().Token},
			hubspot.Options{BaseURL: serve(b, sim), HTTP: &tape{answers: map[string]taped{}}})
		if err != nil {
			b.Fatal(err)
		}
		measure(b, c, sim.DealID)
	})
	b.Run("salesforce", func(b *testing.B) {
		sim := sfsim.New(w, sfsim.Options{Clock: simclock.New(now)})
		cred := sim.Credentials()
		c, err := salesforce.New(crmtest.Setup(w, func(f world.Field) string { return f.Salesforce }), salesforce.Auth{
			Flow: salesforce.ClientCredentials, LoginURL: serve(b, sim), ClientID: cred.ClientID, ClientSecret: cred.ClientSecret,
		}, salesforce.Options{HTTP: &tape{answers: map[string]taped{}}})
		if err != nil {
			b.Fatal(err)
		}
		measure(b, c, sim.DealID)
	})
}

func load(b *testing.B, c connection, id func(int) string) {
	ids := make([]crm.DealID, 500)
	for i := range ids {
		ids[i] = crm.DealID(id(i))
	}
	if _, err := c.Describe(b.Context()); err != nil {
		b.Fatal(err)
	}
	one := func() {
		if l, err := c.Load(b.Context(), ids); err != nil || len(l.Deals) != len(ids) {
			b.Fatal(len(l.Deals), err)
		}
	}
	one() // twice: the first answer may change how the second question is put
	one()
	b.ReportAllocs()
	for b.Loop() {
		one()
	}
}

func write(b *testing.B, c connection, id func(int) string) {
	updates := make([]crm.Update, 200)
	for i := range updates {
		updates[i] = crm.Update{ID: crm.DealID(id(i)), Fields: map[string]string{
			"score": strconv.Itoa(i % 41), "range": "30-34", "hold": strconv.FormatBool(i%2 == 0), "due_at": "2026-12-01T09:00:00.000Z",
			"gaps": strings.Repeat("3.2 \"Rollout plan\" names no day\n", 20),
		}}
	}
	if _, err := c.Describe(b.Context()); err != nil {
		b.Fatal(err)
	}
	one := func() {
		out, err := c.Write(b.Context(), updates)
		if err != nil || slices.ContainsFunc(out, func(o crm.Outcome) bool { return o.Status != crm.Confirmed }) {
			b.Fatal(out[0], err)
		}
	}
	one()
	b.ReportAllocs()
	for b.Loop() {
		one()
	}
}

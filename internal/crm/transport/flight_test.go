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

// served starts a server and returns a transport and a way to ask it.
func served(t *testing.T, o Options, h http.HandlerFunc) (*Transport, func(context.Context, string) error) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	o.Op, o.Policy = "test", policy{}
	tr := New(o)
	return tr, func(ctx context.Context, path string) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+path, nil)
		if err != nil {
			return err
		}
		_, _, err = tr.Do(req)
		return err
	}
}

// until is a turn that comes when ready is closed.
func until(ready <-chan struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-ready:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestAnAnswerThatWaitsForItsTurnHoldsNobodyUp(t *testing.T) {
	came, ready, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	tr, ask := served(t, Options{InFlight: 1}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/early" {
			close(came)
		}
		io.WriteString(w, `{}`)
	})
	go func() { done <- ask(crm.WithTurn(t.Context(), until(ready)), "/early") }()
	<-came // it was sent though its turn is not
	soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for range 3 {
		if err := ask(soon, "/now"); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-done:
		t.Fatalf("an answer came before its turn: %v", err)
	default:
	}
	close(ready)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(tr.slots) != 0 {
		t.Errorf("%d places are still taken", len(tr.slots))
	}
}

func TestTheWaitForATurnIsNoTimeOfTheAttempts(t *testing.T) {
	const limit = 150 * time.Millisecond
	stall := make(chan struct{})
	_, ask := served(t, Options{Timeout: limit, Attempts: 1}, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{`)
		w.(http.Flusher).Flush()
		if r.URL.Path == "/stalls" {
			<-stall
		}
		io.WriteString(w, `}`)
	})
	defer close(stall)
	later := func(ctx context.Context) error {
		time.Sleep(2 * limit)
		return ctx.Err()
	}
	if err := ask(crm.WithTurn(t.Context(), later), "/"); err != nil {
		t.Errorf("after its turn: %v", err)
	}
	// Once it is its turn, the time runs again.
	if err := ask(crm.WithTurn(t.Context(), later), "/stalls"); crm.KindOf(err) != crm.Unavailable || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("an answer that stalls: %v", err)
	}
	if err := ask(t.Context(), "/stalls"); crm.KindOf(err) != crm.Unavailable || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("an answer that stalls, without a turn: %v", err)
	}
}

// What a refusal says, to wait or to sign in again, is of use to all others.
func TestARefusalIsHeardBeforeItsTurn(t *testing.T) {
	_, ask := served(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{}`)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := ask(crm.WithTurn(ctx, until(nil)), "/"); crm.KindOf(err) != crm.Invalid {
		t.Error(err)
	}
}

func TestAWaitForATurnEndsWithItsCaller(t *testing.T) {
	var n atomic.Int32
	tr, ask := served(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		n.Add(1)
		io.WriteString(w, `{}`)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := ask(crm.WithTurn(ctx, until(nil)), "/")
	if crm.KindOf(err) != crm.Unavailable || n.Load() != 1 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
	if len(tr.slots) != 0 {
		t.Errorf("%d places are still taken", len(tr.slots))
	}
}

func TestNoMoreRequestsAtOnceThanAllowed(t *testing.T) {
	var now, most, refused atomic.Int32
	tr, ask := served(t, Options{InFlight: 3}, func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
		if refused.Add(1)%7 == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		io.WriteString(w, `{}`)
	})
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if err := ask(t.Context(), "/"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() != 3 || len(tr.slots) != 0 {
		t.Errorf("%d requests at once, %d places still taken", most.Load(), len(tr.slots))
	}
}

// A server that asks for a pause is not asked by somebody else meanwhile.
func TestARequestKeepsItsPlaceBetweenAttempts(t *testing.T) {
	var order []string
	var mu sync.Mutex
	first := make(chan struct{})
	_, ask := served(t, Options{InFlight: 1}, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		order = append(order, r.URL.Path)
		n := len(order)
		mu.Unlock()
		if n == 1 {
			close(first)
			w.Header().Set("Retry-After", "0.2")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		io.WriteString(w, `{}`)
	})
	var all sync.WaitGroup
	all.Go(func() {
		if err := ask(t.Context(), "/paused"); err != nil {
			t.Error(err)
		}
	})
	<-first
	if err := ask(t.Context(), "/other"); err != nil {
		t.Error(err)
	}
	all.Wait()
	if got := strings.Join(order, " "); got != "/paused /paused /other" {
		t.Errorf("sent in the order %s", got)
	}
}

func TestARequestThatFindsNoPlaceWasNeverSent(t *testing.T) {
	tr, ask := served(t, Options{InFlight: 1}, func(http.ResponseWriter, *http.Request) {
		t.Error("it was sent")
	})
	tr.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ask(ctx, "/"); !Unsent(err) || crm.KindOf(err) != crm.Unavailable || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

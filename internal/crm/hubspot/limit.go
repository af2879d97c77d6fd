package hubspot

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	defaultBurst   = 100 // calls in a window until headers tell more (smallest plan; limits page, read 2026-03)
	defaultWindow  = 10 * time.Second
	searchesSecond = 4 // of the account's 5 a second, which all apps share
)

// limiter keeps requests inside HubSpot's windows: one for the app, one for
// association calls, one of a second for searches.
type limiter struct {
	app, assoc, search *window
}

func newLimiter(searchPerSecond int) *limiter {
	l := &limiter{
		app:   &window{most: defaultBurst, span: defaultWindow},
		assoc: &window{most: defaultBurst, span: defaultWindow},
	}
	if searchPerSecond == 0 {
		searchPerSecond = searchesSecond
	}
	if searchPerSecond > 0 {
		l.search = &window{most: searchPerSecond, span: time.Second, exact: true}
	}
	return l
}

// of is the window that a kind of request counts in, nil for none.
func (l *limiter) of(kind string) *window {
	switch kind {
	case "search":
		return l.search
	case "associations", "labels":
		return l.assoc
	case "token":
		return nil
	}
	return l.app
}

// wait returns when a request of the kind may be sent.
func (l *limiter) wait(ctx context.Context, kind string) error {
	w := l.of(kind)
	if w == nil {
		return ctx.Err()
	}
	for {
		d := w.take(time.Now())
		if d <= 0 {
			return ctx.Err()
		}
		t := time.NewTimer(d)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
	}
}

// pause holds all requests of the kind's window back.
func (l *limiter) pause(kind string, d time.Duration) {
	if w := l.of(kind); w != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		if until := time.Now().Add(d); until.After(w.closed) {
			w.closed = until
		}
	}
}

// window is a sliding window of requests. What the server says it has counted
// stands above our own count: other processes share the app's window, and some
// portals count less than we do.
type window struct {
	exact bool // our own count alone: answers say nothing of this window

	mu     sync.Mutex // guards all below
	most   int
	span   time.Duration
	sent   []time.Time // inside the span, oldest first
	flying int
	rtt    time.Duration // smoothed
	closed time.Time     // nothing leaves before
	heard  []heard       // what the server told of late, oldest first
}

// heard is the server's count less ours, when an answer told it.
type heard struct {
	at  time.Time
	off int
}

// told returns what answers have said of the window; false before the first one.
func (w *window) told() (most int, span time.Duration, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.most, w.span, len(w.heard) > 0
}

// take books a request if one may leave now, else returns how long to wait
// before asking again.
func (w *window) take(now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Before(w.closed) {
		return w.closed.Sub(now)
	}
	w.trim(now)
	if w.count(now) < w.most-w.headroom() {
		w.sent = append(w.sent, now)
		return 0
	}
	const look = 500 * time.Millisecond // the server's count may fall before ours
	if len(w.sent) == 0 {
		return look
	}
	d := w.sent[0].Add(w.life()).Sub(now)
	if !w.exact {
		d = min(d, look)
	}
	return max(d, 5*time.Millisecond)
}

// headroom is what is left to others and to chance.
func (w *window) headroom() int {
	if w.exact {
		return 0
	}
	return max(2, w.most/25)
}

// count is how many requests the server is thought to have in its window.
func (w *window) count(now time.Time) int {
	n := len(w.sent)
	if len(w.heard) == 0 || now.Sub(w.heard[len(w.heard)-1].at) >= w.span {
		return n
	}
	off := w.heard[0].off
	for _, h := range w.heard {
		off = max(off, h.off)
	}
	return max(n+off, 0)
}

// life is how long a request counts: the server's window begins when the
// request arrives, which is later than when it left.
func (w *window) life() time.Duration { return w.span + w.span/100 + min(w.rtt, 2*time.Second) }

func (w *window) trim(now time.Time) {
	i := 0
	for i < len(w.sent) && now.Sub(w.sent[i]) >= w.life() {
		i++
	}
	w.sent = w.sent[i:]
}

func (w *window) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flying++
}

// back notes an answer; h is nil if there was none.
func (w *window) back(sent, now time.Time, h http.Header) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flying--
	w.rtt += (now.Sub(sent) - w.rtt) / 4
	if h == nil || w.exact {
		return
	}
	most, err1 := strconv.Atoi(h.Get("X-HubSpot-RateLimit-Max"))
	left, err2 := strconv.Atoi(h.Get("X-HubSpot-RateLimit-Remaining"))
	if err1 != nil || most < 1 {
		return
	}
	w.most = most
	if ms, err := strconv.Atoi(h.Get("X-HubSpot-RateLimit-Interval-Milliseconds")); err == nil && ms >= 100 && ms <= 120_000 {
		w.span = time.Duration(ms) * time.Millisecond
	}
	if err2 != nil {
		return
	}
	w.trim(now)
	ours := len(w.sent)
	for _, at := range w.sent { // the server forgets a little sooner than we do
		if now.Sub(at) < w.span {
			break
		}
		ours--
	}
	// Requests in the air are in our count; whether in the server's, nobody
	// knows, so they are counted once more.
	w.heard = append(w.heard, heard{now, (most - left) - (ours - w.flying)})
	// Answers that were under way together overtake each other: the highest of
	// them counts.
	for len(w.heard) > 1 && now.Sub(w.heard[0].at) > w.rtt+w.rtt/2 {
		w.heard = w.heard[1:]
	}
}

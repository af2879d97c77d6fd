package hubspot

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// counting is a server that counts requests in sliding windows as HubSpot
// does, answers after a while, and refuses what is too much.
type counting struct {
	most    int // told and enforced; 0 enforces nothing and says 190
	latency time.Duration
	silent  bool // says nothing in headers
	others  int  // requests of other apps with the same token that it has counted

	mu      sync.Mutex
	hits    []time.Time
	refused int
	served  int
}

func (s *counting) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(s.latency / 2)
	s.mu.Lock()
	now := time.Now()
	for len(s.hits) > 0 && now.Sub(s.hits[0]) >= 10*time.Second {
		s.hits = s.hits[1:]
	}
	resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: req}
	most := s.most
	if most == 0 {
		most = 190
	}
	used := len(s.hits) + s.others
	if s.most > 0 && used >= most {
		s.refused++
		resp.StatusCode = 429
	} else {
		s.served++
		if s.most > 0 {
			s.hits = append(s.hits, now)
			used++
		} else {
			used = 1
		}
	}
	if !s.silent {
		resp.Header.Set("X-HubSpot-RateLimit-Max", strconv.Itoa(most))
		resp.Header.Set("X-HubSpot-RateLimit-Remaining", strconv.Itoa(max(0, most-used)))
		resp.Header.Set("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")
	}
	s.mu.Unlock()
	time.Sleep(s.latency / 2)
	return resp, nil
}

// run sends n requests from ten senders and tells how long that took.
func run(t *testing.T, l *limiter, s http.RoundTripper, path string, n int) time.Duration {
	t.Helper()
	begun := time.Now()
	web := l.watch(s)
	var wg sync.WaitGroup
	for w := range 10 {
		wg.Go(func() {
			for range n/10 + min(1, max(0, n%10-w)) {
				req, err := http.NewRequest("POST", "https://hs.test"+path, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if err := l.wait(context.Background(), (*policy)(nil).Kind(req)); err != nil {
					t.Error(err)
					return
				}
				if _, err := web.RoundTrip(req); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(begun)
}

const batchRead = "/crm/objects/2026-03/deals/batch/read"

// The limit is never met, and little of it is left unused.
func TestBurstsStayInsideTheWindow(t *testing.T) {
	for name, x := range map[string]struct {
		server *counting
		n      int
		most   time.Duration // it may take
	}{
		"a professional plan":  {&counting{most: 190, latency: 100 * time.Millisecond}, 1900, 125 * time.Second},
		"a small plan":         {&counting{most: 100, latency: 50 * time.Millisecond}, 1000, 125 * time.Second},
		"an OAuth app":         {&counting{most: 110, latency: 300 * time.Millisecond}, 1100, 125 * time.Second},
		"no headers":           {&counting{most: 100, latency: 50 * time.Millisecond, silent: true}, 1000, 125 * time.Second},
		"a quick server":       {&counting{most: 190, latency: time.Millisecond}, 1900, 125 * time.Second},
		"a slow server":        {&counting{most: 190, latency: 2 * time.Second}, 500, 125 * time.Second},
		"somebody else's half": {&counting{most: 190, latency: 100 * time.Millisecond, others: 95}, 950, 135 * time.Second},
		"no limit at all":      {&counting{latency: time.Millisecond}, 5000, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := x.server
				took := run(t, newLimiter(0), s, batchRead, x.n)
				if s.refused > 0 {
					t.Errorf("%d of %d requests were refused", s.refused, x.n)
				}
				if took > x.most {
					t.Errorf("%d requests took %v, want at most %v", x.n, took, x.most)
				}
			})
		})
	}
}

func TestSearchesKeepTheirOwnPace(t *testing.T) {
	for perSecond, most := range map[int]float64{0: 4, 2: 2, 5: 5} {
		synctest.Test(t, func(t *testing.T) {
			took := run(t, newLimiter(perSecond), &counting{latency: 10 * time.Millisecond}, "/crm/v3/objects/deals/search", 100)
			if rate := 100 / took.Seconds(); rate > most*1.05 || rate < most*0.9 {
				t.Errorf("%.2f searches a second, want just below %.0f", rate, most)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		if took := run(t, newLimiter(-1), &counting{latency: time.Millisecond}, "/crm/v3/objects/deals/search", 100); took > time.Second {
			t.Errorf("unlimited searches took %v", took)
		}
	})
}

// A refusal closes the window for everybody, and a caller who gives up need
// not wait for it.
func TestAPauseHoldsEverybodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(0)
		l.pause("batch read", burstWait)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := l.wait(ctx, "write"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		begun := time.Now()
		if err := l.wait(context.Background(), "associations"); err != nil || time.Since(begun) > 0 {
			t.Error("associations have a window of their own")
		}
		if err := l.wait(context.Background(), "write"); err != nil || time.Since(begun) != 9*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

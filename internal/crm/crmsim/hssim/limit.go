package hssim

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A policy says which windows a request counts in.
type policy int

const (
	counted      policy = iota // the ten-second window of the app
	searching                  // the account's per-second search window
	associating                // the window of association calls
	unrestricted               // OAuth
)

// A window lets max requests through in any span of simulated time.
type window struct {
	max  int
	span int64
	hits []int64 // oldest first
}

// take reports whether one more request fits, and how many would after it.
func (w *window) take(now int64) (bool, int) {
	i := 0
	for i < len(w.hits) && (w.hits[i] <= now-w.span || w.hits[i] > now) {
		i++
	}
	w.hits = w.hits[i:]
	if len(w.hits) >= w.max {
		return false, 0
	}
	w.hits = append(w.hits, now)
	return true, w.max - len(w.hits)
}

type limits struct {
	on     bool
	mu     sync.Mutex // guards the rest
	app    window
	oauth  window
	search window
	assoc  window
	daily  int
	day    string
	used   int
}

func (l *limits) start(o Options) {
	ten := (10 * time.Second).Milliseconds()
	l.on, l.daily = o.EnforceLimits, o.DailyLimit
	l.app = window{max: o.BurstPer10s, span: ten}
	l.oauth = window{max: 110, span: ten}
	l.search = window{max: o.SearchPerSecond, span: 1000}
	l.assoc = window{max: o.AssociationsPer10s, span: ten}
}

// A share is what one request found in its window, for the headers.
type share struct {
	max, left, dailyLeft int
	policy               string // the policy that refused, "" if none
}

// take counts a request. Refused requests are not counted.
func (l *limits) take(p policy, oauth bool, now time.Time, zone *time.Location) share {
	l.mu.Lock()
	defer l.mu.Unlock()
	if day := now.In(zone).Format("2006-01-02"); day != l.day {
		l.day, l.used = day, 0
	}
	if !l.on {
		l.used++
		return share{max: l.app.max, left: l.app.max - 1, dailyLeft: max(0, l.daily-l.used)}
	}
	if !oauth && l.used >= l.daily {
		return share{policy: "DAILY"}
	}
	w, name := &l.app, "TEN_SECONDLY_ROLLING"
	switch {
	case p == searching:
		w, name = &l.search, "SECONDLY"
	case p == associating:
		w = &l.assoc
	case oauth:
		w = &l.oauth
	}
	ok, left := w.take(now.UnixMilli())
	if !ok {
		return share{max: w.max, dailyLeft: max(0, l.daily-l.used), policy: name}
	}
	l.used++
	return share{max: w.max, left: left, dailyLeft: max(0, l.daily-l.used)}
}

// headers shows the window to the client. Search answers carry none; the daily
// pair is for private apps only.
func (sh share) headers(h http.Header, p policy, oauth bool, daily int) {
	if p == searching {
		return
	}
	h.Set("X-HubSpot-RateLimit-Max", strconv.Itoa(sh.max))
	h.Set("X-HubSpot-RateLimit-Remaining", strconv.Itoa(sh.left))
	h.Set("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")
	if !oauth {
		h.Set("X-HubSpot-RateLimit-Daily", strconv.Itoa(daily))
		h.Set("X-HubSpot-RateLimit-Daily-Remaining", strconv.Itoa(sh.dailyLeft))
	}
}

// limited is the 429 of a policy.
func limited(policy string) *apiError {
	words := map[string]string{"TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "SECONDLY": "secondly", "DAILY": "daily"}
	return &apiError{
		status: http.StatusTooManyRequests, Status: "error", Message: "You have reached your " + words[policy] + " limit.",
		ErrorType: "RATE_LIMIT", PolicyName: policy, GroupName: "publicapi:private-apps:api-calls",
	}
}

package sfsim

import (
	"fmt"
	"sync"
	"time"
)

// The vendor's figures for Enterprise Edition (App Limits Cheat Sheet, Winter '27).
const (
	dailyBase      = 100_000
	dailyPerUser   = 1_000
	longRequest    = 20 * time.Second
	mostLong       = 25
	windowBuckets  = 24
	secondsAnHour  = 3600
	longestURI     = 16_384    // bytes of URI before the edge answers 414, and with the headers 431
	longestSOQL    = 100_000   // characters
	longestBody    = 50 << 20  // bytes
	hugeBody       = 200 << 20 // bytes of junk in a HugeBody mishap
	maxPage        = 2000
	minPage        = 200
	maxRecords     = 200 // in a collections call
	maxChunks      = 10
	maxSubrequests = 25
	maxQueries     = 5 // queries and collections calls in a composite call
	maxOffset      = 2000
)

// limits counts requests in a rolling day, by the hour.
type limits struct {
	mu     sync.Mutex
	hours  [windowBuckets]int
	hour   int64 // the latest one counted
	cap    int
	active map[*call]time.Time
}

func (l *limits) roll(at stamp) {
	now := int64(at) / secondsAnHour
	if now-l.hour >= windowBuckets {
		l.hours = [windowBuckets]int{}
		l.hour = now
	}
	for l.hour < now {
		l.hour++
		l.hours[l.hour%windowBuckets] = 0
	}
}

func (l *limits) used() int {
	n := 0
	for _, h := range l.hours {
		n += h
	}
	return n
}

// count takes n requests out of the day's budget.
func (l *limits) count(at stamp, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roll(at)
	l.hours[l.hour%windowBuckets] += n
}

func (l *limits) usage(at stamp) (used, most int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roll(at)
	return l.used(), l.cap
}

// enter notes that a request runs, and reports whether too many long ones do.
func (l *limits) enter(c *call) (tooMany bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active == nil {
		l.active = map[*call]time.Time{}
	}
	long := 0
	for _, since := range l.active {
		if time.Since(since) >= longRequest {
			long++
		}
	}
	l.active[c] = time.Now()
	return long >= mostLong
}

func (l *limits) leave(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.active, c)
}

func tooManyRequests() *apiError {
	return refuse(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
}

func tooManyLongRequests() *apiError {
	return refuse(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
}

// afford refuses a request that the org's budget does not cover.
func (s *Server) afford(c *call) *apiError {
	long := s.limits.enter(c)
	used, most := s.limits.usage(c.now)
	if s.o.EnforceLimits && used >= most {
		return tooManyRequests()
	}
	if s.o.EnforceLimits && long {
		return tooManyLongRequests()
	}
	s.limits.count(c.now, 1)
	return nil
}

func (s *Server) limitInfo(at stamp) string {
	used, most := s.limits.usage(at)
	return fmt.Sprintf("api-usage=%d/%d", used, most)
}

// showLimits answers GET /limits.
func (c *call) showLimits() (*answer, *apiError) {
	used, most := c.s.limits.usage(c.now)
	entry := func(m, left int) map[string]int { return map[string]int{"Max": m, "Remaining": max(left, 0)} }
	full := func(m int) map[string]int { return entry(m, m) }
	return ok(map[string]any{
		"ActiveScratchOrgs":                     full(40),
		"ConcurrentAsyncGetReportInstances":     full(200),
		"DailyApiRequests":                      entry(most, most-used),
		"DailyAsyncApexExecutions":              full(250_000),
		"DailyBulkApiBatches":                   entry(bulkBatches, bulkBatches-c.s.bulk.batches.in(c.now)),
		"DailyBulkV2QueryFileStorageMB":         full(976_562),
		"DailyBulkV2QueryJobs":                  entry(bulkQueries, bulkQueries-c.s.bulk.queries.in(c.now)),
		"DailyDurableStreamingApiEvents":        full(10_000),
		"DailyStreamingApiEvents":               full(10_000),
		"DailyWorkflowEmails":                   full(5_000),
		"DataStorageMB":                         entry(10_240, 8_915),
		"FileStorageMB":                         entry(10_240, 9_870),
		"HourlyODataCallout":                    full(1_000),
		"HourlySyncReportRuns":                  full(500),
		"HourlyTimeBasedWorkflow":               full(1_000),
		"MassEmail":                             full(5_000),
		"MonthlyPlatformEventsUsageEntitlement": full(0),
		"PermissionSets":                        map[string]any{"Max": 1500, "Remaining": 1498, "CreateCustom": full(1000)},
		"SingleEmail":                           full(5_000),
		"StreamingApiConcurrentClients":         full(1_000),
	}), nil
}

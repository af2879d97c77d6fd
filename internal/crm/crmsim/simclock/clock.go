// Package simclock is the one clock of a simulated CRM: record stamps, Date
// headers, index lag and rate windows all read it, and tests can move it.
package simclock

import (
	"sync"
	"time"
)

// Clock tells simulated time. It runs at the pace of the real clock from where
// it was last set, unless it is frozen. It is safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	at     time.Time // simulated time when last set
	set    time.Time // real time when last set
	frozen bool
}

// New returns a clock that shows at now and runs on from there.
func New(at time.Time) *Clock { return &Clock{at: at.UTC(), set: time.Now()} }

// Now returns the simulated time in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if c.frozen {
		return c.at
	}
	return c.at.Add(time.Since(c.set))
}

// Set moves the clock to at; it may go back.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.set = at.UTC(), time.Now()
}

// Advance moves the clock forward by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.set = c.now().Add(d), time.Now()
}

// Freeze stops the clock where it is, or lets it run on.
func (c *Clock) Freeze(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.set = c.now(), time.Now()
	c.frozen = on
}

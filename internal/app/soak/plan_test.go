package soak

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// plan says how a soak goes.
type plan struct {
	long   bool
	seed   uint64
	length time.Duration // of edits and faults
	deals  int           // of each CRM

	every              time.Duration // between passes
	edit, fault, often time.Duration
	wait               time.Duration // of slow answers
	ends               int           // how often the daemon is killed or stopped meanwhile
	lasting            time.Duration // how long before that the worst happens
	patience           time.Duration // until what must happen has happened
}

// rough is the part of the time in which the daemon is killed now and then.
// The process that is then started lives to the end, and is measured.
const rough = 0.35

// truly long is a soak in which everything must happen: every fault, and a death
// after which nobody helps the survivor.
const truly = 10 * time.Minute

// inOrder tells whether the nth end, from 0, is one in good order: every other
// one is, and the last of several.
func (p plan) inOrder(n int) bool { return n%2 == 1 || n > 0 && n == p.ends-1 }

// planOf reads the environment.
func planOf(t *testing.T) plan {
	t.Helper()
	p := plan{
		seed: 1, length: 12 * time.Second, deals: 60, every: time.Second,
		edit: 30 * time.Millisecond, fault: 250 * time.Millisecond, often: 300 * time.Millisecond, wait: 300 * time.Millisecond,
		ends: 1, lasting: 700 * time.Millisecond, patience: 90 * time.Second,
	}
	if text := os.Getenv("SYNCD_SOAK"); text != "" {
		length, err := time.ParseDuration(text)
		if err != nil || length < time.Minute {
			t.Fatalf("SYNCD_SOAK takes a time of a minute or more, not %q", text)
		}
		p.long, p.length, p.deals = true, length, 150
		p.every = 3 * time.Second
		p.edit, p.fault, p.often, p.wait = 150*time.Millisecond, 2*time.Second, 5*time.Second, 2*time.Second
		p.ends = max(2, int(length.Seconds()*rough/180))
		p.lasting, p.patience = 90*time.Second, 10*time.Minute // a pass that fails comes again after a while
	}
	if text := os.Getenv("SYNCD_SOAK_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("SYNCD_SOAK_SEED takes a number, not %q", text)
		}
		p.seed = n
	}
	return p
}

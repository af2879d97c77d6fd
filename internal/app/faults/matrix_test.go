package faults_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// sampled is how many cells of each CRM a plain go test plays.
func sampled() int {
	if testing.Short() {
		return 8
	}
	return 25
}

// everything is asked for by SYNCD_MATRIX=all.
func everything() bool { return os.Getenv("SYNCD_MATRIX") == "all" }

// matrix is every cell of a CRM, and the calls seen without fault.
func matrix(t *testing.T, crm string) (cells []cell, calls map[string]bool) {
	t.Helper()
	calls = map[string]bool{}
	for _, s := range stages(crm) {
		for _, c := range without(t, s, mishap{}).calls {
			fresh := !calls[c.String()]
			calls[c.String()] = true
			for _, m := range mishaps(crm) {
				if m.meets(c) && worth(s, c, m, fresh) {
					cells = append(cells, cell{s, c, m})
				}
			}
		}
	}
	return cells, calls
}

// worth leaves out of the stages that differ in one respect what has nothing
// to do with it: the large world is for pages and batches, the app for tokens.
func worth(s stage, c call, m mishap, fresh bool) bool {
	switch {
	case fresh:
		return true
	case s.attempts:
		return strings.Contains(c.kind, apptest.AttemptObject)
	case s.composite:
		return c.kind == "composite" && c.at > 0 || c.inside && writes(c)
	case s.many:
		return slices.Contains([]string{"batch_update deals", "search deals", "batch_read deals", "batch_create tasks", "collections update Opportunity", "composite"}, c.kind) && c.times > 1
	case s.oauth:
		return m.hs.Do == hssim.ExpiredToken
	}
	return true
}

// Every call of a pass has cells, and each of them ends as if nothing had
// happened.
func TestMatrix(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		cells, calls := matrix(t, crm)
		left := maps.Clone(calls)
		for _, c := range cells {
			delete(left, c.call.String())
		}
		if len(left) > 0 || len(calls) == 0 {
			t.Errorf("of %d calls, these have no cell: %v", len(calls), slices.Sorted(maps.Keys(left)))
		}
		all := len(cells)
		if !everything() {
			cells = sample(cells)
		}
		var sum tally
		t.Run("cells", func(t *testing.T) {
			for _, c := range cells {
				t.Run(subtest(c), func(t *testing.T) {
					t.Parallel()
					o := c.play(t)
					sum.add(c, o)
					judge(t, c, o)
				})
			}
		})
		t.Logf("%d calls, %d without a cell; %d cells, %d played:\n%s", len(calls), len(left), all, len(cells), &sum)
	})
}

// judge fails a cell, unless what is wrong with it is known; what is known and
// no longer wrong has to go from the list.
func judge(t *testing.T, c cell, o *outcome) {
	t.Helper()
	reason := knownFault(c)
	switch {
	case reason == "" && len(o.faults) > 0:
		t.Errorf("%v\n  %s", c, strings.Join(o.faults, "\n  "))
	case reason != "" && len(o.faults) == 0:
		t.Errorf("%v ends well, but is on the list of known faults: %s", c, reason)
	}
}

// sample takes cells that show a call or a mishap not seen before, then any.
func sample(cells []cell) []cell {
	rng := rand.New(rand.NewPCG(2026, 11))
	cells = slices.Clone(cells)
	rng.Shuffle(len(cells), func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
	seen := map[string]bool{}
	var first, rest []cell
	for _, c := range cells {
		if seen[c.mishap.name] || seen[c.call.String()] {
			rest = append(rest, c)
			continue
		}
		seen[c.mishap.name], seen[c.call.String()] = true, true
		first = append(first, c)
	}
	return append(first, rest...)[:min(sampled(), len(cells))]
}

// tally is the table at the end, by mishap.
type tally struct {
	mu   sync.Mutex // guards rows
	rows map[string]*row
}

type row struct{ cells, fired, equal, resent, known int }

func (x *tally) add(c cell, o *outcome) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.rows == nil {
		x.rows = map[string]*row{}
	}
	for _, name := range []string{c.mishap.name, "~all"} {
		r := x.rows[name]
		if r == nil {
			r = &row{}
			x.rows[name] = r
		}
		r.cells++
		r.fired += one(o.fired)
		r.equal += one(o.equal)
		r.resent += o.resent
		r.known += one(knownFault(c) != "")
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (x *tally) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%-32s %6s %6s %12s %8s %6s\n", "mishap", "cells", "fired", "ended equal", "re-sent", "known")
	for _, name := range slices.Sorted(maps.Keys(x.rows)) {
		r := x.rows[name]
		fmt.Fprintf(&b, "%-32s %6d %6d %12d %8d %6d\n", strings.TrimPrefix(name, "~"), r.cells, r.fired, r.equal, r.resent, r.known)
	}
	return b.String()
}

// subtest is a cell's name without what stands in the way of a subtest's.
func subtest(c cell) string { return strings.NewReplacer("/", "-", " ", "_").Replace(c.String()) }

package faults_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
)

// mostPasses is how many passes a cell may take to end as if nothing had happened.
const mostPasses = 3

// reference is a stage played without fault.
type reference struct {
	calls   []call
	written []string                    // deals written by the first pass
	early   []int                       // deals whose kickoff is still to come: nothing of them is frozen
	made    []string                    // keys of tasks made by the first pass
	closed  []string                    // and of those closed by it
	touched []int                       // deals that people took away
	shown   [mostPasses]apptest.Records // after each pass
	commits [mostPasses]int             // deals written up to then
	tasks   [mostPasses]int             // tasks made or closed up to then
	records [mostPasses]int             // records of attempts made or changed up to then
	degrade [mostPasses]int64           // deals reported as not readable
}

// asked notes which tasks the first pass made and closed, and wants some of both
// where there are any to close.
func (ref *reference) asked(t *testing.T, s stage, report app.Report, before, after []apptest.Task) {
	t.Helper()
	was := map[string]bool{}
	for _, k := range before {
		was[k.Key] = !k.Done
	}
	for _, k := range after {
		open, known := was[k.Key]
		if !known {
			ref.made = append(ref.made, k.Key)
		}
		if open && k.Done {
			ref.closed = append(ref.closed, k.Key)
		}
	}
	calls := report.APICallsByKind
	if len(ref.made) == 0 || calls["tasks find"] == 0 || calls["tasks make"] == 0 || s.later && (len(ref.closed) == 0 || calls["tasks close"] == 0) {
		t.Fatalf("%v: %d tasks made, %d closed, by calls %v: the world is too small", s, len(ref.made), len(ref.closed), calls)
	}
}

// scene is one cell, or one reference, being played.
type scene struct {
	t       *testing.T
	rig     *apptest.Rig
	ref     *reference
	touched []int
}

var references struct {
	mu sync.Mutex // guards by
	by map[string]func(t *testing.T) *reference
}

// without plays a stage without fault; people act before the first pass if the
// mishap is of their making. Every reference is played once.
func without(t *testing.T, s stage, m mishap) *reference {
	t.Helper()
	key := fmt.Sprint(s, m.pause())
	if m.act != nil {
		key += m.name
	}
	references.mu.Lock()
	if references.by == nil {
		references.by = map[string]func(t *testing.T) *reference{}
	}
	play := references.by[key]
	if play == nil {
		var once sync.Once
		var ref *reference
		play = func(t *testing.T) *reference {
			once.Do(func() { ref = playReference(t, s, m) })
			return ref
		}
		references.by[key] = play
	}
	references.mu.Unlock()
	ref := play(t)
	if ref == nil {
		t.Fatalf("%s: it does not end well even without fault", key)
	}
	return ref
}

// pause is the time between two passes.
func (m mishap) pause() time.Duration {
	if m.wait > 0 {
		return m.wait
	}
	return time.Minute
}

func playReference(t *testing.T, s stage, m mishap) *reference {
	t.Helper()
	ref := &reference{}
	r, w := s.set(t, apptest.Options{})
	if m.act != nil {
		sc := &scene{t: t, rig: r, ref: without(t, s, mishap{})}
		ref.touched = m.act(sc)
		r.Clock.Advance(time.Second)
	}
	before := r.Tasks(t)
	var passes []time.Time
	for pass := range mostPasses {
		passes = append(passes, r.Clock.Now())
		report := r.Pass(t)
		if pass == 0 {
			ref.calls = callsOf(r, w)
			if m.act == nil {
				ref.asked(t, s, report, before, r.Tasks(t))
			}
			ref.written = slices.Sorted(maps.Keys(w.written))
			ref.early = standing(t, r, "needs CSM", "awaiting kickoff")
			if len(ref.early) < 2 {
				t.Fatalf("%v: %d deals before their kickoff: the world is too small", s, len(ref.early))
			}
		}
		ref.shown[pass] = standsNow(t, r, passes, ref.touched)
		ref.commits[pass], ref.tasks[pass] = r.DealsWritten(), r.TasksWritten()
		ref.records[pass] = r.AttemptsWritten()
		if s.attempts != (ref.records[pass] > 0) {
			t.Fatalf("%v: %d records of attempts: the world is too small", s, ref.records[pass])
		}
		ref.degrade[pass] = report.Degraded
		if !confirmed(report, report.Degraded) || len(w.resent) > 0 {
			t.Fatalf("%v without fault: %s, written twice %v", s, told(report), w.resent)
		}
		r.Clock.Advance(m.pause())
	}
	return ref
}

// callsOf are the calls since the stage was set.
func callsOf(r *apptest.Rig, w *watch) []call {
	var all []call
	counts := r.Calls()
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		c := call{kind: kind, times: counts[kind]}
		c.place = placeOf(w.asked, question{kind: kind}, c.alone())
		all = append(all, c)
	}
	inside := map[string]int{}
	for _, q := range w.asked {
		if q.inside {
			inside[q.kind]++
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(inside)) {
		q := question{kind: kind, inside: true}
		all = append(all, call{kind: kind, inside: true, times: inside[kind], place: placeOf(w.asked, q, 1)})
	}
	if w.together > 0 {
		all = append(all, call{kind: "composite", times: 1, at: w.together, what: "writes"})
	}
	return append(all, finding(counts, w)...)
}

// finding are the calls that look for tasks, where they are of a kind that
// deals are read by as well: the last of it, unless a cell meets that anyway.
func finding(counts map[string]int, w *watch) []call {
	var all []call
	for _, kind := range []string{"associations_batch_read deals/tasks", "batch_read tasks", "queryAll Task"} {
		c := call{kind: kind, times: counts[kind]}
		if c.times == 0 || c.alone() == c.times {
			continue
		}
		c.at, c.what = c.times, "finding"
		c.place = placeOf(w.asked, question{kind: kind}, c.at)
		all = append(all, c)
	}
	return all
}

// placeOf is where the nth of some questions stands among all of its kind,
// asked by themselves or inside others; 0 if it was not asked.
func placeOf(asked []question, of question, nth int) int {
	place := 0
	for _, q := range asked {
		if q.kind != of.kind {
			continue
		}
		place++
		if q.inside == of.inside {
			if nth--; nth == 0 {
				return place
			}
		}
	}
	return 0
}

// oneWritten is a deal that the pass without fault wrote.
func oneWritten(s *scene, _ call) []string { return s.ref.written[len(s.ref.written)/2:][:1] }

// deleteDeal is the deletion of a deal that waits for its kickoff.
func deleteDeal(s *scene) []int {
	deal := s.ref.early[len(s.ref.early)-1]
	s.rig.Delete(s.t, s.rig.Deal(deal))
	return []int{deal}
}

// mergeContacts makes one person of a deal's champion and sponsor.
func mergeContacts(s *scene) []int {
	deal := s.ref.early[len(s.ref.early)-2]
	s.rig.MergeContacts(s.t, s.rig.Holder(deal, "Champion"), s.rig.Holder(deal, "Executive Sponsor"))
	return nil
}

// mergeDeals makes one deal of two. What is left has an id of its own.
func mergeDeals(s *scene) []int {
	n := len(s.ref.early)
	s.rig.MergeDeals(s.t, s.ref.early[n-1], s.ref.early[n-2])
	return []int{s.ref.early[n-1], s.ref.early[n-2]}
}

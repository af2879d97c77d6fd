package replicas

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// Three replicas on twenty connections, one of them killed every other moment,
// while people edit: the records end as if nothing had happened, no two
// replicas ever worked a connection at once, and nothing was written twice.
func TestKillsChangeNothing(t *testing.T) {
	length := 25 * time.Second
	if all() {
		length = 75 * time.Second
	}
	kills(t, storm{seed: 1, length: length, between: time.Second, aged: true, settle: 90 * time.Second})
}

// The same with nothing done for the survivors: leases run out and jobs are
// rescued in their own time.
func TestKillsChangeNothingInRealTime(t *testing.T) {
	if !all() {
		t.Log("SYNCD_MATRIX=all waits for leases to run out")
		return
	}
	t.Parallel()
	kills(t, storm{seed: 2, length: 75 * time.Second, between: 6 * time.Second, settle: 6 * time.Minute})
}

// storm says how replicas are killed.
type storm struct {
	seed    uint64
	length  time.Duration
	between time.Duration // two ends, on the whole
	aged    bool          // the two minutes after a death are over at once
	settle  time.Duration // how long the end may take
}

const (
	orgs, deals = 20, 40
	tick        = 150 * time.Millisecond // between two edits
)

func kills(t *testing.T, s storm) {
	f := newFleet(t, orgOptions{count: orgs, deals: deals, schedule: "@every 3s"})
	f.audit()
	rng := rand.New(rand.NewPCG(s.seed, 6))
	edits := editsOf(rng, orgs, deals, int(s.length/tick))
	alive := []*replica{f.started(), f.started(), f.started()}

	var killing sync.WaitGroup
	killing.Go(func() { f.rage(rng, s, alive) })
	for _, e := range edits {
		e.make(t, f.orgs[e.org].Rig)
		time.Sleep(tick)
	}
	killing.Wait()
	if t.Failed() {
		t.FailNow()
	}

	end := apptest.Start.Add(90 * time.Minute)
	for _, o := range f.orgs {
		o.Clock.Set(end)
	}
	f.until(s.settle, "a last pass of every connection", func() bool {
		return f.number(`SELECT COUNT(DISTINCT connection) FROM runs WHERE status = 'done' AND started >= $1`, end.UnixMilli()) == orgs
	})
	for _, r := range alive {
		f.stop(r)
	}
	f.checkOneAtATime()
	f.checkWrittenOnce()
	f.checkStore()
	f.checkEnd(edits, end)
}

// Ways to end a replica.
const (
	inGoodOrder = "in good order"
	atAnyMoment = "at any moment"
	beforeTaken = "before a write was taken"
	afterTaken  = "after a write was taken"
)

// rage ends a replica and starts another in its place until the time is over:
// mostly by kill -9, at any moment or in the middle of a write, before or after
// the CRM has taken it; sometimes in good order.
func (f *fleet) rage(rng *rand.Rand, s storm, alive []*replica) {
	ends := map[string]int{}
	bag := []string{inGoodOrder, atAnyMoment, beforeTaken, afterTaken, beforeTaken, afterTaken}
	for n, end := 0, time.Now().Add(s.length); time.Now().Before(end) && !f.t.Failed(); n++ {
		time.Sleep(s.between/2 + time.Duration(rng.Int64N(int64(s.between))))
		if n%len(bag) == 0 {
			rng.Shuffle(len(bag), func(i, j int) { bag[i], bag[j] = bag[j], bag[i] })
		}
		r, how := alive[rng.IntN(len(alive))], bag[n%len(bag)]
		switch how {
		case inGoodOrder:
			f.stop(r)
		case atAnyMoment:
			f.kill(r)
		default:
			r, how = f.killAtAWrite(r, how)
		}
		ends[how]++
		if s.aged {
			if err := f.age(r); err != nil {
				f.t.Error(err)
				return
			}
		}
		next, err := f.start()
		if err != nil {
			f.t.Error(err)
			return
		}
		alive[slices.Index(alive, r)] = next
	}
	f.t.Logf("ends: %v", ends)
	if ends[beforeTaken] == 0 || ends[afterTaken] == 0 {
		f.t.Error("no replica was killed in the middle of a write: nothing is shown")
	}
}

// killAtAWrite kills the replica whose write reaches a CRM next, and lets the
// CRM take the write or not. Where none comes it kills another.
func (f *fleet) killAtAWrite(other *replica, how string) (*replica, string) {
	var victim atomic.Pointer[replica]
	hit := make(chan *replica, 1)
	done := f.watch(func(v *visit, _ http.ResponseWriter, _ *http.Request) bool {
		if !v.write {
			return true
		}
		if victim.CompareAndSwap(nil, v.replica) {
			hit <- v.replica
		}
		if victim.Load() != v.replica {
			return true
		}
		<-v.replica.Exited
		return how == afterTaken
	})
	defer done()
	select {
	case r := <-hit:
		f.kill(r)
		return r, how
	case <-time.After(10 * time.Second):
		if !victim.CompareAndSwap(nil, other) { // at the last moment
			other = <-hit
			f.kill(other)
			return other, how
		}
	}
	f.kill(other)
	return other, atAnyMoment
}

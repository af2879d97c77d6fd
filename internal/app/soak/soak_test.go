package soak

import (
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// soak is the daemon between its CRMs, and what is known of it.
type soak struct {
	plan
	t      *testing.T
	dir    string
	binary string
	config string
	sites  []*site
	store  *store.Store // the daemon's, to look into
	db     *sql.DB      // likewise
	log    *os.File     // nil if nobody wants one

	daemon              *daemon
	lives, kills, stops int
	cut                 int      // kills in the middle of a write
	worked              bool     // the daemon that is there has made a whole pass of both
	measured            []sample // of the life that is looked at
	began               time.Time
	samples             []sample
}

// The daemon on two CRMs, while people edit and everything goes wrong: it ends
// as if nothing had gone wrong, sends nothing twice, comes to rest, and holds
// no more than it did.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := newSoak(t)
	defer s.tell()
	s.start()
	s.until("a first pass of both connections", func() bool {
		s.look()
		return !s.sites[0].clean.IsZero() && !s.sites[1].clean.IsZero()
	})
	s.storm()
	s.calm()
	s.stop()
	s.checkEvents()
	s.checkHeld()
	for _, at := range s.sites {
		at.checkSentOnce(t)
	}
	t.Run("end", func(t *testing.T) { // one beside the other: this is what takes long
		for _, at := range s.sites {
			t.Run(at.Name(), func(t *testing.T) {
				t.Parallel()
				at.checkEnd(t)
			})
		}
	})
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{plan: planOf(t), t: t, dir: t.TempDir()}
	var err error
	if s.binary, err = apptest.Build(t.Context(), s.dir); err != nil {
		t.Fatal(err)
	}
	if name := os.Getenv("SYNCD_SOAK_LOG"); name != "" {
		if s.log, err = os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.log.Close() })
	}
	database := filepath.Join(s.dir, "syncd.db")
	for n, crm := range []string{apptest.Salesforce, apptest.HubSpot} {
		s.sites = append(s.sites, newSite(t, crm, database, s.plan, uint64(n)))
	}
	if s.store, err = store.Open(t.Context(), database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	if s.db, err = s.store.Pool(1); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.db.Close() })
	s.writeConfig()
	s.began = time.Now()
	return s
}

// storm is the time of edits and faults. On a slow machine people work overtime,
// without faults, until the daemon has been ended as often as it must be.
func (s *soak) storm() {
	s.t.Helper()
	rng := rand.New(rand.NewPCG(s.seed, 7))
	began := time.Now()
	var edits, faults, samples, looks, ends int
	// due tells whether the nth of things that happen every so often has come.
	due := func(n *int, every time.Duration) bool {
		if time.Since(began) < time.Duration(*n)*every {
			return false
		}
		*n = max(*n+1, int(time.Since(began)/every)) // what was missed is not made up for
		return true
	}
	var laid *trap
	var earliest time.Duration // a life is ended once it has worked, and then been troubled
	overtime := func() bool { return time.Since(began) >= s.length }
	for (!overtime() || ends < s.ends && time.Since(began) < s.length+s.patience) && !s.t.Failed() {
		if s.worked = s.worked || s.works(); !s.worked {
			earliest = time.Since(began) + s.lasting + 5*s.every
		}
		next := max(earliest, time.Duration(float64(s.length)*rough*float64(ends+1)/float64(s.ends)))
		if due(&edits, s.edit) {
			s.sites[edits%2].act()
		}
		if due(&faults, s.fault) && !overtime() {
			lasting := ends < s.ends && s.inOrder(ends) && next-time.Since(began) < s.lasting
			s.sites[faults%2].mishap(rng, faults/2, lasting, time.Since(began) > s.length/2, s.wait)
		}
		if due(&looks, s.edit*8) {
			s.look()
			s.hurry()
		}
		if due(&samples, s.often) {
			s.sample()
		}
		switch {
		case ends == s.ends || time.Since(began) < next:
		case s.inOrder(ends) && s.length >= truly && s.spared() && time.Since(began) < next+s.patience:
		case s.inOrder(ends):
			ends++
			s.stops++
			s.stop()
			s.again()
		case laid == nil:
			laid = s.set(s.kills%2 == 1)
		case laid.sprung() || time.Since(began) > next+20*s.every:
			ends++
			s.kills++
			if laid.sprung() {
				s.cut++
			}
			s.kill(laid, s.length < truly || s.kills > 1) // of a long one's first, nobody helps the survivor
			laid = nil
			s.again()
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// works tells whether the daemon that is there has made a whole pass of both.
func (s *soak) works() bool {
	for _, at := range s.sites {
		if i, f := at.since(s.t, at.born); i+f == 0 {
			return false
		}
	}
	return true
}

// spared tells whether a site has not met the worst.
func (s *soak) spared() bool {
	return len(s.sites[0].worst()) > 0 || len(s.sites[1].worst()) > 0
}

// again starts the daemon once more, now and then with a sweep.
func (s *soak) again() {
	s.t.Helper()
	if s.lives%2 == 1 {
		s.sweep()
	}
	for _, at := range s.sites {
		at.ClearFaults()
	}
	s.start()
}

// look sees which passes have ended. One that was whole has shown the daemon
// everything that was there when it began.
func (s *soak) look() {
	s.t.Helper()
	for _, at := range s.sites {
		runs, err := s.store.Runs(s.t.Context(), at.Name(), 20)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range runs {
			at.runs[r.ID] = r
			if whole(s.t, r) {
				at.saw(r.Started)
			}
		}
	}
}

// whole is a pass that ended well and could read everything.
func whole(t *testing.T, r store.Run) bool {
	t.Helper()
	counts, err := syncer.ReadCounts(r.Counts)
	if err != nil {
		t.Fatal(err)
	}
	return r.Status == store.RunDone && counts.Degraded == 0
}

// ended counts passes that ended well, and others that ended.
func (at *site) ended() (done, failed int) {
	for _, r := range at.runs {
		switch r.Status {
		case store.RunDone:
			done++
		case store.RunRunning:
		default:
			failed++
		}
	}
	return done, failed
}

// since counts whole passes that began at a moment or later.
func (at *site) since(t *testing.T, moment time.Time) (incremental, full int) {
	t.Helper()
	for _, r := range at.runs {
		if r.Started.Before(moment) || !whole(t, r) {
			continue
		}
		if r.Kind == syncer.KindFull {
			full++
		} else {
			incremental++
		}
	}
	return incremental, full
}

// later is past every wait of a refused record.
const later = 7 * time.Hour

// calm is the time after the storm: once what was done last has been seen, two
// passes that do what was put off, then, after one more restart, a full one and
// two idle ones, in all of which nothing is left to do.
func (s *soak) calm() {
	s.t.Helper()
	for _, at := range s.sites {
		at.ClearFaults()
		at.over = at.Clock.Now()
	}
	s.mark()
	s.passBy("a pass after the storm", 1, 0)
	for _, at := range s.sites {
		at.Clock.Advance(later)
	}
	s.mark()
	s.passBy("two passes", 2, 0)
	for len(begun(s.life())) < fewest && !s.t.Failed() { // it has lived too short
		time.Sleep(s.often)
		s.sample()
	}
	// A life of few samples may end in the midst of passes: what only looks like
	// a leak is gone once they are.
	for end := time.Now().Add(breath); len(leaks(s.life())) > 0 && time.Now().Before(end) && !s.t.Failed(); {
		time.Sleep(s.often)
		s.sample()
	}
	s.measured = s.life()
	for _, at := range s.sites {
		at.early, at.written = at.Shown(s.t, nil, nil), at.DealsWritten()
	}
	s.stop()
	s.stops++
	s.sweep()
	s.mark()
	time.Sleep(time.Second) // so that what begins at the start counts
	s.start()
	s.passBy("a full pass", 0, 1)
	for _, at := range s.sites {
		if d := at.Shown(s.t, nil, nil).Differs(at.early); d != "" {
			s.t.Errorf("%s: only a full pass has set right what passes should have: %s before", at.Name(), d)
		}
	}
	s.mark()
	s.passBy("two idle passes", 2, 0)
	for _, at := range s.sites {
		if n := at.DealsWritten() - at.written; n > 0 {
			s.t.Errorf("%s: %d records were written though nothing had happened", at.Name(), n)
		}
	}
}

// sweep has every connection read in full at the next start, as one that was
// missed is.
func (s *soak) sweep() {
	s.t.Helper()
	s.exec(`UPDATE schedules SET last_success = 0 WHERE key LIKE 'sweep/%'`)
}

// mark begins anew to count passes. A Date header has whole seconds: what began
// in this one may have begun before.
func (s *soak) mark() {
	for _, at := range s.sites {
		at.mark = at.Clock.Now().Truncate(time.Second).Add(time.Second)
	}
}

// passBy waits until enough passes have begun since the mark, and ended;
// samples go on.
func (s *soak) passBy(what string, incremental, full int) {
	s.t.Helper()
	next := time.Now()
	s.until(what, func() bool {
		s.look()
		if time.Now().After(next) {
			s.hurry()
			s.sample()
			next = time.Now().Add(s.often)
		}
		for _, at := range s.sites {
			if i, f := at.since(s.t, at.mark); i < incremental || f < full {
				return false
			}
		}
		return true
	})
}

// tell prints what happened.
func (s *soak) tell() {
	s.t.Helper()
	s.t.Logf("seed %d\n%s", s.seed, s.table())
	for _, at := range s.sites {
		s.t.Logf("%s: edits %v\nfaults %v\nnot met %v", at.Name(), at.made, at.fired(), at.unmet())
	}
}

// checkEvents wants enough to have happened for the rest to mean something.
func (s *soak) checkEvents() {
	s.t.Helper()
	for _, at := range s.sites {
		done, _ := at.ended()
		faults := 0
		for _, n := range at.fired() {
			faults += n
		}
		if done < 5 || at.count() < 30 || faults < 5 {
			s.t.Errorf("%s: %d passes, %d edits, %d faults: nothing is shown", at.Name(), done, at.count(), faults)
		}
		if left := at.unmet(); s.length >= truly && len(left) > 0 {
			s.t.Errorf("%s: these faults never happened: %v", at.Name(), left)
		}
	}
	if s.cut == 0 || s.stops == 0 {
		s.t.Error("the daemon was not killed in the middle of a write, or not stopped")
	}
}

// checkHeld wants the longest life to hold no more at its end than it did.
func (s *soak) checkHeld() {
	s.t.Helper()
	for _, what := range leaks(s.measured) {
		s.t.Errorf("the daemon leaks: %s", what)
	}
}

// life are the samples of the daemon that is there now.
func (s *soak) life() []sample {
	var all []sample
	for _, m := range s.samples {
		if m.Life == s.daemon.number {
			all = append(all, m)
		}
	}
	return all
}

package replicas

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/need"
	"github.com/handoffscore/syncd/internal/store/storetest"
)

// A replica that is paused in the middle of a pass wakes up after another has
// taken its connection over: what it had read comes to nothing, it writes
// nothing, and then works on as if it had just started.
func TestAPausedReplicaWritesNothingUnderItsOldLease(t *testing.T) {
	t.Parallel()
	f := newFleet(t, orgOptions{count: 2, deals: 20, schedule: "@every 1s"})
	f.audit()
	a, b := f.started(), f.started()
	held := f.hold(func(v *visit) bool {
		// The load of deals: what follows it is the plan's commit, and writes.
		return v.call == "POST /crm/objects/2026-03/deals/batch/read"
	})
	v := held.wait()
	holder, heir := v.replica, b
	if holder == b {
		heir = a
	}
	f.pause(holder)
	if err := f.age(holder); err != nil {
		t.Fatal(err)
	}
	f.until(time.Minute, "the heir's writes", func() bool { return f.wrote(heir, v.org) })
	awake := time.Now()
	f.resume(holder)
	held.release()
	f.until(30*time.Second, "the paused replica to be at work again", func() bool {
		return f.number(`SELECT COUNT(*) FROM test_leases WHERE holder = $1 AND at > $2`, holder.holder, awake) > 0
	})
	f.checkTerms()
}

// A process that is stopped in the midst of a transaction holds the row of its
// lease, which runs out all the same: the database gives the transaction up, and
// the connection is another's.
func TestATransactionThatNobodyEndsHoldsUpNoHeir(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for half a minute")
	}
	t.Parallel()
	st := storetest.Open(t, need.Postgres(t))
	now := time.Now()
	if _, err := st.Acquire(t.Context(), "org", "stopped", time.Second, now); err != nil {
		t.Fatal(err)
	}
	pool, err := st.Pool(1)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	left, err := pool.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := left.ExecContext(t.Context(), `UPDATE leases SET until = until WHERE connection = 'org'`); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := st.Acquire(t.Context(), "org", "heir", time.Minute, now.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < time.Second || took > 50*time.Second {
		t.Errorf("the heir waited %v", took)
	}
	if err := left.Commit(); err == nil {
		t.Error("what was left alone was committed")
	}
}

// The worst moment to be paused: the store knows of a write, the CRM has put it
// off, and it is to be sent again. Two minutes later the connection is
// another's, and the write must not be sent any more. A run --once has no queue
// that would end its slice in time: it is on its own.
func TestAPausedRunDoesNotSendAWriteThatWasPutOff(t *testing.T) {
	if !all() {
		t.Log("SYNCD_MATRIX=all waits for the lease to run out")
		return
	}
	t.Parallel()
	f := newFleet(t, orgOptions{count: 1, deals: 20, schedule: "@every 1s", vendor: apptest.HubSpot})
	f.audit()
	var put atomic.Int32
	f.watch(func(v *visit, w http.ResponseWriter, _ *http.Request) bool {
		if !v.write || put.Add(1) > 1 {
			return true
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "10")
		w.WriteHeader(http.StatusTooManyRequests)
		if _, err := w.Write([]byte(`{"status":"error","message":"You have reached your ten_secondly_rolling limit.","errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING"}`)); err != nil {
			t.Error(err)
		}
		return false
	})
	paused := f.started("--once")
	f.until(time.Minute, "a write", func() bool { return put.Load() > 0 })
	time.Sleep(500 * time.Millisecond) // the answer is there
	f.pause(paused)
	heir := f.started()
	f.until(aboutTwoMinutes, "the heir's writes", func() bool { return f.wrote(heir, f.orgs[0]) })
	paused.MayEnd() // it may end now
	f.resume(paused)
	select {
	case <-paused.Exited:
	case <-time.After(time.Minute):
		t.Error("the paused run did not end")
	}
	if code := paused.Cmd.ProcessState.ExitCode(); code == 0 {
		t.Error("a run that lost its lease ended with 0")
	}
	f.checkTerms()
}

// wrote tells whether a replica has written to a CRM.
func (f *fleet) wrote(r *replica, o *org) bool {
	return slices.ContainsFunc(f.visits(), func(v visit) bool { return v.replica == r && v.org == o && v.write })
}

// checkTerms: every write was sent in a term of its sender's, every row changed
// by the holder of the lease, and no record written with what it showed.
func (f *fleet) checkTerms() {
	f.t.Helper()
	terms := f.terms()
	for _, v := range f.visits() {
		if in := at(terms[v.org.name], v.from); v.write && in.holder != v.replica.holder {
			f.t.Errorf("%s: %s of %s at %v, in the term of %s, epoch %d, from %v", v.org.name, v.call, v.replica.holder, v.from, in.holder, in.epoch, in.from)
		}
	}
	if n := f.number(`SELECT COUNT(*) FROM test_strays`); n != 0 {
		f.t.Errorf("%d rows were changed by a process that did not hold the lease", n)
	}
	f.checkWrittenOnce()
}

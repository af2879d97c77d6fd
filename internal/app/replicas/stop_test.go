package replicas

import (
	"testing"
	"time"
)

// grace is how long a slice may go on after SIGTERM.
const grace = 20 * time.Second

// A replica that is stopped in good order gives its leases back: at once when
// its slice ends by itself, and after the grace when it does not. Another goes
// on with the same run within seconds.
func TestAStoppedReplicaGivesItsLeaseBack(t *testing.T) {
	t.Run("a slice that ends", func(t *testing.T) {
		t.Parallel()
		stopped(t, 2*time.Second, 10*time.Second)
	})
	t.Run("a slice that does not", func(t *testing.T) {
		if !all() {
			t.Log("SYNCD_MATRIX=all waits for the grace to end")
			return
		}
		t.Parallel()
		stopped(t, time.Hour, grace+10*time.Second)
	})
}

// stopped stops a replica whose CRM answers late, and wants another at its
// connection in time.
func stopped(t *testing.T, late, within time.Duration) {
	f := newFleet(t, orgOptions{count: 1, deals: 20, schedule: "@every 1s"})
	f.audit()
	a, b := f.started(), f.started()
	held := f.hold(func(v *visit) bool { return v.call != "POST /services/oauth2/token" })
	gone := held.wait().replica
	heir := b
	if gone == b {
		heir = a
	}
	run := f.text(`SELECT COALESCE(MAX(id), '') FROM runs`) // none where the first request of all is held
	began := time.Now()
	time.AfterFunc(late, held.release)
	f.stop(gone)
	t.Logf("gone after %v", time.Since(began).Round(100*time.Millisecond))
	if code := gone.Cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("it ended with %d\n%s", code, gone.Tail())
	}
	f.until(within-time.Since(began), "the other replica at its connection", func() bool { return f.visited(heir, f.orgs[0], began) })
	t.Logf("taken over after %v", time.Since(began).Round(100*time.Millisecond))
	f.until(20*time.Second, "the end of the run", func() bool {
		return f.number(`SELECT COUNT(*) FROM runs WHERE status = 'done' AND (id = $1 OR $1 = '')`, run) > 0
	})
	if n := f.number(`SELECT COUNT(*) FROM test_strays`); n != 0 {
		t.Errorf("%d rows were changed by a process that did not hold the lease", n)
	}
}

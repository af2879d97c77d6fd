package replicas

import (
	"net/http"
	"testing"
	"time"
)

// aboutTwoMinutes is what a takeover may last: the lease and the job's rescue
// run side by side, and the rescuer looks every half minute.
const aboutTwoMinutes = 140 * time.Second

// What a killed replica worked on is taken over in about two minutes, and what
// it did not goes on meanwhile.
func TestAKilledReplicaIsTakenOver(t *testing.T) {
	if !all() {
		t.Log("SYNCD_MATRIX=all waits for a takeover")
		return
	}
	t.Parallel()
	f := newFleet(t, orgOptions{count: 2, deals: 20, schedule: "@every 2s"})
	f.audit()
	a, b := f.started(), f.started()
	held := f.hold(func(v *visit) bool { return v.org == f.orgs[0] })
	v := held.wait()
	dead, heir := v.replica, b
	if dead == b {
		heir = a
	}
	began := time.Now()
	f.kill(dead)
	held.release()
	f.until(40*time.Second, "the other connection to go on", func() bool { return f.visited(heir, f.orgs[1], began) })
	t.Logf("the other connection went on after %v", time.Since(began).Round(time.Second))
	f.until(aboutTwoMinutes, "the takeover", func() bool { return f.visited(heir, f.orgs[0], began) })
	t.Logf("taken over after %v", time.Since(began).Round(time.Second))
	f.until(20*time.Second, "the run to be ended", func() bool {
		return f.number(`SELECT COUNT(*) FROM runs WHERE connection = $1 AND status = 'done'`, f.orgs[0].name) > 0
	})
}

// visited tells whether a replica asked a CRM anything since a moment.
func (f *fleet) visited(r *replica, o *org, since time.Time) bool {
	for _, v := range f.visits() {
		if v.replica == r && v.org == o && v.from.After(since) {
			return true
		}
	}
	return false
}

// held is a request that is kept from its CRM.
type held struct {
	f    *fleet
	hit  chan *visit
	free chan struct{}
}

// hold keeps the first request that fits from its CRM until it is released or
// its sender is gone.
func (f *fleet) hold(fits func(*visit) bool) *held {
	h := &held{f: f, hit: make(chan *visit, 1), free: make(chan struct{})}
	f.watch(func(v *visit, _ http.ResponseWriter, r *http.Request) bool {
		if !fits(v) {
			return true
		}
		select {
		case h.hit <- v:
		default:
			return true // the first alone
		}
		select {
		case <-h.free:
			return true
		case <-r.Context().Done():
			return false
		}
	})
	return h
}

// wait is the request, once it has come.
func (h *held) wait() *visit {
	h.f.t.Helper()
	select {
	case v := <-h.hit:
		h.hit <- v // so that the next is let through
		return v
	case <-time.After(time.Minute):
		h.f.t.Fatal("no such request came")
		return nil
	}
}

func (h *held) release() { close(h.free) }

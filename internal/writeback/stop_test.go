package writeback_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

// What says that the connection cannot go on ends the run, keeps what was
// answered, asks for nothing more, and leaves the rest queued.
func TestAnEndOfTheConnectionLeavesTheRestQueued(t *testing.T) {
	for _, kind := range []crm.ErrorKind{crm.Quota, crm.Auth, crm.Permission, crm.RateLimited} {
		r := newRig(t)
		r.crm.size = 3
		r.plan(t, "r1", ids(7)...)
		r.crm.onWrite = func(n int, u []crm.Update) ([]crm.Outcome, error) {
			out := all(u, crm.Confirmed)
			if n == 2 {
				r.crm.commit(u[:2]...)
				out[1].Status, out[2].Status = crm.Unknown, crm.NotSent
				return out, ended(kind)
			}
			r.crm.commit(u...)
			return out, nil
		}
		tally, done, err := r.try(t.Context(), "r1")
		if crm.KindOf(err) != kind || done || tally != (writeback.Tally{Sent: 5, Confirmed: 4, Unresolved: 1, Fields: 8}) {
			t.Errorf("%s: %+v done %v %v", kind, tally, done, err)
		}
		if len(r.crm.writes) != 2 || r.crm.loads != 0 {
			t.Errorf("%s: went on with %v", kind, r.crm.log)
		}
		if d := cmp.Diff(map[string]int{store.Confirmed: 4, store.Unknown: 1, store.Planned: 2}, r.statuses(t)); d != "" {
			t.Errorf("%s:\n%s", kind, d)
		}
		if rest := r.apply(t, "r1"); rest.Confirmed != 3 {
			t.Errorf("%s: the rest: %+v", kind, rest)
		}
		r.once(t)
	}
}

func TestACancelledRunLosesNothing(t *testing.T) {
	for _, c := range []struct {
		name    string
		commits bool
		status  crm.Status
		err     error
		stored  map[string]int // as left by the cancelled run
	}{
		{"the batch is answered", true, crm.Confirmed, nil, map[string]int{store.Confirmed: 4, store.Planned: 2}},
		{"its answer is lost", true, crm.Unknown, ended(crm.Unavailable), map[string]int{store.Confirmed: 4, store.Planned: 2}},
		{"it never left", false, crm.NotSent, ended(crm.Unavailable), map[string]int{store.Confirmed: 2, store.Planned: 4}},
		{"it was lost on the way", false, crm.Unknown, ended(crm.Unavailable), map[string]int{store.Confirmed: 2, store.Planned: 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.plan(t, "r1", ids(6)...)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r.crm.onWrite = func(n int, u []crm.Update) ([]crm.Outcome, error) {
				if n == 2 {
					cancel()
					if c.commits {
						r.crm.commit(u...)
					}
					return all(u, c.status), c.err
				}
				r.crm.commit(u...)
				return all(u, crm.Confirmed), nil
			}
			if _, done, err := r.try(ctx, "r1"); err == nil || done || len(r.crm.writes) != 2 {
				t.Errorf("done %v %v after %v", done, err, r.crm.log)
			}
			if d := cmp.Diff(c.stored, r.statuses(t)); d != "" {
				t.Errorf("left behind (-want +got):\n%s", d)
			}
			r.apply(t, "r1")
			if d := cmp.Diff(map[string]int{store.Confirmed: 6}, r.statuses(t)); d != "" {
				t.Error(d)
			}
			r.once(t)
		})
	}
	t.Run("before it began", func(t *testing.T) {
		r := newRig(t)
		r.plan(t, "r1", "d1")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, done, err := r.try(ctx, "r1"); err == nil || done || len(r.crm.log) != 0 {
			t.Errorf("done %v %v, asked %v", done, err, r.crm.log)
		}
	})
}

func TestADeadlinePausesBetweenBatches(t *testing.T) {
	r := newRig(t)
	r.plan(t, "r1", ids(4)...)
	past := time.Now().Add(-time.Second)
	for step, want := range []int64{2, 2, 0} {
		tally, done, err := r.w.Apply(t.Context(), r.target(), r.lease, "r1", now, past)
		if err != nil || done != (step == 2) || tally.Confirmed != want {
			t.Errorf("step %d: %+v done %v %v, want %d", step, tally, done, err, want)
		}
	}
	r.once(t)
}

func TestProgressCountsWhatIsSettled(t *testing.T) {
	r := newRig(t)
	r.plan(t, "r1", ids(5)...)
	var told []int64
	r.w.Progress = func(connection string, settled int64) {
		if connection != "org" {
			t.Errorf("progress of %q", connection)
		}
		told = append(told, settled)
	}
	r.apply(t, "r1")
	if d := cmp.Diff([]int64{2, 4, 5}, told); d != "" {
		t.Error(d)
	}
}

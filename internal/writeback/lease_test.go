package writeback_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

// Whoever has lost the connection's lease sends nothing more and keeps no
// outcome; the new holder finds what was in flight.
func TestALostLeaseStopsWrites(t *testing.T) {
	t.Run("lost before", func(t *testing.T) {
		r := newRig(t)
		r.plan(t, "r1", ids(4)...)
		r.take(t, "other")
		tally, done, err := r.try(t.Context(), "r1")
		if !errors.Is(err, store.ErrFenced) || done || tally != (writeback.Tally{}) || len(r.crm.log) != 0 {
			t.Errorf("%+v done %v %v, asked %v", tally, done, err, r.crm.log)
		}
	})
	t.Run("lost under way", func(t *testing.T) {
		r := newRig(t)
		r.plan(t, "r1", ids(6)...)
		var other store.Lease
		r.crm.onWrite = func(n int, u []crm.Update) ([]crm.Outcome, error) {
			r.crm.commit(u...)
			if n == 2 {
				other = r.take(t, "other")
			}
			return all(u, crm.Confirmed), nil
		}
		if _, done, err := r.try(t.Context(), "r1"); !errors.Is(err, store.ErrFenced) || done || len(r.crm.writes) != 2 {
			t.Errorf("done %v %v after %v", done, err, r.crm.log)
		}
		if d := cmp.Diff(map[string]int{store.Confirmed: 2, store.Sent: 2, store.Planned: 2}, r.statuses(t)); d != "" {
			t.Error(d)
		}
		r.lease = other // who took over
		r.apply(t, "r1")
		if d := cmp.Diff(map[string]int{store.Confirmed: 6}, r.statuses(t)); d != "" {
			t.Error(d)
		}
		r.once(t)
	})
	t.Run("recover under an old one", func(t *testing.T) {
		r := newRig(t)
		r.sent(t, "r1", "d1")
		r.take(t, "other")
		if _, err := r.w.Recover(t.Context(), r.target(), r.lease, "r1", now); !errors.Is(err, store.ErrFenced) {
			t.Errorf("recover said %v", err)
		}
		if d := cmp.Diff(map[string]int{store.Sent: 1}, r.statuses(t)); d != "" {
			t.Error(d)
		}
	})
}

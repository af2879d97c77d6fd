package writeback_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

// The process dies with its first batch in flight: its store closes under it,
// so that no outcome is kept. The next process reads before it sends.
func TestACrashInFlightSendsNothingTwice(t *testing.T) {
	for _, c := range []struct {
		name    string
		arrived int // records of the batch of two
		log     []string
	}{
		{"before the CRM had it", 0, []string{"write d1 d2", "load d1 d2", "write d1 d2", "write d3"}},
		{"with half of it written", 1, []string{"write d1 d2", "load d1 d2", "write d2 d3"}},
		{"after the CRM had it", 2, []string{"write d1 d2", "load d1 d2", "write d3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.plan(t, "r1", "d1", "d2", "d3")
			r.crm.onWrite = func(n int, u []crm.Update) ([]crm.Outcome, error) {
				if n > 1 {
					r.crm.commit(u...)
					return all(u, crm.Confirmed), nil
				}
				r.crm.commit(u[:c.arrived]...)
				r.store.Close()
				return all(u, crm.Confirmed), nil
			}
			if _, _, err := r.try(t.Context(), "r1"); err == nil {
				t.Fatal("an outcome that could not be kept went unnoticed")
			}
			r.open(t)
			if d := cmp.Diff(map[string]int{store.Sent: 2, store.Planned: 1}, r.statuses(t)); d != "" {
				t.Fatalf("in flight:\n%s", d)
			}
			recovered, err := r.w.Recover(t.Context(), r.target(), r.lease, "r1", now)
			if err != nil || recovered.Confirmed != int64(c.arrived) || recovered.Sent != recovered.Confirmed {
				t.Errorf("recovered %+v, %v", recovered, err)
			}
			r.apply(t, "r1")
			if d := cmp.Diff(c.log, r.crm.log); d != "" {
				t.Errorf("asked of the CRM (-want +got):\n%s", d)
			}
			if d := cmp.Diff(map[string]int{store.Confirmed: 3}, r.statuses(t)); d != "" {
				t.Error(d)
			}
			r.once(t)
		})
	}
}

// sent puts writes in flight as a process that died leaves them.
func (r *rig) sent(t *testing.T, run string, ids ...string) {
	t.Helper()
	r.plan(t, run, ids...)
	var seqs []int64
	for _, id := range ids {
		seqs = append(seqs, r.intents(t, id)[0].ID)
	}
	if err := r.store.MarkSent(t.Context(), r.lease, seqs, now); err != nil {
		t.Fatal(err)
	}
}

func TestRecoverReadsInBatchesAndWritesNothing(t *testing.T) {
	r := newRig(t)
	r.sent(t, "r1", "d1", "d2", "d3", "d4", "d5")
	r.crm.commit(crm.Update{ID: "d4", Fields: intent("r1", "d4").Fields})
	tally, err := r.w.Recover(t.Context(), r.target(), r.lease, "r1", now)
	if err != nil || tally != (writeback.Tally{Sent: 1, Confirmed: 1, Fields: 2}) {
		t.Errorf("%+v %v", tally, err)
	}
	if d := cmp.Diff([]string{"load d1 d2", "load d3 d4", "load d5"}, r.crm.log); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]int{store.Confirmed: 1, store.Planned: 4}, r.statuses(t)); d != "" {
		t.Error(d)
	}
}

func TestRecoverLeavesInFlightWhatItCannotRead(t *testing.T) {
	r := newRig(t)
	r.sent(t, "r1", "d1", "d2", "d3")
	r.crm.onLoad = func(n int) error {
		if n == 2 {
			return ended(crm.Unavailable)
		}
		return nil
	}
	if _, err := r.w.Recover(t.Context(), r.target(), r.lease, "r1", now); crm.KindOf(err) != crm.Unavailable {
		t.Errorf("recover said %v", err)
	}
	if d := cmp.Diff(map[string]int{store.Planned: 2, store.Sent: 1}, r.statuses(t)); d != "" {
		t.Error(d)
	}
	if len(r.crm.writes) != 0 {
		t.Errorf("recover wrote: %v", r.crm.log)
	}
}

func TestADealThatIsGoneIsRecoveredAsRejected(t *testing.T) {
	r := newRig(t)
	r.sent(t, "r1", "d1")
	delete(r.crm.records, "d1")
	tally, err := r.w.Recover(t.Context(), r.target(), r.lease, "r1", now)
	if err != nil || tally != (writeback.Tally{Sent: 1, Rejected: 1}) {
		t.Errorf("%+v %v", tally, err)
	}
	if in := r.intents(t, "d1")[0]; in.Status != store.Rejected || in.Class != string(crm.ClassGone) {
		t.Errorf("%+v", in)
	}
}

// A reading in the next pass takes the place of what an older run left behind;
// what that run knows of is read by Recover.
func TestRecoverKeepsToItsRun(t *testing.T) {
	r := newRig(t)
	r.sent(t, "r1", "d1")
	r.begin(t, "r2")
	r.plan(t, "r2", "d2")
	tally, err := r.w.Recover(t.Context(), r.target(), r.lease, "r2", now)
	if err != nil || tally != (writeback.Tally{}) || len(r.crm.log) != 0 {
		t.Errorf("%+v %v %v", tally, err, r.crm.log)
	}
	due, _, err := r.store.OpenRefs(t.Context(), store.Due{Connection: "org", Now: now}, "", 10)
	if err != nil || !slices.Equal(due, []string{"d1"}) {
		t.Errorf("the next plan reads %v, %v", due, err)
	}
}

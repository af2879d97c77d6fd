package writeback_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

// The first answer is lost; what the records show decides what is sent again.
func TestALostAnswerIsReadBeforeAnythingIsSentAgain(t *testing.T) {
	for _, c := range []struct {
		name  string
		reach func(f *fake, updates []crm.Update) // what reached the records
		cause error                               // said with the lost answer
		log   []string                            // to the end of the plan
		tally writeback.Tally
	}{
		{
			"committed", func(f *fake, u []crm.Update) { f.commit(u...) }, nil,
			[]string{"write d1 d2", "load d1 d2"},
			writeback.Tally{Sent: 2, Confirmed: 2, Fields: 4},
		},
		{
			"committed, and the connection is lost", func(f *fake, u []crm.Update) { f.commit(u...) }, ended(crm.Unavailable),
			[]string{"write d1 d2", "load d1 d2"},
			writeback.Tally{Sent: 2, Confirmed: 2, Fields: 4},
		},
		{
			"never arrived", func(*fake, []crm.Update) {}, nil,
			[]string{"write d1 d2", "load d1 d2", "write d1 d2"},
			writeback.Tally{Sent: 2, Confirmed: 2, Fields: 4},
		},
		{
			"never arrived, and the connection is lost", func(*fake, []crm.Update) {}, ended(crm.Unavailable),
			[]string{"write d1 d2", "load d1 d2", "write d1 d2"},
			writeback.Tally{Sent: 2, Confirmed: 2, Fields: 4},
		},
		{
			"half of it arrived", func(f *fake, u []crm.Update) { f.commit(u[1]) }, nil,
			[]string{"write d1 d2", "load d1 d2", "write d1"},
			writeback.Tally{Sent: 2, Confirmed: 2, Fields: 4},
		},
		{
			"a record went away meanwhile", func(f *fake, u []crm.Update) { f.commit(u[0]); delete(f.records, "d2") }, nil,
			[]string{"write d1 d2", "load d1 d2"},
			writeback.Tally{Sent: 2, Confirmed: 1, Rejected: 1, Fields: 2},
		},
		{
			"the CRM keeps it in its own way", func(f *fake, u []crm.Update) {
				f.commit(u...)
				f.records["d1"]["status"] = crm.Value(" r1\n")
			}, nil,
			[]string{"write d1 d2", "load d1 d2"},
			writeback.Tally{Sent: 2, Confirmed: 2, Fields: 4},
		},
		{
			"only one field shows it", func(f *fake, u []crm.Update) {
				f.records["d1"]["status"] = crm.Value(u[0].Fields["status"])
				f.records["d2"]["score"] = crm.Value(u[1].Fields["score"])
			}, nil,
			[]string{"write d1 d2", "load d1 d2", "write d1 d2"},
			writeback.Tally{Sent: 2, Confirmed: 2, Fields: 4},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.plan(t, "r1", "d1", "d2")
			r.crm.onWrite = func(n int, u []crm.Update) ([]crm.Outcome, error) {
				if n > 1 {
					r.crm.commit(u...)
					return all(u, crm.Confirmed), nil
				}
				c.reach(r.crm, u)
				return all(u, crm.Unknown), c.cause
			}
			sum, _, err := r.try(t.Context(), "r1")
			if (err != nil) != (c.cause != nil) {
				t.Errorf("apply said %v, the CRM %v", err, c.cause)
			}
			sum.Add(r.apply(t, "r1"))
			if d := cmp.Diff(c.log, r.crm.log); d != "" {
				t.Errorf("asked of the CRM (-want +got):\n%s", d)
			}
			if sum != c.tally {
				t.Errorf("tally %+v, want %+v", sum, c.tally)
			}
			r.once(t)
		})
	}
}

// A write may be of more deals than a read takes.
func TestALostAnswerIsReadInAsManyLoadsAsItTakes(t *testing.T) {
	r := newRig(t)
	r.crm.size = 5
	r.plan(t, "r1", "d1", "d2", "d3", "d4", "d5")
	r.crm.onWrite = func(n int, u []crm.Update) ([]crm.Outcome, error) {
		if n > 1 {
			r.crm.commit(u...)
			return all(u, crm.Confirmed), nil
		}
		r.crm.commit(u[0], u[3], u[4])
		return all(u, crm.Unknown), nil
	}
	if tally := r.apply(t, "r1"); tally != (writeback.Tally{Sent: 5, Confirmed: 5, Fields: 10}) {
		t.Errorf("%+v", tally)
	}
	if d := cmp.Diff([]string{"write d1 d2 d3 d4 d5", "load d1 d2", "load d3 d4", "load d5", "write d2 d3"}, r.crm.log); d != "" {
		t.Error(d)
	}
	r.once(t)
}

// While the record cannot be read either, nothing is known and nothing is sent.
func TestAnUnknownOutcomeStaysSoUntilItCanBeRead(t *testing.T) {
	r := newRig(t)
	r.plan(t, "r1", "d1", "d2", "d3")
	r.crm.onWrite = func(n int, u []crm.Update) ([]crm.Outcome, error) {
		r.crm.commit(u...)
		if n == 1 {
			return all(u, crm.Unknown), nil
		}
		return all(u, crm.Confirmed), nil
	}
	r.crm.onLoad = func(n int) error {
		if n <= 2 {
			return ended(crm.Unavailable)
		}
		return nil
	}
	tally, done, err := r.try(t.Context(), "r1")
	if crm.KindOf(err) != crm.Unavailable || done || tally != (writeback.Tally{Sent: 2, Unresolved: 2}) {
		t.Errorf("%+v done %v %v", tally, done, err)
	}
	if d := cmp.Diff(map[string]int{store.Unknown: 2, store.Planned: 1}, r.statuses(t)); d != "" {
		t.Error(d)
	}
	if tally, _, err := r.try(t.Context(), "r1"); err == nil || tally != (writeback.Tally{}) {
		t.Errorf("recovered without reading: %+v %v", tally, err)
	}
	r.apply(t, "r1")
	if d := cmp.Diff([]string{"write d1 d2", "load d1 d2", "load d1 d2", "load d1 d2", "write d3"}, r.crm.log); d != "" {
		t.Error(d)
	}
	r.once(t)
}

// An answer that does not speak of every record speaks of none.
func TestAnAnswerOfTheWrongLengthIsNoAnswer(t *testing.T) {
	r := newRig(t)
	r.plan(t, "r1", "d1", "d2")
	r.crm.onWrite = func(_ int, u []crm.Update) ([]crm.Outcome, error) {
		r.crm.commit(u...)
		return all(u[:1], crm.Rejected), nil
	}
	if tally := r.apply(t, "r1"); tally != (writeback.Tally{Sent: 2, Confirmed: 2, Fields: 4}) {
		t.Errorf("%+v", tally)
	}
	if d := cmp.Diff([]string{"write d1 d2", "load d1 d2"}, r.crm.log); d != "" {
		t.Error(d)
	}
}

func TestACRMThatTakesNothingIsGivenUp(t *testing.T) {
	for _, s := range []crm.Status{crm.NotSent, crm.Unknown} {
		r := newRig(t)
		r.plan(t, "r1", "d1", "d2")
		r.crm.onWrite = func(_ int, u []crm.Update) ([]crm.Outcome, error) { return all(u, s), nil }
		tally, done, err := r.try(t.Context(), "r1")
		if crm.KindOf(err) != crm.Unavailable || done || tally.Sent != 0 {
			t.Errorf("status %d: %+v done %v %v", s, tally, done, err)
		}
		if n := len(r.crm.writes); n < 2 || n > 5 {
			t.Errorf("status %d: sent %d times", s, n)
		}
		if d := cmp.Diff(map[string]int{store.Planned: 2}, r.statuses(t)); d != "" {
			t.Errorf("status %d: no longer queued:\n%s", s, d)
		}
	}
}

// Records that were lost in between do not add up to a CRM that takes nothing.
func TestProgressClearsTheCountOfIdleRounds(t *testing.T) {
	r := newRig(t)
	r.crm.size = 1
	r.plan(t, "r1", ids(6)...)
	r.crm.onWrite = func(n int, u []crm.Update) ([]crm.Outcome, error) {
		if n%2 != 0 {
			return all(u, crm.NotSent), nil
		}
		r.crm.commit(u...)
		return all(u, crm.Confirmed), nil
	}
	if tally := r.apply(t, "r1"); tally.Confirmed != 6 {
		t.Errorf("%+v", tally)
	}
}

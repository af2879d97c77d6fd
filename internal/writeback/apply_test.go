package writeback_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

func TestApplySendsFullBatches(t *testing.T) {
	for _, c := range []struct {
		records, size, inFlight int
		batches                 []int // largest first
	}{
		{0, 100, 1, nil},
		{1, 100, 1, []int{1}},
		{100, 100, 1, []int{100}},
		{101, 100, 1, []int{100, 1}},
		{450, 100, 4, []int{100, 100, 100, 100, 50}},
		{450, 100, 0, []int{100, 100, 100, 100, 50}},
		{450, 200, 2, []int{200, 200, 50}},
		{450, 200, 3, []int{200, 200, 50}},
	} {
		t.Run(strconv.Itoa(c.records)+" by "+strconv.Itoa(c.size)+" in "+strconv.Itoa(c.inFlight), func(t *testing.T) {
			r := newRig(t)
			r.crm.size, r.w.InFlight = c.size, c.inFlight
			r.plan(t, "r1", ids(c.records)...)
			tally := r.apply(t, "r1")
			var sizes []int
			for _, b := range r.crm.writes {
				sizes = append(sizes, len(b))
			}
			slices.Sort(sizes)
			slices.Reverse(sizes)
			if d := cmp.Diff(c.batches, sizes); d != "" {
				t.Errorf("batches (-want +got):\n%s", d)
			}
			n := int64(c.records)
			if want := (writeback.Tally{Sent: n, Confirmed: n, Fields: 2 * n}); tally != want {
				t.Errorf("tally %+v, want %+v", tally, want)
			}
			r.once(t)
			if again := r.apply(t, "r1"); again != (writeback.Tally{}) || len(r.crm.writes) != len(c.batches) {
				t.Errorf("applied again, it sent %d more batches: %+v", len(r.crm.writes)-len(c.batches), again)
			}
		})
	}
}

// Deals of one account share locks in the CRM: they travel in one batch as far
// as they fit, in the order in which they were planned.
func TestDealsOfOneAccountTravelTogether(t *testing.T) {
	r := newRig(t)
	r.crm.size, r.w.InFlight = 3, 2
	s := store.Slice{Run: store.Run{ID: "r1", Connection: "org", Phase: "apply", Status: store.RunRunning, WindowTo: now}}
	for i, account := range []string{"b", "a", "b", "", "a", "b"} {
		in := intent("r1", strconv.Itoa(i))
		in.Account = account
		s.Intents = append(s.Intents, in)
		r.crm.records[crm.DealID(in.Ref.ID)] = map[string]crm.Cell{"status": crm.Value(""), "score": crm.Value("")}
	}
	r.commit(t, s)
	r.apply(t, "r1")
	slices.SortFunc(r.crm.writes, slices.Compare) // two are in flight
	if d := cmp.Diff([][]crm.DealID{{"0", "2", "5"}, {"3", "1", "4"}}, r.crm.writes); d != "" {
		t.Errorf("batches (-want +got):\n%s", d)
	}
	r.once(t)
}

// Three writes of a round meet before any of them is answered.
func TestSeveralBatchesAreInFlight(t *testing.T) {
	r := newRig(t)
	r.w.InFlight = 3
	r.plan(t, "r1", ids(18)...)
	rounds := make([]sync.WaitGroup, 3)
	for i := range rounds {
		rounds[i].Add(3)
	}
	r.crm.onWrite = func(n int, u []crm.Update) ([]crm.Outcome, error) {
		round, met := &rounds[(n-1)/3], make(chan struct{})
		round.Done()
		go func() { round.Wait(); close(met) }()
		select {
		case <-met:
		case <-time.After(5 * time.Second):
			t.Errorf("write %d is not one of three in flight", n)
		}
		r.crm.commit(u...)
		return all(u, crm.Confirmed), nil
	}
	r.apply(t, "r1")
	r.once(t)
}

// A slice that is judged again after a crash plans its deals a second time.
func TestADealPlannedTwiceIsSentOnceWithItsLastValues(t *testing.T) {
	r := newRig(t)
	r.crm.size = 10
	r.plan(t, "r1", "d1", "d2", "d3")
	second := intent("r1", "d2")
	second.Fields["score"] = "last"
	r.commit(t, store.Slice{Run: store.Run{ID: "r1", Connection: "org", WindowTo: now}, Read: []string{"d2"}, Intents: []store.Intent{second}})
	r.apply(t, "r1")
	if d := cmp.Diff([]string{"write d1 d3 d2"}, r.crm.log); d != "" {
		t.Error(d)
	}
	if got := r.crm.records["d2"]["score"].Text; got != "last" {
		t.Errorf("the record holds %q", got)
	}
}

func TestOnlyItsOwnRunIsApplied(t *testing.T) {
	r := newRig(t)
	r.plan(t, "r1", "d1")
	r.begin(t, "r2")
	r.plan(t, "r2", "d2")
	r.apply(t, "r2")
	if d := cmp.Diff([]string{"write d2"}, r.crm.log); d != "" {
		t.Error(d)
	}
}

// Whatever becomes of records, batches and reads: the sum holds, every record
// has its own outcome, and none is written twice.
func TestSentIsConfirmedRejectedAndUnknown(t *testing.T) {
	for seed := range uint64(15) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			r := newRig(t)
			dice := rand.New(rand.NewPCG(seed, 1))
			r.crm.size = 1 + dice.IntN(7)
			r.crm.onWrite = func(_ int, updates []crm.Update) ([]crm.Outcome, error) {
				out := all(updates, crm.NotSent)
				for i := range out {
					switch dice.IntN(5) {
					case 0:
						out[i].Status, out[i].Class = crm.Rejected, crm.ClassValidation
					case 1:
						out[i].Status = crm.Unknown
						if dice.IntN(2) == 0 {
							r.crm.commit(updates[i])
						}
					case 2: // not sent
					default:
						out[i].Status = crm.Confirmed
						r.crm.commit(updates[i])
					}
				}
				switch dice.IntN(8) {
				case 0:
					return out, ended(crm.Unavailable)
				case 1:
					return out, ended(crm.Quota)
				}
				return out, nil
			}
			r.crm.onLoad = func(int) error {
				if dice.IntN(4) == 0 {
					return ended(crm.Unavailable)
				}
				return nil
			}
			const n = 40
			r.plan(t, "r1", ids(n)...)
			var sum writeback.Tally
			for tries := 0; ; tries++ {
				tally, done, err := r.try(t.Context(), "r1")
				if tally.Sent != tally.Confirmed+tally.Rejected+tally.Unresolved {
					t.Fatalf("sent %d of %+v", tally.Sent, tally)
				}
				sum.Add(tally)
				left := r.statuses(t)
				if left[store.Confirmed] != int(sum.Confirmed) || left[store.Rejected] != int(sum.Rejected) {
					t.Fatalf("the store holds %v, the tallies say %+v", left, sum)
				}
				if done {
					if left[store.Confirmed]+left[store.Rejected] != n || err != nil {
						t.Fatalf("done with %v, %v", left, err)
					}
					break
				}
				if err == nil || tries == 500 {
					t.Fatalf("not done after %d tries: %v", tries, err)
				}
			}
			for id, k := range r.crm.commits {
				if k > 1 {
					t.Errorf("%s was written %d times", id, k)
				}
			}
		})
	}
}

// Intents of two cards for one deal go out one after the other.
func TestIDsAreUniqueInABatch(t *testing.T) {
	r := newRig(t)
	r.plan(t, "r1", "d1")
	other := intent("r1", "d1")
	other.Card = "partner-handoff"
	r.commit(t, store.Slice{Run: store.Run{ID: "r1", Connection: "org", WindowTo: now}, Intents: []store.Intent{other}})
	r.apply(t, "r1")
	for _, b := range r.crm.writes {
		if len(b) == 2 && b[0] == b[1] {
			t.Errorf("one batch names %s twice", b[0])
		}
	}
	if len(r.crm.writes) != 2 {
		t.Errorf("%d batches, want one for each card", len(r.crm.writes))
	}
}

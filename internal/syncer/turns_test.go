package syncer_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/syncer"
)

// remote is the fake, asked over a slow line: it notes when a batch is asked
// for and when its answer is taken in, by the number in its first deal's name.
type remote struct {
	*fake
	first  time.Duration // until it answers
	then   time.Duration // until it answers what is asked after that
	judged func() int

	mu    sync.Mutex
	asked map[crm.DealID]int // batches judged by then
	taken map[crm.DealID]int
	now   int // answers that are being taken in
	most  int
}

func (s *remote) note(of map[crm.DealID]int, id crm.DealID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of[id] = s.judged()
}

func (s *remote) Load(ctx context.Context, ids []crm.DealID) (crm.Loaded, error) {
	s.note(s.asked, ids[0])
	time.Sleep(s.first)
	if wait := crm.Turn(ctx); wait != nil {
		if err := wait(ctx); err != nil {
			return crm.Loaded{}, err
		}
	}
	s.note(s.taken, ids[0])
	s.take(1)
	defer s.take(-1)
	time.Sleep(s.then)
	return s.fake.Load(ctx, ids)
}

func (s *remote) take(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now += n
	s.most = max(s.most, s.now)
}

// oneByOne is a rig with n won deals, of which a load takes one.
func oneByOne(t *testing.T, n int) (*rig, []string) {
	t.Helper()
	r := newRig(t)
	r.crm.batch = 1
	ids := names(n)
	for _, id := range ids {
		r.won(id)
	}
	r.moves(slices.Collect(slices.Chunk(ids, 1))...)
	return r, ids
}

// planRemote plans 12 batches of one deal, each a page, and returns what was
// noted in the order of batches, and how many were taken in at once at most.
func planRemote(t *testing.T, first, then time.Duration) (asked, taken []int, most int) {
	t.Helper()
	r, ids := oneByOne(t, 12)
	var mu sync.Mutex
	n := 0
	r.p.Progress = func(string, int64) {
		mu.Lock()
		defer mu.Unlock()
		n++
	}
	s := &remote{fake: r.crm, first: first, then: then, asked: map[crm.DealID]int{}, taken: map[crm.DealID]int{}}
	s.judged = func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
	r.c.Source = s
	run := r.begin(t, syncer.KindFull)
	if _, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		asked, taken = append(asked, s.asked[crm.DealID(id)]), append(taken, s.taken[crm.DealID(id)])
	}
	return asked, taken, s.most
}

func TestBatchesAreAskedForAheadAndTakenInShortlyBefore(t *testing.T) {
	asked, taken, _ := planRemote(t, 50*time.Millisecond, 0)
	ahead := 0
	for n := range asked {
		if n-asked[n] > 7 { // the one judged, five that wait, and the one that is next
			t.Errorf("batch %d was asked for after %d were judged", n, asked[n])
		}
		if n-taken[n] > 1 { // the one judged and the one behind it
			t.Errorf("batch %d was taken in after %d were judged", n, taken[n])
		}
		ahead = max(ahead, n-asked[n])
	}
	if ahead < 5 {
		t.Errorf("at most %d batches were asked for ahead", ahead)
	}
}

// Where the CRM is slow, nothing lies about to be judged: there is room for more.
func TestASlowCRMIsTakenInTwoAtATime(t *testing.T) {
	if _, taken, most := planRemote(t, 0, 250*time.Millisecond); most != 2 {
		t.Errorf("%d at once: after %v were judged", most, taken)
	}
}

func TestTheFirstBatchIsAskedForAlone(t *testing.T) {
	r, _ := oneByOne(t, 6)
	first := make(chan struct{})
	var mu sync.Mutex
	early := 0
	r.crm.onLoad = func(ids []crm.DealID) error {
		if ids[0] == "d001" {
			time.Sleep(100 * time.Millisecond)
			close(first)
			return nil
		}
		select {
		case <-first:
		default:
			mu.Lock()
			defer mu.Unlock()
			early++
		}
		return nil
	}
	run := r.begin(t, syncer.KindFull)
	if _, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if early != 0 {
		t.Errorf("%d batches were asked for before the first was answered", early)
	}
}

// What a slice has asked for it judges: no call is made twice for its end.
func TestWhatWasAskedForIsJudgedBeforeAPause(t *testing.T) {
	r, ids := oneByOne(t, 24)
	r.c.Source = &remote{fake: r.crm, first: 20 * time.Millisecond, judged: func() int { return 0 }, asked: map[crm.DealID]int{}, taken: map[crm.DealID]int{}}
	run := r.begin(t, syncer.KindFull)
	parts := 0
	for done := false; !done; parts++ {
		var err error
		if done, err = r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, time.Now().Add(30*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	r.crm.mu.Lock()
	defer r.crm.mu.Unlock()
	if len(r.crm.loads) != len(ids) || parts < 2 {
		t.Errorf("%d loads of %d deals in %d slices", len(r.crm.loads), len(ids), parts)
	}
}

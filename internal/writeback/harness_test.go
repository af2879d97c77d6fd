package writeback_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/store/storetest"
	"github.com/handoffscore/syncd/internal/writeback"
)

// now is the moment of the pass under test.
var now = time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)

// fake is a CRM of records with fields. Unless a test scripts it, a write is
// taken and confirmed, and a load shows the records as they stand.
type fake struct {
	crm.Source // writeback asks for nothing but Load and LoadBatch

	size      int // of a write
	loadBatch int
	// onWrite, if set, answers the nth write, counted from 1.
	onWrite func(n int, updates []crm.Update) ([]crm.Outcome, error)
	// onLoad, if set, may fail the nth load.
	onLoad func(n int) error

	mu      sync.Mutex
	records map[crm.DealID]map[string]crm.Cell
	commits map[crm.DealID]int // how often a write reached the record
	log     []string           // "write d1 d2", "load d2", oldest first
	writes  [][]crm.DealID
	loads   int
}

func (f *fake) WriteBatch() int { return f.size }

func (f *fake) LoadBatch() int { return f.loadBatch }

func (f *fake) LoadsAhead() int { return 1 }

func (f *fake) Write(_ context.Context, updates []crm.Update) ([]crm.Outcome, error) {
	ids := make([]crm.DealID, len(updates))
	for i, u := range updates {
		ids[i] = u.ID
	}
	f.mu.Lock()
	f.log = append(f.log, line("write", ids))
	f.writes = append(f.writes, ids)
	n := len(f.writes)
	f.mu.Unlock()
	if f.onWrite != nil {
		return f.onWrite(n, updates)
	}
	f.commit(updates...)
	return all(updates, crm.Confirmed), nil
}

// commit puts updates on the records.
func (f *fake) commit(updates ...crm.Update) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, u := range updates {
		if f.records[u.ID] == nil {
			continue
		}
		f.commits[u.ID]++
		for name, text := range u.Fields {
			f.records[u.ID][name] = crm.Value(text)
		}
	}
}

func (f *fake) Load(ctx context.Context, ids []crm.DealID) (crm.Loaded, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return crm.Loaded{}, &crm.Error{Op: "fake.Load", Kind: crm.Unavailable, Err: err}
	}
	f.log = append(f.log, line("load", ids))
	f.loads++
	if f.onLoad != nil {
		if err := f.onLoad(f.loads); err != nil {
			return crm.Loaded{}, err
		}
	}
	var out crm.Loaded
	for _, id := range ids {
		fields, ok := f.records[id]
		if !ok {
			out.Gone = append(out.Gone, id)
			continue
		}
		out.Deals = append(out.Deals, crm.Deal{Ref: ref(string(id)), Fields: crm.CellsOf(fields)})
	}
	slices.Reverse(out.Deals) // order is not promised
	return out, nil
}

func line(what string, ids []crm.DealID) string {
	for _, id := range ids {
		what += " " + string(id)
	}
	return what
}

// all gives every update one outcome.
func all(updates []crm.Update, s crm.Status) []crm.Outcome {
	out := make([]crm.Outcome, len(updates))
	for i, u := range updates {
		out[i] = crm.Outcome{ID: u.ID, Status: s}
	}
	return out
}

func ended(kind crm.ErrorKind) error {
	return &crm.Error{Op: "fake.Write", Kind: kind, Err: errors.New("scripted")}
}

// rig is a writer on a real store, with a lease, one run and a scripted CRM.
type rig struct {
	dsn   string
	store *store.Store
	lease store.Lease
	hour  int // of the last taking of the lease
	crm   *fake
	w     *writeback.Writer
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{dsn: filepath.Join(t.TempDir(), "syncd.db"), crm: &fake{
		size: 2, loadBatch: 2, records: map[crm.DealID]map[string]crm.Cell{}, commits: map[crm.DealID]int{},
	}}
	r.open(t)
	r.begin(t, "r1")
	return r
}

// open opens the store as a fresh process does and takes the lease, which the
// process before it has let run out.
func (r *rig) open(t *testing.T) {
	t.Helper()
	r.store = storetest.Open(t, r.dsn)
	r.w = &writeback.Writer{Store: r.store, InFlight: 1}
	r.lease = r.take(t, "me")
}

// take takes the lease over: every taking comes an hour later than the last.
func (r *rig) take(t *testing.T, holder string) store.Lease {
	t.Helper()
	r.hour++
	l, err := r.store.Acquire(t.Context(), "org", holder, time.Minute, now.Add(time.Duration(r.hour)*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (r *rig) begin(t *testing.T, run string) {
	t.Helper()
	err := r.store.StartRun(t.Context(), r.lease, store.Run{ID: run, Connection: "org", Mode: "write", Phase: "apply", Status: store.RunRunning, Started: now, WindowTo: now})
	if err != nil {
		t.Fatal(err)
	}
}

func ref(id string) crm.Ref { return crm.Ref{Connection: "org", Object: crm.ObjectDeal, ID: id} }

func intent(run, id string) store.Intent {
	return store.Intent{
		Run: run, Ref: ref(id), Card: "sales-to-cs", InputHash: "h1",
		Fields: map[string]string{"status": run, "score": id}, Before: map[string]string{"status": "", "score": ""}, CreatedAt: now, UpdatedAt: now,
	}
}

// plan puts deals into the CRM and their writes into a run's plan.
func (r *rig) plan(t *testing.T, run string, ids ...string) {
	t.Helper()
	s := store.Slice{Run: store.Run{ID: run, Connection: "org", Phase: "apply", Status: store.RunRunning, WindowTo: now}, Read: ids}
	for _, id := range ids {
		if r.crm.records[crm.DealID(id)] == nil {
			r.crm.records[crm.DealID(id)] = map[string]crm.Cell{"status": crm.Value(""), "score": crm.Value("")}
		}
		s.Intents = append(s.Intents, intent(run, id))
	}
	r.commit(t, s)
}

func (r *rig) commit(t *testing.T, s store.Slice) {
	t.Helper()
	if err := r.store.Commit(t.Context(), r.lease, s); err != nil {
		t.Fatal(err)
	}
}

func ids(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("d%04d", i+1)
	}
	return list
}

func (r *rig) target() writeback.Target {
	same := func(_, have, want string) bool { return strings.TrimSpace(have) == strings.TrimSpace(want) }
	return writeback.Target{Name: "org", Source: r.crm, Sink: r.crm, Same: same}
}

// try applies a run as the daemon does: what is under way is settled first.
func (r *rig) try(ctx context.Context, run string) (writeback.Tally, bool, error) {
	tally, err := r.w.Recover(ctx, r.target(), r.lease, run, now)
	if err != nil {
		return tally, false, err
	}
	more, done, err := r.w.Apply(ctx, r.target(), r.lease, run, now, time.Now().Add(time.Hour))
	tally.Add(more)
	return tally, done, err
}

// apply applies a run to its end.
func (r *rig) apply(t *testing.T, run string) writeback.Tally {
	t.Helper()
	tally, done, err := r.try(t.Context(), run)
	if err != nil || !done {
		t.Fatalf("apply: done %v, %v", done, err)
	}
	return tally
}

// intents are a deal's writes, oldest first.
func (r *rig) intents(t *testing.T, id string) []store.Intent {
	t.Helper()
	list, err := r.store.Writes(t.Context(), "org", id)
	if err != nil || len(list) == 0 {
		t.Fatalf("writes of %s: %d, %v", id, len(list), err)
	}
	return list
}

// statuses counts the last intent of each deal by its status.
func (r *rig) statuses(t *testing.T) map[string]int {
	t.Helper()
	n := map[string]int{}
	for id := range r.crm.records {
		list := r.intents(t, string(id))
		n[list[len(list)-1].Status]++
	}
	return n
}

// once wants every record to have taken exactly one write.
func (r *rig) once(t *testing.T) {
	t.Helper()
	for id := range r.crm.records {
		if n := r.crm.commits[id]; n != 1 {
			t.Errorf("%s was written %d times", id, n)
		}
	}
}

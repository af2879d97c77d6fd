package syncer_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/store/storetest"
	"github.com/handoffscore/syncd/internal/syncer"
)

// start is the moment of the first pass. Kickoffs are the day before and
// scoring is due the day after, unless a test says otherwise.
var start = time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)

// card is the smallest that has what a pass turns on: an item for the CSM, one
// judged by syncd (2 on a sound deal), and a band that escalates.
const card = `id: small
title: Small
prefix: handoff
start: kickoff
scorer: csm
out_of: 4
categories:
  - id: "1"
    title: One
    max: 4
    items:
      - {id: "1.1", title: Use case, gap: use case, question: What for?, guidance: {missing: none, partial: some, complete: all}, check: {name: text, sources: {text: evidence.1.1}}}
      - {id: "1.2", title: Correct, auto: true, gap: record, question: What is missing?, guidance: {missing: none, partial: some, complete: all}, check: {name: deal_correct}}
bands:
  - {name: Good, health: green, min: 3, max: 4, action: Go., action_late: Go on.}
  - {name: Poor, health: red, min: 0, max: 2, action: Delay., action_late: Pause., hold: true, escalation: Sales manager, tasks: [sales_manager_escalation]}
`

// fake is a CRM as a plan sees it: pages of deals that moved, and snapshots.
type fake struct {
	batch int
	pages [][]crm.Moved
	// touched are the pages of deals to which something moved.
	touched [][]crm.Moved
	// dieAfter, if not 0, is how many pages one reading gets before it fails.
	dieAfter int
	// onLoad, if set, may fail a load or see it happen.
	onLoad func(ids []crm.DealID) error
	desc   crm.Description

	mu      sync.Mutex
	deals   map[crm.DealID]*crm.Deal
	merged  map[crm.DealID]crm.DealID
	windows []crm.Window
	afters  []string // where each reading of what changed began
	traces  []string // and of what was touched
	loads   [][]crm.DealID
	writes  int
}

func (f *fake) Describe(context.Context) (crm.Description, error) { return f.desc, nil }

func (f *fake) Earlier(context.Context) (int64, error) { return 3, nil }

func (f *fake) LoadBatch() int { return f.batch }

func (f *fake) LoadsAhead() int { return 5 }

func (f *fake) People(context.Context, []crm.UserID) (map[crm.UserID]crm.Person, error) {
	return nil, nil
}

func (f *fake) Calls() map[string]int64 { return nil }

func (f *fake) WriteBatch() int { return 100 }

func (f *fake) Write(context.Context, []crm.Update) ([]crm.Outcome, error) {
	f.writes++
	return nil, errors.New("a plan writes nothing")
}

// Changed names a page by its number; the cursor is that of the next.
func (f *fake) Changed(_ context.Context, w crm.Window, after string) iter.Seq2[crm.Page, error] {
	return f.read("fake.Changed", f.pages, after, func() { f.windows, f.afters = append(f.windows, w), append(f.afters, after) })
}

func (f *fake) Touched(_ context.Context, w crm.Window, after string) iter.Seq2[crm.Page, error] {
	return f.read("fake.Touched", f.touched, after, func() { f.windows, f.traces = append(f.windows, w), append(f.traces, after) })
}

func (f *fake) read(op string, pages [][]crm.Moved, after string, note func()) iter.Seq2[crm.Page, error] {
	return func(yield func(crm.Page, error) bool) {
		f.mu.Lock()
		note()
		f.mu.Unlock()
		first, _ := strconv.Atoi(after)
		if len(pages) == 0 {
			yield(crm.Page{}, nil)
			return
		}
		for i := first; i < len(pages); i++ {
			if f.dieAfter > 0 && i == first+f.dieAfter {
				yield(crm.Page{}, broken(op))
				return
			}
			page := crm.Page{Deals: pages[i]}
			if i+1 < len(pages) {
				page.Next = strconv.Itoa(i + 1)
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

func broken(op string) error {
	return &crm.Error{Op: op, Kind: crm.Unavailable, Err: errors.New("scripted")}
}

// Load gives each id asked for once, however often it was asked for.
func (f *fake) Load(_ context.Context, ids []crm.DealID) (crm.Loaded, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loads = append(f.loads, ids)
	if f.onLoad != nil {
		if err := f.onLoad(ids); err != nil {
			return crm.Loaded{}, err
		}
	}
	out := crm.Loaded{Merged: map[crm.DealID]crm.DealID{}}
	for i, id := range ids {
		survivor, away := f.merged[id]
		switch d := f.deals[id]; {
		case slices.Contains(ids[:i], id):
		case away:
			out.Merged[id] = survivor
		case d == nil:
			out.Gone = append(out.Gone, id)
		default:
			seen := *d
			seen.Fields = d.Fields.Clone()
			out.Deals = append(out.Deals, seen)
		}
	}
	return out, nil
}

// loaded lists the deals read since the last call, in order.
func (f *fake) loaded() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, ids := range f.loads {
		for _, id := range ids {
			all = append(all, string(id))
		}
	}
	f.loads = nil
	slices.Sort(all)
	return all
}

// rig is a planner on a real store, with one connection to the fake.
type rig struct {
	dsn   string
	store *store.Store
	lease store.Lease
	crm   *fake
	c     *syncer.Connection
	names *crm.Names // of its fields, which deals that are read together share
	p     *syncer.Planner
	now   time.Time
	runs  int
	takes int
}

func newRig(t testing.TB) *rig {
	t.Helper()
	small, err := scorecard.Parse("small.yaml", []byte(card))
	if err != nil {
		t.Fatal(err)
	}
	return rigOf(t, small)
}

// rigOf is a rig that scores by one card.
func rigOf(t testing.TB, by *scorecard.Card) *rig {
	t.Helper()
	cfg := &config.Config{Company: config.Company{TimeZone: "UTC"}}
	con := &config.Connection{Name: "org", CRM: "salesforce", Fields: map[string]string{"evidence.1.1": "Use_Case__c"}}
	f := &fake{batch: 2, deals: map[crm.DealID]*crm.Deal{}, merged: map[crm.DealID]crm.DealID{}}
	r := &rig{dsn: filepath.Join(t.TempDir(), "syncd.db"), crm: f, now: start, c: &syncer.Connection{
		Name: "org", CRM: "salesforce", Mode: syncer.Write, Source: f, Sink: f,
		Setup: cfg.Setup(con, []*scorecard.Card{by}), Cards: []*scorecard.Card{by},
		Settings: handoff.Settings{Zone: time.UTC, GoLive: start.AddDate(0, -1, 0), Currency: "EUR"},
		Judge:    autoscore.New(autoscore.Rules{}),
	}}
	f.desc = crm.Description{OrgID: "00D", Now: start, Fields: map[string]crm.FieldStatus{}}
	var names []string
	for _, field := range r.c.Setup.Fields {
		f.desc.Fields[field.Name] = crm.FieldStatus{Kind: field.Kind, Exists: true, Writable: true}
		names = append(names, field.Name)
	}
	r.names = crm.NewNames(names...)
	r.open(t)
	return r
}

// open opens the store as a fresh process does and takes the lease over.
func (r *rig) open(t testing.TB) {
	t.Helper()
	r.store = storetest.Open(t, r.dsn)
	r.p = &syncer.Planner{Store: r.store, Log: zap.NewNop()}
	r.lease = r.take(t, "me")
}

// take takes the lease over: every taking comes an hour after the last.
func (r *rig) take(t testing.TB, holder string) store.Lease {
	t.Helper()
	r.takes++
	l, err := r.store.Acquire(t.Context(), "org", holder, time.Minute, start.Add(time.Duration(r.takes)*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// won puts a deal into the CRM: won a week ago, kickoff yesterday, not scored.
func (r *rig) won(id string) *crm.Deal {
	d := &crm.Deal{
		Ref: ref(id), Name: crm.Value("Deal " + id), Won: true, Closed: true, WonAt: crm.Moment{At: start.AddDate(0, 0, -7)},
		CreatedAt: start.AddDate(0, 0, -60), ModifiedAt: start.Add(-time.Hour),
		Stage: crm.Value("Closed Won"), Type: crm.Value("New Business"), Amount: crm.Value("48000"), Currency: crm.Value("EUR"),
		CloseDate: crm.Value("2026-11-10"), Owner: "ae1", Seller: "ae1", NotesState: crm.Read, Fields: r.names.Cells(),
	}
	for _, f := range r.c.Setup.Fields {
		d.Fields.Set(f.Name, crm.Value(""))
	}
	d.Fields.Set("csm", crm.Cell{State: crm.Read, Text: "csm1", At: start.AddDate(0, 0, -6)})
	d.Fields.Set("kickoff_at", crm.Value(stamp(start.AddDate(0, 0, -1))))
	d.Fields.Set("evidence.1.1", crm.Value("Regional teams tracked deals in spreadsheets; the forecast view replaces them."))
	r.crm.deals[crm.DealID(id)] = d
	return d
}

func ref(id string) crm.Ref { return crm.Ref{Connection: "org", Object: crm.ObjectDeal, ID: id} }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// set is an edit of one field of a deal.
func (r *rig) set(id, field, text string) {
	r.crm.deals[crm.DealID(id)].Fields.Set(field, crm.Value(text))
}

// moves makes pages of deals that moved.
func (r *rig) moves(pages ...[]string) {
	r.crm.pages = nil
	for _, ids := range pages {
		var page []crm.Moved
		for _, id := range ids {
			d := r.crm.deals[crm.DealID(id)]
			page = append(page, crm.Moved{ID: crm.DealID(id), At: r.now, Won: d != nil && d.Won, Gone: d == nil})
		}
		r.crm.pages = append(r.crm.pages, page)
	}
}

// touches makes pages of deals to which something moved.
func (r *rig) touches(pages ...[]string) {
	r.crm.touched = nil
	for _, ids := range pages {
		var page []crm.Moved
		for _, id := range ids {
			page = append(page, crm.Moved{ID: crm.DealID(id), At: r.now})
		}
		r.crm.touched = append(r.crm.touched, page)
	}
}

// begin starts a run whose window reaches 20 minutes back, or since ever.
func (r *rig) begin(t testing.TB, kind string) *store.Run {
	t.Helper()
	r.runs++
	run := store.Run{
		ID: fmt.Sprintf("r%d", r.runs), Connection: "org", Mode: string(r.c.Mode), Kind: kind, Phase: syncer.PhaseChanged,
		Status: store.RunRunning, Started: r.now, WindowTo: r.now,
	}
	if kind == syncer.KindIncremental {
		run.WindowFrom = r.now.Add(-20 * time.Minute)
	}
	if err := r.store.StartRun(t.Context(), r.lease, run); err != nil {
		t.Fatal(err)
	}
	return &run
}

// later is a deadline that no test reaches.
func later() time.Time { return time.Now().Add(time.Hour) }

// plan plans an incremental pass to its end.
func (r *rig) plan(t testing.TB) *store.Run {
	t.Helper()
	return r.planOf(t, syncer.KindIncremental)
}

func (r *rig) planOf(t testing.TB, kind string) *store.Run {
	t.Helper()
	run := r.begin(t, kind)
	done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later())
	if err != nil || !done || run.Phase != syncer.PhaseGuard {
		t.Fatalf("plan: done %v in phase %s, %v", done, run.Phase, err)
	}
	return run
}

// planned are a run's intents by deal.
func (r *rig) planned(t testing.TB, run *store.Run) map[string]store.Intent {
	t.Helper()
	list, err := r.store.WritesOf(t.Context(), "org", run.ID, store.Planned, 0, 10000)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]store.Intent{}
	for _, in := range list {
		if _, twice := all[in.Ref.ID]; twice {
			t.Errorf("%s is planned twice in run %s", in.Ref.ID, run.ID)
		}
		all[in.Ref.ID] = in
	}
	return all
}

// write puts a run's plan on the records, as if it had been applied.
func (r *rig) write(t testing.TB, run *store.Run) {
	t.Helper()
	for id, in := range r.planned(t, run) {
		for name, text := range in.Fields {
			r.set(id, name, text)
		}
		r.resolve(t, in, store.Result{Status: store.Confirmed})
	}
}

// resolve keeps what became of an intent that was sent.
func (r *rig) resolve(t testing.TB, in store.Intent, result store.Result) {
	t.Helper()
	if err := r.store.MarkSent(t.Context(), r.lease, []int64{in.ID}, r.now); err != nil {
		t.Fatal(err)
	}
	if result.Status == store.Sent {
		return // nobody heard
	}
	result.ID, result.At = in.ID, r.now
	if err := r.store.Resolve(t.Context(), r.lease, []store.Result{result}); err != nil {
		t.Fatal(err)
	}
}

// settled plans and writes a pass over the deals given, wants the next one to
// find nothing, and moves on a minute.
func (r *rig) settled(t *testing.T, ids ...string) {
	t.Helper()
	r.moves(ids)
	r.write(t, r.plan(t))
	if again := r.planned(t, r.plan(t)); len(again) != 0 {
		t.Fatalf("planned again at once: %v", again)
	}
	r.crm.loaded()
	r.moves()
	r.now = r.now.Add(time.Minute)
}

// state is where a deal's handoff stands in the store.
func (r *rig) state(t *testing.T, id string) store.State {
	t.Helper()
	list, err := r.store.States(t.Context(), "org", []string{id})
	if err != nil || len(list) != 1 {
		t.Fatalf("%d states of %s, %v", len(list), id, err)
	}
	return list[0]
}

// rows counts the rows of a history table for one deal.
func (r *rig) rows(t *testing.T, table, id string) (n int) {
	t.Helper()
	db, err := r.store.Pool(1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table+" WHERE deal IN (SELECT num FROM deals WHERE connection = 'org' AND id = $1)", id).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func counts(t *testing.T, run *store.Run) syncer.Counts {
	t.Helper()
	c, err := syncer.ReadCounts(run.Counts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func names(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("d%03d", i+1)
	}
	return list
}

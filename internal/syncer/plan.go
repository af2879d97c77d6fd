package syncer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/store"
)

// errPause ends a slice of work at its deadline; the run goes on later.
var errPause = errors.New("slice is over")

// Plan advances a run from where it stands until its plan is complete or the
// deadline has passed. It returns whether the plan is complete, and the lease
// and run as they stand. desc is what the CRM has just said of itself. Errors
// are *crm.Error from the CRM, or the store's.
func (p *Planner) Plan(ctx context.Context, c *Connection, lease store.Lease, run *store.Run, desc crm.Description, deadline time.Time) (done bool, err error) {
	if err := p.identify(ctx, c, lease, desc); err != nil {
		return false, err
	}
	counts, err := ReadCounts(run.Counts)
	if err != nil {
		return false, fmt.Errorf("counts of run %s: %w", run.ID, err)
	}
	counts.Problems, counts.Withheld = problems(desc, c.Setup.Waiver), int64(len(desc.Visibility.Withheld))
	if run.Kind == KindFull && run.Phase == PhaseChanged && run.Cursor == "" && c.sells() {
		n, err := c.Source.Earlier(ctx)
		if uncounted(err) {
			counts.Problems = append(counts.Problems, "scope: how many deals were won before go_live is not known: "+err.Error())
		} else if err != nil {
			return false, err
		}
		if n > 0 {
			counts.LeftOut[handoff.ReasonGoLive] = n
		}
	}
	known, err := p.Store.Connection(ctx, c.Name)
	if err != nil {
		return false, err
	}
	c.Rebuilt.Store(known.LastFull.IsZero())
	pass := &pass{
		Planner: p, c: c, lease: lease, run: run, counts: counts, own: c.own(desc), watermark: known.Watermark, kept: keeping{fields: c.Setup.Fields},
		posts: desc.Posts, counted: map[string]bool{}, waiting: map[string]bool{}, since: known.LastSuccess, self: desc.Self, disputed: disputable(desc), snapped: map[string]string{},
	}
	for pass.reading() {
		phase := run.Phase
		err := pass.drain(ctx, pass.batches(), deadline)
		if errors.Is(err, errPause) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if run.Phase == phase {
			return false, fmt.Errorf("plan of %s: %s ended without a last page", c.Name, phase)
		}
		if run.Phase == PhaseGuard {
			if err := pass.digests(ctx); err != nil {
				return false, err
			}
			if c.Attempts != nil {
				if pass.counts.AttemptsPlanned, err = p.Store.CountAttemptsDue(ctx, c.Name, run.Now()); err != nil {
					return false, err
				}
			}
			pass.tellRefused(ctx, desc)
			pass.counts.Problems = append(pass.counts.Problems, doubts(*run, pass.counts, known.LastFull)...)
			run.Counts = pass.counts.JSON()
			return true, p.Store.SaveRun(ctx, lease, *run)
		}
	}
	return true, nil
}

// uncounted: the CRM does not count what was won before, which nothing hangs on.
func uncounted(err error) bool {
	switch crm.KindOf(err) {
	case crm.Invalid, crm.NotFound, crm.Permission:
		return true
	}
	return false
}

// tellRefused has the run say what it could not read, and no more what it
// could: what a CRM refuses while deals are loaded, only its next description says.
func (p *pass) tellRefused(ctx context.Context, desc crm.Description) {
	failing := slices.ContainsFunc(desc.Problems, func(x crm.Problem) bool { return x.Severity == crm.Fail })
	if p.counts.DealsRead == 0 || p.counts.Degraded == 0 && !failing {
		return
	}
	now, err := p.c.Source.Describe(ctx)
	if err != nil { // the plan stands without it, and the next pass says it
		p.Log.Warn("the CRM was not asked again what it refuses", zap.String("connection", p.c.Name), zap.Error(err))
		return
	}
	others := p.counts.Problems[len(problems(desc, p.c.Setup.Waiver)):]
	p.counts.Problems = append(problems(now, p.c.Setup.Waiver), others...)
}

// binDays is how long the vendors' recycle bins keep what was deleted, at most.
const binDays = 90

// doubts are what a full run has to say of itself.
func doubts(run store.Run, counts Counts, lastFull time.Time) []string {
	if run.Kind != KindFull {
		return nil
	}
	var list []string
	if counts.DealsRead == 0 {
		list = append(list, fmt.Sprintf("scope: no deal won since go_live was found, %d were won before (check scope.go_live and what the integration user may see)",
			counts.LeftOut[handoff.ReasonGoLive]))
	}
	if days := int(run.Now().Sub(lastFull).Hours() / 24); !lastFull.IsZero() && days >= binDays {
		list = append(list, fmt.Sprintf("sweep: the last full pass was %d days ago; what was deleted more than %d days ago is named by no recycle bin and was looked for one by one (let the sweep run more often)", days, binDays))
	}
	return list
}

// reading reports whether deals are still to be read.
func (p *pass) reading() bool { return Reading(p.run.Phase) }

// Kinds of run.
const (
	KindFull        = "full"        // everything since go_live
	KindIncremental = "incremental" // what moved since the watermark, and open clocks
)

// identify notes which org a connection talks to; two connections to one org
// are refused.
func (p *Planner) identify(ctx context.Context, c *Connection, lease store.Lease, desc crm.Description) error {
	known, err := p.Store.Connection(ctx, c.Name)
	if err != nil {
		return err
	}
	if known.OrgID == desc.OrgID && known.CRM == c.CRM {
		return nil
	}
	if known.OrgID != "" {
		return &crm.Error{
			Op: c.CRM + ".Describe", Kind: crm.Invalid,
			Err: fmt.Errorf("connection %s was org %s and is now org %s", c.Name, known.OrgID, desc.OrgID),
			Fix: "give the new org a connection of its own name, or use another database",
		}
	}
	known.Name, known.CRM, known.OrgID = c.Name, c.CRM, desc.OrgID
	return p.Store.SaveConnection(ctx, lease, known)
}

func problems(desc crm.Description, waiver crm.Waiver) []string {
	var list []string
	all := desc.Problems
	if leak := desc.Visibility.Problem(waiver, desc.Now); leak != nil {
		all = append([]crm.Problem{*leak}, all...)
	}
	for _, p := range all {
		text := p.Place + ": " + p.Message
		if p.Fix != "" {
			text += " (" + p.Fix + ")"
		}
		list = append(list, text)
	}
	return list
}

// pass is one run's plan under way.
type pass struct {
	*Planner
	c      *Connection
	lease  store.Lease
	run    *store.Run
	counts Counts
	own    map[string]Own
	// watermark is how far the connection was known when the run began.
	watermark time.Time
	kept      keeping
	text      textual
	// since is when the connection was last worked, before this run.
	since time.Time
	self  crm.UserID // the token's own user
	posts bool       // escalations are said in the feed of deals too
	// counted are deals that are read again though this run has counted them.
	counted map[string]bool
	// waiting are deals of which it is not known yet whom to ask.
	waiting map[string]bool
	// disputed names the status fields that offer that word.
	disputed map[string]bool
	// snapped and graded are of the deals being judged together: the hash of the
	// snapshot that is kept, and how partner handoffs stand.
	snapped map[string]string
	graded  map[string]graded
}

// loaded is a batch with its snapshots.
type loaded struct {
	ref
	deals crm.Loaded
	err   error
}

// drain loads batches ahead of judging them and commits each as a slice. After
// the deadline none is asked for any more; those that were are judged, for their
// calls are made. When it returns nothing of it is at work any more.
func (p *pass) drain(ctx context.Context, batches func(context.Context) iter.Seq2[ref, error], deadline time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	defer working.Wait()
	defer cancel()
	// Futures keep the order of batches while the next ones are being loaded.
	futures := make(chan chan loaded, p.c.Source.LoadsAhead())
	turns, paused := newTurns(), false
	working.Go(func() {
		defer close(futures)
		n, whole := 0, false
		for batch, err := range batches(ctx) {
			if paused = whole && err == nil && time.Now().After(deadline); paused {
				return
			}
			whole = batch.whole
			future := make(chan loaded, 1)
			select {
			case futures <- future:
			case <-ctx.Done():
				return
			}
			if err != nil {
				future <- loaded{err: err}
				return
			}
			load := func(ctx context.Context) {
				l := loaded{ref: batch}
				if len(batch.ids) > 0 {
					l.deals, l.err = p.c.Source.Load(ctx, batch.ids)
				}
				future <- l
			}
			if n == 0 {
				load(ctx) // how it is answered tells how much to ask for at once
			} else {
				turn := crm.WithTurn(ctx, turns.of(n))
				working.Go(func() { load(turn) })
			}
			n++
		}
	})
	n := 0
	for future := range futures {
		l := turns.await(n, future)
		if l.err != nil {
			return l.err
		}
		if err := p.slice(ctx, l, func() { turns.before(n + 2) }); err != nil {
			return err
		}
		n++
	}
	if paused {
		return errPause
	}
	return ctx.Err()
}

// atOnce is how many deals are judged and committed together: enough to make a
// transaction worth its while, few enough to hold in memory.
const atOnce = 250

// slice judges one loaded batch and commits what follows, in parts; the run's
// place moves with the last one. Deals that were judged before a fault and are judged
// again after it come out the same. nearly is called when most of it is judged.
func (p *pass) slice(ctx context.Context, l loaded, nearly func()) error {
	gone := append(l.gone, l.deals.Gone...)
	for id, survivor := range l.deals.Merged {
		gone = append(gone, id)
		p.Log.Info("deal was merged away", zap.String("connection", p.c.Name), zap.String("deal", string(id)), zap.String("survivor", string(survivor)))
	}
	slices.Sort(gone)
	gone = slices.Compact(gone) // by the list and by the reading
	deals := l.deals.Deals
	for len(deals) > atOnce {
		if len(deals) <= 2*atOnce {
			nearly()
		}
		if err := p.part(ctx, deals[:atOnce], nil, func(*store.Run) {}); err != nil {
			return err
		}
		clear(deals[:atOnce]) // judged and kept: not held until the batch ends
		deals = deals[atOnce:]
	}
	advance := func(run *store.Run) {
		if !l.whole {
			return
		}
		run.Cursor, run.Counts = l.cursor, p.counts.JSON()
		if l.last {
			run.Phase = nextPhase(run.Phase, run.Kind)
		}
	}
	nearly()
	if err := p.part(ctx, deals, gone, advance); err != nil {
		return err
	}
	if p.Progress != nil {
		p.Progress(p.c.Name, p.counts.DealsRead)
	}
	return nil
}

// part judges some deals and commits what follows of them, and the run as
// advance moves it. A run that does not move keeps its counts as well, so that
// what is judged again is counted once. A run whose commit fails has not moved:
// it is saved as it is when the pass ends, and what was judged is lost.
func (p *pass) part(ctx context.Context, deals []crm.Deal, gone []crm.DealID, advance func(*store.Run)) error {
	now := p.run.Now()
	ids := make([]string, 0, len(deals)+len(gone))
	for i := range deals {
		ids = append(ids, deals[i].Ref.ID)
	}
	for _, id := range gone {
		ids = append(ids, string(id))
	}
	states, err := p.Store.States(ctx, p.c.Name, ids)
	if err != nil {
		return err
	}
	kept, rows, err := readKept(states)
	if err != nil {
		return err
	}
	refused, err := p.refused(ctx, rows)
	if err != nil {
		return err
	}
	s := store.Slice{Read: ids}
	twins, err := p.twins(ctx, deals, rows, &s)
	if err != nil {
		return err
	}
	steps, err := p.steps(ctx, deals, kept, twins, now, &s)
	if err != nil {
		return err
	}
	if err := p.ask(ctx, steps, now, &s); err != nil {
		return err
	}
	if n := len(steps) - len(rows); n > 0 { // of deals that are new, all of it is kept
		s.Snapshots, s.Judgements = slices.Grow(s.Snapshots, n), slices.Grow(s.Judgements, n)
		s.States, s.Intents = slices.Grow(s.States, n), slices.Grow(s.Intents, n)
	}
	for i, t := range steps {
		id := t.deal.Ref.ID
		p.keep(t, rows[id], refused[id], now, &s)
		steps[i] = nil // not held while the slice is committed
	}
	p.retire(rows, now, &s)
	for _, id := range gone {
		p.goneDeal(kept[string(id)], rows[string(id)], now, &s)
	}
	if len(s.Closings) > 0 && len(gone) > 0 {
		if err := p.endAgain(ctx, ids[len(deals):], &s); err != nil {
			return err
		}
	}
	s.Run = *p.run
	advance(&s.Run)
	if err := p.Store.Commit(ctx, p.lease, s); err != nil {
		return err
	}
	p.run.Cursor, p.run.Counts, p.run.Phase = s.Run.Cursor, s.Run.Counts, s.Run.Phase // the rest is being read
	return nil
}

// refused are writes that the CRM has rejected, by deal and card: of deals that
// have a state, as all have that were ever written to.
func (p *pass) refused(ctx context.Context, rows map[string]map[string]store.State) (map[string]map[string]store.Intent, error) {
	intents, err := p.Store.Rejected(ctx, p.c.Name, slices.Sorted(maps.Keys(rows)))
	if err != nil {
		return nil, err
	}
	refused := map[string]map[string]store.Intent{}
	for _, i := range intents {
		if refused[i.Ref.ID] == nil {
			refused[i.Ref.ID] = map[string]store.Intent{}
		}
		refused[i.Ref.ID][i.Card] = i
	}
	return refused, nil
}

package syncer

import (
	"context"
	"errors"
	"fmt"
	"iter"
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
// and run as they stand. Errors are *crm.Error from the CRM, or the store's.
func (p *Planner) Plan(ctx context.Context, c *Connection, lease store.Lease, run *store.Run, deadline time.Time) (done bool, err error) {
	desc, err := c.Source.Describe(ctx)
	if err != nil {
		return false, err
	}
	if err := p.identify(ctx, c, lease, desc); err != nil {
		return false, err
	}
	counts, err := ReadCounts(run.Counts)
	if err != nil {
		return false, fmt.Errorf("counts of run %s: %w", run.ID, err)
	}
	counts.Problems = problems(desc)
	if run.Kind == KindFull && run.Phase == PhaseChanged && run.Cursor == "" {
		n, err := c.Source.Earlier(ctx)
		if err != nil {
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
	pass := &pass{
		Planner: p, c: c, lease: lease, run: run, counts: counts, own: c.own(desc), watermark: known.Watermark, kept: keeping{fields: c.Setup.Fields},
		since: known.LastSuccess, disputed: slices.Contains(desc.Fields["status"].Options, string(handoff.Disputed)),
	}
	for pass.reading() {
		phase, batches := run.Phase, pass.changed
		if phase == PhaseOpen {
			batches = pass.open
		}
		err := pass.drain(ctx, batches, deadline)
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
			pass.counts.Problems = append(pass.counts.Problems, doubts(*run, pass.counts, known.LastFull)...)
			run.Counts = pass.counts.JSON()
			return true, p.Store.SaveRun(ctx, lease, *run)
		}
	}
	return true, nil
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
func (p *pass) reading() bool { return p.run.Phase == PhaseChanged || p.run.Phase == PhaseOpen }

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

func problems(desc crm.Description) []string {
	var list []string
	for _, p := range desc.Problems {
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
	// disputed: the record's status field offers that word.
	disputed bool
}

// ref is a batch of deals to look at.
type ref struct {
	ids  []crm.DealID
	gone []crm.DealID
	// whole: with this batch everything up to cursor has been named, and the
	// run's place moves there; last: the phase is over.
	whole, last bool
	cursor      string
}

// mostPages is how many pages may be read before a batch is sent off that is
// not full, so that the place moves over pages that name little.
const mostPages = 10

// changed yields batches of deals whose record moved inside the run's window:
// those that are won, and those that are tracked.
func (p *pass) changed(ctx context.Context) iter.Seq2[ref, error] {
	return func(yield func(ref, error) bool) {
		q, full := &queue{}, p.c.Source.LoadBatch()
		// Read up to now, whatever the run's own moment: what moves meanwhile is
		// taken in early, and again by the next pass.
		w := crm.Window{From: p.run.WindowFrom}
		for page, err := range p.c.Source.Changed(ctx, w, p.run.Cursor) {
			if err == nil {
				err = p.add(ctx, q, page)
			}
			if err != nil { // what was named before the fault is not named in vain
				if len(q.ends) == 0 || yield(q.take(len(q.ids)), nil) {
					yield(ref{}, err)
				}
				return
			}
			for len(q.ids) >= full {
				if !yield(q.take(full), nil) {
					return
				}
			}
			if page.Next == "" || len(q.ends) >= mostPages {
				if !yield(q.take(len(q.ids)), nil) {
					return
				}
			}
		}
	}
}

// add queues what is to be looked at of a page.
func (p *pass) add(ctx context.Context, q *queue, page crm.Page) error {
	tracked, err := p.tracked(ctx, page.Deals)
	if err != nil {
		return err
	}
	for _, m := range page.Deals {
		switch {
		case m.Gone && tracked[m.ID]:
			q.gone = append(q.gone, m.ID)
		case !m.Gone && (m.Won || tracked[m.ID]):
			q.ids = append(q.ids, m.ID)
		}
	}
	q.ends = append(q.ends, pageEnd{len(q.ids), page.Next})
	return nil
}

// queue holds deals that were named and not yet sent off.
type queue struct {
	ids, gone []crm.DealID
	ends      []pageEnd
}

// pageEnd is where a page ends in the queue, and the cursor behind it.
type pageEnd struct {
	at     int
	cursor string
}

// take sends off the first n deals. The place moves to the end of the last
// page that they complete.
func (q *queue) take(n int) ref {
	r := ref{ids: q.ids[:n:n], gone: q.gone}
	q.ids, q.gone = q.ids[n:], nil
	for len(q.ends) > 0 && q.ends[0].at <= n {
		r.whole, r.cursor = true, q.ends[0].cursor
		q.ends = q.ends[1:]
	}
	for i := range q.ends {
		q.ends[i].at -= n
	}
	r.last = r.whole && r.cursor == ""
	return r
}

func (p *pass) tracked(ctx context.Context, moved []crm.Moved) (map[crm.DealID]bool, error) {
	ids := make([]string, 0, len(moved))
	for _, m := range moved {
		if m.Gone || !m.Won {
			ids = append(ids, string(m.ID))
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	states, err := p.Store.States(ctx, p.c.Name, ids)
	if err != nil {
		return nil, err
	}
	tracked := make(map[crm.DealID]bool, len(states))
	for _, s := range states {
		tracked[crm.DealID(s.Ref.ID)] = true
	}
	return tracked, nil
}

// open yields batches of deals that this run has not read yet: those whose
// clock runs or just ran out, with a write that is to be made, and in a full
// run all that are in scope, for what is gone for good is named by nobody.
// Roles and links may change without moving the deal, so open ones are read at
// every pass.
func (p *pass) open(ctx context.Context) iter.Seq2[ref, error] {
	return func(yield func(ref, error) bool) {
		due := store.Due{Connection: p.c.Name, Run: p.run.ID, Now: p.run.Now(), All: p.run.Kind == KindFull}
		for after, more := p.run.Cursor, true; more; {
			ids, next, err := p.Store.OpenRefs(ctx, due, after, p.c.Source.LoadBatch())
			if err != nil {
				yield(ref{}, err)
				return
			}
			batch := ref{whole: true, last: next == "", cursor: next}
			for _, id := range ids {
				batch.ids = append(batch.ids, crm.DealID(id))
			}
			if !yield(batch, nil) {
				return
			}
			after, more = next, next != ""
		}
	}
}

// loaded is a batch with its snapshots.
type loaded struct {
	ref
	deals crm.Loaded
	err   error
}

// drain loads batches ahead of judging them and commits each as a slice. When
// it returns nothing of it is at work any more.
func (p *pass) drain(ctx context.Context, batches func(context.Context) iter.Seq2[ref, error], deadline time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	defer working.Wait()
	defer cancel()
	// Futures keep the order of batches while the next ones are being loaded.
	futures := make(chan chan loaded, 1)
	working.Go(func() {
		defer close(futures)
		for batch, err := range batches(ctx) {
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
			working.Go(func() {
				l := loaded{ref: batch}
				if len(batch.ids) > 0 {
					l.deals, l.err = p.c.Source.Load(ctx, batch.ids)
				}
				future <- l
			})
		}
	})
	for future := range futures {
		l := <-future
		if l.err != nil {
			return l.err
		}
		if err := p.slice(ctx, l); err != nil {
			return err
		}
		if l.whole && !l.last && time.Now().After(deadline) {
			return errPause
		}
	}
	return ctx.Err()
}

// atOnce is how many deals are judged and committed together: enough to make a
// transaction worth its while, few enough to hold in memory.
const atOnce = 250

// slice judges one loaded batch and commits what follows, in parts; the run's
// place moves with the last one. Deals that were judged before a fault and are judged
// again after it come out the same.
func (p *pass) slice(ctx context.Context, l loaded) error {
	gone := append(l.gone, l.deals.Gone...)
	for id, survivor := range l.deals.Merged {
		gone = append(gone, id)
		p.Log.Info("deal was merged away", zap.String("connection", p.c.Name), zap.String("deal", string(id)), zap.String("survivor", string(survivor)))
	}
	slices.Sort(gone)
	gone = slices.Compact(gone) // by the list and by the reading
	deals := l.deals.Deals
	for len(deals) > atOnce {
		if err := p.part(ctx, deals[:atOnce], nil, func() {}); err != nil {
			return err
		}
		clear(deals[:atOnce]) // judged and kept: not held until the batch ends
		deals = deals[atOnce:]
	}
	advance := func() {
		if !l.whole {
			return
		}
		p.run.Cursor, p.run.Counts = l.cursor, p.counts.JSON()
		if l.last {
			p.run.Phase = map[string]string{PhaseChanged: PhaseOpen, PhaseOpen: PhaseGuard}[p.run.Phase]
		}
	}
	if err := p.part(ctx, deals, gone, advance); err != nil {
		return err
	}
	if p.Progress != nil {
		p.Progress(p.c.Name, p.counts.DealsRead)
	}
	return nil
}

// part judges some deals and commits what follows of them; advance moves the
// run before that. A run that does not move keeps its counts as well, so that
// what is judged again is counted once.
func (p *pass) part(ctx context.Context, deals []crm.Deal, gone []crm.DealID, advance func()) error {
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
	refused, err := p.refused(ctx, ids)
	if err != nil {
		return err
	}
	s := store.Slice{Read: ids}
	for i := range deals {
		d := &deals[i]
		if err := p.deal(d, kept[d.Ref.ID], rows[d.Ref.ID], refused[d.Ref.ID], now, &s); err != nil {
			return err
		}
	}
	for _, id := range gone {
		p.goneDeal(kept[string(id)], rows[string(id)], now, &s)
	}
	advance()
	s.Run = *p.run
	return p.Store.Commit(ctx, p.lease, s)
}

// refused are writes that the CRM has rejected, by deal and card.
func (p *pass) refused(ctx context.Context, ids []string) (map[string]map[string]store.Intent, error) {
	intents, err := p.Store.Rejected(ctx, p.c.Name, ids)
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

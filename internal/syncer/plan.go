package syncer

import (
	"context"
	"errors"
	"fmt"
	"iter"
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
	pass := &pass{Planner: p, c: c, lease: lease, run: run, counts: counts, own: c.own(desc), seen: map[crm.DealID]bool{}, cells: map[string]crm.Cell{}}
	for run.Phase == PhaseChanged || run.Phase == PhaseOpen {
		ids := pass.changed
		if run.Phase == PhaseOpen {
			ids = pass.open
		}
		err := pass.drain(ctx, ids(ctx), deadline)
		if errors.Is(err, errPause) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if run.Phase == PhaseChanged && run.Kind != KindFull {
			run.Phase, run.Cursor = PhaseOpen, ""
		} else {
			run.Phase, run.Cursor = PhaseGuard, ""
		}
		run.Counts = pass.counts.JSON()
		if err := p.Store.SaveRun(ctx, lease, *run); err != nil {
			return false, err
		}
	}
	return true, nil
}

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
	// seen are the deals this process has planned in this run, so that an
	// open one that also moved is read once. It is a saving, not a promise:
	// after a restart a deal may be read twice.
	seen map[crm.DealID]bool
	// cells are those of the snapshot being written, one at a time.
	cells map[string]crm.Cell
	text  textual
}

// ref is a batch of deals to look at.
type ref struct {
	ids  []crm.DealID
	gone []crm.DealID
	// whole: with this batch everything up to cursor has been named, and the
	// run's place moves there.
	whole  bool
	cursor string
}

// changed yields batches of deals whose record moved inside the run's window:
// those that are won, and those that are tracked.
func (p *pass) changed(ctx context.Context) iter.Seq2[ref, error] {
	return func(yield func(ref, error) bool) {
		var batch ref
		full := p.c.Source.LoadBatch()
		// Read up to now, whatever the run's own moment: what moves meanwhile is
		// taken in early, and again by the next pass.
		w := crm.Window{From: p.run.WindowFrom}
		for page, err := range p.c.Source.Changed(ctx, w, p.run.Cursor) {
			if err != nil {
				yield(ref{}, err)
				return
			}
			tracked, err := p.tracked(ctx, page.Deals)
			if err != nil {
				yield(ref{}, err)
				return
			}
			for _, m := range page.Deals {
				switch {
				case m.Gone && tracked[m.ID]:
					batch.gone = append(batch.gone, m.ID)
				case !m.Gone && (m.Won || tracked[m.ID]):
					batch.ids = append(batch.ids, m.ID)
				}
			}
			for ; len(batch.ids) > full; batch.ids = batch.ids[full:] {
				if !yield(ref{ids: batch.ids[:full:full]}, nil) {
					return
				}
			}
			if page.Next == "" || len(batch.ids) == full {
				batch.whole, batch.cursor = true, page.Next
				if !yield(batch, nil) {
					return
				}
				batch = ref{}
			}
		}
	}
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

// open yields batches of deals whose clock runs or just ran out, and of those
// with a write that is to be tried again. Roles and links of these may change
// without moving the deal, so they are read at every pass.
func (p *pass) open(ctx context.Context) iter.Seq2[ref, error] {
	return func(yield func(ref, error) bool) {
		for after, more := p.run.Cursor, true; more; {
			ids, next, err := p.Store.OpenRefs(ctx, p.c.Name, p.run.WindowTo, after, p.c.Source.LoadBatch())
			if err != nil {
				yield(ref{}, err)
				return
			}
			batch := ref{whole: true, cursor: next}
			for _, id := range ids {
				if !p.seen[crm.DealID(id)] {
					batch.ids = append(batch.ids, crm.DealID(id))
				}
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

// drain loads batches ahead of judging them and commits each as a slice.
func (p *pass) drain(ctx context.Context, batches iter.Seq2[ref, error], deadline time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Futures keep the order of batches while two are being loaded ahead.
	futures := make(chan chan loaded, 1)
	go func() {
		defer close(futures)
		for batch, err := range batches {
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
			go func() {
				l := loaded{ref: batch}
				if len(batch.ids) > 0 {
					l.deals, l.err = p.c.Source.Load(ctx, batch.ids)
				}
				future <- l
			}()
		}
	}()
	for future := range futures {
		l := <-future
		if l.err != nil {
			return l.err
		}
		if err := p.slice(ctx, l); err != nil {
			return err
		}
		if l.whole && l.cursor != "" && time.Now().After(deadline) {
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
		if !p.seen[survivor] {
			p.Log.Info("deal was merged away", zap.String("connection", p.c.Name), zap.String("deal", string(id)), zap.String("survivor", string(survivor)))
		}
	}
	deals := l.deals.Deals
	for len(deals) > atOnce {
		if err := p.part(ctx, deals[:atOnce], nil, func() {}); err != nil {
			return err
		}
		clear(deals[:atOnce]) // judged and kept: not held until the batch ends
		deals = deals[atOnce:]
	}
	advance := func() {
		if l.whole {
			p.run.Cursor, p.run.Counts = l.cursor, p.counts.JSON()
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
	now := p.run.WindowTo
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
	held, err := p.held(ctx, ids, now)
	if err != nil {
		return err
	}
	s := store.Slice{Read: ids}
	for i := range deals {
		d := &deals[i]
		p.seen[crm.DealID(d.Ref.ID)] = true
		if err := p.deal(d, kept[d.Ref.ID], rows[d.Ref.ID], held[d.Ref.ID], now, &s); err != nil {
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

// held are writes that were rejected and are not due again: by deal, the
// fields that were refused.
func (p *pass) held(ctx context.Context, ids []string, now time.Time) (map[string]map[string]string, error) {
	intents, err := p.Store.Rejected(ctx, p.c.Name, ids)
	if err != nil {
		return nil, err
	}
	held := map[string]map[string]string{}
	for _, i := range intents {
		if i.NextTry.After(now) {
			held[i.Ref.ID] = i.Fields
		}
	}
	return held, nil
}

package syncer

import (
	"context"
	"iter"
	"slices"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

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

// batches are what the run's phase reads.
func (p *pass) batches() func(context.Context) iter.Seq2[ref, error] {
	// Read up to now, whatever the run's own moment: what moves meanwhile is
	// taken in early, and again by the next pass.
	w, from := crm.Window{From: p.run.WindowFrom}, p.run.Cursor
	switch p.run.Phase {
	case PhaseChanged:
		return func(ctx context.Context) iter.Seq2[ref, error] {
			return p.named(ctx, p.c.Source.Changed(ctx, w, from), p.changed)
		}
	case PhaseTouched:
		return func(ctx context.Context) iter.Seq2[ref, error] {
			return p.named(ctx, p.c.Source.Touched(ctx, w, from), p.touched)
		}
	}
	return p.open
}

// named yields batches of the deals that pages name; add queues what of a page
// is to be looked at. Those of a page go in the order of their ids, by which the
// store's indexes are kept too: a batch then touches few places of them.
func (p *pass) named(ctx context.Context, pages iter.Seq2[crm.Page, error], add func(context.Context, *queue, []crm.Moved) error) iter.Seq2[ref, error] {
	return func(yield func(ref, error) bool) {
		q, full := &queue{ahead: p.c.Source.LoadsAhead()}, p.c.Source.LoadBatch()
		for page, err := range pages {
			before := len(q.ids)
			if err == nil {
				err = add(ctx, q, page.Deals)
			}
			slices.Sort(q.ids[before:])
			if err == nil {
				q.ends = append(q.ends, pageEnd{len(q.ids), page.Next})
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

// changed queues deals whose record moved: those that are won or came with a
// partner, as far as a card asks, and those that are tracked.
func (p *pass) changed(ctx context.Context, q *queue, moved []crm.Moved) error {
	tracked, err := p.tracked(ctx, moved)
	if err != nil {
		return err
	}
	for _, m := range moved {
		switch {
		case m.Gone && tracked[m.ID]:
			q.gone = append(q.gone, m.ID)
		case !m.Gone && (m.Won && p.c.sells() || m.Partner || tracked[m.ID]):
			q.ids = append(q.ids, m.ID)
		}
	}
	return nil
}

// touched queues deals to which something moved: those in scope that this run
// has not read yet. Any other has nothing to be judged by, or is about to.
func (p *pass) touched(ctx context.Context, q *queue, moved []crm.Moved) error {
	queued := map[crm.DealID]bool{}
	for _, ids := range slices.Concat(q.sent, [][]crm.DealID{q.ids}) {
		for _, id := range ids {
			queued[id] = true
		}
	}
	var ids []string
	for _, m := range moved {
		if !queued[m.ID] {
			queued[m.ID] = true
			ids = append(ids, string(m.ID))
		}
	}
	unread, err := p.Store.Unread(ctx, p.c.Name, p.run.ID, ids)
	if err != nil {
		return err
	}
	for _, id := range unread {
		q.ids = append(q.ids, crm.DealID(id))
	}
	return nil
}

// queue holds deals that were named and not yet sent off.
type queue struct {
	ids, gone []crm.DealID
	ends      []pageEnd
	sent      [][]crm.DealID // the last batches, which may not be in the store yet
	ahead     int            // how many of them wait while one is judged
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
	if q.sent = append(q.sent, r.ids); len(q.sent) > q.ahead+1 {
		q.sent = q.sent[1:]
	}
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
		if m.Gone || !m.Won || !p.c.sells() {
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
// Roles and links may change without moving anything that the CRM tells of, so
// open ones are read at every pass.
func (p *pass) open(ctx context.Context) iter.Seq2[ref, error] {
	return func(yield func(ref, error) bool) {
		due := store.Due{Connection: p.c.Name, Run: p.run.ID, Beside: p.run.Beside, Now: p.run.Now(), All: p.run.Kind == KindFull}
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

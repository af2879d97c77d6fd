package hubspot

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/internal/crm"
)

// batch is one Load under way: everything that hangs on its deals.
type batch struct {
	c          *Client
	s          *schema
	deals      *records
	pasts      map[string]past
	contacts   *linked
	companies  *linked
	activities []*activity
	people     map[string]*person
}

// Load reads whole snapshots. What the deals are linked with is asked for at
// the same time as the deals themselves; contacts, notes and history
// follow as soon as their ids are known.
func (c *Client) Load(ctx context.Context, ids []crm.DealID) (crm.Loaded, error) {
	out := crm.Loaded{Merged: map[crm.DealID]crm.DealID{}}
	s, err := c.current(ctx, nil)
	if err != nil {
		return out, err
	}
	var asked []string
	seen := make(map[crm.DealID]bool, len(ids))
	for _, id := range ids {
		switch {
		case seen[id]:
		case !digits(string(id)): // no deal ever had such an id
			out.Gone = append(out.Gone, id)
		default:
			asked = append(asked, string(id))
		}
		seen[id] = true
	}
	if len(asked) == 0 {
		return out, nil
	}
	c.refusals.asking()
	b := &batch{c: c, s: s}
	if err := b.fetch(ctx, asked, &out); err != nil {
		return crm.Loaded{}, err
	}
	out.Deals = make([]crm.Deal, 0, len(b.deals.found))
	for _, id := range asked {
		if rec := b.deals.found[id]; rec != nil {
			out.Deals = append(out.Deals, b.deal(rec))
		}
	}
	return out, nil
}

func (b *batch) fetch(ctx context.Context, ids []string, out *crm.Loaded) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.fetchDeals(gctx, ids, out) })
	g.Go(func() (err error) {
		if b.contacts, err = b.c.link(gctx, ids, "contacts"); err != nil {
			return err
		}
		return b.fetchPeople(gctx)
	})
	g.Go(func() (err error) {
		b.companies, err = b.c.link(gctx, ids, "companies")
		return err
	})
	for _, k := range activityKinds {
		a := &activity{kind: k}
		b.activities = append(b.activities, a)
		g.Go(func() error { return a.fetch(gctx, b.c, ids) })
	}
	return g.Wait()
}

func (b *batch) fetchDeals(ctx context.Context, ids []string, out *crm.Loaded) error {
	var err error
	if b.deals, err = b.c.read(ctx, "deals", ids, b.s.ask.deals, nil, objectBatch); err != nil {
		return err
	}
	if err := b.resolve(ctx, out); err != nil {
		return err
	}
	return b.fetchHistory(ctx)
}

// resolve finds out what became of deals that a batch did not return. One that
// is there after all is read once more, alone in the end.
func (b *batch) resolve(ctx context.Context, out *crm.Loaded) error {
	missing := append(slices.Clone(b.deals.missing), b.deals.refused...)
	if len(missing) == 0 {
		return nil
	}
	fates := make([]fate, len(missing))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(b.c.inFlight)
	for i, id := range missing {
		g.Go(func() (err error) {
			fates[i], err = b.c.fateOf(gctx, "deals", id)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var back []string
	for i, id := range missing {
		switch f := fates[i]; {
		case f.gone:
			out.Gone = append(out.Gone, crm.DealID(id))
		case f.survivor != "":
			out.Merged[crm.DealID(id)] = crm.DealID(f.survivor)
		default:
			back = append(back, id)
		}
	}
	if len(back) == 0 {
		return nil
	}
	more, err := b.c.read(ctx, "deals", back, b.s.ask.deals, nil, objectBatch)
	if err != nil {
		return err
	}
	for _, id := range back {
		rec := more.found[id]
		if rec == nil {
			if rec, err = b.c.readOne(ctx, "deals", id, b.s.ask.deals); err != nil {
				return err
			}
		}
		b.deals.found[id] = rec
	}
	return nil
}

package syncer

import (
	"context"
	"fmt"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// Why a planned write no longer fits.
const (
	MovedDeal   = "the deal has changed since the plan"
	MovedFields = "syncd's own fields on the record have changed since the plan"
	MovedAway   = "the deal is no longer there"
)

// Stale reads the deals of planned writes again and says which of them no
// longer are what the plan was made from, by deal id. Deals on which only a
// task is planned are held against what they were last judged by.
func (p *Planner) Stale(ctx context.Context, c *Connection, writes []store.Intent, tasks []store.Task) (map[string]string, error) {
	from := map[string]string{} // deal -> hash of the snapshot that was judged
	for _, w := range writes {
		from[w.Ref.ID] = w.InputHash
	}
	var only []string
	for _, t := range tasks {
		if _, ok := from[t.Ref.ID]; !ok {
			from[t.Ref.ID] = ""
			only = append(only, t.Ref.ID)
		}
	}
	states, err := p.Store.States(ctx, c.Name, only)
	if err != nil {
		return nil, err
	}
	for _, s := range states {
		from[s.Ref.ID] = s.InputHash
	}
	ids := make([]crm.DealID, 0, len(from))
	for id := range from {
		ids = append(ids, crm.DealID(id))
	}
	now := map[string]*crm.Deal{}
	for len(ids) > 0 {
		n := min(len(ids), c.Source.LoadBatch())
		loaded, err := c.Source.Load(ctx, ids[:n])
		if err != nil {
			return nil, err
		}
		for i := range loaded.Deals {
			now[loaded.Deals[i].Ref.ID] = &loaded.Deals[i]
		}
		ids = ids[n:]
	}
	return p.stale(c, writes, from, now), nil
}

func (p *Planner) stale(c *Connection, writes []store.Intent, from map[string]string, now map[string]*crm.Deal) map[string]string {
	reader := &pass{Planner: p, c: c, kept: keeping{fields: c.Setup.Fields}}
	moved := map[string]string{}
	for id, hash := range from {
		d := now[id]
		if d == nil {
			moved[id] = MovedAway
		} else if _, seen := reader.snapshotOf(d); seen != hash {
			moved[id] = MovedDeal
		}
	}
	for _, w := range writes {
		d := now[w.Ref.ID]
		if d == nil || moved[w.Ref.ID] != "" {
			continue
		}
		for name, want := range w.Fields {
			have := d.Field(name).Text
			if !c.Same(name, have, w.Before[name]) && !c.Same(name, have, want) {
				moved[w.Ref.ID] = fmt.Sprintf("%s (%s)", MovedFields, name)
				break
			}
		}
	}
	return moved
}

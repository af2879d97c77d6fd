package syncer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/store"
)

// sells reports whether the connection scores won deals.
func (c *Connection) sells() bool {
	return slices.ContainsFunc(c.Cards, func(card *scorecard.Card) bool { return !card.PartnerOnly })
}

// partners reports whether a card of the connection is the one for deals with a
// partner.
func (c *Connection) partners(card string) bool {
	return slices.ContainsFunc(c.Cards, func(other *scorecard.Card) bool { return other.PartnerOnly && other.ID == card })
}

// disputable names the status fields that offer a word for a dispute.
func disputable(desc crm.Description) map[string]bool {
	names := map[string]bool{}
	for name, f := range desc.Fields {
		if slices.Contains(f.Options, string(handoff.Disputed)) {
			names[name] = true
		}
	}
	return names
}

// steps takes deals a step further on every card that they have: the one for
// won deals, and the one for deals with a partner. Their scores never meet.
func (p *pass) steps(ctx context.Context, deals []crm.Deal, kept map[string]map[string]Kept, twins map[string]string, now time.Time, s *store.Slice) ([]*taken, error) {
	clear(p.snapped)
	steps := make([]*taken, 0, len(deals))
	counts, sells, card := make([]*Counts, len(deals)), p.c.sells(), handoff.Partners(p.c.Cards)
	for i := range deals {
		d := &deals[i]
		counts[i] = p.counting(d.Ref.ID)
		counts[i].DealsRead++
		if !sells || card != nil && !d.Won && !p.sold(kept[d.Ref.ID]) {
			continue // named for its partner alone
		}
		if t := p.take(d, kept[d.Ref.ID], twins[d.Ref.ID], now, counts[i]); t != nil {
			steps = append(steps, t)
		}
	}
	if card != nil {
		more, err := p.takePartners(ctx, card, deals, kept, counts, now, s)
		return append(steps, more...), err
	}
	return steps, nil
}

// sold reports whether any card for won deals knows a deal.
func (p *pass) sold(kept map[string]Kept) bool {
	for id := range kept {
		if !p.c.partners(id) {
			return true
		}
	}
	return false
}

// counting are the counts that a deal goes into: one that this run has counted
// already goes into none that matter.
func (p *pass) counting(id string) *Counts {
	if !p.counted[id] {
		return &p.counts
	}
	delete(p.counted, id)
	again := newCounts()
	return &again
}

// takePartners takes the partner handoffs of some deals a step further, in the
// order in which they were sent, for each looks back on those before it. A deal
// without a partner is left alone, and not counted as left out: most are.
func (p *pass) takePartners(ctx context.Context, card *scorecard.Card, deals []crm.Deal, kept map[string]map[string]Kept, counts []*Counts, now time.Time, s *store.Slice) ([]*taken, error) {
	order := make([]int, 0, len(deals))
	sent := make([]time.Time, len(deals))
	for i := range deals {
		_, known := kept[deals[i].Ref.ID][card.ID]
		if known || p.c.Judge.Named(deals[i].Field("partner")) {
			order, sent[i] = append(order, i), handoff.Sent(&deals[i], p.c.Settings.Zone)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(sent[a].Compare(sent[b]), strings.Compare(deals[a].Ref.ID, deals[b].Ref.ID))
	})
	p.graded = make(map[string]graded, len(order))
	here := make(map[string]bool, len(order))
	for _, i := range order {
		here[deals[i].Ref.ID] = true
	}
	var steps []*taken
	for _, i := range order {
		d := &deals[i]
		before := kept[d.Ref.ID][card.ID]
		out := p.step(d, card, before, "", now)
		if out.State.Status == handoff.OutOfScope {
			continue
		}
		counts[i].step(out)
		t := &taken{deal: d, card: card, kept: before, out: out}
		if err := p.lookBack(ctx, t, here, s); err != nil {
			return nil, err
		}
		steps = append(steps, t)
	}
	return steps, nil
}

// graded is how a deal's partner handoffs stand in what is being judged, which
// the store does not know yet.
type graded struct {
	motion string
	past   []handoff.Graded
}

// reach is how many handoffs a final is read with, itself included.
const reach = 3

// lookBack reads a final against the handoffs of its motion before it, and has
// those after it looked at again if they may read otherwise now.
func (p *pass) lookBack(ctx context.Context, t *taken, here map[string]bool, s *store.Slice) error {
	id, st := t.deal.Ref.ID, t.out.State
	now := graded{st.Motion, st.Past(id)}
	before := graded{t.kept.State.Motion, t.kept.State.Past(id)}
	p.graded[id] = now
	if !reflect.DeepEqual(before, now) {
		for _, g := range []graded{before, now} {
			if err := p.lookAgain(ctx, t, g, here, s); err != nil {
				return err
			}
		}
	}
	if st.Final == nil || st.Status == handoff.Closed {
		return nil
	}
	var others []handoff.Graded
	if handoff.LooksBack(t.card, st) {
		var err error
		if others, err = p.earlier(ctx, t); err != nil {
			return err
		}
	}
	t.out.Look(t.card, handoff.LookBack(t.card, id, st, others))
	return nil
}

// earlier are the handoffs of a motion that were sent before a final: those of
// the store, and in their place those that are being judged with it.
func (p *pass) earlier(ctx context.Context, t *taken) ([]handoff.Graded, error) {
	st := t.out.State
	rows, err := p.Store.Before(ctx, p.moment(t, st.Motion, st.Final.Sent), reach+len(p.graded))
	if err != nil {
		return nil, err
	}
	var others []handoff.Graded
	for _, row := range rows {
		if _, judged := p.graded[row.Ref.ID]; judged {
			continue
		}
		var k Kept
		if err := json.Unmarshal([]byte(row.Body), &k); err != nil {
			return nil, fmt.Errorf("stored state of %s: %w", row.Ref, err)
		}
		others = append(others, k.State.Past(row.Ref.ID)...)
	}
	for _, g := range p.graded {
		if g.motion == st.Motion {
			others = append(others, g.past...)
		}
	}
	return others, nil
}

// lookAgain has the handoffs of a motion looked at that were sent after one
// whose final is another now. Those that are being judged are so in any case.
func (p *pass) lookAgain(ctx context.Context, t *taken, g graded, here map[string]bool, s *store.Slice) error {
	if len(g.past) == 0 {
		return nil
	}
	runs, err := p.Store.After(ctx, p.moment(t, g.motion, g.past[len(g.past)-1].Sent), reach-1)
	if err != nil {
		return err
	}
	for id, run := range runs {
		if !here[id] {
			s.Again = append(s.Again, id)
			p.counted[id] = run == p.run.ID
		}
	}
	return nil
}

func (p *pass) moment(t *taken, motion string, sent time.Time) store.Moment {
	return store.Moment{Connection: p.c.Name, Card: t.card.ID, Motion: motion, Sent: sent, Deal: t.deal.Ref.ID}
}

// retire takes handoffs out of play whose card the connection no longer uses.
func (p *pass) retire(rows map[string]map[string]store.State, now time.Time, s *store.Slice) {
	for _, cards := range rows {
		for id, row := range cards {
			used := slices.ContainsFunc(p.c.Cards, func(card *scorecard.Card) bool { return card.ID == id })
			if used || !row.InScope || slices.ContainsFunc(s.States, func(st store.State) bool { return st.Ref == row.Ref && st.Card == id }) {
				continue
			}
			row.Open, row.InScope, row.NextAt, row.Status, row.UpdatedAt = false, false, time.Time{}, string(handoff.OutOfScope), now
			s.States = append(s.States, row)
		}
	}
}

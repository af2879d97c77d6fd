package soak

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// people work on the deals of a CRM.
type people struct {
	t   *testing.T
	rig *apptest.Rig

	mu    sync.Mutex // guards the rest: they also act in the middle of requests
	rng   *rand.Rand
	clean time.Time // when the last whole pass began, by the CRM's clock
	care  []*care   // by deal of the world
	edits []edit
	made  map[string]int // edits by kind
}

// edit is something that was done at a moment of the CRM's clock.
type edit struct {
	at    time.Time
	deals []int // one, or two that became one
	kind  string
	free  bool // nothing depends on whether a pass came before
	do    func(t *testing.T, r *apptest.Rig)
}

// care is what people remember of a deal.
type care struct {
	last  time.Time // when it was last edited
	waits bool      // that edit has to be seen before the next

	won, gone, merged  bool
	left               bool // it was won once, and is not now
	named, held, ahead bool // a CSM; a kickoff that was; one that is to come
	signed             bool
	open               []string        // items that nobody has scored
	away               map[string]bool // roles that were taken off the deal
}

func newPeople(t *testing.T, r *apptest.Rig, seed uint64) *people {
	p := &people{t: t, rig: r, rng: rand.New(rand.NewPCG(seed, 2026)), made: map[string]int{}}
	for i := range r.World.Deals {
		d := &r.World.Deals[i]
		c := &care{won: d.Stage == world.Won, named: d.Fields["csm"] != "", away: map[string]bool{}}
		if at, err := time.Parse(time.RFC3339, d.Fields["kickoff_at"]); err == nil {
			c.ahead = at.After(r.World.Now)
			c.held = !c.ahead
		}
		for _, item := range world.JudgementItems() {
			if d.Fields[cell(item)] == "" {
				c.open = append(c.open, item)
			}
		}
		p.care = append(p.care, c)
	}
	return p
}

// loose deals are those of which nothing is kept but how they stand: nobody has
// held a kickoff, scored or signed.
func (c *care) loose() bool {
	return !c.held && !c.signed && len(c.open) == len(world.JudgementItems())
}

// saw tells that a whole pass has begun at a moment.
func (p *people) saw(began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if began.After(p.clean) {
		p.clean = began
	}
}

// settled tells whether a whole pass has begun since a deal's last edit.
func (p *people) settled(c *care) bool {
	return !p.clean.IsZero() && !p.clean.Before(c.last.Add(searchLag))
}

// tries is how many deals are looked at to find one for an edit.
const tries = 40

// act makes one edit, if there is a deal for one. The clock stands still
// meanwhile, so that the moment is exactly known.
func (p *people) act() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.clean.IsZero() {
		return // nothing has been seen at all
	}
	p.rig.Clock.Freeze(true)
	defer p.rig.Clock.Freeze(false)
	for range tries {
		i, d := p.rng.IntN(len(p.care)), p.deed()
		c := p.care[i]
		free := !d.waits && !c.waits && c.loose()
		if c.merged || c.gone != d.onGone || !free && !p.settled(c) || !d.can(p, i, c) {
			continue
		}
		e := edit{at: p.rig.Clock.Now(), deals: []int{i}, kind: d.name, free: free, do: d.do(p, i, c)}
		if d.two {
			e.deals = append(e.deals, i+1)
		}
		c.last, c.waits = e.at, d.waits
		e.do(p.t, p.rig)
		p.edits = append(p.edits, e)
		p.made[d.name]++
		return
	}
}

// deed picks a kind of edit by its share.
func (p *people) deed() deed {
	n := 0
	for _, d := range deeds {
		n += d.share
	}
	n = p.rng.IntN(n)
	for _, d := range deeds {
		if n -= d.share; n < 0 {
			return d
		}
	}
	panic("shares do not add up")
}

func (p *people) pick(list ...string) string { return list[p.rng.IntN(len(list))] }

// recent are the deals that were edited last: those that a write will name.
func (p *people) recent(n int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, e := range p.edits[max(0, len(p.edits)-n):] {
		all = append(all, p.rig.Deal(e.deals[0]))
	}
	return all
}

// count is how many edits have been made.
func (p *people) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.edits)
}

package scorecard

import "slices"

// Diagnose names the group of items with the lowest mean share of its points;
// of equals, the earlier. It is nil at full marks, while an item of any group
// is open, and on a card without groups.
func (c *Card) Diagnose(score Score) *Group {
	var worst *Group
	var low mean
	for i := range c.Groups {
		var m mean
		for _, id := range c.Groups[i].Items {
			it := c.Item(id)
			points, ok := it.score(score)
			if !ok {
				return nil
			}
			m.add(it, points)
		}
		if worst == nil || m.less(low) {
			worst, low = &c.Groups[i], m
		}
	}
	if worst == nil || low.full() {
		return nil
	}
	return worst
}

// Weak is an item that scored low over several handoffs.
type Weak struct {
	Item string
	Mean float64 // of its points, 0 to the item's max
	N    int     // handoffs it was scored in
}

// recent is how many handoffs of a motion count: the last ones, not the best.
const recent = 3

// Weakest returns the n items with the lowest mean share over the last up to
// three handoffs, weakest first; of equals, the one earlier on the card. Each
// handoff is its scores by item, oldest handoff first. Open items do not count,
// and items at full marks are not weak, so fewer than n may come back.
func (c *Card) Weakest(history []map[string]int, n int) []Weak {
	history = history[max(0, len(history)-recent):]
	type ranked struct {
		Weak
		mean
	}
	var all []ranked
	for it := range c.Items() {
		var r ranked
		points := 0
		for _, scores := range history {
			if p, ok := it.score(func(id string) (int, bool) { p, ok := scores[id]; return p, ok }); ok {
				points += p
				r.add(it, p)
			}
		}
		if r.n == 0 || r.full() {
			continue
		}
		r.Weak = Weak{Item: it.ID, Mean: float64(points) / float64(r.n), N: r.n}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		switch {
		case a.less(b.mean):
			return -1
		case b.less(a.mean):
			return 1
		}
		return 0
	})
	var weakest []Weak
	for _, r := range all[:min(max(n, 0), len(all))] {
		weakest = append(weakest, r.Weak)
	}
	return weakest
}

// mean is a mean share kept as a fraction, so that ties are exact. Items are
// worth 1 or 2, so halves of an item's worth are whole numbers.
type mean struct{ halves, n int }

func (m *mean) add(it *Item, points int) {
	m.halves += points * 2 / it.Max
	m.n++
}

func (m mean) less(o mean) bool { return m.halves*o.n < o.halves*m.n }

func (m mean) full() bool { return m.halves == 2*m.n }

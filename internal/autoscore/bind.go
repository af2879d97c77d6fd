package autoscore

import (
	"slices"
	"sync"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// binding is a card's items with what their checks ask for found among the
// names of deals that were read together: the same for each of them.
type binding struct {
	card  *scorecard.Card
	names *crm.Names // nil where a deal has no cells
	items []bound
}

// bound is an item and the sources that the card gives its check.
type bound struct {
	item    *scorecard.Item
	check   func(*call) verdict // nil if there is none of its name
	sources []source
}

// source is a parameter of a check and where its cell is.
type source struct {
	param string
	place int    // among the names; -1 if the deals have no such cell
	label string // what evidence calls the field
	own   string // what the CRM calls it, "" if that is not known
}

func (j *Judge) bind(card *scorecard.Card, names *crm.Names) *binding {
	b := &binding{card: card, names: names, items: make([]bound, 0, card.Count())}
	for it := range card.Items() {
		item := bound{item: it, check: checkNamed(it.Check.Name)}
		for param, name := range it.Check.Sources {
			if name == "" {
				continue
			}
			place := -1
			if names != nil {
				place = names.Place(name)
			}
			item.sources = append(item.sources, source{param, place, j.label(it, param), j.rules.Labels[name]})
		}
		b.items = append(b.items, item)
	}
	return b
}

// label is what evidence calls the field behind a parameter of an item's check.
func (j *Judge) label(it *scorecard.Item, param string) string {
	name := it.Check.Sources[param]
	if l := j.rules.Labels[name]; l != "" {
		return l
	}
	if gap := it.Gap; gap != "" {
		switch param {
		case "text":
			return gap
		case "pick", "date", "none":
			return gap + " " + param
		}
	}
	return name
}

// boundMax is how many bindings are remembered: a pass needs one of each card.
const boundMax = 8

// bindings remembers the last bindings. Safe for concurrent use.
type bindings struct {
	mu   sync.RWMutex
	last []*binding // the latest first
}

// get returns the binding of a card to names, from memory if it can.
func (m *bindings) get(card *scorecard.Card, names *crm.Names, bind func(*scorecard.Card, *crm.Names) *binding) *binding {
	m.mu.RLock()
	i := slices.IndexFunc(m.last, func(b *binding) bool { return b.card == card && b.names == names })
	if i >= 0 {
		defer m.mu.RUnlock()
		return m.last[i]
	}
	m.mu.RUnlock()
	b := bind(card, names)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = slices.Insert(m.last[:min(len(m.last), boundMax-1)], 0, b)
	return b
}

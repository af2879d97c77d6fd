package hubspot

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
)

// past is what is kept of one deal's history.
type past struct {
	modified string     // the deal's stamp it was read for
	sold     crm.UserID // who owned it when it was won, "" if that is not known
	at       []arrival
}

// arrival is when a tracked property came by its value.
type arrival struct {
	property string
	at       time.Time
}

// arrived is when a property came by its value, zero if that is not known.
func (p past) arrived(property string) time.Time {
	for _, a := range p.at {
		if a.property == property {
			return a.at
		}
	}
	return time.Time{}
}

// version is one value a property had.
type version struct {
	text string
	at   time.Time
}

// pastCache keeps the history of deals that are read at every pass. An entry
// holds while the deal's stamp stands still, for every edit moves it.
type pastCache struct {
	mu   sync.Mutex // guards list
	list map[string]past
}

const mostPasts = 10_000 // deals; beyond, the cache begins anew

func (p *pastCache) get(id, modified string) (past, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x, ok := p.list[id]
	return x, ok && modified != "" && x.modified == modified
}

func (p *pastCache) put(id string, x past) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.list == nil || len(p.list) >= mostPasts {
		p.list = map[string]past{}
	}
	p.list[id] = x
}

// fetchHistory reads the history of those deals that need it.
func (b *batch) fetchHistory(ctx context.Context) error {
	b.pasts = map[string]past{}
	var unknown []string
	for id, rec := range b.deals.found {
		if !b.wantsHistory(rec) {
			continue
		}
		if x, ok := b.c.pasts.get(id, rec.text("hs_lastmodifieddate")); ok {
			b.pasts[id] = x
		} else {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) == 0 || len(b.s.ask.history) == 0 || b.c.refusals.of("history") != nil {
		return nil
	}
	slices.Sort(unknown)
	recs, err := b.c.read(ctx, "deals", unknown, nil, b.s.ask.history, b.c.history)
	if e, refused := refusedKind(err); refused {
		b.c.log.Warn("the history of deals is refused; times of changes and the owner at the win are not known", zap.Error(e))
		b.c.refusals.add("history", e)
		return nil
	}
	if err != nil {
		return err
	}
	for id, h := range recs.found {
		x := b.pastOf(b.deals.found[id], h.history)
		b.pasts[id] = x
		b.c.pasts.put(id, x)
	}
	return nil
}

// wantsHistory reports whether a deal's history tells anything that its
// present does not: when a tracked field came by its value, where that can
// matter, or who owned the deal when it was won.
func (b *batch) wantsHistory(rec *record) bool {
	return b.wantsTimes(rec) || b.c.setup.OwnTimes != nil && b.c.setup.OwnTimes(rec.id, b.cells(rec))
}

// wantsTimes reports whether it does for the fields of people, and not for
// syncd's own alone.
func (b *batch) wantsTimes(rec *record) bool {
	filled := slices.ContainsFunc(b.s.ask.tracked, func(e *mapped) bool { return rec.text(e.native) != "" })
	return filled && b.timesMatter(rec) || b.changedHands(rec)
}

func (b *batch) timesMatter(rec *record) bool {
	return b.c.setup.TimesMatter == nil || b.c.setup.TimesMatter(rec.id, b.cells(rec))
}

func (b *batch) cells(rec *record) func(name string) crm.Cell {
	return func(name string) crm.Cell {
		if e := b.s.mapping.byName[name]; e != nil {
			return b.mappedCell(rec, e)
		}
		return crm.Cell{}
	}
}

// changedHands reports whether the deal's owner may not be the one who won it.
func (b *batch) changedHands(rec *record) bool {
	if b.s.deals["hubspot_owner_id"] == nil || !b.flag(rec, "hs_is_closed_won", b.s.stages[rec.text("dealstage")].won) {
		return false
	}
	won := b.wonAt(rec)
	assigned, known := instant(rec.text(ownerAssigned))
	return !won.At.IsZero() && !(known && !assigned.After(won.At))
}

func (b *batch) pastOf(rec *record, history gjson.Result) past {
	x := past{modified: strings.Clone(rec.text("hs_lastmodifieddate")), sold: soldBy(versions(history, "hubspot_owner_id"), b.wonAt(rec))}
	for _, e := range b.s.ask.tracked {
		if at := changedAt(versions(history, e.native), rec.text(e.native)); !at.IsZero() {
			x.at = append(x.at, arrival{e.native, at})
		}
	}
	return x
}

// versions are the values a property had, oldest first.
func versions(history gjson.Result, name string) []version {
	var out []version
	history.Get(name).ForEach(func(_, v gjson.Result) bool {
		if t, ok := instant(v.Get("timestamp").String()); ok {
			out = append(out, version{strings.Clone(v.Get("value").String()), t})
		}
		return true
	})
	slices.SortStableFunc(out, func(x, y version) int { return x.at.Compare(y.at) })
	return out
}

// changedAt is when a property came by the value it has now, zero if that is
// not known. Writing the same value again is no change.
func changedAt(list []version, now string) time.Time {
	if len(list) == 0 || list[len(list)-1].text != now {
		return time.Time{}
	}
	at := list[len(list)-1]
	for i := len(list) - 2; i >= 0 && list[i].text == at.text; i-- {
		at = list[i]
	}
	return at.at
}

// seller is the owner when the deal was won, else the owner now.
func (b *batch) seller(id string, d *crm.Deal) crm.UserID {
	if sold := b.pasts[id].sold; sold != "" && d.Won && !d.WonAt.At.IsZero() {
		return sold
	}
	return d.Owner
}

// soldBy is the last of the owners up to the win, "" if there was none.
func soldBy(owners []version, won crm.Moment) (owner crm.UserID) {
	until := won.At
	if won.Imprecise {
		until = until.Add(24 * time.Hour)
	}
	for _, v := range owners {
		if v.at.After(until) {
			break
		}
		if v.text != "" {
			owner = crm.UserID(v.text)
		}
	}
	return owner
}

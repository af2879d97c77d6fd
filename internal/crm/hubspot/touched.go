package hubspot

import (
	"context"
	"iter"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/watched"
)

// Touched yields pages of deals to which a contact or an activity that moved in
// the window is linked. Search names what moved, associations the deals. A
// label that is set or taken away moves nothing, and what was deleted is named
// by no search: the deals' own roll-ups move then, or the full read finds it.
func (c *Client) Touched(ctx context.Context, w crm.Window, after string) iter.Seq2[crm.Page, error] {
	return func(yield func(crm.Page, error) bool) {
		s, err := c.current(ctx, nil)
		if err != nil {
			yield(crm.Page{}, err)
			return
		}
		w.From = later(w.From, c.setup.Since)
		for page, err := range c.watched.Pages(ctx, c.streams(s, w), after) {
			if !yield(page, err) {
				return
			}
		}
	}
}

// streams are the kinds of record that Load reads beside the deals. Their names
// are part of cursors.
func (c *Client) streams(s *schema, w crm.Window) []watched.Stream {
	stream := func(object, stamp string, unread bool) watched.Stream {
		if unread {
			return watched.Stream{Name: object}
		}
		x := &trail{c: c, s: s, hunt: hunt{object: object, stamp: stamp, from: w.From, to: w.To, properties: []string{stamp}}}
		return watched.Stream{Name: object, Pages: func(ctx context.Context, after string) iter.Seq2[crm.Page, error] {
			return func(yield func(crm.Page, error) bool) { inTurn(ctx, after, x.page, yield) }
		}}
	}
	// Contacts say when they moved in a property of another name.
	list := []watched.Stream{stream("contacts", "lastmodifieddate", s.denied != nil)}
	for _, k := range activityKinds {
		list = append(list, stream(k.object, "hs_lastmodifieddate", c.refusals.of(k.object) != nil))
	}
	return list
}

// trail leads from the records of one kind that moved to their deals.
type trail struct {
	c *Client
	s *schema
	hunt
}

const dealCount = "num_associated_deals"

// page gathers as many records as one read of associations takes.
func (x *trail) page(ctx context.Context, after string) (crm.Page, error) {
	if after != "" && !digits(after) {
		return crm.Page{}, &crm.Error{Op: "hubspot.Touched", Kind: crm.Invalid, Err: watched.ErrPlace}
	}
	at := map[string]time.Time{}
	var ids []string
	for more := true; more && len(ids)+searchPage <= loadBatch; more = after != "" {
		next, err := x.found(ctx, after, at, &ids)
		if err != nil {
			if len(ids) == 0 {
				return crm.Page{}, err
			}
			break // what was found before is kept; the fault shows again
		}
		after = next
	}
	page := crm.Page{Next: after}
	if len(ids) == 0 {
		return page, nil
	}
	linked, err := x.c.associations(ctx, x.object, ids, "deals")
	if err != nil {
		return crm.Page{}, err
	}
	if n := len(linked.failed); n > 0 {
		x.c.log.Warn("records that moved do not tell their deals; the sweep will find them", zap.String("kind", x.object), zap.Int("records", n))
	}
	named := map[crm.DealID]int{}
	for _, id := range ids {
		for _, l := range linked.of[id] {
			deal := crm.DealID(l.to)
			if i, again := named[deal]; again {
				page.Deals[i].At = later(page.Deals[i].At, at[id])
				continue
			}
			named[deal] = len(page.Deals)
			page.Deals = append(page.Deals, crm.Moved{ID: deal, At: at[id]})
		}
	}
	return page, nil
}

// found searches once and notes when each record moved. Contacts without a deal
// are left out where the portal can tell: most are there for marketing.
func (x *trail) found(ctx context.Context, after string, at map[string]time.Time, ids *[]string) (next string, err error) {
	h := x.hunt
	if x.object == "contacts" && x.s.contacts[dealCount] != nil && !x.s.uncounted.Load() {
		h.more = []filter{{dealCount, "GT", "0"}}
	}
	rows, next, err := x.c.search(ctx, h, after)
	if crm.KindOf(err) == crm.Invalid && len(h.more) > 0 {
		x.s.uncounted.Store(true)
		rows, next, err = x.c.search(ctx, x.hunt, after)
	}
	for _, r := range rows {
		id := idOf(r.Get("id"))
		at[id] = stampOf(r.Get("properties."+x.stamp).String(), r.Get("updatedAt").String())
		*ids = append(*ids, id)
	}
	return next, err
}

package salesforce

import (
	"context"
	"iter"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// Changed yields pages of Opportunities that moved in the window, deleted ones
// included, in the order of (stamp, id). A page's Next is a place in that
// order, good in any later run; within a run the org's own page addresses are
// followed, and given up for the place when one expires with its session.
func (c *Client) Changed(ctx context.Context, w crm.Window, after string) iter.Seq2[crm.Page, error] {
	return func(yield func(crm.Page, error) bool) {
		s, _, err := c.current(ctx)
		if err != nil {
			yield(crm.Page{}, err)
			return
		}
		at, err := placeOf("Changed", after)
		if err != nil {
			yield(crm.Page{}, err)
			return
		}
		if err := c.sweep("Changed", s.opportunities(c.setup.Partner), w, at).read(ctx, yield); err != nil {
			yield(crm.Page{}, err)
		}
	}
}

// opportunities finds deals; partner names the field whose value makes one a
// partner's, "" if nobody asks.
func (s *schema) opportunities(partner string) sought {
	of := sought{
		object: "Opportunity", cols: []string{"IsWon", "IsDeleted"}, stamp: stampColumn(s.objects["Opportunity"]),
		deal: func(r gjson.Result) crm.Moved {
			return crm.Moved{ID: crm.DealID(id18(r.Get("Id").String())), Won: r.Get("IsWon").Bool(), Gone: r.Get("IsDeleted").Bool()}
		},
	}
	on := s.partner(partner)
	if on == nil {
		return of
	}
	deal := of.deal
	of.cols = append(of.cols, on.Name)
	of.deal = func(r gjson.Result) crm.Moved {
		m := deal(r)
		m.Partner = text(on.kind(), r.Get(on.Name)) != "" && r.Get(on.Name).Type != gjson.False
		return m
	}
	return of
}

// partner is the field behind a logical name, nil if our user sees none.
func (s *schema) partner(name string) *field {
	if e := s.mapping.byName[name]; e != nil && e.object == "Opportunity" {
		return e.on
	}
	return nil
}

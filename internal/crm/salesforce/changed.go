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
		if err := c.sweep("Changed", s.opportunities(), w, at).read(ctx, yield); err != nil {
			yield(crm.Page{}, err)
		}
	}
}

func (s *schema) opportunities() sought {
	return sought{
		object: "Opportunity", cols: []string{"IsWon", "IsDeleted"}, stamp: stampColumn(s.objects["Opportunity"]),
		deal: func(r gjson.Result) crm.Moved {
			return crm.Moved{ID: crm.DealID(id18(r.Get("Id").String())), Won: r.Get("IsWon").Bool(), Gone: r.Get("IsDeleted").Bool()}
		},
	}
}

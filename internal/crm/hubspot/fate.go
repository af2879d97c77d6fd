package hubspot

import (
	"context"
	"net/url"

	"github.com/handoffscore/syncd/internal/crm"
)

// fate is what became of a record that a batch did not return: gone, merged into
// a survivor, or neither.
type fate struct {
	gone     bool
	survivor string
}

// fateOf asks for one record by its id. An id of before a merge leads to the
// survivor, which has another one.
func (c *Client) fateOf(ctx context.Context, object, id string) (fate, error) {
	r, _, err := c.get(ctx, "/crm/v3/objects/"+object+"/"+id, url.Values{"properties": {"hs_object_id"}, "archived": {"false"}})
	if crm.KindOf(err) == crm.NotFound && err != nil {
		return fate{gone: true}, nil
	}
	if err != nil {
		return fate{}, err
	}
	now := idOf(r.Get("id"))
	switch {
	case !digits(now):
		return fate{}, malformed("get", "the answer holds no record")
	case r.Get("archived").Bool():
		return fate{gone: true}, nil
	case now != id:
		return fate{survivor: now}, nil
	}
	return fate{}, nil
}

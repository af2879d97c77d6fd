package hubspot

import (
	"context"

	"github.com/tidwall/gjson"
)

// Earlier counts the won deals whose record has not moved since scoring began.
func (c *Client) Earlier(ctx context.Context) (int64, error) {
	if c.setup.Since.IsZero() {
		return 0, nil
	}
	r, _, err := c.post(ctx, "/crm/v3/objects/deals/search", map[string]any{
		"filterGroups": []any{map[string]any{"filters": []filter{
			{"hs_is_closed_won", "EQ", "true"}, {"hs_lastmodifieddate", "LT", millis(c.setup.Since)},
		}}},
		"sorts": []string{"hs_object_id"}, "properties": []string{"hs_object_id"}, "limit": 1, "after": "0",
	})
	if err != nil {
		return 0, err
	}
	total := r.Get("total")
	if total.Type != gjson.Number {
		return 0, malformed("search", "the search does not say how many deals it found")
	}
	return total.Int(), nil
}

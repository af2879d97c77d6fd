package salesforce

import (
	"context"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// Earlier counts the won opportunities whose record has not moved since
// scoring began.
func (c *Client) Earlier(ctx context.Context) (int64, error) {
	if c.setup.Since.IsZero() {
		return 0, nil
	}
	r, err := c.get(ctx, c.queryPath("SELECT COUNT() FROM Opportunity WHERE IsWon = true AND SystemModstamp < "+c.setup.Since.UTC().Format(time.RFC3339), false))
	if err != nil {
		return 0, err
	}
	total := r.Get("totalSize")
	if total.Type != gjson.Number {
		return 0, &crm.Error{Op: "salesforce.query", Kind: crm.Malformed, Fix: "check that auth.login_url leads to Salesforce and no proxy answers in its place"}
	}
	return total.Int(), nil
}

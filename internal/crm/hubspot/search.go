package hubspot

import (
	"context"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
)

const searchPage = 200 // results of one search (API documentation, read 2026-03)

type filter struct {
	Property string `json:"propertyName"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

// hunt is a search for the records of one kind whose stamp lies in a window.
type hunt struct {
	object     string
	stamp      string // property that says when a record moved; kinds differ
	from, to   time.Time
	more       []filter
	properties []string
}

// search finds a page of records behind the id after, in the order of their
// ids, and the id to go on behind, "" after the last. Every page is a query of
// its own from its first result, so the cap on paging is never met; paging is
// by id, never by date: thousands of records may share one.
func (c *Client) search(ctx context.Context, h hunt, after string) (rows []gjson.Result, next string, err error) {
	if after == "" {
		after = "0"
	}
	filters := []filter{{"hs_object_id", "GT", after}}
	if !h.from.IsZero() {
		filters = append(filters, filter{h.stamp, "GTE", millis(h.from)})
	}
	if !h.to.IsZero() {
		filters = append(filters, filter{h.stamp, "LT", millis(h.to)})
	}
	query := map[string]any{
		"filterGroups": []any{map[string]any{"filters": append(filters, h.more...)}},
		"sorts":        []string{"hs_object_id"}, "properties": h.properties, "limit": searchPage, "after": "0",
	}
	for try := 0; ; try++ {
		r, _, err := c.post(ctx, "/crm/v3/objects/"+h.object+"/search", query)
		if err != nil {
			return nil, "", err
		}
		rows, next, whole := readFound(r, after)
		if whole {
			return rows, next, nil
		}
		if try >= broken {
			return nil, "", malformed("search", "the search names fewer "+h.object+" than it counts, or in another order than asked for")
		}
	}
}

// readFound reads a search answer; whole is false if it does not add up.
func readFound(r gjson.Result, after string) (rows []gjson.Result, next string, whole bool) {
	results, total := r.Get("results"), r.Get("total")
	if !results.IsArray() || total.Type != gjson.Number {
		return nil, "", false
	}
	last := number64(after)
	whole = true
	results.ForEach(func(_, d gjson.Result) bool {
		if v := number64(idOf(d.Get("id"))); v > last {
			last = v
		} else {
			whole = false
		}
		rows = append(rows, d)
		return true
	})
	switch left := int(total.Int()) - len(rows); {
	case left < 0, left > 0 && len(rows) == 0:
		return nil, "", false
	case left > 0:
		next = strconv.FormatInt(last, 10)
	}
	return rows, next, whole
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

func number64(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

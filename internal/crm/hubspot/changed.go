package hubspot

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
)

const (
	searchPage = 200 // results of one search (API documentation, read 2026-03)
	listPage   = 100
)

// A cursor is the id behind which search goes on, or one of these and the
// list's own cursor.
const (
	byList   = "list:"     // search is refused; the list names all deals
	archived = "archived:" // the recycle bin, after a window without beginning
)

// Changed yields deals whose modified date lies in the window, in the order of
// their ids. Paging is by id, never by date: thousands of deals may share one.
// Without a beginning the window takes in the recycle bin too.
func (c *Client) Changed(ctx context.Context, w crm.Window, after string) iter.Seq2[crm.Page, error] {
	return func(yield func(crm.Page, error) bool) {
		s, err := c.current(ctx, nil)
		if err != nil {
			yield(crm.Page{}, err)
			return
		}
		x := &walk{c: c, s: s, from: later(w.From, c.setup.Since), to: w.To, bin: w.From.IsZero()}
		for more := true; more; more = after != "" {
			page, err := x.page(ctx, after)
			if !yield(page, err) || err != nil {
				return
			}
			after = page.Next
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// walk is one way through the deals of a window.
type walk struct {
	c        *Client
	s        *schema
	from, to time.Time
	bin      bool
}

func (x *walk) page(ctx context.Context, after string) (crm.Page, error) {
	if rest, ok := strings.CutPrefix(after, archived); ok {
		return x.binned(ctx, rest)
	}
	if rest, ok := strings.CutPrefix(after, byList); ok {
		return x.listed(ctx, rest)
	}
	page, err := x.found(ctx, after)
	if e, refused := refusedKind(err); refused {
		x.c.log.Warn("search is refused; reading the list of all deals instead", zap.String("code", e.Code))
		listed, listErr := x.listed(ctx, "")
		if listErr == nil {
			return listed, nil
		}
	}
	return page, err
}

// end is the cursor behind the last live deal.
func (x *walk) end() string {
	if x.bin {
		return archived
	}
	return ""
}

type filter struct {
	Property string `json:"propertyName"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

// found searches behind the id after. Every page is a query of its own from
// its first result, so the cap on paging is never met.
func (x *walk) found(ctx context.Context, after string) (crm.Page, error) {
	if after == "" {
		after = "0"
	}
	filters := []filter{{"hs_object_id", "GT", after}}
	if !x.from.IsZero() {
		filters = append(filters, filter{"hs_lastmodifieddate", "GTE", millis(x.from)})
	}
	if !x.to.IsZero() {
		filters = append(filters, filter{"hs_lastmodifieddate", "LT", millis(x.to)})
	}
	query := map[string]any{
		"filterGroups": []any{map[string]any{"filters": filters}},
		"sorts":        []string{"hs_object_id"}, "properties": x.s.ask.search, "limit": searchPage, "after": "0",
	}
	for try := 0; ; try++ {
		r, _, err := x.c.post(ctx, "/crm/v3/objects/deals/search", query)
		if err != nil {
			return crm.Page{}, err
		}
		page, whole := x.read(r, after)
		if whole {
			return page, nil
		}
		if try >= broken {
			return crm.Page{}, malformed("search", "the search names fewer deals than it counts, or in another order than asked for")
		}
	}
}

// read turns a search answer into a page; whole is false if it does not add up.
func (x *walk) read(r gjson.Result, after string) (page crm.Page, whole bool) {
	results, total := r.Get("results"), r.Get("total")
	if !results.IsArray() || total.Type != gjson.Number {
		return page, false
	}
	last, n, whole := number64(after), 0, true
	results.ForEach(func(_, d gjson.Result) bool {
		id := idOf(d.Get("id"))
		if v := number64(id); v > last {
			last = v
		} else {
			whole = false
		}
		n++
		page.Deals = append(page.Deals, x.moved(d)...)
		return true
	})
	left := int(total.Int()) - n
	switch {
	case left > 0 && n == 0, left < 0:
		return page, false
	case left > 0:
		page.Next = strconv.FormatInt(last, 10)
	default:
		page.Next = x.end()
	}
	return page, whole
}

// moved reads one deal of a search or list, and with it those that were merged
// into it.
func (x *walk) moved(d gjson.Result) []crm.Moved {
	props := d.Get("properties")
	id := idOf(d.Get("id"))
	m := crm.Moved{ID: crm.DealID(id), Won: props.Get("hs_is_closed_won").String() == "true"}
	if !props.Get("hs_is_closed_won").Exists() {
		m.Won = x.s.stages[props.Get("dealstage").String()].won
	}
	m.At = stampOf(props.Get("hs_lastmodifieddate").String(), d.Get("updatedAt").String())
	out := []crm.Moved{m}
	for _, old := range strings.Split(props.Get("hs_merged_object_ids").String(), ";") {
		if old = strings.TrimSpace(old); digits(old) && old != id {
			out = append(out, crm.Moved{ID: crm.DealID(strings.Clone(old)), At: m.At, Gone: true})
		}
	}
	return out
}

// listed reads the list of all deals, which knows no filter and no lag.
func (x *walk) listed(ctx context.Context, after string) (crm.Page, error) {
	r, _, err := x.c.get(ctx, "/crm/v3/objects/deals", listQuery(after, false, listPage, x.s.ask.search))
	if err != nil {
		return crm.Page{}, err
	}
	page, next, err := x.rows(r, after, false)
	if next != "" {
		page.Next = byList + next
	} else {
		page.Next = x.end()
	}
	return page, err
}

// binned reads the recycle bin. A portal that does not show it has none.
func (x *walk) binned(ctx context.Context, after string) (crm.Page, error) {
	r, _, err := x.c.get(ctx, "/crm/v3/objects/deals", listQuery(after, true, listPage, nil))
	if _, refused := refusedKind(err); refused {
		return crm.Page{}, nil
	}
	if err != nil {
		return crm.Page{}, err
	}
	page, next, err := x.rows(r, after, true)
	if next != "" {
		page.Next = archived + next
	}
	return page, err
}

func (x *walk) rows(r gjson.Result, after string, gone bool) (page crm.Page, next string, err error) {
	if !r.Get("results").IsArray() {
		return page, "", malformed("list", "the answer holds no list of results")
	}
	r.Get("results").ForEach(func(_, d gjson.Result) bool {
		if gone {
			at := stampOf(d.Get("archivedAt").String(), d.Get("updatedAt").String())
			if d.Get("archived").Bool() && !at.Before(x.from) {
				page.Deals = append(page.Deals, crm.Moved{ID: crm.DealID(idOf(d.Get("id"))), At: at, Gone: true})
			}
			return true
		}
		for _, m := range x.moved(d) {
			if !m.At.Before(x.from) && (x.to.IsZero() || m.At.Before(x.to)) {
				page.Deals = append(page.Deals, m)
			}
		}
		return true
	})
	next = r.Get("paging.next.after").String()
	if next != "" && next == after {
		return page, "", malformed("list", "the list's next page is the same page")
	}
	return page, strings.Clone(next), nil
}

func listQuery(after string, archived bool, limit int, properties []string) url.Values {
	q := url.Values{"limit": {strconv.Itoa(limit)}, "archived": {strconv.FormatBool(archived)}}
	if after != "" {
		q.Set("after", after)
	}
	if len(properties) > 0 {
		q.Set("properties", strings.Join(properties, ","))
	}
	return q
}

func stampOf(values ...string) time.Time {
	for _, v := range values {
		if t, ok := instant(v); ok {
			return t
		}
	}
	return time.Time{}
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

func number64(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

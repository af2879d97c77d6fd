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

const listPage = 100

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
		inTurn(ctx, after, x.page, yield)
	}
}

// inTurn yields one page after another.
func inTurn(ctx context.Context, after string, read func(context.Context, string) (crm.Page, error), yield func(crm.Page, error) bool) {
	for more := true; more; more = after != "" {
		page, err := read(ctx, after)
		if !yield(page, err) || err != nil {
			return
		}
		after = page.Next
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

// found searches behind the id after.
func (x *walk) found(ctx context.Context, after string) (crm.Page, error) {
	rows, next, err := x.c.search(ctx, hunt{
		object: "deals", stamp: "hs_lastmodifieddate", from: x.from, to: x.to, properties: x.s.ask.search,
	}, after)
	if err != nil {
		return crm.Page{}, err
	}
	page := crm.Page{Next: next}
	for _, d := range rows {
		page.Deals = append(page.Deals, x.moved(d)...)
	}
	if next == "" {
		page.Next = x.end()
	}
	return page, nil
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
	if p := x.s.ask.partner; p != "" {
		value := strings.TrimSpace(props.Get(p).String())
		m.Partner = value != "" && value != "false"
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

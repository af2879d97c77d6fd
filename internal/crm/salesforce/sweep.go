package salesforce

import (
	"context"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/watched"
)

// place is where reading stands in the order (stamp, id). With an id, what
// comes after that record; without one, everything at or after the stamp; the
// zero place is the beginning.
type place struct {
	at time.Time
	id string
}

// cursor gives a place as text, for crm.Page.Next.
func (p place) cursor() string {
	return p.at.UTC().Format(time.RFC3339Nano) + "|" + p.id
}

func placeOf(op, cursor string) (place, error) {
	if cursor == "" {
		return place{}, nil
	}
	at, id, ok := strings.Cut(cursor, "|")
	t, err := time.Parse(time.RFC3339Nano, at)
	if !ok || err != nil || id != "" && !isID(id) {
		return place{}, foreignPlace(op)
	}
	return place{t, id}, nil
}

func foreignPlace(op string) error {
	return &crm.Error{Op: "salesforce." + op, Kind: crm.Invalid, Err: watched.ErrPlace}
}

// literal writes an instant for a query. Stamps are whole seconds; fractions
// are written only where they are needed.
func literal(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// sought is what a sweep looks for: the records of one object that moved.
type sought struct {
	object string
	cols   []string // beside the id and the stamps
	stamp  string   // the column that says when a record moved, and orders
	also   string   // another one, of which it is enough that it moved; "" if there is none
	where  string   // a further condition, "" if none
	// deal says which deal a row stands for; "" for none of ours.
	deal func(gjson.Result) crm.Moved
	// deals, if set, finds the deals behind a page of such answers.
	deals func(context.Context, []crm.Moved) ([]crm.Moved, error)
}

// stampColumn is SystemModstamp, which moves with system changes too, or
// LastModifiedDate where the org does not have the former, or lets it not be
// filtered.
func stampColumn(o *object) string {
	if f := o.field("SystemModstamp"); (f == nil || !f.filterable()) && o.field("LastModifiedDate") != nil {
		return "LastModifiedDate"
	}
	return "SystemModstamp"
}

// sweep is one pass over the records that moved in a window.
type sweep struct {
	c      *Client
	op     string // of errors
	of     sought
	window crm.Window
	from   time.Time // lower bound sent, whole seconds; zero for none
	to     time.Time // upper bound of the piece being read; zero for none
	end    time.Time // upper bound of the window, whole seconds
	at     place
}

func (c *Client) sweep(op string, of sought, w crm.Window, at place) *sweep {
	if w.From.Before(c.setup.Since) {
		w.From = c.setup.Since
	}
	sw := &sweep{c: c, op: op, of: of, window: w, at: at}
	if !w.From.IsZero() {
		sw.from = w.From.Truncate(time.Second)
	}
	if !w.To.IsZero() {
		sw.end = w.To.Truncate(time.Second)
		if sw.end.Before(w.To) {
			sw.end = sw.end.Add(time.Second)
		}
	}
	sw.to = sw.end
	return sw
}

func (sw *sweep) soql() string {
	var cond []string
	stamp, at := sw.of.stamp, literal(sw.at.at)
	switch {
	case sw.at.id != "":
		cond = append(cond, "("+stamp+" > "+at+" OR ("+stamp+" = "+at+" AND Id > '"+sw.at.id+"'))")
	case !sw.at.at.IsZero():
		cond = append(cond, stamp+" >= "+at)
	case sw.of.also == "" && !sw.from.IsZero():
		cond = append(cond, stamp+" >= "+literal(sw.from))
	}
	if sw.of.also == "" && !sw.to.IsZero() {
		cond = append(cond, stamp+" < "+literal(sw.to))
	}
	if sw.of.also != "" && !sw.from.IsZero() { // what is past the end is left out as it comes
		cond = append(cond, "("+stamp+" >= "+literal(sw.from)+" OR "+sw.of.also+" >= "+literal(sw.from)+")")
	}
	if sw.of.where != "" {
		cond = append(cond, sw.of.where)
	}
	cols := append([]string{"Id"}, sw.of.cols...)
	cols = append(cols, stamp)
	if sw.of.also != "" {
		cols = append(cols, sw.of.also)
	}
	q := "SELECT " + strings.Join(cols, ", ") + " FROM " + sw.of.object
	if len(cond) > 0 {
		q += " WHERE " + strings.Join(cond, " AND ")
	}
	return q + " ORDER BY " + stamp + ", Id"
}

// ending is how one query over the window ended.
type ending uint8

const (
	over     ending = iota // the window was read, or the caller wants no more
	piece                  // the piece was read, more of the window follows
	stale                  // a page address expired: on from the place
	mostLost = 8           // how often in a row the same page may break off
)

// read yields the window page by page.
func (sw *sweep) read(ctx context.Context, yield func(crm.Page, error) bool) error {
	if !sw.end.IsZero() && !sw.from.Before(sw.end) {
		yield(crm.Page{}, nil)
		return nil
	}
	var why error
	for lost := 0; lost <= mostLost; lost++ {
		before := sw.at
		end, err := sw.query(ctx, yield)
		why = err
		switch {
		case err != nil && codeOf(err) == codeTimeout && sw.narrow():
		case err != nil:
			return err
		case end == over:
			return nil
		case end == piece:
			sw.at, sw.to = place{at: sw.to}, sw.end
		}
		if sw.at != before {
			lost = 0
		}
	}
	if why == nil {
		why = malformed(sw.op, "the org keeps breaking off the same page")
	}
	return why
}

// query reads from the place on to the end of the piece.
func (sw *sweep) query(ctx context.Context, yield func(crm.Page, error) bool) (ending, error) {
	c := sw.c
	var gen uint64
	path := c.queryPath(sw.soql(), true)
	seen, empty := int64(0), 0
	for opened := false; ; opened = true {
		if opened && c.session.generation() != gen {
			return stale, nil // page addresses belong to the session that opened them
		}
		v, err := c.get(ctx, path)
		if err != nil {
			if code := codeOf(err); opened && (code == codeLocator || code == codeSession) {
				return stale, nil
			}
			return over, err
		}
		if !opened {
			gen = c.session.generation()
		}
		page, last, rows, err := sw.page(ctx, v)
		if err != nil {
			return over, err
		}
		if rows > 0 {
			if last.id == sw.at.id && last.at.Equal(sw.at.at) {
				return over, malformed(sw.op, "the org answers with the page before again")
			}
			sw.at, empty = last, 0
		} else if empty++; empty > 10 {
			return over, malformed(sw.op, "the org sends empty pages without end")
		}
		seen += int64(rows)
		if v.Get("done").Bool() {
			if total := v.Get("totalSize"); total.Exists() && seen < total.Int() {
				return over, malformed(sw.op, "fewer rows of "+sw.of.object+" came than were announced")
			}
			return sw.finish(page, yield), nil
		}
		if rows > 0 {
			page.Next = sw.at.cursor()
			if !yield(page, nil) {
				return over, nil
			}
		}
		if path, err = nextPage(v.Get("nextRecordsUrl")); err != nil {
			return over, err
		}
	}
}

// finish yields the last page of a piece.
func (sw *sweep) finish(page crm.Page, yield func(crm.Page, error) bool) ending {
	if sw.to.Equal(sw.end) {
		yield(page, nil)
		return over
	}
	page.Next = place{at: sw.to}.cursor()
	if !yield(page, nil) {
		return over
	}
	return piece
}

// page reads one page: the deals inside the window and the place after it.
func (sw *sweep) page(ctx context.Context, v gjson.Result) (crm.Page, place, int, error) {
	var (
		page crm.Page
		last place
		rows int
		bad  error
	)
	v.Get("records").ForEach(func(_, r gjson.Result) bool {
		id, at := id18(r.Get("Id").String()), instant(r.Get(sw.of.stamp).String())
		if !isID(id) || at.IsZero() {
			bad = malformed(sw.op, "a row of "+sw.of.object+" came without id or "+sw.of.stamp)
			return false
		}
		rows++
		last = place{at, id}
		if !sw.inside(at) && sw.of.also != "" {
			at = instant(r.Get(sw.of.also).String())
		}
		if !sw.inside(at) {
			return true // not of this window, which is whole seconds when sent
		}
		if m := sw.of.deal(r); m.ID != "" {
			m.At = at
			page.Deals = append(page.Deals, m)
		}
		return true
	})
	if bad == nil && sw.of.deals != nil && len(page.Deals) > 0 {
		page.Deals, bad = sw.of.deals(ctx, page.Deals)
	}
	return page, last, rows, bad
}

// inside reports whether an instant lies in the window.
func (sw *sweep) inside(at time.Time) bool {
	return !at.IsZero() && !at.Before(sw.window.From) && (sw.window.To.IsZero() || at.Before(sw.window.To))
}

// narrow halves the piece after the org ran out of time. Without both bounds,
// or with under two seconds left, there is nothing to halve; nor is there with
// two stamps, of which one orders and the other may lie anywhere.
func (sw *sweep) narrow() bool {
	lo := sw.at.at
	if lo.IsZero() {
		lo = sw.from
	}
	hi := sw.to
	if hi.IsZero() {
		// Open at the end: what the org's clock showed last is unknown here, so
		// bound by ours with room, and leave the rest to the last piece.
		hi = time.Now().UTC().Truncate(time.Second)
	}
	if sw.of.also != "" || lo.IsZero() || hi.Sub(lo) < 2*time.Second {
		return false
	}
	sw.to = lo.Add(hi.Sub(lo) / 2).Truncate(time.Second)
	return sw.to.After(lo)
}

package salesforce

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
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

func placeOf(cursor string) (place, error) {
	if cursor == "" {
		return place{}, nil
	}
	at, id, ok := strings.Cut(cursor, "|")
	t, err := time.Parse(time.RFC3339Nano, at)
	if !ok || err != nil || id != "" && !isID(id) {
		return place{}, &crm.Error{Op: "salesforce.Changed", Kind: crm.Invalid, Err: errText("the place to resume from is none of ours")}
	}
	return place{t, id}, nil
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

// sweep is one pass over the records that moved in a window.
type sweep struct {
	c      *Client
	stamp  string // the column that says when a record moved
	window crm.Window
	from   time.Time // lower bound sent, whole seconds; zero for none
	to     time.Time // upper bound of the piece being read; zero for none
	end    time.Time // upper bound of the window, whole seconds
	at     place
}

// Changed yields pages of Opportunities that moved in the window, deleted ones
// included, in the order of (stamp, id). A page's Next is a place in that
// order, good in any later run; within a run the org's own page addresses are
// followed, and given up for the place when one expires with its session.
func (c *Client) Changed(ctx context.Context, w crm.Window, after string) iter.Seq2[crm.Page, error] {
	return func(yield func(crm.Page, error) bool) {
		fail := func(err error) { yield(crm.Page{}, err) }
		s, _, err := c.current(ctx)
		if err != nil {
			fail(err)
			return
		}
		at, err := placeOf(after)
		if err != nil {
			fail(err)
			return
		}
		if w.From.Before(c.setup.Since) {
			w.From = c.setup.Since
		}
		sw := &sweep{c: c, stamp: s.stampColumn(), window: w, at: at}
		if !w.From.IsZero() {
			sw.from = w.From.Truncate(time.Second)
		}
		if !w.To.IsZero() {
			sw.end = w.To.Truncate(time.Second)
			if sw.end.Before(w.To) {
				sw.end = sw.end.Add(time.Second)
			}
		}
		if !sw.end.IsZero() && !sw.from.Before(sw.end) {
			yield(crm.Page{}, nil)
			return
		}
		sw.to = sw.end
		if err := sw.read(ctx, yield); err != nil {
			fail(err)
		}
	}
}

// stampColumn is SystemModstamp, which moves with system changes too, or
// LastModifiedDate where the org does not let the former be filtered.
func (s *schema) stampColumn() string {
	o := s.objects["Opportunity"]
	if f := o.field("SystemModstamp"); f != nil && !f.filterable() && o.field("LastModifiedDate") != nil {
		return "LastModifiedDate"
	}
	return "SystemModstamp"
}

func (sw *sweep) soql() string {
	var cond []string
	at := literal(sw.at.at)
	switch {
	case sw.at.id != "":
		cond = append(cond, "("+sw.stamp+" > "+at+" OR ("+sw.stamp+" = "+at+" AND Id > '"+sw.at.id+"'))")
	case !sw.at.at.IsZero():
		cond = append(cond, sw.stamp+" >= "+at)
	case !sw.from.IsZero():
		cond = append(cond, sw.stamp+" >= "+literal(sw.from))
	}
	if !sw.to.IsZero() {
		cond = append(cond, sw.stamp+" < "+literal(sw.to))
	}
	q := "SELECT Id, IsWon, IsDeleted, " + sw.stamp + " FROM Opportunity"
	if len(cond) > 0 {
		q += " WHERE " + strings.Join(cond, " AND ")
	}
	return q + " ORDER BY " + sw.stamp + ", Id"
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
	for lost := 0; lost <= mostLost; lost++ {
		before := sw.at
		end, err := sw.query(ctx, yield)
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
	return malformed("Changed", "the org keeps breaking off the same page")
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
		page, last, rows, err := sw.page(v)
		if err != nil {
			return over, err
		}
		if rows > 0 {
			if last.id == sw.at.id && last.at.Equal(sw.at.at) {
				return over, malformed("Changed", "the org answers with the page before again")
			}
			sw.at, empty = last, 0
		} else if empty++; empty > 10 {
			return over, malformed("Changed", "the org sends empty pages without end")
		}
		seen += int64(rows)
		if v.Get("done").Bool() {
			if total := v.Get("totalSize"); total.Exists() && seen < total.Int() {
				return over, malformed("Changed", "fewer Opportunities came than were announced")
			}
			return sw.finish(page, yield), nil
		}
		if rows > 0 {
			page.Next = sw.at.cursor()
			if !yield(page, nil) {
				return over, nil
			}
		}
		if path, err = nextPage(v); err != nil {
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
func (sw *sweep) page(v gjson.Result) (crm.Page, place, int, error) {
	var (
		page crm.Page
		last place
		rows int
		bad  error
	)
	v.Get("records").ForEach(func(_, r gjson.Result) bool {
		m := crm.Moved{
			ID: crm.DealID(id18(r.Get("Id").String())), At: instant(r.Get(sw.stamp).String()),
			Won: r.Get("IsWon").Bool(), Gone: r.Get("IsDeleted").Bool(),
		}
		if !isID(string(m.ID)) || m.At.IsZero() {
			bad = malformed("Changed", "an Opportunity came without id or "+sw.stamp)
			return false
		}
		rows++
		last = place{m.At, string(m.ID)}
		if m.At.Before(sw.window.From) || !sw.window.To.IsZero() && !m.At.Before(sw.window.To) {
			return true // not of this window, which is whole seconds when sent
		}
		page.Deals = append(page.Deals, m)
		return true
	})
	return page, last, rows, bad
}

// narrow halves the piece after the org ran out of time. Without both bounds,
// or with under two seconds left, there is nothing to halve.
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
	if lo.IsZero() || hi.Sub(lo) < 2*time.Second {
		return false
	}
	sw.to = lo.Add(hi.Sub(lo) / 2).Truncate(time.Second)
	return sw.to.After(lo)
}

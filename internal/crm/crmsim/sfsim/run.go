package sfsim

import (
	"slices"
	"strings"
)

// An orderKey is one term of ORDER BY.
type orderKey struct {
	get       func(*record) any
	fold      bool // texts sort without regard to case
	desc      bool
	nullsLast bool
}

func (c *compiler) orderRows(p *plan, st *statement) *apiError {
	for _, o := range st.Order {
		if o.Field.Call {
			return c.fail(o.Pos, "MALFORMED_QUERY", "unexpected token: '('")
		}
		col, e := c.column(o.Field.Name, o.Pos)
		if e != nil {
			return e
		}
		if !col.f.sort {
			return c.fail(o.Pos, "INVALID_FIELD", "field '"+col.f.name+"' can not be sorted in a query call")
		}
		p.order = append(p.order, orderKey{
			get: col.get, fold: col.f.text(), desc: strings.EqualFold(o.Dir, "DESC"), nullsLast: strings.EqualFold(o.Nulls, "LAST"),
		})
	}
	return nil
}

// run finds the rows of a query, in order, within LIMIT and OFFSET.
func (s *Server) run(p *plan, now stamp) []*record {
	rows := p.t.rows
	if p.seek != nil {
		rows = p.seek()
	}
	return s.pick(p, rows, now)
}

func (s *Server) pick(p *plan, rows []*record, now stamp) []*record {
	var out []*record
	for _, r := range rows {
		if s.readable(r, p.all, now) && (p.where == nil || p.where(r)) {
			out = append(out, r)
		}
	}
	sortRows(out, p.order)
	if p.offset > 0 {
		out = out[min(p.offset, len(out)):]
	}
	if p.limit >= 0 && len(out) > p.limit {
		out = out[:p.limit]
	}
	return out
}

// sortRows sorts by the keys. Rows that they do not tell apart come in an order
// that means nothing, as the vendor promises none.
func sortRows(rows []*record, keys []orderKey) {
	if len(keys) == 0 {
		slices.SortFunc(rows, byShuffle)
		return
	}
	type line struct {
		r    *record
		vals [3]any
		more []any
	}
	lines := make([]line, len(rows))
	for i, r := range rows {
		lines[i].r = r
		for k, key := range keys {
			v := key.get(r)
			if s, ok := v.(string); ok && key.fold {
				v = strings.ToLower(s)
			}
			if k < len(lines[i].vals) {
				lines[i].vals[k] = v
			} else {
				lines[i].more = append(lines[i].more, v)
			}
		}
	}
	at := func(l *line, k int) any {
		if k < len(l.vals) {
			return l.vals[k]
		}
		return l.more[k-len(l.vals)]
	}
	slices.SortFunc(lines, func(a, b line) int {
		for k := range keys {
			if n := keys[k].compare(at(&a, k), at(&b, k)); n != 0 {
				return n
			}
		}
		return byShuffle(a.r, b.r)
	})
	for i := range lines {
		rows[i] = lines[i].r
	}
}

func byShuffle(a, b *record) int {
	switch {
	case a.shuffle < b.shuffle:
		return -1
	case a.shuffle > b.shuffle:
		return 1
	}
	return strings.Compare(a.id, b.id)
}

func (k *orderKey) compare(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil || b == nil:
		if (a == nil) != k.nullsLast {
			return -1
		}
		return 1
	}
	if k.desc {
		return compare(b, a)
	}
	return compare(a, b)
}

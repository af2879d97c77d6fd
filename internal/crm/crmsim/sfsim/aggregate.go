package sfsim

import (
	"fmt"
	"slices"
	"strings"
)

// An aggregation is a query whose rows are groups.
type aggregation struct {
	by    []*column
	cells []*cell
	order []groupOrder
}

// A cell is one column of the result: a group's value or an aggregate.
type cell struct {
	key   string
	by    int // index into aggregation.by, -1 for aggregates
	fn    string
	col   *column // nil for COUNT()
	query string  // as it was written, for ORDER BY
}

type groupOrder struct {
	cell int
	key  orderKey
}

func aggregateName(name string) bool {
	switch strings.ToUpper(name) {
	case "COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX":
		return true
	}
	return false
}

func (c *compiler) aggregates(st *statement) bool {
	return len(st.Group) > 0 || slices.ContainsFunc(st.Select, func(s *selected) bool {
		return s.Field != nil && s.Field.Call && aggregateName(s.Field.Name)
	})
}

// group understands SELECT and GROUP BY of an aggregate query.
func (c *compiler) group(p *plan, st *statement) *apiError {
	agg := &aggregation{}
	for _, g := range st.Group {
		if g.Call {
			return c.fail(g.Pos, "MALFORMED_QUERY", "unexpected token: '('")
		}
		col, e := c.column(g.Name, g.Pos)
		if e != nil {
			return e
		}
		if !col.f.group {
			return c.fail(g.Pos, "INVALID_FIELD", "field '"+col.f.name+"' can not be grouped in a query call")
		}
		agg.by = append(agg.by, col)
	}
	unnamed := 0
	for _, sel := range st.Select {
		if sel.Field == nil {
			return c.fail(sel.Pos, "MALFORMED_QUERY", "subqueries and TYPEOF are not allowed with GROUP BY or aggregates")
		}
		var one *cell
		var e *apiError
		if sel.Field.Call {
			one, e = c.aggregate(sel.Field)
		} else {
			one, e = c.grouped(agg, sel.Field)
		}
		if e != nil {
			return e
		}
		switch {
		case sel.Alias != "":
			one.key = sel.Alias
		case one.by < 0:
			one.key = fmt.Sprintf("expr%d", unnamed)
			unnamed++
		}
		if slices.ContainsFunc(agg.cells, func(x *cell) bool { return x.key == one.key }) {
			return c.fail(sel.Pos, "MALFORMED_QUERY", "duplicate alias: "+one.key)
		}
		agg.cells = append(agg.cells, one)
	}
	p.agg = agg
	return nil
}

func (c *compiler) grouped(agg *aggregation, f *operandF) (*cell, *apiError) {
	col, e := c.column(f.Name, f.Pos)
	if e != nil {
		return nil, e
	}
	for i, by := range agg.by {
		if by.f == col.f && slices.Equal(by.hops, col.hops) {
			return &cell{key: col.f.name, by: i, query: strings.ToLower(f.Name)}, nil
		}
	}
	return nil, c.fail(f.Pos, "MALFORMED_QUERY", "Field must be grouped or aggregated: "+f.Name)
}

func (c *compiler) aggregate(f *operandF) (*cell, *apiError) {
	out := &cell{by: -1, fn: strings.ToUpper(f.Name), query: strings.ToLower(f.Name + "(" + f.Arg + ")")}
	if !aggregateName(f.Name) {
		return nil, c.fail(f.Pos, "MALFORMED_QUERY", "unexpected token: '"+f.Name+"'")
	}
	if f.Arg == "" {
		return nil, c.fail(f.Pos, "MALFORMED_QUERY", "Grouped query cannot use COUNT() without a field")
	}
	col, e := c.column(f.Arg, f.Pos)
	if e != nil {
		return nil, e
	}
	numeric := out.fn == "SUM" || out.fn == "AVG"
	if numeric && !col.f.number() || !col.f.filter || (out.fn == "MIN" || out.fn == "MAX") && (col.f.kind == "boolean" || col.f.isID()) {
		return nil, c.fail(f.Pos, "MALFORMED_QUERY", "field "+col.f.name+" does not support aggregate operator "+out.fn)
	}
	out.col = col
	return out, nil
}

func (c *compiler) orderGroups(p *plan, st *statement) *apiError {
	for _, o := range st.Order {
		written := strings.ToLower(o.Field.Name)
		if o.Field.Call {
			written += "(" + strings.ToLower(o.Field.Arg) + ")"
		}
		i := slices.IndexFunc(p.agg.cells, func(x *cell) bool { return x.query == written })
		if i < 0 {
			return c.fail(o.Pos, "MALFORMED_QUERY", "Ordered field must be grouped or aggregated: "+o.Field.Name)
		}
		p.agg.order = append(p.agg.order, groupOrder{i, orderKey{desc: strings.EqualFold(o.Dir, "DESC"), nullsLast: strings.EqualFold(o.Nulls, "LAST")}})
	}
	return nil
}

// aggregateRows runs an aggregate query.
func (s *Server) aggregateRows(p *plan, now stamp) [][]any {
	bare := *p
	bare.limit, bare.offset, bare.order = -1, 0, nil
	groups := map[string]int{}
	var members [][]*record
	if len(p.agg.by) == 0 {
		members = append(members, nil)
	}
	for _, r := range s.run(&bare, now) {
		if len(p.agg.by) == 0 {
			members[0] = append(members[0], r)
			continue
		}
		var b []byte
		for _, by := range p.agg.by {
			b = append(appendValue(b, by.get(r), by.f), 0)
		}
		k := strings.ToLower(string(b))
		i, known := groups[k]
		if !known {
			i = len(members)
			groups[k] = i
			members = append(members, nil)
		}
		members[i] = append(members[i], r)
	}
	rows := make([][]any, 0, len(members))
	for _, m := range members {
		row := make([]any, len(p.agg.cells))
		for i, x := range p.agg.cells {
			if x.by >= 0 {
				row[i] = p.agg.by[x.by].get(m[0])
			} else {
				row[i] = x.fold(m)
			}
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b []any) int {
		for _, o := range p.agg.order {
			if n := o.key.compare(a[o.cell], b[o.cell]); n != 0 {
				return n
			}
		}
		return 0
	})
	rows = rows[min(p.offset, len(rows)):]
	if p.limit >= 0 && len(rows) > p.limit {
		rows = rows[:p.limit]
	}
	return rows
}

// A tally is a count, which has no decimal point in JSON.
type tally int

func (x *cell) fold(rows []*record) any {
	n, sum := 0, 0.0
	seen := map[any]bool{}
	var best any
	for _, r := range rows {
		v := x.col.get(r)
		if v == nil {
			continue
		}
		n++
		switch x.fn {
		case "COUNT_DISTINCT":
			seen[v] = true
		case "SUM", "AVG":
			sum += v.(float64)
		case "MIN", "MAX":
			if d := compare(v, best); best == nil || x.fn == "MIN" && d < 0 || x.fn == "MAX" && d > 0 {
				best = v
			}
		}
	}
	switch x.fn {
	case "COUNT":
		return tally(n)
	case "COUNT_DISTINCT":
		return tally(len(seen))
	case "SUM", "AVG":
		if n == 0 {
			return nil
		}
		if x.fn == "AVG" {
			return sum / float64(n)
		}
		return sum
	}
	return best
}

// aggregateBody writes the answer to an aggregate query. It has no pages.
func (s *Server) aggregateBody(p *plan, now stamp) ([]byte, *apiError) {
	rows := s.aggregateRows(p, now)
	if len(rows) > maxPage {
		return nil, refuse(400, "EXCEEDED_ID_LIMIT", "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch")
	}
	b := fmt.Appendf(nil, `{"totalSize":%d,"done":true,"records":[`, len(rows))
	for i, row := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"attributes":{"type":"AggregateResult"}`...)
		for k, x := range p.agg.cells {
			b = append(b, ',')
			b = append(b, jsonKey(x.key)...)
			if n, ok := row[k].(tally); ok {
				b = fmt.Append(b, int(n))
				continue
			}
			f := (*field)(nil)
			if x.by >= 0 {
				f = p.agg.by[x.by].f
			} else if x.fn != "AVG" {
				f = x.col.f
			}
			b = appendValue(b, row[k], f)
		}
		b = append(b, '}')
	}
	return append(b, `]}`...), nil
}

package sfsim

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

const (
	mostSubqueries = 20
	fieldsLimit    = 200 // rows that FIELDS(ALL) may be asked for
	typeOfSince    = 46  // API version
)

// selects understands the SELECT list.
func (c *compiler) selects(p *plan, st *statement) *apiError {
	if len(st.Select) == 1 && st.Select[0].Field != nil && st.Select[0].Field.Call && strings.EqualFold(st.Select[0].Field.Name, "COUNT") &&
		st.Select[0].Field.Arg == "" && len(st.Group) == 0 && !c.sub {
		p.count = true
		return nil
	}
	if c.aggregates(st) {
		return c.group(p, st)
	}
	p.root = newNode(p.t)
	subqueries := 0
	for _, sel := range st.Select {
		var e *apiError
		switch {
		case sel.Sub != nil:
			if subqueries++; subqueries > mostSubqueries {
				return refuse(400, "MALFORMED_QUERY", "Only %d child relationship queries are allowed", mostSubqueries)
			}
			e = c.child(p, sel)
		case sel.TypeOf != nil:
			e = c.typeOf(p.root, sel.TypeOf)
		case sel.Field.Call:
			e = c.function(p, sel, st)
		default:
			if sel.Alias != "" {
				return c.fail(sel.Pos, "MALFORMED_QUERY", "only aggregate expressions use field aliasing")
			}
			e = c.choose(p.root, sel.Field.Name, sel.Field.Pos)
		}
		if e != nil {
			return e
		}
	}
	p.wide = c.longs >= 2
	return nil
}

func newNode(t *table) *node { return &node{t: t, keys: map[string]bool{}} }

// choose adds a field by its path, with the parents on the way.
func (c *compiler) choose(n *node, path string, pos lexer.Position) *apiError {
	col, e := c.column(path, pos)
	if e != nil {
		return e
	}
	return c.place(n, col, path, pos)
}

func (c *compiler) place(n *node, col *column, path string, pos lexer.Position) *apiError {
	for _, hop := range col.hops {
		next := n.parent(hop)
		if next == nil {
			var t *table
			if !hop.byPoly {
				t = c.s.table(hop.targets[0])
			}
			next = newNode(t)
			n.items = append(n.items, &item{key: jsonKey(hop.rel), name: hop.rel, hop: hop, parent: next})
		}
		n = next
	}
	if n.keys[col.f.name] {
		return c.fail(pos, "INVALID_FIELD", "duplicate field selected: "+path)
	}
	if col.f.custom && col.f.long() {
		c.longs++
	}
	n.add(c.leaf(col.t, col.f))
	return nil
}

func (n *node) parent(hop *field) *node {
	for _, it := range n.items {
		if it.parent != nil && it.hop == hop {
			return it.parent
		}
	}
	return nil
}

func (n *node) add(it *item) {
	n.keys[it.name] = true
	n.items = append(n.items, it)
}

func jsonKey(name string) []byte { return append(appendString(nil, name), ':') }

func (c *compiler) leaf(t *table, f *field) *item {
	it := &item{key: jsonKey(f.name), name: f.name, leaf: f, pos: f.pos}
	switch {
	case t == c.s.names:
		it.get = func(r *record) any { return c.s.nameField(r, f.name) }
	case c.s.agesAway(t, f):
		it.get = func(r *record) any { return c.s.archived(r, c.s.now()) }
	case f.kind == "base64":
		version := c.version
		it.get = func(r *record) any {
			if r.vals[f.pos] == nil {
				return nil
			}
			return "/services/data/" + version + "/sobjects/" + t.name + "/" + r.id + "/" + f.name
		}
	case f.pos < 0 || f.pos == t.isDeleted:
		it.get = func(r *record) any { return r.get(f.pos) }
	}
	return it
}

// function understands FIELDS(...), toLabel(...), FORMAT(...) and
// convertCurrency(...), the functions that do not aggregate.
func (c *compiler) function(p *plan, sel *selected, st *statement) *apiError {
	f := sel.Field
	switch strings.ToUpper(f.Name) {
	case "FIELDS":
		return c.fieldSet(p, f, st)
	case "TOLABEL", "FORMAT", "CONVERTCURRENCY":
		col, e := c.column(f.Arg, f.Pos)
		if e != nil {
			return e
		}
		if strings.EqualFold(f.Name, "convertCurrency") && (col.f.kind != "currency" || !c.s.multiCurrency()) {
			return c.fail(f.Pos, "INVALID_FIELD", "convertCurrency can only be used on currency fields in multi-currency orgs")
		}
		if sel.Alias == "" {
			return c.place(p.root, col, f.Arg, f.Pos)
		}
		it := c.leaf(col.t, col.f)
		it.get, it.name, it.key = col.get, sel.Alias, jsonKey(sel.Alias)
		p.root.add(it)
		return nil
	}
	return c.fail(f.Pos, "MALFORMED_QUERY", "unexpected token: '"+f.Name+"'")
}

func (c *compiler) fieldSet(p *plan, f *operandF, st *statement) *apiError {
	which := strings.ToUpper(f.Arg)
	if which != "ALL" && which != "STANDARD" && which != "CUSTOM" {
		return c.fail(f.Pos, "INVALID_FIELD", "unknown FIELDS set: "+f.Arg)
	}
	if which != "STANDARD" && (st.Limit == nil || p.limit > fieldsLimit) {
		return refuse(400, "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most %d", fieldsLimit)
	}
	for _, fl := range p.t.fields {
		if c.s.readableField(p.t, fl.name) == nil || which == "CUSTOM" && !fl.custom || which == "STANDARD" && fl.custom {
			continue
		}
		if e := c.choose(p.root, fl.name, f.Pos); e != nil {
			return e
		}
	}
	return nil
}

// child understands a subquery in the SELECT list.
func (c *compiler) child(p *plan, sel *selected) *apiError {
	st := sel.Sub
	if c.sub {
		return c.fail(sel.Pos, "MALFORMED_QUERY", "Nesting of semi join sub-selects is not supported")
	}
	for _, rel := range p.t.children {
		if !strings.EqualFold(rel.rel, st.From.Name) || c.s.readableTable(rel.t.name, c.tooling) == nil || c.s.readableField(rel.t, rel.f.name) == nil {
			continue
		}
		if p.root.keys[rel.rel] {
			return c.fail(sel.Pos, "INVALID_FIELD", "duplicate field selected: "+rel.rel)
		}
		inner := *c
		inner.sub, inner.longs = true, 0
		kids, e := inner.compileOn(rel.t, st)
		if e != nil {
			return e
		}
		if kids.count || kids.agg != nil || st.Offset != nil && p.limit != 1 {
			return c.fail(sel.Pos, "MALFORMED_QUERY", "aggregates and OFFSET are not allowed in subqueries")
		}
		kids.link = rel.f
		p.root.add(&item{key: jsonKey(rel.rel), name: rel.rel, kids: kids})
		return nil
	}
	return c.fail(st.From.Pos, "INVALID_TYPE", fmt.Sprintf("Didn't understand relationship '%s' in FROM part of query call. If you are attempting to use a custom relationship, "+
		"be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.", st.From.Name))
}

// typeOf understands TYPEOF ... END.
func (c *compiler) typeOf(n *node, to *typeOf) *apiError {
	if v, _ := strconv.ParseFloat(strings.TrimPrefix(c.version, "v"), 64); v < typeOfSince {
		return c.fail(to.Pos, "MALFORMED_QUERY", "unexpected token: 'TYPEOF'")
	}
	hop := c.s.readableRel(c.t, to.Rel)
	if hop == nil || !hop.byPoly {
		return c.fail(to.Pos, "INVALID_FIELD", "TYPEOF is only allowed on polymorphic relationships: "+to.Rel)
	}
	it := &item{key: jsonKey(hop.rel), name: hop.rel, hop: hop, choices: map[string]*node{}}
	fields := func(t *table, list []*operandF) (*node, *apiError) {
		inner := *c
		inner.t, inner.alias = t, ""
		out := newNode(t)
		if t == c.s.names {
			out.t = nil
		}
		for _, f := range list {
			if f.Call {
				return nil, c.fail(f.Pos, "MALFORMED_QUERY", "unexpected token: '('")
			}
			if e := inner.chooseNamed(out, t, f); e != nil {
				return nil, e
			}
		}
		return out, nil
	}
	for _, w := range to.When {
		t := c.s.readableTable(w.Object, c.tooling)
		if t == nil {
			return c.fail(w.Pos, "INVALID_TYPE", "sObject type '"+w.Object+"' is not supported.")
		}
		chosen, e := fields(t, w.Fields)
		if e != nil {
			return e
		}
		it.choices[t.name] = chosen
	}
	if to.Else != nil {
		var e *apiError
		if it.other, e = fields(c.s.names, to.Else); e != nil {
			return e
		}
	}
	n.add(it)
	return nil
}

func (c *compiler) chooseNamed(n *node, t *table, f *operandF) *apiError {
	if t != c.s.names {
		return c.choose(n, f.Name, f.Pos)
	}
	fl := t.field(f.Name)
	if fl == nil {
		return c.missing(f.Pos, f.Name, "Name")
	}
	n.add(c.leaf(t, fl))
	return nil
}

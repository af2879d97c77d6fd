package sfsim

import (
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// A plan is a query that was understood and can be run.
type plan struct {
	t       *table
	version string
	all     bool // deleted and archived rows too
	root    *node
	where   func(*record) bool // nil for all
	seek    func() []*record   // nil to look at every row
	order   []orderKey
	limit   int // -1 for none
	offset  int
	count   bool // SELECT COUNT()
	agg     *aggregation
	wide    bool // pages are short
	link    *field
}

// A node is what is read of one record.
type node struct {
	t     *table // nil when the record can be of several objects
	items []*item
	keys  map[string]bool
}

// An item is one key of a record in JSON. One of leaf, parent, kids and choices
// is set.
type item struct {
	key     []byte // `"Name":`
	name    string
	leaf    *field
	pos     int
	get     func(*record) any // instead of pos
	hop     *field            // reference that parent and choices follow
	parent  *node
	kids    *plan
	choices map[string]*node // TYPEOF, by object name
	other   *node            // TYPEOF ... ELSE
}

// A column is a field reached from the object that a query is about.
type column struct {
	f    *field
	t    *table // whose field it is
	hops []*field
	get  func(*record) any
}

type compiler struct {
	s       *Server
	q       string
	version string
	tooling bool
	all     bool
	now     stamp
	t       *table
	alias   string
	sub     bool // inside a subquery or semi-join
	parents map[string]bool
	longs   int // custom long texts selected
}

func (c *compiler) fail(pos lexer.Position, code, message string) *apiError {
	return soqlError(c.q, pos, code, message)
}

const noColumn = "No such column '%s' on entity '%s'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."

func (c *compiler) missing(pos lexer.Position, name, entity string) *apiError {
	return c.fail(pos, "INVALID_FIELD", strings.Replace(strings.Replace(noColumn, "%s", name, 1), "%s", entity, 1))
}

// compile understands a whole query.
func (c *compiler) compile(st *statement) (*plan, *apiError) {
	t := c.s.readableTable(st.From.Name, c.tooling)
	if t == nil {
		return nil, c.fail(st.From.Pos, "INVALID_TYPE", "sObject type '"+st.From.Name+"' is not supported. If you are attempting to use a custom object, "+
			"be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.")
	}
	return c.compileOn(t, st)
}

func (c *compiler) compileOn(t *table, st *statement) (*plan, *apiError) {
	c.t, c.alias, c.parents = t, st.From.Alias, map[string]bool{}
	p := &plan{t: t, version: c.version, all: c.all, limit: -1}
	if e := c.bounds(p, st); e != nil {
		return nil, e
	}
	if e := c.selects(p, st); e != nil {
		return nil, e
	}
	if st.Where != nil {
		w, e := c.junction(st.Where)
		if e != nil {
			return nil, e
		}
		p.where = w
		p.seek = c.seek(st.Where)
	}
	if t.name == "ContentDocumentLink" && !c.sub && !c.linkFilter(st.Where) {
		return nil, refuse(400, "MALFORMED_QUERY", "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or LinkedEntityId using the equals operator or multiple Id's using the IN operator.")
	}
	if p.agg != nil {
		return p, c.orderGroups(p, st)
	}
	return p, c.orderRows(p, st)
}

func (c *compiler) bounds(p *plan, st *statement) *apiError {
	read := func(n *integer) (int, *apiError) {
		v, err := strconv.Atoi(n.Text)
		if err != nil || v < 0 {
			return 0, c.fail(n.Pos, "MALFORMED_QUERY", "unexpected token: '"+n.Text+"'")
		}
		return v, nil
	}
	var e *apiError
	if st.Limit != nil {
		if p.limit, e = read(st.Limit); e != nil {
			return e
		}
	}
	if st.Offset != nil {
		if p.offset, e = read(st.Offset); e != nil {
			return e
		}
		if p.offset > maxOffset {
			return refuse(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is %d", maxOffset)
		}
	}
	return nil
}

// column finds a field by its path from the query's object.
func (c *compiler) column(name string, pos lexer.Position) (*column, *apiError) {
	path := strings.Split(name, ".")
	if len(path) > 1 && (strings.EqualFold(path[0], c.t.name) && c.s.readableRel(c.t, path[0]) == nil || c.alias != "" && strings.EqualFold(path[0], c.alias)) {
		path = path[1:]
	}
	col := &column{t: c.t}
	if len(path) > 6 {
		return nil, c.fail(pos, "INVALID_FIELD", "SELECT statements can't have more than five relationship levels")
	}
	for i, step := range path[:len(path)-1] {
		var f *field
		if col.t != c.s.names {
			f = c.s.readableRel(col.t, step)
		}
		if f == nil {
			return nil, c.fail(pos, "INVALID_FIELD", "Didn't understand relationship '"+step+"' in field path. If you are attempting to use a custom relationship, "+
				"be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.")
		}
		col.hops = append(col.hops, f)
		c.parents[strings.ToLower(strings.Join(path[:i+1], "."))] = true
		if f.byPoly {
			col.t = c.s.names
			continue
		}
		if col.t = c.s.readableTable(f.targets[0], c.tooling); col.t == nil {
			return nil, c.missing(pos, path[len(path)-1], f.targets[0])
		}
	}
	if len(c.parents) > 55 {
		return nil, refuse(400, "MALFORMED_QUERY", "Maximum number of child-to-parent relationships is 55")
	}
	last := path[len(path)-1]
	if col.t == c.s.names {
		col.f = col.t.field(last)
	} else {
		col.f = c.s.readableField(col.t, last)
	}
	if col.f == nil {
		return nil, c.missing(pos, last, col.t.name)
	}
	c.s.getter(col)
	return col, nil
}

// getter makes the column's way of reading a record.
func (s *Server) getter(col *column) {
	leaf := func(r *record) any { return r.get(col.f.pos) }
	switch {
	case s.agesAway(col.t, col.f):
		leaf = func(r *record) any { return s.archived(r, s.now()) }
	case col.t == s.names:
		leaf = func(r *record) any { return s.nameField(r, col.f.name) }
	case len(col.hops) == 0 && col.f.pos >= 0 && col.f.pos != col.t.isDeleted:
		pos := col.f.pos
		col.get = func(r *record) any { return r.vals[pos] }
		return
	}
	col.get = func(r *record) any {
		for _, hop := range col.hops {
			if r = s.parentOf(r, hop); r == nil {
				return nil
			}
		}
		return leaf(r)
	}
}

// agesAway reports whether a field is IsArchived, which time sets.
func (s *Server) agesAway(t *table, f *field) bool {
	return f.name == "IsArchived" && (t == s.task || t == s.event)
}

// nameField reads what the Name object shows of a record of any kind.
func (s *Server) nameField(r *record, name string) any {
	switch name {
	case "Id":
		return r.id
	case "Name":
		return s.nameOf(r.id)
	case "Type":
		if r.t.name == "Group" && r.str("Type") == "Queue" {
			return "Queue"
		}
		return r.t.name
	}
	return r.val(name)
}

// seek finds rows by index, if the query's conditions name ids that all rows
// it wants must have. It may find too many, never too few.
func (c *compiler) seek(j *junction) func() []*record {
	if j == nil || len(j.Or) > 0 {
		return nil
	}
	var best func() []*record
	for _, t := range append([]*term{j.First}, j.And...) {
		if t.Nest != nil {
			if f := c.seek(t.Nest); f != nil {
				best = f
			}
			continue
		}
		if t.Cmp == nil || t.Cmp.Not || (t.Cmp.Op != "=" && !t.Cmp.In) {
			continue
		}
		col, e := c.column(t.Cmp.Left.Name, t.Cmp.Pos)
		if e != nil || t.Cmp.Left.Call || len(col.hops) > 0 || !col.f.isID() || col.f.pos >= 0 && !col.f.indexed {
			continue
		}
		ids, e := c.ids(t.Cmp, col)
		if e != nil || slices.Contains(ids, "") {
			continue
		}
		at, pos := c.t, col.f.pos
		if pos < 0 { // nothing narrows more than the record's own id
			return func() []*record { return lookup(ids, func(id string) []*record { return one(at.byID[id]) }) }
		}
		best = func() []*record { return lookup(ids, func(id string) []*record { return at.index[pos][id] }) }
	}
	return best
}

func one(r *record) []*record {
	if r == nil {
		return nil
	}
	return []*record{r}
}

func lookup(ids []string, find func(string) []*record) []*record {
	var out []*record
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, find(id)...)
		}
	}
	return out
}

// linkFilter reports whether a condition names the documents or the records of
// file links outright, as the platform wants it.
func (c *compiler) linkFilter(j *junction) bool {
	if j == nil || len(j.Or) > 0 {
		return false
	}
	for _, t := range append([]*term{j.First}, j.And...) {
		switch {
		case t.Nest != nil:
			if c.linkFilter(t.Nest) {
				return true
			}
		case t.Cmp != nil && !t.Cmp.Not && t.Cmp.Sub == nil && (t.Cmp.Op == "=" || t.Cmp.In):
			switch strings.ToLower(t.Cmp.Left.Name) {
			case "id", "contentdocumentid", "linkedentityid":
				return true
			}
		}
	}
	return false
}

package sfsim

import (
	"strconv"
	"strings"
	"sync"
)

// locators keeps the cursors that queries left open. It has a lock of its own,
// because queries run beside each other.
type locators struct {
	lmu     sync.Mutex
	cursors map[string]*locator
	n       uint64
}

// A locator is an open cursor. It belongs to the session that made it.
type locator struct {
	id      string
	session string
	plan    *plan
	rows    []*record
	size    int
	expires stamp
	issued  map[int]bool // offsets that were handed out and may be asked for
}

const (
	locatorDays       = 2       // Salesforce REST API Developer Guide, read 2026-11
	finishedFor stamp = 15 * 60 // a cursor that was read to its end is kept for those who ask again
)

func (l *locators) start() { l.cursors = map[string]*locator{} }

// query answers GET /query and /queryAll.
func (c *call) query(all, tooling bool) (*answer, *apiError) {
	if c.params.Has("explain") {
		return c.explain(tooling)
	}
	q := c.params.Get("q")
	if !c.params.Has("q") {
		return nil, refuse(400, "MALFORMED_QUERY", "A query string has to be specified")
	}
	p, e := c.plan(q, all, tooling)
	if e != nil {
		return nil, e
	}
	if c.params.Get("columns") == "true" {
		return ok(c.columns(p)), nil
	}
	if p.agg != nil {
		b, e := c.s.aggregateBody(p, c.now)
		return &answer{status: 200, body: b}, e
	}
	rows := c.s.run(p, c.now)
	if p.count {
		return ok(map[string]any{"totalSize": len(rows), "done": true, "records": []any{}}), nil
	}
	size := c.pageSize(p)
	pg := &page{c: c}
	at := pg.parentPage(p, rows, 0, size)
	id := ""
	if at < len(rows) {
		id = c.s.locators.open(c, p, rows)
		c.s.locators.sized(id, size)
	}
	return &answer{status: 200, body: pg.envelope(len(rows), id, at, tooling)}, nil
}

func (c *call) plan(q string, all, tooling bool) (*plan, *apiError) {
	st, e := parseSOQL(c.s.grammar, q)
	if e != nil {
		return nil, e
	}
	return (&compiler{s: c.s, q: q, version: c.version, tooling: tooling, all: all, now: c.now}).compile(st)
}

// envelope puts the outer keys of a query result around the page's records.
func (p *page) envelope(total int, id string, at int, tooling bool) []byte {
	b := append([]byte(`{"totalSize":`), strconv.Itoa(total)...)
	if id == "" {
		b = append(b, `,"done":true,`...)
	} else {
		next := p.next(id, at)
		if tooling {
			next = strings.Replace(next, "/query/", "/tooling/query/", 1)
		}
		p.c.s.locators.issue(id, at)
		b = append(b, `,"done":false,"nextRecordsUrl":`...)
		b = appendString(b, next)
		b = append(b, ',')
	}
	b = append(b, p.b...)
	return append(b, '}')
}

// pageSize is how many rows a page of the plan has at most. The header is a
// wish within bounds.
func (c *call) pageSize(p *plan) int {
	size := maxPage
	for _, part := range strings.FieldsFunc(c.r.Header.Get("Sforce-Query-Options"), func(r rune) bool { return r == ',' || r == ';' }) {
		name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && strings.EqualFold(strings.TrimSpace(name), "batchSize") {
			size = min(max(n, minPage), maxPage)
		}
	}
	if p.wide && !c.s.o.WidePages {
		size = min(size, minPage)
	}
	return min(size, c.s.o.PageSize)
}

// open keeps a cursor and names it.
func (l *locators) open(c *call, p *plan, rows []*record) string {
	l.lmu.Lock()
	defer l.lmu.Unlock()
	for id, old := range l.cursors {
		if old.expires < c.now {
			delete(l.cursors, id)
		}
	}
	l.n++
	id := mintID("0r8", c.s.pod, c.s.base+l.n)
	l.cursors[id] = &locator{
		id: id, session: c.session.token, plan: p, rows: rows, size: min(maxPage, c.s.o.PageSize), expires: c.now + locatorDays*day, issued: map[int]bool{},
	}
	return id
}

func (l *locators) sized(id string, size int) {
	l.lmu.Lock()
	defer l.lmu.Unlock()
	l.cursors[id].size = size
}

func (l *locators) issue(id string, at int) {
	l.lmu.Lock()
	defer l.lmu.Unlock()
	if x := l.cursors[id]; x != nil {
		x.issued[at] = true
	}
}

func (s *Server) locatorObject(text string) string {
	id, _, _ := strings.Cut(text, "-")
	s.lmu.Lock()
	defer s.lmu.Unlock()
	if x := s.cursors[id]; x != nil {
		return x.plan.t.name
	}
	return ""
}

// queryMore answers GET /query/{locator}-{offset}.
func (c *call) queryMore(text string) (*answer, *apiError) {
	id, offset, _ := strings.Cut(text, "-")
	at, err := strconv.Atoi(offset)
	l := &c.s.locators
	l.lmu.Lock()
	x := l.cursors[id]
	known := err == nil && x != nil && x.expires >= c.now && x.issued[at]
	foreign := x != nil && x.session != c.session.token
	if known && !foreign && c.s.o.LocatorsOnce {
		delete(x.issued, at)
	}
	l.lmu.Unlock()
	switch {
	case foreign:
		return nil, badSession()
	case !known:
		return nil, refuse(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	pg := &page{c: c}
	next := pg.parentPage(x.plan, x.rows, at, x.size)
	if next >= len(x.rows) {
		id = ""
		l.lmu.Lock()
		x.expires = min(x.expires, c.now+finishedFor)
		l.lmu.Unlock()
	}
	tooling := strings.HasPrefix(c.kind, "tooling")
	return &answer{status: 200, body: pg.envelope(len(x.rows), id, next, tooling)}, nil
}

// explain answers ?explain= with the one plan this org knows.
func (c *call) explain(tooling bool) (*answer, *apiError) {
	p, e := c.plan(c.params.Get("explain"), false, tooling)
	if e != nil {
		return nil, e
	}
	how, n := "TableScan", len(p.t.rows)
	if p.seek != nil {
		how, n = "Index", len(p.seek())
	}
	return ok(map[string]any{"plans": []any{map[string]any{
		"cardinality": n, "fields": []string{}, "leadingOperationType": how, "notes": []any{}, "relativeCost": 0.5,
		"sobjectCardinality": len(p.t.rows), "sobjectType": p.t.name,
	}}}), nil
}

// columns describes a query's columns instead of running it.
func (c *call) columns(p *plan) map[string]any {
	var list []any
	selected := false
	describe := func(name string, f *field) map[string]any {
		kind := "String"
		insert, update, custom := false, false, false
		if f != nil {
			kind = apexKind(f)
			insert, update, custom = f.create, f.update, f.custom
		}
		return map[string]any{
			"aggregate": f == nil, "apexType": kind, "booleanType": kind == "Boolean", "columnName": name, "custom": custom, "displayName": name,
			"foreignKeyName": nil, "insertable": insert, "joinColumns": []any{}, "numberType": kind == "Double" || kind == "Integer",
			"textType": kind == "String", "updatable": update,
		}
	}
	var walk func(n *node) []any
	walk = func(n *node) []any {
		out := []any{}
		for _, it := range n.items {
			d := describe(it.name, it.leaf)
			d["aggregate"] = false
			switch {
			case it.parent != nil:
				d["joinColumns"], d["foreignKeyName"] = walk(it.parent), it.hop.name
			case it.kids != nil:
				d["joinColumns"], d["aggregate"] = walk(it.kids.root), true
			case it.name == "Id":
				selected = true
			}
			out = append(out, d)
		}
		return out
	}
	if p.agg != nil {
		for _, x := range p.agg.cells {
			list = append(list, describe(x.key, nil))
		}
	} else if p.root != nil {
		list = walk(p.root)
	}
	if list == nil {
		list = []any{}
	}
	return map[string]any{
		"columnMetadata": list, "entityName": p.t.name, "groupBy": p.agg != nil && len(p.agg.by) > 0, "idSelected": selected, "keyPrefix": p.t.prefix,
	}
}

func apexKind(f *field) string {
	switch f.kind {
	case "boolean":
		return "Boolean"
	case "double", "currency", "percent":
		return "Double"
	case "int":
		return "Integer"
	case "date":
		return "Date"
	case "datetime":
		return "Datetime"
	case "id", "reference":
		return "Id"
	}
	return "String"
}

package sfsim

import "strconv"

// A page is a query result on its way out.
type page struct {
	c    *call
	b    []byte
	rows int // so far, children included
}

// attributes opens a record's object.
func (p *page) attributes(kind string, r *record) {
	p.b = append(p.b, `{"attributes":{"type":"`...)
	p.b = append(p.b, kind...)
	p.b = append(p.b, `","url":"/services/data/`...)
	p.b = append(p.b, p.c.version...)
	p.b = append(p.b, `/sobjects/`...)
	p.b = append(p.b, r.t.name...)
	p.b = append(p.b, '/')
	p.b = append(p.b, r.id...)
	p.b = append(p.b, `"}`...)
}

// record writes one record as a node of a plan sees it.
func (p *page) record(n *node, r *record) {
	kind := r.t.name
	if n.t == nil {
		kind = "Name"
	}
	p.attributes(kind, r)
	p.items(n, r)
	p.b = append(p.b, '}')
}

func (p *page) items(n *node, r *record) {
	for _, it := range n.items {
		p.b = append(p.b, ',')
		p.b = append(p.b, it.key...)
		switch {
		case it.leaf != nil && it.get == nil:
			p.b = appendValue(p.b, r.vals[it.pos], it.leaf)
		case it.leaf != nil:
			p.b = appendValue(p.b, it.get(r), it.leaf)
		case it.parent != nil:
			p.through(it.parent, p.c.s.parentOf(r, it.hop))
		case it.kids != nil:
			p.children(it.kids, r)
		default:
			to := p.c.s.byRef(r.get(it.hop.pos))
			var as *node
			if to != nil {
				if as = it.choices[to.t.name]; as == nil {
					as = it.other
				}
			}
			p.through(as, to)
		}
	}
}

func (p *page) through(n *node, r *record) {
	if r == nil || n == nil {
		p.b = append(p.b, "null"...)
		return
	}
	p.record(n, r)
}

// children writes a subquery's rows, the first page of them.
func (p *page) children(kids *plan, r *record) {
	rows := p.c.s.pick(kids, kids.t.index[kids.link.pos][r.id], p.c.now)
	if len(rows) == 0 {
		p.b = append(p.b, "null"...)
		return
	}
	shown := min(len(rows), p.c.s.o.ChildPageSize)
	p.result(kids, rows, 0, shown)
	p.rows += shown
}

// result writes rows[from:to] as a query result; if more are to come, with the
// place where they are.
func (p *page) result(pl *plan, rows []*record, from, to int) {
	p.b = append(p.b, `{"totalSize":`...)
	p.b = strconv.AppendInt(p.b, int64(len(rows)), 10)
	if to < len(rows) {
		p.b = append(p.b, `,"done":false,"nextRecordsUrl":`...)
		id := p.c.s.locators.open(p.c, pl, rows)
		p.b = appendString(p.b, p.next(id, to))
		p.c.s.locators.issue(id, to)
	} else {
		p.b = append(p.b, `,"done":true`...)
	}
	p.records(pl, rows[from:to])
	p.b = append(p.b, '}')
}

func (p *page) next(id string, at int) string {
	return "/services/data/" + p.c.version + "/query/" + id + "-" + strconv.Itoa(at)
}

func (p *page) records(pl *plan, rows []*record) {
	p.b = append(p.b, `,"records":[`...)
	for i, r := range rows {
		if i > 0 {
			p.b = append(p.b, ',')
		}
		p.record(pl.root, r)
	}
	p.b = append(p.b, ']')
	p.c.served(pl.t, len(rows))
}

// parentPage writes as many rows from the given one on as a page holds, their
// children counted in, and returns where the next page starts. Rows that have
// vanished since the query was opened are left out.
func (p *page) parentPage(pl *plan, rows []*record, from, size int) int {
	at, first, n := from, true, 0
	p.b = append(p.b, `"records":[`...)
	for at < len(rows) && p.rows < size {
		r := rows[at]
		at++
		if !p.c.s.readable(r, pl.all, p.c.now) {
			continue
		}
		if !first {
			p.b = append(p.b, ',')
		}
		first = false
		p.record(pl.root, r)
		p.rows++
		n++
	}
	p.b = append(p.b, ']')
	p.c.served(pl.t, n)
	return at
}

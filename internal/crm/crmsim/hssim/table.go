package hssim

import (
	"sort"
	"strconv"
	"strings"
)

// A table holds all records and property definitions of one kind.
type table struct {
	kind
	props   map[string]*property
	slots   []*property // by slot
	groups  []*group
	records map[int64]*record
	order   []*record // by id, oldest first; merged and archived ones stay
	lastID  int64
	unique  map[uint16]map[string]*record
	ix      index
}

func newTable(k kind) *table {
	t := &table{
		kind: k, props: map[string]*property{}, records: map[int64]*record{}, lastID: k.firstID,
		unique: map[uint16]map[string]*record{},
	}
	t.ix.sets = map[string]*matches{}
	return t
}

// add makes a record with a fresh id. Ids only grow, with gaps, and are the
// same in every run with the same order of events.
func (t *table) add(st *state) *record {
	n := uint64(len(t.order))
	t.lastID += 23 + int64((n*2_654_435_761>>7)%131)
	r := &record{t: t, id: t.lastID, ord: len(t.order), cur: st}
	t.records[r.id] = r
	t.order = append(t.order, r)
	return r
}

// find resolves a record id as a path or body gives it; nil if there is none.
// Merged-away records are found as themselves.
func (t *table) find(id string) *record {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 {
		return nil
	}
	return t.records[n]
}

// findBy resolves a record by a unique property.
func (t *table) findBy(p *property, value string) *record {
	return t.unique[p.slot][strings.ToLower(strings.TrimSpace(value))]
}

// firstFrom is the position in order of the first id not below id.
func (t *table) firstFrom(id int64) int {
	return sort.Search(len(t.order), func(i int) bool { return t.order[i].id >= id })
}

// claim keeps the index of a unique property in step with a write.
func (t *table) claim(p *property, r *record, old, text string) {
	if !p.unique {
		return
	}
	m := t.unique[p.slot]
	if m == nil {
		m = map[string]*record{}
		t.unique[p.slot] = m
	}
	if old = strings.ToLower(old); old != "" && m[old] == r {
		delete(m, old)
	}
	if text = strings.ToLower(text); text != "" && m[text] == nil {
		m[text] = r
	}
}

// define adds a property definition and gives it its slot.
func (t *table) define(p *property) *property {
	p.slot = uint16(len(t.slots))
	t.slots = append(t.slots, p)
	t.props[p.name] = p
	return p
}

// prop finds a property the token may see; nil for unknown, archived and
// hidden ones.
func (t *table) prop(name string) *property {
	p := t.props[name]
	if p == nil || p.archived != 0 || p.veiled || p.guarded {
		return nil
	}
	return p
}

func (t *table) groupNamed(name string) *group {
	for _, g := range t.groups {
		if g.Name == name && !g.Archived {
			return g
		}
	}
	return nil
}

// customs counts the properties that are not HubSpot's own.
func (t *table) customs() int {
	n := 0
	for _, p := range t.slots {
		if !p.builtin && p.archived == 0 {
			n++
		}
	}
	return n
}

// uniques counts the properties made with hasUniqueValue.
func (t *table) uniques() int {
	n := 0
	for _, p := range t.slots {
		if p.unique && !p.builtin && p.archived == 0 {
			n++
		}
	}
	return n
}

// selection resolves the properties of an answer: always the record's own
// stamps and id, the defaults if none are asked for, and what is asked for.
// Unknown names are left out, as the vendor does.
func (t *table) selection(asked []string) []*property {
	names := append([]string{t.created, t.modified, "hs_object_id"}, asked...)
	if len(asked) == 0 {
		names = append(names, t.defaults...)
	}
	seen := make(map[string]bool, len(names))
	out := make([]*property, 0, len(names))
	for _, name := range names {
		name = strings.TrimSpace(name)
		if p := t.prop(name); p != nil && !seen[name] {
			seen[name] = true
			out = append(out, p)
		}
	}
	return out
}

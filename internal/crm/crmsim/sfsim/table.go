package sfsim

import (
	"slices"
	"sort"
	"strings"
)

// A record is one row. vals follow table.fields, without the id. A value is
// nil, a string (texts, ids, dates), a bool, a float64 or a stamp.
type record struct {
	t         *table
	id        string
	vals      []any
	shuffle   uint32 // where the row comes when nothing orders it
	deleted   bool   // in the Recycle Bin
	gone      bool   // not even there
	deletedAt stamp
	cause     *record // whose deletion took it along, or itself
}

// stamp is an instant in Unix seconds: the vendor keeps no finer ones.
type stamp int64

// A table is an object with its rows.
type table struct {
	name, prefix, label, plural string

	canCreate, canUpdate, canDelete bool
	undeletable, replicates, merges bool
	layout, tooling, custom         bool
	object                          *customObject // nil for those that every org has

	fields   []*field
	byName   map[string]*field // by lower-case name
	exact    map[string]*field // by the name as it is spelled
	rels     map[string]*field // by lower-case name of the relationship to the parent
	children []child
	n        int // columns beside the id

	rows  []*record // in the order of their ids
	byID  map[string]*record
	index map[int]map[string][]*record // position of an indexed field -> value -> rows
	next  uint64
	dead  int // rows that are gone but still in rows
	log   []deletion

	// positions of the platform's own columns, -1 where there are none
	created, createdBy, modified, modifiedBy, mod, isDeleted, owner, active int
}

// A deletion is a line of the delete log, which replication reads.
type deletion struct {
	id string
	at stamp
}

func newTable(name, prefix, labels, calls string) *table {
	one, many, _ := strings.Cut(strings.ReplaceAll(labels, "_", " "), "/")
	t := &table{
		name: name, prefix: prefix, label: one, plural: many,
		byName: map[string]*field{}, exact: map[string]*field{}, rels: map[string]*field{}, byID: map[string]*record{},
		index: map[int]map[string][]*record{},
	}
	if calls == "tooling" {
		t.tooling = true
		calls = ""
	}
	has := func(c string) bool { return strings.Contains(calls, c) }
	t.canCreate, t.canUpdate, t.canDelete = has("c"), has("u"), has("d")
	t.undeletable, t.replicates, t.merges, t.layout = has("n"), has("r"), has("m"), has("l")
	t.positions()
	return t
}

func (t *table) positions() {
	for name, at := range map[string]*int{
		"createddate": &t.created, "createdbyid": &t.createdBy, "lastmodifieddate": &t.modified,
		"lastmodifiedbyid": &t.modifiedBy, "systemmodstamp": &t.mod, "isdeleted": &t.isDeleted,
		"ownerid": &t.owner, "isactive": &t.active,
	} {
		*at = -1
		if f := t.byName[name]; f != nil {
			*at = f.pos
		}
	}
}

func (t *table) addField(f *field) {
	f.pos = t.n
	if f.kind == "id" {
		f.pos = -1
	} else {
		t.n++
	}
	if f.externalID || f.unique {
		f.indexed, f.idLookup = true, true
	}
	t.fields = append(t.fields, f)
	t.byName[strings.ToLower(f.name)], t.exact[f.name] = f, f
	if f.rel != "" {
		t.rels[strings.ToLower(f.rel)] = f
	}
	if f.indexed {
		t.index[f.pos] = map[string][]*record{}
	}
	for _, r := range t.rows {
		for len(r.vals) < t.n {
			r.vals = append(r.vals, f.def)
		}
	}
	t.positions()
}

// field finds a column by name, in any case.
func (t *table) field(name string) *field { return t.byName[strings.ToLower(name)] }

// at is the position of a column that the schema is known to have.
func (t *table) at(name string) int { return t.exact[name].pos }

func (r *record) get(pos int) any {
	switch {
	case pos < 0:
		return r.id
	case pos == r.t.isDeleted:
		return r.deleted
	}
	return r.vals[pos]
}

// val reads a column by name; nil if the object has no such column.
func (r *record) val(name string) any {
	f := r.t.exact[name]
	if f == nil {
		return nil
	}
	return r.get(f.pos)
}

func (r *record) str(name string) string { s, _ := r.val(name).(string); return s }

// by returns the rows whose indexed column has the value. The slice is the
// table's own.
func (t *table) by(column, value string) []*record {
	return t.index[t.at(column)][key(value)]
}

// key is how values are indexed: ids as they are, external keys in lower case.
func key(v any) string {
	s, ok := v.(string)
	if !ok {
		if f, isNumber := v.(float64); isNumber {
			return string(appendNumber(nil, f, false))
		}
		return ""
	}
	if len(s) == 18 {
		return s
	}
	return strings.ToLower(s)
}

// compact forgets rows that are gone, once there are many of them.
func (t *table) compact() {
	if t.dead > 1000 && t.dead > len(t.rows)/4 {
		t.rows = slices.DeleteFunc(t.rows, func(r *record) bool { return r.gone })
		t.dead = 0
	}
}

// spot is where an id stands, or would stand, among the rows.
func (t *table) spot(id string) int {
	return sort.Search(len(t.rows), func(i int) bool { return t.rows[i].id >= id })
}

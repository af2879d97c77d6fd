package sfsim

import (
	"slices"
	"strings"
)

// The store's few ways to change a row. While an undo list is open, each notes
// how to take itself back, so that a call can be rolled back as a whole.

func (s *Server) undoing(f func()) {
	if s.undo != nil {
		*s.undo = append(*s.undo, f)
	}
}

// atomically runs do and takes back all it changed if it reports false.
func (s *Server) atomically(do func() bool) bool {
	outer := s.undo
	var list []func()
	s.undo = &list
	ok := do()
	s.undo = outer
	if !ok {
		for i := len(list) - 1; i >= 0; i-- {
			list[i]()
		}
		return false
	}
	if outer != nil {
		*outer = append(*outer, list...)
		return true
	}
	for _, t := range s.list {
		t.compact()
	}
	return true
}

func (s *Server) newRecord(t *table) *record {
	r := &record{t: t, id: mintID(t.prefix, s.pod, s.base+t.next), vals: make([]any, t.n)}
	t.next++
	for _, f := range t.fields {
		if f.def != nil {
			r.vals[f.pos] = f.def
		}
	}
	return r
}

func (s *Server) add(r *record) {
	t := r.t
	r.gone = false
	h := uint32(2166136261)
	for i := range len(r.id) {
		h = (h ^ uint32(r.id[i])) * 16777619
	}
	r.shuffle = h ^ h>>15
	t.byID[r.id] = r
	if n := len(t.rows); n == 0 || t.rows[n-1].id < r.id {
		t.rows = append(t.rows, r)
	} else if i := t.spot(r.id); i < n && t.rows[i] == r {
		t.dead--
	} else {
		t.rows = slices.Insert(t.rows, i, r)
	}
	for pos, ix := range t.index {
		if k := key(r.vals[pos]); k != "" {
			ix[k] = append(ix[k], r)
		}
	}
	s.undoing(func() { s.vanish(r) })
}

// vanish takes a row out for good.
func (s *Server) vanish(r *record) {
	t := r.t
	r.gone = true
	delete(t.byID, r.id)
	t.dead++
	for pos, ix := range t.index {
		unindex(ix, key(r.vals[pos]), r)
	}
	if s.undo == nil {
		t.compact()
	}
	s.undoing(func() { s.add(r) })
}

func unindex(ix map[string][]*record, k string, r *record) {
	if i := slices.Index(ix[k], r); i >= 0 {
		ix[k] = slices.Concat(ix[k][:i], ix[k][i+1:])
	}
}

func (s *Server) put(r *record, pos int, v any) {
	old := r.vals[pos]
	if old == v {
		return
	}
	r.vals[pos] = v
	if ix := r.t.index[pos]; ix != nil && !r.gone && r.t.byID[r.id] == r {
		unindex(ix, key(old), r)
		if k := key(v); k != "" {
			ix[k] = append(slices.Clip(ix[k]), r)
		}
	}
	s.undoing(func() { s.put(r, pos, old) })
}

// set is put by the name of a column, which the object must have.
func (s *Server) set(r *record, name string, v any) { s.put(r, r.t.at(name), v) }

func (s *Server) setDeleted(r *record, deleted bool, at stamp, cause *record) {
	was, wasAt, by := r.deleted, r.deletedAt, r.cause
	r.deleted, r.deletedAt, r.cause = deleted, at, cause
	s.undoing(func() { r.deleted, r.deletedAt, r.cause = was, wasAt, by })
}

func (s *Server) logDeletion(r *record, at stamp) {
	t := r.t
	t.log = append(t.log, deletion{r.id, at})
	s.undoing(func() { t.log = t.log[:len(t.log)-1] })
}

// find looks a record up by an id of either length; nil if there is none.
func (s *Server) find(t *table, id string) *record {
	full, ok := fullID(id)
	if !ok {
		return nil
	}
	return t.byID[full]
}

// ofID is the object that ids with this one's prefix belong to.
func (s *Server) ofID(id string) *table {
	if len(id) < 3 {
		return nil
	}
	return s.prefixes[id[:3]]
}

// byRef follows a reference; nil if it leads nowhere.
func (s *Server) byRef(id any) *record {
	text, _ := id.(string)
	if t := s.ofID(text); t != nil {
		return t.byID[text]
	}
	return nil
}

// entities is the object whose records stand for objects.
const entities = "EntityDefinition"

// parentOf follows a reference of a record; nil if it leads nowhere.
func (s *Server) parentOf(r *record, hop *field) *record {
	if len(hop.targets) == 1 && hop.targets[0] == entities {
		name, _ := r.get(hop.pos).(string)
		for _, e := range s.table(entities).by("DurableId", name) {
			return e
		}
		return nil
	}
	return s.byRef(r.get(hop.pos))
}

// table finds an object by name in any case.
func (s *Server) table(name string) *table { return s.tables[strings.ToLower(name)] }

// readable reports whether the row can be seen: never after 15 days in the
// Recycle Bin, deleted and archived ones only by queryAll.
func (s *Server) readable(r *record, all bool, now stamp) bool {
	if r.gone {
		return false
	}
	if r.deleted {
		return all && now-r.deletedAt < binDays*day
	}
	return all || !s.archived(r, now)
}

const (
	day     stamp = 24 * 3600
	binDays       = 15
	archive       = 365 // days after which activities leave plain queries
)

// archived reports whether an activity is so old that only queryAll has it.
func (s *Server) archived(r *record, now stamp) bool {
	if s.o.NoArchive || (r.t != s.task && r.t != s.event) {
		return false
	}
	if r.t == s.task && r.vals[s.taskClosed] != true {
		return false
	}
	at := s.taskDate
	if r.t == s.event {
		at = s.eventDate
	}
	on, _ := r.vals[at].(string)
	return on != "" && on < dateOf(now-archive*day)
}

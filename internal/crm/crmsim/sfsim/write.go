package sfsim

import (
	"maps"
	"slices"
	"strings"
)

// An actor is who writes: a user, through the API or in the browser. The API is
// bound by field permissions, the browser acts as an admin.
type actor struct {
	id  string
	api bool
	at  stamp
}

// A draft is a write that was checked and not done yet.
type draft struct {
	t   *table
	r   *record // nil until a new row is made
	set map[*field]any
}

// allowed refuses what an object cannot do.
func (s *Server) allowed(a actor, t *table, may bool, verb string) *recordError {
	if right := grantTables[t.name]; a.api && right != "" && s.denied[right] {
		return noAccess()
	}
	if !may {
		return deny("INVALID_TYPE_FOR_OPERATION", "entity type cannot be "+verb+": "+t.label)
	}
	return nil
}

func noAccess() *recordError {
	return deny("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
}

// draft checks values against the object's rules. r is nil for inserts.
func (s *Server) draft(a actor, t *table, r *record, in map[string]any) (*draft, *recordError, *apiError) {
	if r == nil {
		if e := s.allowed(a, t, t.canCreate || !a.api, "inserted"); e != nil {
			return nil, e, nil
		}
		if s.lacks(a, t, func(may access) bool { return may.create }) {
			return nil, deny("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: "+t.label), nil
		}
	} else {
		if e := s.allowed(a, t, t.canUpdate || !a.api, "updated"); e != nil {
			return nil, e, nil
		}
		if s.lacks(a, t, func(may access) bool { return may.edit }) {
			return nil, noAccess(), nil
		}
		if r.deleted || r.gone {
			return nil, deny("ENTITY_IS_DELETED", "entity is deleted"), nil
		}
	}
	d := &draft{t: t, r: r, set: map[*field]any{}}
	var closed []string
	var first *recordError
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if strings.EqualFold(name, "attributes") || strings.EqualFold(name, "id") {
			continue
		}
		f := t.field(name)
		if f == nil {
			return nil, nil, refuse(400, "INVALID_FIELD", "No such column '%s' on sobject of type %s", name, t.name)
		}
		if a.api && !s.writeable(t, f, r == nil) {
			closed = append(closed, f.name)
			continue
		}
		v, bad, spoiled := s.coerce(f, in[name])
		if spoiled != nil {
			return nil, nil, spoiled
		}
		if first == nil {
			first = bad
		}
		d.set[f] = v
	}
	if len(closed) > 0 {
		return nil, deny("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: "+strings.Join(closed, ", ")+
			". Please check the security settings of this field and verify that it is read/write for your profile or permission set.", closed...), nil
	}
	if first == nil && r == nil {
		first = s.fillIn(a, d)
	}
	if first == nil {
		first = s.checkDraft(a, d)
	}
	return d, first, nil
}

func (s *Server) writeable(t *table, f *field, insert bool) bool {
	k := strings.ToLower(t.name + "." + f.name)
	if s.hidden[k] || s.locked[k] || f.custom && !f.edited {
		return false
	}
	return insert && f.create || !insert && f.update
}

// fillIn sets the defaults of a new record and reports what is missing.
func (s *Server) fillIn(a actor, d *draft) *recordError {
	var missing []string
	for _, f := range d.t.fields {
		if _, ok := d.set[f]; ok || f.kind == "id" {
			continue
		}
		switch {
		case f.def != nil:
			d.set[f] = f.def
		case f.pos == d.t.owner:
			d.set[f] = a.id
		case f.required:
			missing = append(missing, f.name)
		}
	}
	if missing != nil {
		return deny("REQUIRED_FIELD_MISSING", "Required fields are missing: ["+strings.Join(missing, ", ")+"]", missing...)
	}
	return nil
}

func (s *Server) checkDraft(a actor, d *draft) *recordError {
	for f, v := range d.set {
		if f.pos == d.t.owner && v != nil {
			if e := s.checkOwner(d, f, v); e != nil {
				return e
			}
		}
		if f.unique && v != nil {
			for _, other := range d.t.index[f.pos][key(v)] {
				if other != d.r && !other.deleted {
					return deny("DUPLICATE_VALUE", "duplicate value found: "+f.name+" duplicates value on record with id: "+other.id[:15])
				}
			}
		}
	}
	if e := s.checkGrant(d); e != nil {
		return e
	}
	if e := checkPost(d); e != nil || !a.api {
		return e
	}
	return s.checkRules(d)
}

func (d *draft) text(name string) string { v, _ := d.set[d.t.exact[name]].(string); return v }

func (s *Server) checkOwner(d *draft, f *field, v any) *recordError {
	owner := s.byRef(v)
	if owner == nil {
		return nil
	}
	if d.r != nil && d.r.get(f.pos) == v {
		return nil
	}
	switch owner.t.name {
	case "User":
		if owner.val("IsActive") != true {
			return deny("INACTIVE_OWNER_OR_USER", "operation performed with inactive user ["+owner.id[:15]+"] as owner of "+strings.ToLower(d.t.label))
		}
	case "Group":
		for _, q := range s.table("QueueSobject").rows {
			if q.val("QueueId") == owner.id && q.val("SobjectType") == d.t.name {
				return nil
			}
		}
		return deny("FIELD_INTEGRITY_EXCEPTION", f.label+": id value of incorrect type: "+owner.id, f.name)
	}
	return nil
}

// commit does what a draft says and everything that follows from it.
func (s *Server) commit(a actor, d *draft) *record {
	r := d.r
	if grantTables[d.t.name] != "" {
		// Noted before the row, so that it comes after it when both are taken back.
		s.undoing(s.regrant)
		defer s.regrant()
	}
	var old []any
	if r == nil {
		if d.t.name == "ContentNote" {
			return s.commitNote(a, d)
		}
		r = s.newRecord(d.t)
		d.r = r
		for f, v := range d.set {
			r.vals[f.pos] = v
		}
		s.christen(r, a.at)
		s.touch(r, a, true)
		s.add(r)
	} else {
		old = slices.Clone(r.vals)
		for f, v := range d.set {
			s.put(r, f.pos, v)
		}
		s.touch(r, a, false)
	}
	s.derive(r, old, a.at)
	s.ripple(r, old, a.id, a.at)
	return r
}

// touch stamps a row. It does so however little the write changed.
func (s *Server) touch(r *record, a actor, created bool) {
	put := func(pos int, v any) {
		if pos >= 0 {
			s.put(r, pos, v)
		}
	}
	if created {
		put(r.t.created, a.at)
		put(r.t.createdBy, a.id)
	}
	put(r.t.modified, a.at)
	put(r.t.modifiedBy, a.id)
	put(r.t.mod, a.at)
}

func (s *Server) commitNote(a actor, d *draft) *record {
	body, _ := decode64(d.text("Content"))
	id := s.addContentNote(d.text("Title"), string(body), a.id, a.at)
	s.addLink(id, a.id, "I", a.at)
	return s.table("ContentNote").byID[id]
}

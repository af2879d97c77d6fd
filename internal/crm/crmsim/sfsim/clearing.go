package sfsim

// What happens to custom lookups when the record that they lead to goes.

// A clearing is a lookup that was cleared because its parent was deleted.
type clearing struct {
	r   *record
	pos int
}

// looking lists the custom lookups with a constraint that lead to a record.
func (s *Server) looking(at *record, constraint string) []clearing {
	var out []clearing
	for _, k := range at.t.children {
		if !k.f.custom || k.f.onDelete != constraint {
			continue
		}
		for _, r := range k.t.index[k.f.pos][at.id] {
			out = append(out, clearing{r, k.f.pos})
		}
	}
	return out
}

// held reports whether a record that is not deleted restricts a deletion.
func (s *Server) held(r *record) bool {
	for _, k := range s.looking(r, restrict) {
		if !k.r.deleted && !k.r.gone {
			return true
		}
	}
	return false
}

// clearLookups does what custom lookups want when their parent is deleted: they
// become blank, or their records go along. A record whose lookup becomes blank
// gets no new stamp (K): who reads by stamps does not see it.
func (s *Server) clearLookups(a actor, r, cause *record) {
	for _, k := range s.looking(r, setNull) {
		before := s.cleared[r]
		s.cleared[r] = append(before[:len(before):len(before)], k)
		s.undoing(func() { s.cleared[r] = before })
		s.put(k.r, k.pos, nil)
	}
	for _, k := range s.looking(r, cascade) {
		if !k.r.deleted && !k.r.gone {
			s.toBin(a, k.r, cause)
		}
	}
}

// refillLookups makes the lookups that a deletion cleared lead to a record
// again, except those that somebody has set meanwhile.
func (s *Server) refillLookups(r *record) {
	before := s.cleared[r]
	for _, k := range before {
		if !k.r.gone && k.r.vals[k.pos] == nil {
			s.put(k.r, k.pos, r.id)
		}
	}
	if before != nil {
		delete(s.cleared, r)
		s.undoing(func() { s.cleared[r] = before })
	}
}

package hssim

// merge folds loser into winner. The survivor has a new id that neither had,
// unless the portal keeps ids; both old ids lead to it.
func (s *Server) merge(winner, loser *record, now int64) *record {
	t := winner.t
	st := winner.cur.clone()
	for _, c := range loser.cur.cells {
		if st.text(c.slot) == "" {
			st.set(c.slot, c.text)
		}
	}
	gone := []*record{loser}
	kept := winner
	st.modified = now
	if !s.o.MergeKeepsID {
		gone = append(gone, winner)
		kept = t.add(st)
		kept.hist = winner.hist
	}
	var ids []int64
	for _, name := range []string{winner.text("hs_merged_object_ids"), loser.text("hs_merged_object_ids")} {
		ids = append(ids, splitIDs(name)...)
	}
	for _, r := range gone {
		ids = append(ids, r.id)
	}
	st.set(t.props["hs_merged_object_ids"].slot, joinIDs(ids))
	if p := t.props["hs_calculated_merged_vids"]; p != nil {
		st.set(p.slot, joinIDs(ids))
	}
	s.replace(kept, st, now)
	for _, r := range gone {
		for _, l := range append([]*link(nil), r.links...) {
			other := l.other(r)
			s.part(l, now)
			if other == kept {
				continue
			}
			moved := s.join(kept, other, now)
			moved.primary = moved.primary || l.primary && kept.primaryOf(other.t) == nil
			for _, lb := range l.labels {
				moved.mark(lb)
			}
		}
		out := r.cur.clone()
		out.archived = now
		r.into = kept
		s.replace(r, out, now)
		for slot, m := range t.unique {
			if p := t.slots[slot]; m != nil {
				t.claim(p, r, r.cur.text(slot), "")
				t.claim(p, kept, "", kept.cur.text(slot))
			}
		}
	}
	return kept
}

func (r *record) text(name string) string {
	if p := r.t.props[name]; p != nil {
		return r.value(r.cur, p)
	}
	return ""
}

func (r *record) primaryOf(to *table) *link {
	for _, l := range r.linksTo(to) {
		if l.primary {
			return l
		}
	}
	return nil
}

func splitIDs(text string) []int64 {
	var out []int64
	n := int64(0)
	for i := 0; i <= len(text); i++ {
		if i == len(text) || text[i] == ';' {
			if n > 0 {
				out = append(out, n)
			}
			n = 0
			continue
		}
		n = n*10 + int64(text[i]-'0')
	}
	return out
}

func (s *Server) mergeCall(c *call, t *table) (any, *apiError) {
	var in struct {
		Primary string `json:"primaryObjectId"`
		Other   string `json:"objectIdToMerge"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	x, y := t.find(in.Primary), t.find(in.Other)
	if x == nil || y == nil || !x.live() || !y.live() || x == y {
		return nil, invalid("%s and %s cannot be merged", in.Primary, in.Other)
	}
	r := s.merge(x, y, c.ms())
	c.wrote(t, 1)
	return raw(s.appendRecord(nil, r, view{props: t.selection(nil), dated: c.dated()})), nil
}

package hssim

const oldLinkPage = 100 // rows per record in the v3 batch read

type oldRow struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

func (s *Server) oldRows(r *record, to *table) []oldRow {
	out := []oldRow{}
	for _, l := range r.linksTo(to) {
		for _, name := range s.linkNames(l, r) {
			out = append(out, oldRow{l.other(r).key(), name})
		}
	}
	return out
}

// oldLinkList is the v3 list of one record's associations.
func (s *Server) oldLinkList(c *call, from *table, id string, to *table) (any, *apiError) {
	r, e := s.one(c, from, id, false)
	if e != nil {
		return nil, e
	}
	rows := s.oldRows(r, to)
	if len(rows) > linkPage {
		rows = rows[:linkPage]
	}
	c.served("associations "+from.plural+"/"+to.plural, len(rows))
	return map[string]any{"results": rows}, nil
}

// oldLinkRead is the v3 batch read. It names a cursor when there is more and
// then ignores it, as the vendor's does.
func (s *Server) oldLinkRead(c *call, from, to *table) (any, *apiError) {
	var in struct {
		Inputs []idInput `json:"inputs"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if e := countInputs(len(in.Inputs), mostLinkReads); e != nil {
		return nil, e
	}
	type result struct {
		From   idInput        `json:"from"`
		To     []oldRow       `json:"to"`
		Paging map[string]any `json:"paging,omitempty"`
	}
	results := []result{}
	n := 0
	for _, input := range in.Inputs {
		r := from.find(input.ID)
		if r == nil || !r.live() {
			continue
		}
		one := result{From: input, To: s.oldRows(r, to)}
		if len(one.To) == 0 {
			continue
		}
		if len(one.To) > oldLinkPage {
			one.To = one.To[:oldLinkPage]
			one.Paging = map[string]any{"next": map[string]string{"after": cursor(r, oldLinkPage), "link": "ignore"}}
		}
		n += len(one.To)
		results = append(results, one)
	}
	c.served("associations "+from.plural+"/"+to.plural, n)
	return map[string]any{"status": "COMPLETE", "results": results, "startedAt": isoTime(c.ms()), "completedAt": isoTime(c.ms())}, nil
}

package hssim

import "net/http"

type updateInput struct {
	ID         string `json:"id"`
	IDProperty string `json:"idProperty"`
	Properties texts  `json:"properties"`
	TraceID    string `json:"objectWriteTraceId"`
}

// traced reports whether every input carries a trace id of its own, which is
// how a caller asks for row-by-row answers.
func traced[T any](inputs []T, id func(T) string) bool {
	seen := map[string]bool{}
	for _, in := range inputs {
		if id(in) == "" || seen[id(in)] {
			return false
		}
		seen[id(in)] = true
	}
	return true
}

// traceRow is the refusal of one input of a multi-status batch.
func traceRow(e *apiError, trace string) rowError {
	out := row(e.Category, e.Message, "objectWriteTraceId", trace)
	for k, v := range e.Context {
		out.Context[k] = v
	}
	return out
}

func (s *Server) batchCreate(c *call, t *table) (any, *apiError) {
	var in struct {
		Inputs []createInput `json:"inputs"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if e := countInputs(len(in.Inputs), mostInputs); e != nil {
		return nil, e
	}
	multi := traced(in.Inputs, func(i createInput) string { return i.TraceID })
	var out results
	ready := make([]prepared, len(in.Inputs))
	refused := make([]bool, len(in.Inputs))
	claimed := map[string]bool{}
	for i, input := range in.Inputs {
		if c.dated() && input.Associations == nil {
			return nil, invalid("Invalid input JSON: Some required fields were not set: [associations]")
		}
		p, e := s.prepare(c, t, input)
		for _, ch := range p.changes {
			key := ch.p.name + "\x00" + ch.text
			if e == nil && ch.p.unique && ch.text != "" && claimed[key] {
				e = refuse(409, "CONFLICT", "Two inputs have the same value of the unique property %s", ch.p.name)
			}
			claimed[key] = true
		}
		if e != nil && !multi {
			return nil, e
		}
		if e != nil {
			refused[i] = true
			out.errors = append(out.errors, traceRow(e, input.TraceID))
		}
		ready[i] = p
	}
	c.status = http.StatusCreated
	for i, p := range ready {
		if refused[i] {
			continue
		}
		r := s.insert(t, p, byAPI(c.version).source, c.ms())
		out.add(r, view{props: t.selection(p.names()), trace: in.Inputs[i].TraceID, dated: c.dated()})
	}
	c.wrote(t, len(out.rows))
	return out.answer(c, s), nil
}

// pendingUpdate is one input of a batch update that passed every check.
type pendingUpdate struct {
	r       *record // nil: to be created (upsert)
	changes []change
	in      updateInput
}

// batchUpdate writes all inputs or, with one bad value among them, none. Ids
// that never were, or are archived, are reported; ids of merged records are
// dropped without a word.
func (s *Server) batchUpdate(c *call, t *table) (any, *apiError) {
	inputs, e := c.updates()
	if e != nil {
		return nil, e
	}
	multi := s.o.ValidationAs207 && traced(inputs, func(i updateInput) string { return i.TraceID })
	var out results
	var ready []pendingUpdate
	seen := map[*record]bool{}
	for _, in := range inputs {
		props, e := in.Properties.plain()
		if e != nil {
			return nil, e
		}
		if in.ID == "" {
			return nil, invalid("Invalid input JSON: Some required fields were not set: [id]")
		}
		r, e := s.lookup(t, in.ID, in.IDProperty)
		if e != nil {
			return nil, e
		}
		if r != nil && r.into != nil {
			continue
		}
		if r != nil && seen[r] {
			return nil, invalid("Duplicate IDs found in batch input: [%s]. IDs must be unique", in.ID).with("ids", in.ID)
		}
		seen[r] = r != nil
		// Values are judged whether the record is there or not.
		changes, bad := s.check(t, r, props, byAPI(c.version))
		if e := s.refusal(c, t, r, in, changes, bad); e != nil {
			if e.Category == "VALIDATION_ERROR" && !multi {
				return nil, e
			}
			out.errors = append(out.errors, in.row(e))
			continue
		}
		if r == nil || !r.live() {
			out.errors = append(out.errors, in.row(missingError(t, in.ID)))
			continue
		}
		ready = append(ready, pendingUpdate{r, changes, in})
	}
	s.commit(c, t, ready, &out, false)
	return out.answer(c, s), nil
}

func (c *call) updates() ([]updateInput, *apiError) {
	var in struct {
		Inputs []updateInput `json:"inputs"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	return in.Inputs, countInputs(len(in.Inputs), mostInputs)
}

func missingError(t *table, id string) *apiError {
	m := missingRows(t, []string{id})
	return refuse(404, m.Category, "%s", m.Message).with("ids", id)
}

// row is a refusal of this input; the trace id is echoed if one was sent.
func (in updateInput) row(e *apiError) rowError {
	out := rowError{Status: "error", Category: e.Category, Message: e.Message, Context: map[string][]string{"ids": {in.ID}}}
	for k, v := range e.Context {
		out.Context[k] = v
	}
	if in.TraceID != "" {
		out.Context["objectWriteTraceId"] = []string{in.TraceID}
	}
	return out
}

// refusal is why an input cannot be written, nil if it can.
func (s *Server) refusal(c *call, t *table, r *record, in updateInput, changes []change, bad []problem) *apiError {
	switch {
	case c.fault.refuses(in.ID):
		return refuse(400, c.fault.category(), "%s", c.fault.message()).with("ids", in.ID)
	case len(bad) > 0:
		return badValues(bad)
	}
	if other, p := s.conflict(t, r, changes); other != nil {
		e := conflictError(t, other, p)
		e.Category = "VALIDATION_ERROR"
		return e
	}
	return nil
}

func (s *Server) commit(c *call, t *table, ready []pendingUpdate, out *results, upsert bool) {
	by := byAPI(c.version).source
	for _, u := range ready {
		made := u.r == nil
		r := u.r
		if made {
			r = s.insert(t, prepared{changes: u.changes}, by, c.ms())
		} else {
			s.put(r, u.changes, by, c.ms())
		}
		v := view{props: t.selection(changedNames(u.changes)), trace: u.in.TraceID, dated: c.dated()}
		if upsert {
			v.isNew = &made
		}
		out.add(r, v)
	}
	c.wrote(t, len(ready))
}

// batchUpsert writes to the records that a unique property finds and creates
// the others.
func (s *Server) batchUpsert(c *call, t *table) (any, *apiError) {
	inputs, e := c.updates()
	if e != nil {
		return nil, e
	}
	var out results
	var ready []pendingUpdate
	seen := map[string]bool{}
	for _, in := range inputs {
		props, e := in.Properties.plain()
		if e != nil {
			return nil, e
		}
		if in.IDProperty == "" {
			return nil, invalid("Invalid input JSON: Some required fields were not set: [idProperty]")
		}
		r, e := s.lookup(t, in.ID, in.IDProperty)
		if e != nil {
			return nil, e
		}
		if seen[in.ID] {
			return nil, invalid("Duplicate IDs found in batch input: [%s]. IDs must be unique", in.ID)
		}
		seen[in.ID] = true
		if r != nil && !r.live() {
			r = nil
		}
		if r == nil {
			if _, given := props[in.IDProperty]; !given {
				props[in.IDProperty] = in.ID
			}
		}
		changes, bad := s.check(t, r, props, byAPI(c.version))
		if e := s.refusal(c, t, r, in, changes, bad); e != nil {
			return nil, e
		}
		ready = append(ready, pendingUpdate{r, changes, in})
	}
	s.commit(c, t, ready, &out, true)
	return out.answer(c, s), nil
}

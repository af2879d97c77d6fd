package hssim

import (
	"net/http"
)

type linkInput struct {
	From  idInput     `json:"from"`
	To    idInput     `json:"to"`
	Types []specInput `json:"types"`
}

type defaultJSON struct {
	From idInput   `json:"from"`
	To   idInput   `json:"to"`
	Spec specInput `json:"associationSpec"`
}

// linkCreate is batch/create (with types) and batch/associate/default (plain).
func (s *Server) linkCreate(c *call, from, to *table, plain bool) (any, *apiError) {
	var in struct {
		Inputs []linkInput `json:"inputs"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if e := countInputs(len(in.Inputs), mostLinkWrites); e != nil {
		return nil, e
	}
	answer := map[string]any{"status": "COMPLETE", "startedAt": isoTime(c.ms()), "completedAt": isoTime(c.ms())}
	var rows []any
	var errors []rowError
	for _, input := range in.Inputs {
		if !plain && len(input.Types) == 0 {
			return nil, invalid("Invalid input JSON: Some required fields were not set: [types]")
		}
		x, y, e := s.ends(from, input.From.ID, to, input.To.ID)
		if e == nil {
			e = s.setTypes(x, y, input.Types, c.ms())
		}
		if e != nil {
			errors = append(errors, row(e.Category, e.Message, "fromObjectId", input.From.ID))
			continue
		}
		if plain {
			rows = append(rows, s.defaultRows(x, y)...)
		} else {
			rows = append(rows, s.pairAnswer(x, y))
		}
	}
	answer["results"] = append([]any{}, rows...)
	c.status = http.StatusCreated
	if plain {
		c.status = http.StatusOK
	}
	if len(errors) > 0 {
		c.status = http.StatusMultiStatus
		answer["errors"], answer["numErrors"] = errors, len(errors)
	}
	return answer, nil
}

// defaultRows are the answer to an unlabelled association: both directions.
func (s *Server) defaultRows(x, y *record) []any {
	one := func(a, b *record) defaultJSON {
		spec := specInput{"HUBSPOT_DEFINED", defaultTypes[[2]string{a.t.plural, b.t.plural}]}
		return defaultJSON{idInput{a.key()}, idInput{b.key()}, spec}
	}
	return []any{one(x, y), one(y, x)}
}

func (s *Server) linkDefault(c *call, from *table, id string, to *table, toID string) (any, *apiError) {
	x, y, e := s.ends(from, id, to, toID)
	if e != nil {
		return nil, e
	}
	s.join(x, y, c.ms())
	return map[string]any{"status": "COMPLETE", "results": s.defaultRows(x, y), "startedAt": isoTime(c.ms()), "completedAt": isoTime(c.ms())}, nil
}

// linkArchive removes whole associations.
func (s *Server) linkArchive(c *call, from, to *table) (any, *apiError) {
	var in struct {
		Inputs []struct {
			From idInput   `json:"from"`
			To   []idInput `json:"to"`
		} `json:"inputs"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if e := countInputs(len(in.Inputs), mostLinkWrites); e != nil {
		return nil, e
	}
	for _, input := range in.Inputs {
		for _, target := range input.To {
			if x, y, e := s.ends(from, input.From.ID, to, target.ID); e == nil {
				if l := linkBetween(x, y); l != nil {
					s.part(l, c.ms())
				}
			}
		}
	}
	c.status = http.StatusNoContent
	return nil, nil
}

// labelArchive takes single types off associations. Taking the unlabelled type
// off takes everything off.
func (s *Server) labelArchive(c *call, from, to *table) (any, *apiError) {
	var in struct {
		Inputs []linkInput `json:"inputs"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if e := countInputs(len(in.Inputs), mostLinkWrites); e != nil {
		return nil, e
	}
	for _, input := range in.Inputs {
		x, y, e := s.ends(from, input.From.ID, to, input.To.ID)
		if e != nil {
			continue
		}
		l := linkBetween(x, y)
		for _, spec := range input.Types {
			lb, primary, e := s.specOf(from, to, spec)
			switch {
			case e != nil:
				return nil, e
			case l == nil:
			case primary:
				l.primary = false
			case lb != nil:
				s.unmark(l, lb, c.ms())
			default:
				s.part(l, c.ms())
				l = nil
			}
		}
	}
	c.status = http.StatusNoContent
	return nil, nil
}

func (s *Server) unmark(l *link, lb *label, now int64) {
	var kept []*label
	for _, have := range l.labels {
		if have != lb {
			kept = append(kept, have)
		}
	}
	if len(kept) != len(l.labels) && s.o.LabelMovesDate {
		s.touch(l.a, now)
		s.touch(l.b, now)
	}
	l.labels = kept
}

package hssim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

const (
	mostInputs  = 100 // of object batches; HubSpot API documentation, read 2026-03
	mostHistory = 50  // of batch reads that ask for history
)

// results collects the rows of a batch answer. The vendor promises no order of
// rows; here it follows a mix of the ids, so that nobody comes to rely on it.
type results struct {
	rows   []resultRow
	errors []rowError
}

type resultRow struct {
	id   int64
	view view
	r    *record
}

func (x *results) add(r *record, v view) { x.rows = append(x.rows, resultRow{r.id, v, r}) }

// answer encodes the batch. 2026-09 declares no 207: errors lie in a 200 there.
func (x *results) answer(c *call, s *Server) any {
	slices.SortFunc(x.rows, func(a, b resultRow) int {
		ha, hb := mix(uint64(a.id)), mix(uint64(b.id))
		switch {
		case ha < hb:
			return -1
		case ha > hb:
			return 1
		}
		return 0
	})
	b := append(make([]byte, 0, 200+len(x.rows)*800), `{"status":"COMPLETE","results":[`...)
	for i, row := range x.rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.appendRecord(b, row.r, row.view)
	}
	b = append(b, ']')
	b = appendErrors(b, c, x.errors)
	return raw(appendTimes(b, c))
}

// appendErrors appends what was refused, and turns the status to 207.
func appendErrors(b []byte, c *call, errors []rowError) []byte {
	if len(errors) == 0 {
		return b
	}
	if c.version != "2026-09" {
		c.status = http.StatusMultiStatus
	}
	text, err := json.Marshal(errors)
	if err != nil {
		panic("hssim: batch errors cannot be encoded: " + err.Error()) // strings and slices always can
	}
	b = strconv.AppendInt(append(b, `,"numErrors":`...), int64(len(errors)), 10)
	return append(append(b, `,"errors":`...), text...)
}

func appendTimes(b []byte, c *call) []byte {
	b = appendText(append(b, `,"startedAt":`...), isoTime(c.ms()))
	b = appendText(append(b, `,"completedAt":`...), isoTime(c.s.now()))
	return append(b, '}')
}

type idInput struct {
	ID string `json:"id"`
}

type readInput struct {
	Inputs     []idInput        `json:"inputs"`
	Properties *[]string        `json:"properties"`
	History    *json.RawMessage `json:"propertiesWithHistory"`
	IDProperty string           `json:"idProperty"`
}

func (s *Server) batchRead(c *call, t *table) (any, *apiError) {
	var in readInput
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	v := view{dated: c.dated()}
	if e := in.need(c); e != nil {
		return nil, e
	}
	if in.Properties != nil {
		v.props = t.selection(*in.Properties)
	} else {
		v.props = t.selection(nil)
	}
	if in.History != nil {
		var names []string
		if err := json.Unmarshal(*in.History, &names); err != nil {
			return nil, invalid("Invalid input JSON: propertiesWithHistory must be a list of strings")
		}
		for _, name := range names {
			if p := t.prop(name); p != nil {
				v.history = append(v.history, p)
			}
		}
		if len(names) > 0 && len(in.Inputs) > mostHistory {
			return nil, invalid("The maximum number of inputs supported in a batch request for property histories is %d. Please reduce the number of items and try again", mostHistory)
		}
	}
	if e := countInputs(len(in.Inputs), mostInputs); e != nil {
		return nil, e
	}
	archived, e := boolParam(c.r.URL.Query(), "archived")
	if e != nil {
		return nil, e
	}
	var out results
	var missing []string
	seen := map[*record]bool{}
	for _, input := range in.Inputs {
		r, e := s.lookup(t, input.ID, in.IDProperty)
		if e != nil {
			return nil, e
		}
		if r == nil || r.into != nil || (r.cur.archived != 0) != archived || c.fault.refuses(input.ID) {
			missing = append(missing, input.ID)
			continue
		}
		if !seen[r] {
			seen[r] = true
			out.add(r, v)
		}
	}
	if len(missing) > 0 {
		out.errors = append(out.errors, missingRows(t, missing))
	}
	c.served(t.plural, len(out.rows))
	return out.answer(c, s), nil
}

// need checks what must be present. The dated specification requires all three
// fields, and null is refused in every version.
func (in *readInput) need(c *call) *apiError {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(c.body, &fields); err != nil {
		return invalid("Invalid input JSON: an object was expected")
	}
	for _, name := range []string{"inputs", "properties", "propertiesWithHistory"} {
		text, has := fields[name]
		if !has && (name == "inputs" || c.dated()) || has && string(text) == "null" {
			return invalid("Invalid input JSON: Some required fields were not set: [%s]", name)
		}
	}
	return nil
}

func countInputs(n, most int) *apiError {
	switch {
	case n == 0:
		return invalid("Invalid input JSON: Some required fields were not set: [inputs]")
	case n > most:
		return invalid("The maximum number of inputs supported in a batch request is %d, %d were sent. Please reduce the number of items and try again", most, n)
	}
	return nil
}

func (s *Server) batchArchive(c *call, t *table) (any, *apiError) {
	var in struct {
		Inputs []idInput `json:"inputs"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if e := countInputs(len(in.Inputs), mostInputs); e != nil {
		return nil, e
	}
	for _, input := range in.Inputs {
		if r := t.find(input.ID); r != nil && r.live() {
			s.discard(r, c.ms())
			c.wrote(t, 1)
		}
	}
	c.status = http.StatusNoContent
	return nil, nil
}

package hssim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const (
	mostLinkReads  = 1000 // HubSpot changelog, 2025-02-10
	mostLinkWrites = 2000 // HubSpot API documentation, read 2026-03
	linkPage       = 500
)

// specInput is an association type as requests spell it.
type specInput struct {
	Category string `json:"associationCategory"`
	TypeID   int    `json:"associationTypeId"`
}

// specOf resolves an association type from one kind to another: a custom label,
// or the primary mark, or neither for the plain type.
func (s *Server) specOf(from, to *table, spec specInput) (lb *label, primary bool, e *apiError) {
	dir := [2]string{from.plural, to.plural}
	switch spec.Category {
	case "HUBSPOT_DEFINED":
		if id, ok := defaultTypes[dir]; ok && id == spec.TypeID {
			return nil, false, nil
		}
		if id, ok := primaryTypes[dir]; ok && id == spec.TypeID {
			return nil, true, nil
		}
	case "USER_DEFINED":
		p, side := s.pairOf(from, to)
		if lb = s.labelWithID(p, side, spec.TypeID); lb != nil {
			return lb, false, nil
		}
	default:
		return nil, false, invalid("Invalid input JSON: %q is not an association category", spec.Category)
	}
	return nil, false, invalid("Association type %d (%s) is not valid from %s to %s", spec.TypeID, spec.Category, from.plural, to.plural)
}

func (l *link) mark(lb *label) bool {
	for _, have := range l.labels {
		if have == lb {
			return false
		}
	}
	l.labels = append(l.labels, lb)
	return true
}

// A cursor is opaque to clients: it names the record it belongs to and how many
// rows were served.
func cursor(r *record, served int) string {
	return base64.URLEncoding.EncodeToString(fmt.Appendf(nil, "0-%s-%d-x", r.key(), served))
}

func readCursor(r *record, text string) (int, *apiError) {
	if text == "" {
		return 0, nil
	}
	plain, err := base64.URLEncoding.DecodeString(text)
	part := strings.Split(string(plain), "-")
	if err == nil && len(part) == 4 && part[1] == r.key() {
		if n, err := strconv.Atoi(part[2]); err == nil && n >= 0 {
			return n, nil
		}
	}
	return 0, invalid("Invalid paging cursor: %s", text)
}

// appendTo appends rows of associations as v4 shows them, and the paging when
// there are more. It returns how many rows that were.
func (s *Server) appendTo(b []byte, r *record, links []*link, from, most int) ([]byte, int) {
	end := min(len(links), from+most)
	b = append(b, '[')
	for i := from; i < end; i++ {
		if i > from {
			b = append(b, ',')
		}
		other := links[i].other(r)
		b = append(b, `{"toObjectId":`...)
		if s.o.NumericToObjectID {
			b = strconv.AppendInt(b, other.id, 10)
		} else {
			b = appendText(b, other.key())
		}
		b = append(b, `,"associationTypes":[`...)
		for j, t := range s.types(links[i], r) {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(append(append(b, `{"category":"`...), t.Category...), `","typeId":`...)
			b = append(strconv.AppendInt(b, int64(t.TypeID), 10), `,"label":`...)
			if t.Label == nil {
				b = append(b, "null"...)
			} else {
				b = appendText(b, *t.Label)
			}
			b = append(b, '}')
		}
		b = append(b, "]}"...)
	}
	b = append(b, ']')
	if end < len(links) {
		b = appendText(append(b, `,"paging":{"next":{"after":`...), cursor(r, end))
		b = append(b, `,"link":"ignore"}}`...)
	}
	return b, max(0, end-from)
}

type linkReadInput struct {
	ID    string `json:"id"`
	After string `json:"after"`
}

// linkRead is the batch read of associations: pages per record, and an entry in
// errors for each record that has none.
func (s *Server) linkRead(c *call, from, to *table) (any, *apiError) {
	var in struct {
		Inputs []linkReadInput `json:"inputs"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if e := countInputs(len(in.Inputs), mostLinkReads); e != nil {
		return nil, e
	}
	var errors []rowError
	b := append(make([]byte, 0, 200+len(in.Inputs)*300), `{"status":"COMPLETE","results":[`...)
	n, rows := 0, 0
	for _, input := range in.Inputs {
		if _, ok := parseID(input.ID); !ok {
			return nil, invalid("Invalid input JSON: %q is not a record id", input.ID)
		}
		r := from.find(input.ID)
		var links []*link
		if r != nil && r.live() {
			links = r.linksTo(to)
		}
		if c.fault.refuses(input.ID) {
			errors = append(errors, row(c.fault.category(), c.fault.message(), "fromObjectId", input.ID))
			continue
		}
		if len(links) == 0 {
			e := row("OBJECT_NOT_FOUND", "No "+to.singular+" is associated with "+from.singular+" "+input.ID+".", "fromObjectId", input.ID)
			e.SubCategory = "crm.associations.NO_ASSOCIATIONS_FOUND"
			e.Context["fromObjectType"], e.Context["toObjectType"] = []string{from.singular}, []string{to.singular}
			errors = append(errors, e)
			continue
		}
		skip, e := readCursor(r, input.After)
		if e != nil {
			return nil, e
		}
		if n > 0 {
			b = append(b, ',')
		}
		n++
		b = appendText(append(b, `{"from":{"id":`...), input.ID)
		served := 0
		b, served = s.appendTo(append(b, `},"to":`...), r, links, min(skip, len(links)), s.o.AssociationPageSize)
		rows += served
		b = append(b, '}')
	}
	b = appendErrors(append(b, ']'), c, errors)
	c.served("associations "+from.plural+"/"+to.plural, rows)
	return raw(appendTimes(b, c)), nil
}

// linkList lists one record's associations, 500 a page.
func (s *Server) linkList(c *call, from *table, id string, to *table) (any, *apiError) {
	limit, e := limitParam(c.r.URL.Query(), linkPage, linkPage)
	if e != nil {
		return nil, e
	}
	r, e := s.one(c, from, id, false)
	if e != nil {
		return nil, e
	}
	skip, e := readCursor(r, c.r.URL.Query().Get("after"))
	if e != nil {
		return nil, e
	}
	links := r.linksTo(to)
	b, n := s.appendTo([]byte(`{"results":`), r, links, min(skip, len(links)), limit)
	c.served("associations "+from.plural+"/"+to.plural, n)
	return raw(append(b, '}')), nil
}

// ends finds both live records of an association in a path or body.
func (s *Server) ends(from *table, id string, to *table, toID string) (*record, *record, *apiError) {
	x, y := from.find(id), to.find(toID)
	if x != nil {
		x = x.survivor()
	}
	if y != nil {
		y = y.survivor()
	}
	if x == nil || !x.live() {
		return nil, nil, notFound("%s %s does not exist", from.singular, id)
	}
	if y == nil || !y.live() {
		return nil, nil, notFound("%s %s does not exist", to.singular, toID)
	}
	if x == y {
		return nil, nil, invalid("a record cannot be associated with itself")
	}
	return x, y, nil
}

// setTypes associates two records and adds the labels that specs name.
func (s *Server) setTypes(x, y *record, specs []specInput, now int64) *apiError {
	var labels []*label
	primary := false
	for _, spec := range specs {
		lb, main, e := s.specOf(x.t, y.t, spec)
		if e != nil {
			return e
		}
		primary = primary || main
		if lb != nil {
			labels = append(labels, lb)
		}
	}
	l := s.join(x, y, now)
	changed := false
	for _, lb := range labels {
		changed = l.mark(lb) || changed
	}
	l.primary = l.primary || primary
	if changed && s.o.LabelMovesDate {
		s.touch(x, now)
		s.touch(y, now)
	}
	return nil
}

// touch moves nothing but the modified date.
func (s *Server) touch(r *record, now int64) {
	next := *r.cur
	next.modified = now
	s.replace(r, &next, now)
}

func (s *Server) linkPut(c *call, from *table, id string, to *table, toID string) (any, *apiError) {
	var specs []specInput
	if err := json.Unmarshal(c.body, &specs); err != nil || len(specs) == 0 {
		return nil, invalid("Invalid input JSON: a list of association types was expected")
	}
	x, y, e := s.ends(from, id, to, toID)
	if e != nil {
		return nil, e
	}
	if e := s.setTypes(x, y, specs, c.ms()); e != nil {
		return nil, e
	}
	c.status = http.StatusCreated
	return s.pairAnswer(x, y), nil
}

type pairJSON struct {
	FromType string   `json:"fromObjectTypeId"`
	FromID   string   `json:"fromObjectId"`
	ToType   string   `json:"toObjectTypeId"`
	ToID     string   `json:"toObjectId"`
	Labels   []string `json:"labels"`
}

func (s *Server) pairAnswer(x, y *record) pairJSON {
	out := pairJSON{FromType: x.t.kind.id, FromID: x.key(), ToType: y.t.kind.id, ToID: y.key(), Labels: []string{}}
	if l := linkBetween(x, y); l != nil {
		for _, lb := range l.labels {
			out.Labels = append(out.Labels, lb.text[l.side(x)])
		}
	}
	return out
}

func (s *Server) linkDelete(c *call, from *table, id string, to *table, toID string) (any, *apiError) {
	x, y, e := s.ends(from, id, to, toID)
	if e != nil {
		return nil, e
	}
	if l := linkBetween(x, y); l != nil {
		s.part(l, c.ms())
	}
	c.status = http.StatusNoContent
	return nil, nil
}

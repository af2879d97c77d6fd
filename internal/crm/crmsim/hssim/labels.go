package hssim

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

const mostLabels = 50 // per pair of kinds, on the larger plans

// labelNames have no hyphens and do not start with a digit.
var labelNames = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// labelList lists the types of one direction, the unlabelled one among them.
func (s *Server) labelList(_ *call, from, to *table) (any, *apiError) {
	dir := [2]string{from.plural, to.plural}
	rows := []typeJSON{}
	if id, ok := primaryTypes[dir]; ok {
		rows = append(rows, typeJSON{"HUBSPOT_DEFINED", id, new("Primary")})
	}
	rows = append(rows, typeJSON{"HUBSPOT_DEFINED", defaultTypes[dir], nil})
	p, side := s.pairOf(from, to)
	for _, lb := range s.labels[p] {
		rows = append(rows, typeJSON{"USER_DEFINED", lb.ids[side], new(lb.text[side])})
	}
	return map[string]any{"results": rows}, nil
}

func (s *Server) labelCreate(c *call, from, to *table) (any, *apiError) {
	var in struct {
		Label   string `json:"label"`
		Name    string `json:"name"`
		Inverse string `json:"inverseLabel"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if in.Label == "" || in.Name == "" {
		return nil, invalid("Invalid input JSON: Some required fields were not set: [label, name]")
	}
	if !labelNames.MatchString(in.Name) {
		return nil, invalid("Association label name %q is not valid: it cannot contain hyphens or start with a number", in.Name)
	}
	p, side := s.pairOf(from, to)
	for _, lb := range s.labels[p] {
		if lb.name == in.Name || lb.text[side] == in.Label {
			return nil, invalid("A label with this name or text already exists: %s", in.Label)
		}
	}
	if len(s.labels[p]) >= mostLabels {
		return nil, invalid("There can be at most %d labels between %s and %s", mostLabels, from.plural, to.plural)
	}
	lb := s.addLabel(p, in.Name, in.Label, in.Inverse, side)
	return map[string]any{"results": []typeJSON{
		{"USER_DEFINED", lb.ids[side], new(lb.text[side])},
		{"USER_DEFINED", lb.ids[1-side], new(lb.text[1-side])},
	}}, nil
}

func (s *Server) labelUpdate(c *call, from, to *table) (any, *apiError) {
	var in struct {
		TypeID  int    `json:"associationTypeId"`
		Label   string `json:"label"`
		Inverse string `json:"inverseLabel"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	p, side := s.pairOf(from, to)
	lb := s.labelWithID(p, side, in.TypeID)
	if lb == nil || in.Label == "" {
		return nil, invalid("Association type %d cannot be changed from %s to %s", in.TypeID, from.plural, to.plural)
	}
	paired := lb.text[0] != lb.text[1]
	lb.text[side] = in.Label
	if in.Inverse != "" {
		lb.text[1-side] = in.Inverse
	} else if !paired {
		lb.text[1-side] = in.Label
	}
	c.status = http.StatusNoContent
	return nil, nil
}

func (s *Server) labelDelete(c *call, from, to *table, typeID string) (any, *apiError) {
	p, side := s.pairOf(from, to)
	id, _ := strconv.Atoi(typeID)
	lb := s.labelWithID(p, side, id)
	if lb == nil {
		return nil, notFound("Association type %s does not exist", typeID)
	}
	s.labels[p] = slices.DeleteFunc(s.labels[p], func(x *label) bool { return x == lb })
	for _, r := range from.order {
		for _, l := range r.links {
			l.labels = slices.DeleteFunc(l.labels, func(x *label) bool { return x == lb })
		}
	}
	c.status = http.StatusNoContent
	return nil, nil
}

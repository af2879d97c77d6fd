package hssim

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the search endpoint; HubSpot API documentation, read 2026-03.
const (
	longestSearch  = 3_000 // characters of body
	searchPage     = 200
	searchWindow   = 10_000 // results one query can page through
	mostGroups     = 5
	mostInGroup    = 6
	mostFilters    = 18
	mostListValues = 100 // of IN and NOT_IN
)

type searchInput struct {
	Groups     []groupInput    `json:"filterGroups"`
	Sorts      json.RawMessage `json:"sorts"`
	Query      string          `json:"query"`
	Properties []string        `json:"properties"`
	Limit      *int            `json:"limit"`
	After      json.RawMessage `json:"after"`
}

type groupInput struct {
	Filters []filterInput `json:"filters"`
}

type filterInput struct {
	Property string    `json:"propertyName"`
	Operator string    `json:"operator"`
	Value    *string   `json:"value"`
	High     *string   `json:"highValue"`
	Values   *[]string `json:"values"`
}

// A search is a request that was understood.
type search struct {
	groups []groupInput
	query  string
	props  []string
	limit  int
	after  int
	sort   string // property name; "" is the order of creation
	down   bool
}

// readSearch decodes a body. strict is the reading of the dated specification,
// where every field but query is required and after is a string; the older
// versions take a number there and leave fields out.
func readSearch(body []byte, strict bool) (search, *apiError) {
	var out search
	if utf8.RuneCount(body) > longestSearch {
		return out, invalid("The search request body is longer than %d characters", longestSearch)
	}
	var in searchInput
	c := call{body: body}
	if e := c.decode(&in); e != nil {
		return out, e
	}
	if strict {
		if e := needSearchFields(body); e != nil {
			return out, e
		}
	}
	out.groups, out.query, out.props, out.limit = in.Groups, strings.TrimSpace(in.Query), in.Properties, 10
	if in.Limit != nil {
		out.limit = *in.Limit
	}
	if out.limit < 0 || out.limit > searchPage {
		return out, invalid("limit must be between 0 and %d, it was %d", searchPage, out.limit)
	}
	after, e := readAfter(in.After, strict)
	if e != nil {
		return out, e
	}
	out.after = after
	if out.after+out.limit > searchWindow || out.after >= searchWindow {
		return out, refuse(400, "VALIDATION_ERROR", "There was a problem with the request: a query can page through at most %d results", searchWindow)
	}
	out.sort, out.down, e = readSorts(in.Sorts)
	if e != nil {
		return out, e
	}
	return out, countFilters(in.Groups)
}

func needSearchFields(body []byte) *apiError {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return invalid("Invalid input JSON: an object was expected")
	}
	for _, name := range []string{"filterGroups", "sorts", "properties", "limit", "after"} {
		if text, has := fields[name]; !has || string(text) == "null" {
			return invalid("Invalid input JSON: Some required fields were not set: [%s]", name)
		}
	}
	return nil
}

func readAfter(text json.RawMessage, strict bool) (int, *apiError) {
	if len(text) == 0 || string(text) == "null" {
		return 0, nil
	}
	digits := string(text)
	if text[0] == '"' {
		if json.Unmarshal(text, &digits) != nil {
			return 0, invalid("Invalid input JSON: after must be a string")
		}
	} else if strict {
		return 0, invalid("Invalid input JSON: after must be a string")
	}
	if digits == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || strings.HasPrefix(digits, "+") {
		return 0, invalid("Invalid after value: %s", digits)
	}
	return n, nil
}

// readSorts takes both spellings: "name" or "-name", and objects. Only the
// first sort is honoured.
func readSorts(text json.RawMessage) (name string, down bool, e *apiError) {
	if len(text) == 0 || string(text) == "null" {
		return "", false, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(text, &list) != nil {
		return "", false, invalid("Invalid input JSON: sorts must be a list")
	}
	if len(list) == 0 {
		return "", false, nil
	}
	first := bytes.TrimSpace(list[0])
	if first[0] == '"' {
		if json.Unmarshal(first, &name) != nil || name == "" || name == "-" {
			return "", false, invalid("Invalid input JSON: a sort must name a property")
		}
		name, down = strings.CutPrefix(name, "-")
		return name, down, nil
	}
	var sort struct {
		Property  string `json:"propertyName"`
		Direction string `json:"direction"`
	}
	if json.Unmarshal(first, &sort) != nil || sort.Property == "" {
		return "", false, invalid("Invalid input JSON: a sort must name a property")
	}
	switch sort.Direction {
	case "", "ASCENDING":
	case "DESCENDING":
		down = true
	default:
		return "", false, invalid("Invalid sort direction: %s", sort.Direction)
	}
	return sort.Property, down, nil
}

func countFilters(groups []groupInput) *apiError {
	if len(groups) > mostGroups {
		return invalid("There are %d filter groups, at most %d are allowed", len(groups), mostGroups)
	}
	all := 0
	for _, g := range groups {
		if len(g.Filters) == 0 {
			return invalid("A filter group must have at least one filter")
		}
		if len(g.Filters) > mostInGroup {
			return invalid("There are %d filters in a group, at most %d are allowed", len(g.Filters), mostInGroup)
		}
		all += len(g.Filters)
	}
	if all > mostFilters {
		return invalid("There are %d filters, at most %d are allowed in all", all, mostFilters)
	}
	return nil
}

// search answers from the index, which lags behind the records.
func (s *Server) search(c *call, t *table) (any, *apiError) {
	in, e := readSearch(c.body, c.dated())
	if e != nil {
		return nil, e
	}
	var order *property
	if in.sort != "" {
		if order = t.prop(in.sort); order == nil {
			return nil, unknownInSearch(in.sort)
		}
	}
	ask, e := s.compile(t, in)
	if e != nil {
		return nil, e
	}
	ask.order, ask.down = order, in.down
	t.ix.mu.Lock()
	defer t.ix.mu.Unlock()
	t.ix.catchUp(c.ms())
	total, page := t.ix.find(t, ask, in.after, in.limit)
	v := view{props: t.selection(in.props), stale: true, dated: c.dated()}
	b := strconv.AppendInt(append(make([]byte, 0, 100+len(page)*400), `{"total":`...), int64(total), 10)
	b = append(b, `,"results":[`...)
	for i, r := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.appendRecord(b, r, v)
	}
	b = append(b, ']')
	if next := in.after + len(page); next < total && len(page) > 0 {
		b = append(b, `,"paging":{"next":{"after":"`...)
		b = append(strconv.AppendInt(b, int64(next), 10), `"}}`...)
	}
	c.served(t.plural, len(page))
	return raw(append(b, '}')), nil
}

func unknownInSearch(name string) *apiError {
	e := invalid("There was a problem with the request.")
	e.Errors = []errorDetail{{Message: "Property " + name + " does not exist", Context: map[string][]string{"propertyName": {name}}}}
	return e
}

package hssim

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// listParam reads a parameter that may come repeated or joined by commas.
func listParam(q url.Values, name string) []string {
	var out []string
	for _, v := range q[name] {
		for _, word := range strings.Split(v, ",") {
			if word = strings.TrimSpace(word); word != "" {
				out = append(out, word)
			}
		}
	}
	return out
}

// limitParam reads a page size between 1 and most.
func limitParam(q url.Values, otherwise, most int) (int, *apiError) {
	text := q.Get("limit")
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || n < 1:
		return 0, invalid("limit must be a positive integer, not %q", text)
	case n > most:
		return 0, invalid("limit must be at most %d, it was %d", most, n)
	}
	return n, nil
}

func boolParam(q url.Values, name string) (bool, *apiError) {
	v := q.Get(name)
	switch strings.ToLower(v) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, invalid("%s must be true or false, not %q", name, v)
}

// show works out what a list or get shows, from its query.
func (s *Server) show(c *call, t *table) (view, *apiError) {
	q := c.r.URL.Query()
	v := view{props: t.selection(listParam(q, "properties")), dated: c.dated()}
	for _, name := range listParam(q, "propertiesWithHistory") {
		if p := t.prop(name); p != nil {
			v.history = append(v.history, p)
		}
	}
	for _, name := range listParam(q, "associations") {
		to, e := s.tableIn(name)
		if e != nil {
			return v, e
		}
		v.linked = append(v.linked, to)
	}
	return v, nil
}

// list pages through a whole table in id order. It reads the records themselves,
// not the search index; after is the id to go on from.
func (s *Server) list(c *call, t *table) (any, *apiError) {
	q := c.r.URL.Query()
	most := 100
	if len(q["propertiesWithHistory"]) > 0 {
		most = 50
	}
	limit, e := limitParam(q, 10, most)
	if e != nil {
		return nil, e
	}
	archived, e := boolParam(q, "archived")
	if e != nil {
		return nil, e
	}
	v, e := s.show(c, t)
	if e != nil {
		return nil, e
	}
	at := 0
	if text := q.Get("after"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 0 {
			return nil, invalid("Invalid after value: %s", text)
		}
		at = t.firstFrom(id)
	}
	b := append(make([]byte, 0, limit*600), `{"results":[`...)
	n := 0
	for ; at < len(t.order); at++ {
		r := t.order[at]
		if r.into != nil || (r.cur.archived != 0) != archived {
			continue
		}
		if n == limit {
			break
		}
		if n > 0 {
			b = append(b, ',')
		}
		b = s.appendRecord(b, r, v)
		n++
	}
	b = append(b, ']')
	if at < len(t.order) {
		b = s.appendNext(b, c, t.order[at].key())
	}
	c.served(t.plural, n)
	return raw(append(b, '}')), nil
}

// appendNext appends the paging of a GET. The link names the host that was
// asked.
func (s *Server) appendNext(b []byte, c *call, after string) []byte {
	u := *c.r.URL
	u.Scheme, u.Host = "http", c.r.Host
	if c.r.TLS != nil {
		u.Scheme = "https"
	}
	q := u.Query()
	q.Set("after", after)
	u.RawQuery = q.Encode()
	b = appendText(append(b, `,"paging":{"next":{"after":`...), after)
	b = appendText(append(b, `,"link":`...), u.String())
	return append(b, "}}"...)
}

// one finds the record a path names, by id or unique property. Ids of merged
// records lead to the survivor.
func (s *Server) one(c *call, t *table, id string, archived bool) (*record, *apiError) {
	r, e := s.lookup(t, id, c.r.URL.Query().Get("idProperty"))
	if e != nil {
		return nil, e
	}
	if r != nil {
		r = r.survivor()
	}
	if r == nil || (r.cur.archived != 0) != archived {
		if _, numeric := parseID(id); !numeric && c.r.URL.Query().Get("idProperty") == "" {
			return nil, notFound("Object not found.  objectId are usually numeric.")
		}
		return nil, notFound("resource not found")
	}
	return r, nil
}

// lookup finds a record by id, or by a property that must be unique; nil if
// there is none. Merged-away records are returned as themselves.
func (s *Server) lookup(t *table, id, idProperty string) (*record, *apiError) {
	if idProperty == "" {
		return t.find(id), nil
	}
	p := t.prop(idProperty)
	if p == nil {
		return nil, invalid("Property %q does not exist", idProperty)
	}
	if !p.unique {
		return nil, invalid("Unable to perform read/update/upsert by non-unique %s property %s", t.kind.id, idProperty)
	}
	return t.findBy(p, id), nil
}

func (s *Server) get(c *call, t *table, id string) (any, *apiError) {
	archived, e := boolParam(c.r.URL.Query(), "archived")
	if e != nil {
		return nil, e
	}
	v, e := s.show(c, t)
	if e != nil {
		return nil, e
	}
	r, e := s.one(c, t, id, archived)
	if e != nil {
		return nil, e
	}
	c.served(t.plural, 1)
	return raw(s.appendRecord(nil, r, v)), nil
}

// texts are property values in a request. JSON null stays apart from "".
type texts map[string]*string

// plain checks that every value is a string.
func (x texts) plain() (map[string]string, *apiError) {
	if x == nil {
		return nil, invalid("Invalid input JSON: Some required fields were not set: [properties]")
	}
	out := make(map[string]string, len(x))
	for name, v := range x {
		if v == nil {
			return nil, invalid("Invalid input JSON: the value of property %s must be a string", name)
		}
		out[name] = *v
	}
	return out, nil
}

type createInput struct {
	Properties   texts          `json:"properties"`
	Associations *[]createLinks `json:"associations"`
	TraceID      string         `json:"objectWriteTraceId"`
}

type createLinks struct {
	To struct {
		ID string `json:"id"`
	} `json:"to"`
	Types []specInput `json:"types"`
}

func (s *Server) create(c *call, t *table) (any, *apiError) {
	var in createInput
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if c.dated() && in.Associations == nil {
		return nil, invalid("Invalid input JSON: Some required fields were not set: [associations]")
	}
	p, e := s.prepare(c, t, in)
	if e != nil {
		return nil, e
	}
	r := s.insert(t, p, byAPI(c.version).source, c.ms())
	c.wrote(t, 1)
	c.status = http.StatusCreated
	return raw(s.appendRecord(nil, r, view{props: t.selection(p.names()), dated: c.dated(), trace: in.TraceID})), nil
}

func (s *Server) update(c *call, t *table, id string) (any, *apiError) {
	var in struct {
		Properties texts  `json:"properties"`
		TraceID    string `json:"objectWriteTraceId"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	props, e := in.Properties.plain()
	if e != nil {
		return nil, e
	}
	r, e := s.one(c, t, id, false)
	if e != nil {
		return nil, e
	}
	if c.fault.refuses(r.key()) {
		return nil, refuse(400, c.fault.category(), "%s", c.fault.message())
	}
	changes, bad := s.check(t, r, props, byAPI(c.version))
	if len(bad) > 0 {
		return nil, badValues(bad)
	}
	if other, p := s.conflict(t, r, changes); other != nil {
		return nil, conflictError(t, other, p)
	}
	s.put(r, changes, byAPI(c.version).source, c.ms())
	c.wrote(t, 1)
	return raw(s.appendRecord(nil, r, view{props: t.selection(changedNames(changes)), dated: c.dated(), trace: in.TraceID})), nil
}

func changedNames(changes []change) []string {
	names := make([]string, len(changes))
	for i, ch := range changes {
		names[i] = ch.p.name
	}
	return names
}

// remove archives one record. Deleting what is gone already succeeds, as
// HubSpot's DELETE does; an id that never was does too.
func (s *Server) remove(c *call, t *table, id string) (any, *apiError) {
	if _, numeric := parseID(id); !numeric {
		return nil, notFound("Object not found.  objectId are usually numeric.")
	}
	if r := t.find(id); r != nil && r.live() {
		s.discard(r, c.ms())
		c.wrote(t, 1)
	}
	c.status = http.StatusNoContent
	return nil, nil
}

package sfsim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

func (c *call) actor() actor { return actor{id: c.session.user, api: true, at: c.now} }

// recordOf finds the record that a path names, or says why there is none.
func (c *call) recordOf(t *table, id string) (*record, *apiError) {
	full, fine := fullID(id)
	if !fine {
		return nil, refuse(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: %s", id)
	}
	r := t.byID[full]
	switch {
	case r == nil || r.deleted && !c.s.readable(r, true, c.now):
		return nil, notFound()
	case r.deleted:
		return nil, refuse(404, "ENTITY_IS_DELETED", "entity is deleted")
	}
	return r, nil
}

// readBody reads a record's fields from the request.
func (c *call) readBody() (map[string]any, *apiError) {
	var in map[string]any
	if e := decode(c.body, &in); e != nil {
		return nil, e
	}
	return in, nil
}

// basic answers GET /sobjects/{object}.
func (c *call) basic(t *table) (*answer, *apiError) {
	return ok(map[string]any{"objectDescribe": c.summary(t), "recentItems": []any{}}), nil
}

type saved struct {
	ID      string         `json:"id"`
	Success bool           `json:"success"`
	Errors  []*recordError `json:"errors"`
	Created *bool          `json:"created,omitempty"`
}

func done(id string) saved { return saved{ID: id, Success: true, Errors: []*recordError{}} }

func (c *call) insertOne(t *table) (*answer, *apiError) {
	in, e := c.readBody()
	if e != nil {
		return nil, e
	}
	for name := range in {
		if strings.EqualFold(name, "Id") {
			return nil, refuse(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
		}
	}
	id, e := c.insert(t, in)
	if e != nil {
		return nil, e
	}
	return &answer{status: http.StatusCreated, body: mustJSON(done(id)), header: map[string]string{"Location": "/services/data/" + c.version + "/sobjects/" + t.name + "/" + id}}, nil
}

func (c *call) insert(t *table, in map[string]any) (string, *apiError) {
	d, bad, e := c.s.draft(c.actor(), t, nil, in)
	if bad == nil && e == nil {
		bad = c.fault.refuses("")
	}
	if e != nil {
		return "", e
	}
	if bad != nil {
		return "", bad.whole()
	}
	c.wrote(t)
	return c.s.commit(c.actor(), d).id, nil
}

func (c *call) updateOne(t *table, id string) (*answer, *apiError) {
	in, e := c.readBody()
	if e != nil {
		return nil, e
	}
	r, e := c.recordOf(t, id)
	if e != nil {
		return nil, e
	}
	for name := range in {
		if strings.EqualFold(name, "Id") {
			return nil, refuse(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
		}
	}
	if e := c.unmodified(r); e != nil {
		return nil, e
	}
	return c.update(r, in)
}

// unmodified honours If-Unmodified-Since.
func (c *call) unmodified(r *record) *apiError {
	since, err := http.ParseTime(c.r.Header.Get("If-Unmodified-Since"))
	if at, ok := r.val("LastModifiedDate").(stamp); err == nil && ok && at > stampOf(since) {
		return refuse(412, "PRECONDITION_FAILED", "The precondition was not met.")
	}
	return nil
}

func (c *call) update(r *record, in map[string]any) (*answer, *apiError) {
	d, bad, e := c.s.draft(c.actor(), r.t, r, in)
	if bad == nil && e == nil {
		bad = c.fault.refuses(r.id)
	}
	if e != nil {
		return nil, e
	}
	if bad != nil {
		return nil, bad.whole()
	}
	c.s.commit(c.actor(), d)
	c.wrote(r.t)
	return &answer{status: http.StatusNoContent}, nil
}

func (c *call) deleteOne(t *table, id string) (*answer, *apiError) {
	r, e := c.recordOf(t, id)
	if e != nil {
		return nil, e
	}
	return c.delete(r)
}

func (c *call) delete(r *record) (*answer, *apiError) {
	bad := c.fault.refuses(r.id)
	if bad == nil {
		bad = c.s.remove(c.actor(), r)
	}
	if bad != nil {
		return nil, bad.whole()
	}
	c.wrote(r.t)
	return &answer{status: http.StatusNoContent}, nil
}

func (c *call) getOne(t *table, id string) (*answer, *apiError) {
	r, e := c.recordOf(t, id)
	if e != nil {
		return nil, e
	}
	return c.show(t, r)
}

// show writes a record with the fields asked for, or all that may be read.
func (c *call) show(t *table, r *record) (*answer, *apiError) {
	n, e := c.nodeOf(t, c.params.Get("fields"))
	if e != nil {
		return nil, e
	}
	p := &page{c: c}
	p.record(n, r)
	c.served(t, 1)
	a := &answer{status: 200, body: p.b}
	if at, ok := r.val("LastModifiedDate").(stamp); ok {
		a.header = map[string]string{"Last-Modified": at.time().Format(http.TimeFormat)}
	}
	return a, nil
}

func (c *call) nodeOf(t *table, list string) (*node, *apiError) {
	comp := &compiler{s: c.s, version: c.version, t: t, parents: map[string]bool{}}
	n := newNode(t)
	if list == "" {
		for _, f := range t.fields {
			if c.s.readableField(t, f.name) != nil {
				n.add(comp.leaf(t, f))
			}
		}
		return n, nil
	}
	for _, name := range strings.Split(list, ",") {
		f := c.s.readableField(t, strings.TrimSpace(name))
		if f == nil {
			return nil, refuse(400, "INVALID_FIELD", "No such column '%s' on sobject of type %s", strings.TrimSpace(name), t.name)
		}
		if !n.keys[f.name] {
			n.add(comp.leaf(t, f))
		}
	}
	return n, nil
}

// blob answers GET /sobjects/{object}/{id}/{field} for note and file bodies.
func (c *call) blob(t *table, id, name string) (*answer, *apiError) {
	r, e := c.recordOf(t, id)
	if e != nil {
		return nil, e
	}
	f := c.s.readableField(t, name)
	if f == nil || f.kind != "base64" {
		return nil, notFound()
	}
	text, _ := r.get(f.pos).(string)
	body, err := decode64(text)
	if err != nil {
		return nil, refuse(500, "UNKNOWN_EXCEPTION", "%v", err)
	}
	c.served(t, 1)
	return &answer{status: 200, kind: "application/octet-stream", body: body}, nil
}

// keyed finds records by an external id.
func (c *call) keyed(t *table, name, value string) (*field, []*record, *apiError) {
	f := c.s.readableField(t, name)
	if f == nil || f.kind != "id" && !f.externalID {
		return nil, nil, refuse(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: %s", name)
	}
	if f.kind == "id" {
		r, e := c.recordOf(t, value)
		if e != nil {
			return f, nil, e
		}
		return f, []*record{r}, nil
	}
	var out []*record
	for _, r := range t.index[f.pos][key(value)] {
		if !r.deleted {
			out = append(out, r)
		}
	}
	return f, out, nil
}

// several answers 300 with the addresses of all that match.
func (c *call) several(t *table, rows []*record) *answer {
	var urls []string
	for _, r := range rows {
		urls = append(urls, "/services/data/"+c.version+"/sobjects/"+t.name+"/"+r.id)
	}
	return &answer{status: http.StatusMultipleChoices, body: mustJSON(urls)}
}

func (c *call) getKeyed(t *table, name, value string) (*answer, *apiError) {
	_, rows, e := c.keyed(t, name, value)
	switch {
	case e != nil:
		return nil, e
	case len(rows) == 0:
		return nil, notFound()
	case len(rows) > 1:
		return c.several(t, rows), nil
	}
	return c.show(t, rows[0])
}

func (c *call) deleteKeyed(t *table, name, value string) (*answer, *apiError) {
	_, rows, e := c.keyed(t, name, value)
	switch {
	case e != nil:
		return nil, e
	case len(rows) == 0:
		return nil, notFound()
	case len(rows) > 1:
		return c.several(t, rows), nil
	}
	return c.delete(rows[0])
}

// createdSince is the API version from which an upsert that changed a record
// tells so; those before answer 204.
const createdSince = 46

// since is the API version of the call.
func (c *call) since() float64 {
	v, _ := strconv.ParseFloat(strings.TrimPrefix(c.version, "v"), 64)
	return v
}

// upsertOne answers PATCH /sobjects/{object}/{field}/{value}.
func (c *call) upsertOne(t *table, name, value string) (*answer, *apiError) {
	in, e := c.readBody()
	if e != nil {
		return nil, e
	}
	f, rows, e := c.keyed(t, name, value)
	if e != nil {
		return nil, e
	}
	for k := range in {
		if strings.EqualFold(k, "Id") || strings.EqualFold(k, f.name) {
			return nil, refuse(400, "INVALID_FIELD", "The %s field should not be specified in the sobject data.", f.name)
		}
	}
	switch {
	case len(rows) > 1:
		return c.several(t, rows), nil
	case len(rows) == 1:
		if _, e := c.update(rows[0], in); e != nil {
			return nil, e
		}
		if c.since() < createdSince {
			return &answer{status: http.StatusNoContent}, nil
		}
		no, out := false, done(rows[0].id)
		out.Created = &no
		return ok(out), nil
	case c.params.Get("updateOnly") == "true":
		return nil, notFound()
	}
	in[f.name] = value
	if f.number() {
		in[f.name] = json.Number(value)
	}
	id, e := c.insert(t, in)
	if e != nil {
		return nil, e
	}
	yes, out := true, done(id)
	out.Created = &yes
	return &answer{status: http.StatusCreated, body: mustJSON(out)}, nil
}

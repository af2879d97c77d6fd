package sfsim

import (
	"net/http"
	"slices"
	"strings"
)

// outcome is one entry of a collections answer, at the position of its record.
// A refused record has no id.
type outcome struct {
	ID      string         `json:"id,omitempty"`
	Success bool           `json:"success"`
	Errors  []*recordError `json:"errors"`
	Created *bool          `json:"created,omitempty"`
}

// job is one record of a collections call on its way.
type job struct {
	t       *table
	r       *record
	bad     *recordError
	done    string // id, once it is done
	created bool
}

func (j *job) outcome(upsert bool) outcome {
	if j.bad != nil {
		out := outcome{Errors: []*recordError{j.bad}}
		if upsert {
			out.Created = &j.created
		}
		return out
	}
	out := outcome{ID: j.done, Success: true, Errors: []*recordError{}}
	if upsert {
		out.Created = &j.created
	}
	return out
}

func rolledBack() *recordError {
	return deny("ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid and the request was using AllOrNone header")
}

// each runs a call's records one after the other. With allOrNone either all are
// done or none.
func (c *call) each(jobs []*job, allOrNone, upsert bool, do func(int, *job) *apiError) (*answer, *apiError) {
	if e := c.runAll(jobs, allOrNone, do); e != nil {
		return nil, e
	}
	out := make([]outcome, len(jobs))
	for i, j := range jobs {
		out[i] = j.outcome(upsert)
	}
	return ok(out), nil
}

// runAll does each's work and leaves what came of it in the jobs.
func (c *call) runAll(jobs []*job, allOrNone bool, do func(int, *job) *apiError) *apiError {
	var spoiled *apiError
	clean := c.s.atomically(func() bool {
		good := true
		for i, j := range jobs {
			if j.bad == nil {
				if spoiled = do(i, j); spoiled != nil {
					return false
				}
			}
			good = good && j.bad == nil
		}
		return good || !allOrNone
	})
	if spoiled != nil {
		return spoiled
	}
	for _, j := range jobs {
		if !clean && j.bad == nil {
			j.bad = rolledBack()
		}
		if j.bad == nil {
			c.wrote(j.t)
		}
	}
	return nil
}

type collection struct {
	AllOrNone bool             `json:"allOrNone"`
	Records   []map[string]any `json:"records"`
}

// readCollection reads a body with records and finds their objects. of is the
// object of all of them, nil if each says its own.
func (c *call) readCollection(of *table) (*collection, []*job, *apiError) {
	var in collection
	if e := decode(c.body, &in); e != nil {
		return nil, nil, e
	}
	if len(in.Records) == 0 {
		return nil, nil, refuse(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [records]")
	}
	if e := tooMany(len(in.Records)); e != nil {
		return nil, nil, e
	}
	var jobs []*job
	chunks := 0
	for i, rec := range in.Records {
		if rec == nil {
			return nil, nil, refuse(400, "JSON_PARSER_ERROR", "Unexpected null record at index %d", i)
		}
		attrs, _ := rec["attributes"].(map[string]any)
		name, _ := attrs["type"].(string)
		if name == "" {
			return nil, nil, refuse(400, "INVALID_TYPE", "sObject type must be specified in the attributes of each record")
		}
		t := c.s.readableTable(name, false)
		if t == nil {
			return nil, nil, refuse(400, "INVALID_TYPE", "sObject type '%s' is not supported.", name)
		}
		if of != nil && t != of {
			return nil, nil, refuse(400, "INVALID_TYPE", "sObject type '%s' does not match the type of the request.", name)
		}
		if i == 0 || jobs[i-1].t != t {
			chunks++
		}
		jobs = append(jobs, &job{t: t})
	}
	if chunks > maxChunks {
		return nil, nil, refuse(400, "LIMIT_EXCEEDED", "Operation cannot have more than %d chunks. Please rearrange the records by type to reduce the number of chunks.", maxChunks)
	}
	return &in, jobs, nil
}

func tooMany(n int) *apiError {
	if n > maxRecords {
		return refuse(400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than %d records into this call", maxRecords)
	}
	return nil
}

// writeOne checks one record and does it.
func (c *call) writeOne(j *job, in map[string]any) *apiError {
	if j.r != nil {
		if j.bad = c.fault.refuses(j.r.id); j.bad != nil {
			return nil
		}
	} else if j.bad = c.fault.refuses(""); j.bad != nil {
		return nil
	}
	d, bad, e := c.s.draft(c.actor(), j.t, j.r, in)
	if e != nil {
		if e.Code == "INVALID_FIELD" && c.s.o.UnknownFieldPerRecord {
			j.bad = deny(e.Code, e.Message)
			return nil
		}
		return e
	}
	if j.bad = bad; bad == nil {
		j.created = j.r == nil
		j.done = c.s.commit(c.actor(), d).id
	}
	return nil
}

// idOf reads a record's id in either spelling of the key.
func idOf(rec map[string]any) (string, bool) {
	for _, k := range []string{"id", "Id", "ID"} {
		if v, has := rec[k]; has {
			id, ok := v.(string)
			return id, ok || v == nil
		}
	}
	return "", true
}

func (c *call) insertMany() (*answer, *apiError) {
	in, jobs, e := c.readCollection(nil)
	if e != nil {
		return nil, e
	}
	for i, rec := range in.Records {
		if id, _ := idOf(rec); id != "" {
			jobs[i].bad = deny("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
		}
	}
	return c.each(jobs, in.AllOrNone, false, func(i int, j *job) *apiError { return c.writeOne(j, in.Records[i]) })
}

func (c *call) updateMany() (*answer, *apiError) {
	in, jobs, e := c.readCollection(nil)
	if e != nil {
		return nil, e
	}
	ids := make([]string, len(jobs))
	for i, rec := range in.Records {
		id, fine := idOf(rec)
		if !fine {
			return nil, refuse(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of reference at index %d", i)
		}
		ids[i] = id
	}
	c.aim(jobs, ids, "update")
	return c.each(jobs, in.AllOrNone, false, func(i int, j *job) *apiError { return c.writeOne(j, in.Records[i]) })
}

// aim finds the records of ids, and refuses those that cannot be meant. An id
// that comes twice is refused wherever it stands.
func (c *call) aim(jobs []*job, ids []string, verb string) {
	seen := map[string][]int{}
	for i, j := range jobs {
		full, fine := fullID(ids[i])
		switch {
		case ids[i] == "":
			j.bad = deny("MISSING_ARGUMENT", "Id not specified in an "+verb+" call")
			continue
		case !fine:
			j.bad = deny("MALFORMED_ID", "malformed id "+ids[i])
			continue
		}
		seen[full] = append(seen[full], i)
		if j.t == nil {
			j.t = c.s.ofID(full)
		}
		if j.t == nil || j.t.prefix != full[:3] || j.t.object != nil && !j.t.object.may.read {
			j.bad = deny("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
			continue
		}
		j.r = j.t.byID[full]
		if j.r == nil {
			j.bad = deny("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
		} else if j.r.deleted {
			j.bad = deny("ENTITY_IS_DELETED", "entity is deleted")
		}
	}
	for id, at := range seen {
		for _, i := range at {
			if len(at) > 1 {
				jobs[i].bad = deny("DUPLICATE_VALUE", "duplicate id specified: "+id)
			}
		}
	}
}

func (c *call) deleteMany() (*answer, *apiError) {
	ids := strings.FieldsFunc(c.params.Get("ids"), func(r rune) bool { return r == ',' })
	if len(ids) == 0 {
		return nil, refuse(400, "MISSING_ARGUMENT", "The ids parameter is required.")
	}
	if e := tooMany(len(ids)); e != nil {
		return nil, e
	}
	jobs := make([]*job, len(ids))
	for i := range jobs {
		jobs[i] = &job{}
		ids[i] = strings.TrimSpace(ids[i])
	}
	c.aim(jobs, ids, "delete")
	return c.each(jobs, c.params.Get("allOrNone") == "true", false, func(_ int, j *job) *apiError {
		c.removeOne(j)
		return nil
	})
}

func (c *call) removeOne(j *job) {
	if j.bad = c.fault.refuses(j.r.id); j.bad == nil {
		j.bad = c.s.remove(c.actor(), j.r)
		j.done = j.r.id
	}
}

// getMany answers GET and POST /composite/sobjects/{object}.
func (c *call) getMany(name string) (*answer, *apiError) {
	t := c.s.readableTable(name, false)
	if t == nil {
		return nil, notFound()
	}
	var in struct {
		IDs    []string `json:"ids"`
		Fields []string `json:"fields"`
	}
	most := maxPage
	if c.method == http.MethodPost {
		if e := decode(c.body, &in); e != nil {
			return nil, e
		}
	} else {
		in.IDs = strings.Split(c.params.Get("ids"), ",")
		in.Fields = strings.Split(c.params.Get("fields"), ",")
	}
	if len(in.IDs) == 0 || len(in.Fields) == 0 || in.IDs[0] == "" || in.Fields[0] == "" {
		return nil, refuse(400, "MISSING_ARGUMENT", "The ids and fields parameters are required.")
	}
	if len(in.IDs) > most {
		return nil, refuse(400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than %d records into this call", most)
	}
	n, e := c.nodeOf(t, strings.Join(in.Fields, ","))
	if e != nil {
		return nil, e
	}
	p := &page{c: c, b: []byte{'['}}
	for i, id := range in.IDs {
		if i > 0 {
			p.b = append(p.b, ',')
		}
		r := c.s.find(t, strings.TrimSpace(id))
		if _, fine := fullID(strings.TrimSpace(id)); !fine {
			return nil, refuse(400, "MALFORMED_ID", "malformed id %s", id)
		}
		if r == nil || r.deleted {
			p.b = append(p.b, "null"...)
			continue
		}
		p.record(n, r)
		c.served(t, 1)
	}
	return &answer{status: 200, body: append(p.b, ']')}, nil
}

// upsertMany answers PATCH /composite/sobjects/{object}/{field}.
func (c *call) upsertMany(name, by string) (*answer, *apiError) {
	t := c.s.readableTable(name, false)
	if t == nil {
		return nil, notFound()
	}
	f := c.s.readableField(t, by)
	if f == nil || f.kind != "id" && !f.externalID {
		return nil, refuse(400, "INVALID_FIELD", "Field name provided, %s is not an External ID or indexed field for %s", by, t.name)
	}
	in, jobs, e := c.readCollection(t)
	if e != nil {
		return nil, e
	}
	c.matchAll(jobs, f, in.Records)
	return c.each(jobs, in.AllOrNone, true, func(i int, j *job) *apiError { return c.upsert(j, f, in.Records[i]) })
}

// matchAll finds the records that an upsert means. A key that comes twice is
// refused wherever it stands.
func (c *call) matchAll(jobs []*job, f *field, records []map[string]any) {
	keys := map[string]int{}
	for i, rec := range records {
		k := c.match(jobs[i], f, rec)
		if k == "" {
			continue
		}
		if first, twice := keys[k]; twice {
			jobs[i].bad = deny("DUPLICATE_VALUE", "Duplicate external id specified: "+k)
			jobs[first].bad = jobs[i].bad
		}
		keys[k] = i
	}
}

func (c *call) upsert(j *job, f *field, rec map[string]any) *apiError {
	if j.r != nil && f.kind != "id" {
		rec = without(rec, f.name)
	}
	return c.writeOne(j, rec)
}

// match finds the record that an upsert means, and returns its key.
func (c *call) match(j *job, f *field, rec map[string]any) string {
	var v any
	for name, given := range rec {
		if strings.EqualFold(name, f.name) {
			v = given
		}
	}
	if f.kind == "id" {
		id, _ := v.(string)
		if id == "" {
			return ""
		}
		c.aim([]*job{j}, []string{id}, "upsert")
		full, _ := fullID(id)
		return full
	}
	if v == nil || v == "" {
		j.bad = deny("MISSING_ARGUMENT", f.name+" not specified")
		return ""
	}
	stored, bad, e := c.s.coerce(f, v)
	if bad != nil || e != nil {
		return "" // the write itself will say so
	}
	k := key(stored)
	found := slices.DeleteFunc(slices.Clone(j.t.index[f.pos][k]), func(r *record) bool { return r.deleted })
	switch {
	case len(found) > 1:
		j.bad = deny("DUPLICATE_EXTERNAL_ID", "more than one record found for external id field: "+f.name, f.name)
	case len(found) == 1:
		j.r = found[0]
	}
	return k
}

func without(rec map[string]any, name string) map[string]any {
	out := map[string]any{}
	for k, v := range rec {
		if !strings.EqualFold(k, name) {
			out[k] = v
		}
	}
	return out
}

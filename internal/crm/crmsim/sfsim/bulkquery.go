package sfsim

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A bulkQuery is what a query job asks for and what came out.
type bulkQuery struct {
	plan    *plan
	columns []csvColumn
	rows    [][]string
	issued  map[int]bool // where the sets start that locators were given out for
}

// A csvColumn is one column of the results, in the order of the SELECT.
type csvColumn struct {
	name string
	col  *column
}

// notInBulk are objects that Bulk API refuses (its issue lists name the status
// objects).
var notInBulk = []string{"TaskStatus"}

// createQuery answers POST /jobs/query. The query is understood at once: what it
// gets wrong is told here, under one code for all (airbytehq/airbyte#8206).
func (c *call) createQuery() (*answer, *apiError) {
	in, e := readJob(c.body, "operation", "query", "contentType", "columnDelimiter", "lineEnding")
	if e != nil {
		return nil, e
	}
	form, e := readForm(in)
	if e != nil {
		return nil, e
	}
	switch {
	case in["operation"] != "query" && in["operation"] != "queryAll":
		return nil, refuse(400, "INVALIDOPERATION", "Invalid operation: %s", in["operation"])
	case in["query"] == "":
		return nil, refuse(400, "INVALIDJOB", "A query has to be specified")
	case c.s.o.EnforceLimits && c.s.bulk.queries.in(c.now) >= bulkQueries:
		return nil, refuse(400, "LIMIT_EXCEEDED", "Max bulk v2 query jobs (%d) per 24 hrs has been reached (%d)", bulkQueries, c.s.bulk.queries.in(c.now)+1)
	}
	q, e := c.planBulk(in["query"], in["operation"] == "queryAll")
	if e != nil {
		if e.Code != "INVALIDENTITY" {
			e.Code = "API_ERROR"
		}
		return nil, e
	}
	c.s.bulk.queries.add(c.now)
	j := c.newJob("query")
	j.operation, j.object, j.csv, j.query, j.state = in["operation"], q.plan.t, form, q, jobQueued
	c.object = j.object.name
	return ok(c.describeJob(j, false)), nil
}

// planBulk understands a query and refuses what a bulk query may not have.
func (c *call) planBulk(q string, all bool) (bulkQuery, *apiError) {
	st, e := parseSOQL(c.s.grammar, q)
	if e != nil {
		return bulkQuery{}, e
	}
	comp := &compiler{s: c.s, q: q, version: c.version, all: all, now: c.now}
	if t := c.s.readableTable(st.From.Name, false); t == nil || slices.Contains(notInBulk, t.name) {
		return bulkQuery{}, refuse(400, "INVALIDENTITY", "Entity '%s' is not supported by the Bulk API.", st.From.Name)
	}
	not := func(what string) (bulkQuery, *apiError) {
		return bulkQuery{}, refuse(400, "", "%s not supported in Bulk V2 Query with CSV content type", what)
	}
	for _, sel := range st.Select {
		switch {
		case sel.Sub != nil:
			return not("Aggregate Relationships")
		case sel.TypeOf != nil:
			return not("TYPEOF")
		}
	}
	switch {
	case comp.aggregates(st):
		return not("GROUP BY and aggregate functions")
	case st.Offset != nil:
		return not("OFFSET")
	}
	p, e := comp.compile(st)
	if e != nil {
		return bulkQuery{}, e
	}
	out := bulkQuery{plan: p, issued: map[int]bool{}}
	if out.columns, e = comp.csvColumns(p, st); e != nil {
		return bulkQuery{}, e
	}
	if slices.ContainsFunc(out.columns, func(x csvColumn) bool { return x.col.f.kind == "base64" }) {
		return not("Blob field")
	}
	return out, nil
}

// csvColumns lists the columns of a query that compiles.
func (c *compiler) csvColumns(p *plan, st *statement) ([]csvColumn, *apiError) {
	var out []csvColumn
	add := func(path, alias string) *apiError {
		col, e := c.column(path, st.From.Pos)
		if e != nil {
			return e
		}
		name := alias
		if name == "" {
			for _, hop := range col.hops {
				name += hop.rel + "."
			}
			name += col.f.name
		}
		out = append(out, csvColumn{name, col})
		return nil
	}
	for _, sel := range st.Select {
		path, set := sel.Field.Name, sel.Field.Call && strings.EqualFold(sel.Field.Name, "FIELDS")
		if sel.Field.Call {
			path = sel.Field.Arg
		}
		if !set {
			if e := add(path, sel.Alias); e != nil {
				return nil, e
			}
			continue
		}
		for _, it := range p.root.items {
			of := it.leaf != nil && it.leaf == p.t.exact[it.name]
			if of && (!strings.EqualFold(path, "CUSTOM") || it.leaf.custom) && (!strings.EqualFold(path, "STANDARD") || !it.leaf.custom) {
				if e := add(it.name, ""); e != nil {
					return nil, e
				}
			}
		}
	}
	return out, nil
}

// runBulkQuery fills a job's results: they stay as they are however the records
// change later.
func (c *call) runBulkQuery(j *bulkJob) {
	if bad := c.s.strikeWork(c.kind, c.object).refusal(); bad != nil {
		j.fail(bad.Code + " : " + bad.Message)
		return
	}
	for _, r := range c.s.run(j.query.plan, c.now) {
		row := make([]string, len(j.query.columns))
		for i, x := range j.query.columns {
			row[i] = cellOf(x.col.get(r), x.col.f)
		}
		j.query.rows = append(j.query.rows, row)
	}
	j.processed = len(j.query.rows)
}

// queryResults answers GET …/results: one set of rows. The last set's locator is
// the word null.
func (c *call) queryResults(j *bulkJob) (*answer, *apiError) {
	switch {
	case !j.terminal():
		return &answer{status: http.StatusNoContent}, nil
	case j.state != jobComplete:
		return nil, refuse(400, "INVALIDJOBSTATE", "The job has no results: it is in state %s", j.state)
	}
	size := c.s.o.BulkPageSize
	if text := c.params.Get("maxRecords"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, refuse(400, "INVALIDQUERYLOCATOR", "Invalid maxRecords: %s", text)
		}
		size = min(size, n)
	}
	from := 0
	if text := c.params.Get("locator"); text != "" {
		plain, err := base64.RawURLEncoding.DecodeString(text)
		at, err2 := strconv.Atoi(string(plain))
		if err != nil || err2 != nil || !j.query.issued[at] {
			return nil, refuse(400, "INVALIDQUERYLOCATOR", "Invalid locator: %s", text)
		}
		from = at
	}
	to := min(from+size, len(j.query.rows))
	locator := "null"
	if to < len(j.query.rows) {
		j.query.issued[to] = true
		locator = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	names := make([]string, len(j.query.columns))
	for i, x := range j.query.columns {
		names[i] = x.name
	}
	b := j.csv.line(nil, names)
	for _, row := range j.query.rows[from:to] {
		b = j.csv.line(b, row)
	}
	c.served(j.object, to-from)
	return &answer{
		status: http.StatusOK, kind: "text/csv", body: b,
		header: map[string]string{"Sforce-Locator": locator, "Sforce-NumberOfRecords": strconv.Itoa(to - from)},
	}, nil
}

package sfsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// routeJobs is what is behind /jobs/{query|ingest}. The composite resources do
// not take jobs.
func (c *call) routeJobs(kind string, seg []string) (endpoint, *apiError) {
	since, known := map[string]float64{"query": bulkQuerySince, "ingest": bulkIngestSince}[kind]
	version, _ := strconv.ParseFloat(strings.TrimPrefix(c.version, "v"), 64)
	if !known || version < since || c.inner {
		return endpoint{}, notFound()
	}
	c.kind = "bulk " + kind + " "
	create := c.createQuery
	if kind == "ingest" {
		create = c.createIngest
	}
	with := func(f func(*bulkJob) (*answer, *apiError)) handler {
		return func() (*answer, *apiError) {
			j, e := c.bulkJob(kind, seg[0])
			if e != nil {
				return nil, e
			}
			return f(j)
		}
	}
	switch {
	case len(seg) == 0:
		c.kind += map[string]string{"POST": "create", "GET": "list"}[c.method]
		return c.pick(methods{"GET": {handle: func() (*answer, *apiError) { return c.listJobs(kind) }, lock: reads}, "POST": {handle: create, lock: writes}})
	case len(seg) == 1:
		c.kind += map[string]string{"PATCH": "patch", "GET": "get", "DELETE": "delete"}[c.method]
		return c.pick(methods{
			"GET": {handle: with(c.showJob), lock: reads}, "PATCH": {handle: with(c.patchJob), lock: writes}, "DELETE": {handle: with(c.deleteJob), lock: writes},
		})
	case len(seg) == 2 && kind == "query" && seg[1] == "results":
		c.kind += "results"
		return c.pick(methods{"GET": {handle: with(c.queryResults), lock: writes}})
	case len(seg) == 2 && kind == "ingest" && seg[1] == "batches":
		c.kind, c.csv = c.kind+"upload", true
		return c.pick(methods{"PUT": {handle: with(c.upload), lock: writes}})
	case len(seg) == 2 && kind == "ingest" && ingestResults[seg[1]] != nil:
		c.kind += seg[1]
		return c.pick(get(with(func(j *bulkJob) (*answer, *apiError) { return c.ingestResults(j, seg[1]) })))
	}
	return endpoint{}, notFound()
}

// bulkJob finds a job. It answers to the API version alone that made it.
func (c *call) bulkJob(kind, id string) (*bulkJob, *apiError) {
	full, _ := fullID(id)
	for _, j := range c.s.bulk.list {
		if j.id != full || j.kind != kind || c.now >= j.created+bulkKept {
			continue
		}
		c.object = j.object.name
		if j.version != c.version {
			return nil, refuse(409, "INVALIDVERSION", "The job was created with API version %s", strings.TrimPrefix(j.version, "v"))
		}
		return j, nil
	}
	return nil, notFound()
}

func (c *call) showJob(j *bulkJob) (*answer, *apiError) { return ok(c.describeJob(j, true)), nil }

// listJobs answers GET /jobs/{kind}; the order of the jobs means nothing.
func (c *call) listJobs(kind string) (*answer, *apiError) {
	list := []any{}
	for _, j := range slices.Backward(c.s.bulk.list) {
		if j.kind == kind && c.now < j.created+bulkKept {
			list = append(list, c.describeJob(j, false))
		}
	}
	return ok(map[string]any{"done": true, "nextRecordsUrl": nil, "records": list}), nil
}

// patchJob closes a job's upload, or aborts the job.
func (c *call) patchJob(j *bulkJob) (*answer, *apiError) {
	in, e := readJob(c.body, "state")
	if e != nil {
		return nil, e
	}
	verb := map[string]string{jobAborted: "Aborting", jobQueued: "Closing"}[in["state"]]
	switch {
	case verb == "" || j.kind == "query" && in["state"] != jobAborted:
		return nil, refuse(400, "INVALIDJOBSTATE", "The job cannot be set to state %s", in["state"])
	case j.terminal():
		return nil, refuse(400, "INVALIDJOBSTATE", "%s already Completed Job not allowed", verb)
	case in["state"] == jobQueued && j.state != jobOpen:
		return nil, refuse(400, "INVALIDJOBSTATE", "Closing already Closed Job not allowed")
	case in["state"] == jobQueued && !j.handedOver:
		return nil, refuse(400, "INVALIDJOBSTATE", "The job has no data to process")
	}
	j.state, j.moved, j.closed = in["state"], c.now, c.s.clock.Now()
	return ok(c.describeJob(j, false)), nil
}

// deleteJob forgets a job and its data. A queued ingest job may go as well as
// those that have ended.
func (c *call) deleteJob(j *bulkJob) (*answer, *apiError) {
	state := j.stateAt(c.s.clock.Now(), c.s.o.BulkWait)
	if !j.terminal() && (j.kind == "query" || state != jobQueued) {
		return nil, refuse(400, "INVALIDJOBSTATE", "A job in state %s cannot be deleted", state)
	}
	c.s.bulk.list = slices.DeleteFunc(c.s.bulk.list, func(x *bulkJob) bool { return x == j })
	return &answer{status: http.StatusNoContent}, nil
}

// readJob reads the body of a job request: texts under the names given. The
// platform knows no others.
func readJob(body []byte, names ...string) (map[string]string, *apiError) {
	var in map[string]any
	if e := decode(body, &in); e != nil {
		return nil, e
	}
	out := map[string]string{}
	for k, v := range in {
		text, isText := v.(string)
		switch {
		case !slices.Contains(names, k):
			return nil, refuse(400, "JSON_PARSER_ERROR", "Unrecognized field %q at [line:1, column:1]", k)
		case v != nil && !isText:
			return nil, refuse(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of string from the value of %s at [line:1, column:1]", k)
		}
		out[k] = text
	}
	return out, nil
}

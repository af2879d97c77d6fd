package sfsim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A bulkIngest is the data of an ingest job and what became of it.
type bulkIngest struct {
	data   []byte
	header []string
	good   []ingested
	bad    []ingested
	left   [][]string // rows that were not tried
}

// An ingested row is one line of results.
type ingested struct {
	id, note string // note: whether it was created, or why it was refused
	cells    []string
}

var operations = []string{"insert", "update", "upsert", "delete", "hardDelete"}

// createIngest answers POST /jobs/ingest.
func (c *call) createIngest() (*answer, *apiError) {
	in, e := readJob(c.body, "object", "operation", "externalIdFieldName", "contentType", "columnDelimiter", "lineEnding", "assignmentRuleId")
	if e != nil {
		return nil, e
	}
	form, e := readForm(in)
	if e != nil {
		return nil, e
	}
	t := c.s.readableTable(in["object"], false)
	key := in["externalIdFieldName"]
	switch {
	case !slices.Contains(operations, in["operation"]):
		return nil, refuse(400, "INVALIDOPERATION", "Invalid operation: %s", in["operation"])
	case in["operation"] == "hardDelete": // a permission that no profile has by default
		return nil, refuse(400, "FEATURENOTENABLED", "hardDelete operation requires special user profile permission, please contact your system administrator")
	case t == nil || slices.Contains(notInBulk, t.name):
		return nil, refuse(400, "INVALIDENTITY", "Entity '%s' is not supported by the Bulk API.", in["object"])
	case (key != "") != (in["operation"] == "upsert"):
		return nil, refuse(400, "INVALIDJOB", "externalIdFieldName is for the upsert operation, which needs it")
	case key != "":
		f := c.s.readableField(t, key)
		if f == nil || f.kind != "id" && !f.externalID {
			return nil, refuse(400, "INVALIDJOB", "Field name provided, %s is not an External ID or indexed field for %s", key, t.name)
		}
		key = f.name
	}
	j := c.newJob("ingest")
	j.operation, j.object, j.csv, j.key, j.state = in["operation"], t, form, key, jobOpen
	c.object = t.name
	return ok(c.describeJob(j, false)), nil
}

// upload answers PUT …/batches, which a job takes once.
func (c *call) upload(j *bulkJob) (*answer, *apiError) {
	switch {
	case j.state != jobOpen:
		return nil, refuse(400, "INVALIDJOBSTATE", "Uploads are not allowed in state %s", j.stateAt(c.s.clock.Now(), c.s.o.BulkWait))
	case j.handedOver:
		return nil, refuse(400, "INVALIDJOBSTATE", "Data was uploaded to this job before")
	case len(c.body) == 0:
		return nil, refuse(400, "CLIENTINPUTERROR", "The request has no data")
	}
	j.ingest.data, j.handedOver = c.body, true
	return &answer{status: http.StatusCreated}, nil
}

// runBulkIngest writes a job's rows, batch after batch.
func (c *call) runBulkIngest(j *bulkJob) {
	rows, why := j.csv.read(j.ingest.data)
	if why != "" {
		j.fail(why)
		return
	}
	j.ingest.header, rows = rows[0], rows[1:]
	fields := make([]*field, len(j.ingest.header))
	for i, name := range j.ingest.header {
		if fields[i] = c.s.readableField(j.object, name); fields[i] == nil || slices.Index(fields, fields[i]) < i {
			j.ingest.left = rows
			j.fail("InvalidBatch : Field name not found : " + name)
			return
		}
	}
	for batch := range slices.Chunk(rows, bulkBatch) {
		c.fault = c.s.strikeWork(c.kind, c.object)
		if bad := c.fault.refusal(); bad != nil || j.state == jobFailed {
			if bad != nil {
				j.fail(bad.Code + " : " + bad.Message)
			}
			j.ingest.left = append(j.ingest.left, batch...)
			continue
		}
		c.s.bulk.batches.add(c.now)
		c.ingestBatch(j, fields, batch)
	}
	j.processed, j.failed = len(j.ingest.good)+len(j.ingest.bad), len(j.ingest.bad)
	// The vendor does not keep the order of rows.
	slices.Reverse(j.ingest.good)
	slices.Reverse(j.ingest.bad)
}

// ingestBatch writes rows as a collections call does, each for itself.
func (c *call) ingestBatch(j *bulkJob, fields []*field, batch [][]string) {
	jobs, records, ids := make([]*job, len(batch)), make([]map[string]any, len(batch)), make([]string, len(batch))
	unread := make([]*recordError, len(batch))
	for i, cells := range batch {
		jobs[i] = &job{t: j.object}
		records[i], ids[i], unread[i] = recordOf(fields, cells)
	}
	var key *field
	switch j.operation {
	case "upsert":
		key = j.object.field(j.key)
		c.matchAll(jobs, key, records)
	case "update", "delete":
		c.aim(jobs, ids, j.operation)
	case "insert":
		for i, id := range ids {
			if id != "" {
				jobs[i].bad = deny("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
			}
		}
	}
	_ = c.runAll(jobs, false, func(i int, one *job) *apiError {
		var e *apiError
		switch {
		case unread[i] != nil:
			one.bad = unread[i]
		case j.operation == "delete":
			c.removeOne(one)
		case key != nil:
			e = c.upsert(one, key, records[i])
		default:
			e = c.writeOne(one, records[i])
		}
		if e != nil { // here it costs its own row alone
			one.bad = deny(e.Code, e.Message, e.Fields...)
		}
		return nil
	})
	for i, one := range jobs {
		if one.bad != nil {
			j.ingest.bad = append(j.ingest.bad, ingested{"", sfError(one.bad), batch[i]})
		} else {
			j.ingest.good = append(j.ingest.good, ingested{one.done, fmt.Sprint(one.created), batch[i]})
		}
	}
}

// recordOf reads a row. An empty cell leaves its field as it is.
func recordOf(fields []*field, cells []string) (map[string]any, string, *recordError) {
	rec, id := map[string]any{}, ""
	var bad *recordError
	for i, f := range fields {
		if cells[i] == "" {
			continue
		}
		if f.kind == "id" {
			id = cells[i]
			rec["Id"] = id
			continue
		}
		v, fits := valueOf(f, cells[i])
		if !fits && bad == nil {
			bad = deny("INVALID_FIELD", fmt.Sprintf("Failed to deserialize field at col %d. Due to, '%s' is not a valid value for the type %s", i, cells[i], f.soapKind()), f.name)
		}
		rec[f.name] = v
	}
	return rec, id, bad
}

// sfError is how results tell a refusal.
func sfError(e *recordError) string {
	return e.Code + ":" + e.Message + ":" + strings.Join(append(slices.Clone(e.Fields), "--"), " ")
}

// ingestResults are the three lists of an ended job, by their spelling in the
// path: the columns in front of the job's own, and the rows.
var ingestResults = map[string]func(*bulkIngest) (columns []string, rows []ingested){
	"successfulResults":  func(b *bulkIngest) ([]string, []ingested) { return []string{"sf__Id", "sf__Created"}, b.good },
	"failedResults":      func(b *bulkIngest) ([]string, []ingested) { return []string{"sf__Id", "sf__Error"}, b.bad },
	"unprocessedrecords": func(*bulkIngest) ([]string, []ingested) { return nil, nil },
}

// ingestResults answers GET …/successfulResults and the like.
func (c *call) ingestResults(j *bulkJob, which string) (*answer, *apiError) {
	if !j.terminal() {
		return nil, refuse(400, "INVALIDJOBSTATE", "The job has no results yet: it is in state %s", j.stateAt(c.s.clock.Now(), c.s.o.BulkWait))
	}
	columns, rows := ingestResults[which](&j.ingest)
	if columns == nil {
		return &answer{status: http.StatusOK, kind: "text/csv", body: j.unprocessed()}, nil
	}
	// The job's own columns come sorted by name, whatever their order was.
	order := make([]int, len(j.ingest.header))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(j.ingest.header[a], j.ingest.header[b]) })
	pick := func(cells []string) []string {
		var out []string
		for _, i := range order {
			out = append(out, cells[i])
		}
		return out
	}
	b := j.csv.line(nil, append(columns, pick(j.ingest.header)...))
	for _, row := range rows {
		b = j.csv.line(b, append([]string{row.id, row.note}, pick(row.cells)...))
	}
	return &answer{status: http.StatusOK, kind: "text/csv", body: b}, nil
}

// unprocessed is what was uploaded and not tried.
func (j *bulkJob) unprocessed() []byte {
	if j.ingest.header == nil {
		return append([]byte{}, j.ingest.data...)
	}
	b := j.csv.line(nil, j.ingest.header)
	for _, row := range j.ingest.left {
		b = j.csv.line(b, row)
	}
	return b
}

package sfsim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// The vendor's figures for Bulk API 2.0 (Bulk API 2.0 and Bulk API Developer
// Guide and its limits page, Winter '27, read 2026-11).
const (
	bulkQuerySince        = 47 // API version
	bulkIngestSince       = 41
	bulkQueries           = 10_000 // query jobs in 24 hours
	bulkBatches           = 15_000 // in 24 hours
	bulkBatch             = 10_000 // rows of an ingest job that are one batch
	bulkKept        stamp = 7 * day
)

// The states of a job.
const (
	jobOpen       = "Open"
	jobQueued     = "UploadComplete"
	jobInProgress = "InProgress"
	jobComplete   = "JobComplete"
	jobFailed     = "Failed"
	jobAborted    = "Aborted"
)

// bulkJobs are the jobs that the org keeps. Server.mu guards them.
type bulkJobs struct {
	list             []*bulkJob // oldest first
	n                uint64
	queries, batches lastDay
}

// lastDay counts what happened within 24 hours.
type lastDay []stamp

func (l lastDay) in(now stamp) int {
	n := 0
	for _, at := range l {
		if at > now-day {
			n++
		}
	}
	return n
}

func (l *lastDay) add(now stamp) {
	*l = append(slices.DeleteFunc(*l, func(at stamp) bool { return at <= now-day }), now)
}

// A bulkJob is a job of either kind.
type bulkJob struct {
	id, kind   string // "query" or "ingest"
	operation  string
	object     *table
	key        string // external id field of an upsert
	user       string
	version    string // "v60.0"
	csv        csvForm
	state      string // as last set; see stateAt
	created    stamp
	moved      stamp
	closed     time.Time // when it was queued
	failure    string
	processed  int
	failed     int
	query      bulkQuery
	ingest     bulkIngest
	handedOver bool // the upload was done
}

// stateAt is the state that the org tells. A job waits as long as it then runs.
func (j *bulkJob) stateAt(now time.Time, wait time.Duration) string {
	if j.state == jobQueued && !now.Before(j.closed.Add(wait)) {
		return jobInProgress
	}
	return j.state
}

func (j *bulkJob) terminal() bool {
	return j.state == jobComplete || j.state == jobFailed || j.state == jobAborted
}

// fail ends a job without results.
func (j *bulkJob) fail(why string) { j.state, j.failure = jobFailed, why }

// bulkDue lists the queued jobs whose time is up, in that order.
func (s *Server) bulkDue(now time.Time) []*bulkJob {
	var due []*bulkJob
	for _, j := range s.bulk.list {
		if j.state == jobQueued && !now.Before(j.closed.Add(2*s.o.BulkWait)) {
			due = append(due, j)
		}
	}
	slices.SortStableFunc(due, func(a, b *bulkJob) int { return a.closed.Compare(b.closed) })
	return due
}

// workBulk does the jobs that are due. It goes on without anybody asking and
// whatever became of the session that made the job.
func (s *Server) workBulk(now time.Time) {
	for _, j := range s.bulkDue(now) {
		at := stampOf(j.closed.Add(2 * s.o.BulkWait))
		c := &call{
			s: s, kind: "bulk work " + j.operation, object: j.object.name, version: j.version, session: &session{user: j.user}, now: at,
			rows: map[string]int{}, written: map[string]int{}, subs: map[string]int{},
		}
		j.state, j.moved = jobComplete, at
		if j.kind == "query" {
			c.runBulkQuery(j)
		} else {
			c.runBulkIngest(j)
		}
		s.log.work(c)
	}
}

func (c *call) newJob(kind string) *bulkJob {
	b := &c.s.bulk
	b.n++
	j := &bulkJob{
		id: mintID("750", c.s.pod, c.s.base+b.n), kind: kind, user: c.session.user, version: c.version, created: c.now, moved: c.now, closed: c.s.clock.Now(),
	}
	b.list = append(slices.DeleteFunc(b.list, func(x *bulkJob) bool { return c.now >= x.created+bulkKept }), j)
	return j
}

// describeJob is a job as the answers show it. The first one, of the request
// that makes it, has no figures.
func (c *call) describeJob(j *bulkJob, figures bool) map[string]any {
	state := j.stateAt(c.s.clock.Now(), c.s.o.BulkWait)
	out := map[string]any{
		"id": j.id, "operation": j.operation, "object": j.object.name, "createdById": j.user, "createdDate": j.created.String(),
		"systemModstamp": j.moved.String(), "state": state, "concurrencyMode": "Parallel", "contentType": "CSV",
		"apiVersion": json.Number(strings.TrimPrefix(j.version, "v")), "lineEnding": j.csv.ending, "columnDelimiter": j.csv.name,
	}
	if j.key != "" {
		out["externalIdFieldName"] = j.key
	}
	if state == jobOpen {
		out["contentUrl"] = "services/data/" + j.version + "/jobs/ingest/" + j.id + "/batches"
	}
	if !figures {
		return out
	}
	took := 0
	if j.terminal() {
		took = int(c.s.o.BulkWait.Milliseconds())
	}
	out["numberRecordsProcessed"], out["retries"], out["totalProcessingTime"] = j.processed, 0, took
	if j.kind == "query" {
		out["jobType"], out["isPkChunkingSupported"] = "V2Query", true
	} else {
		out["jobType"], out["numberRecordsFailed"], out["apiActiveProcessingTime"], out["apexProcessingTime"] = "V2Ingest", j.failed, took, 0
	}
	if j.failure != "" {
		out["errorMessage"] = j.failure
	}
	return out
}

package sfsim

import (
	"strings"
	"testing"
	"time"
)

func TestBulkIngestLifecycle(t *testing.T) {
	r := newRig(t, 3, Options{})
	path := r.openIngest(`{"object":"Task","operation":"insert"}`)
	id := strings.TrimPrefix(path, ingestJobs+"/")
	if url := r.get(path).obj()["contentUrl"]; url != "services/data/v60.0/jobs/ingest/"+id+"/batches" {
		t.Errorf("contentUrl %v", url)
	}
	tasks := func() int { return len(r.query("SELECT Id FROM Task WHERE Subject = 'bulk'").rows()) }
	r.get(path+"/successfulResults").refused(400, "INVALIDJOBSTATE", "Open")
	r.do("DELETE", path, "").refused(400, "INVALIDJOBSTATE", "Open")
	r.setState(path, "UploadComplete").refused(400, "INVALIDJOBSTATE", "no data")
	r.setState(path, "JobComplete").refused(400, "INVALIDJOBSTATE", "JobComplete")
	r.do("PUT", path+"/batches", "Subject\nbulk\n").refused(415, "UNSUPPORTED_MEDIA_TYPE", "application/json")
	r.upload(path, "").refused(400, "CLIENTINPUTERROR", "")
	if p := r.upload(path, "Subject\nbulk\n"); p.status != 201 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	r.upload(path, "Subject\nbulk\n").refused(400, "INVALIDJOBSTATE", "before")
	r.s.Clock().Advance(time.Hour)
	if state := r.get(path).obj()["state"]; state != "Open" || tasks() != 0 {
		t.Errorf("%v: an upload that nobody closes is not worked on", state)
	}
	closed := r.setState(path, "UploadComplete").obj()
	if closed["state"] != "UploadComplete" || closed["contentUrl"] != nil {
		t.Errorf("closed: %v", closed)
	}
	r.setState(path, "UploadComplete").refused(400, "INVALIDJOBSTATE", "Closing")
	r.upload(path, "Subject\nmore\n").refused(400, "INVALIDJOBSTATE", "UploadComplete")
	r.s.Clock().Advance(time.Second)
	if state := r.get(path).obj()["state"]; state != "InProgress" || tasks() != 0 {
		t.Errorf("%v", state)
	}
	r.do("DELETE", path, "").refused(400, "INVALIDJOBSTATE", "InProgress")
	r.get(path+"/failedResults").refused(400, "INVALIDJOBSTATE", "InProgress")
	r.s.Clock().Advance(time.Second)
	if state := r.get(path).obj()["state"]; state != "JobComplete" || tasks() != 1 {
		t.Errorf("%v, %d tasks", state, tasks())
	}
	if p := r.do("DELETE", path, ""); p.status != 204 {
		t.Errorf("DELETE: %d", p.status)
	}
	aborted := r.openIngest(`{"object":"Task","operation":"insert"}`)
	r.upload(aborted, "Subject\nbulk\n")
	if p := r.setState(aborted, "Aborted"); p.obj()["state"] != "Aborted" {
		t.Errorf("%s", p.body)
	}
	r.setState(aborted, "UploadComplete").refused(400, "INVALIDJOBSTATE", "Closing already Completed Job not allowed")
	if p := r.get(aborted + "/unprocessedrecords"); p.body != "Subject\nbulk\n" || tasks() != 1 {
		t.Errorf("aborted: %q, %d tasks", p.body, tasks())
	}
	queued := r.openIngest(`{"object":"Task","operation":"insert"}`)
	r.upload(queued, "Subject\nbulk\n")
	r.setState(queued, "UploadComplete")
	if p := r.do("DELETE", queued, ""); p.status != 204 { // the guide lets queued jobs go
		t.Errorf("DELETE of a queued job: %d %s", p.status, p.body)
	}
	r.s.Clock().Advance(time.Minute)
	if tasks() != 1 {
		t.Error("a job that is gone was done")
	}
	r.get(path+"/successfulresults").refused(404, "NOT_FOUND", "")
}

func TestBulkIngestJobsThatFail(t *testing.T) {
	r := newRig(t, 3, Options{})
	r.s.HideField("Opportunity", "ARR__c")
	update := `{"object":"Opportunity","operation":"update"}`
	id := r.s.DealID(0)
	for data, want := range map[string]string{
		"Id,Handoff_Score__c\r\n" + id + ",5\r\n":    "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
		"Id,Nope__c\n" + id + ",5\n":                 "InvalidBatch : Field name not found : Nope__c",
		"Id,ARR__c\n" + id + ",5\n":                  "InvalidBatch : Field name not found : ARR__c", // no access reads like no field
		"\ufeffId,Handoff_Score__c\n" + id + ",5\n":  "InvalidBatch : Field name not found : \ufeffId",
		"Id,Id\n" + id + "," + id + "\n":             "InvalidBatch : Field name not found : Id",
		"Id,Handoff_Score__c\n" + id + ",5,6\n":      "InvalidBatch : Failed to parse CSV data",
		"Id,Handoff_Note__c\n" + id + ", \"spaced\"": "InvalidBatch : Failed to parse CSV data",
		"Id,Handoff_Note__c\n" + id + ",\xff\n":      "InvalidBatch : The data is not encoded in UTF-8",
		"\n":                                         "InvalidBatch : The data has no header row",
	} {
		path, job := r.bulkIngest(update, data)
		why, _ := job["errorMessage"].(string)
		if job["state"] != "Failed" || !strings.HasPrefix(why, want) || job["numberRecordsProcessed"] != 0.0 {
			t.Errorf("%q: %v", data, job)
		}
		if p := r.get(path + "/unprocessedrecords"); p.status != 200 || !strings.Contains(p.body, id) && strings.Contains(data, id) {
			t.Errorf("%q: unprocessed %d %q", data, p.status, p.body)
		}
		if p := r.do("DELETE", path, ""); p.status != 204 {
			t.Errorf("DELETE: %d", p.status)
		}
	}
	if v := r.s.Get("Opportunity", id, "Handoff_Score__c"); v != 12.5 {
		t.Errorf("a failed job wrote %v", v)
	}
	_, job := r.bulkIngest(`{"object":"Opportunity","operation":"update","lineEnding":"CRLF"}`, "Id,Handoff_Score__c\n"+id+",5\n")
	if job["errorMessage"] != "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is CRLF" {
		t.Errorf("%v", job)
	}
}

func TestBulkWorkGoesWrong(t *testing.T) {
	r := newRig(t, 3, Options{})
	path := r.bulkQuery("SELECT Id FROM Opportunity")
	r.s.AddFault(Fault{Do: QueryTimeout}) // names nothing, so it is for requests and no job uses it up
	r.s.Clock().Advance(2 * time.Second)
	r.s.Get("Opportunity", r.s.DealID(0), "Name") // the job is done without a request
	r.get(path).refused(400, "QUERY_TIMEOUT", "")
	if state := r.get(path).obj()["state"]; state != "JobComplete" {
		t.Errorf("%v", state)
	}
	path = r.bulkQuery("SELECT Id FROM Opportunity")
	r.s.AddFault(Fault{Do: QueryTimeout, On: "bulk work query opportunity"})
	r.s.Clock().Advance(2 * time.Second)
	if job := r.get(path).obj(); job["state"] != "Failed" || job["errorMessage"] != "QUERY_TIMEOUT : Your query request was running for too long." {
		t.Errorf("%v", job)
	}
	r.get(path+"/results").refused(400, "INVALIDJOBSTATE", "Failed")

	r.s.AddFault(Fault{Do: RefuseRecords, On: "bulk work update", IDs: []string{r.s.DealID(1)[:15]}})
	path, job := r.bulkIngest(`{"object":"Opportunity","operation":"update"}`, "Id,NextStep\n"+r.s.DealID(0)+",x\n"+r.s.DealID(1)+",x\n")
	if bad := r.get(path + "/failedResults").body; job["numberRecordsFailed"] != 1.0 || !strings.Contains(bad, "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--") {
		t.Errorf("%v: %s", job, bad)
	}

	// The second batch of 10,000 fails: what is before it stays, what is behind it was not tried.
	r.s.AddFault(Fault{Do: ServerError, On: "bulk work insert", Nth: 2})
	path, job = r.bulkIngest(`{"object":"Task","operation":"insert"}`, "Subject\n"+strings.Repeat("bulk\n", 10_000)+"last\n")
	if job["state"] != "Failed" || job["numberRecordsProcessed"] != 10_000.0 || !strings.HasPrefix(job["errorMessage"].(string), "UNKNOWN_EXCEPTION : ") {
		t.Errorf("%v", job)
	}
	if left := r.get(path + "/unprocessedrecords").body; left != "\"Subject\"\n\"last\"\n" {
		t.Errorf("not tried: %q", left)
	}
	if n := r.query("SELECT COUNT() FROM Task WHERE Subject = 'bulk'").obj()["totalSize"]; n != 10_000.0 {
		t.Errorf("%v tasks", n)
	}
}

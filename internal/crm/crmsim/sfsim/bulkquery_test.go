package sfsim

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBulkQueryLifecycle(t *testing.T) {
	r := newRig(t, 10, Options{})
	made := r.do("POST", queryJobs, `{"operation":"query","query":"select Id from opportunity"}`)
	job := made.obj()
	want := map[string]any{
		"id": job["id"], "operation": "query", "object": "Opportunity", "createdById": r.s.UserID(4), "createdDate": "2026-11-20T09:00:00.000+0000",
		"systemModstamp": "2026-11-20T09:00:00.000+0000", "state": "UploadComplete", "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": 60.0,
		"lineEnding": "LF", "columnDelimiter": "COMMA",
	}
	if d := cmp.Diff(want, job); d != "" {
		t.Error(d)
	}
	if !strings.Contains(made.body, `"apiVersion":60.0,`) {
		t.Errorf("the version is not written as the vendor does: %s", made.body)
	}
	path := queryJobs + "/" + job["id"].(string)
	state := func() any { return r.get(path).obj()["state"] }
	results := func() int { return r.get(path + "/results").status }
	if state() != "UploadComplete" || results() != 204 {
		t.Errorf("queued: %v, results %d", state(), results())
	}
	r.s.Clock().Advance(time.Second)
	if state() != "InProgress" || results() != 204 {
		t.Errorf("after a second: %v, results %d", state(), results())
	}
	r.do("DELETE", path, "").refused(400, "INVALIDJOBSTATE", "InProgress")
	r.s.KillSessions() // the job goes on without it
	r.login()
	r.s.Clock().Advance(time.Second)
	maps.Copy(want, map[string]any{
		"state": "JobComplete", "systemModstamp": "2026-11-20T09:00:02.000+0000", "jobType": "V2Query", "numberRecordsProcessed": 10.0, "retries": 0.0,
		"totalProcessingTime": 1000.0, "isPkChunkingSupported": true,
	})
	if d := cmp.Diff(want, r.get(path).obj()); d != "" {
		t.Error(d)
	}
	r.setState(path, "Aborted").refused(400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
	r.setState(path, "UploadComplete").refused(400, "INVALIDJOBSTATE", "")
	if list := r.get(queryJobs).obj(); len(list["records"].([]any)) != 1 || list["done"] != true {
		t.Errorf("list: %v", list)
	}
	if p := r.do("DELETE", path, ""); p.status != 204 || p.body != "" {
		t.Errorf("DELETE: %d %s", p.status, p.body)
	}
	r.get(path).refused(404, "NOT_FOUND", "")
	r.get(path+"/results").refused(404, "NOT_FOUND", "")
}

func TestBulkResultsComeInSets(t *testing.T) {
	r := newRig(t, 10, Options{BulkPageSize: 8})
	path := r.bulkQuery("SELECT Id, Name FROM Opportunity ORDER BY Name")
	r.s.Clock().Advance(2 * time.Second)
	type set struct {
		records, locator string
		first            string
	}
	read := func(query string) (set, reply) {
		p := r.get(path+"/results"+query, "Accept", "text/csv")
		rows := strings.Split(p.body, "\n")
		if p.status != 200 || rows[0] != `"Id","Name"` {
			t.Fatalf("%s: %d %s", query, p.status, p.body)
		}
		return set{p.header.Get("Sforce-NumberOfRecords"), p.header.Get("Sforce-Locator"), rows[1]}, p
	}
	row := func(i int) string { return fmt.Sprintf(`"%s","Deal %03d"`, r.s.DealID(i), i) }
	first, _ := read("?maxRecords=4")
	second, body := read("?maxRecords=4&locator=" + first.locator)
	last, _ := read("?locator=" + second.locator)
	if d := cmp.Diff([]set{{"4", "NA", row(0)}, {"4", "OA", row(4)}, {"2", "null", row(8)}}, []set{first, second, last}, cmp.AllowUnexported(set{})); d != "" {
		t.Error(d)
	}
	// As long as the job is there a set can be read again, and holds what it held.
	if err := r.s.Delete("Opportunity", r.s.DealID(4)); err != nil {
		t.Fatal(err)
	}
	if _, again := read("?maxRecords=4&locator=" + first.locator); again.body != body.body {
		t.Errorf("read again: %s", again.body)
	}
	if whole, _ := read(""); whole.records != "8" || whole.locator == "null" {
		t.Errorf("the org's own set: %+v", whole)
	}
	r.get(path+"/results?locator=Mw").refused(400, "INVALIDQUERYLOCATOR", "Mw") // 3, which was not given out
	r.get(path+"/results?locator=null").refused(400, "INVALIDQUERYLOCATOR", "null")
	r.get(path+"/results?maxRecords=0").refused(400, "INVALIDQUERYLOCATOR", "")
	none := r.bulkQuery("SELECT Id FROM Opportunity WHERE Name = 'none'")
	r.s.Clock().Advance(2 * time.Second)
	if p := r.get(none + "/results"); p.body != "\"Id\"\n" || p.header.Get("Sforce-Locator") != "null" || p.header.Get("Sforce-NumberOfRecords") != "0" {
		t.Errorf("no rows: %q %v", p.body, p.header)
	}
	r.s.Clock().Advance(7 * 24 * time.Hour)
	r.login()
	r.get(path).refused(404, "NOT_FOUND", "") // jobs are kept for 7 days
}

func TestBulkJobsBelongToTheirAPIVersion(t *testing.T) {
	r := newRig(t, 3, Options{})
	path := r.bulkQuery("SELECT Id FROM Opportunity")
	load := r.openIngest(`{"object":"Task","operation":"insert"}`)
	r.s.Clock().Advance(2 * time.Second)
	other := func(p string) string { return strings.Replace(p, "v60.0", "v59.0", 1) }
	r.get(other(path)).refused(409, "INVALIDVERSION", "")
	r.get(other(path)+"/results").refused(409, "INVALIDVERSION", "60.0")
	r.setState(other(path), "Aborted").refused(409, "INVALIDVERSION", "")
	r.do("DELETE", other(path), "").refused(409, "INVALIDVERSION", "")
	r.upload(other(load), "Subject\nx\n").refused(409, "INVALIDVERSION", "")
	if p := r.get(path + "/results"); p.status != 200 {
		t.Errorf("its own version: %d", p.status)
	}
	for _, old := range []string{"/services/data/v46.0/jobs/query", "/services/data/v40.0/jobs/ingest"} {
		r.get(old).refused(404, "NOT_FOUND", "") // before there were such jobs
	}
	if p := r.get(strings.Replace(path, "/query/", "/query//", 1)); p.status != 200 {
		t.Errorf("a doubled slash: %d", p.status)
	}
	r.get(strings.Replace(path, "/query/", "/ingest/", 1)).refused(404, "NOT_FOUND", "")
	p := r.do("POST", api+"/composite/batch", `{"batchRequests":[{"method":"GET","url":"v60.0/jobs/query"}]}`)
	if p.obj()["hasErrors"] != true {
		t.Errorf("jobs inside a batch: %s", p.body)
	}
}

func TestBulkQueryRefusesWhatTheVendorRefuses(t *testing.T) {
	r := newRig(t, 3, Options{})
	r.s.HideField("Opportunity", "ARR__c")
	for soql, want := range map[string]string{
		"SELECT COUNT() FROM Opportunity":                                        "not supported in Bulk V2 Query",
		"SELECT COUNT(Id) FROM Opportunity":                                      "not supported in Bulk V2 Query",
		"SELECT StageName, SUM(Amount) FROM Opportunity GROUP BY StageName":      "not supported in Bulk V2 Query",
		"SELECT StageName FROM Opportunity GROUP BY StageName":                   "not supported in Bulk V2 Query",
		"SELECT Id FROM Opportunity ORDER BY Id LIMIT 2 OFFSET 1":                "OFFSET not supported",
		"SELECT TYPEOF What WHEN Opportunity THEN Amount END FROM Task":          "TYPEOF not supported",
		"SELECT Id, (SELECT Id FROM OpportunityContactRoles) FROM Opportunity":   "Aggregate Relationships not supported in Bulk V2 Query with CSV content type",
		"SELECT VersionData FROM ContentVersion":                                 "Blob field not supported in Bulk V2 Query with CSV content type",
		"SELECT Id FROM ContentDocumentLink":                                     "Implementation restriction: ContentDocumentLink",
		"SELECT Foo__c FROM Opportunity":                                         "ERROR at Row:1:Column:8\nNo such column 'Foo__c'",
		"SELECT ARR__c FROM Opportunity":                                         "No such column 'ARR__c'",
		"SELECT Id FRM Opportunity":                                              "unexpected token",
		"SELECT Id FROM Opportunity WHERE Name IN ('" + strings.Repeat("x", 1e5): "cannot be longer than 100000",
	} {
		body, _ := json.Marshal(map[string]string{"operation": "query", "query": soql})
		p := r.do("POST", queryJobs, string(body))
		t.Run(soql[:min(len(soql), 70)], func(t *testing.T) { p.t = t; p.refused(400, "API_ERROR", want) })
	}
	ask := func(body string) reply { return r.do("POST", queryJobs, body) }
	ask(`{"operation":"query","query":"SELECT Id FROM Nope"}`).refused(400, "INVALIDENTITY", "Entity 'Nope' is not supported by the Bulk API.")
	ask(`{"operation":"query","query":"SELECT Id FROM TaskStatus"}`).refused(400, "INVALIDENTITY", "not supported by the Bulk API")
	ask(`{"operation":"explain","query":"SELECT Id FROM Task"}`).refused(400, "INVALIDOPERATION", "explain")
	ask(`{"operation":"query"}`).refused(400, "INVALIDJOB", "")
	ask(`{"operation":"query","query":"SELECT Id FROM Task","contentType":"JSON"}`).refused(400, "INVALIDJOB", "CSV")
	ask(`{"operation":"query","query":"SELECT Id FROM Task","columnDelimiter":","}`).refused(400, "INVALIDJOB", "columnDelimiter")
	ask(`{"operation":"query","query":"SELECT Id FROM Task","lineEnding":"CR"}`).refused(400, "INVALIDJOB", "lineEnding")
	ask(`{"operation":"query","query":"SELECT Id FROM Task","object":"Task"}`).refused(400, "JSON_PARSER_ERROR", `Unrecognized field "object"`)
	ask(`{"operation":"query","query":7}`).refused(400, "JSON_PARSER_ERROR", "")
	r.do("POST", queryJobs, `{}`, "Content-Type", "text/csv").refused(415, "UNSUPPORTED_MEDIA_TYPE", "")
	r.do("PUT", queryJobs, `{}`).refused(405, "METHOD_NOT_ALLOWED", "")
	r.get(queryJobs, "Authorization", "Bearer x").refused(401, "INVALID_SESSION_ID", "")
	if list := r.get(queryJobs).obj()["records"].([]any); len(list) != 0 {
		t.Errorf("%d jobs came of it", len(list))
	}
}

func TestBulkResultsAsCSV(t *testing.T) {
	r := newRig(t, 6, Options{})
	id := r.s.DealID(0)
	for name, v := range map[string]any{"Amount": 12_500_000, "Handoff_Note__c": `say "hi", now`} {
		if err := r.s.Set("Opportunity", id, name, v); err != nil {
			t.Fatal(err)
		}
	}
	soql := "SELECT account.name, Id, Amount, Owner.Manager.Name, IsWon, CloseDate, Kickoff__c, Handoff_Note__c, Handoff_Detail__c, NextStep, Account.Owner.Email FROM Opportunity WHERE Id = '" + id + "'"
	path := r.bulkQuery(soql)
	r.s.Clock().Advance(2 * time.Second)
	want := `"Account.Name","Id","Amount","Owner.Manager.Name","IsWon","CloseDate","Kickoff__c","Handoff_Note__c","Handoff_Detail__c","NextStep","Account.Owner.Email"` + "\n" +
		`"Customer 000","` + id + `","1.25E7","Max Roth","true","2026-11-01","2026-11-15T10:00:00.000Z","say ""hi"", now","line one` + "\n" + `line two","","ada@northwind.example.com"` + "\n"
	if d := cmp.Diff(want, r.get(path+"/results").body); d != "" {
		t.Error(d)
	}
	body, _ := json.Marshal(map[string]string{"operation": "query", "query": "SELECT Id, Name FROM Opportunity WHERE Id = '" + id + "'", "columnDelimiter": "PIPE", "lineEnding": "CRLF"})
	other := queryJobs + "/" + r.do("POST", queryJobs, string(body)).obj()["id"].(string)
	sets := r.bulkQuery("SELECT FIELDS(CUSTOM), Id FROM Contact LIMIT 1")
	r.s.Clock().Advance(2 * time.Second)
	if got := r.get(other + "/results").body; got != "\"Id\"|\"Name\"\r\n\""+id+"\"|\"Deal 000\"\r\n" {
		t.Errorf("pipes and CRLF: %q", got)
	}
	if got := r.get(sets + "/results").body; !strings.HasPrefix(got, "\"Persona__c\",\"Id\"\n") {
		t.Errorf("FIELDS(CUSTOM): %q", got)
	}
	if err := r.s.Delete("Opportunity", id); err != nil {
		t.Fatal(err)
	}
	for operation, want := range map[string]string{"query": "0", "queryAll": "1"} {
		p := r.do("POST", queryJobs, `{"operation":"`+operation+`","query":"SELECT Id FROM Opportunity WHERE Id = '`+id+`'"}`).obj()
		r.s.Clock().Advance(2 * time.Second)
		if got := r.get(queryJobs + "/" + p["id"].(string) + "/results").header.Get("Sforce-NumberOfRecords"); got != want {
			t.Errorf("%s: %s rows of a deleted deal", operation, got)
		}
	}
}

func TestBulkQueryAborted(t *testing.T) {
	r := newRig(t, 3, Options{})
	path := r.bulkQuery("SELECT Id FROM Opportunity")
	r.s.Clock().Advance(time.Second)
	if p := r.setState(path, "Aborted"); p.status != 200 || p.obj()["state"] != "Aborted" {
		t.Fatalf("%d %s", p.status, p.body)
	}
	r.s.Clock().Advance(time.Minute)
	if state := r.get(path).obj()["state"]; state != "Aborted" {
		t.Errorf("goes on as %v", state)
	}
	r.get(path+"/results").refused(400, "INVALIDJOBSTATE", "Aborted")
	if p := r.do("DELETE", path, ""); p.status != 204 {
		t.Errorf("DELETE: %d", p.status)
	}
}

func TestBulkLimits(t *testing.T) {
	r := newRig(t, 2, Options{EnforceLimits: true})
	left := func(name string) any { return r.get(api + "/limits").obj()[name].(map[string]any)["Remaining"] }
	r.bulkQuery("SELECT Id FROM Task")
	r.bulkIngest(`{"object":"Task","operation":"insert"}`, "Subject\nx\n")
	if left("DailyBulkV2QueryJobs") != 9_999.0 || left("DailyBulkApiBatches") != 14_999.0 {
		t.Errorf("%v query jobs, %v batches", left("DailyBulkV2QueryJobs"), left("DailyBulkApiBatches"))
	}
	for range bulkQueries - 1 {
		r.s.bulk.queries.add(r.s.now())
	}
	ask := func() reply { return r.do("POST", queryJobs, `{"operation":"query","query":"SELECT Id FROM Task"}`) }
	ask().refused(400, "LIMIT_EXCEEDED", "Max bulk v2 query jobs (10000) per 24 hrs has been reached (10001)")
	r.s.Clock().Advance(24 * time.Hour)
	r.login()
	if p := ask(); p.status != 200 {
		t.Errorf("a day later: %d %s", p.status, p.body)
	}
}

package sfsim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	queryJobs  = api + "/jobs/query"
	ingestJobs = api + "/jobs/ingest"
)

// bulkQuery makes a query job and returns its path.
func (r *rig) bulkQuery(soql string) string {
	r.t.Helper()
	body, _ := json.Marshal(map[string]string{"operation": "query", "query": soql})
	p := r.do("POST", queryJobs, string(body))
	id, _ := p.obj()["id"].(string)
	if p.status != 200 || !strings.HasPrefix(id, "750") {
		r.t.Fatalf("%s: %d %s", soql, p.status, p.body)
	}
	return queryJobs + "/" + id
}

// bulkIngest uploads data to a new job, closes it and waits for its end.
func (r *rig) bulkIngest(settings, data string) (string, map[string]any) {
	r.t.Helper()
	path := r.openIngest(settings)
	if p := r.upload(path, data); p.status != 201 || p.body != "" {
		r.t.Fatalf("upload: %d %s", p.status, p.body)
	}
	if p := r.setState(path, "UploadComplete"); p.status != 200 || p.obj()["state"] != "UploadComplete" {
		r.t.Fatalf("close: %d %s", p.status, p.body)
	}
	r.s.Clock().Advance(2 * time.Second)
	return path, r.get(path).obj()
}

func (r *rig) openIngest(settings string) string {
	r.t.Helper()
	p := r.do("POST", ingestJobs, settings)
	id, _ := p.obj()["id"].(string)
	if p.status != 200 || p.obj()["state"] != "Open" {
		r.t.Fatalf("%s: %d %s", settings, p.status, p.body)
	}
	return ingestJobs + "/" + id
}

func (r *rig) upload(path, data string) reply {
	return r.do("PUT", path+"/batches", data, "Content-Type", "text/csv")
}

func (r *rig) setState(path, state string) reply {
	return r.do("PATCH", path, `{"state":"`+state+`"}`)
}

// lines are the rows of CSV results, the header first and the others sorted.
func lines(p reply) []string {
	p.t.Helper()
	if p.status != 200 || p.header.Get("Content-Type") != "text/csv" {
		p.t.Fatalf("%d %s: %s", p.status, p.header.Get("Content-Type"), p.body)
	}
	out := strings.Split(strings.TrimSuffix(p.body, "\n"), "\n")
	slices.Sort(out[1:])
	return out
}

func TestBulkUpdate(t *testing.T) {
	r := newRig(t, 12, Options{})
	id := r.s.DealID
	if err := r.s.Delete("Opportunity", id(7)); err != nil {
		t.Fatal(err)
	}
	r.s.HideField("Opportunity", "ARR__c")
	r.s.AddRule(Rule{Object: "Opportunity", Message: "No score above 90", Field: "Handoff_Score__c", Broken: func(get func(string) any) bool {
		n, _ := get("Handoff_Score__c").(float64)
		return n > 90
	}})
	before := r.s.Get("Opportunity", id(0), "SystemModstamp")
	data := "Id,Handoff_Score__c,Handoff_Band__c,Handoff_Note__c,Escalated__c,Kickoff__c,CloseDate\n" +
		id(0) + `,7.25,,"two` + "\n" + `lines, ""quoted""",true,2026-11-21T08:00:00.000Z,` + "\n" +
		id(1)[:15] + ",#N/A,#N/A,,FALSE,,\n" +
		id(2) + ",,Purple,,,,\n" +
		id(3) + ",95,,,,,\n" +
		id(4) + ",twelve,,,,,\n" +
		id(5) + ",,,,,,11/30/2026\n" +
		id(6) + ",,,,maybe,,\n" +
		id(7) + ",1,,,,,\n" +
		",1,,,,,\n" +
		id(8) + ",1,,,,,\n" + id(8)[:15] + ",2,,,,,\n" +
		id(9) + ",,,,#N/A,,\n"
	path, job := r.bulkIngest(`{"object":"opportunity","operation":"update"}`, data)
	want := map[string]any{
		"id": job["id"], "operation": "update", "object": "Opportunity", "createdById": r.s.UserID(4), "createdDate": "2026-11-20T09:00:00.000+0000",
		"systemModstamp": "2026-11-20T09:00:02.000+0000", "state": "JobComplete", "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": 60.0,
		"lineEnding": "LF", "columnDelimiter": "COMMA", "jobType": "V2Ingest", "numberRecordsProcessed": 12.0, "numberRecordsFailed": 10.0, "retries": 0.0,
		"totalProcessingTime": 1000.0, "apiActiveProcessingTime": 1000.0, "apexProcessingTime": 0.0,
	}
	if d := cmp.Diff(want, job); d != "" {
		t.Error(d)
	}
	get := func(i int, name string) any { return r.s.Get("Opportunity", id(i), name) }
	if d := cmp.Diff([]any{7.3, "Green", "two\nlines, \"quoted\"", true, time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC), "2026-11-01"},
		[]any{get(0, "Handoff_Score__c"), get(0, "Handoff_Band__c"), get(0, "Handoff_Note__c"), get(0, "Escalated__c"), get(0, "Kickoff__c"), get(0, "CloseDate")}); d != "" {
		t.Errorf("the first deal: an empty cell changes nothing: %s", d)
	}
	if get(1, "Handoff_Score__c") != nil || get(1, "Handoff_Band__c") != nil || get(1, "Kickoff__c") == nil {
		t.Error("the second deal: #N/A clears, an empty cell does not")
	}
	if at := get(0, "SystemModstamp"); at == before || get(0, "LastModifiedById") != r.s.UserID(4) {
		t.Errorf("stamp %v", at)
	}
	// The columns are sorted, whatever the upload's order was, and so are the rows not in it.
	good := r.get(path + "/successfulResults")
	head := `"sf__Id","sf__Created","CloseDate","Escalated__c","Handoff_Band__c","Handoff_Note__c","Handoff_Score__c","Id","Kickoff__c"`
	if want := head + "\n" + `"` + id(1) + `","false","","FALSE","#N/A","","#N/A","` + id(1)[:15] + `",""` + "\n" +
		`"` + id(0) + `","false","","true","","two` + "\n" + `lines, ""quoted""","7.25","` + id(0) + `","2026-11-21T08:00:00.000Z"` + "\n"; good.body != want {
		t.Error(cmp.Diff(want, good.body))
	}
	var said []string
	for _, line := range lines(r.get(path + "/failedResults"))[1:] {
		said = append(said, strings.Split(line, `"`)[3])
	}
	if d := cmp.Diff([]string{
		"DUPLICATE_VALUE:duplicate id specified: " + id(8) + ":--", "DUPLICATE_VALUE:duplicate id specified: " + id(8) + ":--",
		"ENTITY_IS_DELETED:entity is deleted:--",
		"FIELD_CUSTOM_VALIDATION_EXCEPTION:No score above 90:Handoff_Score__c --",
		"INVALID_FIELD:Failed to deserialize field at col 1. Due to, 'twelve' is not a valid value for the type xsd:double:Handoff_Score__c --",
		"INVALID_FIELD:Failed to deserialize field at col 4. Due to, 'maybe' is not a valid value for the type xsd:boolean:Escalated__c --",
		"INVALID_FIELD:Failed to deserialize field at col 6. Due to, '11/30/2026' is not a valid value for the type xsd:date:CloseDate --",
		"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:Handoff Band: bad value for restricted picklist field: Purple:Handoff_Band__c --",
		"INVALID_TYPE_ON_FIELD_IN_RECORD:Escalated: value not of required type: :Escalated__c --",
		"MISSING_ARGUMENT:Id not specified in an update call:--",
	}, said); d != "" {
		t.Error(d)
	}
	if p := r.get(path + "/unprocessedrecords"); p.body != "\"Id\",\"Handoff_Score__c\",\"Handoff_Band__c\",\"Handoff_Note__c\",\"Escalated__c\",\"Kickoff__c\",\"CloseDate\"\n" {
		t.Errorf("unprocessed: %q", p.body)
	}
	if n := r.s.Stats().Written["Opportunity"]; n != 2 {
		t.Errorf("%d written", n)
	}
}

func TestBulkInsertUpsertDelete(t *testing.T) {
	r := newRig(t, 3, Options{Custom: []CustomField{{Object: "Task", Name: "Handoff_Key__c", ExternalID: true}}})
	path, job := r.bulkIngest(`{"object":"Task","operation":"insert","columnDelimiter":"SEMICOLON","lineEnding":"CRLF"}`, "Subject;Handoff_Key__c\r\nOne;k1\r\n;k2\r\n")
	if job["numberRecordsFailed"] != 0.0 || job["numberRecordsProcessed"] != 2.0 {
		t.Fatalf("%v: %s", job, r.get(path+"/failedResults").body)
	}
	ids := func() map[string]string {
		out := map[string]string{}
		for _, row := range r.query("SELECT Id, Handoff_Key__c FROM Task WHERE Handoff_Key__c != null").rows() {
			out[row["Handoff_Key__c"].(string)] = row["Id"].(string)
		}
		return out
	}
	first := ids()
	path, job = r.bulkIngest(`{"object":"Task","operation":"upsert","externalIdFieldName":"handoff_key__c"}`, "Handoff_Key__c,Subject\nk1,Uno\nk3,Tres\n,None\nk4,a\nK4,b\n")
	if job["externalIdFieldName"] != "Handoff_Key__c" || job["numberRecordsFailed"] != 3.0 {
		t.Errorf("%v", job)
	}
	second := ids()
	if second["k1"] != first["k1"] || len(second) != 3 || r.s.Get("Task", first["k1"], "Subject") != "Uno" {
		t.Errorf("%v, then %v", first, second)
	}
	if d := cmp.Diff([]string{
		`"sf__Id","sf__Created","Handoff_Key__c","Subject"`, `"` + first["k1"] + `","false","k1","Uno"`, `"` + second["k3"] + `","true","k3","Tres"`,
	}, lines(r.get(path+"/successfulResults"))); d != "" {
		t.Error(d)
	}
	_, job = r.bulkIngest(`{"object":"Task","operation":"delete"}`, "Id\n"+first["k1"]+"\n"+first["k2"]+"\n")
	if left := ids(); job["numberRecordsFailed"] != 0.0 || len(left) != 1 {
		t.Errorf("%v are left: %v", left, job)
	}
	_, job = r.bulkIngest(`{"object":"Task","operation":"insert"}`, "Id,Subject\n"+second["k3"]+",x\n")
	if job["numberRecordsFailed"] != 1.0 {
		t.Errorf("an id in an insert: %v", job)
	}
	for settings, want := range map[string][2]string{
		`{"object":"Nope","operation":"insert"}`:                                             {"INVALIDENTITY", "Entity 'Nope' is not supported by the Bulk API."},
		`{"object":"CustomField","operation":"insert"}`:                                      {"INVALIDENTITY", ""},
		`{"object":"Task","operation":"merge"}`:                                              {"INVALIDOPERATION", "merge"},
		`{"object":"Task","operation":"hardDelete"}`:                                         {"FEATURENOTENABLED", "requires special user profile permission"},
		`{"object":"Task","operation":"upsert"}`:                                             {"INVALIDJOB", "externalIdFieldName"},
		`{"object":"Task","operation":"update","externalIdFieldName":"Handoff_Key__c"}`:      {"INVALIDJOB", "externalIdFieldName"},
		`{"object":"Task","operation":"upsert","externalIdFieldName":"Subject"}`:             {"INVALIDJOB", "not an External ID"},
		`{"object":"Task","operation":"insert","contentType":"XML"}`:                         {"INVALIDJOB", "CSV"},
		`{"object":"Task","operation":"insert","concurrencyMode":"Serial"}`:                  {"JSON_PARSER_ERROR", "Unrecognized field"},
		`{"object":"Task","operation":"insert","columnDelimiter":"SPACE"}`:                   {"INVALIDJOB", ""},
		`{"object":"Task","operation":"insert","lineEnding":"LF","externalIdFieldName":"x"}`: {"INVALIDJOB", ""},
	} {
		p := r.do("POST", ingestJobs, settings)
		t.Run(settings, func(t *testing.T) { p.t = t; p.refused(400, want[0], want[1]) })
	}
}

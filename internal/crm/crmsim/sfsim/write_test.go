package sfsim

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patch writes fields of deals in one collections call.
func (r *rig) patch(allOrNone bool, records ...string) reply {
	return r.do("PATCH", api+"/composite/sobjects", fmt.Sprintf(`{"allOrNone":%t,"records":[%s]}`, allOrNone, strings.Join(records, ",")))
}

func opp(id, fields string) string {
	return `{"attributes":{"type":"Opportunity"},"id":"` + id + `"` + fields + `}`
}

// code reads the statusCode of one entry of a collections answer, "" for success.
func code(t *testing.T, entry map[string]any) string {
	t.Helper()
	if entry["success"] == true {
		return ""
	}
	return entry["errors"].([]any)[0].(map[string]any)["statusCode"].(string)
}

func TestCollectionsRefuseSingleRecords(t *testing.T) {
	r := newRig(t, 10, Options{})
	id := r.s.DealID(0)
	gone, purged := r.s.DealID(8), r.s.DealID(9)
	for _, x := range []string{gone, purged} {
		if err := r.s.Delete("Opportunity", x); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.s.Purge("Opportunity", purged); err != nil {
		t.Fatal(err)
	}
	r.s.HideField("Opportunity", "ARR__c")
	r.s.LockField("Opportunity", "Kickoff__c")
	r.s.AddRule(Rule{Object: "Opportunity", Message: "No score above 90", Field: "Handoff_Score__c", Broken: func(get func(string) any) bool {
		n, _ := get("Handoff_Score__c").(float64)
		return n > 90
	}})
	for _, tc := range []struct{ name, record, want, part string }{
		{"fine", opp(id, `,"Handoff_Score__c":7.5`), "", ""},
		{"short id", opp(id[:15], `,"Handoff_Score__c":7.5`), "", ""},
		{"clearing", opp(id, `,"Handoff_Note__c":null,"Handoff_Score__c":null`), "", ""},
		{"no change", opp(id, ``), "", ""},
		{"too long", opp(id, `,"Handoff_Note__c":"`+strings.Repeat("x", 81)+`"`), "STRING_TOO_LONG", "Handoff Note: data value too large: xxx"},
		{"picklist", opp(id, `,"Handoff_Band__c":"Purple"`), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value for restricted picklist field: Purple"},
		{"number", opp(id, `,"Handoff_Score__c":1e18`), "NUMBER_OUTSIDE_VALID_RANGE", "value outside of valid range on numeric field"},
		{"null checkbox", opp(id, `,"Escalated__c":null`), "INVALID_TYPE_ON_FIELD_IN_RECORD", "value not of required type"},
		{"required", opp(id, `,"Name":null`), "REQUIRED_FIELD_MISSING", "[Name]"},
		{"required blank", opp(id, `,"Name":"  "`), "REQUIRED_FIELD_MISSING", "[Name]"},
		{"read-only", opp(id, `,"IsWon":true,"SystemModstamp":"2026-01-01T00:00:00Z"`), "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: IsWon, SystemModstamp."},
		{"create-only", opp(id, `,"ContactId":null`), "INVALID_FIELD_FOR_INSERT_UPDATE", "ContactId"},
		{"hidden", opp(id, `,"ARR__c":5`), "INVALID_FIELD_FOR_INSERT_UPDATE", "ARR__c"},
		{"locked", opp(id, `,"Kickoff__c":null`), "INVALID_FIELD_FOR_INSERT_UPDATE", "Kickoff__c"},
		{"rule", opp(id, `,"Handoff_Score__c":95`), "FIELD_CUSTOM_VALIDATION_EXCEPTION", "No score above 90"},
		{"inactive owner", opp(id, `,"OwnerId":"`+r.s.UserID(5)+`"`), "INACTIVE_OWNER_OR_USER", "inactive user"},
		{"reference of another kind", opp(id, `,"OwnerId":"`+r.s.ContactID(0)+`"`), "FIELD_INTEGRITY_EXCEPTION", "id value of incorrect type"},
		{"reference to a queue", opp(id, `,"OwnerId":"`+r.s.IDs("Group")[0]+`"`), "FIELD_INTEGRITY_EXCEPTION", "id value of incorrect type"},
		{"malformed reference", opp(id, `,"OwnerId":"me"`), "MALFORMED_ID", "id value of incorrect type"},
		{"reference to nothing", opp(id, `,"AccountId":"001000000000000AAA"`), "INVALID_CROSS_REFERENCE_KEY", ""},
		{"deleted", opp(gone, ``), "ENTITY_IS_DELETED", "entity is deleted"},
		{"purged", opp(purged, ``), "INVALID_CROSS_REFERENCE_KEY", ""},
		{"no id", `{"attributes":{"type":"Opportunity"}}`, "MISSING_ARGUMENT", "Id not specified in an update call"},
		{"bad id", opp("x", ``), "MALFORMED_ID", ""},
		{"id of another kind", opp(r.s.ContactID(0), ``), "INVALID_CROSS_REFERENCE_KEY", ""},
		{"not updateable", `{"attributes":{"type":"OpportunityStage"},"id":"` + r.s.IDs("OpportunityStage")[0] + `"}`, "INVALID_TYPE_FOR_OPERATION", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := r.patch(false, tc.record)
			p.t = t
			if p.status != 200 {
				t.Fatalf("%d %s", p.status, p.body)
			}
			got := p.list()[0]
			if code(t, got) != tc.want || !strings.Contains(p.body, tc.part) {
				t.Errorf("got %s, want %s %s", p.body, tc.want, tc.part)
			}
			if _, has := got["id"]; has != (tc.want == "") {
				t.Errorf("only done records carry an id: %s", p.body)
			}
		})
	}
}

func TestCollectionsRefuseWholeCalls(t *testing.T) {
	r := newRig(t, 5, Options{})
	id := r.s.DealID(0)
	many := make([]string, 201)
	mixed := make([]string, 12)
	for i := range many {
		many[i] = opp(id, "")
	}
	for i := range mixed {
		kind, x := "Opportunity", r.s.DealID(i%5)
		if i%2 == 1 {
			kind, x = "Contact", r.s.ContactID(i%4)
		}
		mixed[i] = `{"attributes":{"type":"` + kind + `"},"id":"` + x + `"}`
	}
	for _, tc := range []struct{ name, body, code, part string }{
		{"not JSON", `{"records":[`, "JSON_PARSER_ERROR", ""},
		{"trailing", `{"records":[]} x`, "JSON_PARSER_ERROR", ""},
		{"none", `{"records":[]}`, "REQUIRED_FIELD_MISSING", ""},
		{"201 records", `{"records":[` + strings.Join(many, ",") + `]}`, "EXCEEDED_ID_LIMIT", "cannot submit more than 200 records"},
		{"12 chunks", `{"records":[` + strings.Join(mixed, ",") + `]}`, "LIMIT_EXCEEDED", "10 chunks"},
		{"no type", `{"records":[{"id":"` + id + `"}]}`, "INVALID_TYPE", ""},
		{"unknown type", `{"records":[{"attributes":{"type":"Nope"},"id":"` + id + `"}]}`, "INVALID_TYPE", ""},
		{"unknown field", `{"records":[` + opp(id, `,"Nope__c":1`) + `]}`, "INVALID_FIELD", "No such column 'Nope__c' on sobject of type Opportunity"},
		{"text for a number", `{"records":[` + opp(id, `,"Handoff_Score__c":"12"`) + `]}`, "JSON_PARSER_ERROR", "Cannot deserialize instance of double from VALUE_STRING value 12"},
		{"number for a text", `{"records":[` + opp(id, `,"Handoff_Note__c":12`) + `]}`, "JSON_PARSER_ERROR", "VALUE_NUMBER_INT"},
		{"text for a checkbox", `{"records":[` + opp(id, `,"Escalated__c":"true"`) + `]}`, "JSON_PARSER_ERROR", "instance of boolean"},
		{"bad date", `{"records":[` + opp(id, `,"CloseDate":"01.11.2026"`) + `]}`, "JSON_PARSER_ERROR", "instance of date"},
		{"bad datetime", `{"records":[` + opp(id, `,"Kickoff__c":"2026-11-01"`) + `]}`, "JSON_PARSER_ERROR", "instance of datetime"},
	} {
		p := r.do("PATCH", api+"/composite/sobjects", tc.body)
		t.Run(tc.name, func(t *testing.T) { p.t = t; p.refused(400, tc.code, tc.part) })
	}
	r.do("PATCH", api+"/composite/sobjects", `{}`, "Content-Type", "text/plain").refused(415, "UNSUPPORTED_MEDIA_TYPE", "")
	r.do("PUT", api+"/composite/sobjects", `{}`).refused(405, "METHOD_NOT_ALLOWED", "HTTP Method 'PUT' not allowed. Allowed are DELETE,PATCH,POST")
	lax := newRig(t, 5, Options{UnknownFieldPerRecord: true})
	if got := lax.patch(false, opp(lax.s.DealID(0), `,"Nope__c":1`), opp(lax.s.DealID(1), "")).list(); code(t, got[0]) != "INVALID_FIELD" || code(t, got[1]) != "" {
		t.Errorf("per record: %v", got)
	}
}

func TestCollectionsKeepPositions(t *testing.T) {
	r := newRig(t, 10, Options{})
	p := r.patch(false, opp(r.s.DealID(3), `,"Handoff_Score__c":1`), opp(r.s.DealID(1), `,"Handoff_Band__c":"No"`), opp(r.s.DealID(2), `,"Handoff_Score__c":3`))
	got := p.list()
	if got[0]["id"] != r.s.DealID(3) || code(t, got[1]) == "" || got[2]["id"] != r.s.DealID(2) {
		t.Errorf("%s", p.body)
	}
	if d := cmp.Diff([]any{1.0, 12.5, 3.0}, []any{
		r.s.Get("Opportunity", r.s.DealID(3), "Handoff_Score__c"), r.s.Get("Opportunity", r.s.DealID(1), "Handoff_Score__c"), r.s.Get("Opportunity", r.s.DealID(2), "Handoff_Score__c"),
	}); d != "" {
		t.Error(d)
	}
	got = r.patch(true, opp(r.s.DealID(3), `,"Handoff_Score__c":50`), opp(r.s.DealID(1), `,"Handoff_Band__c":"No"`)).list()
	if code(t, got[0]) != "ALL_OR_NONE_OPERATION_ROLLED_BACK" || code(t, got[1]) != "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" {
		t.Errorf("allOrNone: %v", got)
	}
	if v := r.s.Get("Opportunity", r.s.DealID(3), "Handoff_Score__c"); v != 1.0 {
		t.Errorf("rolled-back value is %v", v)
	}
	got = r.patch(false, opp(r.s.DealID(3), ""), opp(r.s.DealID(4), ""), opp(r.s.DealID(3)[:15], "")).list()
	if code(t, got[0]) != "DUPLICATE_VALUE" || code(t, got[1]) != "" || code(t, got[2]) != "DUPLICATE_VALUE" {
		t.Errorf("the same id twice: %v", got)
	}
}

func TestValuesAreKeptAsThePlatformDoes(t *testing.T) {
	r := newRig(t, 3, Options{})
	id := r.s.DealID(0)
	got := r.patch(false, opp(id, `,"Handoff_Note__c":"  padded\n","Handoff_Score__c":7.25,"Kickoff__c":"2026-11-20T10:00:00.987+02:00","handoff_band__c":"Red"`)).list()
	if code(t, got[0]) != "" {
		t.Fatal(got)
	}
	for name, want := range map[string]any{
		"Handoff_Note__c": "padded", "Handoff_Score__c": 7.3, "Kickoff__c": time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC), "Handoff_Band__c": "Red",
	} {
		if d := cmp.Diff(want, r.s.Get("Opportunity", id, name)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestWritesMoveStamps(t *testing.T) {
	r := newRig(t, 3, Options{})
	id := r.s.DealID(0)
	same := opp(id, `,"Handoff_Score__c":12.5`)
	before := r.s.Get("Opportunity", id, "SystemModstamp").(time.Time)
	r.s.Clock().Advance(90*time.Second + 300*time.Millisecond)
	if code(t, r.patch(false, same).list()[0]) != "" {
		t.Fatal("refused")
	}
	after := r.s.Get("Opportunity", id, "SystemModstamp").(time.Time)
	if want := start.Add(90 * time.Second); !after.Equal(want) || !before.Before(after) {
		t.Errorf("stamp %v, want %v: whole seconds, moved by an unchanged value too", after, want)
	}
	if who := r.s.Get("Opportunity", id, "LastModifiedById"); who != r.s.UserID(4) {
		t.Errorf("modified by %v", who)
	}
}

func TestSingleRecords(t *testing.T) {
	r := newRig(t, 6, Options{})
	id := r.s.DealID(0)
	at := api + "/sobjects/Opportunity/" + id
	if p := r.do("PATCH", at, `{"NextStep":"Call"}`); p.status != 204 || p.body != "" {
		t.Errorf("PATCH: %d %s", p.status, p.body)
	}
	got := r.get(at + "?fields=NextStep,Name").obj()
	if d := cmp.Diff(map[string]any{"attributes": map[string]any{"type": "Opportunity", "url": at}, "NextStep": "Call", "Name": "Deal 000"}, got); d != "" {
		t.Error(d)
	}
	if all := r.get(api + "/sobjects/Opportunity/" + id[:15]).obj(); all["Id"] != id || all["StageName"] != "Closed Won" {
		t.Errorf("GET by short id: %v", all["Id"])
	}
	p := r.do("POST", api+"/sobjects/Task", `{"Subject":"Hello","WhatId":"`+id+`","OwnerId":"`+r.s.IDs("Group")[0]+`"}`)
	made := p.obj()
	if p.status != 201 || made["success"] != true || len(made["errors"].([]any)) != 0 {
		t.Fatalf("POST: %d %s", p.status, p.body)
	}
	task := made["id"].(string)
	if v := r.s.Get("Task", task, "Status"); v != "Not Started" {
		t.Errorf("default status %v", v)
	}
	if p := r.do("DELETE", api+"/sobjects/Task/"+task, ""); p.status != 204 {
		t.Errorf("DELETE: %d", p.status)
	}
	r.get(api+"/sobjects/Task/"+task).refused(404, "ENTITY_IS_DELETED", "entity is deleted")
	r.do("DELETE", api+"/sobjects/Task/"+task, "").refused(404, "ENTITY_IS_DELETED", "")
	r.get(api+"/sobjects/Opportunity/006000000000000AAA").refused(404, "NOT_FOUND", "The requested resource does not exist")
	r.get(api+"/sobjects/Opportunity/nonsense").refused(404, "NOT_FOUND", "")
	r.get(api+"/sobjects/Nope/"+id).refused(404, "NOT_FOUND", "")
	r.get(at+"?fields=Nope").refused(400, "INVALID_FIELD", "No such column 'Nope'")
	r.do("PATCH", at, `{"Id":"`+id+`"}`).refused(400, "INVALID_FIELD", "should not be specified in the sobject data")
	r.do("PATCH", at, `{"IsWon":false}`).refused(400, "INVALID_FIELD_FOR_INSERT_UPDATE", "IsWon")
	r.do("PATCH", at, ``).refused(400, "JSON_PARSER_ERROR", "")
	r.do("PATCH", api+"/sobjects/Opportunity", `{}`).refused(405, "METHOD_NOT_ALLOWED", "HTTP Method 'PATCH' not allowed. Allowed are HEAD,GET,POST")
	r.do("POST", api+"/sobjects/Opportunity", `{"Name":"x"}`).refused(400, "REQUIRED_FIELD_MISSING", "[StageName, CloseDate]")
	r.do("PATCH", at, `{"NextStep":"x"}`, "If-Unmodified-Since", start.Add(-time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT")).refused(412, "PRECONDITION_FAILED", "")
}

func TestUpsert(t *testing.T) {
	r := newRig(t, 3, Options{Custom: []CustomField{
		{Object: "Task", Name: "Handoff_Key__c", Length: 80, ExternalID: true}, {Object: "Contact", Name: "Code__c", ExternalID: true, Unique: true},
	}})
	at := api + "/sobjects/Task/Handoff_Key__c/k-1"
	p := r.do("PATCH", at, `{"Subject":"One"}`)
	first := p.obj()
	if p.status != 201 || first["created"] != true {
		t.Fatalf("%d %s", p.status, p.body)
	}
	if p := r.do("PATCH", at, `{"Subject":"Two"}`); p.status != 200 || p.obj()["created"] != false || p.obj()["id"] != first["id"] {
		t.Errorf("%d %s", p.status, p.body)
	}
	if got := r.get(at).obj(); got["Subject"] != "Two" || got["Handoff_Key__c"] != "k-1" {
		t.Errorf("GET by key: %v", got)
	}
	r.do("PATCH", at, `{"Handoff_Key__c":"k-1"}`).refused(400, "INVALID_FIELD", "")
	r.do("PATCH", api+"/sobjects/Task/Subject/x", `{}`).refused(404, "NOT_FOUND", "external ID field")
	r.do("PATCH", api+"/sobjects/Task/Handoff_Key__c/k-9?updateOnly=true", `{"Subject":"x"}`).refused(404, "NOT_FOUND", "")
	if _, err := r.s.Insert("Task", map[string]any{"Subject": "Twin", "Handoff_Key__c": "K-1"}); err != nil {
		t.Fatal(err)
	}
	if p := r.do("PATCH", at, `{"Subject":"x"}`); p.status != 300 || !strings.Contains(p.body, "/sobjects/Task/"+first["id"].(string)) {
		t.Errorf("two matches: %d %s", p.status, p.body)
	}
	many := r.do("PATCH", api+"/composite/sobjects/Task/Handoff_Key__c", `{"records":[`+
		`{"attributes":{"type":"Task"},"Handoff_Key__c":"k-1","Subject":"x"},{"attributes":{"type":"Task"},"Handoff_Key__c":"k-2","Subject":"new"},{"attributes":{"type":"Task"},"Subject":"none"}]}`).list()
	if code(t, many[0]) != "DUPLICATE_EXTERNAL_ID" || many[1]["created"] != true || code(t, many[2]) != "MISSING_ARGUMENT" {
		t.Errorf("upsert many: %v", many)
	}
	if p := r.do("PATCH", api+"/sobjects/Contact/"+r.s.ContactID(0), `{"Code__c":"c1"}`); p.status != 204 {
		t.Fatal(p.body)
	}
	r.do("PATCH", api+"/sobjects/Contact/"+r.s.ContactID(1), `{"Code__c":"C1"}`).refused(400, "DUPLICATE_VALUE", "duplicate value found: Code__c")
}

func TestRetrieveDeleteAndCreateMany(t *testing.T) {
	r := newRig(t, 6, Options{})
	if err := r.s.Delete("Opportunity", r.s.DealID(1)); err != nil {
		t.Fatal(err)
	}
	ids := []string{r.s.DealID(2), "006000000000000AAA", r.s.DealID(0)[:15], r.s.DealID(1)}
	body, _ := json.Marshal(map[string]any{"ids": ids, "fields": []string{"Id", "Name"}})
	p := r.do("POST", api+"/composite/sobjects/Opportunity", string(body))
	got := p.list()
	if len(got) != 4 || got[0]["Id"] != r.s.DealID(2) || got[1] != nil || got[2]["Id"] != r.s.DealID(0) || got[3] != nil {
		t.Errorf("retrieve: %s", p.body)
	}
	r.do("POST", api+"/composite/sobjects/Opportunity", `{"ids":["x"],"fields":["Id"]}`).refused(400, "MALFORMED_ID", "")
	r.do("POST", api+"/composite/sobjects/Opportunity", `{"ids":["`+ids[0]+`"],"fields":["Nope"]}`).refused(400, "INVALID_FIELD", "Nope")
	del := r.do("DELETE", api+"/composite/sobjects?ids="+r.s.DealID(2)+","+r.s.DealID(1)+",x&allOrNone=false", "").list()
	if code(t, del[0]) != "" || code(t, del[1]) != "ENTITY_IS_DELETED" || code(t, del[2]) != "MALFORMED_ID" {
		t.Errorf("delete: %v", del)
	}
	made := r.do("POST", api+"/composite/sobjects", `{"allOrNone":true,"records":[{"attributes":{"type":"Task"},"Subject":"a"},{"attributes":{"type":"Task"},"Subject":"b","Status":null}]}`).list()
	if code(t, made[0]) != "ALL_OR_NONE_OPERATION_ROLLED_BACK" || code(t, made[1]) != "REQUIRED_FIELD_MISSING" {
		t.Errorf("create: %v", made)
	}
	if n := len(r.query("SELECT Id FROM Task WHERE Subject IN ('a','b')").rows()); n != 0 {
		t.Errorf("%d tasks survived the roll-back", n)
	}
}

func TestComposite(t *testing.T) {
	r := newRig(t, 5, Options{})
	id := r.s.DealID(0)
	send := func(body string) reply { return r.do("POST", api+"/composite", body) }
	one := func(method, path, ref, body string) string {
		if body == "" {
			body = "null"
		}
		return `{"method":"` + method + `","url":"` + api + path + `","referenceId":"` + ref + `","body":` + body + `}`
	}
	list := func(p reply) []map[string]any {
		t.Helper()
		var out struct {
			R []map[string]any `json:"compositeResponse"`
		}
		p.decode(&out)
		return out.R
	}
	r.s.ResetStats()
	used, _ := r.s.limits.usage(r.s.now())
	got := list(send(`{"compositeRequest":[` + one("POST", "/sobjects/Task", "t1", `{"Subject":"A \"quoted\" one","WhatId":"`+id+`"}`) + `,` +
		one("GET", "/sobjects/Task/@{t1.id}?fields=Subject", "g1", "") + `,` + one("PATCH", "/sobjects/Task/@{t1.id}", "p1", `{"Description":"@{g1.Subject}"}`) + `,` +
		one("GET", "/sobjects/Nope", "bad", "") + `,` + one("GET", "/sobjects/Task/@{bad.id}", "dep", "") + `]}`))
	var status []any
	for _, x := range got {
		status = append(status, x["httpStatusCode"])
	}
	if d := cmp.Diff([]any{201.0, 200.0, 204.0, 404.0, 400.0}, status); d != "" {
		t.Errorf("%s in %v", d, got)
	}
	if v := r.s.Get("Task", got[0]["body"].(map[string]any)["id"].(string), "Description"); v != `A "quoted" one` {
		t.Errorf("referenced value %v", v)
	}
	if now, _ := r.s.limits.usage(r.s.now()); now != used+1 {
		t.Errorf("a composite call cost %d requests", now-used)
	}
	got = list(send(`{"allOrNone":true,"compositeRequest":[` + one("PATCH", "/sobjects/Opportunity/"+id, "a", `{"NextStep":"kept?"}`) + `,` +
		one("PATCH", "/sobjects/Opportunity/"+id, "b", `{"Handoff_Band__c":"No"}`) + `,` + one("GET", "/limits", "c", "") + `]}`))
	for i, want := range []string{"PROCESSING_HALTED", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "PROCESSING_HALTED"} {
		if b, _ := json.Marshal(got[i]["body"]); !strings.Contains(string(b), want) {
			t.Errorf("subrequest %d: %s", i, b)
		}
	}
	if v := r.s.Get("Opportunity", id, "NextStep"); v != nil {
		t.Errorf("rolled-back value is %v", v)
	}
	var many, queries []string
	for i := range 26 {
		many = append(many, one("GET", "/limits", fmt.Sprintf("r%d", i), ""))
		queries = append(queries, one("GET", "/query?q=SELECT+Id+FROM+User", fmt.Sprintf("q%d", i), ""))
	}
	send(`{"compositeRequest":[` + strings.Join(many, ",") + `]}`).overLimit("25")
	send(`{"compositeRequest":[` + strings.Join(queries[:6], ",") + `]}`).overLimit("5")
	send(`{"compositeRequest":[`+many[0]+`,`+many[0]+`]}`).refused(400, "INVALID_REFERENCE", "Duplicate")
}

func TestBatch(t *testing.T) {
	r := newRig(t, 5, Options{})
	used, _ := r.s.limits.usage(r.s.now())
	p := r.do("POST", api+"/composite/batch", `{"haltOnError":true,"batchRequests":[{"method":"GET","url":"v60.0/limits"},`+
		`{"method":"PATCH","url":"v60.0/sobjects/Opportunity/`+r.s.DealID(0)+`","richInput":{"NextStep":"x"}},{"method":"GET","url":"v60.0/sobjects/Nope"},{"method":"GET","url":"v60.0/limits"}]}`)
	var out struct {
		HasErrors bool
		Results   []struct {
			StatusCode int
			Result     json.RawMessage
		}
	}
	p.decode(&out)
	var got []int
	for _, x := range out.Results {
		got = append(got, x.StatusCode)
	}
	if d := cmp.Diff([]int{200, 204, 404, 412}, got); d != "" || !out.HasErrors || string(out.Results[1].Result) != "null" {
		t.Errorf("%s in %s", d, p.body)
	}
	if now, _ := r.s.limits.usage(r.s.now()); now != used+4 {
		t.Errorf("a batch with three subrequests run cost %d requests", now-used)
	}
}

package sfsim

import (
	"encoding/xml"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const attempt = "Handoff_Attempt__c"

// soap sends a message to the Metadata API, in prefixes that no client here uses.
func (r *rig) soap(path, session, inner string, header ...string) reply {
	r.t.Helper()
	return r.do("POST", path, envelopeOf(session, inner, header...), "Content-Type", "text/xml; charset=UTF-8", "SOAPAction", `""`, "Authorization", "")
}

func envelopeOf(session, inner string, header ...string) string {
	return `<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"` +
		` xmlns:m="http://soap.sforce.com/2006/04/metadata" xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><e:Header><m:SessionHeader><m:sessionId>` +
		session + `</m:sessionId></m:SessionHeader>` + strings.Join(header, "") + `</e:Header><e:Body>` + inner + `</e:Body></e:Envelope>`
}

const metadataAPI = "/services/Soap/m/60.0"

func (r *rig) createMetadata(components ...string) reply {
	r.t.Helper()
	return r.soap(metadataAPI, r.token, "<m:createMetadata>"+strings.Join(components, "")+"</m:createMetadata>")
}

// object is a component for createMetadata. Changes replace or add elements;
// "" takes one away.
func object(fullName string, changes ...string) string {
	parts := [][2]string{
		{"fullName", fullName},
		{"label", "Handoff Attempt"},
		{"pluralLabel", "Handoff Attempts"},
		{"deploymentStatus", "Deployed"},
		{"sharingModel", "Private"},
		{"nameField", `<m:type>AutoNumber</m:type><m:label>Attempt</m:label><m:displayFormat>HA-{000000}</m:displayFormat>`},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		at := slices.IndexFunc(parts, func(p [2]string) bool { return p[0] == changes[i] })
		if at < 0 || changes[i] == "fields" {
			parts = append(parts, [2]string{changes[i], changes[i+1]})
		} else {
			parts[at][1] = changes[i+1]
		}
	}
	var b strings.Builder
	for _, p := range parts {
		if p[1] != "" {
			b.WriteString("<m:" + p[0] + ">" + p[1] + "</m:" + p[0] + ">")
		}
	}
	return `<m:metadata x:type="m:CustomObject">` + b.String() + `</m:metadata>`
}

type saveResults struct {
	Results []struct {
		FullName string `xml:"fullName"`
		Success  bool   `xml:"success"`
		Errors   []struct {
			Code    string `xml:"statusCode"`
			Message string `xml:"message"`
		} `xml:"errors"`
	} `xml:"Body>createMetadataResponse>result"`
}

func (p reply) saved() saveResults {
	p.t.Helper()
	if p.status != 200 || !strings.HasPrefix(p.header.Get("Content-Type"), "text/xml") {
		p.t.Fatalf("status %d, %s: %s", p.status, p.header.Get("Content-Type"), p.body)
	}
	var out saveResults
	if err := xml.Unmarshal([]byte(p.body), &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

// faulty checks for a SOAP fault.
func (p reply) faulty(code, part string) {
	p.t.Helper()
	var out struct {
		Code string `xml:"Body>Fault>faultcode"`
		Text string `xml:"Body>Fault>faultstring"`
	}
	if err := xml.Unmarshal([]byte(p.body), &out); err != nil || p.status != 500 || out.Code != code || !strings.Contains(out.Text, part) {
		p.t.Errorf("status %d, want 500 with fault %s: %s", p.status, code, p.body)
	}
}

// attempts makes the object that syncd would bring, with its fields.
func (r *rig) attempts() {
	r.t.Helper()
	if res := r.createMetadata(object(attempt)).saved().Results; len(res) != 1 || !res[0].Success || res[0].FullName != attempt {
		r.t.Fatalf("object: %+v", res)
	}
	for name, m := range map[string]map[string]any{
		"Key__c":    {"type": "Text", "label": "Key", "length": 40, "externalId": true, "unique": true},
		"Loose__c":  {"type": "Text", "label": "Loose key", "length": 40, "externalId": true},
		"Score__c":  {"type": "Number", "label": "Score", "precision": 5, "scale": 1},
		"Note__c":   {"type": "LongTextArea", "label": "Note", "length": 1000, "visibleLines": 3},
		"At__c":     {"type": "DateTime", "label": "At"},
		"Forced__c": {"type": "Checkbox", "label": "Forced", "defaultValue": false},
		"Band__c": {"type": "Picklist", "label": "Band", "valueSet": map[string]any{"restricted": true, "valueSetDefinition": map[string]any{
			"sorted": false, "value": []any{map[string]any{"fullName": "Green", "label": "Green", "default": false}},
		}}},
		"Opportunity__c": {"type": "Lookup", "label": "Opportunity", "referenceTo": "Opportunity", "relationshipName": "Handoff_Attempts"},
		"By__c":          {"type": "Lookup", "label": "By", "referenceTo": "User", "relationshipName": "Attempts_Scored"},
	} {
		r.made(r.makeField(attempt+"."+name, m))
	}
}

// granted makes the object and lets the integration user do everything with it.
func (r *rig) granted() {
	r.t.Helper()
	r.attempts()
	set := r.query("SELECT Id FROM PermissionSet WHERE Name = 'Handoff_Sync'").rows()[0]["Id"]
	r.made(r.post("/sobjects/ObjectPermissions", map[string]any{
		"ParentId": set, "SobjectType": attempt, "PermissionsRead": true, "PermissionsCreate": true, "PermissionsEdit": true, "PermissionsDelete": true,
	}))
	for _, name := range []string{"Key__c", "Loose__c", "Score__c", "Note__c", "At__c", "Forced__c", "Band__c", "Opportunity__c", "By__c"} {
		r.made(r.post("/sobjects/FieldPermissions", map[string]any{
			"ParentId": set, "SobjectType": attempt, "Field": attempt + "." + name, "PermissionsRead": true, "PermissionsEdit": true,
		}))
	}
}

func (r *rig) upsertMany(by string, allOrNone bool, records ...map[string]any) []map[string]any {
	r.t.Helper()
	for _, rec := range records {
		rec["attributes"] = map[string]any{"type": attempt}
	}
	return r.patchTo("/composite/sobjects/"+attempt+"/"+by, map[string]any{"allOrNone": allOrNone, "records": records}).list()
}

func (r *rig) patchTo(path string, body any) reply {
	r.t.Helper()
	return r.do("PATCH", api+path, string(mustJSON(body)))
}

func codes(results []map[string]any) []string {
	var out []string
	for _, res := range results {
		code := "ok"
		if res["success"] != true {
			code = fmt.Sprint(res["errors"].([]any)[0].(map[string]any)["statusCode"])
		} else if res["created"] == true {
			code = "created"
		}
		out = append(out, code)
	}
	return out
}

func TestACustomObjectIsSeenByNobodyUntilItIsGranted(t *testing.T) {
	r := newRig(t, 4, Options{})
	r.attempts()
	names := func() []string {
		var out struct {
			Sobjects []struct{ Name, KeyPrefix string }
		}
		r.get(api + "/sobjects").decode(&out)
		var list []string
		for _, o := range out.Sobjects {
			list = append(list, o.Name)
		}
		return list
	}
	if slices.Contains(names(), attempt) {
		t.Error("listed without a grant")
	}
	r.get(api+"/sobjects/"+attempt+"/describe").refused(404, "NOT_FOUND", "The requested resource does not exist")
	r.query("SELECT Id FROM "+attempt).refused(400, "INVALID_TYPE", "sObject type 'Handoff_Attempt__c' is not supported.")
	r.query("SELECT Id, (SELECT Id FROM Handoff_Attempts__r) FROM Opportunity").refused(400, "INVALID_TYPE", "Didn't understand relationship")
	r.post("/sobjects/"+attempt, map[string]any{}).refused(404, "NOT_FOUND", "")
	r.patchTo("/sobjects/"+attempt+"/Key__c/a", map[string]any{}).refused(404, "NOT_FOUND", "")
	r.patchTo("/composite/sobjects/"+attempt+"/Key__c", map[string]any{"records": []any{}}).refused(404, "NOT_FOUND", "")
	r.post("/composite/sobjects", map[string]any{"records": []any{map[string]any{"attributes": map[string]any{"type": attempt}}}}).refused(400, "INVALID_TYPE", attempt)
	parentTells := func() bool {
		return strings.Contains(r.get(api+"/sobjects/Opportunity/describe").body, `"Handoff_Attempts__r"`)
	}
	if parentTells() {
		t.Error("a parent tells of it")
	}

	row := r.tooling("SELECT Id, DeveloperName, NamespacePrefix FROM CustomObject WHERE DeveloperName = 'Handoff_Attempt'").rows()
	if len(row) != 1 || !strings.HasPrefix(row[0]["Id"].(string), "01I") || row[0]["NamespacePrefix"] != nil {
		t.Fatalf("the Tooling API lists %v", row)
	}
	id := row[0]["Id"].(string)
	if back := r.get(api + "/tooling/sobjects/CustomObject/" + id).obj(); back["DeveloperName"] != "Handoff_Attempt" || back["SharingModel"] != "Private" {
		t.Errorf("retrieved %v", back)
	}
	r.post("/tooling/sobjects/CustomObject", map[string]any{"FullName": "X__c", "Metadata": map[string]any{}}).refused(400, "INVALID_TYPE_FOR_OPERATION", "entity type cannot be inserted")
	for _, where := range []string{
		"TableEnumOrId = '" + id + "'", "TableEnumOrId = '" + id[:15] + "'", "EntityDefinitionId = '" + id + "'", "EntityDefinition.QualifiedApiName = '" + attempt + "'",
	} {
		if n := len(r.tooling("SELECT Id, TableEnumOrId, EntityDefinition.Label FROM CustomField WHERE " + where).rows()); n != 9 {
			t.Errorf("%s: %d fields", where, n)
		}
	}
	fields := r.tooling("SELECT QualifiedApiName, DataType FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = '" + attempt + "'").rows()
	if got := values(fields, "QualifiedApiName"); !slices.Contains(got, "Key__c") || !slices.Contains(got, "Name") {
		t.Errorf("field definitions %v", got)
	}
	if rows := r.tooling("SELECT QualifiedApiName, KeyPrefix FROM EntityDefinition WHERE DurableId = '" + id + "'").rows(); len(rows) != 1 || rows[0]["KeyPrefix"] != "a00" {
		t.Errorf("entities %v", rows)
	}

	r.s.GrantObject("Handoff_Sync", attempt, true, false, false, false)
	if !slices.Contains(names(), attempt) {
		t.Error("not listed")
	}
	if got := r.fieldNames(attempt); slices.Contains(got, "Key__c") || !slices.Contains(got, "Name") || !slices.Contains(got, "OwnerId") {
		t.Errorf("described %v", got)
	}
	r.query("SELECT Key__c FROM "+attempt).refused(400, "INVALID_FIELD", "No such column 'Key__c'")
	if parentTells() {
		t.Error("a parent tells of a lookup that nobody granted")
	}
	r.s.Grant("Handoff_Sync", attempt+".Opportunity__c", true, false)
	if !parentTells() {
		t.Error("the parent does not tell of its children")
	}
	d := r.get(api + "/sobjects/" + attempt + "/describe").obj()
	for k, want := range map[string]any{"createable": false, "updateable": false, "deletable": false, "custom": true, "keyPrefix": "a00", "labelPlural": "Handoff Attempts"} {
		if d[k] != want {
			t.Errorf("%s: %v", k, d[k])
		}
	}
	r.post("/sobjects/"+attempt, map[string]any{}).refused(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted")
	many := r.post("/composite/sobjects", map[string]any{"records": []any{map[string]any{"attributes": map[string]any{"type": attempt}}}}).list()
	if got := codes(many); got[0] != "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" {
		t.Errorf("create without the right: %v", many)
	}
	theirs, err := r.s.Insert(attempt, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.patchTo("/sobjects/"+attempt+"/"+theirs, map[string]any{}).refused(403, "INSUFFICIENT_ACCESS_OR_READONLY", "")
	r.do("DELETE", api+"/sobjects/"+attempt+"/"+theirs, "").refused(403, "INSUFFICIENT_ACCESS_OR_READONLY", "")
}

func TestRecordsOfACustomObject(t *testing.T) {
	r := newRig(t, 4, Options{})
	r.granted()
	deal := r.s.DealID(0)

	if got := codes(r.upsertMany("Key__c", false,
		map[string]any{"Key__c": "a", "Opportunity__c": deal, "Score__c": 61.5, "Band__c": "Green", "By__c": r.s.Me()},
		map[string]any{"Key__c": "b", "Opportunity__c": deal, "Forced__c": true, "At__c": "2026-11-20T09:00:00Z"},
		map[string]any{"Key__c": "c", "Opportunity__c": "006000000000000AAA"},
		map[string]any{"Key__c": "d", "Band__c": "Blue"},
		map[string]any{"Key__c": "e", "Note__c": strings.Repeat("x", 1001)},
		map[string]any{"Key__c": "f", "Opportunity__c": r.s.AccountID(0)},
		map[string]any{"Key__c": "g"}, map[string]any{"Key__c": "G"}, map[string]any{"Score__c": 1},
	)); !slices.Equal(got, []string{
		"created", "created", "INVALID_CROSS_REFERENCE_KEY", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "STRING_TOO_LONG", "FIELD_INTEGRITY_EXCEPTION",
		"DUPLICATE_VALUE", "DUPLICATE_VALUE", "MISSING_ARGUMENT",
	}) {
		t.Errorf("upserted: %v", got)
	}
	r.s.Clock().Advance(time.Minute)
	again := r.upsertMany("Key__c", false, map[string]any{"Key__c": "a", "Score__c": 70}, map[string]any{"Key__c": "h", "Opportunity__c": deal})
	if got := codes(again); !slices.Equal(got, []string{"ok", "created"}) || again[0]["created"] != false {
		t.Errorf("again: %v", again)
	}

	rows := r.query("SELECT Name, Key__c, Score__c, Opportunity__r.Name, Opportunity__r.Account.Name, By__r.Name, Owner.Name, CreatedDate, LastModifiedDate, SystemModstamp " +
		"FROM " + attempt + " WHERE Opportunity__c = '" + deal + "' ORDER BY Name").rows()
	if d := cmp.Diff([]string{"HA-000001", "HA-000002", "HA-000003"}, values(rows, "Name")); d != "" {
		t.Fatal(d)
	}
	first := rows[0]
	if first["Score__c"] != 70.0 || first["Opportunity__r"].(map[string]any)["Name"] != "Deal 000" || first["CreatedDate"] == first["SystemModstamp"] ||
		first["LastModifiedDate"] != "2026-11-20T09:01:00.000+0000" || first["By__r"].(map[string]any)["Name"] != "Sync User" {
		t.Errorf("stored %v", first)
	}
	kids := r.query("SELECT (SELECT Name FROM Handoff_Attempts__r ORDER BY Name) FROM Opportunity WHERE Id = '" + deal + "'").rows()[0]["Handoff_Attempts__r"].(map[string]any)
	if kids["totalSize"] != 3.0 {
		t.Errorf("children %v", kids)
	}

	r.upsertMany("Key__c", true, map[string]any{"Key__c": "x"}, map[string]any{"Key__c": "y", "Band__c": "Blue"})
	if n := len(r.query("SELECT Id FROM " + attempt + " WHERE Key__c IN ('x', 'y')").rows()); n != 0 {
		t.Errorf("%d of an upsert that was rolled back", n)
	}
	r.patchTo("/composite/sobjects/"+attempt+"/Score__c", map[string]any{"records": []any{}}).refused(400, "INVALID_FIELD", "is not an External ID")

	one := r.patchTo("/sobjects/"+attempt+"/Key__c/single", map[string]any{"Opportunity__c": deal})
	if one.status != 201 || one.obj()["created"] != true {
		t.Fatalf("%d %s", one.status, one.body)
	}
	id := one.obj()["id"].(string)
	if !strings.HasPrefix(id, "a00") {
		t.Errorf("id %s", id)
	}
	if p := r.patchTo("/sobjects/"+attempt+"/Key__c/single", map[string]any{"Note__c": "n"}); p.status != 200 || p.obj()["created"] != false {
		t.Errorf("%d %s", p.status, p.body)
	}
	if p := r.do("PATCH", "/services/data/v45.0/sobjects/"+attempt+"/Key__c/single", `{"Note__c":"m"}`); p.status != 204 || p.body != "" {
		t.Errorf("before version 46: %d %s", p.status, p.body)
	}
	r.patchTo("/sobjects/"+attempt+"/Score__c/1", map[string]any{}).refused(404, "NOT_FOUND", "external ID")
	r.patchTo("/sobjects/"+attempt+"/Key__c", map[string]any{}).refused(405, "METHOD_NOT_ALLOWED", "")
	r.patchTo("/sobjects/"+attempt+"/"+id, map[string]any{"Name": "mine"}).refused(400, "INVALID_FIELD_FOR_INSERT_UPDATE", "Name")
	r.patchTo("/sobjects/"+attempt+"/"+id, map[string]any{"Score__c": "high"}).refused(400, "JSON_PARSER_ERROR", "")
	r.post("/sobjects/"+attempt, map[string]any{"Key__c": "SINGLE"}).refused(400, "DUPLICATE_VALUE", "")
	for range 2 {
		r.made(r.post("/sobjects/"+attempt, map[string]any{"Loose__c": "same"}))
	}
	if p := r.patchTo("/sobjects/"+attempt+"/Loose__c/same", map[string]any{"Score__c": 1}); p.status != 300 {
		t.Errorf("two matches: %d %s", p.status, p.body)
	}
	if got := codes(r.upsertMany("Loose__c", false, map[string]any{"Loose__c": "same"})); got[0] != "DUPLICATE_EXTERNAL_ID" {
		t.Errorf("two matches: %v", got)
	}

	if p := r.do("DELETE", api+"/sobjects/"+attempt+"/"+id, ""); p.status != 204 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	if bin := r.get(api + "/queryAll?q=" + url.QueryEscape("SELECT IsDeleted FROM "+attempt+" WHERE Id = '"+id+"'")).rows(); len(bin) != 1 || bin[0]["IsDeleted"] != true {
		t.Errorf("in the bin: %v", bin)
	}
	r.s.Clock().Advance(2 * time.Minute)
	window := "?start=" + url.QueryEscape(start.Format(time.RFC3339)) + "&end=" + url.QueryEscape(start.Add(2*time.Minute).Format(time.RFC3339))
	if del := r.get(api + "/sobjects/" + attempt + "/deleted" + window).obj(); len(del["deletedRecords"].([]any)) != 1 {
		t.Errorf("deleted: %v", del)
	}
	if up := r.get(api + "/sobjects/" + attempt + "/updated" + window).obj(); len(up["ids"].([]any)) != 5 {
		t.Errorf("updated: %v", up)
	}
}

func TestACustomObjectInBulk(t *testing.T) {
	r := newRig(t, 2, Options{})
	r.attempts()
	if p := r.do("POST", ingestJobs, `{"object":"`+attempt+`","operation":"insert"}`); p.status != 400 {
		t.Errorf("without a grant: %d %s", p.status, p.body)
	}
	r.s.GrantObject("Handoff_Sync", attempt, true, true, true, false)
	r.s.Grant("Handoff_Sync", attempt+".Key__c", true, true)
	settings := `{"object":"` + attempt + `","operation":"upsert","externalIdFieldName":"Key__c"}`
	if _, job := r.bulkIngest(settings, "Key__c\na\nb\n"); job["numberRecordsFailed"] != 0.0 || job["numberRecordsProcessed"] != 2.0 {
		t.Errorf("%v", job)
	}
	r.s.GrantObject("Handoff_Sync", attempt, true, false, true, false)
	path, job := r.bulkIngest(settings, "Key__c\na\nc\n")
	if failed := r.get(path + "/failedResults").body; job["numberRecordsFailed"] != 1.0 || !strings.Contains(failed, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY") {
		t.Errorf("%v: %s", job, failed)
	}
	query := r.bulkQuery("SELECT Name, Key__c FROM " + attempt)
	r.s.Clock().Advance(5 * time.Second)
	if got := lines(r.get(query + "/results")); len(got) != 3 || !strings.Contains(strings.Join(got, " "), `"HA-000002","b"`) {
		t.Errorf("%v", got)
	}
}

func TestALookupIsClearedWithItsParentAndComesBackWithIt(t *testing.T) {
	r := newRig(t, 4, Options{})
	r.granted()
	deal, other := r.s.DealID(0), r.s.DealID(1)
	r.upsertMany("Key__c", false, map[string]any{"Key__c": "a", "Opportunity__c": deal}, map[string]any{"Key__c": "b", "Opportunity__c": deal})
	before := r.query("SELECT Id, SystemModstamp FROM " + attempt + " ORDER BY Key__c").rows()
	r.s.Clock().Advance(time.Minute)
	if err := r.s.Delete("Opportunity", deal); err != nil {
		t.Fatal(err)
	}
	after := r.query("SELECT Opportunity__c, SystemModstamp FROM " + attempt + " ORDER BY Key__c").rows()
	if after[0]["Opportunity__c"] != nil || after[0]["SystemModstamp"] != before[0]["SystemModstamp"] {
		t.Errorf("after the deletion: %v", after)
	}
	if got := codes(r.upsertMany("Key__c", false, map[string]any{"Key__c": "c", "Opportunity__c": deal})); got[0] != "ENTITY_IS_DELETED" {
		t.Errorf("a lookup to a deleted record: %v", got)
	}
	r.upsertMany("Key__c", false, map[string]any{"Key__c": "b", "Opportunity__c": other})
	if err := r.s.Undelete("Opportunity", deal); err != nil {
		t.Fatal(err)
	}
	got := values(r.query("SELECT Opportunity__c FROM "+attempt+" ORDER BY Key__c").rows(), "Opportunity__c")
	if d := cmp.Diff([]string{deal, other}, got); d != "" {
		t.Error(d)
	}
}

func TestALookupMayHoldItsParentOrGoWithIt(t *testing.T) {
	r := newRig(t, 4, Options{})
	r.granted()
	lookup := func(name string, more ...any) map[string]any {
		m := map[string]any{"type": "Lookup", "label": name, "referenceTo": "Opportunity", "relationshipName": name}
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	r.makeField(attempt+".Must__c", lookup("Must", "required", true)).refused(400, "FIELD_INTEGRITY_EXCEPTION", "deleteConstraint")
	r.makeField(attempt+".Odd__c", lookup("Odd", "deleteConstraint", "Explode")).refused(400, "FIELD_INTEGRITY_EXCEPTION", "")
	r.makeField(attempt+".Twin__c", lookup("Handoff_Attempts")).refused(400, "DUPLICATE_DEVELOPER_NAME", "")
	r.made(r.makeField(attempt+".Must__c", lookup("Must", "required", true, "deleteConstraint", "Restrict")))
	set := r.query("SELECT Id FROM PermissionSet WHERE Name = 'Handoff_Sync'").rows()[0]["Id"]
	for _, name := range []string{"Must__c", "Name"} {
		r.post("/sobjects/FieldPermissions", map[string]any{
			"ParentId": set, "SobjectType": attempt, "Field": attempt + "." + name, "PermissionsRead": true,
		}).refused(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "")
	}
	if got := codes(r.upsertMany("Key__c", false, map[string]any{"Key__c": "a"}, map[string]any{"Key__c": "b", "Must__c": r.s.DealID(0)})); !slices.Equal(got, []string{"REQUIRED_FIELD_MISSING", "created"}) {
		t.Errorf("a required lookup: %v", got)
	}
	r.do("DELETE", api+"/sobjects/Opportunity/"+r.s.DealID(0), "").refused(400, "DELETE_FAILED", "")
	if p := r.do("DELETE", api+"/sobjects/Opportunity/"+r.s.DealID(1), ""); p.status != 204 {
		t.Errorf("%d %s", p.status, p.body)
	}
	r.made(r.makeField(attempt+".Along__c", lookup("Along", "deleteConstraint", "Cascade")))
	r.s.Grant("Handoff_Sync", attempt+".Along__c", true, true)
	r.upsertMany("Key__c", false, map[string]any{"Key__c": "c", "Must__c": r.s.DealID(2), "Along__c": r.s.DealID(3)})
	if err := r.s.Delete("Opportunity", r.s.DealID(3)); err != nil {
		t.Fatal(err)
	}
	if n := len(r.query("SELECT Id FROM " + attempt + " WHERE Key__c = 'c'").rows()); n != 0 {
		t.Error("it did not go along")
	}
}

func TestWhatObjectPermissionsRefuse(t *testing.T) {
	r := newRig(t, 2, Options{})
	r.attempts()
	set := r.made(r.post("/sobjects/PermissionSet", map[string]any{"Name": "Some", "Label": "Some"}))
	grant := func(object string, rights ...string) map[string]any {
		out := map[string]any{"ParentId": set, "SobjectType": object}
		for _, right := range rights {
			out["Permissions"+right] = true
		}
		return out
	}
	for name, c := range map[string]struct {
		rights []string
		part   string
	}{
		"creating without reading": {[]string{"Create"}, "Permission Create Handoff_Attempt__c depends on permission(s): Read Handoff_Attempt__c"},
		"editing without reading":  {[]string{"Edit"}, "Read Handoff_Attempt__c"},
		"deleting without editing": {[]string{"Read", "Delete"}, "Edit Handoff_Attempt__c"},
		"all without reading":      {[]string{"ViewAllRecords"}, "Read Handoff_Attempt__c"},
		"all without the rest":     {[]string{"Read", "Edit", "ModifyAllRecords"}, "Delete Handoff_Attempt__c, Read All Handoff_Attempt__c"},
		"nothing at all":           {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			r.post("/sobjects/ObjectPermissions", grant(attempt, c.rights...)).refused(400, "FIELD_INTEGRITY_EXCEPTION", c.part)
		})
	}
	r.t = t
	r.post("/sobjects/ObjectPermissions", grant("Nope__c", "Read")).refused(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "")
	id := r.made(r.post("/sobjects/ObjectPermissions", grant(attempt, "Read", "Create", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")))
	r.post("/sobjects/ObjectPermissions", grant(attempt, "Read")).refused(400, "DUPLICATE_VALUE", "")
	r.patchTo("/sobjects/ObjectPermissions/"+id, map[string]any{"PermissionsRead": false}).refused(400, "FIELD_INTEGRITY_EXCEPTION", "")
	if p := r.patchTo("/sobjects/ObjectPermissions/"+id, map[string]any{"PermissionsModifyAllRecords": false, "PermissionsViewAllRecords": false}); p.status != 204 {
		t.Errorf("%d %s", p.status, p.body)
	}
	rows := r.query("SELECT PermissionsCreate, PermissionsModifyAllRecords, Parent.Name FROM ObjectPermissions WHERE SobjectType = '" + attempt + "'").rows()
	if len(rows) != 1 || rows[0]["PermissionsCreate"] != true || rows[0]["PermissionsModifyAllRecords"] != false {
		t.Errorf("stored %v", rows)
	}
	r.query("SELECT Id FROM "+attempt).refused(400, "INVALID_TYPE", "") // not assigned
	r.s.Assign("Some", r.s.Me())
	r.made(r.post("/sobjects/"+attempt, map[string]any{}))
	if p := r.do("DELETE", api+"/sobjects/ObjectPermissions/"+id, ""); p.status != 204 {
		t.Errorf("%d %s", p.status, p.body)
	}
	r.query("SELECT Id FROM "+attempt).refused(400, "INVALID_TYPE", "")
}

func TestObjectsAreMadeWhileOthersRead(t *testing.T) {
	r := newRig(t, 4, Options{})
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			name := fmt.Sprintf("Thing_%d__c", i)
			r.createMetadata(object(name))
			r.makeField(name+".Deal__c", map[string]any{"type": "Lookup", "label": "Deal", "referenceTo": "Opportunity", "relationshipName": fmt.Sprintf("Things_%d", i)})
			r.s.GrantObject("Handoff_Sync", name, true, true, true, true)
			r.post("/sobjects/"+name, map[string]any{})
			for _, path := range []string{"/sobjects", "/sobjects/" + name + "/describe", "/sobjects/Opportunity/describe", "/query?q=" + url.QueryEscape("SELECT Id FROM "+name)} {
				if p := r.get(api + path); p.status != 200 {
					t.Errorf("%s: %d %s", path, p.status, p.body)
				}
			}
			r.do("PATCH", api+"/sobjects/"+name+"/nope", `{}`)
		}()
	}
	wait.Wait()
	if n := len(r.tooling("SELECT Id FROM CustomObject").rows()); n != 4 {
		t.Errorf("%d objects", n)
	}
}

func FuzzMetadata(f *testing.F) {
	s := New(company(1), Options{})
	r := &rig{t: f, s: s, web: newWeb(f, s)}
	r.login()
	f.Add(object(attempt, "fields", "<m:fullName>X__c</m:fullName><m:label>X</m:label><m:type>Checkbox</m:type><m:defaultValue>false</m:defaultValue>"))
	f.Add(`<m:metadata x:type="CustomField"><m:fullName>Opportunity.X__c</m:fullName><m:type>Picklist</m:type><m:valueSet><m:valueSetDefinition><m:value/></m:valueSetDefinition></m:valueSet></m:metadata>`)
	f.Add(`<!DOCTYPE x><m:metadata/>`)
	f.Fuzz(func(t *testing.T, inner string) {
		for _, op := range []string{"createMetadata", "readMetadata"} {
			rq := httptest.NewRequest("POST", metadataAPI, strings.NewReader(envelopeOf(r.token, "<m:"+op+">"+inner+"</m:"+op+">")))
			rq.Header.Set("Content-Type", "text/xml")
			rq.Header.Set("SOAPAction", "")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, rq)
			if w.Code != 200 && w.Code != 500 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if err := xml.Unmarshal(w.Body.Bytes(), &saveResults{}); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
		}
	})
}

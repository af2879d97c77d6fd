package sfsim

import (
	"fmt"
	"strings"
	"testing"
)

func TestWhatCreateMetadataRefuses(t *testing.T) {
	r := newRig(t, 2, Options{})
	r.attempts()
	numbered := func(format string) string {
		return "<m:type>AutoNumber</m:type><m:label>N</m:label><m:displayFormat>" + format + "</m:displayFormat>"
	}
	for _, c := range []struct{ name, component, code string }{
		{"a name twice", object(attempt), "DUPLICATE_DEVELOPER_NAME"},
		{"a name in another case", object(strings.ToLower(attempt)), "DUPLICATE_DEVELOPER_NAME"},
		{"no suffix", object("Attempt"), "FIELD_INTEGRITY_EXCEPTION"},
		{"a suffix alone", object("__c"), "FIELD_INTEGRITY_EXCEPTION"},
		{"two underscores", object("A__B__c"), "FIELD_INTEGRITY_EXCEPTION"},
		{"a long name", object("A" + strings.Repeat("b", 40) + "__c"), "STRING_TOO_LONG"},
		{"no name", object(""), "REQUIRED_FIELD_MISSING"},
		{"no label", object("A__c", "label", ""), "REQUIRED_FIELD_MISSING"},
		{"no plural", object("A__c", "pluralLabel", ""), "REQUIRED_FIELD_MISSING"},
		{"no status", object("A__c", "deploymentStatus", ""), "REQUIRED_FIELD_MISSING"},
		{"no sharing", object("A__c", "sharingModel", ""), "REQUIRED_FIELD_MISSING"},
		{"a parent's sharing without one", object("A__c", "sharingModel", "ControlledByParent"), "FIELD_INTEGRITY_EXCEPTION"},
		{"a long label", object("A__c", "label", strings.Repeat("x", 41)), "STRING_TOO_LONG"},
		{"no name field", object("A__c", "nameField", ""), "FIELD_INTEGRITY_EXCEPTION"},
		{"a name field of no use", object("A__c", "nameField", "<m:type>Number</m:type><m:label>N</m:label>"), "FIELD_INTEGRITY_EXCEPTION"},
		{"a name field without label", object("A__c", "nameField", "<m:type>Text</m:type>"), "REQUIRED_FIELD_MISSING"},
		{"a number without format", object("A__c", "nameField", "<m:type>AutoNumber</m:type><m:label>N</m:label>"), "FIELD_INTEGRITY_EXCEPTION"},
		{"a format without number", object("A__c", "nameField", numbered("HA")), "FIELD_INTEGRITY_EXCEPTION"},
		{"a format with two numbers", object("A__c", "nameField", numbered("{0}{0}")), "FIELD_INTEGRITY_EXCEPTION"},
		{"a format with a stranger", object("A__c", "nameField", numbered("{HH}{0}")), "FIELD_INTEGRITY_EXCEPTION"},
		{"a format left open", object("A__c", "nameField", numbered("{0}{")), "FIELD_INTEGRITY_EXCEPTION"},
		{"a field that cannot be", object("A__c", "fields", "<m:fullName>X__c</m:fullName><m:label>X</m:label><m:type>Text</m:type>"), "FIELD_INTEGRITY_EXCEPTION"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			res := r.createMetadata(c.component).saved().Results
			if len(res) != 1 || res[0].Success || len(res[0].Errors) != 1 || res[0].Errors[0].Code != c.code || res[0].Errors[0].Message == "" {
				t.Errorf("want %s: %+v", c.code, res)
			}
		})
	}
	r.t = t
	if rows := r.tooling("SELECT Id FROM CustomObject").rows(); len(rows) != 1 {
		t.Errorf("what was refused is listed: %v", rows)
	}
	if n := len(r.tooling("SELECT Id FROM EntityDefinition WHERE QualifiedApiName = 'A__c'").rows()); n != 0 {
		t.Error("what was refused is defined")
	}
}

func TestSeveralComponentsInACall(t *testing.T) {
	r := newRig(t, 2, Options{})
	text := "<m:type>Text</m:type><m:label>Name</m:label>"
	field := "<m:fullName>Deal__c</m:fullName><m:label>Deal</m:label><m:type>Lookup</m:type><m:referenceTo>Opportunity</m:referenceTo><m:relationshipName>As</m:relationshipName>"
	pick := "<m:fullName>Kind__c</m:fullName><m:label>Kind</m:label><m:type>Picklist</m:type><m:valueSet><m:restricted>true</m:restricted><m:valueSetDefinition><m:sorted>false</m:sorted>" +
		"<m:value><m:fullName>x</m:fullName><m:default>false</m:default><m:label>x</m:label></m:value></m:valueSetDefinition></m:valueSet>"
	res := r.createMetadata(object("A__c", "nameField", text, "fields", field, "fields", pick), object("B"), object("C__c", "description", "A &lt;C&gt;")).saved().Results
	if len(res) != 3 || !res[0].Success || res[1].Success || !res[2].Success {
		t.Fatalf("%+v", res)
	}
	r.s.GrantObject("Handoff_Sync", "A__c", true, true, true, true)
	r.s.Grant("Handoff_Sync", "A__c.Deal__c", true, true)
	id := r.made(r.post("/sobjects/A__c", map[string]any{"Deal__c": r.s.DealID(0)}))
	named := r.made(r.post("/sobjects/A__c", map[string]any{"Name": "Mine"}))
	rows := r.query("SELECT Name, Deal__r.Name FROM A__c ORDER BY Id").rows()
	if rows[0]["Name"] != id[:15] || rows[1]["Name"] != "Mine" || named[:3] != "a00" {
		t.Errorf("stored %v", rows)
	}
	all := "<m:AllOrNoneHeader><m:allOrNone>true</m:allOrNone></m:AllOrNoneHeader>"
	res = r.soap(metadataAPI+"/"+r.s.orgID[:15], r.token, "<m:createMetadata>"+object("D__c", "fields", strings.Replace(field, ">As<", ">Ds<", 1))+object("E")+"</m:createMetadata>", all).saved().Results
	if res[0].Success || res[0].Errors[0].Code != "ALL_OR_NONE_OPERATION_ROLLED_BACK" || res[1].Errors[0].Code != "FIELD_INTEGRITY_EXCEPTION" {
		t.Errorf("%+v", res)
	}
	if n := len(r.tooling("SELECT Id FROM CustomObject WHERE DeveloperName = 'D'").rows()); n != 0 {
		t.Error("what was rolled back is there")
	}
	if res = r.soap("/services/Soap/m/33.0", r.token, "<m:createMetadata>"+object("F__c")+object("E")+"</m:createMetadata>").saved().Results; res[0].Success {
		t.Errorf("before version 34 all or none are made: %+v", res)
	}
	one := `<m:metadata x:type="CustomField"><m:fullName>C__c.Score__c</m:fullName><m:label>Score</m:label><m:type>Number</m:type><m:precision>3</m:precision><m:scale>0</m:scale></m:metadata>`
	if res = r.createMetadata(one).saved().Results; len(res) != 1 || !res[0].Success {
		t.Errorf("a field: %+v", res)
	}
	back := r.soap(metadataAPI, r.token, "<m:readMetadata><m:type>CustomObject</m:type><m:fullNames>C__c</m:fullNames><m:fullNames>Nope__c</m:fullNames></m:readMetadata>")
	for _, part := range []string{
		`<description>A &lt;C&gt;</description>`, `<fullName>Score__c</fullName>`, `<displayFormat>HA-{000000}</displayFormat>`, `<records xsi:nil="true"/>`, `<sharingModel>Private</sharingModel>`,
	} {
		if back.status != 200 || !strings.Contains(back.body, part) {
			t.Errorf("read %d without %s: %s", back.status, part, back.body)
		}
	}
	stats := r.s.Stats()
	if stats.Requests["metadata create"] != 4 || stats.Requests["metadata read"] != 1 || stats.Written["CustomObject"] != 2 || stats.Written["CustomField"] != 1 {
		t.Errorf("counted %v, written %v", stats.Requests, stats.Written)
	}
}

func TestFaultsOfTheMetadataAPI(t *testing.T) {
	r := newRig(t, 2, Options{})
	for name, c := range map[string]struct{ inner, code, part string }{
		"an unknown operation": {"<m:paintMetadata/>", "soapenv:Client", "No operation available for request {http://soap.sforce.com/2006/04/metadata}paintMetadata"},
		"another namespace":    {"<createMetadata/>", "soapenv:Client", "No operation available"},
		"bad markup":           {"<m:createMetadata>", "soapenv:Client", "malformed"},
		"an entity":            {"<m:createMetadata>&lol;</m:createMetadata>", "soapenv:Client", "malformed"},
		"a type that is not":   {`<m:createMetadata><m:metadata x:type="m:Nope"/></m:createMetadata>`, "sf:INVALID_TYPE", "Nope"},
		"no type":              {`<m:createMetadata><m:metadata/></m:createMetadata>`, "soapenv:Client", "Must specify a {http://www.w3.org/2001/XMLSchema-instance}type"},
		"a stranger inside":    {"<m:createMetadata>" + object("A__c", "colour", "red") + "</m:createMetadata>", "soapenv:Client", "colour"},
		"a sharing that is not": {
			"<m:createMetadata>" + object("A__c", "sharingModel", "Open") + "</m:createMetadata>", "soapenv:Client", "Open",
		},
		"two types": {
			`<m:createMetadata>` + object("A__c") + `<m:metadata x:type="CustomField"><m:fullName>A__c.X__c</m:fullName></m:metadata></m:createMetadata>`, "sf:INVALID_TYPE", "same type",
		},
		"too many":       {"<m:createMetadata>" + strings.Repeat(object("A__c"), 11) + "</m:createMetadata>", "sf:LIMIT_EXCEEDED", "11"},
		"none":           {"<m:createMetadata/>", "soapenv:Client", "metadata"},
		"too deep":       {strings.Repeat("<m:a>", 30) + strings.Repeat("</m:a>", 30), "soapenv:Client", "too deep"},
		"reading a list": {"<m:readMetadata><m:type>Layout</m:type></m:readMetadata>", "sf:INVALID_TYPE", "Layout"},
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			r.soap(metadataAPI, r.token, c.inner).faulty(c.code, c.part)
		})
	}
	r.t = t
	call := "<m:createMetadata>" + object("A__c") + "</m:createMetadata>"
	r.soap(metadataAPI, "nonsense", call).faulty("sf:INVALID_SESSION_ID", "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session")
	r.soap("/services/Soap/m/30.0", r.token, call).faulty("sf:UNSUPPORTED_API_VERSION", "")
	dtd := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY lol "lol">]><x/>`
	r.do("POST", metadataAPI, dtd, "Content-Type", "text/xml", "SOAPAction", `""`).faulty("soapenv:Client", "DTD")
	r.do("POST", metadataAPI, dtd, "SOAPAction", `""`).faultless(t, 415)
	r.get(metadataAPI).faultless(t, 405)

	for _, right := range []string{CustomizeApplication, ModifyMetadata} {
		r.s.TakeRight(right)
		r.createMetadata(object("A__c")).faulty("sf:INSUFFICIENT_ACCESS", "requires a user with the ModifyAllData or ModifyMetadata permissions")
		r.s.GiveRight(right)
	}

	for _, f := range []struct {
		do   Mishap
		code string
	}{{Busy, "sf:SERVER_UNAVAILABLE"}, {DailyLimit, "sf:REQUEST_LIMIT_EXCEEDED"}, {ServerError, "sf:UNKNOWN_EXCEPTION"}, {KillSession, "sf:INVALID_SESSION_ID"}} {
		r.s.AddFault(Fault{Do: f.do, On: "metadata create CustomObject"})
		r.createMetadata(object("A__c")).faulty(f.code, "")
	}
	r.createMetadata(object("A__c")).faulty("sf:INVALID_SESSION_ID", "") // it stays dead
	r.login()
	r.s.AddFault(Fault{Do: RefuseRecords, On: "metadata create"})
	if res := r.createMetadata(object("A__c")).saved().Results; res[0].Success || res[0].Errors[0].Code != "UNABLE_TO_LOCK_ROW" {
		t.Errorf("%+v", res)
	}
	r.s.AddFault(Fault{Do: ResetAfterCommit, On: "metadata create"})
	if p := r.createMetadata(object("A__c")); p.err == nil {
		t.Errorf("answered %s", p.body)
	}
	if res := r.createMetadata(object("A__c")).saved().Results; res[0].Success || res[0].Errors[0].Code != "DUPLICATE_DEVELOPER_NAME" {
		t.Errorf("after an answer that was lost: %+v", res)
	}
}

func (p reply) faultless(t *testing.T, status int) {
	t.Helper()
	if p.status != status || strings.Contains(p.body, "Fault") {
		t.Errorf("status %d, want %d: %s", p.status, status, p.body)
	}
}

func TestACallOfTheMetadataAPICostsARequest(t *testing.T) {
	r := newRig(t, 2, Options{EnforceLimits: true, DailyLimit: 2})
	for i := range 3 {
		p := r.createMetadata(object(fmt.Sprintf("A%d__c", i)))
		if i < 2 {
			p.saved()
		} else {
			p.faulty("sf:REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
		}
	}
}

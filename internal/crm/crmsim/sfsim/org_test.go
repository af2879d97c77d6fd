package sfsim

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

func TestDiscovery(t *testing.T) {
	r := newRig(t, 2, Options{})
	p := r.get("/services/data", "Authorization", "")
	list := p.list()
	if list[0]["version"] != "31.0" || list[0]["label"] != "Summer '14" || list[len(list)-1]["version"] != "68.0" || list[len(list)-1]["label"] != "Winter '27" {
		t.Errorf("versions: %v", list)
	}
	if p.header.Get("Sforce-Limit-Info") != "" {
		t.Error("the version list does not count, so it tells no limits")
	}
	for _, path := range []string{"//services//data/v60.0///sobjects/", "/services/data/v31.0/sobjects", "/services/data/v68.0/limits/"} {
		if p := r.get(path); p.status != 200 {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	r.get("/services/data/v30.0/limits").refused(410, "GONE", "")
	for _, path := range []string{"/services/data/v69.0/limits", "/services/data/v60.1/limits", "/services/data/v60.0/nope", "/services/data/60.0/limits"} {
		r.get(path).refused(404, "NOT_FOUND", "The requested resource does not exist")
	}
	if p := r.get("/nowhere"); p.status != 404 || strings.Contains(p.header.Get("Content-Type"), "json") {
		t.Errorf("outside the API: %d %s", p.status, p.header.Get("Content-Type"))
	}
}

func TestDescribe(t *testing.T) {
	r := newRig(t, 2, Options{Custom: []CustomField{{Object: "Task", Name: "Handoff_Key__c", ExternalID: true}}})
	r.s.HideField("Opportunity", "ARR__c")
	r.s.LockField("Opportunity", "Kickoff__c")
	p := r.get(api + "/sobjects/Opportunity/describe")
	fields := map[string]map[string]any{}
	for _, f := range p.obj()["fields"].([]any) {
		m := f.(map[string]any)
		fields[m["name"].(string)] = m
	}
	if fields["ARR__c"] != nil {
		t.Error("a hidden field is described")
	}
	for name, want := range map[string]map[string]any{
		"Id":                  {"type": "id", "updateable": false, "createable": false, "length": 18.0, "nillable": false},
		"Name":                {"type": "string", "length": 120.0, "nillable": false, "nameField": true, "updateable": true},
		"StageName":           {"type": "picklist", "restrictedPicklist": false, "nillable": false},
		"Description":         {"type": "textarea", "length": 32000.0, "filterable": false, "sortable": false},
		"Amount":              {"type": "currency", "precision": 18.0, "scale": 2.0, "soapType": "xsd:double"},
		"IsWon":               {"type": "boolean", "updateable": false, "nillable": false, "defaultedOnCreate": true},
		"ContactId":           {"type": "reference", "createable": true, "updateable": false},
		"OwnerId":             {"referenceTo": []any{"User"}, "relationshipName": "Owner", "polymorphicForeignKey": false, "defaultedOnCreate": true},
		"SystemModstamp":      {"type": "datetime", "filterable": true, "updateable": false, "nillable": false},
		"Handoff_Score__c":    {"type": "double", "precision": 18.0, "scale": 1.0, "custom": true, "updateable": true, "label": "Handoff Score"},
		"Handoff_Band__c":     {"type": "picklist", "restrictedPicklist": true},
		"Handoff_Note__c":     {"type": "string", "length": 80.0},
		"Handoff_Detail__c":   {"type": "textarea", "length": 32768.0, "filterable": false},
		"Kickoff__c":          {"type": "datetime", "updateable": false, "createable": false},
		"CSM__c":              {"type": "reference", "referenceTo": []any{"User"}, "relationshipName": "CSM__r"},
		"Escalated__c":        {"type": "boolean", "defaultValue": false},
		"LastModifiedDate":    {"type": "datetime", "updateable": false},
		"LastActivityDate":    {"type": "date", "updateable": false},
		"IsDeleted":           {"type": "boolean"},
		"ForecastCategory":    {"type": "picklist", "updateable": false},
		"Probability":         {"type": "percent"},
		"CreatedById":         {"relationshipName": "CreatedBy"},
		"LastStageChangeDate": {"type": "datetime"},
	} {
		for k, v := range want {
			if d := cmp.Diff(v, fields[name][k]); d != "" {
				t.Errorf("%s.%s: %s", name, k, d)
			}
		}
	}
	var band []string
	for _, v := range fields["Handoff_Band__c"]["picklistValues"].([]any) {
		band = append(band, v.(map[string]any)["value"].(string))
	}
	if d := cmp.Diff([]string{"Green", "Amber", "Red"}, band); d != "" {
		t.Error(d)
	}
	if !strings.Contains(p.body, `"relationshipName":"OpportunityContactRoles"`) {
		t.Error("child relationships are missing")
	}
	if p := r.get(api+"/sobjects/Opportunity/describe", "If-Modified-Since", p.header.Get("Last-Modified")); p.status != http.StatusNotModified || p.body != "" {
		t.Errorf("unchanged describe: %d", p.status)
	}
	r.s.Clock().Advance(time.Minute)
	r.s.ShowField("Opportunity", "ARR__c")
	if p := r.get(api+"/sobjects/Opportunity/describe", "If-Modified-Since", p.header.Get("Last-Modified")); p.status != 200 || !strings.Contains(p.body, "ARR__c") {
		t.Errorf("describe after a change: %d", p.status)
	}
	if task := r.get(api + "/sobjects/Task/describe").body; !strings.Contains(task, `"Handoff_Key__c"`) || !strings.Contains(task, `"namePointing":true`) {
		t.Error("Task lacks its key or a polymorphic field")
	}
	r.s.HideObject("EmailMessage")
	global := r.get(api + "/sobjects")
	names := map[string]bool{}
	for _, o := range global.obj()["sobjects"].([]any) {
		names[o.(map[string]any)["name"].(string)] = true
	}
	for name, want := range map[string]bool{"Opportunity": true, "ContentNote": true, "EmailMessage": false, "CurrencyType": false, "CustomField": false} {
		if names[name] != want {
			t.Errorf("%s described: %t", name, names[name])
		}
	}
	r.get(api+"/sobjects/EmailMessage/describe").refused(404, "NOT_FOUND", "")
	r.get(api+"/sobjects/Nope/describe").refused(404, "NOT_FOUND", "")
}

func TestMultiCurrencyAndRecordTypes(t *testing.T) {
	w := company(3)
	w.Deals[1].Currency = "USD"
	s := New(w, Options{RecordTypes: []string{"Direct", "Partner"}})
	r := &rig{t: t, s: s}
	r.web = newWeb(t, s)
	r.login()
	row := r.query("SELECT CurrencyIsoCode, RecordType.DeveloperName, convertCurrency(Amount) FROM Opportunity WHERE Id = '" + s.DealID(1) + "'").rows()[0]
	if row["CurrencyIsoCode"] != "USD" || row["RecordType"].(map[string]any)["DeveloperName"] != "Direct" {
		t.Errorf("%v", row)
	}
	if n := len(r.query("SELECT IsoCode, ConversionRate FROM CurrencyType WHERE IsActive = true").rows()); n != 2 {
		t.Errorf("%d currencies", n)
	}
	if !strings.Contains(r.get(api+"/sobjects/Opportunity/describe").body, `"developerName":"Partner"`) {
		t.Error("record types are not described")
	}
}

func TestLimits(t *testing.T) {
	r := newRig(t, 2, Options{EnforceLimits: true, DailyLimit: 10})
	for i := range 10 {
		p := r.get(api + "/sobjects")
		if want := fmt.Sprintf("api-usage=%d/10", i+1); p.status != 200 || p.header.Get("Sforce-Limit-Info") != want {
			t.Fatalf("request %d: %d %q", i+1, p.status, p.header.Get("Sforce-Limit-Info"))
		}
		r.get("/services/data") // does not count
	}
	p := r.get(api + "/limits")
	p.refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
	if p.header.Get("Sforce-Limit-Info") != "api-usage=10/10" {
		t.Errorf("refusals tell %q", p.header.Get("Sforce-Limit-Info"))
	}
	r.s.Clock().Advance(25 * time.Hour)
	r.login()
	daily := r.get(api + "/limits").obj()["DailyApiRequests"].(map[string]any)
	if daily["Max"] != 10.0 || daily["Remaining"] != 9.0 {
		t.Errorf("a day later: %v", daily)
	}
	free := newRig(t, 2, Options{})
	if info := free.get(api + "/limits").header.Get("Sforce-Limit-Info"); info != "api-usage=1/105000" {
		t.Errorf("an org with five active users: %s", info)
	}
}

func TestDateHeaderIsTheSimulatedClock(t *testing.T) {
	r := newRig(t, 2, Options{})
	r.s.Clock().Advance(time.Hour)
	if got := r.get("/services/data").header.Get("Date"); got != "Fri, 20 Nov 2026 10:00:00 GMT" {
		t.Errorf("Date: %s", got)
	}
}

func TestReplication(t *testing.T) {
	r := newRig(t, 5, Options{})
	window := func(from, to time.Time) string {
		return "?start=" + url.QueryEscape(from.Format(time.RFC3339)) + "&end=" + url.QueryEscape(to.Format(time.RFC3339))
	}
	r.s.Clock().Advance(30 * time.Second)
	if err := r.s.Set("Opportunity", r.s.DealID(2), "NextStep", "x"); err != nil {
		t.Fatal(err)
	}
	role := r.s.IDs("OpportunityContactRole")[0]
	if err := r.s.Delete("OpportunityContactRole", role); err != nil {
		t.Fatal(err)
	}
	r.s.Clock().Advance(2 * time.Minute)
	got := r.get(api + "/sobjects/Opportunity/updated/" + window(start.Add(10*time.Second), start.Add(90*time.Second))).obj()
	if d := cmp.Diff(map[string]any{"ids": []any{r.s.DealID(2)}, "latestDateCovered": "2026-11-20T09:01:00.000+0000"}, got); d != "" {
		t.Error(d)
	}
	del := r.get(api + "/sobjects/OpportunityContactRole/deleted" + window(start, start.Add(2*time.Minute))).obj()
	if rows := del["deletedRecords"].([]any); len(rows) != 1 || rows[0].(map[string]any)["id"] != role {
		t.Errorf("deleted: %v", del)
	}
	for path, part := range map[string]string{
		"/updated" + window(start, start.Add(20*time.Second)):                       "startDate before endDate", // the same minute
		"/updated" + window(start.Add(time.Hour), start):                            "startDate before endDate",
		"/updated" + window(start.AddDate(0, 0, -31), start.Add(time.Hour)):         "30 days",
		"/deleted" + window(start.AddDate(0, 0, -16), start.Add(time.Hour)):         "15 days",
		"/updated?start=yesterday&end=" + start.Add(time.Hour).Format(time.RFC3339): "invalid date",
	} {
		r.get(api+"/sobjects/Opportunity"+path).refused(400, "INVALID_REPLICATION_DATE", part)
	}
	r.get(api+"/sobjects/Opportunity/updated?start="+start.Format(time.RFC3339)).refused(400, "MISSING_ARGUMENT", "end")
}

func TestNotes(t *testing.T) {
	r := newRig(t, 5, Options{})
	note := r.query("SELECT Id, Title, Body, Owner.Name FROM Note WHERE ParentId = '" + r.s.DealID(0) + "'").rows()
	link := r.query("SELECT ContentDocumentId, LinkedEntityId, ContentDocument.FileType FROM ContentDocumentLink WHERE LinkedEntityId IN ('" + r.s.DealID(0) + "')").rows()
	if len(note) != 1 || note[0]["Body"] != "More text" || len(link) != 1 {
		t.Fatalf("notes %v, links %v", note, link)
	}
	doc := link[0]["ContentDocumentId"].(string)
	if !strings.HasPrefix(doc, "069") || link[0]["ContentDocument"].(map[string]any)["FileType"] != "SNOTE" {
		t.Errorf("link: %v", link[0])
	}
	row := r.query("SELECT Title, TextPreview, Content, LatestPublishedVersionId FROM ContentNote WHERE Id IN ('" + doc + "')").rows()[0]
	if row["TextPreview"] != "First <line> second line" || row["Content"] != api+"/sobjects/ContentNote/"+doc+"/Content" {
		t.Errorf("note: %v", row)
	}
	want := "<p>First &lt;line&gt;</p><p>second line</p>"
	if p := r.get(row["Content"].(string)); p.body != want {
		t.Errorf("content: %s", p.body)
	}
	if p := r.get(api + "/sobjects/ContentVersion/" + row["LatestPublishedVersionId"].(string) + "/VersionData"); p.body != want {
		t.Errorf("version: %s", p.body)
	}
	p := r.do("POST", api+"/sobjects/ContentNote", `{"Title":"New","Content":"`+base64.StdEncoding.EncodeToString([]byte("<b>Hi</b>"))+`"}`)
	id := p.obj()["id"].(string)
	if p := r.do("POST", api+"/sobjects/ContentDocumentLink", `{"ContentDocumentId":"`+id+`","LinkedEntityId":"`+r.s.DealID(3)+`","ShareType":"V"}`); p.status != 201 {
		t.Fatal(p.body)
	}
	if p := r.get(api + "/sobjects/ContentNote/" + id + "/Content"); p.body != "<b>Hi</b>" {
		t.Errorf("written note: %s", p.body)
	}
	at := r.s.Clock().Now().Add(time.Hour).Truncate(time.Second)
	r.s.Clock().Set(at)
	if err := r.s.Set("ContentNote", doc, "Content", base64.StdEncoding.EncodeToString([]byte("<p>Edited</p>"))); err != nil {
		t.Fatal(err)
	}
	edited := r.query("SELECT TextPreview, ContentSize FROM ContentNote WHERE LastModifiedDate >= " + at.Format(time.RFC3339) + " ORDER BY LastModifiedDate, Id").rows()
	if len(edited) != 1 || edited[0]["TextPreview"] != "Edited" || edited[0]["ContentSize"] != 13.0 {
		t.Errorf("edited notes: %v", edited)
	}
	mail := r.query("SELECT Subject, TextBody, HtmlBody, ToAddress, ActivityId FROM EmailMessage WHERE RelatedToId = '" + r.s.DealID(2) + "'").rows()[0]
	task := r.query("SELECT Subject, TaskSubtype, IsClosed, Description FROM Task WHERE Id = '" + mail["ActivityId"].(string) + "'").rows()[0]
	if mail["TextBody"] != "First <line>\nsecond line" || task["TaskSubtype"] != "Email" || task["IsClosed"] != true {
		t.Errorf("mail %v, task %v", mail, task)
	}
	if ev := r.query("SELECT Subject, DurationInMinutes FROM Event WHERE WhatId = '" + r.s.DealID(3) + "'").rows(); len(ev) != 1 || ev[0]["DurationInMinutes"] != 60.0 {
		t.Errorf("event: %v", ev)
	}
}

func TestArchivedActivities(t *testing.T) {
	r := newRig(t, 6, Options{})
	soql := "SELECT Id, IsArchived FROM Task WHERE WhatId = '" + r.s.DealID(5) + "'"
	if n := len(r.query(soql).rows()); n != 0 {
		t.Errorf("%d archived tasks in a plain query", n)
	}
	rows := r.get(api + "/queryAll?q=" + url.QueryEscape(soql)).rows()
	if len(rows) != 1 || rows[0]["IsArchived"] != true {
		t.Errorf("queryAll: %v", rows)
	}
	if n := len(newRig(t, 6, Options{NoArchive: true}).query("SELECT Id FROM Task WHERE Subject = 'Long ago'").rows()); n != 1 {
		t.Errorf("%d tasks with archiving off", n)
	}
}

func TestStageHistoryKnowsWhenADealWasWon(t *testing.T) {
	r := newRig(t, 5, Options{})
	w := company(5)
	rows := r.query("SELECT CreatedDate, StageName FROM OpportunityHistory WHERE OpportunityId = '" + r.s.DealID(0) + "' ORDER BY CreatedDate").rows()
	last := rows[len(rows)-1]
	if last["StageName"] != "Closed Won" || last["CreatedDate"] != stampOf(w.Deals[0].WonAt).String() {
		t.Errorf("history: %v", rows)
	}
	moved := r.query("SELECT Field, OldValue, NewValue, DataType FROM OpportunityFieldHistory WHERE Field = 'Owner' AND OpportunityId = '" + r.s.DealID(3) + "'").rows()
	got := map[any][]any{}
	for _, m := range moved {
		got[m["DataType"]] = []any{m["OldValue"], m["NewValue"]}
	}
	if d := cmp.Diff(map[any][]any{"Text": {"Ada Lind", "Cleo Park"}, "EntityId": {r.s.UserID(0), r.s.UserID(2)}}, got); d != "" {
		t.Error(d)
	}
}

func TestIDsAreTheSameEveryTime(t *testing.T) {
	a, b := New(company(5), Options{}), New(company(5), Options{})
	if a.DealID(3) != b.DealID(3) || a.UserID(2) != b.UserID(2) {
		t.Error("ids differ between two orgs of one world")
	}
	other := company(5)
	other.Domain = "elsewhere.example.com"
	if New(other, Options{}).DealID(3) == a.DealID(3) {
		t.Error("ids do not depend on the world")
	}
	for id, want := range map[string]string{"006R00000024gDt": "006R00000024gDtIAI", "006R00000024gDtIAI": "006R00000024gDtIAI", "006r00000024gdtiai": "006R00000024gDtIAI"} {
		if got, ok := fullID(id); !ok || got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
	for _, id := range []string{"", "006", "006R00000024gD!", "006R00000024gDtIA9"} {
		if got, ok := fullID(id); ok {
			t.Errorf("%q passes as %s", id, got)
		}
	}
}

func TestAWorldWithoutAnything(t *testing.T) {
	s := New(&world.World{Now: start}, Options{})
	r := &rig{t: t, s: s, web: newWeb(t, s)}
	r.login()
	if n := len(r.query("SELECT Id FROM Opportunity").rows()); n != 0 {
		t.Errorf("%d deals", n)
	}
}

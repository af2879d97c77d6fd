package sfsim

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRelativeDates(t *testing.T) {
	now := time.Date(2026, 11, 20, 23, 30, 0, 0, time.UTC) // a Friday
	for word, want := range map[string]string{
		"TODAY": "2026-11-20 2026-11-21", "yesterday": "2026-11-19 2026-11-20", "TOMORROW": "2026-11-21 2026-11-22",
		"THIS_WEEK": "2026-11-15 2026-11-22", "LAST_WEEK": "2026-11-08 2026-11-15", "THIS_MONTH": "2026-11-01 2026-12-01",
		"LAST_MONTH": "2026-10-01 2026-11-01", "THIS_QUARTER": "2026-10-01 2027-01-01", "LAST_QUARTER": "2026-07-01 2026-10-01",
		"THIS_YEAR": "2026-01-01 2027-01-01", "LAST_YEAR": "2025-01-01 2026-01-01", "LAST_90_DAYS": "2026-08-22 2026-11-21",
		"LAST_N_DAYS:7": "2026-11-13 2026-11-21", "NEXT_N_DAYS:7": "2026-11-21 2026-11-28", "N_DAYS_AGO:2": "2026-11-18 2026-11-19",
		"LAST_N_WEEKS:1": "2026-11-08 2026-11-15", "LAST_N_MONTHS:2": "2026-09-01 2026-11-01", "LAST_N_YEARS:1": "2025-01-01 2026-01-01",
		"SOMEDAY": "", "LAST_N_DAYS:": "", "SOME_N_DAYS:3": "",
	} {
		from, to, ok := stretch(word, now)
		got := from.Format(dateLayout) + " " + to.Format(dateLayout)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s, %t", word, got, ok)
		}
	}
	r := newRig(t, 5, Options{})
	for where, want := range map[string]int{
		"CloseDate = LAST_MONTH": 0, "CloseDate != LAST_MONTH": 5, "CloseDate < THIS_MONTH": 0, "CloseDate <= THIS_MONTH": 5,
		"CloseDate >= THIS_MONTH": 5, "CreatedDate < TODAY": 5, "CreatedDate > LAST_YEAR": 5,
	} {
		if got := len(r.query("SELECT Id FROM Opportunity WHERE " + where).rows()); got != want {
			t.Errorf("%s: %d rows, want %d", where, got, want)
		}
	}
	r.query("SELECT Id FROM Opportunity WHERE CloseDate = SOMEDAY").refused(400, "INVALID_FIELD", "must be of type date")
}

func TestNumbersAsTheVendorWritesThem(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.0", 1: "1.0", -2.5: "-2.5", 9999999: "9999999.0", 1e7: "1.0E7", 12345678.9: "1.23456789E7", 0.001: "0.001", 0.0005: "5.0E-4",
	} {
		if got := string(appendNumber(nil, v, true)); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
	for _, tc := range []struct {
		v     float64
		scale int
		want  float64
	}{{7.25, 1, 7.3}, {7.24, 1, 7.2}, {-7.25, 1, -7.3}, {1.005, 2, 1.01}, {9.99, 0, 10}, {5, 2, 5}} {
		if got := round(tc.v, tc.scale); got != tc.want {
			t.Errorf("round(%v, %d) = %v", tc.v, tc.scale, got)
		}
	}
	if got := clip("ab😀c", 3); got != "ab" {
		t.Errorf("a pair is cut in two: %q", got)
	}
	if got := string(appendString(nil, "a\"\\\n\x01é\xff")); got != `"a\"\\\n\u0001é`+"\ufffd\"" {
		t.Errorf("%s", got)
	}
}

func TestEventsDeriveTheirTimes(t *testing.T) {
	r := newRig(t, 3, Options{})
	id, err := r.s.Insert("Event", map[string]any{"Subject": "Kickoff", "WhatId": r.s.DealID(0), "StartDateTime": start.Add(-48 * time.Hour), "DurationInMinutes": 30})
	if err != nil {
		t.Fatal(err)
	}
	want := []any{"2026-11-18", start.Add(-48*time.Hour + 30*time.Minute), r.s.AccountID(0)}
	got := []any{r.s.Get("Event", id, "ActivityDate"), r.s.Get("Event", id, "EndDateTime"), r.s.Get("Event", id, "AccountId")}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if v := r.s.Get("Opportunity", r.s.DealID(0), "LastActivityDate"); v != "2026-11-18" {
		t.Errorf("last activity %v", v)
	}
	if err := r.s.Delete("Event", id); err != nil {
		t.Fatal(err)
	}
	if v := r.s.Get("Opportunity", r.s.DealID(0), "LastActivityDate"); v == "2026-11-18" {
		t.Error("a deleted event still counts")
	}
}

func TestOwnerChangesLeaveNamesAndIDs(t *testing.T) {
	r := newRig(t, 3, Options{})
	if err := r.s.Set("Opportunity", r.s.DealID(0), "OwnerId", r.s.UserID(2)); err != nil {
		t.Fatal(err)
	}
	if err := r.s.Set("Opportunity", r.s.DealID(0), "CSM__c", nil); err != nil {
		t.Fatal(err)
	}
	rows := r.query("SELECT Field, DataType, OldValue, NewValue FROM OpportunityFieldHistory WHERE Field IN ('Owner', 'CSM__c') AND DataType = 'EntityId' ORDER BY Field").rows()
	if len(rows) != 2 || rows[0]["OldValue"] != r.s.UserID(2) || rows[0]["NewValue"] != nil || rows[1]["OldValue"] != r.s.UserID(0) || rows[1]["NewValue"] != r.s.UserID(2) {
		t.Errorf("%v", rows)
	}
}

func TestOnePrimaryRole(t *testing.T) {
	r := newRig(t, 3, Options{})
	roles := r.query("SELECT Id, IsPrimary, ContactId FROM OpportunityContactRole WHERE OpportunityId = '" + r.s.DealID(0) + "' ORDER BY IsPrimary DESC").rows()
	if p := r.do("PATCH", api+"/sobjects/OpportunityContactRole/"+roles[1]["Id"].(string), `{"IsPrimary":true}`); p.status != 204 {
		t.Fatal(p.body)
	}
	if r.s.Get("OpportunityContactRole", roles[0]["Id"].(string), "IsPrimary") != false || r.s.Get("Opportunity", r.s.DealID(0), "ContactId") != roles[1]["ContactId"] {
		t.Error("two primary contacts, or none")
	}
	r.do("PATCH", api+"/sobjects/OpportunityContactRole/"+roles[1]["Id"].(string), `{"OpportunityId":"`+r.s.DealID(1)+`"}`).refused(400, "INVALID_FIELD_FOR_INSERT_UPDATE", "OpportunityId")
}

func TestKeyedRecordsAndBasics(t *testing.T) {
	r := newRig(t, 3, Options{Custom: []CustomField{{Object: "Contact", Name: "No__c", Type: "double", Scale: 0, ExternalID: true}}})
	p := r.do("PATCH", api+"/sobjects/Contact/No__c/42", `{"LastName":"Numbered"}`)
	if p.status != 201 {
		t.Fatal(p.body)
	}
	if p := r.do("PATCH", api+"/sobjects/Contact/No__c/42", `{"FirstName":"Nia"}`); p.status != 200 || r.s.Get("Contact", p.obj()["id"].(string), "Name") != "Nia Numbered" {
		t.Errorf("%d %s", p.status, p.body)
	}
	r.do("PATCH", api+"/sobjects/Contact/"+r.s.ContactID(0), `{"Email":"not a mail"}`).refused(400, "INVALID_EMAIL_ADDRESS", "invalid email address")
	if p := r.do("DELETE", api+"/sobjects/Contact/No__c/42", ""); p.status != 204 {
		t.Errorf("%d %s", p.status, p.body)
	}
	r.get(api+"/sobjects/Contact/No__c/42").refused(404, "NOT_FOUND", "")
	if p := r.get(api + "/sobjects/Contact"); p.obj()["objectDescribe"] == nil {
		t.Errorf("%s", p.body)
	}
	many := r.do("PATCH", api+"/composite/sobjects/Contact/No__c", `{"records":[{"attributes":{"type":"Contact"},"No__c":7,"LastName":"Seven"}]}`).list()
	again := r.do("PATCH", api+"/composite/sobjects/Contact/No__c", `{"records":[{"attributes":{"type":"Contact"},"No__c":7,"LastName":"Sieben"}]}`).list()
	if many[0]["created"] != true || again[0]["created"] != false || again[0]["id"] != many[0]["id"] {
		t.Errorf("%v then %v", many, again)
	}
	r.s.SetPicklist("Opportunity", "Handoff_Band__c", "Gold")
	if d := r.get(api + "/sobjects/Opportunity/describe").body; !strings.Contains(d, `"value":"Gold"`) || strings.Contains(d, `"value":"Amber"`) {
		t.Error("the picklist did not change")
	}
}

func TestManyVanishedRowsAreForgotten(t *testing.T) {
	r := newRig(t, 1200, Options{})
	ids := r.s.IDs("OpportunityContactRole")
	for _, id := range ids[:2000] {
		if err := r.s.Delete("OpportunityContactRole", id); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.query("SELECT COUNT() FROM OpportunityContactRole").obj()["totalSize"]; got != 400.0 {
		t.Errorf("%v roles left", got)
	}
	if len(r.s.role.rows) > 1500 {
		t.Errorf("%d rows are kept for 400", len(r.s.role.rows))
	}
}

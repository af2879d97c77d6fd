package sfsim

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// What the vendor's documents refuse and a kind simulator would let through.

func TestQueryLimits(t *testing.T) {
	r := newRig(t, 3, Options{})
	var parents []string
	for _, a := range []string{"Owner", "CreatedBy", "LastModifiedBy", "CSM__r", "Account.Owner"} {
		for _, b := range []string{"Manager", "CreatedBy", "LastModifiedBy"} {
			for _, c := range []string{"Manager", "CreatedBy", "LastModifiedBy"} {
				parents = append(parents, a+"."+b+"."+c+".Name")
			}
		}
	}
	if p := r.query("SELECT " + strings.Join(parents[:36], ", ") + " FROM Opportunity"); p.status != 200 {
		t.Errorf("52 relationships: %d %s", p.status, p.body)
	}
	for name, tc := range map[string]struct{ soql, code, part string }{
		"55 relationships to parents":   {"SELECT " + strings.Join(parents, ", ") + " FROM Opportunity", "MALFORMED_QUERY", "55"},
		"5 levels of parents":           {"SELECT Account.Owner.Manager.Manager.Manager.Manager.Name FROM Opportunity", "INVALID_FIELD", "five relationship levels"},
		"4,000 characters of a value":   {"SELECT Id FROM Opportunity WHERE Name = '" + strings.Repeat("x", 4001) + "'", "MALFORMED_QUERY", "4000"},
		"4,000 characters of a pattern": {"SELECT Id FROM Opportunity WHERE Name LIKE '" + strings.Repeat("x", 4001) + "'", "MALFORMED_QUERY", "4000"},
		"file links in a semi-join": {
			"SELECT Id FROM ContentDocument WHERE Id IN (SELECT ContentDocumentId FROM ContentDocumentLink)", "MALFORMED_QUERY", "not supported for semi join inner selects",
		},
	} {
		p := r.query(tc.soql)
		t.Run(name, func(t *testing.T) { p.t = t; p.refused(400, tc.code, tc.part) })
	}
	typed := "/query?q=" + url.QueryEscape("SELECT TYPEOF What WHEN Opportunity THEN Amount END FROM Task")
	r.get("/services/data/v45.0"+typed).refused(400, "MALFORMED_QUERY", "TYPEOF")
	if p := r.get("/services/data/v46.0" + typed); p.status != 200 {
		t.Errorf("TYPEOF with v46.0: %s", p.body)
	}
	// A plus that is not encoded is a space.
	r.get(api+"/query?q=SELECT+Id+FROM+Opportunity+WHERE+SystemModstamp>2026-11-01T00:00:00+02:00").refused(400, "MALFORMED_QUERY", "unexpected token")
	r.do("POST", api+"/query", `{"q":"SELECT Id FROM Task"}`).refused(405, "METHOD_NOT_ALLOWED", "Allowed are HEAD,GET")
}

func TestGroupsHaveNoSecondPage(t *testing.T) {
	r := newRig(t, maxPage+1, Options{})
	r.query("SELECT Name, COUNT(Id) FROM Opportunity GROUP BY Name").refused(400, "EXCEEDED_ID_LIMIT", "queryMore")
	if n := len(r.query("SELECT Name, COUNT(Id) FROM Opportunity GROUP BY Name LIMIT 2000").rows()); n != maxPage {
		t.Errorf("%d groups", n)
	}
}

func TestAnUpsertNeedsAKey(t *testing.T) {
	r := newRig(t, 2, Options{Custom: []CustomField{{Object: "Task", Name: "Handoff_Key__c", ExternalID: true}}})
	for _, path := range []string{"/sobjects/Task/Handoff_Key__c/", "/sobjects/Task/Handoff_Key__c", "/sobjects/Task/"} {
		r.do("PATCH", api+path, `{"Subject":"x"}`).refused(405, "METHOD_NOT_ALLOWED", "HTTP Method 'PATCH' not allowed. Allowed are HEAD,GET,POST")
	}
	twice := fmt.Sprintf(`{"records":[{"attributes":{"type":"Task"},"Id":%q,"Subject":"a"},{"attributes":{"type":"Task"},"Id":%q,"Subject":"b"}]}`,
		r.s.IDs("Task")[0], r.s.IDs("Task")[0][:15])
	got := r.do("PATCH", api+"/composite/sobjects/Task/Id", twice).list()
	if code(t, got[0]) != "DUPLICATE_VALUE" || code(t, got[1]) != "DUPLICATE_VALUE" {
		t.Errorf("one record by its long and its short id: %v", got)
	}
}

func TestLocatorsLiveTwoDays(t *testing.T) {
	r := newRig(t, 30, Options{PageSize: 10, SessionTimeout: 100 * time.Hour})
	next := r.query("SELECT Id FROM Opportunity").obj()["nextRecordsUrl"].(string)
	r.s.Clock().Advance(47 * time.Hour)
	if p := r.get(next); p.status != 200 {
		t.Errorf("after 47 hours: %d", p.status)
	}
	r.s.Clock().Advance(2 * time.Hour)
	r.get(next).refused(400, "INVALID_QUERY_LOCATOR", "")
}

func TestTwentyFiveLongRequests(t *testing.T) {
	r := newRig(t, 2, Options{EnforceLimits: true})
	r.get(api)
	r.s.limits.mu.Lock()
	for range mostLong - 1 {
		r.s.limits.active[&call{}] = time.Now().Add(-longRequest)
	}
	r.s.limits.mu.Unlock()
	if p := r.get(api + "/sobjects"); p.status != 200 {
		t.Fatalf("with 24: %d", p.status)
	}
	r.s.limits.mu.Lock()
	r.s.limits.active[&call{}] = time.Now().Add(-longRequest)
	r.s.limits.mu.Unlock()
	r.get(api+"/sobjects").refused(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
}

func TestLimitInfoIsOnEveryAnswer(t *testing.T) {
	r := newRig(t, 2, Options{PageSize: 1})
	job := r.bulkQuery("SELECT Id FROM Task")
	for _, rq := range [][3]string{
		{"GET", api, ""},
		{"GET", api + "/query?q=SELECT+Id+FROM+Opportunity", ""},
		{"GET", api + "/query?q=nonsense", ""},
		{"GET", api + "/sobjects/Nope/describe", ""},
		{"GET", api + "/nowhere", ""},
		{"PUT", api + "/composite/sobjects", "{}"},
		{"PATCH", api + "/composite/sobjects", `{"records":[` + opp(r.s.DealID(0), "") + `]}`},
		{"PATCH", api + "/sobjects/Opportunity/" + r.s.DealID(0), `{"NextStep":"x"}`},
		{"GET", api + "/sobjects/Opportunity/updated?start=2026-11-20T00:00:00Z&end=2026-11-20T01:00:00Z", ""},
		{"GET", job + "/results", ""},
		{"GET", api + "/limits", ""},
	} {
		if p := r.do(rq[0], rq[1], rq[2]); !strings.HasPrefix(p.header.Get("Sforce-Limit-Info"), "api-usage=") {
			t.Errorf("%s %s: %d without limits", rq[0], rq[1], p.status)
		}
	}
}

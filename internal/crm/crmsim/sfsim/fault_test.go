package sfsim

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func newWeb(t testing.TB, s *Server) *httptest.Server {
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return web
}

func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		do     Mishap
		status int
		part   string
	}{
		{NotForREST, 401, "This session is not valid for use with the REST API"},
		{DailyLimit, 403, "TotalRequests Limit exceeded."},
		{ConcurrentLimit, 403, "ConcurrentRequests (Concurrent API Requests) Limit exceeded."},
		{QueryTimeout, 400, "QUERY_TIMEOUT"},
		{ServerError, 500, "UNKNOWN_EXCEPTION"},
		{ServerErrorHTML, 500, "<html>"},
		{BadGateway, 502, "<html>"},
		{Unavailable, 503, "<html>"},
		{Busy, 503, "SERVER_UNAVAILABLE"},
		{URITooLong, 414, "<h1>Bad Message 414</h1>"},
		{HeadersTooLarge, 431, "<h1>Bad Message 431</h1>"},
		{EmptyArray, 400, "[]"},
		{HTMLPage, 200, "<html>"},
		{EmptyAnswer, 200, ""},
	} {
		r := newRig(t, 3, Options{})
		r.s.AddFault(Fault{Do: tc.do, On: "query Opportunity", Nth: 2})
		ask := func() reply { return r.query("SELECT Id FROM Opportunity") }
		if p := ask(); p.status != 200 || len(p.rows()) != 3 {
			t.Errorf("%s: the first call suffers: %d", tc.do, p.status)
		}
		r.query("SELECT Id FROM Task")
		if p := ask(); p.status != tc.status || !strings.Contains(p.body, tc.part) || tc.part == "" && p.body != "" {
			t.Errorf("%s: %d %.200s", tc.do, p.status, p.body)
		}
		if p := ask(); p.status != 200 || len(p.rows()) != 3 {
			t.Errorf("%s: the third call suffers: %d", tc.do, p.status)
		}
	}
}

// People act before a request, never inside one: a question that travels in a
// composite neither waits for them nor counts.
func TestNobodyActsInsideARequest(t *testing.T) {
	r := newRig(t, 3, Options{})
	acted := 0
	r.s.AddFault(Fault{Do: Meanwhile, On: "query Task", Act: func() {
		acted++
		if err := r.s.Set("Opportunity", r.s.DealID(0), "Name", "Meanwhile"); err != nil {
			t.Error(err)
		}
	}})
	p := r.do("POST", api+"/composite", `{"compositeRequest":[{"method":"GET","referenceId":"a","url":"`+api+`/query?q=SELECT+Id+FROM+Task"}]}`)
	if p.status != 200 || acted != 0 {
		t.Fatalf("%d, acted %d times: %s", p.status, acted, p.body)
	}
	if p := r.query("SELECT Id FROM Task"); p.status != 200 || acted != 1 {
		t.Errorf("%d, acted %d times", p.status, acted)
	}
}

func TestSessionKilledBetweenPages(t *testing.T) {
	r := newRig(t, 30, Options{PageSize: 10})
	r.s.AddFault(Fault{Do: KillSession, On: "queryMore"})
	next := r.query("SELECT Id FROM Opportunity").obj()["nextRecordsUrl"].(string)
	r.get(next).refused(401, "INVALID_SESSION_ID", "")
	r.get(api+"/limits").refused(401, "INVALID_SESSION_ID", "") // dead for good
	r.login()
	r.get(next).refused(401, "INVALID_SESSION_ID", "") // the cursor belonged to the old session
}

func TestFaultsAroundTheCommit(t *testing.T) {
	for _, tc := range []struct {
		fault     Fault
		committed bool
		broken    bool
	}{
		{Fault{Do: ResetBeforeCommit}, false, true},
		{Fault{Do: ResetAfterCommit}, true, true},
		{Fault{Do: HangAfter, Wait: 20 * time.Millisecond}, true, true},
		{Fault{Do: TruncatedBody}, true, true},
		{Fault{Do: TruncatedJSON}, true, false},
		{Fault{Do: SlowBody, Wait: 50 * time.Millisecond}, true, false},
		{Fault{Do: Unavailable}, false, false},
	} {
		r := newRig(t, 3, Options{})
		tc.fault.On = "collections update Opportunity"
		r.s.AddFault(tc.fault)
		p := r.patch(false, opp(r.s.DealID(0), `,"Handoff_Score__c":99`))
		if (p.err != nil) != tc.broken {
			t.Errorf("%s: error %v, status %d", tc.fault.Do, p.err, p.status)
		}
		if done := r.s.Get("Opportunity", r.s.DealID(0), "Handoff_Score__c") == 99.0; done != tc.committed {
			t.Errorf("%s: committed %t", tc.fault.Do, done)
		}
	}
}

func TestRecordFaults(t *testing.T) {
	r := newRig(t, 5, Options{})
	r.s.AddFault(Fault{Do: RefuseRecords, On: "collections update", IDs: []string{r.s.DealID(1)[:15]}})
	got := r.patch(false, opp(r.s.DealID(0), ""), opp(r.s.DealID(1), ""), opp(r.s.DealID(2), "")).list()
	if code(t, got[0]) != "" || code(t, got[1]) != "UNABLE_TO_LOCK_ROW" || code(t, got[2]) != "" {
		t.Errorf("%v", got)
	}
	if got := r.patch(false, opp(r.s.DealID(1), "")).list(); code(t, got[0]) != "" {
		t.Errorf("the lock stays: %v", got)
	}
	r.s.AddFault(Fault{Do: RefuseRecords, Code: "ENTITY_IS_LOCKED", Times: -1})
	if got := r.patch(false, opp(r.s.DealID(1), "")).list(); code(t, got[0]) != "ENTITY_IS_LOCKED" {
		t.Errorf("%v", got)
	}
	r.s.ClearFaults()
	if got := r.patch(false, opp(r.s.DealID(1), "")).list(); code(t, got[0]) != "" {
		t.Errorf("cleared faults go on: %v", got)
	}
}

func TestHugeBody(t *testing.T) {
	r := newRig(t, 2, Options{})
	r.s.AddFault(Fault{Do: HugeBody, On: "limits"})
	if p := r.get(api + "/limits"); len(p.body) != hugeBody {
		t.Errorf("%d bytes of junk", len(p.body))
	}
}

func TestStatsAndRequests(t *testing.T) {
	r := newRig(t, 30, Options{PageSize: 20})
	r.s.ResetStats()
	next := r.query("SELECT Id, (SELECT Id FROM OpportunityContactRoles) FROM Opportunity").obj()["nextRecordsUrl"].(string)
	r.get(next)
	r.patch(false, opp(r.s.DealID(0), ""), opp("x", ""))
	r.get(api + "/sobjects/Opportunity/describe")
	st := r.s.Stats()
	if st.Total != 4 || st.Requests["query"] != 1 || st.Requests["queryMore"] != 1 || st.Requests["collections update"] != 1 || st.Requests["describe"] != 1 {
		t.Errorf("requests: %+v", st)
	}
	if st.Rows["Opportunity"] != 14 || st.Rows["OpportunityContactRole"] != 28 || st.Written["Opportunity"] != 1 {
		t.Errorf("rows %v, written %v", st.Rows, st.Written)
	}
	log := r.s.Requests()
	if len(log) != 4 || log[1].Kind != "queryMore" || log[1].Object != "Opportunity" || log[2].Method != "PATCH" || log[2].Status != 200 {
		t.Errorf("log: %+v", log)
	}
}

func TestGzip(t *testing.T) {
	r := newRig(t, 5, Options{Gzip: true})
	if n := len(r.query("SELECT Id FROM Opportunity").rows()); n != 5 {
		t.Errorf("%d rows through gzip", n)
	}
	if p := r.query("SELECT Id FROM Opportunity", "Accept-Encoding", "gzip"); p.header.Get("Content-Encoding") != "gzip" {
		t.Error("not compressed")
	}
}

func TestEdits(t *testing.T) {
	r := newRig(t, 8, Options{})
	id, role := r.s.DealID(0), r.s.IDs("OpportunityContactRole")[0]
	stampNow := func() any { return r.s.Get("Opportunity", id, "SystemModstamp") }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	before := stampNow()
	r.s.Clock().Advance(time.Hour)
	must(r.s.Set("Contact", r.s.ContactID(0), "Phone", "+49 30 7654321"))
	must(r.s.Set("OpportunityContactRole", role, "Role", "Technical Contact"))
	must(r.s.Delete("OpportunityContactRole", role))
	if stampNow() != before {
		t.Error("contact and role edits moved the opportunity")
	}
	all := func(soql string) int { return len(r.get(api + "/queryAll?q=" + url.QueryEscape(soql)).rows()) }
	if n := all("SELECT Id FROM OpportunityContactRole WHERE Id = '" + role + "'"); n != 0 {
		t.Error("a deleted contact role is still there")
	}
	if v := r.s.Get("Opportunity", id, "ContactId"); v != nil {
		t.Errorf("the primary contact is still %v", v)
	}
	// a finished task moves LastActivityDate, and SystemModstamp alone
	modified := r.s.Get("Opportunity", id, "LastModifiedDate")
	_, err := r.s.Insert("Task", map[string]any{"Subject": "Done", "WhatId": id, "Status": "Completed", "ActivityDate": "2026-11-20"})
	must(err)
	if stampNow() == before || r.s.Get("Opportunity", id, "LastModifiedDate") != modified || r.s.Get("Opportunity", id, "LastActivityDate") != "2026-11-20" {
		t.Error("the activity left wrong stamps")
	}
	must(r.s.Set("Contact", r.s.ContactID(2), "EmailBouncedDate", start))
	if r.s.Get("Contact", r.s.ContactID(2), "IsEmailBounced") != true || r.s.Get("Contact", r.s.ContactID(2), "LastModifiedDate") == r.s.Get("Contact", r.s.ContactID(2), "SystemModstamp") {
		t.Error("a bounce moves SystemModstamp alone")
	}
	must(r.s.Set("Opportunity", r.s.DealID(4), "StageName", "Closed Won"))
	if r.s.Get("Opportunity", r.s.DealID(4), "IsWon") != true || r.s.Get("Opportunity", r.s.DealID(4), "Probability") != 100.0 {
		t.Error("the stage does not carry through")
	}
	if n := len(r.query("SELECT Id FROM OpportunityHistory WHERE StageName = 'Closed Won' AND OpportunityId = '" + r.s.DealID(4) + "'").rows()); n != 1 {
		t.Errorf("%d rows of history", n)
	}
	must(r.s.Set("Opportunity", id, "Handoff_Band__c", "Red"))
	h := r.query("SELECT OldValue, NewValue FROM OpportunityFieldHistory WHERE Field = 'Handoff_Band__c' AND OpportunityId = '" + id + "'").rows()
	if len(h) != 1 || h[0]["OldValue"] != "Green" || h[0]["NewValue"] != "Red" {
		t.Errorf("field history: %v", h)
	}
	for name, v := range map[string]any{"Handoff_Band__c": "Purple", "Name": "", "Nope__c": 1} {
		if r.s.Set("Opportunity", id, name, v) == nil {
			t.Errorf("the browser takes %s=%v", name, v)
		}
	}
}

func TestDeleteUndeletePurge(t *testing.T) {
	r := newRig(t, 4, Options{})
	id := r.s.DealID(1)
	count := func(all bool, object, where string) int {
		path := "/query?q="
		if all {
			path = "/queryAll?q="
		}
		return len(r.get(api + path + url.QueryEscape("SELECT Id, IsDeleted FROM "+object+" WHERE "+where)).rows())
	}
	steps := func(name string, visible, inBin int) {
		t.Helper()
		if n := count(false, "Opportunity", "Id = '"+id+"'"); n != visible {
			t.Errorf("%s: %d in query", name, n)
		}
		if n := count(true, "Opportunity", "Id = '"+id+"' AND IsDeleted = true"); n != inBin {
			t.Errorf("%s: %d in the bin", name, n)
		}
		if n := count(true, "OpportunityContactRole", "OpportunityId = '"+id+"' AND IsDeleted = true"); n != 2*inBin {
			t.Errorf("%s: %d roles in the bin", name, n)
		}
		if n := count(false, "Task", "WhatId = '"+id+"'"); n != visible {
			t.Errorf("%s: %d tasks", name, n)
		}
	}
	steps("at first", 1, 0)
	if err := r.s.Delete("Opportunity", id); err != nil {
		t.Fatal(err)
	}
	steps("deleted", 0, 1)
	before := r.s.Get("Opportunity", id, "SystemModstamp")
	r.s.Clock().Advance(time.Minute)
	if err := r.s.Undelete("Opportunity", id); err != nil {
		t.Fatal(err)
	}
	steps("back", 1, 0)
	if r.s.Get("Opportunity", id, "SystemModstamp") == before {
		t.Error("undelete left the stamp")
	}
	if err := r.s.Delete("Opportunity", id); err != nil {
		t.Fatal(err)
	}
	r.s.Clock().Advance(16 * 24 * time.Hour)
	r.login()
	steps("after 15 days", 0, 0)
	if err := r.s.Purge("Opportunity", id); err != nil {
		t.Fatal(err)
	}
	if r.s.Delete("Opportunity", id) == nil {
		t.Error("a purged record can be deleted")
	}
}

func TestMerge(t *testing.T) {
	r := newRig(t, 8, Options{})
	winner, loser := r.s.ContactID(0), r.s.ContactID(2)
	before := len(r.query("SELECT Id FROM OpportunityContactRole WHERE ContactId = '" + winner + "'").rows())
	old := r.s.Get("Opportunity", r.s.DealID(1), "SystemModstamp")
	r.s.Clock().Advance(time.Minute)
	if err := r.s.Merge("Contact", winner, loser); err != nil {
		t.Fatal(err)
	}
	after := len(r.query("SELECT Id FROM OpportunityContactRole WHERE ContactId = '" + winner + "'").rows())
	gone := r.get(api + "/queryAll?q=" + url.QueryEscape("SELECT MasterRecordId, IsDeleted FROM Contact WHERE Id = '"+loser+"'")).rows()
	if after != 2*before || len(gone) != 1 || gone[0]["MasterRecordId"] != winner || gone[0]["IsDeleted"] != true {
		t.Errorf("%d roles before, %d after; loser %v", before, after, gone)
	}
	if r.s.Get("Opportunity", r.s.DealID(1), "SystemModstamp") != old || r.s.Get("Opportunity", r.s.DealID(1), "ContactId") != winner {
		t.Error("moved children are stamped, or not moved")
	}
}

func TestLateCommit(t *testing.T) {
	r := newRig(t, 3, Options{})
	if err := r.s.SetLate("Opportunity", r.s.DealID(0), "NextStep", "late", 5*time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := r.s.InsertLate("Task", map[string]any{"Subject": "late", "WhatId": r.s.DealID(1)}, 5*time.Minute); err != nil {
		t.Fatal(err)
	}
	read := func() []map[string]any {
		return r.query("SELECT NextStep, SystemModstamp FROM Opportunity WHERE SystemModstamp >= 2026-11-20T09:00:00Z").rows()
	}
	r.s.Clock().Advance(4 * time.Minute)
	if rows := read(); len(rows) != 0 {
		t.Errorf("visible before the commit: %v", rows)
	}
	r.s.Clock().Advance(2 * time.Minute)
	rows := read()
	if len(rows) != 1 || rows[0]["NextStep"] != "late" || rows[0]["SystemModstamp"] != "2026-11-20T09:00:00.000+0000" {
		t.Errorf("after the commit: %v", rows)
	}
	if tasks := r.query("SELECT CreatedDate FROM Task WHERE Subject = 'late'").rows(); len(tasks) != 1 || tasks[0]["CreatedDate"] != "2026-11-20T09:00:00.000+0000" {
		t.Errorf("late task: %v", tasks)
	}
}

func TestTooling(t *testing.T) {
	r := newRig(t, 3, Options{PageSize: 5})
	p := r.get(api + "/tooling/query?q=" + url.QueryEscape("SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'Opportunity'"))
	if len(p.rows()) != 5 {
		t.Fatalf("%s", p.body)
	}
	next := p.obj()["nextRecordsUrl"].(string)
	if !strings.HasPrefix(next, api+"/tooling/query/0r8") {
		t.Errorf("next page at %s", next)
	}
	if rest := r.get(next); len(rest.rows()) != 5 {
		t.Errorf("second page: %s", rest.body)
	}
	r.get(api+"/tooling/query?q=SELECT+Id+FROM+Opportunity").refused(400, "INVALID_TYPE", "")
	r.query("SELECT Id FROM CustomField").refused(400, "INVALID_TYPE", "")
}

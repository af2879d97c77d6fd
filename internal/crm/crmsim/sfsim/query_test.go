package sfsim

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestQueryFindsWhatItsConditionsSay(t *testing.T) {
	r := newRig(t, 20, Options{})
	opp, contact := r.s.DealID(0), r.s.ContactID(0)
	for _, tc := range []struct {
		soql string
		want int
	}{
		{"SELECT Id FROM Opportunity", 20},
		{"select id from opportunity where iswon = true", 16},
		{"SELECT Id FROM Opportunity WHERE IsWon = false", 4},
		{"SELECT Id FROM Opportunity WHERE IsWon = TRUE AND Name LIKE 'deal 00%'", 8},
		{"SELECT Id FROM Opportunity WHERE Name LIKE 'Deal_01_'", 10},
		{`SELECT Id FROM Opportunity WHERE Name LIKE 'Deal\_01%'`, 0},
		{"SELECT Id FROM Opportunity WHERE Name = 'DEAL 001'", 1},
		{"SELECT Id FROM Opportunity WHERE Name IN ('Deal 001','Deal 002', 'nobody')", 2},
		{"SELECT Id FROM Opportunity WHERE Name NOT IN ('Deal 001','Deal 002')", 18},
		{"SELECT Id FROM Opportunity WHERE (Name = 'Deal 001' OR Name = 'Deal 002') AND IsWon = true", 2},
		{"SELECT Id FROM Opportunity WHERE NOT Name = 'Deal 001'", 19},
		{"SELECT Id FROM Opportunity WHERE NOT(Name = 'Deal 001' OR Name = 'Deal 002')", 18},
		{"SELECT Id FROM Opportunity WHERE Amount >= 1015.5", 5},
		{"SELECT Id FROM Opportunity WHERE Amount > 1015.5 AND Amount < 1018", 2},
		{"SELECT Id FROM Opportunity WHERE NextStep = null", 20},
		{"SELECT Id FROM Opportunity WHERE NextStep != null", 0},
		{"SELECT Id FROM Opportunity WHERE NextStep = ''", 20},
		{"SELECT Id FROM Opportunity WHERE NextStep != 'x'", 20}, // blank is unequal
		{"SELECT Id FROM Opportunity WHERE Amount < null", 0},
		{"SELECT Id FROM Opportunity WHERE CloseDate = 2026-11-01", 20},
		{"SELECT Id FROM Opportunity WHERE CloseDate < 2026-11-01", 0},
		{"SELECT Id FROM Opportunity WHERE CreatedDate >= 2026-05-04T10:00:00Z", 19},
		{"SELECT Id FROM Opportunity WHERE CreatedDate >= 2026-05-04T12:00:00.000+02:00", 19},
		{"SELECT Id FROM Opportunity WHERE CreatedDate = LAST_N_DAYS:300", 20},
		{"SELECT Id FROM Opportunity WHERE CloseDate = THIS_MONTH", 20},
		{"SELECT Id FROM Opportunity WHERE CloseDate > TODAY", 0},
		{"SELECT Id FROM Opportunity WHERE Id = '" + opp + "'", 1},
		{"SELECT Id FROM Opportunity WHERE Id = '" + opp[:15] + "'", 1},
		{"SELECT Id FROM Opportunity WHERE Id IN ('" + opp + "','" + opp[:15] + "','" + r.s.DealID(1) + "')", 2},
		{"SELECT Id FROM Opportunity WHERE Id > '" + r.s.DealID(9) + "'", 10},
		{"SELECT Id FROM Opportunity WHERE Id NOT IN ('" + opp + "')", 19},
		{"SELECT Id FROM Opportunity WHERE Id IN (SELECT OpportunityId FROM OpportunityContactRole WHERE ContactId = '" + contact + "')", 4},
		{"SELECT Id FROM Opportunity WHERE Id NOT IN (SELECT OpportunityId FROM OpportunityContactRole WHERE ContactId = '" + contact + "')", 16},
		{"SELECT Id FROM Opportunity WHERE Account.Name = 'Customer 000'", 4},
		{"SELECT Id FROM Opportunity WHERE Owner.Manager.Name = 'Max Roth'", 16},
		{"SELECT Id FROM Opportunity o WHERE o.IsWon = true", 16},
		{"SELECT Id FROM Opportunity WHERE Opportunity.IsWon = true", 16},
		{"SELECT Id FROM OpportunityContactRole WHERE Contact.Email = 'kim0@customer.example.com'", 4},
		{"SELECT Id FROM Opportunity WHERE Handoff_Band__c = 'green'", 20},
		{"SELECT Id FROM Task WHERE What.Type = 'Opportunity' AND WhatId IN ('" + r.s.DealID(1) + "')", 1},
		{"SELECT Id FROM Task WHERE What.Type = 'Account'", 0},
		{"SELECT Id FROM Task WHERE What.Type = 'Opportunity' ORDER BY SystemModstamp, Id", 2},
		{"SELECT Id FROM EmailMessage WHERE RelatedTo.Type = 'Opportunity'", 1},
		{"SELECT Id FROM EmailMessage WHERE RelatedTo.Type = 'Account'", 0},
		{"SELECT Id FROM Note WHERE Parent.Type = 'Opportunity'", 2},
		{"SELECT Id FROM Note WHERE Parent.Type = 'Account'", 0},
		{"SELECT Id FROM OpportunityContactRole WHERE Opportunity.IsWon = false", 8},
		{"SELECT Id FROM Opportunity LIMIT 3", 3},
		{"SELECT Id FROM Opportunity ORDER BY Name LIMIT 10 OFFSET 15", 5},
		{"SELECT Id FROM Group WHERE Type = 'Queue'", 1},
		{"SELECT Id FROM QueueSobject WHERE SobjectType = 'Task'", 1},
		{"SELECT Id FROM Opportunity WHERE Name = 'it\\'s \\\\ \\u0041'", 0},
		{"SELECT Id\n  FROM Opportunity\n WHERE IsWon = true\tAND IsClosed = true FOR VIEW", 16},
	} {
		if got := len(r.query(tc.soql).rows()); got != tc.want {
			t.Errorf("%s: %d rows, want %d", tc.soql, got, tc.want)
		}
	}
}

// A condition and an order may reach across a relationship, with OR too.
func TestQueryAcrossARelationship(t *testing.T) {
	r := newRig(t, 20, Options{})
	at := r.s.Clock().Now().Add(time.Hour).Truncate(time.Second)
	r.s.Clock().Set(at)
	if err := r.s.Set("Contact", r.s.ContactID(0), "Phone", "+49 30 5550111"); err != nil {
		t.Fatal(err)
	}
	since := at.Format(time.RFC3339)
	rows := r.query("SELECT ContactId, Contact.SystemModstamp FROM OpportunityContactRole WHERE (SystemModstamp >= " + since + " OR Contact.SystemModstamp >= " + since + ") AND Opportunity.IsWon = true").rows()
	if len(rows) != 4 {
		t.Errorf("%d roles of a contact that moved", len(rows))
	}
	for _, row := range rows {
		if row["ContactId"] != r.s.ContactID(0) {
			t.Errorf("a role of another contact: %v", row)
		}
	}
	all := r.query("SELECT ContactId, Contact.SystemModstamp FROM OpportunityContactRole ORDER BY Contact.SystemModstamp, Id").rows()
	for i, row := range all {
		if last := i >= len(all)-4; last != (row["ContactId"] == r.s.ContactID(0)) {
			t.Errorf("row %d of %d: %v", i, len(all), row)
		}
	}
}

func TestQueryRefusesWhatTheVendorRefuses(t *testing.T) {
	r := newRig(t, 5, Options{})
	r.s.HideField("Opportunity", "ARR__c")
	for _, tc := range []struct{ soql, code, part string }{
		{"", "MALFORMED_QUERY", "empty"},
		{"SELECT Id FRM Opportunity", "MALFORMED_QUERY", "unexpected token: 'Opportunity'"},
		{"SELECT Id FROM Opportunity WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"},
		{"SELECT Id FROM Opportunity WHERE IsWon = true AND IsClosed = true OR Name = 'x'", "MALFORMED_QUERY", "unexpected token: 'OR'"},
		{"SELECT Id, FROM Opportunity", "MALFORMED_QUERY", "unexpected token"},
		{"SELECT * FROM Opportunity", "MALFORMED_QUERY", "unexpected token: '*'"},
		{"SELECT Id FROM Opportunity ALL ROWS", "MALFORMED_QUERY", "unexpected token"},
		{"SELECT Id FROM Opportunity WHERE Name = 'open", "MALFORMED_QUERY", "mismatched character"},
		{`SELECT Id FROM Opportunity WHERE Name = 'bad \q'`, "MALFORMED_QUERY", "Illegal character sequence"},
		{`SELECT Id FROM Opportunity WHERE Name = "double"`, "MALFORMED_QUERY", "unexpected token"},
		{"SELECT Id FROM Opportunity; DELETE", "MALFORMED_QUERY", "unexpected token: ';'"},
		{"SELECT Id FROM Opportunity LIMIT -1", "MALFORMED_QUERY", "unexpected token"},
		{"SELECT Id FROM Oppurtunitx", "INVALID_TYPE", "ERROR at Row:1:Column:16\nsObject type 'Oppurtunitx' is not supported"},
		{"SELECT Id, Foo__c FROM Opportunity", "INVALID_FIELD", "\nSELECT Id, Foo__c FROM Opportunity\n           ^\nERROR at Row:1:Column:12\nNo such column 'Foo__c' on entity 'Opportunity'."},
		{"SELECT Id,\n Foo__c FROM Opportunity", "INVALID_FIELD", "ERROR at Row:2:Column:2\nNo such column"},
		{"SELECT ARR__c FROM Opportunity", "INVALID_FIELD", "No such column 'ARR__c'"}, // exists, but hidden
		{"SELECT Id FROM Opportunity WHERE ARR__c > 1", "INVALID_FIELD", "No such column 'ARR__c'"},
		{"SELECT RecordTypeId FROM Opportunity", "INVALID_FIELD", "No such column"}, // no record types here
		{"SELECT CurrencyIsoCode FROM Opportunity", "INVALID_FIELD", "No such column"},
		{"SELECT Id FROM CurrencyType", "INVALID_TYPE", "not supported"},
		{"SELECT Id FROM ScratchOrgInfo LIMIT 1", "INVALID_TYPE", "not supported"},
		{"SELECT Id, Id FROM Opportunity", "INVALID_FIELD", "duplicate field selected: Id"},
		{"SELECT Nope.Name FROM Opportunity", "INVALID_FIELD", "Didn't understand relationship 'Nope'"},
		{"SELECT (SELECT Id FROM Nopes) FROM Opportunity", "INVALID_TYPE", "Didn't understand relationship 'Nopes' in FROM part"},
		{"SELECT What.StageName FROM Task", "INVALID_FIELD", "on entity 'Name'"},
		{"SELECT What.Owner.Name FROM Task", "INVALID_FIELD", "Didn't understand relationship"},
		{"SELECT Id FROM Opportunity WHERE CloseDate > '2026-01-01'", "INVALID_FIELD", "must be of type date and should not be enclosed in quotes"},
		{"SELECT Id FROM Opportunity WHERE CloseDate > 2026-01-01T00:00:00Z", "INVALID_FIELD", "'CloseDate' must be of type date"},
		{"SELECT Id FROM Opportunity WHERE SystemModstamp > 2026-01-01", "INVALID_FIELD", "'SystemModstamp' must be of type dateTime"},
		{"SELECT Id FROM Opportunity WHERE SystemModstamp > '2026-01-01T00:00:00Z'", "INVALID_FIELD", "should not be enclosed in quotes"},
		{"SELECT Id FROM Opportunity WHERE SystemModstamp > 2026-01-01T00:00:00", "MALFORMED_QUERY", "unexpected token"},
		{"SELECT Id FROM Opportunity WHERE Amount > 'many'", "INVALID_FIELD", "must be of type currency"},
		{"SELECT Id FROM Opportunity WHERE IsWon = 'true'", "INVALID_FIELD", "must be of type boolean"},
		{"SELECT Id FROM Opportunity WHERE Name = 5", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"},
		{"SELECT Id FROM Opportunity WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"},
		{"SELECT Id FROM Opportunity WHERE Id LIKE '006%'", "INVALID_FIELD", "invalid operator on id field"},
		{"SELECT Id FROM Opportunity WHERE Handoff_Detail__c = 'x'", "INVALID_FIELD", "field 'Handoff_Detail__c' can not be filtered in a query call"},
		{"SELECT Id FROM Opportunity ORDER BY Description", "INVALID_FIELD", "can not be sorted"},
		{"SELECT Id FROM Note WHERE Body LIKE '%x%'", "INVALID_FIELD", "can not be filtered"},
		{"SELECT Id FROM Opportunity LIMIT 10 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"},
		{"SELECT FIELDS(ALL) FROM Opportunity", "MALFORMED_QUERY", "LIMIT of at most 200"},
		{"SELECT FIELDS(ALL) FROM Opportunity LIMIT 201", "MALFORMED_QUERY", "LIMIT of at most 200"},
		{"SELECT Id FROM ContentDocumentLink", "MALFORMED_QUERY", "Implementation restriction: ContentDocumentLink"},
		{"SELECT Id FROM ContentDocumentLink WHERE SystemModstamp > 2026-01-01T00:00:00Z", "MALFORMED_QUERY", "Implementation restriction"},
		{"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId IN (SELECT Id FROM Opportunity)", "MALFORMED_QUERY", "Implementation restriction"},
		{"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId != '" + r.s.DealID(0) + "'", "MALFORMED_QUERY", "Implementation restriction"},
		{"SELECT Name, COUNT(Id) FROM Opportunity", "MALFORMED_QUERY", "must be grouped"},
		{"SELECT COUNT(Id), StageName FROM Opportunity GROUP BY Name", "MALFORMED_QUERY", "must be grouped"},
		{"SELECT Id FROM Opportunity WHERE " + strings.Repeat("(", 60) + "Id = null" + strings.Repeat(")", 60), "MALFORMED_QUERY", "nested"},
		{"SELECT Name n FROM Opportunity", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"},
	} {
		p := r.query(tc.soql)
		t.Run(tc.soql, func(t *testing.T) { p.t = t; p.refused(400, tc.code, tc.part) })
	}
	r.get(api+"/query").refused(400, "MALFORMED_QUERY", "")
}

func TestQueryShape(t *testing.T) {
	r := newRig(t, 10, Options{})
	p := r.query("SELECT Id, Name, Amount, CloseDate, IsWon, SystemModstamp, NextStep, Handoff_Score__c, CSM__r.Name, Account.Name, Account.Owner.Email, Owner.ManagerId FROM Opportunity WHERE Id = '" + r.s.DealID(0) + "'")
	row := p.rows()[0]
	id := r.s.DealID(0)
	if len(id) != 18 || !strings.HasPrefix(id, "006") {
		t.Errorf("deal id %q", id)
	}
	attrs := func(kind, id string) map[string]any {
		return map[string]any{"type": kind, "url": api + "/sobjects/" + kind + "/" + id}
	}
	want := map[string]any{
		"attributes": attrs("Opportunity", id), "Id": id, "Name": "Deal 000", "Amount": 1000.5, "CloseDate": "2026-11-01", "IsWon": true,
		"SystemModstamp": row["SystemModstamp"], "NextStep": nil, "Handoff_Score__c": 12.5,
		"CSM__r":  map[string]any{"attributes": attrs("User", r.s.UserID(2)), "Name": "Cleo Park"},
		"Account": map[string]any{"attributes": attrs("Account", r.s.AccountID(0)), "Name": "Customer 000", "Owner": map[string]any{"attributes": attrs("User", r.s.UserID(0)), "Email": "ada@northwind.example.com"}},
		"Owner":   map[string]any{"attributes": attrs("User", r.s.UserID(0)), "ManagerId": r.s.UserID(1)},
	}
	if d := cmp.Diff(want, row); d != "" {
		t.Error(d)
	}
	if at, _ := row["SystemModstamp"].(string); len(at) != 28 || !strings.HasSuffix(at, ".000+0000") {
		t.Errorf("stamp %q is not the vendor's form", at)
	}
	if !strings.HasPrefix(p.body, `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Opportunity"`) {
		t.Errorf("body begins %.120s", p.body)
	}
	if err := r.s.Set("Opportunity", id, "Amount", 12500000); err != nil {
		t.Fatal(err)
	}
	if p := r.query("SELECT Amount, Probability FROM Opportunity WHERE Id = '" + id + "'"); !strings.Contains(p.body, `"Amount":1.25E7,"Probability":100.0`) {
		t.Errorf("doubles are not written as Java does: %s", p.body)
	}
	poly := r.query("SELECT What.Name, What.Type, Owner.Name FROM Task WHERE WhatId = '" + r.s.DealID(1) + "'").rows()[0]
	if d := cmp.Diff(map[string]any{"attributes": map[string]any{"type": "Name", "url": api + "/sobjects/Opportunity/" + r.s.DealID(1)}, "Name": "Deal 001", "Type": "Opportunity"}, poly["What"]); d != "" {
		t.Error(d)
	}
	typed := r.query("SELECT TYPEOF What WHEN Opportunity THEN Amount, StageName ELSE Name END FROM Task WHERE WhatId = '" + r.s.DealID(1) + "'").rows()[0]
	if w, _ := typed["What"].(map[string]any); w["StageName"] != "Closed Won" {
		t.Errorf("TYPEOF gave %v", typed)
	}
}

func TestQueryOrder(t *testing.T) {
	r := newRig(t, 12, Options{})
	if err := r.s.Set("Opportunity", r.s.DealID(3), "NextStep", "b"); err != nil {
		t.Fatal(err)
	}
	if err := r.s.Set("Opportunity", r.s.DealID(4), "NextStep", "A"); err != nil {
		t.Fatal(err)
	}
	names := func(order string) string {
		return strings.Join(values(r.query("SELECT Name FROM Opportunity "+order+" LIMIT 3").rows(), "Name"), " ")
	}
	for order, want := range map[string]string{
		"ORDER BY Name":                               "Deal 000 Deal 001 Deal 002",
		"ORDER BY Name DESC":                          "Deal 011 Deal 010 Deal 009",
		"ORDER BY NextStep, Name":                     "Deal 000 Deal 001 Deal 002",
		"ORDER BY NextStep NULLS LAST, Name":          "Deal 004 Deal 003 Deal 000",
		"ORDER BY NextStep DESC NULLS LAST, Name asc": "Deal 003 Deal 004 Deal 000",
		"ORDER BY Account.Name, Name DESC":            "Deal 009 Deal 006 Deal 003",
		"ORDER BY IsWon, Name":                        "Deal 004 Deal 009 Deal 000",
	} {
		if got := names(order); got != want {
			t.Errorf("%s: %s, want %s", order, got, want)
		}
	}
	// Nothing is promised without ORDER BY, so ids must not come sorted.
	if ids := values(r.query("SELECT Id FROM Opportunity").rows(), "Id"); slices.IsSorted(ids) {
		t.Error("rows come in id order without being asked to")
	}
}

func TestQueryAggregates(t *testing.T) {
	r := newRig(t, 10, Options{})
	p := r.query("SELECT COUNT() FROM Opportunity WHERE IsWon = true")
	if p.body != `{"done":true,"records":[],"totalSize":8}` {
		t.Errorf("COUNT(): %s", p.body)
	}
	p = r.query("SELECT StageName, COUNT(Id), SUM(Amount) total, MAX(CloseDate) FROM Opportunity GROUP BY StageName ORDER BY COUNT(Id) DESC")
	want := `{"totalSize":2,"done":true,"records":[{"attributes":{"type":"AggregateResult"},"StageName":"Closed Won","expr0":8,"total":8036.0,"expr1":"2026-11-01"},` +
		`{"attributes":{"type":"AggregateResult"},"StageName":"Negotiation/Review","expr0":2,"total":2014.0,"expr1":"2026-11-01"}]}`
	// 4 and 9 are not won: 1004.5 + 1009.5 = 2014
	if p.body != want {
		t.Errorf("got  %s\nwant %s", p.body, want)
	}
	if rows := r.query("SELECT COUNT(Id) FROM Opportunity WHERE Name = 'none'").rows(); len(rows) != 1 || rows[0]["expr0"] != 0.0 {
		t.Errorf("an empty count: %v", rows)
	}
}

func TestFieldSets(t *testing.T) {
	r := newRig(t, 5, Options{})
	r.s.HideField("Opportunity", "ARR__c")
	row := r.query("SELECT FIELDS(ALL) FROM Opportunity LIMIT 200").rows()[0]
	if _, has := row["Handoff_Score__c"]; !has {
		t.Error("FIELDS(ALL) lacks a custom field")
	}
	if _, has := row["ARR__c"]; has {
		t.Error("FIELDS(ALL) shows a hidden field")
	}
	row = r.query("SELECT FIELDS(CUSTOM), Id FROM Opportunity LIMIT 1").rows()[0]
	if _, has := row["Name"]; has {
		t.Error("FIELDS(CUSTOM) shows Name")
	}
}

func TestPaging(t *testing.T) {
	r := newRig(t, 45, Options{PageSize: 10})
	p := r.query("SELECT Id FROM Opportunity ORDER BY Id")
	seen, pages := values(p.rows(), "Id"), 1
	for next := p.obj()["nextRecordsUrl"]; next != nil; next = p.obj()["nextRecordsUrl"] {
		if !strings.HasPrefix(next.(string), api+"/query/0r8") || !strings.HasSuffix(next.(string), fmt.Sprintf("-%d", 10*pages)) {
			t.Errorf("next page is at %v", next)
		}
		p = r.get(next.(string))
		if got := p.obj()["totalSize"]; got != 45.0 {
			t.Errorf("totalSize %v on page %d", got, pages+1)
		}
		seen = append(seen, values(p.rows(), "Id")...)
		pages++
	}
	if pages != 5 || len(seen) != 45 || !slices.IsSorted(seen) {
		t.Errorf("%d pages, %d rows, sorted %t", pages, len(seen), slices.IsSorted(seen))
	}
	if p.obj()["done"] != true {
		t.Error("the last page is not done")
	}
	for _, path := range []string{"/query/", "/queryAll/"} { // documented both
		next := r.query("SELECT Id FROM Opportunity").obj()["nextRecordsUrl"].(string)
		if p := r.get(strings.Replace(next, "/query/", path, 1)); p.status != 200 {
			t.Errorf("%s: %d", path, p.status)
		}
	}
}

func TestLocators(t *testing.T) {
	r := newRig(t, 45, Options{PageSize: 10})
	next := r.query("SELECT Id FROM Opportunity").obj()["nextRecordsUrl"].(string)
	r.get(strings.TrimSuffix(next, "-10")+"-20").refused(400, "INVALID_QUERY_LOCATOR", "")
	r.get(api+"/query/0r8000000000000AAA-2000").refused(400, "INVALID_QUERY_LOCATOR", "")
	first := r.get(next)
	if again := r.get(next); again.status != 200 || len(again.rows()) != len(first.rows()) {
		t.Error("a page cannot be fetched again")
	}
	old := r.token
	r.login()
	r.get(next).refused(401, "INVALID_SESSION_ID", "")
	r.token = old
	r.s.Clock().Advance(49 * time.Hour)
	r.login()
	next = r.query("SELECT Id FROM Opportunity").obj()["nextRecordsUrl"].(string)
	r.s.Clock().Advance(time.Hour)
	if p := r.get(next); p.status != 200 {
		t.Errorf("after an hour: %d", p.status)
	}
	once := newRig(t, 45, Options{PageSize: 10, LocatorsOnce: true})
	next = once.query("SELECT Id FROM Opportunity").obj()["nextRecordsUrl"].(string)
	once.get(next)
	once.get(next).refused(400, "INVALID_QUERY_LOCATOR", "")
}

func TestRowsThatVanishBetweenPages(t *testing.T) {
	r := newRig(t, 30, Options{PageSize: 10})
	p := r.query("SELECT Id FROM Opportunity ORDER BY Name")
	for i := 10; i < 15; i++ {
		if err := r.s.Delete("Opportunity", r.s.DealID(i)); err != nil {
			t.Fatal(err)
		}
	}
	p = r.get(p.obj()["nextRecordsUrl"].(string))
	rows := p.rows()
	if rows[0]["Id"] != r.s.DealID(15) {
		t.Errorf("deleted rows are still served: %v", rows[0])
	}
}

func TestPageSize(t *testing.T) {
	r := newRig(t, 450, Options{})
	for _, tc := range []struct {
		soql, options string
		want          int
	}{
		{"SELECT Id FROM Opportunity", "", 450},
		{"SELECT Id FROM Opportunity", "batchSize=300", 300},
		{"SELECT Id FROM Opportunity", "batchSize=1", 200},
		{"SELECT Id FROM Opportunity", "batchSize=90000", 450},
		{"SELECT Id, Handoff_Detail__c FROM Opportunity", "", 450},
		{"SELECT Id, Handoff_Detail__c, Customer_Goals__c FROM Opportunity", "", 200}, // two custom long texts
	} {
		if got := len(r.query(tc.soql, "Sforce-Query-Options", tc.options).rows()); got != tc.want {
			t.Errorf("%s with %q: %d rows, want %d", tc.soql, tc.options, got, tc.want)
		}
	}
	if got := len(r.query("SELECT Id, (SELECT Id FROM OpportunityContactRoles) FROM Opportunity", "Sforce-Query-Options", "batchSize=200").rows()); got != 67 {
		t.Errorf("children do not count toward the page: %d parents", got)
	}
}

func TestSubqueries(t *testing.T) {
	r := newRig(t, 10, Options{ChildPageSize: 1})
	p := r.query("SELECT Id, (SELECT Id, Contact.Email, Role, IsPrimary FROM OpportunityContactRoles ORDER BY IsPrimary DESC), (SELECT Body FROM Notes WHERE Title = 'none') FROM Opportunity WHERE Id = '" + r.s.DealID(0) + "'")
	row := p.rows()[0]
	if row["Notes"] != nil {
		t.Errorf("an empty subquery is %v, want null", row["Notes"])
	}
	kids := row["OpportunityContactRoles"].(map[string]any)
	if kids["totalSize"] != 2.0 || kids["done"] != false || len(kids["records"].([]any)) != 1 {
		t.Fatalf("first page of children: %v", kids)
	}
	first := kids["records"].([]any)[0].(map[string]any)
	if first["Role"] != "Decision Maker" || first["Contact"].(map[string]any)["Email"] != "kim0@customer.example.com" {
		t.Errorf("first child: %v", first)
	}
	rest := r.get(kids["nextRecordsUrl"].(string))
	if rows := rest.rows(); len(rows) != 1 || rows[0]["Role"] != "Economic Buyer" || rest.obj()["done"] != true {
		t.Errorf("rest of the children: %s", rest.body)
	}
	all := r.query("SELECT Id, (SELECT Id FROM Tasks), (SELECT Id FROM Events), (SELECT Field, OldValue, NewValue FROM Histories), (SELECT Id FROM OpportunityHistories), (SELECT ContentDocumentId FROM ContentDocumentLinks), (SELECT Id FROM Emails) FROM Opportunity WHERE Id = '" + r.s.DealID(2) + "'").rows()[0]
	for _, name := range []string{"Tasks", "Histories", "OpportunityHistories", "Emails"} {
		if all[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	r.query("SELECT Id, (SELECT Id, (SELECT Id FROM Tasks) FROM OpportunityContactRoles) FROM Opportunity").refused(400, "MALFORMED_QUERY", "")
}

func TestColumnsAndExplain(t *testing.T) {
	r := newRig(t, 5, Options{})
	p := r.get(api + "/query?columns=true&q=" + url.QueryEscape("SELECT Id, Amount, Account.Name FROM Opportunity"))
	meta := p.obj()["columnMetadata"].([]any)
	if len(meta) != 3 || meta[0].(map[string]any)["columnName"] != "Id" || len(meta[2].(map[string]any)["joinColumns"].([]any)) != 1 {
		t.Errorf("columns: %s", p.body)
	}
	if p := r.get(api + "/query?explain=" + url.QueryEscape("SELECT Id FROM Opportunity")); p.obj()["plans"] == nil {
		t.Errorf("explain: %s", p.body)
	}
}

func TestLongQueries(t *testing.T) {
	r := newRig(t, 5, Options{})
	list := func(n int) string {
		return "SELECT Id FROM Opportunity WHERE Id IN ('" + strings.TrimSuffix(strings.Repeat(r.s.DealID(0)+"','", n), ",'") + ")"
	}
	if p := r.query(list(500)); p.status != 200 || len(p.rows()) != 1 {
		t.Errorf("500 ids: %d", p.status)
	}
	p := r.query(list(650))
	if p.status != 414 || !strings.Contains(p.body, "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>") || strings.Contains(p.header.Get("Content-Type"), "json") {
		t.Errorf("650 ids: %d %.100s", p.status, p.body)
	}
	if p := r.query("SELECT Id FROM Opportunity", "X-Pad", strings.Repeat("x", 16384)); p.status != 431 {
		t.Errorf("long headers: %d", p.status)
	}
	batch := func(q string) reply {
		return r.do("POST", api+"/composite/batch", `{"batchRequests":[{"method":"GET","url":"v60.0/query?q=`+url.QueryEscape(q)+`"}]}`)
	}
	if p := batch(list(3000)); p.obj()["hasErrors"] != false {
		t.Errorf("3,000 ids in a batch: %.200s", p.body)
	}
	if p := batch(list(5000)); p.obj()["hasErrors"] != true || !strings.Contains(p.body, "cannot be longer than 100000") {
		t.Errorf("more than 100,000 characters: %.200s", p.body)
	}
}

func FuzzSOQL(f *testing.F) {
	s := New(company(5), Options{})
	for _, q := range []string{
		"SELECT Id FROM Opportunity WHERE (IsWon = true OR Name LIKE '%x_\\%') AND Id NOT IN ('006000000000001')",
		"SELECT Id, (SELECT Id FROM Tasks ORDER BY Subject DESC NULLS LAST LIMIT 3), TYPEOF What WHEN Account THEN Name END FROM Task t LIMIT 5 OFFSET 1",
		"SELECT COUNT(Id) n, StageName FROM Opportunity GROUP BY StageName", "SELECT FIELDS(ALL) FROM Group LIMIT 1",
		"SELECT Id FROM Opportunity WHERE CloseDate = LAST_N_DAYS:3 AND CreatedDate > 2026-01-01T00:00:00+01:00 AND Amount > USD12.5e3",
	} {
		f.Add(q)
	}
	c := &call{s: s, version: "v60.0", now: s.now(), session: &session{token: "x"}, rows: map[string]int{}}
	f.Fuzz(func(t *testing.T, q string) {
		p, e := c.plan(q, true, false)
		if e != nil {
			if e.Code == "" || e.Message == "" || e.status != 400 {
				t.Errorf("%q: empty refusal %+v", q, e)
			}
			return
		}
		if p.agg != nil {
			_, _ = s.aggregateBody(p, c.now)
			return
		}
		if rows := s.run(p, c.now); p.root != nil {
			(&page{c: c}).parentPage(p, rows, 0, 10)
		}
	})
}

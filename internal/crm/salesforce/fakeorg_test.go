package salesforce

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// fakeOrg is the least of an org that answers this package's questions, for
// tests that need to say exactly what comes back. The real behaviour is the
// simulator's business.
type fakeOrg struct {
	*httptest.Server
	t *testing.T

	hooks    sync.Mutex // before is called for one request at a time
	mu       sync.Mutex
	tables   map[string][]map[string]any
	fields   map[string]map[string]map[string]any // object -> field -> further describe keys
	hidden   map[string]bool                      // objects that are not listed
	pageSize int
	now      time.Time
	logins   int
	session  string
	cursors  map[string][]string // locator -> session, rest as JSON
	opened   int                 // cursors so far
	requests []string
	writes   []map[string]any
	// before may answer in the org's place.
	before func(w http.ResponseWriter, r *http.Request, body string) bool
	// inside may answer a subrequest of a composite in the org's place, if its
	// status is not 0; reshape may change what a composite is answered with.
	inside  func(ref, body string) (status int, answer any)
	reshape func(results []map[string]any) any
}

func newFakeOrg(t *testing.T) *fakeOrg {
	t.Helper()
	o := &fakeOrg{
		t: t, tables: map[string][]map[string]any{}, fields: map[string]map[string]map[string]any{}, hidden: map[string]bool{},
		pageSize: 2000, now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), cursors: map[string][]string{},
	}
	cols := map[string]string{
		"Opportunity":            "Id Name AccountId:reference:Account StageName:picklist IsWon:boolean IsClosed:boolean CloseDate:date Amount:currency Type:picklist OwnerId:reference:User CreatedDate:datetime SystemModstamp:datetime IsDeleted:boolean",
		"Contact":                "Id Name Title Email:email Phone:phone MobilePhone:phone IsEmailBounced:boolean EmailBouncedDate:datetime",
		"OpportunityContactRole": "Id OpportunityId ContactId Role:picklist IsPrimary:boolean IsDeleted:boolean",
		"Organization":           "Id Name TimeZoneSidKey",
		"Task":                   "Id WhatId OwnerId Subject Description:textarea ActivityDate:date Status:picklist Priority:picklist IsClosed:boolean TaskSubtype:picklist CreatedDate:datetime CreatedById IsDeleted:boolean",
		"TaskStatus":             "Id ApiName SortOrder:int IsClosed:boolean IsDefault:boolean",
		"Event":                  "Id WhatId Subject Description:textarea CreatedDate:datetime CreatedById IsDeleted:boolean",
		"Note":                   "Id ParentId Title Body:textarea CreatedDate:datetime CreatedById IsDeleted:boolean",
		"ContentNote":            "Id Title TextPreview CreatedDate:datetime CreatedById",
		"ContentDocumentLink":    "Id LinkedEntityId ContentDocumentId",
		"EmailMessage":           "Id RelatedToId ActivityId Subject TextBody:textarea CreatedDate:datetime CreatedById",
		"OpportunityHistory":     "Id OpportunityId StageName CreatedDate:datetime",
		"OpportunityStage":       "Id MasterLabel ApiName IsWon:boolean",
		"User":                   "Id Name Email IsActive:boolean ManagerId",
		"Account":                "Id Name",
	}
	for object, list := range cols {
		o.fields[object] = map[string]map[string]any{}
		for _, col := range strings.Fields(list) {
			part := strings.SplitN(col, ":", 3)
			f := map[string]any{"type": "string", "length": 255}
			if len(part) > 1 {
				f["type"] = part[1]
			}
			if len(part) > 2 {
				f["referenceTo"] = []string{part[2]}
			}
			o.fields[object][part[0]] = f
		}
	}
	o.fields["OpportunityContactRole"]["Role"]["picklistValues"] = picks("Champion", "Economic Buyer", "Business User")
	o.fields["Opportunity"]["Type"]["picklistValues"] = picks("New Business", "Renewal")
	o.tables["Organization"] = []map[string]any{{"Id": "00D000000000001", "Name": "Acme", "TimeZoneSidKey": "Europe/Berlin"}}
	o.tables["OpportunityStage"] = []map[string]any{
		{"MasterLabel": "Prospecting", "ApiName": "Prospecting", "IsWon": false},
		{"MasterLabel": "Won!", "ApiName": "Closed Won", "IsWon": true},
		{"MasterLabel": "Paid", "ApiName": "Paid", "IsWon": true},
	}
	o.tables["TaskStatus"] = []map[string]any{
		{"ApiName": "Done", "SortOrder": 2, "IsClosed": true, "IsDefault": false},
		{"ApiName": "Old", "SortOrder": 1, "IsClosed": true, "IsDefault": false}, // no longer active
		{"ApiName": "New", "SortOrder": 3, "IsClosed": false, "IsDefault": false},
		{"ApiName": "To do", "SortOrder": 4, "IsClosed": false, "IsDefault": true},
	}
	for _, f := range o.fields["Task"] {
		f["createable"], f["updateable"] = true, true
	}
	o.fields["Task"]["Status"]["picklistValues"] = picks("New", "To do", "Done")
	o.fields["Task"]["Priority"]["picklistValues"] = picks("High", "Normal")
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	return o
}

func picks(values ...string) []map[string]any {
	var out []map[string]any
	for _, v := range values {
		out = append(out, map[string]any{"value": v, "label": v, "active": true})
	}
	return out
}

// custom adds a field to Opportunity.
func (o *fakeOrg) custom(name, kind string, more map[string]any) {
	f := map[string]any{"type": kind, "length": 255, "updateable": true}
	for k, v := range more {
		f[k] = v
	}
	o.fields["Opportunity"][name] = f
}

func (o *fakeOrg) auth() Auth {
	return Auth{Flow: ClientCredentials, LoginURL: o.URL, ClientID: "app", ClientSecret: "s3cret"}
}

func (o *fakeOrg) client(setup crm.Setup) *Client {
	o.t.Helper()
	c, err := New(setup, o.auth(), Options{})
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// kill ends the session.
func (o *fakeOrg) kill() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.session = "none"
}

func (o *fakeOrg) count(part string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, r := range o.requests {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

func (o *fakeOrg) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	o.mu.Lock()
	o.requests = append(o.requests, r.Method+" "+r.URL.Path)
	before := o.before
	o.mu.Unlock()
	w.Header().Set("Date", o.now.Format(http.TimeFormat))
	if before != nil {
		o.hooks.Lock()
		taken := before(w, r, string(b))
		o.hooks.Unlock()
		if taken {
			return
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.URL.Path == "/services/oauth2/token" {
		o.logins++
		o.session = "00D000000000001!s" + strconv.Itoa(o.logins)
		send(w, 200, map[string]any{"access_token": o.session, "instance_url": o.URL, "id": o.URL + "/id/00D000000000001AAA/005000000000009AAA"})
		return
	}
	if strings.HasPrefix(r.URL.Path, "/services/Soap/") {
		w.WriteHeader(404)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+o.session {
		send(w, 401, fail("INVALID_SESSION_ID", "Session expired or invalid"))
		return
	}
	w.Header().Set("Sforce-Limit-Info", "api-usage=18/15000")
	status, v := o.answer(r.Method, r.URL, string(b))
	send(w, status, v)
}

func (o *fakeOrg) answer(method string, u *url.URL, body string) (int, any) {
	const base = "/services/data/v60.0/"
	path := strings.TrimPrefix(u.Path, base)
	switch {
	case u.Path == "/services/data":
		return 200, []map[string]string{{"version": "59.0"}, {"version": "60.0"}}
	case path == "sobjects":
		var list []map[string]any
		for name := range o.fields {
			if !o.hidden[name] {
				list = append(list, map[string]any{"name": name, "queryable": true})
			}
		}
		return 200, map[string]any{"sobjects": list}
	case strings.HasSuffix(path, "/describe"):
		return o.describe(strings.Split(path, "/")[1])
	case path == "query", path == "queryAll":
		return o.query(u.Query().Get("q"), path == "queryAll")
	case strings.HasPrefix(path, "query/"):
		return o.more(strings.TrimPrefix(path, "query/"))
	case path == "composite":
		return o.composite(body)
	case path == "composite/sobjects":
		return o.write(body)
	}
	return 404, fail("NOT_FOUND", "The requested resource does not exist")
}

func (o *fakeOrg) describe(name string) (int, any) {
	if o.fields[name] == nil {
		return 404, fail("NOT_FOUND", "The requested resource does not exist")
	}
	var fields []map[string]any
	for f, keys := range o.fields[name] {
		m := map[string]any{"name": f, "label": f}
		for k, v := range keys {
			m[k] = v
		}
		fields = append(fields, m)
	}
	return 200, map[string]any{"name": name, "fields": fields, "recordTypeInfos": []any{}}
}

func (o *fakeOrg) composite(body string) (int, any) {
	var req struct {
		Subs []struct {
			Method string          `json:"method"`
			URL    string          `json:"url"`
			Ref    string          `json:"referenceId"`
			Body   json.RawMessage `json:"body"`
		} `json:"compositeRequest"`
	}
	if json.Unmarshal([]byte(body), &req) != nil || len(req.Subs) > 5 {
		return 400, fail("JSON_PARSER_ERROR", "bad composite")
	}
	var out []map[string]any
	for _, s := range req.Subs {
		u, _ := url.Parse(s.URL)
		status, v := 0, any(nil)
		if o.inside != nil {
			status, v = o.inside(s.Ref, string(s.Body))
		}
		if status == 0 {
			status, v = o.answer(s.Method, u, string(s.Body))
		}
		out = append(out, map[string]any{"body": v, "httpHeaders": map[string]any{}, "httpStatusCode": status, "referenceId": s.Ref})
	}
	slices.Reverse(out) // by reference, not by position
	if o.reshape != nil {
		return 200, map[string]any{"compositeResponse": o.reshape(out)}
	}
	return 200, map[string]any{"compositeResponse": out}
}

func (o *fakeOrg) write(body string) (int, any) {
	var req struct {
		Records []map[string]any `json:"records"`
	}
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if d.Decode(&req) != nil || len(req.Records) > 200 {
		return 400, fail("JSON_PARSER_ERROR", "bad collection")
	}
	o.writes = append(o.writes, req.Records...)
	var out []map[string]any
	for _, r := range req.Records {
		id := r["id"]
		if id == nil {
			id = taskID(len(o.writes))
		}
		out = append(out, map[string]any{"id": id, "success": true, "errors": []any{}})
	}
	return 200, out
}

var (
	fromForm  = regexp.MustCompile(`^SELECT (.+?) FROM (\w+)`)
	inForm    = regexp.MustCompile(`(\w+) IN \(([^)]*)\)`)
	lowForm   = regexp.MustCompile(`WHERE SystemModstamp >= (\S+)`)
	highForm  = regexp.MustCompile(`SystemModstamp < (\S+)`)
	afterForm = regexp.MustCompile(`SystemModstamp > (\S+) OR \(SystemModstamp = \S+ AND Id > '(\w+)'`)
)

// query answers the few shapes of query that this package sends.
func (o *fakeOrg) query(q string, all bool) (int, any) {
	m := fromForm.FindStringSubmatch(q)
	if m == nil || o.fields[m[2]] == nil {
		return 400, fail("INVALID_TYPE", "sObject type is not supported")
	}
	cols, object := strings.Split(m[1], ", "), m[2]
	for _, col := range cols {
		if o.fields[object][col] == nil && !strings.Contains(col, ".") {
			return 400, fail("INVALID_FIELD", "No such column '"+col+"' on entity '"+object+"'")
		}
	}
	var rows []any
	for _, row := range o.sorted(object, q) {
		if matches(row, q, all) {
			out := map[string]any{"attributes": map[string]any{"type": object}}
			for _, col := range cols {
				parent, name, dotted := strings.Cut(col, ".")
				if !dotted {
					out[col] = row[col]
					continue
				}
				p, _ := row[parent].(map[string]any)
				if p == nil {
					out[parent] = nil
					continue
				}
				sub, _ := out[parent].(map[string]any)
				if sub == nil {
					sub = map[string]any{}
					out[parent] = sub
				}
				sub[name] = p[name]
			}
			rows = append(rows, out)
		}
	}
	return 200, o.page(rows, len(rows), 0)
}

func (o *fakeOrg) sorted(object, q string) []map[string]any {
	rows := slices.Clone(o.tables[object])
	if strings.Contains(q, "ORDER BY SystemModstamp, Id") {
		slices.SortFunc(rows, func(a, b map[string]any) int {
			return strings.Compare(a["SystemModstamp"].(string)+a["Id"].(string), b["SystemModstamp"].(string)+b["Id"].(string))
		})
	}
	return rows
}

func matches(row map[string]any, q string, all bool) bool {
	if deleted, _ := row["IsDeleted"].(bool); deleted && (!all || strings.Contains(q, "IsDeleted = false")) {
		return false
	}
	for _, in := range inForm.FindAllStringSubmatch(q, -1) {
		v, _ := row[in[1]].(string)
		if !slices.ContainsFunc(strings.Split(in[2], ","), func(s string) bool { return strings.Trim(s, "'") == v }) {
			return false
		}
	}
	stamp, _ := row["SystemModstamp"].(string)
	at := instant(stamp)
	if m := lowForm.FindStringSubmatch(q); m != nil && at.Before(instant(m[1])) {
		return false
	}
	if m := highForm.FindStringSubmatch(q); m != nil && !at.Before(instant(m[1])) {
		return false
	}
	if m := afterForm.FindStringSubmatch(q); m != nil {
		t := instant(m[1])
		if at.Before(t) || at.Equal(t) && row["Id"].(string) <= m[2] {
			return false
		}
	}
	return true
}

func (o *fakeOrg) page(rows []any, total, start int) map[string]any {
	n := min(o.pageSize, len(rows))
	out := map[string]any{"totalSize": total, "done": n == len(rows), "records": rows[:n]}
	if rows == nil {
		out["records"] = []any{}
	}
	if n < len(rows) {
		rest, _ := json.Marshal(rows[n:])
		o.opened++
		locator := fmt.Sprintf("0r8%015d-%d", o.opened, start+n)
		o.cursors[locator] = []string{o.session, string(rest)}
		out["nextRecordsUrl"] = "/services/data/v60.0/query/" + locator
	}
	return out
}

func (o *fakeOrg) more(locator string) (int, any) {
	cur := o.cursors[locator]
	delete(o.cursors, locator)
	if cur == nil {
		return 400, fail("INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	if cur[0] != o.session {
		return 401, fail("INVALID_SESSION_ID", "Session expired or invalid")
	}
	var rows []any
	_ = json.Unmarshal([]byte(cur[1]), &rows)
	_, offset, _ := strings.Cut(locator, "-")
	start, _ := strconv.Atoi(offset)
	return 200, o.page(rows, start+len(rows), start)
}

func fail(code, message string) any {
	return []map[string]any{{"errorCode": code, "message": message}}
}

func send(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func sfTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000+0000") }

// oppID makes the id of the n-th Opportunity.
func oppID(n int) string { return id18(fmt.Sprintf("006%012d", n)) }

func taskID(n int) string { return id18(fmt.Sprintf("00T%012d", n)) }

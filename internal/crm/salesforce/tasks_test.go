package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
)

const taskOwner = "005000000000001AAA"

func newTasks(n int) []crm.Task {
	var out []crm.Task
	for i := range n {
		out = append(out, crm.Task{
			Key: fmt.Sprintf("D-%d/card/1/x", i), Deal: crm.DealID(oppID(i)), Owner: taskOwner, Subject: "Handoff", Body: "Please",
			Due: time.Date(2026, 11, 20, 23, 30, 0, 0, time.UTC), Urgent: i == 0,
		})
	}
	return out
}

func TestATaskIsSentAsTheOrgTakesIt(t *testing.T) {
	o := full(t)
	setup := setupOf(t)
	setup.Zone = time.FixedZone("", 3600)
	c := o.client(setup)
	if _, err := c.MakeTasks(context.Background(), newTasks(2)); err != nil {
		t.Fatal(err)
	}
	attrs := map[string]any{"type": "Task"}
	want := func(i int, priority string) map[string]any {
		return map[string]any{
			"attributes": attrs, "WhatId": oppID(i), "OwnerId": taskOwner, "Subject": "Handoff", "Status": "To do", "Priority": priority,
			"Description": fmt.Sprintf("Please\n\n[syncd D-%d/card/1/x]", i), "ActivityDate": "2026-11-21",
		}
	}
	if d := cmp.Diff([]map[string]any{want(0, "High"), want(1, "Normal")}, o.writes); d != "" {
		t.Error(d)
	}
	o.tables["Task"] = []map[string]any{{"Id": taskID(1), "WhatId": oppID(0), "Description": "Please\r\n\r\n[syncd D-0/card/1/x]", "IsClosed": false, "IsDeleted": false}}
	o.writes = nil
	if _, err := c.CloseTasks(context.Background(), []crm.Closing{{ID: crm.TaskID(taskID(1)), Note: "Over"}}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]map[string]any{{"attributes": attrs, "id": taskID(1), "Status": "Done", "Description": "Please\r\n\r\nOver\n\n[syncd D-0/card/1/x]"}}, o.writes); d != "" {
		t.Error(d)
	}
	if n := o.count("GET /services/data/v60.0/query"); n < 2 || c.Calls()["tasks make"] != 1 || c.Calls()["tasks close"] != 1 || c.Calls()["tasks find"] != 1 {
		t.Errorf("calls %v", c.Calls())
	}
}

// Whatever an org answers, no task is sent twice and none is taken for made
// that may not be.
func TestOddAnswersToNewTasks(t *testing.T) {
	answer := func(status int, v any) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { send(w, status, v) }
	}
	ok := func(i int) map[string]any {
		return map[string]any{"id": taskID(i), "success": true, "errors": []any{}}
	}
	no := func(code, message string, fields ...string) map[string]any {
		return map[string]any{"success": false, "errors": []any{map[string]any{"statusCode": code, "message": message, "fields": fields}}}
	}
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter)
		status crm.Status
		kind   crm.ErrorKind // "" means no error
		sent   int
	}{
		{"one result too few", answer(200, []any{ok(0)}), crm.Unknown, crm.Malformed, 1},
		{"made, and no id", answer(200, []any{ok(0), map[string]any{"success": true}}), crm.Unknown, crm.Malformed, 1},
		{"no list", answer(200, map[string]any{}), crm.Unknown, crm.Malformed, 1},
		{"a page of HTML", func(w http.ResponseWriter) { fmt.Fprint(w, "<html>hello</html>") }, crm.Unknown, crm.Malformed, 1},
		{"half an answer", func(w http.ResponseWriter) { fmt.Fprint(w, `[{"id":"`) }, crm.Unknown, crm.Malformed, 1},
		{"a gateway error", func(w http.ResponseWriter) { w.WriteHeader(502) }, crm.Unknown, crm.Unavailable, 1},
		{"the connection breaks", func(w http.ResponseWriter) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		}, crm.Unknown, crm.Unavailable, 1},
		{"the day is used up", answer(403, fail("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), crm.NotSent, crm.Quota, 1},
		{"the API is switched off", answer(403, fail("API_DISABLED_FOR_ORG", "off")), crm.NotSent, crm.Permission, 1},
		{"every task is refused", answer(200, []any{no("INACTIVE_OWNER_OR_USER", "inactive"), no("ENTITY_IS_DELETED", "deleted")}), crm.Rejected, "", 1},
		// A task is not sent without its owner, whatever the org says of the field.
		{"a field that matters", answer(200, []any{
			no("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: OwnerId.", "OwnerId"), no("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: WhatId", "WhatId"),
		}), crm.Rejected, "", 1},
		{"a column that matters", answer(400, fail("INVALID_FIELD", "No such column 'OwnerId' on sobject of type Task")), crm.Rejected, "", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := full(t)
			o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
				if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/composite/sobjects") {
					return false
				}
				c.answer(w)
				return true
			}
			out, err := o.client(setupOf(t)).MakeTasks(context.Background(), newTasks(2))
			if c.kind == "" && err != nil || c.kind != "" && (err == nil || crm.KindOf(err) != c.kind) {
				t.Errorf("error %v, want %q", err, c.kind)
			}
			for i, x := range out {
				if x.Status != c.status || x.ID != crm.DealID(oppID(i)) || x.Task != "" || x.Status == crm.Rejected && (x.Class == "" || x.Message == "") {
					t.Errorf("outcome %d: %+v", i, x)
				}
			}
			if n := o.count("POST /services/data/v60.0/composite/sobjects"); n != c.sent || len(out) != 2 {
				t.Errorf("sent %d times, want %d; %d outcomes", n, c.sent, len(out))
			}
		})
	}
}

// The key field is a help: an org that refuses it gets the task without it, and
// the deal's own field of that name is still written.
func TestATaskDoesWithoutTheKeyField(t *testing.T) {
	o := full(t)
	o.fields["Task"][keyField] = map[string]any{"type": "string", "length": 80, "createable": true}
	o.before = func(w http.ResponseWriter, r *http.Request, body string) bool {
		if !strings.Contains(body, keyField) {
			return false
		}
		send(w, 200, []any{
			map[string]any{"success": false, "errors": []any{map[string]any{"statusCode": "INVALID_FIELD_FOR_INSERT_UPDATE", "message": "Unable to create/update fields: " + keyField, "fields": []string{keyField}}}},
		})
		return true
	}
	c := o.client(setupOf(t))
	for n := 1; n <= 2; n++ { // the first time it is tried
		out, err := c.MakeTasks(context.Background(), newTasks(1))
		if err != nil || out[0].Status != crm.Confirmed || out[0].Task == "" {
			t.Errorf("%+v %v", out, err)
		}
		if calls := o.count("POST /services/data/v60.0/composite/sobjects"); calls != n+1 || len(o.writes) != n {
			t.Errorf("%d calls, %d written", calls, len(o.writes))
		}
	}
	if c.isLost("Opportunity", keyField) {
		t.Error("the deal's field of that name is not written any more")
	}
}

func TestTasksThatCannotBeFoundAreNotMade(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*fakeOrg)
	}{
		{"no tasks", func(o *fakeOrg) { o.hidden["Task"] = true }},
		{"no descriptions", func(o *fakeOrg) { delete(o.fields["Task"], "Description") }},
		{"no owners", func(o *fakeOrg) { delete(o.fields["Task"], "OwnerId") }},
		{"no telling which are done", func(o *fakeOrg) { delete(o.fields["Task"], "IsClosed") }},
		{"nothing to create", func(o *fakeOrg) { o.fields["Task"]["Description"]["createable"] = false }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := full(t)
			c.spoil(o)
			out, err := o.client(setupOf(t)).MakeTasks(context.Background(), newTasks(2))
			if crm.KindOf(err) != crm.Permission || len(out) != 2 || out[1].Status != crm.NotSent || len(o.writes) > 0 {
				t.Errorf("%+v %v", out, err)
			}
		})
	}
}

// An org may keep its statuses to itself: tasks are made, and closing says what
// is missing.
func TestAnOrgThatHidesTaskStatuses(t *testing.T) {
	o := full(t)
	delete(o.fields, "TaskStatus")
	c := o.client(setupOf(t))
	if out, err := c.MakeTasks(context.Background(), newTasks(1)); err != nil || out[0].Status != crm.Confirmed || o.writes[0]["Status"] != nil {
		t.Errorf("%+v %v", out, err)
	}
	out, err := c.CloseTasks(context.Background(), []crm.Closing{{ID: crm.TaskID(taskID(1))}})
	if crm.KindOf(err) != crm.Permission || !strings.Contains(err.Error(), "Task Status") || out[0].Status != crm.NotSent {
		t.Errorf("%+v %v", out, err)
	}
}

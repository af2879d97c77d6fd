package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
)

func updates(n int) []crm.Update {
	var out []crm.Update
	for i := range n {
		out = append(out, crm.Update{ID: crm.DealID(oppID(i)), Fields: map[string]string{"score": "31.50", "hold": "", "gaps": ""}})
	}
	return out
}

func TestWriteSendsWhatWasAskedFor(t *testing.T) {
	o := full(t)
	c := o.client(setupOf(t))
	got, err := c.Write(context.Background(), []crm.Update{
		{ID: crm.DealID(oppID(1)), Fields: map[string]string{"score": "31.50", "hold": "", "gaps": "", "discount": "1"}},
		{ID: crm.DealID(oppID(2)), Fields: map[string]string{"hold": "true"}},
		{ID: crm.DealID(oppID(1)[:15]), Fields: map[string]string{"score": "32"}}, // the same again: the later wins
		{ID: crm.DealID(oppID(3)), Fields: map[string]string{"arr": "1"}},         // not ours
		{ID: crm.DealID(oppID(4)), Fields: map[string]string{"score": "high"}},
		{ID: "D-104", Fields: map[string]string{"score": "1"}},
		{ID: crm.DealID(oppID(5)), Fields: map[string]string{"discount": "1"}}, // not there, and optional
	})
	if err != nil {
		t.Fatal(err)
	}
	var status []crm.Status
	for i, g := range got {
		status = append(status, g.Status)
		if i != 2 && g.ID == "" {
			t.Errorf("outcome %d has no id", i)
		}
	}
	if diff := cmp.Diff([]crm.Status{crm.Confirmed, crm.Confirmed, crm.Confirmed, crm.Rejected, crm.Rejected, crm.Rejected, crm.Confirmed}, status); diff != "" {
		t.Error(diff, got)
	}
	attrs := map[string]any{"type": "Opportunity"}
	want := []map[string]any{
		{"attributes": attrs, "id": oppID(1), "Handoff_Score__c": json.Number("32"), "Handoff_Hold__c": false, "Handoff_Gaps__c": nil},
		{"attributes": attrs, "id": oppID(2), "Handoff_Hold__c": true},
	}
	if diff := cmp.Diff(want, o.writes); diff != "" {
		t.Error(diff)
	}
}

func TestOutcomesAreMatchedByPosition(t *testing.T) {
	for _, c := range []struct {
		code, message string
		class         crm.Class
	}{
		{"UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", crm.ClassLocked},
		{"ENTITY_IS_LOCKED", "in approval", crm.ClassLocked},
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: System.DmlException: UNABLE_TO_LOCK_ROW", crm.ClassLocked},
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: no reason", crm.ClassValidation},
		{"APEX_ERROR", "Apex CPU time limit exceeded", crm.ClassBusy},
		{"UNKNOWN_EXCEPTION", "gack 12345", crm.ClassBusy},
		{"FIELD_CUSTOM_VALIDATION_EXCEPTION", "Closed deals are locked", crm.ClassValidation},
		{"BAD_VALUE_FOR_RESTRICTED_PICKLIST", "bad value", crm.ClassInvalid},
		{"ENTITY_IS_DELETED", "entity is deleted", crm.ClassGone},
		{"INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", crm.ClassGone},
		{"INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", crm.ClassPermission},
		{"TXN_SECURITY_METERING_ERROR", "x", crm.ClassPermission},
		{"STRING_TOO_LONG", "data value too large", crm.ClassInvalid},
	} {
		o := full(t)
		o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
			if r.Method != http.MethodPatch {
				return false
			}
			send(w, 200, []any{
				map[string]any{"success": false, "errors": []any{map[string]any{"statusCode": c.code, "message": c.message, "fields": []string{}}}},
				map[string]any{"id": oppID(1), "success": true, "errors": []any{}},
			})
			return true
		}
		got, err := o.client(setupOf(t)).Write(context.Background(), updates(2))
		if err != nil {
			t.Fatal(err)
		}
		if got[0].Status != crm.Rejected || got[0].Class != c.class || got[0].Code != c.code || got[0].Message == "" || got[1].Status != crm.Confirmed {
			t.Errorf("%s: %+v", c.code, got)
		}
	}
}

func TestWhatIsNotKnownIsUnknown(t *testing.T) {
	answer := func(status int, v any) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { send(w, status, v) }
	}
	ok := func(i int) map[string]any { return map[string]any{"id": oppID(i), "success": true, "errors": []any{}} }
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter)
		status crm.Status
		kind   crm.ErrorKind
	}{
		{"one result too few", answer(200, []any{ok(0)}), crm.Unknown, crm.Malformed},
		{"results in another order", answer(200, []any{ok(1), ok(0)}), crm.Unknown, crm.Malformed},
		{"no list", answer(200, map[string]any{"ok": true}), crm.Unknown, crm.Malformed},
		{"results without success", answer(200, []any{map[string]any{}, map[string]any{}}), crm.Unknown, crm.Malformed},
		{"a page of HTML", func(w http.ResponseWriter) { fmt.Fprint(w, "<html>hello</html>") }, crm.Unknown, crm.Malformed},
		{"an empty answer", func(http.ResponseWriter) {}, crm.Unknown, crm.Malformed},
		{"a gateway error", func(w http.ResponseWriter) { w.WriteHeader(502) }, crm.Unknown, crm.Unavailable},
		{"the connection breaks", func(w http.ResponseWriter) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		}, crm.Unknown, crm.Unavailable},
		{"the day's calls are used up", answer(403, fail("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), crm.NotSent, crm.Quota},
		{"the user lost its access", answer(403, fail("API_DISABLED_FOR_ORG", "The REST API is not enabled")), crm.NotSent, crm.Permission},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := full(t)
			var n atomic.Int32
			o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
				if r.Method != http.MethodPatch {
					return false
				}
				n.Add(1)
				c.answer(w)
				return true
			}
			got, err := o.client(setupOf(t)).Write(context.Background(), updates(2))
			if err == nil || crm.KindOf(err) != c.kind {
				t.Errorf("error %v, want %s", err, c.kind)
			}
			for _, g := range got {
				if g.Status != c.status || g.ID == "" {
					t.Errorf("outcome %+v", g)
				}
			}
			if n.Load() != 1 {
				t.Errorf("sent %d times", n.Load())
			}
		})
	}
}

func TestARequestRefusedAsAWholeIsTakenApart(t *testing.T) {
	for _, c := range []struct {
		name   string
		refuse func(body string) any
		bad    int // how many records end rejected
		sent   int
	}{
		{"a field that is not there", func(body string) any {
			if strings.Contains(body, "Handoff_Hold__c") {
				return fail("INVALID_FIELD", "No such column 'Handoff_Hold__c' on sobject of type Opportunity")
			}
			return nil
		}, 0, 200},
		{"one record that cannot be parsed", func(body string) any {
			if strings.Contains(body, oppID(77)) {
				return fail("JSON_PARSER_ERROR", "Cannot deserialize instance of double")
			}
			return nil
		}, 1, 199},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := full(t)
			o.before = func(w http.ResponseWriter, r *http.Request, body string) bool {
				if r.Method != http.MethodPatch {
					return false
				}
				v := c.refuse(body)
				if v != nil {
					send(w, 400, v)
				}
				return v != nil
			}
			client := o.client(setupOf(t))
			got, err := client.Write(context.Background(), updates(200))
			if err != nil {
				t.Fatal(err)
			}
			bad := 0
			for i, g := range got {
				if g.Status == crm.Rejected {
					bad++
				} else if g.Status != crm.Confirmed {
					t.Errorf("outcome %d is %+v", i, g)
				}
			}
			if bad != c.bad || len(o.writes) != c.sent {
				t.Errorf("%d rejected, %d written", bad, len(o.writes))
			}
			if c.bad == 0 {
				if f := got[0].Fields; len(f) != 1 || f[0] != "hold" {
					t.Errorf("fields left out: %v", f)
				}
				before := o.count("PATCH")
				if _, err := client.Write(context.Background(), updates(2)); err != nil || o.count("PATCH") != before+1 {
					t.Error("the field was tried again")
				}
			}
		})
	}
}

func TestARecordRefusedForAFieldIsSentWithoutIt(t *testing.T) {
	for _, refusal := range []map[string]any{
		{"statusCode": "INVALID_FIELD_FOR_INSERT_UPDATE", "message": "Unable to create/update fields: Handoff_Hold__c. Please check the security settings of this field and verify that it is read/write for your profile or permission set.", "fields": []string{"Handoff_Hold__c"}},
		{"statusCode": "INVALID_FIELD", "message": "No such column 'Handoff_Hold__c' on sobject of type Opportunity", "fields": []string{}},
	} {
		o := full(t)
		o.before = func(w http.ResponseWriter, r *http.Request, body string) bool {
			if r.Method != http.MethodPatch || !strings.Contains(body, "Handoff_Hold__c") {
				return false
			}
			var out []any
			for range strings.Count(body, "attributes") {
				out = append(out, map[string]any{"success": false, "errors": []any{refusal}})
			}
			send(w, 200, out)
			return true
		}
		c := o.client(setupOf(t))
		got, err := c.Write(context.Background(), append(updates(3), crm.Update{ID: crm.DealID(oppID(9)), Fields: map[string]string{"hold": "true"}}))
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range got[:3] {
			if g.Status != crm.Confirmed || len(g.Fields) != 1 || g.Fields[0] != "hold" {
				t.Errorf("outcome %d is %+v", i, g)
			}
		}
		if g := got[3]; g.Status != crm.Rejected || g.Class != crm.ClassPermission || len(g.Fields) != 1 || g.Fields[0] != "hold" {
			t.Errorf("a record with nothing left is %+v", g)
		}
		if len(o.writes) != 3 || o.count("PATCH") != 2 {
			t.Errorf("%d written by %d calls", len(o.writes), o.count("PATCH"))
		}
	}
}

func TestAWriteGoesOnAfterTheSessionEnded(t *testing.T) {
	o := full(t)
	c := o.client(setupOf(t))
	if _, err := c.Describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	o.kill()
	got, err := c.Write(context.Background(), updates(3))
	if err != nil || got[2].Status != crm.Confirmed || len(o.writes) != 3 {
		t.Errorf("%v %+v", err, got)
	}
}

func TestTooManyUpdatesAreNotSent(t *testing.T) {
	o := full(t)
	got, err := o.client(setupOf(t)).Write(context.Background(), updates(201))
	if crm.KindOf(err) != crm.Invalid || len(got) != 201 || got[200].Status != crm.NotSent {
		t.Errorf("%v, %d outcomes", err, len(got))
	}
}

func TestACancelledWriteIsNotSent(t *testing.T) {
	o := full(t)
	c := o.client(setupOf(t))
	if _, err := c.Describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got, err := c.Write(ctx, updates(2))
	if err == nil || got[0].Status != crm.NotSent || len(o.writes) != 0 {
		t.Errorf("%v %+v", err, got)
	}
}

package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/handoffscore/syncd/internal/crm"
)

// together is a client whose writes may travel together, and its warnings.
func together(t *testing.T, o *fakeOrg) (*Client, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.WarnLevel)
	c, err := New(setupOf(t), o.auth(), Options{CompositeWrites: true, Log: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	return c, logs
}

// reached wants what outcomes say of records to be what became of them: those
// confirmed were written once, those rejected or not sent never.
func (o *fakeOrg) reached(t *testing.T, out []crm.Outcome) {
	t.Helper()
	times := map[string]int{}
	for _, r := range o.writes {
		times[r["id"].(string)]++
	}
	for i, x := range out {
		n := times[string(x.ID)]
		switch {
		case x.ID != crm.DealID(oppID(i)):
			t.Fatalf("outcome %d is of %s", i, x.ID)
		case n > 1, x.Status == crm.Confirmed && n != 1, (x.Status == crm.Rejected || x.Status == crm.NotSent) && n != 0:
			t.Fatalf("record %d was written %d times and says %+v", i, n, x)
		}
	}
}

// statuses are those of outcomes, the same ones in a row as one.
func statuses(out []crm.Outcome) []crm.Status {
	var all []crm.Status
	for _, x := range out {
		all = append(all, x.Status)
	}
	return slices.Compact(all)
}

const compositePath = "/services/data/v60.0/composite"

// What a composite request answers for 600 records, and what becomes of each
// 200 of them. Whatever it is, no record is written twice.
func TestOddAnswersToWritesThatTravelTogether(t *testing.T) {
	second := func(status int, v any) func(string, string) (int, any) {
		return func(ref, _ string) (int, any) {
			if ref == "q1" {
				return status, v
			}
			return 0, nil
		}
	}
	without := func(name string) func([]map[string]any) any {
		return func(all []map[string]any) any {
			return slices.DeleteFunc(all, func(m map[string]any) bool { return m["referenceId"] == name })
		}
	}
	whole := func(status int, v any) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { send(w, status, v) }
	}
	always := func(status int, v any) func(http.ResponseWriter, string) bool {
		return func(w http.ResponseWriter, _ string) bool {
			send(w, status, v)
			return true
		}
	}
	unreadable := fail("JSON_PARSER_ERROR", "Cannot deserialize instance of double")
	limit := fail("LIMIT_EXCEEDED", "The request can’t contain more than 1 sObject Collections operations.")
	unnamed := func(status int, v any) any {
		return map[string]any{"compositeResponse": []any{map[string]any{"body": v, "httpHeaders": map[string]any{}, "httpStatusCode": status, "referenceId": nil}}}
	}
	sure, lost := []crm.Status{crm.Confirmed}, []crm.Status{crm.Confirmed, crm.Unknown, crm.Confirmed}
	for _, c := range []struct {
		name    string
		inside  func(ref, body string) (int, any)
		reshape func([]map[string]any) any
		whole   func(http.ResponseWriter)                             // in place of the first composite answer
		alone   func(w http.ResponseWriter, body string) (taken bool) // may answer a call of its own
		want    []crm.Status
		kind    crm.ErrorKind // "" means no error
		apart   bool          // writes travel alone from then on
		calls   int           // that wrote or tried to
		says    string        // what the warning gives as the reason
	}{
		{name: "all is well", want: sure, calls: 1},
		{name: "a result is missing", reshape: without("q1"), want: lost, apart: true, calls: 1},
		{name: "a result has a name of its own", reshape: func(all []map[string]any) any {
			all[1]["referenceId"] = "other"
			return all
		}, want: lost, apart: true, calls: 1},
		{name: "a result has no name", reshape: func(all []map[string]any) any {
			all[1]["referenceId"] = nil
			return all
		}, want: lost, apart: true, calls: 1},
		{name: "a result comes twice", reshape: func(all []map[string]any) any { return append(all, all[1]) }, want: lost, apart: true, calls: 1},
		{name: "there is one result more", reshape: func(all []map[string]any) any {
			return append(all, map[string]any{"referenceId": "more", "httpStatusCode": 200, "body": []any{}})
		}, want: sure, calls: 1},
		{name: "two results are exchanged", reshape: func(all []map[string]any) any {
			all[0]["referenceId"], all[1]["referenceId"] = all[1]["referenceId"], all[0]["referenceId"]
			return all
		}, want: []crm.Status{crm.Confirmed, crm.Unknown}, apart: true, calls: 1},
		{name: "there are no results", reshape: func([]map[string]any) any { return nil }, want: []crm.Status{crm.Unknown}, apart: true, calls: 1},
		{name: "a result without a status", reshape: func(all []map[string]any) any {
			delete(all[1], "httpStatusCode")
			return all
		}, want: lost, kind: crm.Unavailable, calls: 1},
		{name: "a result with a record too few", inside: second(200, []any{}), want: lost, apart: true, calls: 1},
		{name: "a result that is no list", inside: second(200, "done"), want: lost, apart: true, calls: 1},
		{name: "the server failed inside", inside: second(500, fail("UNKNOWN_EXCEPTION", "gack")), want: lost, kind: crm.Unavailable, calls: 1},
		{name: "a page of HTML inside", inside: second(503, "<html>down</html>"), want: lost, kind: crm.Unavailable, calls: 1},
		{name: "one collection is over the limit", inside: second(400, limit), want: sure, apart: true, calls: 2},
		{name: "one collection was halted", inside: second(400, fail("PROCESSING_HALTED", "The transaction was rolled back")), want: sure, apart: true, calls: 2},
		{name: "one collection is not found", inside: second(404, fail("NOT_FOUND", "no")), want: sure, apart: true, calls: 2},
		{name: "the session ended inside", inside: second(401, fail("INVALID_SESSION_ID", "expired")), want: sure, calls: 2},
		{name: "too many long requests inside", inside: second(403, fail("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded.")), want: sure, calls: 2},
		{
			name: "the day is used up inside, and outside", inside: second(403, fail("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")),
			alone: always(403, fail("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), want: []crm.Status{crm.Confirmed, crm.NotSent, crm.Confirmed}, kind: crm.Quota, calls: 2,
		},
		{name: "over the limit beside a failure of the server", inside: func(ref, _ string) (int, any) {
			switch ref {
			case "q0":
				return 500, fail("UNKNOWN_EXCEPTION", "gack")
			case "q2":
				return 400, limit
			}
			return 0, nil
		}, want: []crm.Status{crm.Unknown, crm.Confirmed, crm.NotSent}, kind: crm.Unavailable, calls: 1},
		{name: "one record cannot be read", inside: second(400, unreadable), alone: func(w http.ResponseWriter, body string) bool {
			if !strings.Contains(body, oppID(300)) {
				return false
			}
			send(w, 400, unreadable)
			return true
		}, want: []crm.Status{crm.Confirmed, crm.Rejected, crm.Confirmed}, calls: 18},
		{name: "no such resource", whole: whole(404, fail("NOT_FOUND", "no")), want: sure, apart: true, calls: 4},
		{name: "no such method", whole: whole(405, fail("METHOD_NOT_ALLOWED", "no")), want: sure, apart: true, calls: 4},
		{name: "not for this user", whole: whole(403, fail("FUNCTIONALITY_NOT_ENABLED", "no")), want: sure, apart: true, calls: 4},
		{name: "a property that is not known", whole: whole(400, fail("JSON_PARSER_ERROR", "Unrecognized field \"collateSubrequests\"")), want: sure, apart: true, calls: 4},
		{name: "over the limit as a whole", whole: whole(200, unnamed(400, limit)), want: sure, apart: true, calls: 4, says: "more than 1 sObject"},
		{name: "over the limit as a whole, said with a 400", whole: whole(400, unnamed(400, limit)), want: sure, apart: true, calls: 4, says: "more than 1 sObject"},
		{name: "failed as a whole, said within", whole: whole(200, unnamed(500, fail("UNKNOWN_EXCEPTION", "gack"))), want: []crm.Status{crm.Unknown}, kind: crm.Unavailable, calls: 1},
		{
			name: "refused as a whole, and the calls alone too", whole: whole(403, fail("API_DISABLED_FOR_ORG", "off")), alone: always(403, fail("API_DISABLED_FOR_ORG", "off")),
			want: []crm.Status{crm.NotSent}, kind: crm.Permission, calls: 2,
		},
		{name: "the connection breaks", whole: func(w http.ResponseWriter) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		}, want: []crm.Status{crm.Unknown}, kind: crm.Unavailable, calls: 1},
		{name: "a gateway error", whole: func(w http.ResponseWriter) { w.WriteHeader(502) }, want: []crm.Status{crm.Unknown}, kind: crm.Unavailable, calls: 1},
		{name: "a page of HTML", whole: func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>hello</html>")) }, want: []crm.Status{crm.Unknown}, kind: crm.Malformed, calls: 1},
		{name: "half an answer", whole: func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"compositeResponse":[`)) }, want: []crm.Status{crm.Unknown}, kind: crm.Malformed, calls: 1},
		{name: "the day is used up", whole: whole(403, fail("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), want: []crm.Status{crm.NotSent}, kind: crm.Quota, calls: 1},
		{name: "the session ended", whole: whole(401, fail("INVALID_SESSION_ID", "expired")), want: sure, calls: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := full(t)
			o.inside, o.reshape = c.inside, c.reshape
			var composites atomic.Int32
			o.before = func(w http.ResponseWriter, r *http.Request, body string) bool {
				switch {
				case r.URL.Path == compositePath:
					if composites.Add(1) == 1 && c.whole != nil {
						c.whole(w)
						return true
					}
				case r.Method == http.MethodPatch && c.alone != nil:
					return c.alone(w, body)
				}
				return false
			}
			client, logs := together(t, o)
			out, err := client.Write(context.Background(), updates(600))
			if c.kind == "" && err != nil || c.kind != "" && (err == nil || crm.KindOf(err) != c.kind) {
				t.Errorf("error %v, want %q", err, c.kind)
			}
			if got := statuses(out); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
			o.reached(t, out)
			if n := int(composites.Load()) + o.count("PATCH"); n != c.calls {
				t.Errorf("%d calls, want %d", n, c.calls)
			}
			if apart := client.WriteBatch() == 200; apart != c.apart || logs.Len() != map[bool]int{true: 1}[apart] {
				t.Errorf("apart %v, warned %v", apart, logs.All())
			} else if apart && !strings.Contains(fmt.Sprint(logs.All()[0].ContextMap()["error"]), c.says) {
				t.Errorf("warned %v, want %q", logs.All(), c.says)
			}
		})
	}
}

// Records that spoil their part are found in every part.
func TestRecordsThatCannotBeReadAreFoundInEveryPart(t *testing.T) {
	o := full(t)
	spoiled := func(body string) bool {
		for i := 7; i < 1000; i += 100 {
			if strings.Contains(body, oppID(i)) {
				return true
			}
		}
		return false
	}
	unreadable := fail("JSON_PARSER_ERROR", "Cannot deserialize instance of double")
	o.inside = func(_, body string) (int, any) {
		if spoiled(body) {
			return 400, unreadable
		}
		return 0, nil
	}
	o.before = func(w http.ResponseWriter, r *http.Request, body string) bool {
		if r.Method != http.MethodPatch || !spoiled(body) {
			return false
		}
		send(w, 400, unreadable)
		return true
	}
	client, _ := together(t, o)
	out, err := client.Write(context.Background(), updates(1000))
	if err != nil {
		t.Fatal(err)
	}
	o.reached(t, out)
	for i, x := range out {
		if (x.Status == crm.Rejected) != (i%100 == 7) || i%100 != 7 && x.Status != crm.Confirmed {
			t.Errorf("outcome %d: %+v", i, x)
		}
	}
}

// A batch of 200 or fewer is a call of its own, one of 1,000 a single composite
// request, and more is not sent.
func TestHowManyTravelTogether(t *testing.T) {
	for _, c := range []struct{ updates, composites, patches int }{{1, 0, 1}, {200, 0, 1}, {201, 1, 0}, {1000, 1, 0}} {
		o := full(t)
		client, _ := together(t, o)
		out, err := client.Write(context.Background(), updates(c.updates))
		if err != nil || !slices.Equal(statuses(out), []crm.Status{crm.Confirmed}) {
			t.Errorf("%d: %v %v", c.updates, err, statuses(out))
		}
		o.reached(t, out)
		if n, m := o.count("POST "+compositePath), o.count("PATCH"); n != c.composites || m != c.patches {
			t.Errorf("%d updates: %d composites and %d calls alone", c.updates, n, m)
		}
		if calls := client.Calls(); calls["write"] != 1 || calls["composite"] != 0 {
			t.Errorf("counted as %v", calls)
		}
	}
	o := full(t)
	client, _ := together(t, o)
	out, err := client.Write(context.Background(), updates(1001))
	if crm.KindOf(err) != crm.Invalid || len(out) != 1001 || len(o.writes) != 0 {
		t.Errorf("1,001: %v, %d outcomes, %d written", err, len(out), len(o.writes))
	}
}

// One record that is named twice in a batch is sent once, whichever subrequests
// its updates would have been in.
func TestARecordTwiceInABatchTravelsOnce(t *testing.T) {
	o := full(t)
	client, _ := together(t, o)
	batch := updates(500)
	batch[499] = crm.Update{ID: batch[0].ID, Fields: map[string]string{"score": "7"}}
	out, err := client.Write(context.Background(), batch)
	if err != nil || !slices.Equal(statuses(out), []crm.Status{crm.Confirmed}) || len(o.writes) != 499 {
		t.Errorf("%v %v, %d written", err, statuses(out), len(o.writes))
	}
}

// A field that the org turns out not to know is left out everywhere after the
// first answer, and what is left travels together again.
func TestAFieldThatIsNotThereIsLeftOutOfAllParts(t *testing.T) {
	noColumn := func(body string) (int, any) {
		if strings.Contains(body, "Handoff_Hold__c") {
			return 400, fail("INVALID_FIELD", "No such column 'Handoff_Hold__c' on sobject of type Opportunity")
		}
		return 0, nil
	}
	notWritable := func(body string) (int, any) {
		if !strings.Contains(body, "Handoff_Hold__c") {
			return 0, nil
		}
		refusal := map[string]any{"success": false, "errors": []any{map[string]any{"statusCode": "INVALID_FIELD_FOR_INSERT_UPDATE", "message": "x", "fields": []string{"Handoff_Hold__c"}}}}
		return 200, slices.Repeat([]any{refusal}, strings.Count(body, "attributes"))
	}
	for name, answer := range map[string]func(string) (int, any){"the call is refused": noColumn, "every record is refused": notWritable} {
		t.Run(name, func(t *testing.T) {
			o := full(t)
			o.inside = func(_, body string) (int, any) { return answer(body) }
			client, logs := together(t, o)
			batch := append(updates(600), crm.Update{ID: crm.DealID(oppID(600)), Fields: map[string]string{"hold": "true"}})
			out, err := client.Write(context.Background(), batch)
			if err != nil || !slices.Equal(statuses(out), []crm.Status{crm.Confirmed, crm.Rejected}) || out[600].Class != crm.ClassPermission {
				t.Errorf("%v %v", err, statuses(out))
			}
			o.reached(t, out)
			for i, x := range out {
				if !slices.Equal(x.Fields, []string{"hold"}) {
					t.Fatalf("outcome %d leaves out %v", i, x.Fields)
				}
			}
			if n, m := o.count("POST "+compositePath), o.count("PATCH"); n != 2 || m != 0 {
				t.Errorf("%d composites and %d calls alone", n, m)
			}
			if logs.Len() != 1 || client.WriteBatch() != 1000 {
				t.Errorf("warned %v, %d a batch", logs.All(), client.WriteBatch())
			}
		})
	}
}

// The limits of a transaction hold for all records of a request, so that fewer
// may pass where many did not.
func TestAnOrgWhoseTriggersAreTooSlowIsWrittenToInSmallerCalls(t *testing.T) {
	o := full(t)
	o.inside = func(ref, body string) (int, any) {
		if ref != "q2" {
			return 0, nil
		}
		refusal := map[string]any{"success": false, "errors": []any{map[string]any{"statusCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "message": "Deals: System.LimitException: Apex CPU time limit exceeded"}}}
		return 200, slices.Repeat([]any{refusal}, strings.Count(body, "attributes"))
	}
	client, logs := together(t, o)
	out, err := client.Write(context.Background(), updates(600))
	if err != nil || !slices.Equal(statuses(out), []crm.Status{crm.Confirmed, crm.Rejected}) || out[599].Class != crm.ClassBusy {
		t.Errorf("%v %v %+v", err, statuses(out), out[599])
	}
	o.reached(t, out)
	if client.WriteBatch() != 200 || logs.Len() != 1 {
		t.Errorf("%d a batch, warned %v", client.WriteBatch(), logs.All())
	}
}

// A batch that was made while writes travelled together is taken after another
// has found out that they do not.
func TestABatchThatIsOnItsWayIsTakenInCallsOfItsOwn(t *testing.T) {
	o := full(t)
	client, _ := together(t, o)
	client.separate(errText("found out"))
	out, err := client.Write(context.Background(), updates(1000))
	if err != nil || !slices.Equal(statuses(out), []crm.Status{crm.Confirmed}) {
		t.Errorf("%v %v", err, statuses(out))
	}
	o.reached(t, out)
	if n, m := o.count("POST "+compositePath), o.count("PATCH"); n != 0 || m != 5 {
		t.Errorf("%d composites and %d calls alone", n, m)
	}
}

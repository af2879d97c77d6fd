package salesforce

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"

	"github.com/handoffscore/syncd/internal/crm"
)

// zeros is a body of any length that starts as JSON.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	for i := range p[:n] {
		p[i] = ' '
	}
	p[0] = '['
	z.left -= n
	return int(n), nil
}

func TestOddAnswersAreOneClearError(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func() *http.Response
		kind   crm.ErrorKind
		says   string
	}{
		{"HTML with a 200", func() *http.Response { return httpmock.NewStringResponse(200, "<html>Sign in</html>") }, crm.Malformed, "HTML page"},
		{"nothing with a 200", func() *http.Response { return httpmock.NewStringResponse(200, "") }, crm.Malformed, "empty answer"},
		{"broken JSON", func() *http.Response { return httpmock.NewStringResponse(200, `[{"version":`) }, crm.Malformed, "broken JSON"},
		{"200 MB", func() *http.Response {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(&zeros{200 << 20}), ContentLength: -1, Header: http.Header{}}
		}, crm.Malformed, "size cap"},
		{"an empty list of errors", func() *http.Response { return httpmock.NewStringResponse(400, `[]`) }, crm.Invalid, "answered 400"},
		{"null for an error", func() *http.Response { return httpmock.NewStringResponse(400, `null`) }, crm.Invalid, "answered 400"},
		{"an edge's 414", func() *http.Response {
			return httpmock.NewStringResponse(414, "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>")
		}, crm.Invalid, "answered 414"},
		{"a retired version", func() *http.Response {
			return httpmock.NewStringResponse(410, `[{"errorCode":"GONE","message":"gone"}]`)
		}, crm.Invalid, "api_version"},
		{"the API switched off", func() *http.Response {
			return httpmock.NewStringResponse(403, `[{"errorCode":"API_DISABLED_FOR_ORG","message":"off"}]`)
		}, crm.Permission, "API Enabled"},
		{"the day used up", func() *http.Response {
			return httpmock.NewStringResponse(403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`)
		}, crm.Quota, "used up"},
		{"a redirect", func() *http.Response { return httpmock.NewStringResponse(302, "") }, crm.Invalid, "redirected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			mock := httpmock.NewMockTransport()
			mock.RegisterResponder("POST", "https://acme.my.salesforce.com/services/oauth2/token",
				httpmock.NewStringResponder(200, `{"access_token":"t","instance_url":"https://na1.salesforce.com"}`))
			mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
				if req.URL.Host != "na1.salesforce.com" || req.Header.Get("Authorization") != "Bearer t" {
					t.Errorf("asked %s with %q", req.URL.Host, req.Header.Get("Authorization"))
				}
				return c.answer(), nil
			})
			client, err := New(crm.Setup{}, Auth{Flow: ClientCredentials, LoginURL: "https://acme.my.salesforce.com", ClientID: "a", ClientSecret: "b"}, Options{HTTP: mock})
			if err != nil {
				t.Fatal(err)
			}
			_, viaTransport := client.Describe(context.Background())
			_, viaLibrary := client.raw(context.Background(), "sobjects")
			for _, err := range []error{viaTransport, viaLibrary} {
				var e *crm.Error
				if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, want %s and %q", err, c.kind, c.says)
				}
				if c.kind == crm.Quota && e.After < time.Minute {
					t.Errorf("come back after %v", e.After)
				}
			}
		})
	}
}

func TestTooManyLongRequestsAreWaitedOut(t *testing.T) {
	o := newFakeOrg(t)
	n := 0
	o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if r.Method != http.MethodPatch {
			return false
		}
		if n++; n > 1 {
			return false
		}
		w.Header().Set("Retry-After", "0")
		send(w, 403, fail("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."))
		return true
	}
	o.custom("Handoff_Score__c", "double", nil)
	o.custom("Handoff_Hold__c", "boolean", nil)
	o.custom("Handoff_Gaps__c", "textarea", nil)
	got, err := o.client(setupOf(t)).Write(context.Background(), updates(1))
	if err != nil || got[0].Status != crm.Confirmed || n != 2 {
		t.Errorf("%v %+v after %d", err, got, n)
	}
}

func TestErrorsNameNobody(t *testing.T) {
	o := full(t)
	o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if !strings.Contains(r.URL.Path, "/composite") {
			return false
		}
		send(w, 400, fail("MALFORMED_QUERY", "near dana.fox@example.com and +1 202 555 0100"))
		return true
	}
	_, err := o.client(setupOf(t)).Load(context.Background(), []crm.DealID{crm.DealID(oppID(1))})
	if err == nil || strings.Contains(err.Error(), "dana") || strings.Contains(err.Error(), "555") {
		t.Errorf("got %v", err)
	}
}

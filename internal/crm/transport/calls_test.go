package transport

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestShapeLeavesOutWhatNamesAnybody(t *testing.T) {
	for path, want := range map[string]string{
		"/services/data/v60.0/query":                                      "/services/data/v60.0/query",
		"/services/data/v60.0/query/0r8xx0000000001AAA-2000":              "/services/data/v60.0/query/{id}",
		"/services/data/v60.0/sobjects/Opportunity/006R00000024gDtIAI":    "/services/data/v60.0/sobjects/Opportunity/{id}",
		"/services/data/v60.0/sobjects/OpportunityHistory/describe":       "/services/data/v60.0/sobjects/OpportunityHistory/describe",
		"/services/data/v60.0/sobjects/Task/Handoff_Key__c/jane":          "/services/data/v60.0/sobjects/Task/Handoff_Key__c/{id}",
		"/services/data/v60.0/sobjects/X__c/a01R00000024gDt":              "/services/data/v60.0/sobjects/X__c/{id}",
		"/crm/v3/properties/deals/handoff_item_1_1_score":                 "/crm/v3/properties/deals/handoff_item_1_1_score",
		"/crm/objects/2026-03/deals/batch/read":                           "/crm/objects/2026-03/deals/batch/read",
		"/crm/v3/objects/contacts/jane@acme.example":                      "/crm/v3/objects/contacts/{id}",
		"/crm/v3/owners/41629779":                                         "/crm/v3/owners/{id}",
		"/oauth/v1/access-tokens/onlyletters":                             "/oauth/v1/access-tokens/{id}",
		"/oauth/v1/refresh-tokens/pat-na1-9f2c":                           "/oauth/v1/refresh-tokens/{id}",
		"/oauth/v2/private-apps/get/access-token-info":                    "/oauth/v2/private-apps/get/access-token-info",
		"/some/where/else/00D000000000001!AQ.xyz":                         "/some/where/else/{id}",
		"/some/where/" + strings.Repeat("a", 90) + "/" + "two words/%40x": "/some/where/{id}/{id}/{id}",
	} {
		if got := shape(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// Whoever asks for it is told of every attempt, and nobody else of any.
func TestEveryCallIsLoggedWithoutItsSecrets(t *testing.T) {
	tries := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if tries++; tries == 1 {
			w.WriteHeader(503)
			return
		}
		w.Write([]byte(`{"email":"jane@acme.example"}`))
	}))
	defer srv.Close()
	for level, want := range map[zapcore.Level]int{zapcore.DebugLevel: 3, zapcore.InfoLevel: 0} {
		tries = 0
		core, seen := observer.New(level)
		tr := New(Options{Op: "vendor", Policy: policy{}, Credentials: &token{}, Log: zap.New(core)})
		for _, at := range []string{srv.URL + "/people/41629779?email=jane%40acme.example", "http://127.0.0.1:1/people"} {
			method := http.MethodGet
			if strings.HasSuffix(at, "people") {
				method = http.MethodPost
			}
			req, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader("jane@acme.example"))
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = tr.Do(req)
			if (err == nil) != (method == http.MethodGet) {
				t.Fatal(method, err)
			}
		}
		calls := seen.FilterMessage("call").All()
		if level == zapcore.InfoLevel && len(calls) == want {
			continue
		}
		if len(calls) < want {
			t.Fatalf("at %s: %d calls are logged, want %d", level, len(calls), want)
		}
		for i, status := range []int64{503, 200, 0} {
			c := calls[i].ContextMap()
			path, method := "/people/{id}", "GET"
			if status == 0 {
				path, method = "/people", "POST"
			}
			if _, timed := c["ms"].(int64); !timed || c["status"] != status || c["path"] != path || c["method"] != method || c["op"] != "vendor" {
				t.Errorf("call %d: %v", i, c)
			}
		}
		for _, e := range seen.All() {
			for key, v := range e.ContextMap() {
				if text, ok := v.(string); ok && (strings.Contains(text, "jane") || strings.Contains(text, "Bearer") || strings.Contains(text, "41629779")) {
					t.Errorf("%s %s: %s", e.Message, key, text)
				}
			}
		}
	}
}

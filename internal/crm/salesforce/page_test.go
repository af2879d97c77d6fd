package salesforce

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm/transport"
)

// One walk over a composite answer finds what gjson finds in it, name by name.
func FuzzComposite(f *testing.F) {
	for _, s := range []string{
		`{"compositeResponse":[{"body":{"totalSize":2,"done":true,"records":[{"Id":"1"},{"Id":"2"}]},"httpHeaders":{},"httpStatusCode":200,"referenceId":"q0"}]}`,
		`{"compositeResponse":[{"referenceId":"q0","httpStatusCode":400,"body":[{"errorCode":"X","message":"y"}]},{"referenceId":"q1","httpStatusCode":"200","body":{"records":{},"done":false,"nextRecordsUrl":"/n","totalSize":-1}}]}`,
		`{"compositeResponse":[{"body":{"done":null,"done":true,"records":null,"records":[{}]},"body":{},"referenceId":null,"referenceId":"q0"}],"compositeResponse":[]}`,
		`{"compositeResponse":{"referenceId":"q0","httpStatusCode":2e2,"body":{"totalSize":9e99,"records":[]}}}`, `{"compositeResponse":[7,[{}],{}]}`, `{}`, `[]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := gjson.Parse(s)
		list := v.Get("compositeResponse")
		if !gjson.Valid(s) || !v.IsObject() || !list.IsArray() && !list.IsObject() {
			return
		}
		got := resultsOf(transport.Over(v))
		if len(got) != len(list.Array()) {
			t.Fatalf("%d results, gjson finds %d", len(got), len(list.Array()))
		}
		for i, a := range list.Array() {
			r := got[i]
			same := func(what string, got, want gjson.Result) {
				if diff := cmp.Diff(want.Raw, got.Raw); diff != "" {
					t.Fatalf("%s of %d: %s", what, i, diff)
				}
			}
			if !a.IsObject() {
				continue // no name has a value in it
			}
			same("referenceId", r.ref, a.Get("referenceId"))
			same("httpStatusCode", r.status, a.Get("httpStatusCode"))
			body := a.Get("body")
			same("body", r.body, body)
			if !body.IsObject() {
				continue
			}
			same("totalSize", r.page.total, body.Get("totalSize"))
			same("done", r.page.done, body.Get("done"))
			same("nextRecordsUrl", r.page.next, body.Get("nextRecordsUrl"))
			rows := body.Get("records").Array()
			if len(rows) != len(r.page.rows) {
				t.Fatalf("%d rows, gjson finds %d", len(r.page.rows), len(rows))
			}
			for k, row := range rows {
				same("row", r.page.rows[k], row)
			}
		}
	})
}

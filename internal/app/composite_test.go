package app_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
)

// losing stands before an org and cuts the connection of the first composite
// request that writes, after the org has carried it out.
func losing(lost *atomic.Int32) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if !strings.HasSuffix(r.URL.Path, "/composite") || !bytes.Contains(body, []byte(`"records"`)) || lost.Add(1) > 1 {
				next.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(httptest.NewRecorder(), r)
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			conn.Close()
		})
	}
}

// Writes that travel together leave the same on the record as those that do
// not. An answer that is lost puts up to 1,000 of them in doubt: they are read,
// more than one load takes, and none is sent a second time.
func TestCompositeWritesEndAsPlainOnes(t *testing.T) {
	t.Parallel()
	w := apptest.World(1500)
	plain := apptest.New(t, apptest.Options{CRM: apptest.Salesforce, World: w})
	still(plain)
	want := plain.Pass(t)
	if want.Confirmed <= 800 || want.Confirmed > 1000 {
		t.Fatalf("%d deals are written: not one batch of more deals than a load takes", want.Confirmed)
	}
	var lost atomic.Int32
	r := apptest.New(t, apptest.Options{CRM: apptest.Salesforce, World: w, Extra: "    composite_writes: true\n", Front: losing(&lost)})
	still(r)
	report := r.Try(t)
	if crm.KindOf(report.Err) != crm.Unavailable || report.Confirmed != want.Confirmed || report.Unresolved != 0 {
		t.Errorf("the pass says %+v", report)
	}
	r.Clock.Advance(time.Minute)
	if report := r.Pass(t); report.RecordsSent != 0 {
		t.Errorf("the next pass sent %d records", report.RecordsSent)
	}
	if n := r.DealsWritten(); int64(n) != want.Confirmed || lost.Load() != 1 {
		t.Errorf("%d records were written with %d requests, want %d with one", n, lost.Load(), want.Confirmed)
	}
	for i := range w.Deals {
		have, should := r.Own(t, r.Deal(i)), plain.Own(t, plain.Deal(i))
		for name := range should {
			if name != "updated_at" && name != "due_at" && have[name] != should[name] {
				t.Fatalf("deal %d: %s is %q, want %q", i, name, have[name], should[name])
			}
		}
	}
}

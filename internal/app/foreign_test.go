package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// What no vendor promises may change: the order of rows that were not sorted,
// how many come on a page, keys nobody knows, ids as text or number, empty
// properties left out, headers that are a courtesy. The same comes of it.
func TestNothingLeansOnWhatIsNotPromised(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		plain := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(260)}))
		still(plain)
		want := plain.Pass(t)
		o := quick(apptest.Options{CRM: crm, World: apptest.World(260), Front: foreign})
		o.Salesforce.PageSize = 37
		o.Salesforce.WidePages = true
		r := apptest.New(t, o)
		still(r)
		got := r.Pass(t)
		if got.FieldsWritten != want.FieldsWritten || got.Rejected+got.Unresolved+got.Degraded != 0 {
			t.Errorf("%d fields written, %d by a vendor we know: %+v", got.FieldsWritten, want.FieldsWritten, got.Counts)
		}
		for i := range plain.World.Deals {
			if d := cmp.Diff(plain.Own(t, plain.Deal(i)), r.Own(t, r.Deal(i))); d != "" {
				t.Fatalf("deal %d (-known +foreign):\n%s", i, d)
			}
		}
		r.Clock.Advance(time.Minute)
		if again := r.Pass(t); again.FieldsWritten != 0 {
			t.Errorf("the second pass wrote %d fields", again.FieldsWritten)
		}
	})
}

// still stops a rig's clock at the start: due times follow it to the second.
func still(r *apptest.Rig) {
	r.Clock.Freeze(true)
	r.Clock.Set(apptest.Start)
}

// foreign answers as another implementation of the same documents would.
func foreign(next http.Handler) http.Handler {
	var seed atomic.Uint64
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		sorted := strings.Contains(q.URL.Path, "/search") || strings.Contains(q.URL.RawQuery, "ORDER")
		if strings.HasSuffix(q.URL.Path, "/search") {
			body, _ := io.ReadAll(q.Body)
			body = bytes.Replace(body, []byte(`"limit":200`), []byte(`"limit":31`), 1)
			q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		q.Header.Del("Accept-Encoding")
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, q)
		for name, values := range rec.Header() {
			switch low := strings.ToLower(name); {
			case strings.HasPrefix(low, "x-"), strings.HasPrefix(low, "sforce-"), low == "content-length", low == "etag":
			default:
				w.Header()[name] = values
			}
		}
		body := rec.Body.Bytes()
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		var v any
		if strings.Contains(rec.Header().Get("Content-Type"), "json") && dec.Decode(&v) == nil {
			f := &stranger{rng: rand.New(rand.NewPCG(seed.Add(1), 7)), sorted: sorted}
			body, _ = json.Marshal(f.change(v))
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	})
}

type stranger struct {
	rng    *rand.Rand
	sorted bool
}

func (f *stranger) change(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = f.change(v[i])
		}
	case map[string]any:
		for key, inner := range v {
			v[key] = f.change(inner)
			switch key {
			case "results", "records", "to", "associationTypes", "fields", "stages", "picklistValues":
				f.shuffle(v[key], key)
			case "toObjectId":
				if n, err := strconv.ParseInt(v[key].(string), 10, 64); err == nil {
					v[key] = n
				}
			case "properties":
				if values, ok := v[key].(map[string]any); ok && len(values) > 3 {
					for name, text := range values {
						if text == nil {
							delete(values, name)
						}
					}
				}
			case "archived":
				delete(v, key)
			}
		}
		if _, wire := v["attributes"]; !wire && len(v) > 2 {
			if _, record := v["properties"]; record {
				v["someNewKey"] = map[string]any{"of": "a later release"}
			}
		}
	}
	return v
}

func (f *stranger) shuffle(v any, key string) {
	list, ok := v.([]any)
	if !ok || f.sorted && (key == "results" || key == "records") {
		return
	}
	f.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

package lessons_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// tap stands between syncd and the CRM. Until on is set everything passes.
type tap struct {
	mu sync.Mutex // guards on
	on func(w http.ResponseWriter, q *call) (answered bool)
}

// call is a request with its body read.
type call struct {
	*http.Request
	body  string
	serve func() *httptest.ResponseRecorder // lets the CRM answer
}

func (x *tap) set(on func(http.ResponseWriter, *call) bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.on = on
}

func (x *tap) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		x.mu.Lock()
		on := x.on
		x.mu.Unlock()
		if on == nil {
			next.ServeHTTP(w, q)
			return
		}
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		c := &call{Request: q, body: string(body), serve: func() *httptest.ResponseRecorder {
			q.Header.Del("Accept-Encoding")
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, q)
			return rec
		}}
		if !on(w, c) {
			next.ServeHTTP(w, q)
		}
	})
}

// changed tells the requests that ask which deals moved.
func (q *call) changed() bool {
	if strings.HasSuffix(q.URL.Path, "/deals/search") {
		return strings.Contains(q.body, `"hs_object_id","operator":"GT"`)
	}
	return strings.HasPrefix(q.URL.Query().Get("q"), "SELECT Id, IsWon, IsDeleted")
}

// loads tells the requests for whole deals.
func (q *call) loads() bool {
	return strings.HasSuffix(q.URL.Path, "/deals/batch/read") || strings.HasSuffix(q.URL.Path, "/composite") ||
		strings.Contains(q.URL.Query().Get("q"), "FROM Opportunity WHERE Id IN")
}

// writing tells the requests that write deals.
func (q *call) writing() bool {
	return strings.HasSuffix(q.URL.Path, "/deals/batch/update") || q.Method == http.MethodPatch && strings.HasSuffix(q.URL.Path, "/composite/sobjects")
}

// say answers with JSON.
func say(w http.ResponseWriter, status int, body string) bool {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, err := io.WriteString(w, body)
	return err == nil
}

// retell answers with what the CRM said, changed.
func retell(w http.ResponseWriter, rec *httptest.ResponseRecorder, change func(v any) any) bool {
	var v any
	d := json.NewDecoder(rec.Body)
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return say(w, rec.Code, "")
	}
	body, err := json.Marshal(change(v))
	if err != nil {
		return false
	}
	w.Header().Set("Date", rec.Header().Get("Date"))
	return say(w, rec.Code, string(body))
}

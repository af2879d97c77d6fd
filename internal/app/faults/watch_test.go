package faults_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// watch stands between syncd and the CRM and looks at what is written: a
// record that already shows everything that a write carries, its stamp apart,
// was sent again.
type watch struct {
	rig *apptest.Rig

	mu sync.Mutex // guards all below
	// before and after, if set, are told of the nth request.
	before, after func(nth int)
	requests      int
	asked         []question      // questions and writes in order, by themselves and inside others
	composites    int             // requests that hold others
	together      int             // which of them held writes last
	written       map[string]bool // deals that a write named
	resent        []string        // deals that were written again with the same values
}

func newWatch() *watch {
	w := &watch{}
	w.reset()
	return w
}

func (w *watch) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests, w.asked, w.written, w.resent = 0, nil, map[string]bool{}, nil
	w.composites, w.together = 0, 0
}

func (w *watch) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return // whoever asked is gone
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		n, before, after := w.see(q, body)
		if before != nil {
			before(n)
		}
		next.ServeHTTP(rw, q)
		if after != nil {
			after(n)
		}
	})
}

// tell sets who is told of requests, and counts them anew.
func (w *watch) tell(before, after func(nth int)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests, w.before, w.after = 0, before, after
}

// see looks at a request before it is served and returns its number, and who
// wants to know.
func (w *watch) see(q *http.Request, body []byte) (n int, before, after func(int)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	switch path := q.URL.Path; {
	case strings.HasSuffix(path, "/composite/sobjects"):
		w.collection(q.Method, body, false)
	case strings.HasSuffix(path, "/deals/batch/update"):
		w.write(body)
	case strings.HasSuffix(path, "/composite"):
		w.composite(body)
	case strings.HasSuffix(path, "/query"), strings.HasSuffix(path, "/queryAll"):
		w.ask(q.URL, false)
	}
	return w.requests, w.before, w.after
}

// write notes the records of a write. The CRM's answer does not matter: what
// the record shows tells whether an earlier write reached it.
func (w *watch) write(body []byte) {
	records, err := apptest.Written(body)
	if err != nil {
		panic(err) // syncd's own JSON
	}
	for id, fields := range records {
		w.record(id, fields)
	}
}

// collection notes records of Salesforce, which are all of one object.
func (w *watch) collection(method string, body []byte, inside bool) {
	kind := "collections update "
	if method == http.MethodPost {
		kind = "collections insert "
	}
	of := ofObject.FindSubmatch(body)
	if of == nil {
		panic("a collection without object")
	}
	w.asked = append(w.asked, question{kind + string(of[1]), inside})
	w.write(body)
}

var ofObject = regexp.MustCompile(`"type":\s*"(\w+)"`)

func (w *watch) record(id string, fields map[string]any) {
	w.written[id] = true
	if w.rig.ShowsAll(id, fields) {
		w.resent = append(w.resent, id)
	}
}

var from = regexp.MustCompile(`(?i)\bFROM (\w+)`)

const writeKind = "collections update Opportunity"

// question is a query, or a write, as the simulator names it.
type question struct {
	kind   string
	inside bool // it travelled inside another request
}

func (w *watch) ask(at *url.URL, inside bool) {
	kind := at.Path[strings.LastIndexByte(at.Path, '/')+1:]
	w.asked = append(w.asked, question{kind + " " + from.FindStringSubmatch(at.Query().Get("q"))[1], inside})
}

// composite notes the questions or writes inside a request.
func (w *watch) composite(body []byte) {
	var all struct {
		Requests []struct {
			Method string          `json:"method"`
			URL    string          `json:"url"`
			Body   json.RawMessage `json:"body"`
		} `json:"compositeRequest"`
	}
	if err := json.Unmarshal(body, &all); err != nil {
		panic(err)
	}
	w.composites++
	for _, sub := range all.Requests {
		if strings.HasSuffix(sub.URL, "/composite/sobjects") {
			w.collection(sub.Method, sub.Body, true)
			w.together = w.composites
			continue
		}
		at, err := url.Parse(sub.URL)
		if err != nil {
			panic(err)
		}
		w.ask(at, true)
	}
}

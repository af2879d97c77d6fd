package stories_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// door stands before the CRM and kills the program at a request.
type door struct {
	mu    sync.Mutex
	when  string // "before" the request is carried out, or "after"
	what  string // "asking": tasks are made; "writing": records are
	kill  func()
	fired bool
}

func (d *door) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		when, kill := d.meets(q, body)
		switch when {
		case "before":
			kill()
			panic(http.ErrAbortHandler)
		case "after":
			next.ServeHTTP(httptest.NewRecorder(), q)
			kill()
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, q)
	})
}

// meets tells what is to happen at a request, once.
func (d *door) meets(q *http.Request, body []byte) (when string, kill func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.what == "" || d.what != deed(q, body) {
		return "", nil
	}
	when, kill = d.when, d.kill
	d.what, d.fired = "", true
	return when, kill
}

// deed is what a request does to the CRM.
func deed(q *http.Request, body []byte) string {
	task, deal := bytes.Contains(body, []byte(`"Task"`)), bytes.Contains(body, []byte(`"Opportunity"`))
	switch {
	case strings.HasSuffix(q.URL.Path, "/tasks/batch/create"), q.Method == http.MethodPost && task:
		return "asking"
	case strings.HasSuffix(q.URL.Path, "/deals/batch/update"), q.Method == http.MethodPatch && deal:
		return "writing"
	}
	return ""
}

// crash makes a pass in a process of its own, which is killed at a request.
func (s *story) crash(ts *testscript.TestScript, when, what string) {
	s.Clock.Advance(15 * time.Minute)
	s.Close(s.t)
	cmd := exec.CommandContext(s.t.Context(), s.bin, "run", "--once", "-c", s.WriteConfig(s.t))
	s.door.mu.Lock()
	s.door.when, s.door.what, s.door.fired = when, what, false
	s.door.kill = func() { _ = cmd.Process.Kill() }
	s.door.mu.Unlock()
	out, err := cmd.CombinedOutput()
	s.door.mu.Lock()
	fired := s.door.fired
	s.door.what = ""
	s.door.mu.Unlock()
	if err == nil || !fired {
		ts.Fatalf("the program was not killed %s %s: %v\n%s", when, what, err, out)
	}
	s.HandOver(s.t)
	s.Open(s.t)
	s.look()
}

package stories_test

import (
	"bytes"
	"fmt"
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
	if out := s.runInto(when, what); out != "" {
		ts.Fatalf("the program was not killed %s %s:\n%s", when, what, out)
	}
	s.HandOver(s.t)
	s.Open(s.t)
	s.look()
}

// runInto makes a pass, or does what args say, in a process of its own, which
// is killed where the door is told to. It returns what the process said if it was not.
func (s *story) runInto(when, what string, args ...string) string {
	s.t.Helper()
	var said bytes.Buffer
	if args == nil {
		args = []string{"run", "--once"}
	}
	cmd := exec.CommandContext(s.t.Context(), s.bin, append(args, "-c", s.WriteConfig(s.t))...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	process, d := cmd.Process, s.door
	d.mu.Lock()
	d.when, d.what, d.fired = when, what, false
	d.kill = func() { _ = process.Kill() }
	d.mu.Unlock()
	err := cmd.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.what = ""
	if d.fired {
		return ""
	}
	return fmt.Sprintf("%v\n%s", err, said.String())
}

package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/cli"
	"github.com/handoffscore/syncd/internal/need"
)

// screen is an output that is read while it is written.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// shows waits until the screen shows something.
func (s *screen) shows(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if m := re.FindStringSubmatch(s.String()); m != nil {
			return m
		}
	}
	t.Fatalf("no %s in\n%s", pattern, s)
	return nil
}

// settings is a configuration whose CRM is nowhere.
func settings(t *testing.T, database, listen string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "syncd.yaml")
	if database == "" {
		database = filepath.Join(filepath.Dir(path), "syncd.db")
	}
	t.Setenv("SYNCD_TEST_TOKEN", "pat-na1-none")
	text := fmt.Sprintf("company: {time_zone: UTC}\ndatabase: %q\nhttp: {listen: %q}\nconnections:\n"+
		"  - {name: portal, crm: hubspot, base_url: \"http://127.0.0.1:1\", auth: {token: \"${env:SYNCD_TEST_TOKEN}\"}, scope: {go_live: 2026-11-01}}\n", database, listen)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func taken(t *testing.T, addr string) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", addr)
	if err != nil {
		return addr // by somebody else, as well
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestATakenPortIsAFaultOfTheConfiguration(t *testing.T) {
	var out, errs screen
	path := settings(t, "", taken(t, "127.0.0.1:0"))
	if code := cli.Main(t.Context(), []string{"run", "-c", path}, &out, &errs); code != 2 || !strings.Contains(errs.String(), "http.listen") {
		t.Errorf("exit %d: %s", code, errs.String())
	}
	if code := cli.Main(t.Context(), []string{"run", "--once", "-c", path}, &out, &errs); code != 1 {
		t.Errorf("run --once serves nothing, and still: exit %d: %s", code, errs.String())
	}
}

func TestADatabaseThatRefusesIsAFaultOfTheConfiguration(t *testing.T) {
	var out, errs screen
	path := settings(t, need.Postgres(t)+"_which_is_not_there", "off")
	if code := cli.Main(t.Context(), []string{"run", "-c", path}, &out, &errs); code != 2 || !strings.Contains(errs.String(), "does not exist") {
		t.Errorf("exit %d: %s", code, errs.String())
	}
}

func TestRunWaitsForItsDatabase(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs screen
	code := make(chan int, 1)
	t.Setenv("SYNCD_DATABASE", "postgres://root:hunter2@127.0.0.1:1/syncd")
	path := settings(t, "${env:SYNCD_DATABASE}", "127.0.0.1:0")
	go func() { code <- cli.Main(ctx, []string{"run", "-c", path}, &out, &errs) }()
	errs.shows(t, "waiting for the database.*127.0.0.1:1/syncd.*connection refused")
	cancel()
	if got := <-code; got != 0 || strings.Contains(errs.String(), "hunter2") {
		t.Errorf("exit %d: %s", got, errs.String())
	}
}

// A daemon that serves nothing does not say that it serves.
func TestRunWithoutPagesSaysSo(t *testing.T) {
	for listen, want := range map[string]string{"off": `started; http.listen and http.admin are off`, "127.0.0.1:0": `serving.*"pages": "127`} {
		ctx, cancel := context.WithCancel(t.Context())
		var out, errs screen
		code := make(chan int, 1)
		path := settings(t, "", listen)
		go func() { code <- cli.Main(ctx, []string{"run", "-c", path}, &out, &errs) }()
		errs.shows(t, want)
		cancel()
		if got := <-code; got != 0 || listen == "off" && strings.Contains(errs.String(), "serving") || strings.Contains(errs.String(), "profiles") {
			t.Errorf("%s: exit %d: %s", listen, got, errs.String())
		}
	}
}

// The demo's usual port is often taken on a developer's machine.
func TestTheDemoServesItsPagesWhereverItCan(t *testing.T) {
	taken(t, "127.0.0.1:8080")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs screen
	code := make(chan int, 1)
	go func() { code <- cli.Main(ctx, []string{"demo", "--deals", "20"}, &out, &errs) }()
	page := out.shows(t, `(http://127\.0\.0\.1:\d+/metrics)`)[1]
	config := out.shows(t, `The config lies at (\S+syncd\.yaml)\.`)[1]
	out.shows(t, "Stop with Ctrl-C")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || strings.Contains(page, ":8080/") || !strings.Contains(string(body), `syncd_passes_total{`) {
		t.Errorf("%s: %v %.300s", page, err, body)
	}
	cancel()
	if got := <-code; got != 0 {
		t.Errorf("exit %d: %s", got, errs.String())
	}
	if _, err := os.Stat(filepath.Dir(config)); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", filepath.Dir(config), err)
	}
}

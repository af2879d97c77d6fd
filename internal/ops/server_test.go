package ops_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/handoffscore/syncd/internal/ops"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server until the test ends.
func serve(t *testing.T, h *ops.Health, o ops.Options) *ops.Server {
	t.Helper()
	s, err := ops.Listen(t.Context(), metrics(), h, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

// ask returns an answer's status, type and body.
func ask(t *testing.T, method, url string, header ...string) (status int, kind, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(b)
}

func TestAliveWhateverElseAndReadyOnlyWithoutAReason(t *testing.T) {
	h := ops.NewHealth()
	s := serve(t, h, ops.Options{Listen: "127.0.0.1:0"})
	at := "http://" + s.Addr()
	check := func(want int, lines ...string) {
		t.Helper()
		if status, _, _ := ask(t, "GET", at+"/healthz"); status != http.StatusOK {
			t.Errorf("/healthz %d", status)
		}
		status, _, body := ask(t, "GET", at+"/readyz")
		if status != want {
			t.Errorf("/readyz %d, want %d: %s", status, want, body)
		}
		for _, line := range lines {
			if !strings.Contains(body, line) {
				t.Errorf("/readyz does not say %q:\n%s", line, body)
			}
		}
	}
	check(503, "start: under way")
	h.Up(ops.Start)
	check(200, "ready")
	h.Note("connection org", "no pass has succeeded since Monday")
	check(200, "note: connection org: no pass has succeeded since Monday")
	h.Down(ops.Database, "connection refused")
	h.Down(ops.Store, "not migrated")
	check(503, "database: connection refused (since 2", "store: not migrated", "note: connection org")
	if figure := scrape(t, at, "syncd_ready"); figure != "0" {
		t.Errorf("syncd_ready %s", figure)
	}
	h.Up(ops.Database)
	h.Up(ops.Store)
	h.Note("connection org", "")
	check(200, "ready")
	if figure := scrape(t, at, "syncd_database_up"); figure != "1" {
		t.Errorf("syncd_database_up %s", figure)
	}
}

// scrape reads one figure without labels.
func scrape(t *testing.T, at, name string) string {
	t.Helper()
	status, _, body := ask(t, "GET", at+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("/metrics %d: %s", status, body)
	}
	for line := range strings.Lines(body) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("no %s", name)
	return ""
}

func TestReadinessForPrograms(t *testing.T) {
	h := ops.NewHealth()
	s := serve(t, h, ops.Options{Listen: "127.0.0.1:0"})
	h.Up(ops.Start)
	h.Down(ops.Database, "no answer in time")
	for _, query := range [][]string{{"/readyz?format=json"}, {"/readyz", "Accept", "application/json"}} {
		status, kind, body := ask(t, "GET", "http://"+s.Addr()+query[0], query[1:]...)
		var r ops.Readiness
		if err := json.Unmarshal([]byte(body), &r); err != nil || kind != "application/json" || status != 503 {
			t.Fatalf("%v: %d %s %s, %v", query, status, kind, body, err)
		}
		if r.Ready || len(r.Reasons) != 1 || r.Reasons[0].Part != ops.Database || r.Reasons[0].Why != "no answer in time" || r.Reasons[0].Since.IsZero() {
			t.Errorf("%v: %+v", query, r)
		}
	}
}

// An outage is as old as its first sign, whatever is said of it later.
func TestAnOutageKeepsItsBeginning(t *testing.T) {
	h := ops.NewHealth()
	if !h.Down(ops.Database, "connection refused") {
		t.Error("the first sign is not the first")
	}
	since := h.Readiness().Reasons[0].Since
	time.Sleep(1100 * time.Millisecond)
	if h.Down(ops.Database, "it is starting up") {
		t.Error("the second sign is the first")
	}
	if r := h.Readiness().Reasons[0]; r.Since != since || r.Why != "it is starting up" {
		t.Errorf("%+v, began %s", r, since)
	}
	if h.Up(ops.Database) < time.Second || h.Up(ops.Database) != 0 {
		t.Error("how long it was is not told, or told twice")
	}
}

func TestOtherMethodsAndPages(t *testing.T) {
	s := serve(t, ops.NewHealth(), ops.Options{Listen: "127.0.0.1:0"})
	for _, c := range []struct {
		method, path string
		want         int
	}{{"POST", "/readyz", 405}, {"HEAD", "/healthz", 200}, {"GET", "/", 200}, {"GET", "/nothing", 404}, {"GET", "/debug/pprof/", 404}} {
		if status, _, _ := ask(t, c.method, "http://"+s.Addr()+c.path); status != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, status, c.want)
		}
	}
}

// A client that opens a connection and says nothing is let go of.
func TestASilentClientIsLetGo(t *testing.T) {
	s := serve(t, ops.NewHealth(), ops.Options{Listen: "127.0.0.1:0"})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET /healthz HTTP/1.1\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(8 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, conn)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		t.Error("still held after 8 seconds")
	}
}

func TestProfilesAreForThisMachineAlone(t *testing.T) {
	for _, addr := range []string{":6060", "0.0.0.0:6060", "192.0.2.1:6060", "[::]:6060", "example.com:6060"} {
		s, err := ops.Listen(t.Context(), metrics(), ops.NewHealth(), ops.Options{Admin: addr})
		var taken *ops.ErrListen
		if !errors.As(err, &taken) || taken.Key != "http.admin" {
			t.Errorf("%s: %v, %v", addr, s, err)
		}
	}
	s := serve(t, ops.NewHealth(), ops.Options{Listen: "127.0.0.1:0", Admin: "127.0.0.1:0"})
	if status, _, body := ask(t, "GET", "http://"+s.AdminAddr()+"/debug/pprof/heap?debug=1"); status != 200 || !strings.Contains(body, "heap profile") {
		t.Errorf("heap: %d %.80s", status, body)
	}
	if status, _, _ := ask(t, "GET", "http://"+s.AdminAddr()+"/metrics"); status != 404 {
		t.Errorf("metrics beside the profiles: %d", status)
	}
	if status, _, _ := ask(t, "GET", "http://"+s.AdminAddr()+"/debug/pprof/", "Host", "evil.example:6060"); status != 403 {
		t.Errorf("asked for by another name: %d", status)
	}
}

func TestATakenPortIsNamedOrAnotherIsFound(t *testing.T) {
	first := serve(t, ops.NewHealth(), ops.Options{Listen: "127.0.0.1:0"})
	_, err := ops.Listen(t.Context(), metrics(), ops.NewHealth(), ops.Options{Listen: first.Addr()})
	if err == nil || !strings.Contains(err.Error(), "http.listen") || !strings.Contains(err.Error(), first.Addr()) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("taken: %v", err)
	}
	second, err := ops.Listen(t.Context(), metrics(), ops.NewHealth(), ops.Options{Listen: first.Addr(), AnyPort: true})
	if err != nil {
		t.Fatal(err)
	}
	if second.Addr() == first.Addr() || !strings.HasPrefix(second.Addr(), "127.0.0.1:") {
		t.Errorf("found %s beside %s", second.Addr(), first.Addr())
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

func TestNothingIsServedWhereItIsOff(t *testing.T) {
	for _, addr := range []string{"", "off"} {
		s, err := ops.Listen(t.Context(), metrics(), ops.NewHealth(), ops.Options{Listen: addr, Admin: addr})
		if err != nil || s.Addr() != "" || s.AdminAddr() != "" {
			t.Fatalf("%q: %s %s %v", addr, s.Addr(), s.AdminAddr(), err)
		}
		if err := s.Run(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

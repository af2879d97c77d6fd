package cli_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/cli"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// Who stops a command is told that it was stopped, and not that the CRM is at
// fault or away.
func TestStoppingIsNoFaultOfTheCRM(t *testing.T) {
	for _, c := range []struct {
		args []string
		stop func(*http.Request) bool // the request during which the command is stopped
		says string
	}{
		{[]string{"run", "--once"}, search, "ended early: stopped; run it again to go on"},
		{[]string{"plan"}, search, "ended early: stopped; run it again to go on"},
		{[]string{"run", "--once", "-o", "json"}, search, `"error": "stopped; run it again to go on"`},
		{[]string{"fields", "plan"}, func(r *http.Request) bool { return true }, "ended early: stopped; run it again to go on"},
		{[]string{"fields", "apply"}, func(r *http.Request) bool { return r.Method == http.MethodPost }, "ended early: stopped; run it again to go on"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			now := time.Now().UTC().Truncate(time.Second)
			w := world.Generate(world.GenerateOptions{Deals: 10, Seed: 5, Now: now})
			sim := hssim.New(w, hssim.Options{Clock: simclock.New(now), NoSearchLag: true, NoHandoffFields: true})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if c.stop(r) {
					cancel()
					io.Copy(io.Discard, r.Body) // until it is read, a hang-up is not noticed
					select {
					case <-r.Context().Done():
					case <-time.After(10 * time.Second):
					}
					return
				}
				sim.ServeHTTP(rw, r)
			}))
			defer srv.Close()
			path := filepath.Join(t.TempDir(), "syncd.yaml")
			t.Setenv("SYNCD_TEST_TOKEN", sim.Credentials().Token)
			text := "company: {time_zone: UTC}\ndatabase: %q\nconnections:\n"
			for _, name := range []string{"portal", "another"} {
				text += "  - {name: " + name + ", crm: hubspot, base_url: %[2]q, auth: {token: \"${env:SYNCD_TEST_TOKEN}\"}, scope: {go_live: 2026-11-01}}\n"
			}
			if err := os.WriteFile(path, fmt.Appendf(nil, text, filepath.Join(filepath.Dir(path), "syncd.db"), srv.URL), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errs screen
			code := cli.Main(ctx, append(c.args, "-c", path), &out, &errs)
			told := out.String() + errs.String()
			if code != 1 || !strings.Contains(told, c.says) {
				t.Errorf("exit %d, no %q in\n%s", code, c.says, told)
			}
			for _, blame := range []string{"context canceled", "unavailable", "NOT created", "another"} {
				if strings.Contains(told, blame) {
					t.Errorf("%q in\n%s", blame, told)
				}
			}
		})
	}
}

func search(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/search") }

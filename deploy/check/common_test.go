package check_test

import (
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/jackc/pgx/v5"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/ops"
)

const (
	image = "65532" // user and group of the image
	// A stop takes the grace of internal/job twice, and that of internal/ops.
	longestStop = 42 * time.Second
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// strict decodes a file that holds one document; a key that its type does not
// know is a fault, and so is a slip of the pen.
func strict[T any](t *testing.T, path string) (out T) {
	t.Helper()
	if err := yaml.UnmarshalWithOptions([]byte(read(t, path)), &out, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return out
}

func load(t *testing.T, path string) *config.Config {
	t.Helper()
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfigurationsAreValidAndObserve(t *testing.T) {
	var all []string
	for _, pattern := range []string{"../*/syncd.yaml", "../../config/example-*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	crms := map[string]bool{}
	for _, path := range all {
		for _, c := range load(t, path).Connections {
			crms[c.CRM] = true
			if c.Mode != "observe" {
				t.Errorf("%s writes before anybody said so", path)
			}
		}
	}
	if len(all) != 5 || len(crms) != 2 {
		t.Errorf("%v for %v", all, slices.Sorted(maps.Keys(crms)))
	}
}

// files are the paths a configuration reads: of secrets, and of what the
// database's address names.
func files(t *testing.T, path string) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile(`\$\{file:([^}]+)\}`).FindAllStringSubmatch(read(t, path), -1) {
		out = append(out, m[1])
	}
	if db := load(t, path).Database; strings.Contains(db, "://") {
		u, err := url.Parse(db)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"passfile", "sslrootcert"} {
			if p := u.Query().Get(key); p != "" {
				out = append(out, p)
			}
		}
		if _, given := u.User.Password(); given {
			t.Errorf("%s holds the database's password", path)
		}
	}
	slices.Sort(out)
	return out
}

// signsIn wants the database's address to take its password from the passfile.
func signsIn(t *testing.T, dsn string) *pgx.ConnConfig {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(file, []byte("*:*:*:syncd:hunter2\n"), 0o440); err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("passfile", file)
	q.Del("sslrootcert") // none is here
	u.RawQuery = q.Encode()
	c, err := pgx.ParseConfig(u.String())
	if err != nil {
		t.Fatal(err)
	}
	if c.Password != "hunter2" {
		t.Error("the passfile's password is not used")
	}
	return c
}

// port is the port of the health pages, which must be reachable from outside.
func port(t *testing.T, c *config.Config) string {
	t.Helper()
	host, port, err := net.SplitHostPort(c.HTTP.Listen)
	if err != nil {
		t.Fatal(err)
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsLoopback() {
		t.Errorf("%s is not reached from outside the container", c.HTTP.Listen)
	}
	if c.HTTP.Admin != "" {
		t.Error("profiles are served")
	}
	return port
}

// pages asks a program for a path: while it starts, once it works, and when
// its database is away.
func pages(t *testing.T, path string) (starting, working, down int) {
	t.Helper()
	health := ops.NewHealth()
	s, err := ops.Listen(t.Context(), ops.NewMetrics(nil), health, ops.Options{Listen: "off"})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() int {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w.Code
	}
	starting = ask()
	health.Up(ops.Start)
	working = ask()
	health.Down(ops.Database, "connection refused")
	return starting, working, ask()
}

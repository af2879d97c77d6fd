package replicas

import (
	"context"
	"database/sql"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/need"
)

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) { return apptest.Build(context.Background(), scratch) })

// scratch is the folder of what all tests share.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "replicas-")
	if err != nil {
		panic(err)
	}
	scratch = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// all reports whether the long forms are asked for.
func all() bool { return os.Getenv("SYNCD_MATRIX") == "all" }

// fleet is a database, simulated CRMs, and the processes that share them.
type fleet struct {
	t      *testing.T
	dsn    string
	db     *sql.DB
	orgs   []*org
	dir    string
	binary string
	head   string // of every configuration
	door   door
	count  atomic.Int32 // processes started so far
}

// newFleet makes the database and the CRMs; nothing runs yet.
func newFleet(t *testing.T, o orgOptions) *fleet {
	t.Helper()
	f := &fleet{t: t, dsn: need.Postgres(t), dir: t.TempDir()}
	var err error
	if f.binary, err = binary(); err != nil {
		t.Fatal(err)
	}
	if f.db, err = sql.Open("pgx", f.dsn); err != nil {
		t.Fatal(err)
	}
	f.db.SetMaxOpenConns(2)
	t.Cleanup(func() { f.db.Close() })
	f.addOrgs(o)
	return f
}

// replica is one process.
type replica struct {
	*apptest.Process
	name   string // its application_name in the database
	holder string // what it signs leases with
	doors  []*httptest.Server
}

// start starts syncd run with front doors and a configuration of its own.
// The configurations differ in the CRMs' addresses alone.
func (f *fleet) start(flags ...string) (*replica, error) {
	n := f.count.Add(1)
	r := &replica{name: fmt.Sprintf("replica-%d", n)}
	config := f.head
	for _, o := range f.orgs {
		d := httptest.NewServer(f.open(r, o))
		r.doors = append(r.doors, d)
		config += strings.ReplaceAll(o.config, placeholder, d.URL)
	}
	path := filepath.Join(f.dir, r.name+".yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(f.binary, append([]string{"run", "-c", path, "--log", "json"}, flags...)...)
	cmd.Env = append(os.Environ(), "PGAPPNAME="+r.name)
	if r.Process, err = apptest.Launch(f.t, filepath.Join(f.dir, r.name+".log"), cmd); err != nil {
		return nil, err
	}
	r.holder = fmt.Sprintf("%s/%d", host, cmd.Process.Pid)
	f.t.Cleanup(func() { f.kill(r) })
	return r, f.introduce(r)
}

// started starts a process, or ends the test.
func (f *fleet) started(flags ...string) *replica {
	f.t.Helper()
	r, err := f.start(flags...)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// kill is kill -9. When it returns, nothing of the process is under way in any
// CRM either.
func (f *fleet) kill(r *replica) { f.end(r, syscall.SIGKILL) }

// stop is SIGTERM, as from whoever deploys; it returns once the process is gone.
func (f *fleet) stop(r *replica) { f.end(r, syscall.SIGTERM) }

func (f *fleet) end(r *replica, by syscall.Signal) {
	if err := r.End(by); err != nil {
		f.t.Error(err)
	}
	for _, d := range r.doors {
		d.Close()
	}
}

// pause is SIGSTOP, resume SIGCONT.
func (f *fleet) pause(r *replica)  { f.signal(r, syscall.SIGSTOP) }
func (f *fleet) resume(r *replica) { f.signal(r, syscall.SIGCONT) }

func (f *fleet) signal(r *replica, s syscall.Signal) {
	f.t.Helper()
	if err := r.Cmd.Process.Signal(s); err != nil {
		f.t.Fatal(err)
	}
}

// until waits for something to become so.
func (f *fleet) until(within time.Duration, what string, so func() bool) {
	f.t.Helper()
	for end := time.Now().Add(within); !so(); time.Sleep(50 * time.Millisecond) {
		if f.t.Failed() {
			f.t.FailNow()
		}
		if time.Now().After(end) {
			f.t.Fatalf("not within %v: %s", within, what)
		}
	}
}

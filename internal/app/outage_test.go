package app_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/need"
)

// wire stands between the program and a PostgreSQL and can be cut: what was
// connected is reset, and connections are refused until it is mended. While
// flow is locked it takes connections and carries nothing.
type wire struct {
	t        *testing.T
	to, addr string
	flow     sync.RWMutex

	mu       sync.Mutex // guards what follows
	listener net.Listener
	ends     map[net.Conn]bool
	ongoing  sync.WaitGroup
}

// cable lays a wire to a database and returns the address at this end.
func cable(t *testing.T, dsn string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, to: u.Host, addr: "127.0.0.1:0", ends: map[net.Conn]bool{}}
	w.mend()
	t.Cleanup(w.cut)
	u.Host = w.addr
	return w, u.String()
}

func (w *wire) mend() {
	w.t.Helper()
	var l net.Listener
	var err error
	within(w.t, 5*time.Second, func() bool {
		l, err = net.Listen("tcp", w.addr)
		return err == nil
	}, func() string { return err.Error() })
	w.mu.Lock()
	w.listener, w.addr = l, l.Addr().String()
	w.mu.Unlock()
	w.ongoing.Add(1)
	go func() {
		defer w.ongoing.Done()
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", w.to)
			if err != nil {
				near.Close()
				continue
			}
			w.mu.Lock()
			w.ends[near], w.ends[far] = true, true
			w.mu.Unlock()
			w.ongoing.Add(2)
			go w.carry(near, far)
			go w.carry(far, near)
		}
	}()
}

func (w *wire) carry(to, from net.Conn) {
	defer w.ongoing.Done()
	for part := make([]byte, 32<<10); ; {
		n, err := from.Read(part)
		w.flow.RLock()
		_, failed := to.Write(part[:n])
		w.flow.RUnlock()
		if err != nil || failed != nil { // one end has gone
			break
		}
	}
	to.Close()
	from.Close()
	w.mu.Lock()
	delete(w.ends, to)
	delete(w.ends, from)
	w.mu.Unlock()
}

func (w *wire) cut() {
	w.mu.Lock()
	w.listener.Close()
	for end := range w.ends {
		if tcp, ok := end.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, as from a killed server
		}
		end.Close()
	}
	w.mu.Unlock()
	w.ongoing.Wait()
}

// The database goes away between passes, with connections refused, and comes
// back: the daemon says so, waits, and goes on by itself.
func TestAnOutageOfTheDatabaseIsWaitedFor(t *testing.T) {
	w, dsn := cable(t, need.Postgres(t))
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.HubSpot, World: apptest.World(20), Extra: "    schedule: \"@every 2s\"\n"}))
	r.Close(t)
	d := start(t, settings(t, r, dsn))
	passes := func(atLeast float64) {
		t.Helper()
		within(t, 90*time.Second, func() bool { return d.done() >= atLeast }, func() string {
			_, body := d.get("/readyz")
			return body
		})
	}
	d.readiness(http.StatusOK, "ready")
	passes(2)
	w.cut()
	body := d.readiness(http.StatusServiceUnavailable, "database: ")
	if !strings.Contains(body, "(since 2") {
		t.Errorf("%s", body)
	}
	d.readiness(http.StatusServiceUnavailable, "database: connection refused")
	if status, _ := d.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz %d", status)
	}
	if d.figure("syncd_database_up") != 0 || d.figure("syncd_ready") != 0 {
		t.Error("the figures say that it is up")
	}
	time.Sleep(3 * time.Second)
	before := d.done()
	w.mend()
	d.readiness(http.StatusOK, "ready")
	back := time.Now()
	passes(before + 2)
	t.Logf("two passes %.1f s after it was back", time.Since(back).Seconds())
	if n := d.logs.FilterMessage("the database does not answer; passes wait for it").Len(); n != 1 {
		t.Errorf("the outage is logged %d times", n)
	}
	if n := d.logs.FilterLevelExact(zapcore.ErrorLevel).Len(); n > 10 {
		t.Errorf("%d errors are logged for one outage", n)
	}
	if d.logs.FilterMessage("the database answers again").Len() < 1 {
		t.Error("its end is not logged")
	}
}

// A host that vanished refuses nothing: it does not answer at all.
func TestADatabaseThatDoesNotAnswerIsAnOutageToo(t *testing.T) {
	w, dsn := cable(t, need.Postgres(t))
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.HubSpot, World: apptest.World(5)}))
	r.Close(t)
	d := start(t, settings(t, r, dsn))
	d.readiness(http.StatusOK, "ready")
	within(t, 30*time.Second, func() bool { return d.done() >= 1 }, func() string { return "a pass" })
	w.flow.Lock()
	func() {
		defer w.flow.Unlock()
		d.readiness(http.StatusServiceUnavailable, "database: no answer in time")
	}()
	d.readiness(http.StatusOK, "ready")
}

// The database goes away in the middle of a pass, which then goes on where it
// was: nothing is lost and nothing is written twice.
func TestAPassThatLosesTheDatabaseGoesOn(t *testing.T) {
	w, dsn := cable(t, need.Postgres(t))
	var reads atomic.Int32
	held, release := make(chan struct{}), make(chan struct{})
	r := apptest.New(t, quick(apptest.Options{
		CRM: apptest.HubSpot, World: apptest.World(60), Extra: "    schedule: \"@every 1h\"\n",
		Front: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
				if strings.HasSuffix(q.URL.Path, "/batch/read") && reads.Add(1) == 1 {
					close(held)
					<-release
				}
				next.ServeHTTP(rw, q)
			})
		},
	}))
	r.Close(t)
	d := start(t, settings(t, r, dsn))
	select {
	case <-held:
	case <-time.After(30 * time.Second):
		t.Fatal("no pass began")
	}
	w.cut()
	close(release)
	d.readiness(http.StatusServiceUnavailable, "database")
	time.Sleep(3 * time.Second)
	w.mend()
	d.readiness(http.StatusOK, "ready")
	within(t, 45*time.Second, func() bool { return d.done() >= 1 }, func() string {
		_, body := d.get("/metrics")
		return body
	})
	wrote := r.DealsWritten()
	if wrote == 0 {
		t.Error("nothing was written")
	}
	if n := d.figure(`syncd_records_written_total{connection="portal"}`); int(n) != wrote {
		t.Errorf("%v records counted, %d written", n, wrote)
	}
}

// A database that is not there yet is no reason to end: the daemon is alive,
// says what it waits for, and begins once it is there.
func TestTheStartWaitsForTheDatabase(t *testing.T) {
	w, dsn := cable(t, need.Postgres(t))
	w.cut()
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.HubSpot, World: apptest.World(5)}))
	r.Close(t)
	d := start(t, settings(t, r, dsn))
	d.readiness(http.StatusServiceUnavailable, "database: connection refused")
	if status, _ := d.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz %d", status)
	}
	if d.figure("syncd_database_up") != 0 {
		t.Error("the figure says that it is up")
	}
	if d.logs.FilterMessage("waiting for the database").Len() != 1 {
		t.Error("the wait is not logged once")
	}
	w.mend()
	d.readiness(http.StatusOK, "ready")
	within(t, 30*time.Second, func() bool { return d.done() >= 1 }, func() string { return "a pass" })
}

// Stopped while it waits, the daemon ends at once and without a fault.
func TestAStopWhileTheStartWaits(t *testing.T) {
	w, dsn := cable(t, need.Postgres(t))
	w.cut()
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.HubSpot, World: apptest.World(5)}))
	r.Close(t)
	d := start(t, settings(t, r, dsn))
	d.readiness(http.StatusServiceUnavailable, "database")
	d.stop()
	select {
	case err := <-d.ended:
		if err != nil {
			t.Error(err)
		}
		d.ended <- nil // for the clean-up
	case <-time.After(10 * time.Second):
		t.Fatal("it still waits")
	}
}

// A slice that the database does not take has not happened: the run is saved
// where it was, and the deals are judged by whoever goes on with it.
func TestASliceThatIsNotKeptIsJudgedAgain(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(40)}))
		db, err := r.Store(t).Pool(1)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		say := func(sql string) {
			t.Helper()
			if _, err := db.ExecContext(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		say(`CREATE TRIGGER full BEFORE INSERT ON states BEGIN SELECT RAISE(ABORT, 'no room'); END`)
		if failed := r.Try(t); failed.Err == nil || !strings.Contains(failed.Err.Error(), "no room") {
			t.Fatalf("the slice was kept: %v", failed.Err)
		}
		say(`DROP TRIGGER full`)
		r.Pass(t)
		same := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(40)}))
		same.Pass(t)
		if n, want := r.DealsWritten(), same.DealsWritten(); n != want || n == 0 {
			t.Errorf("%d deals written, want %d", n, want)
		}
	})
}

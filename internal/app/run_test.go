package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/need"
)

// daemon is the program as `syncd run` runs it.
type daemon struct {
	t     *testing.T
	app   *app.App
	at    string // of its pages
	logs  *observer.ObservedLogs
	stop  context.CancelFunc
	ended chan error
}

// settings are the rig's own, with pages on any port.
func settings(t *testing.T, r *apptest.Rig, database string) *config.Config {
	t.Helper()
	cfg, err := config.Load(r.WriteConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTP.Listen = "127.0.0.1:0"
	if database != "" {
		cfg.Database = database
	}
	return cfg
}

// start runs the daemon until the test ends.
func start(t *testing.T, cfg *config.Config) *daemon {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	a, err := app.New(t.Context(), cfg, app.Options{Log: zap.New(core), Wait: true})
	if err != nil {
		t.Fatal(err)
	}
	addr, err := a.Listen(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &daemon{t: t, app: a, at: "http://" + addr, logs: logs, stop: cancel, ended: make(chan error, 1)}
	go func() { d.ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		asked := time.Now()
		select {
		case err := <-d.ended:
			t.Logf("ended %.1f s after it was asked to", time.Since(asked).Seconds())
			if err != nil {
				t.Errorf("the daemon ended with %v", err)
			}
		case <-time.After(60 * time.Second):
			t.Error("the daemon does not end")
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *daemon) get(path string) (int, string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.at+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		d.t.Fatalf("%s: %v", path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// figure reads a metric by its name and labels as they are served; 0 if it is
// not there.
func (d *daemon) figure(series string) (value float64) {
	d.t.Helper()
	_, body := d.get("/metrics")
	for line := range strings.Lines(body) {
		if text, ok := strings.CutPrefix(line, series+" "); ok {
			if _, err := fmt.Sscan(text, &value); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	return value
}

// done counts the passes that succeeded.
func (d *daemon) done() float64 {
	d.t.Helper()
	return d.figure(`syncd_passes_total{connection="portal",kind="full",status="done"}`) +
		d.figure(`syncd_passes_total{connection="portal",kind="incremental",status="done"}`)
}

// eventually waits for /readyz to give a status and say something.
func (d *daemon) readiness(status int, says string) string {
	d.t.Helper()
	var got int
	var body string
	within(d.t, 30*time.Second, func() bool {
		got, body = d.get("/readyz")
		return got == status && strings.Contains(body, says)
	}, func() string { return fmt.Sprintf("/readyz %d saying %q, want %d saying %q", got, body, status, says) })
	return body
}

func within(t *testing.T, limit time.Duration, ok func() bool, what func() string) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", limit, what())
		}
	}
}

// From start to ready is under 300 ms where nothing else runs; a loaded
// machine gets ten times that.
func TestReadySoonAfterTheStart(t *testing.T) {
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.HubSpot, World: apptest.World(30)}))
	r.Close(t)
	cfg := settings(t, r, "")
	for _, what := range []string{"a new store", "a store that is there"} {
		begun := time.Now()
		d := start(t, cfg)
		within(t, 3*time.Second, func() bool {
			status, _ := d.get("/readyz")
			return status == http.StatusOK
		}, func() string { return "ready with " + what })
		t.Logf("ready %d ms after the start, with %s", time.Since(begun).Milliseconds(), what)
		d.stop()
		if err := <-d.ended; err != nil {
			t.Error(err)
		}
		d.ended <- nil // for the clean-up
	}
}

// A daemon's first passes, seen from outside.
func TestMetricsTellWhatPassesDid(t *testing.T) {
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.HubSpot, World: apptest.World(60)}))
	r.Close(t)
	d := start(t, settings(t, r, ""))
	within(t, 30*time.Second, func() bool { return d.done() >= 1 && d.figure(`syncd_deals_in_scope{connection="portal"}`) > 0 }, func() string { return "a pass" })
	report := r.Store(t)
	runs, err := report.Runs(t.Context(), "portal", 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, series := range []string{
		`syncd_deals_read_total{connection="portal"}`, `syncd_fields_written_total{connection="portal"}`, `syncd_records_written_total{connection="portal"}`,
		`syncd_api_calls_total{connection="portal",kind="search"}`, `syncd_api_quota_used_ratio{connection="portal"}`, `syncd_api_quota_calls{connection="portal"}`,
		`syncd_sync_lag_seconds{connection="portal"}`, `syncd_last_success_timestamp_seconds{connection="portal"}`, `syncd_database_up`, `syncd_ready`,
	} {
		if d.figure(series) <= 0 {
			t.Errorf("%s is not above 0 after %d runs", series, len(runs))
		}
	}
	if d.figure(`syncd_api_quota_used_ratio{connection="portal"}`) > 1 {
		t.Error("more calls used than there are")
	}
	_, body := d.get("/metrics")
	for i := range r.World.Deals {
		if strings.Contains(body, r.Deal(i)) {
			t.Fatal("a deal's id is among the metrics")
		}
	}
	if strings.Contains(body, r.World.Domain) {
		t.Error("an address is among the metrics")
	}
}

// Records that the CRM does not take are counted by why, and the slice that
// was refused is no failure of the daemon.
func TestRejectedRecordsAreCountedByClass(t *testing.T) {
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.Salesforce, World: apptest.World(60)}))
	first := awaitingOf(t, r)
	r.Fail(apptest.RefuseRecords, "", 1, 1000, first)
	r.Close(t)
	d := start(t, settings(t, r, ""))
	within(t, 30*time.Second, func() bool {
		_, body := d.get("/metrics")
		for line := range strings.Lines(body) {
			if strings.HasPrefix(line, `syncd_records_rejected{class="`) && strings.HasSuffix(line, " 1\n") {
				return true
			}
		}
		return false
	}, func() string { _, body := d.get("/metrics"); return body })
	d.readiness(http.StatusOK, "ready")
}

// awaitingOf is a deal that a first pass writes to.
func awaitingOf(t *testing.T, r *apptest.Rig) string {
	t.Helper()
	plan := r.App.Pass(t.Context(), r.App.Connections()[0], app.Ask{PlanOnly: true})
	if plan.Err != nil {
		t.Fatal(plan.Err)
	}
	for i := range r.World.Deals {
		writes, err := r.Store(t).Writes(t.Context(), r.Name(), r.Deal(i))
		if err != nil {
			t.Fatal(err)
		}
		if len(writes) > 0 {
			return r.Deal(i)
		}
	}
	t.Fatal("nothing is planned")
	return ""
}

// A connection whose passes fail is told of, and takes no replica out of
// service: another would fare no better.
func TestAnOverdueConnectionIsSaidAndIsReady(t *testing.T) {
	r := apptest.New(t, quick(apptest.Options{
		CRM: apptest.HubSpot, World: apptest.World(5), Extra: "    schedule: \"@every 1s\"\n",
		Front: func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) })
		},
	}))
	r.Close(t)
	d := start(t, settings(t, r, ""))
	body := d.readiness(http.StatusOK, "note: connection portal: no pass has succeeded since")
	if !strings.HasPrefix(body, "ready\n") {
		t.Errorf("%s", body)
	}
	if n := d.figure(`syncd_passes_missed{connection="portal"}`); n < 3 {
		t.Errorf("%v scheduled times missed", n)
	}
	if n := d.figure(`syncd_passes_total{connection="portal",kind="incremental",status="failed"}`) + d.figure(`syncd_passes_total{connection="portal",kind="full",status="failed"}`); n < 1 {
		t.Errorf("%v passes failed", n)
	}
}

func TestATakenPortEndsTheStart(t *testing.T) {
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.HubSpot, World: apptest.World(5)}))
	r.Close(t)
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := settings(t, r, "")
	cfg.HTTP.Listen = taken.Addr().String()
	a, err := app.New(t.Context(), cfg, app.Options{Wait: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var refused *app.ErrStart
	if err := a.Run(t.Context()); !errors.As(err, &refused) || !strings.Contains(err.Error(), "http.listen") {
		t.Errorf("%v", err)
	}
	addr, err := a.Listen(t.Context(), true)
	if err != nil || addr == "" || addr == cfg.HTTP.Listen {
		t.Errorf("found %q, %v", addr, err)
	}
}

func TestAPassByHandServesNothing(t *testing.T) {
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.HubSpot, World: apptest.World(5)}))
	r.Close(t)
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := settings(t, r, "")
	cfg.HTTP.Listen = taken.Addr().String()
	a, err := app.New(t.Context(), cfg, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if report := a.Pass(t.Context(), a.Connections()[0], app.Ask{}); report.Err != nil {
		t.Error(report.Err)
	}
}

// A database that refuses us will do so again: waiting would hide the fault.
func TestADatabaseThatRefusesUsEndsTheStart(t *testing.T) {
	there, err := url.Parse(need.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.HubSpot, World: apptest.World(5)}))
	r.Close(t)
	for what, change := range map[string]func(*url.URL){
		"unknown database": func(u *url.URL) { u.Path = "/no_such_database" },
		"unknown user":     func(u *url.URL) { u.User = url.UserPassword("nobody_knows_me", "hunter2") },
	} {
		dsn := *there
		change(&dsn)
		a, err := app.New(t.Context(), settings(t, r, dsn.String()), app.Options{Wait: true})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		err = a.Run(ctx)
		cancel()
		var refused *app.ErrStart
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "database") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", what, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

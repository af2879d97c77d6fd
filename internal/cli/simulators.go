package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// simulator is one CRM served on loopback.
type simulator struct {
	crm        string // "hubspot", as the configuration has it
	title      string // "HubSpot"
	connection string // what the demo calls it
	url        string
	secrets    map[string]string            // by file name
	native     func(world.Field) string     // a field's API name there
	config     func(dir, url string) string // the connection's own lines
	counters   func() simCounters
	assign     func(set string) // gives syncd's user a permission set; nil where there are none
	clock      *simclock.Clock  // one for all
	server     *http.Server
}

// simCounters are what a simulated CRM has been asked for.
type simCounters struct {
	Requests map[string]int `json:"requests"` // by kind
	Rows     map[string]int `json:"rows"`     // served, by object
	Written  map[string]int `json:"written"`  // records, by object
	InFlight int            `json:"max_in_flight"`
	Bytes    int64          `json:"bytes"`
}

// simOptions say how simulated CRMs are served.
type simOptions struct {
	addr    map[string]string // by title; may end in port 0 for any port
	only    string            // the crm to serve; "" means both
	latency time.Duration     // real time added to every request
	limits  bool              // refuse as the vendors do
	lag     bool              // HubSpot's search index lags as the vendor's does
	// composite: the configuration lets Salesforce take 1,000 records a call.
	composite bool
	bare      bool // nobody has made the fields for handoffs yet
}

// simulators are the simulated CRMs, filled with one world.
type simulators []*simulator

// startSimulators serves the CRMs.
func startSimulators(w *world.World, o simOptions) (simulators, error) {
	clock := simclock.New(w.Now)
	var all simulators
	for _, vendor := range []struct {
		crm  string
		fill func(*world.World, *simclock.Clock, simOptions) (*simulator, http.Handler)
	}{{"salesforce", salesforceSimulator}, {"hubspot", hubspotSimulator}} {
		if o.only != "" && o.only != vendor.crm {
			continue
		}
		s, handler := vendor.fill(w, clock, o)
		s.crm, s.clock = vendor.crm, clock
		at := o.addr[s.crm]
		if at == "" {
			at = "127.0.0.1:0"
		}
		if err := s.serve(handler, at); err != nil {
			all.close()
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (s *simulator) serve(h http.Handler, addr string) error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return fmt.Errorf("simulated %s: %w", s.title, err)
	}
	s.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	s.url = "http://" + l.Addr().String()
	go func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "syncd: simulator:", err)
		}
	}()
	return nil
}

func (all simulators) close() {
	for _, s := range all {
		s.server.Close()
	}
}

// demo is syncd running against the simulators.
type demo struct {
	sims     simulators
	app      *app.App
	dir      string
	config   string
	imported bool
}

func startDemo(ctx context.Context, e *env, w *world.World, goLive time.Time, imported bool) (d *demo, err error) {
	d = &demo{imported: imported}
	if d.sims, err = startSimulators(w, simOptions{limits: true, lag: true}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.dir, err = os.MkdirTemp("", "syncd-demo-"); err != nil {
		return nil, err
	}
	d.config = filepath.Join(d.dir, "syncd.yaml")
	if err = d.sims.writeConfig(d.config, w, goLive); err != nil {
		return nil, err
	}
	cfg, err := config.Load(d.config)
	if err != nil {
		return nil, err
	}
	d.app, err = e.build(ctx, cfg)
	return d, err
}

// close leaves nothing behind.
func (d *demo) close() error {
	if d.app != nil {
		d.app.Close()
	}
	d.sims.close()
	return os.RemoveAll(d.dir)
}

// writeConfig writes the configuration a customer would: secrets in files of
// their own beside it, fields mapped by name.
func (all simulators) writeConfig(path string, w *world.World, goLive time.Time) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "company: {time_zone: %s, currency: %s, domains: [%s], phone_region: DE}\n", w.TimeZone, w.Currency, w.Domain)
	// A demo starts with an empty store on deals of weeks: the guard is opened.
	fmt.Fprintf(&b, "limits: {max_escalations_per_run: 0}\ndatabase: %q\nconnections:\n", filepath.Join(dir, "syncd.db"))
	for _, s := range all {
		for name, secret := range s.secrets {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600); err != nil {
				return err
			}
		}
		fmt.Fprintf(&b, "  - name: %s\n%s", s.connection, s.config(dir, s.url))
		fmt.Fprintf(&b, "    mode: write\n    schedule: \"@every 1m\"\n    scorecards: [sales-to-cs, sales-to-cs-simplified]\n")
		fmt.Fprintf(&b, "    scope: {go_live: %s, threshold: 5000}\n", goLive.Format(time.DateOnly))
		b.WriteString("    roles: {champion: [Champion], executive_sponsor: [Executive Sponsor], day_to_day: [Day-to-day], objector: [Blocker]}\n")
		b.WriteString(w.Mapping("    ", s.native))
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}

// Package apptest runs the whole program against a simulated CRM, on a store
// and from a configuration file of its own, for tests that look at whole
// passes. Edits by hand and reads of the record are in words of both vendors,
// so that one test holds for both.
package apptest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/store"
)

// Start is where the simulated clock of the worlds used in tests begins.
var Start = time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)

// The CRMs.
const (
	HubSpot    = "hubspot"
	Salesforce = "salesforce"
)

// Each runs a test once on each CRM.
func Each(t *testing.T, test func(t *testing.T, crm string)) {
	t.Helper()
	for _, crm := range []string{HubSpot, Salesforce} {
		t.Run(crm, func(t *testing.T) { test(t, crm) })
	}
}

// World is a generated company of so many deals.
func World(deals int) *world.World {
	return world.Generate(world.GenerateOptions{Deals: deals, Seed: 3, Now: Start})
}

// Options say what to run. Only CRM and World are needed.
type Options struct {
	CRM        string
	World      *world.World
	Mode       string        // "" means write
	Scope      string        // "" means go_live: 2026-10-03 and a threshold of 5000
	Cards      []string      // scorecards; nil means both for won deals
	Limits     string        // the limits section; "" means no bound on escalations
	Extra      string        // further lines of the connection, indented by four
	Database   string        // "" means an SQLite file of its own
	Company    string        // further keys of the company section
	More       string        // further lines of the configuration
	Called     string        // the connection's name; "" means by its CRM
	HubSpot    hssim.Options // Clock is set by the rig
	Salesforce sfsim.Options // Clock is set by the rig
	Maps       []string      // the org's fields to map, by logical name; nil means all
	// Front, if set, stands between syncd and the simulator.
	Front func(http.Handler) http.Handler
}

// Rig is the program with its simulated CRM.
type Rig struct {
	Options
	Clock *simclock.Clock
	Dir   string // holds the configuration, its secrets and the store
	URL   string
	HS    *hssim.Server // one of the two is set
	SF    *sfsim.Server
	App   *app.App
}

// New starts a simulated CRM and opens the program on it.
func New(t *testing.T, o Options) *Rig {
	t.Helper()
	r := &Rig{Options: o, Clock: simclock.New(o.World.Now), Dir: t.TempDir()}
	if r.Mode == "" {
		r.Mode = "write"
	}
	if r.Scope == "" {
		r.Scope = "{go_live: 2026-10-03, threshold: 5000}"
	}
	if r.Cards == nil {
		r.Cards = []string{"sales-to-cs", "sales-to-cs-simplified"}
	}
	if r.Limits == "" {
		r.Limits = "{max_escalations_per_run: 0}"
	}
	if r.Database == "" {
		r.Database = filepath.Join(r.Dir, "syncd.db")
	}
	var handler http.Handler
	if o.CRM == HubSpot {
		r.Options.HubSpot.Clock = r.Clock
		r.HS = hssim.New(o.World, r.Options.HubSpot)
		handler = r.HS
	} else {
		r.Options.Salesforce.Clock, r.Options.Salesforce.WallClockAssertions = r.Clock, true
		r.SF = sfsim.New(o.World, r.Options.Salesforce)
		handler = r.SF
	}
	if o.Front != nil {
		handler = o.Front(handler)
	}
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	r.URL = srv.URL
	r.Open(t)
	return r
}

// Open builds the program as from a fresh start, on the same store, after
// writing its configuration anew.
func (r *Rig) Open(t *testing.T) {
	t.Helper()
	r.Close(t)
	cfg, err := config.Load(r.WriteConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	if r.App, err = app.New(t.Context(), cfg, app.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(t) })
}

// Close closes the program; the CRM stays.
func (r *Rig) Close(t *testing.T) {
	t.Helper()
	if r.App == nil {
		return
	}
	if err := r.App.Close(); err != nil {
		t.Error(err)
	}
	r.App = nil
}

// Name is what the connection is called.
func (r *Rig) Name() string {
	if r.Called != "" {
		return r.Called
	}
	return map[string]string{HubSpot: "portal", Salesforce: "org"}[r.CRM]
}

// WriteConfig writes the configuration and returns its path.
func (r *Rig) WriteConfig(t *testing.T) string {
	t.Helper()
	login, native := "", func(f world.Field) string { return f.HubSpot }
	secrets := map[string]string{}
	if r.CRM == HubSpot {
		secrets["token"] = r.HS.Credentials().Token
		login = fmt.Sprintf("    base_url: %s\n    auth: {token: %q}\n", r.URL, "${file:"+filepath.Join(r.Dir, "token")+"}")
	} else {
		c := r.SF.Credentials()
		secrets["id"], secrets["secret"] = c.ClientID, c.ClientSecret
		native = func(f world.Field) string { return f.Salesforce }
		login = fmt.Sprintf("    auth: {flow: client_credentials, login_url: %q, client_id: %q, client_secret: %q}\n",
			r.URL, "${file:"+filepath.Join(r.Dir, "id")+"}", "${file:"+filepath.Join(r.Dir, "secret")+"}")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "company: {time_zone: Europe/Berlin, currency: %s, domains: [%s], phone_region: DE, %s}\n", r.World.Currency, r.World.Domain, r.Company)
	fmt.Fprintf(&b, "%slimits: %s\ndatabase: %q\nconnections:\n  - name: %s\n    crm: %s\n%s", r.More, r.Limits, r.Database, r.Name(), r.CRM, login)
	fmt.Fprintf(&b, "    mode: %s\n    scorecards: [%s]\n    scope: %s\n", r.Mode, strings.Join(r.Cards, ", "), r.Scope)
	b.WriteString("    roles: {champion: [Champion], executive_sponsor: [Executive Sponsor], day_to_day: [Day-to-day], objector: [Blocker]}\n")
	b.WriteString(r.Extra)
	if r.HS != nil && !r.Options.HubSpot.EnforceLimits && !strings.Contains(r.Extra, "budget:") {
		b.WriteString("    budget: {searches_per_second: 1000}\n") // this portal counts none
	}
	if r.HS != nil && !strings.Contains(r.Extra, "managers:") {
		b.WriteString("    managers: {owners: {" + r.managers() + "}}\n") // a portal knows none
	}
	b.WriteString(r.World.Mapping("    ", func(f world.Field) string {
		if r.Maps != nil && !slices.Contains(r.Maps, f.Name) {
			return ""
		}
		return native(f)
	}))
	path := filepath.Join(r.Dir, "syncd.yaml")
	for name, secret := range secrets {
		r.write(t, filepath.Join(r.Dir, name), secret)
	}
	r.write(t, path, b.String())
	return path
}

// managers maps everybody's owner id to their manager's.
func (r *Rig) managers() string {
	var list []string
	for i, u := range r.World.Users {
		if u.Manager >= 0 {
			list = append(list, fmt.Sprintf("%q: %q", r.User(i), r.User(u.Manager)))
		}
	}
	return strings.Join(list, ", ")
}

func (r *Rig) write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Pass makes one pass and wants it whole.
func (r *Rig) Pass(t *testing.T) app.Report {
	t.Helper()
	report := r.Try(t)
	if report.Err != nil {
		t.Fatalf("pass: %v", report.Err)
	}
	return report
}

// Try makes one pass, whatever comes of it.
func (r *Rig) Try(t *testing.T) app.Report {
	t.Helper()
	return r.App.Pass(t.Context(), r.App.Connections()[0], app.Ask{})
}

// Full makes a pass that reads everything and wants it whole.
func (r *Rig) Full(t *testing.T) app.Report {
	t.Helper()
	report := r.App.Pass(t.Context(), r.App.Connections()[0], app.Ask{Full: true})
	if report.Err != nil {
		t.Fatalf("full pass: %v", report.Err)
	}
	return report
}

// LoseStore removes the embedded store and opens the program on a new one.
func (r *Rig) LoseStore(t *testing.T) {
	t.Helper()
	r.Close(t)
	files, err := filepath.Glob(r.Database + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("store files %v, %v", files, err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	r.Open(t)
}

// Store opens the program's store a second time, to look into.
func (r *Rig) Store(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), r.Database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Written returns what a run wrote and the CRM confirmed: fields by deal id.
func (r *Rig) Written(t *testing.T, run string) map[string]map[string]string {
	t.Helper()
	s := r.Store(t)
	all := map[string]map[string]string{}
	for i := range r.World.Deals {
		id := r.Deal(i)
		writes, err := s.Writes(t.Context(), r.Name(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range writes {
			if w.Run == run && w.Status == store.Confirmed {
				all[id] = w.Fields
			}
		}
	}
	return all
}

package replicas

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// orgOptions say which CRMs there are.
type orgOptions struct {
	count, deals int
	schedule     string
	vendor       string // "": they alternate
}

// org is one simulated CRM. Its Rig makes edits and reads records; the program
// in it is never opened.
type org struct {
	*apptest.Rig
	name   string
	config string // of the connection, with a placeholder for the address
	crm    http.Handler
}

const placeholder = "@address@"

// limits: only the faults that are meant happen; a guard that fires would hide them.
const limits = "{max_escalations_per_run: 0, max_band_changes: 1}"

// companyOf is the world of the nth CRM. Each is another company: two
// connections to one org are refused.
func companyOf(n, deals int) *world.World {
	w := world.Generate(world.GenerateOptions{Deals: deals, Seed: uint64(100 + n), Now: apptest.Start, Won: true})
	w.Company = fmt.Sprintf("%s %d", w.Company, n)
	return w
}

func (f *fleet) addOrgs(o orgOptions) {
	f.t.Helper()
	for n := range o.count {
		w, vendor := companyOf(n, o.deals), o.vendor
		if vendor == "" {
			vendor = []string{apptest.Salesforce, apptest.HubSpot}[n%2]
		}
		g := &org{name: fmt.Sprintf("crm-%02d", n), Rig: &apptest.Rig{
			Options: apptest.Options{
				CRM: vendor, World: w, Mode: "write", Cards: []string{"sales-to-cs", "sales-to-cs-simplified"}, Scope: "{go_live: 2026-10-03, threshold: 5000}",
				Limits: limits, Database: f.dsn, Extra: fmt.Sprintf("    schedule: %q\n", o.schedule),
			},
			Clock: simclock.New(w.Now), Dir: f.t.TempDir(), URL: placeholder,
		}}
		if g.CRM == apptest.HubSpot {
			g.HS = hssim.New(w, hssim.Options{Clock: g.Clock, NoSearchLag: true})
			g.crm = g.HS
		} else {
			g.SF = sfsim.New(w, sfsim.Options{Clock: g.Clock, WallClockAssertions: true})
			g.crm = g.SF
		}
		head, connection, ok := strings.Cut(string(f.read(g.WriteConfig(f.t))), "connections:\n")
		if !ok {
			f.t.Fatal("the configuration has no connections")
		}
		// No health page: several processes of one machine would want one port.
		f.head = head + "http: {listen: \"\"}\nconnections:\n"
		g.config = strings.Replace(connection, "name: "+g.Name()+"\n", "name: "+g.name+"\n", 1)
		f.orgs = append(f.orgs, g)
	}
}

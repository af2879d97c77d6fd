// Package clients runs clients that others wrote against the simulated org.
package clients

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/need"
)

// deals is enough for three pages of a query.
const deals = 4_600

// TestJSForce runs jsforce.mjs and bulk.mjs. It needs node and "npm ci" in this
// folder; SYNCD_REQUIRE=1 makes them a must.
func TestJSForce(t *testing.T) {
	node := need.Node(t, "jsforce")
	for _, script := range []struct {
		name, steps string
		calls       map[string]int // what must have come to the org
	}{
		{"jsforce.mjs", "20 steps passed", map[string]int{"collections update": 2, "metadata create": 3, "metadata read": 1}},
		{"bulk.mjs", "8 steps passed", map[string]int{"bulk query create": 5, "bulk ingest create": 4, "bulk ingest upload": 4, "collections update": 0}},
	} {
		t.Run(script.name, func(t *testing.T) {
			stats := run(t, node, script.name, script.steps)
			for kind, n := range script.calls {
				if stats.Requests[kind] != n {
					t.Errorf("%s: %d calls, want %d", kind, stats.Requests[kind], n)
				}
			}
		})
	}
}

// run runs a script against a new org.
func run(t *testing.T, node, script, done string) sfsim.Stats {
	t.Helper()
	w := company()
	org := sfsim.New(w, sfsim.Options{
		BulkWait: 150 * time.Millisecond, Custom: []sfsim.CustomField{{Object: "Task", Name: "Handoff_Key__c", Length: 80, ExternalID: true}},
	})
	web := httptest.NewServer(org)
	defer web.Close()
	cred := org.Credentials()
	cmd := exec.CommandContext(t.Context(), node, script)
	cmd.Env = append(os.Environ(), "SF_BASE="+web.URL, fmt.Sprintf("SF_DEALS=%d", deals), fmt.Sprintf("SF_NOW=%d", w.Now.Unix()),
		"SF_USERNAME="+cred.Username, "SF_PASSWORD="+cred.Password, "SF_TOKEN="+cred.SecurityToken, "SF_CLIENT_ID="+cred.ClientID,
		"SF_CLIENT_SECRET="+cred.ClientSecret, "SF_REFRESH_TOKEN="+cred.RefreshToken, "SF_PRIVATE_KEY="+cred.PrivateKey)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	if !strings.Contains(string(out), done) {
		t.Fatalf("%s did not finish:\n%s", script, out)
	}
	t.Logf("%s", out)
	return org.Stats()
}

func company() *world.World {
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	w := &world.World{
		Now: now, Company: "Northwind Tools", Domain: "example.com", TimeZone: "America/New_York", Currency: "USD",
		Roles: []string{"Champion", "Buyer"}, Types: []string{"New Business"},
		Fields: []world.Field{
			{Name: "score", Object: "deal", Label: "Handoff Score", Salesforce: "Handoff_Score__c", Kind: world.Number, Scale: 1},
			{Name: "band", Object: "deal", Label: "Handoff Band", Salesforce: "Handoff_Band__c", Kind: world.Picklist, Options: []string{"Green", "Red"}},
		},
		Users: []world.User{
			{Name: "Ada Marsh", Email: "ada@example.com", Job: world.AE, Manager: -1, Active: true},
			{Name: "Sync User", Email: "sync@example.com", Job: world.Integration, Manager: -1, Active: true},
		},
		Accounts: []world.Account{{Name: "Acme", Owner: 0}},
		Contacts: []world.Contact{
			{Account: 0, First: "Kim", Last: "Berg", Email: "kim@acme.example.com"},
			{Account: 0, First: "Lou", Last: "Hart", Email: "lou@acme.example.com"},
		},
	}
	for i := range deals {
		at := now.AddDate(0, -6, 0).Add(time.Duration(i) * time.Minute)
		w.Deals = append(w.Deals, world.Deal{
			Name: fmt.Sprintf("Deal %05d", i), Owner: 0, Seller: 0, Stage: world.Won, Amount: "1000", CloseDate: "2026-10-01",
			CreatedAt: at, WonAt: at.AddDate(0, 1, 0), Roles: []world.Role{{Contact: 0, Name: "Champion", Primary: true}, {Contact: 1, Name: "Buyer"}},
		})
	}
	return w
}

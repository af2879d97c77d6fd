// Package clients runs a client that others wrote against the simulated org.
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
)

// deals is enough for three pages of a query.
const deals = 4_600

// TestJSForce runs jsforce.mjs. It needs node and "npm ci" in this folder;
// SYNCD_REQUIRE=1 makes them a must.
func TestJSForce(t *testing.T) {
	missing := func(what string) {
		t.Helper()
		if os.Getenv("SYNCD_REQUIRE") == "1" {
			t.Fatalf("%s (SYNCD_REQUIRE=1)", what)
		}
		t.Skip(what)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("node is not installed: jsforce was not run")
	}
	if _, err := os.Stat("node_modules/jsforce"); err != nil {
		missing("run npm ci in internal/crm/crmsim/sfsim/clients: jsforce was not run")
	}
	w := company()
	org := sfsim.New(w, sfsim.Options{Custom: []sfsim.CustomField{{Object: "Task", Name: "Handoff_Key__c", Length: 80, ExternalID: true}}})
	web := httptest.NewServer(org)
	defer web.Close()
	cred := org.Credentials()
	cmd := exec.CommandContext(t.Context(), node, "jsforce.mjs")
	cmd.Env = append(os.Environ(), "SF_BASE="+web.URL, fmt.Sprintf("SF_DEALS=%d", deals), fmt.Sprintf("SF_NOW=%d", w.Now.Unix()),
		"SF_USERNAME="+cred.Username, "SF_PASSWORD="+cred.Password, "SF_TOKEN="+cred.SecurityToken, "SF_CLIENT_ID="+cred.ClientID,
		"SF_CLIENT_SECRET="+cred.ClientSecret, "SF_REFRESH_TOKEN="+cred.RefreshToken, "SF_PRIVATE_KEY="+cred.PrivateKey)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("jsforce.mjs: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "18 steps passed") {
		t.Fatalf("jsforce.mjs did not finish:\n%s", out)
	}
	if n := org.Stats().Requests["collections update"]; n != 2 {
		t.Errorf("250 updates came in %d calls", n)
	}
	t.Logf("%s", out)
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

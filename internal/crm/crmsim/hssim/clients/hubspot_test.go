// Package clients runs clients that others wrote against the simulated portal.
package clients

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/need"
)

// TestHubSpotNodeClient runs hubspot.mjs, which drives the official client. It
// needs node and "npm ci" in this folder; SYNCD_REQUIRE=1 makes them a must.
func TestHubSpotNodeClient(t *testing.T) {
	node := need.Node(t, "@hubspot/api-client")
	portal := hssim.New(bigWorld(12_600), hssim.Options{})
	server := httptest.NewServer(portal)
	defer server.Close()
	cred := portal.Credentials()
	cmd := exec.CommandContext(t.Context(), node, "hubspot.mjs")
	cmd.Env = append(os.Environ(), "HUBSPOT_BASE="+server.URL, "HUBSPOT_TOKEN="+cred.Token, "HUBSPOT_CLIENT_ID="+cred.ClientID,
		"HUBSPOT_CLIENT_SECRET="+cred.ClientSecret, "HUBSPOT_REFRESH_TOKEN="+cred.RefreshToken)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("hubspot.mjs: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "10 steps passed") {
		t.Fatalf("hubspot.mjs did not finish:\n%s", out)
	}
	t.Logf("%s", out)
}

func bigWorld(deals int) *world.World {
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	w := &world.World{
		Now: now, Company: "Northwind Tools", Domain: "example.com", TimeZone: "America/New_York", Currency: "USD",
		Roles: []string{"Champion"}, Types: []string{"New Business", "Renewal"},
		Users: []world.User{
			{Name: "Ada Marsh", Email: "ada@example.com", Job: world.AE, Manager: -1, Active: true},
			{Name: "Ben Holt", Email: "ben@example.com", Job: world.AE, Manager: -1},
		},
		Accounts: []world.Account{{Name: "Acme", Owner: 0}},
	}
	for i := range deals {
		d := world.Deal{
			Name: fmt.Sprintf("Deal %d", i), Owner: i % 2, Seller: i % 2, Stage: world.Won, Amount: "1000", CloseDate: "2026-10-01",
			CreatedAt: now.AddDate(0, -3, 0), WonAt: now.AddDate(0, -1, 0),
		}
		if i%10 == 0 {
			d.Stage, d.WonAt = world.Engaging, time.Time{}
		}
		w.Deals = append(w.Deals, d)
	}
	return w
}

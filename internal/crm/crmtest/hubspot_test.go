package crmtest_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/crmtest"
	"github.com/handoffscore/syncd/internal/crm/hubspot"
)

var now = time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)

func TestHubSpot(t *testing.T) {
	for _, version := range []string{"2026-03", "2026-09", "v3"} {
		t.Run(version, func(t *testing.T) {
			w := world.Generate(world.GenerateOptions{Deals: 500, Seed: 11, Now: now})
			sim := hssim.New(w, hssim.Options{Clock: simclock.New(now), NoSearchLag: true})
			srv := httptest.NewServer(sim)
			defer srv.Close()
			c, err := hubspot.New(crmtest.Setup(w, func(f world.Field) string { return f.HubSpot }),
				hubspot.Auth{Token: sim.Credentials().Token}, hubspot.Options{BaseURL: srv.URL, APIVersion: version, SearchPerSecond: -1})
			if err != nil {
				t.Fatal(err)
			}
			crmtest.Run(t, crmtest.Subject{World: w, Source: c, Sink: c, Deal: sim.DealID, Person: sim.OwnerID, Contact: sim.ContactID})
		})
	}
}

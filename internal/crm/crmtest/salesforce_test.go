package crmtest_test

import (
	"net/http/httptest"
	"testing"

	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/crmtest"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

func TestSalesforce(t *testing.T) {
	w := world.Generate(world.GenerateOptions{Deals: 500, Seed: 11, Now: now})
	sim := sfsim.New(w, sfsim.Options{Clock: simclock.New(now), PageSize: 200})
	srv := httptest.NewServer(sim)
	defer srv.Close()
	cred := sim.Credentials()
	c, err := salesforce.New(crmtest.Setup(w, func(f world.Field) string { return f.Salesforce }),
		salesforce.Auth{Flow: salesforce.ClientCredentials, LoginURL: srv.URL, ClientID: cred.ClientID, ClientSecret: cred.ClientSecret}, salesforce.Options{})
	if err != nil {
		t.Fatal(err)
	}
	crmtest.Run(t, crmtest.Subject{World: w, Source: c, Sink: c, Deal: sim.DealID, Person: sim.UserID, Contact: sim.ContactID})
}

package crmtest_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/crmtest"
	"github.com/handoffscore/syncd/internal/crm/hubspot"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

func TestPartnersInHubSpot(t *testing.T) {
	w := world.Generate(world.GenerateOptions{Deals: 60, Seed: 11, Now: now, Partners: 40})
	sim := hssim.New(w, hssim.Options{Clock: simclock.New(now), NoSearchLag: true})
	srv := httptest.NewServer(sim)
	defer srv.Close()
	client := func(partner string) *hubspot.Client {
		setup := crmtest.Setup(w, func(f world.Field) string { return f.HubSpot })
		setup.Partner = partner
		c, err := hubspot.New(setup, hubspot.Auth{Token: sim.Credentials().Token}, hubspot.Options{BaseURL: srv.URL, SearchPerSecond: -1})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := client("partner")
	crmtest.Partners(t, crmtest.Subject{
		World: w, Source: c, Sink: c, Deal: sim.DealID, Person: sim.OwnerID, Contact: sim.ContactID, Hand: inPortal{sim},
	}, client(""))
}

func TestPartnersInSalesforce(t *testing.T) {
	for _, c := range []struct {
		name  string
		kind  world.Kind
		words []string // that the org refuses in a query
	}{
		{"a name", world.Text, nil},
		{"a box", world.Bool, nil},
		{"an org that takes no condition on the Opportunity", world.Text, []string{"Opportunity.IsWon"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world.Generate(world.GenerateOptions{Deals: 60, Seed: 11, Now: now, Partners: 40})
			if c.kind == world.Bool {
				boxes(w)
			}
			sim := sfsim.New(w, sfsim.Options{Clock: simclock.New(now), PageSize: 200, WallClockAssertions: true})
			x := &strict{words: c.words, code: "INVALID_FIELD"}
			srv := httptest.NewServer(x.front(sim))
			defer srv.Close()
			o := &org{Server: sim, world: w, url: srv.URL}
			client := func(partner string) *salesforce.Client {
				setup := crmtest.Setup(w, func(f world.Field) string { return f.Salesforce })
				setup.Partner = partner
				c, err := salesforce.New(setup, o.auth(salesforce.ClientCredentials), salesforce.Options{})
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			crmtest.Partners(t, o.subject(client("partner")), client(""))
		})
	}
}

// boxes makes the partner of a world a box to tick.
func boxes(w *world.World) {
	for i := range w.Fields {
		if w.Fields[i].Name == "partner" {
			w.Fields[i].Kind = world.Bool
		}
	}
	for i := range w.Deals {
		if w.Deals[i].Fields["partner"] != "" {
			w.Deals[i].Fields["partner"] = "true"
		}
	}
}

// A connection that scores no partner handoffs asks which deals moved in the
// words it always used.
func TestNobodyAsksForPartners(t *testing.T) {
	w := world.Generate(world.GenerateOptions{Deals: 10, Seed: 11, Now: now, Partners: 10})
	var asked []string
	record := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if q := r.URL.Query().Get("q"); strings.Contains(q, "FROM Opportunity WHERE") || strings.Contains(q, "FROM Opportunity ORDER") || strings.Contains(q, "FROM OpportunityContactRole") {
				asked = append(asked, q)
			}
			if strings.HasSuffix(r.URL.Path, "/deals/search") {
				asked = append(asked, string(body))
			}
			next.ServeHTTP(rw, r)
		})
	}
	read := func(c crm.Source) {
		t.Helper()
		if _, err := c.Describe(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, err := range c.Changed(t.Context(), crm.Window{}, "") {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, err := range c.Touched(t.Context(), crm.Window{From: now}, "") {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	org := &org{Server: sfsim.New(w, sfsim.Options{Clock: simclock.New(now), WallClockAssertions: true}), world: w}
	srv := httptest.NewServer(record(org))
	defer srv.Close()
	org.url = srv.URL
	portal := hssim.New(w, hssim.Options{Clock: simclock.New(now), NoSearchLag: true})
	hub := httptest.NewServer(record(portal))
	defer hub.Close()
	for _, partner := range []string{"", "partner"} {
		asked = nil
		setup := crmtest.Setup(w, func(f world.Field) string { return f.Salesforce })
		setup.Partner = partner
		sf, err := salesforce.New(setup, org.auth(salesforce.ClientCredentials), salesforce.Options{})
		if err != nil {
			t.Fatal(err)
		}
		read(sf)
		setup = crmtest.Setup(w, func(f world.Field) string { return f.HubSpot })
		setup.Partner = partner
		hs, err := hubspot.New(setup, hubspot.Auth{Token: portal.Credentials().Token}, hubspot.Options{BaseURL: hub.URL, SearchPerSecond: -1})
		if err != nil {
			t.Fatal(err)
		}
		read(hs)
		if len(asked) < 3 {
			t.Fatalf("asked %q", asked)
		}
		for _, q := range asked {
			if strings.Contains(strings.ToLower(q), "sourcing_partner") != (partner != "") {
				t.Errorf("partner %q: %s", partner, q)
			}
		}
	}
}

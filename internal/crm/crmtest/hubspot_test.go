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
			crmtest.Run(t, crmtest.Subject{
				World: w, Source: c, Sink: c, Deal: sim.DealID, Person: sim.OwnerID, Contact: sim.ContactID,
				Hand: inPortal{sim}, Streams: 6,
				Tells: map[string]crmtest.Told{
					"a contact gets another role":     crmtest.Nowhere, // a label moves nothing
					"a contact is taken off the deal": crmtest.Changed, // by its number of contacts
					"a note is deleted":               crmtest.Changed, // by its number of notes
				},
			})
		})
	}
}

// inPortal is a person at work in a portal.
type inPortal struct{ *hssim.Server }

func (p inPortal) Phone(contact, number string) error {
	return p.Set("contacts", contact, "phone", number)
}

func (p inPortal) Bounce(contact string) error {
	return p.Set("contacts", contact, "hs_email_hard_bounce_reason_enum", "UNKNOWN_USER")
}

func (p inPortal) Link(deal, contact, role string) error { return p.Label(deal, contact, role) }

func (p inPortal) Unlink(deal, contact string) error {
	return p.Dissociate("deals", deal, "contacts", contact)
}

func (p inPortal) Recast(deal, contact, role string) error { return p.Label(deal, contact, role) }

func (p inPortal) Write(deal, text string) (string, error) {
	return p.Create("notes", map[string]string{"hs_note_body": text, "hs_timestamp": p.Clock().Now().Format(time.RFC3339)}, "deals/"+deal)
}

func (p inPortal) Rewrite(note, text string) error { return p.Set("notes", note, "hs_note_body", text) }

func (p inPortal) Erase(note string) error { return p.Archive("notes", note) }

func (p inPortal) Deny() func() {
	p.AddFault(hssim.Fault{Do: hssim.NoScope, On: "search notes", Times: -1})
	return p.ClearFaults
}

package hubspot

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// company is a small world with one deal of each sort that matters.
func company(deals int) *world.World {
	w := &world.World{
		Now: start, Company: "Acme", Domain: "acme.example", TimeZone: "America/New_York", Currency: "USD",
		Roles: []string{"Champion", "Executive Sponsor", "Day-to-day", "Blocker"},
		Types: []string{"New business", "Renewal"},
		Users: []world.User{
			{Name: "Ada Byron", Email: "ada@acme.example", Job: world.AE, Team: "East", Manager: -1, Active: true},
			{Name: "Ben Gray", Email: "ben@acme.example", Job: world.AE, Team: "East", Manager: -1, Active: false},
			{Name: "Cy Moss", Email: "cy@acme.example", Job: world.CSM, Team: "Success", Manager: -1, Active: true},
		},
		Accounts: []world.Account{{Name: "Blue Harbor", Owner: 0}},
		Contacts: []world.Contact{
			{Account: 0, First: "Dora", Last: "Lane", Title: "VP Operations", Email: "dora@harbor.example", Phone: "+1 212 555 0101", Fields: map[string]string{"context": "met at the pilot"}},
			{Account: 0, First: "Eli", Last: "Fox", Title: "CFO", Email: "eli@harbor.example", Bounced: true},
		},
		Fields: []world.Field{
			{Name: "status", Object: "deal", Label: "Status", HubSpot: "handoff_status", Kind: world.Picklist, Options: []string{"needs CSM", "final"}},
			{Name: "score", Object: "deal", Label: "Score", HubSpot: "handoff_score", Kind: world.Number},
			{Name: "gaps", Object: "deal", Label: "Gaps", HubSpot: "handoff_gaps", Kind: world.LongText},
			{Name: "hold", Object: "deal", Label: "Hold", HubSpot: "handoff_hold", Kind: world.Bool},
			{Name: "due_at", Object: "deal", Label: "Due", HubSpot: "handoff_due_at", Kind: world.DateTime},
			{Name: "csm", Object: "deal", Label: "CSM", HubSpot: "handoff_csm", Kind: world.UserRef},
			{Name: "kickoff_at", Object: "deal", Label: "Kickoff", HubSpot: "handoff_kickoff_at", Kind: world.DateTime},
			{Name: "evidence.1.1", Object: "deal", Label: "Use case", HubSpot: "use_case", Kind: world.LongText},
			{Name: "context", Object: "contact", Label: "Relationship", HubSpot: "relationship_note", Kind: world.LongText},
		},
	}
	for i := range deals {
		d := world.Deal{
			Name: "Deal", Account: 0, Owner: 0, Seller: 0, Stage: world.Won, Type: "New business", Amount: "1200.50",
			CloseDate: "2026-11-10", CreatedAt: start.AddDate(0, -2, 0), WonAt: start.AddDate(0, 0, -10),
			Fields: map[string]string{"evidence.1.1": "They want one view of orders", "csm": "user:2"},
			Roles:  []world.Role{{Contact: 0, Name: "Champion"}, {Contact: 1, Name: "Executive Sponsor"}},
			Notes: []world.Note{
				{At: start.AddDate(0, 0, -9), By: 0, Kind: "note", Title: "After", Body: "What we promised"},
				{At: start.AddDate(0, 0, -12), By: 0, Kind: "call", Title: "Call", Body: "Asked about SSO"},
			},
		}
		switch i % 10 {
		case 7:
			d.Stage, d.WonAt = world.Engaging, time.Time{}
		case 8:
			d.Owner, d.Seller = 0, 1
		case 9:
			d.Roles, d.Notes, d.Fields = nil, nil, nil
		}
		w.Deals = append(w.Deals, d)
	}
	return w
}

func setup() crm.Setup {
	derived := func(name string, kind crm.Kind) crm.Field {
		return crm.Field{Name: name, Prefix: "handoff", Base: name, Kind: kind, Writer: crm.Ours, Optional: true}
	}
	status := derived("status", crm.Picklist)
	status.Options = []string{"needs CSM", "final"}
	return crm.Setup{
		Connection: "portal", Zone: time.UTC,
		Fields: []crm.Field{
			status, derived("score", crm.Number), derived("gaps", crm.LongText), derived("hold", crm.Bool), derived("due_at", crm.DateTime), derived("ball", crm.Text),
			{Name: "csm", Prefix: "handoff", Base: "csm", Kind: crm.User, Writer: crm.CSM, Track: true},
			{Name: "kickoff_at", Prefix: "handoff", Base: "kickoff_at", Writer: crm.CSM, Track: true},
			{Name: "evidence.1.1", Native: "use_case", Kind: crm.LongText, Writer: crm.AE},
			{Name: "context", Native: "relationship_note", Kind: crm.LongText, Object: crm.ObjectContact},
		},
		Roles: map[string][]string{"champion": {" champion "}, "executive_sponsor": {"Economic Buyer", "Executive Sponsor"}, "objector": {"Blocker"}, "nobody": {"Astronaut"}},
	}
}

// portal is a simulated portal behind real HTTP, and a client of it.
type portal struct {
	*hssim.Server
	*Client
	url string
}

func newPortal(t *testing.T, deals int, so hssim.Options, o Options) *portal {
	t.Helper()
	return portalOf(t, company(deals), so, o, setup())
}

func portalOf(t testing.TB, w *world.World, so hssim.Options, o Options, s crm.Setup) *portal {
	t.Helper()
	sim := hssim.New(w, so)
	if !so.EnforceLimits {
		sim.Clock().Freeze(true)
	}
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	o.BaseURL, o.HTTP = srv.URL, http.DefaultTransport
	if o.SearchPerSecond == 0 {
		o.SearchPerSecond = -1
	}
	c, err := New(s, Auth{Token: sim.Credentials().Token}, o)
	if err != nil {
		t.Fatal(err)
	}
	return &portal{sim, c, srv.URL}
}

func (p *portal) ids(n int) []crm.DealID {
	var ids []crm.DealID
	for i := range n {
		ids = append(ids, crm.DealID(p.DealID(i)))
	}
	return ids
}

func (p *portal) load(t *testing.T, ids ...crm.DealID) map[crm.DealID]crm.Deal {
	t.Helper()
	l, err := p.Load(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	out := map[crm.DealID]crm.Deal{}
	for _, d := range l.Deals {
		out[crm.DealID(d.Ref.ID)] = d
	}
	return out
}

func (p *portal) changed(t *testing.T, w crm.Window) []crm.Moved {
	t.Helper()
	var out []crm.Moved
	for page, err := range p.Changed(context.Background(), w, "") {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, page.Deals...)
	}
	return out
}

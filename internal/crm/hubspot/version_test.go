package hubspot

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// without is a portal that has nothing at addresses with some word in them, and
// a client of it.
func without(t *testing.T, auth func(*hssim.Server) Auth, asked string, words ...string) *Client {
	t.Helper()
	sim := hssim.New(company(5), hssim.Options{NoSearchLag: true})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(r.URL.Path, word) }) {
			http.NotFound(w, r)
			return
		}
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	c, err := New(setup(), auth(sim), Options{BaseURL: srv.URL, HTTP: http.DefaultTransport, APIVersion: asked, SearchPerSecond: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func token(s *hssim.Server) Auth { return Auth{Token: s.Credentials().Token} }

func app(s *hssim.Server) Auth {
	c := s.Credentials()
	return Auth{Flow: "oauth", ClientID: c.ClientID, ClientSecret: c.ClientSecret, RefreshToken: c.RefreshToken}
}

// A portal that does not serve the version asked for is spoken to in another,
// and every description says so.
func TestAVersionThatIsNotServed(t *testing.T) {
	for _, c := range []struct {
		name   string
		auth   func(*hssim.Server) Auth
		asked  string
		lacks  []string
		spoken string
	}{
		{"all there", token, "2026-03", nil, "2026-03"},
		{"the default", token, "", []string{"/2026-03"}, "v3"},
		{"the newest", token, "2026-09", []string{"/2026-09"}, "v3"},
		{"no details either", token, "", []string{"/2026-03", "/account-info"}, "v3"},
		{"an app", app, "", []string{"/2026-03"}, "v3"},
		{"v3 has ended", token, "v3", []string{"/v3", "/v4"}, "2026-03"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := without(t, c.auth, c.asked, c.lacks...)
			told := 0
			for range 2 { // the second one asks nothing in vain
				before := client.Calls()["properties"]
				d, err := client.Describe(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if before > 0 && client.Calls()["properties"] != before {
					t.Error("the schema was read again")
				}
				told = 0
				for _, p := range d.Problems {
					if p.Place == "api_version" {
						told++
					}
				}
			}
			if wants := c.spoken != client.api.version; client.api.spoken() != c.spoken || (told == 1) != wants {
				t.Errorf("speaks %s, told %d times", client.api.spoken(), told)
			}
			got, err := client.Load(t.Context(), client.won(t))
			if err != nil || len(got.Deals) == 0 {
				t.Errorf("%d deals: %v", len(got.Deals), err)
			}
		})
	}
}

// won are the deals that a full reading names.
func (c *Client) won(t *testing.T) []crm.DealID {
	t.Helper()
	var ids []crm.DealID
	for page, err := range c.Changed(t.Context(), crm.Window{To: start}, "") {
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Deals {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// What is lacking in every version is told as it is, with the version asked for.
func TestWhatNoVersionServes(t *testing.T) {
	client := without(t, token, "2026-03", "/pipelines")
	_, err := client.Describe(t.Context())
	if err == nil || !strings.Contains(err.Error(), "/crm/pipelines/2026-03/deals") || !strings.Contains(err.Error(), "api_version") {
		t.Errorf("%v", err)
	}
	if client.api.spoken() != "2026-03" {
		t.Errorf("speaks %s", client.api.spoken())
	}
	for area, try := range map[string]func() error{
		"inspect": func() error { _, err := client.Inspect(t.Context(), crm.Inspection{}); return err },
		"survey":  func() error { _, err := client.Survey(t.Context()); return err },
	} {
		if err := try(); err != nil {
			t.Errorf("%s: %v", area, err)
		}
	}
}

// A substitute that answers with some other error has not shown that it is
// served.
func TestASubstituteThatFailsIsNotKept(t *testing.T) {
	p := newPortal(t, 5, hssim.Options{NoSearchLag: true}, Options{})
	asked := 0
	if err := p.served(func() error {
		if asked++; asked == 1 {
			return &crm.Error{Op: "hubspot.read", Kind: crm.NotFound}
		}
		return &crm.Error{Op: "hubspot.read", Kind: crm.Unavailable}
	}); crm.KindOf(err) != crm.Unavailable || asked != 2 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	if p.api.spoken() != defaultVersion {
		t.Errorf("speaks %s", p.api.spoken())
	}
}

// The commands that look at a portal find the version as passes do.
func TestLookingAtAPortalOfAnotherVersion(t *testing.T) {
	client := without(t, token, "", "/2026-03")
	if _, err := client.Survey(t.Context()); err != nil {
		t.Error(err)
	}
	client = without(t, token, "", "/2026-03")
	found, err := client.Inspect(t.Context(), crm.Inspection{})
	if err != nil {
		t.Fatal(err)
	}
	var api []string
	for _, f := range found {
		switch {
		case f.Area == "api":
			api = append(api, f.Subject)
		case f.Area == "permissions" && f.Grade == crm.Fault:
			t.Errorf("%+v", f)
		}
	}
	if !slices.Equal(api, []string{"2026-03", "v3"}) {
		t.Errorf("says of versions: %q", api)
	}
}

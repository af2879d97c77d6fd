package hubspot

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

func asCRM(err error, e **crm.Error) bool { return errors.As(err, e) }

func TestNewListsEveryFault(t *testing.T) {
	_, err := New(crm.Setup{}, Auth{Flow: "oauth", ClientID: "x y"}, Options{BaseURL: "http://example.com", APIVersion: "v5"})
	for _, want := range []string{"api_version", "base_url", "auth.client_id", "auth.client_secret", "auth.refresh_token"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if crm.KindOf(err) != crm.Invalid {
		t.Errorf("kind %v", crm.KindOf(err))
	}
	for _, base := range []string{"", "https://eu.hs.test/proxy", "http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"} {
		if _, err := New(crm.Setup{}, Auth{Token: " pat-x\n"}, Options{BaseURL: base}); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
	for _, token := range []string{"", "Bearer abc", "a b", "tök"} {
		_, err := New(crm.Setup{}, Auth{Token: token}, Options{})
		if err == nil || !strings.Contains(err.Error(), "auth.token") || token != "" && strings.Contains(err.Error(), token) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestTokensThatAreNotAccepted(t *testing.T) {
	for name, x := range map[string]struct{ token, says string }{
		"garbage":          {"nonsense", "not one that HubSpot issued"},
		"somebody else's":  {"pat-na1-00000000", "auth.token"},
		"an old one, gone": {"pat-eu1-11111111", "auth.token"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t, 1, hssim.Options{}, Options{})
			c, err := New(setup(), Auth{Token: x.token}, Options{BaseURL: p.url})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Describe(context.Background())
			var e *crm.Error
			if !asCRM(err, &e) || e.Kind != crm.Auth || e.Fix == "" || !strings.Contains(err.Error(), x.says) || strings.Contains(err.Error(), x.token) {
				t.Errorf("%v", err)
			}
			if n := c.Calls()["account"]; n != 1 {
				t.Errorf("%d calls with a token that is refused", n)
			}
		})
	}
}

func TestMissingScopesAreNamed(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	p.RevokeScope("crm.objects.deals.write")
	out, err := p.write(t, score(p.ids(1)[0], "1"))
	if out[0].Status != crm.NotSent || crm.KindOf(err) != crm.Permission || !strings.Contains(err.Error(), "crm.objects.deals.write") {
		t.Errorf("%+v %v", out, err)
	}
}

func oauthClient(t *testing.T, p *portal, o Options) *Client {
	t.Helper()
	cred := p.Credentials()
	o.BaseURL, o.SearchPerSecond = p.url, -1
	c, err := New(setup(), Auth{Flow: "oauth", ClientID: cred.ClientID, ClientSecret: cred.ClientSecret, RefreshToken: cred.RefreshToken}, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Ten readers and one token: it is fetched once, and once more when the portal
// no longer takes it, in the middle of the work.
func TestOAuthRenewsOnceForAll(t *testing.T) {
	for _, version := range []string{"2026-03", "2026-09", "v3"} {
		p := newPortal(t, 30, hssim.Options{}, Options{})
		c := oauthClient(t, p, Options{APIVersion: version})
		read := func() {
			t.Helper()
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					if l, err := c.Load(context.Background(), p.ids(30)); err != nil || len(l.Deals) != 30 {
						t.Errorf("%d deals, %v", len(l.Deals), err)
					}
				})
			}
			wg.Wait()
		}
		read()
		if n := c.Calls()["token"]; n != 1 {
			t.Errorf("%s: %d sign-ins, want 1", version, n)
		}
		p.Clock().Advance(31 * time.Minute)
		read()
		if n := c.Calls()["token"]; n != 2 {
			t.Errorf("%s: %d sign-ins after the token ended, want 2", version, n)
		}
	}
}

func TestOAuthRenewsByTheClock(t *testing.T) {
	now := start
	s := newSession(Auth{RefreshToken: "r"}, nil, nil)
	s.now = func() time.Time { return now }
	s.state.Store(&access{token: "old", gen: 3, until: start.Add(25 * time.Minute)})
	req := httptest.NewRequest("GET", "/", nil)
	if gen, err := s.Apply(context.Background(), req); err != nil || gen != 3 || req.Header.Get("Authorization") != "Bearer old" {
		t.Errorf("%d %v %q", gen, err, req.Header)
	}
	s.failed, s.failedAt = &crm.Error{Kind: crm.Auth, Err: errors.New("no")}, start.Add(24*time.Minute+30*time.Second)
	now = start.Add(25 * time.Minute)
	if _, err := s.Apply(context.Background(), req); crm.KindOf(err) != crm.Auth {
		t.Errorf("%v: the token's time is over, so a new one is asked for", err)
	}
	if err := s.Renew(context.Background(), 2); err != nil {
		t.Errorf("%v: there is a newer token than the one complained of", err)
	}
}

func TestRefusedSignIns(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	cred := p.Credentials()
	for code, a := range map[string]Auth{
		"BAD_REFRESH_TOKEN": {ClientID: cred.ClientID, ClientSecret: cred.ClientSecret, RefreshToken: "wrong-one"},
		"BAD_CLIENT_ID":     {ClientID: "wrong-one", ClientSecret: cred.ClientSecret, RefreshToken: cred.RefreshToken},
		"BAD_CLIENT_SECRET": {ClientID: cred.ClientID, ClientSecret: "wrong-one", RefreshToken: cred.RefreshToken},
	} {
		a.Flow = "oauth"
		c, err := New(setup(), a, Options{BaseURL: p.url})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_, err := c.Describe(context.Background())
				var e *crm.Error
				if !asCRM(err, &e) || e.Kind != crm.Auth || e.Code != code || e.Fix == "" || strings.Contains(err.Error(), "wrong-one") {
					t.Errorf("%s: %v", code, err)
				}
			})
		}
		wg.Wait()
		if n := c.Calls()["token"]; n != 1 {
			t.Errorf("%s: %d sign-ins, want 1", code, n)
		}
	}
}

// A token does not follow a redirect, neither ours nor the library's.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var stolen atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	defer thief.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer srv.Close()
	c, err := New(setup(), Auth{Token: "pat-na1-1"}, Options{BaseURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Describe(context.Background()); crm.KindOf(err) != crm.Invalid || !strings.Contains(err.Error(), "base_url") {
		t.Errorf("%v", err)
	}
	if _, err := c.People(context.Background(), []crm.UserID{"1"}); crm.KindOf(err) != crm.Invalid {
		t.Errorf("%v", err)
	}
	if stolen.Load() != 0 {
		t.Errorf("%d requests followed a redirect", stolen.Load())
	}
}

func TestNobodyThere(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	c, err := New(setup(), Auth{Token: "pat-na1-1"}, Options{BaseURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	c.schema.value = &schema{at: time.Now(), mapping: mapping{byName: map[string]*mapped{"score": {native: "handoff_score", writable: true, on: &property{name: "handoff_score", typ: "number"}}}}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	out, err := c.Write(ctx, []crm.Update{score("1", "1")})
	if crm.KindOf(err) != crm.Unavailable || out[0].Status != crm.NotSent {
		t.Errorf("%+v %v: what never left was not sent", out, err)
	}
}

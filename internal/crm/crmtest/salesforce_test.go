package crmtest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/crmtest"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

// org is a simulated Salesforce and how to sign in there.
type org struct {
	*sfsim.Server
	world *world.World
	url   string
}

func newOrg(t *testing.T, deals int, o sfsim.Options) *org {
	t.Helper()
	return orgBehind(t, deals, o, func(next http.Handler) http.Handler { return next })
}

// orgBehind is an org behind something that may answer in its place.
func orgBehind(t *testing.T, deals int, o sfsim.Options, front func(http.Handler) http.Handler) *org {
	t.Helper()
	w := world.Generate(world.GenerateOptions{Deals: deals, Seed: 11, Now: now})
	// The adapter dates its assertions by the machine's clock.
	o.Clock, o.PageSize, o.WallClockAssertions = simclock.New(now), 200, true
	s := &org{Server: sfsim.New(w, o), world: w}
	srv := httptest.NewServer(front(s))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

// auth holds what a flow needs and nothing else.
func (o *org) auth(flow string) salesforce.Auth {
	cred := o.Credentials()
	a := salesforce.Auth{Flow: flow, LoginURL: o.url}
	switch flow {
	case salesforce.ClientCredentials:
		a.ClientID, a.ClientSecret = cred.ClientID, cred.ClientSecret
	case salesforce.JWT:
		a.ClientID, a.Username, a.PrivateKey = cred.ClientID, cred.Username, cred.PrivateKey
	case salesforce.RefreshToken:
		a.ClientID, a.ClientSecret, a.RefreshToken = cred.ClientID, cred.ClientSecret, cred.RefreshToken
	case salesforce.Password:
		a.Username, a.Password, a.SecurityToken = cred.Username, cred.Password, cred.SecurityToken
	}
	return a
}

func (o *org) client(t *testing.T, a salesforce.Auth) *salesforce.Client {
	t.Helper()
	return o.clientWith(t, a, salesforce.Options{})
}

func (o *org) clientWith(t *testing.T, a salesforce.Auth, with salesforce.Options) *salesforce.Client {
	t.Helper()
	c, err := salesforce.New(crmtest.Setup(o.world, func(f world.Field) string { return f.Salesforce }), a, with)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (o *org) subject(c *salesforce.Client) crmtest.Subject {
	return crmtest.Subject{
		World: o.world, Source: c, Sink: c, Deal: o.DealID, Person: o.UserID, Contact: o.ContactID,
		Hand: inOrg{o}, Streams: 6,
		// The row is gone at once and nothing else moves.
		Tells: map[string]crmtest.Told{"a contact is taken off the deal": crmtest.Nowhere},
	}
}

// inOrg is a person at work in an org.
type inOrg struct{ *org }

func (o inOrg) Phone(contact, number string) error { return o.Set("Contact", contact, "Phone", number) }

func (o inOrg) Bounce(contact string) error {
	return o.Set("Contact", contact, "EmailBouncedDate", o.Clock().Now())
}

func (o inOrg) Link(deal, contact, role string) error {
	_, err := o.Insert("OpportunityContactRole", map[string]any{"OpportunityId": deal, "ContactId": contact, "Role": role})
	return err
}

func (o inOrg) Unlink(deal, contact string) error {
	return o.Delete("OpportunityContactRole", o.role(deal, contact))
}

func (o inOrg) Recast(deal, contact, role string) error {
	return o.Set("OpportunityContactRole", o.role(deal, contact), "Role", role)
}

func (o inOrg) role(deal, contact string) string {
	for _, id := range o.IDs("OpportunityContactRole") {
		if o.Get("OpportunityContactRole", id, "OpportunityId") == deal && o.Get("OpportunityContactRole", id, "ContactId") == contact {
			return id
		}
	}
	return ""
}

func (o inOrg) Write(deal, text string) (string, error) {
	return o.Insert("Note", map[string]any{"ParentId": deal, "Title": "Note", "Body": text})
}

func (o inOrg) Rewrite(note, text string) error { return o.Set("Note", note, "Body", text) }

func (o inOrg) Erase(note string) error { return o.Delete("Note", note) }

func (o inOrg) Deny() func() {
	o.HideField("Note", "ParentId")
	return func() { o.ShowField("Note", "ParentId") }
}

func TestSalesforce(t *testing.T) {
	for _, flow := range []string{salesforce.ClientCredentials, salesforce.JWT, salesforce.RefreshToken, salesforce.Password} {
		t.Run(flow, func(t *testing.T) {
			o := newOrg(t, 500, sfsim.Options{RotateRefreshTokens: true})
			first := o.auth(flow)
			c := o.client(t, first)
			crmtest.Run(t, o.subject(c))
			if n := c.Calls()["sign-in"]; n != 1 {
				t.Errorf("signed in %d times for one suite", n)
			}
			for range 2 { // each session that dies costs one sign-in, the second by a token that rotated
				o.KillSessions()
				if _, err := c.People(t.Context(), []crm.UserID{crm.UserID(o.UserID(0))}); err != nil {
					t.Fatal(err)
				}
				if _, err := c.Load(t.Context(), []crm.DealID{crm.DealID(o.DealID(0))}); err != nil {
					t.Fatal(err)
				}
			}
			if n := c.Calls()["sign-in"]; n != 3 {
				t.Errorf("signed in %d times for three sessions", n)
			}
			if flow == salesforce.RefreshToken {
				if _, err := o.client(t, first).Describe(t.Context()); crm.KindOf(err) != crm.Auth {
					t.Errorf("a spent refresh token: %v", err)
				}
			}
		})
	}
}

// What is refused at sign-in is told with its kind and with what to set.
func TestSalesforceRefusesWrongCredentials(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	foreign := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	for _, tc := range []struct {
		name, flow string
		org        sfsim.Options
		spoil      func(*salesforce.Auth)
		fix        string
	}{
		{"wrong password", salesforce.Password, sfsim.Options{}, func(a *salesforce.Auth) { a.Password = "n0nsense-word" }, "auth.password"},
		{"no security token", salesforce.Password, sfsim.Options{}, func(a *salesforce.Auth) { a.SecurityToken = "" }, "auth.security_token"},
		{"unknown user", salesforce.Password, sfsim.Options{}, func(a *salesforce.Auth) { a.Username = "who&where@example.com" }, "auth.username"},
		{"foreign key", salesforce.JWT, sfsim.Options{}, func(a *salesforce.Auth) { a.PrivateKey = foreign }, "auth.private_key"},
		{"user who is not approved", salesforce.JWT, sfsim.Options{}, func(a *salesforce.Auth) { a.Username = "who@example.com" }, "pre-authorise"},
		{"unknown app", salesforce.JWT, sfsim.Options{}, func(a *salesforce.Auth) { a.ClientID = "3MVG9other" }, "auth.client_id"},
		{"audience of a sandbox", salesforce.JWT, sfsim.Options{}, func(a *salesforce.Auth) { a.Audience = "https://test.salesforce.com" }, "auth.audience"},
		{"wrong secret", salesforce.ClientCredentials, sfsim.Options{}, func(a *salesforce.Auth) { a.ClientSecret = "n0nsense-word" }, "auth.client_secret"},
		{"no run-as user", salesforce.ClientCredentials, sfsim.Options{NoRunAsUser: true}, func(*salesforce.Auth) {}, "run-as user"},
		{"unknown refresh token", salesforce.RefreshToken, sfsim.Options{}, func(a *salesforce.Auth) { a.RefreshToken = "n0nsense-word" }, "auth.refresh_token"},
	} {
		t.Run(tc.flow+" "+tc.name, func(t *testing.T) {
			o := newOrg(t, 1, tc.org)
			a := o.auth(tc.flow)
			tc.spoil(&a)
			_, err := o.client(t, a).Describe(t.Context())
			var e *crm.Error
			if !errors.As(err, &e) || e.Kind != crm.Auth || !strings.Contains(e.Fix, tc.fix) {
				t.Fatalf("got %v, want kind auth and a fix that names %q", err, tc.fix)
			}
			for _, secret := range []string{a.Password, a.SecurityToken, a.ClientSecret, a.RefreshToken, a.PrivateKey} {
				if secret != "" && strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows a secret: %v", err)
				}
			}
		})
	}
}

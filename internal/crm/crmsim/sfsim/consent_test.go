package sfsim

import (
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// assert signs in with a JWT for an audience.
func (r *rig) assert(audience string) reply {
	r.t.Helper()
	cred := r.s.Credentials()
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(cred.PrivateKey))
	if err != nil {
		r.t.Fatal(err)
	}
	claims := jwt.MapClaims{"iss": cred.ClientID, "sub": cred.Username, "aud": audience, "exp": r.s.Clock().Now().Add(time.Minute).Unix()}
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.form(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {text}})
}

func TestAuthorizationCode(t *testing.T) {
	r := newRig(t, 2, Options{})
	cred := r.s.Credentials()
	const home = "http://localhost:1717/OauthRedirect"
	swap := func(code, redirect, secret string) reply {
		return r.form(url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "client_id": {cred.ClientID}, "client_secret": {secret},
		})
	}
	code := r.s.Authorize(home)
	oauthRefused(t, swap(code, "http://elsewhere.example.com", cred.ClientSecret), "redirect_uri_mismatch", "")
	oauthRefused(t, swap(code, home, "x"), "invalid_client", "")
	oauthRefused(t, swap("x", home, cred.ClientSecret), "invalid_grant", "invalid authorization code")
	got := swap(code, home, cred.ClientSecret)
	token, _ := got.obj()["refresh_token"].(string)
	if got.status != 200 || token == "" || got.obj()["scope"] != "refresh_token api" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	oauthRefused(t, swap(code, home, cred.ClientSecret), "invalid_grant", "invalid authorization code") // it works once
	refreshed := r.form(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {cred.ClientID}})
	if refreshed.status != 200 {
		t.Errorf("the refresh token: %s", refreshed.body)
	}
	r.token = refreshed.obj()["access_token"].(string)
	if p := r.get(api + "/limits"); p.status != 200 {
		t.Errorf("the session: %d", p.status)
	}
	late := r.s.Authorize(home)
	r.s.Clock().Advance(16 * time.Minute)
	oauthRefused(t, swap(late, home, cred.ClientSecret), "invalid_grant", "expired authorization code")
}

func TestNoRunAsUser(t *testing.T) {
	s := New(company(2), Options{NoRunAsUser: true})
	r := &rig{t: t, s: s, web: newWeb(t, s)}
	cred := s.Credentials()
	p := r.form(url.Values{"grant_type": {"client_credentials"}, "client_id": {cred.ClientID}, "client_secret": {cred.ClientSecret}})
	oauthRefused(t, p, "invalid_grant", "no client credentials user enabled")
}

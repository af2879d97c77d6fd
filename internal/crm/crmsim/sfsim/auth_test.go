package sfsim

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestClientCredentials(t *testing.T) {
	r := newRig(t, 2, Options{LoginHosts: []string{"localhost"}, InstanceHost: "127.0.0.1"})
	cred := r.s.Credentials()
	form := func(kv ...string) url.Values {
		v := url.Values{"grant_type": {"client_credentials"}, "client_id": {cred.ClientID}, "client_secret": {cred.ClientSecret}}
		for i := 0; i < len(kv); i += 2 {
			v.Set(kv[i], kv[i+1])
		}
		return v
	}
	p := r.form(form())
	got := p.obj()
	if p.status != 200 || got["instance_url"] != r.web.URL || got["token_type"] != "Bearer" || got["id"] != r.web.URL+"/id/"+cred.OrgID+"/"+cred.UserID {
		t.Errorf("%d %s", p.status, p.body)
	}
	if _, has := got["expires_in"]; has {
		t.Error("expires_in is not the vendor's")
	}
	if _, has := got["refresh_token"]; has {
		t.Error("client credentials give no refresh token")
	}
	if token := got["access_token"].(string); !strings.HasPrefix(token, cred.OrgID[:15]+"!") {
		t.Errorf("token %q", token)
	}
	oauthRefused(t, r.form(form("client_id", "x")), "invalid_client_id", "")
	oauthRefused(t, r.form(form("client_secret", "x")), "invalid_client", "")
	oauthRefused(t, r.form(form("grant_type", "magic")), "unsupported_grant_type", "")
	oauthRefused(t, r.form(form("grant_type", "")), "invalid_request", "")
	shared := r.do("POST", "/services/oauth2/token", form().Encode(), "Content-Type", "application/x-www-form-urlencoded")
	if shared.status != 200 {
		t.Errorf("own domain: %s", shared.body)
	}
	r.web.URL = strings.Replace(r.web.URL, "127.0.0.1", "localhost", 1)
	oauthRefused(t, r.form(form()), "invalid_grant", "request not supported on this domain")
}

func oauthRefused(t *testing.T, p reply, code, part string) {
	t.Helper()
	got := p.obj()
	d, _ := got["error_description"].(string)
	if p.status != 400 || got["error"] != code || !strings.Contains(d, part) {
		t.Errorf("%d %s, want 400 %s %s", p.status, p.body, code, part)
	}
}

func TestJWTBearer(t *testing.T) {
	r := newRig(t, 2, Options{LoginHosts: []string{"localhost"}, InstanceHost: "127.0.0.1"})
	cred := r.s.Credentials()
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(cred.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := func() jwt.MapClaims {
		return jwt.MapClaims{"iss": cred.ClientID, "sub": cred.Username, "aud": "https://login.salesforce.com", "exp": start.Add(3 * time.Minute).Unix()}
	}
	with := func(k string, v any) jwt.MapClaims { c := good(); c[k] = v; return c }
	without := func(k string) jwt.MapClaims { c := good(); delete(c, k); return c }
	send := func(m jwt.SigningMethod, k any, c jwt.MapClaims) reply {
		text, err := jwt.NewWithClaims(m, c).SignedString(k)
		if err != nil {
			t.Fatal(err)
		}
		return r.form(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {text}})
	}
	for name, c := range map[string]jwt.MapClaims{
		"login host": good(), "own domain": with("aud", r.web.URL), "own domain with slash": with("aud", r.web.URL+"/"),
		"expiry in milliseconds": with("exp", start.Add(time.Minute).UnixMilli()),
	} {
		p := send(jwt.SigningMethodRS256, key, c)
		got := p.obj()
		if p.status != 200 || got["access_token"] == nil || got["issued_at"] != nil || got["refresh_token"] != nil {
			t.Errorf("%s: %d %s", name, p.status, p.body)
		}
	}
	for _, tc := range []struct {
		name, code, part string
		method           jwt.SigningMethod
		key              any
		claims           jwt.MapClaims
	}{
		{"foreign key", "invalid_grant", "invalid assertion", jwt.SigningMethodRS256, other, good()},
		{"shared secret", "invalid_grant", "invalid assertion", jwt.SigningMethodHS256, []byte(cred.ClientSecret), good()},
		{"no signature", "invalid_grant", "invalid assertion", jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()},
		{"issuer", "invalid_client_id", "", jwt.SigningMethodRS256, key, with("iss", "x")},
		{"audience", "invalid_grant", "audience is invalid", jwt.SigningMethodRS256, key, with("aud", "https://test.salesforce.com")},
		{"no audience", "invalid_grant", "audience is invalid", jwt.SigningMethodRS256, key, without("aud")},
		{"subject", "invalid_grant", "user hasn't approved this consumer", jwt.SigningMethodRS256, key, with("sub", "max@northwind.example.com")},
		{"expired", "invalid_grant", "expired authorization code", jwt.SigningMethodRS256, key, with("exp", start.Add(-time.Minute).Unix())},
		{"no expiry", "invalid_grant", "", jwt.SigningMethodRS256, key, without("exp")},
	} {
		p := send(tc.method, tc.key, tc.claims)
		t.Run(tc.name, func(t *testing.T) { p.t = t; oauthRefused(t, p, tc.code, tc.part) })
	}
	oauthRefused(t, r.form(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {"a.b.c"}}), "invalid_grant", "invalid assertion")
	r.web.URL = strings.Replace(r.web.URL, "127.0.0.1", "localhost", 1)
	p := send(jwt.SigningMethodRS256, key, good())
	if got, _ := p.obj()["instance_url"].(string); !strings.HasPrefix(got, "http://127.0.0.1:") {
		t.Errorf("a login host sends its clients to %q", got)
	}
	r.s.Clock().Advance(4 * time.Minute)
	oauthRefused(t, send(jwt.SigningMethodRS256, key, good()), "invalid_grant", "expired")
}

func TestRefreshToken(t *testing.T) {
	for _, rotate := range []bool{false, true} {
		r := newRig(t, 2, Options{RotateRefreshTokens: rotate})
		cred := r.s.Credentials()
		refresh := func(token string) reply {
			return r.form(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {cred.ClientID}})
		}
		p := refresh(cred.RefreshToken)
		next, _ := p.obj()["refresh_token"].(string)
		if p.status != 200 || (next != "") != rotate {
			t.Fatalf("rotate %t: %d %s", rotate, p.status, p.body)
		}
		if !rotate {
			if p := refresh(cred.RefreshToken); p.status != 200 {
				t.Errorf("the token died: %s", p.body)
			}
			continue
		}
		oauthRefused(t, refresh(cred.RefreshToken), "invalid_grant", "expired access/refresh token")
		if next != r.s.Credentials().RefreshToken || refresh(next).status != 200 {
			t.Error("the new token does not work")
		}
	}
}

func TestPasswordGrant(t *testing.T) {
	r := newRig(t, 2, Options{})
	cred := r.s.Credentials()
	form := url.Values{
		"grant_type": {"password"}, "client_id": {cred.ClientID}, "client_secret": {cred.ClientSecret},
		"username": {cred.Username}, "password": {cred.Password + cred.SecurityToken},
	}
	if p := r.form(form); p.status != 200 {
		t.Error(p.body)
	}
	form.Set("password", cred.Password)
	oauthRefused(t, r.form(form), "invalid_grant", "authentication failure")
	blocked := newRig(t, 2, Options{NoPasswordFlow: true})
	form.Set("password", cred.Password+cred.SecurityToken)
	oauthRefused(t, blocked.form(form), "invalid_grant", "authentication failure")
}

const loginXML = `<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><n1:login xmlns:n1="urn:partner.soap.sforce.com">` +
	`<n1:username>%s</n1:username><n1:password>%s</n1:password></n1:login></e:Body></e:Envelope>`

func TestSOAPLogin(t *testing.T) {
	r := newRig(t, 2, Options{})
	cred := r.s.Credentials()
	login := func(r *rig, version, user, password string) reply {
		return r.do("POST", "/services/Soap/u/"+version, fmt.Sprintf(loginXML, user, password), "Content-Type", "text/xml", "SOAPAction", "login", "Authorization", "")
	}
	p := login(r, "60.0", cred.Username, cred.Password+cred.SecurityToken)
	if p.status != 200 || !strings.Contains(p.body, "<serverUrl>"+r.web.URL+"/services/Soap/u/60.0/"+cred.OrgID[:15]+"</serverUrl>") {
		t.Fatalf("%d %s", p.status, p.body)
	}
	_, rest, _ := strings.Cut(p.body, "<sessionId>")
	r.token, _, _ = strings.Cut(rest, "</sessionId>")
	if p := r.get(api + "/limits"); p.status != 200 {
		t.Errorf("the session does not work: %s", p.body)
	}
	for _, tc := range []struct {
		name, want string
		p          reply
	}{
		{"wrong password", "INVALID_LOGIN: Invalid username, password, security token; or user locked out.", login(r, "60.0", cred.Username, cred.Password)},
		{"too new", "UNSUPPORTED_API_VERSION", login(r, "65.0", cred.Username, cred.Password+cred.SecurityToken)},
		{"too old", "UNSUPPORTED_API_VERSION", login(r, "30.0", cred.Username, cred.Password+cred.SecurityToken)},
		{"not XML", "<faultcode>soapenv:Client", login(r, "60.0", "a & b", "x")},
		{"switched off", "disabled by default", login(newRig(t, 2, Options{NoSOAPLogin: true}), "60.0", cred.Username, cred.Password+cred.SecurityToken)},
	} {
		if tc.p.status != 500 || !strings.Contains(tc.p.body, tc.want) || !strings.Contains(tc.p.header.Get("Content-Type"), "xml") {
			t.Errorf("%s: %d %s", tc.name, tc.p.status, tc.p.body)
		}
	}
}

func TestSessions(t *testing.T) {
	r := newRig(t, 2, Options{})
	ask := func(auth string) reply { return r.get(api+"/limits", "Authorization", auth) }
	ask("").refused(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
	ask("Basic eDp5").refused(401, "INVALID_AUTH_HEADER", "")
	ask("Bearer nonsense").refused(401, "INVALID_SESSION_ID", "Session expired or invalid")
	if p := ask("OAuth " + r.token); p.status != 200 {
		t.Errorf("OAuth scheme: %d", p.status)
	}
	r.s.Clock().Advance(110 * time.Minute)
	if p := r.get(api + "/limits"); p.status != 200 {
		t.Errorf("before the timeout: %d", p.status)
	}
	r.s.Clock().Advance(110 * time.Minute)
	if p := r.get(api + "/limits"); p.status != 200 {
		t.Errorf("activity does not keep the session alive: %d", p.status)
	}
	r.s.Clock().Advance(121 * time.Minute)
	r.get(api+"/limits").refused(401, "INVALID_SESSION_ID", "")
	r.login()
	if p := r.do("POST", "/services/oauth2/revoke", url.Values{"token": {r.token}}.Encode(), "Content-Type", "application/x-www-form-urlencoded"); p.status != 200 {
		t.Errorf("revoke: %d %s", p.status, p.body)
	}
	r.get(api+"/limits").refused(401, "INVALID_SESSION_ID", "")
	r.login()
	r.s.KillSessions()
	r.get(api+"/limits").refused(401, "INVALID_SESSION_ID", "")
	if err := r.s.SetActive(false); err != nil {
		t.Fatal(err)
	}
	cred := r.s.Credentials()
	oauthRefused(t, r.form(url.Values{"grant_type": {"client_credentials"}, "client_id": {cred.ClientID}, "client_secret": {cred.ClientSecret}}), "inactive_user", "")
}

func TestIdentity(t *testing.T) {
	r := newRig(t, 2, Options{})
	cred := r.s.Credentials()
	path := strings.TrimPrefix(r.get(api).obj()["identity"].(string), r.web.URL)
	if got := r.get(path).obj(); got["username"] != cred.Username || got["user_id"] != cred.UserID || got["organization_id"] != cred.OrgID {
		t.Errorf("identity: %v", got)
	}
	if p := r.get(path+"?format=json&oauth_token="+url.QueryEscape(r.token), "Authorization", ""); p.status != 200 {
		t.Errorf("token in the query: %d", p.status)
	}
	if p := r.get(path, "Authorization", "Bearer x"); p.status != 403 || p.body != "Bad_OAuth_Token" {
		t.Errorf("bad token: %d %s", p.status, p.body)
	}
	if got := r.get("/services/oauth2/userinfo").obj(); got["user_id"] != cred.UserID || got["preferred_username"] != cred.Username {
		t.Errorf("userinfo: %v", got)
	}
}

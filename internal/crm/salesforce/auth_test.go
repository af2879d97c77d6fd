package salesforce

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jarcoal/httpmock"

	"github.com/handoffscore/syncd/internal/crm"
)

// signInHost answers sign-ins and counts them; every other request gets an
// empty list if it carries the last token.
type signInHost struct {
	*httptest.Server
	mu    sync.Mutex
	n     int
	forms []url.Values
	soap  []string
	next  func(h *signInHost, form url.Values, n int) (int, any)
}

func newSignInHost(t *testing.T) *signInHost {
	t.Helper()
	h := &signInHost{}
	h.next = func(h *signInHost, _ url.Values, n int) (int, any) {
		return 200, map[string]any{"access_token": fmt.Sprint("t", n), "instance_url": h.URL}
	}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *signInHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case r.URL.Path == "/services/oauth2/token":
		_ = r.ParseForm()
		h.forms = append(h.forms, r.PostForm)
		h.n++
		status, v := h.next(h, r.PostForm, h.n)
		send(w, status, v)
	case strings.HasPrefix(r.URL.Path, "/services/Soap/u/"):
		b, _ := io.ReadAll(r.Body)
		h.soap = append(h.soap, r.URL.Path, string(b))
		h.n++
		fmt.Fprintf(w, `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com"><soapenv:Body><loginResponse><result><passwordExpired>false</passwordExpired><serverUrl>%s/services/Soap/u/60.0/00D</serverUrl><sessionId>t%d</sessionId><userId>005000000000009AAA</userId><userInfo><organizationId>00D000000000001</organizationId></userInfo></result></loginResponse></soapenv:Body></soapenv:Envelope>`, h.URL, h.n)
	case r.Header.Get("Authorization") != fmt.Sprint("Bearer t", h.n):
		send(w, 401, fail("INVALID_SESSION_ID", "Session expired or invalid"))
	default:
		send(w, 200, []any{})
	}
}

func pemKey(t *testing.T) (string, *rsa.PublicKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})), &key.PublicKey
}

func TestEveryFlowSignsIn(t *testing.T) {
	private, public := pemKey(t)
	for _, c := range []struct {
		auth  Auth
		check func(t *testing.T, h *signInHost)
	}{
		{Auth{Flow: ClientCredentials, ClientID: "app", ClientSecret: "s&cret"}, func(t *testing.T, h *signInHost) {
			if f := h.forms[0]; f.Get("grant_type") != "client_credentials" || f.Get("client_secret") != "s&cret" {
				t.Errorf("form %v", f)
			}
		}},
		{Auth{Flow: RefreshToken, ClientID: "app", RefreshToken: "r1"}, func(t *testing.T, h *signInHost) {
			if f := h.forms[0]; f.Get("grant_type") != "refresh_token" || f.Get("refresh_token") != "r1" || f.Has("client_secret") {
				t.Errorf("form %v", f)
			}
		}},
		{Auth{Flow: JWT, ClientID: "app", Username: "syncd@example.com", PrivateKey: private}, func(t *testing.T, h *signInHost) {
			claims := jwt.MapClaims{}
			_, err := jwt.ParseWithClaims(h.forms[0].Get("assertion"), claims, func(*jwt.Token) (any, error) { return public, nil },
				jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("app"), jwt.WithSubject("syncd@example.com"), jwt.WithAudience(h.URL), jwt.WithExpirationRequired())
			if err != nil {
				t.Error(err)
			}
			if exp, _ := claims.GetExpirationTime(); time.Until(exp.Time) > 5*time.Minute {
				t.Errorf("expires %v", exp)
			}
		}},
		{Auth{Flow: Password, Username: "a&b@example.com", Password: "<p>", SecurityToken: "&t"}, func(t *testing.T, h *signInHost) {
			var env struct {
				Name string `xml:"Body>login>username"`
				Pass string `xml:"Body>login>password"`
			}
			if err := xml.Unmarshal([]byte(h.soap[1]), &env); err != nil || env.Name != "a&b@example.com" || env.Pass != "<p>&t" {
				t.Errorf("%v %+v", err, env)
			}
		}},
	} {
		t.Run(c.auth.Flow, func(t *testing.T) {
			h := newSignInHost(t)
			c.auth.LoginURL = h.URL + "/"
			client, err := New(crm.Setup{}, c.auth, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.get(context.Background(), "/x"); err != nil {
				t.Fatal(err)
			}
			c.check(t, h)
			if n := client.Calls()["sign-in"]; n != 1 {
				t.Errorf("%d sign-ins counted", n)
			}
		})
	}
}

func TestManyCallersSignInOnce(t *testing.T) {
	h := newSignInHost(t)
	c, err := New(crm.Setup{}, Auth{Flow: ClientCredentials, LoginURL: h.URL, ClientID: "a", ClientSecret: "b"}, Options{InFlight: 30})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				if _, err := c.get(context.Background(), "/x"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	if h.n != 1 {
		t.Errorf("signed in %d times", h.n)
	}
}

func TestRefreshTokensRotate(t *testing.T) {
	h := newSignInHost(t)
	h.next = func(h *signInHost, form url.Values, n int) (int, any) {
		if form.Get("refresh_token") != fmt.Sprint("r", n) {
			return 400, map[string]any{"error": "invalid_grant", "error_description": "expired access/refresh token"}
		}
		return 200, map[string]any{"access_token": fmt.Sprint("t", n), "instance_url": h.URL, "refresh_token": fmt.Sprint("r", n+1)}
	}
	c, err := New(crm.Setup{}, Auth{Flow: RefreshToken, LoginURL: h.URL, ClientID: "a", RefreshToken: "r1"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := c.get(context.Background(), "/x"); err != nil {
			t.Fatal(err)
		}
		if err := c.session.Renew(context.Background(), c.session.generation()); err != nil {
			t.Fatal(err)
		}
	}
	if h.n != 4 {
		t.Errorf("signed in %d times", h.n)
	}
}

func TestRefusedSignInsSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		kind   crm.ErrorKind
		says   string
	}{
		{400, `{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}`, crm.Auth, "pre-authorise"},
		{400, `{"error":"invalid_grant","error_description":"audience is invalid"}`, crm.Auth, "auth.audience"},
		{400, `{"error":"invalid_grant","error_description":"expired authorization code"}`, crm.Auth, "clock"},
		{400, `{"error":"invalid_grant","error_description":"authentication failure"}`, crm.Auth, "locked"},
		{400, `{"error":"invalid_grant","error_description":"request not supported on this domain"}`, crm.Auth, "My Domain"},
		{400, `{"error":"invalid_grant","error_description":"no client credentials user enabled"}`, crm.Auth, "run-as user"},
		{400, `{"error":"invalid_client_id","error_description":"client identifier invalid"}`, crm.Auth, "auth.client_id"},
		{401, `{"error":"invalid_client","error_description":"invalid client credentials"}`, crm.Auth, "auth.client_secret"},
		{400, `{"error":"inactive_user","error_description":"user is inactive"}`, crm.Auth, "activate"},
		{400, `{"error":"inactive_org","error_description":"organization locked"}`, crm.Auth, "org is locked"},
		{400, `{"error":"unsupported_grant_type","error_description":"grant type not supported"}`, crm.Auth, "enable it"},
		{400, `{"error":"rate_limit_exceeded","error_description":"too many"}`, crm.RateLimited, "wait"},
		{200, `<html><body>Login</body></html>`, crm.Malformed, "login_url"},
		{200, ``, crm.Malformed, "login_url"},
		{200, `{}`, crm.Malformed, "no access token"},
		{200, `{"access_token":"t","instance_url":"https://evil.example"}`, crm.Malformed, "no Salesforce address"},
		{200, `{"access_token":"t","instance_url":"http://acme.my.salesforce.com"}`, crm.Malformed, "no Salesforce address"},
		{302, ``, crm.Invalid, "My Domain"},
		{404, `<html>no</html>`, crm.Invalid, "no sign-in at that address"},
		{500, `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault><faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: Invalid username, password, security token; or user locked out.</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`, crm.Auth, "security_token"},
	} {
		n := 0
		mock := httpmock.NewMockTransport()
		mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) {
			n++
			r := httpmock.NewStringResponse(c.status, c.body)
			r.Header.Set("Location", "https://acme.lightning.force.com/")
			return r, nil
		})
		client, err := New(crm.Setup{}, Auth{Flow: ClientCredentials, LoginURL: "https://acme.my.salesforce.com", ClientID: "app", ClientSecret: "s3cret-word"}, Options{HTTP: mock})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Describe(context.Background())
		var e *crm.Error
		if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cret-word") {
			t.Errorf("%d %s:\n got %v, want %s and %q", c.status, c.body, err, c.kind, c.says)
		}
		if n != 1 {
			t.Errorf("%s: asked %d times", c.body, n)
		}
	}
}

func TestRefusedCredentialsAreNotTriedByEveryCaller(t *testing.T) {
	h := newSignInHost(t)
	h.next = func(*signInHost, url.Values, int) (int, any) {
		return 400, map[string]any{"error": "invalid_grant", "error_description": "authentication failure"}
	}
	c, err := New(crm.Setup{}, Auth{Flow: ClientCredentials, LoginURL: h.URL, ClientID: "a", ClientSecret: "b"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := c.get(context.Background(), "/x"); crm.KindOf(err) != crm.Auth || err == nil {
			t.Fatal(err)
		}
	}
	if h.n != 1 {
		t.Errorf("tried %d times", h.n)
	}
	c.session.now = func() time.Time { return time.Now().Add(time.Minute) }
	if _, err := c.get(context.Background(), "/x"); err == nil || h.n != 2 {
		t.Errorf("tried %d times after a while", h.n)
	}
}

func TestASessionThatNeverWorksIsNotRenewed(t *testing.T) {
	for _, c := range []struct {
		code, message string
		signIns       int
	}{
		{"INVALID_SESSION_ID", "This session is not valid for use with the REST API", 1},
		{"INVALID_SESSION_ID", "Connected app is not attached to Agent", 1},
		{"INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", 1},
		{"INVALID_SESSION_ID", "Session expired or invalid", 2},
	} {
		o := newFakeOrg(t)
		o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
			if strings.Contains(r.URL.Path, "oauth2") {
				return false
			}
			send(w, 401, fail(c.code, c.message))
			return true
		}
		_, err := o.client(crm.Setup{}).Describe(context.Background())
		var e *crm.Error
		if !errors.As(err, &e) || e.Kind != crm.Auth || e.Fix == "" || o.logins != c.signIns {
			t.Errorf("%s: %v after %d sign-ins", c.message, err, o.logins)
		}
	}
}

func TestSignInsAreCapped(t *testing.T) {
	o := newFakeOrg(t)
	o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if strings.Contains(r.URL.Path, "oauth2") {
			return false
		}
		send(w, 401, fail("INVALID_SESSION_ID", "Session expired or invalid"))
		return true
	}
	c := o.client(crm.Setup{})
	for range 50 {
		_, _ = c.get(context.Background(), "/x")
	}
	if o.logins > 15 {
		t.Errorf("signed in %d times", o.logins)
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	private, _ := pemKey(t)
	for _, c := range []struct {
		auth    Auth
		version string
		says    []string
	}{
		{Auth{}, "", []string{"auth.login_url", "auth.flow"}},
		{Auth{Flow: "magic", LoginURL: "http://acme.my.salesforce.com"}, "six", []string{"plain http", `"magic"`, "api_version"}},
		{Auth{Flow: JWT, LoginURL: "https://acme.lightning.force.com"}, "20.0", []string{"Lightning", "auth.client_id", "auth.username", "auth.private_key", "api_version"}},
		{Auth{Flow: JWT, LoginURL: "https://x.my.salesforce.com", ClientID: "a", Username: "u", PrivateKey: "nonsense"}, "", []string{"PEM"}},
		{Auth{Flow: ClientCredentials, LoginURL: "https://login.salesforce.com", ClientID: "a", ClientSecret: "b"}, "", []string{"My Domain"}},
		{Auth{Flow: ClientCredentials, LoginURL: "https://u:p@x.my.salesforce.com", ClientID: "a", ClientSecret: "b"}, "", []string{"user name"}},
		{Auth{Flow: RefreshToken, LoginURL: "ftp://x", ClientID: "a"}, "", []string{"https", "auth.refresh_token"}},
	} {
		_, err := New(crm.Setup{}, c.auth, Options{APIVersion: c.version})
		if crm.KindOf(err) != crm.Invalid || err == nil {
			t.Fatalf("%+v: %v", c.auth, err)
		}
		for _, s := range c.says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%v does not name %s", err, s)
			}
		}
		if strings.Contains(err.Error(), "nonsense") {
			t.Error("the key is shown")
		}
	}
	for _, ok := range []string{"http://127.0.0.1:9001", "http://localhost:1", "http://[::1]:1", "https://acme.my.salesforce.com/"} {
		if _, err := New(crm.Setup{}, Auth{Flow: JWT, LoginURL: ok, ClientID: "a", Username: "u", PrivateKey: private}, Options{APIVersion: "60.0"}); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", Auth{ClientSecret: "zzz"}, Auth{Password: "zzz"}, Auth{PrivateKey: "zzz"}); strings.Contains(s, "zzz") {
		t.Error("secrets are printed")
	}
}

func TestAudienceIsToldFromTheHost(t *testing.T) {
	for host, want := range map[string]string{
		"https://login.salesforce.com":                "https://login.salesforce.com",
		"https://test.salesforce.com":                 "https://test.salesforce.com",
		"https://acme.my.salesforce.com":              "https://login.salesforce.com",
		"https://acme--dev.sandbox.my.salesforce.com": "https://test.salesforce.com",
		"http://127.0.0.1:9001":                       "http://127.0.0.1:9001",
	} {
		u, err := loginURL(host)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Auth{}).audience(u); got != want {
			t.Errorf("%s: %s", host, got)
		}
	}
}

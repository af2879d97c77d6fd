package salesforce

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// assertionLife is how long an assertion is good for; Salesforce takes at most
// a few minutes (read 2026-11-20).
const assertionLife = 3 * time.Minute

// signIn gets a new session by the configured flow.
func (s *session) signIn(ctx context.Context) (grant, error) {
	if s.auth.Flow == Password {
		return s.soapLogin(ctx)
	}
	form := url.Values{}
	switch s.auth.Flow {
	case ClientCredentials:
		form.Set("grant_type", "client_credentials")
		form.Set("client_id", s.auth.ClientID)
		form.Set("client_secret", s.auth.ClientSecret)
	case RefreshToken:
		form.Set("grant_type", "refresh_token")
		form.Set("client_id", s.auth.ClientID)
		form.Set("refresh_token", s.refreshToken())
		if s.auth.ClientSecret != "" {
			form.Set("client_secret", s.auth.ClientSecret)
		}
	default:
		assertion, err := s.assertion()
		if err != nil {
			return grant{}, &crm.Error{Op: "salesforce.sign-in", Kind: crm.Invalid, Err: err, Fix: "set auth.private_key to the key that belongs to the app's certificate"}
		}
		form.Set("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
		form.Set("assertion", assertion)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.login.String()+"/services/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return grant{}, &crm.Error{Op: "salesforce.sign-in", Kind: crm.Invalid, Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	body, _, err := s.via.Do(req)
	if err != nil {
		return grant{}, err
	}
	return s.granted(body)
}

// assertion is a signed statement of who we are.
func (s *session) assertion() (string, error) {
	key, err := s.auth.key()
	if err != nil {
		return "", err
	}
	return jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": s.auth.ClientID,
		"sub": s.auth.Username,
		"aud": s.auth.audience(s.login),
		"exp": s.now().Add(assertionLife).Unix(),
	}).SignedString(key)
}

// granted reads the answer of the token endpoint.
func (s *session) granted(body []byte) (grant, error) {
	malformed := func(what string) (grant, error) {
		return grant{}, &crm.Error{Op: "salesforce.sign-in", Kind: crm.Malformed, Err: errors.New(what), Fix: "check auth.login_url"}
	}
	if !gjson.ValidBytes(body) {
		return malformed("an answer that is not JSON")
	}
	v := gjson.ParseBytes(body)
	token := v.Get("access_token").String()
	if token == "" || strings.ContainsAny(token, "\r\n \t") {
		return malformed("the answer holds no access token")
	}
	instance, err := instanceURL(v.Get("instance_url").String(), s.login)
	if err != nil {
		return malformed(err.Error())
	}
	g := grant{token: token, instance: instance, refresh: v.Get("refresh_token").String()}
	// id is the address of the identity: …/id/<organisation>/<user>
	if parts := strings.Split(strings.TrimRight(v.Get("id").String(), "/"), "/"); len(parts) >= 2 {
		if org, user := parts[len(parts)-2], parts[len(parts)-1]; isID(org) && isUser(user) {
			g.org, g.user = id18(org), id18(user)
		}
	}
	return g, nil
}

// signInPolicy is what answers to a sign-in mean.
type signInPolicy struct{ flow string }

var _ transport.Policy = signInPolicy{}

func (signInPolicy) Kind(req *http.Request) string {
	if req.Header.Get("SOAPAction") == "getUserInfo" {
		return "userinfo"
	}
	return "sign-in"
}

// Safe: a second sign-in does no harm, but a refresh token may be spent.
func (p signInPolicy) Safe(*http.Request) bool { return p.flow != RefreshToken }

func (signInPolicy) Wait(ctx context.Context, _ *http.Request) error { return ctx.Err() }

func (p signInPolicy) Judge(_ *http.Request, status int, h http.Header, body []byte) transport.Verdict {
	f := faultOf(body)
	v := transport.Verdict{Code: f.Code, Message: f.Message}
	v.After, _ = transport.RetryAfter(h, mostWait)
	switch {
	case status < 300:
		v.Kind, v.Code = crm.Malformed, codeNotJSON
		v.Fix = "check auth.login_url: what answers there is not Salesforce's sign-in"
	case status < 400:
		v.Kind = crm.Invalid
		v.Message = "redirected to another address"
		v.Fix = "use the org's My Domain address (https://….my.salesforce.com) as auth.login_url"
	case f.Code == "rate_limit_exceeded", status == http.StatusTooManyRequests, strings.Contains(f.Message, "LOGIN_RATE_EXCEEDED"):
		v.Kind = crm.RateLimited
		if v.After == 0 {
			v.After = 10 * time.Minute
		}
		v.Fix = "too many sign-ins by this user; wait"
	case f.Code != "":
		v.Kind, v.Fix = crm.Auth, signInFix(p.flow, f)
	case status == http.StatusNotFound:
		v.Kind = crm.Invalid
		v.Fix = "check auth.login_url: there is no sign-in at that address"
	case status >= 500:
		v.Kind = crm.Unavailable
	default:
		v.Kind = crm.Auth
		v.Fix = "check auth.login_url and the app's settings"
	}
	return v
}

// signInFix says what to do about each of the vendor's refusals.
func signInFix(flow string, f fault) string {
	says := strings.ToLower(f.Code + " " + f.Message)
	has := func(part string) bool { return strings.Contains(says, part) }
	switch {
	case has("request not supported on this domain"):
		return "set auth.login_url to the org's My Domain address (https://….my.salesforce.com)"
	case has("no client credentials user"):
		return "choose a run-as user for the client credentials flow in the app's policies"
	case has("hasn't approved this consumer"), has("not admin approved"), has("invalid_app_access"):
		return "pre-authorise the user: set the app to admin-approved users and assign a permission set or profile that the user has"
	case has("audience"):
		return "set auth.audience to https://login.salesforce.com, or https://test.salesforce.com for a sandbox"
	case has("expired access/refresh token"), has("expired refresh"):
		return "authorise the app anew and set auth.refresh_token; with rotation on, an old token works once only"
	case has("expired authorization code"), has("assertion"):
		return "check this machine's clock, auth.username, and that auth.private_key belongs to the app's certificate"
	case has("token request is already being processed"):
		return "another program uses the same refresh token; give syncd its own"
	case has("invalid_client"), has("client identifier"), has("client secret"), has("client credentials"):
		return "check auth.client_id and auth.client_secret; a new app takes some minutes to become known"
	case has("inactive_user"), has("inactive user"):
		return "the integration user is not active; activate it in the org"
	case has("inactive_org"):
		return "the org is locked, closed or suspended"
	case has("unsupported_grant_type"):
		return "the app or org does not allow flow " + flow + "; enable it on the app"
	case has("login_must_use_security_token"):
		return "set auth.security_token, or allow this machine's address in the user's profile"
	case has("password_lockout"):
		return "the user is locked out; unlock it in the org"
	case has("api_disabled"), has("soap api login() is disabled"):
		return "SOAP login is off in this org; use flow client_credentials or jwt"
	case has("unsupported_api_version"):
		return "SOAP login needs api_version 31.0 to 64.0"
	case has("invalid_login"):
		return "check auth.username, auth.password and auth.security_token; SOAP login may be off in this org"
	case flow == RefreshToken && has("invalid_grant"):
		return "authorise the app anew and set auth.refresh_token"
	case has("authentication failure"):
		return "check the user name and the app's policies; the user may be locked or barred from signing in from here"
	}
	return "check the connection's auth settings and the app's policies"
}

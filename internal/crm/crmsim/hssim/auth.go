package hssim

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Credentials open the portal. The token is a private app's or service key's;
// the other three are an OAuth app's.
type Credentials struct {
	Token        string
	ClientID     string
	ClientSecret string
	RefreshToken string
}

const accessLife = 30 * time.Minute // of OAuth access tokens

// authority knows who may call and what they may do.
type authority struct {
	mu     sync.Mutex
	cred   Credentials
	seed   uint64
	serial uint64
	access map[string]time.Time // OAuth access token to expiry
	denied map[string]bool      // scopes an admin took away
}

func (a *authority) start(seed uint64) {
	a.seed, a.access, a.denied = seed, map[string]time.Time{}, map[string]bool{}
	a.cred = Credentials{Token: "pat-na1-" + a.uuid(), ClientID: a.uuid(), ClientSecret: a.uuid(), RefreshToken: "na1-" + a.uuid()}
}

// uuid makes the next identifier of a fixed sequence. Hold mu, or be start.
func (a *authority) uuid() string {
	a.serial++
	x := mix(a.seed + a.serial*0x9e3779b97f4a7c15)
	y := mix(x + 0x632be59bd9b4e019)
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", x>>32, x>>16&0xffff, x&0xfff, y>>52, y&0xffffffffffff)
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Credentials returns what a client needs to sign in. They are the same in
// every run with the same world.
func (s *Server) Credentials() Credentials { return s.auth.cred }

// RevokeScope takes a scope, as "crm.objects.deals.write", away from every
// credential. Calls that need it answer 403.
func (s *Server) RevokeScope(scope string) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	s.auth.denied[scope] = true
}

// GrantScope undoes RevokeScope.
func (s *Server) GrantScope(scope string) {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	delete(s.auth.denied, scope)
}

// bearer checks the Authorization header; oauth tells which kind of token it is.
func (a *authority) bearer(h http.Header, now time.Time) (oauth bool, refusal *apiError) {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	a.mu.Lock()
	defer a.mu.Unlock()
	until, known := a.access[token]
	switch {
	case !strings.EqualFold(scheme, "Bearer") || token == "":
		return false, unauthenticated()
	case token == a.cred.Token:
		return false, nil
	case known && now.Before(until):
		return true, nil
	case known:
		return true, expired(until, now)
	case strings.HasPrefix(token, "pat-"):
		return false, unauthenticated()
	default:
		return false, expired(time.UnixMilli(0), now)
	}
}

func unauthenticated() *apiError {
	return refuse(401, "INVALID_AUTHENTICATION", "Authentication credentials not found. This API supports OAuth 2.0 authentication and private app access tokens.")
}

func expired(at, now time.Time) *apiError {
	return refuse(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired %d second(s) ago.", int(now.Sub(at).Seconds())).
		with("expire time", at.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// allowed checks scopes: of each group at least one must be granted.
func (a *authority) allowed(groups [][]string) *apiError {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, any := range groups {
		open := false
		for _, scope := range any {
			open = open || !a.denied[scope]
		}
		if !open {
			return missingScopes(any)
		}
	}
	return nil
}

func missingScopes(scopes []string) *apiError {
	e := refuse(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.")
	e.Errors = []errorDetail{{
		Message: "One or more of the following scopes are required.",
		Context: map[string][]string{"requiredGranularScopes": scopes},
	}}
	e.Links = map[string]string{"scopes": "https://developers.hubspot.com/scopes"}
	return e
}

// Every object scope, for what any of them opens.
var anyRead = []string{"crm.objects.deals.read", "crm.objects.contacts.read", "crm.objects.companies.read", "crm.schemas.deals.read", "crm.schemas.contacts.read", "crm.schemas.companies.read"}

func objectScope(t *table, verb string) []string {
	return []string{"crm.objects." + t.scope + "." + verb}
}

func schemaScope(t *table) []string { return []string{"crm.schemas." + t.scope + ".write"} }

type tokenJSON struct {
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token"`
	ExpiresIn    int      `json:"expires_in"`
	TokenType    string   `json:"token_type"`
	HubID        int64    `json:"hub_id,omitempty"`
	Scopes       []string `json:"scopes,omitempty"`
}

// token answers an OAuth refresh. Parameters travel as a form in the body.
func (s *Server) token(c *call) (any, *apiError) {
	if !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return nil, refuse(415, "", "HTTP 415 Unsupported Media Type")
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return nil, oauthError("invalid_request", "BAD_REQUEST", "the body is not a form")
	}
	a := &s.auth
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case form.Get("grant_type") == "":
		return nil, oauthError("invalid_request", "BAD_GRANT_TYPE", "missing or unknown grant type")
	case form.Get("grant_type") == "authorization_code":
		return nil, oauthError("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code")
	case form.Get("grant_type") != "refresh_token":
		return nil, oauthError("unsupported_grant_type", "BAD_GRANT_TYPE", "missing or unknown grant type")
	case form.Get("client_id") != a.cred.ClientID:
		return nil, oauthError("invalid_client", "BAD_CLIENT_ID", "missing or invalid client id")
	case form.Get("client_secret") != a.cred.ClientSecret:
		return nil, oauthError("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")
	case form.Get("refresh_token") != a.cred.RefreshToken:
		return nil, oauthError("invalid_grant", "BAD_REFRESH_TOKEN", "missing or invalid refresh token")
	}
	for token, until := range a.access {
		if c.now.Sub(until) > 24*time.Hour {
			delete(a.access, token)
		}
	}
	token := "C" + strings.ReplaceAll(a.uuid()+a.uuid(), "-", "")
	a.access[token] = c.now.Add(accessLife)
	out := tokenJSON{AccessToken: token, RefreshToken: a.cred.RefreshToken, ExpiresIn: int(accessLife.Seconds()), TokenType: "bearer"}
	if c.version != "v1" {
		out.HubID = s.portal
		out.Scopes = append(a.granted(), "oauth")
	}
	return out, nil
}

// granted lists the scopes of every credential. Hold mu.
func (a *authority) granted() []string {
	out := []string{}
	for _, scope := range []string{
		"crm.objects.companies.read", "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.deals.read",
		"crm.objects.deals.write", "crm.objects.owners.read", "crm.schemas.deals.write",
	} {
		if !a.denied[scope] {
			out = append(out, scope)
		}
	}
	return out
}

type tokenInfoJSON struct {
	UserID int64    `json:"userId"`
	HubID  int64    `json:"hubId"`
	AppID  int64    `json:"appId"`
	Scopes []string `json:"scopes"`
}

// tokenInfo tells what a private app's token may do. It needs no scope.
func (s *Server) tokenInfo(c *call) (any, *apiError) {
	var in struct {
		Key string `json:"tokenKey"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	a := &s.auth
	a.mu.Lock()
	defer a.mu.Unlock()
	if in.Key != a.cred.Token {
		return nil, unauthenticated()
	}
	return tokenInfoJSON{UserID: 9_100_001, HubID: s.portal, AppID: 1_700_000 + s.portal%100_000, Scopes: a.granted()}, nil
}

// oauthRefusal has a shape of its own, besides the usual one.
type oauthRefusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Status      string `json:"status"`
	Message     string `json:"message"`
}

func oauthError(code, status, message string) *apiError {
	return &apiError{status: 400, Message: message, oauth: &oauthRefusal{code, message, status, message}}
}

package sfsim

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// base is the scheme and host that the request came to: every URL in answers
// leads back there.
func base(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// loginHost reports whether the request came to a shared login host instead of
// the org's own domain.
func (s *Server) loginHost(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return host == "login.salesforce.com" || host == "test.salesforce.com" || slices.Contains(s.o.LoginHosts, host)
}

// instance is the URL that a login sends its client to.
func (s *Server) instance(r *http.Request) string {
	if s.o.InstanceHost == "" || !s.loginHost(r) {
		return base(r)
	}
	host := s.o.InstanceHost
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		host = net.JoinHostPort(host, port)
	}
	return strings.Split(base(r), "://")[0] + "://" + host
}

// token answers POST /services/oauth2/token.
func (c *call) token() (*answer, *apiError) {
	if c.r.Method != http.MethodPost && c.r.Method != http.MethodGet {
		return nil, notAllowed(c.r.Method, "GET", "POST")
	}
	form := c.params
	if strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		posted, err := url.ParseQuery(string(c.body))
		if err != nil {
			return nil, oauth("invalid_request", "malformed request")
		}
		for k, v := range posted {
			form[k] = v
		}
	}
	if id, secret, has := c.r.BasicAuth(); has {
		form.Set("client_id", id)
		form.Set("client_secret", secret)
	}
	s := c.s
	if s.inactive() {
		return nil, oauth("inactive_user", "user is inactive")
	}
	s.Credentials() // makes the key that assertions are checked with
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	var e *apiError
	refresh := ""
	switch form.Get("grant_type") {
	case "client_credentials":
		e = s.clientCredentials(c.r, form)
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		e = s.assertion(c, form.Get("assertion"))
	case "refresh_token":
		refresh, e = s.refreshToken(form)
	case "password":
		e = s.passwordGrant(form)
	case "authorization_code":
		refresh, e = s.authorizationCode(c.now, form)
	case "":
		e = oauth("invalid_request", "missing required parameter: grant_type")
	default:
		e = oauth("unsupported_grant_type", "grant type not supported")
	}
	if e != nil {
		return nil, e
	}
	return ok(s.grant(c, form, refresh)), nil
}

// grant opens a session and describes it. There is no expires_in.
func (s *Server) grant(c *call, form url.Values, refresh string) map[string]any {
	x := s.auth.open(c.now, refresh)
	out := map[string]any{
		"access_token": x.token, "instance_url": s.instance(c.r), "token_type": "Bearer", "scope": "api",
		"id": base(c.r) + "/id/" + s.orgID + "/" + x.user,
	}
	if !strings.HasSuffix(form.Get("grant_type"), "jwt-bearer") {
		issued := strconv.FormatInt(s.clock.Now().UnixMilli(), 10)
		sum := sha256.Sum256([]byte(x.token + issued))
		out["issued_at"], out["signature"] = issued, base64.StdEncoding.EncodeToString(sum[:])
	}
	if refresh != "" {
		out["scope"] = "refresh_token api"
		switch {
		case form.Get("grant_type") == "authorization_code":
			out["refresh_token"] = refresh
		case s.o.RotateRefreshTokens:
			delete(s.auth.refresh, refresh)
			x.refresh = s.auth.newRefreshToken()
			s.auth.cred.RefreshToken = x.refresh
			out["refresh_token"] = x.refresh
		}
	}
	return out
}

func (s *Server) checkClient(form url.Values, secret bool) *apiError {
	switch {
	case form.Get("client_id") != s.auth.cred.ClientID:
		return oauth("invalid_client_id", "client identifier invalid")
	case form.Get("client_secret") != s.auth.cred.ClientSecret && (secret || form.Has("client_secret")):
		return oauth("invalid_client", "invalid client credentials")
	}
	return nil
}

func (s *Server) clientCredentials(r *http.Request, form url.Values) *apiError {
	if s.loginHost(r) {
		return oauth("invalid_grant", "request not supported on this domain")
	}
	if e := s.checkClient(form, true); e != nil {
		return e
	}
	if s.o.NoRunAsUser {
		return oauth("invalid_grant", "no client credentials user enabled")
	}
	return nil
}

func (s *Server) refreshToken(form url.Values) (string, *apiError) {
	if e := s.checkClient(form, false); e != nil {
		return "", e
	}
	token := form.Get("refresh_token")
	if !s.auth.refresh[token] {
		return "", oauth("invalid_grant", "expired access/refresh token")
	}
	return token, nil
}

func (s *Server) passwordGrant(form url.Values) *apiError {
	if e := s.checkClient(form, true); e != nil {
		return e
	}
	if s.o.NoPasswordFlow || !s.passwordFits(form.Get("username"), form.Get("password")) {
		return oauth("invalid_grant", "authentication failure")
	}
	return nil
}

func (s *Server) passwordFits(username, password string) bool {
	return strings.EqualFold(username, s.auth.cred.Username) && password == s.auth.cred.Password+s.auth.cred.SecurityToken
}

// assertion checks a JWT as the vendor does: signature, issuer, subject,
// audience, and that it has not expired.
func (s *Server) assertion(c *call, text string) *apiError {
	if text == "" {
		return oauth("invalid_request", "missing required parameter: assertion")
	}
	clock := s.clock.Now
	if s.o.WallClockAssertions {
		clock = time.Now
	}
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(clock), jwt.WithExpirationRequired())
	_, err := parser.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) { return &s.auth.key.PublicKey, nil })
	issuer, _ := claims["iss"].(string)
	subject, _ := claims["sub"].(string)
	audience, _ := claims["aud"].(string)
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed), errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return oauth("invalid_grant", "invalid assertion")
	case issuer != s.auth.cred.ClientID:
		return oauth("invalid_client_id", "client identifier invalid")
	case !slices.Contains(s.audiences(c.r), strings.TrimSuffix(audience, "/")):
		return oauth("invalid_grant", "audience is invalid")
	case !strings.EqualFold(subject, s.auth.cred.Username):
		return oauth("invalid_grant", "user hasn't approved this consumer")
	case errors.Is(err, jwt.ErrTokenExpired):
		return oauth("invalid_grant", "expired authorization code")
	case err != nil:
		return oauth("invalid_grant", "invalid assertion")
	}
	return nil
}

func (s *Server) audiences(r *http.Request) []string {
	if s.o.Sandbox {
		return []string{"https://test.salesforce.com", base(r)}
	}
	return []string{"https://login.salesforce.com", base(r)}
}

// revokeToken answers /services/oauth2/revoke.
func (c *call) revokeToken() (*answer, *apiError) {
	token := c.params.Get("token")
	if posted, err := url.ParseQuery(string(c.body)); err == nil && posted.Has("token") {
		token = posted.Get("token")
	}
	if !c.s.auth.revoke(token) {
		return nil, oauth("unsupported_token_type", "this token type is not supported")
	}
	return &answer{status: 200}, nil
}

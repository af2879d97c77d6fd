package hubspot

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

const (
	renewAhead  = 5 * time.Minute  // before its end a token is replaced
	defaultLife = 30 * time.Minute // of an access token (API documentation, read 2026-03)
	failureLife = time.Minute      // a refusal to sign in is believed that long
)

// staticToken signs with a token that only a person can replace.
type staticToken string

func (t staticToken) Apply(_ context.Context, req *http.Request) (uint64, error) {
	req.Header.Set("Authorization", "Bearer "+string(t))
	return 0, nil
}

func (staticToken) Renew(context.Context, uint64) error {
	return &crm.Error{Op: "hubspot.token", Kind: crm.Auth, Err: errors.New("a static token cannot be renewed"), Fix: fixToken}
}

// session holds the access token of an OAuth app and renews it by the clock.
type session struct {
	auth     Auth
	endpoint func() string
	via      *transport.Transport
	now      func() time.Time

	turn  chan struct{} // holds one: who renews
	state atomic.Pointer[access]

	// Guarded by turn.
	refresh  string
	failed   error
	failedAt time.Time
}

// access is one access token.
type access struct {
	token  string
	gen    uint64
	until  time.Time
	scopes []string // as the portal named them with the token; nil if it did not
}

func newSession(a Auth, endpoint func() string, via *transport.Transport) *session {
	s := &session{
		auth: a, endpoint: endpoint, via: via, now: time.Now,
		turn: make(chan struct{}, 1), refresh: strings.TrimSpace(a.RefreshToken),
	}
	s.state.Store(&access{})
	return s
}

// Apply signs with the current token, which it replaces shortly before its end.
func (s *session) Apply(ctx context.Context, req *http.Request) (uint64, error) {
	a := s.state.Load()
	if a.token == "" || !s.now().Before(a.until) {
		if err := s.Renew(ctx, a.gen); err != nil {
			return 0, err
		}
		a = s.state.Load()
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	return a.gen, nil
}

// Renew replaces the token of generation gen. Whoever comes while one renewal
// is under way waits for it and uses its result.
func (s *session) Renew(ctx context.Context, gen uint64) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return &crm.Error{Op: "hubspot.token", Kind: crm.Unavailable, Err: ctx.Err()}
	}
	old := s.state.Load()
	if old.gen > gen {
		return nil
	}
	if s.failed != nil && s.now().Sub(s.failedAt) < failureLife {
		return s.failed
	}
	next, err := s.fetch(ctx)
	if err != nil {
		if crm.KindOf(err) == crm.Auth {
			s.failed, s.failedAt = err, s.now()
		}
		return err
	}
	next.gen = old.gen + 1
	s.failed = nil
	s.state.Store(next)
	return nil
}

func (s *session) fetch(ctx context.Context) (*access, error) {
	form := url.Values{
		"grant_type": {"refresh_token"}, "client_id": {strings.TrimSpace(s.auth.ClientID)},
		"client_secret": {strings.TrimSpace(s.auth.ClientSecret)}, "refresh_token": {s.refresh},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &crm.Error{Op: "hubspot.token", Kind: crm.Invalid, Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	body, _, err := s.via.Do(req)
	if err != nil {
		return nil, err
	}
	answer := gjson.ParseBytes(body)
	token := answer.Get("access_token").String()
	if !gjson.ValidBytes(body) || token == "" {
		return nil, &crm.Error{Op: "hubspot.token", Kind: crm.Malformed, Err: errors.New("the sign-in answer holds no access token"), Fix: fixBase}
	}
	if r := answer.Get("refresh_token").String(); r != "" {
		s.refresh = r
	}
	life := time.Duration(answer.Get("expires_in").Int()) * time.Second
	if life <= 0 {
		life = defaultLife
	}
	return &access{token: token, until: s.now().Add(life - min(renewAhead, life/4)), scopes: words(answer.Get("scopes"))}, nil
}

// signInPolicy is what answers to a sign-in mean.
type signInPolicy struct{}

var _ transport.Policy = signInPolicy{}

func (signInPolicy) Kind(*http.Request) string { return "token" }

// Safe allows sign-ins to be sent again: HubSpot keeps the refresh token.
func (signInPolicy) Safe(*http.Request) bool { return true }

func (signInPolicy) Wait(ctx context.Context, _ *http.Request) error { return ctx.Err() }

// Judge reads a refused sign-in. The status word tells what was wrong with it.
func (signInPolicy) Judge(_ *http.Request, status int, h http.Header, body []byte) transport.Verdict {
	f := faultOf(body)
	if status >= 500 || status < 400 || status == http.StatusTooManyRequests {
		return verdict(status, h, f, verdictContext{})
	}
	v := transport.Verdict{Kind: crm.Auth, Code: f.Category, Message: f.Message}
	if word := gjson.GetBytes(body, "status").String(); word != "" && word != "error" {
		v.Code = clean(word)
	}
	switch v.Code {
	case "BAD_REFRESH_TOKEN":
		v.Fix = "install the app again and set auth.refresh_token to the new refresh token"
	case "BAD_CLIENT_ID", "BAD_CLIENT_SECRET":
		v.Fix = "check auth.client_id and auth.client_secret against the app's Auth page"
	case "BAD_HUB":
		v.Fix = "the app is no longer installed in this portal: install it again"
	default:
		v.Fix = "check auth.client_id, auth.client_secret and auth.refresh_token"
	}
	if status == http.StatusNotFound {
		v.Kind, v.Fix = crm.NotFound, fixBase
	}
	return v
}

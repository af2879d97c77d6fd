package salesforce

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

const (
	// signInTimeout bounds one sign-in, all attempts together.
	signInTimeout = 60 * time.Second
	// badSignIn is how long refused credentials are not tried again, so that
	// many callers do not lock the user out.
	badSignIn = 15 * time.Second
)

// grant is what a sign-in yields.
type grant struct {
	token    string
	instance *url.URL
	org      string // 18 characters, "" if the answer does not say
	user     string
	refresh  string // the next refresh token, "" if unchanged
}

// session is the connection's one session with the org. It signs in when
// first needed and again when a session is refused, one sign-in at a time
// however many callers wait.
type session struct {
	auth    Auth
	login   *url.URL
	version string
	via     *transport.Transport // unsigned
	now     func() time.Time

	turn   chan struct{} // held while signing in
	logins *rate.Limiter // against signing in for ever

	mu       sync.Mutex // guards what follows
	gen      uint64     // 0: never signed in
	grant    grant
	refresh  string
	failed   error // the last sign-in's, if refused
	failedAt time.Time
}

var _ transport.Credentials = (*session)(nil)

func newSession(a Auth, login *url.URL, version string, via *transport.Transport) *session {
	return &session{
		auth: a, login: login, version: version, via: via, now: time.Now,
		turn:    make(chan struct{}, 1),
		logins:  rate.NewLimiter(rate.Every(10*time.Second), 12),
		refresh: a.RefreshToken,
	}
}

// Apply signs a request and sends it to the org's instance.
func (s *session) Apply(ctx context.Context, req *http.Request) (uint64, error) {
	gen, g := s.current()
	if gen == 0 {
		if err := s.Renew(ctx, 0); err != nil {
			return 0, err
		}
		gen, g = s.current()
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	req.URL.Scheme, req.URL.Host, req.Host = g.instance.Scheme, g.instance.Host, ""
	if p := g.instance.Path; p != "" && !strings.HasPrefix(req.URL.Path, p+"/") {
		req.URL.Path = p + req.URL.Path
	}
	return gen, nil
}

// Renew signs in again unless somebody already has since generation gen.
func (s *session) Renew(ctx context.Context, gen uint64) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return &crm.Error{Op: "salesforce.sign-in", Kind: crm.Unavailable, Err: ctx.Err()}
	}
	if err, settled := s.settled(gen); settled {
		return err
	}
	if !s.logins.AllowN(s.now(), 1) {
		return &crm.Error{
			Op: "salesforce.sign-in", Kind: crm.Auth, After: time.Minute,
			Err: errors.New("sessions are refused again and again right after sign-in"),
			Fix: "check the app's session policy and IP ranges, and that no other program signs this user out",
		}
	}
	// A refresh token may be spent by the request: its answer must not be
	// lost because one caller went away.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signInTimeout)
	defer cancel()
	g, err := s.signIn(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if crm.KindOf(err) == crm.Auth || crm.KindOf(err) == crm.Invalid || crm.KindOf(err) == crm.Permission {
			s.failed, s.failedAt = err, s.now()
		}
		return err
	}
	s.grant, s.failed = g, nil
	s.gen++
	if g.refresh != "" {
		s.refresh = g.refresh
	}
	return nil
}

// settled reports whether there is nothing to do: a newer session is there, or
// the same credentials were refused a moment ago.
func (s *session) settled(gen uint64) (error, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen > gen {
		return nil, true
	}
	if s.failed != nil && s.now().Sub(s.failedAt) < badSignIn {
		return s.failed, true
	}
	return nil, false
}

func (s *session) current() (uint64, grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gen, s.grant
}

func (s *session) generation() uint64 {
	gen, _ := s.current()
	return gen
}

func (s *session) refreshToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refresh
}

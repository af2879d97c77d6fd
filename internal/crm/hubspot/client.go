package hubspot

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
	"github.com/handoffscore/syncd/internal/crm/watched"
)

// Options tunes a Client. The zero value is ready for use.
type Options struct {
	BaseURL    string            // "" means https://api.hubapi.com
	APIVersion string            // "2026-03", "2026-09" or "v3"; "" means "2026-03". One the portal does not serve gives way to v3
	HTTP       http.RoundTripper // nil means a pooled one with TLS 1.2 and up
	Log        *zap.Logger       // nil discards
	// Gate, if set, is asked before every request; its error ends the call.
	Gate     func() error
	InFlight int // requests at once; 0 means 10

	SearchPerSecond int // of the account's 5; 0 means 4, below 0 not limited here
	HistoryBatch    int // deals in one read that asks for history; 0 means 50
}

const (
	defaultBase    = "https://api.hubapi.com"
	defaultVersion = "2026-03"
	loadBatch      = 1000 // ids in one read of associations (changelog of 2025-02-10)
	objectBatch    = 100  // records in one batch (API documentation, read 2026-03)
)

// Client is one HubSpot portal. It is safe for concurrent use.
type Client struct {
	setup   crm.Setup
	api     *speech
	base    *url.URL
	t       *transport.Transport
	tokens  *transport.Transport // signs in; nil for a static token
	vendor  *vendor
	policy  *policy
	sign    transport.Credentials
	log     *zap.Logger
	history int // deals in one read with history
	// inFlight is how many requests are made at once.
	inFlight int

	schema   schemaCache
	people   peopleCache
	pasts    pastCache
	daily    atomic.Pointer[usage]
	omits    atomic.Bool // answers leave empty properties out instead of saying null
	refusals refusals    // kinds of record the token may not read
	watched  *watched.Streams
}

var (
	_ crm.Source   = (*Client)(nil)
	_ crm.Sink     = (*Client)(nil)
	_ crm.TaskBook = (*Client)(nil)
	_ crm.Steward  = (*Client)(nil)
)

type usage struct{ left, limit int }

// New checks the settings and builds a Client; it does not dial. The error is
// a *crm.Error that lists every fault with its config key.
func New(setup crm.Setup, a Auth, o Options) (*Client, error) {
	var faults []error
	if o.APIVersion == "" {
		o.APIVersion = defaultVersion
	}
	if !knownVersion(o.APIVersion) {
		faults = append(faults, fmt.Errorf("api_version is %q, must be 2026-03, 2026-09 or v3", o.APIVersion))
	}
	base, err := baseURL(o.BaseURL)
	if err != nil {
		faults = append(faults, err)
	}
	if err := a.check(); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return nil, &crm.Error{Op: "hubspot.New", Kind: crm.Invalid, Err: errors.Join(faults...)}
	}
	if setup.Zone == nil {
		setup.Zone = time.UTC
	}
	if o.InFlight <= 0 {
		o.InFlight = 10
	}
	if o.HistoryBatch <= 0 || o.HistoryBatch > objectBatch {
		o.HistoryBatch = 50
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	c := &Client{
		setup: setup, api: &speech{version: o.APIVersion}, base: base, log: o.Log,
		inFlight: o.InFlight, history: o.HistoryBatch, watched: watched.New("hubspot", o.Log),
		policy: newPolicy(a.oauth(), newLimiter(o.SearchPerSecond)),
	}
	edge := c.policy.limits.watch(o.HTTP)
	c.sign = staticToken(strings.TrimSpace(a.Token))
	if a.oauth() {
		c.tokens = transport.New(transport.Options{
			Op: "hubspot", Base: edge, Policy: signInPolicy{}, MaxBody: 1 << 20,
			Timeout: 30 * time.Second, Attempts: 3, Log: o.Log,
		})
		c.sign = newSession(a, func() string { return base.String() + c.api.path("/oauth/v3/token") }, c.tokens)
	}
	c.t = transport.New(transport.Options{Op: "hubspot", Base: edge, Credentials: c.sign, Policy: c.policy, Gate: o.Gate, InFlight: o.InFlight, Log: o.Log})
	c.t.OnResponse(c.noteUsage)
	c.vendor = newVendor(c)
	return c, nil
}

// baseURL accepts https, and http on this machine only: a token travels.
func baseURL(text string) (*url.URL, error) {
	if text == "" {
		text = defaultBase
	}
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(text), "/"))
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, fmt.Errorf("base_url is not an address like %s", defaultBase)
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return u, nil
	}
	return nil, errors.New("base_url must begin with https:// (http:// is for this machine only)")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// LoadBatch is the number of deals one Load takes with the fewest calls.
func (c *Client) LoadBatch() int { return loadBatch }

// LoadsAhead is 1: a Load is a hundred requests, and the portal's window, which
// they fill by themselves, would run out of time with more.
func (c *Client) LoadsAhead() int { return 1 }

// WriteBatch is the number of deals one call writes.
func (c *Client) WriteBatch() int { return objectBatch }

// Calls counts API requests so far by kind, sign-ins included.
func (c *Client) Calls() map[string]int64 {
	calls := c.t.Calls()
	if c.tokens != nil {
		for kind, n := range c.tokens.Calls() {
			calls[kind] += n
		}
	}
	return calls
}

// Usage is what the portal last said of the day's calls: how many are used of
// how many. Both are 0 before the first answer, and for OAuth apps, which have
// no daily limit.
func (c *Client) Usage() (used, limit int) {
	if u := c.daily.Load(); u != nil {
		return u.limit - u.left, u.limit
	}
	return 0, 0
}

func (c *Client) noteUsage(resp *http.Response) {
	limit, err1 := strconv.Atoi(resp.Header.Get("X-HubSpot-RateLimit-Daily"))
	left, err2 := strconv.Atoi(resp.Header.Get("X-HubSpot-RateLimit-Daily-Remaining"))
	if err1 == nil && err2 == nil {
		c.daily.Store(&usage{left, limit})
	}
}

// refusals remembers which kinds of record are refused as a whole, so that no
// call is wasted on them: from one Describe to the next, since a person may have
// mended them meanwhile.
type refusals struct {
	mu    sync.Mutex // guards all below
	list  map[string]*crm.Error
	told  map[string]*crm.Error // as of the last loads
	asked bool                  // something was loaded since
}

// asking notes that a load is about to find out what is refused.
func (r *refusals) asking() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = true
}

func (r *refusals) of(kind string) *crm.Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list[kind]
}

func (r *refusals) add(kind string, err *crm.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.list == nil {
		r.list = map[string]*crm.Error{}
	}
	r.list[kind] = err
}

// turn begins anew and tells what the last loads were refused, as often as it
// is called until the next ones: a pass describes more than once.
func (r *refusals) turn() map[string]*crm.Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked {
		r.told, r.list, r.asked = r.list, nil, false
	}
	return r.told
}

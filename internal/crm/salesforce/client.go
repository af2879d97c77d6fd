package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
	"github.com/handoffscore/syncd/internal/crm/watched"
)

// Options tunes a Client. The zero value is ready for use.
type Options struct {
	APIVersion string            // "" means "60.0"
	HTTP       http.RoundTripper // nil means a pooled one with TLS 1.2 and up
	Log        *zap.Logger       // nil discards
	// Gate, if set, is asked before every request; its error ends the call.
	Gate     func() error
	InFlight int // requests at once; 0 means 10
	BatchIDs int // deals one Load takes; 0 means 800, which is also the most
	// CompositeWrites lets one request write 1,000 deals, 200 in each of five
	// subrequests, for as long as the org takes it.
	CompositeWrites bool
}

const (
	defaultVersion = "60.0"
	oldestVersion  = 31.0 // versions before are retired
	batchIDs       = 800
	writeBatch     = 200 // sObject Collections take 200 records (read 2026-11-20)
)

// Client is one Salesforce connection. It is safe for concurrent use.
type Client struct {
	setup   crm.Setup
	version string
	base    *url.URL // where requests are built for; the session sends them on
	t       *transport.Transport
	session *session
	log     *zap.Logger
	batch   int
	// composite: writes may travel together, unless apart.
	composite bool

	usage   atomic.Pointer[usage]
	now     atomic.Pointer[time.Time] // the org's clock, when it was last read
	plain   atomic.Bool               // the org refuses composite requests
	apart   atomic.Bool               // the org does not take writes together
	schema  schemaCache
	pace    pace
	watched *watched.Streams

	// mute is the schema under which the org refused to take posts or to show
	// them; nil if it has not.
	mute atomic.Pointer[schema]

	lostMu sync.RWMutex    // guards lost
	lost   map[string]bool // objects and fields, in lower case, that the org refused to know since the schema was read

	peopleMu sync.Mutex // guards people
	people   map[crm.UserID]*crm.Person
}

var (
	_ crm.Source   = (*Client)(nil)
	_ crm.Sink     = (*Client)(nil)
	_ crm.TaskBook = (*Client)(nil)
)

type usage struct{ used, limit int }

var versionForm = regexp.MustCompile(`^[1-9][0-9]{1,2}\.0$`)

// New checks the settings and builds a Client; it does not dial. The error is
// a *crm.Error that lists every fault with its config key.
func New(setup crm.Setup, a Auth, o Options) (*Client, error) {
	version := strings.TrimPrefix(o.APIVersion, "v")
	if version == "" {
		version = defaultVersion
	}
	var faults []error
	if n, err := strconv.ParseFloat(version, 64); err != nil || !versionForm.MatchString(version) || n < oldestVersion {
		faults = append(faults, fmt.Errorf("api_version is %q, must be like %q and at least %.1f", o.APIVersion, defaultVersion, oldestVersion))
	}
	login, err := loginURL(a.LoginURL)
	if err != nil {
		faults = append(faults, err)
		login = &url.URL{}
	}
	if err := a.check(login); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return nil, &crm.Error{Op: "salesforce.New", Kind: crm.Invalid, Err: errors.Join(faults...)}
	}
	if setup.Zone == nil {
		setup.Zone = time.UTC
	}
	if o.BatchIDs <= 0 || o.BatchIDs > batchIDs {
		o.BatchIDs = batchIDs
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	c := &Client{
		setup: setup, version: version, base: login, log: o.Log,
		batch: o.BatchIDs, composite: o.CompositeWrites,
		people: map[crm.UserID]*crm.Person{}, lost: map[string]bool{}, watched: watched.New("salesforce", o.Log),
	}
	unsigned := transport.New(transport.Options{
		Op: "salesforce", Base: o.HTTP, Policy: signInPolicy{a.Flow},
		MaxBody: 1 << 20, Timeout: 30 * time.Second, Attempts: 3, Log: o.Log,
	})
	c.session = newSession(a, login, version, unsigned)
	c.t = transport.New(transport.Options{
		Op: "salesforce", Base: o.HTTP, Credentials: c.session, Policy: policy{}, Gate: o.Gate, InFlight: o.InFlight, Log: o.Log,
	})
	c.t.OnResponse(c.noteUsage)
	return c, nil
}

// LoadBatch is the number of deals one Load takes with the fewest calls.
func (c *Client) LoadBatch() int { return c.batch }

// LoadsAhead is 5: a Load is four requests at once, and one after them.
func (c *Client) LoadsAhead() int { return 5 }

// WriteBatch is the number of deals one call writes: 200, or 1,000 for as long
// as writes travel together.
func (c *Client) WriteBatch() int {
	if c.composite && !c.apart.Load() {
		return writesPerComposite * writeBatch
	}
	return writeBatch
}

// Calls counts API requests so far by kind, sign-ins included.
func (c *Client) Calls() map[string]int64 {
	calls := c.t.Calls()
	for kind, n := range c.session.via.Calls() {
		calls[kind] += n
	}
	return calls
}

// Usage is what the org last said of its API requests in the rolling day:
// how many are used of how many. Both are 0 before the first answer.
func (c *Client) Usage() (used, limit int) {
	if u := c.usage.Load(); u != nil {
		return u.used, u.limit
	}
	return 0, 0
}

var usageForm = regexp.MustCompile(`(?:^|[;,\s])api-usage=(\d+)/(\d+)`)

func (c *Client) noteUsage(resp *http.Response) {
	m := usageForm.FindStringSubmatch(resp.Header.Get("Sforce-Limit-Info"))
	if m == nil {
		return
	}
	used, err1 := strconv.Atoi(m[1])
	limit, err2 := strconv.Atoi(m[2])
	if err1 == nil && err2 == nil {
		c.usage.Store(&usage{used, limit})
	}
}

// data is the path of a REST resource of the configured version.
func (c *Client) data(resource string) string {
	return "/services/data/v" + c.version + "/" + resource
}

// do sends one request; path may hold a query. payload nil sends no body.
func (c *Client) do(ctx context.Context, method, path string, payload any) ([]byte, http.Header, error) {
	u, err := c.base.Parse(path)
	if err != nil || u.Host != c.base.Host {
		return nil, nil, &crm.Error{Op: "salesforce.request", Kind: crm.Malformed, Err: errors.New("the org names a page address that cannot be used")}
	}
	var body []byte
	if payload != nil {
		if body, err = encode(payload); err != nil {
			return nil, nil, &crm.Error{Op: "salesforce.request", Kind: crm.Invalid, Err: err}
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, &crm.Error{Op: "salesforce.request", Kind: crm.Invalid, Err: err}
	}
	if payload == nil {
		req.Body = nil
	} else {
		req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Sforce-Call-Options", "client=syncd/1.0")
	return c.send(req)
}

// send sends, and checks that the answer is whole.
func (c *Client) send(req *http.Request) ([]byte, http.Header, error) {
	body, h, err := c.t.Do(req)
	if err != nil {
		return nil, nil, err
	}
	if len(bytes.TrimSpace(body)) > 0 && !gjson.ValidBytes(body) {
		return nil, nil, &crm.Error{
			Op: "salesforce." + policy{}.Kind(req), Kind: crm.Malformed, Code: codeNotJSON,
			Err: fmt.Errorf("%s %s answered with broken JSON", req.Method, req.URL.Path),
		}
	}
	return body, h, nil
}

// get reads one JSON resource.
func (c *Client) get(ctx context.Context, path string) (gjson.Result, error) {
	body, _, err := c.do(ctx, http.MethodGet, path, nil)
	return transport.Parse(body), err
}

func encode(payload any) ([]byte, error) {
	if ready, ok := payload.(json.RawMessage); ok {
		return ready, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(payload)
	return b.Bytes(), err
}

// codeOf is the vendor's code of the first *crm.Error in err's chain.
func codeOf(err error) string {
	var e *crm.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// malformed is an answer that breaks what the API promises.
func malformed(op, what string) error {
	return &crm.Error{Op: "salesforce." + op, Kind: crm.Malformed, Err: errors.New(what)}
}

// lose notes a field that the org's description promised and a write was
// refused for; it is not written again until the schema is read anew.
func (c *Client) lose(object, native string) {
	key := strings.ToLower(object + "." + native)
	c.lostMu.Lock()
	known := c.lost[key]
	c.lost[key] = true
	c.lostMu.Unlock()
	if known {
		return
	}
	c.log.Warn("the org refuses a field that it described; it is not written until the schema is read again",
		zap.String("object", object), zap.String("field", native))
}

func (c *Client) isLost(object, native string) bool {
	c.lostMu.RLock()
	defer c.lostMu.RUnlock()
	return len(c.lost) > 0 && c.lost[strings.ToLower(object+"."+native)]
}

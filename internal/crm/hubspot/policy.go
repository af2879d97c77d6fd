package hubspot

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

const (
	fixToken = "check auth.token: copy the access token again from HubSpot's service keys or private apps; it may have been rotated or deleted"
	fixBase  = "check base_url, and that no proxy answers in HubSpot's place"
)

// codes of ours.
const (
	codeNotJSON = "NOT_JSON"
	codeNowhere = "NO_SUCH_ADDRESS"
)

const (
	burstWait  = 10 * time.Second // the window that a burst limit counts in
	secondWait = time.Second
	lockedWait = 2 * time.Second
	mostBurst  = 60 * time.Second // no burst limit asks for more
	mostWait   = 24 * time.Hour
)

// policy is what HubSpot's answers mean, and the limits it sets.
type policy struct {
	oauth  bool
	limits *limiter
	zone   atomic.Pointer[time.Location] // the account's; nil until it is known
}

var _ transport.Policy = (*policy)(nil)

func newPolicy(oauth bool, l *limiter) *policy { return &policy{oauth: oauth, limits: l} }

// countedKey marks the context of requests that are counted under a name of
// their own.
type countedKey struct{}

func counted(ctx context.Context, kind string) context.Context {
	return context.WithValue(ctx, countedKey{}, kind)
}

// Kind names a request by what it is for, where its caller does not.
func (*policy) Kind(req *http.Request) string {
	if kind, named := req.Context().Value(countedKey{}).(string); named {
		return kind
	}
	return kindOf(req)
}

// kindOf names a request by its address, in any version's words. Limits and
// what is safe follow from it.
func kindOf(req *http.Request) string {
	p := strings.TrimRight(req.URL.Path, "/")
	switch {
	case strings.HasSuffix(p, "/search"):
		return "search"
	case strings.HasSuffix(p, "/labels"):
		return "labels"
	case strings.Contains(p, "/associations/"):
		return "associations"
	case strings.HasSuffix(p, "/batch/read"):
		return "batch read"
	case strings.Contains(p, "/batch/"): // all others change something
		return "write"
	case strings.Contains(p, "/properties/") && req.Method != http.MethodGet: // so does what makes a definition
		return "write"
	case strings.HasSuffix(p, "/access-token-info"):
		return "token info"
	case strings.Contains(p, "/properties/"):
		return "properties"
	case strings.Contains(p, "/pipelines/"):
		return "pipelines"
	case strings.Contains(p, "/owners"):
		return "owners"
	case strings.Contains(p, "/account-info/"):
		return "account"
	case strings.Contains(p, "/objects/"):
		if tail := p[strings.LastIndexByte(p, '/')+1:]; digits(tail) {
			return "get"
		}
		return "list"
	}
	return "other"
}

// Safe allows reads to be sent again; several of them are POSTs.
func (*policy) Safe(req *http.Request) bool {
	return req.Method == http.MethodGet || kindOf(req) != "write" && kindOf(req) != "other"
}

// Wait keeps to the limits.
func (p *policy) Wait(ctx context.Context, req *http.Request) error {
	return p.limits.wait(ctx, kindOf(req))
}

// Judge reads an error answer, and holds further requests back where the limit
// that was met is shared.
func (p *policy) Judge(req *http.Request, status int, h http.Header, body []byte) transport.Verdict {
	v := p.verdict(req, status, h, body)
	if status == http.StatusTooManyRequests && v.Kind == crm.RateLimited {
		p.limits.pause(kindOf(req), v.After)
	}
	return v
}

func (p *policy) verdict(req *http.Request, status int, h http.Header, body []byte) transport.Verdict {
	return verdict(status, h, faultOf(body), verdictContext{oauth: p.oauth, safe: p.Safe(req), zone: p.zone.Load()})
}

// verdictContext is what else it takes to judge an answer.
type verdictContext struct {
	oauth bool
	safe  bool           // the request may be sent again
	zone  *time.Location // the account's; nil means UTC
}

func verdict(status int, h http.Header, f fault, c verdictContext) transport.Verdict {
	v := transport.Verdict{Code: f.Category, Message: f.Message}
	after, asked := transport.RetryAfter(h, mostWait)
	switch {
	case status < 300:
		v.Kind, v.Code, v.Fix, v.Again = crm.Malformed, codeNotJSON, fixBase, c.safe
		v.Message = "an empty answer or a page instead of JSON"
	case status < 400:
		v.Kind, v.Message, v.Fix = crm.Invalid, "redirected to another address", fixBase
	case status == http.StatusTooManyRequests:
		limited(&v, h, f, after, asked, c)
	case status == http.StatusUnauthorized:
		unauthorised(&v, f, c)
	case status == http.StatusForbidden:
		forbidden(&v, f)
	case status == http.StatusNotFound:
		v.Kind = crm.NotFound
		if f.Category == "" && f.Message == "" { // not HubSpot's words
			v.Kind, v.Code, v.Fix = crm.Invalid, codeNowhere, "check base_url and api_version: there is nothing at this address"
		}
	case status == http.StatusLocked:
		v.Kind, v.Again, v.After = crm.RateLimited, true, max(lockedWait, min(after, mostBurst))
	case status == 477:
		v.Kind, v.Again, v.After = crm.Unavailable, true, min(after, mostWait)
		v.Fix = "HubSpot is moving the account to another data center; work goes on afterwards"
	case status == 522, status == 525, status == 526:
		v.Kind = crm.Unavailable
		v.Fix = "the connection between HubSpot's edge and its servers is broken; if it stays so, ask HubSpot"
	case status >= 500:
		v.Kind, v.After = crm.Unavailable, min(after, mostBurst)
	default:
		v.Kind = crm.Invalid
	}
	return v
}

// limited tells limits of a burst, which are waited out, from the day's, which
// ends the run.
func limited(v *transport.Verdict, h http.Header, f fault, after time.Duration, asked bool, c verdictContext) {
	v.Again = true // refused before anything happened
	if v.Code == "" || v.Code == "RATE_LIMIT" || v.Code == "RATE_LIMITS" {
		v.Code = f.Policy
	}
	about := strings.ToLower(f.Policy + " " + f.Message)
	if strings.Contains(about, "daily") {
		v.Kind, v.After = crm.Quota, untilMidnight(h, c.zone)
		v.Fix = "the account's API calls of the day are used up; the count starts anew at midnight of the account's time zone"
		return
	}
	v.Kind = crm.RateLimited
	switch {
	case asked:
		if after >= 1000*time.Second { // one of HubSpot's services sends milliseconds
			after /= 1000
		}
		v.After = min(max(after, secondWait), mostBurst)
	case strings.Contains(about, "ten_secondly"):
		v.After = burstWait
	case strings.Contains(about, "secondly"):
		v.After = secondWait
	default:
		v.After = burstWait
	}
}

func unauthorised(v *transport.Verdict, f fault, c verdictContext) {
	v.Kind = crm.Auth
	if c.oauth {
		v.Reauth = true
		v.Fix = "a new access token was refused too: install the app again and set auth.refresh_token"
		return
	}
	v.Fix = fixToken
	if f.Category == "EXPIRED_AUTHENTICATION" {
		if at, ok := instant(f.Expired); ok && at.Year() < 2000 {
			v.Message, v.Fix = "the token is not one that HubSpot issued", fixToken
			return
		}
		v.Fix = "auth.token is an OAuth access token, which lives for half an hour: use a service key or private-app token, or auth.flow: oauth"
	}
}

func forbidden(v *transport.Verdict, f fault) {
	v.Kind = crm.Permission
	switch {
	case len(f.Scopes) > 0:
		v.Fix = "give the token one of the scopes " + strings.Join(f.Scopes, ", ")
	case f.Category == "MISSING_SCOPES", strings.Contains(f.Message, "scope"), strings.Contains(f.Message, "proper permissions"):
		v.Fix = "give the token the scopes that syncd needs: crm.objects.deals.read and .write, crm.objects.contacts.read, crm.objects.owners.read"
	default:
		v.Fix = "check what the app, and the user who made it, may do in the portal"
	}
}

// untilMidnight is the wait until the account's day ends, by the answer's clock.
func untilMidnight(h http.Header, zone *time.Location) time.Duration {
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	if zone == nil {
		zone = time.UTC
	}
	here := now.In(zone)
	midnight := time.Date(here.Year(), here.Month(), here.Day()+1, 0, 0, 0, 0, zone)
	return max(midnight.Sub(now), secondWait)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

package salesforce

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// Codes of the vendor's that change what syncd does.
const (
	codeSession     = "INVALID_SESSION_ID"
	codeLocator     = "INVALID_QUERY_LOCATOR"
	codeLimit       = "REQUEST_LIMIT_EXCEEDED"
	codeTimeout     = "QUERY_TIMEOUT"
	codeTooBig      = "OPERATION_TOO_LARGE"
	codeComplicated = "QUERY_TOO_COMPLICATED"
	codeField       = "INVALID_FIELD"
	codeType        = "INVALID_TYPE"
	codeNotJSON     = "NOT_JSON" // ours
)

const (
	// concurrentWait is how long to wait after too many long requests at once.
	concurrentWait = 2 * time.Second
	// quotaWait is when to look again after the rolling day's calls are used
	// up; the vendor does not say when enough of them have aged.
	quotaWait = time.Hour
	mostWait  = 24 * time.Hour
	// timeoutWait is longer than a request waits by itself.
	timeoutWait = 5 * time.Minute
)

// policy is what Salesforce's answers mean.
type policy struct{}

var _ transport.Policy = policy{}

// countedKey marks the context of requests that are counted under a name of
// their own.
type countedKey struct{}

func counted(ctx context.Context, kind string) context.Context {
	return context.WithValue(ctx, countedKey{}, kind)
}

// Kind names a request by the resource it is for, where its caller does not.
func (policy) Kind(req *http.Request) string {
	path := req.URL.Path
	kind, named := req.Context().Value(countedKey{}).(string)
	switch {
	case named:
		return kind
	case strings.HasSuffix(path, "/composite/sobjects"), writesTogether(req):
		return "write"
	case strings.HasSuffix(path, "/composite"):
		return "composite"
	case strings.Contains(path, "/query"):
		return "query"
	case strings.HasSuffix(path, "/describe"), strings.HasSuffix(path, "/sobjects"):
		return "describe"
	case strings.HasSuffix(path, "/userinfo"):
		return "userinfo"
	case strings.HasSuffix(path, "/services/data"):
		return "versions"
	}
	return "other"
}

// Safe allows reads to be sent again. A composite carries only queries, or only
// writes.
func (policy) Safe(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/composite") && !writesTogether(req)
}

// Wait does not hold requests back: Salesforce limits the day and the number
// of long requests at once, not the second.
func (policy) Wait(ctx context.Context, _ *http.Request) error { return ctx.Err() }

// Judge reads an error answer.
func (policy) Judge(_ *http.Request, status int, h http.Header, body []byte) transport.Verdict {
	if status == http.StatusNotModified {
		return transport.Verdict{}
	}
	return verdict(status, h, faultOf(body))
}

func verdict(status int, h http.Header, f fault) transport.Verdict {
	v := transport.Verdict{Code: f.Code, Message: f.Message}
	if v.Message == "" && f.Code != "" {
		v.Message = "no reason given"
	}
	v.After, _ = transport.RetryAfter(h, mostWait)
	switch {
	case status < 300:
		v.Kind, v.Code = crm.Malformed, codeNotJSON
		v.Fix = "check auth.login_url, and that no proxy answers in Salesforce's place"
	case status < 400:
		v.Kind = crm.Invalid
		v.Message = "redirected to another address"
		v.Fix = "use the org's My Domain address (https://….my.salesforce.com) as auth.login_url"
	case f.Code == codeSession:
		refusedSession(&v, f)
	case f.Code == codeLimit:
		limited(&v, f)
	case status == http.StatusUnauthorized:
		v.Kind = crm.Auth
		v.Fix = "check the connection's auth settings"
	case f.Code == "API_DISABLED_FOR_ORG", f.Code == "API_CURRENTLY_DISABLED":
		v.Kind = crm.Permission
		v.Fix = "give the integration user the API Enabled permission; the org's edition must include API access"
	case f.Code == "UNSUPPORTED_API_VERSION", status == http.StatusGone:
		v.Kind = crm.Invalid
		v.Fix = "set api_version to one the org offers (GET /services/data lists them)"
	case f.Code == codeTimeout:
		// Sending the same again only takes as long again: the caller asks
		// for less, or comes back later.
		v.Kind, v.After = crm.Unavailable, max(v.After, timeoutWait)
	case f.Code == codeField, f.Code == codeType:
		v.Kind = crm.Invalid
		v.Fix = "check that the field exists and that the integration user may read it (field-level security)"
	case status == http.StatusForbidden:
		v.Kind = crm.Permission
		v.Fix = "check the integration user's permissions"
	case status == http.StatusNotFound:
		v.Kind = crm.NotFound
	case status == http.StatusTooManyRequests, status == 420:
		v.Kind, v.Again = crm.RateLimited, true
	case status >= 500:
		v.Kind = crm.Unavailable
	default:
		v.Kind = crm.Invalid
	}
	return v
}

// refusedSession tells a session that ran out from one that never will do: signing
// in again does not mend the latter.
func refusedSession(v *transport.Verdict, f fault) {
	v.Kind = crm.Auth
	switch {
	case strings.Contains(f.Message, "not valid for use with the REST API"):
		v.Fix = "give the app the api scope (Manage user data via APIs)"
	case strings.Contains(f.Message, "not attached to Agent"):
		v.Fix = "the app's token cannot be used for the REST API; use another app"
	default:
		v.Reauth = true
		v.Fix = "a new session was refused too; check the user's login hours, IP ranges and the app's session policy"
	}
}

func limited(v *transport.Verdict, f fault) {
	if strings.Contains(f.Message, "ConcurrentRequests") || strings.Contains(strings.ToLower(f.Message), "concurrent") {
		v.Kind, v.Again = crm.RateLimited, true
		if v.After == 0 {
			v.After = concurrentWait
		}
		return
	}
	v.Kind = crm.Quota
	if v.After == 0 {
		v.After = quotaWait
	}
	v.Fix = "the org's daily API requests are used up; work goes on when enough of them have aged"
}

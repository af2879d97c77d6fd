package hubspot

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/handoffscore/syncd/internal/crm/transport"
)

// watch wraps the way out, so that windows learn how long answers take and
// what their headers say.
func (l *limiter) watch(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = transport.Pooled()
	}
	return watcher{l, next}
}

type watcher struct {
	limits *limiter
	next   http.RoundTripper
}

func (x watcher) RoundTrip(req *http.Request) (*http.Response, error) {
	w := x.limits.of(kindOf(req))
	if w == nil || strings.Contains(req.URL.Path, "/oauth/") {
		return x.next.RoundTrip(req)
	}
	sent := time.Now()
	w.leave()
	resp, err := x.next.RoundTrip(req)
	if err != nil {
		w.back(sent, time.Now(), nil)
		if !neverLeft(err) {
			tell(req.Context())
		}
		return nil, err
	}
	w.back(sent, time.Now(), resp.Header)
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusLocked, http.StatusTooManyRequests, 477:
		// refused before anything happened
	default:
		tell(req.Context())
	}
	return resp, nil
}

// processed is told whether a request may have been processed, by way of the
// request's context.
type processed struct{ maybe atomic.Bool }

type processedKey struct{}

func tell(ctx context.Context) {
	if p, ok := ctx.Value(processedKey{}).(*processed); ok {
		p.maybe.Store(true)
	}
}

// neverLeft reports whether a request failed before it could leave.
func neverLeft(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns)
}

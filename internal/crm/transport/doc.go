// Package transport is the one HTTP transport of a connection. It signs
// requests, keeps to the vendor's limits, reads whole bodies under a size cap,
// renews credentials once, sends again what is safe to send again, waits for
// as long as a server asks (up to a cap), counts calls by kind, and turns every
// failure into a *crm.Error. What a status or body means is the vendor's
// Policy; the transport itself knows no vendor.
//
// A request whose outcome is unknown (the connection broke after it left) is
// sent again only if the Policy calls it Safe; otherwise the caller is told
// and Unsent reports false.
//
// Errors hold no header, no query string and no body, so no secret and no
// personal data.
package transport

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
)

// Credentials sign requests.
type Credentials interface {
	// Apply sets the Authorization header, and scheme and host where the
	// vendor names them at sign-in. gen identifies the token it used.
	Apply(ctx context.Context, req *http.Request) (gen uint64, err error)
	// Renew replaces the token of generation gen. Callers share one renewal;
	// it does nothing if a newer token is already there.
	Renew(ctx context.Context, gen uint64) error
}

// Policy is what a vendor's answers mean.
type Policy interface {
	// Kind names a request for counters: "query", "search", "write".
	Kind(*http.Request) string
	// Judge reads an answer with a status of 300 or more, or one that is not
	// JSON where JSON was asked for.
	Judge(req *http.Request, status int, h http.Header, body []byte) Verdict
	// Safe reports whether a request may be sent again after an unknown outcome.
	Safe(*http.Request) bool
	// Wait holds a request back until the vendor's limits allow it.
	Wait(ctx context.Context, req *http.Request) error
}

// Verdict is what an answer means.
type Verdict struct {
	Kind    crm.ErrorKind
	Code    string
	Message string // the vendor's words, free of personal data
	Fix     string
	After   time.Duration // wait the server asked for; 0 if none
	Reauth  bool          // the token is no longer accepted: renew once, send again
	Again   bool          // refused before anything happened: safe to send again
}

// Options tunes a Transport. Policy is required.
type Options struct {
	Op          string            // prefix of errors: "salesforce"
	Base        http.RoundTripper // nil means a pooled http.Transport with TLS 1.2 and up
	Credentials Credentials       // nil sends unsigned
	Policy      Policy
	Gate        func() error  // asked last before every attempt, whatever was waited for; its error ends the call, unsent. nil lets all pass
	MaxBody     int64         // 0 means 64 MiB
	Timeout     time.Duration // of one attempt, without the wait for its turn (crm.WithTurn); 0 means 120 s
	InFlight    int           // requests at once; 0 means 10
	Attempts    int           // 0 means 5
	MaxWait     time.Duration // the longest wait before another attempt; 0 means 60 s
	Log         *zap.Logger   // nil discards
}

func (o Options) withDefaults() Options {
	if o.Base == nil {
		o.Base = Pooled()
	}
	if o.MaxBody == 0 {
		o.MaxBody = 64 << 20
	}
	if o.Timeout == 0 {
		o.Timeout = 120 * time.Second
	}
	if o.InFlight <= 0 {
		o.InFlight = 10
	}
	if o.Attempts == 0 {
		o.Attempts = 5
	}
	if o.MaxWait == 0 {
		o.MaxWait = 60 * time.Second
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return o
}

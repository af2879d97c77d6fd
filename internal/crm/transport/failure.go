package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// failure is one attempt that did not succeed: the error for the caller, the
// vendor's answer if there was one, and whether sending again is in order.
type failure struct {
	err     *crm.Error
	answer  *answer
	verdict Verdict
	again   bool // another attempt is in order
	unsent  bool // it was never processed
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// unsentError marks a *crm.Error whose request was never processed.
type unsentError struct{ err *crm.Error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// Unsent reports whether err proves that the request was never processed, so
// that nothing can have been written by it.
func Unsent(err error) bool {
	var u *unsentError
	return errors.As(err, &u)
}

func retryable(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.again
}

func asError(err error) error {
	var f *failure
	if errors.As(err, &f) {
		if f.unsent {
			return &unsentError{f.err}
		}
		return f.err
	}
	var u *unsentError
	if errors.As(err, &u) {
		return u
	}
	var e *crm.Error
	if errors.As(err, &e) {
		return e
	}
	return &crm.Error{Op: "transport", Kind: crm.Unavailable, Err: err}
}

func unsent(err error) error {
	var e *crm.Error
	if errors.As(err, &e) {
		return &failure{err: e, unsent: true}
	}
	return err
}

// refused is an answer that the vendor meant as a no.
func (t *Transport) refused(req *http.Request, a *answer, v Verdict) error {
	again := v.Again || (v.Kind == crm.Unavailable && t.o.Policy.Safe(req))
	if v.After > t.o.MaxWait {
		again = false // longer than a request may wait: the run decides
	}
	var cause error
	switch {
	case v.Message != "":
		cause = fmt.Errorf("%s answered %d: %s", place(req), a.resp.StatusCode, v.Message)
	default:
		cause = fmt.Errorf("%s answered %d", place(req), a.resp.StatusCode)
	}
	at, err := http.ParseTime(a.resp.Header.Get("Date"))
	if err != nil {
		at = time.Time{}
	}
	return &failure{
		err: &crm.Error{
			Op: t.o.Op + "." + t.o.Policy.Kind(req), Kind: v.Kind, Code: v.Code,
			After: v.After, At: at.UTC(), Fix: v.Fix, Err: cause,
		},
		answer: a, verdict: v, again: again, unsent: v.Again || v.Reauth,
	}
}

// broken is a request that got no answer.
func (t *Transport) broken(req *http.Request, err error) error {
	never := neverSent(err)
	e := t.fail(req, crm.Unavailable, plain(err))
	if never {
		e.Fix = "check the address and that this machine can reach " + req.URL.Hostname()
	}
	return &failure{
		err: e, unsent: never,
		again: req.Context().Err() == nil && (never || t.o.Policy.Safe(req)),
	}
}

// unread is an answer whose body could not be read.
func (t *Transport) unread(req *http.Request, err error) error {
	kind, again := crm.Unavailable, req.Context().Err() == nil && t.o.Policy.Safe(req)
	if errors.Is(err, errTooLarge) {
		kind, again = crm.Malformed, false
		err = fmt.Errorf("%w of %d MiB", errTooLarge, t.o.MaxBody>>20)
	} else if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the answer broke off before its end")
	}
	return &failure{err: t.fail(req, kind, plain(err)), again: again}
}

func (t *Transport) fail(req *http.Request, kind crm.ErrorKind, err error) *crm.Error {
	return &crm.Error{Op: t.o.Op + "." + t.o.Policy.Kind(req), Kind: kind, Err: fmt.Errorf("%s: %w", place(req), err)}
}

// delay is what the server asked for, else a growing pause.
func (t *Transport) delay(err error, attempt int) time.Duration {
	var f *failure
	if errors.As(err, &f) && f.verdict.After > 0 {
		return min(f.verdict.After, t.o.MaxWait)
	}
	d := time.Duration(float64(250*time.Millisecond) * math.Pow(2, float64(attempt-1)))
	return min(d, 8*time.Second, t.o.MaxWait)
}

// neverSent reports whether a request failed before it could leave.
func neverSent(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	var dns *net.DNSError
	return errors.As(err, &dns)
}

// place names the request without its query.
func place(req *http.Request) string { return req.Method + " " + req.URL.Path }

// plain takes the URL, and with it any query, out of an error.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time")
	case errors.Is(err, io.EOF):
		return errors.New("the connection was closed without an answer")
	}
	return err
}

// RetryAfter reads a Retry-After header in either form, seconds or a date
// against the answer's own Date header, and bounds it to [0, most].
// ok is false if there is none that can be read.
func RetryAfter(h http.Header, most time.Duration) (d time.Duration, ok bool) {
	v := h.Get("Retry-After")
	if v == "" {
		return 0, false
	}
	if s, err := time.ParseDuration(v + "s"); err == nil {
		return min(max(s, 0), most), true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	now := time.Now()
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), most), true
}

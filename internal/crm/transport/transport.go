package transport

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
)

// Transport is an http.RoundTripper for one connection. It is safe for
// concurrent use.
type Transport struct {
	o     Options
	retry failsafe.Executor[*answer]
	slots chan struct{} // requests in flight

	mu    sync.Mutex // guards calls and hooks
	calls map[string]int64
	hooks []func(*http.Response)
}

// New returns a Transport; it does not dial.
func New(o Options) *Transport {
	t := &Transport{o: o.withDefaults(), calls: map[string]int64{}}
	t.slots = make(chan struct{}, t.o.InFlight)
	policy := retrypolicy.NewBuilder[*answer]().
		HandleIf(func(_ *answer, err error) bool { return retryable(err) }).
		WithMaxAttempts(t.o.Attempts).
		WithDelayFunc(func(e failsafe.ExecutionAttempt[*answer]) time.Duration {
			return t.delay(e.LastError(), e.Attempts())
		}).
		ReturnLastFailure().
		Build()
	t.retry = failsafe.With[*answer](policy)
	return t
}

// answer is a response whose body has been read whole.
type answer struct {
	resp *http.Response
	body []byte
}

// RoundTrip sends a request for a client library. Answers that the Policy
// judges to be errors come back as responses, body and all, so that the
// library sees what the vendor said; failures without an answer are *crm.Error.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	a, err := t.told(req)
	if err != nil {
		return nil, err
	}
	a.resp.Body = io.NopCloser(bytes.NewReader(a.body))
	a.resp.ContentLength = int64(len(a.body))
	return a.resp, nil
}

// Answer is RoundTrip for a caller that takes the body as it was read.
func (t *Transport) Answer(req *http.Request) (status int, h http.Header, body []byte, err error) {
	a, err := t.told(req)
	if err != nil {
		return 0, nil, nil, err
	}
	return a.resp.StatusCode, a.resp.Header, a.body, nil
}

// told is the vendor's answer, whatever it says.
func (t *Transport) told(req *http.Request) (*answer, error) {
	a, err := t.send(req)
	var f *failure
	if errors.As(err, &f) && f.answer != nil {
		return f.answer, nil
	} else if err != nil {
		return nil, asError(err)
	}
	return a, nil
}

// Do sends a request and returns the body of a 2xx answer. Any other outcome
// is a *crm.Error.
func (t *Transport) Do(req *http.Request) ([]byte, http.Header, error) {
	a, err := t.send(req)
	if err != nil {
		return nil, nil, asError(err)
	}
	return a.body, a.resp.Header, nil
}

// Calls counts requests sent so far by kind, repeats included.
func (t *Transport) Calls() map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.calls)
}

// OnResponse adds a hook that sees every response's status and headers; its
// body is not to be read.
func (t *Transport) OnResponse(hook func(*http.Response)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hooks = append(t.hooks, hook)
}

// send makes the attempts a request is worth.
func (t *Transport) send(req *http.Request) (*answer, error) {
	payload, err := payloadOf(req)
	if err != nil {
		return nil, t.fail(req, crm.Invalid, err)
	}
	ctx := req.Context()
	flight := &flight{t: t}
	defer flight.land()
	tried, renewed := false, false
	var a *answer
	_, ended := t.retry.WithContext(ctx).Get(func() (*answer, error) {
		tried = true
		var gen uint64
		a, gen, err = t.attempt(req, payload, flight)
		var f *failure
		if renewed || t.o.Credentials == nil || !errors.As(err, &f) || !f.verdict.Reauth {
			return a, err
		}
		renewed = true
		if err = t.o.Credentials.Renew(ctx, gen); err != nil {
			err = unsent(asError(err))
			return nil, err
		}
		a, _, err = t.attempt(req, payload, flight)
		return a, err
	})
	if !tried { // its caller had given it up before
		err = unsent(t.fail(req, crm.Unavailable, ended))
	}
	return a, err // of the last attempt, whatever ended them
}

// attempt sends the request once.
func (t *Transport) attempt(orig *http.Request, payload func() (io.ReadCloser, error), flight *flight) (*answer, uint64, error) {
	if err := flight.start(orig.Context()); err != nil {
		return nil, 0, unsent(t.fail(orig, crm.Unavailable, err))
	}
	clock := within(orig.Context(), t.o.Timeout)
	defer clock.done()
	ctx := clock.ctx
	req := orig.Clone(ctx)
	if payload != nil {
		var err error
		if req.Body, err = payload(); err != nil {
			return nil, 0, unsent(t.fail(orig, crm.Invalid, err))
		}
	}
	if err := t.o.Policy.Wait(ctx, req); err != nil {
		return nil, 0, unsent(t.fail(orig, crm.RateLimited, err))
	}
	var gen uint64
	if t.o.Credentials != nil {
		var err error
		if gen, err = t.o.Credentials.Apply(ctx, req); err != nil {
			return nil, 0, unsent(asError(err))
		}
	}
	if t.o.Gate != nil {
		if err := t.o.Gate(); err != nil {
			return nil, gen, unsent(asError(err))
		}
	}
	kind := t.o.Policy.Kind(req)
	t.count(kind)
	began := time.Now()
	resp, err := t.o.Base.RoundTrip(req)
	if err != nil {
		t.logCall(orig, kind, 0, began)
		return nil, gen, t.broken(orig, clock.cause(err))
	}
	defer resp.Body.Close()
	t.hook(resp)
	body, err := t.takeIn(resp, flight, clock)
	t.logCall(orig, kind, resp.StatusCode, began)
	if err != nil {
		return nil, gen, t.unread(orig, clock.cause(err))
	}
	a := &answer{resp: resp, body: body}
	if resp.StatusCode < 300 && (json(resp, body) || !wantsJSON(orig)) {
		return a, gen, nil
	}
	v := t.o.Policy.Judge(orig, resp.StatusCode, resp.Header, body)
	if v.Kind == "" {
		return a, gen, nil
	}
	t.o.Log.Debug("refused", zap.String("op", t.o.Op), zap.String("call", kind),
		zap.Int("status", resp.StatusCode), zap.String("code", v.Code))
	return nil, gen, t.refused(orig, a, v)
}

// logCall tells of one attempt, for whoever asks for every call. A status of 0
// is a request that was not answered.
func (t *Transport) logCall(req *http.Request, kind string, status int, began time.Time) {
	if line := t.o.Log.Check(zap.DebugLevel, "call"); line != nil {
		line.Write(zap.String("op", t.o.Op), zap.String("kind", kind), zap.String("method", req.Method), zap.String("path", shape(req.URL.Path)),
			zap.Int("status", status), zap.Int64("ms", time.Since(began).Milliseconds()))
	}
}

func (t *Transport) count(kind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls[kind]++
}

func (t *Transport) hook(resp *http.Response) {
	t.mu.Lock()
	hooks := t.hooks
	t.mu.Unlock()
	for _, h := range hooks {
		h(resp)
	}
}

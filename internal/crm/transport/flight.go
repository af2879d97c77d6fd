package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// flight is one request's place among those in flight. It is kept between
// attempts: a server that asks for a pause is asked less in the meantime.
type flight struct {
	t   *Transport
	has bool
}

// start waits for a place, unless the request has one.
func (f *flight) start(ctx context.Context) error {
	if f.has {
		return nil
	}
	select {
	case f.t.slots <- struct{}{}:
		f.has = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// land gives the place back.
func (f *flight) land() {
	if f.has {
		<-f.t.slots
		f.has = false
	}
}

// takeIn reads an answer's body, at its turn. While it waits, others may use
// its place, those before all that it waits for, and its clock stands still.
// A refusal is small, and is heard at once.
func (t *Transport) takeIn(resp *http.Response, flight *flight, clock *clock) ([]byte, error) {
	if wait := crm.Turn(clock.ctx); wait != nil && resp.StatusCode < 300 {
		flight.land()
		clock.Stop()
		if err := wait(clock.ctx); err != nil {
			return nil, err
		}
		clock.Reset(t.o.Timeout)
	}
	return t.read(resp)
}

// clock ends an attempt's context when its time is over; its timer may be
// stopped and started anew.
type clock struct {
	*time.Timer
	ctx context.Context
	end context.CancelCauseFunc
}

func within(ctx context.Context, limit time.Duration) *clock {
	ctx, end := context.WithCancelCause(ctx)
	return &clock{time.AfterFunc(limit, func() { end(context.DeadlineExceeded) }), ctx, end}
}

// done frees what the clock holds.
func (c *clock) done() {
	c.Stop()
	c.end(nil)
}

// cause is why a request failed: out of time, or err.
func (c *clock) cause(err error) error {
	if errors.Is(context.Cause(c.ctx), context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}

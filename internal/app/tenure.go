package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// landing is what a lease must have left for a request to be sent under it, so
// that the answer is there before the lease is another's.
const landing = leaseTime / 8

// tenure is how long this process may take a connection for its own without
// asking the store. The store refuses whatever is written under a lease that
// has passed on; a CRM cannot, and a process that was paused, or cut off from
// its database, does not know: so it asks its own clock before every request.
type tenure struct {
	mu    sync.Mutex // guards until
	until time.Time  // zero while no lease is held
}

func (t *tenure) set(until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until = until
}

// gate refuses requests once the lease may have passed on. Both clocks count:
// the steady one stands still while a machine sleeps, the other may be set.
func (t *tenure) gate() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, until := time.Now(), t.until.Add(-landing)
	if t.until.IsZero() || now.Before(until) && now.Round(0).Before(until.Round(0)) {
		return nil
	}
	return &crm.Error{Op: "lease", Kind: crm.Unavailable, Err: fmt.Errorf("it was not renewed in time: %w", store.ErrFenced)}
}

const (
	releaseTime  = 10 * time.Second // for the store to take a lease back
	releasePause = time.Second      // between two tries
)

// giveBack releases a lease. A database that is away is tried again in the
// background until the lease has run out by itself: up to then nobody could
// work the connection, this process included.
func (a *App) giveBack(ctx context.Context, l store.Lease) {
	release := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
		defer cancel()
		return a.store.Release(ctx, l)
	}
	err := release()
	if err == nil {
		return
	}
	a.log.Warn("a lease could not be given back; it is tried again", zap.String("connection", l.Connection), zap.Error(err))
	end := time.Now().Add(leaseTime)
	a.releasing.Go(func() {
		for err != nil && time.Now().Before(end) {
			select {
			case <-a.closing:
				return
			case <-time.After(releasePause):
				err = release()
			}
		}
	})
}

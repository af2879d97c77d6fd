package app

import (
	"fmt"
	"sync"
	"time"

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

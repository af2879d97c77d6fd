package app

import (
	"context"
	"time"

	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// hold takes a connection's lease and keeps it alive while work is done under
// it. The context that work gets ends when the lease is lost.
func (a *App) hold(ctx context.Context, c *syncer.Connection, work func(context.Context, store.Lease) error) error {
	lease, err := a.store.Acquire(ctx, c.Name, a.holder, leaseTime, time.Now())
	if err != nil {
		return err
	}
	a.tenures[c.Name].set(lease.Until)
	defer a.tenures[c.Name].set(time.Time{})
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go a.keep(ctx, lease, cancel)
	defer a.giveBack(ctx, lease)
	return work(ctx, lease)
}

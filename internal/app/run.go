package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/job"
	"github.com/handoffscore/syncd/internal/ops"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
	"github.com/handoffscore/syncd/internal/writeback"
)

// ErrStart is what keeps the daemon from starting and does not pass by itself:
// an address that is taken, a database that refuses us.
type ErrStart struct{ Err error }

func (e *ErrStart) Error() string { return e.Err.Error() }
func (e *ErrStart) Unwrap() error { return e.Err }

// Listen takes the configured addresses for Run, which does so itself if it
// has not been called, and returns where health and metrics will be served; ""
// if they are switched off. With anyPort, a taken port is no fault: any free
// one of the same host will do.
func (a *App) Listen(ctx context.Context, anyPort bool) (string, error) {
	if a.ops.server != nil {
		return a.ops.server.Addr(), nil
	}
	s, err := ops.Listen(ctx, a.ops.metrics, a.ops.health, ops.Options{Listen: a.cfg.HTTP.Listen, Admin: a.cfg.HTTP.Admin, AnyPort: anyPort})
	if err != nil {
		return "", &ErrStart{err}
	}
	a.ops.server = s
	return s.Addr(), nil
}

// Run is the daemon: passes and sweeps on their schedules, and the pages that
// tell how it is, until ctx ends. A database that cannot be reached ends
// nothing: it is waited for, at the start and later.
func (a *App) Run(ctx context.Context) error {
	if _, err := a.Listen(ctx, false); err != nil {
		return err
	}
	a.logServing(a.ops.server.Addr(), a.ops.server.AdminAddr())
	// The pages outlive the work, so that they can say that it is stopping.
	serving, silence := context.WithCancel(context.WithoutCancel(ctx))
	g, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, func() { a.ops.health.Down(ops.Stop, "stopping") })()
	g.Go(func() error { return a.ops.server.Run(serving) })
	g.Go(func() error {
		defer silence()
		if err := a.openStore(ctx); err != nil {
			return err
		}
		return a.workAndWatch(ctx)
	})
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// logServing says where the pages and the profiles are, "" for those that are
// switched off.
func (a *App) logServing(pages, profiles string) {
	var fields []zap.Field
	for _, at := range [...]struct{ name, addr string }{{"pages", pages}, {"profiles", profiles}} {
		if at.addr != "" {
			fields = append(fields, zap.String(at.name, at.addr))
		}
	}
	if fields == nil {
		a.log.Info("started; http.listen and http.admin are off")
		return
	}
	a.log.Info("serving", fields...)
}

// workAndWatch works on the store, which is open, and keeps an eye on it.
func (a *App) workAndWatch(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.watch(ctx) })
	g.Go(func() error {
		for {
			q, err := a.queue()
			if err != nil {
				return &ErrStart{err}
			}
			a.ops.health.Up(ops.Queue)
			err = q.Run(ctx)
			if err == nil || ctx.Err() != nil {
				return err
			}
			// Only its start needs the database there and then.
			why, lost := outage(err)
			if !lost {
				return err
			}
			a.ops.health.Down(ops.Queue, "waits for the database: "+why)
			a.log.Warn("the queue waits for the database", zap.Error(err))
			a.awaitDatabase(ctx)
		}
	})
	return g.Wait()
}

// queue schedules the passes and sweeps of every connection.
func (a *App) queue() (*job.Queue, error) {
	log := a.log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core { return &hushed{c, a.ops} }))
	q := job.New(a.store, job.Options{Log: log, Workers: max(2, len(a.connections))})
	for _, c := range a.connections {
		for key, line := range map[string]string{"pass/" + c.Name: a.schedules[c.Name].pass, "sweep/" + c.Name: a.schedules[c.Name].sweep} {
			if err := q.Schedule(key, line, a.work(c)); err != nil {
				return nil, err
			}
		}
	}
	return q, nil
}

// hushed keeps the queue quiet while the database is away: it would say so
// several times a second, and the daemon has said it once.
type hushed struct {
	zapcore.Core
	ops *operations
}

// With keeps the filter.
func (h *hushed) With(f []zapcore.Field) zapcore.Core { return &hushed{h.Core.With(f), h.ops} }

// Check drops what an outage makes the queue say. Its first error is a reason
// to look at the database at once.
func (h *hushed) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if e.Level >= zapcore.ErrorLevel {
		h.ops.lookAgain()
	}
	if !h.ops.health.Works(ops.Database) {
		return ce
	}
	return h.Core.Check(e, ce)
}

// work is one slice of a pass or sweep over a connection. A connection that
// another holder works is left to it. A slice that lost the database fails; the
// queue keeps that in mind until it can write it down, and tries again.
func (a *App) work(c *syncer.Connection) job.Work {
	return func(ctx context.Context, key string, deadline time.Time) (bool, error) {
		r := a.Pass(ctx, c, Ask{Full: strings.HasPrefix(key, "sweep/"), Deadline: deadline})
		var held *store.ErrHeld
		var guarded *writeback.Guarded
		switch {
		case errors.As(r.Err, &held):
			return false, job.ErrBusy
		case errors.As(r.Err, &guarded), r.Err != nil && crm.KindOf(r.Err) == crm.Quota:
			return true, nil // a person or the next day has to come first; it is on record
		case r.Err != nil:
			return false, r.Err
		case r.Done && r.Kind == syncer.KindFull: // whoever asked for it, everything has been read
			return true, a.store.SetLastSuccess(ctx, "sweep/"+c.Name, time.Now().UTC())
		}
		return r.Done, nil
	}
}

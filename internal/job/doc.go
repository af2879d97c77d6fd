// Package job runs work on a schedule, in slices, on the River queue: on
// SQLite in one process, on PostgreSQL shared by replicas, with the same code.
// It has never heard of a CRM: a piece of work is a key and a function.
//
// A slice lasts at most as long as its deadline says and is then put back
// until the work is done, so that no job outlives a deploy. One job a key
// exists at a time. A run missed while everything was down is made up once,
// from our own table of last successes: River's open-source schedules do not
// remember. Jobs are wake-ups; nothing is kept in them.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"github.com/handoffscore/syncd/internal/store"
)

// Work does one slice of the work named key. It returns by the deadline, or
// soon after; done means that nothing is left until the next schedule.
type Work func(ctx context.Context, key string, deadline time.Time) (done bool, err error)

// ErrBusy is work that something else is at; it is tried again shortly and
// counts as no failure.
var ErrBusy = errors.New("busy")

// Overtime is what a slice is given after its deadline, to end what it has begun.
const Overtime = 30 * time.Second

// Options tunes a Queue. The zero value is ready for use.
type Options struct {
	Slice   time.Duration // 0 means 30 s
	Timeout time.Duration // of a job; 0 means Slice + Overtime
	Rescue  time.Duration // when a job of a dead process is taken over; 0 means Timeout + 30 s
	Grace   time.Duration // for running slices at the end; 0 means 20 s
	Workers int           // 0 means 4
	Now     func() time.Time
	Log     *zap.Logger // nil discards
}

func (o Options) withDefaults() Options {
	if o.Slice == 0 {
		o.Slice = 30 * time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = o.Slice + Overtime
	}
	if o.Rescue == 0 {
		o.Rescue = o.Timeout + 30*time.Second
	}
	if o.Grace == 0 {
		o.Grace = 20 * time.Second
	}
	if o.Workers == 0 {
		o.Workers = 4
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return o
}

// Queue runs scheduled work.
type Queue struct {
	o     Options
	store *store.Store
	tasks map[string]task
}

type task struct {
	schedule cron.Schedule
	work     Work
}

// New returns a Queue on the store's database.
func New(s *store.Store, o Options) *Queue {
	return &Queue{o: o.withDefaults(), store: s, tasks: map[string]task{}}
}

// Schedule adds work, at the moments of a line, read in UTC. All work is added
// before Run.
func (q *Queue) Schedule(key, line string, w Work) error {
	schedule, err := Schedule(line)
	if err != nil {
		return fmt.Errorf("schedule of %s: %w", key, err)
	}
	if _, ok := q.tasks[key]; ok {
		return fmt.Errorf("schedule of %s: there is one already", key)
	}
	q.tasks[key] = task{schedule, w}
	return nil
}

// wait is how long it is until a key's work is to be done: none if it never
// succeeded, or a scheduled time has passed since it last did. Several missed
// times are one.
func (q *Queue) wait(ctx context.Context, key string) (time.Duration, error) {
	last, err := q.store.LastSuccess(ctx, key)
	if err != nil || last.IsZero() {
		return 0, err
	}
	return q.tasks[key].schedule.Next(last).Sub(q.o.Now().UTC()), nil
}

// slogger carries River's log to zap. A stop soon after the start makes River
// report a cancelled transaction as an error; it is none.
func slogger(log *zap.Logger) *slog.Logger {
	core, err := zapcore.NewIncreaseLevelCore(log.Core(), zapcore.WarnLevel)
	if err != nil { // the log is quieter than that already
		core = log.Core()
	}
	return slog.New(&quiet{zapslog.NewHandler(core)})
}

type quiet struct{ slog.Handler }

// Handle drops what only says that a stop was asked for.
func (h *quiet) Handle(ctx context.Context, r slog.Record) error {
	cancelled := false
	r.Attrs(func(a slog.Attr) bool {
		switch v := a.Value.Any().(type) {
		case error:
			cancelled = cancelled || errors.Is(v, context.Canceled)
		case string: // River's own way
			cancelled = cancelled || strings.Contains(v, context.Canceled.Error())
		}
		return true
	})
	if cancelled {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the filter on derived handlers.
func (h *quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return &quiet{h.Handler.WithAttrs(attrs)} }

// WithGroup keeps the filter on derived handlers.
func (h *quiet) WithGroup(name string) slog.Handler { return &quiet{h.Handler.WithGroup(name)} }

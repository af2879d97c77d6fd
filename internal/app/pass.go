package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
	"github.com/handoffscore/syncd/internal/writeback"
)

// leaseTime is how long a connection stays ours without a sign of life.
const leaseTime = 2 * time.Minute

// Report is what one pass did, as printed and as kept.
type Report struct {
	Run        string `json:"run"`
	Connection string `json:"connection"`
	CRM        string `json:"crm"`
	Mode       string `json:"mode"`
	Kind       string `json:"kind"`
	GoLive     string `json:"go_live"` // deals won before that day are left out
	syncer.Counts
	// APICalls hides the counts by kind: the report gives the sum, and
	// api_calls_by_kind the parts.
	APICalls       int64            `json:"api_calls"`
	APICallsByKind map[string]int64 `json:"api_calls_by_kind"`
	Seconds        float64          `json:"seconds"`
	Status         string           `json:"status"`
	Error          string           `json:"error,omitempty"`
	ResumeAt       time.Time        `json:"resume_at,omitzero"`
	Waits          string           `json:"waits,omitempty"` // the full run that waits for its share of calls until then
	Done           bool             `json:"-"`
	Err            error            `json:"-"`
}

// Ask is what a pass is asked to do.
type Ask struct {
	PlanOnly bool      // stop after the plan
	Full     bool      // read everything since go_live
	Deadline time.Time // pause there; zero means go on to the end
}

// Pass works one connection: it goes on with an unfinished run or begins one,
// plans, guards and applies. The report is complete whatever happened; its
// Err says what ended the pass early.
func (a *App) Pass(ctx context.Context, c *syncer.Connection, ask Ask) Report {
	start := time.Now()
	before := c.Source.Calls()
	r := a.newReport(c)
	run, full, err := a.pass(ctx, c, ask)
	if run.Beside != "" && run.Beside == full.ID && interrupted(full) {
		r.Waits = full.ID
	}
	a.fill(ctx, &r, c, run, before, start, err)
	if r.Waits != "" {
		r.ResumeAt = later(run.ResumeAt, full.ResumeAt)
	}
	a.logPass(r)
	a.passed(r)
	return r
}

// fill tells in a report what a run did.
func (a *App) fill(ctx context.Context, r *Report, c *syncer.Connection, run store.Run, before map[string]int64, start time.Time, err error) {
	if r.Mode = run.Mode; r.Mode == "" {
		r.Mode = string(c.Mode)
	}
	r.Err, r.Run, r.Kind, r.Status = err, run.ID, run.Kind, run.Status
	r.Done = run.Status != store.RunRunning
	r.ResumeAt = run.ResumeAt
	if counts, err := syncer.ReadCounts(run.Counts); err == nil {
		r.Counts = counts
	}
	for kind, n := range c.Source.Calls() {
		if n -= before[kind]; n > 0 {
			r.APICallsByKind[kind] = n
			r.APICalls += n
		}
	}
	r.Seconds = time.Since(start).Seconds()
	if err != nil {
		r.Error = Told(ctx, err)
	}
}

// newReport is an empty report on a connection.
func (a *App) newReport(c *syncer.Connection) Report {
	return Report{Connection: c.Name, CRM: c.CRM, GoLive: c.Settings.GoLive.In(a.zone).Format(time.DateOnly), APICallsByKind: map[string]int64{}}
}

func (a *App) logPass(r Report) {
	fields := []zap.Field{
		zap.String("connection", r.Connection), zap.String("mode", r.Mode), zap.String("run", r.Run), zap.String("kind", r.Kind),
		zap.String("status", r.Status), zap.Int64("read", r.DealsRead), zap.Int64("in_scope", r.InScope), zap.Int64("fields_written", r.FieldsWritten),
		zap.Int64("rejected", r.Rejected), zap.Int64("api_calls", r.APICalls), zap.Float64("seconds", r.Seconds),
	}
	if r.Waits != "" {
		fields = append(fields, zap.String("waits", r.Waits), zap.Time("resume_at", r.ResumeAt))
	}
	var held *store.ErrHeld
	if errors.As(r.Err, &held) {
		return // the holder logs its own pass
	}
	if r.Err != nil {
		a.log.Warn("pass ended early", append(fields, zap.Error(r.Err))...)
		return
	}
	a.log.Info("pass", fields...)
}

// pass runs under the connection's lease. full is the full run that was the
// latest when it began.
func (a *App) pass(ctx context.Context, c *syncer.Connection, ask Ask) (run, full store.Run, err error) {
	err = a.hold(ctx, c, func(ctx context.Context, lease store.Lease) (err error) {
		before := c.Source.Calls()
		a.budgets[c.Name].start()
		var desc crm.Description
		run, full, desc, err = a.begin(ctx, c, lease, ask)
		a.resumes(c, run)
		if err != nil {
			return err
		}
		return a.entered(ctx, c, lease, &run, full, before, func() error { return a.advance(ctx, c, lease, &run, desc, ask, nil) })
	})
	return run, full, err
}

// entered does a slice of a run's work within its share of the day's calls, and
// enters it in the books.
func (a *App) entered(ctx context.Context, c *syncer.Connection, lease store.Lease, run *store.Run, full store.Run, before map[string]int64, do func() error) error {
	err := a.budgets[c.Name].stock(ctx, a.store, *run)
	if err == nil {
		err = do()
	}
	err = errors.Join(err, a.account(context.WithoutCancel(ctx), lease, run, before, c.Source.Calls()))
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return a.end(context.WithoutCancel(ctx), c, lease, run, full, err)
}

// keep renews the lease until ctx ends; losing it ends the pass.
func (a *App) keep(ctx context.Context, lease store.Lease, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(leaseTime / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			renewed, err := a.store.Renew(ctx, lease, leaseTime, time.Now())
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				cancel(fmt.Errorf("lease of %s: %w", lease.Connection, err))
				return
			}
			a.tenures[lease.Connection].set(renewed.Until)
		}
	}
}

// advance takes the run through its phases. desc is the zero value if the CRM
// has not been asked yet. applied, if set, is told what of a plan has moved
// since it was made.
func (a *App) advance(ctx context.Context, c *syncer.Connection, lease store.Lease, run *store.Run, desc crm.Description, ask Ask, applied *Applied) error {
	deadline := ask.Deadline
	if deadline.IsZero() {
		deadline = time.Now().Add(24 * 365 * time.Hour)
	}
	var err error
	if desc.Now.IsZero() {
		if desc, err = c.Source.Describe(ctx); err != nil {
			return err
		}
	}
	planned, err := a.planner.Plan(ctx, c, lease, run, desc, deadline)
	if err != nil || !planned {
		return err
	}
	if run.Phase == syncer.PhaseGuard {
		if err := a.writer.Guard(ctx, c.Name, run.ID, a.limits); err != nil {
			return err
		}
		run.Phase = syncer.PhaseApply
		if run.Mode != string(syncer.Write) {
			run.Phase = syncer.PhaseDone
		}
		if err := a.store.SaveRun(ctx, lease, *run); err != nil {
			return err
		}
	}
	if run.Phase == syncer.PhaseApply || run.Phase == syncer.PhaseScreen {
		done, err := a.apply(ctx, c, lease, run, deadline, applied)
		if err != nil || !done {
			return err
		}
		run.Phase = syncer.PhaseDone
	}
	return nil
}

func (a *App) apply(ctx context.Context, c *syncer.Connection, lease store.Lease, run *store.Run, deadline time.Time, applied *Applied) (bool, error) {
	a.budgets[c.Name].whole() // what is planned goes out
	target := writeback.Target{Name: c.Name, Source: c.Source, Sink: c.Sink, Tasks: c.Tasks, Attempts: c.Attempts, Same: c.Same}
	if run.Kind == store.Undo {
		target.Attempts = nil // what was scored was scored: their records stay
	}
	tally, err := a.writer.Recover(ctx, target, lease, run.ID, run.Now())
	goesOn := false                                    // with a plan whose apply was cut short
	if err == nil && run.Phase == syncer.PhaseScreen { // after what was under way is known
		if goesOn = applied == nil; goesOn {
			applied = &Applied{}
		}
		err = a.screen(ctx, c, lease, *run, applied)
	}
	done := false
	var tasks writeback.TaskTally
	var asked error
	if err == nil {
		tasks, done, asked = a.writer.Tasks(ctx, target, lease, run.ID, run.Now(), deadline)
		if crm.KindOf(asked) != crm.Unavailable {
			err = asked // nothing more can be sent
		}
	}
	if err == nil && (done || asked != nil) {
		var applied writeback.Tally
		applied, done, err = a.writer.Apply(ctx, target, lease, run.ID, run.Now(), deadline)
		tally.Add(applied)
		err = errors.Join(err, asked)
	}
	var records writeback.AttemptTally
	if err == nil && done {
		records, done, err = a.writer.Attempts(ctx, target, lease, run.Now(), deadline)
	}
	counts, cerr := syncer.ReadCounts(run.Counts)
	if cerr != nil {
		return false, cerr
	}
	if goesOn && len(applied.Moved) > 0 {
		counts.Problems = append(counts.Problems, fmt.Sprintf("plan %s: %d deals have moved since it was made and are left to the next pass", run.ID, len(applied.Moved)))
	}
	counts.FieldsWritten += tally.Fields
	counts.RecordsSent += tally.Sent
	counts.Confirmed += tally.Confirmed
	counts.Rejected += tally.Rejected
	counts.Unresolved += tally.Unresolved
	counts.AttemptsWritten += records.Written
	counts.AttemptsRejected += records.Rejected
	counts.AttemptsOwed = records.Owed
	counts.TasksRejected += tasks.Rejected
	counts.TasksUnresolved += tasks.Unresolved
	counts.TasksCreated += tasks.Made
	counts.TasksClosed += tasks.Closed
	run.Counts = counts.JSON()
	return done, errors.Join(err, a.store.SaveRun(context.WithoutCancel(ctx), lease, *run))
}

// end closes the run's books: how it ended, and how far the connection is known.
func (a *App) end(ctx context.Context, c *syncer.Connection, lease store.Lease, run *store.Run, full store.Run, cause error) error {
	var guarded *writeback.Guarded
	switch {
	case cause == nil && run.Phase != syncer.PhaseDone:
		return a.store.SaveRun(ctx, lease, *run) // paused: the next slice goes on
	case cause == nil:
		run.Status = store.RunDone
	case errors.As(cause, &guarded):
		run.Status = store.RunGuarded
	case crm.KindOf(cause) == crm.Quota:
		run.Status, run.ResumeAt = store.RunQuota, resume(cause, run.Now())
	case errors.Is(cause, context.Canceled):
		return errors.Join(cause, a.store.SaveRun(ctx, lease, *run)) // stopped from outside: the run is gone on with
	default:
		run.Status = store.RunFailed
	}
	if cause != nil {
		run.Error = cause.Error()
	}
	run.Ended = time.Now().UTC()
	standing, err := a.store.CountStates(ctx, c.Name)
	if err != nil {
		return errors.Join(cause, err)
	}
	counts, err := syncer.ReadCounts(run.Counts)
	if err != nil {
		return errors.Join(cause, err)
	}
	counts.ByStatus, counts.ByBand, counts.InScope, counts.Final = standing.ByStatus, standing.ByBand, standing.InScope, standing.Final
	run.Counts = counts.JSON()
	if err := a.store.SaveRun(ctx, lease, *run); err != nil {
		return errors.Join(cause, err)
	}
	if run.Status != store.RunDone || run.Kind == store.Undo {
		return cause
	}
	known, err := a.store.Connection(ctx, c.Name)
	if err != nil {
		return err
	}
	mark := run.WindowTo.Add(-c.Lag)
	if known.Watermark.Before(run.Now()) { // runs beside one that waited know more of late
		mark = later(mark, known.Watermark)
	}
	known.Watermark = mark
	known.LastSuccess = later(known.LastSuccess, run.WindowTo)
	switch {
	case run.Kind == syncer.KindFull:
		known.LastFull = later(known.LastFull, run.WindowTo)
	case readWhole(full, known): // and this run has written the rest
		known.LastFull = full.WindowTo
	}
	if !known.LastFull.IsZero() {
		known.InScope, known.Known = int(standing.InScope), int(standing.Known)
	}
	return a.store.SaveConnection(ctx, lease, known)
}

// account adds the calls of a slice to its run and to the day.
func (a *App) account(ctx context.Context, lease store.Lease, run *store.Run, before, now map[string]int64) error {
	counts, err := syncer.ReadCounts(run.Counts)
	if err != nil {
		return fmt.Errorf("counts of run %s: %w", run.ID, err)
	}
	for kind, n := range now {
		if n -= before[kind]; n > 0 {
			counts.APICalls[kind] += n
		}
	}
	run.Counts = counts.JSON()
	return a.store.Spend(ctx, lease, store.Spent{At: run.Now(), Calls: total(now) - total(before)})
}

// resume is when a run may go on that a quota has ended: counted from when the
// vendor said so, else from the run's own moment.
func resume(err error, now time.Time) time.Time {
	wait := time.Hour
	var e *crm.Error
	if errors.As(err, &e) {
		if e.After > 0 {
			wait = e.After
		}
		if e.At.After(now) {
			now = e.At
		}
	}
	return now.Add(wait)
}

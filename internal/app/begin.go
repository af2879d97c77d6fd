package app

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// begin takes up an unfinished run, or starts one. Of a connection two may be
// unfinished: a full run that waits for its share of the day's calls, and an
// incremental one that goes on beside it, for clocks do not wait. full is the
// latest full run as it stands; desc what the CRM has said of itself, the zero
// value if nobody had to ask.
func (a *App) begin(ctx context.Context, c *syncer.Connection, lease store.Lease, ask Ask) (run, full store.Run, desc crm.Description, err error) {
	last, err := a.store.LatestRun(ctx, c.Name, "")
	if err != nil {
		return run, full, desc, err
	}
	full, err = a.store.LatestRun(ctx, c.Name, syncer.KindFull)
	if err != nil {
		return run, full, desc, err
	}
	for _, r := range []*store.Run{&last, &full} {
		if r.Status != store.RunRunning {
			continue
		}
		goesOn, err := a.observes(ctx, c, lease, r, ask)
		if err != nil || goesOn {
			return *r, full, desc, err
		}
		if r.ID == full.ID {
			full = *r
		}
	}
	if desc, err = c.Source.Describe(ctx); err != nil {
		run, err = a.stillborn(ctx, c, lease, last, full, err)
		return run, full, crm.Description{}, err
	}
	run, full, err = a.beginAt(ctx, c, lease, last, full, desc.Now.UTC().Truncate(time.Millisecond), ask)
	return run, full, desc, err
}

// observes sees to it that an unfinished run writes nothing more once syncd is
// to observe: one that still reads goes on observing, one that was writing is
// ended, and what it had still to write is planned anew when syncd writes again.
func (a *App) observes(ctx context.Context, c *syncer.Connection, lease store.Lease, r *store.Run, ask Ask) (goesOn bool, err error) {
	if r.Mode != string(syncer.Write) || c.Mode == syncer.Write && !ask.PlanOnly {
		return true, nil
	}
	if syncer.Reading(r.Phase) || r.Phase == syncer.PhaseGuard {
		r.Mode = string(syncer.Observe)
		return true, a.store.SaveRun(ctx, lease, *r)
	}
	r.Status, r.Error, r.Ended = store.RunFailed, "syncd was told to observe before all of it was written", time.Now().UTC()
	return false, a.store.SaveRun(ctx, lease, *r)
}

// beginAt goes on with a run that has ended early, or starts one.
func (a *App) beginAt(ctx context.Context, c *syncer.Connection, lease store.Lease, last, full store.Run, now time.Time, ask Ask) (store.Run, store.Run, error) {
	var run store.Run
	known, err := a.store.Connection(ctx, c.Name)
	if err != nil {
		return run, full, err
	}
	mode := c.Mode
	if ask.PlanOnly {
		mode = syncer.Observe
	}
	// What was only observed has not been written: the first pass that writes
	// looks at everything. A full run does so in either mode, unless another
	// mode has looked at some of it meanwhile.
	turned := last.ID != "" && last.Mode != string(mode)
	backfill := resumable(full, known, now) && (!turned || last.ID == full.ID)
	waits := false
	if backfill && !ask.PlanOnly {
		if waits, err = a.waits(ctx, c, lease, &full, now); err != nil {
			return run, full, err
		}
	}
	switch {
	case last.Kind != syncer.KindFull && !turned && resumable(last, known, now):
		run, err = a.goOn(ctx, lease, last, mode, now)
		return run, full, err
	case backfill && !waits:
		run, err = a.goOn(ctx, lease, full, mode, now)
		return run, full, err
	}
	run = newRun(c, mode, now)
	switch {
	case waits:
		run.Beside, run.WindowFrom = full.ID, since(c, known, full)
	case ask.Full || turned || known.LastFull.IsZero() && !readWhole(full, known):
		run.Kind = syncer.KindFull
	default:
		run.WindowFrom = since(c, known, full)
	}
	return run, full, a.store.StartRun(ctx, lease, run)
}

// newRun is an incremental run that begins now.
func newRun(c *syncer.Connection, mode syncer.Mode, now time.Time) store.Run {
	return store.Run{
		ID: newRunID(now), Connection: c.Name, Mode: string(mode), Kind: syncer.KindIncremental,
		Phase: syncer.PhaseChanged, Status: store.RunRunning, Started: now, WindowTo: now,
	}
}

// newRunID is a run's name: when it began, and enough chance to tell two apart.
func newRunID(now time.Time) string {
	return now.Format("20060102T150405") + "-" + rand.Text()[:6]
}

// goOn takes up a run where it ended, as of now.
func (a *App) goOn(ctx context.Context, lease store.Lease, r store.Run, mode syncer.Mode, now time.Time) (store.Run, error) {
	r.Status, r.Error, r.ResumeAt, r.Ended, r.Mode, r.Moment = store.RunRunning, "", time.Time{}, time.Time{}, string(mode), now
	return r, a.store.SaveRun(ctx, lease, r)
}

// since is where an incremental window begins: at the watermark, or while a
// first full run has not ended, at that one's beginning, less the overlap.
func since(c *syncer.Connection, known store.Connection, full store.Run) time.Time {
	if known.Watermark.IsZero() {
		return full.WindowTo.Add(-c.Overlap)
	}
	return known.Watermark.Add(-c.Overlap)
}

// resumeWithin is how long a connection may have been left alone for a run to
// be gone on with. A backfill that takes its share of several days' calls goes
// on while passes beside it keep up; what was read long ago is read again.
const resumeWithin = 7 * 24 * time.Hour

// resumable: a run that a fault or a quota ended while it planned goes on from
// its last slice, so that a pass that always dies at one page still gets past
// it. One that was ended while writing is planned anew; its window has not
// moved on.
func resumable(r store.Run, known store.Connection, now time.Time) bool {
	begun := syncer.Reading(r.Phase) && (r.Cursor != "" || r.Phase != syncer.PhaseChanged)
	return interrupted(r) && begun && now.Sub(later(r.WindowTo, known.Watermark)) < resumeWithin
}

// readWhole: a full run that was ended while writing had read everything. What
// it had still to write any later run takes up.
func readWhole(full store.Run, known store.Connection) bool {
	return interrupted(full) && (full.Phase == syncer.PhaseApply || full.Phase == syncer.PhaseScreen) && known.LastFull.Before(full.WindowTo)
}

func interrupted(r store.Run) bool { return r.Status == store.RunFailed || r.Status == store.RunQuota }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// waits reports whether a full run that a quota has ended is to be left alone
// for now: its time has not come, or its share of the day is used up again.
func (a *App) waits(ctx context.Context, c *syncer.Connection, lease store.Lease, full *store.Run, now time.Time) (bool, error) {
	if full.Status != store.RunQuota || now.Before(full.ResumeAt) {
		return full.Status == store.RunQuota, nil
	}
	as := *full
	as.Moment = now
	b := a.budgets[c.Name]
	if err := b.stock(ctx, a.store, as); err != nil {
		return false, err
	}
	over := b.left()
	if over == nil {
		return false, nil
	}
	full.ResumeAt = resume(over, now)
	return true, a.store.SaveRun(ctx, lease, *full)
}

// stillborn keeps on record that a pass could not begin. A run that is to be
// gone on with keeps its place, and one that waits for its quota its time too.
func (a *App) stillborn(ctx context.Context, c *syncer.Connection, lease store.Lease, last, full store.Run, cause error) (store.Run, error) {
	if ctx.Err() != nil {
		return store.Run{}, cause
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	if !interrupted(last) || last.Kind == syncer.KindFull && last.Status == store.RunQuota {
		run := newRun(c, c.Mode, now)
		if interrupted(full) {
			run.Beside = full.ID
		}
		if last.ID != "" { // nothing was done in a new mode yet
			run.Mode = last.Mode
		}
		if err := a.store.StartRun(ctx, lease, run); err != nil {
			return store.Run{}, errors.Join(cause, err)
		}
		last = run
	}
	last.Status, last.Error, last.Ended = store.RunFailed, cause.Error(), now
	if crm.KindOf(cause) == crm.Quota {
		last.Status, last.ResumeAt = store.RunQuota, resume(cause, now)
	}
	return last, errors.Join(cause, a.store.SaveRun(ctx, lease, last))
}

package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/job"
	"github.com/handoffscore/syncd/internal/ops"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// operations is what an operator sees of the program.
type operations struct {
	metrics *ops.Metrics
	health  *ops.Health
	server  *ops.Server // nil until it listens
	started time.Time
	again   chan struct{} // something has happened: look again

	mu       sync.Mutex              // guards standing
	standing map[string]ops.Standing // by connection, as the store last had it
}

func newOperations(a *App) *operations {
	var connections []ops.Connection
	for i := range a.cfg.Connections {
		c := &a.cfg.Connections[i]
		connections = append(connections, ops.Connection{Name: c.Name, CRM: c.CRM, Share: c.Budget.DailyShare})
	}
	o := &operations{
		metrics: ops.NewMetrics(connections), health: ops.NewHealth(), started: time.Now(),
		again: make(chan struct{}, 1), standing: map[string]ops.Standing{},
	}
	o.metrics.BeforeScrape = a.figures
	return o
}

func (o *operations) close() error {
	if o.server == nil {
		return nil
	}
	return o.server.Close()
}

// lookAgain has the database looked at soon.
func (o *operations) lookAgain() {
	select {
	case o.again <- struct{}{}:
	default: // asked for already
	}
}

const (
	watchEvery  = 2 * time.Second       // the database is asked for a sign of life
	watchStart  = 50 * time.Millisecond // until the first one
	figureEvery = 5                     // of those times, figures are read too
)

// watch keeps health and the store's figures up to date, on a connection of
// its own: passes may use up the others.
func (a *App) watch(ctx context.Context) error {
	s, err := a.store.Apart(1)
	if err != nil {
		return err
	}
	defer s.Close()
	for age := 0; ; age++ {
		if !a.look(ctx, s) || age%figureEvery == 0 && !a.lookClosely(ctx, s) {
			age = -1
		}
		every := watchEvery
		if !a.ops.health.Works(ops.Start) {
			every = watchStart
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.ops.again:
			age = -1
		case <-time.After(every):
		}
	}
}

// look asks the database for a sign of life.
func (a *App) look(ctx context.Context, s *store.Store) bool {
	asking, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	err := s.Ping(asking)
	switch {
	case err == nil:
		a.reached()
	case ctx.Err() == nil:
		a.unreached(err)
	}
	return err == nil
}

// lookClosely reads the figures, and sees by that whether every table is there.
func (a *App) lookClosely(ctx context.Context, s *store.Store) bool {
	asking, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	err := a.readFigures(asking, s)
	switch {
	case err == nil:
		a.ops.health.Up(ops.Store)
		a.ops.health.Up(ops.Start)
	case store.NoTable(err):
		a.ops.health.Down(ops.Store, "not migrated: a table is missing")
	default: // it answered a moment ago; the next look will tell
		a.log.Debug("figures cannot be read", zap.Error(err))
	}
	return err == nil
}

// readFigures reads what the store and the queue hold.
func (a *App) readFigures(ctx context.Context, s *store.Store) error {
	waiting := map[string]map[string]int{}
	for _, c := range a.connections {
		classes, err := s.Waiting(ctx, c.Name)
		if err != nil {
			return err
		}
		waiting[c.Name] = classes
		standing, err := standingOf(ctx, s, c)
		if err != nil {
			return err
		}
		a.ops.mu.Lock()
		a.ops.standing[c.Name] = standing
		a.ops.mu.Unlock()
		a.noteOverdue(c, standing)
	}
	jobs, err := job.Counts(ctx, s)
	if err != nil {
		return err
	}
	a.ops.metrics.Rejected(waiting)
	a.ops.metrics.Queue(jobs)
	return nil
}

// lookBack is how many runs are looked through for the last that succeeded.
const lookBack = 20

// standingOf is how far a connection is known. A pass succeeds when it ends,
// by our own clock; the store's mark is the CRM's, when it began.
func standingOf(ctx context.Context, s *store.Store, c *syncer.Connection) (ops.Standing, error) {
	known, err := s.Connection(ctx, c.Name)
	if err != nil {
		return ops.Standing{}, err
	}
	standing := ops.Standing{Watermark: known.Watermark, LastSuccess: known.LastSuccess, InScope: known.InScope}
	runs, err := s.Runs(ctx, c.Name, lookBack)
	if err != nil {
		return ops.Standing{}, err
	}
	for _, r := range runs {
		if r.Status == store.RunDone {
			standing.LastSuccess = r.Ended
			break
		}
	}
	return standing, nil
}

// overdue is how many scheduled times may go by without a success before it is
// worth saying.
const overdue = 3

func (a *App) noteOverdue(c *syncer.Connection, s ops.Standing) {
	n, since := a.missed(c, s), s.LastSuccess
	if since.IsZero() {
		since = a.ops.started
	}
	text := ""
	if n >= overdue {
		text = fmt.Sprintf("no pass has succeeded since %s; %d scheduled times have gone by", since.UTC().Format(time.RFC3339), n)
	}
	a.ops.health.Note("connection "+c.Name, text)
}

// mostMissed bounds the count of what was missed.
const mostMissed = 1000

// missed counts the scheduled times since a pass last succeeded, or since the
// start where none has.
func (a *App) missed(c *syncer.Connection, s ops.Standing) int {
	schedule, err := job.Schedule(a.schedules[c.Name].pass)
	if err != nil {
		return 0 // Run refuses it
	}
	last := s.LastSuccess
	if last.IsZero() {
		last = a.ops.started
	}
	now, n := time.Now().UTC(), 0
	for t := schedule.Next(last.UTC()); !t.IsZero() && !t.After(now) && n < mostMissed; t = schedule.Next(t) {
		n++
	}
	return n
}

// figures brings the metrics up to date with what is in memory.
func (a *App) figures() {
	for _, c := range a.connections {
		a.ops.metrics.Calls(c.Name, c.Source.Calls())
		if m, ok := c.Source.(interface{ Usage() (used, limit int) }); ok {
			used, limit := m.Usage()
			a.ops.metrics.Quota(c.Name, used, limit)
		}
		a.ops.mu.Lock()
		s, known := a.ops.standing[c.Name]
		a.ops.mu.Unlock()
		if known {
			s.Missed = a.missed(c, s)
			a.ops.metrics.Standing(c.Name, s)
		}
	}
}

// passed counts a slice of a pass. What another holder works, it counts; a
// slice that a stop cut short is gone on with.
func (a *App) passed(r Report) {
	var held *store.ErrHeld
	if errors.As(r.Err, &held) {
		return
	}
	p := ops.Pass{
		Connection: r.Connection, Run: r.Run, Kind: r.Kind, Status: r.Status, Seconds: r.Seconds,
		Ended: !errors.Is(r.Err, context.Canceled) && (r.Done || r.Err != nil), Tally: tallyOf(r.Counts),
	}
	if r.Err != nil && (p.Status == "" || p.Status == store.RunRunning) {
		p.Status = store.RunFailed // it could not even be kept on record
	}
	a.ops.metrics.Pass(p)
	a.ops.lookAgain()
}

// resumes tells the metrics what a run had done before this slice: slices of
// one run may fall to several replicas.
func (a *App) resumes(c *syncer.Connection, run store.Run) {
	counts, err := syncer.ReadCounts(run.Counts)
	if err != nil || run.ID == "" {
		return // the pass itself will say what is wrong
	}
	a.ops.metrics.Resumes(c.Name, run.ID, tallyOf(counts))
}

func tallyOf(c syncer.Counts) ops.Tally {
	return ops.Tally{
		DealsRead: c.DealsRead, Judged: c.Judged, FieldsWritten: c.FieldsWritten, RecordsWritten: c.Confirmed,
		TasksCreated: c.TasksCreated, Escalations: c.Escalations, Drift: c.Drift,
	}
}

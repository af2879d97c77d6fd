package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/store"
)

// args is a job: the key of the work.
type args struct {
	Key string `json:"key" river:"unique"`
}

// Kind names the job to River.
func (args) Kind() string { return "slice" }

// busyWait is how long work waits that something else is at.
const busyWait = 5 * time.Second

// maxSkew is how far the clock of the process that puts a job in the queue may
// be ahead of the one that takes it out: a job that comes early is not lost.
const maxSkew = 10 * time.Second

// maxAttempts bounds River's own retries; the schedule comes round again.
const maxAttempts = 5

// InsertOpts makes a job unique by key among those not yet finished.
func (args) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		MaxAttempts: maxAttempts,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
			rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}},
	}
}

// worker does slices.
type worker struct {
	river.WorkerDefaults[args]
	q *Queue
}

// Work does one slice. A slice cut short by a stop is put back for the next
// start; it is no failure.
func (w *worker) Work(ctx context.Context, j *river.Job[args]) error {
	t, ok := w.q.tasks[j.Args.Key]
	if !ok {
		return nil // no longer configured
	}
	wait, err := w.q.wait(ctx, j.Args.Key)
	switch {
	case err != nil:
		return err
	case wait > maxSkew: // the schedule wakes it again
		return nil
	case wait > 0:
		return river.JobSnooze(wait)
	}
	done, err := t.work(ctx, j.Args.Key, time.Now().Add(w.q.o.Slice))
	switch {
	case err != nil && ctx.Err() != nil:
		return river.JobSnooze(0)
	case errors.Is(err, ErrBusy):
		return river.JobSnooze(busyWait)
	case err != nil:
		w.q.o.Log.Warn("work will be tried again", zap.String("key", j.Args.Key), zap.Int("attempt", j.Attempt), zap.Error(err))
		return err
	case !done:
		return river.JobSnooze(0)
	}
	return w.q.store.SetLastSuccess(ctx, j.Args.Key, w.q.o.Now().UTC())
}

// NextRetry waits a little longer each time.
func (w *worker) NextRetry(j *river.Job[args]) time.Time {
	return time.Now().Add(time.Duration(j.Attempt*j.Attempt) * 5 * time.Second)
}

// Counts counts the jobs that are not completed, by River's word for their
// state.
func Counts(ctx context.Context, s *store.Store) (map[string]int, error) {
	return s.CountBy(ctx, `SELECT CAST(state AS TEXT), COUNT(*) FROM river_job WHERE state <> 'completed' GROUP BY state`)
}

// Run works until ctx ends: then it takes no more work, lets running slices
// finish within the grace, cancels the rest, and returns once all is quiet.
func (q *Queue) Run(ctx context.Context) error {
	if q.store.Dialect() == store.Postgres {
		conf, err := pgxpool.ParseConfig(q.store.DSN())
		if err != nil {
			return fmt.Errorf("queue on %s: its address cannot be read", q.store.Name())
		}
		conf.AfterConnect = store.Impatient
		pool, err := pgxpool.NewWithConfig(ctx, conf)
		if err != nil {
			return fmt.Errorf("queue on %s: cannot connect", q.store.Name())
		}
		defer pool.Close()
		driver := riverpgxv5.New(pool)
		// River's migrations take no lock: replicas that start together on a new
		// database would make the same tables.
		if err := alone(ctx, pool, func() error { return migrate(ctx, q, driver) }); err != nil {
			return err
		}
		return run(ctx, q, driver)
	}
	pool, err := q.store.Pool(1) // one connection: SQLite has one writer
	if err != nil {
		return err
	}
	defer pool.Close()
	driver := riversqlite.New(pool)
	if err := migrate[*sql.Tx](ctx, q, driver); err != nil {
		return err
	}
	return run[*sql.Tx](ctx, q, driver)
}

// migration is the key of the advisory lock under which the queue's tables are made.
const migration = 0x73796e6364 // "syncd"

// alone does something while no other replica does.
func alone(ctx context.Context, pool *pgxpool.Pool, do func() error) (err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, migration); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	defer func() {
		_, e := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, migration)
		err = errors.Join(err, e)
	}()
	return do()
}

// migrate makes the queue's tables, or brings them up to date.
func migrate[TTx any](ctx context.Context, q *Queue, driver riverdriver.Driver[TTx]) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slogger(q.o.Log)})
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	return nil
}

func run[TTx any](ctx context.Context, q *Queue, driver riverdriver.Driver[TTx]) error {
	log := slogger(q.o.Log)
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{q: q}); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	client, err := river.NewClient(driver, &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: q.o.Workers}}, Workers: workers,
		JobTimeout: q.o.Timeout, RescueStuckJobsAfter: q.o.Rescue, Logger: log, PeriodicJobs: q.periodic(),
	})
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	// River's own context outlives ours, so that running slices may finish.
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	<-ctx.Done()
	soft, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.o.Grace)
	defer cancel()
	if err := client.Stop(soft); err == nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.o.Grace)
	defer cancel()
	return client.StopAndCancel(hard)
}

// periodic is one River schedule a key. RunOnStart gives a missed run its
// chance; the worker leaves at once if nothing is due.
func (q *Queue) periodic() []*river.PeriodicJob {
	var jobs []*river.PeriodicJob
	for key, t := range q.tasks {
		jobs = append(jobs, river.NewPeriodicJob(t.schedule,
			func() (river.JobArgs, *river.InsertOpts) { return args{Key: key}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}))
	}
	return jobs
}

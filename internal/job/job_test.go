package job_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/handoffscore/syncd/internal/job"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/store/storetest"
)

// stores opens a store of each engine there is.
func stores(t *testing.T, test func(t *testing.T, s *store.Store)) {
	storetest.Each(t, func(t *testing.T, dsn string) { test(t, storetest.Open(t, dsn)) })
}

// run runs the queue until stop is called and then checks that it went quietly.
func run(t *testing.T, q *job.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("queue ended with %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("queue did not end")
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not in time: %s", what)
}

func TestSlicesGoOnUntilDone(t *testing.T) {
	stores(t, func(t *testing.T, s *store.Store) {
		var slices, most, now atomic.Int32
		q := job.New(s, job.Options{})
		err := q.Schedule("a", "@every 1h", func(context.Context, string, time.Time) (bool, error) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer now.Add(-1)
			return slices.Add(1) == 3, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		stop := run(t, q)
		eventually(t, "three slices and a success", func() bool {
			last, err := s.LastSuccess(t.Context(), "a")
			return err == nil && !last.IsZero()
		})
		stop()
		if slices.Load() != 3 || most.Load() != 1 {
			t.Errorf("%d slices, %d at a time; want 3, one at a time", slices.Load(), most.Load())
		}
	})
}

func TestAMissedRunIsMadeUpOnceAndADoneOneIsNot(t *testing.T) {
	stores(t, func(t *testing.T, s *store.Store) {
		now := time.Now().UTC()
		for key, last := range map[string]time.Time{"missed": now.Add(-50 * time.Hour), "done": now} {
			if err := s.SetLastSuccess(t.Context(), key, last); err != nil {
				t.Fatal(err)
			}
		}
		var missed, done atomic.Int32
		q := job.New(s, job.Options{})
		count := func(n *atomic.Int32) job.Work {
			return func(context.Context, string, time.Time) (bool, error) { n.Add(1); return true, nil }
		}
		if err := errors.Join(q.Schedule("missed", "@every 10h", count(&missed)), q.Schedule("done", "@every 10h", count(&done))); err != nil {
			t.Fatal(err)
		}
		stop := run(t, q)
		eventually(t, "the missed run", func() bool { return missed.Load() > 0 })
		time.Sleep(500 * time.Millisecond)
		stop()
		if missed.Load() != 1 || done.Load() != 0 {
			t.Errorf("missed %d, done %d; want 1 and 0", missed.Load(), done.Load())
		}
	})
}

// TestAJobThatComesEarlyIsNotLost is about a machine whose clock is a little slow.
func TestAJobThatComesEarlyIsNotLost(t *testing.T) {
	stores(t, func(t *testing.T, s *store.Store) {
		starts := make(chan time.Time, 10)
		q := job.New(s, job.Options{Now: func() time.Time { return time.Now().Add(-700 * time.Millisecond) }})
		if err := q.Schedule("a", "@every 3s", func(context.Context, string, time.Time) (bool, error) {
			starts <- time.Now()
			time.Sleep(1100 * time.Millisecond) // by the slow clock, too, it ends after its moment
			return true, nil
		}); err != nil {
			t.Fatal(err)
		}
		defer run(t, q)()
		<-starts // at once, whatever the moment
		for last, n := <-starts, 0; n < 2; n++ {
			next := <-starts
			if took := next.Sub(last); took > 5*time.Second {
				t.Errorf("%s passed between two moments that are 3s apart", took)
			}
			last = next
		}
	})
}

func TestTheMomentsOfEveryAreFixed(t *testing.T) {
	at := func(text string) time.Time {
		t.Helper()
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct{ line, after, want string }{
		{"@every 15m", "2026-11-23T09:07:01.5Z", "2026-11-23T09:15:00Z"},
		{"@every 15m", "2026-11-23T09:15:00Z", "2026-11-23T09:30:00Z"},
		{"@every 15m", "2026-11-23T10:14:59.999+01:00", "2026-11-23T09:15:00Z"},
		{"@every 24h", "2026-11-23T09:07:00Z", "2026-11-24T00:00:00Z"},
		{"*/15 * * * *", "2026-11-23T09:07:01.5Z", "2026-11-23T09:15:00Z"},
		{"@daily", "2026-11-23T09:07:00Z", "2026-11-24T00:00:00Z"},
	} {
		schedule, err := job.Schedule(c.line)
		if err != nil {
			t.Fatal(err)
		}
		if got := schedule.Next(at(c.after)); !got.Equal(at(c.want)) {
			t.Errorf("%s after %s: %s, want %s", c.line, c.after, got, c.want)
		}
	}
}

func TestAFailureIsTriedAgainAndAStopLetsASliceFinish(t *testing.T) {
	stores(t, func(t *testing.T, s *store.Store) {
		var tries atomic.Int32
		started, finished := make(chan struct{}, 1), make(chan struct{}, 1)
		q := job.New(s, job.Options{})
		err := errors.Join(
			q.Schedule("fails", "@every 1h", func(context.Context, string, time.Time) (bool, error) {
				if tries.Add(1) == 1 {
					return false, errors.New("for now")
				}
				return true, nil
			}),
			q.Schedule("slow", "@every 1h", func(ctx context.Context, _ string, _ time.Time) (bool, error) {
				started <- struct{}{}
				time.Sleep(700 * time.Millisecond)
				if ctx.Err() == nil {
					finished <- struct{}{}
				}
				return true, nil
			}))
		if err != nil {
			t.Fatal(err)
		}
		stop := run(t, q)
		<-started
		eventually(t, "a second try", func() bool { return tries.Load() >= 2 })
		stop()
		select {
		case <-finished:
		default:
			t.Error("the running slice was cut off")
		}
	})
}

// A job that waits for its next try is counted; those that are done are not.
func TestJobsAreCountedByState(t *testing.T) {
	stores(t, func(t *testing.T, s *store.Store) {
		q := job.New(s, job.Options{})
		err := errors.Join(
			q.Schedule("fails", "@every 1h", func(context.Context, string, time.Time) (bool, error) { return false, errors.New("for now") }),
			q.Schedule("done", "@every 1h", func(context.Context, string, time.Time) (bool, error) { return true, nil }))
		if err != nil {
			t.Fatal(err)
		}
		stop := run(t, q)
		eventually(t, "one job left, which waits for its next try", func() bool {
			last, err := s.LastSuccess(t.Context(), "done")
			counts, cerr := job.Counts(t.Context(), s)
			return err == nil && cerr == nil && !last.IsZero() && len(counts) == 1 && counts["available"]+counts["retryable"] == 1
		})
		stop()
	})
}

func TestALineThatIsNoScheduleIsRefused(t *testing.T) {
	q := job.New(nil, job.Options{})
	if err := q.Schedule("a", "every day", nil); err == nil {
		t.Error("accepted")
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

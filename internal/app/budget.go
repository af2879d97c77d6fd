package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

const (
	// reserved is the part of the share that sweeps and backfills leave to
	// passes, which read the deals whose clock runs.
	reserved = 0.2
	// untouched is the part of the day's calls that is left to others, whoever
	// used the rest.
	untouched = 0.05
	day       = 24 * time.Hour
)

// metered is a source that knows what the vendor counts: calls used in the day,
// of how many. A limit of 0 is not known.
type metered interface{ Usage() (used, limit int) }

// budget keeps a connection within its share of the day's calls. What was
// taken in the last 24 hours is in the store; what this slice takes is counted
// call by call, repeats included.
type budget struct {
	share float64 // 1 takes what there is
	meter metered

	mu    sync.Mutex    // guards the rest
	spent []store.Spent // in the day, oldest first, and their sum
	sum   int64
	taken int64     // by this slice
	kind  string    // of the run
	now   time.Time // the CRM's
}

// start begins a slice of work. Until the CRM has told its clock nobody knows
// what lies within the day: asking for it is always allowed.
func (b *budget) start() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent, b.sum, b.taken = nil, 0, 0
}

// stock takes stock of what was spent in the day up to a run's moment.
func (b *budget) stock(ctx context.Context, s *store.Store, run store.Run) error {
	spent, err := s.SpentSince(ctx, run.Connection, run.Now().Add(-day))
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now, b.kind, b.spent, b.sum = run.Now(), run.Kind, spent, 0
	for _, x := range spent {
		b.sum += x.Calls
	}
	return nil
}

// whole lifts what the kind of run leaves to others of ours.
func (b *budget) whole() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kind = syncer.KindIncremental
}

// take takes one call out of the budget; the error ends the run as the
// vendor's own limit would.
func (b *budget) take() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.over()
	if err == nil {
		b.taken++
	}
	return err
}

// left is nil while there is a call left to take.
func (b *budget) left() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over()
}

func (b *budget) over() error {
	used, limit := b.meter.Usage()
	if b.share >= 1 || limit <= 0 {
		return nil
	}
	most := int64(b.share * float64(limit))
	if b.kind == syncer.KindFull {
		most = int64((1 - reserved) * b.share * float64(limit))
	}
	switch mine := b.sum + b.taken; {
	case mine >= most:
		return &crm.Error{
			Op: "budget", Kind: crm.Quota, After: b.frees(mine, most), Err: fmt.Errorf("syncd has made %d of the %d calls that it may make in 24 hours", mine, most),
			Fix: "raise budget.daily_share, or let it go on later",
		}
	case float64(limit-used) < untouched*float64(limit):
		return &crm.Error{
			Op: "budget", Kind: crm.Quota, After: time.Hour, Err: fmt.Errorf("all programs together have made %d of the day's %d calls; the rest is left to others", used, limit),
			Fix: "see what else uses the API",
		}
	}
	return nil
}

// frees is how long it takes until a tenth of the share is free again.
func (b *budget) frees(mine, most int64) time.Duration {
	for _, s := range b.spent {
		if mine -= s.Calls; mine <= most*9/10 {
			return max(s.At.Add(day).Sub(b.now), time.Minute)
		}
	}
	return day // it was this run alone
}

func total(calls map[string]int64) int64 {
	var n int64
	for _, k := range calls {
		n += k
	}
	return n
}

package writeback

import (
	"context"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// Recover settles what an earlier process sent and never heard of: each record
// is read, and its intent is confirmed if the record shows it, else planned
// again. Nothing is sent.
func (w *Writer) Recover(ctx context.Context, t Target, lease store.Lease, run string, now time.Time) (Tally, error) {
	var tally Tally
	for {
		batch, err := w.Store.Underway(ctx, t.Name, run, t.Source.LoadBatch())
		if err != nil || len(batch) == 0 {
			return tally, err
		}
		outcomes := make([]crm.Outcome, len(batch))
		for i, in := range batch {
			outcomes[i] = crm.Outcome{ID: crm.DealID(in.Deal), Status: crm.Unknown}
		}
		if err := w.settle(ctx, t, batch, outcomes, nil); err != nil {
			return tally, err
		}
		results := make([]store.Result, len(batch))
		for i, o := range outcomes {
			results[i] = result(batch[i], o, now)
			tally.count(batch[i], o)
		}
		if err := w.Store.Resolve(ctx, lease, results); err != nil {
			return tally, err
		}
	}
}

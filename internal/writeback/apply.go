package writeback

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// maxIdle is how many rounds in a row may settle nothing.
const maxIdle = 3

// Apply drains the planned intents of a run until none is left or the deadline
// has passed; done tells which. The error is the CRM's reason for not going
// on, or the store's. now is the pass's moment; retries are due from it.
func (w *Writer) Apply(ctx context.Context, t Target, lease store.Lease, run string, now, deadline time.Time) (tally Tally, done bool, err error) {
	inFlight := w.InFlight
	if inFlight <= 0 {
		inFlight = 4
	}
	for idle := 0; ; {
		batches, err := w.next(ctx, t, run, inFlight)
		if err != nil || len(batches) == 0 {
			return tally, err == nil, err
		}
		results := make([]Tally, len(batches))
		var g errgroup.Group
		for i, batch := range batches {
			g.Go(func() (err error) {
				results[i], err = w.batch(ctx, t, lease, batch, now)
				return err
			})
		}
		err = g.Wait()
		for _, r := range results {
			tally.Add(r)
		}
		if w.Progress != nil {
			w.Progress(t.Name, tally.Confirmed+tally.Rejected)
		}
		if err != nil {
			return tally, false, err
		}
		// A lost request that turns out not to have arrived settles nothing; it
		// is sent again, a few times.
		if idle++; settled(results) > 0 {
			idle = 0
		} else if idle == maxIdle {
			return tally, false, &crm.Error{
				Op: "write", Kind: crm.Unavailable, Err: errors.New("the CRM took no record and gave no reason"), Fix: "look at the CRM's status page; the next pass tries again",
			}
		}
		if time.Now().After(deadline) {
			return tally, false, nil
		}
	}
}

// next takes up to n full batches of planned intents, each deal once.
func (w *Writer) next(ctx context.Context, t Target, run string, n int) ([][]store.Intent, error) {
	size := t.Sink.WriteBatch()
	intents, err := w.Store.Planned(ctx, t.Name, run, size*n)
	if err != nil {
		return nil, err
	}
	// A deal with two intents is sent one a round, in their order.
	taken := make(map[string]bool, len(intents))
	intents = slices.DeleteFunc(intents, func(in store.Intent) bool {
		again := taken[in.Ref.ID]
		taken[in.Ref.ID] = true
		return again
	})
	var batches [][]store.Intent
	for len(intents) > 0 {
		k := min(size, len(intents))
		batches = append(batches, intents[:k])
		intents = intents[k:]
	}
	return batches, nil
}

// batch sends one batch and stores what became of each record.
func (w *Writer) batch(ctx context.Context, t Target, lease store.Lease, batch []store.Intent, now time.Time) (Tally, error) {
	var tally Tally
	ids := make([]int64, len(batch))
	updates := make([]crm.Update, len(batch))
	for i, in := range batch {
		ids[i] = in.ID
		updates[i] = crm.Update{ID: crm.DealID(in.Ref.ID), Fields: in.Fields}
	}
	if err := w.Store.MarkSent(ctx, lease, ids, now); err != nil {
		return tally, err
	}
	outcomes, sendErr := t.Sink.Write(ctx, updates)
	if len(outcomes) != len(batch) { // an adapter's fault: nothing is known
		outcomes = make([]crm.Outcome, len(batch))
		for i := range outcomes {
			outcomes[i] = crm.Outcome{ID: updates[i].ID, Status: crm.Unknown}
		}
	}
	if err := w.settle(context.WithoutCancel(ctx), t, batch, outcomes, sendErr); err != nil {
		sendErr = errors.Join(sendErr, err)
	}
	results := make([]store.Result, len(batch))
	for i, o := range outcomes {
		results[i] = result(batch[i], o, now)
		tally.count(batch[i], o)
	}
	if err := w.Store.Resolve(context.WithoutCancel(ctx), lease, results); err != nil {
		return tally, errors.Join(sendErr, err)
	}
	return tally, sendErr
}

// settle reads records whose outcome is unknown and turns it into confirmed,
// or not sent if the record does not show it. While the CRM cannot be reached
// the outcome stays unknown; the next pass reads the record again.
func (w *Writer) settle(ctx context.Context, t Target, batch []store.Intent, outcomes []crm.Outcome, sendErr error) error {
	var ids []crm.DealID
	for _, o := range outcomes {
		if o.Status == crm.Unknown {
			ids = append(ids, o.ID)
		}
	}
	if len(ids) == 0 || (sendErr != nil && crm.KindOf(sendErr) != crm.Unavailable) {
		return nil
	}
	loaded, err := t.Source.Load(ctx, ids)
	if err != nil {
		return err
	}
	shown := make(map[crm.DealID]*crm.Deal, len(loaded.Deals))
	for i := range loaded.Deals {
		shown[crm.DealID(loaded.Deals[i].Ref.ID)] = &loaded.Deals[i]
	}
	for i := range outcomes {
		o := &outcomes[i]
		if o.Status != crm.Unknown {
			continue
		}
		d, ok := shown[o.ID]
		switch {
		case !ok:
			o.Status, o.Class, o.Message = crm.Rejected, crm.ClassGone, "the deal is no longer there"
		case holds(t, d, batch[i].Fields):
			o.Status = crm.Confirmed
		default:
			o.Status = crm.NotSent
		}
	}
	return nil
}

func holds(t Target, d *crm.Deal, fields map[string]string) bool {
	for name, want := range fields {
		if !t.Same(name, d.Field(name).Text, want) {
			return false
		}
	}
	return true
}

func result(in store.Intent, o crm.Outcome, now time.Time) store.Result {
	r := store.Result{ID: in.ID, Class: string(o.Class), Code: o.Code, Message: o.Message, At: now}
	switch o.Status {
	case crm.Confirmed:
		r.Status = store.Confirmed
	case crm.Rejected:
		r.Status = store.Rejected
		r.NextTry = now.Add(retryAfter(o.Class, in.Tries))
	case crm.Unknown:
		r.Status = store.Unknown
	default:
		r.Status = store.Planned
	}
	return r
}

func (t *Tally) count(in store.Intent, o crm.Outcome) {
	switch o.Status {
	case crm.Confirmed:
		t.Sent++
		t.Confirmed++
		t.Fields += int64(len(in.Fields) - len(o.Fields)) // o.Fields were left out
	case crm.Rejected:
		t.Sent++
		t.Rejected++
	case crm.Unknown:
		t.Sent++
		t.Unresolved++
	}
}

func settled(results []Tally) (n int64) {
	for _, r := range results {
		n += r.Sent
	}
	return n
}

// Add sums tallies.
func (t *Tally) Add(o Tally) {
	t.Sent += o.Sent
	t.Confirmed += o.Confirmed
	t.Rejected += o.Rejected
	t.Unresolved += o.Unresolved
	t.Fields += o.Fields
}

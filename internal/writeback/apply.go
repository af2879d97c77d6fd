package writeback

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// maxLost is how often a write may be sent and turn out not to have arrived.
const maxLost = 3

// Apply drains the planned intents of a run until none is left or the deadline
// has passed; done tells which. Batches are in flight side by side, each deal
// in one of them at a time. The error is the CRM's reason for not going on, or
// the store's. now is the pass's moment; retries are due from it.
func (w *Writer) Apply(ctx context.Context, t Target, lease store.Lease, run string, now, deadline time.Time) (tally Tally, done bool, err error) {
	free := w.InFlight
	if free <= 0 {
		free = 10
	}
	answers := make(chan answer, free)
	q := &queue{busy: map[string]bool{}, size: free * t.Sink.WriteBatch()}
	lost := map[int64]int{}
	for late := false; ; late = time.Now().After(deadline) {
		for err == nil && !late && free > 0 {
			var batch []store.Write
			if batch, err = w.next(ctx, t, lease, run, now, q); err != nil || len(batch) == 0 {
				break
			}
			free--
			go func() {
				answers <- w.send(ctx, t, lease, batch, now)
			}()
			late = time.Now().After(deadline)
		}
		if len(q.busy) == 0 {
			return tally, err == nil && !late, err
		}
		a := <-answers
		free++
		tally.Add(a.tally)
		if w.Progress != nil {
			w.Progress(t.Name, tally.Confirmed+tally.Rejected)
		}
		for _, in := range a.batch {
			delete(q.busy, in.Deal)
			// What turns out not to have arrived is sent again, a few times.
			if lost[in.ID]++; a.tally.Sent > 0 {
				delete(lost, in.ID)
			} else if lost[in.ID] == maxLost && a.err == nil {
				a.err = &crm.Error{
					Op: "write", Kind: crm.Unavailable, Err: errors.New("the CRM took no record and gave no reason"), Fix: "look at the CRM's status page; the next pass tries again",
				}
			}
		}
		if a.again > 0 {
			q.after = min(q.after, a.again-1)
		}
		err = errors.Join(err, a.err)
	}
}

// answer is what became of one batch.
type answer struct {
	batch []store.Write
	tally Tally
	again int64 // the first of those that are planned again; 0 if none is
	err   error
}

// queue holds planned intents that were read ahead: enough for all batches in
// flight, sorted so that the deals of one account, which share locks in the
// CRM, travel together. What is read ahead stands together in the store too,
// so that noting how far it is changes few pages.
type queue struct {
	busy  map[string]bool // deals that are under way
	size  int
	after int64 // what was read ahead ends there
	ahead []store.Write
}

// take removes up to n intents of deals that are not under way, each deal
// once, and marks these deals. A deal may have a second intent, by another card:
// that one waits.
func (q *queue) take(n int) []store.Write {
	batch := make([]store.Write, 0, min(n, len(q.ahead)))
	left := q.ahead[:0]
	for _, in := range q.ahead {
		if len(batch) == n || q.busy[in.Deal] {
			left = append(left, in)
			continue
		}
		q.busy[in.Deal] = true
		batch = append(batch, in)
	}
	q.ahead = left
	return batch
}

// next takes a batch of planned intents and notes that they are being sent. If
// nothing is left but what has to wait, so does the whole batch.
func (w *Writer) next(ctx context.Context, t Target, lease store.Lease, run string, now time.Time, q *queue) ([]store.Write, error) {
	if len(q.ahead) == 0 {
		planned, err := w.Store.ToSend(ctx, t.Name, run, q.after, q.size)
		if err != nil {
			return nil, err
		}
		if n := len(planned); n > 0 {
			q.ahead, q.after = planned, planned[n-1].ID
		}
		slices.SortStableFunc(q.ahead, func(a, b store.Write) int { return strings.Compare(a.Account, b.Account) })
	}
	batch := q.take(t.Sink.WriteBatch())
	if len(batch) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(batch))
	for i, in := range batch {
		ids[i] = in.ID
	}
	if err := w.Store.MarkSent(ctx, lease, ids, now); err != nil {
		for _, in := range batch {
			delete(q.busy, in.Deal)
		}
		return nil, err
	}
	return batch, nil
}

// send sends one batch and stores what became of each record.
func (w *Writer) send(ctx context.Context, t Target, lease store.Lease, batch []store.Write, now time.Time) answer {
	a := answer{batch: batch}
	updates := make([]crm.Update, len(batch))
	for i, in := range batch {
		updates[i] = crm.Update{ID: crm.DealID(in.Deal), Fields: in.Fields}
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
		a.tally.count(batch[i], o)
		if id := batch[i].ID; results[i].Status == store.Planned && (a.again == 0 || id < a.again) {
			a.again = id
		}
	}
	a.err = errors.Join(sendErr, w.Store.Resolve(context.WithoutCancel(ctx), lease, results))
	return a
}

// settle reads records whose outcome is unknown and turns it into confirmed,
// or not sent if the record does not show it. While the CRM cannot be reached
// the outcome stays unknown; the next pass reads the record again.
func (w *Writer) settle(ctx context.Context, t Target, batch []store.Write, outcomes []crm.Outcome, sendErr error) error {
	var ids []crm.DealID
	for _, o := range outcomes {
		if o.Status == crm.Unknown {
			ids = append(ids, o.ID)
		}
	}
	if len(ids) == 0 || (sendErr != nil && crm.KindOf(sendErr) != crm.Unavailable) {
		return nil
	}
	shown := make(map[crm.DealID]*crm.Deal, len(ids))
	for part := range slices.Chunk(ids, t.Source.LoadBatch()) { // a write may be of more deals than a read
		loaded, err := t.Source.Load(ctx, part)
		if err != nil {
			return err
		}
		for i := range loaded.Deals {
			shown[crm.DealID(loaded.Deals[i].Ref.ID)] = &loaded.Deals[i]
		}
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

func result(in store.Write, o crm.Outcome, now time.Time) store.Result {
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

func (t *Tally) count(in store.Write, o crm.Outcome) {
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

// Add sums tallies.
func (t *Tally) Add(o Tally) {
	t.Sent += o.Sent
	t.Confirmed += o.Confirmed
	t.Rejected += o.Rejected
	t.Unresolved += o.Unresolved
	t.Fields += o.Fields
}

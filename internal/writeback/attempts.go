package writeback

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// AttemptTally is what became of the records of attempts. Owed are those that
// wait for the CRM to take them: it refuses them as a whole, or did not answer.
type AttemptTally struct{ Written, Rejected, Owed int64 }

// Attempts makes and changes the records of attempts that the CRM does not have
// as they are to be, whatever run planned them: what a record says is settled, and
// a key names it. It comes after the fields of the deals. done is false if the
// deadline came first.
func (w *Writer) Attempts(ctx context.Context, t Target, lease store.Lease, now, deadline time.Time) (tally AttemptTally, done bool, err error) {
	if t.Attempts == nil {
		return tally, true, nil
	}
	done, err = w.attempts(ctx, t, lease, now, deadline, &tally)
	if crm.KindOf(err) == crm.Permission { // the fields of the deals can still be written
		w.Log.Warn("records of attempts are refused", zap.String("connection", t.Name), zap.Error(err))
		done, err = true, nil
	}
	if err == nil && done {
		tally.Owed, err = w.Store.CountAttemptsOwed(ctx, t.Name)
	}
	return tally, done, err
}

func (w *Writer) attempts(ctx context.Context, t Target, lease store.Lease, now, deadline time.Time, tally *AttemptTally) (done bool, err error) {
	for { // what a process that died has sent
		list, err := w.Store.AttemptsUnderway(ctx, t.Name, t.Attempts.AttemptBatch())
		if err != nil {
			return false, err
		}
		if len(list) == 0 {
			break
		}
		if err := w.findAttempts(ctx, t, lease, list, now, tally); err != nil {
			return false, err
		}
	}
	for after := ""; ; {
		list, err := w.Store.AttemptsOwed(ctx, t.Name, now, after, t.Attempts.AttemptBatch())
		if err != nil || len(list) == 0 {
			return err == nil, err
		}
		after = list[len(list)-1].Key
		if err := w.putAttempts(ctx, t, lease, list, now, tally); err != nil {
			return false, err
		}
		if time.Now().After(deadline) {
			return false, nil
		}
	}
}

// putAttempts sends one batch and stores what became of each record.
func (w *Writer) putAttempts(ctx context.Context, t Target, lease store.Lease, list []store.Attempt, now time.Time, tally *AttemptTally) error {
	keys, records := make([]string, len(list)), make([]crm.Attempt, len(list))
	for i := range list {
		keys[i], records[i] = list[i].Key, list[i].Attempt
	}
	if err := w.Store.AttemptsSent(ctx, lease, keys, now); err != nil {
		return err
	}
	outcomes, sendErr := t.Attempts.PutAttempts(ctx, records)
	if len(outcomes) != len(list) { // an adapter's fault: nothing is known
		outcomes = slices.Repeat([]crm.Outcome{{Status: crm.Unknown}}, len(list))
	}
	var unknown []store.Attempt
	results := make([]store.AttemptResult, 0, len(list))
	for i, o := range outcomes {
		r := store.AttemptResult{Key: keys[i], Class: string(o.Class), Code: o.Code, Message: o.Message, At: now}
		switch {
		case o.Status == crm.Unknown:
			unknown = append(unknown, list[i])
			continue
		case o.Status == crm.Confirmed:
			r.Status = store.Confirmed
			tally.Written++
		case o.Status == crm.Rejected && o.Class == crm.ClassGone:
			r.Status = store.Superseded // there is no deal to stand beside
		case o.Status == crm.Rejected:
			r.Status, r.NextTry = store.Rejected, now.Add(retryAfter(o.Class, list[i].Tries))
			tally.Rejected++
		default:
			r.Status = store.Planned
		}
		results = append(results, r)
	}
	if err := w.Store.AttemptsSettled(context.WithoutCancel(ctx), lease, results); err != nil {
		return errors.Join(sendErr, err)
	}
	if len(unknown) == 0 || sendErr != nil && crm.KindOf(sendErr) != crm.Unavailable {
		return sendErr
	}
	return errors.Join(sendErr, w.findAttempts(context.WithoutCancel(ctx), t, lease, unknown, now, tally))
}

// findAttempts settles records of which nobody knows whether they arrived, by
// what stands in the CRM. While it cannot be asked they stay on their way.
func (w *Writer) findAttempts(ctx context.Context, t Target, lease store.Lease, list []store.Attempt, now time.Time, tally *AttemptTally) error {
	keys := make([]string, len(list))
	for i := range list {
		keys[i] = list[i].Key
	}
	found, err := t.Attempts.FindAttempts(ctx, keys)
	if err != nil {
		return err
	}
	results := make([]store.AttemptResult, len(list))
	for i, row := range list {
		results[i] = store.AttemptResult{Key: row.Key, Status: store.Planned, At: now}
		f, there := found[row.Key]
		f.Once = row.Once
		if there && (row.Once || f == row.Attempt) {
			results[i].Status = store.Confirmed
			tally.Written++
		}
	}
	return w.Store.AttemptsSettled(context.WithoutCancel(ctx), lease, results)
}

package writeback

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// TaskTally is what became of the tasks of a run.
type TaskTally struct{ Made, Closed, Rejected, Unresolved int64 }

// Tasks makes and closes the tasks that a run has planned. Before one is made
// the CRM is asked whether it stands there already, whatever the store says:
// a process may have died, and a store may be older than the CRM. It comes
// before the fields of the records, so that what a record shows has been asked:
// records whose task nobody knows of are held back, and planned again by the
// next pass. done is false if the deadline came first.
func (w *Writer) Tasks(ctx context.Context, t Target, lease store.Lease, run string, now, deadline time.Time) (tally TaskTally, done bool, err error) {
	if t.Tasks == nil {
		return tally, true, nil
	}
	tally, done, err = w.tasks(ctx, t, lease, run, now, deadline)
	if err != nil || tally.Unresolved > 0 {
		err = errors.Join(err, w.Store.HoldBack(context.WithoutCancel(ctx), lease, run))
	}
	return tally, done, err
}

func (w *Writer) tasks(ctx context.Context, t Target, lease store.Lease, run string, now, deadline time.Time) (tally TaskTally, done bool, err error) {
	for _, step := range []struct {
		next func(ctx context.Context, connection, run string, now time.Time, after string, limit int) ([]store.Task, error)
		do   func(ctx context.Context, t Target, lease store.Lease, list []store.Task, now time.Time, tally *TaskTally) error
	}{{w.Store.TasksToClose, w.closeTasks}, {w.Store.TasksToMake, w.makeTasks}} {
		for after := ""; ; {
			list, err := step.next(ctx, t.Name, run, now, after, t.Tasks.TaskBatch())
			if err != nil {
				return tally, false, err
			}
			if len(list) == 0 {
				break
			}
			after = list[len(list)-1].Key
			if err := step.do(ctx, t, lease, list, now, &tally); err != nil {
				return tally, false, err
			}
			if time.Now().After(deadline) {
				return tally, false, nil
			}
		}
	}
	return tally, true, nil
}

// makeTasks makes those of a batch that do not stand in the CRM.
func (w *Writer) makeTasks(ctx context.Context, t Target, lease store.Lease, list []store.Task, now time.Time, tally *TaskTally) error {
	left, err := w.adopt(ctx, t, lease, list, now)
	if err != nil || len(left) == 0 {
		return err
	}
	keys := make([]string, len(left))
	tasks := make([]crm.Task, len(left))
	for i, row := range left {
		keys[i] = row.Key
		tasks[i] = crm.Task{Key: row.Key, Deal: crm.DealID(row.Ref.ID), Owner: crm.UserID(row.Owner), Subject: row.Subject, Body: row.Body, Due: row.Due, Urgent: row.Urgent, Post: row.Post()}
	}
	if err := w.Store.TasksSent(ctx, lease, keys, now); err != nil {
		return err
	}
	outcomes, sendErr := t.Tasks.MakeTasks(ctx, tasks)
	if len(outcomes) != len(tasks) { // an adapter's fault: nothing is known
		outcomes = make([]crm.TaskOutcome, len(tasks))
		for i := range outcomes {
			outcomes[i].Status = crm.Unknown
		}
	}
	results := make([]store.TaskResult, 0, len(left))
	var unknown []store.Task
	for i, o := range outcomes {
		switch {
		case o.Status == crm.Confirmed:
			tally.Made++
			results = append(results, store.TaskResult{Key: keys[i], Status: store.TaskMade, TaskID: string(o.Task), At: now})
		case o.Status == crm.Rejected, crm.KindOf(sendErr) == crm.Permission:
			tally.Rejected++
			results = append(results, refusedTask(left[i], store.TaskWanted, o.Outcome, sendErr, now))
		case o.Status == crm.NotSent:
			results = append(results, store.TaskResult{Key: keys[i], Status: store.TaskWanted, At: now})
		default:
			unknown = append(unknown, left[i])
		}
	}
	if err := w.Store.TasksSettled(context.WithoutCancel(ctx), lease, results); err != nil {
		return errors.Join(sendErr, err)
	}
	if crm.KindOf(sendErr) == crm.Permission { // the records can still be written
		w.Log.Warn("tasks are refused", zap.String("connection", t.Name), zap.Error(sendErr))
		sendErr = nil
	}
	return errors.Join(sendErr, w.lookFor(ctx, t, lease, unknown, sendErr, now, tally))
}

// lookFor settles tasks of which nobody knows whether they arrived. While the
// CRM cannot be asked they stay on their way; the next pass looks for them.
func (w *Writer) lookFor(ctx context.Context, t Target, lease store.Lease, list []store.Task, sendErr error, now time.Time, tally *TaskTally) error {
	if len(list) == 0 {
		return nil
	}
	if sendErr != nil && crm.KindOf(sendErr) != crm.Unavailable {
		tally.Unresolved += int64(len(list))
		return nil
	}
	left, err := w.adopt(context.WithoutCancel(ctx), t, lease, list, now)
	if err != nil {
		tally.Unresolved += int64(len(list))
		return err
	}
	tally.Made += int64(len(list) - len(left))
	results := make([]store.TaskResult, len(left))
	for i, row := range left {
		results[i] = store.TaskResult{Key: row.Key, Status: store.TaskWanted, At: now}
	}
	tally.Unresolved += int64(len(left)) // they are made at the next pass
	return w.Store.TasksSettled(context.WithoutCancel(ctx), lease, results)
}

// Seen notes those of a list of tasks that a person has completed or deleted,
// with what was told in them, and returns the others; those apart that are no
// longer on their deal, for a person has deleted or moved them. What was told is
// looked for in its digest, which need not be in the list.
func (w *Writer) Seen(ctx context.Context, t Target, lease store.Lease, list []store.Task, now time.Time) (left, off []store.Task, err error) {
	if t.Tasks == nil {
		return list, nil, nil
	}
	var asked []store.Task
	var digests []string
	for _, row := range list {
		if row.Within == "" {
			asked = append(asked, row)
		} else {
			digests = append(digests, row.Within)
		}
	}
	slices.Sort(digests)
	tell, err := w.Store.TasksByKey(ctx, t.Name, slices.Compact(digests))
	if err != nil {
		return nil, nil, err
	}
	found := map[string]crm.FoundTask{}
	for part := range slices.Chunk(append(asked, tell...), t.Tasks.TaskBatch()) {
		some, err := w.found(ctx, t, part)
		if err != nil {
			return nil, nil, err
		}
		maps.Copy(found, some)
	}
	var results []store.TaskResult
	for _, row := range list {
		switch f, ok := found[cmp.Or(row.Within, row.Key)]; {
		case f.Done || f.Deleted:
			results = append(results, store.TaskResult{Key: row.Key, Status: store.TaskAcknowledged, TaskID: string(f.ID), At: now})
		case !ok && (row.Status == store.TaskMade || row.Within != ""):
			off = append(off, row)
		default:
			left = append(left, row)
		}
	}
	return left, off, w.Store.TasksSettled(ctx, lease, results)
}

// adopt looks in the CRM for tasks that are to be made, notes those that stand
// there, and returns the others. What a person has completed or deleted was
// seen; what was asked before the store was lost and is not there any more was
// seen as well.
func (w *Writer) adopt(ctx context.Context, t Target, lease store.Lease, list []store.Task, now time.Time) ([]store.Task, error) {
	found, err := w.found(ctx, t, list)
	if err != nil {
		return nil, err
	}
	var left []store.Task
	var results []store.TaskResult
	for _, row := range list {
		f, ok := found[row.Key]
		switch {
		case ok && (f.Done || f.Deleted):
			results = append(results, store.TaskResult{Key: row.Key, Status: store.TaskAcknowledged, TaskID: string(f.ID), At: now})
		case ok:
			results = append(results, store.TaskResult{Key: row.Key, Status: store.TaskMade, TaskID: string(f.ID), At: now})
		case row.FindOnly:
			results = append(results, store.TaskResult{Key: row.Key, Status: store.TaskAcknowledged, At: now})
		default:
			left = append(left, row)
		}
	}
	return left, w.Store.TasksSettled(context.WithoutCancel(ctx), lease, results)
}

// found asks the CRM for tasks of ours on the deals, by key. Of several by one
// key the one that is still open counts.
func (w *Writer) found(ctx context.Context, t Target, list []store.Task) (map[string]crm.FoundTask, error) {
	var deals []crm.DealID
	for _, row := range list {
		deals = append(deals, crm.DealID(row.Ref.ID))
	}
	slices.Sort(deals)
	tasks, err := t.Tasks.FindTasks(ctx, slices.Compact(deals))
	if err != nil {
		return nil, err
	}
	posts := make(map[string]bool, len(list))
	recalled := map[string]bool{}
	for _, row := range list {
		posts[row.Key], recalled[row.Key] = row.Post(), row.FindOnly
	}
	found := make(map[string]crm.FoundTask, len(tasks))
	for _, f := range tasks {
		if first := store.First(f.Key); recalled[first] { // how often it was taken back is not known
			f.Key = first
		}
		if f.Post != posts[f.Key] { // somebody quotes a task in the feed
			continue
		}
		if have, ok := found[f.Key]; !ok || (have.Done || have.Deleted) && !f.Done && !f.Deleted {
			found[f.Key] = f
		}
	}
	return found, nil
}

// closeTasks closes a batch of tasks; one whose id is not known is looked for
// first, and one that is not there needs no closing.
func (w *Writer) closeTasks(ctx context.Context, t Target, lease store.Lease, list []store.Task, now time.Time, tally *TaskTally) error {
	var nameless []store.Task
	for _, row := range list {
		if row.TaskID == "" || row.Class != "" {
			nameless = append(nameless, row)
		}
	}
	found := map[string]crm.FoundTask{}
	if len(nameless) > 0 {
		var err error
		if found, err = w.found(ctx, t, nameless); err != nil {
			return err
		}
	}
	var results []store.TaskResult
	var open []store.Task
	var closings []crm.Closing
	for _, row := range list {
		f, ok := found[row.Key]
		if ok && row.TaskID == "" {
			row.TaskID = string(f.ID)
		}
		if ok && (f.Done || f.Deleted) && (row.Class != "" || row.FindOnly) && !row.Post() { // not by us, whom the CRM has refused
			results = append(results, store.TaskResult{Key: row.Key, Status: store.TaskAcknowledged, TaskID: row.TaskID, At: now})
			continue
		}
		if row.TaskID == "" {
			results = append(results, store.TaskResult{Key: row.Key, Status: store.TaskDropped, At: now})
			continue
		}
		if row.Post() { // what was said is not taken back
			results = append(results, store.TaskResult{Key: row.Key, Status: store.TaskMade, TaskID: row.TaskID, At: now})
			continue
		}
		open, closings = append(open, row), append(closings, crm.Closing{ID: crm.TaskID(row.TaskID), Note: row.Note})
	}
	var sendErr error
	if len(closings) > 0 {
		var outcomes []crm.TaskOutcome
		outcomes, sendErr = t.Tasks.CloseTasks(ctx, closings)
		for i, row := range open {
			o := crm.TaskOutcome{Outcome: crm.Outcome{Status: crm.Unknown}}
			if len(outcomes) == len(open) {
				o = outcomes[i]
			}
			switch {
			case o.Status == crm.Confirmed:
				tally.Closed++
				results = append(results, store.TaskResult{Key: row.Key, Status: store.TaskClosed, TaskID: row.TaskID, At: now})
			case o.Status == crm.Rejected && o.Class == crm.ClassGone:
				results = append(results, store.TaskResult{Key: row.Key, Status: store.TaskAcknowledged, TaskID: row.TaskID, At: now})
			case o.Status == crm.Rejected, crm.KindOf(sendErr) == crm.Permission:
				tally.Rejected++
				results = append(results, refusedTask(row, store.TaskClosing, o.Outcome, sendErr, now))
			default: // closing it again does no harm
				tally.Unresolved++
				results = append(results, store.TaskResult{Key: row.Key, Status: store.TaskClosing, TaskID: row.TaskID, At: now})
			}
		}
	}
	if crm.KindOf(sendErr) == crm.Permission {
		w.Log.Warn("tasks cannot be closed", zap.String("connection", t.Name), zap.Error(sendErr))
		sendErr = nil
	}
	return errors.Join(sendErr, w.Store.TasksSettled(context.WithoutCancel(ctx), lease, results))
}

// refusedTask is what is kept of a task that the CRM did not take.
func refusedTask(row store.Task, status string, o crm.Outcome, err error, now time.Time) store.TaskResult {
	r := store.TaskResult{Key: row.Key, Status: status, TaskID: row.TaskID, Class: string(o.Class), Code: o.Code, Message: o.Message, At: now}
	if o.Status != crm.Rejected {
		r.Class, r.Message = string(crm.ClassPermission), err.Error()
	}
	r.NextTry = now.Add(retryAfter(crm.Class(r.Class), row.Tries+1))
	if row.Post() && r.Class != string(crm.ClassLocked) && r.Class != string(crm.ClassBusy) && r.Class != string(crm.ClassQuota) {
		r.Status = store.TaskDropped // the task has been asked, and this was told once
	}
	return r
}

package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
	"github.com/handoffscore/syncd/internal/writeback"
)

// Undone is what became of taking a run back.
type Undone struct {
	Report
	Undoes string `json:"undoes"`
	// Back counts fields that hold what they held before the run, by an undo
	// before this one or by somebody's hand.
	Back int64 `json:"already_back"`
	// Kept counts fields that were left as they are, because somebody or a later
	// pass has changed them since.
	Kept int64 `json:"kept"`
	// TasksTaken counts tasks of the run that are to be closed.
	TasksTaken int `json:"tasks_taken"`
}

// Undo puts back what a run replaced, wherever the record still shows what that
// run wrote, and closes its tasks. The next pass in write mode plans anew.
func (a *App) Undo(ctx context.Context, id string) (Undone, error) {
	target, c, err := a.undoable(ctx, id)
	if err != nil {
		return Undone{}, err
	}
	out := Undone{Report: a.newReport(c), Undoes: id}
	start, before := time.Now(), c.Source.Calls()
	var run store.Run
	err = a.hold(ctx, c, func(ctx context.Context, lease store.Lease) error {
		desc, err := c.Source.Describe(ctx)
		if err != nil {
			return err
		}
		run = newRun(c, syncer.Write, desc.Now.UTC().Truncate(time.Millisecond))
		run.Kind, run.Phase, run.Status = store.Undo, syncer.PhaseApply, store.RunFailed // until all of it is planned
		if err := a.store.StartRun(ctx, lease, run); err != nil {
			return err
		}
		a.budgets[c.Name].start()
		return a.entered(ctx, c, lease, &run, store.Run{}, before, func() error {
			if err := a.reverse(ctx, c, lease, target, &run, &out); err != nil {
				return err
			}
			run.Status = store.RunRunning
			if err := a.store.SaveRun(ctx, lease, run); err != nil {
				return err
			}
			return a.advance(ctx, c, lease, &run, desc, Ask{}, nil)
		})
	})
	a.fill(ctx, &out.Report, c, run, before, start, err)
	if out.Error == stopped && out.Status == store.RunRunning {
		out.Error = stoppedWriting
	}
	a.logPass(out.Report)
	return out, nil
}

// undoable finds a run that may be taken back.
func (a *App) undoable(ctx context.Context, id string) (store.Run, *syncer.Connection, error) {
	run, ok, err := a.store.Run(ctx, id)
	if err != nil {
		return run, nil, err
	}
	if !ok {
		return run, nil, &ErrPlan{fmt.Sprintf("there is no run %q: `syncd runs` lists them", id)}
	}
	for _, c := range a.connections {
		switch {
		case c.Name != run.Connection:
		case run.Mode != string(syncer.Write):
			return run, nil, &ErrPlan{fmt.Sprintf("%s wrote nothing: there is nothing to put back", id)}
		case run.Kind == store.Undo:
			return run, nil, &ErrPlan{fmt.Sprintf("%s has put a run back itself: the next pass in write mode writes anew", id)}
		case run.Status == store.RunRunning:
			return run, nil, &ErrPlan{fmt.Sprintf("%s is not over: wait for it or stop it first", id)}
		default:
			return run, c, nil
		}
	}
	return run, nil, &ErrPlan{fmt.Sprintf("run %s is of connection %s, which is not configured", id, run.Connection)}
}

// reverse plans to put back what a run replaced, in the undo's own run.
func (a *App) reverse(ctx context.Context, c *syncer.Connection, lease store.Lease, target store.Run, run *store.Run, out *Undone) error {
	counts, err := syncer.ReadCounts(run.Counts)
	if err != nil {
		return err
	}
	// Digests come before what they tell: a digest ends with the last of that,
	// and would be the undo's before it is counted.
	for _, told := range []bool{false, true} {
		err := pages(ctx, a.store.TasksBy, c.Name, target.ID, func(tasks []store.Task) error {
			tasks = slices.DeleteFunc(tasks, func(t store.Task) bool {
				return (t.Status == store.TaskTold) != told || t.Ended() || t.Post() && t.Status == store.TaskMade // what was said stays
			})
			return a.takeBack(ctx, c, lease, tasks, *run, out)
		})
		if err != nil {
			return err
		}
	}
	s := store.Slice{}
	for after := int64(0); ; {
		writes, err := a.store.WritesOf(ctx, c.Name, target.ID, store.Confirmed, after, c.Source.LoadBatch())
		if err != nil {
			return err
		}
		if len(writes) > 0 {
			after = writes[len(writes)-1].ID
			if s.Intents, err = a.reversed(ctx, c, writes, run, out); err != nil {
				return err
			}
			for _, in := range s.Intents {
				counts.FieldsPlanned += int64(len(in.Fields))
			}
		}
		run.Counts = counts.JSON()
		s.Run = *run
		if err := a.store.Commit(ctx, lease, s); err != nil {
			return err
		}
		if len(writes) == 0 {
			return nil
		}
		s = store.Slice{}
	}
}

// takeBack plans to close tasks, in the undo's own run.
func (a *App) takeBack(ctx context.Context, c *syncer.Connection, lease store.Lease, tasks []store.Task, run store.Run, out *Undone) error {
	tasks, off, err := a.writer.Seen(ctx, writeback.Target{Name: c.Name, Tasks: c.Tasks}, lease, tasks, run.Now())
	if err != nil || len(tasks)+len(off) == 0 {
		return err
	}
	s := store.Slice{Run: run}
	for _, t := range tasks {
		s.Closings, s.Again = append(s.Closings, store.Closing{Key: t.Key, Note: store.TakenBack}), append(s.Again, t.Ref.ID)
	}
	for _, t := range off {
		s.Closings = append(s.Closings, store.Closing{Key: t.Key, Note: "No longer needed."})
	}
	out.TasksTaken += len(s.Closings)
	return a.store.Commit(ctx, lease, s)
}

// reversed reads the records of writes and says what is to be put back.
func (a *App) reversed(ctx context.Context, c *syncer.Connection, writes []store.Intent, run *store.Run, out *Undone) ([]store.Intent, error) {
	ids := make([]crm.DealID, 0, len(writes))
	seen := map[string]bool{}
	for _, w := range writes {
		if !seen[w.Ref.ID] {
			seen[w.Ref.ID] = true
			ids = append(ids, crm.DealID(w.Ref.ID))
		}
	}
	loaded, err := c.Source.Load(ctx, ids)
	if err != nil {
		return nil, err
	}
	deals := map[string]*crm.Deal{}
	for i := range loaded.Deals {
		deals[loaded.Deals[i].Ref.ID] = &loaded.Deals[i]
	}
	var list []store.Intent
	for _, w := range writes {
		back := store.Intent{
			Run: run.ID, Ref: w.Ref, Account: w.Account, Card: w.Card, Fields: map[string]string{}, Before: map[string]string{},
			InputHash: w.InputHash, CreatedAt: run.Now(), UpdatedAt: run.Now(),
		}
		for name, written := range w.Fields {
			d := deals[w.Ref.ID]
			if d == nil || !d.Field(name).Known() {
				out.Kept++
				continue
			}
			switch have := d.Field(name).Text; {
			case c.Same(name, have, w.Before[name]):
				out.Back++
			case !c.Same(name, have, written):
				out.Kept++
			default:
				back.Fields[name] = w.Before[name]
				back.Before[name] = have
			}
		}
		if len(back.Fields) > 0 {
			list = append(list, back)
		}
	}
	return list, nil
}

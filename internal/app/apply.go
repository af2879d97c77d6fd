package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// Refusal is a record of a plan that was left as it is, and why.
type Refusal struct {
	Deal string `json:"deal"`
	Why  string `json:"why"`
}

// Applied is what became of a plan.
type Applied struct {
	Report
	Plan    string    `json:"plan"`
	Moved   []Refusal `json:"moved"`   // left as they are: they are not what was planned for
	Renewed int       `json:"renewed"` // writes that a later pass has planned anew or made
}

// ErrPlan is a plan that cannot be applied as asked.
type ErrPlan struct{ Message string }

func (e *ErrPlan) Error() string { return e.Message }

// Apply writes exactly what a plan says, under the guard. A record that has
// moved since is left as it is and named. What a process that ended meanwhile
// has not written, the next pass goes on with, by the same rule.
func (a *App) Apply(ctx context.Context, plan string) (Applied, error) {
	run, c, err := a.planned(ctx, plan)
	if err != nil {
		return Applied{}, err
	}
	out := Applied{Report: a.newReport(c), Plan: plan, Moved: []Refusal{}}
	start, before := time.Now(), c.Source.Calls()
	err = a.hold(ctx, c, func(ctx context.Context, lease store.Lease) error {
		if err := a.writer.Guard(ctx, c.Name, run.ID, a.limits); err != nil {
			return err // the plan stays as it is, for when the limit is raised
		}
		desc, err := c.Source.Describe(ctx)
		if err != nil {
			return err
		}
		run.Phase = syncer.PhaseScreen
		if run, err = a.goOn(ctx, lease, run, syncer.Write, desc.Now.UTC().Truncate(time.Millisecond)); err != nil {
			return err
		}
		a.budgets[c.Name].start()
		return a.entered(ctx, c, lease, &run, store.Run{}, before, func() error { return a.advance(ctx, c, lease, &run, desc, Ask{}, &out) })
	})
	a.fill(ctx, &out.Report, c, run, before, start, err)
	if out.Error == stopped && out.Status == store.RunRunning {
		out.Error = stoppedWriting
	}
	a.logPass(out.Report)
	return out, nil
}

// planned finds a plan that may be applied.
func (a *App) planned(ctx context.Context, id string) (store.Run, *syncer.Connection, error) {
	run, ok, err := a.store.Run(ctx, id)
	if err != nil {
		return run, nil, err
	}
	if !ok {
		return run, nil, &ErrPlan{fmt.Sprintf("there is no plan %q: `syncd plan` makes one, `syncd runs` lists them", id)}
	}
	var c *syncer.Connection
	for _, known := range a.connections {
		if known.Name == run.Connection {
			c = known
		}
	}
	switch {
	case c == nil:
		return run, nil, &ErrPlan{fmt.Sprintf("plan %s is of connection %s, which is not configured", id, run.Connection)}
	case run.Status == store.RunFailed || run.Status == store.RunQuota:
		return run, nil, &ErrPlan{fmt.Sprintf("%s did not come to its end, as `syncd runs %s` tells: make a new plan", id, id)}
	case run.Mode != string(syncer.Observe):
		return run, nil, &ErrPlan{fmt.Sprintf("%s has been written already, as `syncd runs %s` tells: make a new plan", id, id)}
	case run.Status != store.RunDone && run.Status != store.RunGuarded:
		return run, nil, &ErrPlan{fmt.Sprintf("plan %s is not complete (%s): make a new one", id, run.Status)}
	case c.Mode != syncer.Write:
		return run, nil, &ErrPlan{fmt.Sprintf("connection %s is in observe mode and writes nothing: set mode: write in the configuration, then apply", c.Name)}
	}
	return run, c, nil
}

// screen takes out of a plan what has moved since.
func (a *App) screen(ctx context.Context, c *syncer.Connection, lease store.Lease, run store.Run, out *Applied) error {
	n, err := a.store.CountWrites(ctx, c.Name, run.ID)
	if err != nil {
		return err
	}
	out.Renewed = n[store.Superseded]
	var after int64
	var key string
	named := map[string]bool{}
	for {
		writes, err := a.store.WritesOf(ctx, c.Name, run.ID, store.Planned, after, 500)
		if err != nil {
			return err
		}
		tasks, err := a.store.TasksAlone(ctx, c.Name, run.ID, key, taskPage)
		if err != nil {
			return err
		}
		if len(writes) == 0 && len(tasks) == 0 {
			return nil
		}
		moved, err := a.planner.Stale(ctx, c, writes, tasks)
		if err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(moved)) {
			if !named[id] { // another write or task of it may have come before
				named[id] = true
				out.Moved = append(out.Moved, Refusal{id, moved[id]})
			}
		}
		if err := a.refuse(ctx, lease, run, writes, moved); err != nil {
			return err
		}
		if len(writes) > 0 {
			after = writes[len(writes)-1].ID
		}
		if len(tasks) > 0 {
			key = tasks[len(tasks)-1].Key
		}
	}
}

// refuse notes that records have moved; the next pass plans for them anew.
func (a *App) refuse(ctx context.Context, lease store.Lease, run store.Run, writes []store.Intent, moved map[string]string) error {
	if len(moved) == 0 {
		return nil
	}
	var results []store.Result
	for _, w := range writes {
		if why := moved[w.Ref.ID]; why != "" {
			results = append(results, store.Result{ID: w.ID, Status: store.Rejected, Class: "moved", Message: why, NextTry: run.Now(), At: run.Now()})
		}
	}
	if err := a.store.Resolve(ctx, lease, results); err != nil {
		return err
	}
	return a.store.LeaveTasks(ctx, lease, run.ID, slices.Sorted(maps.Keys(moved)))
}

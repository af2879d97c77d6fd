package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
	"github.com/handoffscore/syncd/internal/writeback"
)

// Plan is what a pass would write, record by record.
type Plan struct {
	Report
	Plan    string        `json:"plan"` // the id that apply takes
	Records int           `json:"records"`
	Changes []Change      `json:"changes"`
	Tasks   []PlannedTask `json:"tasks"`
	// Attempts are records of attempts that the CRM does not have as they are to
	// be, the first of AttemptsPlanned.
	Attempts []PlannedAttempt `json:"attempts,omitempty"`
	// ForecastCalls is what applying the plan will take of the CRM, about: each
	// record is read once more and written.
	ForecastCalls int64 `json:"forecast_calls"`
}

// Change is a record before and after.
type Change struct {
	Deal       string        `json:"deal"`
	Scorecard  string        `json:"scorecard"`
	Escalation string        `json:"escalation,omitempty"` // whom it newly escalates to
	Fields     []FieldChange `json:"fields"`
}

// FieldChange is one field of a record before and after; "" is blank.
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// PlannedTask is a task that would be made, or closed.
type PlannedTask struct {
	Deal    string `json:"deal"`
	Kind    string `json:"kind"`
	Role    string `json:"role"`
	Owner   string `json:"owner,omitempty"` // the CRM's id; "" if there is nobody
	Name    string `json:"name,omitempty"`  // the owner's
	Subject string `json:"subject"`
	Closes  bool   `json:"closes,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// PlannedAttempt is a record of an attempt that would be made or changed.
type PlannedAttempt struct {
	Deal      string    `json:"deal"`
	Scorecard string    `json:"scorecard"`
	Attempt   int       `json:"attempt"`
	Score     int       `json:"score"`
	OutOf     int       `json:"score_out_of"`
	Band      string    `json:"band"`
	FinalAt   time.Time `json:"final_at"`
}

// Plan tells what the plan of a pass would do, the first limit records of it;
// 0 means all.
func (a *App) Plan(ctx context.Context, r Report, limit int) (Plan, error) {
	p := Plan{Report: r, Plan: r.Run, Changes: []Change{}, Tasks: []PlannedTask{}}
	c := a.named(r.Connection)
	var guarded *writeback.Guarded // such a plan is whole, and may be applied later
	if r.Run == "" || c == nil || r.Err != nil && !errors.As(r.Err, &guarded) {
		p.Plan = ""
		return p, nil
	}
	n, err := a.store.CountWrites(ctx, c.Name, r.Run)
	if err != nil {
		return p, err
	}
	p.Records = n[store.Planned]
	for after := int64(0); ; {
		size := 500
		if limit > 0 {
			size = min(size, limit-len(p.Changes))
		}
		writes, err := a.store.WritesOf(ctx, c.Name, r.Run, store.Planned, after, size)
		if err != nil {
			return p, err
		}
		if len(writes) == 0 {
			break
		}
		for _, w := range writes {
			after = w.ID
			p.Changes = append(p.Changes, changeOf(w))
		}
	}
	if err := a.plannedTasks(ctx, c, r.Run, &p); err != nil {
		return p, err
	}
	if err := a.plannedAttempts(ctx, c, r, limit, &p); err != nil {
		return p, err
	}
	p.ForecastCalls = forecast(c, p)
	return p, nil
}

func (a *App) plannedAttempts(ctx context.Context, c *syncer.Connection, r Report, limit int, p *Plan) error {
	if c.Attempts == nil || r.AttemptsPlanned == 0 {
		return nil
	}
	if limit <= 0 {
		limit = int(r.AttemptsPlanned)
	}
	run, _, err := a.store.Run(ctx, r.Run)
	if err != nil {
		return err
	}
	list, err := a.store.AttemptsOwed(ctx, c.Name, run.Now(), "", limit)
	for _, t := range list {
		p.Attempts = append(p.Attempts, PlannedAttempt{string(t.Deal), t.Scorecard, t.Number, t.Score, t.OutOf, t.Band, t.FinalAt})
	}
	return err
}

func changeOf(w store.Intent) Change {
	ch := Change{Deal: w.Ref.ID, Scorecard: w.Card, Escalation: w.Escalation}
	for name, text := range w.Fields {
		ch.Fields = append(ch.Fields, FieldChange{name, w.Before[name], text})
	}
	slices.SortFunc(ch.Fields, func(a, b FieldChange) int { return natural(a.Field, b.Field) })
	return ch
}

func (a *App) plannedTasks(ctx context.Context, c *syncer.Connection, run string, p *Plan) error {
	err := pages(ctx, a.store.TasksBy, c.Name, run, func(tasks []store.Task) error {
		for _, t := range tasks {
			if t.Status != store.TaskWanted && t.Status != store.TaskClosing || t.FindOnly {
				continue
			}
			p.Tasks = append(p.Tasks, PlannedTask{
				Deal: t.Ref.ID, Kind: t.Kind, Role: t.Role, Owner: t.Owner, Subject: t.Subject, Closes: t.Status == store.TaskClosing, Problem: t.Message,
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.nameOwners(ctx, c, p.Tasks)
}

// taskPage are the tasks of a run that are held at a time.
const taskPage = 500

// pages calls do with the tasks of a run, a page at a time.
func pages(ctx context.Context, next func(ctx context.Context, connection, run, after string, limit int) ([]store.Task, error), connection, run string, do func(page []store.Task) error) error {
	for after := ""; ; {
		page, err := next(ctx, connection, run, after, taskPage)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].Key
		if err := do(page); err != nil {
			return err
		}
	}
}

// forecast estimates the calls that applying takes: the pass has read all the
// deals it names for what it has used.
func forecast(c *syncer.Connection, p Plan) int64 {
	if p.Records == 0 && len(p.Tasks) == 0 && len(p.Attempts) == 0 {
		return 0
	}
	writes := int64((p.Records + c.Sink.WriteBatch() - 1) / c.Sink.WriteBatch())
	reads := int64(0)
	if p.DealsRead > 0 {
		reads = p.Report.APICalls * int64(p.Records) / p.DealsRead
	}
	tasks := int64(0)
	if c.Tasks != nil && len(p.Tasks) > 0 {
		tasks = 2 * int64((len(p.Tasks)+c.Tasks.TaskBatch()-1)/c.Tasks.TaskBatch())
	}
	for _, t := range p.Tasks {
		if t.Kind == handoff.Post {
			tasks++ // they travel one by one
		}
	}
	records := int64(0)
	if c.Attempts != nil {
		size := int64(c.Attempts.AttemptBatch())
		records = (p.AttemptsPlanned + size - 1) / size
	}
	return writes + min(reads, p.Report.APICalls) + tasks + records
}

package app

import (
	"context"
	"fmt"
	"time"

	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// RunReport is a kept run, for people.
type RunReport struct {
	ID         string    `json:"id"`
	Connection string    `json:"connection"`
	Mode       string    `json:"mode"`
	Kind       string    `json:"kind"`
	Status     string    `json:"status"`
	Started    time.Time `json:"started"`
	Ended      time.Time `json:"ended,omitzero"`
	ResumeAt   time.Time `json:"resume_at,omitzero"`
	Error      string    `json:"error,omitempty"`
	syncer.Counts
	Refused []Refused `json:"refused,omitempty"`
}

// Refused is a record the CRM did not take, in its own words.
type Refused struct {
	Deal    string    `json:"deal"`
	Task    string    `json:"task,omitempty"`    // its kind, where it is a task that was refused
	Attempt int       `json:"attempt,omitempty"` // where it is the record of an attempt
	Class   string    `json:"class"`
	Code    string    `json:"code"`
	Message string    `json:"message"`
	NextTry time.Time `json:"next_try"`
}

// Runs are the latest runs of all connections, newest first.
func (a *App) Runs(ctx context.Context, limit int) ([]RunReport, error) {
	runs, err := a.store.Runs(ctx, "", limit)
	if err != nil {
		return nil, err
	}
	list := []RunReport{}
	for _, r := range runs {
		report, err := report(r)
		if err != nil {
			return nil, err
		}
		list = append(list, report)
	}
	return list, nil
}

// RunDetail is one run with the records that were refused.
func (a *App) RunDetail(ctx context.Context, id string) (RunReport, error) {
	run, ok, err := a.store.Run(ctx, id)
	if err != nil {
		return RunReport{}, err
	}
	if !ok {
		return RunReport{}, fmt.Errorf("no run %q: `syncd runs` lists them", id)
	}
	r, err := report(run)
	if err != nil {
		return r, err
	}
	refused, err := a.store.Refused(ctx, run.Connection, id)
	for _, i := range refused {
		r.Refused = append(r.Refused, Refused{Deal: i.Ref.ID, Class: i.Class, Code: i.Code, Message: i.Message, NextTry: i.NextTry})
	}
	if err != nil {
		return r, err
	}
	records, err := a.store.AttemptsRefused(ctx, run.Connection, id)
	if err != nil {
		return r, err
	}
	for _, t := range records {
		r.Refused = append(r.Refused, Refused{Deal: string(t.Deal), Attempt: t.Number, Class: t.Class, Code: t.Code, Message: t.Message, NextTry: t.NextTry})
	}
	err = pages(ctx, a.store.TasksRefused, run.Connection, id, func(tasks []store.Task) error {
		for _, t := range tasks {
			r.Refused = append(r.Refused, Refused{Deal: t.Ref.ID, Task: t.Kind, Class: t.Class, Code: t.Code, Message: t.Message, NextTry: t.NextTry})
		}
		return nil
	})
	return r, err
}

func report(r store.Run) (RunReport, error) {
	counts, err := syncer.ReadCounts(r.Counts)
	if err != nil {
		return RunReport{}, fmt.Errorf("counts of run %s: %w", r.ID, err)
	}
	return RunReport{
		ID: r.ID, Connection: r.Connection, Mode: r.Mode, Kind: r.Kind, Status: r.Status, Started: r.Started, Ended: r.Ended,
		ResumeAt: r.ResumeAt, Error: r.Error, Counts: counts,
	}, nil
}

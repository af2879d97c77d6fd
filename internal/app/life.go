package app

import (
	"context"
	"time"

	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// Turn is who had the ball from when on, and for how long.
type Turn struct {
	Who   string    `json:"who"`
	From  time.Time `json:"from"`
	Hours float64   `json:"hours,omitempty"` // 0 for the one who has it still
}

// Attempt is a handoff's score as it was frozen.
type Attempt struct {
	Attempt     int                  `json:"attempt"`
	Score       int                  `json:"score"`
	Band        string               `json:"band"`
	FinalAt     time.Time            `json:"final_at"`
	Version     string               `json:"version"`
	Notes       []string             `json:"notes,omitempty"`
	Corrections []handoff.Correction `json:"corrections,omitempty"`
	// Record is what became of the attempt's record beside the deal, where one is
	// kept: "planned", "sent", "confirmed", "rejected"; Why is the CRM's reason.
	Record string `json:"record,omitempty"`
	Why    string `json:"record_message,omitempty"`
}

// Asked is what a person was asked for, and what became of the task.
type Asked struct {
	Kind    string    `json:"kind"`
	Attempt int       `json:"attempt"`
	Of      string    `json:"of"` // the role
	At      time.Time `json:"at"`
	Due     time.Time `json:"due,omitzero"`
	EndedAt time.Time `json:"ended_at,omitzero"`
	Why     string    `json:"why,omitempty"`
	// Task is where it stands in the CRM now; not told of an earlier moment.
	Task *TaskState `json:"task,omitempty"`
}

// TaskState is a task as the ledger has it.
type TaskState struct {
	Status  string `json:"status"`
	ID      string `json:"id,omitempty"`
	Message string `json:"message,omitempty"`
}

// life tells what lies beside the score, as a judgement has it.
func (a *App) life(ctx context.Context, s store.State, j syncer.Judged, asOf time.Time, e *Explanation) error {
	e.Ball, e.Attempts, e.Asked = []Turn{}, []Attempt{}, []Asked{}
	e.Escalation, e.EscalatedAt, e.ResolvedAt, e.Listed, e.Dispute = j.Flag, j.EscalatedAt, j.ResolvedAt, j.Listed, j.Dispute
	for i, t := range j.Turns {
		turn := Turn{Who: t.Who, From: t.From}
		if i+1 < len(j.Turns) {
			turn.Hours = j.Turns[i+1].From.Sub(t.From).Hours()
		}
		e.Ball = append(e.Ball, turn)
	}
	finals := j.Earlier
	if j.Final != nil {
		finals = append(finals[:len(finals):len(finals)], *j.Final)
	}
	for _, f := range finals {
		e.Attempts = append(e.Attempts, Attempt{Attempt: f.Attempt, Score: f.Total, Band: f.Band, FinalAt: f.At, Version: f.Version, Notes: f.Notes, Corrections: f.Corrections})
	}
	ledger := map[string]store.Task{}
	if asOf.IsZero() {
		records, err := a.store.AttemptsOf(ctx, s.Ref.Connection, s.Ref.ID)
		if err != nil {
			return err
		}
		for _, r := range records {
			for i := range e.Attempts {
				if t := &e.Attempts[i]; r.Scorecard == s.Card && r.Number == t.Attempt {
					t.Record, t.Why = r.Status, r.Message
				}
			}
		}
		list, err := a.store.TasksOf(ctx, s.Ref.Connection, []string{s.Ref.ID})
		if err != nil {
			return err
		}
		for _, t := range list {
			ledger[t.Key] = t
		}
	}
	for _, n := range j.Notices {
		asked := Asked{Kind: n.Kind, Attempt: n.Attempt, Of: string(n.To), At: n.RaisedAt, Due: n.Due, EndedAt: n.ClosedAt, Why: n.Why}
		if t, ok := store.Current(ledger, n.Key(s.Ref.ID, s.Card)); ok {
			asked.Task = &TaskState{t.Status, t.TaskID, t.Message}
		}
		e.Asked = append(e.Asked, asked)
	}
	return nil
}

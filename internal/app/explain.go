package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// Explanation is everything known of one handoff: each item with its score,
// what gave it, the evidence, and the next question.
type Explanation struct {
	Connection string          `json:"connection"`
	Mode       string          `json:"mode"`
	Deal       string          `json:"deal"`
	Name       string          `json:"name"`
	Scorecard  string          `json:"scorecard"`
	Version    string          `json:"version"`
	Status     string          `json:"status"`
	Attempt    int             `json:"attempt"`
	Score      *int            `json:"score"`
	OutOf      int             `json:"score_out_of"`
	Floor      int             `json:"floor"`
	Ceiling    int             `json:"ceiling"`
	Open       int             `json:"open"`
	Band       string          `json:"band,omitempty"`
	Health     string          `json:"health,omitempty"`
	Action     string          `json:"action,omitempty"`
	CSM        string          `json:"csm,omitempty"`
	WonAt      time.Time       `json:"won_at,omitzero"`
	WonFrom    string          `json:"won_from,omitempty"`
	Kickoff    time.Time       `json:"kickoff_at,omitzero"`
	Due        time.Time       `json:"due_at,omitzero"`
	FinalAt    time.Time       `json:"final_at,omitzero"`
	AutoFrom   string          `json:"auto_items_from,omitempty"`
	JudgedAt   time.Time       `json:"judged_at"`
	Categories []CategoryTotal `json:"categories"`
	Items      []ExplainedItem `json:"items"`
	Flags      []string        `json:"flags,omitempty"`
	Warnings   []string        `json:"warnings,omitempty"`
	Writes     []Write         `json:"writes,omitempty"`

	// The life of the handoff beside its score.
	Ball        []Turn          `json:"ball"` // who has had it from when on, the last has it still
	Attempts    []Attempt       `json:"attempts"`
	Escalation  string          `json:"escalation,omitempty"` // whom the record escalates to
	EscalatedAt time.Time       `json:"escalated_at,omitzero"`
	ResolvedAt  time.Time       `json:"resolved_at,omitzero"`
	Asked       []Asked         `json:"asked"`
	Listed      []string        `json:"listed,omitempty"` // why it is on the CS manager's list
	Dispute     handoff.Dispute `json:"dispute,omitzero"`

	// Of a partner handoff: when it was sent in the place of a kickoff, the
	// motion it belongs to, how the seller answered, and how its final reads.
	SentAt     time.Time  `json:"sent_at,omitzero"`
	Motion     string     `json:"motion,omitempty"`
	Acceptance string     `json:"acceptance,omitempty"`
	Weakest    []WeakItem `json:"weakest,omitempty"`
	Verdict    string     `json:"diagnosis,omitempty"`
	Advice     string     `json:"advice,omitempty"`
}

// WeakItem is an item that scored low over the last handoffs of a motion.
type WeakItem struct {
	ID    string  `json:"id"`
	Title string  `json:"title"`
	Mean  float64 `json:"mean"` // of its points
	N     int     `json:"n"`    // handoffs
}

// CategoryTotal is a category's sum; nil while one of its items is open.
type CategoryTotal struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Score *int   `json:"score"`
	Max   int    `json:"max"`
}

// ExplainedItem is one item for people.
type ExplainedItem struct {
	ID            string   `json:"id"`
	Title         string   `json:"title"`
	Category      string   `json:"category"`
	Score         *int     `json:"score"`
	Floor         int      `json:"floor"`
	Cap           int      `json:"cap"`
	Source        string   `json:"source"`
	Override      bool     `json:"override,omitempty"`
	Suggestion    *int     `json:"suggestion,omitempty"`
	Unknown       bool     `json:"unknown,omitempty"`
	NotUnderstood string   `json:"not_understood,omitempty"`
	Evidence      []string `json:"evidence"`
	Check         string   `json:"check"`
	Question      string   `json:"question,omitempty"`
}

// Write is one write to the record and what became of it.
type Write struct {
	At      time.Time         `json:"at"`
	Run     string            `json:"run"`
	Status  string            `json:"status"`
	Message string            `json:"message,omitempty"`
	Fields  map[string]string `json:"fields"`
}

// ErrNotTracked is a deal that no pass has found in scope.
var ErrNotTracked = fmt.Errorf("no such deal in the store: it was never in scope, or no pass has run yet")

// Explain tells all that is known of a deal's handoffs, on every card it was
// judged by, as of a moment (zero: now).
func (a *App) Explain(ctx context.Context, c *syncer.Connection, deal string, asOf time.Time) ([]Explanation, error) {
	states, err := a.store.States(ctx, c.Name, []string{deal})
	if err != nil {
		return nil, err
	}
	var all []Explanation
	for _, s := range states {
		e, ok, err := a.explain(ctx, c, s, asOf)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return nil, ErrNotTracked
	}
	return all, nil
}

func (a *App) explain(ctx context.Context, c *syncer.Connection, s store.State, asOf time.Time) (Explanation, bool, error) {
	judgement, ok, err := a.store.LastJudgement(ctx, s.Ref, s.Card, asOf)
	if err != nil || !ok {
		return Explanation{}, false, err
	}
	j, err := syncer.ReadJudged(judgement.Body)
	if err != nil {
		return Explanation{}, false, fmt.Errorf("stored judgement of %s: %w", s.Ref, err)
	}
	card, err := a.cardOf(ctx, c, s.Card, judgement.Version)
	if err != nil {
		return Explanation{}, false, err
	}
	e := Explanation{
		Connection: c.Name, Mode: string(c.Mode), Deal: s.Ref.ID, Scorecard: s.Card, Version: judgement.Version,
		Status: string(j.Status), Attempt: j.Attempt, OutOf: card.OutOf, Floor: j.Result.Floor, Ceiling: j.Result.Ceiling,
		Open: j.Result.OpenN, CSM: string(j.CSM), Kickoff: j.Kickoff, Due: j.Due, JudgedAt: judgement.At, Flags: j.Result.Flags, Warnings: j.Warnings,
	}
	for _, w := range j.Result.Warnings {
		e.Warnings = append(e.Warnings, autoscore.Render(w))
	}
	if err := a.describeDeal(ctx, s.Ref, asOf, &e); err != nil {
		return Explanation{}, false, err
	}
	if f := j.Final; f != nil {
		e.Score, e.FinalAt, e.AutoFrom, e.Band = &f.Total, f.At, f.AutoFrom, f.Band
		if b := card.Band(f.Total); b != nil {
			e.Health, e.Action = b.Health, b.Action
			if !e.Kickoff.IsZero() && !judgement.At.Before(e.Kickoff) {
				e.Action = b.ActionLate
			}
		}
	}
	if card.Start == scorecard.StartSent {
		e.sent(card, j)
	}
	e.Items, e.Categories = items(card, j.Result)
	if err := a.life(ctx, s, j, asOf, &e); err != nil {
		return Explanation{}, false, err
	}
	e.Writes, err = a.writes(ctx, s.Ref, s.Card, asOf)
	return e, true, err
}

// sent fills in what a handoff to a seller has of its own.
func (e *Explanation) sent(card *scorecard.Card, j syncer.Judged) {
	e.SentAt, e.Kickoff = e.Kickoff, time.Time{}
	e.Motion, e.Acceptance = j.Motion, j.Acceptance.String()
	e.Verdict, e.Advice = j.Reading.Verdict, j.Reading.Advice
	for _, w := range j.Reading.Weakest {
		item := WeakItem{ID: w.Item, Mean: w.Mean, N: w.N}
		if it := card.Item(w.Item); it != nil {
			item.Title = it.Title
		}
		e.Weakest = append(e.Weakest, item)
	}
	if e.Action != "" {
		e.Action = j.Reading.Action(card, e.Action)
	}
}

// describeDeal fills in the facts that come from the deal itself.
func (a *App) describeDeal(ctx context.Context, ref crm.Ref, asOf time.Time, e *Explanation) error {
	snapshot, ok, err := a.store.SnapshotAt(ctx, ref, asOf)
	if err != nil || !ok {
		return err
	}
	var d crm.Deal
	if err := json.Unmarshal([]byte(snapshot.Body), &d); err != nil {
		return fmt.Errorf("stored snapshot of %s: %w", ref, err)
	}
	e.Name, e.WonAt, e.WonFrom = d.Name.Text, d.WonAt.At, d.WonAt.Source
	return nil
}

// writes are those of a deal's card up to a moment, with what had become of
// each by then. One that was replaced before it was sent says nothing.
func (a *App) writes(ctx context.Context, ref crm.Ref, card string, asOf time.Time) ([]Write, error) {
	intents, err := a.store.Writes(ctx, ref.Connection, ref.ID)
	if err != nil {
		return nil, err
	}
	outcomes, err := a.store.Outcomes(ctx, ref, asOf)
	if err != nil {
		return nil, err
	}
	var list []Write
	for _, i := range intents {
		w := Write{At: i.CreatedAt, Run: i.Run, Status: store.Planned, Fields: i.Fields}
		o, answered := outcomes[i.ID]
		replaced := i.Status == store.Superseded && (asOf.IsZero() || !i.UpdatedAt.After(asOf))
		switch {
		case i.Card != card, !asOf.IsZero() && i.CreatedAt.After(asOf), replaced && !answered:
			continue
		case answered:
			w.At, w.Status, w.Message = o.At, o.Status, o.Message
		}
		list = append(list, w)
	}
	return list, nil
}

// cardOf finds the version a judgement was made by: the one in use, or the
// content kept beside the results.
func (a *App) cardOf(ctx context.Context, c *syncer.Connection, id, version string) (*scorecard.Card, error) {
	for _, card := range c.Cards {
		if card.ID == id && card.Version == version {
			return card, nil
		}
	}
	kept, ok, err := a.store.Card(ctx, version)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("scorecard %s version %s is not in the store", id, version)
	}
	return scorecard.Parse(id+" "+version, kept.Source, c.Cards...)
}

func items(card *scorecard.Card, r autoscore.Result) ([]ExplainedItem, []CategoryTotal) {
	var list []ExplainedItem
	var totals []CategoryTotal
	for _, cat := range card.Categories {
		total := CategoryTotal{ID: cat.ID, Title: cat.Title, Max: cat.Max}
		sum, complete := 0, true
		for _, item := range cat.Items {
			j := r.Item(item.ID)
			if j == nil {
				complete = false
				continue
			}
			e := ExplainedItem{
				ID: item.ID, Title: item.Title, Category: cat.Title, Floor: int(j.Floor), Cap: int(j.Cap),
				Source: string(j.Source), Override: j.Override, Unknown: j.Unknown, NotUnderstood: j.NotUnderstood,
				Score: number(j.Score), Suggestion: number(j.Suggestion), Check: item.Check.Name, Evidence: []string{},
			}
			for _, ev := range j.Evidence {
				e.Evidence = append(e.Evidence, autoscore.Render(ev))
			}
			if j.Short() || j.Score == autoscore.Open {
				e.Question = item.Question
			}
			if e.Score == nil {
				complete = false
			} else {
				sum += *e.Score
			}
			list = append(list, e)
		}
		if complete {
			total.Score = &sum
		}
		totals = append(totals, total)
	}
	return list, totals
}

func number(s autoscore.Score) *int {
	if s == autoscore.Open {
		return nil
	}
	n := int(s)
	return &n
}

// canonical gives the one form of an id that a CRM writes in several, under which
// a deal is kept and a person known. Text that is no id stays as it is.
type canonical interface{ Canonical(id string) crm.DealID }

func keptAs(c *syncer.Connection, id string) string {
	if k, ok := c.Source.(canonical); ok {
		return string(k.Canonical(id))
	}
	return id
}

// Find resolves "CONNECTION/DEAL" or "DEAL" to its connection. A bare id that
// several connections know is an error naming them.
func (a *App) Find(ctx context.Context, name string) (*syncer.Connection, string, error) {
	if conn, deal, ok := strings.Cut(name, "/"); ok {
		for _, c := range a.connections {
			if c.Name == conn {
				return c, keptAs(c, deal), nil
			}
		}
		return nil, "", fmt.Errorf("no connection is called %q", conn)
	}
	var found []*syncer.Connection
	var ids, names []string
	for _, c := range a.connections {
		id := keptAs(c, name)
		states, err := a.store.States(ctx, c.Name, []string{id})
		if err != nil {
			return nil, "", err
		}
		if len(states) > 0 {
			found, ids, names = append(found, c), append(ids, id), append(names, c.Name+"/"+id)
		}
	}
	switch len(found) {
	case 0:
		return nil, "", fmt.Errorf("%s: %w", name, ErrNotTracked)
	case 1:
		return found[0], ids[0], nil
	}
	return nil, "", fmt.Errorf("%s is known to several connections: say which, as %s", name, strings.Join(names, " or "))
}

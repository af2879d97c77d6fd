package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/store"
)

func explainCommand(e *env) *cobra.Command {
	var asOf string
	cmd := &cobra.Command{
		Use:     "explain [CONNECTION/]DEAL",
		Short:   "Every item of a deal: score, who or what gave it, evidence, the next question",
		Example: "  syncd explain 006R00000024gDtIAI\n  syncd explain portal/9187654321 -o json\n  syncd explain sales-org/006R00000024gDtIAI --as-of 2026-11-16T09:00:00Z",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := moment(asOf)
			if err != nil {
				return &exit{exitUsage, err}
			}
			a, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer a.Close()
			c, deal, err := a.Find(cmd.Context(), args[0])
			if err != nil {
				return &exit{exitUsage, err}
			}
			all, err := a.Explain(cmd.Context(), c, deal, at)
			if errors.Is(err, app.ErrNotTracked) {
				return &exit{exitUsage, fmt.Errorf("%s: %w", args[0], err)}
			}
			if err != nil {
				return &exit{exitRejected, err}
			}
			if e.json() {
				return writeJSON(e.out, all)
			}
			for _, x := range all {
				e.printExplanation(x)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "what was known at this time (RFC 3339)")
	return cmd
}

func moment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("--as-of %q is no RFC 3339 time, like 2026-11-16T09:00:00Z", s)
	}
	return t, nil
}

func (e *env) printExplanation(x app.Explanation) {
	w := e.out
	fmt.Fprintf(w, "%s  %s/%s  [%s]\n", clean(x.Name), x.Connection, x.Deal, strings.ToUpper(x.Mode))
	fmt.Fprintf(w, "%s %s, attempt %d: %s\n", x.Scorecard, x.Version, x.Attempt, x.Status)
	if x.Score != nil {
		fmt.Fprintf(w, "score %d of %d, %s (%s): %s\n", *x.Score, x.OutOf, x.Band, x.Health, x.Action)
	} else {
		fmt.Fprintf(w, "range %d-%d of %d, %s open\n", x.Floor, x.Ceiling, x.OutOf, crm.Count(x.Open, "item"))
	}
	for _, line := range []struct {
		name string
		at   time.Time
		more string
	}{{"won", x.WonAt, x.WonFrom}, {"sent", x.SentAt, x.Acceptance}, {"kickoff", x.Kickoff, ""}, {"due", x.Due, ""}, {"final", x.FinalAt, x.AutoFrom}, {"judged", x.JudgedAt, ""}} {
		if line.at.IsZero() {
			continue
		}
		fmt.Fprintf(w, "%-8s %s", line.name, e.time(line.at))
		if line.more != "" {
			fmt.Fprintf(w, "  (%s)", line.more)
		}
		fmt.Fprintln(w)
	}
	if x.Motion != "" {
		fmt.Fprintf(w, "%-8s %s\n", "motion", clean(x.Motion))
	}
	for _, i := range x.Weakest {
		fmt.Fprintf(w, "%-8s %s %s: %.2f over %d\n", "weakest", i.ID, i.Title, i.Mean, i.N)
	}
	if x.Verdict != "" {
		fmt.Fprintf(w, "%-8s %s. %s\n", "verdict", x.Verdict, x.Advice)
	}
	e.printLife(x)
	fmt.Fprintln(w)
	t := newTable(w, "item", "", "score", "range", "from", "why, and what to ask")
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 2, WidthMax: 32, WidthMaxEnforcer: text.WrapSoft},
		{Number: 6, WidthMax: 70, WidthMaxEnforcer: text.WrapSoft},
	})
	for _, i := range x.Items {
		why := strings.Join(i.Evidence, " ")
		if i.NotUnderstood != "" {
			why += fmt.Sprintf(" It holds %q.", clean(i.NotUnderstood)) // the evidence says that it is none
		}
		if i.Override {
			why = "Differs from what the record proves. " + why
		}
		if i.Suggestion != nil {
			why += fmt.Sprintf(" Suggested: %d.", *i.Suggestion)
		}
		if i.Question != "" {
			why += "\nAsk: " + i.Question
		}
		t.AppendRow(table.Row{i.ID, i.Title, shown(i.Score), fmt.Sprintf("%d-%d", i.Floor, i.Cap), i.Source, cleanLines(why)})
	}
	t.Render()
	fmt.Fprintln(w)
	for _, c := range x.Categories {
		fmt.Fprintf(w, "%s %-20s %s of %d\n", c.ID, c.Title, shown(c.Score), c.Max)
	}
	for _, f := range x.Flags {
		fmt.Fprintln(w, "flag:", f)
	}
	for _, f := range x.Warnings {
		fmt.Fprintln(w, "warning:", f)
	}
	for _, r := range x.Writes {
		fmt.Fprintf(w, "%s  %s %s %s\n", e.time(r.At), crm.Count(len(r.Fields), "field"), r.Status, clean(r.Message))
	}
	fmt.Fprintln(w)
}

// printLife tells who has the ball, of attempts before, and what was asked of
// whom.
func (e *env) printLife(x app.Explanation) {
	w := e.out
	if n := len(x.Ball); n > 0 {
		fmt.Fprintf(w, "%-8s %s, since %s\n", "ball", x.Ball[n-1].Who, e.time(x.Ball[n-1].From))
	}
	for _, a := range x.Attempts {
		for _, c := range a.Corrections {
			fmt.Fprintf(w, "attempt %d was %d (%s) until %s: corrected by %s: %s\n", a.Attempt, c.Total, c.Band, e.time(c.At), c.By, changes(c.Changes))
		}
		if a.Attempt != x.Attempt {
			fmt.Fprintf(w, "attempt %d was %d (%s), final %s\n", a.Attempt, a.Score, a.Band, e.time(a.FinalAt))
		}
		if a.Record != "" && a.Record != store.Confirmed {
			fmt.Fprintf(w, "attempt %d: its record in the CRM is %s %s\n", a.Attempt, a.Record, clean(a.Why))
		}
	}
	if d := x.Dispute; d.Item != "" {
		outcome := "waits for its outcome"
		if !d.Open() {
			outcome = d.Outcome + " " + e.time(d.EndedAt)
		}
		fmt.Fprintf(w, "%-8s %s, filed %s, %s\n", "dispute", d.Item, e.time(d.FiledAt), outcome)
	}
	if x.Escalation != "" {
		at := e.time(x.EscalatedAt)
		if at == "" {
			at = "before the store was rebuilt"
		}
		fmt.Fprintf(w, "%-8s to the %s, %s\n", "escalated", x.Escalation, at)
	}
	for _, a := range x.Asked {
		fmt.Fprintf(w, "%-8s the %s, %s, %s", "asked", a.Of, e.time(a.At), strings.ReplaceAll(a.Kind, "_", " "))
		if a.Task != nil {
			fmt.Fprintf(w, ": task %s", a.Task.Status)
			if a.Task.Message != "" {
				fmt.Fprintf(w, " (%s)", clean(a.Task.Message))
			}
		}
		if !a.EndedAt.IsZero() {
			fmt.Fprintf(w, "; ended %s, %s", e.time(a.EndedAt), a.Why)
		}
		fmt.Fprintln(w)
	}
	if len(x.Listed) > 0 {
		fmt.Fprintln(w, "CS manager's list:", strings.Join(x.Listed, ", "))
	}
}

// changes tells both values of each item that was corrected.
func changes(list []handoff.Change) string {
	var all []string
	for _, c := range list {
		all = append(all, fmt.Sprintf("%s from %d to %d", c.Item, c.From, c.To))
	}
	return strings.Join(all, ", ")
}

// cleanLines cleans text but keeps its lines.
func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

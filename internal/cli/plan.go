package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/syncer"
)

func planCommand(e *env) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "plan", Short: "A pass that writes nothing: what would be written, and why deals are left out", Args: cobra.NoArgs,
		Long:    "plan reads every deal in scope and writes nothing to the CRM. It shows each record before and after, the\ntasks that people would get, and what applying would take of the day's calls. It is kept under an id:\n`syncd apply ID` writes exactly that, and leaves alone what has moved since.",
		Example: "  syncd plan\n  syncd plan --limit 0 -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 0 {
				return negative(limit)
			}
			a, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer a.Close()
			var reports []app.Report
			plans := []app.Plan{}
			for _, c := range a.Connections() {
				r := a.Pass(cmd.Context(), c, app.Ask{PlanOnly: true, Full: true})
				reports = append(reports, r)
				if cmd.Context().Err() != nil {
					break // the others were not asked
				}
				p, err := a.Plan(cmd.Context(), r, limit)
				if err != nil {
					return &exit{exitRejected, err}
				}
				plans = append(plans, p)
			}
			if e.json() {
				err = writeJSON(e.out, map[string]any{"plans": plans})
			} else {
				e.printReports(reports)
				for i, p := range plans {
					printPlan(e.out, p)
					e.nextOfPlan(p, a.Connections()[i].Mode)
				}
			}
			if code := codeOf(reports); err == nil && code != exitOK {
				return &exit{code, nil}
			}
			return err
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many records to show of each connection; 0 means all")
	return cmd
}

func printPlan(w io.Writer, p app.Plan) {
	if p.Plan == "" {
		return
	}
	fmt.Fprintf(w, "\n%s: plan %s  [nothing was written]\n", p.Connection, p.Plan)
	if len(p.Changes) > 0 {
		t := newTable(w, "deal", "field", "now", "would be")
		t.SetColumnConfigs([]table.ColumnConfig{
			{Number: 3, WidthMax: 40, WidthMaxEnforcer: t.shorten},
			{Number: 4, WidthMax: 60, WidthMaxEnforcer: t.shorten},
		})
		for _, ch := range p.Changes {
			deal := ch.Deal
			for _, f := range ch.Fields {
				t.AppendRow(table.Row{deal, f.Field, orBlank(f.Before), orBlank(f.After)})
				deal = ""
			}
		}
		t.Render()
	}
	if more := p.Records - len(p.Changes); more > 0 {
		fmt.Fprintf(w, "and %d more records (--limit 0 shows all)\n", more)
	}
	printPlannedTasks(w, p.Tasks)
	if len(p.Attempts) > 0 {
		t := newTable(w, "record of an attempt at", "scorecard", "attempt", "score", "band")
		for _, a := range p.Attempts {
			t.AppendRow(table.Row{a.Deal, a.Scorecard, a.Attempt, fmt.Sprintf("%d of %d", a.Score, a.OutOf), a.Band})
		}
		t.Render()
		if more := p.AttemptsPlanned - int64(len(p.Attempts)); more > 0 {
			fmt.Fprintf(w, "and %d more records of attempts (--limit 0 shows all)\n", more)
		}
	}
	fmt.Fprintf(w, "%s, %s; the plan took %s, applying it will take about %d\n",
		crm.Count(p.Records, "record"), crm.Count(len(p.Tasks), "task"), crm.Count(p.Report.APICalls, "call"), p.ForecastCalls)
}

// nextOfPlan says how a plan is written; a connection that observes refuses it
// until it is told to write.
func (e *env) nextOfPlan(p app.Plan, mode syncer.Mode) {
	switch {
	case p.Records+len(p.Tasks)+len(p.Attempts) == 0:
	case mode != syncer.Write:
		fmt.Fprintf(e.out, "next: set mode: write for %s in %s, then `%s` writes exactly this\n", p.Connection, e.configPath(), e.hint("apply "+p.Plan))
	default:
		fmt.Fprintf(e.out, "next: `%s` writes exactly this\n", e.hint("apply "+p.Plan))
	}
}

// shorten makes a text fit its column. On a terminal it is cut, and shows that it
// was; elsewhere it goes on below.
func (g *grid) shorten(s string, width int) string {
	if g.room > 0 {
		return text.Snip(s, width, "…")
	}
	return text.WrapSoft(s, width)
}

func printPlannedTasks(w io.Writer, tasks []app.PlannedTask) {
	if len(tasks) == 0 {
		return
	}
	t := newTable(w, "task for", "who", "deal", "subject")
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: 60, WidthMaxEnforcer: text.WrapSoft}})
	byPerson := slices.Clone(tasks)
	slices.SortStableFunc(byPerson, func(a, b app.PlannedTask) int {
		return cmp.Or(strings.Compare(a.Role, b.Role), strings.Compare(a.Name, b.Name))
	})
	for _, x := range byPerson {
		who, subject := x.Name, x.Subject
		switch {
		case x.Owner == "":
			who = x.Problem
		case who == "":
			who = x.Owner
		}
		if x.Closes {
			subject = "(closed) " + subject
		}
		t.AppendRow(table.Row{x.Role, clean(who), x.Deal, clean(subject)})
	}
	fmt.Fprintln(w)
	t.Render()
}

// orBlank shows a field's text on one line.
func orBlank(s string) string {
	if s == "" {
		return "-"
	}
	return clean(strings.ReplaceAll(s, "\n", " | "))
}

func applyCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "apply PLAN", Short: "Write exactly what a plan says; leave alone what has moved since", Args: cobra.ExactArgs(1),
		Example: "  syncd plan\n  syncd apply 20261116T090000-ABCDEF",
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer a.Close()
			out, err := a.Apply(cmd.Context(), args[0])
			if err != nil {
				return planError(err)
			}
			if e.json() {
				err = writeJSON(e.out, out)
			} else {
				e.printReports([]app.Report{out.Report})
				if out.Renewed > 0 {
					fmt.Fprintf(e.out, "%d records of the plan were planned anew by a later pass and left to it\n", out.Renewed)
				}
				for _, m := range out.Moved {
					fmt.Fprintf(e.out, "left alone: %s: %s\n", m.Deal, m.Why)
				}
				if len(out.Moved)+out.Renewed > 0 {
					fmt.Fprintf(e.out, "next: `%s` makes a plan from what the records say now\n", e.hint("plan"))
				}
			}
			return e.ended(err, out.Report, len(out.Moved)+out.Renewed > 0)
		},
	}
}

func undoCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "undo RUN", Short: "Put back what a run replaced, where the record still shows what it wrote", Args: cobra.ExactArgs(1),
		Long:    "undo puts back the values that a run replaced. A field that somebody, or a later pass, has changed since is left\nas it is. Tasks of the run that nobody has completed are closed. History keeps both, and\nrecords of attempts stay. A connection in write mode\nwrites anew at its next pass, and asks once more for what was taken back: set mode: observe first, or mend what was wrong.",
		Example: "  syncd runs\n  syncd undo 20261116T090000-ABCDEF",
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer a.Close()
			out, err := a.Undo(cmd.Context(), args[0])
			if err != nil {
				return planError(err)
			}
			if e.json() {
				err = writeJSON(e.out, out)
			} else {
				fmt.Fprintf(e.out, "%s  [WRITE]  %d fields put back on %d records, %d tasks closed; %d fields already put back; %d fields left as they are, changed since\n",
					out.Connection, out.FieldsWritten, out.Confirmed, out.TasksClosed, out.Back, out.Kept)
				if out.Err != nil {
					fmt.Fprintln(e.out, "ended early:", clean(out.Error))
				}
				fmt.Fprintln(e.out, "the next pass in write mode writes anew: set mode: observe if it is not to")
			}
			return e.ended(err, out.Report, false)
		},
	}
}

// planError tells a plan or run that cannot be taken from a fault.
func planError(err error) error {
	var p *app.ErrPlan
	if errors.As(err, &p) {
		return &exit{exitUsage, err}
	}
	return &exit{exitRejected, err}
}

// ended is how a command ends that made one run.
func (e *env) ended(err error, r app.Report, left bool) error {
	if err != nil {
		return err
	}
	code := codeOf([]app.Report{r})
	if code == exitOK && left {
		code = exitRejected
	}
	if code != exitOK {
		return &exit{code, nil}
	}
	return nil
}

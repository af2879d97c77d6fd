package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/handoffscore/syncd/internal/bench"
)

func benchCommand(e *env) *cobra.Command {
	var crms []string
	var deals []int
	var rounds int
	var latencies []time.Duration
	var limits, alone, composite, idle, tasks bool
	cmd := &cobra.Command{
		Use: "bench", Short: "Speed, memory and calls of a first pass, beside a bare program", Args: cobra.NoArgs,
		Long: "bench starts a simulated CRM and runs a first pass of syncd against it, and then, on a new one with the same\n" +
			"data, a bare program that makes the same calls with no store and no judging. Ratios hold on any machine,\n" +
			"seconds only on this one; of several rounds the one in the middle is told.\n" +
			"With --idle all deals are scored and signed, and what is measured is a daemon's passes after the first,\n" +
			"while nothing happens; it fails if one of them writes.",
		Example: "  syncd bench --deals 5000\n  syncd bench --crm hubspot --deals 50000 --latency 0s,100ms --limits -o json\n  syncd bench --idle --deals 100000",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if rounds < 1 {
				return &exit{exitUsage, fmt.Errorf("--rounds takes at least 1, not %d", rounds)}
			}
			var cases []bench.Case
			for _, crm := range crms {
				if crm != "salesforce" && crm != "hubspot" {
					return &exit{exitUsage, fmt.Errorf("--crm takes salesforce or hubspot, not %q", crm)}
				}
				for _, n := range deals {
					if n <= 0 {
						return &exit{exitUsage, atLeastOne(n)}
					}
					for _, latency := range latencies {
						cases = append(cases, bench.Case{
							CRM: crm, Deals: n, Latency: latency, Limits: limits, Alone: alone, Composite: composite && crm == "salesforce", Rounds: rounds, Tasks: tasks,
						})
					}
				}
			}
			if idle {
				return e.benchIdle(cmd.Context(), cases)
			}
			rows, err := measured(cmd.Context(), e, cases, bench.Measure)
			if err != nil {
				return err
			}
			if e.json() {
				return writeJSON(e.out, rows)
			}
			e.printBench(rows)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&crms, "crm", []string{"salesforce", "hubspot"}, "which CRMs")
	f.IntSliceVar(&deals, "deals", []int{5000}, "how many won deals")
	f.DurationSliceVar(&latencies, "latency", []time.Duration{0}, "time added to every request")
	f.BoolVar(&limits, "limits", false, "the simulators refuse as the vendors do")
	f.BoolVar(&alone, "alone", false, "without the bare program, for what takes long")
	f.BoolVar(&composite, "composite-writes", false, "write to Salesforce 1,000 records a call")
	f.IntVar(&rounds, "rounds", 1, "how often each case is measured")
	f.BoolVar(&tasks, "tasks", false, "syncd asks people by tasks too, which the bare program and the minimum leave out")
	f.BoolVar(&idle, "idle", false, "measure passes in which nothing has happened")
	for _, name := range []string{"rounds", "tasks", "alone"} { // idle passes know nothing of them
		cmd.MarkFlagsMutuallyExclusive("idle", name)
	}
	cmd.AddCommand(bareCommand(e))
	return cmd
}

func bareCommand(e *env) *cobra.Command {
	var like string
	cmd := &cobra.Command{
		Use: "bare", Short: "The bare program alone, on the first connection of a configuration", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := e.load()
			if err != nil {
				return err
			}
			text, err := os.ReadFile(like)
			if err != nil {
				return &exit{exitUsage, fmt.Errorf("--like: %w", err)}
			}
			values := map[string]string{}
			if err := json.Unmarshal(text, &values); err != nil {
				return &exit{exitUsage, fmt.Errorf("--like %s: %w", like, err)}
			}
			if err := bench.Bare(cmd.Context(), cfg, values); err != nil {
				return &exit{exitRejected, err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&like, "like", "", "a JSON file with the texts to write")
	return cmd
}

// measured measures one case after the other.
func measured[R any](ctx context.Context, e *env, cases []bench.Case, measure func(context.Context, bench.Case) (R, error)) ([]R, error) {
	var rows []R
	for _, c := range cases {
		fmt.Fprintf(e.err, "%s, %d deals, %s a request\n", c.CRM, c.Deals, c.Latency)
		row, err := measure(ctx, c)
		if err != nil {
			return nil, &exit{exitRejected, err}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (e *env) printBench(rows []bench.Row) {
	t := newTable(e.out, "crm", "deals", "latency", "wall s", "to bare", "to floor", "cpu s", "to bare", "peak MB", "calls", "fixed", "minimum", "to minimum")
	for _, r := range rows {
		t.AppendRow([]any{
			r.CRM, r.Deals, fmt.Sprintf("%d ms", r.LatencyMS), fmt.Sprintf("%.1f", r.Wall), r.WallRatio, r.FloorRatio, fmt.Sprintf("%.1f", r.CPU), r.CPURatio,
			fmt.Sprintf("%.0f", r.PeakMB), r.Calls, r.Fixed, r.Minimum, r.CallsRatio,
		})
	}
	t.Render()
	for _, r := range rows {
		fmt.Fprintf(e.out, "\n%s, %d deals, minimum: %s\n", r.CRM, r.Deals, r.Formula)
	}
}

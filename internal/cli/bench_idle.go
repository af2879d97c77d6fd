package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/handoffscore/syncd/internal/bench"
)

// benchIdle measures idle passes. One that writes, or that has deals whose
// clock still runs, is not idle: it is told and ends with exit code 1.
func (e *env) benchIdle(ctx context.Context, cases []bench.Case) error {
	rows, err := measured(ctx, e, cases, bench.MeasureIdle)
	if err != nil {
		return err
	}
	if e.json() {
		if err := writeJSON(e.out, rows); err != nil {
			return err
		}
	} else {
		e.printIdle(rows)
	}
	for _, r := range rows {
		if r.Final != int64(r.Deals) {
			return &exit{exitRejected, fmt.Errorf("%s: %d of %d deals are final: the passes were not idle", r.CRM, r.Final, r.Deals)}
		}
		for i, p := range r.Idle {
			if p.Written > 0 {
				return &exit{exitRejected, fmt.Errorf("%s: idle pass %d wrote %d records: it should have found nothing to write", r.CRM, i+1, p.Written)}
			}
		}
	}
	return nil
}

func (e *env) printIdle(rows []bench.IdleRow) {
	t := newTable(e.out, "crm", "deals", "final", "latency", "pass", "calls", "deals read", "records written", "wall s", "cpu s", "peak MB")
	add := func(r bench.IdleRow, name string, p bench.PassCost) {
		t.AppendRow(table.Row{
			r.CRM, r.Deals, r.Final, fmt.Sprintf("%d ms", r.LatencyMS), name, p.Calls, p.Read, p.Written,
			fmt.Sprintf("%.2f", p.Wall), fmt.Sprintf("%.2f", p.CPU), fmt.Sprintf("%.0f", p.PeakMB),
		})
	}
	for _, r := range rows {
		add(r, "first", r.First)
		add(r, "second", r.Second)
		for i, p := range r.Idle {
			add(r, fmt.Sprint("idle ", i+1), p)
		}
	}
	t.Render()
	for _, r := range rows {
		for i, p := range r.Idle {
			fmt.Fprintf(e.out, "\n%s, %d deals, calls of idle pass %d:\n", r.CRM, r.Deals, i+1)
			for _, kind := range slices.Sorted(maps.Keys(p.Requests)) {
				fmt.Fprintf(e.out, "  %3d %s\n", p.Requests[kind], kind)
			}
		}
	}
}

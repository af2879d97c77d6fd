package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// demoSeed makes every demo the same company.
const demoSeed = 7

func demoCommand(e *env) *cobra.Command {
	var once bool
	var dir string
	var deals int
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Both CRMs simulated, an embedded store, passes in write mode",
		Long:    "demo fills a simulated Salesforce and a simulated HubSpot with one invented company and runs\nsyncd against both in write mode. Nothing leaves this machine.",
		Example: "  syncd demo\n  syncd demo --once -o json\n  syncd demo --once --import ./my-csv-files",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			w, goLive, err := demoWorld(dir, world.GenerateOptions{Deals: deals})
			if err != nil {
				return &exit{exitUsage, err}
			}
			e.daemon = !once
			d, err := startDemo(cmd.Context(), e, w, goLive, dir != "")
			if err != nil {
				return &exit{exitRejected, err}
			}
			defer func() {
				if e := d.close(); e != nil && err == nil {
					err = &exit{exitRejected, e}
				}
			}()
			if once {
				return d.once(cmd.Context(), e, w)
			}
			return d.stay(cmd.Context(), e)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "run two passes, the second of which must find nothing to write, and exit")
	cmd.Flags().StringVar(&dir, "import", "", "fill the CRMs from sales_pipeline.csv and its companions in this folder")
	cmd.Flags().IntVar(&deals, "deals", 300, "deals to invent")
	return cmd
}

// demoWorld is the company the simulators are filled with, and from when on
// its deals are scored.
func demoWorld(dir string, o world.GenerateOptions) (*world.World, time.Time, error) {
	now := time.Now().UTC().Truncate(time.Second)
	if dir == "" {
		if o.Deals <= 0 {
			return nil, time.Time{}, atLeastOne(o.Deals)
		}
		o.Seed, o.Now = demoSeed, now
		return world.Generate(o), now.AddDate(0, 0, -45), nil
	}
	w, err := world.Import(dir, world.ImportOptions{Seed: demoSeed, Now: now})
	if err != nil {
		return nil, time.Time{}, err
	}
	goLive := now
	for i := range w.Deals {
		if d := &w.Deals[i]; d.Stage == world.Won && d.WonAt.Before(goLive) {
			goLive = d.WonAt
		}
	}
	return w, goLive.AddDate(0, 0, -1), nil
}

// atLeastOne refuses a --deals of nothing.
func atLeastOne(deals int) error {
	return fmt.Errorf("--deals takes a number of 1 or more, not %d", deals)
}

// demoResult is what demo --once -o json prints.
type demoResult struct {
	Passes []app.Report  `json:"passes"`
	Flaws  []flaw        `json:"import_flaws,omitempty"`
	Totals *importTotals `json:"import,omitempty"`
}

type flaw struct {
	File    string `json:"file"`
	Row     int    `json:"row"`
	Message string `json:"message"`
}

type importTotals struct {
	Deals int `json:"deals"`
	Won   int `json:"won"`
	Flaws int `json:"flaws"`
}

// once runs every connection twice.
func (d *demo) once(ctx context.Context, e *env, w *world.World) error {
	var reports []app.Report
	for range 2 {
		for _, c := range d.app.Connections() {
			reports = append(reports, d.app.Pass(ctx, c, app.Ask{}))
		}
	}
	result := demoResult{Passes: reports}
	if d.imported {
		result.Totals = &importTotals{Deals: len(w.Deals), Flaws: len(w.Flaws)}
		for i := range w.Deals {
			if w.Deals[i].Stage == world.Won {
				result.Totals.Won++
			}
		}
		for _, f := range w.Flaws {
			result.Flaws = append(result.Flaws, flaw(f))
		}
	}
	if e.json() {
		if err := writeJSON(e.out, result); err != nil {
			return err
		}
	} else {
		e.printReports(reports)
		printFlaws(e, w)
		tellOnce(e, reports)
	}
	for i, r := range reports {
		if r.Err != nil {
			return &exit{codeOf(reports), nil}
		}
		if i >= len(reports)/2 && r.FieldsWritten > 0 {
			return &exit{exitRejected, fmt.Errorf("the second pass of %s wrote %d fields: it should have found nothing to write", r.Connection, r.FieldsWritten)}
		}
	}
	return nil
}

// tellOnce says what the second passes showed, and what to try next.
func tellOnce(e *env, reports []app.Report) {
	if slices.ContainsFunc(reports[len(reports)/2:], func(r app.Report) bool { return !idle(r) }) {
		return
	}
	fmt.Fprintln(e.out, "\nThe second passes found nothing to write.")
	fmt.Fprintln(e.out, "`syncd demo` without --once stays, so that you can look at single deals with `syncd explain`.")
}

// shownFlaws is how many flaws a terminal gets; JSON has them all.
const shownFlaws = 12

func printFlaws(e *env, w *world.World) {
	for i, f := range w.Flaws {
		if i == shownFlaws {
			fmt.Fprintf(e.out, "... and %d more (see -o json)\n", len(w.Flaws)-i)
			break
		}
		if i == 0 {
			fmt.Fprintf(e.out, "\nodd in the imported data (%d):\n", len(w.Flaws))
		}
		fmt.Fprintf(e.out, "  %s:%d: %s\n", f.File, f.Row, clean(f.Message))
	}
}

// stay keeps the simulators and the daemon running until the context ends.
func (d *demo) stay(ctx context.Context, e *env) error {
	var reports []app.Report
	for _, c := range d.app.Connections() {
		reports = append(reports, d.app.Pass(ctx, c, app.Ask{}))
	}
	e.printReports(reports)
	fmt.Fprintf(e.out, "\nThe config lies at %s. While this runs, try in another terminal:\n", d.config)
	for _, c := range d.app.Connections() {
		if id, err := d.app.Sample(ctx, c); err == nil && id != "" {
			fmt.Fprintf(e.out, "  syncd explain -c %s %s/%s\n", d.config, c.Name, id)
		}
	}
	fmt.Fprintf(e.out, "  syncd runs -c %s\n", d.config)
	for _, s := range d.sims {
		fmt.Fprintf(e.out, "Simulated %s: %s\n", s.title, s.url)
	}
	addr, err := d.app.Listen(ctx, true)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "Health and metrics: http://%s/readyz, http://%s/metrics\n", addr, addr)
	fmt.Fprintln(e.out, "Stop with Ctrl-C.")
	return d.app.Run(ctx)
}

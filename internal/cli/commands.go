package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// configPath is -c, else $SYNCD_CONFIG, else ./syncd.yaml.
func (e *env) configPath() string {
	if e.config != "" {
		return e.config
	}
	if p := os.Getenv("SYNCD_CONFIG"); p != "" {
		return p
	}
	return usualPath
}

// usualPath is where the configuration is looked for unless another is named.
const usualPath = "syncd.yaml"

// hint is a command for people to type next, with the configuration that is in
// use where it is not the usual one.
func (e *env) hint(command string) string {
	path := e.configPath()
	if e.config == "" && path == usualPath {
		return "syncd " + command
	}
	if strings.ContainsAny(path, " \t'\"$&;()*?\\") {
		path = "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return "syncd " + command + " -c " + path
}

// load reads the configuration; its faults are exit 2.
func (e *env) load() (*config.Config, error) {
	cfg, err := config.Load(e.configPath())
	if errors.Is(err, os.ErrNotExist) {
		return nil, &exit{exitUsage, fmt.Errorf("no configuration at %s: `syncd init` writes one, -c names another", e.configPath())}
	}
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	return cfg, nil
}

// open builds the program from the configuration.
func (e *env) open(ctx context.Context) (*app.App, error) {
	cfg, err := e.load()
	if err != nil {
		return nil, err
	}
	return e.build(ctx, cfg)
}

// build builds the program. A daemon leaves opening its database to Run, which
// waits for one that is away.
func (e *env) build(ctx context.Context, cfg *config.Config) (*app.App, error) {
	e.zone = cfg.Zone()
	log, err := newLog(e.logs, e.verbose, e.daemon, e.err)
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	a, err := app.New(ctx, cfg, app.Options{Log: log, Progress: progress(e.err), Wait: e.wait})
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	return a, nil
}

// schemaFile is where init writes the schema that the first line of a
// configuration refers editors to.
const schemaFile = "syncd.schema.json"

func initCommand(e *env) *cobra.Command {
	var vendor string
	var minimal, full bool
	cmd := &cobra.Command{
		Use:     "init",
		Short:   "Write a commented syncd.yaml; never overwrites",
		Long:    "init writes a configuration that observes and writes nothing to the CRM, and beside it the schema with which\neditors complete and check it. What is there is left as it is.",
		Example: "  syncd init\n  syncd init --crm hubspot --minimal -c portal.yaml\n  syncd init --full",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			size := config.Usual
			switch {
			case minimal && full:
				return &exit{exitUsage, errors.New("--minimal and --full exclude each other")}
			case minimal:
				size = config.Minimal
			case full:
				size = config.Full
			}
			text, err := config.Example(vendor, size)
			if err != nil {
				return &exit{exitUsage, err}
			}
			path := e.configPath()
			if err := create(path, text); errors.Is(err, os.ErrExist) {
				return &exit{exitUsage, fmt.Errorf("%s is already there and was left as it is: name another with -c", path)}
			} else if err != nil {
				return &exit{exitUsage, err}
			}
			beside := filepath.Join(filepath.Dir(path), schemaFile)
			if err := create(beside, string(config.Schema())); err != nil && !errors.Is(err, os.ErrExist) {
				return &exit{exitUsage, err}
			}
			fmt.Fprintf(e.out, "wrote %s. Next: fill in the address, the day of go-live and your fields, then `syncd check -c %s`.\n", path, path)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&vendor, "crm", "salesforce", "salesforce or hubspot")
	f.BoolVar(&minimal, "minimal", false, "the shortest useful one")
	f.BoolVar(&full, "full", false, "with every key and what it does")
	return cmd
}

// create writes a file that is not there yet.
func create(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

func configCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check the configuration, or print its schema"}
	cmd.AddCommand(&cobra.Command{
		Use: "validate", Short: "Every fault at once, with line, column and fix", Args: cobra.NoArgs,
		Example: "  syncd config validate -c syncd.yaml",
		RunE: func(*cobra.Command, []string) error {
			cfg, err := e.load()
			if err != nil {
				return err
			}
			if e.json() {
				return writeJSON(e.out, map[string]any{"valid": true, "connections": len(cfg.Connections)})
			}
			fmt.Fprintf(e.out, "%s is valid: %s\n", e.configPath(), crm.Count(len(cfg.Connections), "connection"))
			return nil
		},
	}, &cobra.Command{
		Use: "schema", Short: "JSON Schema of the configuration, for editors", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := e.out.Write(config.Schema())
			return err
		},
	})
	return cmd
}

func runCommand(e *env) *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use: "run", Short: "The daemon; --once makes one pass of every connection", Args: cobra.NoArgs,
		Example: "  syncd run\n  syncd run --once -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if once {
				return e.passes(cmd.Context(), app.Ask{})
			}
			e.daemon, e.wait = true, true
			a, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer a.Close()
			err = a.Run(cmd.Context())
			var start *app.ErrStart
			switch {
			case errors.As(err, &start):
				return &exit{exitUsage, err}
			case err != nil:
				return &exit{exitRejected, err}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "one pass of every connection, then exit")
	return cmd
}

// passes makes one pass of every connection and tells what happened.
func (e *env) passes(ctx context.Context, ask app.Ask) error {
	a, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	var reports []app.Report
	for _, c := range a.Connections() {
		reports = append(reports, a.Pass(ctx, c, ask))
		if ctx.Err() != nil {
			break
		}
	}
	if e.json() {
		err = writeJSON(e.out, demoResult{Passes: reports})
	} else {
		e.printReports(reports)
	}
	if err != nil {
		return err
	}
	if code := codeOf(reports); code != exitOK {
		return &exit{code, nil}
	}
	return nil
}

func scorecardCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{Use: "scorecard", Short: "The rubric for people, and its faults"}
	cmd.AddCommand(&cobra.Command{
		Use: "print [ID]", Short: "Print a scorecard", Args: cobra.MaximumNArgs(1),
		Example: "  syncd scorecard print sales-to-cs",
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := scorecard.ParseSet(config.Scorecards())
			if err != nil {
				return &exit{exitUsage, err}
			}
			id := "sales-to-cs"
			if len(args) > 0 {
				id = args[0]
			}
			card, ok := set[id]
			if !ok {
				return &exit{exitUsage, fmt.Errorf("no scorecard %q: there are sales-to-cs, sales-to-cs-simplified and partner-handoff", id)}
			}
			if e.json() {
				return writeJSON(e.out, card.Form())
			}
			return scorecard.Print(e.out, card)
		},
	}, &cobra.Command{
		Use: "validate FILE...", Short: "Check scorecard files; all faults at once", Args: cobra.MinimumNArgs(1),
		Example: "  syncd scorecard validate ./scorecards/*.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			files := config.Scorecards()
			for _, path := range args {
				b, err := os.ReadFile(path)
				if err != nil {
					return &exit{exitUsage, err}
				}
				files[path] = b
			}
			if _, err := scorecard.ParseSet(files); err != nil {
				return &exit{exitUsage, err}
			}
			are := "are"
			if len(args) == 1 {
				are = "is"
			}
			fmt.Fprintf(e.out, "%s %s valid\n", crm.Count(len(args), "scorecard"), are)
			return nil
		},
	})
	return cmd
}

// version is what syncd version prints.
type version struct {
	Version    string            `json:"version"`
	Commit     string            `json:"commit"`
	Go         string            `json:"go"`
	Scorecards map[string]string `json:"scorecards"`
}

// Set by the linker in a release (deploy/build); "" in any other build.
var releaseVersion, releaseCommit string

// built is what is known of this build: of a release what deploy/build said,
// else what Go noted of the working copy.
func built() version {
	v := version{Version: "devel", Commit: "unknown", Go: runtime.Version(), Scorecards: map[string]string{}}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	if releaseVersion != "" {
		v.Version = releaseVersion
	}
	if releaseCommit != "" {
		v.Commit = releaseCommit
	}
	return v
}

func versionCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Version, commit, Go version, scorecard hashes", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := built()
			set, err := scorecard.ParseSet(config.Scorecards())
			if err != nil {
				return err
			}
			for id, card := range set {
				v.Scorecards[id] = card.Version
			}
			if e.json() {
				return writeJSON(e.out, v)
			}
			fmt.Fprintf(e.out, "syncd %s (%s, %s)\n", v.Version, strings.TrimSpace(v.Commit), v.Go)
			for _, id := range []string{"sales-to-cs", "sales-to-cs-simplified", "partner-handoff"} {
				fmt.Fprintf(e.out, "  %-24s %s\n", id, v.Scorecards[id])
			}
			return nil
		},
	}
}

func runsCommand(e *env) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "runs [ID]", Short: "What passes did; rejected records with the CRM's own message", Args: cobra.MaximumNArgs(1),
		Example: "  syncd runs\n  syncd runs 20261116T090000-ABCDEF -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 0 {
				return negative(limit)
			}
			if limit == 0 {
				limit = math.MaxInt32
			}
			a, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer a.Close()
			if len(args) == 1 {
				return e.oneRun(cmd.Context(), a, args[0])
			}
			runs, err := a.Runs(cmd.Context(), limit)
			if err != nil {
				return &exit{exitRejected, err}
			}
			if e.json() {
				return writeJSON(e.out, runs)
			}
			e.printRuns(columns(e.out), runs)
			return nil
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many, newest first; 0 means all")
	return cmd
}

// negative refuses a --limit below 0.
func negative(limit int) error {
	return &exit{exitUsage, fmt.Errorf("--limit takes a number of 0 or more, and 0 means all: not %d", limit)}
}

func (e *env) oneRun(ctx context.Context, a *app.App, id string) error {
	run, err := a.RunDetail(ctx, id)
	if err != nil {
		return &exit{exitUsage, err}
	}
	if e.json() {
		return writeJSON(e.out, run)
	}
	fmt.Fprintf(e.out, "%s  %s  [%s]  %s\n", run.ID, run.Connection, strings.ToUpper(run.Mode), run.Status)
	printCounts(e.out, "status", run.ByStatus)
	printCounts(e.out, "band", run.ByBand)
	printCounts(e.out, "left out", run.LeftOut)
	for _, p := range run.Problems {
		fmt.Fprintln(e.out, "problem:", clean(p))
	}
	if len(run.Refused) == 0 {
		fmt.Fprintln(e.out, "no record was rejected")
		return nil
	}
	e.printRefused(columns(e.out), run.Refused)
	return nil
}

// printRuns prints the table of runs on lines of so many characters; 0 means any.
func (e *env) printRuns(room int, runs []app.RunReport) {
	t := newGrid(e.out, room, "run", "connection", "mode", "pass", "status", "began", "fields written", "rejected", "error")
	t.folds = []fold{{9, 30, "error: "}, {6, 0, "began "}, {8, 0, "rejected "}, {7, 0, "fields written "}}
	for _, r := range runs {
		t.AppendRow([]any{r.ID, r.Connection, strings.ToUpper(r.Mode), r.Kind, r.Status, e.time(r.Started), r.FieldsWritten, r.Rejected, clean(r.Error)})
	}
	t.Render()
}

// printRefused does so for what was rejected in a run.
func (e *env) printRefused(room int, list []app.Refused) {
	t := newGrid(e.out, room, "deal", "of", "class", "code", "the CRM says", "next try")
	t.folds = []fold{{5, 30, "the CRM says: "}, {6, 0, "next try "}, {4, 0, ""}}
	for _, r := range list {
		of := "record"
		if r.Task != "" {
			of = "task " + r.Task
		}
		if r.Attempt > 0 {
			of = fmt.Sprintf("record of attempt %d", r.Attempt)
		}
		t.AppendRow([]any{r.Deal, of, r.Class, r.Code, clean(r.Message), e.time(r.NextTry)})
	}
	t.Render()
}

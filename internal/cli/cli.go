// Package cli is syncd's face on a terminal: commands, tables, JSON, progress
// and exit codes. It asks app to do the work. JSON goes to stdout alone;
// progress and logs go to stderr. What comes from a CRM is untrusted and is
// printed without control characters.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/handoffscore/syncd/internal/app"
)

// Exit codes.
const (
	exitOK       = 0
	exitRejected = 1 // finished, but something was rejected or needs a human
	exitUsage    = 2 // usage or configuration
	exitQuota    = 3 // a vendor's quota ended the run
	exitGuarded  = 4 // the blast-radius guard stopped it, nothing written
)

// exit is an error that knows its code. A nil err prints nothing: the output
// has said it already.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}
func (e *exit) Unwrap() error { return e.err }

// env is what every command shares.
type env struct {
	out, err io.Writer
	config   string // path of the configuration
	output   string // "table" or "json"
	logs     string // "console" or "json"
	verbose  bool
	daemon   bool // nobody reads a report: say in the log what passes do
	wait     bool // the database may be away when the program starts
}

func (e *env) json() bool { return e.output == "json" }

// Main runs one command and returns its exit code.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot(&env{out: stdout, err: stderr})
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var e *exit
	if errors.As(err, &e) {
		if e.err != nil {
			fmt.Fprintln(stderr, "syncd: "+app.Told(ctx, e.err))
		}
		return e.code
	}
	fmt.Fprintln(stderr, "syncd: "+app.Told(ctx, err))
	return exitUsage
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:           "syncd",
		Short:         "Scores sales handoffs on the deals of Salesforce and HubSpot",
		Long:          "syncd reads won deals from your CRM, checks what can be checked, merges what the CSM scored,\nand writes score, band and gaps back to the record. It observes until you tell it to write.",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if e.output != "table" && e.output != "json" {
				return &exit{exitUsage, fmt.Errorf("-o takes table or json, not %q", e.output)}
			}
			return nil
		},
	}
	f := root.PersistentFlags()
	f.StringVarP(&e.config, "config", "c", "", "configuration file (default: $SYNCD_CONFIG, else ./syncd.yaml)")
	f.StringVarP(&e.output, "output", "o", "table", "table or json")
	f.StringVar(&e.logs, "log", "console", "log format: console or json")
	f.BoolVarP(&e.verbose, "verbose", "v", false, "log every call")
	root.AddCommand(
		demoCommand(e), initCommand(e), configCommand(e), planCommand(e), applyCommand(e), undoCommand(e), runCommand(e), explainCommand(e),
		runsCommand(e), checkCommand(e), fieldsCommand(e), scorecardCommand(e), simCommand(e), benchCommand(e), versionCommand(e),
	)
	e.complete(root)
	return root
}

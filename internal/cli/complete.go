package cli

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// completion offers what can stand at the place of the cursor.
type completion = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// complete teaches the whole tree what stands where. Files are offered where a
// file is meant and nowhere else.
func (e *env) complete(root *cobra.Command) {
	args := map[string]completion{
		"syncd apply": e.runs(app.RunState.Plan), "syncd undo": e.runs(app.RunState.Written), "syncd runs": e.runs(nil),
		"syncd explain": e.connections("/"), "syncd scorecard print": scorecards, "syncd scorecard validate": files("yaml", "yml"),
		"syncd fields export": folders,
	}
	flags := map[string]completion{
		"config": files("yaml", "yml"), "output": words("table", "json"), "log": words("console", "json"),
		"connection": e.connections(""), "crm": words("salesforce", "hubspot"), "only": words("salesforce", "hubspot"),
		"import": folders, "config-dir": folders,
	}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 {
			cmd.ValidArgsFunction = orNothing(args[cmd.CommandPath()])
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.NoOptDefVal == "" { // those of yes and no take none
				_ = cmd.RegisterFlagCompletionFunc(f.Name, orNothing(flags[f.Name])) // one that is known already stays
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

func orNothing(c completion) completion {
	if c == nil {
		return cobra.NoFileCompletions
	}
	return c
}

func words(list ...string) completion {
	return cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)
}

func files(endings ...string) completion {
	return cobra.FixedCompletions(endings, cobra.ShellCompDirectiveFilterFileExt)
}

func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func scorecards(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	set, err := scorecard.ParseSet(config.Scorecards())
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.Sorted(maps.Keys(set)), cobra.ShellCompDirectiveNoFileComp
}

// connections offers the configured names, each followed by what is to be typed
// behind it.
func (e *env) connections(behind string) completion {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		directive := cobra.ShellCompDirectiveNoFileComp
		if behind != "" {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		cfg, err := e.load()
		if err != nil || behind != "" && len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []string
		for i := range cfg.Connections {
			c := &cfg.Connections[i]
			out = append(out, c.Name+behind+"\t"+c.CRM+", "+strings.ToUpper(c.Mode))
		}
		return out, directive
	}
}

// A person waits for what is offered, and not for long.
const (
	offerTime = 2 * time.Second
	offerRuns = 50
)

// runs offers the ids of runs that fit, the newest first; none where the
// database cannot be read as it is.
func (e *env) runs(fits func(app.RunState) bool) completion {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		cfg, err := e.load()
		if err != nil || len(args) > 0 {
			return nil, directive
		}
		parent := cmd.Context()
		if parent == nil {
			parent = context.Background()
		}
		ctx, cancel := context.WithTimeout(parent, offerTime)
		defer cancel()
		list, err := app.KeptRuns(ctx, cfg, offerRuns)
		if err != nil {
			return nil, directive
		}
		var out []string
		for _, r := range list {
			if fits == nil || fits(r) {
				out = append(out, r.ID+"\t"+strings.Join([]string{r.Connection, strings.ToUpper(r.Mode), r.Kind, r.Status}, ", "))
			}
		}
		return out, directive
	}
}

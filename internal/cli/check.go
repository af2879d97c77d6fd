package cli

import (
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

func checkCommand(e *env) *cobra.Command {
	var offline, whole bool
	var only, probe string
	cmd := &cobra.Command{
		Use: "check", Short: "Look at credentials, rights, fields, roles, quota, and who can see the numbers", Args: cobra.NoArgs,
		Long: "check asks the CRM everything that decides whether passes will work, and changes nothing. What has to be\n" +
			"mended comes with the place to mend it; the exit code is 1 as long as something fails.\n" +
			"--probe names a deal on which a field of syncd's is set to the value it has, to see whether a rule refuses it.",
		Example: "  syncd check\n  syncd check --offline\n  syncd check --connection sales-org --probe 006000000000001AAA -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if probe != "" && only == "" {
				return &exit{exitUsage, fmt.Errorf("--probe needs --connection: a deal belongs to one CRM")}
			}
			e.wait = true // a database that is away is something to tell
			a, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			defer a.Close()
			chosen, err := choose(a, only)
			if err != nil {
				return err
			}
			var all []app.Checked
			if offline {
				all = append(all, app.Checked{Findings: []crm.Finding{{
					Area: "configuration", Subject: e.configPath(), Grade: crm.Fine, Message: "valid, and its secrets are there: " + crm.Count(len(chosen), "connection"),
				}}})
			} else {
				all = append(all, a.CheckStore(cmd.Context()))
				for _, c := range chosen {
					all = append(all, a.Check(cmd.Context(), c, crm.DealID(probe)))
				}
			}
			if e.json() {
				err = writeJSON(e.out, map[string]any{"checks": all})
			} else {
				printChecks(e.out, all, whole)
				e.nextOfCheck(all, offline)
			}
			for _, c := range all {
				if err == nil && c.Failed() > 0 {
					err = &exit{exitRejected, nil}
				}
			}
			return err
		},
	}
	f := cmd.Flags()
	f.BoolVar(&offline, "offline", false, "the configuration and its secrets alone; nobody is called")
	f.BoolVar(&whole, "all", false, "show every field, also those that are as they should be")
	f.StringVar(&only, "connection", "", "look at this connection alone")
	f.StringVar(&probe, "probe", "", "a deal to write to, once, without changing it")
	return cmd
}

// choose gives the named connection, or all.
func choose(a *app.App, name string) ([]*syncer.Connection, error) {
	if name == "" {
		return a.Connections(), nil
	}
	for _, c := range a.Connections() {
		if c.Name == name {
			return []*syncer.Connection{c}, nil
		}
	}
	return nil, &exit{exitUsage, fmt.Errorf("there is no connection %q in the configuration", name)}
}

// printChecks shows what was looked at, and below it what there is to do. What
// is said of several things alike is said once; fields that are as they should
// be are only counted.
func printChecks(w io.Writer, all []app.Checked, whole bool) {
	grades := map[crm.Grade]int{}
	var todo []crm.Finding
	for _, c := range all {
		name := "all connections"
		if c.Connection != "" {
			name = fmt.Sprintf("%s (%s, %s), %s", c.Connection, c.CRM, strings.ToUpper(c.Mode), crm.Count(c.APICalls, "call"))
		}
		fmt.Fprintf(w, "%s\n", name)
		t := newTable(w)
		t.SetColumnConfigs([]table.ColumnConfig{
			{Number: 3, WidthMax: 42, WidthMaxEnforcer: text.WrapSoft}, {Number: 4, WidthMax: 84, WidthMaxEnforcer: text.WrapSoft},
		})
		for _, f := range c.Findings {
			grades[f.Grade]++
		}
		shown := c.Findings
		if !whole {
			shown = together(c.Findings)
		}
		for _, f := range shown {
			t.AppendRow(table.Row{f.Grade, f.Area, clean(f.Subject), clean(f.Message)})
		}
		for _, f := range c.Findings {
			if f.Grade != crm.Fine && f.Fix != "" {
				todo = append(todo, f)
			}
		}
		t.Render()
		fmt.Fprintln(w)
	}
	printToDo(w, todo)
	fmt.Fprintf(w, "%d ok, %d to look at, %d to mend\n", grades[crm.Fine], grades[crm.Doubt], grades[crm.Fault])
}

// nextOfCheck says what comes after a check in which nothing fails.
func (e *env) nextOfCheck(all []app.Checked, offline bool) {
	for _, c := range all {
		if c.Failed() > 0 {
			return
		}
	}
	if offline {
		fmt.Fprintf(e.out, "next: `%s` asks the CRM\n", e.hint("check"))
		return
	}
	fmt.Fprintf(e.out, "next: `%s` shows what would be written\n", e.hint("plan"))
}

// together says alike things once: subjects of one grade, area and message
// become one finding, at the place of the first.
func together(list []crm.Finding) []crm.Finding {
	type alike struct {
		grade         crm.Grade
		area, message string
	}
	at := map[alike]int{}
	subjects := map[alike][]string{}
	var out []crm.Finding
	for _, f := range list {
		key := alike{f.Grade, f.Area, f.Message}
		if f.Grade == crm.Fine && f.Area == "fields" {
			key.message = "as they should be (--all shows each)"
		}
		if _, known := at[key]; !known {
			at[key] = len(out)
			f.Message = key.message
			out = append(out, f)
		}
		subjects[key] = append(subjects[key], f.Subject)
	}
	for key, i := range at {
		if n := len(subjects[key]); n > 1 {
			out[i].Subject = fmt.Sprintf("%s and %d more", subjects[key][0], n-1)
		}
	}
	return out
}

// printToDo lists fixes, each once with all that it is for, what fails first.
func printToDo(w io.Writer, todo []crm.Finding) {
	if len(todo) == 0 {
		return
	}
	fmt.Fprintln(w, "to do")
	subjects := map[string][]string{}
	for _, f := range todo {
		if !slices.Contains(subjects[f.Fix], f.Subject) {
			subjects[f.Fix] = append(subjects[f.Fix], f.Subject)
		}
	}
	done := map[string]bool{}
	for _, grade := range []crm.Grade{crm.Fault, crm.Doubt} {
		for _, f := range todo {
			if f.Grade == grade && !done[f.Fix] {
				done[f.Fix] = true
				fmt.Fprintf(w, "  %-4s %s: %s\n", f.Grade, clean(several(subjects[f.Fix])), clean(f.Fix))
			}
		}
	}
	fmt.Fprintln(w)
}

// several names three things, or two of more and how many others there are.
func several(names []string) string {
	if n := len(names); n > 3 {
		return fmt.Sprintf("%s, %s and %d more", names[0], names[1], n-2)
	}
	return strings.Join(names, ", ")
}

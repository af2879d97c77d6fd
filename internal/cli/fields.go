package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/syncer"
)

func fieldsCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{Use: "fields", Short: "What the CRM lacks of the fields; create it, or write it as files"}
	var only string
	cmd.PersistentFlags().StringVar(&only, "connection", "", "this connection alone")
	cmd.AddCommand(fieldsPlan(e, &only), fieldsApply(e, &only), fieldsExport(e, &only))
	return cmd
}

// surveyed is a connection beside what its CRM has.
type surveyed struct {
	Connection string `json:"connection"`
	CRM        string `json:"crm"`
	crm.Survey
	Error string `json:"error,omitempty"` // why the CRM could not be asked
}

func (s surveyed) count(state crm.PartState) int {
	n := 0
	for _, p := range s.Parts {
		if p.State == state {
			n++
		}
	}
	return n
}

// stewarding builds the program without a store and runs work for each chosen
// connection, whatever becomes of the others, until it is stopped.
func (e *env) stewarding(cmd *cobra.Command, only string, work func(*app.App, *syncer.Connection)) error {
	e.wait = true // no store is needed
	a, err := e.open(cmd.Context())
	if err != nil {
		return err
	}
	defer a.Close()
	chosen, err := choose(a, only)
	if err != nil {
		return err
	}
	for _, c := range chosen {
		if work(a, c); cmd.Context().Err() != nil {
			break
		}
	}
	return nil
}

// tellEach tells what came of every connection; one that went bad is exit 1.
func (e *env) tellEach(all any, bad bool, print func()) error {
	if e.json() {
		if err := writeJSON(e.out, map[string]any{"fields": all}); err != nil {
			return err
		}
	} else {
		print()
	}
	if bad {
		return &exit{exitRejected, nil}
	}
	return nil
}

func fieldsPlan(e *env, only *string) *cobra.Command {
	var whole bool
	cmd := &cobra.Command{
		Use: "plan", Short: "What the CRM has and lacks; nothing is changed", Args: cobra.NoArgs,
		Example: "  syncd fields plan\n  syncd fields plan --all -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, bad := []surveyed{}, false
			err := e.stewarding(cmd, *only, func(a *app.App, c *syncer.Connection) {
				out := surveyed{Connection: c.Name, CRM: c.CRM}
				var err error
				if out.Survey, err = a.Survey(cmd.Context(), c); err != nil {
					out.Survey.Parts, out.Error, bad = []crm.Part{}, app.Told(cmd.Context(), err), true
				}
				all = append(all, out)
			})
			if err != nil {
				return err
			}
			return e.tellEach(all, bad, func() {
				for _, s := range all {
					e.printSurvey(s, whole)
				}
			})
		},
	}
	cmd.Flags().BoolVar(&whole, "all", false, "show also what is there as it should be")
	return cmd
}

func (e *env) printSurvey(s surveyed, whole bool) {
	w := e.out
	fmt.Fprintf(w, "\n%s (%s)\n", s.Connection, s.CRM)
	if s.Error != "" {
		fmt.Fprintln(w, "ended early:", clean(s.Error))
		return
	}
	parts := s.Parts
	if !whole {
		parts = slices.DeleteFunc(bundled(parts), func(p crm.Part) bool { return p.State == crm.Present })
	}
	if len(parts) > 0 {
		printParts(w, columns(w), parts)
	}
	fmt.Fprintf(w, "%d present, %d missing, %d differ, %d hidden\n", s.count(crm.Present), s.count(crm.Missing), s.count(crm.Differs), s.count(crm.Hidden))
	printSteps(w, "give, by hand", s.Assign)
	printSteps(w, "do, by hand", s.Manual)
	if s.count(crm.Missing) > 0 {
		writeWithin(w, columns(w), "", fmt.Sprintf("next: `%s` creates what is missing and changes nothing that is there", e.hint("fields apply")))
	}
}

func printParts(w io.Writer, room int, parts []crm.Part) {
	t := newGrid(w, room, "state", "kind", "name", "label", "type", "note")
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 4, WidthMax: 40, WidthMaxEnforcer: text.WrapSoft},
		{Number: 5, WidthMax: 40, WidthMaxEnforcer: text.WrapSoft},
		{Number: 6, WidthMax: 60, WidthMaxEnforcer: text.WrapSoft},
	})
	t.phrases = 3
	t.folds = []fold{{6, 24, "note: "}, {4, 24, ""}, {5, 18, ""}, {2, 0, ""}}
	for _, p := range parts {
		t.AppendRow(table.Row{p.State, p.Kind, p.Name, clean(p.Label), p.Type, clean(strings.Join(p.Notes, "; "))})
	}
	t.Render()
}

// bundled puts parts together of which the same is said: those inside another,
// such as "Handoff_CSM/Opportunity.X__c", and those with one note.
func bundled(parts []crm.Part) []crm.Part {
	type bundle struct {
		kind, in, note string
		state          crm.PartState
	}
	at, n := map[bundle]int{}, map[bundle]int{}
	var out []crm.Part
	for _, p := range parts {
		in, _, inside := strings.Cut(p.Name, "/")
		key := bundle{p.Kind, in, strings.Join(p.Notes, "; "), p.State}
		if !inside {
			key.in = ""
		}
		if !inside && key.note == "" {
			out = append(out, p)
			continue
		}
		if n[key]++; n[key] == 1 {
			at[key] = len(out)
			out = append(out, p)
		}
	}
	for key, i := range at {
		p := &out[i]
		switch {
		case n[key] == 1:
		case key.in != "":
			p.Name, p.Label, p.Type = key.in, "", fmt.Sprintf("%d of them (--all shows each)", n[key])
		default:
			p.Name, p.Label, p.Type = fmt.Sprintf("%s and %d more", p.Name, n[key]-1), "", "(--all shows each)"
		}
	}
	return out
}

func printSteps(w io.Writer, title string, steps []string) {
	if len(steps) == 0 {
		return
	}
	fmt.Fprintln(w, title)
	for _, line := range steps {
		writeWithin(w, columns(w), "  - ", clean(line))
	}
}

// applied is what became of a connection's missing parts.
type applied struct {
	Connection string         `json:"connection"`
	CRM        string         `json:"crm"`
	Parts      []app.Provided `json:"parts"`
	Assign     []string       `json:"assign,omitempty"`
	Manual     []string       `json:"manual,omitempty"`
	Error      string         `json:"error,omitempty"` // what ended it early
}

func fieldsApply(e *env, only *string) *cobra.Command {
	return &cobra.Command{
		Use: "apply", Short: "Create what is missing; change nothing that is there", Args: cobra.NoArgs,
		Long:    "apply creates the fields, groups and permissions that `syncd fields plan` calls missing. What is there in\nanother form is told and left as it is. Nobody is assigned a permission. It can be run again at any time.",
		Example: "  syncd fields plan\n  syncd fields apply",
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, bad := []applied{}, false
			err := e.stewarding(cmd, *only, func(a *app.App, c *syncer.Connection) {
				s, err := a.Survey(cmd.Context(), c)
				if err != nil {
					bad = true
					all = append(all, applied{Connection: c.Name, CRM: c.CRM, Parts: []app.Provided{}, Error: app.Told(cmd.Context(), err)})
					return
				}
				out := applied{Connection: c.Name, CRM: c.CRM, Parts: []app.Provided{}, Assign: s.Assign, Manual: s.Manual}
				err = a.Provide(cmd.Context(), c, s, func(p app.Provided) {
					out.Parts = append(out.Parts, p)
					bad = bad || p.Error != ""
					if !e.json() {
						printProvided(e.out, c.Name, p)
					}
				})
				if err != nil {
					out.Error, bad = app.Told(cmd.Context(), err), true
				}
				all = append(all, out)
			})
			if err != nil {
				return err
			}
			return e.tellEach(all, bad, func() {
				for _, s := range all {
					e.printApplied(s)
				}
			})
		},
	}
}

func printProvided(w io.Writer, connection string, p app.Provided) {
	if p.Error == "" && strings.Contains(p.Name, "/") {
		return // one of very many
	}
	if p.Error != "" {
		fmt.Fprintf(w, "%s: NOT created: %s %s: %s\n", connection, p.Kind, p.Name, clean(p.Error))
		return
	}
	fmt.Fprintf(w, "%s: created %s %s\n", connection, p.Kind, p.Name)
}

func (e *env) printApplied(s applied) {
	w := e.out
	failed := 0
	for _, p := range s.Parts {
		if p.Error != "" {
			failed++
		}
	}
	inside := map[string]int{}
	for _, p := range s.Parts {
		if in, _, many := strings.Cut(p.Name, "/"); many && p.Error == "" {
			inside[fmt.Sprintf("%s of %s", p.Kind, in)]++
		}
	}
	for _, what := range slices.Sorted(maps.Keys(inside)) {
		kind, of, _ := strings.Cut(what, " of ")
		fmt.Fprintf(w, "%s: created %s of %s\n", s.Connection, crm.Count(inside[what], kind), of)
	}
	fmt.Fprintf(w, "%s: %d created, %d not\n", s.Connection, len(s.Parts)-failed, failed)
	if s.Error != "" {
		fmt.Fprintf(w, "%s: ended early: %s\n", s.Connection, clean(s.Error))
	}
	printSteps(w, "give, by hand", s.Assign)
	printSteps(w, "do, by hand", s.Manual)
	if s.Error == "" {
		fmt.Fprintf(w, "next: `%s`\n", e.hint("check"))
	}
}

func fieldsExport(e *env, only *string) *cobra.Command {
	return &cobra.Command{
		Use: "export DIR", Short: "Write what the CRM needs as an SFDX project or HubSpot property files", Args: cobra.ExactArgs(1),
		Long:    "export writes one folder a connection and calls nobody. A file that is there with other content is left as it is,\nand told: choose an empty folder. An SFDX project is deployed from inside its folder, with --dry-run to try it first;\nits README.txt tells how.",
		Example: "  syncd fields export ./crm\n  cd ./crm/sales-org && sf project deploy start --source-dir force-app",
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(args[0]) == "" {
				return &exit{exitUsage, errors.New("name the folder to write into, such as ./crm")}
			}
			written := []string{}
			cfg, err := e.load()
			if err != nil {
				return err
			}
			known := false
			for i := range cfg.Connections {
				c := &cfg.Connections[i]
				if *only != "" && c.Name != *only {
					continue
				}
				known = true
				files, err := app.FieldFiles(cfg, c)
				if err != nil {
					return &exit{exitRejected, fmt.Errorf("%s: %w", c.Name, err)}
				}
				for _, name := range slices.Sorted(maps.Keys(files)) {
					path := filepath.Join(args[0], c.Name, filepath.FromSlash(name))
					if err := writeNew(path, files[name]); err != nil {
						return &exit{exitUsage, err}
					}
					written = append(written, path)
				}
			}
			if !known {
				return &exit{exitUsage, fmt.Errorf("there is no connection %q in the configuration", *only)}
			}
			if e.json() {
				return writeJSON(e.out, map[string]any{"files": written})
			}
			fmt.Fprintf(e.out, "wrote %s below %s\n", crm.Count(len(written), "file"), args[0])
			return nil
		},
	}
}

// writeNew writes a file that is not there, or is there with the same content.
func writeNew(path string, content []byte) error {
	have, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(have, content):
		return nil
	case err == nil:
		return fmt.Errorf("%s is already there with other content and was left as it is: choose an empty folder", path)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

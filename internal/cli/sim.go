package cli

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// simStart is what syncd sim -o json prints once it serves.
type simStart struct {
	Config     string        `json:"config,omitempty"`
	Simulators []simEndpoint `json:"simulators"`
}

type simEndpoint struct {
	CRM     string            `json:"crm"`
	URL     string            `json:"url"`
	Secrets map[string]string `json:"secrets"`
}

func simCommand(e *env) *cobra.Command {
	var o simOptions
	var invent world.GenerateOptions
	var dir, write, sfAddr, hsAddr string
	var unlimited bool
	cmd := &cobra.Command{
		Use: "sim", Short: "The simulated CRMs as servers, for trying clients against", Args: cobra.NoArgs,
		Long: "sim serves a Salesforce org and a HubSpot portal on loopback, filled with one invented company.\n" +
			"Two lines are understood on standard input: \"advance 30m\" moves the clock, and \"assign Handoff_Sync\" gives\n" +
			"syncd's user a permission set, as an admin would. With -o json, every line is answered with what was asked\n" +
			"of the CRMs so far. --bare is for trying the setting up: the fields for handoffs are not there yet.",
		Example: "  syncd sim --deals 1000 --salesforce 127.0.0.1:9001 --hubspot 127.0.0.1:9002\n" +
			"  syncd sim --config-dir ./try & syncd run --once -c ./try/syncd.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.only != "" && o.only != "salesforce" && o.only != "hubspot" {
				return &exit{exitUsage, fmt.Errorf("--only takes salesforce or hubspot, not %q", o.only)}
			}
			w, goLive, err := demoWorld(dir, invent)
			if err != nil {
				return &exit{exitUsage, err}
			}
			o.limits, o.lag = !unlimited, !unlimited
			o.addr = map[string]string{"salesforce": sfAddr, "hubspot": hsAddr}
			sims, err := startSimulators(w, o)
			if err != nil {
				return &exit{exitUsage, err}
			}
			defer sims.close()
			var path string
			if write != "" {
				path = filepath.Join(write, "syncd.yaml")
				if err := sims.writeConfig(path, w, goLive); err != nil {
					return &exit{exitUsage, err}
				}
			}
			if err := e.printSimulators(sims, path); err != nil {
				return err
			}
			go e.answer(bufio.NewScanner(cmd.InOrStdin()), sims)
			<-cmd.Context().Done()
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&sfAddr, "salesforce", "127.0.0.1:0", "address of the simulated Salesforce")
	f.StringVar(&hsAddr, "hubspot", "127.0.0.1:0", "address of the simulated HubSpot")
	f.StringVar(&o.only, "only", "", "serve salesforce or hubspot alone")
	f.StringVar(&dir, "import", "", "fill the CRMs from CSV files in this folder")
	f.IntVar(&invent.Deals, "deals", 300, "deals to invent")
	f.BoolVar(&invent.Won, "won", false, "invent won deals only")
	f.BoolVar(&invent.Scored, "scored", false, "of every won deal the CSM has scored all items and signed")
	f.DurationVar(&o.latency, "latency", 0, "time added to every request")
	f.BoolVar(&unlimited, "no-limits", false, "no rate limits, and no lag of HubSpot's search")
	f.BoolVar(&o.composite, "composite-writes", false, "the configuration lets Salesforce take 1,000 records a call")
	_ = f.MarkHidden("composite-writes")
	f.BoolVar(&o.bare, "bare", false, "the CRMs lack the fields for handoffs")
	f.StringVar(&write, "config-dir", "", "write a configuration for syncd into this folder, secrets included")
	return cmd
}

func (e *env) printSimulators(sims simulators, config string) error {
	if e.json() {
		start := simStart{Config: config}
		for _, s := range sims {
			start.Simulators = append(start.Simulators, simEndpoint{CRM: s.crm, URL: s.url, Secrets: s.secrets})
		}
		return writeJSONLine(e.out, start)
	}
	for _, s := range sims {
		fmt.Fprintf(e.out, "%s %s\n", s.title, s.url)
		for _, name := range slices.Sorted(maps.Keys(s.secrets)) {
			fmt.Fprintf(e.out, "  %s %s\n", name, s.secrets[name])
		}
	}
	if config != "" {
		fmt.Fprintf(e.out, "Try: syncd run --once -c %s\n", config)
	}
	fmt.Fprintln(e.out, "Stop with Ctrl-C.")
	return nil
}

// answer does what lines ask for, and tells the counters of each to a program.
func (e *env) answer(lines *bufio.Scanner, sims simulators) {
	for lines.Scan() {
		err := sims.obey(lines.Text())
		if !e.json() {
			if err != nil {
				fmt.Fprintln(e.err, err)
			}
			continue
		}
		if err != nil {
			if writeJSONLine(e.out, map[string]string{"error": err.Error()}) != nil {
				return
			}
			continue
		}
		all := map[string]simCounters{}
		for _, s := range sims {
			all[s.crm] = s.counters()
		}
		if writeJSONLine(e.out, all) != nil {
			return
		}
	}
}

// obey does what a line asks for; an empty one asks for nothing.
func (all simulators) obey(line string) error {
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch word {
	case "":
		return nil
	case "advance":
		by, err := time.ParseDuration(strings.TrimSpace(rest))
		if err != nil || by < 0 {
			return fmt.Errorf("advance takes a time such as 30m, not %q", rest)
		}
		all[0].clock.Advance(by) // it is the clock of all
		return nil
	case "assign":
		for _, s := range all {
			if s.assign != nil && rest != "" {
				s.assign(strings.TrimSpace(rest))
				return nil
			}
		}
		return errors.New("assign takes a permission set of the Salesforce org, such as Handoff_Sync")
	}
	return fmt.Errorf("%q is not understood: there is \"advance 30m\", \"assign Handoff_Sync\", and an empty line", word)
}

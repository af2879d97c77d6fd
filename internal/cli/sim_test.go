package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// A program that drives the simulators moves their one clock and reads their
// counters; what it says wrongly is told and moves nothing.
func TestSimulatorsObeyLines(t *testing.T) {
	now := time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)
	sims, err := startSimulators(world.Generate(world.GenerateOptions{Deals: 5, Seed: 1, Now: now}), simOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer sims.close()
	var out bytes.Buffer
	e := &env{out: &out, output: "json"}
	for _, c := range []struct {
		line, refused string
		moves         time.Duration
	}{
		{line: ""},
		{line: "advance 30m", moves: 30 * time.Minute},
		{line: " advance  1h ", moves: time.Hour},
		{line: "advance", refused: "advance takes a time"},
		{line: "advance soon", refused: "advance takes a time"},
		{line: "advance -1h", refused: "advance takes a time"},
		{line: "retreat 1h", refused: `"retreat" is not understood`},
		{line: "assign Handoff_CSM"},
		{line: "assign", refused: "assign takes a permission set"},
	} {
		var before []time.Time
		for _, s := range sims {
			before = append(before, s.clock.Now())
		}
		out.Reset()
		e.answer(bufio.NewScanner(strings.NewReader(c.line+"\n")), sims)
		var answer struct {
			Error      string
			Salesforce *simCounters
			HubSpot    *simCounters
		}
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
			t.Fatalf("%q: %v: %s", c.line, err, out.String())
		}
		if counted := answer.Salesforce != nil && answer.HubSpot != nil; counted != (c.refused == "") || !strings.Contains(answer.Error, c.refused) {
			t.Errorf("%q is answered with %s", c.line, out.String())
		}
		for i, s := range sims {
			if moved := s.clock.Now().Sub(before[i]); moved < c.moves || moved > c.moves+time.Minute {
				t.Errorf("%q moves the clock of %s by %v, want %v", c.line, s.crm, moved, c.moves)
			}
		}
	}
}

// The configuration for the simulators is written into a folder that need not
// be there, with its secrets, for nobody else to read.
func TestSimulatorsWriteTheirConfiguration(t *testing.T) {
	now := time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)
	w := world.Generate(world.GenerateOptions{Deals: 5, Seed: 1, Now: now})
	sims, err := startSimulators(w, simOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer sims.close()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	path := filepath.Join(dir, "syncd.yaml")
	if err := sims.writeConfig(path, w, now.AddDate(0, 0, -45)); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(path); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "syncd.yaml", "salesforce-client-secret", "hubspot-token"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q is open to others: %v", name, info.Mode())
		}
	}
}

package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// IdleRow is what a daemon does when nothing has happened: of one case, its
// first pass, which makes every deal final; the second, to which what the first
// has written is news; and idle ones after them.
type IdleRow struct {
	CRM       string     `json:"crm"`
	Deals     int        `json:"deals"`
	LatencyMS int64      `json:"latency_ms"`
	Limits    bool       `json:"limits"`
	Final     int64      `json:"final"` // deals whose clock is closed
	First     PassCost   `json:"first"`
	Second    PassCost   `json:"second"`
	Idle      []PassCost `json:"idle"`
}

// PassCost is what one pass of a daemon took, as told by the simulator and by
// the daemon's own figures. CPU is that of the whole process since the pass
// before: its queue and its pages cost something too.
type PassCost struct {
	Wall     float64        `json:"wall_s"`
	CPU      float64        `json:"cpu_s"`
	PeakMB   float64        `json:"peak_rss_mb"`
	Calls    int            `json:"api_calls"`
	Requests map[string]int `json:"requests"` // by kind
	Rows     map[string]int `json:"rows"`     // served, by object
	Read     int64          `json:"deals_read"`
	Written  int            `json:"records_written"`
}

const (
	idlePasses = 2
	// idleGap is how far the CRM's clock is moved before a pass: past lag and
	// overlap together.
	idleGap = 30 * time.Minute
	// idleEvery leaves time to move the clock between two passes.
	idleEvery = "@every 2s"
)

// MeasureIdle runs one case: a simulator whose deals are all scored and signed,
// and one daemon that makes a first pass and then idle ones. They have one
// process, so that what it keeps in memory counts as it does in real life.
func MeasureIdle(ctx context.Context, c Case) (row IdleRow, err error) {
	row = IdleRow{CRM: c.CRM, Deals: c.Deals, LatencyMS: c.Latency.Milliseconds(), Limits: c.Limits}
	dir, err := os.MkdirTemp("", "syncd-bench-")
	if err != nil {
		return row, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	sim, err := startSim(ctx, c, dir, "--scored")
	if err != nil {
		return row, err
	}
	defer sim.stop()
	config := filepath.Join(dir, "syncd.yaml")
	if err := errors.Join(quiet(config), often(config)); err != nil {
		return row, err
	}
	d, err := startDaemon(ctx, config)
	if err != nil {
		return row, err
	}
	defer d.stop()
	before, err := sim.counters()
	if err != nil {
		return row, err
	}
	m := &meter{sim: sim, daemon: d, counters: before}
	if row.First, err = m.pass(); err != nil {
		return row, err
	}
	if row.Final, err = finals(ctx, config); err != nil {
		return row, err
	}
	if row.Second, err = m.later(); err != nil {
		return row, err
	}
	for len(row.Idle) < idlePasses {
		p, err := m.later()
		if err != nil {
			return row, err
		}
		row.Idle = append(row.Idle, p)
	}
	return row, nil
}

// often has the passes of a simulator's configuration follow each other, and
// the pages served wherever there is room.
func often(config string) error {
	if err := amend(config, `schedule: "@every 1m"`, `schedule: "`+idleEvery+`"`); err != nil {
		return err
	}
	return amend(config, "connections:\n", "http: {listen: \"127.0.0.1:0\"}\nconnections:\n")
}

// quiet has a configuration ask nobody by tasks: they are of no use to the bare
// program beside it, and the calls for them follow from scores.
func quiet(config string) error {
	return amend(config, "    mode: write\n", "    mode: write\n    tasks: false\n")
}

// amend changes a line of a simulator's configuration.
func amend(config, was, now string) error {
	text, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), was) {
		return fmt.Errorf("%s has no %q to change", config, was)
	}
	return os.WriteFile(config, []byte(strings.Replace(string(text), was, now, 1)), 0o600)
}

// meter tells what each pass of a daemon took.
type meter struct {
	sim      *sim
	daemon   *daemon
	counters Counters  // of the simulator, before the pass
	cpu      float64   // of the daemon, likewise
	since    time.Time // a pass that began earlier does not count
}

// later moves the CRM's clock and waits for a pass that begins after that.
func (m *meter) later() (PassCost, error) {
	counters, err := m.sim.ask("advance " + idleGap.String())
	if err != nil {
		return PassCost{}, err
	}
	m.counters, m.since = counters, time.Now()
	if m.cpu, err = m.daemon.figure("process_cpu_seconds_total"); err != nil {
		return PassCost{}, err
	}
	if err := m.daemon.forgetPeak(); err != nil {
		return PassCost{}, err
	}
	return m.pass()
}

// pass waits for the next whole pass.
func (m *meter) pass() (PassCost, error) {
	for {
		p, err := m.daemon.pass()
		if err != nil {
			return PassCost{}, err
		}
		counters, err := m.sim.counters()
		if err != nil {
			return PassCost{}, err
		}
		cpu, err := m.daemon.figure("process_cpu_seconds_total")
		if err != nil {
			return PassCost{}, err
		}
		if p.began.Before(m.since) { // it knew the clock as it was
			m.counters, m.cpu = counters, cpu
			continue
		}
		did := counters.since(m.counters)
		cost := PassCost{Wall: p.seconds, CPU: cpu - m.cpu, Calls: did.calls(), Requests: did.Requests, Rows: did.Rows, Read: p.read}
		for _, n := range did.Written {
			cost.Written += n
		}
		cost.PeakMB, err = m.daemon.peak()
		return cost, err
	}
}

package bench

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// Measure runs one case c.Rounds times and returns the round whose ratio of CPU,
// or alone whose CPU, is in the middle: machines are busy now and then.
func Measure(ctx context.Context, c Case) (Row, error) {
	var rows []Row
	for range c.Rounds {
		row, err := round(ctx, c)
		if err != nil {
			return Row{}, err
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Or(cmp.Compare(a.CPURatio, b.CPURatio), cmp.Compare(a.CPU, b.CPU)) })
	middle := rows[len(rows)/2]
	for _, r := range rows {
		middle.CPURatios, middle.WallRatios = append(middle.CPURatios, r.CPURatio), append(middle.WallRatios, r.WallRatio)
	}
	return middle, nil
}

// round runs a first pass of syncd and the bare program, each as a process of
// its own made of this very program, and each on a simulator of its own: what
// one has written must not be read by the other.
func round(ctx context.Context, c Case) (Row, error) {
	row := Row{CRM: c.CRM, Deals: c.Deals, LatencyMS: c.Latency.Milliseconds(), Limits: c.Limits, Composite: c.Composite, Tasks: c.Tasks, Rounds: c.Rounds}
	var like map[string]string
	cost, did, err := onItsOwn(ctx, c, func(config string) (cost Cost, err error) {
		if cost, err = run(ctx, "run", "--once", "-o", "json", "-c", config); err != nil || c.Alone {
			return cost, err
		}
		like, err = typical(ctx, config)
		return cost, err
	})
	if err != nil {
		return row, fmt.Errorf("syncd: %w", err)
	}
	row.Cost, row.Rows, row.Requests = cost, did.Rows, did.Requests
	row.Fixed = fixed(c.CRM, did)
	row.Minimum, row.Formula = minimum(c.CRM, c.Deals, did)
	for _, n := range did.Written {
		row.Written += n
	}
	row.Floor = floor(c, row.Calls).Seconds()
	if !c.Alone {
		row.Bare, _, err = onItsOwn(ctx, c, func(config string) (Cost, error) {
			file := filepath.Join(filepath.Dir(config), "like.json")
			text, err := json.Marshal(like)
			if err == nil {
				err = os.WriteFile(file, text, 0o600)
			}
			if err != nil {
				return Cost{}, err
			}
			return run(ctx, "bench", "bare", "--like", file, "-c", config)
		})
		if err != nil {
			return row, fmt.Errorf("bare program: %w", err)
		}
	}
	row.CallsRatio = ratio(float64(row.Calls-row.Fixed), float64(row.Minimum))
	row.CPURatio, row.WallRatio = ratio(row.CPU, row.Bare.CPU), ratio(row.Wall, row.Bare.Wall)
	row.FloorRatio = ratio(row.Wall, row.Floor)
	return row, nil
}

// onItsOwn starts a simulator, has do work on it by the configuration it
// wrote, and tells what that took and what was asked of the simulator.
func onItsOwn(ctx context.Context, c Case, do func(config string) (Cost, error)) (cost Cost, did Counters, err error) {
	dir, err := os.MkdirTemp("", "syncd-bench-")
	if err != nil {
		return cost, did, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	sim, err := startSim(ctx, c, dir)
	if err != nil {
		return cost, did, err
	}
	defer sim.stop()
	config := filepath.Join(dir, "syncd.yaml")
	if !c.Tasks {
		if err := quiet(config); err != nil {
			return cost, did, err
		}
	}
	before, err := sim.counters()
	if err != nil {
		return cost, did, err
	}
	if cost, err = do(config); err != nil {
		return cost, did, err
	}
	after, err := sim.counters()
	did = after.since(before)
	cost.Calls, cost.Bytes, cost.InFlight = did.calls(), did.Bytes, did.InFlight
	return cost, did, err
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return float64(int(100*a/b+0.5)) / 100
}

// run is one process to its end.
func run(ctx context.Context, args ...string) (Cost, error) {
	self, err := os.Executable()
	if err != nil {
		return Cost{}, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	var last tail
	cmd.Stderr = &last
	began := time.Now()
	err = cmd.Run()
	wall := time.Since(began)
	if err != nil {
		return Cost{}, fmt.Errorf("%w: %s", err, last.text)
	}
	s := cmd.ProcessState
	return Cost{Wall: wall.Seconds(), CPU: (s.UserTime() + s.SystemTime()).Seconds(), PeakMB: peak(s)}, nil
}

// tail keeps the last words of a process.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-2000):]
	return len(p), nil
}

// sim is a simulator as a process of its own.
type sim struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startSim(ctx context.Context, c Case, dir string, flags ...string) (*sim, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"sim", "-o", "json", "--won", "--only", c.CRM, "--deals", strconv.Itoa(c.Deals), "--latency", c.Latency.String(), "--config-dir", dir}
	if !c.Limits {
		args = append(args, "--no-limits")
	}
	if c.Composite {
		args = append(args, "--composite-writes")
	}
	args = append(args, flags...)
	s := &sim{cmd: exec.CommandContext(ctx, self, args...)}
	s.cmd.Stderr = os.Stderr
	// Its data are large and stay: what is measured should not wait for its
	// collector, as long as there is room.
	if os.Getenv("GOGC") == "" && c.Deals <= 100_000 {
		s.cmd.Env = append(os.Environ(), "GOGC=300")
	}
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewScanner(out)
	s.out.Buffer(nil, 1<<20)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if !s.out.Scan() {
		s.stop()
		return nil, errors.New("the simulator did not start")
	}
	return s, nil
}

// counters asks what the simulator has been asked for so far.
func (s *sim) counters() (Counters, error) { return s.ask("") }

// ask has the simulator do something first.
func (s *sim) ask(what string) (Counters, error) {
	if _, err := s.in.Write([]byte(what + "\n")); err != nil {
		return Counters{}, err
	}
	if !s.out.Scan() {
		return Counters{}, errors.New("the simulator has ended")
	}
	all := map[string]Counters{}
	if err := json.Unmarshal(s.out.Bytes(), &all); err != nil {
		return Counters{}, err
	}
	for _, c := range all {
		return c, nil
	}
	return Counters{}, errors.New("the simulator counts nothing")
}

func (s *sim) stop() {
	_ = s.in.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

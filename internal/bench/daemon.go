package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// daemon is syncd run as a process of its own, whose log says what it does.
type daemon struct {
	ctx   context.Context
	cmd   *exec.Cmd
	said  chan line // closed at its end
	last  tail
	pages string // where its figures are
}

// line is what is of use in the daemon's log.
type line struct {
	Message string  `json:"msg"`
	Error   string  `json:"error"`
	Pages   string  `json:"pages"`
	Run     string  `json:"run"`
	Status  string  `json:"status"`
	Read    int64   `json:"read"`
	Seconds float64 `json:"seconds"`

	at time.Time // it was read
}

// made is a pass that a daemon made.
type made struct {
	began   time.Time
	seconds float64 // at work, slices together
	read    int64
}

func startDaemon(ctx context.Context, config string) (*daemon, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	d := &daemon{ctx: ctx, cmd: exec.CommandContext(ctx, self, "run", "--log", "json", "-c", config), said: make(chan line, 100)}
	out, err := d.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	go d.listen(out)
	for {
		l, err := d.next()
		if err != nil {
			d.stop()
			return nil, err
		}
		if l.Message == "serving" {
			d.pages = "http://" + l.Pages + "/metrics"
			return d, nil
		}
	}
}

// listen reads the log to its end.
func (d *daemon) listen(out io.Reader) {
	defer close(d.said)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		l := line{at: time.Now()}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			l.Message = lines.Text() // said before there was a log
		}
		d.said <- l
	}
}

// next is the next line of the log.
func (d *daemon) next() (line, error) {
	select {
	case l, ok := <-d.said:
		if !ok {
			return l, fmt.Errorf("syncd run has ended: %s", d.last.text)
		}
		fmt.Fprintln(&d.last, l.Message, l.Error)
		return l, nil
	case <-d.ctx.Done():
		return line{}, d.ctx.Err()
	}
}

// pass waits for the end of the next pass, which may take several slices.
func (d *daemon) pass() (made, error) {
	var p made
	for {
		l, err := d.next()
		if err != nil {
			return p, err
		}
		switch {
		case l.Message == "pass ended early":
			return p, fmt.Errorf("syncd run: a pass ended early: %s", l.Error)
		case l.Message != "pass":
			continue
		}
		if p.began.IsZero() {
			p.began = l.at.Add(-time.Duration(l.Seconds * float64(time.Second)))
		}
		p.seconds, p.read = p.seconds+l.Seconds, l.Read
		if l.Status == "done" {
			return p, nil
		}
	}
}

// figure reads one of the daemon's figures that has no labels. What the system
// does not tell is 0.
func (d *daemon) figure(name string) (float64, error) {
	req, err := http.NewRequestWithContext(d.ctx, http.MethodGet, d.pages, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	for row := range strings.Lines(string(page)) {
		if text, ok := strings.CutPrefix(row, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(text), 64)
		}
	}
	return 0, nil
}

// proc is what Linux tells of the process.
func (d *daemon) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", d.cmd.Process.Pid, name) }

// forgetPeak has the most memory counted anew, where the system can.
func (d *daemon) forgetPeak() error {
	err := os.WriteFile(d.proc("clear_refs"), []byte("5"), 0)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return nil
	}
	return err
}

// peak is the most memory the daemon has held since forgetPeak, in MB; where
// the system does not tell, what it holds now.
func (d *daemon) peak() (float64, error) {
	text, err := os.ReadFile(d.proc("status"))
	if err == nil {
		for row := range strings.Lines(string(text)) {
			if f := strings.Fields(row); len(f) == 3 && f[0] == "VmHWM:" {
				kb, err := strconv.ParseFloat(f[1], 64)
				return kb / 1e3, err
			}
		}
	}
	bytes, err := d.figure("process_resident_memory_bytes")
	return bytes / 1e6, err
}

// grace is how long a daemon may take to end.
const grace = 30 * time.Second

// stop ends the daemon in good order, or by force when it does not.
func (d *daemon) stop() {
	_ = d.cmd.Process.Signal(os.Interrupt)
	force := time.AfterFunc(grace, func() { _ = d.cmd.Process.Kill() })
	defer force.Stop()
	for range d.said { // it must be read to the end before Wait
	}
	_ = d.cmd.Wait()
}

// finals asks how many deals are final. The latest run may be under way still,
// and count none.
func finals(ctx context.Context, config string) (int64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, self, "runs", "--limit", "3", "-o", "json", "-c", config).Output()
	if err != nil {
		return 0, fmt.Errorf("syncd runs: %w", err)
	}
	var runs []struct {
		Final int64 `json:"final"`
	}
	if err := json.Unmarshal(out, &runs); err != nil {
		return 0, fmt.Errorf("syncd runs: %w", err)
	}
	var n int64
	for _, r := range runs {
		n = max(n, r.Final)
	}
	return n, nil
}

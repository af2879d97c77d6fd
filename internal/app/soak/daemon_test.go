package soak

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// daemon is one life of syncd run.
type daemon struct {
	*apptest.Process
	number int // of this life, from 1
	pages  string
	admin  string
}

// writeConfig puts both connections into one configuration, with pages and
// profiles wherever there is room.
func (s *soak) writeConfig() {
	s.t.Helper()
	var head, connections string
	for _, at := range s.sites {
		text, err := os.ReadFile(at.WriteConfig(s.t))
		if err != nil {
			s.t.Fatal(err)
		}
		var own string
		var ok bool
		if head, own, ok = strings.Cut(string(text), "connections:\n"); !ok {
			s.t.Fatal("the configuration has no connections")
		}
		connections += own
	}
	s.config = filepath.Join(s.dir, "syncd.yaml")
	text := head + "http: {listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\"}\nconnections:\n" + connections
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// start starts the daemon and waits until it serves.
func (s *soak) start() {
	s.t.Helper()
	if s.lives++; s.lives > 1 && !s.long {
		s.exec(`DELETE FROM river_leader`) // nobody will miss it in some seconds
	}
	log := filepath.Join(s.dir, fmt.Sprintf("daemon-%d.log", s.lives))
	p, err := apptest.Launch(s.t, log, exec.Command(s.binary, "run", "--log", "json", "-c", s.config))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := p.End(syscall.SIGKILL); err != nil {
			s.t.Error(err)
		}
	})
	s.daemon = &daemon{Process: p, number: s.lives}
	s.worked = false
	for _, at := range s.sites {
		at.born = at.Clock.Now()
	}
	s.until("the daemon serves its pages", s.daemon.serves)
}

// serves looks for the addresses in the log.
func (d *daemon) serves() bool {
	text, err := os.ReadFile(d.Log)
	if err != nil {
		return false
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var l struct{ Msg, Pages, Profiles string }
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "serving" {
			d.pages, d.admin = "http://"+l.Pages, "http://"+l.Profiles
			return true
		}
	}
	return false
}

// stop is SIGTERM, as from whoever deploys: an end in good order.
func (s *soak) stop() {
	s.t.Helper()
	s.end(syscall.SIGTERM)
	s.quiet()
	if code := s.daemon.Cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("stopped, the daemon ends with %d\n%s", code, s.daemon.Tail())
	}
}

func (s *soak) end(by syscall.Signal) {
	s.t.Helper()
	if err := s.daemon.End(by); err != nil {
		s.t.Fatal(err)
	}
}

// quiet waits until the CRMs have done what a process asked that is no more.
func (s *soak) quiet() {
	s.t.Helper()
	s.until("no request is under way", func() bool { return s.sites[0].quiet() && s.sites[1].quiet() })
}

// set lays a trap for the next write, which the CRM takes once its sender is
// dead, or never.
func (s *soak) set(take bool) *trap {
	t := &trap{hit: make(chan struct{}, 1), dead: make(chan struct{}), take: take}
	for _, at := range s.sites {
		at.trap.Store(t)
	}
	return t
}

// kill is kill -9, in the middle of the write that is in the trap, if one is.
// What two minutes without a sign of life bring about may be brought about at
// once: the leases have run out, and the jobs are put back.
func (s *soak) kill(t *trap, aged bool) {
	s.t.Helper()
	s.end(syscall.SIGKILL)
	for _, at := range s.sites {
		at.trap.Store(nil)
	}
	close(t.dead)
	s.quiet()
	if !aged {
		return
	}
	for _, at := range s.sites {
		at.HandOver(s.t)
	}
	s.exec(`UPDATE river_job SET state = 'available' WHERE state = 'running'`)
}

// hurry has what is put off for some seconds tried at once. The long form waits.
func (s *soak) hurry() {
	s.t.Helper()
	if s.long {
		return
	}
	s.exec(`UPDATE river_job SET state = 'available', scheduled_at = CURRENT_TIMESTAMP WHERE state IN ('available', 'retryable', 'scheduled')`)
}

func (s *soak) exec(q string) {
	s.t.Helper()
	if _, err := s.db.ExecContext(s.t.Context(), q); err != nil {
		s.t.Fatalf("%s: %v", q, err)
	}
}

// until waits for something to become so.
func (s *soak) until(what string, so func() bool) {
	s.t.Helper()
	for end := time.Now().Add(s.patience); !so(); time.Sleep(20 * time.Millisecond) {
		if s.t.Failed() {
			s.t.FailNow()
		}
		if time.Now().After(end) {
			s.t.Fatalf("not within %v: %s\n%s", s.patience, what, s.daemon.Tail())
		}
	}
}

// ask gets one of the daemon's pages.
func (d *daemon) ask(ctx context.Context, page string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	return read(resp)
}

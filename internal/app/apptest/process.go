package apptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Build builds the program into a folder, as it is shipped, and returns its path.
func Build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "syncd")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/handoffscore/syncd/cmd/syncd")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

// Process is the program as a process of its own that goes on until it is ended.
type Process struct {
	Cmd    *exec.Cmd
	Log    string        // the file of what it says
	Exited chan struct{} // closed when it is gone
	mayEnd atomic.Bool
}

// Launch starts a process that says what it does into a file. That it ends by
// itself is an error of the test.
func Launch(t *testing.T, log string, cmd *exec.Cmd) (*Process, error) {
	f, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = f, f
	if err := errors.Join(cmd.Start(), f.Close()); err != nil {
		return nil, err
	}
	p := &Process{Cmd: cmd, Log: log, Exited: make(chan struct{})}
	go func() {
		err := cmd.Wait()
		if !p.mayEnd.Load() {
			t.Errorf("%s ended by itself: %v\n%s", filepath.Base(log), err, p.Tail())
		}
		close(p.Exited)
	}()
	return p, nil
}

// MayEnd says that its end is no error any more.
func (p *Process) MayEnd() { p.mayEnd.Store(true) }

// End ends the process by a signal and waits until it is gone.
func (p *Process) End(by syscall.Signal) error {
	p.MayEnd()
	select {
	case <-p.Exited:
		return nil
	default:
	}
	if err := p.Cmd.Process.Signal(by); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.Exited
	return nil
}

// Tail is the end of what the process said.
func (p *Process) Tail() string {
	b, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-15):], []byte("\n")))
}

// HandOver lets the lease of a killed program run out, as it does by itself
// after two minutes.
func (r *Rig) HandOver(t *testing.T) {
	t.Helper()
	s := r.Store(t)
	lease, err := s.Acquire(t.Context(), r.Name(), "whoever comes next", time.Second, time.Now().Add(3*time.Minute))
	if err == nil {
		err = s.Release(t.Context(), lease)
	}
	if err != nil {
		t.Fatal(err)
	}
}

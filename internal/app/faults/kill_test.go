package faults_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// trials are how many programs of each CRM are killed.
func trials() int {
	switch {
	case everything():
		return 24
	case testing.Short():
		return 1
	}
	return 2
}

// A program that is killed at any moment leaves nothing that the next run does
// not bring to the same end.
func TestKill(t *testing.T) {
	bin, err := apptest.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	apptest.Each(t, func(t *testing.T, crm string) {
		var sum tally
		t.Run("trials", func(t *testing.T) {
			for seed := range trials() {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					t.Parallel()
					c := cell{stage: stage{crm: crm, many: seed%2 == 1, later: seed%4 == 2}, mishap: mishap{name: "kill -9"}}
					o := kill(t, bin, c.stage, uint64(seed))
					sum.add(c, o)
					judge(t, c, o)
				})
			}
		})
		t.Logf("\n%s", &sum)
	})
}

// kill plays one trial: the program is killed once or twice, each time at a
// request picked by the seed, and started again a minute later.
func kill(t *testing.T, bin string, s stage, seed uint64) *outcome {
	t.Helper()
	want := without(t, s, mishap{})
	requests := 0
	for _, c := range want.calls {
		if !c.inside && c.at == 0 {
			requests += c.times
		}
	}
	rng := rand.New(rand.NewPCG(seed, 9))
	r, w := s.set(t, apptest.Options{})
	r.Close(t) // from here on it is another process
	p := &program{bin: bin, config: r.WriteConfig(t), watch: w}
	o := &outcome{}
	kills := 1 + rng.IntN(mostPasses-1)
	var passes []time.Time
	var have apptest.Records
	for done := false; !done && o.passes < mostPasses; o.passes++ {
		passes = append(passes, r.Clock.Now())
		killed := false
		if o.passes < kills {
			at := 1 + rng.IntN(requests)
			o.moments = append(o.moments, at)
			killed = p.killed(t, at, at == requests || rng.IntN(2) == 0, time.Duration(rng.IntN(15))*time.Millisecond)
			o.fired = o.fired || killed
		} else {
			p.run(t)
		}
		have = standsNow(t, r, passes, nil)
		o.equal = have.Differs(want.shown[o.passes]) == ""
		done = !killed && p.code == 0
		if done && !o.equal {
			o.wrong("run %d exits 0, but %s", o.passes+1, have.Differs(want.shown[o.passes]))
		}
		if !done && o.passes == mostPasses-1 {
			o.wrong("run %d exits %d: %s", mostPasses, p.code, p.said.String())
		}
		r.Clock.Advance(time.Minute)
		r.HandOver(t)
	}
	if !o.fired {
		o.wrong("nothing was killed")
	}
	o.resent = len(w.resent)
	if o.resent > 0 {
		o.wrong("%d records were sent again though they showed it, the first is %s", o.resent, w.resent[0])
	}
	if n, most := r.DealsWritten(), want.commits[o.passes-1]; n != most {
		o.wrong("%d records were written, want %d", n, most)
	}
	if n, most := r.TasksWritten(), want.tasks[o.passes-1]; n != most {
		o.wrong("tasks were written %d times, want %d", n, most)
	}
	accounted(t, o, r, mishap{})
	if len(o.faults) > 0 {
		o.wrong("seed %d of %v, killed at requests %v of %d", seed, s, o.moments, requests)
	}
	return o
}

// program is syncd run --once as a process of its own.
type program struct {
	bin, config string
	watch       *watch
	code        int // -1 if a signal ended it
	said        bytes.Buffer
}

func (p *program) start(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.bin, "run", "--once", "-c", p.config)
	p.said.Reset()
	cmd.Stdout, cmd.Stderr = &p.said, &p.said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// wait waits for the end, whatever it is.
func (p *program) wait(cmd *exec.Cmd) {
	_ = cmd.Wait() // the state says more than the error
	p.code = cmd.ProcessState.ExitCode()
}

func (p *program) run(t *testing.T) {
	t.Helper()
	p.watch.tell(nil, nil)
	p.wait(p.start(t))
}

// killed runs the program and kills it at a request: before the CRM has seen
// it, which then still does what it was asked, or a while after it has
// answered. It reports whether the program was still alive to be killed.
func (p *program) killed(t *testing.T, at int, before bool, later time.Duration) bool {
	t.Helper()
	started, ended := make(chan *exec.Cmd, 1), make(chan struct{})
	die := func(n int) bool {
		if n != at {
			return false
		}
		cmd := <-started
		time.Sleep(later)
		_ = cmd.Process.Kill() // it may have ended by itself
		return true
	}
	if before {
		p.watch.tell(func(n int) {
			if die(n) {
				<-ended
			}
		}, nil)
	} else {
		p.watch.tell(nil, func(n int) { die(n) })
	}
	cmd := p.start(t)
	started <- cmd
	p.wait(cmd)
	close(ended)
	return p.code == -1
}

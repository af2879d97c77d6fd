package faults_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
)

// cell is one mishap on one call.
type cell struct {
	stage  stage
	call   call
	mishap mishap
}

func (c cell) String() string {
	return fmt.Sprintf("%v / %v / %s", c.stage, c.call, c.mishap.name)
}

// outcome is what became of a cell.
type outcome struct {
	fired  bool
	equal  bool // the record ends as without the fault
	passes int
	resent int
	// moments are the requests at which a program was killed.
	moments []int
	faults  []string // what is wrong, in words
}

func (o *outcome) wrong(format string, args ...any) {
	o.faults = append(o.faults, fmt.Sprintf(format, args...))
}

// play makes passes until everything is as it should be, at most mostPasses,
// and looks at what they said and left.
func (c cell) play(t *testing.T) *outcome {
	t.Helper()
	o := &outcome{}
	ref := without(t, c.stage, mishap{wait: c.mishap.wait})
	r, w := c.stage.set(t, apptest.Options{HubSpot: c.mishap.hubspot})
	s := &scene{t: t, rig: r, ref: ref}
	c.mishap.plant(s, c.call)
	fired := r.Fired()
	want := without(t, c.stage, c.mishap)
	var passes []time.Time
	partly := false
	for done := false; !done && o.passes < mostPasses; o.passes++ {
		passes = append(passes, r.Clock.Now())
		report := r.Try(t)
		partly = partly || report.Degraded > want.degrade[o.passes]
		if o.passes == 0 {
			o.fired = r.Fired() > fired
			if c.mishap.lasts {
				r.ClearFaults()
			}
		}
		have := standsNow(t, r, passes, want.touched)
		o.equal = have.Differs(want.shown[o.passes]) == ""
		c.report(o, report, want, have)
		done = o.passes > 0 && o.equal && confirmed(report, want.degrade[o.passes])
		if !done && o.passes == mostPasses-1 {
			o.wrong("after %d passes: %s; %s", mostPasses, told(report), have.Differs(want.shown[o.passes]))
		}
		r.Clock.Advance(c.mishap.pause())
		if c.mishap.restart && !done {
			c.stage.open(t, r)
		}
	}
	if !o.fired {
		o.wrong("the fault did not fire")
	}
	o.resent = len(w.resent)
	if o.resent > 0 {
		o.wrong("%d records were sent again though they showed it, the first is %s", o.resent, w.resent[0])
	}
	if n, most := r.DealsWritten(), want.commits[o.passes-1]; c.mishap.act == nil && !partly && n != most {
		o.wrong("%d records were written, want %d", n, most)
	}
	if n, most := r.TasksWritten(), want.tasks[o.passes-1]; c.mishap.act == nil && n != most {
		o.wrong("tasks were written %d times, want %d", n, most)
	}
	if n, most := r.AttemptsWritten(), want.records[o.passes-1]; c.mishap.act == nil && !partly && n != most {
		o.wrong("records of attempts were written %d times, want %d", n, most)
	}
	accounted(t, o, r, c.mishap)
	return o
}

// confirmed is a pass that ends with exit code 0.
func confirmed(r app.Report, degraded int64) bool {
	return r.Err == nil && r.Done && r.Waits == "" && r.Rejected == 0 && r.Unresolved == 0 && r.Degraded == degraded &&
		r.TasksRejected == 0 && r.TasksUnresolved == 0 && r.AttemptsOwed == 0 && r.Unassigned == 0
}

// standsNow is what the CRM shows: the fields of the records, and the tasks.
func standsNow(t *testing.T, r *apptest.Rig, passes []time.Time, but []int) apptest.Records {
	t.Helper()
	all := r.Shown(t, passes, but)
	all.Add(r.Asked(t, but))
	all.Add(r.Archived(but))
	return all
}

// report holds what a pass says against what it did.
func (c cell) report(o *outcome, r app.Report, want *reference, have apptest.Records) {
	if r.RecordsSent != r.Confirmed+r.Rejected+r.Unresolved {
		o.wrong("pass %d: %d sent, but %d confirmed, %d rejected, %d unresolved", o.passes+1, r.RecordsSent, r.Confirmed, r.Rejected, r.Unresolved)
	}
	// What people did in the middle of a pass may be seen by the next one.
	if c.mishap.act != nil && o.passes == 0 {
		return
	}
	if d := have.Differs(want.shown[o.passes]); d != "" && confirmed(r, want.degrade[o.passes]) {
		o.wrong("pass %d says that everything is confirmed, but %s", o.passes+1, d)
	}
}

// accounted wants every intent settled, and every refusal to have a reason.
func accounted(t *testing.T, o *outcome, r *apptest.Rig, m mishap) {
	t.Helper()
	left := r.Unsettled(t, m.act != nil)
	if len(left) > 0 {
		o.wrong("intents not accounted for: %v", left)
	}
	if left := r.Unasked(t); len(left) > 0 {
		o.wrong("tasks not accounted for: %v", left)
	}
	if what := unseen(t, r); what != "" {
		o.wrong("%s", what)
	}
	var written map[string]int
	if r.HS != nil {
		written = maps.Clone(r.HS.Stats().Written)
	} else {
		written = maps.Clone(r.SF.Stats().Written)
	}
	for _, kind := range []string{"deals", "Opportunity", "tasks", "Task", apptest.AttemptObject} {
		delete(written, kind)
	}
	if len(written) > 0 {
		o.wrong("records of other kinds were written: %v", written)
	}
}

func told(r app.Report) string {
	return fmt.Sprintf("status %q, %d rejected, %d unresolved, %d degraded, of tasks %d rejected, %d unresolved, %d nobody's, %d records of attempts owed, error %v",
		r.Status, r.Rejected, r.Unresolved, r.Degraded, r.TasksRejected, r.TasksUnresolved, r.Unassigned, r.AttemptsOwed, r.Err)
}

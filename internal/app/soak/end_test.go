package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// checkSentOnce: no write carried only what the record showed already, and what
// became of every one is known.
func (at *site) checkSentOnce(t *testing.T) {
	t.Helper()
	if at.err != nil {
		t.Errorf("%s: a write could not be read: %v", at.Name(), at.err)
	}
	if n := len(at.again); n > 0 {
		t.Errorf("%s: %d records were sent again though they showed it, the first is %s", at.Name(), n, at.again[0])
	}
	if left := at.Unsettled(t, true); len(left) > 0 {
		t.Errorf("%s: intents not accounted for: %v", at.Name(), left)
	}
}

// checkEnd: every record shows what it shows after the same edits on a CRM
// without faults, worked by a program that nobody killed.
func (at *site) checkEnd(t *testing.T) {
	t.Helper()
	r := at.undisturbed(t)
	var gone []int
	for i, c := range at.care {
		if c.gone {
			gone = append(gone, i)
		}
	}
	late := at.unseeing(t) + margin
	if late > blind+margin {
		t.Errorf("%s: no whole pass for %v", at.Name(), late-margin)
	}
	have, want := at.Shown(t, nil, gone), r.Shown(t, nil, gone)
	var differ []string
	for _, i := range slices.Sorted(maps.Keys(want)) {
		if near(have[i]["due_at"], want[i]["due_at"], late) {
			have[i]["due_at"] = want[i]["due_at"]
		}
		one := apptest.Records{i: have[i]}
		if d := one.Differs(apptest.Records{i: want[i]}); d != "" {
			differ = append(differ, d+"\n    after "+at.story(i))
		}
	}
	if n := len(differ); n > 0 {
		t.Errorf("%s: %d of %d deals are not as without faults:\n  %s", at.Name(), n, len(want), strings.Join(differ[:min(n, 10)], "\n  "))
	}
	finals := 0
	for _, fields := range want {
		if fields["status"] == "final" {
			finals++
		}
	}
	t.Logf("%s: %d deals compared, %d final", at.Name(), len(want), finals)
}

// margin comes on top of the longest time without a whole pass: the reference
// run has one a minute.
const margin = 2 * time.Minute

// blind is the longest time that faults may keep the daemon from a whole pass: a
// death that nobody helps over, a schema that is doubted, and what comes on top.
const blind = 15 * time.Minute

// unseeing is the longest time without a whole pass: so much later than without
// faults may what has no time of its own have been seen.
func (at *site) unseeing(t *testing.T) time.Duration {
	t.Helper()
	passes, longest := at.whole(t), time.Duration(0)
	for i := 1; i < len(passes) && !passes[i-1].After(at.over); i++ {
		longest = max(longest, passes[i].Sub(passes[i-1]))
	}
	return longest
}

func near(a, b string, late time.Duration) bool {
	x, errA := time.Parse(time.RFC3339, a)
	y, errB := time.Parse(time.RFC3339, b)
	return errA == nil && errB == nil && x.Sub(y).Abs() <= late
}

// story is what was done to a deal.
func (at *site) story(i int) string {
	var all []string
	for _, e := range at.edits {
		if slices.Contains(e.deals, i) {
			all = append(all, fmt.Sprintf("%s %s", e.at.Format("15:04:05.000"), e.kind))
		}
	}
	return strings.Join(all, ", ")
}

// undisturbed is the same company after the same edits at the same moments. A
// pass comes before an edit of a deal that was edited since the last one, as
// people have waited for one, once a minute in any case, and after the storm
// whenever the daemon had one.
func (at *site) undisturbed(t *testing.T) *apptest.Rig {
	t.Helper()
	o := at.Options
	o.Database, o.Front, o.HubSpot = "", nil, hssim.Options{NoSearchLag: true}
	r := apptest.New(t, o)
	r.Clock.Freeze(true)
	var last time.Time
	pass := func(moment time.Time) {
		last = moment
		r.Clock.Set(moment)
		r.Pass(t)
	}
	passes := at.whole(t)
	pass(passes[0])
	passes = slices.DeleteFunc(passes, func(m time.Time) bool { return !m.After(at.over) })
	if n := len(at.edits); n > 0 && (len(passes) == 0 || !passes[0].After(at.edits[n-1].at)) {
		t.Fatalf("%s: no whole pass came after the last edit", at.Name())
	}
	edited := map[int]bool{}
	for _, e := range at.edits {
		if e.at.Sub(last) > time.Minute || !e.free && slices.ContainsFunc(e.deals, func(i int) bool { return edited[i] }) {
			pass(e.at)
			clear(edited)
		}
		r.Clock.Set(e.at)
		e.do(t, r)
		for _, i := range e.deals {
			edited[i] = true
		}
	}
	for _, m := range passes {
		pass(m)
	}
	r.Full(t)
	return r
}

// whole are the moments at which whole passes began, in order.
func (at *site) whole(t *testing.T) []time.Time {
	t.Helper()
	var all []time.Time
	for _, r := range at.runs {
		if whole(t, r) {
			all = append(all, r.Started)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

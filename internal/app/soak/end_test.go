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
	have, want := at.Shown(t, nil, gone), r.Shown(t, nil, gone)
	var differ []string
	for _, i := range slices.Sorted(maps.Keys(want)) {
		if near(have[i]["due_at"], want[i]["due_at"]) {
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

// late is how much later than without faults a pass may have seen what has no
// time of its own: a daemon that was killed is away for two minutes.
const late = 5 * time.Minute

func near(a, b string) bool {
	x, errA := time.Parse(time.RFC3339, a)
	y, errB := time.Parse(time.RFC3339, b)
	return errA == nil && errB == nil && x.Sub(y).Abs() <= late
}

// story is what was done to a deal.
func (at *site) story(i int) string {
	var all []string
	for _, e := range at.edits {
		if e.deal == i {
			all = append(all, fmt.Sprintf("%s %s", e.at.Format("15:04:05.000"), e.kind))
		}
	}
	return strings.Join(all, ", ")
}

// undisturbed is the same company after the same edits at the same moments,
// with passes where the daemon had whole ones, and as often as its schedule says.
func (at *site) undisturbed(t *testing.T) *apptest.Rig {
	t.Helper()
	o := at.Options
	o.Database, o.Front, o.HubSpot = "", nil, hssim.Options{NoSearchLag: true}
	r := apptest.New(t, o)
	r.Clock.Freeze(true)
	edits := at.edits
	for n, moment := range at.moments(t) {
		made := 0
		for len(edits) > 0 && edits[0].at.Before(moment) {
			r.Clock.Set(edits[0].at)
			edits[0].do(t, r)
			edits = edits[1:]
			made++
		}
		if n == 0 || made > 0 || moment.After(at.over) {
			r.Clock.Set(moment)
			r.Pass(t)
		}
	}
	if len(edits) > 0 {
		t.Fatalf("%s: %d edits came after the last whole pass", at.Name(), len(edits))
	}
	r.Full(t)
	return r
}

// moments are when passes are made without faults. The first whole pass of the
// daemon came before all edits, the last after them.
func (at *site) moments(t *testing.T) []time.Time {
	t.Helper()
	var all []time.Time
	for _, r := range at.runs {
		if whole(t, r) {
			all = append(all, r.Started)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	for m := all[0].Add(at.every); m.Before(at.over); m = m.Add(at.every) {
		all = append(all, m)
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

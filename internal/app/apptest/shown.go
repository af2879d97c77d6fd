package apptest

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// Records are syncd's own fields by deal of the world.
type Records map[int]map[string]string

// scoringTime is how long a CSM has to score a deal.
const scoringTime = 48 * time.Hour

// Times are fields that say when something was done, not what.
var Times = []string{"updated_at", "escalated_at", "resolved_at"}

// Shown reads every record but some, times apart. A clock that runs from a pass
// that saw something has no moment of its own: passes are when faults let them be.
func (r *Rig) Shown(t *testing.T, passes []time.Time, but []int) Records {
	t.Helper()
	clocks := map[string]bool{}
	for _, at := range passes {
		clocks[at.Add(scoringTime).Format(time.RFC3339)] = true
	}
	all := Records{}
	for i := range r.World.Deals {
		if slices.Contains(but, i) {
			continue
		}
		all[i] = r.Own(t, r.Deal(i))
		for _, name := range Times {
			delete(all[i], name)
		}
		if clocks[all[i]["due_at"]] {
			all[i]["due_at"] = "48 h from a pass"
		}
	}
	return all
}

// Add puts what others say of the same deals beside it.
func (have Records) Add(more Records) {
	for i, fields := range more {
		if have[i] == nil {
			have[i] = map[string]string{}
		}
		maps.Copy(have[i], fields)
	}
}

// Differs names a field that is not as in want, "" if there is none.
func (have Records) Differs(want Records) string {
	for _, i := range slices.Sorted(maps.Keys(want)) {
		names := maps.Clone(want[i])
		maps.Copy(names, have[i])
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if have[i][name] != want[i][name] {
				return fmt.Sprintf("deal %d: %s is %q, want %q", i, name, have[i][name], want[i][name])
			}
		}
	}
	return ""
}

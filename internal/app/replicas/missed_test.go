package replicas

import (
	"testing"
	"time"
)

// Five runs of every connection are missed while everything is down. After the
// restart each connection makes up one: not one a replica, not one a missed
// time, and none when the next leader starts its schedules.
func TestAMissedRunIsMadeUpOnce(t *testing.T) {
	t.Parallel()
	const count = 4
	f := newFleet(t, orgOptions{count: count, deals: 20, schedule: "@every 1h"})
	f.audit()
	fleet := []*replica{f.started(), f.started(), f.started()}
	f.until(time.Minute, "first passes", func() bool {
		return f.number(`SELECT COUNT(*) FROM schedules`) == 2*count && f.number(`SELECT COUNT(*) FROM river_job WHERE state <> 'completed'`) == 0
	})
	f.endAll(fleet)

	f.exec(`CREATE TABLE test_before AS SELECT id FROM runs`)
	const since = ` FROM runs WHERE id NOT IN (SELECT id FROM test_before)`
	f.exec(`UPDATE schedules SET last_success = last_success - 5 * 3600 * 1000 - 60 * 1000 WHERE key LIKE 'pass/%'`)
	fleet = []*replica{f.started(), f.started(), f.started()}
	f.until(time.Minute, "a run of every connection", func() bool {
		return f.number(`SELECT COUNT(*) FROM schedules WHERE key LIKE 'pass/%' AND last_success > $1`, time.Now().Add(-time.Hour).UnixMilli()) == count
	})

	for range 2 { // another leader starts its schedules, and looks at every key
		looked := f.number(`SELECT COUNT(*) FROM river_job WHERE state = 'completed'`)
		f.endAll(fleet)
		fleet = []*replica{f.started(), f.started(), f.started()}
		f.until(time.Minute, "every schedule looked at again", func() bool {
			return f.number(`SELECT COUNT(*) FROM river_job WHERE state = 'completed'`) >= looked+2*count
		})
	}
	if n := f.number(`SELECT COUNT(*)` + since); n != count {
		t.Errorf("%d runs were made up for, want one of each of %d connections", n, count)
	}
}

// endAll ends processes by kill -9, as a power cut does, long ago.
func (f *fleet) endAll(fleet []*replica) {
	f.t.Helper()
	for _, r := range fleet {
		f.kill(r)
		if err := f.age(r); err != nil {
			f.t.Fatal(err)
		}
	}
}

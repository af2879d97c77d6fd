package replicas

import (
	"net/http"
	"testing"
	"time"
)

// A CRM that takes seconds over every answer holds up its own connection alone.
func TestASlowCRMHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	f := newFleet(t, orgOptions{count: 4, deals: 10, schedule: "@every 1s"})
	f.audit()
	f.watch(func(v *visit, _ http.ResponseWriter, r *http.Request) bool {
		if v.org == f.orgs[0] || v.org == f.orgs[1] {
			select {
			case <-time.After(5 * time.Second):
			case <-r.Context().Done():
				return false
			}
		}
		return true
	})
	f.started()
	ended := func(o *org) int64 {
		return f.number(`SELECT COUNT(*) FROM runs WHERE connection = $1 AND status = 'done'`, o.name)
	}
	f.until(30*time.Second, "first passes", func() bool { return ended(f.orgs[2]) > 0 && ended(f.orgs[3]) > 0 })
	before := []int64{ended(f.orgs[2]), ended(f.orgs[3])}
	time.Sleep(15 * time.Second)
	for i, o := range f.orgs[2:] {
		n := ended(o) - before[i]
		t.Logf("%s: %d passes in 15 s", o.name, n)
		if n < 3 {
			t.Errorf("%s made %d passes in 15 s", o.name, n)
		}
	}
}

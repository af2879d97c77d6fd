package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// keepsAttempts: what a record is to say is planned once, planned anew when it is
// another, and owed until the CRM has it so.
func keepsAttempts(t *testing.T, s *store.Store) {
	a := asks(t, s)
	record := func(deal string, n, score int) crm.Attempt {
		return crm.Attempt{
			Key: deal + "/sales-to-cs/" + string(rune('0'+n)), Deal: crm.DealID(deal), Scorecard: "sales-to-cs", Version: "v", Number: n, Score: score, OutOf: 40,
			Band: "Acceptable", Categories: "One 8 of 8", Gaps: "1.1 use case - What for?", Notes: "no kickoff", FinalAt: now,
		}
	}
	plan := func(list ...crm.Attempt) {
		t.Helper()
		s := store.Slice{Run: a.run, Attempts: list}
		for _, r := range list {
			s.Read = append(s.Read, string(r.Deal))
		}
		a.commit(t, s)
	}
	owed := func(at time.Time, want ...string) {
		t.Helper()
		list, err := a.AttemptsOwed(t.Context(), "org", at, "", 10)
		a.ok(t, err)
		var keys []string
		for _, r := range list {
			keys = append(keys, r.Key)
		}
		if d := cmp.Diff(want, keys); d != "" {
			t.Errorf("owed (-want +got):\n%s", d)
		}
	}
	settle := func(key, status string, next time.Time) {
		t.Helper()
		a.ok(t, a.AttemptsSettled(t.Context(), a.lease, []store.AttemptResult{{Key: key, Status: status, Class: "locked", Code: "ROW", Message: "Row.", NextTry: next, At: now}}))
	}
	count := func(want int64) {
		t.Helper()
		n, err := a.CountAttemptsOwed(t.Context(), "org")
		if a.ok(t, err); n != want {
			t.Errorf("%d are owed, not %d", n, want)
		}
	}

	first := record("a", 1, 30)
	plan(first, record("b", 1, 12))
	owed(now, "a/sales-to-cs/1", "b/sales-to-cs/1")
	list, err := a.AttemptsOf(t.Context(), "org", "a")
	a.ok(t, err)
	if len(list) != 1 || cmp.Diff(first, list[0].Attempt) != "" || list[0].Run != "r1" || list[0].Status != store.Planned {
		t.Errorf("kept: %+v", list)
	}
	part, err := a.AttemptsOwed(t.Context(), "org", now, "a/sales-to-cs/1", 1)
	if a.ok(t, err); len(part) != 1 || part[0].Deal != "b" {
		t.Errorf("behind a: %+v", part)
	}

	a.ok(t, a.AttemptsSent(t.Context(), a.lease, []string{"a/sales-to-cs/1"}, now))
	owed(now, "b/sales-to-cs/1")
	count(2)
	under, err := a.AttemptsUnderway(t.Context(), "org", 10)
	if a.ok(t, err); len(under) != 1 || under[0].Key != "a/sales-to-cs/1" || under[0].Tries != 1 {
		t.Errorf("under way: %+v", under)
	}
	settle("a/sales-to-cs/1", store.Confirmed, time.Time{})
	settle("b/sales-to-cs/1", store.Rejected, now.Add(time.Minute))
	owed(now)
	owed(now.Add(time.Minute), "b/sales-to-cs/1")
	refused, err := a.AttemptsRefused(t.Context(), "org", "r1")
	if a.ok(t, err); len(refused) != 1 || refused[0].Code != "ROW" || refused[0].Message != "Row." || refused[0].Class != "locked" {
		t.Errorf("refused: %+v", refused)
	}
	count(1)
	for at, want := range map[time.Time]int64{now: 0, now.Add(time.Minute): 1} {
		if n, err := a.CountAttemptsDue(t.Context(), "org", at); err != nil || n != want {
			t.Errorf("%d are due at %s, not %d; %v", n, at, want, err)
		}
	}
	if n, err := a.Waiting(t.Context(), "org"); err != nil || n["locked"] != 1 {
		t.Errorf("waiting: %v, %v", n, err)
	}

	plan(first) // it says the same
	owed(now)
	once := record("a", 1, 5)
	once.Once = true
	plan(once) // what is made once gives way to what is known
	owed(now)
	a.begin(t, "r2")
	plan(record("a", 1, 31), record("b", 1, 13))
	owed(now, "a/sales-to-cs/1", "b/sales-to-cs/1") // a correction is worth a try at once
	if list, err = a.AttemptsOf(t.Context(), "org", "b"); err != nil || list[0].Run != "r2" || list[0].Tries != 0 || list[0].Message != "" || list[0].Score != 13 {
		t.Errorf("planned anew: %+v, %v", list, err)
	}

	settle("a/sales-to-cs/1", store.Superseded, time.Time{}) // the deal is gone
	count(1)
	plan(record("a", 1, 31)) // and back
	owed(now, "a/sales-to-cs/1", "b/sales-to-cs/1")
	if other, err := a.AttemptsOwed(t.Context(), "other", now, "", 10); err != nil || len(other) > 0 {
		t.Errorf("another connection's: %v, %v", other, err)
	}
	stale := a.lease
	stale.Epoch--
	if err := a.AttemptsSent(t.Context(), stale, []string{"a/sales-to-cs/1"}, now); err == nil {
		t.Error("a lease that is over marks records as sent")
	}
}

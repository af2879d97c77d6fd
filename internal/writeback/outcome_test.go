package writeback_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

// One batch of five, each record with an outcome of its own.
func TestEveryRecordKeepsItsOwnOutcome(t *testing.T) {
	r := newRig(t)
	r.crm.size = 5
	r.plan(t, "r1", "d1", "d2", "d3", "d4", "d5")
	r.crm.onWrite = func(n int, u []crm.Update) ([]crm.Outcome, error) {
		if n > 1 {
			r.crm.commit(u...)
			return all(u, crm.Confirmed), nil
		}
		r.crm.commit(u[0], u[3])
		return []crm.Outcome{
			{ID: u[0].ID, Status: crm.Confirmed, Fields: []string{"score"}}, // left out of the write
			{ID: u[1].ID, Status: crm.Rejected, Class: crm.ClassValidation, Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: "Close the task first"},
			{ID: u[2].ID, Status: crm.Rejected, Class: crm.ClassLocked, Code: "UNABLE_TO_LOCK_ROW", Message: "unable to obtain exclusive access"},
			{ID: u[3].ID, Status: crm.Unknown},
			{ID: u[4].ID, Status: crm.NotSent},
		}, nil
	}
	if tally := r.apply(t, "r1"); tally != (writeback.Tally{Sent: 5, Confirmed: 3, Rejected: 2, Fields: 5}) {
		t.Errorf("%+v", tally)
	}
	for id, want := range map[string][5]string{
		"d1": {store.Confirmed, "", "", "", ""},
		"d2": {store.Rejected, "validation", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Close the task first", "6h0m0s"},
		"d3": {store.Rejected, "locked", "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", "1m0s"},
		"d4": {store.Confirmed, "", "", "", ""},
		"d5": {store.Confirmed, "", "", "", ""},
	} {
		in := r.intents(t, id)[0]
		got := [5]string{in.Status, in.Class, in.Code, in.Message, ""}
		if !in.NextTry.IsZero() {
			got[4] = in.NextTry.Sub(now).String()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	want := map[string][]string{"d2": {"rejected validation"}, "d3": {"rejected locked"}, "d5": {"planned"}}
	if d := cmp.Diff(want, r.outcomes(t)); d != "" {
		t.Errorf("history of outcomes (-want +got):\n%s", d)
	}
}

// outcomes are all outcomes ever kept apart from the intents, by deal: all but
// those that are confirmed and no more.
func (r *rig) outcomes(t *testing.T) map[string][]string {
	t.Helper()
	db, err := r.store.Pool(1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT d.id, o.status, o.class FROM outcomes o JOIN intents i ON i.seq = o.intent JOIN deals d ON d.num = i.deal ORDER BY o.seq`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string][]string{}
	for rows.Next() {
		var id, status, class string
		if err := rows.Scan(&id, &status, &class); err != nil {
			t.Fatal(err)
		}
		all[id] = append(all[id], strings.TrimSpace(status+" "+class))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWhenARejectedRecordIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		class   crm.Class
		earlier int // tries before this one
		after   time.Duration
	}{
		{crm.ClassLocked, 0, time.Minute},
		{crm.ClassLocked, 1, 2 * time.Minute},
		{crm.ClassLocked, 5, 32 * time.Minute},
		{crm.ClassLocked, 6, time.Hour},
		{crm.ClassLocked, 60, time.Hour},
		{crm.ClassBusy, 0, time.Minute},
		{crm.ClassBusy, 3, 8 * time.Minute},
		{crm.ClassQuota, 0, time.Hour},
		{crm.ClassQuota, 9, time.Hour},
		{crm.ClassValidation, 0, 6 * time.Hour},
		{crm.ClassPermission, 0, 6 * time.Hour},
		{crm.ClassInvalid, 0, 6 * time.Hour},
		{crm.ClassGone, 0, 6 * time.Hour},
	} {
		r := newRig(t)
		r.plan(t, "r1", "d1")
		seq := r.intents(t, "d1")[0].ID
		for range c.earlier {
			if err := r.store.MarkSent(t.Context(), r.lease, []int64{seq}, now); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.store.Resolve(t.Context(), r.lease, []store.Result{{ID: seq, Status: store.Planned, At: now}}); err != nil {
			t.Fatal(err)
		}
		r.crm.onWrite = func(_ int, u []crm.Update) ([]crm.Outcome, error) {
			out := all(u, crm.Rejected)
			out[0].Class = c.class
			return out, nil
		}
		r.apply(t, "r1")
		if got := r.intents(t, "d1")[0].NextTry.Sub(now); got != c.after {
			t.Errorf("%s after %d tries: again in %s, want %s", c.class, c.earlier, got, c.after)
		}
	}
}

// A rejected record is not sent again by its own run, is named for reading from
// its time on, and goes out with what the next run plans for it.
func TestARejectedRecordWaitsAndIsSentAgain(t *testing.T) {
	r := newRig(t)
	r.plan(t, "r1", "d1", "d2", "d3")
	r.crm.onWrite = func(n int, u []crm.Update) ([]crm.Outcome, error) {
		out := all(u, crm.Confirmed)
		if n == 1 {
			out[0].Status, out[0].Class = crm.Rejected, crm.ClassLocked
			u = u[1:]
		}
		r.crm.commit(u...)
		return out, nil
	}
	for range 2 {
		r.apply(t, "r1")
	}
	if d := cmp.Diff([]string{"write d1 d2", "write d3"}, r.crm.log); d != "" {
		t.Errorf("one rejection held others up, or was repeated:\n%s", d)
	}
	due := r.intents(t, "d1")[0].NextTry
	for at, want := range map[time.Time]int{due.Add(-time.Millisecond): 0, due: 1} {
		if list, _, err := r.store.OpenRefs(t.Context(), store.Due{Connection: "org", Now: at}, "", 10); err != nil || len(list) != want {
			t.Errorf("at %s: %v %v, want %d", at, list, err, want)
		}
	}
	r.begin(t, "r2")
	r.plan(t, "r2", "d1")
	if tally := r.apply(t, "r2"); tally.Confirmed != 1 {
		t.Errorf("%+v", tally)
	}
	if list := r.intents(t, "d1"); list[0].Status != store.Superseded || list[1].Status != store.Confirmed {
		t.Errorf("%s, then %s", list[0].Status, list[1].Status)
	}
	r.once(t)
}

// The plan was made from a snapshot that a later pass has replaced.
func TestAPlanOlderThanItsSnapshotIsRefusedForThatRecord(t *testing.T) {
	r := newRig(t)
	r.plan(t, "r1", "d1", "d2", "d3")
	r.begin(t, "r2")
	r.commit(t, store.Slice{
		Run: store.Run{ID: "r2", Connection: "org", WindowTo: now}, Read: []string{"d2"},
		Snapshots: []store.Snapshot{{Ref: ref("d2"), At: now, Hash: "h2", Body: "{}"}},
	})
	r.apply(t, "r1")
	if d := cmp.Diff([]string{"write d1 d3"}, r.crm.log); d != "" {
		t.Error(d)
	}
	if in := r.intents(t, "d2")[0]; in.Status != store.Superseded {
		t.Errorf("the old plan is %s", in.Status)
	}
}

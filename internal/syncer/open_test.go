package syncer_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/syncer"
)

// Nothing moves; each deal is in another stage of its life.
func TestOpenClocksAreReadEveryPass(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *rig)
		status string
		read   bool
	}{
		{"nobody holds the account", func(r *rig) { r.set("d1", "csm", "") }, "needs CSM", true},
		{"no kickoff", func(r *rig) { r.set("d1", "kickoff_at", "") }, "awaiting kickoff", true},
		{"scoring", func(*rig) {}, "scoring open", true},
		{"overdue", func(r *rig) { r.set("d1", "kickoff_at", stamp(start.AddDate(0, 0, -5))) }, "overdue", true},
		{"final", func(r *rig) { r.set("d1", "item_1_1_score", "2") }, "final", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.won("d1")
			c.change(r)
			r.settled(t, "d1")
			if s := r.state(t, "d1"); s.Status != c.status {
				t.Fatalf("status %s, want %s", s.Status, c.status)
			}
			for range 3 {
				r.plan(t)
				if read := slices.Contains(r.crm.loaded(), "d1"); read != c.read {
					t.Errorf("read: %v, want %v", read, c.read)
				}
			}
		})
	}
}

// A contact is linked, which moves no record.
func TestALinkThatMovesNothingIsSeenWhileTheClockRuns(t *testing.T) {
	r := newRig(t)
	d := r.won("d1")
	r.settled(t, "d1")
	snapshots := r.rows(t, "snapshots", "d1")
	d.Contacts = []crm.Contact{{ID: "c1", Name: crm.Value("Jana Ruiz")}}
	r.plan(t)
	if n := r.rows(t, "snapshots", "d1"); n != snapshots+1 {
		t.Errorf("%d snapshots, %d before the link", n, snapshots)
	}
}

func TestTimePassesWithoutAnyMove(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.settled(t, "d1")
	r.now = start.Add(24 * time.Hour) // 48 hours after the kickoff
	if got := r.planned(t, r.plan(t))["d1"].Fields; got["status"] != "overdue" || got["updated_at"] != stamp(r.now) || got["key"] != "d1/small/1/reminded" || len(got) != 3 {
		t.Errorf("planned %v", got)
	}
}

// A final deal is looked at once more when its kickoff comes: the action says
// then that it is late.
func TestAFinalDealIsReadAtItsKickoff(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	kickoff := start.Add(3 * time.Hour)
	r.set("d1", "kickoff_at", stamp(kickoff))
	r.set("d1", "item_1_1_score", "0")
	r.settled(t, "d1")
	for _, c := range []struct {
		at   time.Time
		want string
	}{{kickoff.Add(-time.Millisecond), ""}, {kickoff, "Pause."}, {kickoff.Add(time.Hour), ""}} {
		r.now = c.at
		run := r.plan(t)
		if got := r.planned(t, run)["d1"].Fields["action"]; got != c.want || len(r.crm.loaded()) > 0 != (c.want != "") {
			t.Errorf("at %s: planned %q, want %q", c.at.Format(time.TimeOnly), got, c.want)
		}
		r.write(t, run)
	}
}

// Six open deals in batches of two; two of them moved as well.
func TestAnOpenDealThatMovedIsReadOnce(t *testing.T) {
	r := newRig(t)
	for _, id := range names(6) {
		r.won(id)
	}
	r.settled(t, names(6)...)
	r.moves([]string{"d002", "d005"})
	r.plan(t)
	if d := cmp.Diff(names(6), r.crm.loaded()); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
}

// A full pass names every deal of the CRM; open ones are among them.
func TestAFullPassReadsOpenDealsOnce(t *testing.T) {
	r := newRig(t)
	for _, id := range names(4) {
		r.won(id)
	}
	r.settled(t, names(4)...)
	r.moves(names(4))
	r.planOf(t, syncer.KindFull)
	if d := cmp.Diff(names(4), r.crm.loaded()); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
}

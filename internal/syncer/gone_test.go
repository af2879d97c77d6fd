package syncer_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/store/storetest"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

func kept(t *testing.T, s store.State) handoff.State {
	t.Helper()
	var k syncer.Kept
	if err := json.Unmarshal([]byte(s.Body), &k); err != nil {
		t.Fatal(err)
	}
	return k.State
}

// A deal that is no longer there closes its handoff, whoever says so, and takes
// what was still to be written to it out of the queue.
func TestADealThatIsGoneClosesItsHandoff(t *testing.T) {
	for name, leave := range map[string]func(r *rig){
		"the window names it as gone": func(r *rig) {
			delete(r.crm.deals, "d1")
			r.moves([]string{"d1"})
		},
		"it is not there when it is read": func(r *rig) {
			r.moves([]string{"d1"})
			delete(r.crm.deals, "d1")
		},
		"it was merged away": func(r *rig) {
			r.moves([]string{"d1"})
			r.crm.merged["d1"] = "d2"
		},
		"it was merged away, and the survivor moved": func(r *rig) {
			r.moves([]string{"d1", "d2"})
			r.crm.merged["d1"] = "d2"
		},
		"both at once": func(r *rig) {
			r.moves([]string{"d1"})
			delete(r.crm.deals, "d1")
			r.crm.pages[0] = append(r.crm.pages[0], crm.Moved{ID: "d1", At: r.now, Gone: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.won("d1")
			r.won("d2")
			r.set("d1", "item_1_1_score", "0") // final and escalated
			r.set("d2", "item_1_1_score", "2")
			r.settled(t, "d1", "d2")
			r.set("d1", "score", "") // something to write back
			r.moves([]string{"d1"})
			stale := r.planned(t, r.plan(t))["d1"]
			gone := r.now.Add(time.Hour)
			leave(r)
			for _, at := range []time.Time{gone, gone.Add(time.Minute)} { // and again, as the overlap has it
				r.now = at
				if got := r.planned(t, r.plan(t)); len(got) != 0 {
					t.Errorf("planned %v", got)
				}
			}
			row := r.state(t, "d1")
			s := kept(t, row)
			if row.Status != "closed" || row.Open || row.InScope || s.Status != handoff.Closed || s.Reason != "deleted or merged away" {
				t.Errorf("row %+v, state %+v", row, s)
			}
			if s.Final == nil || s.Final.Total != 2 || !s.ResolvedAt.Equal(gone) || !row.UpdatedAt.Equal(gone) {
				t.Errorf("history %+v, resolved %s", s.Final, s.ResolvedAt)
			}
			if got := r.state(t, "d2"); got.Status != "final" || !got.InScope {
				t.Errorf("the other deal is %+v", got)
			}
			writes, err := r.store.Writes(t.Context(), "org", "d1")
			if i := slices.IndexFunc(writes, func(in store.Intent) bool { return in.ID == stale.ID }); err != nil || writes[i].Status != store.Superseded {
				t.Errorf("what was planned before is %+v, %v", writes, err)
			}
		})
	}
}

// The clock of an open deal stops with it, and it is not looked for again.
func TestAnOpenDealThatIsGoneIsNotReadAgain(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.settled(t, "d1")
	delete(r.crm.deals, "d1")
	for _, want := range [][]string{{"d1"}, nil} { // the open clock finds it gone
		r.plan(t)
		if d := cmp.Diff(want, r.crm.loaded()); d != "" {
			t.Error(d)
		}
	}
	if s := r.state(t, "d1"); s.Status != "closed" {
		t.Errorf("%+v", s)
	}
}

func TestADealThatLeavesWonIsClosedOnTheRecordToo(t *testing.T) {
	r := newRig(t)
	d := r.won("d1")
	r.set("d1", "item_1_1_score", "0")
	r.settled(t, "d1")
	if d.Field("hold").Text != "true" || d.Field("escalation").Text != "Sales manager" {
		t.Fatalf("the record says %v", d.Fields)
	}
	d.Won = false
	r.moves([]string{"d1"})
	run := r.plan(t)
	got := r.planned(t, run)["d1"].Fields
	for name, want := range map[string]string{"status": "closed", "hold": "false", "escalation": "None", "resolved_at": stamp(r.now)} {
		if got[name] != want {
			t.Errorf("%s is planned as %q, want %q", name, got[name], want)
		}
	}
	if _, ok := got["score"]; ok || r.state(t, "d1").InScope {
		t.Errorf("planned %v, state %+v", got, r.state(t, "d1"))
	}
	r.write(t, run)
	if again := r.planned(t, r.plan(t)); len(again) != 0 {
		t.Errorf("and again %v", again["d1"].Fields)
	}
}

func TestADealThatComesBackIsTakenUpAgain(t *testing.T) {
	r := newRig(t)
	d := r.won("d1")
	r.settled(t, "d1")
	delete(r.crm.deals, "d1")
	r.moves([]string{"d1"})
	r.plan(t)
	r.crm.deals["d1"] = d
	r.moves([]string{"d1"})
	r.plan(t)
	if s := r.state(t, "d1"); s.Status != "scoring open" || !s.Open || !s.InScope {
		t.Errorf("%+v", s)
	}
}

// Gone in the window's list and gone when read, in one batch.
func TestGoneTwiceInOneBatch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		r := newRig(t)
		r.dsn = dsn
		r.open(t)
		r.won("d1")
		r.settled(t, "d1")
		r.moves([]string{"d1"})
		delete(r.crm.deals, "d1")
		r.crm.pages[0] = append(r.crm.pages[0], crm.Moved{ID: "d1", At: r.now, Gone: true})
		run := r.begin(t, syncer.KindIncremental)
		if done, err := r.p.Plan(t.Context(), r.c, r.lease, run, r.crm.desc, later()); err != nil || !done {
			t.Errorf("done %v, %v", done, err)
		}
	})
}

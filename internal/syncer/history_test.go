package syncer_test

import (
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// History grows by a snapshot when what is judged differs, and by a judgement
// when what is said of it does.
func TestHistoryGrowsOnlyWhereSomethingDiffers(t *testing.T) {
	for _, c := range []struct {
		name                  string
		change                func(r *rig, d *crm.Deal)
		snapshots, judgements int // more than before
	}{
		{"nothing", func(*rig, *crm.Deal) {}, 0, 0},
		{"the record's stamp", func(r *rig, d *crm.Deal) { d.ModifiedAt = r.now }, 0, 0},
		{"syncd's own cells", func(r *rig, _ *crm.Deal) { r.set("d1", "status", "final"); r.set("d1", "updated_at", "") }, 0, 0},
		{"its own key", func(r *rig, _ *crm.Deal) { r.set("d1", "key", "") }, 0, 0},
		{"what is read and not judged", func(_ *rig, d *crm.Deal) { d.Stage = crm.Value("Won") }, 1, 0},
		{"evidence, saying the same", func(r *rig, d *crm.Deal) {
			r.set("d1", "evidence.1.1", "Their regional teams lost deals in spreadsheets; the forecast view finds them.")
		}, 1, 0},
		{"evidence is cleared", func(r *rig, _ *crm.Deal) { r.set("d1", "evidence.1.1", "") }, 1, 1},
		{"a score", func(r *rig, _ *crm.Deal) { r.set("d1", "item_1_1_score", "2") }, 1, 1},
		{"a kickoff moved", func(r *rig, _ *crm.Deal) { r.set("d1", "kickoff_at", stamp(start.Add(-time.Hour))) }, 1, 1},
		{"an hour passed", func(r *rig, _ *crm.Deal) { r.now = r.now.Add(time.Hour) }, 0, 0},
		{"scoring is overdue", func(r *rig, _ *crm.Deal) { r.now = r.now.Add(48 * time.Hour) }, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			d := r.won("d1")
			r.settled(t, "d1")
			snapshots, judgements := r.rows(t, "snapshots", "d1"), r.rows(t, "judgements", "d1")
			if judgements != 1 {
				t.Fatalf("%d judgements of one pass", judgements)
			}
			c.change(r, d)
			for range 2 {
				r.moves([]string{"d1"})
				r.plan(t)
				if a, b := r.rows(t, "snapshots", "d1")-snapshots, r.rows(t, "judgements", "d1")-judgements; a != c.snapshots || b != c.judgements {
					t.Errorf("%d more snapshots, %d more judgements, want %d and %d", a, b, c.snapshots, c.judgements)
				}
			}
		})
	}
}

// A judgement names its snapshot, its run and the content of its card.
func TestAJudgementCanBeTracedBack(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.moves([]string{"d1"})
	run := r.plan(t)
	j, ok, err := r.store.LastJudgement(t.Context(), ref("d1"), "small", time.Time{})
	if err != nil || !ok || j.Run != run.ID || !j.At.Equal(r.now) {
		t.Fatalf("%+v %v %v", j, ok, err)
	}
	snap, ok, err := r.store.SnapshotAt(t.Context(), ref("d1"), j.At)
	if err != nil || !ok || snap.Hash != j.SnapshotHash || snap.Hash == "" {
		t.Errorf("snapshot %q, the judgement names %q, %v", snap.Hash, j.SnapshotHash, err)
	}
	if in := r.planned(t, run)["d1"]; in.InputHash != snap.Hash {
		t.Errorf("the plan was made from %q", in.InputHash)
	}
	if card, ok, err := r.store.Card(t.Context(), j.Version); err != nil || !ok || string(card.Source) != string(r.c.Cards[0].Source) {
		t.Errorf("card %q: %v %v", j.Version, ok, err)
	}
}

// What is kept between passes is enough: a process that starts anew plans
// nothing more than the one before it would have.
func TestANewProcessKnowsWhatTheLastOneKnew(t *testing.T) {
	r := newRig(t)
	for _, id := range names(3) {
		r.won(id)
	}
	r.set("d002", "item_1_1_score", "2")
	r.settled(t, names(3)...)
	before := []store.State{r.state(t, "d001"), r.state(t, "d002")}
	r.store.Close()
	r.open(t)
	r.moves(names(3))
	if got := r.planned(t, r.plan(t)); len(got) != 0 {
		t.Errorf("planned %v", got)
	}
	for i, id := range []string{"d001", "d002"} {
		if s := r.state(t, id); s.Status != before[i].Status || s.Score == nil != (before[i].Score == nil) {
			t.Errorf("%s went from %+v to %+v", id, before[i], s)
		}
	}
}

// syncd's own key is no news about the deal, except on a copy.
func TestWritingADealMakesNoSecondSnapshot(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.won("d2")
	r.set("d2", "key", "d9/small/1")
	r.settled(t, "d1", "d2")
	if n := r.rows(t, "snapshots", "d1"); n != 1 {
		t.Errorf("%d snapshots of a deal that was written once", n)
	}
	if n := r.rows(t, "snapshots", "d2"); n != 2 {
		t.Errorf("%d snapshots of a copy: one with the other deal's key, one with its own", n)
	}
}

package traps_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/app/apptest"
)

// A handoff that was rescued is the next attempt. The first one stays as it was,
// and can be looked up.
// Mutation: internal/handoff/attempt.go: rehandoff forgets the final before.
func TestTrap08ARescueDoesNotEraseTheFirstScore(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 1)
		r.Pass(t)
		r.Score(t, 0, nineteen)
		r.At(t, hour(1))
		r.Clock.Set(hour(24 * 3))
		r.Score(t, 0, allTwo)
		r.Set(t, r.Deal(0), "attempt_scored", "2")
		r.At(t, hour(24*3+1))
		shows(t, r, 0, fields{"attempt": "2", "score": "40", "band": "Excellent", "escalation": "None", "hold": "false"})
		if key := r.Field(t, r.Deal(0), "key"); !strings.HasPrefix(key, r.Deal(0)+"/sales-to-cs/2/") {
			t.Errorf("the key is %s", key)
		}
		e := r.State(t, 0).Earlier
		if len(e) != 1 || e[0].Attempt != 1 || e[0].Total != 19 || e[0].Band != "Incomplete" || !e[0].At.Equal(hour(1)) {
			t.Errorf("the first attempt is kept as %+v", e)
		}
		first := r.ExplainAt(t, 0, hour(24*2))
		if first.Score == nil || *first.Score != 19 || first.Attempt != 1 || len(first.Items) != 20 {
			t.Errorf("the day before, attempt %d is told as %v", first.Attempt, first.Score)
		}
	})
}

// After final the score does not follow the fields, night for night, and the
// escalation neither goes nor comes again.
// Mutation: internal/handoff/correct.go: what is edited after the window counts like what is edited in it.
func TestTrap09AFinalScoreDoesNotFlap(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 1)
		r.Pass(t)
		r.Score(t, 0, nineteen)
		r.At(t, hour(1))
		frozen := []string{"status", "attempt", "score", "range", "band", "health", "hold", "escalation", "escalated_at", "resolved_at", "item_5_3_score", "category_4"}
		was := r.Own(t, r.Deal(0))
		if was["score"] != "19" || was["escalation"] != "Sales manager" {
			t.Fatalf("the score is %s", was["score"])
		}
		for night := range 5 {
			at := hour(24*(night+2) + 12)
			r.Clock.Set(at)
			r.Set(t, r.Deal(0), "item_4_4_score", fmt.Sprint((night+1)%2))
			r.Set(t, r.Deal(0), "arr", []string{"", "50000"}[night%2])
			if report := r.At(t, at); report.Escalations != 0 {
				t.Errorf("night %d escalates", night)
			}
			for _, name := range frozen {
				if now := r.Field(t, r.Deal(0), name); now != was[name] {
					t.Errorf("night %d: %s is %q, was %q", night, name, now, was[name])
				}
			}
		}
		if said := r.Field(t, r.Deal(0), "sync_message"); !strings.Contains(said, "changed after final and not used: 4.4") {
			t.Errorf("the record says %q", said)
		}
	})
}

// A cloned deal is a new handoff: what came with the copy is nobody's score.
// The deal that it was copied from keeps its own.
// Mutation: internal/handoff/human.go: IsCopy knows no copy.
func TestTrap14ACloneBringsNoScore(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 2)
		r.Pass(t)
		r.Score(t, 0, nineteen)
		r.Set(t, r.Deal(0), "attempt_scored", "1")
		r.At(t, hour(1))
		original := r.Own(t, r.Deal(0))
		r.Clock.Set(hour(5))
		id := r.Clone(t, 0, 61_000)
		if r.Field(t, id, "score") != "19" || r.Field(t, id, "item_1_1_score") != "1" {
			t.Fatal("the copy brought nothing")
		}
		r.At(t, hour(6))
		for name, want := range (fields{"score": "", "category_1": "", "escalation": "None", "escalated_at": "", "attempt": "1"}) {
			if got := r.Field(t, id, name); got != want {
				t.Errorf("%s of the copy is %q, want %q", name, got, want)
			}
		}
		if status, key := r.Field(t, id, "status"), r.Field(t, id, "key"); status != "needs CSM" || key != id+"/sales-to-cs/1/copy" {
			t.Errorf("the copy is %s and its key %s", status, key)
		}
		if said := r.Field(t, id, "sync_message"); !strings.Contains(said, "came with the copy and do not count") {
			t.Errorf("the copy says %q", said)
		}
		if n := r.Field(t, id, "item_1_1_score"); n != "1" {
			t.Errorf("what a person had typed is %q on the copy", n)
		}
		if d := cmp.Diff(original, r.Own(t, r.Deal(0))); d != "" {
			t.Errorf("the original (-before +after):\n%s", d)
		}
		r.Set(t, id, "csm", csm(r, 1)) // somebody takes it on
		r.Set(t, id, "kickoff_at", stamp(hour(48)))
		r.At(t, hour(7))
		if status := r.Field(t, id, "status"); status != "awaiting kickoff" {
			t.Errorf("with a CSM of its own the copy is %s", status)
		}
	})
}

// With the store lost, the records tell how far each handoff is: the attempt
// stands, and nobody hears of it a second time. Where the records are blank too,
// more than a run may escalate is not escalated.
// Mutation: internal/handoff/key.go: readKey finds nothing.
func TestTrap21ALostStoreEscalatesNothingAgain(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 4)
		r.Pass(t)
		for i := range 4 {
			r.Score(t, i, nineteen)
		}
		r.At(t, hour(1))
		r.Clock.Set(hour(2))
		r.Set(t, r.Deal(0), "attempt_scored", "2")
		r.At(t, hour(2))
		shown := []string{"status", "attempt", "score", "band", "escalation", "escalated_at", "hold", "key", "gaps"}
		var before []map[string]string
		for i := range 4 {
			before = append(before, r.Own(t, r.Deal(i)))
		}
		if before[0]["attempt"] != "2" || before[1]["escalation"] != "Sales manager" {
			t.Fatalf("%v", before[0])
		}
		r.Limits = "{max_escalations_per_run: 2}"
		r.LoseStore(t)
		if report := r.At(t, hour(26)); report.Escalations != 0 {
			t.Errorf("%d escalations after the store was lost", report.Escalations)
		}
		for i := range 4 {
			for _, name := range shown {
				if now := r.Field(t, r.Deal(i), name); now != before[i][name] {
					t.Errorf("deal %d: %s is %q, was %q", i, name, now, before[i][name])
				}
			}
		}

		for i := range 4 {
			r.Set(t, r.Deal(i), "escalation", "None")
			r.Set(t, r.Deal(i), "key", "")
		}
		r.LoseStore(t)
		r.ResetStats()
		r.Clock.Set(hour(27))
		if report := r.Try(t); report.Err == nil || !strings.Contains(report.Err.Error(), "4 Sales-manager escalations") || r.DealsWritten() != 0 {
			t.Errorf("%d deals written, %v", r.DealsWritten(), report.Err)
		}
	})
}

// The month of a score is when it was given: a close date that is edited moves
// no final, and no clock.
// Mutation: internal/app/explain.go: explain dates a final by the win.
func TestTrap23ACloseDateMovesNoScore(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 1)
		r.Pass(t)
		r.Score(t, 0, nineteen)
		r.At(t, hour(1))
		r.Clock.Set(hour(2))
		r.SetCloseDate(t, 0, "2026-09-30")
		r.At(t, hour(2))
		x := r.Explain(t, 0)
		if !x.FinalAt.Equal(hour(1)) || *x.Score != 19 || !x.WonAt.Equal(apptest.EvenWin) {
			t.Errorf("final at %s with %d, won at %s", x.FinalAt, *x.Score, x.WonAt)
		}
		if s := r.State(t, 0); !s.Final.At.Equal(hour(1)) || s.Attempt != 1 {
			t.Errorf("attempt %d is of %s", s.Attempt, s.Final.At)
		}
		if day := r.Snapshot(t, 0).CloseDate.Text; day != "2026-09-30" {
			t.Errorf("history has the close date %s", day)
		}
		shows(t, r, 0, fields{"status": "final", "due_at": stamp(hour(48))})
	})
}

// A rubric that is changed moves no final: score, band and version stay, on the
// record and in what is told. What is open goes on by the new one.
// Mutation: internal/handoff/advance.go: Advance takes the card's version for finals too.
func TestTrap41ANewRubricMovesNoFinal(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 2)
		r.Pass(t)
		const thirtySix = "11112" + "2222" + "2222" + "2222"
		r.Score(t, 0, thirtySix)
		r.At(t, hour(1))
		old := r.Field(t, r.Deal(0), "scorecard_version")
		shows(t, r, 0, fields{"score": "36", "band": "Excellent"})
		shows(t, r, 1, fields{"scorecard_version": old})

		card := config.Scorecards()["sales-to-cs.yaml"]
		for from, to := range map[string]string{"min: 36": "min: 38", "max: 35": "max: 37"} {
			card = bytes.Replace(card, []byte(from), []byte(to), 1)
		}
		if err := os.MkdirAll(filepath.Join(r.Dir, "cards"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(r.Dir, "cards", "sales-to-cs.yaml"), card, 0o600); err != nil {
			t.Fatal(err)
		}
		r.More = "scorecards_dir: cards\n"
		r.Open(t)
		r.Score(t, 1, thirtySix)
		r.Clock.Set(hour(3))
		r.Full(t)
		shows(t, r, 0, fields{"score": "36", "band": "Excellent", "scorecard_version": old})
		shows(t, r, 1, fields{"score": "36", "band": "Acceptable"})
		if v := r.Field(t, r.Deal(1), "scorecard_version"); v == old || r.State(t, 1).Final.Version != v {
			t.Errorf("the open deal became final by version %s, the old one is %s", v, old)
		}
		if x := r.Explain(t, 0); x.Version != old || x.Band != "Excellent" || x.Health != "green" {
			t.Errorf("told as %s (%s) of version %s", x.Band, x.Health, x.Version)
		}
	})
}

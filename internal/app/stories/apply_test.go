package stories_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// A process that applies a plan is killed, or told to stop, after its first batch. What people
// have changed meanwhile is not written as it was planned when the next pass
// goes on with the rest; all that has not moved is.
func TestAKilledApplyRefusesWhatHasMoved(t *testing.T) {
	bin, err := apptest.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	apptest.Each(t, func(t *testing.T, crm string) {
		for _, way := range []string{"killed", "stopped"} {
			t.Run(way, func(t *testing.T) { cutShort(t, crm, way, bin) })
		}
	})
}

func cutShort(t *testing.T, crm, way, bin string) {
	s := &story{t: t, door: &door{}, bin: bin}
	s.Rig = apptest.New(t, apptest.Options{CRM: crm, World: apptest.World(900), Front: s.door.before, Extra: "    in_flight: 1\n"})
	report := s.App.Pass(t.Context(), s.App.Connections()[0], app.Ask{PlanOnly: true, Full: true})
	if report.Err != nil {
		t.Fatal(report.Err)
	}
	plan, err := s.App.Plan(t.Context(), report, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(time.Hour)
	if way == "killed" {
		s.Close(t)
		if out := s.runInto("after", "writing", "apply", plan.Plan); out != "" {
			t.Fatalf("the program was not killed:\n%s", out)
		}
		s.HandOver(t)
	} else {
		ctx, cancel := context.WithCancel(t.Context())
		s.door.when, s.door.what, s.door.kill = "after", "writing", cancel
		if out, err := s.App.Apply(ctx, plan.Plan); err != nil || !errors.Is(out.Err, context.Canceled) {
			t.Fatal(err, out.Err)
		}
	}
	s.Open(t)
	written := s.DealsWritten()
	if written == 0 || written >= plan.Records {
		t.Fatalf("%d of %d records were written", written, plan.Records)
	}
	// A CSM scores every item of a deal whose range was to be written, and
	// nobody touches another.
	moved, still := "", map[string]string{}
	for _, ch := range plan.Changes {
		after := ""
		for _, f := range ch.Fields {
			if f.Field == "range" {
				after = f.After
			}
		}
		switch {
		case after == "" || s.Field(t, ch.Deal, "range") == after:
		case moved == "" && strings.Contains(after, "items open"):
			moved = ch.Deal
			for _, item := range world.JudgementItems() {
				s.Set(t, moved, apptest.ScoreField(item), "2")
			}
		default:
			still[ch.Deal] = after
		}
	}
	if moved == "" || len(still) == 0 {
		t.Fatal("nothing was left to write")
	}
	planned := map[string]string{}
	for _, ch := range plan.Changes {
		if ch.Deal == moved {
			for _, f := range ch.Fields {
				planned[f.Field] = f.After
			}
		}
	}
	s.Clock.Advance(2 * time.Minute)
	next := s.Pass(t)
	if !slices.ContainsFunc(next.Problems, func(p string) bool { return strings.Contains(p, "1 deals have moved") }) {
		t.Errorf("the pass says %v", next.Problems)
	}
	if got := s.Field(t, moved, "range"); got == planned["range"] {
		t.Errorf("the deal that has moved shows %q, as was planned before", got)
	}
	for deal, want := range still {
		if got := s.Field(t, deal, "range"); got != want {
			t.Errorf("deal %s, which nobody has touched, shows %q, want %q", deal, got, want)
		}
	}
	s.Clock.Advance(2 * time.Minute)
	s.Pass(t)
	if got := s.Field(t, moved, "range"); got == planned["range"] || got == "" {
		t.Errorf("the deal that has moved shows %q in the end", got)
	}
}

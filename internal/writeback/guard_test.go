package writeback_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

// plot is a plan as the guard sees it.
type plot struct {
	sales, cs   int // planned escalations by addressee
	bands       int // planned changes of a band that is there
	known       int // finals at the last complete run
	scope, last int // deals in scope, now and at the last complete run
}

func (r *rig) plot(t *testing.T, p plot) {
	t.Helper()
	if err := r.store.SaveConnection(t.Context(), r.lease, store.Connection{Name: "org", CRM: "salesforce", OrgID: "00D", Known: p.known, InScope: p.last}); err != nil {
		t.Fatal(err)
	}
	s := store.Slice{Run: store.Run{ID: "r1", Connection: "org", WindowTo: now}}
	for i, id := range ids(max(p.scope, p.sales+p.cs, p.bands)) {
		if i < p.scope {
			s.States = append(s.States, store.State{Ref: ref(id), Card: "sales-to-cs", Attempt: 1, Status: "final", InScope: true, Final: true, Body: "{}", UpdatedAt: now})
		}
		in := intent("r1", id)
		in.BandChange = i < p.bands
		switch {
		case i < p.sales:
			in.Escalation = "Sales manager"
		case i < p.sales+p.cs:
			in.Escalation = "CS manager"
		}
		s.Intents = append(s.Intents, in)
	}
	r.commit(t, s)
}

func TestGuard(t *testing.T) {
	limits := writeback.Limits{MaxEscalations: 25, MaxBandChanges: 0.2}
	for _, c := range []struct {
		name   string
		plot   plot
		limits writeback.Limits
		stop   []string // reasons; none lets the plan pass
	}{
		{"an empty plan", plot{}, limits, nil},
		{"escalations below the limit", plot{sales: 24}, limits, nil},
		{"escalations at the limit", plot{sales: 25}, limits, nil},
		{"escalations above the limit", plot{sales: 26}, limits, []string{"26 Sales-manager escalations"}},
		{"escalations to the CS manager are not counted", plot{sales: 25, cs: 100}, limits, nil},
		{"no limit of escalations", plot{sales: 500}, writeback.Limits{MaxBandChanges: 0.2}, nil},

		{"band changes below the share", plot{bands: 19, known: 100}, limits, nil},
		{"band changes at the share", plot{bands: 20, known: 100}, limits, nil},
		{"band changes above the share", plot{bands: 21, known: 100}, limits, []string{"the band of 21 of 100 known deals"}},
		{"24 known deals are too few for a share", plot{bands: 24, known: 24}, limits, nil},
		{"25 known deals, at the share", plot{bands: 5, known: 25}, limits, nil},
		{"25 known deals, above the share", plot{bands: 6, known: 25}, limits, []string{"the band of 6 of 25 known deals"}},
		{"nothing known: every band is a first one", plot{scope: 300}, limits, nil},
		{"no limit of band changes", plot{bands: 100, known: 100}, writeback.Limits{MaxEscalations: 25}, nil},

		{"deals in scope fall by less than half", plot{scope: 51, last: 100}, limits, nil},
		{"deals in scope fall by half", plot{scope: 50, last: 100}, limits, []string{"deals in scope fell from 100 to 50"}},
		{"deals in scope fall by more than half", plot{scope: 49, last: 100}, limits, []string{"deals in scope fell from 100 to 49"}},
		{"24 deals in scope are too few for a fall", plot{scope: 0, last: 24}, limits, nil},
		{"25 deals in scope, above half", plot{scope: 13, last: 25}, limits, nil},
		{"25 deals in scope, below half", plot{scope: 12, last: 25}, limits, []string{"deals in scope fell from 25 to 12"}},
		{"all deals gone", plot{scope: 0, last: 25}, limits, []string{"deals in scope fell from 25 to 0"}},
		{"the fall has no limit to lift", plot{scope: 10, last: 100}, writeback.Limits{}, []string{"fell from 100 to 10"}},
		{"more deals than before", plot{scope: 200, last: 100}, limits, nil},

		{"every reason is named", plot{sales: 30, bands: 30, known: 100, scope: 40, last: 100}, limits, []string{
			"30 Sales-manager escalations, more than max_escalations_per_run (25)", "30 of 100 known deals would change, more than max_band_changes (20 %)", "fell from 100 to 40",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.plot(t, c.plot)
			err := r.w.Guard(t.Context(), "org", "r1", c.limits)
			var g *writeback.Guarded
			if !errors.As(err, &g) {
				if err != nil || len(c.stop) > 0 {
					t.Fatalf("the guard said %v, want %q", err, c.stop)
				}
				return
			}
			if len(g.Reasons) != len(c.stop) {
				t.Errorf("reasons %q, want %q", g.Reasons, c.stop)
			}
			for _, want := range c.stop {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestGuardLooksAtItsOwnRunAndConnection(t *testing.T) {
	r := newRig(t)
	r.plot(t, plot{sales: 100, bands: 100, known: 100, scope: 100, last: 100})
	r.begin(t, "r2")
	if err := r.w.Guard(t.Context(), "org", "r2", writeback.Limits{MaxEscalations: 1, MaxBandChanges: 0.01}); err != nil {
		t.Errorf("another run's plan: %v", err)
	}
	if err := r.w.Guard(t.Context(), "other", "r1", writeback.Limits{MaxEscalations: 1, MaxBandChanges: 0.01}); err != nil {
		t.Errorf("another connection's plan: %v", err)
	}
}

func TestGuardWritesNothingAndKeepsThePlan(t *testing.T) {
	r := newRig(t)
	r.plan(t, "r1", ids(3)...)
	r.plot(t, plot{sales: 3})
	for range 2 { // asking does not wear it out
		var g *writeback.Guarded
		if err := r.w.Guard(t.Context(), "org", "r1", writeback.Limits{MaxEscalations: 2}); !errors.As(err, &g) {
			t.Fatalf("the guard said %v", err)
		}
	}
	if len(r.crm.log) != 0 {
		t.Errorf("the CRM was asked: %v", r.crm.log)
	}
	if d := cmp.Diff(map[string]int{store.Planned: 3}, r.statuses(t)); d != "" {
		t.Error(d)
	}
}

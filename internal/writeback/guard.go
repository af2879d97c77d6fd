package writeback

import (
	"context"
	"fmt"
	"strings"
)

// Guarded is a plan that would do more than a run may. Nothing was written.
type Guarded struct{ Reasons []string }

func (g *Guarded) Error() string {
	return "nothing was written: " + strings.Join(g.Reasons, "; ") + " (look at the plan, then raise the limit under limits: or mend the cause)"
}

// Guard looks over the stored plan of a run. It returns *Guarded if the plan
// goes beyond the limits.
func (w *Writer) Guard(ctx context.Context, connection, run string, l Limits) error {
	n, err := w.Store.GuardCounts(ctx, connection, run)
	if err != nil {
		return err
	}
	var g Guarded
	if l.MaxEscalations > 0 && n.Escalations > l.MaxEscalations {
		g.Reasons = append(g.Reasons, fmt.Sprintf("%d Sales-manager escalations, more than max_escalations_per_run (%d)", n.Escalations, l.MaxEscalations))
	}
	if n.Known >= minKnown {
		if share := float64(n.BandChanges) / float64(n.Known); l.MaxBandChanges > 0 && share > l.MaxBandChanges {
			g.Reasons = append(g.Reasons, fmt.Sprintf("the band of %d of %d known deals would change, more than max_band_changes (%.0f %%)", n.BandChanges, n.Known, 100*l.MaxBandChanges))
		}
	}
	if n.InScopeLast >= minKnown && n.InScope*2 <= n.InScopeLast {
		g.Reasons = append(g.Reasons, fmt.Sprintf("deals in scope fell from %d to %d", n.InScopeLast, n.InScope))
	}
	if len(g.Reasons) > 0 {
		return &g
	}
	return nil
}

package syncer

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/need"
)

// The JSON that is written by hand is the one that the tags describe: every
// field is in it, and none is that is blank.
func TestWhatIsKeptIsWhatTheTagsSay(t *testing.T) {
	kept, judged := make([]Kept, 4), make([]Judged, 4)
	for i := range 2 {
		need.Fill(&kept[i], i)
		need.Fill(&judged[i], i+17)
	}
	kept[2].State.Kickoff.DateOnly, kept[2].State.Again = true, nil
	judged[2].Result.Items = []autoscore.Item{{Suggestion: autoscore.Open}, {Suggestion: 0, Score: autoscore.Open, Evidence: []autoscore.Evidence{{}}}}
	for i := range kept {
		if diff := cmp.Diff(need.Tagged(t, kept[i]), string(kept[i].appendJSON(nil))); diff != "" {
			t.Errorf("kept (-tags +by hand):\n%s", diff)
		}
		if diff := cmp.Diff(need.Tagged(t, judged[i]), string(judged[i].appendJSON(nil))); diff != "" {
			t.Errorf("judged (-tags +by hand):\n%s", diff)
		}
	}
}

package handoff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/need"
)

// What is remembered of a handoff is written by hand as its tags say.
func TestWhatIsRememberedIsWhatTheTagsSay(t *testing.T) {
	state, reading, acceptance := make([]handoff.State, 3), make([]handoff.Reading, 2), make([]handoff.Acceptance, 2)
	for i := range 2 { // the last state is blank
		need.Fill(&state[i], i)
	}
	need.Fill(&reading[0], 1)
	need.Fill(&acceptance[0], 1)
	same := func(what, tags string, byHand []byte) {
		t.Helper()
		if diff := cmp.Diff(tags, string(byHand)); diff != "" {
			t.Errorf("%s (-tags +by hand):\n%s", what, diff)
		}
	}
	for i := range state {
		same("state", need.Tagged(t, state[i]), state[i].AppendJSON(nil))
	}
	for i := range reading {
		same("reading", need.Tagged(t, reading[i]), reading[i].AppendJSON(nil))
		same("acceptance", need.Tagged(t, acceptance[i]), acceptance[i].AppendJSON(nil))
	}
}

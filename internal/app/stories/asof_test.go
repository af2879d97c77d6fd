package stories_test

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// What explain tells of an earlier moment is what it told then, byte for byte,
// whatever has happened since: corrections, a later attempt, a write that was
// refused, one that was replaced before it was sent.
func TestExplainAsOf(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		s := begin(t, crm, "")
		var moments []time.Time
		var told []string
		look := func() {
			s.Try(t)
			moments = append(moments, s.Clock.Now())
			told = append(told, s.tells(t, time.Time{}))
			s.Clock.Advance(45 * time.Minute)
		}
		scores := func(total int) {
			for item, score := range spread(s.World, total) {
				s.Set(t, s.id, item, score)
			}
		}
		s.Win(t, s.deal)
		look()
		s.Set(t, s.id, "csm", s.User(s.csmID))
		s.Set(t, s.id, "kickoff_at", s.Clock.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
		look()
		scores(8)
		s.Fail(apptest.ResetBefore, "", 1, 40)
		look() // nothing gets through
		s.ClearFaults()
		look()
		scores(21) // a correction
		look()
		s.FinishTask(t, s.TasksOn(t, s.deal, "ae_fields_needed")[0].ID)
		look()
		scores(30)
		s.Set(t, s.id, "attempt_scored", strconv.Itoa(2))
		look()
		s.Reopen(t, s.deal)
		look()
		s.Win(t, s.deal)
		look()
		for i, at := range moments {
			if d := cmp.Diff(told[i], s.tells(t, at)); d != "" {
				t.Errorf("as of pass %d (-told then +told now):\n%s", i, d)
			}
		}
		if told[3] == told[4] || told[5] == told[6] || told[7] == told[8] {
			t.Error("nothing has happened between the passes")
		}
	})
}

// tells is what explain says, but for where tasks stand now.
func (s *story) tells(t *testing.T, asOf time.Time) string {
	t.Helper()
	all, err := s.App.Explain(t.Context(), s.App.Connections()[0], s.id, asOf)
	if err != nil {
		return err.Error()
	}
	for i := range all {
		for j := range all[i].Asked {
			all[i].Asked[j].Task = nil
		}
	}
	b, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

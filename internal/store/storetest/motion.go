package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/store"
)

// motion: the last finals of a motion by when they were sent, of one connection
// and card, and none that is not final.
func motion(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r := begun(t, s, l, "r1")
	sent := func(id, motion string, days int, change func(*store.State)) store.State {
		st := sample(id, nil)
		st.Card, st.Motion, st.SentAt, st.Final = "partner-handoff", motion, now.AddDate(0, 0, days), true
		if change != nil {
			change(&st)
		}
		return st
	}
	states := []store.State{
		sent("1", "cobalt", -9, nil), sent("2", "cobalt", -3, nil), sent("3", "cobalt", -6, nil), sent("4", "cobalt", -1, nil),
		sent("5", "cobalt", 0, nil), sent("6", "other", -2, nil), sent("7", "", -2, nil),
		sent("8", "cobalt", -2, func(st *store.State) { st.Final = false }),
		sent("9", "cobalt", -2, func(st *store.State) { st.Card = "sales-to-cs" }),
		sent("10", "cobalt", -4, func(st *store.State) { st.InScope, st.Status = false, "closed" }),
	}
	if err := s.Commit(t.Context(), l, store.Slice{Run: r, States: states}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		motion string
		until  time.Time
		limit  int
		want   string
	}{
		{"cobalt", now, 3, "5 4 2"},
		{"cobalt", now.AddDate(0, 0, -1), 3, "4 2 10"},
		{"cobalt", now.AddDate(0, 0, -1), 9, "4 2 10 3 1"},
		{"cobalt", now.AddDate(0, 0, -20), 3, ""},
		{"other", now, 3, "6"},
		{"", now, 3, ""},
	} {
		list, err := s.Motion(t.Context(), "org", "partner-handoff", c.motion, c.until, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, st := range list {
			ids = append(ids, st.Ref.ID)
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%q up to %s: %q, want %q", c.motion, c.until, got, c.want)
		}
	}
	back, err := s.States(t.Context(), "org", []string{"2"})
	if err != nil || len(back) != 1 {
		t.Fatal(back, err)
	}
	if d := cmp.Diff(states[1], back[0]); d != "" {
		t.Errorf("as kept (-want +got):\n%s", d)
	}
	if list, err := s.Motion(t.Context(), "elsewhere", "partner-handoff", "cobalt", now, 3); err != nil || len(list) != 0 {
		t.Errorf("another connection's: %v, %v", list, err)
	}
	moved := states[1]
	moved.Motion = "other"
	if err := s.Commit(t.Context(), l, store.Slice{Run: r, States: []store.State{moved}}); err != nil {
		t.Fatal(err)
	}
	list, err := s.Motion(t.Context(), "org", "partner-handoff", "other", now, 3)
	if err != nil || !slices.ContainsFunc(list, func(st store.State) bool { return st.Ref.ID == "2" }) {
		t.Errorf("a handoff that moved to another motion: %v, %v", list, err)
	}
}

package storetest

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/store"
)

// motion: the finals of a motion in the order in which they were sent, of one
// connection and card, and none that is not final.
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
		sent("aB", "cobalt", 0, nil), sent("ab", "cobalt", 0, nil), sent("aC", "cobalt", 0, nil), // in the order of bytes: aB aC ab
		sent("6", "other", -2, nil), sent("7", "", -2, nil),
		sent("8", "cobalt", -2, func(st *store.State) { st.Final = false }),
		sent("9", "cobalt", -2, func(st *store.State) { st.Card = "sales-to-cs" }),
		sent("10", "cobalt", -4, func(st *store.State) { st.InScope, st.Status = false, "closed" }),
	}
	var read []string
	for _, st := range states {
		read = append(read, st.Ref.ID)
	}
	if err := s.Commit(t.Context(), l, store.Slice{Run: r, States: states, Read: read}); err != nil {
		t.Fatal(err)
	}
	at := func(motion string, days int, deal string) store.Moment {
		return store.Moment{Connection: "org", Card: "partner-handoff", Motion: motion, Sent: now.AddDate(0, 0, days), Deal: deal}
	}
	elsewhere := at("cobalt", 1, "")
	elsewhere.Connection = "elsewhere"
	for _, c := range []struct {
		m             store.Moment
		before, after string
	}{
		{at("cobalt", 1, ""), "ab aC aB", ""},
		{at("cobalt", 0, "ab"), "aC aB 4", ""},
		{at("cobalt", 0, "aC"), "aB 4 2", "ab"},
		{at("cobalt", -1, "4"), "2 10 3", "aB aC ab"},
		{at("cobalt", -4, "10"), "3 1", "2 4 aB"},
		{at("cobalt", -20, ""), "", "1 2 3"},
		{at("other", 0, ""), "6", ""},
		{at("", 0, ""), "", ""},
		{elsewhere, "", ""},
	} {
		list, err := s.Before(t.Context(), c.m, 3)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, st := range list {
			ids = append(ids, st.Ref.ID)
		}
		runs, err := s.After(t.Context(), c.m, 3)
		if err != nil {
			t.Fatal(err)
		}
		if b, a := strings.Join(ids, " "), strings.Join(slices.Sorted(maps.Keys(runs)), " "); b != c.before || a != c.after {
			t.Errorf("%+v: before %q, after %q; want %q, %q", c.m, b, a, c.before, c.after)
		}
		for id, run := range runs {
			if run != "r1" {
				t.Errorf("%s was read by %q", id, run)
			}
		}
	}
	back, err := s.States(t.Context(), "org", []string{"2"})
	if err != nil || len(back) != 1 {
		t.Fatal(back, err)
	}
	if d := cmp.Diff(states[1], back[0]); d != "" {
		t.Errorf("as kept (-want +got):\n%s", d)
	}
	moved := states[1]
	moved.Motion, moved.SentAt = "other", moved.SentAt.Add(time.Hour)
	if err := s.Commit(t.Context(), l, store.Slice{Run: r, States: []store.State{moved}}); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Before(t.Context(), at("other", 0, ""), 3); err != nil || len(list) != 2 || list[1].Ref.ID != "2" {
		t.Errorf("a handoff that moved to another motion: %v, %v", list, err)
	}
}

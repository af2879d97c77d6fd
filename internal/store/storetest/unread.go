package storetest

import (
	"slices"
	"strconv"
	"testing"

	"github.com/handoffscore/syncd/internal/store"
)

// unread asks of more deals than one statement takes names.
func unread(t *testing.T, s *store.Store) {
	l := lease(t, s, now)
	r := begun(t, s, l, "r1")
	state := func(id, card string, open, inScope bool) store.State {
		st := sample(id, nil)
		st.Card, st.Open, st.InScope = card, open, inScope
		return st
	}
	var asked []string
	for n := range 9000 {
		asked = append(asked, "x"+strconv.Itoa(n)) // nobody knows these
	}
	asked = append(asked, "final", "two cards", "read", "closed", "other card", "final")
	err := s.Commit(t.Context(), l, store.Slice{Run: r, Read: []string{"read"}, States: []store.State{
		state("final", "a", false, true),
		state("two cards", "a", false, true), state("two cards", "b", true, true),
		state("read", "a", true, true),
		state("closed", "a", false, false),
		state("other card", "a", false, false), state("other card", "b", false, true),
		state("not asked for", "a", true, true),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for run, want := range map[string][]string{
		"r1": {"final", "other card", "two cards"},
		"r2": {"final", "other card", "read", "two cards"},
	} {
		if ids, err := s.Unread(t.Context(), "org", run, asked); err != nil || !slices.Equal(ids, want) {
			t.Errorf("run %s: %v %v, want %v", run, ids, err, want)
		}
	}
	if ids, err := s.Unread(t.Context(), "another", "r1", asked); err != nil || len(ids) != 0 {
		t.Errorf("of another connection: %v %v", ids, err)
	}
}

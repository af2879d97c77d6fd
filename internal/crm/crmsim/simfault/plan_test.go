package simfault_test

import (
	"maps"
	"testing"

	"github.com/handoffscore/syncd/internal/crm/crmsim/simfault"
)

type fault struct{ on string }

func TestTurns(t *testing.T) {
	var p simfault.Plan[string, fault]
	first, all, second := &fault{"a"}, &fault{"a"}, &fault{"b"}
	p.Add(first, 2, 2)
	p.Add(all, 4, -1)
	p.Add(second, 0, 0)
	meet := func(on string) *fault { return p.Next(func(f *fault) bool { return f.on == on }) }
	for n, want := range []*fault{nil, first, first, all, all} {
		if got := meet("a"); got != want {
			t.Errorf("request %d meets %v, want %v", n+1, got, want)
		}
	}
	if meet("b") != second || meet("b") != nil {
		t.Error("a fault without turn and times is the next request's, once")
	}
	p.Clear()
	if meet("a") != nil {
		t.Error("a cancelled fault happened")
	}
	p.Fire("x")
	p.Fire("x")
	if got := p.Fired(); !maps.Equal(got, map[string]int{"x": 2}) {
		t.Errorf("fired %v", got)
	}
}

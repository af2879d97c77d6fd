package autoscore_test

import (
	"testing"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
)

func TestNamed(t *testing.T) {
	judge := autoscore.New(autoscore.Rules{})
	for _, c := range []struct {
		text string
		want bool
	}{
		{"Cobalt Analytics", true},
		{"0015g00000AbCdEAAV", true},
		{"No Limits GmbH", true},
		{"1111", true}, // the id of a record
		{"true", true},
		{"1", true},
		{"", false},
		{"  ", false},
		{"tbd", false},
		{"n/a", false},
		{"none", false},
		{"xxx", false},
		{"false", false},
		{"No", false},
		{"0", false},
	} {
		if got := judge.Named(crm.Value(c.text)); got != c.want {
			t.Errorf("%q: %v", c.text, got)
		}
	}
	for _, s := range []crm.State{crm.Unmapped, crm.Unreadable} {
		if judge.Named(crm.Cell{State: s, Text: "Cobalt Analytics"}) {
			t.Errorf("state %d names something", s)
		}
	}
}

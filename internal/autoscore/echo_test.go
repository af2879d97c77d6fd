package autoscore

import (
	"testing"

	"pgregory.net/rapid"
)

// A text is told to be an echo by the key of what it repeats, however much of
// that is looked at.
func TestEchoesCompareKeys(t *testing.T) {
	j := New(Rules{Allowed: []string{"ab"}})
	some := rapid.StringOfN(rapid.SampledFrom([]rune("aAbBé01 .-<>&p/;\u0301ﬁ例\n")), 0, 12, -1)
	seen := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		text, other := some.Draw(t, "text"), some.Draw(t, "other")
		if rapid.Bool().Draw(t, "near") {
			text = other + text[:min(len(text), 1)]
		}
		r := j.read(text)
		want := r.letters <= 2*len(other) && r.key != "" && !r.allowed && r.key == j.read(other).key
		seen[want]++
		if got := j.echoes(r, other); got != want {
			t.Fatalf("%q echoes %q: %v, by their keys %v", text, other, got, want)
		}
	})
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("echoes and others: %v", seen)
	}
}

package crm

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func FuzzCut(f *testing.F) {
	f.Add("a😀b😀", 4)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n %= 50
		got := Cut(s, n)
		if n > 0 && len(utf16.Encode([]rune(got))) > n {
			t.Errorf("Cut(%q, %d) = %q is too long", s, n, got)
		}
		if len(utf16.Encode([]rune(s))) != Units(s) {
			t.Errorf("%q is counted as %d units", s, Units(s))
		}
		if n > 0 && got != s && !strings.HasPrefix(s, strings.TrimSuffix(got, "…")) {
			t.Errorf("Cut(%q, %d) = %q", s, n, got)
		}
	})
}

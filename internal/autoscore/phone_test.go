package autoscore

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// What is read without the library is what the library reads, for every code
// that the short way knows and for codes around them.
func TestPlainNumbersAreTheLibrarys(t *testing.T) {
	n, short := 40_000, map[string]int{}
	if testing.Short() {
		n = 4_000
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, code := range append([]string{"7", "20", "30", "36", "40", "52", "54", "55", "61", "81", "86", "91", "353", "420"}, plainCodes...) {
		for range n / 10 {
			text := "+" + code
			for range 3 + rng.IntN(11) {
				if rng.IntN(4) == 0 {
					text += string(" -("[rng.IntN(9)%3])
				}
				text += string(rune('0' + rng.IntN(10)))
			}
			if rng.IntN(50) == 0 {
				text += []string{" x12", "-", " ext. 7", "#", "--1"}[rng.IntN(5)]
			}
			got := plainNumber(text)
			if got == "" {
				continue
			}
			short[code]++
			for _, region := range []string{anyRegion, "DE", "US", "BR"} {
				want := ""
				if p, err := phonenumbers.Parse(text, region); err == nil && phonenumbers.IsValidNumber(p) {
					want = phonenumbers.Format(p, phonenumbers.E164) + p.GetExtension()
				}
				if got != want {
					t.Fatalf("%q in %s is %q, the library says %q", text, region, got, want)
				}
			}
		}
	}
	for _, code := range plainCodes {
		if short[code] == 0 {
			t.Errorf("no number of +%s went the short way", code)
		}
	}
	for code := range short {
		if !slices.Contains(plainCodes, code) {
			t.Errorf("+%s went the short way", code)
		}
	}
	if got := plainNumber("+49 30 2018499"); got != "+49302018499" {
		t.Error(got)
	}
}

package bench

import (
	"testing"

	"github.com/handoffscore/syncd/internal/store"
)

// The write that stands for all is the one whose length is nearest to their
// mean, and not the first, the longest or the shortest.
func TestMiddling(t *testing.T) {
	of := func(text string) store.Intent { return store.Intent{Fields: map[string]string{"gaps": text}} }
	got := middling([]store.Intent{of("1"), of("1234567890"), of("1234"), of("12345")})
	if got["gaps"] != "12345" { // mean 4+5, of a name and its text
		t.Errorf("%q stands for all", got["gaps"])
	}
}

package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/store"
)

// samples are how many writes are looked at to find a typical one.
const samples = 2000

// typical returns what syncd has written to a record, by the names it keeps of
// fields: of the writes in its store the one whose length is nearest to their
// mean. The bare program sends no more and no less.
func typical(ctx context.Context, file string) (map[string]string, error) {
	cfg, err := config.Load(file)
	if err != nil {
		return nil, err
	}
	s, err := store.Existing(ctx, cfg.Database)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	name := cfg.Connections[0].Name
	runs, err := s.Runs(ctx, name, 1)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 {
		return nil, errors.New("the store knows of no run")
	}
	writes, err := s.WritesOf(ctx, name, runs[0].ID, store.Confirmed, 0, samples)
	if err != nil {
		return nil, err
	}
	if len(writes) == 0 {
		return nil, fmt.Errorf("run %s wrote nothing", runs[0].ID)
	}
	return middling(writes), nil
}

// middling is what that one of some writes says whose length is nearest to
// their mean.
func middling(writes []store.Intent) map[string]string {
	sum := 0
	for _, w := range writes {
		sum += length(w.Fields)
	}
	mean := sum / len(writes)
	best := writes[0].Fields
	for _, w := range writes {
		if abs(length(w.Fields)-mean) < abs(length(best)-mean) {
			best = w.Fields
		}
	}
	return best
}

func length(fields map[string]string) int {
	n := 0
	for name, text := range fields {
		n += len(name) + len(text)
	}
	return n
}

func abs(n int) int { return max(n, -n) }

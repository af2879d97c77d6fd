package autoscore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

func shippedCards(t *testing.T) map[string]*scorecard.Card {
	t.Helper()
	names, err := filepath.Glob("../../config/scorecards/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no cards: %v", err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	cards, err := scorecard.ParseSet(files)
	if err != nil {
		t.Fatal(err)
	}
	return cards
}

// The shipped cards ask of the same deal what the tests' own cards ask.
func TestShippedCards(t *testing.T) {
	cards := shippedCards(t)
	j := New(testRules(t))
	own := j.Score(salesCard(), richDeal(), nil, at())
	for id, n := range map[string]int{"sales-to-cs": 20, "sales-to-cs-simplified": 7} {
		r := j.Score(cards[id], richDeal(), nil, at())
		if len(r.Items) != n || r.Degraded {
			t.Errorf("%s: %d items, degraded %v", id, len(r.Items), r.Degraded)
		}
		for _, it := range r.Items {
			if want := brief(*own.Item(it.ID)); brief(it) != want {
				t.Errorf("%s %s: got %s, want %s: %s", id, it.ID, brief(it), want, said(it.Evidence))
			}
		}
	}

	d := richDeal()
	for name, text := range map[string]string{
		"evidence.1": "Their fleet contract ends in May.", "owner.1": "u1", "listed.1": "true", "evidence.2": "Cobalt runs depot audits.",
		"evidence.3": "Leo coached Ada for two years.", "ours.3": "Ada Quist", "theirs.3": "Leo Marsh", "evidence.4": "We drive air around.",
		"evidence.5": "A route teardown in Leeds.", "date.5": "2026-11-12", "agreed.5": "true", "sent_at": "2026-11-03T09:00:00.000Z",
		"evidence.6": "Reply to Leo.", "task_open.6": "true", "owner.7": "Ada Quist",
		"evidence.8": "Accepted with a first call.", "days.8": "3", "set_at.8": "2026-11-01", "evidence.9": "https://cobalt.example.com/leeds",
	} {
		d.Fields.Set(name, crm.Value(text))
	}
	r := j.Score(cards["partner-handoff"], d, nil, at())
	if r.Floor != 9 || r.Ceiling != 18 || r.OpenN != 9 {
		t.Errorf("a full packet: %d-%d, %d open", r.Floor, r.Ceiling, r.OpenN)
	}
	for _, it := range j.Score(cards["partner-handoff"], bareDeal(), nil, at()).Items {
		if got := brief(it); got != "0-2" {
			t.Errorf("%s with nothing mapped: %s", it.ID, got)
		}
	}
}

package scorecard

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// of looks scores up in a map; items that are not in it are open.
func of(scores map[string]int) Score {
	return func(id string) (int, bool) { points, ok := scores[id]; return points, ok }
}

// drawScores scores each item, or leaves it open.
func drawScores(t *rapid.T, c *Card, open bool) map[string]int {
	scores := map[string]int{}
	for it := range c.Items() {
		low := 0
		if open {
			low = -1
		}
		if p := rapid.IntRange(low, it.Max).Draw(t, it.ID); p >= 0 {
			scores[it.ID] = p
		}
	}
	return scores
}

func drawCard(t *rapid.T, cards map[string]*Card) *Card {
	return cards[rapid.SampledFrom([]string{"sales-to-cs", "sales-to-cs-simplified", "partner-handoff"}).Draw(t, "card")]
}

func TestEveryTotalIsInExactlyOneBand(t *testing.T) {
	for id, c := range shipped(t) {
		for total := -2; total <= c.OutOf+2; total++ {
			var in []string
			for _, b := range c.Bands {
				if b.Min <= total && total <= b.Max {
					in = append(in, b.Name)
				}
			}
			got := c.Band(total)
			switch {
			case total < 0 || total > c.OutOf:
				if got != nil || len(in) != 0 {
					t.Errorf("%s: %d is in %v", id, total, in)
				}
			case got == nil || len(in) != 1 || in[0] != got.Name:
				t.Errorf("%s: %d is in %v", id, total, in)
			}
		}
		if c.Band(0) != c.LowestBand() || c.Band(c.OutOf) != &c.Bands[0] {
			t.Errorf("%s: ends", id)
		}
	}
}

func TestCategoriesAddUpToTheTotal(t *testing.T) {
	cards := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		c := drawCard(t, cards)
		scores := drawScores(t, c, false)
		want := 0
		for _, p := range scores {
			want += p
		}
		sums := c.Sums(of(scores))
		got := 0
		for i, sum := range sums.Categories {
			if sum.ID != c.Categories[i].ID || sum.Max != c.Categories[i].Max || sum.Points < 0 || sum.Points > sum.Max || sum.Open != 0 {
				t.Fatalf("%+v", sum)
			}
			got += sum.Points
		}
		if sums.Total != want || got != want || sums.Open != 0 || sums.OutOf != c.OutOf || len(sums.Categories) != len(c.Categories) {
			t.Fatalf("%+v, want %d", sums, want)
		}
		if c.Band(sums.Total) == nil {
			t.Fatal("no band")
		}
	})
}

func TestAnOpenItemIsNeverAddedAsZero(t *testing.T) {
	cards := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		c := drawCard(t, cards)
		scores := drawScores(t, c, true)
		// A score that the item cannot have is as good as none.
		for it := range c.Items() {
			if _, ok := scores[it.ID]; !ok && rapid.Bool().Draw(t, "odd") {
				scores[it.ID] = rapid.SampledFrom([]int{-1, it.Max + 1, 99}).Draw(t, "odd score")
			}
		}
		sums := c.Sums(of(scores))
		open := 0
		for i, cat := range c.Categories {
			points, missing := 0, 0
			for _, it := range cat.Items {
				if p, ok := scores[it.ID]; ok && p >= 0 && p <= it.Max {
					points += p
				} else {
					missing++
				}
			}
			if missing > 0 {
				points = 0
			}
			if got := sums.Categories[i]; got.Points != points || got.Open != missing {
				t.Fatalf("category %s: %+v, want %d with %d open", cat.ID, got, points, missing)
			}
			open += missing
		}
		if sums.Open != open || open > 0 && sums.Total != 0 {
			t.Fatalf("%+v", sums)
		}
	})
}

// E16: the last handoff has 12 points; 7 is weakest at 0.33, 3 and 6 tie at
// 1.00 and the earlier is named; the ask has the lowest share.
func TestTwoWeakestAndAVerdict(t *testing.T) {
	c := shipped(t)["partner-handoff"]
	handoffs := []map[string]int{
		{"1": 2, "2": 2, "3": 1, "4": 2, "5": 1, "6": 1, "7": 1, "8": 2, "9": 1},
		{"1": 2, "2": 2, "3": 1, "4": 1, "5": 1, "6": 1, "7": 0, "8": 2, "9": 2},
		{"1": 2, "2": 1, "3": 1, "4": 2, "5": 2, "6": 1, "7": 0, "8": 2, "9": 1},
	}
	last := handoffs[2]
	sums := c.Sums(of(last))
	band := c.Band(sums.Total)
	if sums.Total != 12 || band.Name != "Fix before volume" {
		t.Errorf("%d, %s", sums.Total, band.Name)
	}
	weakest := c.Weakest(handoffs, band.Weakest)
	for i := range weakest {
		weakest[i].Mean = math.Round(weakest[i].Mean*100) / 100
	}
	if diff := cmp.Diff([]Weak{{"7", 0.33, 3}, {"3", 1, 3}}, weakest); diff != "" {
		t.Error(diff)
	}
	if g := c.Diagnose(of(last)); g == nil || g.Verdict != "shrink the ask" {
		t.Errorf("%+v", g)
	}
}

func TestWeakestLooksAtTheLastThree(t *testing.T) {
	c := shipped(t)["partner-handoff"]
	full := map[string]int{"1": 2, "2": 2, "3": 2, "4": 2, "5": 2, "6": 2, "7": 2, "8": 2, "9": 2}
	with := func(changes map[string]int) map[string]int {
		m := map[string]int{}
		for _, set := range []map[string]int{full, changes} {
			for id, p := range set {
				m[id] = p
			}
		}
		return m
	}
	for _, tt := range []struct {
		name    string
		history []map[string]int
		n       int
		want    []string
	}{
		{"none yet", nil, 2, nil},
		{"one handoff", []map[string]int{with(map[string]int{"9": 0, "4": 1})}, 2, []string{"9", "4"}},
		{"ties go by the card's order", []map[string]int{with(map[string]int{"9": 1, "2": 1, "5": 1})}, 2, []string{"2", "5"}},
		{"the fourth from the end no longer counts", []map[string]int{with(map[string]int{"1": 0}), full, with(map[string]int{"6": 1}), full}, 2, []string{"6"}},
		{"the third from the end still counts", []map[string]int{with(map[string]int{"1": 0}), full, full}, 2, []string{"1"}},
		{"full marks are not weak", []map[string]int{full, full, full}, 2, nil},
		{"open items do not count", []map[string]int{{"1": 1}, {"2": 0}}, 9, []string{"2", "1"}},
		{"a mean over fewer is compared as a mean", []map[string]int{{"1": 1, "2": 1}, {"1": 1, "2": 2}, {"3": 1, "2": 1}}, 9, []string{"1", "3", "2"}},
		{"a score that cannot be does not count", []map[string]int{{"1": 3, "2": -1, "3": 1}}, 9, []string{"3"}},
		{"none wanted", []map[string]int{with(map[string]int{"1": 0})}, 0, nil},
		{"fewer than none wanted", []map[string]int{with(map[string]int{"1": 0})}, -1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, w := range c.Weakest(tt.history, tt.n) {
				got = append(got, w.Item)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Items worth 1 and 2 are compared by their share, told by their points.
func TestWeakestComparesShares(t *testing.T) {
	c, err := Parse("small", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	got := c.Weakest([]map[string]int{{"1.1": 1, "1.2": 1, "2.1": 2}, {"1.1": 1, "1.2": 0, "2.1": 1}}, 3)
	if diff := cmp.Diff([]Weak{{"1.1", 1, 2}, {"1.2", 0.5, 2}, {"2.1", 1.5, 2}}, got); diff != "" {
		t.Error(diff)
	}
	if g := c.Diagnose(of(map[string]int{"1.1": 2, "1.2": 0, "2.1": 1})); g == nil || g.ID != "a" {
		t.Errorf("shares of 1/2 and 1/2: %+v", g)
	}
	if g := c.Diagnose(of(map[string]int{"1.1": 1, "1.2": 1, "2.1": 1})); g == nil || g.ID != "b" {
		t.Errorf("shares of 3/4 and 1/2: %+v", g)
	}
}

func TestDiagnose(t *testing.T) {
	c := shipped(t)["partner-handoff"]
	items := slices.Collect(c.Items())
	for _, tt := range []struct {
		name   string
		scores string // of items 1 to 9; - is open
		want   string
	}{
		{"research is missing", "000002222", "packet"},
		{"packet", "111112222", "packet"},
		{"ask", "222221122", "ask"},
		{"rule", "222222212", "rule"},
		{"none at full marks", "222222222", ""},
		{"all missing: the first", "000000000", "packet"},
		{"packet and ask tie", "111111121", "packet"},
		{"ask and rule tie", "222221112", "ask"},
		{"the proof belongs to the packet", "222222220", "packet"},
		{"one of two missing is half, none of one is less", "222220202", "rule"},
		{"open", "22222-222", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scores := map[string]int{}
			for i, r := range tt.scores {
				if r != '-' {
					scores[items[i].ID] = int(r - '0')
				}
			}
			got := ""
			if g := c.Diagnose(of(scores)); g != nil {
				got = g.ID
			}
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
	if g := shipped(t)["sales-to-cs"].Diagnose(of(nil)); g != nil {
		t.Errorf("a card without groups: %+v", g)
	}
}

// The verdict never has a higher share than any other group, and is there
// exactly when points are missing.
func TestTheVerdictIsTheLowestGroup(t *testing.T) {
	c := shipped(t)["partner-handoff"]
	rapid.Check(t, func(t *rapid.T) {
		scores := drawScores(t, c, false)
		share := func(g *Group) float64 {
			points := 0
			for _, id := range g.Items {
				points += scores[id]
			}
			return float64(points) / float64(2*len(g.Items))
		}
		got := c.Diagnose(of(scores))
		if full := c.Sums(of(scores)).Total == c.OutOf; (got == nil) != full {
			t.Fatalf("verdict %+v at full marks %v", got, full)
		}
		for i := range c.Groups {
			other := &c.Groups[i]
			if got == nil || other == got {
				break
			}
			if share(other) <= share(got)-1e-9 || math.Abs(share(other)-share(got)) < 1e-9 {
				t.Fatalf("%s comes before %s", other.ID, got.ID)
			}
		}
	})
}

// Whatever the history, the weakest are ordered, distinct, below full marks.
func TestWeakestIsOrdered(t *testing.T) {
	c := shipped(t)["partner-handoff"]
	rapid.Check(t, func(t *rapid.T) {
		var history []map[string]int
		for range rapid.IntRange(0, 5).Draw(t, "handoffs") {
			history = append(history, drawScores(t, c, true))
		}
		n := rapid.IntRange(0, 10).Draw(t, "n")
		got := c.Weakest(history, n)
		if len(got) > n {
			t.Fatalf("%d of %d", len(got), n)
		}
		var ids []string
		for i, w := range got {
			if i > 0 && w.Mean < got[i-1].Mean || w.Mean < 0 || w.Mean >= 2 || w.N < 1 || w.N > 3 {
				t.Fatalf("%+v", got)
			}
			if i > 0 && w.Mean == got[i-1].Mean && w.Item < got[i-1].Item {
				t.Fatalf("ties out of order: %+v", got)
			}
			ids = append(ids, w.Item)
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != len(got) {
			t.Fatalf("an item twice: %+v", got)
		}
	})
}

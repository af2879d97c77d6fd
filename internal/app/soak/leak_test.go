package soak

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// Margins: what may come on top of what there was near the beginning of a life.
const (
	mostWorking    = 3  // goroutines beside those of HTTP connections
	mostGoroutines = 30 // ten connections to each CRM may be kept open, or not
	mostFDs        = 25 // likewise, and the database's
	mostHeap       = 4  // MB, and a quarter
	mostRSS        = 20 // MB, and a quarter
	quarter        = 1.25
	fewest         = 12 // samples of a life that say something, after its beginning
)

// breath is how long a life is looked at further that seems to leak.
const breath = 20 * time.Second

// beginning is how long a life takes to have all its parts at work: the queue's
// leader is elected within five seconds, and starts some more.
const beginning = 6 // seconds

// leaks tells what a life of the daemon holds more of at its end than near its
// beginning, of which the first tenth does not count. Goroutines and
// descriptors come and go with the work: the fewest of the last third are
// compared with the fewest of the first, memory by its medians.
func leaks(life []sample) []string {
	if life = begun(life); len(life) < fewest {
		return []string{fmt.Sprintf("%d samples say nothing", len(life))}
	}
	first, last := life[:len(life)/3], life[len(life)-len(life)/3:]
	var all []string
	for _, m := range []struct {
		what string
		of   func(sample) float64
		sum  func([]float64) float64
		most func(before float64) float64
	}{
		{"goroutines at work", func(m sample) float64 { return float64(m.Working) }, slices.Min[[]float64], func(n float64) float64 { return n + mostWorking }},
		{"goroutines", func(m sample) float64 { return float64(m.Goroutines) }, slices.Min[[]float64], func(n float64) float64 { return n + mostGoroutines }},
		{"descriptors", func(m sample) float64 { return float64(m.FDs) }, slices.Min[[]float64], func(n float64) float64 { return n + mostFDs }},
		{"MB of heap", func(m sample) float64 { return m.Heap }, median, func(n float64) float64 { return n*1.1 + mostHeap }},
		{"MB resident", func(m sample) float64 { return m.RSS }, median, func(n float64) float64 { return n*1.25 + mostRSS }},
	} {
		before, after := m.sum(each(first, m.of)), m.sum(each(last, m.of))
		if after > m.most(before) {
			all = append(all, fmt.Sprintf("%.1f %s became %.1f, which is more than %.1f", before, m.what, after, m.most(before)))
		}
	}
	return all
}

// begun is a life without its beginning.
func begun(life []sample) []sample {
	if len(life) == 0 {
		return nil
	}
	from := life[0].T + max(beginning, (life[len(life)-1].T-life[0].T)/10)
	return slices.DeleteFunc(slices.Clone(life), func(m sample) bool { return m.T < from })
}

func each(list []sample, of func(sample) float64) []float64 {
	var all []float64
	for _, m := range list {
		all = append(all, of(m))
	}
	return all
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// Lives that leak are told from lives that only breathe.
func TestLeaksAreTold(t *testing.T) {
	life := func(n int, change func(i int, m *sample)) []sample {
		var all []sample
		for i := range n {
			m := sample{T: float64(i), Goroutines: 60 + i%7*5, Working: 40 + i%7, FDs: 30 + i%5, Heap: 9 + float64(i%3), RSS: 60 + float64(i%9)}
			change(i, &m)
			all = append(all, m)
		}
		return all
	}
	for _, c := range []struct {
		name  string
		life  []sample
		leaks int
	}{
		{"breathes", life(60, func(int, *sample) {}), 0},
		{"grows at its start", life(60, func(i int, m *sample) { m.Heap, m.RSS = m.Heap-8/float64(1+i), m.RSS-50/float64(1+i) }), 0},
		{"peaks once", life(60, func(i int, m *sample) {
			if i == 50 {
				m.Goroutines, m.Working, m.FDs, m.Heap, m.RSS = 500, 500, 500, 500, 500
			}
		}), 0},
		{"one goroutine every five samples", life(60, func(i int, m *sample) { m.Goroutines, m.Working = m.Goroutines+i/5, m.Working+i/5 }), 1},
		{"a connection a sample", life(60, func(i int, m *sample) { m.Goroutines, m.FDs = m.Goroutines+2*i, m.FDs+i }), 2},
		{"memory", life(60, func(i int, m *sample) { m.Heap, m.RSS = m.Heap+float64(i), m.RSS+2*float64(i) }), 2},
		{"too short", life(8, func(int, *sample) {}), 1},
	} {
		if got := leaks(c.life); len(got) != c.leaks {
			t.Errorf("%s: %q, want %d", c.name, got, c.leaks)
		}
	}
}

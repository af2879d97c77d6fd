package hssim_test

import (
	"runtime"
	"testing"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// BenchmarkSeed measures what a large portal costs to fill, and to hold.
func BenchmarkSeed(b *testing.B) {
	w := manyDeals(50_000)
	for i := range w.Deals {
		w.Deals[i].Roles = smallWorld().Deals[0].Roles
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var s *hssim.Server
	for b.Loop() {
		s = hssim.New(w, hssim.Options{})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(w.Deals)), "bytes/deal")
	runtime.KeepAlive(s)
}

// BenchmarkBatchUpdate writes 100 deals a call while the search index follows.
func BenchmarkBatchUpdate(b *testing.B) {
	s := hssim.New(manyDeals(50_000), hssim.Options{NoSearchLag: true})
	n := 0
	for b.Loop() {
		body := []byte(`{"inputs":[`)
		for i := range 100 {
			if i > 0 {
				body = append(body, ',')
			}
			body = append(body, `{"id":"`+s.DealID((n+i)%50_000)+`","properties":{"handoff_total":"7"}}`...)
		}
		n += 100
		if a := serve(s, "POST", batchUpdate, string(append(body, `]}`...))); a.status != 200 {
			b.Fatal(a.text)
		}
		if a := serve(s, "POST", search, one("hs_is_closed_won", "EQ", `"value":"true"`)); a.status != 200 {
			b.Fatal(a.text)
		}
	}
}

package hubspot

import (
	"context"
	"testing"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// BenchmarkLoad reads batches of 1,000 deals with contacts, notes and history
// over HTTP; the simulator runs in the same process.
func BenchmarkLoad(b *testing.B) {
	p := portalOf(b, company(1000), hssim.Options{}, Options{}, setup())
	ids := p.ids(1000)
	b.ReportAllocs()
	for b.Loop() {
		l, err := p.Load(context.Background(), ids)
		if err != nil || len(l.Deals) != 1000 {
			b.Fatal(len(l.Deals), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "us/deal")
}

package hssim_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// TestConcurrentUse is for the race detector: readers, writers and people at
// the same time.
func TestConcurrentUse(t *testing.T) {
	p := open(t, manyDeals(300), hssim.Options{})
	p.Clock().Freeze(false)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 25 {
				id := p.DealID((g*25 + i) % 300)
				for _, c := range [][3]string{
					{"POST", search, `{"sorts":["-amount"],"limit":50}`},
					{"POST", batchUpdate, `{"inputs":[{"id":"` + id + `","properties":{"amount":"` + fmt.Sprint(i) + `"}}]}`},
					{"POST", "/crm/v3/objects/deals/batch/read", `{"inputs":[{"id":"` + id + `"}]}`},
					{"GET", "/crm/v3/objects/deals?limit=50&associations=contacts", ""},
				} {
					if a, err := p.try(c[0], c[1], c[2]); err != nil || a.status != 200 {
						t.Errorf("%s: %v %s", c[1], err, a.text)
						return
					}
				}
				_ = p.Associate("deals", id, "contacts", p.ContactID(i%3))
				_ = p.Label(id, p.ContactID(i%3), "Champion")
				_ = p.Set("deals", id, "dealname", "x")
				p.Stats()
			}
		})
	}
	wg.Wait()
}

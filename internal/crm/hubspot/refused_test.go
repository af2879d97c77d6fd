package hubspot

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// told lists where a description sees problems of loading.
func (p *portal) told(t *testing.T) []string {
	t.Helper()
	d, err := p.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, x := range d.Problems {
		if x.Severity == crm.Fail && slices.Contains([]string{"contacts", "emails", "notes"}, x.Place) {
			all = append(all, x.Place)
		}
	}
	return all
}

// A pass describes more than once: what its loads were refused is told each
// time until the next loads, which try again.
func TestWhatLoadsWereRefusedIsToldUntilTheNext(t *testing.T) {
	p := newPortal(t, 5, hssim.Options{NoSearchLag: true}, Options{})
	if _, err := p.Create("emails", map[string]string{"hs_email_text": "x", "hs_timestamp": "2026-11-19T09:00:00Z"}, "deals/"+p.DealID(0)); err != nil {
		t.Fatal(err)
	}
	p.load(t, p.ids(5)...)
	if got := p.told(t); len(got) != 0 {
		t.Fatalf("told of %v", got)
	}
	p.AddFault(hssim.Fault{Do: hssim.NoScope, On: "batch_read emails", Times: -1})
	p.AddFault(hssim.Fault{Do: hssim.NoScope, On: "batch_read contacts", Times: -1})
	p.load(t, p.ids(5)...)
	for range 3 {
		if d := cmp.Diff([]string{"contacts", "emails"}, p.told(t)); d != "" {
			t.Errorf("told (-want +got):\n%s", d)
		}
	}
	p.ClearFaults()
	p.load(t, p.ids(5)...)
	for range 2 {
		if got := p.told(t); len(got) != 0 {
			t.Errorf("still told of %v", got)
		}
	}
}

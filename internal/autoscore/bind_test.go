package autoscore

import (
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
)

// Deals that were not read together may have their cells in other places, and
// several cards are judged in turn.
func TestEveryDealIsReadByItsOwnNames(t *testing.T) {
	j := New(testRules(t))
	sales, partner := salesCard(), partnerCard()
	rich, lead := richDeal(), partnerDeal()
	bare := richDeal()
	bare.Fields = crm.CellsOf(map[string]crm.Cell{"evidence.1.1": rich.Fields.Get("evidence.1.1")})
	none := richDeal()
	none.Fields = crm.Cells{}
	for range 2 * boundMax {
		again := richDeal() // with names of its own
		for _, c := range []struct {
			deal *crm.Deal
			item string
			want string
		}{{rich, "1.2", "1-2"}, {bare, "1.1", "1-2"}, {bare, "1.2", "0-2"}, {none, "1.1", "0-2"}, {again, "1.2", "1-2"}} {
			r := j.Score(sales, c.deal, nil, at())
			if got := brief(*r.Item(c.item)); got != c.want {
				t.Fatalf("%s is %s, want %s", c.item, got, c.want)
			}
		}
		r := j.Score(partner, lead, nil, at())
		if got := brief(*r.Item("9")); got != "1-2" {
			t.Fatalf("the partner's proof is %s", got)
		}
	}
	if n := len(j.bindings.last); n != boundMax {
		t.Errorf("%d bindings are kept", n)
	}
}

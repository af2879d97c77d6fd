package syncer_test

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/store"
)

// A deal falls below the threshold: its other card goes out of play and no
// longer counts, and one plan holds for the record. What has begun stays.
func TestADealIsInScopeOnOneCard(t *testing.T) {
	for _, begun := range []bool{false, true} {
		r := newRig(t)
		short := strings.NewReplacer("id: small", "id: short\nbelow_threshold: true", "title: Small", "title: Short").Replace(card)
		below, err := scorecard.Parse("short.yaml", []byte(short))
		if err != nil {
			t.Fatal(err)
		}
		threshold := decimal.NewFromInt(10000)
		r.c.Cards, r.c.Settings.Threshold = append(r.c.Cards, below), &threshold
		d := r.won("d1")
		if begun {
			r.set("d1", "item_1_1_score", "2")
		}
		r.settled(t, "d1")
		d.Amount = crm.Value("6000")
		r.moves([]string{"d1"})
		run := r.plan(t)
		states, err := r.store.States(t.Context(), "org", []string{"d1"})
		if err != nil {
			t.Fatal(err)
		}
		in := map[string]store.State{}
		for _, s := range states {
			if s.InScope {
				in[s.Card] = s
			} else if s.Open || !s.NextAt.IsZero() {
				t.Errorf("begun %v: %s is out of scope and its clock runs", begun, s.Card)
			}
		}
		want := map[bool]string{false: "short", true: "small"}[begun]
		if _, ok := in[want]; !ok || len(in) != 1 {
			t.Errorf("begun %v: in scope on %v, want %s", begun, in, want)
		}
		if key, planned := r.planned(t, run)["d1"].Fields["key"]; planned == begun || planned && key != "d1/short/1" {
			t.Errorf("begun %v: key planned as %q", begun, key)
		}
	}
}

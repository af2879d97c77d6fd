package handoff_test

import (
	"testing"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/handoff"
)

// BenchmarkAdvance takes the step of a deal that is half scored, as every pass
// does while its clock runs.
func BenchmarkAdvance(b *testing.B) {
	d, s, now := score(rich(), "22111"+"2111"+"----"+"----"), settings(), at("17 09:00")
	prev := step(b, d, handoff.State{}, now).State
	card, _ := handoff.Choose(cards(b), d, s, prev.Card)
	sheet := handoff.Read(card, d, prev)
	kickoff, _ := sheet.Kickoff(s.Zone)
	in := handoff.Input{
		Card: card, Deal: d, Now: now, Settings: s,
		Result: judge().Score(card, d, sheet.Entered, autoscore.At{Now: now, Kickoff: kickoff.At}),
	}
	b.ReportAllocs()
	for b.Loop() {
		if out := handoff.Advance(in, prev); out.State.Status != handoff.ScoringOpen {
			b.Fatal(out.State.Status)
		}
	}
}

// BenchmarkFinish takes the only step of a deal that was scored and signed
// before it is first seen, as a first pass does, and that has gaps.
func BenchmarkFinish(b *testing.B) {
	d, s, now := score(rich(), "22111"+"2111"+"1111"+"0111"), settings(), at("17 09:00")
	card, _ := handoff.Choose(cards(b), d, s, "")
	sheet := handoff.Read(card, d, handoff.State{})
	kickoff, _ := sheet.Kickoff(s.Zone)
	in := handoff.Input{
		Card: card, Deal: d, Now: now, Settings: s,
		Result: judge().Score(card, d, sheet.Entered, autoscore.At{Now: now, Kickoff: kickoff.At}),
	}
	b.ReportAllocs()
	for b.Loop() {
		if out := handoff.Advance(in, handoff.State{}); out.State.Final == nil {
			b.Fatal(out.State.Status)
		}
	}
}

package syncer_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/syncer"
)

// loaded is a rig with the shipped card of 20 items and deals that have
// something for most of them.
func loaded(b *testing.B, deals int) (*rig, []string) {
	b.Helper()
	cards, err := (&config.Config{}).Cards()
	if err != nil {
		b.Fatal(err)
	}
	r := rigOf(b, cards["sales-to-cs"])
	r.crm.batch = 100
	var ids []string
	for i := range deals {
		id := fmt.Sprintf("d%04d", i)
		ids = append(ids, id)
		d := r.won(id)
		for _, f := range r.c.Setup.Fields {
			if strings.HasPrefix(f.Name, "evidence.") && f.Name != "evidence.1.4" {
				r.set(id, f.Name, "Depots planned routes on paper, and 12 % of the mileage of deal "+id+" was empty before the trial.")
			}
		}
		d.Contacts = []crm.Contact{{ID: "c1", Name: crm.Value("Jana Ruiz"), Title: crm.Value("Head of Sales"), Email: crm.Value("jana@lindqvist.example.com"), Phone: crm.Value("+46 8 465 004 01")}}
		d.Roles = map[string]crm.Role{"champion": {State: crm.Read, Contacts: []crm.ContactID{"c1"}}}
		d.Notes = []crm.Note{{ID: "n" + id, Kind: crm.NoteText, At: start.AddDate(0, 0, -6), Author: "ae1", Body: "<p>Signed for 24 months; they expect the pipeline report by 15 January.</p>"}}
	}
	return r, ids
}

// BenchmarkPlan reads 100 deals of which nothing has changed, as most are at
// most passes: each is judged, put into words and compared with what is known.
func BenchmarkPlan(b *testing.B) {
	r, ids := loaded(b, 100)
	r.moves(ids)
	r.write(b, r.plan(b))
	b.ReportAllocs()
	for b.Loop() {
		r.plan(b)
	}
	if n := len(r.planned(b, r.plan(b))); n != 0 {
		b.Fatalf("%d deals are to be written though nothing has changed", n)
	}
}

// BenchmarkJudged puts the judgement of one deal into JSON for the history and
// reads it again.
func BenchmarkJudged(b *testing.B) {
	r, ids := loaded(b, 1)
	d := r.crm.deals[crm.DealID(ids[0])]
	card := r.c.Cards[0]
	result := r.c.Judge.Score(card, d, nil, autoscore.At{Now: start})
	out := handoff.Advance(handoff.Input{Card: card, Deal: d, Result: result, Now: start, Settings: r.c.Settings}, handoff.State{})
	judged := syncer.Judged{Status: out.State.Status, Attempt: 1, Result: out.Result, CSM: "csm1", Kickoff: start.AddDate(0, 0, -1), Due: start.Add(24 * time.Hour)}
	if n := len(out.Result.Items); n != 20 {
		b.Fatalf("%d items", n)
	}
	b.ReportAllocs()
	for b.Loop() {
		body, err := json.Marshal(judged)
		if err != nil {
			b.Fatal(err)
		}
		var again syncer.Judged
		if err := json.Unmarshal(body, &again); err != nil || len(again.Result.Items) != 20 {
			b.Fatal(len(again.Result.Items), err)
		}
	}
}

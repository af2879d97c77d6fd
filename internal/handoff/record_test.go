package handoff_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
)

// records are what is kept beside the deal of the story's attempts.
func (x *story) records() []crm.Attempt {
	card, _ := handoff.Choose(cards(x.t), x.deal, settings(), "")
	return handoff.Records(card, x.deal.Ref.ID, x.s)
}

// An attempt has a record once it is final, with what was then; the one before is
// told in case nobody has kept it.
func TestRecordsOfAttempts(t *testing.T) {
	x := begin(t, score(unmapped(), nineteen))
	x.cell("csm", "csm1", "12 09:00")
	x.cell("kickoff_at", "2026-11-16T09:00:00.000Z", "")
	x.cell("item_1_1_score", "", "")
	x.pass("13 09:00")
	if list := x.records(); len(list) != 0 {
		t.Errorf("before it is final: %+v", list)
	}
	x.cell("item_1_1_score", nineteen[:1], "")
	x.pass("17 09:00")
	list := x.records()
	want := crm.Attempt{
		Key: x.deal.Ref.ID + "/sales-to-cs/1", Deal: crm.DealID(x.deal.Ref.ID), Scorecard: "sales-to-cs", Version: x.s.Version,
		Number: 1, Score: 19, OutOf: 40, Band: "Incomplete", FinalAt: at("17 09:00"),
	}
	if d := cmp.Diff([]crm.Attempt{want}, list, cmpopts.IgnoreFields(crm.Attempt{}, "Categories", "Gaps")); d != "" {
		t.Fatalf("first final (-want +got):\n%s", d)
	}
	if gaps := list[0].Gaps; !strings.Contains(gaps, "1.1 ") || gaps != strings.ReplaceAll(x.out.Show["gaps"], " (filled after, check)", "") {
		t.Errorf("gaps: %s", gaps)
	}
	var points []string
	for _, part := range strings.Split(list[0].Categories, ", ") {
		points = append(points, part[strings.LastIndexByte(part[:strings.LastIndex(part, " of ")], ' ')+1:])
	}
	for i, id := range []string{"1", "2", "3", "4", "5"} {
		if i < len(points) && !strings.HasPrefix(points[i], x.out.Show["category_"+id]+" of ") {
			t.Errorf("category %s: %s, and the record shows %s", id, list[0].Categories, x.out.Show["category_"+id])
		}
	}
	first := list[0]

	x.scores(rescued)
	x.cell("attempt_scored", "2", "18 09:00")
	x.pass("18 10:00")
	if list = x.records(); len(list) != 2 || list[1].Score != 37 || list[1].Key != x.deal.Ref.ID+"/sales-to-cs/2" || list[1].Once {
		t.Fatalf("second final: %+v", list)
	}
	first.Categories, first.Gaps, first.Once = "", "", true
	if d := cmp.Diff(first, list[0]); d != "" {
		t.Errorf("the first, told again (-want +got):\n%s", d)
	}

	x.cell("item_1_1_score", "1", "18 11:00")
	x.pass("18 12:00")
	if list = x.records(); list[1].Score != 36 || list[1].Once || !list[1].FinalAt.Equal(at("18 10:00")) {
		t.Errorf("corrected: %+v", list[1])
	}
}

// What was summed after a loss leaves a record as it is, until a person corrects it.
func TestARecordOutlivesALostStore(t *testing.T) {
	x, _ := lost(t, "17 09:01")
	x.pass("17 10:00")
	if list := x.records(); len(list) != 1 || !list[0].Once || list[0].Score != 18 {
		t.Fatalf("rebuilt: %+v", list)
	}
	x.cell("item_1_1_score", "2", "17 11:00")
	x.pass("17 12:00")
	if list := x.records(); len(list) != 1 || list[0].Once || list[0].Score != 19 {
		t.Errorf("corrected: %+v", list)
	}
}

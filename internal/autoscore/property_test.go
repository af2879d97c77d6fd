package autoscore

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// texts are what fields hold, one of every kind that is told apart.
var texts = []string{
	"", " \u00a0", "tbd", "None", "nothing", "<p><br></p>", `<img src="x">`, "ok", "aaaa", "Use case", "見積参照",
	"Depots planned routes on paper.", "<p>Live in <b>May</b></p>", "Write to Leo.\nBook a room.", "true", "false", "No competitor",
	"0", "1", "2", "18", "240", "2026-11-01", "2026-11-12", "2027-01-15", "2026-11-03T09:00:00.000Z", "u-4711", "Ada Quist, Leo Marsh",
	"hanna@millbrook.example.com", "info@millbrook.example.com", "h@seller.example.net", "+44 20 7946 0101", "030 901820", "12345",
	"https://cobalt.example.com/leeds and forty more letters of real substance", "Millbrook Dairies - Platform",
}

func drawCell(t *rapid.T, label string) crm.Cell {
	switch rapid.IntRange(0, 9).Draw(t, label+" state") {
	case 0:
		return crm.Cell{}
	case 1:
		return crm.Cell{State: crm.Unreadable}
	}
	return crm.Value(rapid.SampledFrom(texts).Draw(t, label))
}

func drawDeal(t *rapid.T) *crm.Deal {
	d := partnerDeal()
	for _, name := range d.Fields.Names().List() {
		if rapid.IntRange(0, 2).Draw(t, name+" moves") > 0 {
			d.Fields.Set(name, drawCell(t, name))
		}
	}
	ids := []crm.ContactID{"c1", "c2", "c3", "c4", "gone"}
	for _, role := range slices.Sorted(maps.Keys(d.Roles)) {
		d.Roles[role] = crm.Role{
			State:    crm.State(rapid.IntRange(0, 2).Draw(t, role)),
			Contacts: rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 0, 3, rapid.ID).Draw(t, role+" contacts"),
		}
	}
	for i := range d.Contacts {
		c := &d.Contacts[i]
		for _, cell := range []*crm.Cell{&c.Name, &c.Title, &c.Email, &c.Phone, &c.Mobile, &c.Context} {
			if rapid.IntRange(0, 3).Draw(t, "contact moves") == 0 {
				*cell = drawCell(t, "contact")
			}
		}
		c.Bounce = crm.Bounce(rapid.IntRange(0, 2).Draw(t, "bounce"))
	}
	d.Notes = nil
	for range rapid.IntRange(0, 3).Draw(t, "notes") {
		d.Notes = append(d.Notes, crm.Note{
			At:   wonAt.Add(time.Duration(rapid.IntRange(-100, 100).Draw(t, "hours")) * time.Hour),
			Body: rapid.SampledFrom(texts).Draw(t, "body"), Ours: rapid.Bool().Draw(t, "ours"),
		})
	}
	d.NotesState = crm.State(rapid.IntRange(0, 2).Draw(t, "notes state"))
	d.Won = rapid.IntRange(0, 9).Draw(t, "won") > 0
	d.CloseDate, d.Currency = drawCell(t, "close date"), drawCell(t, "currency")
	return d
}

func drawEntered(t *rapid.T, card *scorecard.Card) typed {
	e := typed{}
	for it := range card.Items() {
		switch rapid.IntRange(0, 5).Draw(t, it.ID) {
		case 0, 1:
			e[it.ID] = crm.Value(rapid.SampledFrom([]string{"0", "1", "2", " 2 ", "1.0"}).Draw(t, it.ID+" value"))
		case 2:
			e[it.ID] = drawCell(t, it.ID+" cell")
		}
	}
	return e
}

func TestEveryReachableState(t *testing.T) {
	j := New(testRules(t))
	cards := []*scorecard.Card{salesCard(), partnerCard()}
	rapid.Check(t, func(t *rapid.T) {
		card := cards[rapid.IntRange(0, len(cards)-1).Draw(t, "card")]
		d := drawDeal(t)
		entered := drawEntered(t, card)
		moments := At{Now: now}
		if rapid.Bool().Draw(t, "kickoff known") {
			moments.Kickoff = kickoff
		}
		r := j.Score(card, d, entered.cell, moments)

		floor, ceiling, open, total := 0, 0, 0, 0
		for _, it := range r.Items {
			if it.Floor < 0 || it.Floor > it.Cap || it.Cap > 2 || it.Proof().Floor < 0 || it.Proof().Floor > it.Proof().Cap || it.Proof().Cap > 2 {
				t.Fatalf("%s: %d-%d, machine %d-%d", it.ID, it.Floor, it.Cap, it.Proof().Floor, it.Proof().Cap)
			}
			if it.Open() {
				open++
				if it.Floor == it.Cap {
					t.Fatalf("%s is open although its score is known to be %d", it.ID, it.Floor)
				}
				if it.Source != Machine {
					t.Fatalf("%s is open by %s", it.ID, it.Source)
				}
				total += int(it.Cap)
			} else {
				if int8(it.Score) != it.Floor || it.Floor != it.Cap {
					t.Fatalf("%s: score %d in %d-%d", it.ID, it.Score, it.Floor, it.Cap)
				}
				if it.Unknown || it.NotUnderstood != "" || it.Source == Machine {
					t.Fatalf("%s has a score and still blocks final", it.ID)
				}
				total += int(it.Score)
			}
			if it.Suggestion != Open && (int8(it.Suggestion) < it.Proof().Floor || int8(it.Suggestion) > it.Proof().Cap) {
				t.Fatalf("%s: suggestion %d outside %d-%d", it.ID, it.Suggestion, it.Proof().Floor, it.Proof().Cap)
			}
			if !it.Auto && it.Proof().Floor == 2 {
				t.Fatalf("%s: the machine gave a judgement item a 2", it.ID)
			}
			if it.Auto && it.Source == CSM {
				t.Fatalf("%s took a human value", it.ID)
			}
			if it.Unknown && !r.Degraded {
				t.Fatalf("%s is unknown and the result is not degraded", it.ID)
			}
			if it.Override != (it.Source == CSM && (it.Floor < it.Proof().Floor || it.Cap > it.Proof().Cap)) {
				t.Fatalf("%s: override is %v", it.ID, it.Override)
			}
			if it.Short() != (it.Cap < 2) {
				t.Fatalf("%s: short is %v", it.ID, it.Short())
			}
			floor, ceiling = floor+int(it.Floor), ceiling+int(it.Cap)
			quotesNobody(t, it.Evidence)
		}
		if r.Floor != floor || r.Ceiling != ceiling || r.OpenN != open || floor > total || total > ceiling {
			t.Fatalf("sums %d %d %d, items give %d %d %d", r.Floor, r.Ceiling, r.OpenN, floor, ceiling, open)
		}
		if diff := cmp.Diff(r, New(j.rules).Score(card, d, entered.cell, moments)); diff != "" {
			t.Fatalf("a fresh judge thinks otherwise:\n%s", diff)
		}
	})
}

// quotesNobody fails if evidence repeats an address, a number or a name.
func quotesNobody(t *rapid.T, evidence []Evidence) {
	for _, e := range evidence {
		s := Render(e)
		for _, private := range []string{"@", "7946", "901820", "12345", "Brandt", "Castel", "paper", "synergy"} {
			if strings.Contains(s, private) {
				t.Fatalf("evidence says %q: %s", private, s)
			}
		}
		if strings.Contains(s, "not named") || strings.Contains(s, "another version") || strings.Contains(s, "{") {
			t.Fatalf("evidence %v says %q", e, s)
		}
	}
}

func TestAValidValueSettlesEveryJudgementItem(t *testing.T) {
	j := New(testRules(t))
	card := salesCard()
	rapid.Check(t, func(t *rapid.T) {
		d := drawDeal(t)
		value := rapid.SampledFrom([]string{"0", "1", "2"}).Draw(t, "value")
		entered := typed{}
		for it := range card.Items() {
			entered[it.ID] = crm.Value(value)
		}
		for _, it := range j.Score(card, d, entered.cell, At{Now: now}).Items {
			if !it.Auto && (it.Source != CSM || it.Open()) {
				t.Fatalf("%s is %s", it.ID, brief(it))
			}
		}
	})
}

func TestBlankingNeverRaisesAFloor(t *testing.T) {
	j := New(testRules(t))
	cards := []*scorecard.Card{salesCard(), partnerCard()}
	rapid.Check(t, func(t *rapid.T) {
		card := cards[rapid.IntRange(0, len(cards)-1).Draw(t, "card")]
		d := drawDeal(t)
		before := j.Score(card, d, nil, at())
		var names []string
		for _, name := range d.Fields.Names().List() {
			// What speaks against a none is not evidence for it.
			if d.Fields.Get(name).Known() && name != "discount" {
				names = append(names, name)
			}
		}
		name := rapid.SampledFrom(append(names, "contact", "note")).Draw(t, "blanked")
		switch name {
		case "contact":
			c := &d.Contacts[rapid.IntRange(0, 3).Draw(t, "who")]
			for _, cell := range []*crm.Cell{&c.Name, &c.Title, &c.Email, &c.Phone, &c.Mobile, &c.Context} {
				if cell.Known() {
					cell.Text = ""
				}
			}
		case "note":
			for i := range d.Notes {
				d.Notes[i].Body = ""
			}
		default:
			d.Fields.Set(name, crm.Cell{State: crm.Read})
		}
		after := j.Score(card, d, nil, at())
		for i := range after.Items {
			if after.Items[i].Proof().Floor > before.Items[i].Proof().Floor && !before.Items[i].Unknown {
				t.Fatalf("%s: floor %d became %d by blanking %s", after.Items[i].ID, before.Items[i].Proof().Floor, after.Items[i].Proof().Floor, name)
			}
		}
	})
}

// A field that is taken away or hidden never proves anything against anybody.
func TestUnreadableIsNeverBlank(t *testing.T) {
	j := New(testRules(t))
	for _, card := range []*scorecard.Card{salesCard(), partnerCard()} {
		for it := range card.Items() {
			for param, name := range it.Check.Sources {
				d := partnerDeal()
				d.Fields.Set(name, crm.Cell{State: crm.Unreadable})
				res := j.Score(card, d, nil, at())
				if got := brief(*res.Item(it.ID)); got != "0-2 unknown" || !res.Degraded {
					t.Errorf("%s %s with %s unreadable: %s", card.ID, it.ID, param, got)
				}
				d.Fields.Set(name, crm.Value(""))
				res = j.Score(card, d, nil, at())
				if res.Degraded {
					t.Errorf("%s %s with %s blank is degraded", card.ID, it.ID, param)
				}
			}
		}
	}
}

func TestUnreadableScoreCellDegrades(t *testing.T) {
	j := New(testRules(t))
	hidden := crm.Cell{State: crm.Unreadable}
	r := j.Score(salesCard(), richDeal(), typed{"1.1": hidden, "5.1": hidden}.cell, at())
	if got := brief(*r.Item("1.1")); got != "0-2 unknown" || !r.Degraded || brief(*r.Item("5.1")) != "2 auto" {
		t.Errorf("got %s, degraded %v, 5.1 %s", got, r.Degraded, brief(*r.Item("5.1")))
	}
	r = j.Score(salesCard(), richDeal(), typed{"5.1": hidden}.cell, at())
	if r.Degraded {
		t.Error("degraded by a cell nobody reads")
	}
}

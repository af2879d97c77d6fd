package app_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

var allCards = []string{"sales-to-cs", "sales-to-cs-simplified", "partner-handoff"}

// partnered is a world in which the first deals came with a partner.
func partnered(deals, partners int) *world.World {
	return world.Generate(world.GenerateOptions{Deals: deals, Seed: 3, Now: apptest.Start, Partners: partners})
}

// set reads what syncd shows on every record in one field set, times of writing
// apart, and due times in HubSpot: when people were named costs calls there, and
// is not asked for a deal that comes scored, unless another card asks.
func set(t *testing.T, r *apptest.Rig, partner bool) map[int]map[string]string {
	t.Helper()
	var names []string
	for _, f := range r.World.Fields {
		of := strings.HasPrefix(f.Name, "partner_")
		if f.Object == "deal" && of == partner && (of || strings.HasPrefix(f.HubSpot, "handoff_")) && !strings.HasSuffix(f.Name, "updated_at") &&
			!(r.HS != nil && strings.HasSuffix(f.Name, "due_at")) {
			names = append(names, f.Name)
		}
	}
	all := map[int]map[string]string{}
	for i := range r.World.Deals {
		all[i] = map[string]string{}
		for _, name := range names {
			all[i][name] = r.Field(t, r.Deal(i), name)
		}
	}
	return all
}

// Two cards on one connection do what each does alone: nothing of one score
// is in the other.
func TestPartnerHandoffsAndSalesDoNotMeet(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		run := func(cards []string) (*apptest.Rig, app.Report) {
			r := apptest.New(t, quick(apptest.Options{CRM: crm, World: partnered(200, 150), Cards: cards, Scope: scopeOf(cards)}))
			still(r)
			return r, r.Pass(t)
		}
		both, first := run(allCards)
		sales, alone := run(allCards[:2])
		partner, apart := run(allCards[2:])
		for _, c := range []struct {
			name    string
			partner bool
			single  *apptest.Rig
		}{{"sales", false, sales}, {"partner", true, partner}} {
			if d := cmp.Diff(set(t, c.single, c.partner), set(t, both, c.partner)); d != "" {
				t.Errorf("%s on the records, alone and with the other (-alone +both):\n%s", c.name, d)
			}
		}
		if first.Judged != alone.Judged+apart.Judged || first.InScope != alone.InScope+apart.InScope || apart.Counts.Final == 0 || alone.Counts.Final == 0 {
			t.Errorf("judged %d and %d, together %d; in scope %d and %d, together %d", alone.Judged, apart.Judged, first.Judged, alone.InScope, apart.InScope, first.InScope)
		}
		if d := cmp.Diff(alone.LeftOut, first.LeftOut); d != "" || len(apart.LeftOut) != 0 {
			t.Errorf("left out alone and with partners:\n%s\nand of partners alone %v", d, apart.LeftOut)
		}
		status, named := map[string]int{}, int64(0)
		for _, d := range partner.World.Deals {
			if d.Fields["partner"] != "" {
				named++
			}
		}
		if apart.DealsRead == 0 || apart.DealsRead > named {
			t.Errorf("%d deals read where %d came with a partner", apart.DealsRead, named)
		}
		for i, d := range both.World.Deals {
			got := both.Field(t, both.Deal(i), "partner_status")
			status[got]++
			in := d.Fields["sent_at"] != ""
			if lost := d.Stage == world.Lost; lost {
				in = false // none was scored before it was lost
			}
			if (got != "") != in {
				t.Errorf("deal %d, %s, partner %q sent %q: %q", i, d.Stage, d.Fields["partner"], d.Fields["sent_at"], got)
			}
			total, scored := 0, true
			for _, item := range world.Components() {
				n, err := strconv.Atoi(d.Fields["partner_item_"+item+"_score"])
				total, scored = total+n, scored && err == nil
			}
			want := ""
			if in && scored {
				want = strconv.Itoa(total)
			}
			if score := both.Field(t, both.Deal(i), "partner_score"); score != want {
				t.Errorf("deal %d: %q of 18, want %q", i, score, want)
			}
		}
		if len(status) < 4 {
			t.Errorf("statuses %v", status)
		}
		for _, r := range []*apptest.Rig{both, partner} {
			r.Clock.Advance(time.Minute)
			if again := r.Pass(t); again.FieldsPlanned != 0 {
				t.Errorf("the second pass plans %d fields", again.FieldsPlanned)
			}
			if full := r.Full(t); full.FieldsPlanned != 0 || full.Drift != 0 {
				t.Errorf("a full pass plans %d fields and finds %d deals changed", full.FieldsPlanned, full.Drift)
			}
		}
	})
}

func scopeOf(cards []string) string {
	if slices.Contains(cards, "sales-to-cs-simplified") {
		return ""
	}
	return "{go_live: 2026-10-03}"
}

// send puts a scored handoff on a deal: nine digits, "-" for a blank.
func send(t *testing.T, r *apptest.Rig, deal int, partner string, sent time.Time, digits string) {
	t.Helper()
	id := r.Deal(deal)
	values := map[string]string{"partner": partner, "sent_at": sent.UTC().Format(time.RFC3339), "partner_csm": r.User(4), "days.8": "5", "accepted_at": "", "declined_at": ""}
	for i, c := range digits {
		values["partner_item_"+strconv.Itoa(i+1)+"_score"] = strings.Trim(string(c), "-")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		r.Set(t, id, name, values[name])
	}
}

func shows(t *testing.T, r *apptest.Rig, deal int, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for name := range want {
		got[name] = r.Field(t, r.Deal(deal), name)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("deal %d (-want +got):\n%s", deal, d)
	}
}

// A handoff is scored before the deal is won; the win brings the other card
// beside it, and the two are told apart.
func TestADealCarriesBothHandoffs(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: partnered(40, 1), Cards: allCards}))
		const open = 8 // engaging
		id := r.Deal(open)
		r.Pass(t)
		shows(t, r, open, map[string]string{"partner_status": "", "status": ""})
		r.Clock.Advance(time.Minute)
		send(t, r, open, "Cobalt Analytics", r.Clock.Now().Add(-26*time.Hour), "211221021")
		r.Pass(t)
		shows(t, r, open, map[string]string{
			"partner_status": "final", "partner_score": "12", "partner_score_out_of": "18", "partner_band": "Fix before volume",
			"partner_action": "Rebuild the two weakest components before the next handoff of this motion goes out. Weakest: owner, partner context. Diagnosis: shrink the ask.",
			"partner_ball":   "seller: accept or decline the handoff (waiting, day 2 of 5)", "status": "", "score": "",
		})
		r.Clock.Advance(24 * time.Hour) // another day of waiting moves the ball's words, and nothing else
		r.Pass(t)
		shows(t, r, open, map[string]string{"partner_ball": "seller: accept or decline the handoff (waiting, day 3 of 5)", "partner_score": "12"})

		r.Win(t, open)
		r.Clock.Advance(time.Minute)
		r.Pass(t)
		shows(t, r, open, map[string]string{"partner_status": "final", "partner_score": "12", "status": "needs CSM", "score": ""})
		both, err := r.App.Explain(t.Context(), r.App.Connections()[0], id, time.Time{})
		if err != nil || len(both) != 2 {
			t.Fatalf("%d explained, %v", len(both), err)
		}
		for _, x := range both {
			switch x.Scorecard {
			case "partner-handoff":
				if x.OutOf != 18 || x.Score == nil || *x.Score != 12 || len(x.Items) != 9 || x.Motion != "cobalt analytics" || x.Acceptance != "waiting, day 3 of 5" ||
					x.SentAt.IsZero() || !x.Kickoff.IsZero() || x.Verdict != "shrink the ask" || len(x.Weakest) != 2 || !strings.Contains(x.Action, "Weakest: owner") {
					t.Errorf("partner: %+v", x)
				}
			default:
				if (x.OutOf != 40 && x.OutOf != 14) || x.Score != nil || x.Motion != "" || x.Acceptance != "" || !x.SentAt.IsZero() {
					t.Errorf("sales: %+v", x)
				}
			}
		}

		r.Set(t, id, "accepted_at", r.Clock.Now().UTC().Format(time.RFC3339))
		r.Clock.Advance(time.Minute)
		r.Pass(t)
		shows(t, r, open, map[string]string{"partner_ball": "partner manager: close the listed gaps before the next handoff"})

		r.Set(t, id, "partner", "tbd")
		r.Clock.Advance(time.Minute)
		r.Pass(t)
		shows(t, r, open, map[string]string{"partner_status": "closed", "partner_score": "12", "status": "needs CSM"})
		if again := r.Pass(t); again.FieldsPlanned != 0 {
			t.Errorf("the next pass plans %d fields", again.FieldsPlanned)
		}
	})
}

// The weakest are told over the last handoffs of a motion on several deals,
// and told anew when one that was sent before is scored later.
func TestTheWeakestOfAMotion(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: partnered(40, 1), Cards: allCards}))
		r.Pass(t)
		const september, october, november, other = 8, 9, 18, 19
		now := r.Clock.Now()
		send(t, r, november, "Cobalt  Analytics", now.Add(-24*time.Hour), "211221021")
		send(t, r, september, "cobalt analytics", now.Add(-30*24*time.Hour), "221211121")
		send(t, r, october, "Cobalt Analytics", now.Add(-20*24*time.Hour), "22111102-")
		send(t, r, other, "Fernway Consulting", now.Add(-2*24*time.Hour), "022222222") // of another motion
		r.Clock.Advance(time.Minute)
		r.Pass(t)
		weakest := func(deal int, want string) {
			t.Helper()
			if got := r.Field(t, r.Deal(deal), "partner_action"); !strings.Contains(got, "Weakest: "+want+". ") {
				t.Errorf("deal %d: %q, want %s", deal, got, want)
			}
		}
		weakest(september, "relationship path, partner offer")
		weakest(november, "owner, relationship path") // over two
		// Until the pass's own writes lie behind, and only open deals are read.
		for range 2 {
			r.Clock.Advance(time.Hour)
			r.Pass(t)
		}
		r.Set(t, r.Deal(october), "partner_item_2_score", "0")
		r.Set(t, r.Deal(october), "partner_item_9_score", "2")
		r.Pass(t)
		weakest(october, "owner, partner context")
		weakest(november, "owner, partner context") // it is final, and nobody touched it
		r.Clock.Advance(time.Minute)
		if again := r.Pass(t); again.FieldsPlanned != 0 {
			t.Errorf("the next pass plans %d fields", again.FieldsPlanned)
		}
	})
}

// A deleted deal's handoffs end both.
func TestADeletedDealClosesBothHandoffs(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: partnered(40, 1), Cards: allCards}))
		send(t, r, 1, "Osprey Cloud", r.Clock.Now().Add(-24*time.Hour), "2222-----")
		r.Clock.Advance(time.Minute)
		r.Pass(t)
		id := r.Deal(1)
		states := func() map[string]string {
			list, err := r.Store(t).States(t.Context(), r.Name(), []string{id})
			if err != nil {
				t.Fatal(err)
			}
			all := map[string]string{}
			for _, s := range list {
				if partner := s.Card == "partner-handoff"; partner != (s.Motion != "") || partner && (s.Account != "" || !s.WonAt.IsZero()) {
					t.Errorf("%s: motion %q, account %q, won %s", s.Card, s.Motion, s.Account, s.WonAt)
				}
				all[s.Card] = s.Status
			}
			return all
		}
		kept, err := r.Store(t).CountBy(t.Context(), `SELECT 'snapshots', COUNT(*) FROM snapshots JOIN deals ON num = deal WHERE id = $1`, id)
		if err != nil || kept["snapshots"] != 1 {
			t.Errorf("one reading is kept %v times, %v", kept, err)
		}
		before := states()
		if len(before) != 2 || before["partner-handoff"] != "scoring open" {
			t.Fatalf("%v", before)
		}
		r.Delete(t, id)
		r.Clock.Advance(time.Minute)
		r.Full(t)
		for card, status := range states() {
			if status != "closed" {
				t.Errorf("%s is %s", card, status)
			}
		}
	})
}

// A store that is lost and built anew finds the records as they should be, but
// for due times of people of whom no history tells since when they are there.
func TestALostStoreLeavesPartnerHandoffsAsTheyAre(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: partnered(60, 60), Cards: allCards[2:], Scope: scopeOf(nil)}))
		r.Pass(t)
		shown := func() map[int]map[string]string {
			all := set(t, r, true)
			for _, fields := range all {
				delete(fields, "partner_due_at")
			}
			return all
		}
		before := shown()
		r.LoseStore(t)
		r.Clock.Advance(time.Minute)
		again := r.Pass(t)
		if d := cmp.Diff(before, shown()); d != "" {
			t.Errorf("on the records (-before +after):\n%s", d)
		}
		for id, fields := range r.Written(t, again.Run) {
			delete(fields, "partner_due_at")
			delete(fields, "partner_updated_at")
			if len(fields) > 0 {
				t.Errorf("deal %s: written %v", id, fields)
			}
		}
	})
}

// A final partner handoff has no say in which card for won deals is kept.
func TestThePartnerCardKeepsNoOther(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		w := world.Generate(world.GenerateOptions{Deals: 24, Seed: 3, Now: apptest.Start, Won: true, Scored: true, Partners: 24})
		for i := range w.Deals {
			w.Deals[i].Amount = "3000"
		}
		r := apptest.New(t, quick(apptest.Options{CRM: crm, World: w, Cards: allCards}))
		r.Pass(t)
		for i := range w.Deals {
			var err error
			if r.HS != nil {
				err = r.HS.Set("deals", r.Deal(i), "amount", "90000")
			} else {
				err = r.SF.Set("Opportunity", r.Deal(i), "Amount", 90000.0)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		r.Clock.Advance(time.Minute)
		r.Pass(t)
		finals := 0
		for i := range w.Deals {
			if r.Field(t, r.Deal(i), "partner_status") == "final" {
				finals++
			}
			shows(t, r, i, map[string]string{"status": "final", "score_out_of": "14"})
		}
		if finals < 5 {
			t.Errorf("only %d partner handoffs are final", finals)
		}
	})
}

package handoff_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// at reads a moment of November 2026: "17 09:00".
func at(s string) time.Time {
	t, err := time.Parse("2006-01 02 15:04", "2026-11 "+s)
	if err != nil {
		panic(err)
	}
	return t
}

func text(s string) crm.Cell { return crm.Value(s) }

// cards are the shipped ones.
func cards(t testing.TB) []*scorecard.Card {
	t.Helper()
	files := map[string][]byte{}
	paths, _ := filepath.Glob("../../config/scorecards/*.yaml")
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(p)] = b
	}
	set, err := scorecard.ParseSet(files)
	if err != nil {
		t.Fatal(err)
	}
	return []*scorecard.Card{set["sales-to-cs"], set["sales-to-cs-simplified"]}
}

// settings of the seller in the examples: Berlin, euros, a threshold of 10,000.
func settings() handoff.Settings {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	threshold := decimal.NewFromInt(10000)
	return handoff.Settings{
		Zone: zone, GoLive: time.Date(2026, 11, 1, 0, 0, 0, 0, zone), Currency: "EUR",
		Rates:     map[string]decimal.Decimal{"USD": decimal.RequireFromString("0.9"), "JPY": decimal.RequireFromString("0.006")},
		Threshold: &threshold, ExcludeTypes: []string{"Renewal"},
	}
}

func judge() *autoscore.Judge {
	return autoscore.New(autoscore.Rules{
		PhoneRegion: "DE", Domains: []string{"harborline.example.net"},
		Required:   []autoscore.RequiredField{{Name: "billing_country", Label: "billing_country"}},
		Currencies: []string{"EUR", "USD", "JPY", "GBP"},
	})
}

func person(id, name, title, mail, phone, context string) crm.Contact {
	return crm.Contact{
		ID: crm.ContactID(id), Name: text(name), Title: text(title), Email: text(mail), Phone: text(phone),
		Context: text(context), Bounce: crm.BounceNone,
	}
}

// rich is a deal with everything on it and no score yet: won on the 10th,
// kickoff on the 16th.
func rich() *crm.Deal {
	d := &crm.Deal{
		Ref:  crm.Ref{Connection: "org", Object: crm.ObjectDeal, ID: "D-1"},
		Name: text("Lindqvist Foods - Core"), Won: true, Closed: true,
		WonAt: crm.Moment{At: at("10 14:00"), Source: "stage history"}, CreatedAt: at("01 09:00"),
		Stage: text("Closed Won"), Type: text("New Business"), Amount: text("48000"), Currency: text("EUR"),
		CloseDate: text("2026-11-10"), Owner: "ae1", Seller: "ae1",
		Contacts: []crm.Contact{
			person("c1", "Jana Ruiz", "Head of Sales Operations", "jana.ruiz@lindqvist.example.com", "+46 8 465 004 01", "Ran the pilot herself and shows the result to the board."),
			person("c2", "Olof Berg", "Chief Financial Officer", "olof.berg@lindqvist.example.com", "+46 8 465 004 02", "Owns the budget line and signs the renewal."),
			person("c3", "Ewa Lind", "CRM Administrator", "ewa.lind@lindqvist.example.com", "+46 8 465 004 03", "Runs the weekly import; prefers calls before noon."),
			person("c4", "Mark Chen", "IT Director", "mark.chen@lindqvist.example.com", "+46 8 465 004 00", "Worried about data security; settled with our report."),
		},
		Roles: map[string]crm.Role{
			"champion":          {State: crm.Read, Contacts: []crm.ContactID{"c1"}},
			"executive_sponsor": {State: crm.Read, Contacts: []crm.ContactID{"c2"}},
			"day_to_day":        {State: crm.Read, Contacts: []crm.ContactID{"c3"}},
			"objector":          {State: crm.Read, Contacts: []crm.ContactID{"c4"}},
		},
		NotesState: crm.Read,
		Notes: []crm.Note{{
			ID: "n1", Kind: crm.NoteText, At: at("10 16:30"), Author: "ae1",
			Body: "Signed for 24 months after legal dropped the exit clause; they expect the pipeline report by 15 January.",
		}},
		Fields: crm.CellsOf(map[string]crm.Cell{
			"arr": text("24000"), "term_months": text("24"), "discount": text("10"), "billing_country": text("Sweden"),
			"csm": {State: crm.Read, Text: "csm1", At: at("10 12:00")}, "kickoff_at": text("2026-11-16T09:00:00.000Z"),
			"attempt_scored": text(""), "key": text(""),
			"pick.1.3": text("Budget cycle"), "pick.1.5": text("Rival Suite"),
			"date.3.3": text("2027-01-15"), "date.4.3": text("2027-01-15"), "evidence.2.4": text(""), "evidence.3.3": text(""),
			"evidence.1.1": text("Regional teams tracked deals in spreadsheets; the forecast view works without a consultant."),
			"evidence.1.2": text("The Q3 board review required pipeline visibility the old tool could not give; two forecasts missed by 30 %."),
			"evidence.1.3": text("Budget lapses on 31 December and the CFO wants the tool live for the January review."),
			"evidence.1.4": text("Legal refused the exit clause; resolved by a 90-day opt-out agreed on 4 November."),
			"evidence.1.5": text("Rival Suite was cheaper; our audit trail tipped it."),
			"evidence.3.1": text("Dynamics 365 v9.2 over REST, nightly SFTP export to SAP S/4HANA 2023."),
			"evidence.3.2": text("Custom approval step for credit notes above 5,000, promised for phase one."),
			"evidence.3.4": text("IT review takes three weeks; SSO through Entra ID; 40,000 contacts to migrate."),
			"evidence.4.1": text("First pipeline report running by day 30 and used by at least 3 reps."),
			"evidence.4.2": text("We promised a Swedish data export by March, which is outside the standard tier."),
			"evidence.4.3": text("Live means 25 reps log deals and the January board report comes from the system."),
			"evidence.4.4": text("10 % discount in year one only; two admin seats included."),
		}),
	}
	for _, id := range judgementItems {
		d.Fields.Set("item_"+crm.Underscored(id)+"_score", text(""))
	}
	return d
}

var judgementItems = []string{"1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "4.4"}

// unmapped is the same deal in an org without fields for what the AE knows.
func unmapped() *crm.Deal {
	d := rich()
	for name := range d.Fields.All() {
		if strings.Contains(name, ".") {
			d.Fields.Set(name, crm.Cell{})
		}
	}
	d.Fields.Set("discount", text("0"))
	d.Contacts = d.Contacts[:3]
	d.Roles["objector"] = crm.Role{State: crm.Read}
	return d
}

// score fills in the CSM's cells, one digit an item in card order, "-" blank.
func score(d *crm.Deal, digits string) *crm.Deal {
	for i, id := range judgementItems {
		if digits[i] != '-' {
			d.Fields.Set("item_"+crm.Underscored(id)+"_score", text(digits[i:i+1]))
		}
	}
	return d
}

// step judges and advances once, as a pass does.
func step(t testing.TB, d *crm.Deal, prev handoff.State, now time.Time) handoff.Output {
	t.Helper()
	s := settings()
	card, _ := handoff.Choose(cards(t), d, s, "")
	sheet := handoff.Read(card, d, prev)
	k, _ := sheet.Kickoff(s.Zone)
	r := judge().Score(card, d, sheet.Entered, autoscore.At{Now: now, Kickoff: k.At})
	return handoff.Advance(handoff.Input{Card: card, Deal: d, Result: r, Now: now, Settings: s}, prev)
}

// gapIDs are the items named in the gaps field.
func gapIDs(r autoscore.Result) []string {
	ids := []string{}
	for _, i := range r.Items {
		if i.Short() {
			ids = append(ids, i.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

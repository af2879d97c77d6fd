package autoscore

import (
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// The moments and rules of the deal that most tests start from.
var (
	wonAt   = time.Date(2026, 11, 10, 14, 0, 0, 0, time.UTC)
	kickoff = time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC)
	now     = time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)
)

func berlin(t testing.TB) *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func testRules(t testing.TB) Rules {
	return Rules{
		PhoneRegion: "DE", Domains: []string{"seller.example.net"}, Zone: berlin(t),
		Required:   []RequiredField{{Name: "billing_country"}},
		Currencies: []string{"EUR", "USD", "JPY", "GBP"},
	}
}

// person is a contact with everything a handoff wants.
func person(id crm.ContactID, name, title, local, ext, context string) crm.Contact {
	return crm.Contact{
		ID: id, Name: crm.Value(name), Title: crm.Value(title),
		Email: crm.Value(local + "@millbrook.example.com"), Phone: crm.Value("+44 20 7946 0" + ext),
		Mobile: crm.Value(""), Context: crm.Value(context), Bounce: crm.BounceNone,
	}
}

// richDeal is a handoff that lacks nothing a machine can see.
func richDeal() *crm.Deal {
	one := func(id crm.ContactID) crm.Role { return crm.Role{State: crm.Read, Contacts: []crm.ContactID{id}} }
	d := &crm.Deal{
		Ref: crm.Ref{Connection: "org", Object: crm.ObjectDeal, ID: "D-7"}, Name: crm.Value("Millbrook Dairies - Platform"),
		Won: true, Closed: true, WonAt: crm.Moment{At: wonAt, Source: "stage history"},
		Type: crm.Value("New Business"), Currency: crm.Value("EUR"), CloseDate: crm.Value("2026-11-10"),
		Roles: map[string]crm.Role{
			"champion": one("c1"), "executive_sponsor": one("c2"), "day_to_day": one("c3"), "objector": one("c4"),
		},
		Contacts: []crm.Contact{
			person("c1", "Hanna Brandt", "Head of Dispatch", "hanna.brandt", "101", "Ran the trial with two depots and wants it in all nine."),
			person("c2", "Ruben Castel", "Finance Director", "ruben.castel", "102", "Signs the renewal and watches the cost per route."),
			person("c3", "Noor Haddad", "Routing Analyst", "noor.haddad", "103", "Loads the weekly plan; best reached before ten."),
			person("c4", "Iris Vale", "IT Manager", "iris.vale", "104", "Feared another data silo; calmed by the export we showed."),
		},
		Notes: []crm.Note{{
			ID: "n1", Kind: crm.NoteText, At: wonAt.Add(150 * time.Minute), Author: "ae",
			Body: "Contract is for two years; purchasing gave up the exit clause once the first depot report was promised for 15 January.",
		}},
		NotesState: crm.Read,
		Fields: crm.CellsOf(map[string]crm.Cell{
			"arr": crm.Value("24000"), "term_months": crm.Value("24"), "discount": crm.Value("10"),
			"billing_country": crm.Value("United Kingdom"), "notes": {},
		}),
	}
	for id, text := range map[string]string{
		"1.1": "Depots planned routes on paper; ours was the only planner that copes with split loads.",
		"1.2": "The autumn audit found 12 % empty mileage and the board wants it halved.",
		"1.3": "The old licence ends on 31 December and nobody wants to renew it.",
		"1.4": "Purchasing insisted on an exit clause until the 60-day opt-out was agreed.",
		"1.5": "Fleet Pilot was cheaper; split loads decided it.",
		"2.4": "",
		"3.1": "SAP S/4HANA 2023 by REST, nightly CSV to the telematics of Vantrack 8.",
		"3.2": "An approval step for detours above 40 km was promised for phase one.",
		"3.3": "",
		"3.4": "Security review takes two weeks; sign-on by Entra ID; 9,000 addresses to move.",
		"4.1": "Empty mileage below 6 % in the two trial depots by day 90.",
		"4.2": "We said a driver app in Welsh would come by May, which no tier includes.",
		"4.3": "Live means nine depots plan in the tool and the January audit uses its report.",
		"4.4": "10 % off in the first year; two planner seats included.",
	} {
		d.Fields.Set("evidence."+id, crm.Value(text))
	}
	for _, id := range []string{"1.5", "2.4", "3.2", "4.2", "4.4"} {
		d.Fields.Set("none."+id, crm.Value(""))
	}
	d.Fields.Set("pick.1.3", crm.Value("Budget cycle"))
	d.Fields.Set("pick.1.5", crm.Value("Fleet Pilot"))
	d.Fields.Set("date.3.3", crm.Value("2027-01-15"))
	d.Fields.Set("date.4.3", crm.Value("2027-01-15"))
	d.Fields.Set("until.3.3", crm.Value(""))
	return d
}

// bareDeal is richDeal in an org that mapped no field to the evidence, with a
// full contact in three roles and none offered for the fourth.
func bareDeal() *crm.Deal {
	d := richDeal()
	for name := range d.Fields.All() {
		if strings.Contains(name, ".") {
			d.Fields.Set(name, crm.Cell{})
		}
	}
	d.Fields.Set("discount", crm.Value("0"))
	d.Roles["objector"] = crm.Role{State: crm.Read}
	d.Contacts = d.Contacts[:3]
	return d
}

// salesCard is the 20-item card as autoscore needs it.
func salesCard() *scorecard.Card {
	text := func(id, gap string, more ...string) scorecard.Item {
		return scorecard.Item{ID: id, Title: gap + " documented", Max: 2, Gap: gap, Check: scorecard.Check{
			Name: "text", Sources: with(map[string]string{"text": "evidence." + id}, more), Params: map[string]string{},
		}}
	}
	none := func(id, gap string, more ...string) scorecard.Item {
		it := text(id, gap, append([]string{"none", "none." + id}, more...)...)
		it.Check.Name = "text_or_none"
		return it
	}
	role := func(id, key string) scorecard.Item {
		return scorecard.Item{
			ID: id, Title: RoleName(key) + " identified", Max: 2, Gap: RoleName(key),
			Check: scorecard.Check{Name: "role", Params: map[string]string{"role": key}},
		}
	}
	auto := func(id, gap, check string, sources, params map[string]string) scorecard.Item {
		return scorecard.Item{
			ID: id, Title: gap, Max: 2, Auto: true, Gap: gap,
			Check: scorecard.Check{Name: check, Sources: sources, Params: params},
		}
	}
	card := &scorecard.Card{ID: "sales-to-cs", Version: "test", Prefix: "handoff", OutOf: 40, Categories: []scorecard.Category{
		{ID: "1", Max: 10, Items: []scorecard.Item{
			text("1.1", "use case"), text("1.2", "business problem"), text("1.3", "why now", "pick", "pick.1.3"),
			text("1.4", "obstacle"), none("1.5", "competitor", "pick", "pick.1.5"),
		}},
		{ID: "2", Max: 8, Items: []scorecard.Item{
			role("2.1", "champion"), role("2.2", "executive_sponsor"), role("2.3", "day_to_day"),
			{ID: "2.4", Title: "Anyone who objected", Max: 2, Gap: "objector", Check: scorecard.Check{
				Name: "objector", Sources: map[string]string{"text": "evidence.2.4", "none": "none.2.4"},
				Params: map[string]string{"role": "objector"},
			}},
		}},
		{ID: "3", Max: 8, Items: []scorecard.Item{
			text("3.1", "integrations"), none("3.2", "custom configuration"),
			{ID: "3.3", Title: "Timeline", Max: 2, Gap: "timeline", Check: scorecard.Check{
				Name: "timeline", Sources: map[string]string{"date": "date.3.3", "until": "until.3.3", "text": "evidence.3.3"},
			}},
			text("3.4", "IT readiness"),
		}},
		{ID: "4", Max: 8, Items: []scorecard.Item{
			text("4.1", "success criteria"), none("4.2", "non-standard promises"),
			{ID: "4.3", Title: "Go-live milestone", Max: 2, Gap: "milestone", Check: scorecard.Check{
				Name: "milestone", Sources: map[string]string{"text": "evidence.4.3", "date": "date.4.3", "same_as": "evidence.3.3"},
			}},
			none("4.4", "pricing exceptions", "discount", "discount"),
		}},
		{ID: "5", Max: 6, Items: []scorecard.Item{
			auto("5.1", "contacts", "contacts_complete", nil, map[string]string{"roles": "champion, executive_sponsor, day_to_day"}),
			auto("5.2", "notes", "notes_after_close", map[string]string{"notes": "notes"}, nil),
			auto("5.3", "opportunity", "deal_correct", map[string]string{"arr": "arr", "term_months": "term_months"}, nil),
		}},
	}}
	card.Item("1.4").Check.Params["nothing_caps"] = "true"
	card.Item("1.2").Check.Hints = []string{"number_or_date"}
	card.Item("3.1").Check.Hints = []string{"version_or_method"}
	card.Item("4.1").Check.Hints = []string{"measure_or_date"}
	card.Item("2.2").Check.Hints = []string{"senior_title"}
	return card
}

func with(m map[string]string, pairs []string) map[string]string {
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// partnerCard is the nine components.
func partnerCard() *scorecard.Card {
	item := func(id, check string, pairs ...string) scorecard.Item {
		return scorecard.Item{ID: id, Title: "Component " + id, Max: 2, Gap: check, Check: scorecard.Check{
			Name: check, Sources: with(map[string]string{}, pairs), Params: map[string]string{},
		}}
	}
	card := &scorecard.Card{ID: "partner-handoff", Version: "test", Prefix: "partner", OutOf: 18, Categories: []scorecard.Category{{
		ID: "1", Max: 18, Items: []scorecard.Item{
			item("1", "account_logic", "text", "p.1", "owner", "p.account_owner", "listed", "p.listed"),
			item("2", "text", "text", "p.2", "boilerplate", "p.stock"),
			item("3", "relationship", "text", "p.3", "ours", "p.ours", "theirs", "p.theirs"),
			item("4", "text", "text", "p.4", "boilerplate", "p.stock"),
			item("5", "offer", "text", "p.5", "date", "p.offer_date", "agreed", "p.agreed", "sent_at", "sent_at"),
			item("6", "next_action", "text", "p.6", "task_open", "p.task"),
			item("7", "single_owner", "owner", "p.owner"),
			item("8", "acceptance", "text", "p.8", "days", "p.days", "set_at", "p.set_at", "sent_at", "sent_at"),
			item("9", "proof", "text", "p.9"),
		},
	}}}
	card.Item("5").Check.Params["days"] = "14"
	return card
}

func partnerDeal() *crm.Deal {
	d := richDeal()
	for name, text := range map[string]string{
		"p.1": "Their fleet contract ends in May and our seller Ada Quist has them on her list.", "p.account_owner": "u1", "p.listed": "true",
		"p.2": "Cobalt runs depot audits in the north and knows every dispatcher there.", "p.stock": "The leading provider of synergy.",
		"p.3": "Their Leo Marsh coached our Ada Quist for two years; he will write first.", "p.ours": "Ada Quist", "p.theirs": "Leo Marsh",
		"p.4": "\"We drive air around every Tuesday\", says the depot lead.",
		"p.5": "A half-day route teardown at the Leeds depot.", "p.offer_date": "2026-11-12", "p.agreed": "true", "sent_at": "2026-11-03T09:00:00.000Z",
		"p.6": "Reply to Leo with two free mornings.", "p.task": "1", "p.owner": "Ada Quist",
		"p.8": "Accepted once a first call is booked, declined with a reason.", "p.days": "3", "p.set_at": "2026-11-01T09:00:00.000Z",
		"p.9": "Audit summary: https://cobalt.example.com/leeds",
	} {
		d.Fields.Set(name, crm.Value(text))
	}
	return d
}

func at() At { return At{Now: now, Kickoff: kickoff} }

// typed are the cells that people filled in, by item.
type typed map[string]crm.Cell

func (t typed) cell(it *scorecard.Item) crm.Cell { return t[it.ID] }

package apptest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// EvenWin and EvenKickoff are when the deals of an even world were won and when
// their kickoffs are: the day before Start and the day after.
var (
	EvenWin     = time.Date(2026, 11, 16, 10, 0, 0, 0, time.UTC)
	EvenKickoff = time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)
)

// Even is a company with so many deals that are all alike and lack nothing that
// the AE has to write: each is new business of 50,000, has four people in four
// roles, a CSM and a kickoff to come. Nobody has scored any. A test spoils what
// its story is about.
func Even(deals int) *world.World {
	rich := richest(World(400)) // the company, and the words its AEs write
	w := World(20)
	w.Accounts, w.Contacts, w.Deals = nil, nil, nil
	csm := slices.IndexFunc(w.Users, func(u world.User) bool { return u.Job == world.CSM })
	ae := slices.IndexFunc(w.Users, func(u world.User) bool { return u.Job == world.AE })
	for i := range deals {
		w.Accounts = append(w.Accounts, world.Account{Name: fmt.Sprintf("Marwick Optics %d", i), Owner: ae, Country: "DE"})
		d := world.Deal{
			Name: fmt.Sprintf("Marwick Optics %d - Core", i), Account: i, Owner: ae, Seller: ae, Stage: world.Won, Type: "New Business",
			Amount: "50000", CloseDate: EvenWin.Format(time.DateOnly), CreatedAt: EvenWin.AddDate(0, 0, -60), WonAt: EvenWin,
			Fields: map[string]string{
				"arr": "50000", "term_months": "24", "discount": "0", "pick.1.3": "Budget cycle", "pick.1.5": "Spreadsheets",
				"date.3.3": "2027-01-15", "date.4.3": "2027-01-15",
				"csm": fmt.Sprintf("user:%d", csm), "kickoff_at": EvenKickoff.Format(time.RFC3339),
			},
			Notes: []world.Note{{
				At: EvenWin.Add(2 * time.Hour), By: ae, Kind: "note", Title: "Close",
				Body: "Procurement asked for quarterly invoices, agreed; the sponsor wants a check-in every Friday until go-live.",
			}},
		}
		for name, text := range rich {
			d.Fields[name] = text
		}
		for n, role := range []string{"Champion", "Executive Sponsor", "Day-to-day", "Blocker"} {
			c := world.Contact{
				Account: i, First: []string{"Jana", "Olof", "Ewa", "Idris"}[n], Last: fmt.Sprintf("Number%d", i),
				Title: []string{"Head of Sales Operations", "Chief Financial Officer", "CRM Administrator", "IT Director"}[n],
				Phone: fmt.Sprintf("+49 30 %07d", 2000000+4*i+n), Fields: map[string]string{"contact_context": "Ran the pilot and shows the result to the board."},
			}
			c.Email = fmt.Sprintf("%s.%s@marwick-%d.example.com", strings.ToLower(c.First), strings.ToLower(c.Last), i)
			d.Roles = append(d.Roles, world.Role{Contact: len(w.Contacts), Name: role, Primary: n == 0})
			w.Contacts = append(w.Contacts, c)
		}
		w.Deals = append(w.Deals, d)
	}
	return w
}

// richest are the longest texts that AEs of a world have written, by field.
func richest(w *world.World) map[string]string {
	texts := map[string]string{}
	for i := range w.Deals {
		for name, text := range w.Deals[i].Fields {
			if strings.HasPrefix(name, "evidence.") && len(text) > len(texts[name]) {
				texts[name] = text
			}
		}
	}
	return texts
}

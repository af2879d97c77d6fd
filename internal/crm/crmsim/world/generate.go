package world

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// GenerateOptions say what company to invent.
type GenerateOptions struct {
	Deals int
	Seed  uint64
	Now   time.Time
	Won   bool // every deal is a new customer's, won in the last 40 days
	// Scored: of every won deal the CSM has held the kickoff, scored all items
	// and signed.
	Scored bool
	// Partners is how many of the deals, the first ones, came with a partner, in
	// every state that a partner handoff can be in. The deals are otherwise the
	// same as without.
	Partners int
}

// Generate invents a seller with its customers and deals. The same options
// give the same world. Deals come in every state that a handoff can be in.
func Generate(o GenerateOptions) *World {
	g := &generator{won: o.Won, scored: o.Scored, rng: rand.New(rand.NewPCG(o.Seed, 2026)), w: seller(o.Now)}
	g.people(max(6, min(60, o.Deals/12)))
	for range o.Deals {
		g.deal()
	}
	if o.Partners > 0 {
		g.partners(min(o.Partners, o.Deals), o.Seed)
	}
	return g.w
}

// seller is the company without its people.
func seller(now time.Time) *World {
	return &World{
		Now: now.UTC(), Company: "Harborline", Domain: "harborline.example", TimeZone: "Europe/Berlin", Currency: "EUR",
		Fields: Cells(), Roles: []string{"Champion", "Executive Sponsor", "Day-to-day", "Blocker", "Evaluator"},
		Types: []string{"New Business", "Expansion", "Renewal"},
	}
}

type generator struct {
	won, scored bool
	rng         *rand.Rand
	w           *World
	aes         []int
	csm         []int
}

func (g *generator) pick(list []string) string { return list[g.rng.IntN(len(list))] }

// chance is true n times in 100.
func (g *generator) chance(n int) bool { return g.rng.IntN(100) < n }

func (g *generator) user(job string, manager int, active bool) int {
	n := len(g.w.Users)
	first, last := firsts[n%len(firsts)], lasts[(n*7)%len(lasts)]
	g.w.Users = append(g.w.Users, User{
		Name: first + " " + last, Email: strings.ToLower(first) + "." + strings.ToLower(last) + strconv.Itoa(n) + "@" + g.w.Domain,
		Job: job, Team: "Team " + strconv.Itoa(n%4+1), Manager: manager, Active: active,
	})
	return n
}

// people makes the manager tree: AEs under sales managers, CSMs under a CS
// manager, RevOps, and the user syncd signs in as.
func (g *generator) people(aes int) {
	g.w.Users = append(g.w.Users, User{Name: "syncd integration", Email: "syncd@" + g.w.Domain, Job: Integration, Manager: -1, Active: true})
	head := g.user(SalesManager, -1, true)
	g.user(RevOps, -1, true)
	cs := g.user(CSManager, -1, true)
	for range max(2, aes/3) {
		g.csm = append(g.csm, g.user(CSM, cs, true))
	}
	manager := head
	for i := range aes {
		if i%6 == 0 {
			manager = g.user(SalesManager, head, true)
		}
		g.aes = append(g.aes, g.user(AE, manager, i%17 != 16))
	}
}

// account makes a customer with up to four people.
func (g *generator) account() (account int, contacts []int) {
	account = len(g.w.Accounts)
	name := g.pick(companies) + " " + g.pick(trades)
	domain := strings.ToLower(strings.ReplaceAll(name, " ", "-")) + "-" + strconv.Itoa(account) + ".example.com"
	g.w.Accounts = append(g.w.Accounts, Account{Name: name + " " + strconv.Itoa(account), Owner: g.aes[account%len(g.aes)], Country: "DE", Sector: g.pick(trades)})
	for i := range 4 {
		c := Contact{Account: account, First: g.pick(firsts), Last: g.pick(lasts), Title: titles[i], Fields: map[string]string{}}
		if !g.chance(8) {
			c.Email = strings.ToLower(c.First+"."+c.Last) + "@" + domain
		}
		if !g.chance(15) {
			c.Phone = fmt.Sprintf("+49 30 %07d", 2000000+account*4+i)
		}
		if g.chance(20) {
			c.Title = ""
		}
		if g.chance(70) {
			c.Fields["contact_context"] = g.pick(contexts)
		}
		c.Bounced = g.chance(3)
		contacts = append(contacts, len(g.w.Contacts))
		g.w.Contacts = append(g.w.Contacts, c)
	}
	return account, contacts
}

// deal makes a deal with everything that hangs on it.
func (g *generator) deal() {
	account, contacts := g.account()
	n := len(g.w.Deals)
	d := Deal{
		Name: g.w.Accounts[account].Name + " - " + g.pick(products), Account: account, Owner: g.w.Accounts[account].Owner,
		Type: "New Business", Amount: strconv.Itoa(2000 + g.rng.IntN(90)*1000), Fields: map[string]string{},
	}
	d.Seller = d.Owner
	if g.chance(5) {
		d.Owner = g.aes[g.rng.IntN(len(g.aes))]
	}
	if g.chance(12) {
		d.Type = "Expansion"
	}
	if g.chance(8) {
		d.Type = "Renewal"
	}
	if g.won {
		d.Type = "New Business"
	}
	days := g.rng.IntN(40) + 1
	if g.chance(10) && !g.won {
		days += 120 // long before anybody scored handoffs
	}
	won := g.w.Now.AddDate(0, 0, -days).Truncate(time.Hour).Add(time.Duration(g.rng.IntN(3600)) * time.Second)
	d.CreatedAt = won.AddDate(0, 0, -60)
	d.CloseDate = won.Format(time.DateOnly)
	switch k := n % 10; {
	case k < 7 || g.won:
		d.Stage, d.WonAt = Won, won
	case k == 7:
		d.Stage = Lost
	case k == 8:
		d.Stage, d.CloseDate = Engaging, g.w.Now.AddDate(0, 1, 0).Format(time.DateOnly)
	default:
		d.Stage, d.CloseDate = Prospecting, g.w.Now.AddDate(0, 2, 0).Format(time.DateOnly)
	}
	g.facts(&d)
	g.roles(&d, contacts)
	if d.Stage == Won {
		g.notes(&d)
		g.handoff(&d)
	}
	g.w.Deals = append(g.w.Deals, d)
}

// facts fills in what the AE entered, in every quality there is.
func (g *generator) facts(d *Deal) {
	amount, _ := strconv.Atoi(d.Amount)
	d.Fields["arr"] = strconv.Itoa(amount)
	d.Fields["term_months"] = []string{"12", "24", "36"}[g.rng.IntN(3)]
	switch g.rng.IntN(20) {
	case 0:
		d.Fields["arr"] = "1"
	case 1:
		d.Fields["term_months"] = ""
	}
	d.Fields["discount"] = strconv.Itoa(g.rng.IntN(3) * 5)
	quality := g.rng.IntN(100)
	for _, item := range slices.Sorted(maps.Keys(evidence)) {
		texts := evidence[item]
		switch q := g.rng.IntN(100); {
		case q < 8:
		case q < 16:
			d.Fields["evidence."+item] = g.pick(placeholders)
		case q < 16+quality/3:
			d.Fields["evidence."+item] = texts[0]
		default:
			d.Fields["evidence."+item] = texts[1]
		}
	}
	for _, item := range []string{"1.5", "2.4", "3.2", "4.2", "4.4"} {
		if g.chance(12) {
			d.Fields["none."+item], d.Fields["evidence."+item] = "true", ""
		}
	}
	if g.chance(70) {
		d.Fields["pick.1.3"] = "Budget cycle"
		d.Fields["pick.1.5"] = "Spreadsheets"
	}
	if g.chance(75) {
		day := g.w.Now.AddDate(0, 2, g.rng.IntN(30)).Format(time.DateOnly)
		d.Fields["date.3.3"], d.Fields["date.4.3"] = day, day
	}
}

// roles says who plays which part; sometimes one person plays three.
func (g *generator) roles(d *Deal, contacts []int) {
	for i, name := range []string{"Champion", "Executive Sponsor", "Day-to-day", "Blocker"} {
		if g.chance(85) {
			d.Roles = append(d.Roles, Role{Contact: contacts[i], Name: name, Primary: i == 0})
		}
	}
	if g.chance(4) {
		d.Roles = []Role{{Contact: contacts[0], Name: "Champion", Primary: true}, {Contact: contacts[0], Name: "Executive Sponsor"}, {Contact: contacts[0], Name: "Day-to-day"}}
	}
}

func (g *generator) notes(d *Deal) {
	kinds := []string{"note", "call", "email", "meeting", "task"}
	d.Notes = append(d.Notes, Note{At: d.WonAt.Add(-72 * time.Hour), By: d.Seller, Kind: kinds[g.rng.IntN(5)], Title: "Negotiation", Body: g.pick(longNotes)})
	switch q := g.rng.IntN(10); {
	case q < 6:
		d.Notes = append(d.Notes, Note{At: d.WonAt.Add(3 * time.Hour), By: d.Seller, Kind: "note", Title: "Close", Body: g.pick(longNotes)})
	case q < 8:
		d.Notes = append(d.Notes, Note{At: d.WonAt.Add(5 * time.Hour), By: d.Seller, Kind: "note", Title: "Close", Body: g.pick(placeholders)})
	}
}

// handoff is how far the CSM has come: nobody named, no kickoff, a kickoff to
// come, and cells empty, half filled, all filled, or filled with a slip.
func (g *generator) handoff(d *Deal) {
	if g.scored {
		g.done(d)
		return
	}
	if g.chance(10) {
		return
	}
	d.Fields["csm"] = userRef(g.csm[g.rng.IntN(len(g.csm))])
	if g.chance(10) {
		return
	}
	if g.chance(20) {
		d.Fields["kickoff_at"] = g.w.Now.AddDate(0, 0, 1+g.rng.IntN(9)).Truncate(time.Hour).Format(time.RFC3339)
		return
	}
	g.kickoff(d)
	level := g.rng.IntN(5)
	filled := []int{0, 40, 100, 100, 100}[g.rng.IntN(5)]
	for _, item := range JudgementItems() {
		if g.chance(filled) {
			d.Fields["item_"+strings.ReplaceAll(item, ".", "_")+"_score"] = strconv.Itoa(min(2, max(0, g.rng.IntN(3)+level-2)))
		}
	}
}

// kickoff is a meeting that has been held.
func (g *generator) kickoff(d *Deal) {
	at := d.WonAt.Add(time.Duration(1+g.rng.IntN(9)) * 24 * time.Hour)
	if at.After(g.w.Now) {
		at = g.w.Now.Add(-time.Duration(1+g.rng.IntN(40)) * time.Hour)
	}
	d.Fields["kickoff_at"] = at.Truncate(time.Minute).Format(time.RFC3339)
}

// done is a handoff that waits for nobody: scored in full, at every level, and
// signed.
func (g *generator) done(d *Deal) {
	d.Fields["csm"] = userRef(g.csm[g.rng.IntN(len(g.csm))])
	g.kickoff(d)
	level := g.rng.IntN(5)
	for _, item := range JudgementItems() {
		d.Fields["item_"+strings.ReplaceAll(item, ".", "_")+"_score"] = strconv.Itoa(min(2, max(0, g.rng.IntN(3)+level-2)))
	}
	d.Fields["attempt_scored"] = "1"
}

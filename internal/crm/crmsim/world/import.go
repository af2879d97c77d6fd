package world

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ImportOptions tune an import.
type ImportOptions struct {
	Seed uint64 // of what the data does not hold: people, roles, notes
	Now  time.Time
}

// Import reads opportunities from sales_pipeline.csv, with accounts.csv,
// products.csv and sales_teams.csv beside it. What is odd in them is listed in
// Flaws and does not stop the import; a missing file or column does. What the
// files lack (contacts, roles, notes, what the AE and the CSM entered) is
// invented from the seed.
func Import(dir string, o ImportOptions) (*World, error) {
	im := &importer{
		generator: &generator{rng: rand.New(rand.NewPCG(o.Seed, 1)), w: seller(o.Now)},
		dir:       dir, agents: map[string]int{}, accounts: map[string]int{}, products: map[string]bool{}, used: map[string]bool{},
	}
	im.w.Currency = "USD"
	for _, read := range []func() error{im.readTeams, im.readAccounts, im.readProducts, im.readPipeline} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	im.unused()
	return im.w, nil
}

type importer struct {
	*generator
	dir      string
	agents   map[string]int // name -> user
	accounts map[string]int
	products map[string]bool
	used     map[string]bool // agents with a deal
	teamRows []string
}

func (im *importer) flaw(file string, row int, format string, args ...any) {
	im.w.Flaws = append(im.w.Flaws, Flaw{File: file, Row: row, Message: fmt.Sprintf(format, args...)})
}

// each calls visit for every row of a file with its values by column.
func (im *importer) each(file string, columns []string, visit func(row int, get func(string) string)) error {
	f, err := os.Open(filepath.Join(im.dir, file))
	if err != nil {
		return fmt.Errorf("import: %w (the folder holds sales_pipeline.csv, accounts.csv, products.csv and sales_teams.csv)", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("import %s: no header line: %w", file, err)
	}
	at := map[string]int{}
	for i, name := range header {
		at[strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))] = i
	}
	for _, c := range columns {
		if _, ok := at[c]; !ok {
			return fmt.Errorf("import %s: column %q is missing; its header is %s", file, c, strings.Join(header, ","))
		}
	}
	for row := 2; ; row++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			im.flaw(file, row, "cannot be read: %v", err)
			continue
		}
		if len(record) != len(header) {
			im.flaw(file, row, "has %d values, the header %d", len(record), len(header))
			continue
		}
		visit(row, func(column string) string { return strings.TrimSpace(record[at[column]]) })
	}
}

func (im *importer) readTeams() error {
	im.w.Users = append(im.w.Users, User{Name: "syncd integration", Email: "syncd@" + im.w.Domain, Job: Integration, Manager: -1, Active: true})
	head := im.user(SalesManager, -1, true)
	im.user(RevOps, -1, true)
	cs := im.user(CSManager, -1, true)
	for range 8 {
		im.csm = append(im.csm, im.user(CSM, cs, true))
	}
	managers := map[string]int{}
	return im.each("sales_teams.csv", []string{"sales_agent", "manager", "regional_office"}, func(row int, get func(string) string) {
		name, boss := get("sales_agent"), get("manager")
		if name == "" {
			im.flaw("sales_teams.csv", row, "no sales agent")
			return
		}
		if _, again := im.agents[name]; again {
			im.flaw("sales_teams.csv", row, "agent %q is listed twice", name)
			return
		}
		m, ok := managers[boss]
		if !ok && boss != "" {
			m = im.named(boss, SalesManager, head, get("regional_office"))
			managers[boss] = m
		}
		im.agents[name] = im.named(name, AE, m, get("regional_office"))
		im.teamRows = append(im.teamRows, name)
		im.aes = append(im.aes, im.agents[name])
	})
}

func (im *importer) named(name, job string, manager int, team string) int {
	n := len(im.w.Users)
	mail := strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@" + im.w.Domain
	im.w.Users = append(im.w.Users, User{Name: name, Email: mail, Job: job, Team: team, Manager: manager, Active: true})
	return n
}

func (im *importer) readAccounts() error {
	known := map[string]int{}
	return im.each("accounts.csv", []string{"account", "sector", "office_location"}, func(row int, get func(string) string) {
		name := get("account")
		if name == "" {
			im.flaw("accounts.csv", row, "no account name")
			return
		}
		if first, again := known[name]; again {
			im.flaw("accounts.csv", row, "account %q is there already, in row %d", name, first)
			return
		}
		known[name] = row
		for what, right := range map[string]string{"technolgy": "technology", "Philipines": "Philippines"} {
			if get("sector") == what || get("office_location") == what {
				im.flaw("accounts.csv", row, "%q looks like a slip for %q; kept as it is", what, right)
			}
		}
		im.accounts[name] = len(im.w.Accounts)
		im.w.Accounts = append(im.w.Accounts, Account{Name: name, Owner: im.aes[len(im.w.Accounts)%len(im.aes)], Country: get("office_location"), Sector: get("sector")})
	})
}

func (im *importer) readProducts() error {
	return im.each("products.csv", []string{"product"}, func(_ int, get func(string) string) { im.products[get("product")] = true })
}

func (im *importer) readPipeline() error {
	const file = "sales_pipeline.csv"
	stages := map[string]Stage{"Won": Won, "Lost": Lost, "Engaging": Engaging, "Prospecting": Prospecting}
	seen := map[string]int{}
	columns := []string{"opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date", "close_value"}
	return im.each(file, columns, func(row int, get func(string) string) {
		stage, ok := stages[get("deal_stage")]
		if !ok {
			im.flaw(file, row, "stage %q is not known; the row is left out", get("deal_stage"))
			return
		}
		id := get("opportunity_id")
		if first, again := seen[id]; again {
			im.flaw(file, row, "opportunity %q is there already, in row %d; the row is left out", id, first)
			return
		}
		seen[id] = row
		d := Deal{Key: id, Stage: stage, Type: "New Business", CloseDate: get("close_date"), Fields: map[string]string{}}
		if d.Owner, ok = im.agents[get("sales_agent")]; !ok {
			im.flaw(file, row, "agent %q is not in sales_teams.csv", get("sales_agent"))
			d.Owner = im.aes[0]
		}
		d.Seller = d.Owner
		im.used[get("sales_agent")] = true
		product := get("product")
		if !im.products[product] {
			im.flaw(file, row, "product %q is not in products.csv", product)
		}
		d.Account = im.accountOf(file, row, get("account"))
		d.Name = im.w.Accounts[d.Account].Name + " - " + product + " " + id
		im.dates(&d, file, row, get("engage_date"))
		if v := get("close_value"); v != "" {
			if _, err := strconv.ParseFloat(v, 64); err != nil {
				im.flaw(file, row, "close_value %q is not a number; left blank", v)
			} else {
				d.Amount = v
			}
		}
		im.rest(&d)
		im.w.Deals = append(im.w.Deals, d)
	})
}

func (im *importer) accountOf(file string, row int, name string) int {
	if i, ok := im.accounts[name]; ok {
		return i
	}
	if name == "" {
		im.flaw(file, row, "no account")
		name = "(no account)"
	} else {
		im.flaw(file, row, "account %q is not in accounts.csv", name)
	}
	if i, ok := im.accounts[name]; ok {
		return i
	}
	im.accounts[name] = len(im.w.Accounts)
	im.w.Accounts = append(im.w.Accounts, Account{Name: name, Owner: im.aes[0]})
	return im.accounts[name]
}

// dates reads when a deal was begun and closed. Days carry no time: a deal was
// won at noon of its close date.
func (im *importer) dates(d *Deal, file string, row int, engaged string) {
	if engaged != "" {
		t, err := time.Parse(time.DateOnly, engaged)
		if err != nil {
			im.flaw(file, row, "engage_date %q is not a date", engaged)
		}
		d.CreatedAt = t
	}
	closed, err := time.Parse(time.DateOnly, d.CloseDate)
	if d.CloseDate != "" && err != nil {
		im.flaw(file, row, "close_date %q is not a date; left blank", d.CloseDate)
		d.CloseDate = ""
	}
	if d.CreatedAt.IsZero() {
		d.CreatedAt = closed
	}
	if d.CreatedAt.IsZero() {
		d.CreatedAt = im.w.Now.AddDate(0, -6, 0)
	}
	if d.Stage != Won {
		return
	}
	if closed.IsZero() {
		im.flaw(file, row, "won without a close date")
		closed = im.w.Now.Truncate(24 * time.Hour)
	}
	d.WonAt = closed.Add(12 * time.Hour)
}

// rest invents what the files lack.
func (im *importer) rest(d *Deal) {
	contacts := im.contactsOf(d.Account)
	im.facts(d)
	d.Fields["arr"] = d.Amount
	im.roles(d, contacts)
	if d.Stage == Won {
		im.notes(d)
		im.handoff(d)
	}
}

// contactsOf gives each deal people of its own at the account.
func (im *importer) contactsOf(account int) []int {
	made, contacts := im.account()
	im.w.Accounts = im.w.Accounts[:made]
	for _, c := range contacts {
		im.w.Contacts[c].Account = account
	}
	return contacts
}

// unused lists agents who have no opportunity.
func (im *importer) unused() {
	for i, name := range im.teamRows {
		if !im.used[name] {
			im.flaw("sales_teams.csv", i+2, "agent %q has no opportunity", name)
		}
	}
}

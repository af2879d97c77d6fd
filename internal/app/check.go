package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/syncer"
)

// Checked is what a look at a connection's set-up has found.
type Checked struct {
	Connection string        `json:"connection"` // "" for what all share
	CRM        string        `json:"crm,omitempty"`
	Mode       string        `json:"mode,omitempty"`
	Findings   []crm.Finding `json:"findings"`
	APICalls   int64         `json:"api_calls"`
}

// Failed counts the findings that have to be mended.
func (c Checked) Failed() int {
	n := 0
	for _, f := range c.Findings {
		if f.Grade == crm.Fault {
			n++
		}
	}
	return n
}

// CheckStore looks at what all connections share. The store is opened, and
// migrated, if it has not been.
func (a *App) CheckStore(ctx context.Context) Checked {
	if a.store == nil {
		if err := a.open(ctx); err != nil {
			return Checked{Findings: []crm.Finding{failed("store", "database", err, "start the database, or correct `database` in the configuration")}}
		}
	}
	f := crm.Finding{Area: "store", Subject: "database", Grade: crm.Fine, Message: "reachable and migrated"}
	if err := a.store.Ping(ctx); err != nil {
		f = failed("store", "database", err, "start the database, or correct `database` in the configuration")
	}
	return Checked{Findings: []crm.Finding{f}}
}

// Check looks at everything that decides whether passes of a connection will
// work. It changes nothing, but for the deal that probe names, of which a field
// is set to the value it has.
func (a *App) Check(ctx context.Context, c *syncer.Connection, probe crm.DealID) (out Checked) {
	out = Checked{Connection: c.Name, CRM: c.CRM, Mode: string(c.Mode), Findings: []crm.Finding{}}
	before := calls(c)
	defer func() { out.APICalls = calls(c) - before }()
	began := time.Now()
	desc, err := c.Source.Describe(ctx)
	if err != nil {
		out.Findings = append(out.Findings, failed("credentials", c.CRM, err, "correct auth in the configuration"))
		return out
	}
	took := time.Since(began)
	found, err := c.Source.(crm.Steward).Inspect(ctx, crm.Inspection{Probe: probe})
	out.Findings = append(out.Findings, found...)
	if err != nil {
		out.Findings = append(out.Findings, failed("credentials", c.CRM, err, "correct auth in the configuration"))
	}
	if len(desc.Visibility.Leaks) > 0 { // what they mean here is for us to say
		out.Findings = slices.DeleteFunc(out.Findings, func(f crm.Finding) bool { return f.Area == "visibility" })
	}
	for _, f := range append(a.inCurrency(desc), visible(c, desc), clock(desc.Now, time.Now(), took), a.inZone(desc)) {
		if !slices.ContainsFunc(out.Findings, func(have crm.Finding) bool { return have.Area == f.Area }) {
			out.Findings = append(out.Findings, f)
		}
	}
	out.Findings = append(out.Findings, standIns(ctx, c, desc.Self)...)
	for _, p := range desc.Problems {
		out.Findings = append(out.Findings, untold(p, out.Findings)...)
	}
	return out
}

func calls(c *syncer.Connection) int64 {
	var n int64
	for _, k := range c.Source.Calls() {
		n += k
	}
	return n
}

// failed is a finding about something that could not be done.
func failed(area, subject string, err error, fix string) crm.Finding {
	f := crm.Finding{Area: area, Subject: subject, Grade: crm.Fault, Message: err.Error(), Fix: fix}
	var e *crm.Error
	if errors.As(err, &e) && e.Fix != "" {
		f.Fix = e.Fix
		f.Message = strings.TrimSuffix(f.Message, " ("+e.Fix+")")
	}
	return f
}

// untold is a problem of a description, if no finding speaks of its place. What
// is mapped, adapters look at themselves.
func untold(p crm.Problem, have []crm.Finding) []crm.Finding {
	for _, mapped := range []string{"fields.", "roles"} {
		if strings.HasPrefix(p.Place, mapped) {
			return nil
		}
	}
	if slices.ContainsFunc(have, func(f crm.Finding) bool { return f.Subject == p.Place || f.Message == p.Message }) {
		return nil
	}
	grade := crm.Doubt
	if p.Severity == crm.Fail {
		grade = crm.Fault
	}
	return []crm.Finding{{Area: "mapping", Subject: p.Place, Grade: grade, Message: p.Message, Fix: p.Fix}}
}

// visible tells who can read the numbers.
func visible(c *syncer.Connection, desc crm.Description) crm.Finding {
	f := crm.Finding{Area: "visibility", Subject: "numbers and bands", Grade: crm.Fine, Message: "no seller can read them"}
	v := desc.Visibility
	p := v.Problem(c.Setup.Waiver, desc.Now)
	switch {
	case p != nil:
		f.Grade, f.Message, f.Fix = crm.Fault, p.Message, p.Fix
		if p.Severity == crm.Warn || c.Mode != syncer.Write {
			f.Grade = crm.Doubt
		}
		if p.Severity == crm.Warn {
			f.Fix = "have the access taken away before the waiver ends"
		}
	case !v.Known:
		f.Grade, f.Message, f.Fix = crm.Doubt, "who can read them is not known", v.Untold
		if v.Untold == "" {
			f.Grade, f.Message = crm.Fine, "no field that tells them is mapped"
		}
	}
	return f
}

// skewed is how far our clock may be from the CRM's without a word.
const skewed = 30 * time.Second

// clock compares the CRM's clock with ours. Answers carry whole seconds.
func clock(theirs, ours time.Time, took time.Duration) crm.Finding {
	f := crm.Finding{Area: "clock", Subject: "time", Grade: crm.Fine, Message: "ours and the CRM's agree"}
	if d := ours.Sub(theirs).Round(time.Second); d.Abs() > skewed+took {
		f.Grade = crm.Doubt
		f.Message = fmt.Sprintf("ours is %s off the CRM's, which is the one that counts", d.Abs())
		f.Fix = "let the machine's clock be set by NTP: a wrong one spoils log times and signed sign-ins"
	}
	return f
}

func (a *App) inZone(desc crm.Description) crm.Finding {
	ours := a.cfg.Company.TimeZone
	f := crm.Finding{Area: "time zone", Subject: ours, Grade: crm.Fine, Message: "the same in the CRM"}
	switch {
	case desc.TimeZone == "":
		f.Message = "the CRM does not tell its own"
	case desc.TimeZone != ours:
		_, x := desc.Now.In(a.zone).Zone()
		if zone, err := time.LoadLocation(desc.TimeZone); err == nil {
			if _, y := desc.Now.In(zone).Zone(); x == y {
				f.Message = "the CRM says " + desc.TimeZone + ", which now has the same time"
				return f
			}
		}
		f.Grade, f.Message = crm.Doubt, "the CRM says "+desc.TimeZone+": a deal closed near midnight counts for another day there"
		f.Fix = "make sure that company.time_zone is where working hours and days are to be counted"
	}
	return f
}

// inCurrency says nothing where one side has no currency.
func (a *App) inCurrency(desc crm.Description) []crm.Finding {
	ours := a.cfg.Company.Currency
	f := crm.Finding{Area: "currency", Subject: ours, Grade: crm.Fine, Message: "the same in the CRM"}
	_, rated := a.cfg.Company.Rates[desc.Currency]
	switch {
	case ours == "" || desc.Currency == "":
		return nil
	case desc.Currency == ours:
	case rated:
		f.Message = "the CRM's own is " + desc.Currency + ", for which there is a rate"
	default:
		f.Grade, f.Message = crm.Doubt, "the CRM's own is "+desc.Currency
		f.Fix = "set company.currency to " + desc.Currency + ", or name its rate under company.rates"
	}
	return []crm.Finding{f}
}

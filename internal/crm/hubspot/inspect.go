package hubspot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// inspection is one look at a portal: what was read, and what was found.
type inspection struct {
	c      *Client
	a      account
	now    time.Time // the portal's
	h      *holdings // nil if properties could not be read
	won    []string  // ids of the won deals that moved last, a sample
	barred bool      // deals or contacts cannot be read
	deals  int       // won since scoring began
	out    []crm.Finding
}

// Inspect looks at everything that decides whether passes will work, with reads
// alone but for a probe. Its error means that the portal cannot be reached or
// does not take the credentials.
func (c *Client) Inspect(ctx context.Context, o crm.Inspection) ([]crm.Finding, error) {
	a, now, err := c.readAccount(ctx)
	if err != nil {
		return nil, mendable(err)
	}
	x := &inspection{c: c, a: a, now: now}
	_ = c.served(func() error { // settles which version is spoken; the stages are looked at below
		_, err := c.vendor.dealPipelines(ctx)
		return err
	})
	x.credentials()
	x.version()
	x.permissions(ctx)
	x.sample(ctx)
	x.fields(ctx)
	x.visibility()
	x.roles(ctx)
	x.stages(ctx)
	x.types(ctx)
	if o.Probe != "" {
		x.probe(ctx, string(o.Probe))
	}
	x.quota(ctx)
	if err := ctx.Err(); err != nil {
		return nil, &crm.Error{Op: "hubspot.inspect", Kind: crm.Unavailable, Err: err, Fix: "run syncd check again"}
	}
	return x.out, nil
}

func (x *inspection) add(area, subject string, g crm.Grade, message, fix string) {
	x.out = append(x.out, crm.Finding{Area: area, Subject: subject, Grade: g, Message: strings.TrimRight(message, ". "), Fix: fix})
}

func (x *inspection) fine(area, subject, message string) {
	x.add(area, subject, crm.Fine, message, "")
}

// refused adds what could not be asked, unless the permissions have said so.
func (x *inspection) refused(area, subject, message string, err error) {
	var e *crm.Error
	if crm.KindOf(err) == crm.Permission && x.barred {
		return
	}
	if errors.As(err, &e) && e.Err != nil {
		message += ": " + e.Err.Error()
	}
	x.add(area, subject, crm.Fault, message, fixFor(err))
}

// fixFor is what a person can do about an error.
func fixFor(err error) string {
	var e *crm.Error
	if errors.As(err, &e) && e.Fix != "" {
		return e.Fix
	}
	switch crm.KindOf(err) {
	case crm.Unavailable, crm.RateLimited:
		return "run syncd check again; if it stays so, see https://status.hubspot.com"
	case crm.Quota:
		return "wait for midnight of the account's time zone, when the count of calls starts anew"
	}
	return fixBase
}

// mendable gives an error a fix if it has none.
func mendable(err error) error {
	var e *crm.Error
	if errors.As(err, &e) {
		e.Fix = fixFor(err)
	}
	return err
}

func (x *inspection) credentials() {
	what := "the token"
	if x.c.policy.oauth {
		what = "the app's refresh token"
	}
	if x.a.id == "" {
		x.fine("credentials", "auth", "HubSpot takes "+what)
		return
	}
	x.fine("credentials", "auth", "HubSpot takes "+what+"; it opens portal "+x.a.id)
}

// A support is how long HubSpot stands by a version.
type support struct {
	until time.Time
	words string
}

func midnight(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// supports of the versions: 18 months from their release for dated ones, and
// what was announced for the others (changelog, read 2026-11).
var supports = map[string]support{
	"v3":      {midnight(2027, time.March, 30), "v4 associations, which it goes with, are unsupported from 2027-03-30, and v3 itself from September 2027"},
	"2026-03": {midnight(2026, time.March, 30).AddDate(0, 18, 0), "released on 2026-03-30, supported for 18 months from then"},
	"2026-09": {midnight(2026, time.September, 8).AddDate(0, 18, 0), "released on 2026-09-08, supported for 18 months from then; the portal's rules for required properties hold for API writes too"},
}

const soonEnds = 180 * 24 * time.Hour // time to move to another version

func (x *inspection) version() {
	v := x.c.api.spoken()
	s := supports[v]
	message := "API version " + v + ": " + s.words
	if x.c.api.other.Load() {
		x.add("api", x.c.api.version, crm.Doubt, "the portal does not serve API version "+x.c.api.version+", so "+v+" is spoken", "set api_version to one that it serves")
	}
	switch left := s.until.Sub(x.now); {
	case left > soonEnds:
		x.fine("api", v, message)
	case left > 0:
		x.add("api", v, crm.Doubt, fmt.Sprintf("%s: %d days are left", message, int(left.Hours()/24)), "set api_version to a later one, and run syncd check again")
	default:
		x.add("api", v, crm.Doubt, message+": it may still answer, and HubSpot promises nothing", "set api_version to a later one, and run syncd check again")
	}
}

// What a first pass takes, as syncd bench counts it on deals with three contacts
// and two notes each: for the schema, and for a thousand deals.
const (
	fixedCalls       = 10
	callsPerThousand = 96
)

// quota tells the day's calls, the burst limit, and what a full pass takes.
func (x *inspection) quota(ctx context.Context) {
	if x.deals > 0 {
		x.fine("quota", "full pass", fmt.Sprintf("the first pass over %d deals takes about %d calls", x.deals, fixedCalls+x.deals*callsPerThousand/1000))
	}
	if most, span, ok := x.c.policy.limits.app.told(); ok {
		x.fine("quota", "burst", fmt.Sprintf("%d requests in %s for this app; searches: %d a second for the whole account", most, span, searchesSecond+1))
	}
	if x.c.policy.oauth {
		x.fine("quota", "day", "an OAuth app has no daily limit")
		return
	}
	used, limit := x.usage(ctx)
	switch left := limit - used; {
	case limit <= 0:
		x.add("quota", "day", crm.Doubt, "HubSpot does not say how many calls of the day are left", "look at the API usage of the account in HubSpot, which all private apps share")
	case left <= 0:
		x.add("quota", "day", crm.Fault, fmt.Sprintf("all %d calls of the day are used", limit), "wait for midnight of the account's time zone, and find out which private app uses them up")
	case left < limit/5:
		x.add("quota", "day", crm.Doubt, fmt.Sprintf("%d of %d calls of the day are used by all private apps together", used, limit), "find out which private app uses them up, or lower budget.daily_share")
	default:
		x.fine("quota", "day", fmt.Sprintf("%d of %d calls of the day are used by all private apps together, %d are left", used, limit, left))
	}
}

// usage asks for the day's calls; headers tell where the account does not.
func (x *inspection) usage(ctx context.Context) (used, limit int) {
	r, _, err := x.c.get(ctx, "/account-info/v3/api-usage/daily/private-apps", nil)
	if err == nil {
		r.Get("results").ForEach(func(_, u gjson.Result) bool {
			used, limit = int(u.Get("currentUsage").Int()), int(u.Get("usageLimit").Int())
			return limit <= 0
		})
	}
	if limit <= 0 {
		return x.c.Usage()
	}
	return used, limit
}

package hubspot

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// account is what the portal says of itself.
type account struct {
	id       string
	currency string
	zoneName string
	zone     *time.Location
	unknown  *crm.Error // why the portal did not say
}

func (a account) same(b account) bool {
	return a.id == b.id && a.currency == b.currency && a.zoneName == b.zoneName
}

// readAccount reads the account's details and the portal's clock.
func (c *Client) readAccount(ctx context.Context) (account, time.Time, error) {
	a := account{zone: c.setup.Zone}
	r, h, err := c.accountDetails(ctx)
	if e, refused := refusedKind(err); refused {
		// The details are a convenience; a token that may not see them can
		// still read deals. Any other answer tells the time.
		a.unknown = e
		spoken := c.api.spoken()
		err = c.served(func() (err error) {
			_, h, err = c.get(ctx, "/crm/v3/objects/deals", listQuery("", false, 1, nil))
			return err
		})
		if err == nil && c.api.spoken() != spoken { // it was the version that was refused
			return c.readAccount(ctx)
		}
	} else if err == nil {
		a.id, a.currency = idOf(r.Get("portalId")), strings.ToUpper(strings.Clone(r.Get("companyCurrency").String()))
		a.zoneName = strings.Clone(r.Get("timeZone").String())
		if zone, err := time.LoadLocation(a.zoneName); err == nil && a.zoneName != "" {
			a.zone = zone
			c.policy.zone.Store(zone)
		} else {
			a.zoneName = ""
		}
	}
	if err != nil {
		return a, time.Time{}, err
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return a, time.Time{}, malformed("account", "the answer carries no Date header, so the CRM's time is not known")
	}
	return a, now.UTC(), nil
}

// accountDetails has kept its v3 path beside the dated versions.
func (c *Client) accountDetails(ctx context.Context) (r gjson.Result, h http.Header, err error) {
	r, h, err = c.get(ctx, "/account-info/v3/details", nil)
	if k := crm.KindOf(err); (k == crm.NotFound || k == crm.Invalid) && c.api.spoken() != "v3" {
		return c.get(ctx, "/account-info/"+c.api.spoken()+"/details", nil)
	}
	return r, h, err
}

func (s *schema) checkAccount() {
	switch a := s.account; {
	case a.unknown != nil:
		fix := "make sure that company.currency and company.time_zone are the portal's"
		if a.unknown.Fix != "" {
			fix += "; or else: " + a.unknown.Fix
		}
		s.problem(crm.Warn, "account", "the account's details cannot be read, so those of the company are taken for its currency and time zone: "+a.unknown.Err.Error(), fix)
	case a.zoneName == "":
		s.problem(crm.Warn, "account", "the account's time zone is not known here; the company's is used", "")
	}
}

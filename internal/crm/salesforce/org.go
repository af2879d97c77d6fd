package salesforce

import (
	"context"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// organisation is the org itself.
type organisation struct {
	id, name, zone, currency string
}

// readOrganisation reads the org's own record and who we are.
func (c *Client) readOrganisation(ctx context.Context, s *schema) error {
	_, g := c.session.current()
	s.org.id, s.self = g.org, crm.UserID(g.user)
	if s.self == "" {
		if err := c.readSelf(ctx, s); err != nil {
			return err
		}
	}
	if s.standing("Organization") == readable {
		o := s.objects["Organization"]
		cols := append([]string{"Id"}, o.having("Name", "TimeZoneSidKey", "DefaultCurrencyIsoCode", "CurrencyIsoCode")...)
		rows, err := c.small(ctx, "SELECT "+strings.Join(cols, ", ")+" FROM Organization")
		if err := tolerable(err); err != nil {
			return err
		}
		if len(rows) > 0 {
			r := rows[0]
			if id := r.Get("Id").String(); isID(id) {
				s.org.id = id18(id)
			}
			s.org.name = strings.Clone(r.Get("Name").String())
			s.org.zone = strings.Clone(r.Get("TimeZoneSidKey").String())
			s.org.currency = strings.Clone(first(r, "DefaultCurrencyIsoCode", "CurrencyIsoCode"))
		}
	}
	return c.readCurrency(ctx, s)
}

// readCurrency asks a multi-currency org for its corporate currency.
func (c *Client) readCurrency(ctx context.Context, s *schema) error {
	if s.objects["Opportunity"].field("CurrencyIsoCode") != nil && s.known["CurrencyType"] {
		rows, err := c.small(ctx, "SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true")
		if err := tolerable(err); err != nil {
			return err
		}
		if len(rows) > 0 {
			s.org.currency = strings.Clone(rows[0].Get("IsoCode").String())
		}
	}
	if s.org.currency == "" {
		s.org.currency = c.session.orgCurrency(ctx)
	}
	if s.org.currency == "" {
		s.problem(crm.Warn, "company.currency", "the org does not tell its currency",
			"make sure that company.currency is the currency of the org's amounts, or let the integration user call the SOAP API")
	}
	return nil
}

// readSelf asks who the session belongs to. Integration users need not have
// the right to be told.
func (c *Client) readSelf(ctx context.Context, s *schema) error {
	v, err := c.get(ctx, "/services/oauth2/userinfo")
	if err := tolerable(err); err != nil {
		return err
	}
	if id := v.Get("user_id").String(); isUser(id) {
		s.self = crm.UserID(id18(id))
	}
	if id := v.Get("organization_id").String(); isID(id) {
		s.org.id = id18(id)
	}
	return nil
}

// readStages learns which stages mean won.
func (c *Client) readStages(ctx context.Context, s *schema) error {
	s.won, s.labels = map[string]bool{}, map[string]string{}
	if f := s.objects["Opportunity"].field("StageName"); f != nil {
		for _, ch := range f.Picklist {
			s.labels[ch.Value] = ch.Label
		}
	}
	if s.standing("OpportunityStage") != readable {
		return nil
	}
	cols := []string{"MasterLabel", "IsWon"}
	if s.objects["OpportunityStage"].field("ApiName") != nil {
		cols = append(cols, "ApiName")
	}
	rows, err := c.small(ctx, "SELECT "+strings.Join(cols, ", ")+" FROM OpportunityStage")
	if err != nil {
		return tolerable(err)
	}
	for _, r := range rows {
		label, api := strings.Clone(r.Get("MasterLabel").String()), strings.Clone(r.Get("ApiName").String())
		if r.Get("IsWon").Bool() {
			s.won[label], s.won[api] = true, true
		}
		if s.labels[api] == "" && api != "" {
			s.labels[api] = label
		}
	}
	delete(s.won, "")
	return nil
}

// tolerable drops the errors of a question that an org may not answer.
func tolerable(err error) error {
	switch crm.KindOf(err) {
	case crm.NotFound, crm.Permission, crm.Invalid:
		return nil
	}
	return err
}

// versions reads the CRM's time from the Date header of its cheapest resource,
// which also lists the versions on offer and does not count against limits.
func (c *Client) versions(ctx context.Context) (gjson.Result, string, error) {
	body, h, err := c.do(ctx, "GET", "/services/data", nil)
	if crm.KindOf(err) == crm.NotFound && err != nil {
		_, h, err = c.do(ctx, "GET", c.data("limits"), nil)
		if err != nil {
			return gjson.Result{}, "", err
		}
		return gjson.Result{}, h.Get("Date"), nil
	}
	if err != nil {
		return gjson.Result{}, "", err
	}
	return transport.Parse(body), h.Get("Date"), nil
}

// queryPath is the address of a query; all asks for deleted and archived rows
// too.
func (c *Client) queryPath(soql string, all bool) string {
	resource := "query"
	if all {
		resource = "queryAll"
	}
	// %20 and not +: inside a composite request + is no space to everybody.
	return c.data(resource) + "?q=" + strings.ReplaceAll(url.QueryEscape(soql), "+", "%20")
}

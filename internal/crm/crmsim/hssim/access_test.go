package hssim_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

func TestBearer(t *testing.T) {
	p := small(t)
	for _, c := range []struct{ name, token, category, words string }{
		{"no token", "", "INVALID_AUTHENTICATION", "Authentication credentials not found."},
		{"unknown private app token", "pat-na1-00000000", "INVALID_AUTHENTICATION", "Authentication credentials not found."},
		{"garbage", "garbage", "EXPIRED_AUTHENTICATION", "1970-01-01T00:00:00.000Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := *p
			q.token = c.token
			a := q.do("GET", "/crm/v3/objects/deals", "").want(t, 401, c.words)
			same(t, "category", a.at("category"), c.category)
		})
	}
	p.do("GET", "/crm/v3/objects/deals?hapikey="+p.token, "").want(t, 200)
	q := *p
	q.token = ""
	q.do("GET", "/crm/v3/objects/deals?hapikey="+p.token, "").want(t, 401)
}

func (p *portal) refresh(version string, change map[string]string) answer {
	c := p.Credentials()
	form := url.Values{
		"grant_type": {"refresh_token"}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret}, "refresh_token": {c.RefreshToken},
	}
	for k, v := range change {
		form.Set(k, v)
	}
	return p.do("POST", "/oauth/"+version+"/token", form.Encode())
}

func TestOAuthRefresh(t *testing.T) {
	p := small(t)
	for _, version := range []string{"v1", "v3", "2026-03"} {
		a := p.refresh(version, nil).want(t, 200)
		same(t, "expires_in", a.at("expires_in"), 1800)
		same(t, "token_type", a.at("token_type"), "bearer")
		same(t, "refresh_token", a.at("refresh_token"), p.Credentials().RefreshToken)
		if (a.at("hub_id") != nil) != (version != "v1") {
			t.Errorf("%s: hub_id %v", version, a.at("hub_id"))
		}
		q := *p
		q.token = a.at("access_token").(string)
		b := q.do("GET", "/crm/v3/objects/deals", "").want(t, 200)
		if b.header.Get("X-HubSpot-RateLimit-Daily") != "" {
			t.Error("an OAuth answer shows a daily limit")
		}
		p.Clock().Advance(30*time.Minute - time.Second)
		q.do("GET", "/crm/v3/objects/deals", "").want(t, 200)
		p.Clock().Advance(76 * time.Second)
		q.do("GET", "/crm/v3/objects/deals", "").want(t, 401, "expired 75 second(s) ago.", "EXPIRED_AUTHENTICATION", "expire time")
	}
	for field, status := range map[string]string{
		"refresh_token": "BAD_REFRESH_TOKEN", "client_id": "BAD_CLIENT_ID", "client_secret": "BAD_CLIENT_SECRET", "grant_type": "BAD_GRANT_TYPE",
	} {
		a := p.refresh("v1", map[string]string{field: "wrong"}).want(t, 400)
		same(t, "status", a.at("status"), status)
		if a.at("error") == nil || a.at("error_description") == nil || a.at("message") == nil {
			t.Errorf("%s: the body is not of the vendor's shape: %s", field, a.text)
		}
	}
}

func TestScopes(t *testing.T) {
	for scope, calls := range map[string][]string{
		"crm.objects.deals.read":     {"GET /crm/v3/objects/deals", "POST " + search, "POST /crm/v3/objects/deals/batch/read", "POST /crm/v4/associations/deals/contacts/batch/read"},
		"crm.objects.deals.write":    {"PATCH /crm/v3/objects/deals/1", "POST /crm/v3/objects/deals/batch/update"},
		"crm.objects.contacts.read":  {"GET /crm/v3/objects/contacts", "GET /crm/v3/objects/notes", "GET /crm/v4/associations/deals/contacts/labels"},
		"crm.objects.contacts.write": {"POST /crm/v3/objects/tasks"},
		"crm.objects.owners.read":    {"GET /crm/v3/owners/"},
		"crm.schemas.deals.write":    {"POST /crm/v3/properties/deals", "POST /crm/v3/properties/deals/groups"},
	} {
		p := small(t)
		p.RevokeScope(scope)
		for _, c := range calls {
			method, path, _ := strings.Cut(c, " ")
			a := p.do(method, path, `{}`).want(t, 403, "MISSING_SCOPES", scope)
			same(t, "named scope", a.at("errors.0.context.requiredGranularScopes.0"), scope)
		}
		p.do("GET", "/crm/v3/pipelines/deals", "").want(t, 200)
		p.GrantScope(scope)
		method, path, _ := strings.Cut(calls[0], " ")
		if a := p.do(method, path, `{}`); a.status == 403 {
			t.Errorf("%s is still denied", scope)
		}
	}
}

func TestBurstWindow(t *testing.T) {
	p := open(t, smallWorld(), hssim.Options{EnforceLimits: true, BurstPer10s: 3, NoSearchLag: true})
	get := func() answer { return p.do("GET", "/crm/v3/objects/deals", "") }
	a := get().want(t, 200)
	same(t, "max", a.header.Get("X-HubSpot-RateLimit-Max"), 3)
	same(t, "remaining", a.header.Get("X-HubSpot-RateLimit-Remaining"), 2)
	same(t, "interval", a.header.Get("X-HubSpot-RateLimit-Interval-Milliseconds"), 10000)
	same(t, "daily", a.header.Get("X-HubSpot-RateLimit-Daily"), 650000)
	same(t, "daily remaining", a.header.Get("X-HubSpot-RateLimit-Daily-Remaining"), 649999)
	p.Clock().Advance(6 * time.Second)
	get().want(t, 200)
	get().want(t, 200)
	a = get().want(t, 429, "You have reached your ten_secondly_rolling limit.", `"errorType":"RATE_LIMIT"`, `"policyName":"TEN_SECONDLY_ROLLING"`)
	if a.header.Get("Retry-After") != "" || a.at("category") != nil {
		t.Errorf("a 429 says more than the vendor's: %s", a.text)
	}
	p.do("POST", search, `{}`).want(t, 200)
	p.do("POST", "/crm/v4/associations/deals/contacts/batch/read", p.fill(`{"inputs":[{"id":"{d0}"}]}`)).want(t, 200)
	p.Clock().Advance(4 * time.Second) // the first request leaves the window, the others do not
	get().want(t, 200)
	get().want(t, 429)
	same(t, "limited", p.Stats().Limited, 2)
}

func TestSearchRate(t *testing.T) {
	p := open(t, smallWorld(), hssim.Options{EnforceLimits: true, NoSearchLag: true})
	for range 5 {
		p.do("POST", search, `{}`).want(t, 200)
	}
	p.do("POST", "/crm/v3/objects/contacts/search", `{}`).want(t, 429, "You have reached your secondly limit.", "SECONDLY")
	p.Clock().Advance(time.Second)
	p.do("POST", search, `{}`).want(t, 200)
}

func TestDailyLimit(t *testing.T) {
	p := open(t, smallWorld(), hssim.Options{EnforceLimits: true, DailyLimit: 2, NoSearchLag: true})
	p.do("GET", "/crm/v3/objects/deals", "").want(t, 200)
	p.do("POST", search, `{}`).want(t, 200)
	p.do("GET", "/crm/v3/objects/deals", "").want(t, 429, "You have reached your daily limit.", `"policyName":"DAILY"`)
	p.Clock().Advance(14 * time.Hour) // still the same day in New York
	p.do("GET", "/crm/v3/objects/deals", "").want(t, 429)
	p.Clock().Advance(6 * time.Hour)
	p.do("GET", "/crm/v3/objects/deals", "").want(t, 200)
}

func TestAccount(t *testing.T) {
	p := small(t)
	for _, version := range []string{"v3", "2026-03"} {
		a := p.do("GET", "/account-info/"+version+"/details", "").want(t, 200)
		same(t, "zone", a.at("timeZone"), "America/New_York")
		same(t, "offset", a.at("utcOffsetMilliseconds"), float64(-5*3600*1000))
		same(t, "utcOffset", a.at("utcOffset"), "-05:00")
		same(t, "currency", a.at("companyCurrency"), "USD")
	}
	a := p.do("GET", "/account-info/v3/api-usage/daily/private-apps", "").want(t, 200)
	same(t, "limit", a.at("results.0.usageLimit"), 650000)
	same(t, "used", a.at("results.0.currentUsage"), 3)
	same(t, "resets", a.at("results.0.resetsAt"), "2026-11-21T05:00:00Z")
}

func TestSameWorldSameIDs(t *testing.T) {
	a, b := small(t), small(t)
	for i := range 3 {
		same(t, "deal", a.DealID(i), b.DealID(i))
		same(t, "contact", a.ContactID(i), b.ContactID(i))
		if a.OwnerID(i) == a.UserID(i) {
			t.Error("an owner id is a user id")
		}
	}
	same(t, "token", a.Credentials(), b.Credentials())
	w := smallWorld()
	w.Company = "Other"
	if c := hssim.New(w, hssim.Options{}); c.Credentials().Token == a.token || c.PortalID() == a.PortalID() {
		t.Error("two companies share a portal")
	}
}

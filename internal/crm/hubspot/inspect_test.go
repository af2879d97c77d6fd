package hubspot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// inspect is what is found, with the rules that hold for every finding.
func (p *portal) inspect(t *testing.T, o crm.Inspection) []crm.Finding {
	t.Helper()
	found, err := p.Inspect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	order := []string{"credentials", "api", "permissions", "fields", "visibility", "roles", "stages", "rules", "quota"}
	at := 0
	for _, f := range found {
		i := slices.Index(order, f.Area)
		if i < at {
			t.Errorf("%q comes after %q", f.Area, order[at])
		}
		at = i
		if f.Subject == "" || f.Message == "" || strings.HasSuffix(f.Message, ".") || (f.Grade == crm.Fine) != (f.Fix == "") {
			t.Errorf("%+v", f)
		}
		if strings.Contains(f.Message+f.Fix, p.Credentials().Token) {
			t.Errorf("the token is told: %+v", f)
		}
	}
	return found
}

// amiss are the findings that are not fine.
func amiss(found []crm.Finding) map[string]crm.Finding {
	out := map[string]crm.Finding{}
	for _, f := range found {
		if f.Grade != crm.Fine {
			out[f.Subject] = f
		}
	}
	return out
}

func about(t *testing.T, found []crm.Finding, area, subject string) crm.Finding {
	t.Helper()
	for _, f := range found {
		if f.Area == area && f.Subject == subject {
			return f
		}
	}
	t.Errorf("nothing about %s %s in %+v", area, subject, found)
	return crm.Finding{}
}

// inspected is a portal with all fields, in the company's time zone.
func inspected(t *testing.T, s crm.Setup, o Options) *portal {
	t.Helper()
	p := portalOf(t, company(20), hssim.Options{NoHandoffFields: true, NoSearchLag: true, EnforceLimits: true}, o, s)
	p.provide(t)
	return p
}

func TestInspectNotes(t *testing.T) {
	if f := about(t, inspected(t, needs(), Options{}).inspect(t, crm.Inspection{}), "fields", "notes"); f.Grade != crm.Fine {
		t.Errorf("%+v", f)
	}
	f := about(t, bare(t, needs()).inspect(t, crm.Inspection{}), "fields", "notes")
	if f.Grade != crm.Doubt || !strings.Contains(f.Message, "handoff_item_1_1_note") {
		t.Errorf("%+v", f)
	}
}

func newYork(t *testing.T) crm.Setup {
	t.Helper()
	s := needs()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	s.Zone, s.Since = zone, start.AddDate(0, 0, -30)
	return s
}

func TestInspectAGoodPortal(t *testing.T) {
	for _, version := range []string{"2026-03", "2026-09", "v3"} {
		t.Run(version, func(t *testing.T) {
			p := inspected(t, newYork(t), Options{APIVersion: version})
			made := p.Client.Calls()["write"] + p.Client.Calls()["fields make"]
			found := p.inspect(t, crm.Inspection{})
			bad := amiss(found)
			if version == "v3" {
				if f := bad["v3"]; f.Grade != crm.Doubt || !strings.Contains(f.Message, "2027-03-30") || !strings.Contains(f.Message, "129 days") {
					t.Errorf("%+v", f)
				}
				delete(bad, "v3")
			}
			v := bad["numbers and bands"]
			if v.Grade != crm.Doubt || !strings.Contains(v.Message, "handoff_score") || strings.Contains(v.Message, "handoff_gaps") || !strings.Contains(v.Fix, "Settings > Properties") {
				t.Errorf("%+v", v)
			}
			if len(bad) != 1 {
				t.Errorf("%+v", bad)
			}
			for subject, says := range map[string]string{
				"roles roles.champion": "16 of the 18 won deals", "stages won deals closed since 2026-10-21": "18 in all: New business 18, Renewal 0",
				"quota day": "of 650000 calls", "fields handoff_score": "read and written", "fields handoff_csm": "HubSpot user, can be read",
				"fields handoff_ball": "65536 characters", "fields handoff_escalation": "None, CS manager, Sales manager",
				"permissions crm.objects.deals.write": "can be written", "quota burst": "190 requests in 10s",
			} {
				area, rest, _ := strings.Cut(subject, " ")
				if f := about(t, found, area, rest); !strings.Contains(f.Message, says) {
					t.Errorf("%+v", f)
				}
			}
			if n := p.Client.Calls()["write"] + p.Client.Calls()["fields make"]; n != made {
				t.Errorf("a look writes %d times", n-made)
			}
		})
	}
}

func TestInspectWithoutScopes(t *testing.T) {
	for scope, want := range map[string]crm.Grade{
		"crm.objects.contacts.read": crm.Fault, "crm.objects.owners.read": crm.Fault, "crm.objects.deals.read": crm.Fault,
		"crm.objects.deals.write": crm.Doubt, "crm.objects.contacts.write": crm.Doubt,
	} {
		t.Run(scope, func(t *testing.T) {
			p := inspected(t, newYork(t), Options{})
			p.RevokeScope(scope)
			found := p.inspect(t, crm.Inspection{})
			if f := about(t, found, "permissions", scope); f.Grade != want || !strings.Contains(f.Fix, scope) {
				t.Errorf("%+v", f)
			}
			for _, f := range found {
				if f.Area == "permissions" && f.Grade == crm.Fine && f.Subject == scope {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// Where HubSpot does not name the scopes, what may be written is not claimed.
func TestInspectATokenOfUnknownScopes(t *testing.T) {
	p := inspected(t, newYork(t), Options{})
	p.AddFault(hssim.Fault{Do: hssim.NoScope, On: "token_info", Times: -1})
	found := p.inspect(t, crm.Inspection{})
	if f := about(t, found, "permissions", "write scopes"); f.Grade != crm.Doubt || !strings.Contains(f.Fix, "crm.objects.deals.write") {
		t.Errorf("%+v", f)
	}
}

func TestInspectAnOAuthApp(t *testing.T) {
	p := inspected(t, newYork(t), Options{})
	p.RevokeScope("crm.objects.contacts.write")
	c := oauthClient(t, p, Options{})
	found, err := c.Inspect(t.Context(), crm.Inspection{})
	if err != nil {
		t.Fatal(err)
	}
	if f := about(t, found, "permissions", "crm.objects.contacts.write"); f.Grade != crm.Doubt {
		t.Errorf("%+v", f)
	}
	if f := about(t, found, "quota", "day"); !strings.Contains(f.Message, "no daily limit") {
		t.Errorf("%+v", f)
	}
}

func TestInspectFields(t *testing.T) {
	s := newYork(t)
	s.Fields = append(s.Fields,
		crm.Field{Name: "arr", Native: "annual_value", Kind: crm.Number, Writer: crm.Org},
		crm.Field{Name: "dispute_item", Prefix: "handoff", Base: "dispute_item", Kind: crm.Text, Writer: crm.CSM, Optional: true})
	p := portalOf(t, company(20), hssim.Options{NoHandoffFields: true, NoSearchLag: true}, Options{}, s)
	p.create(t, "groups", `{"name":"handoff","label":"Handoff"}`)
	p.create(t, "", `{"name":"handoff_escalation","label":"E","groupName":"handoff","type":"enumeration","fieldType":"select","options":[{"label":"None","value":"None","hidden":false,"displayOrder":0}]}`)
	p.create(t, "", `{"name":"handoff_shared_on","label":"E","groupName":"handoff","type":"number","fieldType":"number"}`)
	p.create(t, "", `{"name":"handoff_item_1_1_score","label":"S","groupName":"handoff","type":"number","fieldType":"calculation_equation","calculationFormula":"1"}`)
	for _, part := range []string{"handoff_score", "handoff_ball", "handoff_gaps", "handoff_attempt"} {
		if err := p.Provide(t.Context(), crm.Part{Kind: "property", Name: part}); err != nil {
			t.Fatal(err)
		}
	}
	for name, do := range map[string]func(string, string) error{"handoff_score": p.ArchiveProperty, "handoff_ball": p.GuardProperty, "handoff_gaps": p.ProtectProperty} {
		if err := do("deals", name); err != nil {
			t.Fatal(err)
		}
	}
	found := p.inspect(t, crm.Inspection{})
	for name, says := range map[string][2]string{
		"handoff_score":          {"archived", "Archived properties"},
		"handoff_ball":           {"sensitive data", "crm.objects.deals.sensitive.read"},
		"handoff_gaps":           {"read-only", "fields.gaps"},
		"handoff_escalation":     {`"Sales manager"`, "Settings > Properties"},
		"handoff_shared_on":      {"cannot hold a date", "fields.shared_on"},
		"handoff_item_1_1_score": {"calculated", "fields.item_1_1_score"},
		"handoff_hold":           {"no such property", "syncd fields apply"},
		"annual_value":           {"no such property", "Settings > Properties"},
	} {
		if f := about(t, found, "fields", name); f.Grade != crm.Fault || !strings.Contains(f.Message, says[0]) || !strings.Contains(f.Fix, says[1]) {
			t.Errorf("%+v", f)
		}
	}
	for _, name := range []string{"handoff_attempt", "use_case", "relationship_note", "handoff_dispute_item"} {
		if f := about(t, found, "fields", name); f.Grade != crm.Fine {
			t.Errorf("%+v", f)
		}
	}
}

func TestInspectRoles(t *testing.T) {
	s := newYork(t)
	s.Roles = map[string][]string{"champion": {"Champion"}, "day_to_day": {"Day-to-day"}, "nobody": {"Astronaut"}, "objector": {"LEGAL_AND_COMPLIANCE"}}
	p := inspected(t, s, Options{})
	found := p.inspect(t, crm.Inspection{})
	if f := about(t, found, "roles", "roles.nobody"); f.Grade != crm.Fault || !strings.Contains(f.Fix, "Associations") || !strings.Contains(f.Fix, "Champion") {
		t.Errorf("%+v", f)
	}
	if f := about(t, found, "roles", "roles.day_to_day"); f.Grade != crm.Doubt || !strings.Contains(f.Message, "0 of the 18") || !strings.Contains(f.Message, "sample") {
		t.Errorf("%+v", f)
	}
	if f := about(t, found, "roles", "roles.champion"); f.Grade != crm.Fine {
		t.Errorf("%+v", f)
	}
	if f := about(t, found, "roles", "roles.objector"); f.Grade != crm.Fine || !strings.Contains(f.Message, "hs_buying_role") {
		t.Errorf("%+v", f)
	}
}

func TestInspectWithAWrongToken(t *testing.T) {
	p := bare(t, needs())
	for _, token := range []string{"pat-na1-0000", "nonsense"} {
		c, err := New(needs(), Auth{Token: token}, Options{BaseURL: p.url})
		if err != nil {
			t.Fatal(err)
		}
		found, err := c.Inspect(t.Context(), crm.Inspection{})
		var e *crm.Error
		if !asCRM(err, &e) || e.Kind != crm.Auth || !strings.Contains(e.Fix, "auth.token") || len(found) > 0 || strings.Contains(err.Error(), token) {
			t.Errorf("%v %+v", err, found)
		}
	}
	nobody, err := New(needs(), Auth{Token: "pat-na1-0000"}, Options{BaseURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	var e *crm.Error
	if _, err := nobody.Inspect(t.Context(), crm.Inspection{}); !asCRM(err, &e) || e.Fix == "" {
		t.Errorf("%v", err)
	}
}

func TestProbe(t *testing.T) {
	probe := func(p *portal, id string) crm.Finding {
		t.Helper()
		return about(t, p.inspect(t, crm.Inspection{Probe: crm.DealID(id)}), "rules", "deal "+id)
	}
	rule := []hssim.Requirement{{Object: "deals", Required: "hs_next_step"}}
	for version, want := range map[string]crm.Grade{"2026-03": crm.Fine, "2026-09": crm.Fault} {
		p := portalOf(t, company(20), hssim.Options{NoHandoffFields: true, NoSearchLag: true, ConditionalRequired: rule}, Options{APIVersion: version}, newYork(t))
		p.provide(t)
		id := p.DealID(0)
		if err := p.Set("deals", id, "hs_next_step", "x"); err != nil {
			t.Fatal(err)
		}
		if err := p.Set("deals", id, "handoff_ball", "the AE's"); err != nil {
			t.Fatal(err)
		}
		if f := probe(p, id); f.Grade != crm.Fine || !strings.Contains(f.Message, "handoff_ball") {
			t.Errorf("%+v", f)
		}
		if v, _ := p.Get("deals", id, "handoff_ball"); v != "the AE's" {
			t.Errorf("the probe wrote %q", v)
		}
		if f := probe(p, p.DealID(1)); f.Grade != want || want == crm.Fault && !strings.Contains(f.Message, "hs_next_step") {
			t.Errorf("%s: %+v", version, f)
		}
		for _, odd := range []string{"12", "none"} {
			if f := probe(p, odd); f.Grade != crm.Fault {
				t.Errorf("%+v", f)
			}
		}
	}
}

func TestInspectQuota(t *testing.T) {
	p := portalOf(t, company(20), hssim.Options{NoHandoffFields: true, NoSearchLag: true, DailyLimit: 100}, Options{}, needs())
	p.provide(t)
	for range 40 {
		p.call(t, "GET", "/crm/v3/owners", "")
	}
	bad := amiss(p.inspect(t, crm.Inspection{}))
	if f := bad["day"]; f.Area != "quota" || !strings.Contains(f.Message, "of 100 calls") && !strings.Contains(f.Message, "all 100") {
		t.Errorf("%+v", f)
	}
}

func TestVersionsThatEnd(t *testing.T) {
	for _, c := range []struct {
		version, at string
		grade       crm.Grade
	}{
		{"2026-03", "2026-11-20", crm.Fine},
		{"2026-03", "2027-08-01", crm.Doubt},
		{"2026-03", "2027-10-01", crm.Doubt},
		{"2026-09", "2027-08-01", crm.Fine},
		{"2026-09", "2028-03-01", crm.Doubt},
		{"v3", "2026-09-01", crm.Fine},
		{"v3", "2027-05-01", crm.Doubt},
	} {
		at, err := time.Parse(time.DateOnly, c.at)
		if err != nil {
			t.Fatal(err)
		}
		x := &inspection{c: &Client{api: &speech{version: c.version}}, now: at}
		x.version()
		if x.out[0].Grade != c.grade || (c.grade == crm.Doubt) != (x.out[0].Fix != "") {
			t.Errorf("%s at %s: %+v", c.version, c.at, x.out)
		}
	}
}

func TestVisibilityIsNotKnown(t *testing.T) {
	p := bare(t, needs())
	d, err := p.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d.Visibility.Known || d.Visibility.Untold != "" {
		t.Errorf("%+v: nothing is there to be seen", d.Visibility)
	}
	p.provide(t)
	if d, err = p.Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	v := d.Visibility
	if v.Known || len(v.Leaks) > 0 || !strings.Contains(v.Untold, "handoff_item_1_1_score, handoff_score") || strings.Contains(v.Untold, "handoff_ball") {
		t.Errorf("%+v", v)
	}
}

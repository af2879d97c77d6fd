package crmtest_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

func inspect(t *testing.T, c crm.Steward, o crm.Inspection) []crm.Finding {
	t.Helper()
	list, err := c.Inspect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Area == "" || f.Message == "" || strings.HasSuffix(f.Message, ".") || (f.Grade == crm.Fine) != (f.Fix == "") {
			t.Errorf("ill-formed: %+v", f)
		}
	}
	return list
}

func matching(list []crm.Finding, area string, grade crm.Grade, part string) *crm.Finding {
	for i, f := range list {
		if f.Area == area && f.Grade == grade && strings.Contains(f.Message+" "+f.Subject, part) {
			return &list[i]
		}
	}
	return nil
}

func areas(list []crm.Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, f.Area)
	}
	return slices.Compact(out)
}

func TestSalesforceInspectsAnOrgSetUpWithCare(t *testing.T) {
	o, client := handed(t, sfsim.Options{})
	o.ResetStats()
	list := inspect(t, client, crm.Inspection{})
	for _, f := range list {
		if f.Grade == crm.Fault {
			t.Errorf("%+v", f)
		}
	}
	if want := []string{"credentials", "api", "permissions", "fields", "visibility", "roles", "stages", "rules", "quota"}; !slices.Equal(areas(list), want) {
		t.Errorf("areas %v, want %v", areas(list), want)
	}
	for area, part := range map[string]string{
		"credentials": "signed in to", "api": "api_version 60.0 of 31.0 to 68.0", "permissions": "Opportunity can be read and edited",
		"fields": "Opportunity.Handoff_Score__c", "visibility": "can read a number", "stages": `won means "Closed Won"`, "rules": "no active validation rule", "quota": "requests are left",
	} {
		if matching(list, area, crm.Fine, part) == nil {
			t.Errorf("%s: %q is not among %+v", area, part, list)
		}
	}
	if f := matching(list, "stages", crm.Fine, "by type"); f == nil || !strings.Contains(f.Message, "New Business") {
		t.Errorf("got %+v", f)
	}
	if w := o.Stats().Written; len(w) > 0 {
		t.Errorf("wrote %v", w)
	}
}

func TestSalesforceInspectionFinds(t *testing.T) {
	withKey := sfsim.Options{Custom: []sfsim.CustomField{{Object: "Task", Name: "Handoff_Key__c", Length: 80, ExternalID: true}}}
	native := func(setup *crm.Setup, name, native string) {
		for i := range setup.Fields {
			if setup.Fields[i].Name == name {
				setup.Fields[i].Native, setup.Fields[i].Optional = native, false
			}
		}
	}
	for _, c := range []struct {
		name    string
		options sfsim.Options
		hurt    func(o *org, setup *crm.Setup)
		area    string
		grade   crm.Grade
		message string
		fix     string
	}{
		{"a hidden field", sfsim.Options{}, func(o *org, _ *crm.Setup) { o.HideField("Opportunity", "Handoff_Gaps__c") }, "fields", crm.Fault, "is there, and field-level security hides it", "assign Handoff_Sync"},
		{"a missing field", sfsim.Options{NoHandoffFields: true}, nil, "fields", crm.Fault, "does not exist", "syncd fields apply"},
		{"missing notes", sfsim.Options{NoHandoffFields: true}, nil, "fields", crm.Doubt, "1 field for the CSM's notes: not there", "syncd fields apply"},
		{"notes out of sight", sfsim.Options{}, func(o *org, _ *crm.Setup) { o.HideField("Opportunity", "Handoff_Item_1_1_Note__c") }, "fields", crm.Fine, "a note on each of 1 item", ""},
		{"notes that nobody lists", sfsim.Options{NoHandoffFields: true}, func(o *org, _ *crm.Setup) { o.TakeRight(sfsim.ViewSetup) }, "fields", crm.Doubt, "notes: missing, or hidden", "View Setup"},
		{"a missing field of the org's own", sfsim.Options{}, func(_ *org, s *crm.Setup) { native(s, "arr", "Annual__c") }, "fields", crm.Fault, "does not exist", "map fields.arr"},
		{"a missing field that nobody lists", sfsim.Options{NoHandoffFields: true}, func(o *org, _ *crm.Setup) { o.TakeRight(sfsim.ViewSetup) }, "fields", crm.Fault, "no such field on the object, or hidden", "create the field"},
		{"a field that cannot be written", sfsim.Options{}, func(o *org, _ *crm.Setup) { o.LockField("Opportunity", "Handoff_Gaps__c") }, "fields", crm.Fault, "cannot be written", "grant edit access"},
		{"a picklist without a value", sfsim.Options{}, func(o *org, _ *crm.Setup) { o.SetPicklist("Opportunity", "Handoff_Band__c", "Excellent") }, "fields", crm.Fault, `lacks "Incomplete"`, "add the values"},
		{"a field too short", sfsim.Options{Custom: []sfsim.CustomField{{Object: "Opportunity", Name: "Short__c", Type: "textarea", Length: 300}}}, func(_ *org, s *crm.Setup) { native(s, "gaps", "Short__c") }, "fields", crm.Doubt, "holds 300 characters", "lengthen"},
		{"a number too small", sfsim.Options{Custom: []sfsim.CustomField{{Object: "Opportunity", Name: "Small__c", Type: "double", Precision: 2}}}, func(_ *org, s *crm.Setup) { native(s, "score", "Small__c") }, "fields", crm.Doubt, "holds 2 digits", "3 digits"},
		{"a field of another type", sfsim.Options{Custom: []sfsim.CustomField{{Object: "Opportunity", Name: "Flag__c", Type: "boolean"}}}, func(_ *org, s *crm.Setup) { native(s, "score", "Flag__c") }, "fields", crm.Fault, "type boolean", "fitting type"},
		{"no history", sfsim.Options{TrackedFields: []string{"OwnerId"}}, func(_ *org, s *crm.Setup) {
			for i := range s.Fields {
				s.Fields[i].Track = s.Fields[i].Name == "csm"
			}
		}, "fields", crm.Doubt, "its changes are not tracked", "Set History Tracking"},
		{"a leak", sfsim.Options{}, func(o *org, _ *crm.Setup) { o.Grant("Standard User", "Opportunity.Handoff_Score__c", true, false) }, "visibility", crm.Doubt, "can read Handoff_Score__c, by profile Standard User", "take Read access"},
		{"visibility untold", sfsim.Options{}, func(o *org, _ *crm.Setup) { o.TakeRight(sfsim.ViewSetup) }, "visibility", crm.Doubt, "not known", "View Setup and Configuration"},
		{"fields unlisted", sfsim.Options{}, func(o *org, _ *crm.Setup) { o.TakeRight(sfsim.ViewSetup) }, "permissions", crm.Doubt, "hidden cannot be told", "View Setup and Configuration"},
		{"a role nobody fills", sfsim.Options{}, func(o *org, s *crm.Setup) {
			o.SetPicklist("OpportunityContactRole", "Role", append([]string{"Mascot"}, o.world.Roles...)...)
			s.Roles = map[string][]string{"champion": {"Mascot"}}
		}, "roles", crm.Doubt, "no deal won in the last year has a contact as champion", "roles.champion"},
		{"a role that is not on offer", sfsim.Options{}, func(_ *org, s *crm.Setup) { s.Roles = map[string][]string{"champion": {"Mascot"}} }, "roles", crm.Fault, "none of the role names", "name one of the roles"},
		{"a validation rule", sfsim.Options{}, func(o *org, _ *crm.Setup) {
			o.AddRule(sfsim.Rule{Name: "Close_Plan_Needed", Object: "Opportunity", Message: "x", Broken: func(func(string) any) bool { return true }})
		}, "rules", crm.Doubt, "Close_Plan_Needed", "integration user"},
		{"no request left", sfsim.Options{DailyLimit: 10}, nil, "quota", crm.Fault, "all 10 requests", "wait"},
		{"notes hidden altogether", sfsim.Options{}, func(o *org, _ *crm.Setup) { o.HideObject("Note") }, "permissions", crm.Doubt, "Note is there and hidden from the integration user", "read access to Note"},
		{"notes hidden, and nobody tells", sfsim.Options{}, func(o *org, _ *crm.Setup) { o.HideObject("Note"); o.TakeRight(sfsim.ViewSetup) }, "permissions", crm.Doubt, "hidden, or not in the org", "View Setup"},
		{"no field for the keys of tasks", sfsim.Options{NoHandoffFields: true}, nil, "fields", crm.Doubt, "does not exist: tasks are found again by the mark", "syncd fields apply"},
		{"a hidden field for the keys of tasks", withKey, func(o *org, _ *crm.Setup) { o.HideField("Task", "Handoff_Key__c") }, "fields", crm.Doubt, "is there, and hidden from the integration user: tasks", "assign Handoff_Sync"},
		{"a short field for the keys of tasks", sfsim.Options{Custom: []sfsim.CustomField{{Object: "Task", Name: "Handoff_Key__c", Length: 40}}}, nil, "fields", crm.Doubt, "holds 40 characters, and keys", "80 characters"},
		{"a field for the keys of tasks", withKey, nil, "fields", crm.Fine, "tasks are found again by it", ""},
		{"permissions on all fields out of sight", sfsim.Options{}, nil, "visibility", crm.Fine, "View All Fields would not be noticed, which takes an api_version above 60.0", ""},
		{"a CSM who owns deals", sfsim.Options{}, func(o *org, _ *crm.Setup) { o.Assign("Handoff_CSM", o.sellers()[0]) }, "visibility", crm.Fine, "1 owner of deals with Handoff_CSM, taken for CSMs: none of them should sell (Setup > Permission Sets > Handoff CSM > Manage Assignments", ""},
		{"notes that cannot be read", sfsim.Options{}, func(o *org, _ *crm.Setup) { o.HideField("Note", "Body") }, "permissions", crm.Fault, "notes of the kind Note", "read access to Note"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOrg(t, 12, c.options)
			setup := fieldSet("handoff")
			if c.hurt != nil {
				c.hurt(o, &setup)
			}
			list := inspect(t, o.steward(t, setup), crm.Inspection{})
			f := matching(list, c.area, c.grade, c.message)
			if f == nil {
				t.Fatalf("%q is not among:\n%s", c.message, lines(list))
			}
			if !strings.Contains(f.Fix, c.fix) {
				t.Errorf("fix %q lacks %q", f.Fix, c.fix)
			}
		})
	}
}

// TestSalesforceWithoutAKindOfNote: an org that lists no such object, and one
// where all fields at once were looked for.
func TestSalesforceWithoutAKindOfNote(t *testing.T) {
	o := orgBehind(t, 4, sfsim.Options{ViewAllFields: true}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Query().Get("q"), "EntityDefinition") {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"size":0,"totalSize":0,"done":true,"records":[]}`))
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	o.HideObject("Note")
	list := inspect(t, o.stewardOf(t, fieldSet("handoff"), "66.0"), crm.Inspection{})
	if matching(list, "permissions", crm.Fine, "the org lists no Note") == nil || matching(list, "permissions", crm.Doubt, "Note") != nil {
		t.Errorf("got\n%s", lines(list))
	}
	if f := matching(list, "visibility", crm.Fine, "View All Fields"); f != nil {
		t.Errorf("was looked at: %+v", f)
	}
}

func lines(list []crm.Finding) string {
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "%-11s %-5s %-30s %s; %s\n", f.Area, f.Grade, f.Subject, f.Message, f.Fix)
	}
	return b.String()
}

func TestSalesforceProbe(t *testing.T) {
	o, client := handed(t, sfsim.Options{})
	deal := o.DealID(1)
	if err := o.Set("Opportunity", deal, "Handoff_Gaps__c", "ask \"who\"\nsigns"); err != nil {
		t.Fatal(err)
	}
	if err := o.Set("Opportunity", deal, "Handoff_Score__c", 12); err != nil {
		t.Fatal(err)
	}
	fields := []string{"Handoff_Band__c", "Handoff_Due_At__c", "Handoff_Gaps__c", "Handoff_Hold__c", "Handoff_Score__c", "Handoff_Status__c"}
	var before, after []any
	for _, f := range fields {
		before = append(before, o.Get("Opportunity", deal, f))
	}
	o.ResetStats()
	list := inspect(t, client, crm.Inspection{Probe: crm.DealID(deal)})
	if matching(list, "rules", crm.Fine, "was taken") == nil {
		t.Errorf("got\n%s", lines(list))
	}
	if w := o.Stats().Written; w["Opportunity"] != 1 || len(w) != 1 {
		t.Errorf("wrote %v", w)
	}
	for _, f := range fields {
		after = append(after, o.Get("Opportunity", deal, f))
	}
	if !slices.Equal(before, after) {
		t.Errorf("was %v, is %v", before, after)
	}
	o.AddRule(sfsim.Rule{Name: "No", Object: "Opportunity", Message: "Close plan needed", Broken: func(func(string) any) bool { return true }})
	list = inspect(t, client, crm.Inspection{Probe: crm.DealID(deal)})
	if f := matching(list, "rules", crm.Fault, "was refused"); f == nil || !strings.Contains(f.Message, "Close plan needed") {
		t.Errorf("got\n%s", lines(list))
	}
	if f := matching(inspect(t, client, crm.Inspection{Probe: "001"}), "rules", crm.Fault, "no id of an opportunity"); f == nil {
		t.Error("any id is probed")
	}
}

func TestSalesforceInspectionWithoutASession(t *testing.T) {
	o := newOrg(t, 4, sfsim.Options{})
	a := o.auth(salesforce.ClientCredentials)
	a.ClientSecret = "wrong"
	c, err := salesforce.New(fieldSet("handoff"), a, salesforce.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.Inspect(t.Context(), crm.Inspection{})
	var e *crm.Error
	if len(list) > 0 || !errors.As(err, &e) || e.Kind != crm.Auth || e.Fix == "" {
		t.Errorf("%v, %+v", list, err)
	}
}

func TestSalesforceVersionsByAge(t *testing.T) {
	o := newOrg(t, 4, sfsim.Options{})
	for version, grade := range map[string]crm.Grade{"40.0": crm.Doubt, "60.0": crm.Fine} {
		c, err := salesforce.New(fieldSet("handoff"), o.auth(salesforce.ClientCredentials), salesforce.Options{APIVersion: version})
		if err != nil {
			t.Fatal(err)
		}
		if f := matching(inspect(t, c, crm.Inspection{}), "api", grade, version); f == nil {
			t.Errorf("%s is not %s", version, grade)
		}
	}
	c, err := salesforce.New(fieldSet("handoff"), o.auth(salesforce.ClientCredentials), salesforce.Options{APIVersion: "99.0"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Inspect(t.Context(), crm.Inspection{}); crm.KindOf(err) != crm.Invalid {
		t.Errorf("got %v", err)
	}
}

func TestSalesforceFewRequestsLeft(t *testing.T) {
	o := orgBehind(t, 4, sfsim.Options{}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/limits") {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"DailyApiRequests":{"Max":1000,"Remaining":99}}`))
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	list := inspect(t, o.steward(t, fieldSet("handoff")), crm.Inspection{})
	if matching(list, "quota", crm.Doubt, "99 of 1000 requests are left") == nil {
		t.Errorf("got\n%s", lines(list))
	}
}

// TestSalesforceInspectionOfAnOrgThatFailsInPart: what is not answered is a
// finding, the rest is found all the same.
func TestSalesforceInspectionOfAnOrgThatFailsInPart(t *testing.T) {
	o := orgBehind(t, 4, sfsim.Options{}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if q := r.URL.Query().Get("q"); strings.Contains(q, "ValidationRule") || strings.Contains(q, "FieldDefinition") || strings.HasSuffix(r.URL.Path, "/limits") {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(403)
				_, _ = w.Write([]byte(`[{"errorCode":"INSUFFICIENT_ACCESS","message":"not you"}]`))
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	list := inspect(t, o.steward(t, fieldSet("handoff")), crm.Inspection{})
	for area, part := range map[string]string{"rules": "which validation rules", "fields": "which fields are tracked", "quota": "how many requests"} {
		if matching(list, area, crm.Doubt, part) == nil {
			t.Errorf("%s: got\n%s", area, lines(list))
		}
	}
}

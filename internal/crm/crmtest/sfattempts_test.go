package crmtest_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

// keeping is a set-up with records of attempts.
func keeping() crm.Setup {
	setup := fieldSet("handoff")
	setup.Attempts = true
	return setup
}

// keeps is an org that keeps them, made by the steward.
func keeps(t *testing.T, deals int) (*org, *salesforce.Client) {
	t.Helper()
	o := newOrg(t, deals, sfsim.Options{NoHandoffFields: true})
	c := o.steward(t, keeping())
	provide(t, c, survey(t, c))
	o.Assign("Handoff_Sync", o.Me())
	describe(t, o.steward(t, keeping()))
	return o, o.steward(t, keeping())
}

func (o *org) attempt(deal, n, score int) crm.Attempt {
	id := o.DealID(deal)
	return crm.Attempt{
		Key: fmt.Sprintf("%s/sales-to-cs/%d", id, n), Deal: crm.DealID(id), Scorecard: "sales-to-cs", Version: "a90ab65253a7", Number: n, Score: score, OutOf: 40,
		Band: "Acceptable", Categories: "Deal Context 8 of 10", Gaps: "1.1 use case - What for?\n2.1 champion - Who?", Notes: "no kickoff", FinalAt: now,
	}
}

func TestSalesforceObjectOfAttemptsFromNothing(t *testing.T) {
	o := newOrg(t, 4, sfsim.Options{NoHandoffFields: true})
	c := o.steward(t, keeping())
	first := survey(t, c)
	if p := first.Parts[0]; p.Kind != "object" || p.Name != "Handoff_Attempt__c" || p.State != crm.Missing {
		t.Errorf("first of all: %+v", p)
	}
	if !slices.ContainsFunc(first.Manual, func(step string) bool { return strings.Contains(step, "related list Handoff Attempts") }) {
		t.Errorf("nothing tells where managers see them: %q", first.Manual)
	}
	d := describe(t, c)
	if !slices.ContainsFunc(d.Problems, func(p crm.Problem) bool {
		return p.Place == "attempt_object" && p.Severity == crm.Fail && strings.Contains(p.Fix, "fields apply")
	}) {
		t.Errorf("nothing tells that it is missing: %+v", d.Problems)
	}
	if _, err := c.PutAttempts(t.Context(), []crm.Attempt{o.attempt(0, 1, 30)}); crm.KindOf(err) != crm.Permission {
		t.Errorf("without the object: %v", err)
	}
	provide(t, c, first)
	second := survey(t, c)
	if left := inState(second, crm.Missing, crm.Differs); len(left) > 0 {
		t.Errorf("still %+v", left)
	}
	for _, name := range []string{"Handoff_Attempt__c", "Handoff_Attempt__c.Score__c"} {
		if p := partNamed(t, second, name); p.State != crm.Hidden || !strings.Contains(p.Notes[0], "Handoff_Sync") {
			t.Errorf("before the assignment: %+v", p)
		}
	}
	for name, says := range map[string]string{
		"Handoff_Sync/Handoff_Attempt__c": "read, create and edit all", "Handoff_CSM/Handoff_Attempt__c": "read all", "Handoff_Manager/Handoff_Attempt__c": "read all",
	} {
		if p := partNamed(t, second, name); p.State != crm.Present || p.Type != says {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for _, p := range second.Parts {
		if strings.HasPrefix(p.Name, "Handoff_Seller/Handoff_Attempt__c") {
			t.Errorf("sellers are given %s", p.Name)
		}
	}
	o.Assign("Handoff_Sync", o.Me())
	if left := inState(survey(t, c), crm.Missing, crm.Differs, crm.Hidden); len(left) > 0 {
		t.Errorf("still %+v", left)
	}
	o.ResetStats()
	provide(t, c, first) // somebody else was quicker
	if w := o.Stats().Written; len(w) > 0 {
		t.Errorf("a second run wrote %v", w)
	}
	if f := inspected(t, c, "Handoff_Attempt__c"); f.Grade != crm.Fine {
		t.Errorf("inspected: %+v", f)
	}
}

func inspected(t *testing.T, c crm.Steward, subject string) crm.Finding {
	t.Helper()
	list, err := c.Inspect(t.Context(), crm.Inspection{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Subject == subject {
			return f
		}
	}
	t.Fatalf("nothing is said of %s", subject)
	return crm.Finding{}
}

// An object that cannot be made says what the admin has to give. One whose making
// was not answered is made once: its name tells that it is there.
func TestSalesforceObjectOfAttemptsIsMadeOnce(t *testing.T) {
	for _, right := range []string{sfsim.CustomizeApplication, sfsim.ModifyMetadata} {
		o := newOrg(t, 4, sfsim.Options{NoHandoffFields: true})
		o.TakeRight(right)
		c := o.steward(t, keeping())
		var e *crm.Error
		err := c.Provide(t.Context(), survey(t, c).Parts[0])
		if !errors.As(err, &e) || e.Kind != crm.Permission || !strings.Contains(e.Fix, "Modify Metadata") || !strings.Contains(e.Fix, "fields export") {
			t.Errorf("without %s: %v", right, err)
		}
	}
	for _, mishap := range []sfsim.Mishap{sfsim.ResetAfterCommit, sfsim.ResetBeforeCommit, sfsim.TruncatedJSON} {
		t.Run(string(mishap), func(t *testing.T) {
			o := newOrg(t, 4, sfsim.Options{NoHandoffFields: true})
			c := o.steward(t, keeping())
			p := survey(t, c).Parts[0]
			o.ResetStats()
			o.AddFault(sfsim.Fault{On: "metadata create", Do: mishap})
			err := c.Provide(t.Context(), p)
			if fired := o.Fired(); len(fired) == 0 {
				t.Fatal("nothing went wrong")
			}
			if p := survey(t, c).Parts[0]; err != nil || p.State == crm.Missing {
				t.Errorf("%v, and there is %+v", err, p)
			}
			if n := o.Stats().Written["CustomObject"]; n != 1 {
				t.Errorf("made %d times", n)
			}
		})
	}
}

func TestSalesforceKeepsRecordsOfAttempts(t *testing.T) {
	o, c := keeps(t, 4)
	list := []crm.Attempt{o.attempt(0, 1, 30), o.attempt(1, 1, 12), o.attempt(1, 2, 25)}
	put := func(list ...crm.Attempt) {
		t.Helper()
		out, err := c.PutAttempts(t.Context(), list)
		if err != nil || len(out) != len(list) {
			t.Fatalf("%v, %+v", err, out)
		}
		for i, oc := range out {
			if oc.Status != crm.Confirmed || oc.ID != list[i].Deal {
				t.Errorf("%s: %+v", list[i].Key, oc)
			}
		}
	}
	find := func(want ...crm.Attempt) {
		t.Helper()
		var keys []string
		byKey := map[string]crm.Attempt{}
		for _, a := range want {
			keys, byKey[a.Key] = append(keys, a.Key), a
		}
		found, err := c.FindAttempts(t.Context(), append(keys, o.DealID(3)+"/sales-to-cs/1"))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(byKey, found); d != "" {
			t.Errorf("found (-want +got):\n%s", d)
		}
	}
	put(list...)
	find(list...)
	find(list[2]) // not the other attempt of that deal
	list[1].Score, list[1].Gaps, list[1].Notes = 14, "", ""
	put(list...)
	find(list...)
	once := list[0]
	once.Score, once.Once = 3, true
	fresh := o.attempt(2, 1, 9)
	fresh.Once, fresh.Categories, fresh.Gaps = true, "", ""
	put(once, fresh)
	fresh.Once = false
	find(append(list, fresh)...)
	if ids := o.IDs("Handoff_Attempt__c"); len(ids) != 4 {
		t.Errorf("%d records", len(ids))
	}
	for _, id := range o.IDs("Handoff_Attempt__c") {
		if name, _ := o.Get("Handoff_Attempt__c", id, "Name").(string); !strings.HasPrefix(name, "HA-00000") {
			t.Errorf("a record is called %q", name)
		}
	}
	// Of a deal that is gone, and one that is none.
	if err := o.Delete("Opportunity", o.DealID(3)); err != nil {
		t.Fatal(err)
	}
	wrong := o.attempt(0, 3, 1)
	wrong.Deal = "d1"
	out, err := c.PutAttempts(t.Context(), []crm.Attempt{o.attempt(3, 1, 30), wrong, list[0]})
	if err != nil || out[0].Status != crm.Rejected || out[0].Class != crm.ClassGone || out[1].Class != crm.ClassInvalid || out[2].Status != crm.Confirmed {
		t.Errorf("%v %+v", err, out)
	}
}

// Two hundred records take one call, and what the org says of each is told.
func TestSalesforceRecordsOfAttemptsTravelTogether(t *testing.T) {
	o, c := keeps(t, 2)
	var list []crm.Attempt
	for n := range c.AttemptBatch() {
		list = append(list, o.attempt(n%2, n+1, n%40))
	}
	o.ResetStats()
	out, err := c.PutAttempts(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	for i := range out {
		if out[i].Status != crm.Confirmed {
			t.Errorf("%s: %+v", list[i].Key, out[i])
		}
	}
	if n := c.Calls()["attempts put"]; n != 1 || len(o.IDs("Handoff_Attempt__c")) != len(list) {
		t.Errorf("%d calls, %d records", n, len(o.IDs("Handoff_Attempt__c")))
	}
	var keys []string
	for _, a := range list {
		keys = append(keys, a.Key)
	}
	if found, err := c.FindAttempts(t.Context(), keys); err != nil || len(found) != len(list) {
		t.Errorf("found %d, %v", len(found), err)
	}
}

// No records are kept while sellers can read their numbers.
func TestSalesforceRecordsOfAttemptsDoNotLeak(t *testing.T) {
	o, _ := keeps(t, 4)
	o.Grant("Handoff_Seller", "Handoff_Attempt__c.Score__c", true, false)
	o.Assign("Handoff_Seller", o.UserID(o.world.Deals[0].Owner))
	c := o.steward(t, keeping())
	d := describe(t, c)
	if leaks := d.Visibility.Leaks; len(leaks) != 1 || leaks[0].Field != crm.AttemptsField || leaks[0].Native != "Handoff_Attempt__c.Score__c" || leaks[0].By != "permission set Handoff Seller" {
		t.Fatalf("leaks: %+v", leaks)
	}
	if !slices.Equal(d.Visibility.Withheld, []string{crm.AttemptsField}) {
		t.Errorf("withheld: %v", d.Visibility.Withheld)
	}
	if _, err := c.PutAttempts(t.Context(), []crm.Attempt{o.attempt(0, 1, 30)}); crm.KindOf(err) != crm.Permission || len(o.IDs("Handoff_Attempt__c")) > 0 {
		t.Errorf("written all the same: %v", err)
	}
	if f := inspected(t, c, "Handoff_Attempt__c.Score__c"); f.Grade == crm.Fine {
		t.Errorf("inspected: %+v", f)
	}
	waived := keeping()
	waived.Waiver = crm.Waiver{By: "Jane Doe", Until: now.AddDate(0, 1, 0)}
	c = o.steward(t, waived)
	describe(t, c)
	if out, err := c.PutAttempts(t.Context(), []crm.Attempt{o.attempt(0, 1, 30)}); err != nil || out[0].Status != crm.Confirmed {
		t.Errorf("waived: %v, %+v", err, out)
	}
}

func TestSalesforcePlansHoldTheObjectOfAttempts(t *testing.T) {
	files, err := salesforce.Plans(keeping(), "")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := salesforce.Plans(fieldSet("handoff"), "")
	if err != nil {
		t.Fatal(err)
	}
	for name := range plain {
		if strings.Contains(name, "Handoff_Attempt__c") {
			t.Errorf("nobody asked for %s", name)
		}
	}
	const root = "force-app/main/default/objects/Handoff_Attempt__c/"
	var object struct {
		XMLName xml.Name `xml:"http://soap.sforce.com/2006/04/metadata CustomObject"`
		Sharing string   `xml:"sharingModel"`
		Name    string   `xml:"nameField>type"`
		Full    *string  `xml:"fullName"`
	}
	if err := xml.Unmarshal(files[root+"Handoff_Attempt__c.object-meta.xml"], &object); err != nil || object.Sharing != "Private" || object.Name != "AutoNumber" || object.Full != nil {
		t.Errorf("%v %+v", err, object)
	}
	n := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(name, root+"fields/") {
			n++
		}
	}
	if n != 12 {
		t.Errorf("%d fields", n)
	}
	if text := string(files[root+"fields/Opportunity__c.field-meta.xml"]); !strings.Contains(text, "<referenceTo>Opportunity</referenceTo>") || !strings.Contains(text, "<type>Lookup</type>") {
		t.Errorf("the lookup: %s", text)
	}
	if text := string(files["force-app/main/default/permissionsets/Handoff_CSM.permissionset-meta.xml"]); !strings.Contains(text, "<allowRead>true</allowRead>") || !strings.Contains(text, "<allowEdit>false</allowEdit>") || !strings.Contains(text, "<viewAllRecords>true</viewAllRecords>") {
		t.Errorf("the CSMs' set: %s", text)
	}
}

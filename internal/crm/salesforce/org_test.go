package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
)

func load1(t *testing.T, o *fakeOrg, setup crm.Setup) *crm.Deal {
	t.Helper()
	got, err := o.client(setup).Load(context.Background(), []crm.DealID{crm.DealID(oppID(1))})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Deals) != 1 {
		t.Fatalf("got %+v", got)
	}
	return &got.Deals[0]
}

func TestCurrency(t *testing.T) {
	for _, c := range []struct {
		name      string
		hurt      func(o *fakeOrg)
		org, deal crm.Cell
	}{
		{"nobody tells", func(*fakeOrg) {}, crm.Cell{}, crm.Cell{}},
		{"one currency, told by the SOAP API", func(o *fakeOrg) {
			o.before = func(w http.ResponseWriter, r *http.Request, body string) bool {
				if !strings.HasPrefix(r.URL.Path, "/services/Soap/u/") || !strings.Contains(body, o.session) {
					return false
				}
				fmt.Fprint(w, `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com"><soapenv:Body><getUserInfoResponse><result><orgDefaultCurrencyIsoCode>EUR</orgDefaultCurrencyIsoCode></result></getUserInfoResponse></soapenv:Body></soapenv:Envelope>`)
				return true
			}
		}, crm.Value("EUR"), crm.Value("EUR")},
		{"many currencies", func(o *fakeOrg) {
			o.fields["Opportunity"]["CurrencyIsoCode"] = map[string]any{"type": "picklist"}
			o.tables["Opportunity"][0]["CurrencyIsoCode"] = "JPY"
			o.fields["CurrencyType"] = map[string]map[string]any{"IsoCode": {"type": "string"}, "IsCorporate": {"type": "boolean"}}
			o.tables["CurrencyType"] = []map[string]any{{"IsoCode": "USD", "IsCorporate": true}}
		}, crm.Value("USD"), crm.Value("JPY")},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := full(t)
			c.hurt(o)
			client := o.client(setupOf(t))
			d, err := client.Describe(context.Background())
			if err != nil || d.Currency != c.org.Text {
				t.Errorf("%v, org's currency %q", err, d.Currency)
			}
			if got := load1(t, o, setupOf(t)).Currency; got != c.deal {
				t.Errorf("deal's currency %+v", got)
			}
		})
	}
}

func TestASessionRefusedInsideACompositeIsRenewedOnce(t *testing.T) {
	o := full(t)
	var refused atomic.Bool
	o.before = func(w http.ResponseWriter, r *http.Request, body string) bool {
		if !strings.HasSuffix(r.URL.Path, "/composite") || !refused.CompareAndSwap(false, true) {
			return false
		}
		var out []map[string]any
		for i := range strings.Count(body, "referenceId") {
			out = append(out, map[string]any{"httpStatusCode": 401, "referenceId": fmt.Sprintf("q%d", i), "body": fail("INVALID_SESSION_ID", "Session expired or invalid")})
		}
		send(w, 200, map[string]any{"compositeResponse": out})
		return true
	}
	if d := load1(t, o, setupOf(t)); len(d.Notes) != 5 || len(d.Contacts) != 2 {
		t.Errorf("got %+v", d)
	}
	if o.logins != 2 {
		t.Errorf("signed in %d times", o.logins)
	}
}

func TestContextKeptOnTheRole(t *testing.T) {
	o := full(t)
	delete(o.fields["Contact"], "Relationship__c")
	o.fields["OpportunityContactRole"]["Relationship__c"] = map[string]any{"type": "string"}
	for i, text := range []any{"signs", "holds the budget", nil} {
		o.tables["OpportunityContactRole"][i]["Relationship__c"] = text
	}
	d := load1(t, o, setupOf(t))
	if got := d.Contact(dana).Context; got != crm.Value("signs\nholds the budget") {
		t.Errorf("got %+v", got)
	}
	if got := d.Contact(kim).Context; !got.Blank() {
		t.Errorf("of a hidden contact: %+v", got)
	}
}

func TestRecordTypesAndRenamedStages(t *testing.T) {
	o := full(t)
	o.fields["Opportunity"]["RecordTypeId"] = map[string]any{"type": "reference", "referenceTo": []string{"RecordType"}}
	o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if !strings.HasSuffix(r.URL.Path, "/Opportunity/describe") {
			return false
		}
		_, v := o.describe("Opportunity")
		v.(map[string]any)["recordTypeInfos"] = []map[string]any{
			{"recordTypeId": "012000000000000AAA", "name": "Master", "developerName": "Master", "master": true},
			{"recordTypeId": "012000000000001AAA", "name": "New logo", "developerName": "New_Logo"},
		}
		send(w, 200, v)
		return true
	}
	for id, want := range map[any]crm.Cell{
		nil: crm.Value(""), "012000000000001AAA": crm.Value("New_Logo"), "012000000000000AAA": crm.Value(""),
		"012000000000009AAA": {State: crm.Unreadable},
	} {
		o.tables["Opportunity"][0]["RecordTypeId"] = id
		if got := load1(t, o, setupOf(t)).RecordType; got != want {
			t.Errorf("%v: %+v", id, got)
		}
	}
	o.tables["Opportunity"][0]["StageName"] = "Closed Won"
	if got := load1(t, o, setupOf(t)).Stage.Text; got != "Won!" {
		t.Errorf("stage is shown as %q", got)
	}
}

func TestWithoutTheRightToSeeOpportunitiesNothingGoesOn(t *testing.T) {
	for name, hurt := range map[string]func(o *fakeOrg){
		"the object hidden":   func(o *fakeOrg) { o.hidden["Opportunity"] = true },
		"the won flag hidden": func(o *fakeOrg) { delete(o.fields["Opportunity"], "IsWon") },
	} {
		o := full(t)
		hurt(o)
		_, err := o.client(setupOf(t)).Describe(context.Background())
		if err == nil || crm.KindOf(err) != crm.Permission || !strings.Contains(err.Error(), "read and edit access to Opportunities") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnOrgBehindAPath(t *testing.T) {
	o := full(t)
	inner := o.Config.Handler
	o.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/org/services/") {
			w.WriteHeader(404)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/token") {
			o.mu.Lock()
			o.session = "00D!x"
			o.mu.Unlock()
			send(w, 200, map[string]any{"access_token": "00D!x", "instance_url": o.URL + "/org", "id": o.URL + "/id/00D000000000001/005000000000009AAA"})
			return
		}
		http.StripPrefix("/org", inner).ServeHTTP(w, r)
	})
	a := o.auth()
	a.LoginURL += "/org"
	c, err := New(setupOf(t), a, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	o.pageSize = 1
	if got, err := c.Load(context.Background(), []crm.DealID{crm.DealID(oppID(1))}); err != nil || len(got.Deals) != 1 {
		t.Errorf("%v %+v", err, got)
	}
}

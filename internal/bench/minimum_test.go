package bench

import (
	"strings"
	"testing"
	"time"
)

func TestMinimum(t *testing.T) {
	hs := Counters{
		Requests: map[string]int{"associations_batch_read deals/contacts": 3, "associations_batch_read deals/companies": 3, "associations_batch_read deals/notes": 3},
		Rows:     map[string]int{"deals": 4051, "contacts": 6001, "companies": 2000, "notes": 150}, Written: map[string]int{"deals": 1999},
	}
	// 10 searches, 20 deals, 2 associations of each of 3 kinds, 61 contacts, 2 notes, 2 history, 20 writes
	if n, how := minimum("hubspot", 2000, hs); n != 121 || !strings.Contains(how, "contacts 6001/100") || strings.Contains(how, "tasks") {
		t.Errorf("%d: %s", n, how)
	}
	sf := Counters{Rows: map[string]int{"Opportunity": 8002, "OpportunityStage": 10, "OpportunityContactRole": 12003, "Task": 1}, Written: map[string]int{"Opportunity": 201}}
	// 3 pages of ids, 3 of deals, 7 of roles, 1 of tasks, 2 writes
	if n, how := minimum("salesforce", 4001, sf); n != 16 {
		t.Errorf("%d: %s", n, how)
	}
}

func TestFixedCalls(t *testing.T) {
	hs := Counters{Requests: map[string]int{"properties deals": 1, "search deals": 9, "batch_read notes": 7, "associations_batch_read deals/notes": 1, "batch_update deals": 4, "owners": 2}}
	if n := fixed("hubspot", hs); n != 3 {
		t.Errorf("%d of HubSpot", n)
	}
	sf := Counters{Requests: map[string]int{"describe": 13, "query": 3, "queryMore": 9, "queryAll": 1, "composite": 30, "collections update": 4}}
	if n := fixed("salesforce", sf); n != 16 {
		t.Errorf("%d of Salesforce", n)
	}
}

func TestFloor(t *testing.T) {
	for _, c := range []struct {
		name string
		of   Case
		n    int
		want time.Duration
	}{
		{"no latency, no limits", Case{CRM: "hubspot", Deals: 5000}, 500, 0},
		{"requests in flight", Case{CRM: "salesforce", Deals: 5000, Latency: 100 * time.Millisecond}, 300, 3 * time.Second},
		{"the chain of pages", Case{CRM: "hubspot", Deals: 5000, Latency: 100 * time.Millisecond}, 100, 2500 * time.Millisecond},
		{"five searches a second", Case{CRM: "hubspot", Deals: 5000, Limits: true}, 100, 4800 * time.Millisecond},
		{"190 calls in ten seconds", Case{CRM: "hubspot", Deals: 5000, Limits: true}, 406, 20 * time.Second},
		{"a window exactly full", Case{CRM: "hubspot", Deals: 5000, Limits: true}, 405, 10 * time.Second},
	} {
		if got := floor(c.of, c.n); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

package hssim_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

func one(property, operator, rest string) string {
	if rest != "" {
		rest = "," + rest
	}
	return `{"filterGroups":[{"filters":[{"propertyName":"` + property + `","operator":"` + operator + `"` + rest + `}]}]}`
}

// TestSearchOperators names, for each filter, which of the world's three deals
// or contacts it finds.
func TestSearchOperators(t *testing.T) {
	p := small(t)
	won := strconv.FormatInt(start.AddDate(0, 0, -18).UnixMilli(), 10)
	cases := []struct {
		name, object, body string
		want               []int
	}{
		{"no filter", "deals", `{}`, []int{0, 1, 2}},
		{"bool", "deals", one("hs_is_closed_won", "EQ", `"value":"true"`), []int{0}},
		{"bool is exact", "deals", one("hs_is_closed_won", "EQ", `"value":"TRUE"`), nil},
		{"closed covers lost", "deals", one("hs_is_closed", "EQ", `"value":"true"`), []int{0, 2}},
		{"text ignores case", "deals", one("dealname", "EQ", `"value":"ACME ROLLOUT"`), []int{0}},
		{"text IN wants lower case", "deals", one("dealname", "IN", `"values":["Acme rollout"]`), nil},
		{"text IN in lower case", "deals", one("dealname", "IN", `"values":["acme rollout","open one"]`), []int{0, 1}},
		{"text NOT_IN", "deals", one("dealname", "NOT_IN", `"values":["acme rollout"]`), []int{1, 2}},
		{"enumeration keeps case", "deals", one("handoff_status", "EQ", `"value":"OPEN"`), nil},
		{"enumeration", "deals", one("handoff_status", "IN", `"values":["open"]`), []int{0}},
		{"NEQ leaves blanks out", "deals", one("handoff_status", "NEQ", `"value":"final"`), []int{0}},
		{"number compares as number", "deals", one("amount", "GT", `"value":"999"`), []int{0}},
		{"number BETWEEN includes bounds", "deals", one("amount", "BETWEEN", `"value":"1200.50","highValue":"1200.5"`), []int{0}},
		{"HAS_PROPERTY", "deals", one("amount", "HAS_PROPERTY", ""), []int{0}},
		{"NOT_HAS_PROPERTY", "deals", one("amount", "NOT_HAS_PROPERTY", ""), []int{1, 2}},
		{"time GTE includes", "deals", one("hs_closed_won_date", "GTE", `"value":"`+won+`"`), []int{0}},
		{"time GT excludes", "deals", one("hs_closed_won_date", "GT", `"value":"`+won+`"`), nil},
		{"token", "deals", one("dealname", "CONTAINS_TOKEN", `"value":"one"`), []int{1, 2}},
		{"token is a whole word", "deals", one("dealname", "CONTAINS_TOKEN", `"value":"roll"`), nil},
		{"token with a star", "deals", one("dealname", "CONTAINS_TOKEN", `"value":"roll*"`), []int{0}},
		{"NOT_CONTAINS_TOKEN", "deals", one("dealname", "NOT_CONTAINS_TOKEN", `"value":"one"`), []int{0}},
		{"id GT", "deals", one("hs_object_id", "GT", `"value":"{d0}"`), []int{1, 2}},
		{"id IN", "deals", one("hs_object_id", "IN", `"values":["{d2}","{d0}"]`), []int{0, 2}},
		{"association", "deals", one("associations.contact", "EQ", `"value":"{c1}"`), []int{0}},
		{"association with nobody", "deals", one("associations.contact", "EQ", `"value":"{c2}"`), nil},
		{"groups are or", "deals", `{"filterGroups":[{"filters":[{"propertyName":"hs_object_id","operator":"EQ","value":"{d1}"}]},{"filters":[{"propertyName":"amount","operator":"EQ","value":"1200.5"}]}]}`, []int{0, 1}},
		{"query", "deals", `{"query":"acm"}`, []int{0}},
		{"contacts have lastmodifieddate", "contacts", one("lastmodifieddate", "GT", `"value":"0"`), []int{0, 1, 2}},
		{"contacts never fill hs_lastmodifieddate", "contacts", one("hs_lastmodifieddate", "GT", `"value":"0"`), nil},
		{"contacts of a deal", "contacts", one("num_associated_deals", "HAS_PROPERTY", ""), []int{0, 1}},
		{"contacts of a deal by number", "contacts", one("num_associated_deals", "GT", `"value":"0"`), []int{0, 1}},
		{"email in lower case", "contacts", one("email", "EQ", `"value":"dee@example.com"`), []int{0}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := p.do("POST", "/crm/v3/objects/"+c.object+"/search", p.fill(c.body)).want(t, 200)
			id := p.DealID
			if c.object == "contacts" {
				id = p.ContactID
			}
			var want []string
			for _, i := range c.want {
				want = append(want, id(i))
			}
			if got := a.ids(); !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
			same(t, "total", a.at("total"), len(want))
		})
	}
}

func TestSearchForms(t *testing.T) {
	p := small(t)
	for _, c := range []struct{ name, body, first string }{
		{"string sort", `{"sorts":["hs_object_id"]}`, p.DealID(0)},
		{"string sort down", `{"sorts":["-hs_object_id"]}`, p.DealID(2)},
		{"object sort down", `{"sorts":[{"propertyName":"hs_object_id","direction":"DESCENDING"}]}`, p.DealID(2)},
		{"only the first sort counts", `{"sorts":["-dealname","dealname"]}`, p.DealID(1)},
		{"blanks come last", `{"sorts":["amount"]}`, p.DealID(0)},
		{"go-hubspot's numeric after", `{"filterGroups":[],"sorts":null,"properties":null,"limit":1,"after":1}`, p.DealID(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := p.do("POST", search, c.body).want(t, 200)
			same(t, "first id", a.ids()[0], c.first)
		})
	}
	a := p.do("POST", search, `{"limit":2,"after":"0","properties":["amount","nope"]}`).want(t, 200)
	same(t, "after", a.at("paging.next.after"), "2")
	if v := a.at("results.1.properties.amount"); v != nil || !strings.Contains(a.text, `"amount":null`) {
		t.Errorf("an empty property is not null: %s", a.text)
	}
	if strings.Contains(a.text, "nope") {
		t.Errorf("an unknown property is not absent: %s", a.text)
	}
	if a := p.do("POST", search, `{"limit":2,"after":"2"}`); a.at("paging") != nil {
		t.Errorf("the last page has paging: %s", a.text)
	}
	for name := range a.header {
		if strings.HasPrefix(strings.ToLower(name), "x-hubspot-ratelimit") {
			t.Errorf("a search answer carries %s", name)
		}
	}
	same(t, "Date", a.header.Get("Date"), "Fri, 20 Nov 2026 09:30:00 GMT")
}

func TestSearchLags(t *testing.T) {
	p := open(t, smallWorld(), hssim.Options{SearchLag: 8 * time.Second})
	find := func(body string) []string { return p.do("POST", search, body).want(t, 200).ids() }
	if err := p.Set("deals", p.DealID(1), "amount", "77"); err != nil {
		t.Fatal(err)
	}
	made, err := p.Create("deals", map[string]string{"dealname": "New"})
	if err != nil {
		t.Fatal(err)
	}
	want77 := one("amount", "EQ", `"value":"77"`)
	if got := find(want77); len(got) != 0 {
		t.Errorf("search sees a write at once: %v", got)
	}
	if got := find(`{}`); slices.Contains(got, made) {
		t.Error("search sees a new record at once")
	}
	if a := p.do("GET", "/crm/v3/objects/deals?limit=100", ""); !slices.Contains(a.ids(), made) {
		t.Error("list does not see a new record at once")
	}
	p.Clock().Advance(8 * time.Second)
	if got := find(want77); !slices.Equal(got, []string{p.DealID(1)}) {
		t.Errorf("search never sees the write: %v", got)
	}
	if err := p.Archive("deals", made); err != nil {
		t.Fatal(err)
	}
	if got := find(`{}`); !slices.Contains(got, made) {
		t.Error("search forgets an archived record at once")
	}
	p.Clock().Advance(8 * time.Second)
	if got := find(`{}`); slices.Contains(got, made) {
		t.Error("search returns an archived record")
	}
}

// manyDeals is a world of n deals, nine of ten of them won.
func manyDeals(n int) *world.World {
	w := smallWorld()
	w.Deals = nil
	for i := range n {
		d := world.Deal{Name: "Deal " + strconv.Itoa(i), Owner: 0, Seller: 0, Stage: world.Won, CreatedAt: start.AddDate(0, -3, 0), WonAt: start.AddDate(0, -1, 0), Account: -1}
		if i%10 == 0 {
			d.Stage, d.WonAt = world.Engaging, time.Time{}
		}
		w.Deals = append(w.Deals, d)
	}
	return w
}

// keyset walks a search by id, as clients have to beyond 10,000 results.
func keyset(t *testing.T, p *portal, extra string, each func(bound string)) []string {
	t.Helper()
	var all []string
	for bound := "0"; ; bound = all[len(all)-1] {
		a := p.do("POST", search, `{"filterGroups":[{"filters":[`+extra+`{"propertyName":"hs_object_id","operator":"GT","value":"`+bound+`"}]}],"sorts":["hs_object_id"],"limit":200,"after":"0"}`).want(t, 200)
		if each != nil {
			each(bound)
		}
		ids := a.ids()
		if len(ids) == 0 {
			return all
		}
		all = append(all, ids...)
	}
}

// TestKeysetTotals checks that totals stay right on every page of a walk during
// which records change, in and out of what is asked for.
func TestKeysetTotals(t *testing.T) {
	p := open(t, manyDeals(1100), hssim.Options{NoSearchLag: true})
	won := `{"propertyName":"hs_is_closed_won","operator":"EQ","value":"true"},`
	for i := range 1100 {
		if i%10 == 0 && i < 100 {
			p.SetAll("deals", p.DealID(i), map[string]string{"pipeline": "default", "dealstage": "closedwon"})
		}
	}
	seen := map[string]bool{}
	for _, id := range keyset(t, p, won, nil) {
		if seen[id] {
			t.Fatalf("%s twice", id)
		}
		seen[id] = true
	}
	same(t, "won deals", len(seen), 1000)
	a := p.do("POST", search, `{"filterGroups":[{"filters":[`+strings.TrimSuffix(won, ",")+`]}],"limit":1}`)
	same(t, "total", a.at("total"), 1000)
	p.Set("deals", p.DealID(0), "dealstage", "contractsent")
	p.Archive("deals", p.DealID(1))
	a = p.do("POST", search, `{"filterGroups":[{"filters":[`+strings.TrimSuffix(won, ",")+`]}],"limit":1}`)
	same(t, "total after a reopening and an archival", a.at("total"), 998)
	n := 0
	keyset(t, p, won, func(string) {
		n++
		p.Set("deals", p.DealID(n*7+300), "description", "touched")
	})
	same(t, "pages", n, 6)
}

// TestOneTimestamp: an admin's edit of a pipeline gives all its deals one
// modified date, more of them than a query can page through.
func TestOneTimestamp(t *testing.T) {
	p := open(t, manyDeals(12_000), hssim.Options{NoSearchLag: true})
	p.Clock().Advance(time.Minute)
	n, err := p.EditPipeline("default", "Sales")
	if err != nil {
		t.Fatal(err)
	}
	at := strconv.FormatInt(p.Clock().Now().UnixMilli(), 10)
	a := p.do("POST", search, one("hs_lastmodifieddate", "EQ", `"value":"`+at+`"`)).want(t, 200)
	same(t, "deals with one stamp", a.at("total"), n)
	if n <= 10_000 {
		t.Fatalf("%d deals only", n)
	}
	p.do("POST", search, `{"limit":200,"after":"9800"}`).want(t, 200, `"after":"10000"`)
}

func FuzzSearch(f *testing.F) {
	for _, body := range []string{
		`{}`, `{"limit":200,"after":"9800"}`, `{"sorts":["-amount"]}`, `{"sorts":[{"propertyName":"amount"}]}`, `{"sorts":[[]]}`, `{"sorts":[ ]}`,
		`{"filterGroups":[{"filters":[{"propertyName":"amount","operator":"BETWEEN","value":"1","highValue":"x"}]}]}`,
		`{"filterGroups":[{"filters":[{"propertyName":"dealname","operator":"CONTAINS_TOKEN","value":"*(["}]}]}`,
		`{"filterGroups":[{"filters":[{"propertyName":"hs_object_id","operator":"GT","value":"9223372036854775807"}]}]}`,
		`{"filterGroups":[{"filters":[{"propertyName":"hs_object_id","operator":"LT","value":"0"}]}],"query":"a"}`,
		`{"after":null,"limit":0}`, `{"after":-1}`, `null`, `[]`, ``,
	} {
		f.Add(body)
	}
	w := smallWorld()
	s := hssim.New(w, hssim.Options{})
	f.Fuzz(func(t *testing.T, body string) {
		a := serve(s, "POST", search, body)
		if a.status != 200 && a.status != 400 {
			t.Fatalf("status %d for %q: %s", a.status, body, a.text)
		}
		if !json.Valid([]byte(a.text)) {
			t.Fatalf("not JSON for %q: %s", body, a.text)
		}
		if a.status == 200 {
			total, ok := a.at("total").(float64)
			if n := len(a.ids()); !ok || n > 200 || float64(n) > total {
				t.Fatalf("%d results of %v for %q", n, total, body)
			}
		}
	})
}

func BenchmarkSearchKeyset(b *testing.B) {
	s := hssim.New(manyDeals(50_000), hssim.Options{NoSearchLag: true})
	bound, page := "0", 0
	b.ResetTimer()
	for range b.N {
		a := serve(s, "POST", search, fmt.Sprintf(`{"filterGroups":[{"filters":[{"propertyName":"hs_is_closed_won","operator":"EQ","value":"true"},{"propertyName":"hs_lastmodifieddate","operator":"GTE","value":"%d"},{"propertyName":"hs_object_id","operator":"GT","value":"%s"}]}],"sorts":["hs_object_id"],"limit":200}`, page, bound))
		if a.status != 200 {
			b.Fatal(a.text)
		}
		ids := a.ids()
		if len(ids) == 0 {
			bound, page = "0", page+1
			continue
		}
		bound = ids[len(ids)-1]
	}
}

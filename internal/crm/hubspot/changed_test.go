package hubspot

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

func live(moved []crm.Moved) []crm.DealID {
	var ids []crm.DealID
	for _, m := range moved {
		if !m.Gone {
			ids = append(ids, m.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// More deals than one query can page through share one millisecond; each is
// read once and the walk ends.
func TestTwelveThousandDealsOfOneMillisecond(t *testing.T) {
	const n = 12_000
	w := company(1)
	bare := w.Deals[0]
	bare.Roles, bare.Notes, bare.Fields, bare.WonAt = nil, nil, nil, start.AddDate(0, 0, -1)
	w.Deals = w.Deals[:0]
	for range n {
		w.Deals = append(w.Deals, bare)
	}
	p := portalOf(t, w, hssim.Options{NoSearchLag: true}, Options{}, setup())
	got := live(p.changed(t, crm.Window{From: start.AddDate(0, 0, -1), To: start}))
	if len(got) != n || len(slices.Compact(got)) != n {
		t.Errorf("%d deals, %d different ones, want %d", len(got), len(slices.Compact(got)), n)
	}
	if calls := p.Client.Calls()["search"]; calls != n/200 {
		t.Errorf("%d searches, want %d", calls, n/200)
	}
}

func TestWindowsTileTime(t *testing.T) {
	p := newPortal(t, 30, hssim.Options{NoSearchLag: true}, Options{})
	cuts := []time.Time{{}, start.AddDate(0, 0, -20), start.AddDate(0, 0, -9), start.AddDate(0, 0, -9).Add(time.Millisecond), {}}
	var all []crm.DealID
	for i := 1; i < len(cuts); i++ {
		all = append(all, live(p.changed(t, crm.Window{From: cuts[i-1], To: cuts[i]}))...)
	}
	slices.Sort(all)
	if want := live(p.changed(t, crm.Window{})); !slices.Equal(all, want) || len(want) != 30 {
		t.Errorf("windows give %d deals, all time gives %d of 30", len(all), len(want))
	}
	if on, off := live(p.changed(t, crm.Window{From: cuts[2], To: cuts[3]})), live(p.changed(t, crm.Window{From: cuts[1], To: cuts[2]})); len(on) == 0 || len(off) == 30 {
		t.Errorf("the window's beginning belongs to it: %d on it, %d before", len(on), len(off))
	}
}

func TestChangedTellsWonFromOpen(t *testing.T) {
	p := newPortal(t, 10, hssim.Options{}, Options{})
	won := map[crm.DealID]bool{}
	for _, m := range p.changed(t, crm.Window{}) {
		won[m.ID] = m.Won
		if m.At.IsZero() {
			t.Errorf("%s has no stamp", m.ID)
		}
	}
	if len(won) != 10 || won[crm.DealID(p.DealID(7))] || !won[crm.DealID(p.DealID(0))] {
		t.Errorf("%v", won)
	}
}

func TestSinceBoundsTheFirstRead(t *testing.T) {
	s := setup()
	s.Since = start.AddDate(0, 0, -1)
	p := portalOf(t, company(10), hssim.Options{}, Options{}, s)
	if got := p.changed(t, crm.Window{}); len(got) != 0 {
		t.Errorf("%d deals that have not moved since are named", len(got))
	}
	p.Clock().Advance(time.Minute)
	if err := p.Set("deals", p.DealID(3), "dealname", "Moved"); err != nil {
		t.Fatal(err)
	}
	p.Clock().Advance(time.Minute)
	if got := live(p.changed(t, crm.Window{})); !slices.Equal(got, []crm.DealID{crm.DealID(p.DealID(3))}) {
		t.Errorf("%v", got)
	}
}

// A walk that dies goes on from the page it finished.
func TestChangedResumes(t *testing.T) {
	p := newPortal(t, 950, hssim.Options{}, Options{})
	want := live(p.changed(t, crm.Window{}))
	var got []crm.DealID
	after := ""
	for range 20 {
		for page, err := range p.Changed(context.Background(), crm.Window{}, after) {
			if err != nil {
				t.Fatal(err)
			}
			got, after = append(got, live(page.Deals)...), page.Next
			break
		}
		if after == "" {
			break
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) || len(want) != 950 {
		t.Errorf("%d deals page by page, %d at once", len(got), len(want))
	}
}

func TestChangedNamesTheGone(t *testing.T) {
	p := newPortal(t, 6, hssim.Options{}, Options{})
	ids := p.ids(6)
	p.Clock().Advance(time.Minute)
	survivor, err := p.Merge("deals", string(ids[1]), string(ids[2]))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Archive("deals", string(ids[4])); err != nil {
		t.Fatal(err)
	}
	p.Clock().Advance(time.Minute)
	got := map[crm.DealID]bool{}
	for _, m := range p.changed(t, crm.Window{}) {
		got[m.ID] = m.Gone
	}
	want := map[crm.DealID]bool{ids[0]: false, ids[3]: false, ids[5]: false, crm.DealID(survivor): false, ids[1]: true, ids[2]: true, ids[4]: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheListStandsInForSearch(t *testing.T) {
	p := newPortal(t, 250, hssim.Options{}, Options{})
	want := live(p.changed(t, crm.Window{From: start.AddDate(0, 0, -9), To: start}))
	p.AddFault(hssim.Fault{Do: hssim.NoScope, On: "search deals", Times: -1})
	if got := live(p.changed(t, crm.Window{From: start.AddDate(0, 0, -9), To: start})); !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("the list gives %d deals, search %d", len(got), len(want))
	}
	p.RevokeScope("crm.objects.deals.read")
	for _, err := range p.Changed(context.Background(), crm.Window{}, "") {
		if crm.KindOf(err) != crm.Permission || !strings.Contains(err.Error(), "crm.objects.deals.read") {
			t.Errorf("%v", err)
		}
	}
}

// mocked is a client whose portal says what a test wants.
func mocked(t *testing.T, o Options) (*Client, *httpmock.MockTransport) {
	t.Helper()
	m := httpmock.NewMockTransport()
	o.BaseURL, o.HTTP, o.APIVersion, o.SearchPerSecond = "https://hs.test", m, "v3", -1
	c, err := New(setup(), Auth{Token: "pat-na1-0"}, o)
	if err != nil {
		t.Fatal(err)
	}
	m.RegisterResponder("GET", "https://hs.test/account-info/v3/details", func(*http.Request) (*http.Response, error) {
		r := httpmock.NewStringResponse(200, `{"portalId":7,"timeZone":"Europe/Berlin","companyCurrency":"EUR"}`)
		r.Header.Set("Date", start.Format(http.TimeFormat))
		r.Header.Set("Content-Type", "application/json")
		return r, nil
	})
	m.RegisterResponder("GET", "https://hs.test/crm/v3/properties/deals?archived=false", says(200,
		`{"results":[{"name":"dealname","type":"string"},{"name":"hs_is_closed_won","type":"bool"},{"name":"hs_lastmodifieddate","type":"datetime"},{"name":"hs_closed_won_date","type":"datetime"},{"name":"closedate","type":"datetime"},{"name":"dealstage","type":"enumeration"},{"name":"handoff_score","type":"number"},{"name":"use_case","type":"string","fieldType":"textarea"}]}`))
	m.RegisterResponder("GET", "https://hs.test/crm/v3/properties/contacts?archived=false", says(200, `{"results":[{"name":"firstname","type":"string"}]}`))
	m.RegisterResponder("GET", "https://hs.test/crm/v3/pipelines/deals", says(200,
		`{"results":[{"id":"default","stages":[{"id":"w","label":"Won","metadata":{"isClosed":"true","probability":"1.0"}},{"id":"l","metadata":{"isClosed":"true","probability":"0.0"}}]}]}`))
	m.RegisterResponder("GET", "https://hs.test/crm/v4/associations/deals/contacts/labels", says(200, `{"results":[]}`))
	return c, m
}

func says(status int, body string) httpmock.Responder {
	return func(*http.Request) (*http.Response, error) {
		r := httpmock.NewStringResponse(status, body)
		r.Header.Set("Content-Type", "application/json;charset=utf-8")
		return r, nil
	}
}

// An answer that does not add up is asked for again, then refused.
func TestSearchAnswersThatDoNotAddUp(t *testing.T) {
	good := `{"total":1,"results":[{"id":"12","properties":{"hs_is_closed_won":"true"}}]}`
	for name, body := range map[string]string{
		"nothing at all":         `{}`,
		"no results of many":     `{"total":31,"results":[]}`,
		"more than it counts":    `{"total":1,"results":[{"id":"2"},{"id":"3"}]}`,
		"out of order":           `{"total":2,"results":[{"id":"10"},{"id":"9"}]}`,
		"a deal from before":     `{"total":1,"results":[{"id":"-4"}]}`,
		"total is not a number":  `{"total":"x","results":[]}`,
		"results are not a list": `{"total":0,"results":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			c, m := mocked(t, Options{})
			m.RegisterResponder("POST", "https://hs.test/crm/v3/objects/deals/search", says(200, body).Then(says(200, good)))
			n := 0
			for page, err := range c.Changed(context.Background(), crm.Window{From: start}, "") {
				if err != nil {
					t.Fatal(err)
				}
				n += len(page.Deals)
			}
			if n != 1 {
				t.Errorf("%d deals, want 1", n)
			}
			m.RegisterResponder("POST", "https://hs.test/crm/v3/objects/deals/search", says(200, body))
			for _, err := range c.Changed(context.Background(), crm.Window{From: start}, "") {
				if crm.KindOf(err) != crm.Malformed {
					t.Errorf("%v", err)
				}
			}
		})
	}
}

// A page shorter than asked for is no end while the count says there is more,
// and ids compare as numbers.
func TestShortPagesAndNumericIDs(t *testing.T) {
	c, m := mocked(t, Options{})
	var cursors []string
	pages := map[string]string{
		"0":  `{"total":3,"results":[{"id":"9"}]}`,
		"9":  `{"total":2,"results":[{"id":"10"}]}`,
		"10": `{"total":1,"results":[{"id":"100"}],"paging":{"next":{"after":"1"}}}`,
	}
	m.RegisterResponder("POST", "https://hs.test/crm/v3/objects/deals/search", func(r *http.Request) (*http.Response, error) {
		body := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(body)
		_, rest, _ := strings.Cut(string(body), `"operator":"GT","value":"`)
		last, _, _ := strings.Cut(rest, `"`)
		cursors = append(cursors, last)
		return says(200, pages[last])(r)
	})
	for _, err := range c.Changed(context.Background(), crm.Window{From: start}, "") {
		if err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"0", "9", "10"}, cursors); diff != "" {
		t.Error(diff)
	}
}

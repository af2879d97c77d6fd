package lessons_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/hubspot"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

// bare is a world of won deals on which nothing hangs, each won a while after
// the one before.
func bare(deals int, apart time.Duration) *world.World {
	w := apptest.World(1)
	d := w.Deals[0]
	d.Stage, d.Type, d.Roles, d.Notes, d.Fields = world.Won, "New Business", nil, nil, nil
	d.Account, d.Owner, d.Seller = -1, -1, -1
	w.Deals = nil
	for i := range deals {
		d.WonAt = apptest.Start.AddDate(0, 0, -2).Add(time.Duration(i) * apart)
		w.Deals = append(w.Deals, d)
	}
	return w
}

// size is how many records a row with many of them takes.
func size(long, short int) int {
	if testing.Short() {
		return short
	}
	return long
}

// More records than a page, or ten, share one stamp. Each is read once and the
// run ends, even when the addresses of further pages die with their session.
func TestLesson07ManyRowsOfOneStamp(t *testing.T) {
	t.Parallel()
	n := size(20_000, 4_500)
	o := apptest.Options{CRM: apptest.Salesforce, World: bare(n, 0), Mode: "observe"}
	o.Salesforce.LocatorsOnce = true
	r := open(t, o)
	src := source(t, r)
	if at := r.SF.Get("Opportunity", r.Deal(0), "SystemModstamp"); at != r.SF.Get("Opportunity", r.Deal(n-1), "SystemModstamp") {
		t.Fatal("the stamps differ: the test shows nothing")
	}
	r.ResetStats()
	times, page := map[crm.DealID]int{}, 0
	for p, err := range src.Changed(t.Context(), crm.Window{}, "") {
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range p.Deals {
			times[m.ID]++
		}
		if page++; page == 2 || page == 5 {
			r.SF.KillSessions()
		}
	}
	once(t, times, n)
	if rows := r.SF.Stats().Rows["Opportunity"]; rows > n+1 {
		t.Errorf("%d rows were served for %d deals", rows, n)
	}
	o.World = bare(4_100, 0) // a whole pass over three pages is enough
	if report := open(t, o).Pass(t); report.DealsRead != 4_100 {
		t.Errorf("a pass read %d deals of 4,100", report.DealsRead)
	}
}

// An admin edits a pipeline and more deals than a search can page through get
// one millisecond. Each is read once, in one go and page by page.
func TestLesson08MoreDealsOfOneMillisecondThanASearchNames(t *testing.T) {
	t.Parallel()
	n := size(25_000, 10_600)
	r := open(t, apptest.Options{CRM: apptest.HubSpot, World: bare(n, time.Second)})
	r.Clock.Advance(time.Hour)
	stamped := 0
	for _, pipeline := range []string{"default", "75201846"} {
		k, err := r.HS.EditPipeline(pipeline, "Renamed")
		if err != nil {
			t.Fatal(err)
		}
		stamped = max(stamped, k)
	}
	if stamped != n {
		t.Fatalf("%d deals of %d have the stamp", stamped, n)
	}
	c := portal(t, r, hubspot.Auth{}, hubspot.Options{})
	w := crm.Window{From: r.Clock.Now()}
	times, pages := named(t, c, w)
	once(t, times, n)
	if pages != (n+199)/200 {
		t.Errorf("%d pages for %d deals", pages, n)
	}
	times = map[crm.DealID]int{}
	after, more, runs := "", true, 0
	for ; more && runs <= n; runs++ { // each run dies after a page
		for page, err := range c.Changed(t.Context(), w, after) {
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page.Deals {
				times[m.ID]++
			}
			after, more = page.Next, page.Next != ""
			break
		}
	}
	once(t, times, n)
	if runs != pages {
		t.Errorf("%d runs for %d pages", runs, pages)
	}
}

// The org forgets a cursor in the middle of its pages: reading goes on behind
// the last row that was seen, not from the beginning.
func TestLesson29AnExpiredCursorCostsOnePage(t *testing.T) {
	t.Parallel()
	const deals, page = 600, 50
	o := apptest.Options{CRM: apptest.Salesforce, World: apptest.World(deals), Scope: "{go_live: 2020-01-01}"}
	o.Salesforce.PageSize, o.Salesforce.LocatorsOnce = page, true
	r := open(t, o)
	src := source(t, r)
	r.ResetStats()
	// The answer breaks off on its way; the page cannot be fetched a second time.
	for _, nth := range []int{3, 7} {
		r.SF.AddFault(sfsim.Fault{Do: sfsim.TruncatedBody, On: "queryMore Opportunity", Nth: nth})
	}
	times, _ := named(t, src, crm.Window{})
	once(t, times, deals)
	if rows := r.SF.Stats().Rows["Opportunity"]; rows > deals+2*page {
		t.Errorf("%d rows were served for %d deals", rows, deals)
	}
	refused := 0
	for _, q := range r.SF.Requests() {
		if q.Kind == "queryMore" && q.Status == 400 {
			refused++
		}
	}
	if refused != 2 {
		t.Errorf("%d cursors were refused: the test shows nothing", refused)
	}
	r.SF.ClearFaults()
	r.SF.AddFault(sfsim.Fault{Do: sfsim.TruncatedBody, On: "queryMore", Nth: 4})
	if report := r.Pass(t); report.Confirmed != report.InScope || report.Confirmed == 0 {
		t.Errorf("%d of %d deals were written", report.Confirmed, report.InScope)
	}
}

// 800 mapped fields are read, and no address comes near 16 KB.
func TestLesson30EightHundredFields(t *testing.T) {
	t.Parallel()
	const fields = 800
	o := apptest.Options{CRM: apptest.Salesforce}
	setup := crm.Setup{Connection: "org", Zone: time.UTC}
	native := func(i int) string { return fmt.Sprintf("Rather_Long_Name_Of_A_Field_%03d__c", i) }
	for i := range fields {
		o.Salesforce.Custom = append(o.Salesforce.Custom, sfsim.CustomField{Object: "Opportunity", Name: native(i)})
		setup.Fields = append(setup.Fields, crm.Field{Name: fmt.Sprintf("f%d", i), Native: native(i), Kind: crm.Text})
	}
	r := open(t, o)
	var ids []crm.DealID
	for i := range r.World.Deals {
		ids = append(ids, crm.DealID(r.Deal(i)))
		for _, f := range []int{0, 399, fields - 1} {
			if err := r.SF.Set("Opportunity", r.Deal(i), native(f), fmt.Sprintf("deal %d field %d", i, f)); err != nil {
				t.Fatal(err)
			}
		}
	}
	cred := r.SF.Credentials()
	c, err := salesforce.New(setup, salesforce.Auth{
		Flow: salesforce.ClientCredentials, LoginURL: r.URL, ClientID: cred.ClientID, ClientSecret: cred.ClientSecret,
	}, salesforce.Options{})
	if err == nil {
		_, err = c.Describe(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
	r.ResetStats()
	for _, part := range [][]crm.DealID{ids[:1], ids} {
		l, err := c.Load(t.Context(), part)
		if err != nil || len(l.Deals) != len(part) {
			t.Fatalf("%d deals of %d, %v", len(l.Deals), len(part), err)
		}
		for _, d := range l.Deals {
			for i := range fields {
				if cell := d.Field(fmt.Sprintf("f%d", i)); !cell.Known() || (i == fields-1) != strings.HasSuffix(cell.Text, "field 799") {
					t.Fatalf("field %d of %s is %+v", i, d.Ref.ID, cell)
				}
			}
		}
	}
	for _, q := range r.SF.Requests() {
		if len(q.Path) > 16_000 || q.Status >= 400 {
			t.Errorf("%s of %d characters answered %d", q.Kind, len(q.Path), q.Status)
		}
	}
}

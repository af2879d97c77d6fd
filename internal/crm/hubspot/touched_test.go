package hubspot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// touched gathers what is named since a moment, each deal once.
func (p *portal) touched(t *testing.T, since time.Time) []crm.DealID {
	t.Helper()
	var ids []crm.DealID
	for page, err := range p.Touched(context.Background(), crm.Window{From: since}, "") {
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Deals {
			ids = append(ids, m.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// later moves the clock on, and gives the moment from which to look.
func (p *portal) later(t *testing.T) time.Time {
	t.Helper()
	p.Clock().Advance(time.Hour)
	if _, err := p.Describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	return p.Clock().Now()
}

func (p *portal) edit(t *testing.T, object, id, property, value string) {
	t.Helper()
	if err := p.Set(object, id, property, value); err != nil {
		t.Fatal(err)
	}
}

// Each kind of activity that is read is watched by its own stamp.
func TestEveryKindOfActivityIsWatched(t *testing.T) {
	p := newPortal(t, 10, hssim.Options{NoSearchLag: true}, Options{})
	for i, k := range activityKinds {
		id, err := p.Create(k.object, map[string]string{k.bodies[0]: "Said something", "hs_timestamp": start.Format(time.RFC3339)}, "deals/"+p.DealID(i))
		if err != nil {
			t.Fatal(err)
		}
		since := p.later(t)
		if got := p.touched(t, since); len(got) != 0 {
			t.Errorf("%s: %v before anything moved", k.object, got)
		}
		p.edit(t, k.object, id, k.bodies[0], "Said something else")
		if d := cmp.Diff([]crm.DealID{crm.DealID(p.DealID(i))}, p.touched(t, since)); d != "" {
			t.Errorf("%s (-want +got):\n%s", k.object, d)
		}
	}
}

// Contacts of no deal cost no reading of associations; where the portal does
// not filter by the number of deals they are read and lead to none.
func TestContactsWithoutADealAreSpared(t *testing.T) {
	for name, hidden := range map[string]bool{"counted": false, "not counted": true} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t, 10, hssim.Options{NoSearchLag: true}, Options{})
			since := p.later(t)
			if hidden { // after the schema was read
				if err := p.HideProperty("contacts", dealCount); err != nil {
					t.Fatal(err)
				}
			}
			for n := range 30 {
				if _, err := p.Create("contacts", map[string]string{"email": fmt.Sprintf("reader%d@letters.example", n)}); err != nil {
					t.Fatal(err)
				}
			}
			calls := func() (search, links int64) {
				c := p.Calls()
				return c["search"], c["associations"]
			}
			for range 2 {
				s, a := calls()
				if got := p.touched(t, since); len(got) != 0 {
					t.Errorf("named %v", got)
				}
				s2, a2 := calls()
				want := int64(6)
				if hidden && s == 0 {
					want++ // the first time the filter is tried
				}
				if s2-s != want || a2-a != int64(map[bool]int{true: 1}[hidden]) {
					t.Errorf("%d searches and %d readings of associations", s2-s, a2-a)
				}
			}
			p.edit(t, "contacts", p.ContactID(0), "phone", "+1 212 555 0199")
			if got := p.touched(t, since); len(got) != 9 { // all but the one without roles
				t.Errorf("%d deals of a contact", len(got))
			}
		})
	}
}

// A contact of many deals names them all, however the associations are paged.
func TestAContactOfManyDeals(t *testing.T) {
	p := newPortal(t, 60, hssim.Options{NoSearchLag: true, AssociationPageSize: 7}, Options{})
	since := p.later(t)
	p.edit(t, "contacts", p.ContactID(0), "phone", "+1 212 555 0199")
	p.edit(t, "contacts", p.ContactID(1), "phone", "+1 212 555 0198")
	pages := 0
	var all []crm.DealID
	for page, err := range p.Touched(context.Background(), crm.Window{From: since}, "") {
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, m := range page.Deals {
			all = append(all, m.ID)
		}
	}
	slices.Sort(all)
	if n := len(slices.Compact(slices.Clone(all))); n != 54 || len(all) != 54 || pages != 6 {
		t.Errorf("%d deals named, %d of them different, on %d pages", len(all), n, pages)
	}
}

// A fault after some pages of a search loses none of them.
func TestWhatWasFoundBeforeAFaultIsNamed(t *testing.T) {
	p := newPortal(t, 40, hssim.Options{NoSearchLag: true}, Options{})
	since := p.later(t)
	for n := range 900 {
		if _, err := p.Create("notes", map[string]string{"hs_note_body": "x", "hs_timestamp": start.Format(time.RFC3339)}, "deals/"+p.DealID(n/30)); err != nil {
			t.Fatal(err)
		}
	}
	p.AddFault(hssim.Fault{Do: hssim.Daily, On: "search notes", Nth: 4, Times: -1})
	named, place := map[crm.DealID]bool{}, ""
	read := func() (err error) {
		for page, err := range p.Touched(context.Background(), crm.Window{From: since}, place) {
			if err != nil {
				return err
			}
			for _, m := range page.Deals {
				named[m.ID] = true
			}
			place = page.Next
		}
		return nil
	}
	if err := read(); crm.KindOf(err) != crm.Quota || len(named) != 20 || !strings.HasPrefix(place, "notes|") || place == "notes|" {
		t.Fatalf("%d deals before the fault, which stands at %q: %v", len(named), place, err)
	}
	p.ClearFaults()
	if err := read(); err != nil || len(named) != 30 || place != "" {
		t.Errorf("%d deals after it, which stands at %q: %v", len(named), place, err)
	}
}

// Associations of one kind are refused: its deals are not told, the others' are.
func TestAssociationsThatAreRefused(t *testing.T) {
	p := newPortal(t, 10, hssim.Options{NoSearchLag: true}, Options{})
	note, err := p.Create("notes", map[string]string{"hs_note_body": "x", "hs_timestamp": start.Format(time.RFC3339)}, "deals/"+p.DealID(9))
	if err != nil {
		t.Fatal(err)
	}
	since := p.later(t)
	p.edit(t, "notes", note, "hs_note_body", "y")
	p.edit(t, "contacts", p.ContactID(0), "phone", "+1 212 555 0199")
	p.AddFault(hssim.Fault{Do: hssim.NoScope, On: "associations_batch_read contacts/deals", Times: -1})
	if d := cmp.Diff([]crm.DealID{crm.DealID(p.DealID(9))}, p.touched(t, since)); d != "" {
		t.Errorf("named (-want +got):\n%s", d)
	}
	d, err := p.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(d.Problems, func(x crm.Problem) bool { return x.Place == "contacts" && x.Severity == crm.Warn }) {
		t.Errorf("told of %v", d.Problems)
	}
}

// Some contacts do not tell their deals: it is said, without a word of theirs.
func TestContactsThatDoNotTellTheirDeals(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	p := newPortal(t, 10, hssim.Options{NoSearchLag: true}, Options{Log: zap.New(core)})
	since := p.later(t)
	p.edit(t, "contacts", p.ContactID(0), "phone", "+1 212 555 0199")
	p.edit(t, "contacts", p.ContactID(1), "phone", "+1 212 555 0198")
	p.AddFault(hssim.Fault{Do: hssim.RefuseRecords, On: "associations_batch_read contacts/deals", Times: -1, IDs: []string{p.ContactID(1)}, Message: "board only"})
	if got := p.touched(t, since); len(got) != 9 {
		t.Errorf("%d deals", len(got))
	}
	if n := logs.FilterMessageSnippet("do not tell their deals").Len(); n != 1 {
		t.Errorf("%d lines: %v", n, logs.All())
	}
}

// What loading has found refused is not searched for in vain; and without
// contacts in sight no search is made for them.
func TestWhatCannotBeReadIsNotWatched(t *testing.T) {
	p := newPortal(t, 10, hssim.Options{NoSearchLag: true}, Options{})
	since := p.later(t)
	p.AddFault(hssim.Fault{Do: hssim.NoScope, On: "associations_batch_read deals/emails", Times: -1})
	p.load(t, p.ids(3)...)
	before := p.Calls()["search"]
	p.touched(t, since)
	if n := p.Calls()["search"] - before; n != 5 {
		t.Errorf("%d searches, want 5", n)
	}
	q := newPortal(t, 10, hssim.Options{NoSearchLag: true}, Options{})
	q.AddFault(hssim.Fault{Do: hssim.NoScope, On: "properties contacts", Times: -1})
	since = q.later(t)
	q.touched(t, since)
	for _, r := range q.Requests() {
		if strings.HasSuffix(r.Path, "/contacts/search") {
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
}

package lessons_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// pages makes answers short, so that what hangs on a deal comes on many.
func pages(o apptest.Options) apptest.Options {
	o.Salesforce.PageSize = 40
	o.HubSpot.AssociationPageSize = 2
	return o
}

// A deal read because it moved is the same object as one read in full, with
// everything that hangs on it.
func TestLesson10IncrementalAndFullReadsAgree(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		r := open(t, pages(apptest.Options{CRM: name, World: apptest.World(120)}))
		r.Pass(t)
		r.Clock.Advance(2 * time.Hour)
		for i := range r.World.Deals {
			if r.Field(t, r.Deal(i), "status") != "" {
				r.Set(t, r.Deal(i), "arr", "5150")
			}
		}
		r.Clock.Advance(time.Minute)
		if report := r.Pass(t); report.Kind != "incremental" || report.DealsRead == 0 {
			t.Fatalf("a pass that is %s read %d deals", report.Kind, report.DealsRead)
		}
		incremental, linked := snapshots(t, r), 0
		r.LoseStore(t)
		r.Full(t)
		full := snapshots(t, r)
		for id, body := range full {
			a, b := decoded(t, incremental[id]), decoded(t, body)
			linked += len(b.Contacts) + len(b.Notes)
			if d := cmp.Diff(b, a); d != "" {
				t.Fatalf("deal %s (-full +incremental):\n%s", id, d)
			}
		}
		if len(full) == 0 || linked == 0 {
			t.Errorf("%d deals with %d people and notes: the test shows nothing", len(full), linked)
		}
	})
}

func decoded(t *testing.T, text string) (d crm.Deal) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// snapshots are the last ones of all deals in scope, by deal.
func snapshots(t *testing.T, r *apptest.Rig) map[string]string {
	t.Helper()
	s, all := r.Store(t), map[string]string{}
	for i := range r.World.Deals {
		snap, ok, err := s.SnapshotAt(t.Context(), crm.Ref{Connection: r.Name(), Object: crm.ObjectDeal, ID: r.Deal(i)}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			all[r.Deal(i)] = snap.Body
		}
	}
	return all
}

// complete are open deals whose contacts earn full marks, each role held by
// somebody of their own.
func complete(t *testing.T, r *apptest.Rig) []int {
	t.Helper()
	var all []int
	for i := range r.World.Deals {
		id := r.Deal(i)
		status := r.Field(t, id, "status")
		champion := r.Holder(i, "Champion")
		if (status == "needs CSM" || status == "awaiting kickoff") && r.Field(t, id, "item_5_1_score") == "2" &&
			champion != r.Holder(i, "Executive Sponsor") && r.World.Contacts[champion].Mobile == "" {
			all = append(all, i)
		}
	}
	if len(all) < 2 {
		t.Fatal("no deal fits: the world is too small")
	}
	return all
}

// settle makes a pass after which own writes are behind the overlap.
func settle(t *testing.T, r *apptest.Rig) {
	t.Helper()
	r.Clock.Advance(time.Hour)
	r.Pass(t)
	r.Clock.Advance(time.Hour)
}

// A link or a role that comes, goes or changes moves no deal: an open deal
// follows it at the next pass.
func TestLesson11LinksChangeWithoutMovingTheDeal(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		o := apptest.Options{CRM: name, World: apptest.World(120)}
		o.HubSpot.LinkKeepsDate = true
		r := open(t, o)
		r.Pass(t)
		deals := complete(t, r)
		gone, other := deals[0], deals[1]
		marks := func(step, wantGone, wantOther string) {
			t.Helper()
			r.Clock.Advance(time.Hour)
			r.Pass(t)
			if a, b := r.Field(t, r.Deal(gone), "item_5_1_score"), r.Field(t, r.Deal(other), "item_5_1_score"); a != wantGone || b != wantOther {
				t.Errorf("%s: marks %q and %q, want %q and %q", step, a, b, wantGone, wantOther)
			}
		}
		settle(t, r)
		r.Unlink(t, gone, "Champion")
		r.Relabel(t, other, "Champion", "Evaluator")
		marks("taken off", "1", "1")
		settle(t, r)
		r.Link(t, gone, r.Holder(gone, "Champion"), "Champion")
		r.Link(t, other, r.Holder(other, "Champion"), "Champion")
		marks("put back", "2", "2")
	})
}

// Contacts say when they moved in another property than deals do. What a
// person's contact says is followed without the deal moving, and no search
// filters by a property its object does not keep.
func TestLesson12EachObjectHasItsOwnModifiedDate(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		var x tap
		r := open(t, apptest.Options{CRM: name, World: apptest.World(120), Front: x.front})
		var mu sync.Mutex
		bad, searches := []string{}, 0
		x.set(func(_ http.ResponseWriter, q *call) bool {
			if !strings.HasSuffix(q.URL.Path, "/search") {
				return false
			}
			mu.Lock()
			defer mu.Unlock()
			searches++
			contacts := strings.HasSuffix(q.URL.Path, "/contacts/search")
			if contacts == strings.Contains(q.body, `"propertyName":"hs_lastmodifieddate"`) {
				bad = append(bad, q.URL.Path+" "+q.body)
			}
			return false
		})
		r.Pass(t)
		deal := complete(t, r)[0]
		settle(t, r)
		r.SetPhone(t, r.Holder(deal, "Champion"), "tbd")
		r.Clock.Advance(time.Hour)
		if r.Pass(t); r.Field(t, r.Deal(deal), "item_5_1_score") != "1" {
			t.Errorf("a contact lost its phone and the mark is %q", r.Field(t, r.Deal(deal), "item_5_1_score"))
		}
		mu.Lock()
		defer mu.Unlock()
		if name == apptest.HubSpot && searches == 0 || len(bad) > 0 {
			t.Errorf("%d searches, by the wrong property: %v", searches, bad)
		}
	})
}

// A first pass that finds no deal in a portal that has some says so.
func TestLesson12NothingFoundInAPortalThatIsNotEmpty(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		var x tap
		r := open(t, apptest.Options{CRM: name, Front: x.front})
		x.set(func(w http.ResponseWriter, q *call) bool {
			switch {
			case !q.changed():
				return false
			case name == apptest.HubSpot:
				return say(w, 200, `{"total":0,"results":[]}`)
			}
			return say(w, 200, `{"totalSize":0,"done":true,"records":[]}`)
		})
		if report := r.Try(t); report.Err == nil && !strings.Contains(strings.Join(report.Problems, "\n"), "no deal") {
			t.Errorf("%d deals read, and nothing is said of it: %v", report.DealsRead, report.Problems)
		}
	})
}

// crowded is a world whose first deal has 250 people, of whom the last one is
// the champion.
func crowded() *world.World {
	w := apptest.World(20)
	d := &w.Deals[0]
	d.Stage, d.Type, d.Roles = world.Won, "New Business", nil
	d.Amount, d.Fields = "50000", map[string]string{"arr": "50000", "term_months": "12"}
	for i := range 250 {
		c := world.Contact{
			Account: d.Account, First: "Person", Last: fmt.Sprintf("Number%d", i), Title: "Head of Operations",
			Email: fmt.Sprintf("person%d@customer.example.com", i), Phone: fmt.Sprintf("+49 30 %07d", 3000000+i),
		}
		role := "Evaluator"
		if i == 249 {
			role = "Champion"
		}
		d.Roles = append(d.Roles, world.Role{Contact: len(w.Contacts), Name: role})
		w.Contacts = append(w.Contacts, c)
	}
	return w
}

// A deal with 250 contacts has 250, not the first 100: the champion may be the
// last of them.
func TestLesson13ADealWithManyContacts(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		o := apptest.Options{CRM: name, World: crowded()}
		o.Salesforce.PageSize = 100
		r := open(t, o)
		r.Pass(t)
		l, err := source(t, r).Load(t.Context(), []crm.DealID{crm.DealID(r.Deal(0))})
		if err != nil || len(l.Deals) != 1 {
			t.Fatalf("%d deals, %v", len(l.Deals), err)
		}
		if n := len(l.Deals[0].Contacts); n != 250 {
			t.Errorf("%d contacts, want 250", n)
		}
		if held := l.Deals[0].Roles["champion"].Contacts; len(held) != 1 || string(held[0]) != r.ContactID(len(r.World.Contacts)-1) {
			t.Errorf("the champion is %v", held)
		}
		told, err := r.App.Explain(t.Context(), r.App.Connections()[0], r.Deal(0), time.Time{})
		if err != nil || len(told) == 0 {
			t.Fatalf("%d explanations, %v", len(told), err)
		}
		for _, item := range told[0].Items {
			if item.ID == "2.1" && item.Cap == 0 {
				t.Error("the champion was not seen when the deal was judged")
			}
		}
	})
}

package crmtest_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

// strict refuses queries that hold any of some words, as orgs differ in what
// they take, and notes all that it is asked.
type strict struct {
	mu    sync.Mutex // guards all below
	words []string
	code  string
	asked []string
}

func (x *strict) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query().Get("q")
		x.mu.Lock()
		refused := slices.ContainsFunc(x.words, func(word string) bool { return strings.Contains(q, word) })
		if strings.HasSuffix(r.URL.Path, "/queryAll") {
			x.asked = append(x.asked, q)
		}
		code := x.code
		x.mu.Unlock()
		if !refused {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `[{"errorCode":"`+code+`","message":"not in this org"}]`)
	})
}

// take gives what was asked since the last take.
func (x *strict) take() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := x.asked
	x.asked = nil
	return out
}

func touchedSince(t *testing.T, c *salesforce.Client, at time.Time) []string {
	t.Helper()
	var ids []string
	for page, err := range c.Touched(t.Context(), crm.Window{From: at}, "") {
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Deals {
			ids = append(ids, string(m.ID))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// with lists the won deals that some contacts are on.
func (o *org) with(contacts ...int) []string {
	var ids []string
	for i, d := range o.world.Deals {
		if d.Stage == world.Won && slices.ContainsFunc(d.Roles, func(r world.Role) bool { return slices.Contains(contacts, r.Contact) }) {
			ids = append(ids, o.DealID(i))
		}
	}
	slices.Sort(ids)
	return ids
}

// cast are two contacts, each on deals of its own.
func (o *org) cast(t *testing.T) (a, b int) {
	t.Helper()
	for a := range o.world.Contacts {
		of := o.with(a)
		for b := a + 1; len(of) > 0 && b < len(o.world.Contacts); b++ {
			other := o.with(b)
			if len(other) > 0 && !slices.ContainsFunc(other, func(id string) bool { return slices.Contains(of, id) }) {
				return a, b
			}
		}
	}
	t.Fatal("the world is too small")
	return 0, 0
}

// later moves the clock on, reads the schema, and gives the moment from which
// to look.
func (o *org) later(t *testing.T, c *salesforce.Client) time.Time {
	t.Helper()
	o.Clock().Freeze(true)
	o.Clock().Set(o.Clock().Now().Truncate(time.Second).Add(20 * time.Minute))
	if _, err := c.Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o.Clock().Now()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What an org does not take is asked for in plainer ways, and the next time in
// the way that was taken.
func TestAnOrgThatTakesPlainerQueriesOnly(t *testing.T) {
	for _, c := range []struct {
		name         string
		words        []string
		code         string
		first, again int // queries
	}{
		{"nothing is refused", nil, "", 6, 6},
		{"no OR across a relationship", []string{"OR Contact.System"}, "MALFORMED_QUERY", 8, 7},
		{"OR across a relationship takes too long", []string{"OR Contact.System"}, "QUERY_TIMEOUT", 8, 7},
		{"no condition on the Opportunity", []string{"Opportunity.IsWon"}, "INVALID_FIELD", 9, 7},
		{"no condition on the kind of parent", []string{".Type ="}, "INVALID_FIELD", 10, 6},
		{"roles cannot be ordered by their contact", []string{"OR Contact.", "ORDER BY Contact."}, "INVALID_FIELD", 10, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := &strict{words: c.words, code: c.code}
			o := orgBehind(t, 60, sfsim.Options{}, x.front)
			client := o.client(t, o.auth(salesforce.ClientCredentials))
			since := o.later(t, client)
			a, b := o.cast(t)
			hand := inOrg{o}
			must(t, hand.Phone(o.ContactID(a), "+49 30 5550111"))
			must(t, hand.Recast(o.with(b)[0], o.ContactID(b), "Evaluator"))
			_, err := o.Insert("Task", map[string]any{"WhatId": o.with(b)[0], "Subject": "Call", "Status": "Completed"})
			must(t, err)
			_, err = o.Insert("Task", map[string]any{"WhatId": o.Get("Opportunity", o.DealID(0), "AccountId"), "Subject": "Of an account"})
			must(t, err)
			want := append(slices.Clone(o.with(a)), o.with(b)[0])
			slices.Sort(want)
			if strings.HasPrefix(c.name, "roles cannot") { // left out, whatever of it was read
				want = []string{o.with(b)[0]}
			}
			for _, n := range []int{c.first, c.again} {
				x.take()
				if d := cmp.Diff(want, touchedSince(t, client, since)); d != "" {
					t.Errorf("named (-want +got):\n%s", d)
				}
				if asked := x.take(); len(asked) != n {
					t.Errorf("%d queries, want %d:\n%s", len(asked), n, strings.Join(asked, "\n"))
				}
			}
			d, err := client.Describe(t.Context())
			must(t, err)
			told := slices.ContainsFunc(d.Problems, func(p crm.Problem) bool { return p.Place == "contact roles" })
			if told != strings.HasPrefix(c.name, "roles cannot") {
				t.Errorf("told %v: %v", told, d.Problems)
			}
		})
	}
}

// However little is asked for, Tasks take too long: the stream is left out.
func TestAStreamThatAlwaysTakesTooLongIsLeftOut(t *testing.T) {
	x := &strict{words: []string{"FROM Task"}, code: "QUERY_TIMEOUT"}
	o := orgBehind(t, 60, sfsim.Options{}, x.front)
	client := o.client(t, o.auth(salesforce.ClientCredentials))
	since := o.later(t, client)
	a, _ := o.cast(t)
	must(t, inOrg{o}.Phone(o.ContactID(a), "+49 30 5550111"))
	if d := cmp.Diff(o.with(a), touchedSince(t, client, since)); d != "" {
		t.Errorf("named (-want +got):\n%s", d)
	}
	d, err := client.Describe(t.Context())
	must(t, err)
	if !slices.ContainsFunc(d.Problems, func(p crm.Problem) bool { return p.Place == "Task" && p.Severity == crm.Warn }) {
		t.Errorf("told %v", d.Problems)
	}
}

// A page of roles is read in the way that an org takes; another process goes on
// in the same way.
func TestAPlaceNamesItsWayOfAsking(t *testing.T) {
	x := &strict{words: []string{"OR Contact.System"}, code: "MALFORMED_QUERY"}
	o := orgBehind(t, 400, sfsim.Options{}, x.front)
	client := o.client(t, o.auth(salesforce.ClientCredentials))
	since := o.later(t, client)
	hand := inOrg{o}
	for i := range o.world.Contacts {
		must(t, hand.Phone(o.ContactID(i), "+49 30 5550111"))
	}
	for _, id := range o.IDs("OpportunityContactRole") {
		must(t, o.Set("OpportunityContactRole", id, "Role", "Evaluator"))
	}
	whole := touchedSince(t, client, since)
	if len(whole) == 0 {
		t.Fatal("nothing is named")
	}
	var pages []crm.Page
	for page, err := range client.Touched(t.Context(), crm.Window{From: since}, "") {
		must(t, err)
		pages = append(pages, page)
	}
	own, people := 0, 0
	for i, p := range pages[:len(pages)-1] {
		own += one(strings.HasPrefix(p.Next, "contact roles|1.0|"))
		people += one(strings.HasPrefix(p.Next, "contact roles|1.1|"))
		var want, got []crm.DealID
		for _, later := range pages[i+1:] {
			for _, m := range later.Deals {
				want = append(want, m.ID)
			}
		}
		for page, err := range o.client(t, o.auth(salesforce.ClientCredentials)).Touched(t.Context(), crm.Window{From: since}, p.Next) {
			must(t, err)
			for _, m := range page.Deals {
				got = append(got, m.ID)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("behind %q (-want +got):\n%s", p.Next, d)
		}
	}
	if own < 2 || people < 3 {
		t.Errorf("%d and %d pages: too few to show anything", own, people)
	}
	for _, bad := range []string{"contact roles|3.0|", "contact roles|0.1|", "contact roles|-1.0|", "contact roles|1|", "contact roles|0.0|x"} {
		for _, err := range client.Touched(t.Context(), crm.Window{From: since}, bad) {
			if err == nil || crm.KindOf(err) != crm.Invalid {
				t.Errorf("%q was taken: %v", bad, err)
			}
		}
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// The session ends between pages, while the next streams are on their way:
// each deal is named all the same.
func TestTouchedOutlivesItsSession(t *testing.T) {
	o := newOrg(t, 500, sfsim.Options{})
	client := o.client(t, o.auth(salesforce.ClientCredentials))
	since := o.later(t, client)
	want := map[crm.DealID]bool{}
	for i, d := range o.world.Deals {
		if d.Stage == world.Won {
			want[crm.DealID(o.DealID(i))] = true
			for n := range 2 {
				_, err := (inOrg{o}).Write(o.DealID(i), fmt.Sprintf("Note %d", n))
				must(t, err)
			}
		}
	}
	got := map[crm.DealID]bool{}
	pages := 0
	for page, err := range client.Touched(t.Context(), crm.Window{From: since}, "") {
		must(t, err)
		for _, m := range page.Deals {
			got[m.ID] = true
		}
		if pages++; pages == 5 { // among the notes
			o.KillSessions()
		}
	}
	if d := cmp.Diff(want, got); d != "" || pages < 8 {
		t.Errorf("%d pages (-want +got):\n%s", pages, d)
	}
}

// Notes of the Lightning kind are files; e-mails, events and tasks hang on the
// Opportunity themselves. All are watched, each when it is made, edited and deleted.
func TestEveryKindOfNoteIsWatched(t *testing.T) {
	when := time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		object, parent string
		make           map[string]any
		edit           string
	}{
		{"Task", "WhatId", map[string]any{"Subject": "Call", "Description": "Said something"}, "Description"},
		{"Event", "WhatId", map[string]any{"Subject": "Kickoff", "StartDateTime": when, "DurationInMinutes": 60}, "Description"},
		{"Note", "ParentId", map[string]any{"Title": "After the close", "Body": "Said something"}, "Body"},
		{"EmailMessage", "RelatedToId", map[string]any{"Subject": "Hello", "TextBody": "Said something", "Status": "3"}, "Subject"},
		{"ContentNote", "", map[string]any{"Title": "After", "Content": base64.StdEncoding.EncodeToString([]byte("<p>Said</p>"))}, "Title"},
	} {
		t.Run(c.object, func(t *testing.T) {
			o := newOrg(t, 20, sfsim.Options{})
			client := o.client(t, o.auth(salesforce.ClientCredentials))
			a, _ := o.cast(t)
			deal := o.with(a)[0]
			want := []string{deal}
			named := func(what string, since time.Time) {
				t.Helper()
				if d := cmp.Diff(want, touchedSince(t, client, since)); d != "" {
					t.Errorf("%s (-want +got):\n%s", what, d)
				}
			}
			since := o.later(t, client)
			if c.parent != "" {
				c.make[c.parent] = deal
			}
			id, err := o.Insert(c.object, c.make)
			must(t, err)
			if c.parent == "" {
				_, err := o.Insert("ContentDocumentLink", map[string]any{"ContentDocumentId": id, "LinkedEntityId": deal, "ShareType": "V"})
				must(t, err)
			}
			named("made", since)
			since = o.later(t, client)
			must(t, o.Set(c.object, id, c.edit, "Said something else"))
			named("edited", since)
			since = o.later(t, client)
			must(t, o.Delete(c.object, id))
			if c.parent == "" {
				want = nil // its links are gone with it
			}
			named("deleted", since)
		})
	}
}

// A contact that is deleted takes its roles along, and one that is merged hands
// them on: both are seen at the roles' deals.
func TestContactsThatGo(t *testing.T) {
	for name, leave := range map[string]func(o *org, a, b int) (error, []string){
		"deleted": func(o *org, a, _ int) (error, []string) { return o.Delete("Contact", o.ContactID(a)), o.with(a) },
		"merged": func(o *org, a, b int) (error, []string) {
			return o.Merge("Contact", o.ContactID(b), o.ContactID(a)), o.with(a, b)
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t, 60, sfsim.Options{})
			client := o.client(t, o.auth(salesforce.ClientCredentials))
			since := o.later(t, client)
			a, b := o.cast(t)
			err, want := leave(o, a, b)
			must(t, err)
			if d := cmp.Diff(want, touchedSince(t, client, since)); d != "" {
				t.Errorf("named (-want +got):\n%s", d)
			}
		})
	}
}

// What our user cannot see is not asked for: it is told of otherwise.
func TestWhatOurUserCannotSeeIsNotWatched(t *testing.T) {
	x := &strict{}
	o := orgBehind(t, 20, sfsim.Options{}, x.front)
	for _, name := range []string{"EmailMessage", "Task", "Contact"} {
		o.HideObject(name)
	}
	client := o.client(t, o.auth(salesforce.ClientCredentials))
	since := o.later(t, client)
	must(t, inOrg{o}.Recast(o.with(0, 1, 2, 3, 4, 5)[0], roleHolder(o), "Evaluator"))
	x.take()
	if got := touchedSince(t, client, since); len(got) != 1 {
		t.Errorf("named %v", got)
	}
	asked := strings.Join(x.take(), "\n")
	for _, word := range []string{"FROM Task", "FROM EmailMessage", "Contact.System"} {
		if strings.Contains(asked, word) {
			t.Errorf("asked with %q:\n%s", word, asked)
		}
	}
}

// roleHolder is a contact on the first deal that org.with lists.
func roleHolder(o *org) string {
	first := o.with(0, 1, 2, 3, 4, 5)[0]
	for i, d := range o.world.Deals {
		if o.DealID(i) == first {
			return o.ContactID(d.Roles[0].Contact)
		}
	}
	return ""
}

package hubspot

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// A deal means the same however it is read: alone or in a batch, in every
// version of the API, with ids as numbers or as text, page by page or at once.
func TestOneDealReadsTheSameEveryWay(t *testing.T) {
	want := newPortal(t, 12, hssim.Options{}, Options{}).load(t, crm.DealID(newPortal(t, 12, hssim.Options{}, Options{}).DealID(8)))
	for name, o := range map[string]struct {
		sim hssim.Options
		own Options
	}{
		"2026-09":              {own: Options{APIVersion: "2026-09"}},
		"v3":                   {own: Options{APIVersion: "v3"}},
		"numeric targets":      {sim: hssim.Options{NumericToObjectID: true}},
		"one row a page":       {sim: hssim.Options{AssociationPageSize: 1}},
		"small histories":      {own: Options{HistoryBatch: 1}},
		"one at a time":        {own: Options{InFlight: 1}},
		"history of a hundred": {own: Options{HistoryBatch: 100}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t, 120, o.sim, o.own)
			all := p.load(t, p.ids(120)...)
			id := crm.DealID(p.DealID(8))
			d := all[id]
			// Notes are numbered as they were logged, after all deals of the world.
			ids := func(d *crm.Deal) {
				for i := range d.Notes {
					d.Notes[i].ID = ""
				}
			}
			w := want[id]
			w.Notes = slices.Clone(w.Notes)
			ids(&w)
			ids(&d)
			if diff := cmp.Diff(w, d); diff != "" {
				t.Error(diff)
			}
			if len(all) != 120 {
				t.Errorf("%d deals, want 120", len(all))
			}
		})
	}
}

func TestSnapshotOfADeal(t *testing.T) {
	p := newPortal(t, 10, hssim.Options{}, Options{})
	d := p.load(t, p.ids(10)...)[crm.DealID(p.DealID(8))]
	if !d.Won || !d.Closed || d.WonAt.Imprecise || !d.WonAt.At.Equal(start.AddDate(0, 0, -10)) {
		t.Errorf("won %v at %+v", d.Won, d.WonAt)
	}
	if d.Seller != crm.UserID(p.OwnerID(1)) || d.Owner != crm.UserID(p.OwnerID(0)) {
		t.Errorf("seller %s owner %s: the seller is the owner at the win", d.Seller, d.Owner)
	}
	if d.Amount.Text != "1200.5" || d.CloseDate.Text != "2026-11-10" || d.Currency.Text != "USD" || d.Type.Text != "New business" {
		t.Errorf("amount %v close %v currency %v type %v", d.Amount, d.CloseDate, d.Currency, d.Type)
	}
	if string(d.AccountID) != p.CompanyID(0) {
		t.Errorf("account %s", d.AccountID)
	}
	if got := d.Roles["champion"]; got.State != crm.Read || len(got.Contacts) != 1 || string(got.Contacts[0]) != p.ContactID(0) {
		t.Errorf("champion %+v", got)
	}
	if got := d.Roles["nobody"]; got.State != crm.Unmapped {
		t.Errorf("a role none of whose names is on offer is %+v", got)
	}
	if got := d.Roles["objector"]; got.State != crm.Read || len(got.Contacts) != 0 {
		t.Errorf("objector %+v", got)
	}
	dora, eli := d.Contact(crm.ContactID(p.ContactID(0))), d.Contact(crm.ContactID(p.ContactID(1)))
	if dora.Bounce != crm.BounceUnknown || eli.Bounce != crm.Bounced {
		t.Errorf("bounces %v %v: HubSpot never says that an address is fine", dora.Bounce, eli.Bounce)
	}
	if dora.Context.Text != "met at the pilot" || !eli.Context.Blank() {
		t.Errorf("contexts %+v %+v", dora.Context, eli.Context)
	}
	if c := d.Fields.Get("csm"); c.Text != p.OwnerID(2) || c.At.IsZero() {
		t.Errorf("csm %+v: tracked fields carry the time of their change", c)
	}
	if d.Fields.Get("ball").Mapped() {
		t.Error("an optional field that the portal lacks is not mapped")
	}
	if d.NotesState != crm.Read || len(d.Notes) != 2 || d.Notes[0].Kind != crm.NoteCall || !d.Notes[0].At.Equal(start.AddDate(0, 0, -12)) {
		t.Errorf("notes %v %+v", d.NotesState, d.Notes)
	}
}

func TestADealWithoutAnybody(t *testing.T) {
	p := newPortal(t, 10, hssim.Options{}, Options{})
	d := p.load(t, p.ids(10)...)[crm.DealID(p.DealID(9))]
	if len(d.Contacts) != 0 || d.Roles["champion"].State != crm.Read || d.NotesState != crm.Read || len(d.Notes) != 0 {
		t.Errorf("contacts %v roles %+v notes %v: no association is no person, and known", d.Contacts, d.Roles, d.NotesState)
	}
	if c := d.Fields.Get("evidence.1.1"); !c.Blank() {
		t.Errorf("an empty property is blank, got %+v", c)
	}
}

func TestAnAssociationErrorIsNotNoContacts(t *testing.T) {
	p := newPortal(t, 3, hssim.Options{}, Options{})
	bad := p.DealID(1)
	p.AddFault(hssim.Fault{Do: hssim.RefuseRecords, On: "associations_batch_read deals/contacts", IDs: []string{bad}, Category: "INTERNAL_ERROR", Times: -1})
	p.AddFault(hssim.Fault{Do: hssim.RefuseRecords, On: "associations_batch_read deals/notes", IDs: []string{bad}, Category: "INTERNAL_ERROR", Times: -1})
	all := p.load(t, p.ids(3)...)
	d, other := all[crm.DealID(bad)], all[crm.DealID(p.DealID(0))]
	if d.Roles["champion"].State != crm.Unreadable || d.NotesState != crm.Unreadable {
		t.Errorf("roles %+v notes %v", d.Roles, d.NotesState)
	}
	if other.Roles["champion"].State != crm.Read || other.NotesState != crm.Read {
		t.Error("the other deals suffer with it")
	}
}

func TestManyContacts(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	for i := range 250 {
		if _, err := p.Create("contacts", map[string]string{"lastname": fmt.Sprint("N", i)}, "deals/"+p.DealID(0)); err != nil {
			t.Fatal(err)
		}
	}
	d := p.load(t, p.ids(1)...)[p.ids(1)[0]]
	if len(d.Contacts) != 252 {
		t.Errorf("%d contacts, want 252", len(d.Contacts))
	}
	if !slices.IsSortedFunc(d.Contacts, func(x, y crm.Contact) int { return strings.Compare(string(x.ID), string(y.ID)) }) {
		t.Error("contacts are not sorted by id")
	}
}

func TestRolesFollowLabelsThenBuyingRoles(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	id := p.ids(1)[0]
	dora, eli := crm.ContactID(p.ContactID(0)), crm.ContactID(p.ContactID(1))
	champions := func() []crm.ContactID { return p.load(t, id)[id].Roles["champion"].Contacts }

	if err := p.Set("contacts", string(eli), "hs_buying_role", "CHAMPION;END_USER"); err != nil {
		t.Fatal(err)
	}
	if got := champions(); !slices.Equal(got, []crm.ContactID{dora}) {
		t.Errorf("%v: the label counts before the buying role", got)
	}
	if err := p.Label(string(id), string(dora)); err != nil {
		t.Fatal(err)
	}
	if got := champions(); !slices.Equal(got, []crm.ContactID{eli}) {
		t.Errorf("%v: without a label the buying role counts", got)
	}
	if err := p.Label(string(id), string(dora), "Champion"); err != nil {
		t.Fatal(err)
	}
	if err := p.Label(string(id), string(eli), "Executive Sponsor", "Champion"); err != nil {
		t.Fatal(err)
	}
	if got := champions(); len(got) != 2 {
		t.Errorf("%v: two people may hold one role", got)
	}
}

func TestGoneAndMerged(t *testing.T) {
	for name, o := range map[string]hssim.Options{"a new id": {}, "the winner's id": {MergeKeepsID: true}} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t, 6, o, Options{})
			ids := p.ids(6)
			survivor, err := p.Merge("deals", string(ids[1]), string(ids[2]))
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Archive("deals", string(ids[3])); err != nil {
				t.Fatal(err)
			}
			asked := append(slices.Clone(ids), "999", "not-an-id", ids[0])
			l, err := p.Load(context.Background(), asked)
			if err != nil {
				t.Fatal(err)
			}
			want := map[crm.DealID]string{ids[0]: "deal", ids[2]: survivor, ids[3]: "gone", ids[4]: "deal", ids[5]: "deal", "999": "gone", "not-an-id": "gone"}
			want[ids[1]] = "deal"
			if !o.MergeKeepsID {
				want[ids[1]] = survivor
			}
			got := map[crm.DealID]string{}
			note := func(id crm.DealID, what string) {
				if got[id] != "" {
					t.Errorf("%s is answered twice", id)
				}
				got[id] = what
			}
			for _, d := range l.Deals {
				note(crm.DealID(d.Ref.ID), "deal")
			}
			for _, id := range l.Gone {
				note(id, "gone")
			}
			for id, s := range l.Merged {
				note(id, string(s))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a batch leaves out although it is there is read alone.
func TestADealThatBatchesLeaveOut(t *testing.T) {
	p := newPortal(t, 3, hssim.Options{}, Options{})
	p.AddFault(hssim.Fault{Do: hssim.RefuseRecords, On: "batch_read deals", IDs: []string{p.DealID(1)}, Times: -1})
	want := newPortal(t, 3, hssim.Options{}, Options{}).load(t, p.ids(3)...)
	got := p.load(t, p.ids(3)...)
	for id := range want {
		a, b := want[id], got[id]
		if id == crm.DealID(p.DealID(1)) { // its history stays unknown
			a.Fields.Set("csm", crm.Value(a.Fields.Get("csm").Text))
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}

func TestUnreadableIsNotBlank(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	for object, name := range map[string]string{"deals": "use_case", "contacts": "email"} {
		if err := p.HideProperty(object, name); err != nil {
			t.Fatal(err)
		}
	}
	d := p.load(t, p.ids(1)...)[p.ids(1)[0]]
	if got := d.Fields.Get("evidence.1.1").State; got != crm.Unreadable {
		t.Errorf("a hidden deal property is %v", got)
	}
	if got := d.Contacts[0].Email.State; got != crm.Unreadable {
		t.Errorf("a hidden contact property is %v", got)
	}
	desc, err := p.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(desc.Problems, func(x crm.Problem) bool {
		return x.Place == "fields.evidence.1.1" && x.Severity == crm.Fail && strings.Contains(x.Message, "use_case") && x.Fix != ""
	}) {
		t.Errorf("problems %+v", desc.Problems)
	}
}

// A property that vanishes after the schema was read is not blank either.
func TestAPropertyThatVanishesMidway(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	p.load(t, p.ids(1)...)
	if err := p.HideProperty("deals", "use_case"); err != nil {
		t.Fatal(err)
	}
	if c := p.load(t, p.ids(1)...)[p.ids(1)[0]].Fields.Get("evidence.1.1"); c.State != crm.Unreadable {
		t.Errorf("%+v", c)
	}
}

func TestWithoutTheContactsScope(t *testing.T) {
	p := newPortal(t, 2, hssim.Options{}, Options{})
	p.RevokeScope("crm.objects.contacts.read")
	d := p.load(t, p.ids(2)...)[p.ids(2)[0]]
	if d.Roles["champion"].State != crm.Unreadable || d.NotesState != crm.Unreadable || d.Fields.Get("evidence.1.1").Text == "" {
		t.Errorf("roles %+v notes %v fields %+v", d.Roles, d.NotesState, d.Fields)
	}
	before := p.Client.Calls()["associations"]
	p.load(t, p.ids(2)...)
	if after := p.Client.Calls()["associations"]; after > before+1 { // companies are no contacts
		t.Errorf("%d more calls for what is refused anyway", after-before)
	}
	desc, err := p.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var fixes []string
	for _, x := range desc.Problems {
		fixes = append(fixes, x.Place+" "+x.Fix)
	}
	if !strings.Contains(strings.Join(fixes, "\n"), "crm.objects.contacts.read") {
		t.Errorf("no fix names the scope: %q", fixes)
	}
}

// Two deals of one sale are known by their company: without it that is told.
func TestWithoutTheCompaniesScope(t *testing.T) {
	p := newPortal(t, 2, hssim.Options{}, Options{})
	p.RevokeScope("crm.objects.companies.read")
	p.load(t, p.ids(2)...)
	desc, err := p.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range desc.Problems {
		if x.Place == "companies" && x.Severity == crm.Warn && strings.Contains(x.Fix, "crm.objects.companies.read") {
			return
		}
	}
	t.Errorf("%+v", desc.Problems)
}

func TestOwnTasksAreOurs(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	for _, body := range []string{"<p>[syncd portal/1/x] please fill the fields</p>", "<p>Called them about the rollout</p>"} {
		_, err := p.Create("tasks", map[string]string{"hs_timestamp": "2027-01-05T09:00:00.000Z", "hs_task_subject": "To do", "hs_task_body": body}, "deals/"+p.DealID(0))
		if err != nil {
			t.Fatal(err)
		}
	}
	ours := 0
	for _, n := range p.load(t, p.ids(1)...)[p.ids(1)[0]].Notes {
		if n.Kind != crm.NoteTask {
			continue
		}
		if n.Ours {
			ours++
		}
		if !n.At.Truncate(time.Minute).Equal(start) {
			t.Errorf("a task is dated %v, when it is due, not when it was made", n.At)
		}
	}
	if ours != 1 {
		t.Errorf("%d of 2 tasks are ours, want 1", ours)
	}
}

// Reading an unmoved deal again asks for no history, and the answer is the same.
func TestHistoryIsReadOnce(t *testing.T) {
	p := newPortal(t, 10, hssim.Options{}, Options{})
	first := p.load(t, p.ids(10)...)
	before := p.Client.Calls()["batch read"]
	second := p.load(t, p.ids(10)...)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	if n := p.Client.Calls()["batch read"] - before; n != before-1 {
		t.Errorf("%d batch reads the second time, %d the first; one should be spared", n, before)
	}
	p.Clock().Advance(time.Hour)
	if err := p.Set("deals", p.DealID(0), "handoff_csm", p.OwnerID(0)); err != nil {
		t.Fatal(err)
	}
	if got := p.load(t, p.ids(1)...)[p.ids(1)[0]].Fields.Get("csm"); got.At.Truncate(time.Minute) != start.Add(time.Hour) {
		t.Errorf("csm %+v: the change an hour later is not seen", got)
	}
}

// Times are asked for only of deals for which they can matter.
func TestHistoryIsReadWhereItMatters(t *testing.T) {
	c, m := mocked(t, Options{})
	m.RegisterResponder("POST", `=~/crm/v4/associations/`, says(200, `{"results":[]}`))
	var asked []string
	m.RegisterResponder("POST", "https://hs.test/crm/v3/objects/deals/batch/read", func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		if gjson.GetBytes(body, "propertiesWithHistory.#").Int() > 0 {
			asked = append(asked, gjson.GetBytes(body, "inputs.#.id").Raw)
		}
		return says(200, `{"results":[{"id":"5","properties":{"dealname":"A"}},{"id":"6","properties":{"dealname":"B"}},{"id":"7","properties":{"dealname":""}}]}`)(r)
	})
	c.setup.Fields = append(c.setup.Fields, crm.Field{Name: "name again", Native: "dealname", Track: true})
	c.setup.TimesMatter = func(id string, cell func(string) crm.Cell) bool {
		return id == "7" || cell("name again").Text == "B" && !cell("no such field").Mapped()
	}
	if _, err := c.Load(t.Context(), []crm.DealID{"5", "6", "7"}); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 1 || asked[0] != `["6"]` {
		t.Errorf("history asked of %v; 5 does not matter and 7 has nothing in it", asked)
	}
}

func TestHistoryThatIsRefused(t *testing.T) {
	c, m := mocked(t, Options{})
	m.RegisterResponder("POST", `=~/crm/v4/associations/`, says(200, `{"results":[]}`))
	asked := 0
	m.RegisterResponder("POST", "https://hs.test/crm/v3/objects/deals/batch/read", func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		if history := gjson.GetBytes(body, "propertiesWithHistory.#").Int(); history > 0 {
			asked++
			return says(400, `{"status":"error","category":"VALIDATION_ERROR","message":"no history here"}`)(r)
		}
		return says(200, `{"results":[{"id":"5","properties":{"dealname":"A","hs_is_closed_won":"true","hs_closed_won_date":"2026-11-01T00:00:00Z","use_case":null}}]}`)(r)
	})
	c.setup.Fields = append(c.setup.Fields, crm.Field{Name: "name again", Native: "dealname", Track: true})
	for range 2 {
		l, err := c.Load(context.Background(), []crm.DealID{"5"})
		if err != nil || len(l.Deals) != 1 || l.Deals[0].Fields.Get("name again").Text != "A" {
			t.Fatalf("%+v %v", l, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// A server that leaves empty properties out is told from one that hides them.
func TestAnswersThatOmitTheEmpty(t *testing.T) {
	c, m := mocked(t, Options{})
	m.RegisterResponder("POST", `=~/crm/v4/associations/`, says(200, `{"results":[]}`))
	m.RegisterResponder("POST", "https://hs.test/crm/v3/objects/deals/batch/read",
		says(200, `{"results":[{"id":"5","properties":{"dealname":"A","use_case":"words"}},{"id":"6","properties":{"dealname":"B"}}]}`))
	l, err := c.Load(context.Background(), []crm.DealID{"5", "6"})
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Deals[1].Fields.Get("evidence.1.1"); !got.Blank() {
		t.Errorf("%+v: the other deal shows that the property can be seen", got)
	}
	c, m = mocked(t, Options{})
	m.RegisterResponder("POST", `=~/crm/v4/associations/`, says(200, `{"results":[]}`))
	m.RegisterResponder("POST", "https://hs.test/crm/v3/objects/deals/batch/read", says(200, `{"results":[{"id":"6","properties":{"dealname":"B"}}]}`))
	if l, err = c.Load(context.Background(), []crm.DealID{"6"}); err != nil || l.Deals[0].Fields.Get("evidence.1.1").State != crm.Unreadable {
		t.Errorf("%+v %v: nothing shows that it can be seen", l, err)
	}
}

// A deal that an association answer does not speak of is asked for once more.
func TestAssociationsThatAreNotSpokenOf(t *testing.T) {
	c, m := mocked(t, Options{})
	asked := 0
	m.RegisterResponder("POST", "https://hs.test/crm/v4/associations/deals/contacts/batch/read", func(r *http.Request) (*http.Response, error) {
		asked++
		if asked == 1 {
			return says(200, `{"results":[{"from":{"id":"5"},"to":[]}]}`)(r)
		}
		return says(200, `{"results":[{"from":{"id":"6"},"to":[{"toObjectId":9007199254740991,"associationTypes":[{"category":"HUBSPOT_DEFINED","typeId":3,"label":null}]},{"toObjectId":"9007199254740991","associationTypes":[{"category":"USER_DEFINED","typeId":8,"label":" CHAMPION"}]}]}]}`)(r)
	})
	x, err := c.link(context.Background(), []string{"5", "6", "7"}, "contacts")
	if err != nil {
		t.Fatal(err)
	}
	if asked != 2 || len(x.of["6"]) != 1 || x.of["6"][0].to != "9007199254740991" || len(x.of["6"][0].types) != 2 || x.state("7") != crm.Read {
		t.Errorf("asked %d times: %+v", asked, x.of)
	}
	m.RegisterResponder("POST", "https://hs.test/crm/v4/associations/deals/contacts/batch/read",
		says(200, `{"results":[{"from":{"id":"5"},"to":[{"toObjectId":1}],"paging":{"next":{"after":"same"}}}]}`))
	if x, err = c.link(context.Background(), []string{"5"}, "contacts"); err != nil || x.state("5") != crm.Unreadable {
		t.Errorf("%v %v: a page that does not move is not the whole truth", x.state("5"), err)
	}
}

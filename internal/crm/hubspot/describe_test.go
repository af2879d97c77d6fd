package hubspot

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

func places(problems []crm.Problem) map[string]string {
	out := map[string]string{}
	for _, p := range problems {
		out[p.Place] = p.Message + " | " + p.Fix
	}
	return out
}

func TestDescribe(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	d, err := p.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if d.OrgID != p.PortalID() || d.Currency != "USD" || d.TimeZone != "America/New_York" || !d.Now.Equal(start) || d.Self != "" {
		t.Errorf("%+v", d)
	}
	if diff := cmp.Diff([]string{"New business", "Renewal"}, d.Types); diff != "" {
		t.Error(diff)
	}
	for _, role := range []string{"Champion", "Day-to-day", "DECISION_MAKER"} {
		if !slices.Contains(d.Roles, role) {
			t.Errorf("role %s is not among %q", role, d.Roles)
		}
	}
	if st := d.Fields["status"]; !st.Exists || !st.Writable || st.Native != "handoff_status" || st.Kind != crm.Picklist || !slices.Equal(st.Options, []string{"needs CSM", "final"}) {
		t.Errorf("%+v", st)
	}
	if st := d.Fields["evidence.1.1"]; st.Writable || st.Kind != crm.LongText {
		t.Errorf("%+v: what people write is not ours to write", st)
	}
	if st := d.Fields["ball"]; st.Exists || st.Native != "handoff_ball" {
		t.Errorf("%+v", st)
	}
	if got := places(d.Problems); len(got) != 1 || !strings.Contains(got["roles.nobody"], "Astronaut") || !strings.Contains(got["roles.nobody"], "Champion") {
		t.Errorf("%q", got)
	}
}

// The clock is read each time, the schema once an hour.
func TestTheSchemaIsKept(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	for i := range 3 {
		d, err := p.Describe(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if want := start.Add(time.Duration(i) * time.Hour); !d.Now.Equal(want) {
			t.Errorf("now is %v, want %v", d.Now, want)
		}
		p.Clock().Advance(time.Hour)
	}
	if got := p.Client.Calls(); got["properties"] != 2 || got["pipelines"] != 1 || got["labels"] != 1 || got["account"] != 3 {
		t.Errorf("%v", got)
	}
}

func TestMappingsThatDoNotFit(t *testing.T) {
	s := setup()
	ours := func(name, native string, kind crm.Kind, options ...string) crm.Field {
		return crm.Field{Name: name, Native: native, Kind: kind, Writer: crm.Ours, Options: options}
	}
	s.Fields = []crm.Field{
		ours("missing", "no_such_property", crm.Text),
		ours("date", "handoff_score", crm.Date),
		ours("picked", "handoff_status", crm.Picklist, "final", "unheard of"),
		ours("calculated", "hs_is_closed_won", crm.Bool),
		ours("borrowed", "use_case", crm.LongText),
		{Name: "evidence.1.1", Native: "use_case", Writer: crm.AE},
		{Name: "optional but named", Native: "not_there", Optional: true},
		{Name: "derived", Prefix: "handoff", Base: "nothing"},
		{Name: "derived, optional", Prefix: "handoff", Base: "nothing", Optional: true},
		{Name: "person", Native: "not_there_either", Object: crm.ObjectContact},
		{Name: "upper", Native: "Handoff_Score", Kind: crm.Number},
	}
	p := portalOf(t, company(1), hssim.Options{}, Options{}, s)
	d, err := p.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	got := places(d.Problems)
	for place, says := range map[string]string{
		"fields.missing": "no_such_property", "fields.date": "cannot hold a date", "fields.picked": "unheard of",
		"fields.calculated": "read-only", "fields.borrowed": "evidence.1.1", "fields.optional but named": "not_there",
		"fields.derived": "handoff_nothing", "fields.person": "contact property",
	} {
		if !strings.Contains(got[place], says) || strings.HasSuffix(got[place], "| ") {
			t.Errorf("%s: %q", place, got[place])
		}
	}
	for _, fine := range []string{"fields.derived, optional", "fields.upper", "fields.evidence.1.1"} {
		if got[fine] != "" {
			t.Errorf("%s: %q", fine, got[fine])
		}
	}
	for _, name := range []string{"missing", "date", "calculated", "borrowed"} {
		if d.Fields[name].Writable {
			t.Errorf("%s is writable", name)
		}
	}
	deal := p.load(t, p.ids(1)...)[p.ids(1)[0]]
	for name, want := range map[string]crm.State{
		"missing": crm.Unreadable, "optional but named": crm.Unreadable, "derived": crm.Unreadable, "derived, optional": crm.Unmapped, "upper": crm.Read,
	} {
		if got := deal.Field(name).State; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// Options whose stored value is an internal name are met by their label, on
// the way in and on the way out.
func TestOptionsByLabel(t *testing.T) {
	on := &property{name: "handoff_band", typ: "enumeration", field: "select", options: []choice{
		{value: "band_1", label: "Excellent"}, {value: "band_2", label: " below standard "}, {value: "Incomplete", label: "x"},
	}}
	e := &mapped{logical: crm.Field{Options: []string{"Excellent", "Below Standard", "Incomplete", "Acceptable"}}, on: on, kind: crm.Picklist}
	e.translate()
	for stored, word := range map[string]string{"band_1": "Excellent", "band_2": "Below Standard", "Incomplete": "Incomplete", "": ""} {
		if got := e.read(stored, time.UTC).Text; got != word {
			t.Errorf("%s reads as %q, want %q", stored, got, word)
		}
		if got := e.write(word, time.UTC); got != stored {
			t.Errorf("%s is written as %q, want %q", word, got, stored)
		}
	}
	if diff := cmp.Diff([]string{"Acceptable"}, e.lacking()); diff != "" {
		t.Error(diff)
	}
}

func TestAnAccountThatDoesNotSay(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	p.AddFault(hssim.Fault{Do: hssim.NoScope, On: "account_details", Times: -1, Scopes: []string{"account-info.security.read"}})
	d, err := p.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !d.Now.Equal(start) || d.Currency != "" || !strings.Contains(places(d.Problems)["account"], "account-info.security.read") {
		t.Errorf("%+v", d)
	}
	if deal := p.load(t, p.ids(1)...)[p.ids(1)[0]]; deal.Currency.State != crm.Unmapped { // the company's, as of an org that does not say
		t.Errorf("currency %+v", deal.Currency)
	}
}

func TestPeople(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	ada, ben := crm.UserID(p.OwnerID(0)), crm.UserID(p.OwnerID(1)) // Ben has left
	byUser := []crm.UserID{crm.UserID(p.UserID(0)), crm.UserID(p.UserID(1))}
	got, err := p.People(context.Background(), append(byUser, ada, ben, "5"))
	if err != nil {
		t.Fatal(err)
	}
	want := crm.Person{ID: ada, Name: "Ada Byron", Email: "ada@acme.example", Active: true}
	want.Teams = got[ada].Teams
	if diff := cmp.Diff(want, got[ada]); diff != "" || len(want.Teams) != 1 {
		t.Errorf("%s %v", diff, want.Teams)
	}
	if got[ben].Active || got[ben].Name != "Ben Gray" {
		t.Errorf("%+v: an owner who left is still somebody", got[ben])
	}
	if got[byUser[0]].ID != ada || got[byUser[1]].ID != ben {
		t.Errorf("%+v: both forms of user id lead to the owner", got)
	}
	if _, known := got["5"]; known {
		t.Error("an unknown id is absent")
	}
	calls := p.Client.Calls()["owners"]
	if _, err := p.People(context.Background(), []crm.UserID{ada, "5"}); err != nil || p.Client.Calls()["owners"] != calls {
		t.Errorf("owners are read again at once: %v", err)
	}
}

func TestManyOwners(t *testing.T) {
	w := company(1)
	for range 350 {
		w.Users = append(w.Users, w.Users[0], w.Users[1])
	}
	p := portalOf(t, w, hssim.Options{}, Options{}, setup())
	var ids []crm.UserID
	for i := range w.Users {
		ids = append(ids, crm.UserID(p.OwnerID(i)))
	}
	got, err := p.People(context.Background(), ids)
	if err != nil || len(got) != len(w.Users) {
		t.Errorf("%d of %d, %v", len(got), len(w.Users), err)
	}
}

// An owner id counts before a user id of the same digits, and the primary team
// comes first.
func TestOddOwners(t *testing.T) {
	c, m := mocked(t, Options{})
	m.RegisterResponder("GET", "https://hs.test/crm/v3/owners?archived=true&limit=100", says(200, `{"results":[{"id":"9","userId":null,"userIdIncludingInactive":4000000001,"firstName":"Old","archived":true}]}`))
	m.RegisterResponder("GET", "https://hs.test/crm/v3/owners?archived=false&limit=100", says(200,
		`{"results":[{"id":"7","userId":8,"firstName":"Seven","teams":[{"id":"1","primary":false},{"id":"2","primary":true}]}],"paging":{"next":{"after":"x"}}}`))
	m.RegisterResponder("GET", "https://hs.test/crm/v3/owners?after=x&archived=false&limit=100", says(200, `{"results":[{"id":"8","userId":55,"createdAt":"not a time"}]}`))
	got, err := c.People(context.Background(), []crm.UserID{"7", "8", "55", "9", "4000000001"})
	if err != nil {
		t.Fatal(err)
	}
	if got["8"].ID != "8" || got["55"].ID != "8" || got["4000000001"].ID != "9" || !slices.Equal(got["7"].Teams, []string{"2", "1"}) {
		t.Errorf("%+v", got)
	}
}

// A schema in which something is amiss is not believed for an hour.
func TestWhatWasMendedIsSeenSoon(t *testing.T) {
	p := newPortal(t, 2, hssim.Options{}, Options{})
	there := func() bool {
		t.Helper()
		d, err := p.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d.Fields["evidence.1.1"].Exists
	}
	age := func(d time.Duration) { p.Client.schema.value.at = p.Client.schema.value.at.Add(-d) }
	if err := p.HideProperty("deals", "use_case"); err != nil {
		t.Fatal(err)
	}
	before := there()
	if err := p.ShowProperty("deals", "use_case"); err != nil {
		t.Fatal(err)
	}
	age(doubtedLife - time.Second*30)
	soon := there()
	age(time.Minute)
	if later := there(); before || soon || !later {
		t.Errorf("hidden: %v; four minutes later: %v; six minutes later: %v", before, soon, later)
	}
}

package hubspot

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

func TestCanonical(t *testing.T) {
	for _, x := range []struct {
		kind      crm.Kind
		raw, want string
	}{
		{crm.Text, " as it stands ", " as it stands "},
		{crm.LongText, "<p>a</p>", "<p>a</p>"},
		{crm.Number, "12", "12"},
		{crm.Number, "12.500", "12.5"},
		{crm.Number, "1e3", "1000"},
		{crm.Number, "-0.0", "0"},
		{crm.Number, "0.2000000000000000111", "0.2000000000000000111"},
		{crm.Number, "12345678901234567890.5", "12345678901234567890.5"},
		{crm.Number, "1e400", "1e400"},
		{crm.Number, "n/a", "n/a"},
		{crm.Bool, "TRUE", "true"},
		{crm.Bool, "false", "false"},
		{crm.Date, "2026-11-20", "2026-11-20"},
		{crm.Date, "1795132800000", "2026-11-20"},
		{crm.Date, "2026-11-20T00:00:00Z", "2026-11-20"},
		{crm.DateTime, "2026-11-20T09:00:00Z", "2026-11-20T09:00:00.000Z"},
		{crm.DateTime, "2026-11-20T10:00:00.123+01:00", "2026-11-20T09:00:00.123Z"},
		{crm.DateTime, "1795165200123", "2026-11-20T09:00:00.123Z"},
		{crm.DateTime, "soon", "soon"},
		{crm.DateTime, "99999999999999999", "99999999999999999"},
		{crm.Picklist, " a ; b;;a", "a;b"},
		{crm.User, " 41629700 ", "41629700"},
	} {
		if got := canonical(x.kind, x.raw); got != x.want {
			t.Errorf("%s %q is %q, want %q", x.kind, x.raw, got, x.want)
		}
		if got := canonical(x.kind, ""); got != "" {
			t.Errorf("an empty %s is %q", x.kind, got)
		}
	}
}

// What was read and is written back is the same value, and reading it once
// more changes nothing.
func TestCanonicalIsStable(t *testing.T) {
	for _, kind := range []crm.Kind{crm.Text, crm.Number, crm.Bool, crm.Date, crm.DateTime, crm.Picklist, crm.User} {
		for _, raw := range []string{"12.50", "true", "1795165200123", "2026-11-20", "a;b ", "2026-11-20T09:00:00+02:00"} {
			once := canonical(kind, raw)
			if twice := canonical(kind, once); twice != once {
				t.Errorf("%s %q: %q, then %q", kind, raw, once, twice)
			}
		}
	}
}

func TestTheDayOfAnInstantIsTheZones(t *testing.T) {
	phoenix, err := time.LoadLocation("America/Phoenix")
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]string{
		"2026-11-20T23:00:00.000Z": "2026-11-20", // 16:00 in Arizona
		"2026-11-21T00:30:00Z":     "2026-11-20",
		"2026-11-21T07:00:00Z":     "2026-11-21",
		"2026-11-21":               "2026-11-21",
		"":                         "",
	} {
		if got := day(raw, phoenix); got != want {
			t.Errorf("%s is %s, want %s", raw, got, want)
		}
	}
}

func TestPaths(t *testing.T) {
	for p, want := range map[string][3]string{
		"/crm/v3/objects/deals/search":                   {"/crm/objects/2026-03/deals/search", "/crm/objects/2026-09/deals/search", "/crm/v3/objects/deals/search"},
		"/crm/v4/associations/deals/contacts/labels":     {"/crm/associations/2026-03/deals/contacts/labels", "/crm/associations/2026-09/deals/contacts/labels", "/crm/v4/associations/deals/contacts/labels"},
		"/crm/v4/objects/deals/5/associations/notes":     {"/crm/objects/2026-03/deals/5/associations/notes", "/crm/objects/2026-09/deals/5/associations/notes", "/crm/v4/objects/deals/5/associations/notes"},
		"/crm/v3/owners/":                                {"/crm/owners/2026-03", "/crm/owners/2026-09", "/crm/v3/owners"},
		"/crm/v3/pipelines/deals":                        {"/crm/pipelines/2026-03/deals", "/crm/pipelines/2026-09/deals", "/crm/v3/pipelines/deals"},
		"/crm/v3/properties/contacts":                    {"/crm/properties/2026-03/contacts", "/crm/properties/2026-09/contacts", "/crm/v3/properties/contacts"},
		"/oauth/v3/token":                                {"/oauth/2026-03/token", "/oauth/2026-09/token", "/oauth/v3/token"},
		"/account-info/v3/details":                       {"/account-info/v3/details", "/account-info/v3/details", "/account-info/v3/details"},
		"/crm/v4/associations/deals/contacts/batch/read": {"/crm/associations/2026-03/deals/contacts/batch/read", "/crm/associations/2026-09/deals/contacts/batch/read", "/crm/v4/associations/deals/contacts/batch/read"},
	} {
		for i, v := range []string{"2026-03", "2026-09", "v3"} {
			if got := path(v, p); got != want[i] {
				t.Errorf("%s: %s became %s, want %s", v, p, got, want[i])
			}
		}
	}
}

func wonWith(values map[string]string) crm.Moment {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	b := &batch{c: &Client{setup: crm.Setup{Zone: berlin}}, s: &schema{account: account{zone: berlin}}}
	rec := newColumns(slices.Collect(maps.Keys(values))).record("1", false)
	texts := make([]string, len(rec.columns.at))
	for name, text := range values {
		texts[rec.columns.at[name]] = text
	}
	rec.own(texts)
	return b.wonAt(rec)
}

func TestWhenADealWasWon(t *testing.T) {
	at := time.Date(2026, 11, 10, 14, 0, 0, 0, time.UTC)
	for name, x := range map[string]struct {
		values map[string]string
		want   crm.Moment
	}{
		"the closed won date":  {map[string]string{"hs_closed_won_date": "1794319200000", "closedate": "2026-10-01T00:00:00Z"}, crm.Moment{At: at, Source: "closed won date"}},
		"the stage's entry":    {map[string]string{"dealstage": "77", "hs_v2_date_entered_77": "2026-11-10T14:00:00Z", "hs_v2_date_entered_9": "2020-01-01T00:00:00Z", "closedate": "2026-10-01T00:00:00Z"}, crm.Moment{At: at, Source: "stage entry"}},
		"the older name of it": {map[string]string{"dealstage": "77", "hs_date_entered_77": "2026-11-10T14:00:00Z"}, crm.Moment{At: at, Source: "stage entry"}},
		"the close date":       {map[string]string{"closedate": "2026-11-10T23:30:00Z"}, crm.Moment{At: time.Date(2026, 11, 10, 23, 0, 0, 0, time.UTC), Imprecise: true, Source: "close date"}},
		"nothing":              {map[string]string{"closedate": ""}, crm.Moment{}},
	} {
		if diff := cmp.Diff(x.want, wonWith(x.values)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestHistory(t *testing.T) {
	h := gjson.Parse(`{"p":[{"value":"b","timestamp":"2026-11-03T00:00:00Z"},{"value":"a","timestamp":"1793491200000"},{"value":"b","timestamp":"2026-11-02T00:00:00.000Z"}]}`)
	list := versions(h, "p")
	if len(list) != 3 || list[0].text != "a" {
		t.Fatalf("%+v: the order of an answer is not to be relied on", list)
	}
	if got := changedAt(list, "b"); !got.Equal(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%v: writing the same value again is no change", got)
	}
	if got := changedAt(list, "c"); !got.IsZero() {
		t.Errorf("%v: a value that history does not know has no time", got)
	}
	owners := []version{
		{"7", time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}, {"8", time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC)},
	}
	seller := func(month time.Month, at int) crm.UserID {
		d := crm.Deal{Won: true, Owner: "9", WonAt: crm.Moment{At: time.Date(2026, month, at, 0, 0, 0, 0, time.UTC)}}
		b := &batch{pasts: map[string]past{"1": {sold: soldBy(owners, d.WonAt)}}}
		return b.seller("1", &d)
	}
	for at, want := range map[int]crm.UserID{1: "7", 4: "7", 5: "8", 6: "8"} {
		if got := seller(time.November, at); got != want {
			t.Errorf("won on the %d.: %s, want %s", at, got, want)
		}
	}
	if got := seller(time.October, 1); got != "9" {
		t.Errorf("without an owner at the win it is the owner now, not %s", got)
	}
}

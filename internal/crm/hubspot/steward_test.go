package hubspot

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// needs is a set-up with a property of every sort, and some of the org's own.
func needs() crm.Setup {
	f := func(name string, kind crm.Kind, w crm.Writer, a crm.Access, options ...string) crm.Field {
		return crm.Field{
			Name: name, Prefix: "handoff", Base: name, Kind: kind, Writer: w, Access: a, Options: options,
			Label: "Handoff " + name, Help: "What <" + name + "> is & means",
		}
	}
	s := setup()
	s.Roles = map[string][]string{"champion": {"Champion"}, "executive_sponsor": {"Executive Sponsor"}}
	s.Fields = []crm.Field{
		f("attempt", crm.Number, crm.Ours, crm.Internal), f("ball", crm.Text, crm.Ours, crm.Open),
		f("csm", crm.User, crm.CSM, crm.Open), f("due_at", crm.DateTime, crm.Ours, crm.Internal),
		f("escalation", crm.Picklist, crm.Ours, crm.Internal, "None", "CS manager", "Sales manager"),
		f("gaps", crm.LongText, crm.Ours, crm.Open), f("hold", crm.Bool, crm.Ours, crm.Internal),
		f("item_1_1_score", crm.Picklist, crm.CSM, crm.Restricted, "0", "1", "2"), f("kickoff_at", "", crm.CSM, crm.Open),
		f("score", crm.Number, crm.Ours, crm.Restricted), f("shared_on", crm.Date, crm.Ours, crm.Open),
		{Name: "partner.status", Prefix: "partner", Base: "status", Kind: crm.Picklist, Options: []string{"final"}, Writer: crm.Ours},
		{Name: "evidence.1.1", Native: "use_case", Kind: crm.LongText, Writer: crm.AE, Access: crm.Open},
		{Name: "context", Native: "relationship_note", Kind: crm.LongText, Object: crm.ObjectContact},
	}
	s.Notes = []crm.Field{f("item_1_1_note", crm.LongText, crm.CSM, crm.Internal)}
	return s
}

func bare(t *testing.T, s crm.Setup) *portal {
	t.Helper()
	return portalOf(t, company(20), hssim.Options{NoHandoffFields: true, NoSearchLag: true}, Options{}, s)
}

func (p *portal) survey(t *testing.T) map[string]crm.Part {
	t.Helper()
	s, err := p.Survey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]crm.Part{}
	for _, part := range s.Parts {
		out[part.Name] = part
	}
	return out
}

// provide makes all that is missing and counts it.
func (p *portal) provide(t *testing.T) int {
	t.Helper()
	s, err := p.Survey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, part := range s.Parts {
		if part.State != crm.Missing {
			continue
		}
		if err := p.Provide(t.Context(), part); err != nil {
			t.Fatalf("%s: %v", part.Name, err)
		}
		n++
	}
	return n
}

func TestFromNothingToAllFields(t *testing.T) {
	for _, version := range []string{"2026-03", "2026-09", "v3"} {
		t.Run(version, func(t *testing.T) {
			p := portalOf(t, company(20), hssim.Options{NoHandoffFields: true, NoSearchLag: true}, Options{APIVersion: version}, needs())
			before, err := p.Survey(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(before.Parts) != 15 || before.Parts[0].Kind != "group" || before.Parts[0].Label != "Handoff" || before.Parts[1].Name != "partner" {
				t.Fatalf("%+v", before.Parts)
			}
			for _, part := range before.Parts {
				if part.State != crm.Missing {
					t.Errorf("%+v", part)
				}
			}
			if !strings.Contains(strings.Join(before.Assign, "\n"), "crm.schemas.deals.write") || !strings.Contains(strings.Join(before.Manual, "\n"), "handoff_score") {
				t.Errorf("%q %q", before.Assign, before.Manual)
			}
			if n := p.provide(t); n != 15 {
				t.Errorf("made %d", n)
			}
			d, err := p.Describe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Problems) != 0 {
				t.Errorf("%+v", d.Problems)
			}
			for _, f := range needs().Fields {
				st := d.Fields[f.Name]
				if !st.Exists || st.Writable != (f.Writer == crm.Ours) || f.Kind != "" && st.Kind != f.Kind || !slices.Equal(st.Options, f.Options) {
					t.Errorf("%s: %+v", f.Name, st)
				}
			}
			if d.Fields["kickoff_at"].Kind != crm.DateTime {
				t.Errorf("%+v", d.Fields["kickoff_at"])
			}
			made := p.Client.Calls()["fields make"]
			after := p.survey(t)
			for _, part := range after {
				if part.State != crm.Present || len(part.Notes) > 0 {
					t.Errorf("%+v", part)
				}
			}
			if n := p.provide(t); n != 0 || p.Client.Calls()["fields make"] != made || made != 15 {
				t.Errorf("the second time %d parts, %d writing calls before", n, made)
			}
		})
	}
}

// What was made takes the values that syncd and people write.
func TestWhatWasMadeHoldsValues(t *testing.T) {
	p := bare(t, needs())
	p.provide(t)
	id := p.ids(1)[0]
	want := map[string]string{
		"attempt": "1", "ball": "AE", "due_at": "2026-11-22T10:00:00.000Z", "escalation": "Sales manager", "gaps": "a\nb", "hold": "true",
		"score": "31", "shared_on": "2026-11-22",
	}
	out, err := p.write(t, crm.Update{ID: id, Fields: want})
	if err != nil || out[0].Status != crm.Confirmed {
		t.Fatalf("%+v %v", out, err)
	}
	for name, value := range map[string]string{"handoff_csm": p.OwnerID(2), "handoff_item_1_1_score": "2", "handoff_kickoff_at": "2026-11-21T10:00:00Z"} {
		if err := p.Set("deals", string(id), name, value); err != nil {
			t.Error(err)
		}
	}
	deal := p.load(t, id)[id]
	for name, text := range want {
		if got := deal.Field(name).Text; got != text {
			t.Errorf("%s is %q", name, got)
		}
	}
	if deal.Field("csm").Text != p.OwnerID(2) || deal.Field("item_1_1_score").Text != "2" {
		t.Errorf("%+v", deal.Fields)
	}
}

func TestAnOwnerPropertyTakesOwnersAlone(t *testing.T) {
	p := bare(t, needs())
	p.provide(t)
	if err := p.Set("deals", p.DealID(0), "handoff_csm", "5"); err == nil {
		t.Error("5 is no owner")
	}
}

// Twice made at once is made once, and a part that is there is left alone.
func TestProvidingWhatIsThere(t *testing.T) {
	p := bare(t, needs())
	s, err := p.Survey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, part := range s.Parts {
			if err := p.Provide(t.Context(), part); err != nil {
				t.Errorf("%s: %v", part.Name, err)
			}
		}
	}
	for _, part := range []crm.Part{{Kind: "property", Name: "use_case"}, {Kind: "group", Name: "dealinformation"}, {Kind: "property", Name: "no_such"}} {
		if err := p.Provide(t.Context(), part); crm.KindOf(err) != crm.Invalid {
			t.Errorf("%s: %v", part.Name, err)
		}
	}
}

// A request without an answer is not sent again: what became of it is looked up.
func TestMakingWithoutAnAnswer(t *testing.T) {
	for _, do := range []hssim.Mishap{hssim.ResetAfterCommit, hssim.TruncatedJSON, hssim.BadGateway, hssim.ResetBeforeCommit} {
		t.Run(string(do), func(t *testing.T) {
			p := bare(t, needs())
			s, err := p.Survey(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p.AddFault(hssim.Fault{Do: do, On: "group_create", Times: 1})
			p.AddFault(hssim.Fault{Do: do, On: "property_create", Times: 1})
			committed := do == hssim.ResetAfterCommit || do == hssim.TruncatedJSON
			for _, part := range []crm.Part{s.Parts[0], s.Parts[2]} {
				before := p.Client.Calls()["fields make"]
				err := p.Provide(t.Context(), part)
				if (err == nil) != committed {
					t.Errorf("%s: %v", part.Name, err)
				}
				if n := p.Client.Calls()["fields make"] - before; n != 1 {
					t.Errorf("%s was sent %d times", part.Name, n)
				}
				if err := p.Provide(t.Context(), part); err != nil {
					t.Errorf("%s, again: %v", part.Name, err)
				}
			}
			p.provide(t)
			for _, part := range p.survey(t) {
				if part.State != crm.Present {
					t.Errorf("%+v", part)
				}
			}
		})
	}
}

func TestDifferencesAreToldAndLeft(t *testing.T) {
	p := bare(t, needs())
	p.create(t, "groups", `{"name":"handoff","label":"Something else"}`)
	for _, body := range []string{
		`{"name":"handoff_score","label":"S","groupName":"handoff","type":"string","fieldType":"text"}`,
		`{"name":"handoff_escalation","label":"E","groupName":"handoff","type":"enumeration","fieldType":"select","options":[{"label":"None","value":"None","hidden":false,"displayOrder":0},{"label":"cs manager","value":"m1","hidden":false,"displayOrder":1}]}`,
		`{"name":"handoff_ball","label":"B","groupName":"handoff","type":"string","fieldType":"text","hasUniqueValue":true}`,
		`{"name":"handoff_csm","label":"C","groupName":"handoff","type":"enumeration","fieldType":"select","options":[{"label":"A","value":"a","hidden":false,"displayOrder":0}]}`,
		`{"name":"handoff_attempt","label":"A","groupName":"handoff","type":"number","fieldType":"calculation_equation","calculationFormula":"1"}`,
		`{"name":"handoff_kickoff_at","label":"K","groupName":"handoff","type":"date","fieldType":"date"}`,
		`{"name":"handoff_gaps","label":"G","groupName":"handoff","type":"string","fieldType":"textarea"}`,
		`{"name":"handoff_hold","label":"H","groupName":"handoff","type":"enumeration","fieldType":"booleancheckbox","options":[{"label":"Y","value":"true","hidden":false,"displayOrder":0},{"label":"N","value":"false","hidden":false,"displayOrder":1}]}`,
	} {
		p.create(t, "", body)
	}
	if err := p.ProtectProperty("deals", "handoff_gaps"); err != nil {
		t.Fatal(err)
	}
	before := p.definitions(t)
	got := p.survey(t)
	for name, says := range map[string]string{
		"handoff_score": "single-line text, not number", "handoff_escalation": `lacks the options "Sales manager"`, "handoff_ball": "value of its own",
		"handoff_csm": "dropdown, not HubSpot user", "handoff_attempt": "calculated", "handoff_gaps": "read-only",
	} {
		if part := got[name]; part.State != crm.Differs || !strings.Contains(strings.Join(part.Notes, "; "), says) {
			t.Errorf("%+v", part)
		}
	}
	if strings.Contains(strings.Join(got["handoff_escalation"].Notes, ""), "CS manager") {
		t.Errorf("an option is known by its label too: %q", got["handoff_escalation"].Notes)
	}
	for _, name := range []string{"handoff_kickoff_at", "handoff_hold", "handoff"} {
		if got[name].State != crm.Present {
			t.Errorf("%+v", got[name])
		}
	}
	p.provide(t)
	after := p.definitions(t)
	for name, was := range before {
		if after[name] != was {
			t.Errorf("%s was changed:\n%s\n%s", name, was, after[name])
		}
	}
}

// create makes a definition as an admin's own script would.
func (p *portal) create(t *testing.T, what, body string) {
	t.Helper()
	if status, text := p.call(t, "POST", strings.TrimSuffix("/crm/v3/properties/deals/"+what, "/"), body); status != 201 {
		t.Fatalf("%d %s", status, text)
	}
}

func (p *portal) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.Credentials().Token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (p *portal) definitions(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	_, text := p.call(t, "GET", "/crm/v3/properties/deals", "")
	for _, r := range gjson.Get(text, "results").Array() {
		out[r.Get("name").String()] = r.Raw
	}
	_, groups := p.call(t, "GET", "/crm/v3/properties/deals/groups", "")
	for _, r := range gjson.Get(groups, "results").Array() {
		out["group "+r.Get("name").String()] = r.Raw
	}
	return out
}

func TestHiddenProperties(t *testing.T) {
	p := bare(t, needs())
	p.provide(t)
	for name, hide := range map[string]func(string, string) error{
		"handoff_score": p.ArchiveProperty, "handoff_ball": p.GuardProperty, "use_case": p.ArchiveProperty,
	} {
		if err := hide("deals", name); err != nil {
			t.Fatal(err)
		}
	}
	p.forget()
	got := p.survey(t)
	for name, says := range map[string]string{"handoff_score": "Archived properties", "handoff_ball": "sensitive", "use_case": "was archived"} {
		if part := got[name]; part.State != crm.Hidden || !strings.Contains(strings.Join(part.Notes, ""), says) {
			t.Errorf("%+v", part)
		}
	}
	if n := p.provide(t); n != 0 {
		t.Errorf("made %d", n)
	}
	err := p.Provide(t.Context(), got["handoff_score"])
	var e *crm.Error
	if !asCRM(err, &e) || !strings.Contains(e.Fix, "Archived properties") || p.Client.Calls()["fields make"] != 15 {
		t.Errorf("%v", err)
	}
}

// What the org named is told and never made.
func TestTheOrgsOwnAreNotMade(t *testing.T) {
	s := needs()
	s.Fields = append(s.Fields, crm.Field{Name: "arr", Native: "annual_value", Kind: crm.Number, Writer: crm.Org}, crm.Field{Name: "band", Native: "our_band", Kind: crm.Picklist, Writer: crm.Ours})
	p := bare(t, s)
	got := p.survey(t)
	for _, name := range []string{"annual_value", "our_band"} {
		if part := got[name]; part.State != crm.Hidden || len(part.Notes) != 1 {
			t.Errorf("%+v", part)
		}
	}
	if _, told := got["use_case"]; told {
		t.Error("what is there needs no word")
	}
	p.provide(t)
	if d := p.definitions(t); d["annual_value"] != "" || d["our_band"] != "" || d["handoff_score"] == "" {
		t.Errorf("%q", slices.Collect(maps.Keys(d)))
	}
}

func TestWithoutTheScopeToMake(t *testing.T) {
	p := bare(t, needs())
	p.RevokeScope("crm.schemas.deals.write")
	s, err := p.Survey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range s.Parts {
		var e *crm.Error
		if err := p.Provide(t.Context(), part); !asCRM(err, &e) || e.Kind != crm.Permission || !strings.Contains(e.Fix, "crm.schemas.deals.write") {
			t.Fatalf("%v", err)
		}
	}
	if got := p.definitions(t)["group handoff"]; got != "" {
		t.Errorf("%s", got)
	}
	p.GrantScope("crm.schemas.deals.write")
	if n := p.provide(t); n != 15 {
		t.Errorf("made %d", n)
	}
}

// The files hold what Provide sends, and HubSpot takes them.
func TestPlansAreWhatProvideSends(t *testing.T) {
	for _, version := range []string{"2026-09", "v3"} {
		sent := map[string]any{}
		record := roundTrip(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost && strings.Contains(req.URL.Path, "/properties/") {
				body, err := req.GetBody()
				if err != nil {
					return nil, err
				}
				var v map[string]any
				if err := json.NewDecoder(body).Decode(&v); err != nil {
					return nil, err
				}
				sent[v["name"].(string)] = v
			}
			return http.DefaultTransport.RoundTrip(req)
		})
		p := bare(t, needs())
		c, err := New(needs(), Auth{Token: p.Credentials().Token}, Options{BaseURL: p.url, APIVersion: version, HTTP: record})
		if err != nil {
			t.Fatal(err)
		}
		files, err := Plans(needs(), version)
		if err != nil {
			t.Fatal(err)
		}
		(&portal{p.Server, c, p.url}).provide(t)
		planned := map[string]any{}
		for name, text := range files {
			if !strings.HasSuffix(name, ".json") {
				continue
			}
			var v map[string]any
			if err := json.Unmarshal(text, &v); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			inputs, batch := v["inputs"].([]any)
			if !batch {
				inputs = []any{v}
			}
			for _, in := range inputs {
				planned[in.(map[string]any)["name"].(string)] = in
			}
		}
		if diff := cmp.Diff(sent, planned); diff != "" || len(sent) != 15 {
			t.Errorf("%d sent: %s", len(sent), diff)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestPlansCanBePosted(t *testing.T) {
	p := bare(t, needs())
	files, err := Plans(needs(), defaultVersion)
	if err != nil {
		t.Fatal(err)
	}
	steps := strings.Split(string(files["README.txt"]), "\n")
	posted := 0
	for i, line := range steps {
		if at, ok := strings.CutPrefix(strings.TrimSpace(line), "POST https://api.hubapi.com"); ok {
			status, text := p.call(t, "POST", at, string(files[steps[i-1]]))
			if status != 201 {
				t.Errorf("%s: %d %s", steps[i-1], status, text)
			}
			posted++
		}
	}
	if posted != len(files)-1 || posted != 4 {
		t.Errorf("%d files of %d named", posted, len(files))
	}
	for _, part := range p.survey(t) {
		if part.State != crm.Present {
			t.Errorf("%+v", part)
		}
	}
}

func TestSurveyOfATokenThatIsWrong(t *testing.T) {
	p := bare(t, needs())
	c, err := New(needs(), Auth{Token: "pat-na1-0000"}, Options{BaseURL: p.url})
	if err != nil {
		t.Fatal(err)
	}
	var e *crm.Error
	if _, err := c.Survey(context.Background()); !asCRM(err, &e) || e.Kind != crm.Auth || e.Fix == "" {
		t.Errorf("%v", err)
	}
}

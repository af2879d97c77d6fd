package crmtest_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

// fieldSet is a set-up of every kind of field that a scorecard brings, and one
// of the org's own.
func fieldSet(prefix string) crm.Setup {
	f := func(base string, kind crm.Kind, writer crm.Writer, access crm.Access, options ...string) crm.Field {
		return crm.Field{
			Name: base, Prefix: prefix, Base: base, Object: crm.ObjectDeal, Kind: kind, Writer: writer, Access: access, Options: options,
			Label: "Handoff " + strings.ReplaceAll(base, "_", " "), Help: "What <people> & others read",
		}
	}
	optional := func(x crm.Field) crm.Field { x.Optional = true; return x }
	scores := []string{"0", "1", "2"}
	return crm.Setup{
		Connection: "acme", Zone: time.UTC, Since: now.AddDate(0, -6, 0), Roles: map[string][]string{"champion": {"Champion"}},
		Fields: []crm.Field{
			f("status", crm.Picklist, crm.Ours, crm.Open, "needs CSM", "final"),
			f("band", crm.Picklist, crm.Ours, crm.Restricted, "Excellent", "Incomplete"),
			f("score", crm.Number, crm.Ours, crm.Restricted),
			f("range", crm.Text, crm.Ours, crm.Restricted),
			f("key", crm.Text, crm.Ours, crm.Internal),
			f("gaps", crm.LongText, crm.Ours, crm.Open),
			f("hold", crm.Bool, crm.Ours, crm.Internal),
			f("due_at", crm.DateTime, crm.Ours, crm.Internal),
			f("csm", crm.User, crm.CSM, crm.Open),
			f("kickoff_at", "", crm.CSM, crm.Open),
			f("item_1_1_score", crm.Picklist, crm.CSM, crm.Restricted, scores...),
			optional(f("dispute_score", crm.Picklist, crm.CSM, crm.Restricted, scores...)),
			{Name: "arr", Native: "ARR__c", Object: crm.ObjectDeal, Kind: crm.Number, Writer: crm.Org},
		},
		Notes: []crm.Field{f("item_1_1_note", crm.LongText, crm.CSM, crm.Internal)},
	}
}

func (o *org) steward(t *testing.T, setup crm.Setup) *salesforce.Client {
	t.Helper()
	return o.stewardOf(t, setup, "")
}

func (o *org) stewardOf(t *testing.T, setup crm.Setup, version string) *salesforce.Client {
	t.Helper()
	c, err := salesforce.New(setup, o.auth(salesforce.ClientCredentials), salesforce.Options{APIVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func survey(t *testing.T, c crm.Steward) crm.Survey {
	t.Helper()
	s, err := c.Survey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func inState(s crm.Survey, states ...crm.PartState) []crm.Part {
	var out []crm.Part
	for _, p := range s.Parts {
		if slices.Contains(states, p.State) {
			out = append(out, p)
		}
	}
	return out
}

func partNamed(t *testing.T, s crm.Survey, name string) crm.Part {
	t.Helper()
	for _, p := range s.Parts {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no part %s", name)
	return crm.Part{}
}

func provide(t *testing.T, c crm.Steward, s crm.Survey) {
	t.Helper()
	for _, p := range inState(s, crm.Missing) {
		if err := c.Provide(t.Context(), p); err != nil {
			t.Fatalf("%s %s: %v", p.Kind, p.Name, err)
		}
	}
}

func describe(t *testing.T, c crm.Source) crm.Description {
	t.Helper()
	d, err := c.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSalesforceFieldsFromNothing(t *testing.T) {
	for _, prefix := range []string{"handoff", "acme"} {
		t.Run(prefix, func(t *testing.T) {
			o := newOrg(t, 12, sfsim.Options{NoHandoffFields: true})
			setup := fieldSet(prefix)
			c := o.steward(t, setup)
			first := survey(t, c)
			if left := inState(first, crm.Present, crm.Differs, crm.Hidden); len(left) > 0 {
				t.Fatalf("an empty org has %+v", left)
			}
			if n := strings.ToUpper(prefix[:1]) + prefix[1:]; partNamed(t, first, "Opportunity."+n+"_Item_1_1_Score__c").Type != "picklist of 3" {
				t.Errorf("got %+v", first.Parts)
			}
			order := map[string]int{"field": 0, "permission set": 1, "field permission": 2}
			if !slices.IsSortedFunc(first.Parts, func(x, y crm.Part) int { return order[x.Kind] - order[y.Kind] }) {
				t.Error("parts are not in the order of their making")
			}
			provide(t, c, first)

			second := survey(t, c)
			if left := inState(second, crm.Missing, crm.Differs); len(left) > 0 {
				t.Errorf("still %+v", left)
			}
			if hidden := inState(second, crm.Hidden); len(hidden) != 13 || !strings.Contains(hidden[0].Notes[0], "Handoff_Sync") {
				t.Errorf("before the assignment %d are hidden: %+v", len(hidden), hidden)
			}
			if describe(t, c).Fields["score"].Exists {
				t.Error("a field is seen that nobody was given")
			}
			o.Assign("Handoff_Sync", o.Me())
			third := survey(t, c)
			if left := inState(third, crm.Missing, crm.Differs, crm.Hidden); len(left) > 0 {
				t.Errorf("still %+v", left)
			}
			d := describe(t, c)
			for _, f := range setup.Fields {
				if st := d.Fields[f.Name]; !st.Exists || f.Writer == crm.Ours && !st.Writable {
					t.Errorf("%s: %+v", f.Name, st)
				}
			}
			for _, p := range d.Problems {
				if strings.HasPrefix(p.Place, "fields.") {
					t.Errorf("problem %+v", p)
				}
			}
			if got := d.Fields["gaps"].Length; got != 32768 {
				t.Errorf("gaps hold %d", got)
			}
			value := map[string]string{"status": "final", "band": "Excellent", "score": "40", "gaps": "one\ntwo", "hold": "true", "due_at": "2026-11-25T10:00:00.000Z"}
			out, err := c.Write(t.Context(), []crm.Update{{ID: crm.DealID(o.DealID(0)), Fields: value}})
			if err != nil || out[0].Status != crm.Confirmed || len(out[0].Fields) > 0 {
				t.Errorf("%v %+v", err, out)
			}

			o.ResetStats()
			provide(t, c, survey(t, c))
			if written := o.Stats().Written; len(written) > 0 {
				t.Errorf("a second run wrote %v", written)
			}
		})
	}
}

func TestSalesforceProvidesWhatIsThereByNow(t *testing.T) {
	o := newOrg(t, 4, sfsim.Options{NoHandoffFields: true})
	c := o.steward(t, fieldSet("handoff"))
	first := survey(t, c)
	provide(t, c, first)
	o.ResetStats()
	provide(t, c, first) // somebody else was quicker
	if w := o.Stats().Written; len(w) > 0 {
		t.Errorf("wrote %v", w)
	}
}

// TestSalesforceNeverCreatesBlindly cuts the answers to creates off: each was
// done, and none is sent twice.
func TestSalesforceNeverCreatesBlindly(t *testing.T) {
	for _, kind := range []string{"field", "permission set", "field permission"} {
		for _, mishap := range []sfsim.Mishap{sfsim.ResetAfterCommit, sfsim.ResetBeforeCommit, sfsim.TruncatedJSON} {
			t.Run(kind+" "+string(mishap), func(t *testing.T) {
				o := newOrg(t, 4, sfsim.Options{NoHandoffFields: true})
				c := o.steward(t, fieldSet("handoff"))
				first := survey(t, c)
				var p crm.Part
				for _, each := range inState(first, crm.Missing) {
					if each.Kind == kind {
						p = each
						break
					}
					if err := c.Provide(t.Context(), each); err != nil {
						t.Fatal(err)
					}
				}
				o.AddFault(sfsim.Fault{On: map[bool]string{true: "tooling insert", false: "insert"}[kind == "field"], Do: mishap})
				err := c.Provide(t.Context(), p)
				if mishap == sfsim.ResetBeforeCommit {
					if err == nil || crm.KindOf(err) != crm.Unavailable {
						t.Errorf("not done, and the error is %v", err)
					}
					return
				}
				if err != nil {
					t.Error(err)
				}
				if got := partNamed(t, survey(t, c), p.Name).State; got == crm.Missing {
					t.Error("still missing")
				}
			})
		}
	}
}

func TestSalesforceReportsWhatDiffersAndLeavesIt(t *testing.T) {
	o := newOrg(t, 4, sfsim.Options{NoHandoffFields: true, Custom: []sfsim.CustomField{
		{Object: "Opportunity", Name: "Handoff_Score__c", Type: "double", Precision: 3, Scale: 1},
		{Object: "Opportunity", Name: "Handoff_Band__c", Type: "picklist", Options: []string{"Excellent"}},
		{Object: "Opportunity", Name: "Handoff_Gaps__c", Type: "textarea", Length: 500},
		{Object: "Opportunity", Name: "Handoff_Hold__c", Type: "string"},
		{Object: "Opportunity", Name: "Handoff_Kickoff_At__c", Type: "date"},
		{Object: "Task", Name: "Handoff_Key__c", Length: 80},
	}})
	o.Grant("Handoff_CSM", "Opportunity.Handoff_Score__c", true, true)
	c := o.steward(t, fieldSet("handoff"))
	o.ResetStats()
	s := survey(t, c)
	for name, want := range map[string]string{
		"Opportunity.Handoff_Score__c":             "2 digits before the point",
		"Opportunity.Handoff_Band__c":              `lacks the values "Incomplete"`,
		"Opportunity.Handoff_Gaps__c":              "holds 500 characters, not 32768",
		"Opportunity.Handoff_Hold__c":              "of type string, not boolean",
		"Activity.Handoff_Key__c":                  "no external id",
		"Handoff_CSM/Opportunity.Handoff_Score__c": "grants read and edit",
	} {
		p := partNamed(t, s, name)
		if p.State != crm.Differs || len(p.Notes) != 1 || !strings.Contains(p.Notes[0], want) {
			t.Errorf("%s: %+v, want %q", name, p, want)
		}
	}
	if p := partNamed(t, s, "Opportunity.Handoff_Kickoff_At__c"); p.State != crm.Present {
		t.Errorf("a date does for the kickoff: %+v", p)
	}
	for _, p := range inState(s, crm.Differs) {
		if err := c.Provide(t.Context(), p); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	if w := o.Stats().Written; len(w) > 0 {
		t.Errorf("what differs was touched: %v", w)
	}
}

func TestSalesforceMappedFieldsAreNeverCreated(t *testing.T) {
	o := newOrg(t, 4, sfsim.Options{})
	setup := fieldSet("handoff")
	setup.Fields[0].Native = "Onboarding_Status__c"
	o.HideField("Opportunity", "ARR__c")
	s := survey(t, o.steward(t, setup))
	for _, p := range s.Parts {
		if strings.Contains(p.Name, "Onboarding_Status__c") || strings.Contains(p.Name, "ARR__c") || strings.Contains(p.Name, "Handoff_Status__c") {
			t.Errorf("part %+v", p)
		}
	}
	all := strings.Join(s.Manual, "\n")
	for _, want := range []string{"Opportunity.Onboarding_Status__c (fields.status) is a field of the org's own", "Opportunity.ARR__c (fields.arr) is there and hidden"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in %s", want, all)
		}
	}
}

func TestSalesforceWithoutTheRightsToCreate(t *testing.T) {
	for _, c := range []struct{ right, kind, fix string }{
		{sfsim.CustomizeApplication, "field", "Customize Application"},
		{sfsim.ViewSetup, "field", "View Setup and Configuration"},
		{sfsim.ManagePermissionSets, "permission set", "Manage Profiles and Permission Sets"},
		{sfsim.ViewSetup, "permission set", "Manage Profiles and Permission Sets"},
	} {
		t.Run(c.right+" "+c.kind, func(t *testing.T) {
			o := newOrg(t, 4, sfsim.Options{NoHandoffFields: true})
			o.TakeRight(c.right)
			client := o.steward(t, fieldSet("handoff"))
			s := survey(t, client)
			for _, p := range inState(s, crm.Missing) {
				if p.Kind != c.kind {
					continue
				}
				if c.right == sfsim.ViewSetup && len(p.Notes) == 0 {
					t.Errorf("nothing says that it may be there: %+v", p)
				}
				err := client.Provide(t.Context(), p)
				var e *crm.Error
				if crm.KindOf(err) != crm.Permission || !errors.As(err, &e) || !strings.Contains(e.Fix, c.fix) || !strings.Contains(e.Fix, "fields export") {
					t.Errorf("got %#v", err)
				}
				return
			}
		})
	}
}

// TestSalesforceEitherNameOfAPicklistValue: the vendor's pages differ.
func TestSalesforceEitherNameOfAPicklistValue(t *testing.T) {
	var refused atomic.Int32
	o := orgBehind(t, 4, sfsim.Options{NoHandoffFields: true}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if strings.HasSuffix(r.URL.Path, "/CustomField") && bytes.Contains(body, []byte("valueName")) {
				refused.Add(1)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(400)
				_, _ = io.WriteString(w, `[{"errorCode":"JSON_PARSER_ERROR","message":"No such column 'valueName'"}]`)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		})
	})
	c := o.steward(t, fieldSet("handoff"))
	provide(t, c, survey(t, c))
	if left := inState(survey(t, c), crm.Missing); len(left) > 0 || refused.Load() == 0 {
		t.Errorf("left %+v after %d refusals", left, refused.Load())
	}
}

// TestSalesforceOrgInProduction: the vendor's page says that such an org may take
// no fields from the Tooling API; the admin is told the other way.
func TestSalesforceOrgInProduction(t *testing.T) {
	o := orgBehind(t, 4, sfsim.Options{NoHandoffFields: true}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/CustomField") {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(400)
			_, _ = io.WriteString(w, `[{"errorCode":"UNKNOWN_EXCEPTION","message":"Save or update not supported in active organizations."}]`)
		})
	})
	c := o.steward(t, fieldSet("handoff"))
	var e *crm.Error
	err := c.Provide(t.Context(), inState(survey(t, c), crm.Missing)[0])
	if !errors.As(err, &e) || e.Kind != crm.Permission || !strings.Contains(e.Fix, "fields export") {
		t.Errorf("got %v", err)
	}
}

// TestSalesforcePlansSayWhatTheSurveySays reads the project's files back.
func TestSalesforcePlansSayWhatTheSurveySays(t *testing.T) {
	o := newOrg(t, 4, sfsim.Options{NoHandoffFields: true})
	c := o.steward(t, fieldSet("handoff"))
	files, err := salesforce.Plans(fieldSet("handoff"), "")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := salesforce.Plans(fieldSet("handoff"), "")
	if !maps.EqualFunc(files, again, bytes.Equal) {
		t.Error("two exports differ")
	}
	if files["README.txt"] == nil {
		t.Error("nobody is told what to do with the files")
	}
	got := map[string]string{}
	for path, content := range files {
		switch {
		case path == "sfdx-project.json":
			var project struct {
				PackageDirectories []struct{ Path string }
				SourceAPIVersion   string
			}
			if err := json.Unmarshal(content, &project); err != nil || project.PackageDirectories[0].Path != "force-app" || project.SourceAPIVersion != "60.0" {
				t.Errorf("%v: %s", err, content)
			}
		case strings.HasSuffix(path, ".field-meta.xml"):
			var f struct {
				XMLName    xml.Name `xml:"http://soap.sforce.com/2006/04/metadata CustomField"`
				FullName   string   `xml:"fullName"`
				Type       string   `xml:"type"`
				Precision  int      `xml:"precision"`
				Scale      int      `xml:"scale"`
				Length     int      `xml:"length"`
				Help       string   `xml:"inlineHelpText"`
				ExternalID bool     `xml:"externalId"`
				Values     []string `xml:"valueSet>valueSetDefinition>value>fullName"`
			}
			if err := xml.Unmarshal(content, &f); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			object := strings.Split(path, "/")[4]
			if !strings.HasSuffix(path, "/fields/"+f.FullName+".field-meta.xml") || object == "Opportunity" && f.Help != "What <people> & others read" {
				t.Errorf("%s holds %+v", path, f)
			}
			says := map[string]string{"Checkbox": "checkbox", "DateTime": "date-time", "Lookup": "lookup of a user"}[f.Type]
			switch f.Type {
			case "Number":
				says = "number " + string(rune('0'+f.Precision)) + "." + string(rune('0'+f.Scale))
			case "Picklist":
				says = "picklist of " + string(rune('0'+len(f.Values)))
			case "Text":
				says = map[bool]string{true: "text 80, external id", false: "text 255"}[f.ExternalID]
			case "LongTextArea":
				says = fmt.Sprintf("long text %d", f.Length)
			}
			got["field "+object+"."+f.FullName] = says
		case strings.HasSuffix(path, ".permissionset-meta.xml"):
			var p struct {
				XMLName xml.Name `xml:"http://soap.sforce.com/2006/04/metadata PermissionSet"`
				Label   string   `xml:"label"`
				Fields  []struct {
					Field    string `xml:"field"`
					Editable bool   `xml:"editable"`
					Readable bool   `xml:"readable"`
				} `xml:"fieldPermissions"`
			}
			if err := xml.Unmarshal(content, &p); err != nil || p.Label == "" {
				t.Fatalf("%s: %v", path, err)
			}
			name := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".permissionset-meta.xml")
			got["permission set "+name] = "permission set"
			for _, f := range p.Fields {
				if !f.Readable {
					t.Errorf("%s: %+v", name, f)
				}
				got["field permission "+name+"/"+f.Field] = map[bool]string{true: "read and edit", false: "read"}[f.Editable]
			}
		case path == "README.txt":
			for _, want := range []string{
				"    sf project deploy start --dry-run --source-dir force-app\n", "    sf project deploy start --source-dir force-app\n",
				"Handoff_Sync     the integration user", "Handoff_CSM      every CSM", "Handoff_Seller   everybody who owns deals",
			} {
				if !bytes.Contains(content, []byte(want)) {
					t.Errorf("%s lacks %q:\n%s", path, want, content)
				}
			}
		default:
			t.Errorf("an unexpected file %s", path)
		}
	}
	want := map[string]string{}
	for _, p := range survey(t, c).Parts {
		want[p.Kind+" "+p.Name] = p.Type
	}
	if !maps.Equal(got, want) {
		for k := range want {
			if got[k] != want[k] {
				t.Errorf("%s: files say %q, the survey %q", k, got[k], want[k])
			}
		}
		for k := range got {
			if want[k] == "" {
				t.Errorf("only in the files: %s", k)
			}
		}
	}
	if got["field Opportunity.Handoff_Gaps__c"] != "long text 32768" || got["field Opportunity.Handoff_Item_1_1_Note__c"] != "long text 2000" {
		t.Error("long texts are of the wrong length")
	}
	const note = "/Opportunity.Handoff_Item_1_1_Note__c"
	for set, may := range map[string]string{"Handoff_Sync": "", "Handoff_CSM": "read and edit", "Handoff_Manager": "read", "Handoff_Seller": ""} {
		if is := got["field permission "+set+note]; is != may {
			t.Errorf("%s may %q the CSM's notes, not %q", set, is, may)
		}
	}
	if got["field permission Handoff_Seller/Opportunity.Handoff_Score__c"] != "" || got["field permission Handoff_Seller/Opportunity.Handoff_Gaps__c"] != "read" {
		t.Error("sellers are granted the wrong fields")
	}
}

// handed is an org that was set up with care, and the client of it.
func handed(t *testing.T, o sfsim.Options) (*org, *salesforce.Client) {
	t.Helper()
	s := newOrg(t, 12, o)
	return s, s.steward(t, fieldSet("handoff"))
}

// again describes the org as a new client sees it.
func (o *org) again(t *testing.T) crm.Visibility {
	t.Helper()
	return describe(t, o.stewardOf(t, fieldSet("handoff"), "66.0")).Visibility
}

// sellers are the active users who own deals and hold no set of ours.
func (o *org) sellers() []string {
	seen := map[string]bool{}
	var out []string
	for i, d := range o.world.Deals {
		id := o.UserID(d.Owner)
		if u := o.world.Users[d.Owner]; u.Active && u.Job == world.AE && !seen[id] && o.Get("Opportunity", o.DealID(i), "OwnerId") == id {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func TestSalesforceLeaks(t *testing.T) {
	const score = "Opportunity.Handoff_Score__c"
	for _, c := range []struct {
		name   string
		open   func(o *org)
		shut   func(o *org)
		by     string
		fields []string
		all    bool // every seller, or one
	}{
		{
			"a profile", func(o *org) { o.Grant("Standard User", score, true, false) }, func(o *org) { o.Grant("Standard User", score, false, false) },
			"profile Standard User",
			[]string{"score"},
			true,
		},
		{
			"a permission set", func(o *org) { o.Grant("Sales_Extras", score, true, false); o.Assign("Sales_Extras", o.sellers()[0]) },
			func(o *org) { o.Unassign("Sales_Extras", o.sellers()[0]) },
			"permission set Sales Extras",
			[]string{"score"},
			false,
		},
		{
			"a group of permission sets", func(o *org) {
				o.Grant("Sales_Extras", score, true, false)
				o.Grant("Sales_Extras", "Opportunity.Handoff_Band__c", true, false)
				o.GroupSets("Sales_Bundle", "Sales_Extras")
				o.Assign("Sales_Bundle", o.sellers()[0])
			},
			func(o *org) { o.Unassign("Sales_Bundle", o.sellers()[0]) },
			"permission set Sales Extras",
			[]string{"band", "score"},
			false,
		},
		{
			"all fields at once", func(o *org) {
				_, err := o.Insert("ObjectPermissions", map[string]any{
					"ParentId": o.setNamed("Sales_Extras"), "SobjectType": "Opportunity", "PermissionsRead": true, "PermissionsViewAllFields": true,
				})
				if err != nil {
					panic(err)
				}
				o.Assign("Sales_Extras", o.sellers()[0])
			},
			func(o *org) { o.Unassign("Sales_Extras", o.sellers()[0]) },
			"permission set Sales Extras",
			[]string{"band", "dispute_score", "item_1_1_score", "range", "score"},
			false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, client := handed(t, sfsim.Options{ViewAllFields: true})
			if v := describe(t, client).Visibility; !v.Known || len(v.Leaks) > 0 || v.Untold != "" {
				t.Fatalf("an org set up with care: %+v", v)
			}
			c.open(o)
			want := 1
			if c.all {
				want = len(o.sellers())
			}
			v := o.again(t)
			var fields []string
			for _, l := range v.Leaks {
				fields = append(fields, l.Field)
				if l.By != c.by || l.Sellers != want || !strings.HasPrefix(l.Native, "Handoff_") {
					t.Errorf("leak %+v, want %d sellers by %s", l, want, c.by)
				}
			}
			if !v.Known || !slices.Equal(fields, c.fields) {
				t.Errorf("leaks of %v, want %v: %+v", fields, c.fields, v)
			}
			c.shut(o)
			if v := o.again(t); !v.Known || len(v.Leaks) > 0 {
				t.Errorf("after it was taken back: %+v", v)
			}
		})
	}
}

func (o *org) setNamed(name string) string {
	o.Grant(name, "Opportunity.Handoff_Gaps__c", true, false)
	for _, id := range o.IDs("PermissionSet") {
		if o.Get("PermissionSet", id, "Name") == name {
			return id
		}
	}
	return ""
}

// TestSalesforceWhoIsNoSeller: managers, CSMs to whom a deal was handed, the
// integration user and people who have left.
func TestSalesforceWhoIsNoSeller(t *testing.T) {
	o, _ := handed(t, sfsim.Options{})
	o.Grant("Standard User", "Opportunity.Handoff_Score__c", true, false)
	for _, seller := range o.sellers() {
		o.Assign("Handoff_Manager", seller)
	}
	if v := o.again(t); !v.Known || len(v.Leaks) > 0 {
		t.Errorf("managers are taken for sellers: %+v", v)
	}
	one := o.sellers()[0]
	o.Unassign("Handoff_Manager", one)
	if v := o.again(t); len(v.Leaks) != 1 || v.Leaks[0].Sellers != 1 {
		t.Errorf("one seller is left: %+v", v)
	}
	if err := o.Set("User", one, "IsActive", false); err != nil {
		t.Fatal(err)
	}
	if v := o.again(t); !v.Known || len(v.Leaks) > 0 {
		t.Errorf("somebody who left reads nothing: %+v", v)
	}
}

func TestSalesforceWhoCanSeeIsNotTold(t *testing.T) {
	t.Run("without the right", func(t *testing.T) {
		o, client := handed(t, sfsim.Options{})
		o.TakeRight(sfsim.ViewSetup)
		if v := describe(t, client).Visibility; v.Known || !strings.Contains(v.Untold, "View Setup and Configuration") {
			t.Errorf("%+v", v)
		}
	})
	t.Run("the org is not well", func(t *testing.T) {
		o, client := handed(t, sfsim.Options{})
		o.AddFault(sfsim.Fault{On: "query Opportunity", Do: sfsim.QueryTimeout, Times: -1})
		if v := describe(t, client).Visibility; v.Known || !strings.Contains(v.Untold, "did not answer") {
			t.Errorf("%+v", v)
		}
	})
	t.Run("no field is restricted", func(t *testing.T) {
		o := newOrg(t, 4, sfsim.Options{})
		setup := fieldSet("handoff")
		for i := range setup.Fields {
			setup.Fields[i].Access = crm.Open
		}
		if v := describe(t, o.steward(t, setup)).Visibility; !v.Known || o.Stats().Rows["FieldPermissions"] > 0 {
			t.Errorf("%+v, rows %v", v, o.Stats().Rows)
		}
	})
}

func TestSalesforceVisibilityIsCheap(t *testing.T) {
	o, client := handed(t, sfsim.Options{})
	describe(t, client)
	n := o.Stats().Total
	setup := fieldSet("handoff")
	for i := range setup.Fields {
		setup.Fields[i].Access = crm.Open
	}
	o.ResetStats()
	describe(t, o.steward(t, setup))
	if more := n - o.Stats().Total; more < 1 || more > 3 {
		t.Errorf("%d calls more", more)
	}
	o.ResetStats()
	describe(t, client)
	if got := o.Stats().Requests; got["query"] > 0 {
		t.Errorf("asked again within the hour: %v", got)
	}
}

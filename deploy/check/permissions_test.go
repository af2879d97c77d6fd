package check_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
)

// row is a line of a table in docs/permissions.md.
type row struct{ names, observe, write string }

func permissions(t *testing.T, title string) []row {
	t.Helper()
	_, section, _ := strings.Cut(read(t, "../../docs/permissions.md"), "## "+title)
	section, _, _ = strings.Cut(section, "\n## ")
	var out []row
	for line := range strings.Lines(section) {
		if c := strings.Split(line, "|"); len(c) > 4 && strings.Contains(c[1], "`") {
			out = append(out, row{c[1], strings.TrimSpace(c[2]), strings.TrimSpace(c[3])})
		}
	}
	if len(out) < 5 {
		t.Fatalf("%s lists %v", title, out)
	}
	return out
}

var quoted = regexp.MustCompile("`([A-Za-z.-]+)`")

// every scope that the simulated portal asks for anywhere.
var every = []string{
	"crm.objects.deals.read", "crm.objects.deals.write", "crm.objects.contacts.read", "crm.objects.contacts.write",
	"crm.objects.companies.read", "crm.objects.companies.write", "crm.objects.owners.read", "crm.schemas.deals.read", "crm.schemas.deals.write",
	"crm.schemas.contacts.read", "crm.schemas.contacts.write", "crm.schemas.companies.read", "crm.schemas.companies.write",
}

// portalPass makes a first pass over a portal without the scopes.
func portalPass(t *testing.T, mode string, without []string) app.Report {
	t.Helper()
	r := apptest.New(t, apptest.Options{CRM: apptest.HubSpot, World: apptest.World(60), Mode: mode})
	for _, scope := range without {
		r.HS.RevokeScope(scope)
	}
	return r.App.Pass(t.Context(), r.App.Connections()[0], app.Ask{})
}

// The scopes that are listed as needed are enough, and none of them is one too
// many.
func TestTheScopesOfHubSpotAreEnoughAndNeeded(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole program, run once without -short")
	}
	rows := permissions(t, "HubSpot")
	for _, mode := range []string{"observe", "write"} {
		var given []string
		need := map[string]string{}
		for _, r := range rows {
			word := map[string]string{"observe": r.observe, "write": r.write}[mode]
			scope := quoted.FindStringSubmatch(r.names)[1]
			if word == "yes" || word == "tasks" {
				given, need[scope] = append(given, scope), word
			}
		}
		full := portalPass(t, mode, nil)
		if full.Err != nil || len(full.Problems) > 0 || full.Judged == 0 || mode == "write" && full.TasksCreated == 0 {
			t.Fatalf("%s with every scope: %+v", mode, full)
		}
		lean := portalPass(t, mode, slices.DeleteFunc(slices.Clone(every), func(s string) bool { return slices.Contains(given, s) }))
		if lean.Err != nil || len(lean.Problems) > 0 || lean.Degraded > 0 || lean.FieldsWritten != full.FieldsWritten || lean.TasksCreated != full.TasksCreated || lean.Judged != full.Judged {
			t.Errorf("%s with %v is not what it is with every scope: %+v", mode, given, lean)
		}
		for scope, word := range need {
			poor := portalPass(t, mode, []string{scope})
			switch {
			case word == "tasks" && (poor.Err != nil || poor.FieldsWritten != full.FieldsWritten || poor.TasksCreated > 0):
				t.Errorf("%s without %s: %+v", mode, scope, poor)
			case word == "yes" && poor.Err == nil && len(poor.Problems) == 0:
				t.Errorf("%s goes as well without %s", mode, scope)
			}
		}
	}
}

// Whatever object of Salesforce is asked for is listed, and what is listed as
// not written is not.
func TestTheObjectsOfSalesforceAreListed(t *testing.T) {
	listed, writable := []string{}, []string{}
	for _, r := range permissions(t, "Salesforce") {
		for _, m := range quoted.FindAllStringSubmatch(r.names, -1) {
			listed = append(listed, m[1])
			if strings.Contains(r.write, "edit") {
				writable = append(writable, m[1])
			}
			if strings.Contains(r.observe, "edit") || strings.Contains(r.observe, "create") {
				t.Errorf("%s is written while observing", m[1])
			}
		}
	}
	asked := map[string]bool{}
	for _, mode := range []string{"observe", "write"} {
		r := apptest.New(t, apptest.Options{CRM: apptest.Salesforce, World: apptest.World(60), Mode: mode})
		if report := r.App.Pass(t.Context(), r.App.Connections()[0], app.Ask{}); report.Err != nil || len(report.Problems) > 0 {
			t.Fatalf("%+v", report)
		}
		for call := range r.Calls() {
			words := strings.Fields(call)
			object := words[len(words)-1]
			switch words[0] {
			case "query", "queryAll", "describe":
				if asked[object] = true; !slices.Contains(listed, object) {
					t.Errorf("%s is asked for and not listed", object)
				}
			case "collections":
				if mode == "observe" || !slices.Contains(writable, object) {
					t.Errorf("in mode %s: %s", mode, call)
				}
			}
		}
	}
	if !asked["Opportunity"] || !asked["Task"] || !asked["User"] {
		t.Errorf("only %v were asked for", asked)
	}
}

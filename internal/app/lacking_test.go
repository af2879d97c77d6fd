package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
)

// What a pass asks for only to do better is not leaned on: where it is not
// there, as behind a proxy, in another edition or in somebody else's simulator,
// records end as they do where it is.
func TestNothingLeansOnWhatMayBeLacking(t *testing.T) {
	lacking := map[string][]string{
		apptest.Salesforce: {
			`^/services/data$`, `/v[0-9.]+/sobjects$`, `/limits$`, `/Soap/`, `/composite$`, `/sobjects/OpportunityStage/`, `/sobjects/Organization/`,
			`FROM Organization`, `FROM OpportunityStage`, `FROM FieldPermissions`, `FROM PermissionSetAssignment`, `FROM PermissionSet`, `/tooling/`, `SELECT COUNT`,
		},
		apptest.HubSpot: {
			`/account-info/`, `/crm/objects/[^/]+/deals$`, `/associations/[^/]+/deals/companies/`, `/2026-03(/|$)`,
		},
	}
	apptest.Each(t, func(t *testing.T, crm string) {
		plain := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(60)}))
		still(plain)
		want := plain.Pass(t)
		for _, path := range lacking[crm] {
			t.Run(path, func(t *testing.T) {
				absent := regexp.MustCompile(path)
				front := func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
						soql, _ := url.QueryUnescape(q.URL.RawQuery)
						if absent.MatchString(q.URL.Path) || absent.MatchString(soql) {
							http.NotFound(w, q)
							return
						}
						next.ServeHTTP(w, q)
					})
				}
				r := apptest.New(t, quick(apptest.Options{CRM: crm, World: apptest.World(60), Front: front}))
				still(r)
				got := r.Pass(t)
				if got.Err != nil || got.FieldsWritten != want.FieldsWritten {
					t.Errorf("%d fields written, %d where it is there: %v %v", got.FieldsWritten, want.FieldsWritten, got.Err, got.Problems)
				}
				for i := range plain.World.Deals {
					if d := cmp.Diff(plain.Own(t, plain.Deal(i)), r.Own(t, r.Deal(i))); d != "" {
						t.Fatalf("deal %d (-there +lacking):\n%s", i, d)
					}
				}
			})
		}
	})
}

// What the CRM refuses only once deals are read is told by the very pass that
// could not read it, with what to do about it.
func TestAPassTellsWhatItWasRefused(t *testing.T) {
	refused := true
	front := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if refused && strings.HasSuffix(q.URL.Path, "/deals/meetings/batch/read") {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, `{"status":"error","category":"MISSING_SCOPES","message":"no"}`)
				return
			}
			next.ServeHTTP(w, q)
		})
	}
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.HubSpot, World: apptest.World(20), Front: front}))
	told := func(report app.Report) (n int) {
		for _, p := range report.Problems {
			if strings.HasPrefix(p, "meetings: ") && strings.Contains(p, "scope") {
				n++
			}
		}
		return n
	}
	if got := r.Pass(t); got.Degraded == 0 || told(got) != 1 {
		t.Errorf("%d deals not read whole: %q", got.Degraded, got.Problems)
	}
	refused = false
	if got := r.Full(t); got.Degraded != 0 || told(got) != 0 {
		t.Errorf("mended, %d deals not read whole: %q", got.Degraded, got.Problems)
	}
}

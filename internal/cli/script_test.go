package cli_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/handoffscore/syncd/internal/cli"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// bare is the key of the org in which nothing has been set up.
type bareKey struct{}

var bare bareKey

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"syncd": func() { os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// Whole commands, as people type them. Each script has a simulated HubSpot at
// $PORTAL whose token is $TOKEN, another at $NARROW whose token may not read
// contacts, a simulated Salesforce at $ORG with $CLIENT_ID and $CLIENT_SECRET,
// a page of HTML at $HTML, nothing at $EMPTY, and an answer that never ends at
// $FLOOD. At $BARE_PORTAL and $BARE_ORG nobody has made the fields for handoffs. $DEAL and $OPPORTUNITY are the same won deal in either, $SHORT its 15 characters.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			now := time.Now().UTC().Truncate(time.Second)
			w := world.Generate(world.GenerateOptions{Deals: 40, Seed: 5, Now: now})
			sim := hssim.New(w, hssim.Options{Clock: simclock.New(now), NoSearchLag: true})
			narrow := hssim.New(w, hssim.Options{Clock: simclock.New(now), NoSearchLag: true})
			narrow.RevokeScope("crm.objects.contacts.read")
			org := sfsim.New(w, sfsim.Options{Clock: simclock.New(now), WallClockAssertions: true})
			org.HideField("Opportunity", "Amount")
			deal := wonDeal(w)
			barePortal := hssim.New(w, hssim.Options{Clock: simclock.New(now), NoSearchLag: true, NoHandoffFields: true})
			bareOrg := sfsim.New(w, sfsim.Options{Clock: simclock.New(now), WallClockAssertions: true, NoHandoffFields: true})
			env.Values[bare] = bareOrg
			servers := map[string]http.Handler{
				"PORTAL": sim, "NARROW": narrow, "ORG": org, "BARE_PORTAL": barePortal, "BARE_ORG": bareOrg,
				"HTML":  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html><body>maintenance</body></html>")) }),
				"EMPTY": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
				"FLOOD": http.HandlerFunc(flood),
			}
			for name, handler := range servers {
				srv := httptest.NewServer(handler)
				env.Defer(srv.Close)
				env.Setenv(name, srv.URL)
			}
			env.Setenv("TOKEN", sim.Credentials().Token)
			env.Setenv("MANAGER", sim.OwnerID(slices.IndexFunc(w.Users, func(u world.User) bool { return u.Job == world.SalesManager && u.Active })))
			env.Setenv("GO_LIVE", now.AddDate(0, 0, -45).Format(time.DateOnly))
			env.Setenv("DEAL", sim.DealID(deal))
			env.Setenv("OPPORTUNITY", org.DealID(deal))
			env.Setenv("SHORT", org.DealID(deal)[:15])
			env.Setenv("NARROW_TOKEN", narrow.Credentials().Token)
			env.Setenv("BARE_TOKEN", barePortal.Credentials().Token)
			env.Setenv("BARE_CLIENT_ID", bareOrg.Credentials().ClientID)
			env.Setenv("BARE_CLIENT_SECRET", bareOrg.Credentials().ClientSecret)
			env.Setenv("CLIENT_ID", org.Credentials().ClientID)
			env.Setenv("CLIENT_SECRET", org.Credentials().ClientSecret)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// grab keeps what a pattern's group finds in the last output under a name.
			"grab": func(ts *testscript.TestScript, _ bool, args []string) {
				found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
				if found == nil {
					ts.Fatalf("no %s in the output", args[1])
				}
				ts.Setenv(args[0], found[1])
			},
			// edit replaces a text in a file, as a person would: edit FILE OLD NEW.
			"edit": func(ts *testscript.TestScript, _ bool, args []string) {
				text := ts.ReadFile(args[0])
				if !strings.Contains(text, args[1]) {
					ts.Fatalf("%s has no %q", args[0], args[1])
				}
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], strings.ReplaceAll(args[2], `\n`, "\n"))), 0o600))
			},
			// assign gives syncd's user in the bare org a permission set; grant lets a
			// profile or set read a field, and grant -off takes that back.
			"assign": func(ts *testscript.TestScript, _ bool, args []string) {
				org := ts.Value(bare).(*sfsim.Server)
				org.Assign(args[0], org.Me())
			},
			"grant": func(ts *testscript.TestScript, _ bool, args []string) {
				on := args[0] != "-off"
				if !on {
					args = args[1:]
				}
				ts.Value(bare).(*sfsim.Server).Grant(args[0], args[1], on, false)
			},
			// fill replaces $NAMES in a file.
			"fill": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, name := range args {
					text := os.Expand(ts.ReadFile(name), func(key string) string {
						if v := ts.Getenv(key); v != "" {
							return v
						}
						return "${" + key + "}"
					})
					ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
				}
			},
		},
	})
}

// flood answers with 200 MB of junk, or until nobody listens.
func flood(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	junk := []byte(strings.Repeat(" ", 1<<20))
	for range 200 {
		if _, err := w.Write(junk); err != nil {
			return
		}
	}
}

func wonDeal(w *world.World) int {
	return slices.IndexFunc(w.Deals, func(d world.Deal) bool {
		return d.Stage == world.Won && d.Type == "New Business" && w.Now.Sub(d.WonAt) < 40*24*time.Hour
	})
}

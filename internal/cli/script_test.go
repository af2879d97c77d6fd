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

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"syncd": func() { os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// Whole commands, as people type them. Each script has a simulated HubSpot at
// $PORTAL whose token is $TOKEN, another at $NARROW whose token may not read
// contacts, a simulated Salesforce at $ORG with $CLIENT_ID and $CLIENT_SECRET,
// a page of HTML at $HTML, nothing at $EMPTY, and an answer that never ends at
// $FLOOD. $DEAL and $OPPORTUNITY are the same won deal in either.
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
			servers := map[string]http.Handler{
				"PORTAL": sim, "NARROW": narrow, "ORG": org,
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
			env.Setenv("NARROW_TOKEN", narrow.Credentials().Token)
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

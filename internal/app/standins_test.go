package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
)

// Whoever is named under managers and cannot be asked is found by check; where
// nobody is, and the CRM knows no managers, it says that too.
func TestCheckLooksAtThoseWhoStandIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		unknown := map[string]string{apptest.HubSpot: "99999999", apptest.Salesforce: "005000000000001AAA"}[name]
		world := apptest.World(20)
		active, left := 1, len(world.Users)-1
		world.Users[active].Active, world.Users[left].Active = true, false
		first := apptest.New(t, apptest.Options{CRM: name, World: world}) // tells the ids
		for _, c := range []struct {
			extra, subject, message string
			grade                   crm.Grade
		}{
			{fmt.Sprintf("    managers: {default: [%q]}\n", first.User(active)), "managers", "can be asked", crm.Fine},
			{fmt.Sprintf("    managers: {default: [%q, %q]}\n", first.User(active), unknown), "managers.default[1]", "no user " + unknown, crm.Doubt},
			{fmt.Sprintf("    managers: {default: [%q]}\n", first.User(left)), "managers.default[0]", "not active", crm.Doubt},
			{"    managers: {}\n", "managers", "stands in|none is mapped", map[string]crm.Grade{apptest.HubSpot: crm.Doubt, apptest.Salesforce: crm.Fine}[name]},
		} {
			r := apptest.New(t, apptest.Options{CRM: name, World: world, Extra: c.extra})
			var f crm.Finding
			for _, found := range r.App.Check(t.Context(), r.App.Connections()[0], "").Findings {
				if found.Area == "managers" {
					f = found
				}
			}
			said := false
			for part := range strings.SplitSeq(c.message, "|") {
				said = said || strings.Contains(f.Message, part)
			}
			if f.Subject != c.subject || f.Grade != c.grade || !said || (f.Fix == "") != (c.grade == crm.Fine) {
				t.Errorf("%s: %+v", c.extra, f)
			}
		}
		if name == apptest.Salesforce { // an org's own user, by the short form of its id, as addresses in a browser have it
			self := first.User(0)[:15]
			r := apptest.New(t, apptest.Options{CRM: name, World: world, Extra: fmt.Sprintf("    managers: {default: [%q]}\n", self)})
			found := r.App.Check(t.Context(), r.App.Connections()[0], "").Findings
			if f := finding(t, found, "managers"); !strings.Contains(f.Message, "is the one syncd works as") {
				t.Errorf("%s: %+v", self, f)
			}
		}
		r := apptest.New(t, apptest.Options{CRM: name, World: world, Extra: "    tasks: false\n    managers: {}\n"})
		for _, f := range r.App.Check(t.Context(), r.App.Connections()[0], "").Findings {
			if f.Area == "managers" {
				t.Errorf("nobody is asked by tasks: %+v", f)
			}
		}
	})
}

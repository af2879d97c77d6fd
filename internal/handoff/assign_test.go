package handoff_test

import (
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
)

// staff are people with managers: "ae1<sm1<vp1", a "-" before who has left.
func staff(lines ...string) map[crm.UserID]crm.Person {
	people := map[crm.UserID]crm.Person{}
	for _, line := range lines {
		p := crm.Person{Active: true}
		if line[0] == '-' {
			p.Active, line = false, line[1:]
		}
		for i := range line {
			if line[i] == '<' {
				p.Manager = crm.UserID(line[i+1:])
				line = line[:i]
				break
			}
		}
		p.ID = crm.UserID(line)
		people[p.ID] = p
	}
	return people
}

func TestWhomANoticeGoesTo(t *testing.T) {
	all := []string{"ae1<sm1", "ae2", "sm1<vp1", "vp1", "csm1", "ro1", "bot"}
	for _, c := range []struct {
		name string
		to   handoff.Role
		h    handoff.Hands
		who  []string
		m    handoff.Managers
		want crm.UserID
	}{
		{"the AE's manager", handoff.ToSalesManager, handoff.Hands{Seller: "ae1", Owner: "ae1"}, all, handoff.Managers{}, "sm1"},
		{"of who sold it, not of who owns it now", handoff.ToSalesManager, handoff.Hands{Seller: "ae1", Owner: "ae2"}, all, handoff.Managers{}, "sm1"},
		{"one further up", handoff.ToSalesManager, handoff.Hands{Seller: "ae1"}, []string{"ae1<sm1", "-sm1<vp1", "vp1"}, handoff.Managers{}, "vp1"},
		{"five up at most", handoff.ToSalesManager, handoff.Hands{Seller: "a"}, []string{"a<b", "-b<c", "-c<d", "-d<e", "-e<f", "-f<g", "g"}, handoff.Managers{}, ""},
		{"a circle ends", handoff.ToSalesManager, handoff.Hands{Seller: "a"}, []string{"a<b", "-b<a"}, handoff.Managers{}, ""},
		{"never the AE", handoff.ToSalesManager, handoff.Hands{Seller: "a"}, []string{"a<a"}, handoff.Managers{Default: []crm.UserID{"a"}}, ""},
		{"never the token's user", handoff.ToSalesManager, handoff.Hands{Seller: "ae2", Self: "bot"}, all, handoff.Managers{Default: []crm.UserID{"bot", "ro1"}}, "ro1"},
		{"as mapped by owner", handoff.ToSalesManager, handoff.Hands{Seller: "ae2"}, all, handoff.Managers{Owners: map[crm.UserID]crm.UserID{"ae2": "vp1"}, Default: []crm.UserID{"ro1"}}, "vp1"},
		{"the CRM before the map", handoff.ToSalesManager, handoff.Hands{Seller: "ae1"}, all, handoff.Managers{Owners: map[crm.UserID]crm.UserID{"ae1": "vp1"}}, "sm1"},
		{"the first default who is active", handoff.ToSalesManager, handoff.Hands{Seller: "ae2"}, []string{"ae2", "-sm1", "ro1"}, handoff.Managers{Default: []crm.UserID{"gone", "sm1", "ro1"}}, "ro1"},
		{"nobody", handoff.ToSalesManager, handoff.Hands{Seller: "ae2"}, all, handoff.Managers{}, ""},
		{"the AE is who owns it now", handoff.ToAE, handoff.Hands{Seller: "ae1", Owner: "ae2"}, all, handoff.Managers{}, "ae2"},
		{"an AE who has left", handoff.ToAE, handoff.Hands{Seller: "ae1", Owner: "ae1"}, []string{"-ae1<sm1", "sm1"}, handoff.Managers{}, "sm1"},
		{"the CSM", handoff.ToCSM, handoff.Hands{CSM: "csm1"}, all, handoff.Managers{Default: []crm.UserID{"ro1"}}, "csm1"},
		{"no CSM", handoff.ToCSM, handoff.Hands{Seller: "ae1"}, all, handoff.Managers{Default: []crm.UserID{"ro1"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, why := handoff.Assign(c.to, c.h, staff(c.who...), c.m)
			if got != c.want || (got == "") != (why != "") {
				t.Errorf("got %q (%s), want %q", got, why, c.want)
			}
		})
	}
	teams := staff("ae2", "lead")
	p := teams["ae2"]
	p.Teams = []string{"7", "12"}
	teams["ae2"] = p
	if got, _ := handoff.Assign(handoff.ToSalesManager, handoff.Hands{Seller: "ae2"}, teams, handoff.Managers{Teams: map[string]crm.UserID{"12": "lead"}}); got != "lead" {
		t.Errorf("by team: %q", got)
	}
}

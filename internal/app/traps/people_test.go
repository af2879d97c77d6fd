package traps_test

import (
	"testing"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/handoff"
)

// job lists the users of a company who do a job.
func job(w *world.World, name string) []int {
	var all []int
	for i, u := range w.Users {
		if u.Job == name {
			all = append(all, i)
		}
	}
	return all
}

// manager is whom an escalation of a deal goes to, as the CRM tells of people.
func manager(t *testing.T, r *apptest.Rig, deal int, m handoff.Managers) (crm.UserID, string) {
	t.Helper()
	source := r.App.Connections()[0].Source
	desc, err := source.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := r.Snapshot(t, deal)
	ids := append([]crm.UserID{d.Seller, d.Owner}, m.Default...)
	for _, to := range m.Owners {
		ids = append(ids, to)
	}
	people, err := source.People(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	return handoff.Assign(handoff.ToSalesManager, handoff.Hands{Seller: d.Seller, Owner: d.Owner, Self: desc.Self}, people, m)
}

// An escalation always finds somebody who can do something about it: an active
// manager further up, else who is mapped, else who stands in; never the AE, and
// never the user whose token it is. Where nobody is left the reason says so.
// Mutation: internal/handoff/assign.go: salesManager may be the AE.
func TestTrap28AnEscalationFindsAManager(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		t.Parallel()
		w := apptest.Even(3)
		aes, heads := job(w, world.AE), job(w, world.SalesManager)
		revops, self := job(w, world.RevOps)[0], job(w, world.Integration)[0]
		for i := range 3 {
			w.Deals[i].Owner, w.Deals[i].Seller = aes[i], aes[i]
		}
		boss := w.Users[aes[0]].Manager
		w.Users[boss].Active = false
		w.Users[aes[1]].Manager = -1
		w.Users[aes[2]].Manager = self
		r := apptest.Still(t, apptest.Options{CRM: name, World: w})
		r.Pass(t)
		user := func(i int) crm.UserID { return crm.UserID(r.User(i)) }
		standIns := handoff.Managers{Default: []crm.UserID{user(aes[0]), user(aes[1]), user(aes[2]), user(boss), user(revops)}}
		mapped := handoff.Managers{Owners: map[crm.UserID]crm.UserID{user(aes[1]): user(heads[0])}, Default: standIns.Default}
		for _, c := range []struct {
			why              string
			deal             int
			m                handoff.Managers
			inOrg, inHubSpot crm.UserID
		}{
			{"the manager has left", 0, standIns, user(w.Users[boss].Manager), user(aes[1])},
			{"there is no manager", 1, handoff.Managers{Default: []crm.UserID{user(aes[1]), user(boss), user(revops)}}, user(revops), user(revops)},
			{"one is mapped", 1, mapped, user(heads[0]), user(heads[0])},
			{"only the AE and who has left are named", 1, handoff.Managers{Default: []crm.UserID{user(aes[1]), user(boss)}}, "", ""},
			{"the manager is the integration", 2, handoff.Managers{Default: []crm.UserID{user(aes[2]), user(revops)}}, user(revops), user(revops)},
		} {
			want := c.inHubSpot
			if name == apptest.Salesforce {
				want = c.inOrg
			}
			if got, why := manager(t, r, c.deal, c.m); got != want || (got == "") != (why != "") {
				t.Errorf("%s: %q (%s), want %q", c.why, got, why, want)
			}
		}
	})
}

// Who sold a deal is who owned it when it was won. A farmer who has it now is
// not graded for the hunter's handoff, nor is the farmer's manager asked.
// Mutation: internal/crm/salesforce/moment.go and internal/crm/hubspot/history.go: the seller is the owner now.
func TestTrap29TheHunterSoldItNotTheFarmer(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		t.Parallel()
		w := apptest.Even(2)
		aes, heads := job(w, world.AE), job(w, world.SalesManager)
		hunter, farmer := aes[0], aes[1]
		w.Users[farmer].Manager = heads[0]
		w.Deals[0].Owner, w.Deals[0].Seller = farmer, hunter
		w.Deals[1].Owner, w.Deals[1].Seller = farmer, farmer
		r := apptest.Still(t, apptest.Options{CRM: name, World: w})
		r.Pass(t)
		for i, seller := range []int{hunter, farmer} {
			if d := r.Snapshot(t, i); string(d.Seller) != r.User(seller) || string(d.Owner) != r.User(farmer) {
				t.Errorf("deal %d: sold by %s, owned by %s", i, d.Seller, d.Owner)
			}
			want := r.User(w.Users[seller].Manager)
			m := handoff.Managers{}
			if name == apptest.HubSpot {
				m.Owners = map[crm.UserID]crm.UserID{crm.UserID(r.User(seller)): crm.UserID(want)}
			}
			if got, why := manager(t, r, i, m); string(got) != want {
				t.Errorf("deal %d: %q is asked (%s), want %s", i, got, why, want)
			}
		}
	})
}

package soak

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// deed is a kind of edit.
type deed struct {
	name   string
	share  int  // how often it is thought of
	waits  bool // what comes of it depends on what was seen before
	onGone bool // it is for deals that were deleted
	two    bool // it takes the next deal too
	can    func(p *people, i int, c *care) bool
	// do decides what exactly is done, and notes it.
	do func(p *people, i int, c *care) func(t *testing.T, r *apptest.Rig)
}

// rare bounds deeds that take deals out of play: one in so many deals.
const rare = 15

var deeds = []deed{
	{name: "text", share: 30, can: always, do: writeText},
	{name: "facts", share: 10, can: always, do: writeFacts},
	{name: "contact", share: 12, can: withContacts, do: editContact},
	{name: "role", share: 8, can: withContacts, do: turnRole},
	{name: "note", share: 8, can: watched, do: writeNote},
	{name: "csm", share: 8, waits: true, can: always, do: nameCSM},
	{name: "kickoff", share: 10, waits: true, can: noKickoff, do: holdKickoff},
	{name: "kickoff to come", share: 3, waits: true, can: noKickoff, do: planKickoff},
	{name: "score", share: 40, waits: true, can: unscored, do: score},
	{name: "signature", share: 6, waits: true, can: unsigned, do: sign},
	{name: "win", share: 3, waits: true, can: func(_ *people, _ int, c *care) bool { return !c.won }, do: win},
	{name: "reopen", share: 2, waits: true, can: reopenable, do: reopen},
	{name: "delete", share: 1, waits: true, can: seldom("delete"), do: remove},
	{name: "undelete", share: 4, waits: true, onGone: true, can: always, do: restore},
	{name: "merge of contacts", share: 1, waits: true, can: mergeable, do: mergeContacts},
	{name: "merge of deals", share: 1, waits: true, two: true, can: mergeableDeal, do: mergeDeals},
}

func always(*people, int, *care) bool { return true }

func set(i int, field, value string) func(t *testing.T, r *apptest.Rig) {
	return func(t *testing.T, r *apptest.Rig) { r.Set(t, r.Deal(i), field, value) }
}

func cell(item string) string { return "item_" + strings.ReplaceAll(item, ".", "_") + "_score" }

func writeText(p *people, i int, _ *care) func(*testing.T, *apptest.Rig) {
	item := p.pick("1.1", "1.2", "1.3", "1.4", "1.5", "2.4", "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "4.4")
	text := p.pick("", "see email", "tbd", fmt.Sprintf("Replaces the reporting of %d teams by the end of the quarter", len(p.edits)))
	return set(i, "evidence."+item, text)
}

func writeFacts(p *people, i int, _ *care) func(*testing.T, *apptest.Rig) {
	switch p.rng.IntN(4) {
	case 0:
		return set(i, "arr", p.pick("", "1", "24000", "56000.5"))
	case 1:
		return set(i, "term_months", p.pick("", "12", "36", "500"))
	case 2:
		return set(i, "discount", p.pick("", "0", "12.5"))
	}
	return set(i, "none."+p.pick("1.5", "2.4", "3.2", "4.2", "4.4"), p.pick("true", "false"))
}

// watched: passes see what hangs on a deal while its clock runs; of a deal that
// is final, or was taken back, only a full pass does.
func watched(p *people, i int, c *care) bool { return !c.left && !p.final(i) }

// withContacts: somebody is in a role of their own.
func withContacts(p *people, i int, c *care) bool { return len(p.alone(i)) > 0 && watched(p, i, c) }

// alone are the roles of a deal whose holder has no other.
func (p *people) alone(i int) []string {
	var list []string
	roles := p.rig.World.Deals[i].Roles
	for _, a := range roles {
		if !slices.ContainsFunc(roles, func(b world.Role) bool { return b.Contact == a.Contact && b.Name != a.Name }) {
			list = append(list, a.Name)
		}
	}
	return list
}

func editContact(p *people, i int, _ *care) func(*testing.T, *apptest.Rig) {
	contact := p.rig.Holder(i, p.pick(p.alone(i)...))
	if p.rng.IntN(2) == 0 {
		phone := p.pick("", "12", fmt.Sprintf("+49 30 %07d", 3000000+len(p.edits)))
		return func(t *testing.T, r *apptest.Rig) { r.SetPhone(t, contact, phone) }
	}
	title := p.pick("", "tbd", "Head of Purchasing")
	return func(t *testing.T, r *apptest.Rig) { r.SetTitle(t, contact, title) }
}

func turnRole(p *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	role := p.pick(p.alone(i)...)
	if c.away[role] {
		delete(c.away, role)
		return func(t *testing.T, r *apptest.Rig) { r.Link(t, i, r.Holder(i, role), role) }
	}
	c.away[role] = true
	return func(t *testing.T, r *apptest.Rig) { r.Unlink(t, i, role) }
}

func writeNote(p *people, i int, _ *care) func(*testing.T, *apptest.Rig) {
	text := p.pick("tbd", fmt.Sprintf("They asked for quarterly invoices and a weekly check-in until go-live, number %d", len(p.edits)))
	return func(t *testing.T, r *apptest.Rig) { r.Write(t, i, text) }
}

func nameCSM(p *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	var all []int
	for n, u := range p.rig.World.Users {
		if u.Job == world.CSM {
			all = append(all, n)
		}
	}
	c.named = true
	user := all[p.rng.IntN(len(all))]
	return func(t *testing.T, r *apptest.Rig) { r.Set(t, r.Deal(i), "csm", r.User(user)) }
}

// noKickoff: a win after it would move it to a moment that no pass has seen.
func noKickoff(_ *people, _ int, c *care) bool { return c.won && c.named && !c.held }

// holdKickoff: it was just now, and the last pass that saw the deal was before.
func holdKickoff(p *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	c.held, c.ahead = true, false
	return set(i, "kickoff_at", p.rig.Clock.Now().Truncate(time.Second).Format(time.RFC3339))
}

// planKickoff names a time that lies behind the end of the soak.
func planKickoff(p *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	c.ahead = true
	return set(i, "kickoff_at", p.rig.World.Now.AddDate(0, 0, 5+p.rng.IntN(9)).Format(time.RFC3339))
}

func unscored(_ *people, _ int, c *care) bool { return c.held && len(c.open) > 0 }

// score fills in one item, or all that are left.
func score(p *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	n := 1
	if p.rng.IntN(4) == 0 {
		n = len(c.open)
	}
	values := map[string]string{}
	for _, item := range c.open[:n] {
		values[cell(item)] = strconv.Itoa(p.rng.IntN(3))
	}
	c.open = c.open[n:]
	return func(t *testing.T, r *apptest.Rig) {
		for name, v := range values {
			r.Set(t, r.Deal(i), name, v)
		}
	}
}

func unsigned(_ *people, _ int, c *care) bool { return c.held && !c.signed }

func sign(_ *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	c.signed = true
	return set(i, "attempt_scored", "1")
}

func win(_ *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	c.won, c.left = true, false
	return func(t *testing.T, r *apptest.Rig) { r.Win(t, i) }
}

// reopenable are deals whose score is frozen, or does not hang on the moment
// when they were won.
func reopenable(p *people, i int, c *care) bool {
	return c.won && (c.loose() || p.final(i))
}

// final is a deal whose record says so: a pass has made it final for good.
func (p *people) final(i int) bool {
	return p.rig.Field(p.t, p.rig.Deal(i), "status") == "final"
}

func reopen(_ *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	c.won, c.left = false, true
	return func(t *testing.T, r *apptest.Rig) { r.Reopen(t, i) }
}

func seldom(kind string) func(p *people, _ int, _ *care) bool {
	return func(p *people, _ int, _ *care) bool { return p.made[kind] < len(p.care)/rare }
}

// remove deletes a deal. Salesforce takes its contact roles away for good.
func remove(p *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	c.gone = true
	if p.rig.SF != nil {
		for _, role := range p.rig.World.Deals[i].Roles {
			c.away[role.Name] = true
		}
	}
	return func(t *testing.T, r *apptest.Rig) { r.Delete(t, r.Deal(i)) }
}

func restore(_ *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	c.gone = false
	return func(t *testing.T, r *apptest.Rig) { r.Undelete(t, r.Deal(i)) }
}

// mergeable: champion and sponsor are two people.
func mergeable(p *people, i int, c *care) bool {
	roles := p.alone(i)
	return seldom("merge of contacts")(p, i, c) && watched(p, i, c) && len(c.away) == 0 && slices.Contains(roles, "Champion") && slices.Contains(roles, "Executive Sponsor")
}

// mergeContacts makes one person of two; the deal is left alone from then on.
func mergeContacts(p *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	c.merged = true
	a, b := p.rig.Holder(i, "Champion"), p.rig.Holder(i, "Executive Sponsor")
	return func(t *testing.T, r *apptest.Rig) { r.MergeContacts(t, a, b) }
}

// mergeableDeal: only HubSpot merges deals. The next one goes into it.
func mergeableDeal(p *people, i int, c *care) bool {
	if p.rig.HS == nil || i+1 == len(p.care) || !seldom("merge of deals")(p, i, c) {
		return false
	}
	other := p.care[i+1]
	return c.won && other.won && !other.gone && !other.merged && p.settled(other)
}

func mergeDeals(p *people, i int, c *care) func(*testing.T, *apptest.Rig) {
	c.merged, p.care[i+1].merged = true, true
	p.care[i+1].last, p.care[i+1].waits = p.rig.Clock.Now(), true
	return func(t *testing.T, r *apptest.Rig) { r.MergeDeals(t, i, i+1) }
}

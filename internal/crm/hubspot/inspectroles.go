package hubspot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// roles looks for the names of the configured roles, and how often their labels
// are set on a sample of won deals.
func (x *inspection) roles(ctx context.Context) {
	if x.h == nil || len(x.c.setup.Roles) == 0 {
		return
	}
	s := x.h.schema
	if err := x.c.readLabels(ctx, s); err != nil {
		x.refused("roles", "labels", "the association labels could not be read", err)
		return
	}
	s.problems = nil
	s.mapRoles(x.c.setup)
	for _, p := range s.problems {
		x.add("roles", p.Place, crm.Fault, p.Message, fixRole(p))
	}
	x.filled(ctx, s)
}

func fixRole(p crm.Problem) string {
	if key, role := strings.CutPrefix(p.Place, "roles."); role {
		return "create the label between deals and contacts in HubSpot's Settings > Objects > Deals > Associations, or set roles." + key + ": " + p.Fix
	}
	if p.Fix == "" {
		return "give the token the scopes crm.objects.deals.read and crm.objects.contacts.read"
	}
	return p.Fix
}

// filled counts on how many of the sampled deals each role's label is set.
func (x *inspection) filled(ctx context.Context, s *schema) {
	var linked *linked
	if len(x.won) > 0 {
		var err error
		if linked, err = x.c.associations(ctx, "deals", x.won, "contacts"); err != nil {
			x.refused("roles", "associations", "the contacts of won deals could not be read", err)
			return
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s.roles)) {
		r := s.roles[key]
		if r.state != crm.Read {
			continue
		}
		subject := "roles." + key
		if len(r.types) == 0 {
			x.fine("roles", subject, "no label of these names; the contact property "+buyingRole+" offers them (how often it is filled in was not looked at)")
			continue
		}
		if linked == nil {
			x.fine("roles", subject, "the label is on offer; there is no won deal to see it on")
			continue
		}
		n := 0
		for _, id := range x.won {
			if slices.ContainsFunc(linked.of[id], func(l link) bool {
				return slices.ContainsFunc(l.types, func(t label) bool { return r.types[t.typ] })
			}) {
				n++
			}
		}
		message := fmt.Sprintf("the label is set on %d of the %d won deals that moved last (a sample)", n, len(x.won))
		if n == 0 {
			x.add("roles", subject, crm.Doubt, message, "ask the AEs to label the contacts of their deals, or name the labels they do use under "+subject)
			continue
		}
		x.fine("roles", subject, message)
	}
}

package app

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/syncer"
)

// standIns looks at those who are asked where the CRM knows no active manager
// of an AE: whoever is configured and cannot be asked is found out here, and not
// by the first handoff that has to be done again.
func standIns(ctx context.Context, c *syncer.Connection, self crm.UserID) []crm.Finding {
	if c.Tasks == nil {
		return nil
	}
	const area = "managers"
	named := map[string]crm.UserID{}
	for i, id := range c.Managers.Default {
		named[fmt.Sprintf("managers.default[%d]", i)] = id
	}
	for owner, id := range c.Managers.Owners {
		named["managers.owners."+string(owner)] = id
	}
	for team, id := range c.Managers.Teams {
		named["managers.teams."+team] = id
	}
	if len(named) == 0 {
		f := crm.Finding{Area: area, Subject: "managers", Grade: crm.Fine, Message: "an AE's manager is asked as the CRM names them, and nobody stands in"}
		if c.CRM == "hubspot" {
			f.Grade, f.Message = crm.Doubt, "HubSpot knows no managers and none is mapped: nobody would be asked about a handoff that has to be done again"
			f.Fix = "name owner ids under managers: owners, teams or default"
		}
		return []crm.Finding{f}
	}
	people, err := c.Source.People(ctx, slices.Sorted(maps.Values(named)))
	if err != nil {
		return []crm.Finding{failed(area, "managers", err, "let the integration user read users")}
	}
	var list []crm.Finding
	for _, place := range slices.Sorted(maps.Keys(named)) {
		id := named[place]
		p, known := people[id]
		f := crm.Finding{Area: area, Subject: place, Grade: crm.Doubt, Fix: "name somebody else, or nobody is asked in their place"}
		switch {
		case !known:
			f.Message = fmt.Sprintf("the CRM has no user %s", id)
		case !p.Active:
			f.Message = fmt.Sprintf("user %s is not active", id)
		case id == self:
			f.Message = fmt.Sprintf("user %s is the one syncd works as, who is never asked", id)
		default:
			continue
		}
		list = append(list, f)
	}
	if list == nil {
		list = append(list, crm.Finding{Area: area, Subject: "managers", Grade: crm.Fine, Message: "everybody named can be asked"})
	}
	return list
}

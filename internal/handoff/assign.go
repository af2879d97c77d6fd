package handoff

import (
	"fmt"

	"github.com/handoffscore/syncd/internal/crm"
)

// climb is how many managers are asked upwards for one who is active.
const climb = 5

// Managers say who stands in where the CRM knows no manager.
type Managers struct {
	Owners  map[crm.UserID]crm.UserID // seller -> manager
	Teams   map[string]crm.UserID     // team of the seller -> manager
	Default []crm.UserID              // tried in order
}

// Hands are the people of a deal, from whom those are picked that a notice is
// for.
type Hands struct {
	Seller crm.UserID // the AE who sold it
	Owner  crm.UserID // who owns the record now
	CSM    crm.UserID // who scores
	Self   crm.UserID // the token's own user
}

// Assign picks whom a notice goes to. "" and the reason if nobody is left: the
// record shows it then, and the run says so. The Sales manager is never the
// AE, and nobody is ever the token's own user.
func Assign(to Role, h Hands, people map[crm.UserID]crm.Person, m Managers) (crm.UserID, string) {
	switch to {
	case ToCSM, ToPartnerManager:
		if active(h.CSM, h, people) {
			return h.CSM, ""
		}
		return "", "the " + string(to) + " is not active"
	case ToAE:
		if active(h.Owner, h, people) {
			return h.Owner, ""
		}
		return salesManager(h, people, m)
	}
	return salesManager(h, people, m)
}

// salesManager is the AE's manager: by the CRM, else as mapped, else who stands
// in for everybody.
func salesManager(h Hands, people map[crm.UserID]crm.Person, m Managers) (crm.UserID, string) {
	fits := func(id crm.UserID) bool { return id != h.Seller && active(id, h, people) }
	at := people[h.Seller]
	for range climb {
		if at.Manager == "" {
			break
		}
		if fits(at.Manager) {
			return at.Manager, ""
		}
		at = people[at.Manager]
	}
	if id := m.Owners[h.Seller]; fits(id) {
		return id, ""
	}
	for _, team := range people[h.Seller].Teams {
		if id := m.Teams[team]; fits(id) {
			return id, ""
		}
	}
	for _, id := range m.Default {
		if fits(id) {
			return id, ""
		}
	}
	return "", fmt.Sprintf("no active manager is known for owner %s, nor can anybody be asked who is named under managers", h.Seller)
}

func active(id crm.UserID, h Hands, people map[crm.UserID]crm.Person) bool {
	p, ok := people[id]
	return id != "" && id != h.Self && ok && p.Active
}

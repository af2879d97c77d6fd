package hubspot

import (
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// visibility is what can be said of who reads the restricted fields. HubSpot
// has no call that tells the restrictions of a property.
func (s *schema) visibility() crm.Visibility {
	var names []string
	for _, e := range s.mapping.deals {
		if e.logical.Access == crm.Restricted && e.on != nil {
			names = append(names, e.native)
		}
	}
	if len(names) == 0 {
		return crm.Visibility{}
	}
	return crm.Visibility{Untold: "HubSpot's API does not tell who can view a property: unless somebody has restricted them, everybody who can see a deal reads " +
		strings.Join(names, ", ") + ". A restriction hides the value, not the name, and holds for people alone: every API token goes on reading it. " +
		fixVisibility}
}

const fixVisibility = "In Settings > Properties, open each of these properties and choose who can view and edit it: the users and teams of CSMs and of CS and Sales managers (an Enterprise feature)"

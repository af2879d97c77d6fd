package config

import (
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/yamlfile"
)

// partnerSet is the field set of partner handoffs.
const partnerSet = "partner"

// answers are the org's fields for what the seller says to a partner handoff.
func answers() []spec {
	return []spec{
		{name: "accepted_at", writer: crm.Org},
		{name: "declined_at", writer: crm.Org},
	}
}

// atKickoff are cells that a card whose clock starts at the sending does not
// have: there is no kickoff, and two partners may work on one sale.
func atKickoff(name string) bool { return name == "kickoff_at" || name == "duplicate_decision" }

// validateCards checks that the listed scorecards can work together and with
// what is mapped. A card that there is not is told by name already.
func (c *Connection) validateCards(v *checker, path string, cards map[string]*scorecard.Card) {
	var full, short, partner string
	for i, id := range c.Scorecards {
		card := cards[id]
		switch {
		case card == nil:
		case card.PartnerOnly && partner != "":
			v.fault(yamlfile.Index(path+".scorecards", i), "is a second card for deals with a partner", "keep one of "+partner+" and "+id)
		case card.PartnerOnly:
			partner = id
		case card.BelowThreshold:
			short = id
		default:
			full = id
		}
	}
	if short != "" && full == "" {
		v.fault(path+".scorecards", "the simplified card alone leaves deals at or above the threshold without one", "add sales-to-cs")
	}
	if partner == "" {
		return
	}
	for _, name := range []string{"partner", "sent_at"} {
		if _, mapped := c.Fields[name]; !mapped {
			v.fault(path+".scorecards", partner+" needs fields."+name+", which is not mapped", "write the field that says "+map[string]string{
				"partner": "which partner a deal came with", "sent_at": "when the handoff was sent",
			}[name]+" under fields, or remove "+partner)
		}
	}
}

// partnerField reports whether a name is one of the partner set's.
func partnerField(name string) bool {
	base, ok := strings.CutPrefix(name, partnerSet+"_")
	return ok && (strings.HasPrefix(base, "category_") || strings.HasPrefix(base, "item_") || slices.Contains(partnerBases(), base))
}

// partnerBases are the names of the partner set without its prefix.
func partnerBases() []string {
	var names []string
	for _, s := range slices.Concat(own(), human()) {
		if !atKickoff(s.name) {
			names = append(names, s.name)
		}
	}
	return names
}

// partner adds what a card for deals with a partner reads beside its own set.
func (b *fieldList) partner(cards []*scorecard.Card, s *crm.Setup) {
	if handoff.Partners(cards) == nil {
		return
	}
	s.Partner = "partner"
	b.mapped(spec{name: "sent_at", writer: crm.Org, track: true})
	for _, a := range answers() {
		b.mapped(a)
	}
}

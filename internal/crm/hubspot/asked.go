package hubspot

import (
	"slices"

	"github.com/handoffscore/syncd/internal/crm"
)

// asked are the properties that reads name: those that matter and exist.
type asked struct {
	search   []string
	partner  string // deal property that says which partner there is, "" if nobody asks
	deals    []string
	contacts []string
	history  []string // deal properties whose changes are asked for
	tracked  []*mapped
	entered  []string // when a won stage was entered, by property
}

var dealProperties = []string{
	"dealname", "dealstage", "pipeline", "dealtype", "amount", "deal_currency_code", "closedate", "createdate",
	"hs_lastmodifieddate", "hs_is_closed", "hs_is_closed_won", "hs_closed_won_date", "hubspot_owner_id", ownerAssigned,
}

const ownerAssigned = "hubspot_owner_assigneddate"

var contactProperties = []string{
	"firstname", "lastname", "jobtitle", "email", "phone", "mobilephone",
	bounceReason, badAddress, buyingRole,
}

const (
	bounceReason = "hs_email_hard_bounce_reason_enum"
	badAddress   = "hs_email_bad_address"
)

// choose fixes what reads ask for. A property that does not exist is never
// named.
func (s *schema) choose(setup crm.Setup) {
	a := &s.ask
	a.search = having(s.deals, "hs_is_closed_won", "hs_lastmodifieddate", "dealstage", "hs_merged_object_ids")
	if e := s.mapping.byName[setup.Partner]; e != nil && e.on != nil && e.logical.Object != crm.ObjectContact {
		a.partner = e.native
		a.search = append(a.search, e.native)
	}
	a.deals = having(s.deals, dealProperties...)
	for _, id := range s.won {
		for _, prefix := range []string{"hs_v2_date_entered_", "hs_date_entered_"} {
			if name := prefix + id; s.deals[name] != nil {
				a.entered = append(a.entered, name)
				break
			}
		}
	}
	a.deals = append(a.deals, a.entered...)
	if s.deals["hubspot_owner_id"] != nil {
		a.history = append(a.history, "hubspot_owner_id")
	}
	for _, e := range s.mapping.deals {
		if e.on == nil {
			continue
		}
		a.deals = append(a.deals, e.native)
		if e.logical.Track {
			a.tracked = append(a.tracked, e)
			a.history = append(a.history, e.native)
		}
	}
	a.contacts = having(s.contacts, contactProperties...)
	for _, e := range s.mapping.contacts {
		if e.on != nil {
			a.contacts = append(a.contacts, e.native)
		}
	}
	for _, list := range []*[]string{&a.deals, &a.contacts, &a.history} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	if len(setup.Roles) == 0 {
		a.contacts = slices.DeleteFunc(a.contacts, func(n string) bool { return n == buyingRole })
	}
}

func having(defs map[string]*property, names ...string) []string {
	out := []string{}
	for _, n := range names {
		if defs[n] != nil {
			out = append(out, n)
		}
	}
	return out
}

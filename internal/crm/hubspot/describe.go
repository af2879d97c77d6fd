package hubspot

import (
	"context"
	"slices"

	"github.com/handoffscore/syncd/internal/crm"
)

const longestText = 65_536 // characters of a text property (API documentation, read 2026-03)

// Describe reads the portal's schema, cached for an hour, and its clock, which
// is read each time.
func (c *Client) Describe(ctx context.Context) (crm.Description, error) {
	a, now, err := c.readAccount(ctx)
	if err != nil {
		return crm.Description{}, err
	}
	s, err := c.current(ctx, &a)
	if err != nil {
		return crm.Description{}, err
	}
	d := crm.Description{
		OrgID: a.id, Currency: a.currency, TimeZone: a.zoneName, Now: now,
		Fields:   make(map[string]crm.FieldStatus, len(s.mapping.byName)),
		Problems: slices.Concat(s.problems, refusedKinds(c.refusals.turn()), c.watched.Problems()),
	}
	if a.id != "" {
		d.OrgName = "HubSpot portal " + a.id
	}
	d.Roles = s.rolesOnOffer()
	if p := s.deals["dealtype"]; p != nil {
		for _, v := range p.values() {
			d.Types = append(d.Types, p.optionLabel(v))
		}
	}
	for name, e := range s.mapping.byName {
		d.Fields[name] = e.status()
	}
	d.Visibility = s.visibility()
	return d, nil
}

func (e *mapped) status() crm.FieldStatus {
	st := crm.FieldStatus{Native: e.native, Kind: e.kind}
	if e.on == nil {
		return st
	}
	st.Exists, st.Writable = true, e.writable
	if st.Kind == crm.Text || st.Kind == crm.LongText {
		st.Length = longestText
	}
	if st.Kind == crm.Picklist {
		for _, v := range e.on.values() {
			if word, ok := e.in[v]; ok {
				v = word
			}
			st.Options = append(st.Options, v)
		}
	}
	return st
}

// refusedKinds says which kinds of record the last loads were refused.
func refusedKinds(refused map[string]*crm.Error) []crm.Problem {
	var out []crm.Problem
	if e := refused["contacts"]; e != nil {
		out = append(out, crm.Problem{Severity: crm.Fail, Place: "contacts", Message: "the contacts of deals cannot be read, so roles stay open", Fix: e.Fix})
	}
	if e := refused["contact records"]; e != nil {
		out = append(out, crm.Problem{Severity: crm.Fail, Place: "contacts", Message: "the contacts on deals cannot be read, so every item about people stays open", Fix: e.Fix})
	}
	if e := refused["companies"]; e != nil {
		fix := e.Fix
		if fix == "" {
			fix = "give the token the scope crm.objects.companies.read"
		}
		out = append(out, crm.Problem{Severity: crm.Warn, Place: "companies", Message: "the companies of deals cannot be read, so two deals that may be one sale are not noticed", Fix: fix})
	}
	if e := refused["history"]; e != nil {
		out = append(out, crm.Problem{Severity: crm.Warn, Place: "history", Message: "the history of deals cannot be read: who owned a deal when it was won, and when a cell changed, is not known", Fix: e.Fix})
	}
	for _, k := range activityKinds {
		e := refused[k.object]
		if e == nil {
			continue
		}
		p := crm.Problem{Severity: crm.Fail, Place: k.object, Fix: e.Fix}
		if e.Kind == crm.Permission {
			p.Message = k.object + " on deals cannot be read, so notes after the close stay open"
			if p.Fix == "" {
				p.Fix = "give the token the scope " + k.scope
			}
		} else {
			p.Severity, p.Message, p.Fix = crm.Warn, "the portal has no "+k.object+" on deals; they do not count", ""
		}
		out = append(out, p)
	}
	return out
}

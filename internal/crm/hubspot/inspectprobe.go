package hubspot

import (
	"context"

	"github.com/handoffscore/syncd/internal/crm"
)

// probe writes one of our fields of a deal to the value that it has, to see
// whether the portal's rules would refuse it.
func (x *inspection) probe(ctx context.Context, id string) {
	subject := "deal " + clean(id)
	if x.h == nil {
		return
	}
	e := x.spare()
	switch {
	case !digits(id):
		x.add("rules", subject, crm.Fault, "the probe is not a deal's id", "name a deal by the number in its HubSpot address")
		return
	case e == nil:
		x.add("rules", subject, crm.Fault, "there is no field of ours that could be written", "mend the fields first: run syncd fields plan")
		return
	}
	rec, err := x.c.readOne(ctx, "deals", id, []string{e.native})
	if err == nil && rec.id != id {
		x.add("rules", subject, crm.Fault, "the deal was merged into "+rec.id, "probe "+rec.id+" instead")
		return
	}
	if err != nil {
		if crm.KindOf(err) == crm.NotFound {
			x.add("rules", subject, crm.Fault, "there is no such deal", "name a deal that exists")
			return
		}
		x.refused("rules", subject, "the deal could not be read", err)
		return
	}
	text := e.read(rec.text(e.native), x.a.zone).Text
	out, err := x.c.Write(ctx, []crm.Update{{ID: crm.DealID(id), Fields: map[string]string{e.logical.Name: text}}})
	switch o := out[0]; {
	case o.Status == crm.Confirmed:
		x.fine("rules", subject, "writing "+e.native+" went through; no rule of the portal is in the way of this deal")
	case o.Status == crm.Rejected:
		x.add("rules", subject, crm.Fault, "writing "+e.native+" was refused: "+o.Message, fixRejected(o.Class))
	case err != nil:
		x.refused("rules", subject, "writing "+e.native+" failed", err)
	default:
		x.add("rules", subject, crm.Doubt, "whether "+e.native+" was written is not known", "run syncd check again")
	}
}

// spare is the field of ours that says least: a text before any other.
func (x *inspection) spare() *mapped {
	var found *mapped
	for _, e := range x.h.mapping.deals {
		if e.writable && (found == nil || e.kind == crm.Text && found.kind != crm.Text) {
			found = e
		}
	}
	return found
}

func fixRejected(class crm.Class) string {
	switch class {
	case crm.ClassValidation:
		return "fill in what the message names on the deal, or relax the rule in HubSpot's Settings > Properties and Settings > Objects > Deals"
	case crm.ClassPermission:
		return "give the token the scope crm.objects.deals.write, and check that the property can be edited"
	case crm.ClassLocked, crm.ClassBusy, crm.ClassQuota:
		return "run syncd check again in a while"
	}
	return "mend what the message names, and run syncd check again"
}

package hubspot

import (
	"context"
	"fmt"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// sample finds won deals, the ones that moved last.
func (x *inspection) sample(ctx context.Context) {
	r, _, err := x.c.post(ctx, "/crm/v3/objects/deals/search", map[string]any{
		"filterGroups": []any{map[string]any{"filters": []filter{{"hs_is_closed_won", "EQ", "true"}}}},
		"sorts":        []string{"-hs_lastmodifieddate"}, "properties": []string{"hs_object_id"}, "limit": objectBatch, "after": "0",
	})
	if err != nil {
		x.refused("permissions", "search", "won deals could not be searched for", err)
		return
	}
	for _, d := range r.Get("results").Array() {
		if id := idOf(d.Get("id")); digits(id) {
			x.won = append(x.won, id)
		}
	}
}

// fields looks at every mapped property.
func (x *inspection) fields(ctx context.Context) {
	h, err := x.c.readHoldings(ctx)
	if err != nil {
		x.refused("fields", "properties", "the portal's properties could not be read", err)
		return
	}
	x.h = h
	h.account = x.a
	if h.contacts == nil && h.denied == nil { // roles may stand in a property of contacts
		if h.contacts, err = x.c.properties(ctx, "contacts"); err != nil {
			h.denied, _ = refusedKind(err)
		}
	}
	h.mapFields(x.c.setup)
	wrong := map[string][]crm.Problem{}
	for _, p := range h.problems {
		wrong[p.Place] = append(wrong[p.Place], p)
	}
	silent := x.silent(ctx)
	for _, f := range x.c.setup.Fields {
		e := h.mapping.byName[f.Name]
		switch {
		case f.Object == crm.ObjectContact && h.denied != nil: // permissions has said so
		case e.on == nil:
			x.absent(e)
		default:
			x.present(e, wrong["fields."+f.Name], silent[e.native])
		}
	}
	x.notes()
}

// notes tells whether the CSM's notes are there. Nothing that syncd does waits
// for them.
func (x *inspection) notes() {
	var missing []string
	all := x.c.setup.Notes
	for _, f := range all {
		if e := x.h.find(f); e.on == nil {
			missing = append(missing, e.native)
		}
	}
	switch {
	case len(all) == 0:
	case len(missing) == 0:
		x.fine("fields", "notes", "CSMs have a property for a note on each of "+crm.Count(len(all), "item"))
	default:
		x.add("fields", "notes", crm.Doubt, crm.Count(len(missing), "cell")+" for the CSM's notes: not in the portal, so nobody can say beside a score why it was given: "+crm.Some(missing),
			"run syncd fields apply, or restore those that were archived")
	}
}

// absent tells a property that is not there from one that is out of sight.
func (x *inspection) absent(e *mapped) {
	f, place, grade := e.logical, "fields."+e.logical.Name, crm.Fault
	if e.native == "" {
		return
	}
	if e.state == crm.Unmapped {
		grade = crm.Doubt // the set-up does without
	}
	deal := f.Object != crm.ObjectContact
	switch {
	case deal && x.h.archived[e.native] != nil:
		x.add("fields", e.native, grade, "the property is archived; HubSpot keeps its name and values", fixArchived)
	case deal && x.h.sensitive[e.native] != nil:
		x.add("fields", e.native, grade, "the property is for sensitive data, whose values the token cannot read",
			"give the token crm.objects.deals.sensitive.read (highly sensitive data: crm.objects.deals.highly_sensitive.read), or set "+place+" to another property")
	case e.state == crm.Unmapped:
		x.fine("fields", e.native, "not in the portal, and not needed: "+f.Name+" goes unused")
	default:
		x.add("fields", e.native, crm.Fault, "there is no such property, or the token cannot see it", fixMissing(f, place))
	}
}

func (x *inspection) present(e *mapped, wrong []crm.Problem, silent bool) {
	f := e.logical
	another := "set fields." + f.Name + " to a property that can be"
	before := len(x.out)
	for _, p := range wrong {
		grade := crm.Doubt
		if p.Severity == crm.Fail {
			grade = crm.Fault
		}
		x.add("fields", e.native, grade, p.Message, p.Fix)
	}
	if e.on.counted && f.Writer == crm.CSM {
		x.add("fields", e.native, crm.Fault, "the property is calculated: nobody can fill it in", another+" edited")
	}
	if e.on.unique && f.Writer == crm.Ours {
		x.add("fields", e.native, crm.Fault, "the property wants a value of its own on every deal, so writes will be refused", another+" the same on two deals")
	}
	if silent {
		x.add("fields", e.native, crm.Fault, "answers leave the property out: the token cannot read its values",
			"give the token the scopes for the property's data, or check what the user who made the app may see")
	}
	if len(x.out) > before {
		return
	}
	message := typeInWords(e.on.typ, e.on.field)
	if e.kind == crm.User {
		message = "HubSpot user"
	}
	if st := e.status(); st.Length > 0 {
		message += fmt.Sprintf(" of up to %d characters", st.Length)
	} else if n := len(st.Options); n > 0 && st.Kind == crm.Picklist {
		message += " of " + strings.Join(st.Options, ", ")
	}
	if e.writable {
		message += ", can be read and written"
	} else {
		message += ", can be read"
	}
	x.fine("fields", e.native, message)
}

// silent are the properties of deals that answers never speak of, although they
// speak of all others.
func (x *inspection) silent(ctx context.Context) map[string]bool {
	var names []string
	for name := range x.h.mapping.byNative {
		names = append(names, name)
	}
	if len(x.won) == 0 || len(names) == 0 {
		return nil
	}
	read, err := x.c.read(ctx, "deals", x.won, names, nil, objectBatch)
	if err != nil || x.c.omits.Load() { // left out may mean empty
		return nil
	}
	out := map[string]bool{}
	for _, name := range names {
		for _, rec := range read.found {
			_, known := rec.value(name)
			out[name] = !known
			if known {
				break
			}
		}
	}
	return out
}

func (x *inspection) visibility() {
	if x.h == nil {
		return
	}
	if v := x.h.visibility(); v.Untold != "" {
		x.add("visibility", "numbers and bands", crm.Doubt, strings.TrimSuffix(v.Untold, fixVisibility), fixVisibility)
	}
}

package hubspot

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// permissions learns what may be read by reading one record of each kind, and
// what may be written from the token's scopes, where HubSpot names them.
func (x *inspection) permissions(ctx context.Context) {
	reads := []struct {
		object, scope, without string
	}{
		{"deals", "crm.objects.deals.read", "nothing can be scored"},
		{"contacts", "crm.objects.contacts.read", "every item about people stays open"},
	}
	for _, r := range reads {
		_, _, err := x.c.get(ctx, "/crm/v3/objects/"+r.object, listQuery("", false, 1, nil))
		x.mayRead(r.object, r.scope, r.without, err)
	}
	_, err := x.c.vendor.ownerPage(ctx, "", false)
	x.mayRead("owners", "crm.objects.owners.read", "AEs, CSMs and managers are not known", err)
	x.activities(ctx)
	x.writes(ctx)
}

func (x *inspection) mayRead(object, scope, without string, err error) {
	switch e, no := refusedKind(err); {
	case err == nil:
		x.fine("permissions", scope, object+" can be read")
	case no && e.Kind == crm.Permission:
		x.add("permissions", scope, crm.Fault, object+" cannot be read: "+without, fixScope(e, scope))
		x.barred = x.barred || object != "owners"
	default:
		x.refused("permissions", scope, object+" could not be read", err)
	}
}

// fixScope prefers what HubSpot says is missing.
func fixScope(e *crm.Error, scope string) string {
	if e != nil && strings.Contains(e.Fix, "one of the scopes") {
		return e.Fix
	}
	return "give the token the scope " + scope
}

// activities are the notes, calls, mails and meetings that show work on a deal.
func (x *inspection) activities(ctx context.Context) {
	var read []string
	barred := map[string][]string{} // fix -> kinds
	for _, k := range activityKinds {
		_, _, err := x.c.get(ctx, "/crm/v3/objects/"+k.object, listQuery("", false, 1, nil))
		switch e, no := refusedKind(err); {
		case err == nil:
			read = append(read, k.object)
		case no && e.Kind == crm.Permission:
			fix := fixScope(e, k.scope)
			barred[fix] = append(barred[fix], k.object)
		case no:
			x.fine("permissions", k.object, "the portal has no "+k.object+"; they do not count")
		default:
			x.refused("permissions", k.object, k.object+" could not be read", err)
		}
	}
	for _, fix := range slices.Sorted(maps.Keys(barred)) {
		x.add("permissions", "activities", crm.Fault, strings.Join(barred[fix], ", ")+" cannot be read: what was noted after the close stays open", fix)
	}
	if len(read) > 0 {
		x.fine("permissions", "activities", strings.Join(read, ", ")+" can be read")
	}
}

func (x *inspection) writes(ctx context.Context) {
	scopes := x.c.scopes(ctx)
	if len(scopes) == 0 {
		x.add("permissions", "write scopes", crm.Doubt, "HubSpot does not say which scopes the token has, and only a write would show whether it may write",
			"look for crm.objects.deals.write, and for tasks crm.objects.contacts.write, in the Scopes of the app or service key")
		return
	}
	for _, w := range []struct{ scope, may, not string }{
		{"crm.objects.deals.write", "results can be written to deals", "results cannot be written to deals, so write mode will not work"},
		{"crm.objects.contacts.write", "tasks can be created", "tasks cannot be created, so nobody is reminded in HubSpot"},
	} {
		if slices.Contains(scopes, w.scope) {
			x.fine("permissions", w.scope, w.may)
		} else {
			x.add("permissions", w.scope, crm.Doubt, w.not, "give the token the scope "+w.scope+"; observe mode does without")
		}
	}
	if slices.Contains(scopes, scopeSchemas) {
		x.fine("permissions", scopeSchemas, "properties can be created; only syncd fields apply does")
	} else {
		x.fine("permissions", scopeSchemas, "not granted; only syncd fields apply would need it")
	}
}

// scopes are those of the credentials, nil where HubSpot does not name them. A
// private app's token is asked about by sending it to HubSpot, which has it in
// every request's header anyway.
func (c *Client) scopes(ctx context.Context) []string {
	switch s := c.sign.(type) {
	case *session:
		return s.state.Load().scopes
	case staticToken:
		r, _, err := c.post(ctx, "/oauth/v2/private-apps/get/access-token-info", map[string]string{"tokenKey": string(s)})
		if err == nil {
			return words(r.Get("scopes"))
		}
	}
	return nil
}

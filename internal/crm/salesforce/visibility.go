package salesforce

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

const (
	// mostOwners is how many groups an aggregate query may have (read 2026-11-20).
	mostOwners = 2000
	// ownersPerQuery and grantersPerQuery keep an address below 16,384 bytes.
	ownersPerQuery   = 200
	grantersPerQuery = 150
	// withoutAllFields is a version that knows no permission on all fields.
	withoutAllFields = 60.0
)

// seen is who can see what, and how many owners of deals are taken for CSMs.
type seen struct {
	crm.Visibility
	owners, csms int
	wholesale    bool // whether a permission set shows all fields at once was looked at
}

// sealed is a field of the org that tells a number or a band.
type sealed struct {
	logical string // what stands in a leak for it
	object  string
	native  string
}

func (f sealed) path() string { return f.object + "." + f.native }

// shown is how a leak names the field: with its object where that is another
// than the deal.
func (f sealed) shown() string {
	if f.object == "Opportunity" {
		return f.native
	}
	return f.path()
}

// granter is a permission set, or that of a profile, that lets read some of the
// restricted fields.
type granter struct {
	name   string          // for people
	fields map[string]bool // lower-case paths
	all    map[string]bool // objects of which it lets read every field
}

func (g *granter) shows(f sealed) bool { return g.all[f.object] || g.fields[strings.ToLower(f.path())] }

// restricted are the fields, as far as our user sees them, that sellers are not
// to read.
func (s *schema) restricted() []sealed {
	var out []sealed
	for i := range s.mapping.all {
		if e := &s.mapping.all[i]; e.logical.Access == crm.Restricted && e.on != nil && e.object == "Opportunity" {
			out = append(out, sealed{e.logical.Name, e.object, e.on.Name})
		}
	}
	for _, f := range attemptFields { // the object is described where records are asked for
		if on := s.objects[attemptObject].field(f.native); f.restricted && on != nil {
			out = append(out, sealed{crm.AttemptsField, attemptObject, on.Name})
		}
	}
	return out
}

// readVisibility asks which sellers can read the restricted fields: owners of
// deals of the last year, or won since scoring began, who hold neither the
// managers' nor the CSMs' permission set. It never fails but for what no
// question survives.
func (c *Client) readVisibility(ctx context.Context, s *schema) error {
	restricted := s.restricted()
	if len(restricted) == 0 {
		s.seen.Known = true
		return nil
	}
	const fix = "; give the integration user View Setup and Configuration, or have an admin look at Setup > Object Manager > Opportunity > Fields & Relationships > Set Field-Level Security"
	for _, name := range []string{"FieldPermissions", "PermissionSet", "PermissionSetAssignment"} {
		if s.standing(name) != readable {
			s.seen.Untold = "who can read the fields with numbers is not known: the org does not show permissions to the integration user" + fix
			return nil
		}
	}
	err := c.findLeaks(ctx, s, restricted)
	switch kind := crm.KindOf(err); {
	case err == nil:
		return nil
	case ctx.Err() != nil, kind == crm.Auth, kind == crm.Quota, kind == crm.RateLimited:
		return err
	}
	s.seen = seen{Visibility: crm.Visibility{Untold: "who can read the fields with numbers is not known: the org did not answer (" + err.Error() + ")" + fix}}
	return nil
}

func (c *Client) findLeaks(ctx context.Context, s *schema, restricted []sealed) error {
	granters, err := c.readGranters(ctx, s, restricted)
	if err != nil {
		return err
	}
	if len(granters) == 0 {
		// We see these fields, so something grants them to us at least.
		return errText("it shows no permission on fields that the integration user can read")
	}
	owners, err := c.readOwners(ctx, s)
	if err != nil {
		return err
	}
	holders, err := c.readHolders(ctx, s, granters, owners)
	if err != nil {
		return err
	}
	s.seen.Known, s.seen.owners = true, len(owners)
	if len(owners) >= mostOwners {
		s.seen.Untold = fmt.Sprintf("more than %d people own deals: only so many were looked at", mostOwners)
	}
	sellers := map[string]map[string]bool{} // granter -> users
	for _, user := range owners {
		h := holders[user]
		switch {
		case h == nil || h[managerSet]:
			continue
		case h[csmSet]:
			s.seen.csms++
			continue
		}
		for id := range h {
			if granters[id] != nil {
				if sellers[id] == nil {
					sellers[id] = map[string]bool{}
				}
				sellers[id][user] = true
			}
		}
	}
	for id, users := range sellers {
		for _, f := range restricted {
			if g := granters[id]; g.shows(f) {
				s.seen.Leaks = append(s.seen.Leaks, crm.Leak{Field: f.logical, Native: f.shown(), By: g.name, Sellers: len(users)})
			}
		}
	}
	slices.SortFunc(s.seen.Leaks, func(x, y crm.Leak) int {
		return cmp.Or(strings.Compare(x.Field, y.Field), strings.Compare(x.Native, y.Native), strings.Compare(x.By, y.By))
	})
	return nil
}

const granterColumns = "ParentId, Parent.Name, Parent.Label, Parent.IsOwnedByProfile, Parent.Profile.Name"

// readGranters finds what lets read restricted fields, by id.
func (c *Client) readGranters(ctx context.Context, s *schema, restricted []sealed) (map[string]*granter, error) {
	out := map[string]*granter{}
	granterOf := func(r gjson.Result) *granter {
		id := r.Get("ParentId").String()
		if !isID(id) {
			return &granter{fields: map[string]bool{}, all: map[string]bool{}}
		}
		id = id18(id)
		if out[id] == nil {
			name := "permission set " + r.Get("Parent.Label").String()
			if r.Get("Parent.IsOwnedByProfile").Bool() {
				name = "profile " + r.Get("Parent.Profile.Name").String()
			}
			out[id] = &granter{name: clean(name), fields: map[string]bool{}, all: map[string]bool{}}
		}
		return out[id]
	}
	var paths, objects []string
	for _, f := range restricted {
		paths = append(paths, f.path())
		if !slices.Contains(objects, f.object) {
			objects = append(objects, f.object)
		}
	}
	among := "SobjectType IN ('" + strings.Join(objects, "','") + "')"
	rows, err := c.everyRow(ctx, "query", "SELECT "+granterColumns+", Field FROM FieldPermissions WHERE "+among+" AND PermissionsRead = true AND Field IN ('"+strings.Join(paths, "','")+"')")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		granterOf(r).fields[strings.ToLower(r.Get("Field").String())] = true
	}
	// Later versions of the API let a permission set show all fields at once;
	// describe says so, which is a call that older ones are spared.
	if version, _ := strconv.ParseFloat(c.version, 64); version <= withoutAllFields || s.standing("ObjectPermissions") != readable {
		return out, nil
	}
	o, err := c.describe(ctx, "ObjectPermissions")
	s.seen.wholesale = err == nil
	if err != nil || o.field("PermissionsViewAllFields") == nil {
		return out, tolerable(err)
	}
	rows, err = c.everyRow(ctx, "query", "SELECT "+granterColumns+", SobjectType FROM ObjectPermissions WHERE "+among+" AND PermissionsViewAllFields = true")
	if err := tolerable(err); err != nil {
		return nil, err
	}
	for _, r := range rows {
		granterOf(r).all[r.Get("SobjectType").String()] = true
	}
	return out, nil
}

// readOwners lists the active owners of deals, without ourselves.
func (c *Client) readOwners(ctx context.Context, s *schema) ([]string, error) {
	when := "CreatedDate = LAST_N_DAYS:365"
	if since := c.setup.Since; !since.IsZero() {
		when = "(" + when + " OR (IsWon = true AND CloseDate >= " + since.Format("2006-01-02") + "))"
	}
	rows, err := c.everyRow(ctx, "query", fmt.Sprintf("SELECT OwnerId FROM Opportunity WHERE Owner.IsActive = true AND %s GROUP BY OwnerId LIMIT %d", when, mostOwners))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rows {
		if id := r.Get("OwnerId").String(); isUser(id) && crm.UserID(id18(id)) != s.self {
			out = append(out, id18(id))
		}
	}
	return out, nil
}

// readHolders tells which of the granters each user holds, and which of our own
// sets by name, directly or in a group.
func (c *Client) readHolders(ctx context.Context, s *schema, granters map[string]*granter, users []string) (map[string]map[string]bool, error) {
	grouped := s.standing("PermissionSetGroupComponent") == readable && s.standing("PermissionSetGroup") == readable
	columns := "AssigneeId, PermissionSetId, PermissionSet.Name"
	which := ""
	if grouped {
		columns += ", PermissionSetGroupId"
	}
	if len(granters) <= grantersPerQuery {
		which = " AND (PermissionSet.Name IN ('" + managerSet + "','" + csmSet + "') OR PermissionSetId IN ('" + strings.Join(sortedKeys(granters), "','") + "')"
		if grouped {
			which += " OR PermissionSetGroupId != null"
		}
		which += ")"
	}
	out := map[string]map[string]bool{}
	byGroup := map[string][]string{} // group -> users
	for part := range slices.Chunk(users, ownersPerQuery) {
		rows, err := c.everyRow(ctx, "query", "SELECT "+columns+" FROM PermissionSetAssignment WHERE AssigneeId IN ('"+strings.Join(part, "','")+"')"+which)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			user := id18(r.Get("AssigneeId").String())
			if out[user] == nil {
				out[user] = map[string]bool{}
			}
			out[user][id18(r.Get("PermissionSetId").String())] = true
			out[user][strings.Clone(r.Get("PermissionSet.Name").String())] = true
			if group := r.Get("PermissionSetGroupId").String(); isID(group) {
				byGroup[id18(group)] = append(byGroup[id18(group)], user)
			}
		}
	}
	for groups := range slices.Chunk(sortedKeys(byGroup), ownersPerQuery) {
		rows, err := c.everyRow(ctx, "query", "SELECT PermissionSetGroupId, PermissionSetId, PermissionSet.Name FROM PermissionSetGroupComponent WHERE PermissionSetGroupId IN ('"+strings.Join(groups, "','")+"')")
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			for _, user := range byGroup[id18(r.Get("PermissionSetGroupId").String())] {
				out[user][id18(r.Get("PermissionSetId").String())] = true
				out[user][strings.Clone(r.Get("PermissionSet.Name").String())] = true
			}
		}
	}
	return out, nil
}

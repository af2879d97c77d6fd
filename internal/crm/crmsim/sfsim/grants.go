package sfsim

import (
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// Field-level security of custom fields is what permission sets grant, those
// that profiles own included. A field that nobody granted is seen by nobody.

// Rights of the integration user that TakeRight may take.
const (
	ViewSetup            = "View Setup and Configuration"
	CustomizeApplication = "Customize Application"
	ModifyMetadata       = "Modify Metadata Through Metadata API Functions"
	ManagePermissionSets = "Manage Profiles and Permission Sets"
	AssignPermissionSets = "Assign Permission Sets"
)

const (
	integrationProfile = "Minimum Access - API Only Integrations"
	adminProfile       = "System Administrator"
	standardProfile    = "Standard User"

	syncSet    = "Handoff_Sync"
	csmSet     = "Handoff_CSM"
	managerSet = "Handoff_Manager"
)

// grantTables are the objects that decide who sees what, with the right that
// it takes to write them.
var grantTables = map[string]string{
	"PermissionSet": ManagePermissionSets, "FieldPermissions": ManagePermissionSets,
	"ObjectPermissions": ManagePermissionSets, "PermissionSetAssignment": AssignPermissionSets,
}

// TakeRight takes a right from the integration user. It has all of them at first.
func (s *Server) TakeRight(right string) { s.right(right, true) }

// GiveRight gives TakeRight's back.
func (s *Server) GiveRight(right string) { s.right(right, false) }

func (s *Server) right(name string, denied bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[name] = denied
	s.schemaMoved()
}

// setupOnly reports whether an object shows only to those who may see Setup.
// What the vendor answers others is not written down: here the object is
// unknown to them, as one without read access is.
func (s *Server) setupOnly(t *table) bool {
	if !s.denied[ViewSetup] {
		return false
	}
	switch t.name {
	case "PermissionSet", "PermissionSetAssignment", "FieldPermissions", "ObjectPermissions",
		"PermissionSetGroup", "PermissionSetGroupComponent", "CustomField", "CustomObject", "ValidationRule", "FieldDefinition", "EntityDefinition":
		return true
	}
	return false
}

// handoffField reports whether a field is one that syncd brings.
func handoffField(native string) bool {
	return strings.HasPrefix(native, "Handoff_") || strings.HasPrefix(native, "Partner_")
}

// regrant works out which custom fields the integration user sees.
func (s *Server) regrant() {
	for _, t := range s.list {
		for _, f := range t.fields {
			// A field that everybody has to fill in cannot be kept from anybody.
			f.seen, f.edited = f.required, f.required
		}
		if t.object != nil {
			t.object.may = access{}
		}
	}
	parents := map[any]bool{}
	for _, a := range s.table("PermissionSetAssignment").rows {
		if a.gone || a.val("AssigneeId") != s.me {
			continue
		}
		parents[a.val("PermissionSetId")] = true
		for _, c := range s.table("PermissionSetGroupComponent").rows {
			if group := a.val("PermissionSetGroupId"); group != nil && c.val("PermissionSetGroupId") == group {
				parents[c.val("PermissionSetId")] = true
			}
		}
	}
	for _, p := range s.table("FieldPermissions").rows {
		if p.gone || !parents[p.val("ParentId")] || p.val("PermissionsRead") != true {
			continue
		}
		_, name, _ := strings.Cut(p.str("Field"), ".")
		for _, t := range s.sharing(p.str("SobjectType")) {
			if f := t.field(name); f != nil {
				f.seen, f.edited = true, f.edited || p.val("PermissionsEdit") == true
			}
		}
	}
	for _, p := range s.table("ObjectPermissions").rows {
		t := s.table(p.str("SobjectType"))
		if p.gone || !parents[p.val("ParentId")] || t == nil || t.object == nil {
			continue
		}
		may := &t.object.may
		may.read = may.read || p.val("PermissionsRead") == true
		may.create = may.create || p.val("PermissionsCreate") == true
		may.edit = may.edit || p.val("PermissionsEdit") == true
		may.remove = may.remove || p.val("PermissionsDelete") == true
	}
	s.schemaMoved()
}

// sharing lists the objects that have their custom fields in common: those of
// tasks are those of events.
func (s *Server) sharing(object string) []*table {
	switch t := s.table(object); t {
	case nil:
		return nil
	case s.task, s.event:
		return []*table{s.task, s.event}
	default:
		return []*table{t}
	}
}

// checkGrant holds a draft of a permission against the vendor's rules.
func (s *Server) checkGrant(d *draft) *recordError {
	now := func(name string) any {
		f := d.t.exact[name]
		if v, ok := d.set[f]; ok {
			return v
		}
		if d.r != nil && f != nil {
			return d.r.get(f.pos)
		}
		return nil
	}
	taken := func(columns ...string) bool {
		return slices.ContainsFunc(d.t.rows, func(r *record) bool {
			if r.gone || r == d.r {
				return false
			}
			for _, c := range columns {
				if r.val(c) != now(c) {
					return false
				}
			}
			return true
		})
	}
	switch d.t.name {
	case "PermissionSet":
		if name, _ := now("Name").(string); !apiName(name) {
			return deny("INVALID_API_NAME_FORMAT", "The Permission Set API Name can only contain underscores and alphanumeric characters. It must be unique, begin with a letter, not include spaces, not end with an underscore, and not contain two consecutive underscores.", "Name")
		}
		if taken("Name") {
			return deny("DUPLICATE_DEVELOPER_NAME", "The name you entered is already in use: "+now("Name").(string), "Name")
		}
		if d.r == nil {
			d.set[d.t.exact["IsCustom"]], d.set[d.t.exact["Type"]] = true, "Regular"
		}
	case "PermissionSetAssignment":
		if (now("PermissionSetId") == nil) == (now("PermissionSetGroupId") == nil) {
			return deny("REQUIRED_FIELD_MISSING", "Required fields are missing: [PermissionSetId]", "PermissionSetId")
		}
		if taken("PermissionSetId", "PermissionSetGroupId", "AssigneeId") {
			return deny("DUPLICATE_VALUE", "duplicate value found: PermissionSetId, AssigneeId duplicates value on another record")
		}
	case "ObjectPermissions":
		if taken("ParentId", "SobjectType") {
			return deny("DUPLICATE_VALUE", "duplicate value found: ParentId, SobjectType duplicates value on another record")
		}
		return s.checkObjectGrant(now)
	case "FieldPermissions":
		object, _ := now("SobjectType").(string)
		path, _ := now("Field").(string)
		on, name, _ := strings.Cut(path, ".")
		t := s.table(object)
		if t == nil || t.tooling {
			return deny("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Sobject Type: bad value for restricted picklist field: "+object, "SobjectType")
		}
		f := t.field(name)
		// Fields that everybody has to have are not on the list of those that
		// can be granted; nor is Activity.X__c, whose place is Task or Event.
		if f == nil || !strings.EqualFold(on, t.name) || f.required || f.kind == "id" || t.object != nil && !f.custom {
			return deny("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Field: bad value for restricted picklist field: "+path, "Field")
		}
		switch {
		case now("PermissionsEdit") == true && now("PermissionsRead") != true:
			return deny("FIELD_INTEGRITY_EXCEPTION", "Permission to edit a field needs permission to read it: "+path, "PermissionsRead")
		case now("PermissionsEdit") == true && f.calculated:
			return deny("FIELD_INTEGRITY_EXCEPTION", "You can't grant edit permission to a formula field: "+path, "PermissionsEdit")
		case taken("ParentId", "Field"):
			return deny("DUPLICATE_VALUE", "duplicate value found: ParentId, Field duplicates value on another record")
		}
	}
	return nil
}

// Grant is an admin's change of one field's permissions, "Opportunity.X__c", in a
// permission set by its API name or in a profile by its name. A permission set
// that is not there is made.
func (s *Server) Grant(parent, fieldPath string, read, edit bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.permitField(s.parent(parent), fieldPath, read, edit)
	s.regrant()
}

// Assign gives a permission set, or a group of them, to a user.
func (s *Server) Assign(set, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.assign(s.parent(set), user)
	s.regrant()
}

// Unassign takes a permission set, or a group of them, from a user.
func (s *Server) Unassign(set, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.parent(set)
	for _, r := range slices.Clone(s.table("PermissionSetAssignment").rows) {
		if !r.gone && r.val("AssigneeId") == user && (r.val("PermissionSetId") == id || r.val("PermissionSetGroupId") == id) {
			s.vanish(r)
		}
	}
	s.regrant()
}

// GroupSets puts permission sets into a new group of them.
func (s *Server) GroupSets(group string, sets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.setupRow("PermissionSetGroup", map[string]any{"DeveloperName": group, "MasterLabel": strings.ReplaceAll(group, "_", " "), "Status": "Updated"})
	for _, name := range sets {
		s.setupRow("PermissionSetGroupComponent", map[string]any{"PermissionSetGroupId": id, "PermissionSetId": s.parent(name)})
	}
}

// Me is the id of the integration user.
func (s *Server) Me() string { return s.me }

func (s *Server) setupRow(object string, values map[string]any) string {
	t := s.table(object)
	r := s.newRecord(t).fill(values)
	s.touch(r, actor{id: s.admin, at: s.now()}, true)
	s.add(r)
	return r.id
}

// parent is the id of what grants by this name.
func (s *Server) parent(name string) string {
	for _, g := range s.table("PermissionSetGroup").rows {
		if g.val("DeveloperName") == name {
			return g.id
		}
	}
	for _, r := range s.table("PermissionSet").rows {
		if r.gone {
			continue
		}
		if r.val("IsOwnedByProfile") != true && r.val("Name") == name {
			return r.id
		}
		if p := s.byRef(r.val("ProfileId")); p != nil && p.val("Name") == name {
			return r.id
		}
	}
	return s.setupRow("PermissionSet", map[string]any{"Name": name, "Label": strings.ReplaceAll(name, "_", " "), "IsCustom": true, "Type": "Regular"})
}

func (s *Server) permitField(parent, path string, read, edit bool) {
	object, _, _ := strings.Cut(path, ".")
	for _, r := range s.table("FieldPermissions").by("ParentId", parent) {
		if r.val("Field") == path {
			s.set(r, "PermissionsRead", read)
			s.set(r, "PermissionsEdit", edit)
			return
		}
	}
	s.setupRow("FieldPermissions", map[string]any{
		"ParentId": parent, "SobjectType": object, "Field": path, "PermissionsRead": read, "PermissionsEdit": edit,
	})
}

func (s *Server) assign(parent, user string) {
	column := "PermissionSetId"
	if s.ofID(parent) == s.table("PermissionSetGroup") {
		column = "PermissionSetGroupId"
	}
	for _, r := range s.table("PermissionSetAssignment").by("AssigneeId", user) {
		if r.val(column) == parent {
			return
		}
	}
	s.setupRow("PermissionSetAssignment", map[string]any{column: parent, "AssigneeId": user})
}

// permissions makes the permission sets of an org that was set up with care,
// or of one where nobody has heard of handoff scores: there the integration
// user's profile grants what is the org's own.
func (sd *seeder) permissions(profiles map[string]string) {
	s := sd.s
	owned := map[string]string{} // profile -> its permission set
	for _, name := range []string{adminProfile, standardProfile, integrationProfile} {
		owned[name] = s.setupRow("PermissionSet", map[string]any{
			"Name": "X" + profiles[name], "Label": profiles[name], "IsOwnedByProfile": true, "ProfileId": profiles[name], "IsCustom": false, "Type": "Profile",
		})
	}
	for _, u := range s.table("User").rows {
		for _, name := range []string{adminProfile, standardProfile, integrationProfile} {
			if u.val("ProfileId") == profiles[name] {
				s.assign(owned[name], u.id)
			}
		}
	}
	sets := map[string]string{}
	if !s.o.NoHandoffFields {
		for _, name := range []string{syncSet, csmSet, managerSet} {
			sets[name] = s.parent(name)
		}
		s.assign(sets[syncSet], s.me)
		for i, u := range sd.w.Users {
			switch u.Job {
			case world.CSM:
				s.assign(sets[csmSet], s.users[i])
			case world.CSManager, world.SalesManager, world.RevOps:
				s.assign(sets[managerSet], s.users[i])
			}
		}
	}
	for _, t := range s.list {
		if t == s.event {
			continue // its fields are the tasks'
		}
		for _, f := range t.fields {
			path := t.name + "." + f.name
			switch {
			case !f.custom:
			case !handoffField(f.name) || t != s.opp || s.o.NoHandoffFields:
				for _, id := range owned {
					s.permitField(id, path, true, true)
				}
			default:
				s.permitField(sets[syncSet], path, true, true)
				s.permitField(sets[csmSet], path, true, csmWrites(f.name))
				s.permitField(sets[managerSet], path, true, managerWrites(f.name))
				if sellersSee(f.name) {
					s.permitField(owned[standardProfile], path, true, false)
				}
			}
		}
	}
	s.regrant()
}

func part(native string) string {
	_, name, _ := strings.Cut(strings.TrimSuffix(native, "__c"), "_")
	return name
}

// sellersSee names the fields that tell no number.
func sellersSee(native string) bool {
	return slices.Contains([]string{"Status", "Gaps", "Action", "Ball", "Csm", "Kickoff_At"}, part(native))
}

func managerWrites(native string) bool {
	return slices.Contains([]string{"Dispute_Outcome", "Dispute_Score", "Duplicate_Decision"}, part(native))
}

func csmWrites(native string) bool {
	name := part(native)
	return !managerWrites(native) && (strings.HasPrefix(name, "Item_") || strings.HasPrefix(name, "Dispute_") ||
		slices.Contains([]string{"Attempt_Scored", "Csm", "Kickoff_At"}, name))
}

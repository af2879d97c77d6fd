package sfsim

import "strings"

// What the integration user may do with an object's records.

func (t *table) creates() bool { return t.canCreate && (t.object == nil || t.object.may.create) }
func (t *table) updates() bool { return t.canUpdate && (t.object == nil || t.object.may.edit) }
func (t *table) deletes() bool { return t.canDelete && (t.object == nil || t.object.may.remove) }

// lacks says that the user has no permission on a custom object.
func (s *Server) lacks(a actor, t *table, what func(access) bool) bool {
	return a.api && t.object != nil && !what(t.object.may)
}

// objectRights are the columns of ObjectPermissions, each with those that the
// vendor wants beside it (Object Reference, ObjectPermissions, read 2026-11).
var objectRights = []struct {
	column, word string
	needs        []string
}{
	{"PermissionsRead", "Read", nil},
	{"PermissionsCreate", "Create", []string{"PermissionsRead"}},
	{"PermissionsEdit", "Edit", []string{"PermissionsRead"}},
	{"PermissionsDelete", "Delete", []string{"PermissionsEdit", "PermissionsRead"}},
	{"PermissionsViewAllRecords", "Read All", []string{"PermissionsRead"}},
	{"PermissionsModifyAllRecords", "Modify All", []string{"PermissionsDelete", "PermissionsEdit", "PermissionsRead", "PermissionsViewAllRecords"}},
}

// checkObjectGrant holds object permissions against each other. now reads a
// column as the write would leave it.
func (s *Server) checkObjectGrant(now func(string) any) *recordError {
	object, _ := now("SobjectType").(string)
	t := s.table(object)
	if t == nil || t.tooling || !t.layout {
		return deny("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Sobject Type: bad value for restricted picklist field: "+object, "SobjectType")
	}
	words := map[string]string{}
	some := now("PermissionsViewAllFields") == true
	for _, right := range objectRights {
		words[right.column] = right.word + " " + t.name
	}
	for _, right := range objectRights {
		if now(right.column) != true {
			continue
		}
		some = true
		var missing []string
		for _, need := range right.needs {
			if now(need) != true {
				missing = append(missing, words[need])
			}
		}
		if missing != nil {
			return deny("FIELD_INTEGRITY_EXCEPTION", "Permission "+words[right.column]+" depends on permission(s): "+strings.Join(missing, ", "))
		}
	}
	if !some {
		// Rights that grant nothing are not kept: the record is to be deleted.
		return deny("FIELD_INTEGRITY_EXCEPTION", "At least one permission must be enabled on "+t.name)
	}
	return nil
}

// GrantObject is an admin's change of what a permission set or profile, named
// as for Grant, lets people do with a custom object's records.
func (s *Server) GrantObject(parent, object string, read, create, edit, remove bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.parent(parent)
	values := map[string]any{"PermissionsRead": read, "PermissionsCreate": create, "PermissionsEdit": edit, "PermissionsDelete": remove}
	for _, r := range s.table("ObjectPermissions").by("ParentId", id) {
		if strings.EqualFold(r.str("SobjectType"), object) {
			for name, v := range values {
				s.set(r, name, v)
			}
			s.regrant()
			return
		}
	}
	values["ParentId"], values["SobjectType"] = id, object
	s.setupRow("ObjectPermissions", values)
	s.regrant()
}

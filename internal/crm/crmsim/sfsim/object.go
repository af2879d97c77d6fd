package sfsim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Custom objects: tables that admins make while the org runs. A new one is
// seen by nobody until object permissions grant it, its maker included.

// A customObject is what a table of the admins' own has beside its columns.
type customObject struct {
	id                           string // 01I..., by which the Tooling API knows it
	status, sharing, description string
	next                         uint64 // number of the next record, if it has one in its name
	may                          access
}

// access is what the integration user may do with an object's records.
type access struct{ read, create, edit, remove bool }

// objectMetadata is a CustomObject of the Metadata API.
type objectMetadata struct {
	fullName, label, plural, description, sharing, status string
	nameKind, nameLabel, nameFormat                       string
	first                                                 uint64 // number of the first record
	fields                                                []*namedField
}

var sharingModels = []string{"", "Private", "Read", "ReadWrite", "ControlledByParent"}

const (
	longestFormat = 30 // of an automatic number
	longestName   = 80 // of a record
)

// makeObject makes a custom object, with the fields that come with it, or
// says why there can be none like it.
func (s *Server) makeObject(m *objectMetadata, now stamp) *apiError {
	if e := s.checkObject(m); e != nil {
		return e
	}
	short := strings.TrimSuffix(m.fullName, "__c")
	t := newTable(m.fullName, s.nextPrefix(), "", "cudnrl")
	t.label, t.plural, t.custom = m.label, m.plural, true
	t.audit("audit")
	t.exact["Id"].label = "Record ID"
	t.addField(&field{
		name: "OwnerId", label: "Owner ID", kind: "reference", length: 18, targets: []string{"Group", "User"}, rel: "Owner", byPoly: true,
		required: true, create: true, update: true, filter: true, sort: true, group: true,
	})
	name := &field{name: "Name", label: m.nameLabel, kind: "string", length: longestName, nameField: true, idLookup: true, filter: true, sort: true, group: true}
	if m.nameKind == "AutoNumber" {
		name.format = m.nameFormat
	} else {
		name.create, name.update = true, true
	}
	t.addField(name)
	row := s.newRecord(s.table("CustomObject")).fill(map[string]any{
		"DeveloperName": short, "Description": m.description, "SharingModel": m.sharing, "ManageableState": "unmanaged",
		"CreatedDate": now, "LastModifiedDate": now,
	})
	s.add(row)
	t.object = &customObject{id: row.id, status: m.status, sharing: m.sharing, description: m.description, next: m.first}
	s.addTable(t)
	s.undoing(func() { s.forget(t) })
	s.defineEntity(t)
	for _, f := range t.fields {
		s.defineField(t, f, "")
	}
	for _, f := range m.fields {
		if _, e := s.makeField(m.fullName+"."+f.FullName, &f.meta, now); e != nil {
			return e
		}
	}
	return nil
}

// checkObject holds a new object against the vendor's rules. The codes are the
// vendor's; of the messages only that about the name field was seen.
func (s *Server) checkObject(m *objectMetadata) *apiError {
	short, custom := strings.CutSuffix(m.fullName, "__c")
	for _, part := range []struct{ name, given string }{
		{"fullName", m.fullName}, {"label", m.label}, {"pluralLabel", m.plural}, {"deploymentStatus", m.status}, {"sharingModel", m.sharing},
	} {
		if part.given == "" {
			e := refuse(400, "REQUIRED_FIELD_MISSING", "Required field is missing: %s", part.name)
			e.Fields = []string{part.name}
			return e
		}
	}
	switch {
	case !custom || !apiNameForm.MatchString(short):
		return integrity("The Object Name field can only contain underscores and alphanumeric characters. It must be unique, begin with a letter, not include spaces, not end with an underscore, and not contain two consecutive underscores.")
	case len(short) > longestAPIName:
		return refuse(400, "STRING_TOO_LONG", "Object Name: data value too large: %s (max length=%d)", short, longestAPIName)
	case units(m.label) > longestLabel:
		return refuse(400, "STRING_TOO_LONG", "Label: data value too large: %s (max length=%d)", m.label, longestLabel)
	case units(m.plural) > longestLabel:
		return refuse(400, "STRING_TOO_LONG", "Plural Label: data value too large: %s (max length=%d)", m.plural, longestLabel)
	case units(m.description) > longestObjectNote:
		return refuse(400, "STRING_TOO_LONG", "Description: data value too large (max length=%d)", longestObjectNote)
	case s.table(m.fullName) != nil:
		return refuse(400, "DUPLICATE_DEVELOPER_NAME", "The object name %s is already in use.", short)
	case m.sharing == "ControlledByParent":
		// No object here has a master: fields of that type are not made.
		return integrity("Cannot set sharingModel to ControlledByParent on a CustomObject without a MasterDetail relationship field")
	case m.nameKind != "Text" && m.nameKind != "AutoNumber":
		return integrity("Must specify a nameField of type Text or AutoNumber")
	case m.nameLabel == "":
		return refuse(400, "REQUIRED_FIELD_MISSING", "Required field is missing: label")
	case units(m.nameLabel) > longestLabel:
		return refuse(400, "STRING_TOO_LONG", "Record Name: data value too large: %s (max length=%d)", m.nameLabel, longestLabel)
	case m.nameKind == "Text" && m.nameFormat != "":
		return integrity("Can not specify 'displayFormat' for a CustomField of type Text")
	case m.nameKind == "AutoNumber" && !numberFormat(m.nameFormat):
		return integrity("The display format of a CustomField of type AutoNumber needs one {0} and may have dates: %s", m.nameFormat)
	}
	return nil
}

const longestObjectNote = 1000

var formatPart = regexp.MustCompile(`\{([^{}]*)\}`)

// numberFormat reports whether a display format can number records.
func numberFormat(format string) bool {
	numbers := 0
	for _, m := range formatPart.FindAllStringSubmatch(format, -1) {
		switch part := m[1]; {
		case part != "" && len(part) <= 10 && strings.Trim(part, "0") == "":
			numbers++
		case !slices.Contains([]string{"YYYY", "YY", "MM", "DD"}, part):
			return false
		}
	}
	return numbers == 1 && units(format) <= longestFormat && !strings.ContainsAny(formatPart.ReplaceAllString(format, ""), "{}")
}

// numbered is a display format with a number in it.
func numbered(format string, n uint64, at stamp) string {
	day := at.time()
	return formatPart.ReplaceAllStringFunc(format, func(part string) string {
		switch part {
		case "{YYYY}":
			return day.Format("2006")
		case "{YY}":
			return day.Format("06")
		case "{MM}":
			return day.Format("01")
		case "{DD}":
			return day.Format("02")
		}
		return fmt.Sprintf("%0*d", len(part)-2, n)
	})
}

// christen gives a new record of a custom object its name: the next number,
// or its id where nobody gave it one. Numbers of records that were rolled
// back are not used again.
func (s *Server) christen(r *record, at stamp) {
	if r.t.object == nil {
		return
	}
	f := r.t.exact["Name"]
	switch {
	case f.format != "":
		r.vals[f.pos] = numbered(f.format, r.t.object.next, at)
		r.t.object.next++
	case r.vals[f.pos] == nil:
		r.vals[f.pos] = r.id[:15]
	}
}

// nextPrefix is the key prefix of the next custom object: a00, a01 and so on.
func (s *Server) nextPrefix() string {
	n := s.objects
	s.objects++
	return string([]byte{'a', base62[n/62%62], base62[n%62]})
}

// forget takes a table out as if it had never been made.
func (s *Server) forget(t *table) {
	s.dropTable(t.name)
	delete(s.prefixes, t.prefix)
	for _, parent := range s.list {
		parent.children = slices.DeleteFunc(slices.Clone(parent.children), func(k child) bool { return k.t == t })
	}
	s.schemaMoved()
}

// defineEntity adds an object to EntityDefinition.
func (s *Server) defineEntity(t *table) {
	if t.tooling {
		return
	}
	s.add(s.newRecord(s.table("EntityDefinition")).fill(map[string]any{
		"DurableId": t.durable(), "QualifiedApiName": t.name, "DeveloperName": strings.TrimSuffix(t.name, "__c"), "KeyPrefix": t.prefix, "Label": t.label,
	}))
}

// durable is how definitions name an object: by its id, if it is a custom one.
func (t *table) durable() string {
	if t.object != nil {
		return t.object.id[:15]
	}
	return t.name
}

// enumOrID is how CustomField names an object.
func (t *table) enumOrID() string {
	if t.object != nil {
		return t.object.id
	}
	return t.name
}

// byEnumOrID finds the object that CustomField names.
func (s *Server) byEnumOrID(name string) *table {
	for _, t := range s.list {
		if t.object != nil && t.object.id == name {
			return t
		}
	}
	return s.table(name)
}

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

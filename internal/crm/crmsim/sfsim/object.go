package sfsim

import (
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

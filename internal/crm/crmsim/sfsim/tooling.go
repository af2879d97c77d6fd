package sfsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Custom fields by the Tooling API. Messages are written from memory of the
// Metadata API's; codes are what clients go by.

const (
	longestAPIName  = 40
	longestLabel    = 40
	longestText     = 255
	shortestLong    = 256
	longestLongText = 131_072
	mostDigits      = 18
	mostFields      = 500
	longestHelp     = 510
)

var apiNameForm = regexp.MustCompile(`^[A-Za-z](?:_?[A-Za-z0-9])*$`)

func apiName(s string) bool { return len(s) <= 80 && apiNameForm.MatchString(s) }

// fieldMetadata is the Metadata of a CustomField, as far as this org has kinds
// of fields for it.
type fieldMetadata struct {
	Type             string    `json:"type"`
	Label            string    `json:"label"`
	Description      *string   `json:"description"`
	InlineHelpText   *string   `json:"inlineHelpText"`
	Required         *bool     `json:"required"`
	Unique           *bool     `json:"unique"`
	CaseSensitive    *bool     `json:"caseSensitive"`
	ExternalID       *bool     `json:"externalId"`
	TrackHistory     *bool     `json:"trackHistory"`
	TrackFeedHistory *bool     `json:"trackFeedHistory"`
	Precision        *int      `json:"precision"`
	Scale            *int      `json:"scale"`
	Length           *int      `json:"length"`
	VisibleLines     *int      `json:"visibleLines"`
	DefaultValue     any       `json:"defaultValue"`
	ValueSet         *valueSet `json:"valueSet"`
	ReferenceTo      *string   `json:"referenceTo"`
	RelationshipName *string   `json:"relationshipName"`
	RelationLabel    *string   `json:"relationshipLabel"`
	DeleteConstraint *string   `json:"deleteConstraint"`
}

type valueSet struct {
	Restricted bool `json:"restricted"`
	Definition *struct {
		Sorted bool `json:"sorted"`
		Value  []struct {
			// The vendor's pages call the value valueName here and fullName
			// there: either is taken.
			FullName  string `json:"fullName"`
			ValueName string `json:"valueName"`
			Label     string `json:"label"`
			Default   bool   `json:"default"`
			IsActive  *bool  `json:"isActive"`
		} `json:"value"`
	} `json:"valueSetDefinition"`
}

func integrity(format string, args ...any) *apiError {
	return refuse(400, "FIELD_INTEGRITY_EXCEPTION", format, args...)
}

// customize refuses those who may not change the org's schema. What the vendor
// answers them is not written down (?).
func (c *call) customize() *apiError {
	if c.s.denied[CustomizeApplication] {
		return refuse(403, "INSUFFICIENT_ACCESS", "insufficient access rights on object id")
	}
	return nil
}

type fieldBody struct {
	FullName string          `json:"FullName"`
	Metadata json.RawMessage `json:"Metadata"`
}

func (c *call) fieldBody() (*fieldBody, *fieldMetadata, *apiError) {
	var in fieldBody
	if e := decode(c.body, &in); e != nil {
		return nil, nil, e
	}
	if len(in.Metadata) == 0 || string(in.Metadata) == "null" {
		return nil, nil, refuse(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Metadata]")
	}
	var m fieldMetadata
	d := json.NewDecoder(strings.NewReader(string(in.Metadata)))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return nil, nil, refuse(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of complexvalue from the value of Metadata: %s", err)
	}
	return &in, &m, nil
}

// createField answers POST /tooling/sobjects/CustomField.
func (c *call) createField() (*answer, *apiError) {
	if e := c.customize(); e != nil {
		return nil, e
	}
	in, m, e := c.fieldBody()
	if e != nil {
		return nil, e
	}
	if in.FullName == "" {
		return nil, refuse(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [FullName]")
	}
	if bad := c.fault.refuses(""); bad != nil {
		return nil, bad.whole()
	}
	id, e := c.s.makeField(in.FullName, m, c.now)
	if e != nil {
		return nil, e
	}
	c.wrote(c.s.table("CustomField"))
	return &answer{status: http.StatusCreated, body: mustJSON(map[string]any{
		"id": id, "success": true, "errors": []any{}, "warnings": []any{}, "infos": []any{},
	})}, nil
}

// makeField makes a custom field, "Opportunity.X__c", and returns its id.
func (s *Server) makeField(fullName string, m *fieldMetadata, now stamp) (string, *apiError) {
	object, name, _ := strings.Cut(fullName, ".")
	tables := s.sharing(object)
	switch {
	case object == "Activity":
		tables = s.sharing("Task")
	case object == "Task" || object == "Event":
		return "", integrity("Entity Enumeration Or ID: bad value for restricted picklist field: %s; use Activity", object)
	}
	if len(tables) == 0 || !tables[0].layout {
		return "", integrity("Entity Enumeration Or ID: bad value for restricted picklist field: %s", object)
	}
	short, custom := strings.CutSuffix(name, "__c")
	switch {
	case !custom || !apiNameForm.MatchString(short):
		return "", integrity("The Field Name field can only contain underscores and alphanumeric characters. It must be unique, begin with a letter, not include spaces, not end with an underscore, and not contain two consecutive underscores.")
	case len(short) > longestAPIName:
		return "", refuse(400, "STRING_TOO_LONG", "Custom Field Name: data value too large: %s (max length=%d)", short, longestAPIName)
	case tables[0].field(name) != nil:
		return "", refuse(400, "DUPLICATE_DEVELOPER_NAME", "There is already a field named %s on %s.", short, tables[0].label)
	case countCustom(tables[0]) >= s.fieldLimit():
		return "", refuse(400, "LIMIT_EXCEEDED", "You have reached the maximum number of custom fields for %s.", tables[0].label)
	}
	made := make([]*field, len(tables))
	for i := range tables {
		var e *apiError
		if made[i], e = s.fieldOf(name, m); e != nil {
			return "", e
		}
	}
	for i, t := range tables {
		t.addField(made[i])
		if made[i].children != "" {
			parent := s.table(made[i].targets[0])
			parent.children = append(parent.children, child{t: t, f: made[i], rel: made[i].children})
		}
	}
	s.undoing(func() { s.dropColumn(tables, name) })
	id := s.listField(tables[0], made[0], now)
	s.defineField(tables[0], made[0], id)
	s.schemaMoved()
	return id, nil
}

// dropColumn takes a custom field out of its tables.
func (s *Server) dropColumn(tables []*table, name string) {
	for _, t := range tables {
		gone := t.field(name)
		t.fields = slices.DeleteFunc(slices.Clone(t.fields), func(other *field) bool { return other == gone })
		delete(t.byName, strings.ToLower(gone.name))
		delete(t.exact, gone.name)
		delete(t.rels, strings.ToLower(gone.rel))
		for _, parent := range s.list {
			parent.children = slices.DeleteFunc(slices.Clone(parent.children), func(k child) bool { return k.f == gone })
		}
	}
	s.schemaMoved()
}

func (s *Server) fieldLimit() int {
	if s.o.CustomFieldLimit > 0 {
		return s.o.CustomFieldLimit
	}
	return mostFields
}

func countCustom(t *table) int {
	n := 0
	for _, f := range t.fields {
		if f.custom {
			n++
		}
	}
	return n
}

// fieldOf makes a column of Metadata, or says why there can be none like it.
func (s *Server) fieldOf(name string, m *fieldMetadata) (*field, *apiError) {
	switch {
	case m.Type == "":
		return nil, refuse(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Type]")
	case m.Label == "":
		return nil, refuse(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Label]")
	case units(m.Label) > longestLabel:
		return nil, refuse(400, "STRING_TOO_LONG", "Field Label: data value too large: %s (max length=%d)", m.Label, longestLabel)
	case m.InlineHelpText != nil && units(*m.InlineHelpText) > longestHelp:
		return nil, refuse(400, "STRING_TOO_LONG", "Help Text: data value too large (max length=%d)", longestHelp)
	}
	f := newCustom(name, m.Label, "")
	if m.InlineHelpText != nil {
		f.help = *m.InlineHelpText
	}
	must := func(given bool, what string) *apiError {
		if !given {
			return integrity("Must specify '%s' for a CustomField of type %s", what, m.Type)
		}
		return nil
	}
	mustNot := func(given bool, what string) *apiError {
		if given {
			return integrity("Can not specify '%s' for a CustomField of type %s", what, m.Type)
		}
		return nil
	}
	yes := func(b *bool) bool { return b != nil && *b }
	f.required, f.unique, f.externalID = yes(m.Required), yes(m.Unique), yes(m.ExternalID)
	f.seen, f.edited = f.required, f.required // nobody grants those that everybody must fill in
	var checks []*apiError
	check := func(e *apiError) { checks = append(checks, e) }
	keys := slices.Contains([]string{"Number", "Text", "Email"}, m.Type)
	check(mustNot(!keys && f.unique, "unique"))
	check(mustNot(!keys && f.externalID, "externalId"))
	check(mustNot(m.Length != nil && m.Type != "Text" && m.Type != "LongTextArea", "length"))
	check(mustNot(m.ValueSet != nil && m.Type != "Picklist", "valueSet"))
	check(mustNot(m.Precision != nil && m.Type != "Number" && m.Type != "Currency" && m.Type != "Percent", "precision"))
	switch m.Type {
	case "Number", "Currency", "Percent":
		f.kind = map[string]string{"Number": "double", "Currency": "currency", "Percent": "percent"}[m.Type]
		check(must(m.Precision != nil, "precision"))
		check(must(m.Scale != nil, "scale"))
		if m.Precision != nil && m.Scale != nil {
			f.precision, f.scale = *m.Precision, *m.Scale
			if f.precision < 1 || f.precision > mostDigits || f.scale < 0 || f.scale > f.precision {
				check(integrity("Precision must be between 1 and %d, and scale between 0 and precision, for a CustomField of type %s", mostDigits, m.Type))
			}
		}
	case "Text":
		f.kind = "string"
		check(must(m.Length != nil, "length"))
		if m.Length != nil {
			f.length = *m.Length
			if f.length < 1 || f.length > longestText {
				check(integrity("Length must be between 1 and %d for a CustomField of type Text", longestText))
			}
		}
	case "TextArea":
		f.kind, f.length = "textarea", 255
	case "LongTextArea":
		f.kind = "textarea"
		check(must(m.Length != nil, "length"))
		check(must(m.VisibleLines != nil, "visibleLines"))
		check(mustNot(m.Required != nil && *m.Required, "required"))
		if m.Length != nil {
			f.length = *m.Length
			if f.length < shortestLong || f.length > longestLongText {
				check(integrity("Length must be between %d and %d for a CustomField of type LongTextArea", shortestLong, longestLongText))
			}
		}
	case "Checkbox":
		f.kind, f.def = "boolean", false
		check(must(m.DefaultValue != nil, "defaultValue"))
		check(mustNot(m.Required != nil, "required"))
		switch m.DefaultValue {
		case true, "true":
			f.def = true
		case nil, false, "false":
		default:
			check(integrity("The default value of a CustomField of type Checkbox is true or false"))
		}
	case "Date", "DateTime":
		f.kind = strings.ToLower(m.Type)
	case "Picklist":
		f.kind, f.length = "picklist", 255
		check(must(m.ValueSet != nil, "valueSet"))
		if m.ValueSet != nil {
			check(f.fillSet(m.ValueSet))
		}
	case "Lookup":
		f.kind, f.length = "reference", 18
		check(must(m.ReferenceTo != nil, "referenceTo"))
		check(must(m.RelationshipName != nil, "relationshipName"))
		if m.ReferenceTo != nil && m.RelationshipName != nil {
			to := s.table(*m.ReferenceTo)
			if to == nil || to.tooling || !apiName(*m.RelationshipName) {
				check(integrity("referenceTo value of '%s' does not resolve to a valid sObject type, or relationshipName is no API name", *m.ReferenceTo))
				break
			}
			for _, k := range to.children {
				if strings.EqualFold(k.rel, *m.RelationshipName+"__r") && k.f.name != name {
					check(refuse(400, "DUPLICATE_DEVELOPER_NAME", "There is already a Child Relationship named %s on %s.", *m.RelationshipName, to.label))
				}
			}
			f.targets, f.rel, f.children = []string{to.name}, strings.TrimSuffix(name, "__c")+"__r", *m.RelationshipName+"__r"
			f.indexed = true
			check(f.fillDelete(m.DeleteConstraint))
		}
	default:
		return nil, integrity("Field Type: bad value for restricted picklist field: %s", m.Type)
	}
	for _, e := range checks {
		if e != nil {
			return nil, e
		}
	}
	f.finish()
	return f, nil
}

// What becomes of a record whose parent is deleted.
const (
	setNull  = "SetNull"
	restrict = "Restrict"
	cascade  = "Cascade"
)

// fillDelete reads a lookup's delete constraint. One that must not be blank
// cannot be cleared; users are never deleted, so there it does not matter.
func (f *field) fillDelete(constraint *string) *apiError {
	f.onDelete = setNull
	if constraint != nil {
		f.onDelete = *constraint
	}
	switch {
	case !slices.Contains([]string{setNull, restrict, cascade}, f.onDelete):
		return integrity("Delete Constraint: bad value for restricted picklist field: %s", f.onDelete)
	case f.required && f.onDelete == setNull && f.targets[0] != "User":
		return integrity("Must specify 'deleteConstraint' as Restrict or Cascade for a required CustomField of type Lookup")
	}
	return nil
}

func (f *field) fillSet(set *valueSet) *apiError {
	if set.Definition == nil {
		return integrity("Must specify 'valueSetDefinition' or 'valueSetName' for a CustomField of type Picklist")
	}
	f.restricted = set.Restricted
	for _, v := range set.Definition.Value {
		name := v.FullName
		if name == "" {
			name = v.ValueName
		}
		switch {
		case name == "" || units(name) > 255:
			return integrity("Every value of a picklist needs a name of at most 255 characters")
		case slices.Contains(f.values, name):
			return refuse(400, "DUPLICATE_VALUE", "duplicate value found: %s", name)
		}
		if v.IsActive == nil || *v.IsActive {
			f.values = append(f.values, name)
		}
		if v.Default {
			f.def = name
		}
	}
	if len(f.values) == 0 {
		return integrity("A picklist needs at least one value")
	}
	return nil
}

// listField adds a custom field to those that the Tooling API lists.
func (s *Server) listField(t *table, f *field, at stamp) string {
	object, named, durable := t.enumOrID(), t.name, t.durable()
	if t == s.task {
		object, named, durable = "Activity", "Activity", "Activity"
	}
	r := s.newRecord(s.table("CustomField")).fill(map[string]any{
		"DeveloperName": strings.TrimSuffix(f.name, "__c"), "TableEnumOrId": object, "EntityDefinitionId": durable, "FullName": named + "." + f.name,
		"CreatedDate": at, "LastModifiedDate": at,
	})
	s.add(r)
	return r.id
}

// defineField adds a field to FieldDefinition. id is that of a custom field.
func (s *Server) defineField(t *table, f *field, id string) {
	if t != s.opp && t.object == nil {
		return // nobody has asked about others yet
	}
	durable := f.name
	if t.object != nil && id != "" {
		durable = id[:15]
	}
	s.add(s.newRecord(s.table("FieldDefinition")).fill(map[string]any{
		"DurableId": t.durable() + "." + durable, "QualifiedApiName": f.name, "DeveloperName": strings.TrimSuffix(f.name, "__c"), "Label": f.label,
		"DataType": f.metadataType(), "EntityDefinitionId": t.durable(), "IsFieldHistoryTracked": t == s.opp && s.tracked[f.name],
	}))
}

func (f *field) metadataType() string {
	switch f.kind {
	case "double", "int":
		return "Number"
	case "string":
		return "Text"
	case "textarea":
		switch {
		case f.html:
			return "Html"
		case f.long():
			return "LongTextArea"
		}
		return "TextArea"
	case "boolean":
		return "Checkbox"
	case "datetime":
		return "DateTime"
	case "reference":
		return "Lookup"
	case "id", "":
		return f.kind
	}
	return strings.ToUpper(f.kind[:1]) + f.kind[1:]
}

// metadata is what the Tooling API tells of a field.
func (f *field) metadata() map[string]any {
	m := map[string]any{
		"type": f.metadataType(), "label": f.label, "inlineHelpText": orNil(f.help), "required": f.required, "unique": f.unique, "externalId": f.externalID,
		"precision": nil, "scale": nil, "length": nil, "visibleLines": nil, "defaultValue": nil, "valueSet": nil, "referenceTo": nil, "relationshipName": nil,
	}
	switch {
	case f.number():
		m["precision"], m["scale"] = f.precision, f.scale
	case f.long():
		m["length"], m["visibleLines"] = f.length, 6
	case f.kind == "string":
		m["length"] = f.length
	case f.kind == "boolean":
		m["defaultValue"] = fmt.Sprint(f.def)
	case f.kind == "picklist":
		values := []any{}
		for _, v := range f.values {
			values = append(values, map[string]any{"valueName": v, "label": v, "default": f.def == v, "isActive": nil})
		}
		m["valueSet"] = map[string]any{"restricted": f.restricted, "valueSetDefinition": map[string]any{"sorted": false, "value": values}}
	case f.kind == "reference":
		m["referenceTo"], m["relationshipName"], m["deleteConstraint"] = f.targets[0], orNil(strings.TrimSuffix(f.children, "__r")), orNil(f.onDelete)
	}
	return m
}

// listed finds the columns behind a row of CustomField.
func (c *call) listed(r *record) ([]*table, *field) {
	object := r.str("TableEnumOrId")
	if object == "Activity" {
		object = "Task"
	}
	tables := []*table{c.s.byEnumOrID(object)}
	if tables[0].object == nil {
		tables = c.s.sharing(object)
	}
	return tables, tables[0].field(r.str("DeveloperName") + "__c")
}

// showField answers GET /tooling/sobjects/CustomField/{id}.
func (c *call) showField(id string) (*answer, *apiError) {
	t := c.s.table("CustomField")
	r, e := c.recordOf(t, id)
	if e != nil {
		return nil, e
	}
	_, f := c.listed(r)
	c.served(t, 1)
	return ok(map[string]any{
		"attributes": map[string]any{"type": "CustomField", "url": "/services/data/" + c.version + "/tooling/sobjects/CustomField/" + r.id},
		"Id":         r.id, "DeveloperName": r.val("DeveloperName"), "TableEnumOrId": r.val("TableEnumOrId"), "NamespacePrefix": nil,
		"FullName": r.val("FullName"), "Metadata": f.metadata(),
	}), nil
}

// changeField answers PATCH: the whole Metadata takes the old one's place, a
// value that it does not list is no longer there.
func (c *call) changeField(id string) (*answer, *apiError) {
	if e := c.customize(); e != nil {
		return nil, e
	}
	r, e := c.recordOf(c.s.table("CustomField"), id)
	if e != nil {
		return nil, e
	}
	_, m, e := c.fieldBody()
	if e != nil {
		return nil, e
	}
	tables, old := c.listed(r)
	made, e := c.s.fieldOf(old.name, m)
	if e != nil {
		return nil, e
	}
	if made.kind != old.kind || made.long() != old.long() || made.externalID != old.externalID || made.unique != old.unique ||
		!slices.Equal(made.targets, old.targets) || made.children != old.children {
		// The vendor converts some types into others; nobody here needs it.
		return nil, integrity("Cannot change type or indexing of custom field %s by this call", old.name)
	}
	for _, t := range tables {
		f := t.field(old.name)
		f.label, f.help, f.length, f.precision, f.scale = made.label, made.help, made.length, made.precision, made.scale
		f.values, f.restricted, f.required, f.def = made.values, made.restricted, made.required, made.def
		f.onDelete = made.onDelete
	}
	c.s.regrant()
	c.s.set(r, "LastModifiedDate", c.now)
	c.s.schemaMoved()
	c.wrote(r.t)
	return &answer{status: http.StatusNoContent}, nil
}

// dropField answers DELETE: the column and all permissions on it are gone.
func (c *call) dropField(id string) (*answer, *apiError) {
	if e := c.customize(); e != nil {
		return nil, e
	}
	r, e := c.recordOf(c.s.table("CustomField"), id)
	if e != nil {
		return nil, e
	}
	tables, f := c.listed(r)
	c.s.dropColumn(tables, f.name)
	for _, p := range slices.Clone(c.s.table("FieldPermissions").rows) {
		if path := p.str("Field"); !p.gone && slices.ContainsFunc(tables, func(t *table) bool { return path == t.name+"."+f.name }) {
			c.s.vanish(p)
		}
	}
	for _, d := range slices.Clone(c.s.table("FieldDefinition").rows) {
		if !d.gone && d.val("EntityDefinitionId") == tables[0].durable() && d.val("QualifiedApiName") == f.name {
			c.s.vanish(d)
		}
	}
	c.s.vanish(r)
	c.s.schemaMoved()
	c.wrote(r.t)
	return &answer{status: http.StatusNoContent}, nil
}

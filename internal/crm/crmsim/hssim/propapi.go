package hssim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const (
	mostUnique = 10    // properties with hasUniqueValue per object; HubSpot knowledge base, read 2026-03
	mostCustom = 1_000 // properties per object, of the paid plans; the refusal's wording is not known
)

// propertyNames are lower case, as HubSpot makes them.
var propertyNames = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)

func (s *Server) propertyRoutes(c *call, seg []string) (methods, *apiError) {
	if len(seg) == 0 {
		return nil, nil
	}
	t, e := s.tableIn(seg[0])
	if e != nil {
		return nil, e
	}
	c.kind = t.plural
	read, write := [][]string{anyRead}, [][]string{schemaScope(t)}
	on := func(f func(*call, *table) (any, *apiError)) func(*call) (any, *apiError) {
		return func(c *call) (any, *apiError) { return f(c, t) }
	}
	named := func(name string, f func(*call, *table, string) (any, *apiError)) func(*call) (any, *apiError) {
		return func(c *call) (any, *apiError) { return f(c, t, name) }
	}
	switch {
	case len(seg) == 1:
		return methods{
			"GET":  {op: "properties", handle: on(s.propertyList), scopes: read},
			"POST": {op: "property_create", handle: on(s.propertyCreate), scopes: write, writes: true},
		}, nil
	case len(seg) == 2 && seg[1] == "groups":
		return methods{
			"GET":  {op: "groups", handle: on(s.groupList), scopes: read},
			"POST": {op: "group_create", handle: on(s.groupCreate), scopes: write, writes: true},
		}, nil
	case len(seg) == 3 && seg[1] == "groups":
		return methods{
			"GET":    {op: "group", handle: named(seg[2], s.groupGet), scopes: read},
			"PATCH":  {op: "group_update", handle: named(seg[2], s.groupUpdate), scopes: write, writes: true},
			"DELETE": {op: "group_archive", handle: named(seg[2], s.groupArchive), scopes: write, writes: true},
		}, nil
	case len(seg) == 3 && seg[1] == "batch":
		switch seg[2] {
		case "read":
			return methods{"POST": {op: "properties_batch_read", handle: on(s.propertyBatchRead), scopes: read}}, nil
		case "create":
			return methods{"POST": {op: "properties_batch_create", handle: on(s.propertyBatchCreate), scopes: write, writes: true}}, nil
		case "archive":
			return methods{"POST": {op: "properties_batch_archive", handle: on(s.propertyBatchArchive), scopes: write, writes: true}}, nil
		}
	case len(seg) == 2:
		return methods{
			"GET":    {op: "property", handle: named(seg[1], s.propertyGet), scopes: read},
			"PATCH":  {op: "property_update", handle: named(seg[1], s.propertyUpdate), scopes: write, writes: true},
			"DELETE": {op: "property_archive", handle: named(seg[1], s.propertyArchive), scopes: write, writes: true},
		}, nil
	}
	return nil, nil
}

func (s *Server) propertyList(c *call, t *table) (any, *apiError) {
	wanted, e := listed(c.r.URL.Query())
	if e != nil {
		return nil, e
	}
	rows := []propertyJSON{}
	for _, p := range t.slots {
		if wanted(p) {
			rows = append(rows, p.json())
		}
	}
	return map[string]any{"results": rows}, nil
}

func (s *Server) propertyGet(c *call, t *table, name string) (any, *apiError) {
	wanted, e := listed(c.r.URL.Query())
	if e != nil {
		return nil, e
	}
	p := t.props[name]
	if p == nil || !wanted(p) {
		return nil, notFound("Property %s does not exist", name)
	}
	return p.json(), nil
}

// listed reads which definitions a call is about: archived ones or the others,
// and of which sensitivity.
func listed(q url.Values) (func(*property) bool, *apiError) {
	archived, e := boolParam(q, "archived")
	if e != nil {
		return nil, e
	}
	sensitivity := q.Get("dataSensitivity")
	switch {
	case sensitivity == "":
		sensitivity = sensitivities[0]
	case !slices.Contains(sensitivities, sensitivity):
		return nil, invalid("dataSensitivity must be one of %s", strings.Join(sensitivities, ", "))
	}
	return func(p *property) bool {
		return !p.veiled && (p.archived != 0) == archived && p.sensitivity() == sensitivity
	}, nil
}

type propertyInput struct {
	Name        string         `json:"name"`
	Label       *string        `json:"label"`
	Type        *string        `json:"type"`
	FieldType   *string        `json:"fieldType"`
	GroupName   *string        `json:"groupName"`
	Description *string        `json:"description"`
	Options     *[]optionInput `json:"options"`
	Order       *int           `json:"displayOrder"`
	Unique      *bool          `json:"hasUniqueValue"`
	Hidden      *bool          `json:"hidden"`
	Form        *bool          `json:"formField"`
	External    *bool          `json:"externalOptions"`
	Referenced  *string        `json:"referencedObjectType"`
	Formula     *string        `json:"calculationFormula"`
}

type optionInput struct {
	Label       *string `json:"label"`
	Value       *string `json:"value"`
	Hidden      *bool   `json:"hidden"`
	Order       *int    `json:"displayOrder"`
	Description string  `json:"description"`
}

// shape checks a definition that is about to be made or changed.
func (s *Server) shape(c *call, t *table, p *property, in propertyInput) *apiError {
	fields, ok := fieldsOf[p.typ]
	switch {
	case !ok:
		return invalid("Invalid input JSON: %q is not a property type", p.typ)
	case !slices.Contains(fields, p.field):
		return invalid("Property type %s cannot have field type %s; valid are %s", p.typ, p.field, strings.Join(fields, ", "))
	case t.groupNamed(p.group) == nil:
		e := invalid("Property group %s does not exist", p.group)
		e.SubCategory = "PropertyValidationError.GROUP_DOES_NOT_EXIST"
		e.Errors = []errorDetail{{Message: e.Message, Code: "GROUP_DOES_NOT_EXIST"}}
		return e
	case p.external && p.refType != "OWNER":
		return invalid("externalOptions needs referencedObjectType OWNER")
	}
	if in.Options != nil {
		options, e := readOptions(c, *in.Options)
		if e != nil {
			return e
		}
		p.offer(options)
	}
	if p.typ == "bool" {
		return boolOptions(p)
	}
	if p.typ == "enumeration" && !p.external && len(p.options) == 0 {
		return invalid("Property %s is an enumeration and needs options", p.name)
	}
	return nil
}

func boolOptions(p *property) *apiError {
	if len(p.options) != 2 || !p.valid["true"] || !p.valid["false"] {
		return invalid("Property %s is a bool and needs exactly two options with the values true and false", p.name)
	}
	return nil
}

func readOptions(c *call, in []optionInput) ([]option, *apiError) {
	out := make([]option, 0, len(in))
	seen := map[string]bool{}
	for i, o := range in {
		switch {
		case o.Label == nil || o.Value == nil || o.Hidden == nil || *o.Label == "" || *o.Value == "":
			return nil, invalid("Invalid input JSON: Some required fields of an option were not set: [label, value, hidden]")
		case c.dated() && o.Order == nil:
			return nil, invalid("Invalid input JSON: Some required fields of an option were not set: [displayOrder]")
		case seen[*o.Value]:
			return nil, invalid("Property option value %s occurs twice", *o.Value)
		}
		seen[*o.Value] = true
		order := i
		if o.Order != nil {
			order = *o.Order
		}
		out = append(out, option{*o.Label, *o.Value, o.Description, order, *o.Hidden})
	}
	return out, nil
}

// build turns a request into a definition that is not yet part of the table.
func (s *Server) build(c *call, t *table, in propertyInput) (*property, *apiError) {
	var missing []string
	for name, v := range map[string]*string{"label": in.Label, "groupName": in.GroupName, "type": in.Type, "fieldType": in.FieldType} {
		if v == nil || *v == "" {
			missing = append(missing, name)
		}
	}
	if in.Name == "" {
		missing = append(missing, "name")
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, invalid("Invalid input JSON: Some required fields were not set: [%s]", strings.Join(missing, ", "))
	}
	if !propertyNames.MatchString(in.Name) {
		return nil, invalid("Property name %q is not valid: names have lower case letters, numbers and underscores and start with a letter", in.Name)
	}
	if strings.HasPrefix(in.Name, "hs_") {
		return nil, invalid("Property name %q is not valid: names that start with hs_ are reserved", in.Name)
	}
	if t.props[in.Name] != nil {
		e := refuse(409, "OBJECT_ALREADY_EXISTS", "A property named '%s' already exists.", in.Name)
		e.SubCategory = "Properties.PROPERTY_WITH_NAME_EXISTS"
		return nil, e
	}
	if t.customs() >= mostCustom {
		return nil, invalid("There can be at most %d custom properties of %s", mostCustom, t.plural)
	}
	p := &property{
		name: in.Name, label: *in.Label, typ: *in.Type, field: *in.FieldType, group: *in.GroupName, order: -1,
		created: c.ms(), updated: c.ms(),
	}
	assign(&p.description, in.Description)
	assign(&p.order, in.Order)
	assign(&p.unique, in.Unique)
	assign(&p.hidden, in.Hidden)
	assign(&p.form, in.Form)
	assign(&p.external, in.External)
	assign(&p.refType, in.Referenced)
	if p.unique && (t.uniques() >= mostUnique || p.typ != "string" && p.typ != "number") {
		return nil, invalid("Property %s cannot have unique values: there can be %d such properties, of type string or number", p.name, mostUnique)
	}
	if p.field == "calculation_equation" {
		if in.Formula == nil {
			return nil, invalid("Property %s is calculated and needs a calculationFormula", p.name)
		}
		p.calculated, p.readOnly = true, true
	}
	return p, s.shape(c, t, p, in)
}

func assign[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

func (s *Server) propertyCreate(c *call, t *table) (any, *apiError) {
	var in propertyInput
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	p, e := s.build(c, t, in)
	if e != nil {
		return nil, e
	}
	t.define(p)
	t.ix.forget()
	c.status = http.StatusCreated
	return p.json(), nil
}

func (s *Server) propertyBatchCreate(c *call, t *table) (any, *apiError) {
	var in struct {
		Inputs []json.RawMessage `json:"inputs"`
	}
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if e := countInputs(len(in.Inputs), mostInputs); e != nil {
		return nil, e
	}
	rows := []propertyJSON{}
	var errors []rowError
	for _, text := range in.Inputs {
		var one propertyInput
		if err := json.Unmarshal(text, &one); err != nil {
			return nil, invalid("Invalid input JSON: %s", err)
		}
		p, e := s.build(c, t, one)
		if e != nil {
			errors = append(errors, row(e.Category, e.Message, "name", one.Name))
			continue
		}
		t.define(p)
		rows = append(rows, p.json())
	}
	t.ix.forget()
	c.status = http.StatusCreated
	return c.batch(rows, errors), nil
}

// batch is the answer of a batch of definitions.
func (c *call) batch(rows []propertyJSON, errors []rowError) map[string]any {
	out := map[string]any{"status": "COMPLETE", "results": rows, "startedAt": isoTime(c.ms()), "completedAt": isoTime(c.ms())}
	if len(errors) > 0 {
		c.status = http.StatusMultiStatus
		out["errors"], out["numErrors"] = errors, len(errors)
	}
	return out
}

type nameInput struct {
	Name string `json:"name"`
}

func (c *call) propertyNames() ([]nameInput, bool, *apiError) {
	var in struct {
		Archived bool        `json:"archived"`
		Inputs   []nameInput `json:"inputs"`
	}
	if e := c.decode(&in); e != nil {
		return nil, false, e
	}
	return in.Inputs, in.Archived, countInputs(len(in.Inputs), mostInputs)
}

func (s *Server) propertyBatchRead(c *call, t *table) (any, *apiError) {
	names, archived, e := c.propertyNames()
	if e != nil {
		return nil, e
	}
	rows := []propertyJSON{}
	var errors []rowError
	for _, n := range names {
		if p := t.props[n.Name]; p != nil && !p.veiled && !p.guarded && (p.archived != 0) == archived {
			rows = append(rows, p.json())
			continue
		}
		errors = append(errors, row("OBJECT_NOT_FOUND", "Property "+n.Name+" does not exist", "name", n.Name))
	}
	return c.batch(rows, errors), nil
}

func (s *Server) propertyBatchArchive(c *call, t *table) (any, *apiError) {
	names, _, e := c.propertyNames()
	if e != nil {
		return nil, e
	}
	for _, n := range names {
		if p := t.prop(n.Name); p != nil && !p.builtin {
			p.archived = c.ms()
		}
	}
	t.ix.forget()
	c.status = http.StatusNoContent
	return nil, nil
}

// propertyUpdate changes a definition; options replace the whole list.
func (s *Server) propertyUpdate(c *call, t *table, name string) (any, *apiError) {
	var in propertyInput
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	p := t.prop(name)
	if p == nil {
		return nil, notFound("Property %s does not exist", name)
	}
	next := *p
	if p.builtin && (in.Type != nil || in.FieldType != nil || in.Options != nil && (p.readOnly || p.external)) {
		e := invalid("Property %s is defined by HubSpot and cannot be changed so", name)
		e.SubCategory = "PropertyValidationError.READ_ONLY_DEFINITION"
		return nil, e
	}
	if in.Unique != nil && *in.Unique != p.unique {
		return nil, invalid("hasUniqueValue of property %s cannot be changed", name)
	}
	assign(&next.label, in.Label)
	assign(&next.typ, in.Type)
	assign(&next.field, in.FieldType)
	assign(&next.group, in.GroupName)
	assign(&next.description, in.Description)
	assign(&next.order, in.Order)
	assign(&next.hidden, in.Hidden)
	assign(&next.form, in.Form)
	if !p.builtin || in.Options != nil {
		if e := s.shape(c, t, &next, in); e != nil {
			return nil, e
		}
	}
	next.updated = c.ms()
	*p = next
	t.ix.forget()
	return p.json(), nil
}

func (s *Server) propertyArchive(c *call, t *table, name string) (any, *apiError) {
	p := t.prop(name)
	if p == nil {
		return nil, notFound("Property %s does not exist", name)
	}
	if p.builtin {
		return nil, invalid("Property %s is defined by HubSpot and cannot be deleted", name)
	}
	for _, rule := range s.o.ConditionalRequired {
		if s.table(rule.Object) == t && (rule.When == name || rule.Required == name) {
			e := invalid("Property %s is in use", name)
			e.Errors = []errorDetail{{Message: e.Message, SubCategory: "PropertyValidationError.PROPERTY_USAGE"}}
			return nil, e
		}
	}
	p.archived = c.ms()
	t.ix.forget()
	c.status = http.StatusNoContent
	return nil, nil
}

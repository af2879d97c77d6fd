package salesforce

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

var _ crm.Steward = (*Client)(nil)

// Survey compares the fields and permission sets that the set-up needs with
// those of the org.
func (c *Client) Survey(ctx context.Context) (crm.Survey, error) {
	c.forgetSchema()
	s, _, err := c.current(ctx)
	if err != nil {
		return crm.Survey{}, err
	}
	listed, err := c.readListed(ctx)
	if err != nil {
		return crm.Survey{}, err
	}
	granted, err := c.readGranted(ctx, s)
	if err != nil {
		return crm.Survey{}, err
	}
	fields := neededFields(c.setup)
	var out crm.Survey
	if c.setup.Attempts {
		out.Parts = append(out.Parts, surveyObject(s, listed))
	}
	for i := range fields {
		out.Parts = append(out.Parts, surveyField(s, listed, &fields[i]))
	}
	for _, set := range permissionSets() {
		p := crm.Part{Kind: partSet, Name: set.name, Label: set.label, Type: "permission set", State: crm.Missing}
		if granted.sets[set.name] != "" {
			p.State = crm.Present
		}
		p.Notes = granted.note()
		out.Parts = append(out.Parts, p)
		out.Assign = append(out.Assign, set.name+" to "+set.holders)
	}
	for _, u := range objectUses(c.setup) {
		out.Parts = append(out.Parts, granted.surveyUse(u))
	}
	for _, a := range allowances(fields) {
		out.Parts = append(out.Parts, granted.survey(a))
	}
	out.Manual = c.byHand(s, listed)
	return out, nil
}

// surveyObject looks for the object that keeps records of attempts.
func surveyObject(s *schema, listed *listedFields) crm.Part {
	p := crm.Part{Kind: partObject, Name: attemptObject, Label: attemptMetadata().Label, Type: "records of their own, private", State: crm.Missing}
	switch {
	case s.objects[attemptObject] != nil:
		p.State = crm.Present
	case listed.attempts != "":
		p.State = crm.Hidden
		p.Notes = []string{"the integration user may not read it: assign " + syncSet + " to that user"}
	case listed.refused != nil:
		p.Notes = []string{"it may be there, hidden from the integration user: the org does not list its objects to a user without View Setup and Configuration"}
	}
	return p
}

// surveyField compares one field.
func surveyField(s *schema, listed *listedFields, w *wanted) crm.Part {
	p := crm.Part{Kind: partField, Name: w.fullName(), Label: w.label, Field: w.logical, Type: w.says()}
	object := w.object
	if object == "Activity" {
		object = "Task"
	}
	f := s.objects[object].field(w.native)
	switch {
	case f != nil:
		p.State = crm.Present
		if p.Notes = w.differs(f); len(p.Notes) > 0 {
			p.State = crm.Differs
		}
	case listed.has(w.object, w.native) && w.note:
		p.State = crm.Present // hidden from our user, as it is to be
	case listed.has(w.object, w.native):
		p.State = crm.Hidden
		p.Notes = []string{"the integration user cannot see it: assign " + syncSet + " to that user"}
	default:
		p.State = crm.Missing
		if listed.refused != nil {
			p.Notes = []string{"it may be there, hidden from the integration user: the org does not list its fields to a user without View Setup and Configuration"}
		}
	}
	return p
}

// differs says how a field is another one than the set-up would make, and that
// only where it matters.
func (w *wanted) differs(f *field) []string {
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	want := w.describeType()
	if w.to != "" && f.Type == want && !slices.Contains(f.ReferenceTo, w.to) {
		note("it refers to %s, not to %s", strings.Join(f.ReferenceTo, " and "), w.to)
		return notes
	}
	if f.Type != want && (!w.either || f.Type != "date") && (want != "string" || f.Type != "textarea") {
		note("it is of type %s, not %s", f.Type, want)
		return notes
	}
	if f.Calculated {
		note("it is a formula")
	}
	switch w.kind {
	case crm.Number:
		if digits := f.Precision - f.Scale; f.Precision > 0 && digits < enoughDigits {
			note("it holds %d digits before the point, not %d", digits, enoughDigits)
		}
	case crm.Picklist:
		if missing := lacking(w.options, f); len(missing) > 0 {
			note("it lacks the values %s", quoted(missing))
		}
	case crm.Text, crm.LongText:
		if w.to == "" && f.Length < w.length() {
			note("it holds %d characters, not %d", f.Length, w.length())
		}
	case crm.User:
		if !slices.Contains(f.ReferenceTo, "User") {
			note("it refers to %s, not to User", strings.Join(f.ReferenceTo, " and "))
		}
	}
	if w.key && !f.ExternalID {
		note("it is no external id")
	}
	return notes
}

func (w *wanted) length() int {
	switch {
	case w.key:
		return keyLength
	case w.note:
		return noteLength
	case w.kind == crm.LongText:
		return longTextLength
	}
	return textLength
}

// describeType is the type that describe gives a field made as planned.
func (w *wanted) describeType() string {
	if w.to != "" {
		return "reference"
	}
	switch w.kind {
	case crm.Number:
		return "double"
	case crm.Picklist:
		return "picklist"
	case crm.Bool:
		return "boolean"
	case crm.Date:
		return "date"
	case crm.DateTime:
		return "datetime"
	case crm.User:
		return "reference"
	case crm.LongText:
		return "textarea"
	}
	return "string"
}

// byHand lists what a person has to do beside assigning.
func (c *Client) byHand(s *schema, listed *listedFields) []string {
	var out []string
	for i := range s.mapping.all {
		e := &s.mapping.all[i]
		if e.logical.Native == "" || e.on != nil {
			continue
		}
		name := e.object + "." + strings.TrimPrefix(e.native, e.object+".")
		if listed.has(e.object, strings.TrimPrefix(e.native, e.object+".")) {
			out = append(out, fmt.Sprintf("%s (fields.%s) is there and hidden: let the integration user read%s it in a permission set", name, e.logical.Name, orEdit(e.logical)))
		} else {
			out = append(out, fmt.Sprintf("%s (fields.%s) is a field of the org's own, which syncd never creates: create it, or map another", name, e.logical.Name))
		}
	}
	if c.setup.Attempts {
		out = append(out, "put the related list "+attemptsLabel+" on the page layouts and Lightning pages of Opportunity that CSMs and managers use")
	}
	return append(out,
		"put the fields on the page layouts and Lightning pages of Opportunity that CSMs, managers and sellers use (Setup > Object Manager > Opportunity)",
		"turn on field history of the CSM's fields and Key (Setup > Object Manager > Opportunity > Fields & Relationships > Set History Tracking)",
	)
}

// listedFields are the custom fields that exist, whoever may see them.
type listedFields struct {
	names    map[string]bool // lower-case Object.Name__c
	attempts string          // id of the object of attempts, "" if the org lists none
	refused  error           // why the org does not list them
}

func (l *listedFields) has(object, native string) bool {
	return l.names[strings.ToLower(object+"."+native)]
}

// readListed asks the Tooling API for the custom fields there are.
func (c *Client) readListed(ctx context.Context) (*listedFields, error) {
	l := &listedFields{names: map[string]bool{}}
	rows, err := c.everyRow(ctx, "tooling/query", "SELECT DeveloperName, TableEnumOrId, NamespacePrefix FROM CustomField WHERE TableEnumOrId IN ('Opportunity', 'Contact', 'OpportunityContactRole', 'Activity')")
	if err != nil {
		l.refused = err
		return l, tolerable(err)
	}
	l.add(rows, "")
	if !c.setup.Attempts {
		return l, nil
	}
	if l.attempts, err = c.attemptsID(ctx); err != nil || l.attempts == "" {
		l.refused = err
		return l, tolerable(err)
	}
	rows, err = c.everyRow(ctx, "tooling/query", "SELECT DeveloperName, TableEnumOrId, NamespacePrefix FROM CustomField WHERE TableEnumOrId = '"+l.attempts+"'")
	l.add(rows, attemptObject)
	l.refused = err
	return l, tolerable(err)
}

// add notes fields; those of a custom object name its id where others name the
// object.
func (l *listedFields) add(rows []gjson.Result, object string) {
	for _, r := range rows {
		name := r.Get("DeveloperName").String() + "__c"
		if ns := r.Get("NamespacePrefix").String(); ns != "" {
			name = ns + "__" + name
		}
		l.names[strings.ToLower(or(object, r.Get("TableEnumOrId").String())+"."+name)] = true
	}
}

// attemptsID is the id of the object of attempts, "" if there is none.
func (c *Client) attemptsID(ctx context.Context) (string, error) {
	rows, err := c.everyRow(ctx, "tooling/query", "SELECT Id FROM CustomObject WHERE DeveloperName = '"+strings.TrimSuffix(attemptObject, "__c")+"' AND NamespacePrefix = null")
	if err != nil || len(rows) == 0 || !isID(rows[0].Get("Id").String()) {
		return "", err
	}
	return rows[0].Get("Id").String(), nil
}

// grantedFields are our permission sets and what they grant.
type grantedFields struct {
	sets    map[string]string          // API name -> id
	fields  map[string]map[string]bool // set's name -> lower-case field path -> it may be edited
	objects map[string]objectUse       // by name, what sets allow with the object of attempts
	refused error
}

// readGranted reads our permission sets.
func (c *Client) readGranted(ctx context.Context, s *schema) (*grantedFields, error) {
	g := &grantedFields{sets: map[string]string{}, fields: map[string]map[string]bool{}, objects: map[string]objectUse{}}
	if s.standing("PermissionSet") != readable || s.standing("FieldPermissions") != readable {
		g.refused = errText("the org does not show permissions to the integration user")
		return g, nil
	}
	var names []string
	for _, set := range permissionSets() {
		names = append(names, set.name)
	}
	rows, err := c.everyRow(ctx, "query", "SELECT Id, Name FROM PermissionSet WHERE IsOwnedByProfile = false AND Name IN ('"+strings.Join(names, "','")+"')")
	if err != nil {
		g.refused = err
		return g, tolerable(err)
	}
	byID := map[string]string{}
	var ids []string
	for _, r := range rows {
		if id, name := r.Get("Id").String(), r.Get("Name").String(); isID(id) {
			g.sets[name], byID[id18(id)] = id18(id), name
			g.fields[name] = map[string]bool{}
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return g, nil
	}
	rows, err = c.everyRow(ctx, "query", "SELECT ParentId, Field, PermissionsEdit FROM FieldPermissions WHERE PermissionsRead = true AND ParentId IN ('"+strings.Join(ids, "','")+"')")
	if err != nil {
		g.refused = err
		return g, tolerable(err)
	}
	for _, r := range rows {
		if name := byID[id18(r.Get("ParentId").String())]; name != "" {
			g.fields[name][strings.ToLower(r.Get("Field").String())] = r.Get("PermissionsEdit").Bool()
		}
	}
	if !c.setup.Attempts {
		return g, nil
	}
	rows, err = c.everyRow(ctx, "query", "SELECT ParentId, PermissionsCreate, PermissionsEdit FROM ObjectPermissions WHERE SobjectType = '"+attemptObject+
		"' AND PermissionsViewAllRecords = true AND ParentId IN ('"+strings.Join(ids, "','")+"')")
	if err != nil && codeOf(err) != "INVALID_FIELD" && codeOf(err) != "INVALID_PICKLIST" { // there may be no such object yet
		g.refused = err
		return g, tolerable(err)
	}
	for _, r := range rows {
		u := objectUse{byID[id18(r.Get("ParentId").String())], attemptObject, r.Get("PermissionsCreate").Bool() && r.Get("PermissionsEdit").Bool()}
		g.objects[u.name()] = u
	}
	return g, nil
}

func (g *grantedFields) note() []string {
	if g.refused == nil {
		return nil
	}
	return []string{"it may be there: the org shows permissions only to a user with View Setup and Configuration"}
}

func (g *grantedFields) surveyUse(u objectUse) crm.Part {
	p := crm.Part{Kind: partObjectUse, Name: u.name(), Label: attemptMetadata().Label, Type: u.says(), State: crm.Missing, Notes: g.note()}
	switch have, there := g.objects[u.name()]; {
	case !there:
	case have != u:
		p.State = crm.Differs
		p.Notes = []string{"it grants " + have.says()}
	default:
		p.State = crm.Present
	}
	return p
}

func (g *grantedFields) survey(a allowance) crm.Part {
	p := crm.Part{Kind: partPermission, Name: a.name(), Label: a.of.label, Field: a.of.logical, Type: a.says(), State: crm.Missing, Notes: g.note()}
	edit, there := g.fields[a.set][strings.ToLower(a.path)]
	switch {
	case !there:
	case edit != a.edit:
		p.State = crm.Differs
		p.Notes = []string{"it grants " + readsOrEdits(edit)}
	default:
		p.State = crm.Present
	}
	return p
}

// forgetSchema makes the next question read the schema anew.
func (c *Client) forgetSchema() {
	c.schema.mu.Lock()
	defer c.schema.mu.Unlock()
	c.schema.value = nil
}

// everyRow runs a set-up query and follows its pages.
func (c *Client) everyRow(ctx context.Context, resource, soql string) ([]gjson.Result, error) {
	v, err := c.get(ctx, c.data(resource)+"?q="+strings.ReplaceAll(url.QueryEscape(soql), "+", "%20"))
	if err != nil {
		return nil, err
	}
	if !v.Get("records").IsArray() {
		return nil, malformed("query", "the answer to a query holds no records")
	}
	rows := v.Get("records").Array()
	for !v.Get("done").Bool() && v.Get("nextRecordsUrl").String() != "" {
		next, err := nextPage(v.Get("nextRecordsUrl"))
		if err != nil {
			return nil, err
		}
		if v, err = c.get(ctx, next); err != nil {
			return nil, err
		}
		rows = append(rows, v.Get("records").Array()...)
	}
	return rows, nil
}

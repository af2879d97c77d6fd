package sfsim

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func (r *rig) post(path string, body any) reply {
	r.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.do("POST", api+path, string(b))
}

func (r *rig) makeField(fullName string, metadata map[string]any) reply {
	r.t.Helper()
	return r.post("/tooling/sobjects/CustomField", map[string]any{"FullName": fullName, "Metadata": metadata})
}

func (r *rig) tooling(soql string) reply {
	r.t.Helper()
	return r.get(api + "/tooling/query?q=" + url.QueryEscape(soql))
}

func (r *rig) made(p reply) string {
	r.t.Helper()
	if p.status != 201 {
		r.t.Fatalf("status %d: %s", p.status, p.body)
	}
	id, _ := p.obj()["id"].(string)
	return id
}

func (r *rig) fieldNames(object string) []string {
	r.t.Helper()
	var out struct {
		Fields []struct{ Name string }
	}
	r.get(api + "/sobjects/" + object + "/describe").decode(&out)
	var names []string
	for _, f := range out.Fields {
		names = append(names, f.Name)
	}
	return names
}

func number(label string) map[string]any {
	return map[string]any{"type": "Number", "label": label, "precision": 5, "scale": 1, "externalId": false, "unique": false}
}

func TestAFieldOfTheToolingAPIIsSeenByNobodyUntilItIsGranted(t *testing.T) {
	r := newRig(t, 4, Options{})
	deal := r.s.DealID(0)
	id := r.made(r.makeField("Opportunity.Handoff_Fit__c", number("Handoff Fit")))

	r.query("SELECT Handoff_Fit__c FROM Opportunity").refused(400, "INVALID_FIELD", "No such column 'Handoff_Fit__c'")
	r.do("PATCH", api+"/sobjects/Opportunity/"+deal, `{"Handoff_Fit__c":3}`).refused(400, "INVALID_FIELD_FOR_INSERT_UPDATE", "security settings")
	if slices.Contains(r.fieldNames("Opportunity"), "Handoff_Fit__c") {
		t.Error("described without a grant")
	}
	if rows := r.tooling("SELECT Id, TableEnumOrId FROM CustomField WHERE DeveloperName = 'Handoff_Fit'").rows(); len(rows) != 1 || rows[0]["Id"] != id || rows[0]["TableEnumOrId"] != "Opportunity" {
		t.Errorf("the Tooling API lists %v", rows)
	}

	set := r.made(r.post("/sobjects/PermissionSet", map[string]any{"Name": "Fit_Readers", "Label": "Fit readers"}))
	grant := map[string]any{"ParentId": set, "SobjectType": "Opportunity", "Field": "Opportunity.Handoff_Fit__c", "PermissionsRead": true}
	allowed := r.made(r.post("/sobjects/FieldPermissions", grant))
	r.post("/sobjects/FieldPermissions", grant).refused(400, "DUPLICATE_VALUE", "")
	r.query("SELECT Handoff_Fit__c FROM Opportunity").refused(400, "INVALID_FIELD", "") // granted, not assigned
	held := r.made(r.post("/sobjects/PermissionSetAssignment", map[string]any{"AssigneeId": r.s.Me(), "PermissionSetId": set}))
	r.post("/sobjects/PermissionSetAssignment", map[string]any{"AssigneeId": r.s.Me(), "PermissionSetId": set}).refused(400, "DUPLICATE_VALUE", "")

	if n := len(r.query("SELECT Handoff_Fit__c FROM Opportunity LIMIT 2").rows()); n != 2 {
		t.Errorf("%d rows", n)
	}
	r.do("PATCH", api+"/sobjects/Opportunity/"+deal, `{"Handoff_Fit__c":3}`).refused(400, "INVALID_FIELD_FOR_INSERT_UPDATE", "")
	if p := r.do("PATCH", api+"/sobjects/FieldPermissions/"+allowed, `{"PermissionsEdit":true}`); p.status != 204 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	if p := r.do("PATCH", api+"/sobjects/Opportunity/"+deal, `{"Handoff_Fit__c":3.14}`); p.status != 204 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	if rows := r.query("SELECT Handoff_Fit__c FROM Opportunity WHERE Id = '" + deal + "'").rows(); rows[0]["Handoff_Fit__c"] != 3.1 {
		t.Errorf("stored %v", rows[0]["Handoff_Fit__c"])
	}
	rows := r.query("SELECT Field, Parent.Name, Parent.IsOwnedByProfile FROM FieldPermissions WHERE Field = 'Opportunity.Handoff_Fit__c' AND PermissionsRead = true").rows()
	if len(rows) != 1 || rows[0]["Parent"].(map[string]any)["Name"] != "Fit_Readers" {
		t.Errorf("permissions %v", rows)
	}

	if p := r.do("DELETE", api+"/sobjects/PermissionSetAssignment/"+held, ""); p.status != 204 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	r.query("SELECT Handoff_Fit__c FROM Opportunity").refused(400, "INVALID_FIELD", "")
	if p := r.do("DELETE", api+"/tooling/sobjects/CustomField/"+id, ""); p.status != 204 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	if rows := r.query("SELECT Id FROM FieldPermissions WHERE Field = 'Opportunity.Handoff_Fit__c'").rows(); len(rows) != 0 {
		t.Errorf("permissions on a field that is gone: %v", rows)
	}
}

func TestWhatTheToolingAPIRefuses(t *testing.T) {
	r := newRig(t, 2, Options{CustomFieldLimit: 16})
	is := func(m map[string]any, more ...any) map[string]any {
		for i := 0; i < len(more); i += 2 {
			if more[i+1] == nil {
				delete(m, more[i].(string))
			} else {
				m[more[i].(string)] = more[i+1]
			}
		}
		return m
	}
	typed := func(kind string, more ...any) map[string]any {
		return is(map[string]any{"type": kind, "label": "A label"}, more...)
	}
	set := func(values ...string) map[string]any {
		var list []any
		for _, v := range values {
			list = append(list, map[string]any{"valueName": v, "label": v, "default": false})
		}
		return map[string]any{"restricted": true, "valueSetDefinition": map[string]any{"sorted": false, "value": list}}
	}
	for _, c := range []struct {
		name     string
		full     string
		metadata map[string]any
		code     string
	}{
		{"a name twice", "Opportunity.Handoff_Score__c", number("Score"), "DUPLICATE_DEVELOPER_NAME"},
		{"a name in another case", "Opportunity.HANDOFF_SCORE__c", number("Score"), "DUPLICATE_DEVELOPER_NAME"},
		{"no suffix", "Opportunity.Handoff_X", number("X"), "FIELD_INTEGRITY_EXCEPTION"},
		{"two underscores", "Opportunity.Handoff__X__c", number("X"), "FIELD_INTEGRITY_EXCEPTION"},
		{"a long name", "Opportunity.A" + strings.Repeat("b", 40) + "__c", number("X"), "STRING_TOO_LONG"},
		{"an unknown object", "Nope.X__c", number("X"), "FIELD_INTEGRITY_EXCEPTION"},
		{"a task's field", "Task.X__c", number("X"), "FIELD_INTEGRITY_EXCEPTION"},
		{"no label", "Opportunity.X__c", is(number("X"), "label", nil), "REQUIRED_FIELD_MISSING"},
		{"a long label", "Opportunity.X__c", number(strings.Repeat("x", 41)), "STRING_TOO_LONG"},
		{"no type", "Opportunity.X__c", is(number("X"), "type", nil), "REQUIRED_FIELD_MISSING"},
		{"an unknown key", "Opportunity.X__c", is(number("X"), "size", 5), "JSON_PARSER_ERROR"},
		{"a number without scale", "Opportunity.X__c", is(number("X"), "scale", nil), "FIELD_INTEGRITY_EXCEPTION"},
		{"too many digits", "Opportunity.X__c", is(number("X"), "precision", 19), "FIELD_INTEGRITY_EXCEPTION"},
		{"a number with a length", "Opportunity.X__c", is(number("X"), "length", 19), "FIELD_INTEGRITY_EXCEPTION"},
		{"a text without length", "Opportunity.X__c", typed("Text"), "FIELD_INTEGRITY_EXCEPTION"},
		{"a text too long", "Opportunity.X__c", typed("Text", "length", 256), "FIELD_INTEGRITY_EXCEPTION"},
		{"a long text too short", "Opportunity.X__c", typed("LongTextArea", "length", 255, "visibleLines", 3), "FIELD_INTEGRITY_EXCEPTION"},
		{"a long text without lines", "Opportunity.X__c", typed("LongTextArea", "length", 500), "FIELD_INTEGRITY_EXCEPTION"},
		{"a long text as key", "Opportunity.X__c", typed("LongTextArea", "length", 500, "visibleLines", 3, "externalId", true), "FIELD_INTEGRITY_EXCEPTION"},
		{"a long text that is required", "Opportunity.X__c", typed("LongTextArea", "length", 500, "visibleLines", 3, "required", true), "FIELD_INTEGRITY_EXCEPTION"},
		{"a checkbox without default", "Opportunity.X__c", typed("Checkbox"), "FIELD_INTEGRITY_EXCEPTION"},
		{"a picklist without values", "Opportunity.X__c", typed("Picklist"), "FIELD_INTEGRITY_EXCEPTION"},
		{"a picklist with no definition", "Opportunity.X__c", typed("Picklist", "valueSet", map[string]any{"restricted": true}), "FIELD_INTEGRITY_EXCEPTION"},
		{"a picklist with a value twice", "Opportunity.X__c", typed("Picklist", "valueSet", set("a", "a")), "DUPLICATE_VALUE"},
		{"a lookup to nothing", "Opportunity.X__c", typed("Lookup", "relationshipName", "Xs"), "FIELD_INTEGRITY_EXCEPTION"},
		{"a lookup without relationship", "Opportunity.X__c", typed("Lookup", "referenceTo", "User"), "FIELD_INTEGRITY_EXCEPTION"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			r.makeField(c.full, c.metadata).refused(400, c.code, "")
		})
	}
	r.t = t
	for i, m := range []map[string]any{
		typed("Text", "length", 80, "externalId", true, "unique", false), typed("LongTextArea", "length", 32768, "visibleLines", 6), typed("Checkbox", "defaultValue", "false"),
		typed("Picklist", "valueSet", set("Green", "Red")), typed("DateTime"), typed("Lookup", "referenceTo", "User", "relationshipName", "Handoffs"),
	} {
		id := r.made(r.makeField(fmt.Sprintf("Opportunity.Made_%d__c", i), m))
		back := r.get(api + "/tooling/sobjects/CustomField/" + id).obj()
		if got := back["Metadata"].(map[string]any)["type"]; got != m["type"] || back["FullName"] != fmt.Sprintf("Opportunity.Made_%d__c", i) {
			t.Errorf("made %v, is %v", m["type"], back)
		}
	}
	r.makeField("Opportunity.One_More__c", number("One more")).refused(400, "LIMIT_EXCEEDED", "")
}

func TestPatchReplacesTheWholeMetadata(t *testing.T) {
	r := newRig(t, 2, Options{})
	rows := r.tooling("SELECT Id FROM CustomField WHERE DeveloperName = 'Handoff_Band' AND TableEnumOrId = 'Opportunity'").rows()
	at := api + "/tooling/sobjects/CustomField/" + rows[0]["Id"].(string)
	r.do("PATCH", at, `{"Metadata":{"type":"Number","label":"Band","precision":3,"scale":0}}`).refused(400, "FIELD_INTEGRITY_EXCEPTION", "")
	p := r.do("PATCH", at, `{"Metadata":{"type":"Picklist","label":"Band","valueSet":{"restricted":true,"valueSetDefinition":{"sorted":false,"value":[{"fullName":"Green","label":"Green","default":false}]}}}}`)
	if p.status != 204 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	r.do("PATCH", api+"/sobjects/Opportunity/"+r.s.DealID(0), `{"Handoff_Band__c":"Red"}`).refused(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "")
}

func TestWhatFieldPermissionsRefuse(t *testing.T) {
	r := newRig(t, 2, Options{})
	set := r.made(r.post("/sobjects/PermissionSet", map[string]any{"Name": "Some", "Label": "Some"}))
	r.post("/sobjects/PermissionSet", map[string]any{"Name": "Some", "Label": "Other"}).refused(400, "DUPLICATE_DEVELOPER_NAME", "")
	for name, c := range map[string]struct {
		object, field string
		read, edit    bool
		code          string
	}{
		"an unknown field":        {"Opportunity", "Opportunity.Nope__c", true, false, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
		"a required field":        {"Opportunity", "Opportunity.StageName", true, false, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
		"another object's field":  {"Opportunity", "Contact.Persona__c", true, false, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
		"a field without object":  {"Opportunity", "Handoff_Score__c", true, false, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
		"editing without reading": {"Opportunity", "Opportunity.Handoff_Score__c", false, true, "FIELD_INTEGRITY_EXCEPTION"},
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			r.post("/sobjects/FieldPermissions", map[string]any{
				"ParentId": set, "SobjectType": c.object, "Field": c.field, "PermissionsRead": c.read, "PermissionsEdit": c.edit,
			}).refused(400, c.code, "")
		})
	}
}

func TestRightsOfTheIntegrationUser(t *testing.T) {
	r := newRig(t, 2, Options{})
	r.s.TakeRight(CustomizeApplication)
	r.makeField("Opportunity.X__c", number("X")).refused(403, "INSUFFICIENT_ACCESS", "")
	r.s.TakeRight(ManagePermissionSets)
	r.post("/sobjects/PermissionSet", map[string]any{"Name": "Some", "Label": "Some"}).refused(403, "INSUFFICIENT_ACCESS_OR_READONLY", "")
	r.s.TakeRight(ViewSetup)
	r.query("SELECT Id FROM FieldPermissions").refused(400, "INVALID_TYPE", "")
	r.tooling("SELECT Id FROM CustomField").refused(400, "INVALID_TYPE", "")
	for _, right := range []string{CustomizeApplication, ManagePermissionSets, ViewSetup} {
		r.s.GiveRight(right)
	}
	r.made(r.makeField("Opportunity.X__c", number("X")))
}

func TestPermissionsOfASetThatIsDeletedGoWithIt(t *testing.T) {
	r := newRig(t, 2, Options{})
	set := r.query("SELECT Id FROM PermissionSet WHERE Name = 'Handoff_Sync'").rows()[0]["Id"].(string)
	if !slices.Contains(r.fieldNames("Opportunity"), "Handoff_Score__c") {
		t.Fatal("hidden from the start")
	}
	if p := r.do("DELETE", api+"/sobjects/PermissionSet/"+set, ""); p.status != 204 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	if slices.Contains(r.fieldNames("Opportunity"), "Handoff_Score__c") {
		t.Error("still described")
	}
	if n := len(r.query("SELECT Id FROM FieldPermissions WHERE ParentId = '" + set + "'").rows()); n != 0 {
		t.Errorf("%d permissions left", n)
	}
}

func TestAGroupOfPermissionSetsGrantsWhatTheyGrant(t *testing.T) {
	r := newRig(t, 2, Options{NoHandoffFields: true})
	r.made(r.makeField("Opportunity.Handoff_Fit__c", number("Handoff Fit")))
	r.s.Grant("Fit_Readers", "Opportunity.Handoff_Fit__c", true, false)
	r.s.GroupSets("Everybody", "Fit_Readers")
	r.s.Assign("Everybody", r.s.Me())
	if !slices.Contains(r.fieldNames("Opportunity"), "Handoff_Fit__c") {
		t.Error("not described")
	}
	r.s.Unassign("Everybody", r.s.Me())
	if slices.Contains(r.fieldNames("Opportunity"), "Handoff_Fit__c") {
		t.Error("described")
	}
}

func TestAnActivityFieldIsThatOfTasksAndEvents(t *testing.T) {
	r := newRig(t, 2, Options{})
	r.made(r.makeField("Activity.Handoff_Key__c", map[string]any{"type": "Text", "label": "Handoff Key", "length": 80, "externalId": true, "unique": false}))
	r.s.Grant("Handoff_Sync", "Task.Handoff_Key__c", true, true)
	for _, object := range []string{"Task", "Event"} {
		if !slices.Contains(r.fieldNames(object), "Handoff_Key__c") {
			t.Errorf("%s lacks it", object)
		}
	}
}

func TestRulesAndTrackedFieldsAreListed(t *testing.T) {
	r := newRig(t, 2, Options{})
	r.s.AddRule(Rule{Name: "Amount_Needed", Object: "Opportunity", Message: "No amount", Broken: func(func(string) any) bool { return false }})
	rows := r.tooling("SELECT ValidationName, ErrorMessage FROM ValidationRule WHERE EntityDefinitionId = 'Opportunity' AND Active = true").rows()
	if len(rows) != 1 || rows[0]["ValidationName"] != "Amount_Needed" {
		t.Errorf("rules %v", rows)
	}
	r.s.ClearRules()
	if rows := r.tooling("SELECT Id FROM ValidationRule WHERE Active = true").rows(); len(rows) != 0 {
		t.Errorf("rules %v", rows)
	}
	tracked := values(r.tooling("SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinitionId = 'Opportunity' AND IsFieldHistoryTracked = true").rows(), "QualifiedApiName")
	if !slices.Contains(tracked, "StageName") || slices.Contains(tracked, "Handoff_Detail__c") {
		t.Errorf("tracked %v", tracked)
	}
}

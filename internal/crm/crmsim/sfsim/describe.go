package sfsim

import (
	"net/http"
	"sync"
)

// described keeps describe answers until the schema moves.
type described struct {
	dmu   sync.Mutex
	cache map[string][]byte
}

func (d *described) start() {
	d.dmu.Lock()
	defer d.dmu.Unlock()
	d.cache = map[string][]byte{}
}

// notModified answers 304 if the schema has not moved since the client last asked.
func (c *call) notModified() *answer {
	since, err := http.ParseTime(c.r.Header.Get("If-Modified-Since"))
	if err != nil || c.s.schemaAt > stampOf(since) {
		return nil
	}
	return &answer{status: http.StatusNotModified}
}

func (c *call) cached(name string, make func() any) *answer {
	d := &c.s.described
	name += " " + c.version
	d.dmu.Lock()
	defer d.dmu.Unlock()
	b := d.cache[name]
	if b == nil {
		b = mustJSON(make())
		d.cache[name] = b
	}
	return &answer{status: 200, body: b, header: map[string]string{"Last-Modified": c.s.schemaAt.time().Format(http.TimeFormat)}}
}

// describeGlobal answers GET /sobjects with the objects that the user may read.
func (c *call) describeGlobal(tooling bool) (*answer, *apiError) {
	if a := c.notModified(); a != nil {
		return a, nil
	}
	key := "global"
	if tooling {
		key = "tooling global"
	}
	return c.cached(key, func() any {
		list := []any{}
		for _, t := range c.s.list {
			if c.s.readableTable(t.name, tooling) != nil {
				list = append(list, c.summary(t))
			}
		}
		return map[string]any{"encoding": "UTF-8", "maxBatchSize": maxRecords, "sobjects": list}
	}), nil
}

// summary is what is said of an object without its fields.
func (c *call) summary(t *table) map[string]any {
	at := "/services/data/" + c.version + "/sobjects/" + t.name
	return map[string]any{
		"activateable": false, "associateEntityType": nil, "associateParentEntity": nil, "createable": t.creates(), "custom": t.custom,
		"customSetting": false, "deepCloneable": false, "deletable": t.deletes(), "deprecatedAndHidden": false, "feedEnabled": t.layout && t.object == nil && !c.s.o.NoChatter,
		"hasSubtypes": false, "isInterface": false, "isSubtype": false, "keyPrefix": t.prefix, "label": t.label, "labelPlural": t.plural,
		"layoutable": t.layout, "mergeable": t.merges, "mruEnabled": t.layout, "name": t.name, "queryable": true, "replicateable": t.replicates,
		"retrieveable": true, "searchable": t.layout, "triggerable": t.layout, "undeletable": t.undeletable, "updateable": t.updates(),
		"urls": map[string]string{"sobject": at, "describe": at + "/describe", "rowTemplate": at + "/{ID}"},
	}
}

// describe answers GET /sobjects/{object}/describe, as the user sees it: a field
// without read access is not there.
func (c *call) describe(t *table) (*answer, *apiError) {
	if a := c.notModified(); a != nil {
		return a, nil
	}
	return c.cached(t.name, func() any {
		out := c.summary(t)
		var fields []any
		for _, f := range t.fields {
			if c.s.readableField(t, f.name) != nil {
				fields = append(fields, c.describeField(t, f))
			}
		}
		kids := []any{}
		for _, k := range t.children {
			if c.s.readableTable(k.t.name, false) == nil || c.s.unseen(k.t, k.f) {
				continue
			}
			kids = append(kids, map[string]any{
				"cascadeDelete": k.f.required && !k.f.custom || k.f.onDelete == cascade, "childSObject": k.t.name, "deprecatedAndHidden": false, "field": k.f.name,
				"junctionIdListNames": []any{}, "junctionReferenceTo": []any{}, "relationshipName": k.rel, "restrictedDelete": k.f.onDelete == restrict,
			})
		}
		out["fields"], out["childRelationships"] = fields, kids
		out["recordTypeInfos"] = c.recordTypes(t)
		out["actionOverrides"], out["namedLayoutInfos"], out["supportedScopes"] = []any{}, []any{}, []any{}
		out["compactLayoutable"], out["searchLayoutable"], out["listviewable"], out["lookupLayoutable"] = t.layout, t.layout, nil, nil
		out["networkScopeFieldName"], out["defaultImplementation"], out["extendedBy"], out["extendsInterfaces"] = nil, nil, nil, nil
		out["implementedBy"], out["implementsInterfaces"], out["sobjectDescribeOption"] = nil, nil, "FULL"
		return out
	}), nil
}

const masterRecordType = "012000000000000AAA"

func (c *call) recordTypes(t *table) []any {
	info := func(id, name, dev string, first, master bool) map[string]any {
		return map[string]any{
			"active": true, "available": true, "defaultRecordTypeMapping": first, "developerName": dev, "master": master, "name": name, "recordTypeId": id,
			"urls": map[string]string{"layout": "/services/data/" + c.version + "/sobjects/" + t.name + "/describe/layouts/" + id},
		}
	}
	var out []any
	for _, r := range c.s.table("RecordType").rows {
		if r.val("SobjectType") == t.name {
			out = append(out, info(r.id, r.str("Name"), r.str("DeveloperName"), len(out) == 0, false))
		}
	}
	if !t.layout {
		return []any{}
	}
	return append(out, info(masterRecordType, "Master", "Master", len(out) == 0, true))
}

func (c *call) describeField(t *table, f *field) map[string]any {
	values := []any{}
	for _, v := range f.values {
		values = append(values, map[string]any{"active": true, "defaultValue": f.def == v, "label": v, "validFor": nil, "value": v})
	}
	length, digits := 0, 0
	switch {
	case f.text() || f.isID():
		length = f.length
	case f.kind == "int":
		digits = f.precision
	}
	precision := f.precision
	if f.kind == "int" {
		precision = 0
	}
	refs := []string{}
	for _, name := range f.targets {
		if c.s.readableTable(name, false) != nil {
			refs = append(refs, name)
		}
	}
	system := f.pos == t.created || f.pos == t.createdBy || f.pos == t.modified || f.pos == t.modifiedBy || f.pos == t.mod
	own := f.kind != "id"
	return map[string]any{
		"aggregatable": f.filter && f.kind != "boolean", "aiPredictionField": false, "autoNumber": f.format != "", "byteLength": 3 * length,
		"calculated": f.calculated, "calculatedFormula": nil, "cascadeDelete": false, "caseSensitive": false, "compoundFieldName": nil,
		"controllerName": nil, "createable": own && t.creates() && c.s.writeable(t, f, true), "custom": f.custom,
		"defaultValue": f.def, "defaultValueFormula": nil,
		"defaultedOnCreate": f.def != nil || system || f.format != "" || f.kind == "id" || f.pos == t.owner, "dependentPicklist": false, "deprecatedAndHidden": false,
		"digits": digits, "displayLocationInDecimal": false, "encrypted": false, "externalId": f.externalID, "extraTypeInfo": richText(f),
		"filterable": f.filter, "filteredLookupInfo": nil, "formulaTreatNullNumberAsZero": false, "groupable": f.group,
		"highScaleNumber": false, "htmlFormatted": f.html, "idLookup": f.idLookup, "inlineHelpText": orNil(f.help), "label": f.label, "length": length,
		"mask": nil, "maskType": nil, "name": f.name, "nameField": f.nameField, "namePointing": f.byPoly,
		"nillable": !f.required && f.kind != "boolean" && f.kind != "id" && !system && f.format == "", "permissionable": f.custom && !f.required,
		"picklistValues": values, "polymorphicForeignKey": f.byPoly && len(f.targets) > 1, "precision": precision, "queryByDistance": false,
		"referenceTargetField": nil, "referenceTo": refs, "relationshipName": orNil(f.rel), "relationshipOrder": nil,
		"restrictedDelete": f.onDelete == restrict, "restrictedPicklist": f.restricted, "scale": f.scale, "searchPrefilterable": f.isID(),
		"soapType": f.soapKind(), "sortable": f.sort, "type": f.kind, "unique": f.unique,
		"updateable": own && t.updates() && c.s.writeable(t, f, false), "writeRequiresMasterRead": false,
	}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func richText(f *field) any {
	switch {
	case f.html:
		return "richtextarea"
	case f.kind == "textarea" && f.custom:
		return "plaintextarea"
	}
	return nil
}

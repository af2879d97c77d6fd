package sfsim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// objectElements are what may stand in a CustomObject (Metadata API Developer
// Guide). Those that mean nothing here are taken and forgotten.
var objectElements = []string{
	"fullName", "label", "pluralLabel", "nameField", "sharingModel", "deploymentStatus", "description", "fields",
	"actionOverrides", "allowInChatterGroups", "compactLayoutAssignment", "customHelp", "customHelpPage", "enableActivities", "enableBulkApi",
	"enableEnhancedLookup", "enableFeeds", "enableHistory", "enableLicensing", "enableReports", "enableSearch", "enableSharing", "enableStreamingApi",
	"externalSharingModel", "gender", "household", "recordTypeTrackFeedHistory", "recordTypeTrackHistory", "searchLayouts", "startsWith", "visibility",
}

// readObjectXML reads a CustomObject.
func readObjectXML(el *xmlNode) (*objectMetadata, *apiError) {
	if e := known(el, objectElements, "fields", "actionOverrides"); e != nil {
		return nil, e
	}
	m := &objectMetadata{
		fullName: el.kid("fullName").said(), label: el.kid("label").said(), plural: el.kid("pluralLabel").said(), description: el.kid("description").said(),
		sharing: el.kid("sharingModel").said(), status: el.kid("deploymentStatus").said(), first: 1,
	}
	if name := el.kid("nameField"); name != nil {
		if e := known(name, fieldElements); e != nil {
			return nil, e
		}
		m.nameKind, m.nameLabel, m.nameFormat = name.kid("type").said(), name.kid("label").said(), name.kid("displayFormat").said()
		if first := name.kid("startingNumber"); first != nil {
			n, err := strconv.ParseUint(first.said(), 10, 32)
			if err != nil {
				return nil, malformed("'%s' is not a valid value for the type xsd:int", first.said())
			}
			m.first = n
		}
	}
	for value, among := range map[string][]string{m.sharing: sharingModels, m.status: {"", "Deployed", "InDevelopment"}, m.nameKind: append([]string{""}, fieldTypes...)} {
		if !slices.Contains(among, value) {
			return nil, malformed("'%s' is not a valid value for the enum", value)
		}
	}
	for _, k := range el.kids {
		if k.name == "fields" {
			f, e := readFieldXML(k)
			if e != nil {
				return nil, e
			}
			m.fields = append(m.fields, f)
		}
	}
	return m, nil
}

// known refuses elements that a type does not have, and those that come twice
// though there can be but one.
func known(el *xmlNode, names []string, many ...string) *apiError {
	seen := map[string]bool{}
	for _, k := range el.kids {
		switch {
		case k.space != metadataSpace || !slices.Contains(names, k.name):
			return malformed("Element {%s}%s invalid at this location in type %s", k.space, k.name, el.label())
		case seen[k.name] && !slices.Contains(many, k.name):
			return malformed("Element %s is duplicated at this location in type %s", k.name, el.label())
		}
		seen[k.name] = true
	}
	return nil
}

func (el *xmlNode) label() string {
	if el.kind != "" {
		return el.kind
	}
	return el.name
}

// readMetadata answers with the objects of the names asked for, as admins made
// them; of the vendor's own objects with their custom fields alone.
func (c *call) readMetadata() (*answer, *apiError) {
	if e := c.metadataRight(); e != nil {
		return nil, e
	}
	if kind := c.soaped.op.kid("type").said(); kind != "CustomObject" {
		return nil, refuse(500, "INVALID_TYPE", "Unknown type: %s", kind)
	}
	var b strings.Builder
	n := 0
	for _, k := range c.soaped.op.kids {
		if k.name != "fullNames" {
			continue
		}
		if n++; n > mostComponents {
			return nil, refuse(500, "LIMIT_EXCEEDED", "Too many names in the call, the maximum is %d", mostComponents)
		}
		t := c.s.table(k.said())
		if t == nil || t.tooling || !t.layout {
			b.WriteString(`<records xsi:nil="true"/>`)
			continue
		}
		b.WriteString(t.xml())
		c.served(c.s.table("CustomObject"), 1)
	}
	return metadataAnswer("<readMetadataResponse><result>" + b.String() + "</result></readMetadataResponse>"), nil
}

// xml is an object as readMetadata shows it.
func (t *table) xml() string {
	var b strings.Builder
	put := func(name string, v any) {
		if v != nil && v != "" {
			fmt.Fprintf(&b, "<%s>%s</%s>", name, escape(fmt.Sprint(v)), name)
		}
	}
	b.WriteString(`<records xsi:type="CustomObject">`)
	put("fullName", t.name)
	if t.object != nil {
		put("deploymentStatus", t.object.status)
		put("description", t.object.description)
	}
	for _, f := range t.fields {
		if !f.custom {
			continue
		}
		b.WriteString("<fields>")
		put("fullName", f.name)
		meta := f.metadata()
		for _, name := range []string{
			"defaultValue", "externalId", "inlineHelpText", "label", "length", "precision", "referenceTo", "relationshipName", "required", "scale", "type", "unique",
		} {
			put(name, meta[name])
		}
		if f.kind == "picklist" {
			fmt.Fprintf(&b, "<valueSet><restricted>%t</restricted><valueSetDefinition><sorted>false</sorted>", f.restricted)
			for _, v := range f.values {
				fmt.Fprintf(&b, "<value><fullName>%s</fullName><default>%t</default><label>%s</label></value>", escape(v), f.def == v, escape(v))
			}
			b.WriteString("</valueSetDefinition></valueSet>")
		}
		if f.long() {
			put("visibleLines", meta["visibleLines"])
		}
		b.WriteString("</fields>")
	}
	put("label", t.label)
	if t.object != nil {
		name := t.exact["Name"]
		b.WriteString("<nameField>")
		put("displayFormat", name.format)
		put("label", name.label)
		put("type", map[bool]string{true: "AutoNumber", false: "Text"}[name.format != ""])
		b.WriteString("</nameField>")
	}
	put("pluralLabel", t.plural)
	if t.object != nil {
		put("sharingModel", t.object.sharing)
	}
	b.WriteString("</records>")
	return b.String()
}

package sfsim

import (
	"encoding/json"
	"slices"
	"strconv"
)

// A namedField is a CustomField of the Metadata API: what the Tooling API has
// under FullName and Metadata.
type namedField struct {
	FullName string
	meta     fieldMetadata
}

// fieldTypes are the vendor's types of fields, most of which no field here has.
var fieldTypes = []string{
	"AutoNumber", "Lookup", "MasterDetail", "Checkbox", "Currency", "Date", "DateTime", "Time", "Email", "Number", "Percent", "Phone", "Picklist",
	"MultiselectPicklist", "Text", "TextArea", "LongTextArea", "Html", "Url", "EncryptedText", "Summary", "Hierarchy", "Location",
}

var (
	fieldNumbers = []string{"precision", "scale", "length", "visibleLines"}
	fieldFlags   = []string{"required", "unique", "caseSensitive", "externalId", "trackHistory", "trackFeedHistory"}
	fieldWords   = []string{"type", "label", "description", "inlineHelpText", "defaultValue", "referenceTo", "relationshipName", "relationshipLabel", "deleteConstraint"}
	// beside those that a column is made of
	fieldElements = slices.Concat([]string{"fullName", "displayFormat", "startingNumber", "valueSet", "trackTrending", "securityClassification"}, fieldNumbers, fieldFlags, fieldWords)
)

// readFieldXML reads a CustomField into what the Tooling API has for it, so
// that both make fields in one way.
func readFieldXML(el *xmlNode) (*namedField, *apiError) {
	if e := known(el, fieldElements); e != nil {
		return nil, e
	}
	meta := map[string]any{}
	for _, k := range el.kids {
		text := k.said()
		switch {
		case k.null:
		case slices.Contains(fieldNumbers, k.name):
			n, err := strconv.Atoi(text)
			if err != nil {
				return nil, malformed("'%s' is not a valid value for the type xsd:int", text)
			}
			meta[k.name] = n
		case slices.Contains(fieldFlags, k.name):
			on, e := flagXML(text)
			if e != nil {
				return nil, e
			}
			meta[k.name] = on
		case slices.Contains(fieldWords, k.name):
			meta[k.name] = text
		case k.name == "valueSet":
			set, e := valueSetXML(k)
			if e != nil {
				return nil, e
			}
			meta[k.name] = set
		}
	}
	if kind, _ := meta["type"].(string); kind != "" && !slices.Contains(fieldTypes, kind) {
		return nil, malformed("'%s' is not a valid value for the enum 'FieldType'", kind)
	}
	out := &namedField{FullName: el.kid("fullName").said()}
	if e := decode(mustJSON(meta), &out.meta); e != nil {
		return nil, malformed("%s", e.Message)
	}
	return out, nil
}

func flagXML(text string) (bool, *apiError) {
	switch text {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, malformed("'%s' is not a valid value for the type xsd:boolean", text)
}

func valueSetXML(el *xmlNode) (map[string]any, *apiError) {
	if e := known(el, []string{"restricted", "valueSetDefinition", "valueSetName", "controllingField", "valueSettings"}, "valueSettings"); e != nil {
		return nil, e
	}
	out := map[string]any{}
	flag := func(into map[string]any, k *xmlNode) *apiError {
		on, e := flagXML(k.said())
		into[k.name] = on
		return e
	}
	if k := el.kid("restricted"); k != nil {
		if e := flag(out, k); e != nil {
			return nil, e
		}
	}
	def := el.kid("valueSetDefinition")
	if def == nil {
		return out, nil
	}
	if e := known(def, []string{"sorted", "value"}, "value"); e != nil {
		return nil, e
	}
	values := []any{}
	for _, k := range def.kids {
		if k.name != "value" {
			continue
		}
		if e := known(k, []string{"fullName", "default", "label", "isActive", "color", "description"}); e != nil {
			return nil, e
		}
		v := map[string]any{"fullName": k.kid("fullName").said(), "label": k.kid("label").said()}
		for _, name := range []string{"default", "isActive"} {
			if f := k.kid(name); f != nil && !f.null {
				if e := flag(v, f); e != nil {
					return nil, e
				}
			}
		}
		values = append(values, v)
	}
	out["valueSetDefinition"] = map[string]any{"sorted": json.RawMessage("false"), "value": values}
	return out, nil
}

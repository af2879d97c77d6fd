package hubspot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/handoffscore/syncd/internal/crm"
)

// definition is a property as HubSpot is asked to make it.
type definition struct {
	Name        string   `json:"name"`
	Label       string   `json:"label"`
	Group       string   `json:"groupName"`
	Type        string   `json:"type"`
	FieldType   string   `json:"fieldType"`
	Description string   `json:"description,omitempty"`
	Options     []option `json:"options,omitzero"`
	// People are options that HubSpot keeps itself.
	Referenced string `json:"referencedObjectType,omitempty"`
	External   bool   `json:"externalOptions,omitempty"`
	FormField  bool   `json:"formField"`
}

// option is one value of an enumeration. Dated versions want its order too.
type option struct {
	Label  string `json:"label"`
	Value  string `json:"value"`
	Order  int    `json:"displayOrder"`
	Hidden bool   `json:"hidden"`
}

// groupDefinition is a group of properties as HubSpot is asked to make it.
type groupDefinition struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Order int    `json:"displayOrder"` // -1 comes last
}

// wanted is a property that the set-up needs and that syncd may make.
type wanted struct {
	field crm.Field
	body  definition
}

// wants are the properties of deals that belong to syncd's field sets, each
// once, in the order of the set-up. What is configured by name is the org's.
func wants(setup crm.Setup) []wanted {
	var out []wanted
	seen := map[string]bool{}
	for _, f := range slices.Concat(setup.Fields, setup.Notes) {
		name := nativeName(f)
		if !makes(f) || seen[name] {
			continue
		}
		seen[name] = true
		out = append(out, wanted{f, define(f, name)})
	}
	return out
}

// makes reports whether a field lives in a property that syncd may make.
func makes(f crm.Field) bool {
	return f.Native == "" && f.Prefix != "" && f.Base != "" && f.Object != crm.ObjectContact &&
		(f.Writer == crm.Ours || f.Writer == crm.CSM)
}

func define(f crm.Field, name string) definition {
	d := definition{Name: name, Label: f.Label, Group: groupName(f), Description: f.Help}
	if d.Label == "" {
		d.Label = titled(name)
	}
	switch kindToMake(f) {
	case crm.Number:
		d.Type, d.FieldType = "number", "number"
	case crm.Bool:
		d.Type, d.FieldType = "bool", "booleancheckbox"
		d.Options = []option{{Label: "Yes", Value: "true"}, {Label: "No", Value: "false", Order: 1}}
	case crm.Date:
		d.Type, d.FieldType = "date", "date"
	case crm.DateTime:
		d.Type, d.FieldType = "datetime", "date"
	case crm.LongText:
		d.Type, d.FieldType = "string", "textarea"
	case crm.User:
		d.Type, d.FieldType = "enumeration", "select"
		d.Options, d.Referenced, d.External = []option{}, "OWNER", true
	case crm.Picklist:
		d.Type, d.FieldType, d.Options = "enumeration", "select", []option{}
		for _, word := range f.Options {
			d.Options = append(d.Options, option{Label: word, Value: word, Order: len(d.Options)})
		}
	default:
		d.Type, d.FieldType = "string", "text"
	}
	return d
}

// kindToMake settles the kind of a field that takes whatever there is: moments
// are named as such.
func kindToMake(f crm.Field) crm.Kind {
	if f.Kind == "" && strings.HasSuffix(f.Base, "_at") {
		return crm.DateTime
	}
	return f.Kind
}

func groupName(f crm.Field) string { return strings.ToLower(f.Prefix) }

func groupOf(name string) groupDefinition {
	return groupDefinition{Name: name, Label: titled(name), Order: -1}
}

// titled turns a name into words: "handoff" to "Handoff".
func titled(name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	first, n := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[n:]
}

// inWords is the type as people in HubSpot call it.
func (d definition) inWords() string {
	switch {
	case d.External:
		return "HubSpot user"
	case d.Type == "enumeration":
		return fmt.Sprintf("dropdown of %d", len(d.Options))
	}
	return typeInWords(d.Type, d.FieldType)
}

func typeInWords(typ, field string) string {
	switch typ + "/" + field {
	case "string/text":
		return "single-line text"
	case "string/textarea":
		return "multi-line text"
	case "string/html":
		return "rich text"
	case "enumeration/select":
		return "dropdown"
	case "enumeration/radio":
		return "radio select"
	case "enumeration/checkbox":
		return "multiple checkboxes"
	case "bool/booleancheckbox", "enumeration/booleancheckbox":
		return "single checkbox"
	case "datetime/date":
		return "date and time"
	}
	if typ == field || field == "" {
		return typ
	}
	return typ + " (" + field + ")"
}

// validNames are the names that HubSpot takes for a property (the reference
// marks the pattern as not sure).
var validNames = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)

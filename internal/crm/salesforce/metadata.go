package salesforce

import (
	"encoding/xml"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

const metadataSpace = "http://soap.sforce.com/2006/04/metadata"

// metadata is a custom field as the Tooling API takes it and as a file of an
// SFDX project holds it.
type metadata struct {
	XMLName           xml.Name   `json:"-" xml:"CustomField"`
	Space             string     `json:"-" xml:"xmlns,attr"`
	FullName          string     `json:"-" xml:"fullName"`
	DefaultValue      string     `json:"defaultValue,omitempty" xml:"defaultValue,omitempty"`
	DeleteConstraint  string     `json:"deleteConstraint,omitempty" xml:"deleteConstraint,omitempty"`
	ExternalID        *bool      `json:"externalId,omitempty" xml:"externalId,omitempty"`
	Help              string     `json:"inlineHelpText,omitempty" xml:"inlineHelpText,omitempty"`
	Label             string     `json:"label" xml:"label"`
	Length            int        `json:"length,omitempty" xml:"length,omitempty"`
	Precision         int        `json:"precision,omitempty" xml:"precision,omitempty"`
	ReferenceTo       string     `json:"referenceTo,omitempty" xml:"referenceTo,omitempty"`
	RelationshipLabel string     `json:"relationshipLabel,omitempty" xml:"relationshipLabel,omitempty"`
	RelationshipName  string     `json:"relationshipName,omitempty" xml:"relationshipName,omitempty"`
	Required          *bool      `json:"required,omitempty" xml:"required,omitempty"`
	Scale             *int       `json:"scale,omitempty" xml:"scale,omitempty"`
	Type              string     `json:"type" xml:"type"`
	Unique            *bool      `json:"unique,omitempty" xml:"unique,omitempty"`
	ValueSet          *valuesSet `json:"valueSet,omitempty" xml:"valueSet,omitempty"`
	VisibleLines      int        `json:"visibleLines,omitempty" xml:"visibleLines,omitempty"`
}

type valuesSet struct {
	Restricted bool             `json:"restricted" xml:"restricted"`
	Definition valuesDefinition `json:"valueSetDefinition" xml:"valueSetDefinition"`
}

type valuesDefinition struct {
	Sorted bool          `json:"sorted" xml:"sorted"`
	Values []picklistOne `json:"value" xml:"value"`
}

// picklistOne is a value of a picklist. Files name it fullName; what the Tooling
// API calls it differs from one of the vendor's pages to the next.
type picklistOne struct {
	FullName  string `json:"fullName,omitempty" xml:"fullName"`
	ValueName string `json:"valueName,omitempty" xml:"-"`
	Default   bool   `json:"default" xml:"default"`
	Label     string `json:"label" xml:"label"`
}

// metadata is what the field is made of.
func (w *wanted) metadata() metadata {
	no, none := false, 0
	m := metadata{Space: metadataSpace, FullName: w.native, Label: w.label, Help: w.help}
	if w.to != "" {
		m.Type, m.Required, m.ReferenceTo, m.DeleteConstraint = "Lookup", &no, w.to, "SetNull"
		m.RelationshipLabel, m.RelationshipName = attemptsLabel, "Handoff_Attempts"
		return m
	}
	switch w.kind {
	case crm.Number:
		m.Type, m.Precision, m.Scale = "Number", numberDigits, &none
		m.Required, m.Unique, m.ExternalID = &no, &no, &no
	case crm.Picklist:
		m.Type, m.Required = "Picklist", &no
		m.ValueSet = &valuesSet{Restricted: true}
		for _, o := range w.options {
			m.ValueSet.Definition.Values = append(m.ValueSet.Definition.Values, picklistOne{FullName: o, Label: o})
		}
	case crm.Bool:
		m.Type, m.DefaultValue = "Checkbox", "false"
	case crm.Date:
		m.Type, m.Required = "Date", &no
	case crm.DateTime:
		m.Type, m.Required = "DateTime", &no
	case crm.User:
		m.Type, m.Required = "Lookup", &no
		m.ReferenceTo, m.DeleteConstraint = "User", "SetNull"
		m.RelationshipName = strings.TrimSuffix(w.native, "__c") + "_Deals"
	case crm.LongText:
		m.Type, m.Length, m.VisibleLines = "LongTextArea", w.length(), visibleLines
	default:
		key, unique := w.key, w.unique
		m.Type, m.Length = "Text", w.length()
		m.Required, m.Unique, m.ExternalID = &no, &unique, &key
	}
	return m
}

// byValueName gives the values of a picklist their other name.
func (m metadata) byValueName() metadata {
	if m.ValueSet == nil {
		return m
	}
	set := *m.ValueSet
	set.Definition.Values = nil
	for _, v := range m.ValueSet.Definition.Values {
		v.FullName, v.ValueName = "", v.FullName
		set.Definition.Values = append(set.Definition.Values, v)
	}
	m.ValueSet = &set
	return m
}

const attemptsLabel = "Handoff Attempts"

// objectMetadata is our custom object as the Metadata API takes it and as a file
// of an SFDX project holds it. Its records are private: who reads them, a
// permission set says.
type objectMetadata struct {
	XMLName     xml.Name
	Space       string     `xml:"xmlns,attr"`
	Type        string     `xml:"xsi:type,attr,omitempty"` // for the Metadata API
	FullName    string     `xml:"fullName,omitempty"`      // the same
	Deployment  string     `xml:"deploymentStatus"`
	Description string     `xml:"description"`
	History     bool       `xml:"enableHistory"`
	Reports     bool       `xml:"enableReports"`
	Label       string     `xml:"label"`
	NameField   nameColumn `xml:"nameField"`
	Plural      string     `xml:"pluralLabel"`
	Sharing     string     `xml:"sharingModel"`
}

type nameColumn struct {
	Format string `xml:"displayFormat"`
	Label  string `xml:"label"`
	Type   string `xml:"type"`
}

func attemptMetadata() objectMetadata {
	return objectMetadata{
		XMLName: xml.Name{Local: "CustomObject"},
		Space:   metadataSpace, Deployment: "Deployed", Label: "Handoff Attempt", Plural: attemptsLabel, Sharing: "Private", Reports: true,
		Description: "One record for each handoff that was scored, filled by syncd. For managers and CSMs alone.",
		NameField:   nameColumn{Format: "HA-{000000}", Label: "Handoff Attempt", Type: "AutoNumber"},
	}
}

package salesforce

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

const planRoot = "force-app/main/default/"

// permissionSetFile is a permission set as a file of an SFDX project.
type permissionSetFile struct {
	XMLName     xml.Name         `xml:"PermissionSet"`
	Space       string           `xml:"xmlns,attr"`
	Description string           `xml:"description"`
	Fields      []permissionLine `xml:"fieldPermissions"`
	Activation  bool             `xml:"hasActivationRequired"`
	Label       string           `xml:"label"`
	Objects     []objectLine     `xml:"objectPermissions"`
}

// objectLine is what a permission set allows with an object of ours.
type objectLine struct {
	Create    bool   `xml:"allowCreate"`
	Delete    bool   `xml:"allowDelete"`
	Edit      bool   `xml:"allowEdit"`
	Read      bool   `xml:"allowRead"`
	ModifyAll bool   `xml:"modifyAllRecords"`
	Object    string `xml:"object"`
	ViewAll   bool   `xml:"viewAllRecords"`
}

type permissionLine struct {
	Editable bool   `xml:"editable"`
	Field    string `xml:"field"`
	Readable bool   `xml:"readable"`
}

// Plans writes the fields and permission sets of a set-up as an SFDX project, by
// path. There is no page layout in it: deploying one overwrites the org's. It
// calls nobody.
func Plans(setup crm.Setup, version string) (map[string][]byte, error) {
	if version == "" {
		version = defaultVersion
	}
	project, err := json.MarshalIndent(map[string]any{
		"packageDirectories": []any{map[string]any{"path": "force-app", "default": true}},
		"name":               "handoff", "namespace": "", "sfdcLoginUrl": "https://login.salesforce.com", "sourceApiVersion": version,
	}, "", "  ")
	if err != nil {
		return nil, &crm.Error{Op: "salesforce.plans", Kind: crm.Invalid, Err: err}
	}
	files := map[string][]byte{"sfdx-project.json": append(project, '\n')}
	fields := neededFields(setup)
	for i := range fields {
		w := &fields[i]
		path := fmt.Sprintf("%sobjects/%s/fields/%s.field-meta.xml", planRoot, w.object, w.native)
		if files[path], err = markupOf(w.metadata()); err != nil {
			return nil, err
		}
	}
	if setup.Attempts {
		if files[planRoot+"objects/"+attemptObject+"/"+attemptObject+".object-meta.xml"], err = markupOf(attemptMetadata()); err != nil {
			return nil, err
		}
	}
	all := allowances(fields)
	for _, set := range permissionSets() {
		f := permissionSetFile{Space: metadataSpace, Description: set.about, Label: set.label}
		for _, a := range all {
			if a.set == set.name {
				f.Fields = append(f.Fields, permissionLine{Editable: a.edit, Field: a.path, Readable: true})
			}
		}
		for _, u := range objectUses(setup) {
			if u.set == set.name {
				f.Objects = append(f.Objects, objectLine{Create: u.edit, Edit: u.edit, Read: true, ViewAll: true, Object: u.object})
			}
		}
		slices.SortFunc(f.Fields, func(x, y permissionLine) int { return strings.Compare(x.Field, y.Field) })
		if files[planRoot+"permissionsets/"+set.name+".permissionset-meta.xml"], err = markupOf(f); err != nil {
			return nil, err
		}
	}
	files["README.txt"] = []byte(readme())
	return files, nil
}

// readme tells how the project is deployed, and who is given which set.
func readme() string {
	var b strings.Builder
	b.WriteString(`What syncd needs in this Salesforce org, as an SFDX project.

Run in this folder; the first command only tries it, and changes nothing:

    sf project deploy start --dry-run --source-dir force-app
    sf project deploy start --source-dir force-app

A sandbox or org other than the default one is named with --target-org.
Nothing is assigned to anybody. Then assign each permission set, in
Setup > Permission Sets, to

`)
	for _, set := range permissionSets() {
		fmt.Fprintf(&b, "    %-16s %s\n", set.name, set.holders)
	}
	return b.String()
}

func markupOf(v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "    ")
	if err := e.Encode(v); err != nil {
		return nil, &crm.Error{Op: "salesforce.plans", Kind: crm.Invalid, Err: err}
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// Package clients lets the vendors' own tools read what syncd writes for them.
package clients

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/need"
)

// TestSalesforceCLITakesTheExport has the Salesforce CLI convert the project of
// syncd fields export, as it does before every deployment: all of it arrives in
// the manifest, and word for word in what the org would be sent. It needs "npm
// ci" in this folder or sf on the PATH; SYNCD_REQUIRE=1 makes that a must.
func TestSalesforceCLITakesTheExport(t *testing.T) {
	sf := need.Client(t, "sf")
	plain := []string{"CustomField Opportunity.Handoff_Score__c", "CustomField Opportunity.Handoff_Item_1_1_Note__c"}
	for _, c := range []struct {
		name, file string
		edits      []string // of the file: old and new by turns
		want       []string // of the manifest, among others
	}{
		{"the example", "example-salesforce.yaml", nil, plain},
		{"every key there is", "full-salesforce.yaml", nil, plain},
		{"every scorecard, and prefixes of its own", "full-salesforce.yaml", []string{
			"scorecards: [sales-to-cs] ", "scorecards: [sales-to-cs, sales-to-cs-simplified, partner-handoff] ",
			"# threshold: 25000", "threshold: 25000",
			"# partner: Partner__c ", "partner: Partner__c ",
			"# sent_at: Partner_Sent__c", "sent_at: Partner_Sent__c",
			"# field_prefix: {handoff: Handover,", "field_prefix: {handoff: Handover,",
			"# attempt_object: false ", "attempt_object: true ",
		}, []string{
			"CustomField Opportunity.Handover_Score__c", "CustomField Opportunity.Partner_Score__c",
			"CustomObject Handoff_Attempt__c", "CustomField Handoff_Attempt__c.Score__c",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, files := t.TempDir(), export(t, c.file, c.edits)
			for name, content := range files {
				at := filepath.Join(dir, filepath.FromSlash(name))
				if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, content, 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			convert(t, sf, dir)

			exported, types := metadata(t, files)
			if diff := cmp.Diff(exported, converted(t, filepath.Join(dir, "converted"))); diff != "" {
				t.Errorf("exported -, converted +\n%s", diff)
			}
			members := manifest(t, filepath.Join(dir, "converted", "package.xml"))
			if diff := cmp.Diff(slices.Sorted(maps.Keys(exported)), members); diff != "" {
				t.Errorf("exported -, in the manifest +\n%s", diff)
			}
			for _, want := range append(c.want, "CustomField Activity.Handoff_Key__c", "PermissionSet Handoff_CSM", "PermissionSet Handoff_Manager",
				"PermissionSet Handoff_Seller", "PermissionSet Handoff_Sync") {
				if !slices.Contains(members, want) {
					t.Errorf("the manifest lacks %s: %q", want, members)
				}
			}
			for _, kind := range []string{"Checkbox", "DateTime", "LongTextArea", "Lookup", "Number", "Picklist", "Text"} {
				if types[kind] == 0 {
					t.Errorf("no field of type %s was tried: %v", kind, types)
				}
			}
			t.Logf("%d fields and permission sets: %v", len(members), types)
		})
	}
}

// export is what syncd fields export writes for the only connection of a
// shipped configuration.
func export(t *testing.T, file string, edits []string) map[string][]byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "config", file))
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	for edit := range slices.Chunk(edits, 2) {
		if strings.Count(text, edit[0]) != 1 {
			t.Fatalf("%s does not say %q once", file, edit[0])
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	cfg, faults := config.Parse(file, []byte(text))
	if len(faults) > 0 || len(cfg.Connections) != 1 {
		t.Fatal(faults)
	}
	files, err := app.FieldFiles(cfg, &cfg.Connections[0])
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// convert runs the tool with a home of its own and nothing else of whoever runs
// the test. It tells its vendor nothing, looks for no later version and asks
// nobody.
func convert(t *testing.T, sf, dir string) {
	t.Helper()
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), sf, "project", "convert", "source", "--root-dir", "force-app", "--output-dir", "converted")
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home,
		"SF_DISABLE_TELEMETRY=true", "SF_AUTOUPDATE_DISABLE=true", "SF_DISABLE_AUTOUPDATE=true", "SF_SKIP_NEW_VERSION_CHECK=true",
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// metadata is the markup inside every object, field and permission set of a project, by
// type and name, and how many fields there are of each type.
func metadata(t *testing.T, files map[string][]byte) (parts map[string][]string, types map[string]int) {
	t.Helper()
	parts, types = map[string][]string{}, map[string]int{}
	for name, content := range files {
		switch base := path.Base(name); {
		case strings.HasSuffix(base, ".field-meta.xml"):
			object := path.Base(path.Dir(path.Dir(name)))
			words := inside(t, content)
			parts["CustomField "+object+"."+strings.TrimSuffix(base, ".field-meta.xml")] = words
			types[words[slices.Index(words, "<type>")+1]]++
		case strings.HasSuffix(base, ".object-meta.xml"):
			parts["CustomObject "+strings.TrimSuffix(base, ".object-meta.xml")] = inside(t, content)
		case strings.HasSuffix(base, ".permissionset-meta.xml"):
			parts["PermissionSet "+strings.TrimSuffix(base, ".permissionset-meta.xml")] = inside(t, content)
		case name != "README.txt" && name != "sfdx-project.json":
			t.Errorf("%s is not known to this test", name)
		}
	}
	return parts, types
}

// converted is the same of a folder in the form that is deployed, where the
// fields of an object stand in one file.
func converted(t *testing.T, dir string) map[string][]string {
	t.Helper()
	parts := map[string][]string{}
	for _, at := range glob(t, dir, "objects", "*.object") {
		var object struct {
			Fields []struct {
				Name   string `xml:"fullName"`
				Markup []byte `xml:",innerxml"`
			} `xml:"fields"`
		}
		content := read(t, at)
		if err := xml.Unmarshal(content, &object); err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		if rest := without(inside(t, content), "fields"); len(rest) > 0 {
			parts["CustomObject "+strings.TrimSuffix(filepath.Base(at), ".object")] = rest
		}
		for _, f := range object.Fields {
			parts["CustomField "+strings.TrimSuffix(filepath.Base(at), ".object")+"."+f.Name] = words(t, string(f.Markup))
		}
	}
	for _, at := range glob(t, dir, "permissionsets", "*.permissionset") {
		parts["PermissionSet "+strings.TrimSuffix(filepath.Base(at), ".permissionset")] = inside(t, read(t, at))
	}
	return parts
}

// without takes elements of a name out of markup.
func without(words []string, name string) (rest []string) {
	inside := false
	for _, word := range words {
		inside = inside || word == "<"+name+">"
		if !inside {
			rest = append(rest, word)
		}
		inside = inside && word != "</"+name+">"
	}
	return rest
}

// manifest is the types and members of a package.xml.
func manifest(t *testing.T, at string) []string {
	t.Helper()
	var p struct {
		XMLName xml.Name `xml:"http://soap.sforce.com/2006/04/metadata Package"`
		Types   []struct {
			Members []string `xml:"members"`
			Name    string   `xml:"name"`
		} `xml:"types"`
		Version string `xml:"version"`
	}
	if err := xml.Unmarshal(read(t, at), &p); err != nil || p.Version != "60.0" {
		t.Fatalf("%s: version %q, %v", at, p.Version, err)
	}
	var members []string
	for _, kind := range p.Types {
		for _, m := range kind.Members {
			members = append(members, kind.Name+" "+m)
		}
	}
	slices.Sort(members)
	return members
}

// inside is the markup within a document's root.
func inside(t *testing.T, document []byte) []string {
	t.Helper()
	var root struct {
		XMLName xml.Name
		Markup  string `xml:",innerxml"`
	}
	if err := xml.Unmarshal(document, &root); err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	if root.XMLName.Space != "http://soap.sforce.com/2006/04/metadata" {
		t.Errorf("%s of %q", root.XMLName.Local, root.XMLName.Space)
	}
	return words(t, root.Markup)
}

// words are the tags and texts of markup, however it is indented and escaped.
func words(t *testing.T, markup string) []string {
	t.Helper()
	var list []string
	for d := xml.NewDecoder(strings.NewReader(markup)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, markup)
		}
		switch token := token.(type) {
		case xml.StartElement:
			list = append(list, "<"+token.Name.Local+">")
		case xml.EndElement:
			list = append(list, "</"+token.Name.Local+">")
		case xml.CharData:
			if s := strings.TrimSpace(string(token)); s != "" {
				list = append(list, s)
			}
		}
	}
}

func glob(t *testing.T, elem ...string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(elem...))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s: %v", filepath.Join(elem...), err)
	}
	return found
}

func read(t *testing.T, at string) []byte {
	t.Helper()
	b, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

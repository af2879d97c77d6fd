package check_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A threat model that names a test which is gone promises what nothing shows.
func TestWhatDocumentsNameExists(t *testing.T) {
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(src, -1) {
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+|(?:internal|config|deploy|\\.ci)/[\\w./-]+)`")
	link := regexp.MustCompile(`\]\((\.\./[^)#]+|[a-z][^):#]*)\)`)
	for _, doc := range []string{"docs/threat-model.md", "docs/permissions.md", "deploy/README.md", "README.md"} {
		text := read(t, filepath.Join("../..", doc))
		found := named.FindAllStringSubmatch(text, -1)
		for _, m := range found {
			if _, err := os.Stat(filepath.Join("../..", m[1])); !tests[m[1]] && err != nil {
				t.Errorf("%s names %s, which is not there", doc, m[1])
			}
		}
		if strings.Contains(doc, "threat") && len(found) < 40 {
			t.Errorf("%s names %d places", doc, len(found))
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("../..", filepath.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", doc, m[1])
			}
		}
	}
}

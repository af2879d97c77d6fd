package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// keepers know the database and its tables; nobody else does.
var keepers = []string{"internal/store", "internal/job"}

// Only the store and the queue open a database, or hold a statement that names
// one of its tables.
func TestOnlyTheStoreAndTheQueueSpeakSQL(t *testing.T) {
	tables := []string{`river_\w+`}
	migrations, err := filepath.Glob("../store/migrations/*/*.sql")
	if err != nil || len(migrations) == 0 {
		t.Fatalf("migrations %v, %v", migrations, err)
	}
	for _, m := range migrations {
		text, err := os.ReadFile(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range regexp.MustCompile(`CREATE TABLE (\w+)`).FindAllStringSubmatch(string(text), -1) {
			tables = append(tables, table[1])
		}
	}
	statement := regexp.MustCompile(`(?i)\b(from|into|update|join)\s+(` + strings.Join(tables, "|") + `)\b`)
	if !statement.MatchString("SELECT 1 FROM runs WHERE id = $1") {
		t.Fatalf("tables %v", tables)
	}
	for pkg, imports := range list(t) {
		dir := strings.TrimPrefix(pkg, module)
		if testOnly(pkg) || slices.Contains(keepers, dir) {
			continue
		}
		if slices.Contains(imports, "database/sql") {
			t.Errorf("%s imports database/sql", dir)
		}
		for _, text := range literals(t, "../../"+dir) {
			if statement.MatchString(text) {
				t.Errorf("%s holds SQL: %s", dir, text)
			}
		}
	}
}

// literals are the texts in a package's code, its tests apart.
func literals(t *testing.T, dir string) (all []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				all = append(all, lit.Value)
			}
			return true
		})
	}
	return all
}

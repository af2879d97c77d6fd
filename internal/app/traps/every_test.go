package traps_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// later are traps that have no test yet, and why.
var later = map[string]string{}

// Every trap has a test, named after it, whose comment says which change of the
// product makes it fail.
func TestEveryTrapHasATest(t *testing.T) {
	const traps = 45
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(f.Name.Name, "TestTrap") {
				continue
			}
			number := strings.TrimPrefix(f.Name.Name, "TestTrap")[:2]
			if has[number] != "" {
				t.Errorf("%s and %s are both of trap %s", has[number], f.Name.Name, number)
			}
			has[number] = f.Name.Name
			mutations := 0
			for line := range strings.Lines(f.Doc.Text()) {
				if what, ok := strings.CutPrefix(line, "Mutation: "); ok && strings.Contains(what, "internal/") {
					mutations++
				}
			}
			if mutations != 1 {
				t.Errorf("%s names %d mutations that make it fail", f.Name.Name, mutations)
			}
		}
	}
	for i := range traps {
		number := fmt.Sprintf("%02d", i+1)
		if _, waits := later[number]; waits == (has[number] != "") {
			t.Errorf("trap %s: its test is %q, and it waits: %v", number, has[number], waits)
		}
	}
}

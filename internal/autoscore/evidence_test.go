package autoscore

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/scorecard"
)

// Every code that the source says has a sentence, and no sentence is left over.
func TestEveryCodeHasASentence(t *testing.T) {
	used := map[string]bool{}
	for _, h := range scorecard.Hints() {
		used["hint_"+h] = true
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := f.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name == "evidence.go" {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					used[s] = true
				}
			}
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			fn, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || fn.Sel.Name != "say" && fn.Sel.Name != "warn" && fn.Sel.Name != "reopen" {
				return true
			}
			if lit, ok := call.Args[0].(*ast.BasicLit); ok {
				code, _ := strconv.Unquote(lit.Value)
				if sentences[code] == "" {
					t.Errorf("%s says %q, which has no sentence", name, code)
				}
			}
			return true
		})
	}
	for _, code := range Codes() {
		if !used[code] {
			t.Errorf("nothing says %q", code)
		}
	}
}

func TestRender(t *testing.T) {
	for _, code := range Codes() {
		s := Render(Evidence{Code: code, Args: []string{"first", "second", "third"}})
		if !strings.HasSuffix(s, ".") || strings.Count(s, ". ") > 0 || strings.ContainsAny(s, "{}") {
			t.Errorf("%s is not one sentence: %q", code, s)
		}
		if bare := Render(Evidence{Code: code}); bare == "" || strings.ContainsAny(bare, "{}") {
			t.Errorf("%s without arguments: %q", code, bare)
		}
	}
	rows := []struct {
		e    Evidence
		want string
	}{
		{Evidence{Code: "blank", Args: []string{"use case"}}, "use case: the field is blank."},
		{Evidence{Code: "role_lacks", Args: []string{"champion", "title", "e-mail or phone"}}, "The champion has a name, but lacks: title, e-mail or phone."},
		{Evidence{Code: "contacts_some", Args: []string{"4", "6"}}, "4 of 6 e-mail addresses and phone numbers can be used."},
		{Evidence{Code: "blank", Args: []string{"{1}"}}, "{1}: the field is blank."},
		{Evidence{Code: "from_tomorrow", Args: []string{"x"}}, "Evidence of another version: from_tomorrow x."},
	}
	for _, r := range rows {
		if got := Render(r.e); got != r.want {
			t.Errorf("got %q, want %q", got, r.want)
		}
	}
}

func TestLabelsOfTheCRM(t *testing.T) {
	rules := testRules(t)
	rules.Labels = map[string]string{"evidence.1.1": "Why they bought", "notes": "Hand-over notes"}
	j := New(rules)
	d := richDeal()
	d.Fields.Set("evidence.1.1", d.Fields.Get("none.1.1"))
	res := j.Score(salesCard(), d, nil, at())
	if got := said(res.Item("1.1").Evidence); !strings.HasPrefix(got, "Why they bought: ") {
		t.Errorf("evidence calls the field %q", got)
	}
	d = richDeal()
	cell := d.Fields.Get("evidence.1.1")
	cell.Text = "why they bought?"
	d.Fields.Set("evidence.1.1", cell)
	res = j.Score(salesCard(), d, nil, at())
	if got := brief(*res.Item("1.1")); got != "0 proven" {
		t.Errorf("a text that repeats the field's label: %s", got)
	}
}

func TestRoleName(t *testing.T) {
	for key, want := range map[string]string{"day_to_day": "day-to-day contact", "executive_sponsor": "executive sponsor", "champion": "champion"} {
		if got := RoleName(key); got != want {
			t.Errorf("RoleName(%q) = %q, want %q", key, got, want)
		}
	}
}

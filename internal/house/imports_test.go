package house

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/handoffscore/syncd/"

// floors lists the packages from the ground up; a package may import only from
// floors below its own. Packages of one floor do not import each other.
var floors = [][]string{
	{"internal/crm", "internal/yamlfile", "internal/richtext", "internal/crm/crmsim/simclock", "internal/crm/crmsim/simfault"},
	{"internal/scorecard", "internal/crm/transport", "internal/crm/watched", "internal/crm/crmsim/world"},
	{"internal/autoscore"},
	{"internal/handoff"},
	{"config", "internal/store"},
	{"internal/job", "internal/ops", "internal/crm/salesforce", "internal/crm/hubspot", "internal/crm/crmsim/sfsim", "internal/crm/crmsim/hssim"},
	{"internal/syncer", "internal/writeback"},
	{"internal/app", "internal/bench"},
	{"internal/cli"},
	{"cmd/syncd"},
}

// pure packages do no I/O, read no clock and write no log.
var pure = []string{"internal/scorecard", "internal/autoscore", "internal/handoff"}

// A package imports only from the floors below it.
func TestImportsPointDown(t *testing.T) {
	floor := map[string]int{}
	for n, names := range floors {
		for _, name := range names {
			floor[module+name] = n
		}
	}
	for pkg, imports := range list(t) {
		own, known := floor[pkg]
		if !known {
			if !testOnly(pkg) {
				t.Errorf("%s has no floor: add it to the list", pkg)
			}
			continue
		}
		for _, imp := range imports {
			if n, ours := floor[imp]; ours && n >= own {
				t.Errorf("%s imports %s, which is not below it", pkg, imp)
			}
		}
	}
}

// The pure core stays pure.
func TestTheCoreIsPure(t *testing.T) {
	imports := list(t)
	for _, pkg := range pure {
		for _, imp := range imports[module+pkg] {
			switch {
			case imp == "os", imp == "net", imp == "net/http", imp == "database/sql", imp == "log",
				strings.HasPrefix(imp, "go.uber.org/zap"), strings.HasPrefix(imp, "os/"):
				t.Errorf("%s imports %s", pkg, imp)
			}
		}
	}
}

// testOnly packages hold suites, checks and what makes a release, not product.
func testOnly(pkg string) bool {
	for _, name := range []string{"deploy/check", "deploy/release", "internal/house", "internal/need", "internal/crm/crmtest", "internal/crm/crmtest/clients", "internal/app/apptest", "internal/app/faults", "internal/app/lessons", "internal/app/replicas", "internal/app/soak", "internal/app/stories", "internal/app/traps", "internal/store/storetest", "internal/crm/crmsim/hssim/clients", "internal/crm/crmsim/sfsim/clients"} {
		if pkg == module+name {
			return true
		}
	}
	return false
}

func list(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		all[f[0]] = f[1:]
	}
	return all
}

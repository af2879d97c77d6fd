package ops_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	dto "github.com/prometheus/client_model/go"
)

// selector is a figure in an expression, with what is asked of its labels.
var (
	selector = regexp.MustCompile(`\b((?:syncd|process|go)_[a-z_]+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	grouping = regexp.MustCompile(`\bby \(([a-z_, ]+)\)`)
)

// known are the figures that the program serves, with their labels.
func known(t *testing.T) map[string][]string {
	t.Helper()
	families, err := fed().Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{"syncd_ready": nil, "syncd_database_up": nil}
	for _, f := range families {
		labels := []string{}
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		names := []string{f.GetName()}
		if f.GetType() == dto.MetricType_HISTOGRAM {
			names = []string{f.GetName() + "_bucket", f.GetName() + "_sum", f.GetName() + "_count"}
			labels = append(labels, "le")
		}
		for _, n := range names {
			all[n] = labels
		}
	}
	return all
}

// checkExpr wants every figure and label of an expression to be there.
func checkExpr(t *testing.T, where, expr string, figures map[string][]string) (names []string) {
	t.Helper()
	found := selector.FindAllStringSubmatch(expr, -1)
	if len(found) == 0 {
		t.Errorf("%s asks for no figure: %s", where, expr)
	}
	reachable := []string{"instance", "job"}
	for _, m := range found {
		labels, ok := figures[m[1]]
		if !ok {
			t.Errorf("%s asks for %s, which is not served", where, m[1])
		}
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(labels, l[1]) {
				t.Errorf("%s asks for the label %s of %s, which has %v", where, l[1], m[1], labels)
			}
		}
		reachable, names = append(reachable, labels...), append(names, m[1])
	}
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for _, l := range strings.Split(g[1], ",") {
			if !slices.Contains(reachable, strings.TrimSpace(l)) {
				t.Errorf("%s groups by %s, which its figures do not have", where, l)
			}
		}
	}
	return names
}

// A rule whose figure was renamed never fires, and nobody notices.
func TestAlertsAskForFiguresThatAreServed(t *testing.T) {
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	src, err := os.ReadFile("../../deploy/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(src, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	figures, names := known(t), map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if names[r.Alert] {
				t.Errorf("two alerts are called %s", r.Alert)
			}
			names[r.Alert] = true
			checkExpr(t, r.Alert, r.Expr, figures)
			if len(r.Annotations["runbook"]) < 40 || r.Annotations["summary"] == "" || r.Labels["severity"] == "" {
				t.Errorf("%s lacks a runbook, a summary or a severity", r.Alert)
			}
		}
	}
	for _, name := range []string{"SyncdPassesFailing", "SyncdNoSuccess", "SyncdLagHigh", "SyncdRecordsRejected", "SyncdQuotaShareNearlyUsed", "SyncdDrift", "SyncdGuardStopped", "SyncdNotReady"} {
		if !names[name] {
			t.Errorf("there is no %s among %v", name, slices.Sorted(maps.Keys(names)))
		}
	}
}

// The dashboard asks for figures that are served, shows every one of ours, and
// works on any Prometheus.
func TestTheDashboardShowsFiguresThatAreServed(t *testing.T) {
	type source struct{ Type, UID string }
	var board struct {
		Templating struct {
			List []struct{ Name, Type, Query any }
		}
		Panels []struct {
			Type, Title string
			Datasource  *source
			GridPos     struct{ X, Y, W, H int }
			Targets     []struct {
				Expr       string
				Datasource *source
			}
		}
	}
	src, err := os.ReadFile("../../deploy/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(src, &board); err != nil {
		t.Fatal(err)
	}
	if len(board.Templating.List) == 0 || board.Templating.List[0].Type != "datasource" {
		t.Error("the data source is no variable")
	}
	figures, shown, rows := known(t), map[string]bool{}, 0
	for _, p := range board.Panels {
		if p.Type == "row" {
			rows++
			continue
		}
		if p.Datasource == nil || p.Datasource.UID != "${datasource}" {
			t.Errorf("%s has a data source of its own", p.Title)
		}
		for _, q := range p.Targets {
			if q.Datasource == nil || q.Datasource.UID != "${datasource}" {
				t.Errorf("%s asks a data source of its own", p.Title)
			}
			for _, name := range checkExpr(t, p.Title, q.Expr, figures) {
				shown[name] = true
			}
		}
	}
	if rows < 6 {
		t.Errorf("%d rows", rows)
	}
	for name := range figures {
		base := strings.NewReplacer("_sum", "_bucket", "_count", "_bucket").Replace(name)
		if strings.HasPrefix(name, "syncd_") && name != "syncd_connection_info" && !shown[base] && !shown[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}

package hubspot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// mostInputs is how many properties one batch makes (API documentation, read 2026-03).
const mostInputs = 100

// Plans writes the property groups and properties of a set-up as bodies that
// HubSpot's API takes, by path: a group is posted alone, properties in batches.
// It calls nobody.
func Plans(setup crm.Setup, version string) (map[string][]byte, error) {
	if version == "" {
		version = defaultVersion
	}
	groups := map[string][]definition{}
	var names []string
	for _, w := range wants(setup) {
		name := w.body.Group
		if groups[name] == nil {
			names = append(names, name)
		}
		groups[name] = append(groups[name], w.body)
	}
	slices.Sort(names)
	out := map[string][]byte{}
	var steps strings.Builder
	for _, name := range names {
		file := "groups/" + name + ".json"
		if err := plan(out, file, groupOf(name)); err != nil {
			return nil, err
		}
		step(&steps, file, path(version, "/crm/v3/properties/deals/groups"))
	}
	for _, name := range names {
		n := 0
		for inputs := range slices.Chunk(groups[name], mostInputs) {
			n++
			file := fmt.Sprintf("properties/deals-%s-%d.json", name, n)
			if err := plan(out, file, map[string]any{"inputs": inputs}); err != nil {
				return nil, err
			}
			step(&steps, file, path(version, "/crm/v3/properties/deals/batch/create"))
		}
	}
	if len(names) > 0 {
		out["README.txt"] = []byte(fmt.Sprintf(readme, scopeSchemas, steps.String()))
	}
	return out, nil
}

const readme = `What syncd needs in this HubSpot portal, as request bodies.

Post each file as JSON, in this order, with a token that has the scope
%s. A group or property that is there already is answered
with 409 (in a batch: an error beside the others), which is no fault.

%s`

func step(steps *strings.Builder, file, path string) {
	fmt.Fprintf(steps, "%s\n    POST %s%s\n", file, defaultBase, path)
}

func plan(out map[string][]byte, file string, body any) error {
	text, err := json.MarshalIndent(body, "", "  ")
	out[file] = append(text, '\n')
	return err
}

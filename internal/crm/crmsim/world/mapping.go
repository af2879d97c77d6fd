package world

import (
	"fmt"
	"slices"
	"strings"
)

// Mapping is the "fields:" part of a connection's configuration for this
// world, as lines of YAML indented by indent: the org's own fields by the name
// native gives. syncd's fields and the CSM's have derived names and need none.
func (w *World) Mapping(indent string, native func(Field) string) string {
	var b strings.Builder
	b.WriteString(indent + "fields:\n")
	nested := map[string][]string{}
	for _, f := range w.Fields {
		group, item, isItem := strings.Cut(f.Name, ".")
		switch {
		case native(f) == "" || strings.HasPrefix(f.HubSpot, "handoff_"), strings.HasPrefix(f.HubSpot, "partner_"):
		case isItem:
			nested[group] = append(nested[group], fmt.Sprintf("%q: %s", item, native(f)))
		default:
			fmt.Fprintf(&b, "%s  %s: %s\n", indent, f.Name, native(f))
		}
	}
	for _, group := range []string{"evidence", "none", "pick", "date", "until", "owner", "listed", "ours", "theirs", "agreed", "task_open", "days", "set_at"} {
		if len(nested[group]) > 0 {
			slices.Sort(nested[group])
			fmt.Fprintf(&b, "%s  %s: {%s}\n", indent, group, strings.Join(nested[group], ", "))
		}
	}
	return b.String()
}

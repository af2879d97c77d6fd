package scorecard

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/handoffscore/syncd/internal/yamlfile"
)

var (
	fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	// kinds are the sources that belong to one item: "evidence.1.1".
	kinds = []string{
		"evidence", "pick", "none", "date", "until", "owner", "listed", "ours", "theirs",
		"boilerplate", "agreed", "task_open", "days", "set_at",
	}
	// shared are the usual sources of the whole deal. Others may be used; one
	// that is nearly spelled like these is a slip.
	shared = []string{"arr", "term_months", "discount", "notes", "sent_at", "partner", "currency", "amount"}
	// roles are the usual ones, with the same rule.
	roles = []string{"champion", "executive_sponsor", "day_to_day", "objector"}
)

// check validates the check of an item against what the named check takes.
func (v *validator) check(itemPath string, it *Item) {
	path := itemPath + ".check"
	all := Checks()
	spec, ok := all[it.Check.Name]
	if !ok {
		if it.Check.Name != "" {
			v.fault(path+".name", "unknown check "+quote(it.Check.Name), yamlfile.DidYouMean(it.Check.Name, slices.Sorted(maps.Keys(all))))
		}
		return
	}
	switch name := quote(it.Check.Name); {
	case it.Auto && !spec.Auto:
		v.fault(path+".name", "the item is auto, but check "+name+" leaves the score to a person", `remove "auto: true", or use another check`)
	case !it.Auto && spec.Auto:
		v.fault(path+".name", "check "+name+" scores by itself, but the item is not auto", `add "auto: true", or use another check`)
	}
	v.takes(path+".sources", it.Check.Name, "source", it.Check.Sources, spec.Needs, spec.Takes)
	v.takes(path+".params", it.Check.Name, "parameter", it.Check.Params, spec.Params, spec.Optional)
	for _, key := range slices.Sorted(maps.Keys(it.Check.Sources)) {
		v.source(yamlfile.Join(path+".sources", key), key, it.Check.Sources[key])
	}
	for _, key := range slices.Sorted(maps.Keys(it.Check.Params)) {
		v.param(yamlfile.Join(path+".params", key), key, it.Check.Params[key])
	}
	for i, hint := range it.Check.Hints {
		at := yamlfile.Index(path+".hints", i)
		if hints := Hints(); !slices.Contains(hints, hint) {
			v.fault(at, "unknown hint "+quote(hint), yamlfile.DidYouMean(hint, hints))
		}
		if slices.Contains(it.Check.Hints[:i], hint) {
			v.fault(at, "hint "+quote(hint)+" is listed twice", "keep one of the two")
		}
	}
}

// takes checks the keys of sources or params.
func (v *validator) takes(path, check, what string, given map[string]string, must, may []string) {
	known := slices.Concat(must, may)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, key) {
			v.fault(yamlfile.Join(path, key), "check "+quote(check)+" takes no "+what+" "+quote(key), yamlfile.DidYouMean(key, known))
		}
	}
	for _, key := range must {
		if _, ok := given[key]; !ok {
			v.fault(yamlfile.Join(path, key), "check "+quote(check)+" needs the "+what+" "+quote(key), "add "+strconv.Quote(key+":"))
		}
	}
}

// source checks the logical name of a field. Only a field to compare with may
// belong to an item that is not on the card.
func (v *validator) source(path, key, name string) {
	kind, id, dotted := strings.Cut(name, ".")
	if !dotted {
		near := yamlfile.Nearest(name, shared)
		if !fieldName.MatchString(name) || near != "" && near != name {
			v.fault(path, "unknown source "+quote(name), yamlfile.DidYouMean(name, shared))
		}
		return
	}
	if !slices.Contains(kinds, kind) {
		v.fault(path, "unknown source "+quote(name), yamlfile.DidYouMean(kind, kinds))
		return
	}
	if known := v.card.Item(id) != nil || v.unresolved; !itemID.MatchString(id) || !known && key != "same_as" {
		v.fault(path, "unknown source "+quote(name)+": there is no item "+quote(id), "name an item of this card, or a field of the whole deal")
	}
}

func (v *validator) param(path, key, value string) {
	switch key {
	case "days":
		if n, err := strconv.Atoi(value); err != nil || n < 1 || n > 3660 || strconv.Itoa(n) != value {
			v.fault(path, quote(value)+" is not a number of days", `write it like "14"`)
		}
	case "nothing_caps":
		v.oneOf(path, value, []string{"true", "false"})
		if value == "" {
			v.fault(path, "has no value", `write "true" or "false"`)
		}
	case "role", "roles":
		list := []string{value}
		if key == "roles" {
			list = strings.Split(value, ",")
		}
		for i, role := range list {
			near := yamlfile.Nearest(role, roles)
			switch {
			case !fieldName.MatchString(role) || near != "" && near != role:
				v.fault(path, "unknown role "+quote(role), yamlfile.DidYouMean(role, roles))
			case slices.Contains(list[:i], role):
				v.fault(path, "role "+quote(role)+" is listed twice", "keep one of the two")
			}
		}
	}
}

package yamlfile

import (
	"reflect"

	"github.com/goccy/go-yaml/ast"
)

// Flat holds text under keys that may be nested in the file: "a: {b: c}" is
// "a.b" = "c". Which keys are known is for the caller to say.
type Flat map[string]string

var flatType = reflect.TypeFor[Flat]()

// flat reads nested keys into one level. prefix is what the keys above join to.
func (w *walker) flat(node ast.Node, into Flat, path, prefix string, key place) {
	pairs, ok := entries(node)
	if !ok {
		w.add(w.at(node, key), path, "wants keys of its own, not "+describe(node, path), "")
		return
	}
	w.each(pairs, path, func(name, below string, at place, value ast.Node) {
		if _, nested := entries(value); nested && !isNull(value) {
			w.flat(value, into, below, prefix+name+".", at)
			return
		}
		var text string
		w.value(value, reflect.ValueOf(&text).Elem(), below, at)
		if _, again := into[prefix+name]; again {
			w.add(at, below, "is given twice, nested and with a dot", "keep one of the two")
			return
		}
		into[prefix+name] = text
	})
}

package yamlfile

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// walker fills Go values from a tree and collects what is wrong with it.
type walker struct {
	doc    *Doc
	faults Faults
}

func (w *walker) add(at place, path, message, fix string) {
	if len(w.faults) < maxFaults {
		w.faults = append(w.faults, w.doc.fault(at, path, message, fix))
	}
}

// value reads node into the Go value. key is where the value's key stands; a
// scalar's faults are placed at the scalar, all others at the key.
func (w *walker) value(node ast.Node, into reflect.Value, path string, key place) {
	switch n := node.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		w.add(where(n), path, "anchors and aliases are not used in this file", "write the value out")
		return
	case *ast.TagNode:
		w.add(where(n), path, "tags are not used in this file", "remove "+strings.TrimSpace(n.GetToken().Value))
		return
	}
	if into.Kind() == reflect.Pointer {
		if isNull(node) {
			return
		}
		if into.IsNil() {
			into.Set(reflect.New(into.Type().Elem()))
		}
		w.value(node, into.Elem(), path, key)
		return
	}
	if text, ok := unmarshaler(into); ok {
		w.text(node, text, path, key)
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		w.structure(node, into, path, key)
	case reflect.Map:
		if into.Type() == flatType {
			all := Flat{}
			w.flat(node, all, path, "", key)
			into.Set(reflect.ValueOf(all))
			return
		}
		w.mapping(node, into, path, key)
	case reflect.Slice:
		w.list(node, into, path, key)
	default:
		w.scalar(node, into, path, key)
	}
}

func unmarshaler(v reflect.Value) (encoding.TextUnmarshaler, bool) {
	u, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return u, ok
}

// field is one key a struct takes.
type field struct {
	name     string
	required bool
	value    reflect.Value
}

// fields lists the keys of a struct in order; inlined structs add theirs.
func fields(v reflect.Value) []field {
	var all []field
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case options == "inline" && f.Type.Kind() == reflect.Struct:
			all = append(all, fields(v.Field(i))...)
		case name != "":
			all = append(all, field{name, f.Tag.Get("required") == "true", v.Field(i)})
		}
	}
	return all
}

func (w *walker) structure(node ast.Node, into reflect.Value, path string, key place) {
	pairs, ok := entries(node)
	if !ok {
		w.add(w.at(node, key), path, "wants keys of its own, not "+describe(node, path), "")
		return
	}
	known := fields(into)
	names := make([]string, len(known))
	given := map[string]bool{}
	for i, f := range known {
		names[i] = f.name
	}
	w.each(pairs, path, func(name, below string, at place, value ast.Node) {
		for _, f := range known {
			if f.name != name {
				continue
			}
			given[name] = true
			if f.required && isBlank(value) {
				w.add(at, below, "has no value", "give it one")
				return
			}
			w.value(value, f.value, below, at)
			return
		}
		w.add(at, below, fmt.Sprintf("unknown key %q", name), DidYouMean(name, names))
	})
	for _, f := range known {
		if f.required && !given[f.name] {
			w.add(key, Join(path, f.name), "is missing", fmt.Sprintf("add %q", f.name+":"))
		}
	}
}

func (w *walker) mapping(node ast.Node, into reflect.Value, path string, key place) {
	pairs, ok := entries(node)
	if !ok {
		w.add(w.at(node, key), path, "wants keys of its own, not "+describe(node, path), "")
		return
	}
	kind := into.Type()
	if kind.Key().Kind() != reflect.String {
		w.add(key, path, "cannot be set from a file", "")
		return
	}
	made := reflect.MakeMapWithSize(kind, len(pairs))
	w.each(pairs, path, func(name, below string, at place, value ast.Node) {
		v := reflect.New(kind.Elem()).Elem()
		w.value(value, v, below, at)
		made.SetMapIndex(reflect.ValueOf(name).Convert(kind.Key()), v)
	})
	into.Set(made)
}

// each calls visit for every key once, noting places and repeated keys.
func (w *walker) each(pairs []*ast.MappingValueNode, path string, visit func(name, below string, at place, value ast.Node)) {
	first := map[string]int{}
	for _, pair := range pairs {
		at := where(pair.Key)
		name, ok := keyName(pair.Key)
		if !ok {
			w.add(at, path, "this key is not a plain word", "write the key as text")
			continue
		}
		below := Join(path, name)
		if line, again := first[name]; again {
			w.add(at, below, fmt.Sprintf("is given twice, first on line %d", line), "keep one of the two")
			continue
		}
		first[name] = at.line
		w.doc.places[below] = w.at(pair.Value, at)
		visit(name, below, at, pair.Value)
	}
}

func (w *walker) list(node ast.Node, into reflect.Value, path string, key place) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok && !isNull(node) {
		fix := "start each entry with \"- \""
		if text, _, scalar := scalarText(node); scalar && !secretName.MatchString(lastKey(path)) {
			fix = fmt.Sprintf("write [%s]", text)
		}
		w.add(w.at(node, key), path, "wants a list, not "+describe(node, path), fix)
		return
	}
	if !ok {
		into.Set(reflect.MakeSlice(into.Type(), 0, 0))
		return
	}
	made := reflect.MakeSlice(into.Type(), len(seq.Values), len(seq.Values))
	for i, entry := range seq.Values {
		below := Index(path, i)
		at := where(entry)
		w.doc.places[below] = at
		w.value(entry, made.Index(i), below, at)
	}
	into.Set(made)
}

// Package yamlfile decodes a YAML file into a Go struct and reports every
// fault of the file at once, each with its line, column, key path, an excerpt
// and what to do about it.
//
// It is stricter than YAML: an unknown or repeated key, a number in quotes, a
// number that could be read as octal, a tag, an anchor or a second document
// is a fault. What a value means is left to the caller, who adds faults of
// its own at the same places with Doc.Fault. Excerpts and messages never show
// the value of a key that is named like a secret.
//
// Struct fields are named by a yaml tag; a tag `required:"true"` makes a
// missing, blank or null value a fault. A value whose type has UnmarshalText
// is read from any scalar by it; its error becomes the fault's message, and
// an error with a method Fix() string also says what to write instead.
package yamlfile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFaults bounds what one file can report; nobody reads more.
const maxFaults = 200

// Doc knows where each key of a decoded file stands.
type Doc struct {
	File   string
	lines  []string // as shown in excerpts: secrets masked
	places map[string]place
}

// place is a position in the file, both counted from 1, the column in
// characters.
type place struct{ line, col int }

// Decode reads src into the struct or map that into points to. Values that
// the file does not give keep what into held before, so defaults can be set
// first. The Doc is nil only if the file is not YAML at all; into may be
// partly filled when there are faults. file is used in faults alone.
func Decode(file string, src []byte, into any) (*Doc, Faults) {
	doc := &Doc{File: file, places: map[string]place{"": {1, 1}}}
	text := strings.TrimPrefix(string(src), "\ufeff")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	if f, ok := unreadable(doc, text); ok {
		return nil, Faults{f}
	}
	doc.lines = masked(text)

	tree, fault := parse(doc, text)
	if fault != nil {
		return nil, Faults{*fault}
	}
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return doc, Faults{doc.fault(place{1, 1}, "", fmt.Sprintf("%T cannot be decoded into", into), "")}
	}
	w := &walker{doc: doc}
	var root ast.Node
	for i, d := range bodies(tree) {
		if i > 0 {
			w.add(where(d), "", "a second document starts here", "keep one document in the file")
			break
		}
		root = d
	}
	w.value(root, target.Elem(), "", place{1, 1})
	return doc, w.faults.sorted()
}

// parse turns the text into a tree. A panic of the parser is a syntax fault
// of the file, because nothing a file holds may stop the program.
func parse(doc *Doc, text string) (tree *ast.File, fault *Fault) {
	defer func() {
		if recover() != nil {
			f := doc.fault(place{1, 1}, "", "this is not YAML that can be read", "compare it with the example file")
			tree, fault = nil, &f
		}
	}()
	tree, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	if err == nil {
		return tree, nil
	}
	at, message := place{1, 1}, "not valid YAML"
	if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok && syntax.Token != nil && syntax.Token.Position != nil {
		at = place{syntax.Token.Position.Line, syntax.Token.Position.Column}
		if !doc.hides(at.line) {
			message = "not valid YAML: " + strings.ReplaceAll(syntax.Message, "\t", "tab")
		}
	}
	f := doc.fault(at, "", message, advice(doc, at, message))
	return nil, &f
}

// advice names the usual slip behind a syntax error.
func advice(doc *Doc, at place, message string) string {
	var line string
	if at.line >= 1 && at.line <= len(doc.lines) {
		line = doc.lines[at.line-1]
	}
	switch {
	case strings.Contains(line[:len(line)-len(strings.TrimLeft(line, " \t"))], "\t"):
		return "indent with spaces, not tabs"
	case strings.Contains(message, "quoted text"):
		return "close the quote"
	case strings.Contains(message, "reserved character"):
		return "put the value in quotes"
	case strings.Contains(message, "mapping value is not allowed"):
		return "check the indentation, or put a value that holds a colon in quotes"
	case strings.Contains(message, "unexpected key name"):
		return `write "key: value"`
	}
	return "check indentation, quotes and brackets on this line and the one above"
}

func bodies(tree *ast.File) []ast.Node {
	var all []ast.Node
	for _, d := range tree.Docs {
		if d != nil && d.Body != nil {
			all = append(all, d.Body)
		}
	}
	return all
}

// Has reports whether the file gives the key path a place of its own.
func (d *Doc) Has(path string) bool {
	_, ok := d.places[path]
	return ok
}

// Fault is a fault of meaning at the given key path, or, if the file has no
// such key, at its nearest parent that exists. Build the path with Join and
// Index.
func (d *Doc) Fault(path, message, fix string) Fault {
	for at := path; ; at = parent(at) {
		if p, ok := d.places[at]; ok {
			return d.fault(p, path, message, fix)
		}
	}
}

func (d *Doc) fault(at place, path, message, fix string) Fault {
	return Fault{
		File: d.File, Line: at.line, Col: at.col, Path: path,
		Message: message, Fix: fix, Excerpt: d.excerpt(at),
	}
}

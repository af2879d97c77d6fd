package yamlfile

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// where is the place of a node: the first key of a mapping, the start of
// anything else.
func where(node ast.Node) place {
	if node == nil {
		return place{1, 1}
	}
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		return where(m.Values[0].Key)
	}
	if v, ok := node.(*ast.MappingValueNode); ok {
		return where(v.Key)
	}
	t := node.GetToken()
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{t.Position.Line, t.Position.Column}
}

// at is where a fault of a value is shown: at a scalar or a bracket itself,
// otherwise at its key.
func (w *walker) at(node ast.Node, key place) place {
	switch n := node.(type) {
	case nil, *ast.NullNode, *ast.MappingValueNode:
		return key
	case *ast.MappingNode:
		if !n.IsFlowStyle {
			return key
		}
	case *ast.SequenceNode:
		if !n.IsFlowStyle {
			return key
		}
	}
	return where(node)
}

// entries are the keys of a mapping. Nothing at all counts as no keys, so that
// a block whose lines are all commented out is not a fault.
func entries(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case nil, *ast.NullNode:
		return nil, true
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// keyName is a key as written: 1.10 stays 1.10.
func keyName(key ast.MapKeyNode) (string, bool) {
	node, ok := key.(ast.Node)
	if !ok {
		return "", false
	}
	text, _, ok := scalarText(node)
	return text, ok && text != ""
}

func isNull(node ast.Node) bool {
	_, null := node.(*ast.NullNode)
	return node == nil || null
}

// isBlank reports a value that a required key may not have: nothing, or text
// of spaces.
func isBlank(node ast.Node) bool {
	text, _, ok := scalarText(node)
	return isNull(node) || ok && strings.TrimSpace(text) == ""
}

package yamlfile

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

var (
	wholeNumber   = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	decimalNumber = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
	octalLooking  = regexp.MustCompile(`^[-+]?0+[0-9_]+$`)
	durationType  = reflect.TypeFor[time.Duration]()
)

// scalar reads a string, bool or number.
func (w *walker) scalar(node ast.Node, into reflect.Value, path string, key place) {
	text, quoted, ok := scalarText(node)
	wrong := func(message, fix string) { w.add(w.at(node, key), path, message, fix) }
	if !ok {
		wrong("wants "+wanted(into)+", not "+describe(node, path), "")
		return
	}
	if into.Type() == durationType {
		d, err := time.ParseDuration(text)
		if err != nil {
			wrong("wants a length of time, not "+describe(node, path), `write it like "36h" or "15m"`)
			return
		}
		into.SetInt(int64(d))
		return
	}
	_, isBool := node.(*ast.BoolNode)
	switch kind := into.Kind(); kind {
	case reflect.String:
		if isBool {
			wrong("wants text, and "+text+" means yes or no", fmt.Sprintf("write %q", text))
			return
		}
		into.SetString(text)
	case reflect.Bool:
		if quoted || (text != "true" && text != "false") {
			wrong("wants true or false, not "+describe(node, path), "")
			return
		}
		into.SetBool(text == "true")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if fix, bad := badNumber(text, quoted, wholeNumber); bad {
			wrong("wants a whole number, not "+describe(node, path), fix)
			return
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || into.OverflowInt(n) {
			wrong("is too large a number", "")
			return
		}
		into.SetInt(n)
	case reflect.Float32, reflect.Float64:
		if fix, bad := badNumber(text, quoted, decimalNumber); bad {
			wrong("wants a number, not "+describe(node, path), fix)
			return
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || into.OverflowFloat(n) {
			wrong("is too large a number", "")
			return
		}
		into.SetFloat(n)
	default:
		wrong("cannot be set from a file", "")
	}
}

// badNumber reports a text that is no plain number, with what to write.
// Quotes, leading zeros and underscores are refused rather than guessed at:
// readers of YAML disagree on all three.
func badNumber(text string, quoted bool, plain *regexp.Regexp) (fix string, bad bool) {
	switch {
	case quoted && plain.MatchString(text):
		return "write " + text + " without quotes", true
	case octalLooking.MatchString(text):
		sign, digits := "", text
		if strings.HasPrefix(text, "-") {
			sign = "-"
		}
		digits = strings.TrimLeft(strings.ReplaceAll(digits, "_", ""), "+-0")
		if digits == "" {
			digits = "0"
		}
		return "a leading zero can mean octal; write " + sign + digits, true
	case strings.Contains(text, "_") && plain.MatchString(strings.ReplaceAll(text, "_", "")):
		return "write " + strings.ReplaceAll(text, "_", ""), true
	}
	return "", quoted || !plain.MatchString(text)
}

// text hands a scalar to a type that reads itself.
func (w *walker) text(node ast.Node, into encoding.TextUnmarshaler, path string, key place) {
	text, _, ok := scalarText(node)
	if !ok {
		w.add(w.at(node, key), path, "wants a single value, not "+describe(node, path), "")
		return
	}
	err := into.UnmarshalText([]byte(text))
	if err == nil {
		return
	}
	message, fix := err.Error(), ""
	if fixer, ok := errors.AsType[interface {
		error
		Fix() string
	}](err); ok {
		fix = fixer.Fix()
	}
	if secretName.MatchString(lastKey(path)) && text != "" && !reference.MatchString(text) {
		message, fix = strings.ReplaceAll(message, text, hidden), strings.ReplaceAll(fix, text, hidden)
	}
	w.add(w.at(node, key), path, message, fix)
}

// scalarText is a scalar as written, without its quotes, and whether it had any.
func scalarText(node ast.Node) (text string, quoted, ok bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		quoted = n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
		return n.Value, quoted, true
	case *ast.LiteralNode:
		return n.Value.Value, true, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, false, true
	}
	return "", false, false
}

// describe names what stands in the file for a message; a secret is not told.
func describe(node ast.Node, path string) string {
	switch n := node.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys of its own"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return "an anchor, alias or tag"
	default:
		text, quoted, ok := scalarText(n)
		switch {
		case !ok:
			return "this"
		case secretName.MatchString(lastKey(path)):
			return "this value"
		case quoted || len(text) > 40:
			return fmt.Sprintf("the text %.40q", text)
		}
		return text
	}
}

func wanted(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if v.Type() == durationType {
			return "a length of time"
		}
		return "a whole number"
	}
	return "something else"
}

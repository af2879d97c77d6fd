package yamlfile

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds on what is handed to the parser, which recurses by nesting: far
// above any file a person writes, far below what would exhaust the stack.
const (
	maxBytes = 1 << 20
	maxDepth = 100
)

// unreadable reports a text the parser should not be given: too large, not
// UTF-8, with control characters, or nested without end.
func unreadable(doc *Doc, text string) (Fault, bool) {
	if len(text) > maxBytes {
		return doc.fault(place{1, 1}, "", fmt.Sprintf("the file has %d bytes, more than %d", len(text), maxBytes), "is this the right file?"), true
	}
	brackets := 0
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		col := 0
		leading, lead := 0, true
		for i, r := range line {
			col++
			at := place{number, col}
			switch {
			case r == utf8.RuneError && !utf8.ValidString(line[i:min(i+1, len(line))]) && !strings.HasPrefix(line[i:], "\ufffd"):
				return doc.fault(at, "", "not UTF-8 text", "save the file as UTF-8"), true
			case (r < ' ' && r != '\t') || r == 0x7f || r == '\ufeff':
				return doc.fault(at, "", fmt.Sprintf("an invisible character (%U)", r), "remove it"), true
			case r == '[' || r == '{':
				brackets++
			case r == ']' || r == '}':
				brackets = max(0, brackets-1)
			}
			switch {
			case !lead:
			case strings.ContainsRune("-?:!&", r):
				leading++
			case r != ' ' && r != '\t':
				lead = false
			}
			if brackets > maxDepth || leading > maxDepth && strings.Trim(line, "-") != "" || lead && col > 10*maxDepth {
				return doc.fault(at, "", "nested too deeply", "is this the right file?"), true
			}
		}
	}
	return Fault{}, false
}

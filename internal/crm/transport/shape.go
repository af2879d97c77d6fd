package transport

import (
	"regexp"
	"strings"
)

// plainSegment is a part of a path that a vendor has named: a word, as API and
// property names are, or a version.
var plainSegment = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9_]{0,79}|[A-Za-z]+(?:-[A-Za-z]+)+|v\d{1,3}(?:\.\d)?|\d{4}-\d{2})$`)

// shape is a request's path without what names a record, a person or a token:
// ids, keys, addresses, cursors. What is not known to be harmless is left out.
func shape(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		switch {
		case p == "":
		case !plainSegment.MatchString(p), recordID(p),
			i > 0 && (strings.HasSuffix(parts[i-1], "__c") || strings.HasSuffix(parts[i-1], "-tokens")): // a key of a record; a token
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// recordID reports whether a word has the form of a Salesforce id: 15 or 18
// letters and digits, and no name.
func recordID(p string) bool {
	return (len(p) == 15 || len(p) == 18) && strings.ContainsAny(p, "0123456789") && !strings.Contains(p, "_")
}

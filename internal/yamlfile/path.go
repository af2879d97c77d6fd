package yamlfile

import (
	"regexp"
	"strconv"
	"strings"
)

var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// Join is the path of a key below path: connections[0].auth, or
// fields.evidence["1.1"] for a key that is not a plain word.
func Join(path string, keys ...string) string {
	for _, key := range keys {
		switch {
		case !plainKey.MatchString(key):
			path += "[" + strconv.Quote(key) + "]"
		case path == "":
			path = key
		default:
			path += "." + key
		}
	}
	return path
}

// Index is the path of the i-th entry of the list at path.
func Index(path string, i int) string {
	return path + "[" + strconv.Itoa(i) + "]"
}

// parent drops the last step of a path; the parent of a lone step is "".
func parent(path string) string {
	if strings.HasSuffix(path, `"]`) {
		// The key in quotes may hold dots and brackets of its own; those that
		// strconv.Quote left bare cannot be preceded by [" unescaped.
		if i := strings.LastIndex(path, `["`); i >= 0 {
			return path[:i]
		}
	}
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

// lastKey is the name of the last key step of a path, list steps skipped.
func lastKey(path string) string {
	for strings.HasSuffix(path, "]") && !strings.HasSuffix(path, `"]`) {
		path = parent(path)
	}
	return strings.Trim(strings.TrimPrefix(path, parent(path)), `.[]"`)
}

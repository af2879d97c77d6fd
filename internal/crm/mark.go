package crm

import (
	"regexp"
	"strings"
)

// OwnMark begins the marker in the body of a task that syncd made.
const OwnMark = "[syncd "

// IsOwnMark reports whether text carries the marker syncd puts into the body
// of everything it creates, so that its own activities never count as notes.
func IsOwnMark(text string) bool { return strings.Contains(text, OwnMark) }

// Mark is the line by which a task is known for ours, and which one it is.
func Mark(key string) string { return OwnMark + key + "]" }

// Markable reports whether a key can stand in a mark and be found again,
// whatever a CRM makes of text.
func Markable(key string) bool {
	return key != "" && Tidy(key) == key && !strings.ContainsAny(key, `<>&"'`) && MarkedKey(Mark(key)) == key
}

// MarkedKey finds the mark in a task's text, which a CRM may have wrapped in
// HTML, and returns its key, "" if there is none. The mark stands on a line of
// its own or ends the text: one that somebody quotes within a sentence is not
// the task's own. The last one counts, because what stands above may be a
// deal's name.
func MarkedKey(text string) string {
	if _, key, found := findMark(text); found {
		return key
	}
	return ""
}

// BeforeMark puts an addition right before the mark of a text, or at its end
// if it has none. Everything else stays as it is.
func BeforeMark(text, addition, gap string) string {
	if at, _, found := findMark(text); found {
		return text[:at] + addition + gap + text[at:]
	}
	if text == "" {
		return addition
	}
	return text + gap + addition
}

var (
	markForm = regexp.MustCompile(`\[syncd(?: |\x{a0}|&nbsp;)([^\[\]<>\r\n]*)\]`)
	// What may stand before and after a mark that has its line to itself. Tags
	// that set blocks apart begin and end a line.
	lineStart = regexp.MustCompile(`(?i)(?:^|[\r\n]|<` + blocks + `>)` + nothing + `$`)
	lineEnd   = regexp.MustCompile(`(?i)^` + nothing + `(?:$|[\r\n]|<` + blocks + `>)`)
	textEnd   = regexp.MustCompile(`^(?:\s|` + blank + `)*$`)
)

const (
	blocks  = `/?(?:br|p|div|li|ul|ol|h[1-6]|blockquote|pre|table|tr|td)(?:[\s/][^<>]*)?`
	blank   = `\x{a0}|&nbsp;|<[^<>]*>`
	nothing = `(?:[ \t]|` + blank + `)*`
)

// findMark finds where the mark of a text begins, and its key.
func findMark(text string) (at int, key string, found bool) {
	all := markForm.FindAllStringSubmatchIndex(text, -1)
	for i := len(all) - 1; i >= 0; i-- {
		m := all[i]
		key := strings.TrimSpace(text[m[2]:m[3]])
		ends := textEnd.MatchString(text[m[1]:])
		if key != "" && (ends || lineEnd.MatchString(text[m[1]:]) && lineStart.MatchString(text[:m[0]])) {
			return m[0], key, true
		}
	}
	return 0, "", false
}

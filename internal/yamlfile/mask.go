package yamlfile

import (
	"fmt"
	"regexp"
	"strings"
)

const hidden = "[redacted]"

var (
	secretName = regexp.MustCompile(`(?i)(token|secret|password|passphrase|private[_-]?key|api[_-]?key)$`)
	// secretKey finds a key named like a secret, wherever it stands in a line.
	secretKey = regexp.MustCompile(`(?i)[A-Za-z0-9_-]*(?:token|secret|password|passphrase|private[_-]?key|api[_-]?key)["']?[ \t]*:(?:[ \t]+|$|["'])`)
	// explicitKey is the rare form of a key on a line before its value.
	explicitKey = regexp.MustCompile(`(?i)^[ \t-]*\?[ \t]+["']?[A-Za-z0-9_-]*(?:token|secret|password|passphrase|private[_-]?key|api[_-]?key)["']?[ \t]*$`)
	// reference is a value that says where the secret is, not what it is.
	reference = regexp.MustCompile(`^(?:"\$\{(?:env|file):[^}]*\}"|'\$\{(?:env|file):[^}]*\}'|\$\{(?:env|file):[^}]*\})[ \t]*(?:$|[,}#].*)`)
	// userInfo is a password in an address, which may hold any sign; inAddress one
	// among its parameters.
	userInfo  = regexp.MustCompile(`(://[^/\s:@]*:)[^\s"']+@`)
	inAddress = regexp.MustCompile(`(?i)(password=)[^&\s"'#]+`)
)

// masked returns the lines of a text with the values of secrets replaced. It
// works on lines because a broken file has no tree, and errs on the side of
// hiding: the rest of the line goes, and so do all lines that could belong to
// the value.
func masked(text string) []string {
	lines := strings.Split(text, "\n")
	inside := -1         // indentation of the secret key whose value may go on, or -1
	fresh := false       // the value starts on the next line with something on it
	var open, block byte // an unclosed quote of the value; a block scalar
	for i, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		blank := strings.TrimSpace(line) == ""
		if inside >= 0 {
			belongs := open != 0 || fresh || indent > inside
			switch {
			case blank:
				continue
			case belongs && !(fresh && secretKey.MatchString(line) && indent <= inside):
				if open != 0 && strings.IndexByte(line, open) >= 0 {
					open = 0
				}
				// What a reference points to is no secret, wherever it stands.
				if block != 0 || !reference.MatchString(strings.TrimSpace(line)) {
					lines[i] = line[:indent] + hidden
				}
				fresh = false
				continue
			}
			inside, fresh, open, block = -1, false, 0, 0
		}
		if explicitKey.MatchString(line) {
			inside, fresh = indent, true
			continue
		}
		found := secretKey.FindStringIndex(line)
		if found == nil {
			lines[i] = withoutPasswords(line)
			continue
		}
		key, value := line[:found[1]], line[found[1]:]
		if end := key[len(key)-1]; end == '"' || end == '\'' {
			key, value = key[:len(key)-1], string(end)+value
		}
		key = withoutPasswords(key)
		inside = indent
		switch trimmed := strings.TrimSpace(value); {
		case trimmed == "" || trimmed[0] == '#':
			fresh = true
			continue
		case reference.MatchString(trimmed):
			inside = -1
			if rest := value[strings.IndexByte(value, '}')+1:]; secretKey.MatchString(rest) {
				lines[i] = key + value[:len(value)-len(rest)] + " " + hidden
			}
			continue
		case trimmed[0] == '|' || trimmed[0] == '>':
			block = trimmed[0]
			continue
		case (trimmed[0] == '"' || trimmed[0] == '\'') && strings.Count(trimmed, trimmed[:1]) == 1:
			open = trimmed[0]
		}
		lines[i] = key + hidden
	}
	return lines
}

// withoutPasswords masks the passwords in addresses.
func withoutPasswords(text string) string {
	return inAddress.ReplaceAllString(userInfo.ReplaceAllString(text, "${1}"+hidden+"@"), "${1}"+hidden)
}

// hides reports whether anything on the line is masked.
func (d *Doc) hides(line int) bool {
	return line >= 1 && line <= len(d.lines) && strings.Contains(d.lines[line-1], hidden)
}

// width is how much of a long line an excerpt shows.
const width = 100

// excerpt is the line at a place, numbered, with a caret below.
func (d *Doc) excerpt(at place) string {
	if at.line < 1 || at.line > len(d.lines) {
		return ""
	}
	line := []rune(d.lines[at.line-1])
	col := min(max(at.col-1, 0), len(line))
	from := 0
	if len(line) > width {
		from = max(0, min(col-width/2, len(line)-width))
		line = line[from : from+width]
		col -= from
	}
	pad := make([]rune, col)
	for i := range pad {
		pad[i] = ' '
		if line[i] == '\t' {
			pad[i] = '\t'
		}
	}
	number := fmt.Sprintf("%5d", at.line)
	if len(line) == 0 {
		return number + " |\n" + strings.Repeat(" ", len(number)) + " | ^"
	}
	return fmt.Sprintf("%s | %s\n%s | %s^", number, string(line), strings.Repeat(" ", len(number)), string(pad))
}

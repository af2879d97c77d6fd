package autoscore

import (
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// mailbox says what is wrong with an e-mail address, as an evidence code; ""
// means it can be used. Whether mail came back is not the address's to know.
func (j *Judge) mailbox(text string) string { return j.address(text).fault }

// address is what is known of an e-mail address. It is remembered as such, and
// its parts are not, beside texts that come again.
type address struct {
	reading reading // without the words that hints look for
	fault   string  // as mailbox says
}

func (j *Judge) address(text string) address { return j.mailboxes.get(text, j.inspect) }

func (j *Judge) inspect(text string) address {
	text = strings.TrimSpace(text)
	r, _ := j.glance(text)
	return address{r, j.fault(text, r)}
}

func (j *Judge) fault(text string, r reading) string {
	if r.placeholder(false) {
		return "email_blank"
	}
	at := strings.LastIndexByte(text, '@')
	local, host := text[:max(at, 0)], strings.ToLower(text[at+1:])
	if !usual(local) || !labelled(host) || strings.Contains(host, "--") {
		a, err := mail.ParseAddress(text)
		if err != nil || a.Address != text {
			return "email_syntax"
		}
		host, err = idna.Lookup.ToASCII(host)
		if err != nil || !labelled(host) {
			return "email_syntax"
		}
	}
	if !registered(host) {
		return "email_suffix"
	}
	for _, own := range j.domains {
		if host == own || strings.HasSuffix(host, "."+own) {
			return "email_own"
		}
	}
	if j.shared(local) {
		return "email_alias"
	}
	if r, _ := j.glance(local); r.letters >= 3 && r.placeholder(false) {
		return "email_blank"
	}
	return ""
}

// usual reports whether the part before the '@' is words of letters, digits and
// "-", "_" or "+", with single dots between: of such a part, and of a host with
// labels of single hyphens, the libraries have nothing to say.
func usual(local string) bool {
	for i, c := range []byte(local) {
		switch {
		case c < utf8.RuneSelf && counts(rune(c)), c == '-', c == '_', c == '+':
		case c == '.' && i > 0 && local[i-1] != '.' && i < len(local)-1:
		default:
			return false
		}
	}
	return local != ""
}

// labelled reports whether every label of a host name is one DNS allows.
func labelled(host string) bool {
	if len(host) > 253 || strings.IndexByte(host, '.') < 0 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
				return false
			}
		}
	}
	return true
}

// registered reports whether a host lies under a suffix that ICANN knows. A
// suffix that a company runs for its customers ("github.io") has a dot.
func registered(host string) bool {
	suffix, icann := publicsuffix.PublicSuffix(host)
	if icann {
		return len(host) > len(suffix)
	}
	return strings.IndexByte(suffix, '.') >= 0
}

// shared reports whether the part before the '@' is a team's: a word of the
// alias list, or made of such words alone.
func (j *Judge) shared(local string) bool {
	local, _, _ = strings.Cut(local, "+")
	words := split(local)
	if !slices.ContainsFunc(words, func(w string) bool { return !j.words.alias.has(w) }) {
		return len(words) > 0
	}
	return len(words) > 1 && j.words.alias.has(strings.Join(words, ""))
}

// domain brings a mail domain of the settings into the form hosts are compared in.
func domain(s string) string {
	s = strings.ToLower(strings.Trim(strings.TrimPrefix(strings.TrimSpace(s), "@"), "."))
	if ascii, err := idna.Lookup.ToASCII(s); err == nil {
		return ascii
	}
	return s
}

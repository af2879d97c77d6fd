package autoscore

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// squeezeMax is the longest phrase, in letters and digits, that is compared
// as a whole; nothing on a list and no label is longer.
const squeezeMax = 120

// squeeze gives the form phrases are compared in: letters and digits only, no
// case, no accents, full-width forms made narrow. "N / A", "n.a." and "ｎａ"
// are one. It returns "" for a text without letters or digits, and for one
// that is too long to be a phrase.
func squeeze(text string) string {
	b := make([]byte, 0, 2*squeezeMax)
	n := 0
	for _, r := range decomposed(text) {
		if !counts(r) {
			continue
		}
		if n++; n > squeezeMax {
			return ""
		}
		b = utf8.AppendRune(b, unicode.ToLower(r))
	}
	return string(b)
}

// split gives the words of a text in squeezed form.
func split(text string) []string {
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		if !counts(r) {
			return ' '
		}
		return unicode.ToLower(r)
	}, decomposed(text))
	return strings.Fields(text)
}

// decomposed parts letters from their accents, and makes full-width forms
// narrow.
func decomposed(text string) string {
	if ascii(text) || norm.NFKD.IsNormalString(text) {
		return text
	}
	return norm.NFKD.String(text)
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// counts reports whether r is a letter or digit that a person can see.
func counts(r rune) bool {
	if r < 0x80 {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	switch r {
	case 0x115F, 0x1160, 0x3164, 0xFFA0: // Hangul fillers: letters by name, blank on the screen
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// dense reports whether r belongs to a script that says much in one sign.
func dense(r rune) bool {
	return r >= 0x1100 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

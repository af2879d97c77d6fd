package autoscore

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/handoffscore/syncd/internal/richtext"
)

// hintMax is how much of a text, in bytes, is searched for words that a hint
// looks for. Nobody's first number comes later.
const hintMax = 4 << 10

// reading is what is known of a text by itself, whatever field it stands in.
type reading struct {
	key     string // squeezed; "" if blank or too long for a phrase
	letters int    // letters and digits
	lines   int    // that hold at least one of them
	dense   bool   // holds Chinese, Japanese or Korean signs
	digits  bool   // holds digits and no letter
	same    bool   // three or more signs, all the same
	listed  bool   // a whole phrase of the placeholder lists
	none    bool   // a whole phrase that says there was nothing
	allowed bool   // taken off the lists by the company
	nobody  bool   // a whole phrase that is no person's name
	image   bool   // shows a picture
	link    bool   // names an address on the web

	dated, method, measured, senior, team bool // words that hints look for
}

// read returns what is known of a text, from the cache where it can.
func (j *Judge) read(text string) reading { return j.readings.get(text, j.study) }

func (j *Judge) study(text string) reading {
	r, plain := j.glance(text)
	if r.letters == 0 {
		return r
	}
	words := split(plain[:min(len(plain), hintMax)])
	digit := strings.IndexFunc(plain, unicode.IsDigit) >= 0
	r.dated = digit || j.words.dated.hasAny(words)
	r.method = digit || j.words.method.hasAny(words)
	r.measured = digit || strings.ContainsRune(plain, '%') || j.words.measured.hasAny(words)
	r.senior = j.words.senior.hasAny(words)
	r.team = j.words.team.hasAny(words)
	return r
}

// glance is study without the words that hints look for: enough to tell a
// placeholder.
func (j *Judge) glance(text string) (r reading, plain string) {
	plain = richtext.Plain(text)
	r.image = len(plain) != len(text) && strings.Contains(strings.ToLower(text), "<img")
	r.link = hasLink(text)
	r.measure(plain)
	if r.letters > 0 && r.letters <= squeezeMax {
		r.key = squeeze(plain)
		r.allowed = j.words.allowed.has(r.key)
		r.listed = j.words.placeholder.has(r.key)
		r.none = j.words.none.has(r.key)
		r.nobody = j.words.nobody.has(r.key)
	}
	return r, plain
}

// measure counts what a person can see.
func (r *reading) measure(plain string) {
	var one rune
	r.same, r.digits = true, true
	fresh := true // no letter or digit on this line yet
	for _, c := range plain {
		if c == '\n' {
			fresh = true
		}
		if !counts(c) {
			continue
		}
		r.letters++
		if fresh {
			r.lines++
			fresh = false
		}
		if r.same {
			if c = unicode.ToLower(c); one == 0 {
				one = c
			}
			r.same = c == one
		}
		r.digits = r.digits && unicode.IsDigit(c)
		r.dense = r.dense || dense(c)
	}
	r.same = r.same && r.letters >= 3
	r.digits = r.digits && r.letters > 0
}

// hasLink reports whether a text names an address on the web. Schema addresses
// that office programs paste along do not count.
func hasLink(text string) bool {
	for _, mark := range []string{"http://", "https://", "www."} {
		rest := text
		for {
			i := strings.Index(rest, mark)
			if i < 0 {
				break
			}
			rest = rest[i+len(mark):]
			if rest != "" && rest[0] > ' ' && !strings.HasPrefix(rest, "www.w3.org") && !strings.HasPrefix(rest, "schemas.") &&
				!(mark == "www." && strings.HasPrefix(rest, "w3.org")) {
				return true
			}
		}
	}
	return false
}

// In says where a text stands, as far as that decides whether it is a
// placeholder. The zero value is a short field: a name, a title, a pick.
type In struct {
	// Long is a field meant for sentences: fewer than three letters or digits
	// (two in Chinese, Japanese or Korean) say nothing there.
	Long bool
	// Echo lists texts that the field must not merely repeat: the deal's
	// name, the field's own label.
	Echo []string
}

// Placeholder reports whether a text is as good as blank: nothing a person
// can see, a listed phrase, one sign repeated, or an echo of what stands
// around it. It is the one answer to that question everywhere text is read.
// Several Ins add up.
func (j *Judge) Placeholder(text string, in ...In) bool {
	r := j.read(text)
	long := false
	for _, i := range in {
		long = long || i.Long
		for _, e := range i.Echo {
			if j.echoes(r, e) {
				return true
			}
		}
	}
	return r.placeholder(long)
}

// placeholder is Placeholder without the echoes.
func (r *reading) placeholder(long bool) bool {
	switch {
	case r.letters == 0:
		return true
	case r.allowed:
		return false
	case r.digits && !long: // a customer number may be 1111
		return false
	case r.listed || r.same:
		return true
	}
	return long && (r.letters < 2 || r.letters < 3 && !r.dense)
}

// phrase is read without the words that hints look for: of a name nobody asks
// for them, and the names of people and deals are nearly all new.
func (j *Judge) phrase(text string) reading {
	return j.phrases.get(text, func(text string) reading {
		r, _ := j.glance(text)
		return r
	})
}

// echoes reports whether a text only repeats another, and was not allowed to.
// Most texts are too long to be an echo of a label, or differ from it in the
// first letter: the other is read as a whole only where it is not plain ASCII.
func (j *Judge) echoes(r reading, other string) bool {
	if r.key == "" || r.allowed || r.letters > 2*len(other) {
		return false
	}
	rest := r.key
	for _, c := range []byte(other) {
		switch {
		case c >= utf8.RuneSelf || c == '<' || c == '&':
			return r.key == j.phrase(other).key
		case !counts(rune(c)):
		case rest == "" || unicode.ToLower(rune(c)) != rune(rest[0]):
			return false
		default:
			rest = rest[1:]
		}
	}
	return rest == ""
}

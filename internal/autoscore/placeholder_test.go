package autoscore

import (
	"strings"
	"testing"
	"unicode"
)

func TestPlaceholder(t *testing.T) {
	j := New(Rules{})
	long, short := In{Long: true}, In{}
	rows := []struct {
		name string
		text string
		in   In
		want bool
	}{
		{"nothing", "", short, true},
		{"spaces and line ends", " \t\r\n ", short, true},
		{"non-breaking spaces", "\u00a0\u202f\u2007", long, true},
		{"zero-width signs", "\u200b\ufeff\u2060", long, true},
		{"a filler that Unicode calls a letter", "\u3164\u3164\u3164", long, true},
		{"non-breaking spaces as entities", "&nbsp;&nbsp;", long, true},
		{"empty rich text", "<p><br></p>", long, true},
		{"empty rich text with a space", "<p>&nbsp;</p><p> </p>", long, true},
		{"nested empty rich text", `<div class="x"><span style="color:red"></span></div>`, long, true},
		{"a dash", "—", short, true},
		{"punctuation", "... / ---", long, true},
		{"question marks", "???", short, true},
		{"an emoji", "👍", long, true},
		{"several emoji", "🚀🔥 ✅", long, true},

		{"the seed's own", "see email", long, true},
		{"in capitals with a full stop", "See E-Mail.", long, true},
		{"in bold", "<p><strong>see email</strong></p>", long, true},
		{"as a link", `<a href="https://mail.example.com/1">See email</a>`, long, true},
		{"n/a", "n/a", short, true},
		{"N.A. with dots", "N.A.", short, true},
		{"full-width letters", "Ｎ／Ａ", short, true},
		{"tbd", "T.B.D.", long, true},
		{"same as above", "same as above", long, true},
		{"keyboard", "asdf", long, true},
		{"German", "siehe E-Mail", long, true},
		{"German, short", "k.A.", long, true},
		{"German with umlaut", "noch zu klären", long, true},
		{"German without umlaut signs", "noch zu klaren", long, true},
		{"French", "à compléter", long, true},
		{"French without accents", "a completer", long, true},
		{"French upper case", "À DÉFINIR", long, true},
		{"Spanish", "Pendiente", long, true},
		{"Portuguese", "não informado", long, true},
		{"Portuguese, decomposed", "na\u0303o informado", long, true},
		{"Japanese", "見積参照", long, true},
		{"Japanese with a full stop", "未定。", long, true},

		{"one letter again and again", "aaaaaaaa", long, true},
		{"in two cases", "xXxX", short, true},
		{"three times one letter", "zzz", short, true},
		{"twice one letter is a name", "Aa", short, false},
		{"one sign of Japanese again and again", "ああああ", long, true},
		{"a long run", strings.Repeat("z", 5000), long, true},
		{"repeated digits in a sentence field", "1111", long, true},
		{"repeated digits in a number field", "1111", short, false},

		{"two letters in a sentence field", "IT", long, true},
		{"two letters in a title", "IT", short, false},
		{"three letters in a sentence field", "SSO", long, false},
		{"two signs of Japanese", "連携", long, false},
		{"one sign of Japanese", "連", long, true},
		{"two letters with an accent", "éà", long, true},
		{"one letter and a digit", "v2", long, true},

		{"a real sentence", "They use Salesforce", long, false},
		{"a placeholder inside a sentence", "Go-live tbd, but before the May audit", long, false},
		{"real Japanese", "在庫管理を統合する", long, false},
		{"real Russian", "Склад вели на бумаге", long, false},
		{"a word that begins like a placeholder", "Pending orders double in May", long, false},
		{"text that looks like markup", "cost < 5k & rising", long, false},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if got := j.Placeholder(r.text, r.in); got != r.want {
				t.Errorf("Placeholder(%q) = %v, want %v", r.text, got, r.want)
			}
		})
	}
}

func TestPlaceholderEchoes(t *testing.T) {
	j := New(Rules{})
	in := In{Long: true, Echo: []string{"Millbrook Dairies - Platform", "Use case"}}
	for text, want := range map[string]bool{
		"Millbrook Dairies - Platform":           true,
		"millbrook dairies platform":             true,
		"use case:":                              true,
		"<p>Use&nbsp;case</p>":                   true,
		"Use case: routes of nine depots":        false,
		"Millbrook Dairies - Platform, phase II": false,
	} {
		if got := j.Placeholder(text, in); got != want {
			t.Errorf("Placeholder(%q) = %v, want %v", text, got, want)
		}
	}
	if j.Placeholder("Use case", In{Echo: []string{""}}) {
		t.Error("a blank label made a text an echo")
	}
}

func TestPlaceholderListsAreEditable(t *testing.T) {
	j := New(Rules{Placeholders: []string{"Siehe Akte 7"}, Allowed: []string{"Pending", "XXX", "T.B.C."}})
	for text, want := range map[string]bool{"siehe akte 7!": true, "pending": false, "xxx": false, "tbc": false, "tbd": true} {
		if got := j.Placeholder(text, In{Long: true}); got != want {
			t.Errorf("Placeholder(%q) = %v, want %v", text, got, want)
		}
	}
	if !New(Rules{}).Placeholder("pending") {
		t.Error("one judge's rules changed another's lists")
	}
}

// Every shipped phrase is one, and each language has its share.
func TestShippedPhrases(t *testing.T) {
	j := New(Rules{})
	phrases := map[string]int{}
	section := ""
	for line := range strings.Lines(shippedWords) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			phrases[section]++
			if squeeze(line) == "" {
				t.Errorf("[%s] %q holds no letter", section, line)
			}
			if strings.HasPrefix(section, "placeholder") && !j.Placeholder(line, In{Long: true}) {
				t.Errorf("[%s] %q is not taken for a placeholder", section, line)
			}
			if strings.HasPrefix(section, "none") && !j.read(line).none {
				t.Errorf("[%s] %q is not taken for a none", section, line)
			}
		}
	}
	for _, language := range []string{"en", "de", "fr", "es", "pt", "ja"} {
		if n := phrases["placeholder "+language]; n < 10 {
			t.Errorf("%d placeholders in %s, want at least 10", n, language)
		}
		if phrases["none "+language] == 0 {
			t.Errorf("no word for none in %s", language)
		}
	}
	for name, set := range map[string]wordSet{
		"alias": j.words.alias, "team": j.words.team, "senior": j.words.senior, "dated": j.words.dated,
		"method": j.words.method, "measured": j.words.measured, "nobody": j.words.nobody,
	} {
		if len(set) == 0 {
			t.Errorf("no words in section %s", name)
		}
	}
	for key := range j.words.none {
		if j.words.placeholder.has(key) {
			t.Errorf("%q is listed both as a placeholder and as a none", key)
		}
	}
}

func FuzzPlaceholder(f *testing.F) {
	for _, s := range []string{"", "n/a", "<p>", "&#8203;", "ああ", "\xff\xfe", "see email", "😀", "1"} {
		f.Add(s, true)
	}
	j := New(Rules{})
	f.Fuzz(func(t *testing.T, s string, long bool) {
		got := j.Placeholder(s, In{Long: long})
		if r := j.study(s); r.placeholder(long) != got {
			t.Errorf("Placeholder(%q) is %v from the cache and another thing anew", s, got)
		}
		if got && !long && !j.Placeholder(s, In{Long: true}) {
			t.Errorf("Placeholder(%q) holds for a short field and not for a long one", s)
		}
		visible := strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
		if !visible && !strings.Contains(s, "&") && !got {
			t.Errorf("Placeholder(%q) = false without a letter or digit", s)
		}
		if !j.Placeholder(s, In{Long: true, Echo: []string{s}}) && j.read(s).letters <= squeezeMax {
			t.Errorf("Placeholder(%q) is no echo of itself", s)
		}
	})
}

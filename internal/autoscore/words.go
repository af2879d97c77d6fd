package autoscore

import (
	_ "embed"
	"strings"
)

//go:embed words.txt
var shippedWords string

// wordSet holds phrases in their squeezed form.
type wordSet map[string]struct{}

func (w wordSet) has(key string) bool { _, ok := w[key]; return ok }

func (w wordSet) add(phrases ...string) {
	for _, p := range phrases {
		if key := squeeze(p); key != "" {
			w[key] = struct{}{}
		}
	}
}

// hasAny reports whether one of the words is in the set. Scripts that put no
// spaces between words are searched for the set's own words instead.
func (w wordSet) hasAny(words []string) bool {
	for _, word := range words {
		if w.has(word) {
			return true
		}
		if first(word) >= 0x2E80 {
			for known := range w {
				if first(known) >= 0x2E80 && strings.Contains(word, known) {
					return true
				}
			}
		}
	}
	return false
}

func first(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// words are the lists judging knows, by the kind of section in words.txt.
type words struct {
	placeholder, none, nobody, alias, team, senior wordSet
	dated, method, measured                        wordSet
	allowed                                        wordSet
}

// compileWords reads the shipped lists and lays the company's rules over them.
func compileWords(r Rules) words {
	sets := map[string]wordSet{}
	section := ""
	for line := range strings.Lines(shippedWords) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section, _, _ = strings.Cut(strings.Trim(line, "[]"), " ")
			if sets[section] == nil {
				sets[section] = wordSet{}
			}
		default:
			sets[section].add(line)
		}
	}
	w := words{
		placeholder: sets["placeholder"], none: sets["none"], nobody: sets["nobody"], alias: sets["alias"],
		team: sets["team"], senior: sets["senior"],
		dated: sets["dated"], method: sets["method"], measured: sets["measured"],
		allowed: wordSet{},
	}
	w.placeholder.add(r.Placeholders...)
	w.alias.add(r.Aliases...)
	w.allowed.add(r.Allowed...)
	for key := range w.allowed {
		delete(w.placeholder, key)
	}
	return w
}

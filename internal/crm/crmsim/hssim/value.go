package hssim

import (
	"math/big"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const longestString = 65_536 // characters; HubSpot knowledge base, read 2026-03

// accept turns a written value into the form it is stored in, or says why it is
// refused. was is the value before, which a leading semicolon appends to.
func (s *Server) accept(p *property, text, was string) (string, *problem) {
	bad := func(code, format string, args ...any) (string, *problem) {
		pr := s.problem(code, p.name, format, args...)
		return "", &pr
	}
	if text == "" {
		return "", nil
	}
	switch p.typ {
	case "number":
		text = strings.TrimSpace(text)
		if !decimal(text) {
			return bad("INVALID_INTEGER", "%s was not a valid number.", text)
		}
		return text, nil
	case "bool":
		text = strings.TrimSpace(text)
		if text != "true" && text != "false" {
			return bad("INVALID_OPTION", "%s was not one of the allowed options: [true, false]", text)
		}
		return text, nil
	case "date":
		day := parseDay(text)
		if day == "" {
			return bad("INVALID_DATE", "%s was not a valid date.", text)
		}
		return day, nil
	case "datetime":
		at := parseInstant(strings.TrimSpace(text))
		if at == 0 {
			return bad("INVALID_DATE", "%s was not a valid date.", text)
		}
		return isoTime(at), nil
	case "enumeration":
		return s.acceptOptions(p, text, was)
	default:
		if utf8.RuneCountInString(text) > longestString {
			return bad("INVALID_STRING_LENGTH", "Property %q is longer than %d characters.", p.name, longestString)
		}
		if p.name == "email" {
			if a, err := mail.ParseAddress(text); err != nil || a.Address != text {
				return bad("INVALID_EMAIL", "Email address %s is invalid", text)
			}
			return strings.ToLower(text), nil
		}
		return text, nil
	}
}

func (s *Server) acceptOptions(p *property, text, was string) (string, *problem) {
	words := []string{strings.TrimSpace(text)}
	if p.many() {
		words = strings.Split(strings.Trim(text, ";"), ";")
		if strings.HasPrefix(text, ";") && was != "" {
			words = append(strings.Split(was, ";"), words...)
		}
	}
	var kept []string
	for _, w := range words {
		w = strings.TrimSpace(w)
		switch {
		case w == "" || slices.Contains(kept, w):
		case p.refType == "OWNER" && s.owners[w] == nil:
			pr := s.problem("INVALID_OPTION", p.name, "Owner %s does not exist", w)
			return "", &pr
		case !p.external && !p.valid[w]:
			var allowed []string
			for _, o := range p.options {
				allowed = append(allowed, o.Value)
			}
			pr := s.problem("INVALID_OPTION", p.name, "%s was not one of the allowed options: [%s]", w, strings.Join(allowed, ", "))
			return "", &pr
		default:
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, ";"), nil
}

// decimal reports whether text is a plain decimal number, as "-12.50" or "1e3".
func decimal(text string) bool {
	if len(text) > 60 || strings.ContainsAny(text, "xXpP_/") || strings.HasPrefix(text, "+") {
		return false
	}
	if _, exp, has := strings.Cut(strings.ToLower(text), "e"); has && len(exp) > 3 {
		return false
	}
	_, ok := new(big.Rat).SetString(text)
	return ok
}

// parseInstant reads epoch milliseconds or ISO 8601; 0 means neither.
func parseInstant(text string) int64 {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999-0700", "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMilli()
		}
	}
	return 0
}

// parseDay reads YYYY-MM-DD, or an instant that must be a UTC midnight; ""
// means neither.
func parseDay(text string) string {
	text = strings.TrimSpace(text)
	if t, err := time.Parse("2006-01-02", text); err == nil {
		return t.Format("2006-01-02")
	}
	at := parseInstant(text)
	if at == 0 || at%86_400_000 != 0 {
		return ""
	}
	return time.UnixMilli(at).UTC().Format("2006-01-02")
}

package sfsim

import (
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"
)

// Kinds of SOQL token.
const (
	tokKeyword lexer.TokenType = -(iota + 2)
	tokIdent
	tokString
	tokNumber
	tokDate
	tokDateTime
	tokPunct
)

// tokens is a lexed query; it satisfies participle's lexer interfaces.
type tokens struct {
	list []lexer.Token
	next int
}

func (t *tokens) Next() (lexer.Token, error) {
	tok := t.list[t.next]
	if t.next < len(t.list)-1 {
		t.next++
	}
	return tok, nil
}

// keyword reports whether a word can be nothing else. GROUP and ORDER are not
// here: they are objects too.
func keyword(word string) bool {
	switch strings.ToUpper(word) {
	case "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "LIKE", "IN", "INCLUDES", "EXCLUDES", "LIMIT", "NULLS", "HAVING", "USING", "WITH", "ASC", "DESC":
		return true
	}
	return false
}

// deepest is how far parentheses may nest; the vendor's own limit is unknown.
const deepest = 50

// lexSOQL splits a query into tokens.
func lexSOQL(q string) ([]lexer.Token, *apiError) {
	l := &scanner{q: q, line: 1, col: 1}
	for {
		l.space()
		if l.at >= len(q) {
			l.list = append(l.list, lexer.EOFToken(l.pos()))
			return l.list, nil
		}
		if e := l.token(); e != nil {
			return nil, e
		}
		if l.depth > deepest {
			return nil, soqlError(q, l.pos(), "MALFORMED_QUERY", "query is nested too deeply")
		}
	}
}

type scanner struct {
	q         string
	at        int
	line, col int
	depth     int
	list      []lexer.Token
}

func (l *scanner) pos() lexer.Position {
	return lexer.Position{Offset: l.at, Line: l.line, Column: l.col}
}

func (l *scanner) space() {
	for l.at < len(l.q) {
		switch l.q[l.at] {
		case '\n':
			l.line++
			l.col = 0
		case ' ', '\t', '\r':
		default:
			return
		}
		l.at++
		l.col++
	}
}

func (l *scanner) emit(kind lexer.TokenType, n int) {
	text := l.q[l.at : l.at+n]
	l.list = append(l.list, lexer.Token{Type: kind, Value: text, Pos: l.pos()})
	l.col += utf8.RuneCountInString(text)
	l.at += n
}

func (l *scanner) token() *apiError {
	rest := l.q[l.at:]
	c := rest[0]
	switch {
	case c == '\'':
		n := stringLength(rest)
		if n < 0 {
			return soqlError(l.q, l.pos(), "MALFORMED_QUERY", "mismatched character '<EOF>' expecting '''")
		}
		l.emit(tokString, n)
		l.line += strings.Count(rest[:n], "\n")
	case isLetter(c):
		l.word(rest)
	case isDigit(c), (c == '-' || c == '+' || c == '.') && len(rest) > 1 && (isDigit(rest[1]) || rest[1] == '.'):
		l.number(rest)
	case strings.HasPrefix(rest, "!="), strings.HasPrefix(rest, "<="), strings.HasPrefix(rest, ">="), strings.HasPrefix(rest, "<>"):
		l.emit(tokPunct, 2)
	case strings.IndexByte("(),=<>", c) >= 0:
		switch c {
		case '(':
			l.depth++
		case ')':
			l.depth--
		}
		l.emit(tokPunct, 1)
	default:
		r, _ := utf8.DecodeRuneInString(rest)
		return soqlError(l.q, l.pos(), "MALFORMED_QUERY", "unexpected token: '"+string(r)+"'")
	}
	return nil
}

func stringLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\'':
			return i + 1
		}
	}
	return -1
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func (l *scanner) word(rest string) {
	n := 0
	for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n]) || rest[n] == '.') {
		n++
	}
	if n+1 < len(rest) && rest[n] == ':' && isDigit(rest[n+1]) { // LAST_N_DAYS:30
		for n++; n < len(rest) && isDigit(rest[n]); n++ {
		}
	}
	kind := tokIdent
	if keyword(rest[:n]) {
		kind = tokKeyword
	}
	l.emit(kind, n)
}

// number takes numbers, dates and datetimes: whatever starts with a digit or a
// sign and goes on in their characters. What it is shows later.
func (l *scanner) number(rest string) {
	n := 1
	for n < len(rest) && (isDigit(rest[n]) || strings.IndexByte("-:.TZ", rest[n]) >= 0 || (rest[n] == '+' && n > 10) ||
		(rest[n]|0x20 == 'e' && n+1 < len(rest) && (isDigit(rest[n+1]) || rest[n+1] == '-' || rest[n+1] == '+'))) {
		n++
	}
	kind := tokNumber
	switch text := rest[:n]; {
	case isDate(text):
		kind = tokDate
	case len(text) > 10 && text[4] == '-':
		kind = tokDateTime
	}
	l.emit(kind, n)
}

// unquote takes the quotes and escapes out of a string token. like keeps \_ and
// \% as they are, for the pattern.
func unquote(token string, like bool) (string, bool) {
	s := token[1 : len(token)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'n', 'N':
			b.WriteByte('\n')
		case 'r', 'R':
			b.WriteByte('\r')
		case 't', 'T':
			b.WriteByte('\t')
		case 'b', 'B':
			b.WriteByte('\b')
		case 'f', 'F':
			b.WriteByte('\f')
		case '"', '\'':
			b.WriteByte(c)
		case '\\':
			if like {
				b.WriteByte('\\')
			}
			b.WriteByte('\\')
		case '_', '%':
			if like {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		case 'u':
			r, ok := hex4(s[i+1:])
			if !ok {
				return "", false
			}
			b.WriteRune(r)
			i += 4
		default:
			return "", false
		}
	}
	return b.String(), true
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		d := strings.IndexByte(hexDigits, s[i]|0x20)
		if isDigit(s[i]) {
			d = int(s[i] - '0')
		}
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

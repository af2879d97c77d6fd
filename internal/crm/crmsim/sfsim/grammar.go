package sfsim

import (
	"errors"
	"io"
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar of SOQL as far as the org reads it. Mixing AND and OR without
// parentheses is a mistake there, and so it is here.
type (
	statement struct {
		Select []*selected `parser:"'SELECT' @@ ( ',' @@ )*"`
		From   *source     `parser:"'FROM' @@"`
		Where  *junction   `parser:"( 'WHERE' @@ )?"`
		Group  []*operandF `parser:"( 'GROUP' 'BY' @@ ( ',' @@ )* )?"`
		Order  []*ordering `parser:"( 'ORDER' 'BY' @@ ( ',' @@ )* )?"`
		Limit  *integer    `parser:"( 'LIMIT' @@ )?"`
		Offset *integer    `parser:"( 'OFFSET' @@ )?"`
		For    *string     `parser:"( 'FOR' @( 'VIEW' | 'REFERENCE' ) )?"`
	}
	source struct {
		Pos   lexer.Position
		Name  string `parser:"@Ident"`
		Alias string `parser:"( 'AS'? (?! 'GROUP' | 'ORDER' | 'OFFSET' | 'FOR') @Ident )?"`
	}
	integer struct {
		Pos  lexer.Position
		Text string `parser:"@Number"`
	}
	selected struct {
		Pos    lexer.Position
		Sub    *statement `parser:"  '(' @@ ')'"`
		TypeOf *typeOf    `parser:"| 'TYPEOF' @@"`
		Field  *operandF  `parser:"| @@"`
		Alias  string     `parser:"@Ident?"`
	}
	typeOf struct {
		Pos  lexer.Position
		Rel  string      `parser:"@Ident"`
		When []*typeWhen `parser:"@@+"`
		Else []*operandF `parser:"( 'ELSE' @@ ( ',' @@ )* )? 'END'"`
	}
	typeWhen struct {
		Pos    lexer.Position
		Object string      `parser:"'WHEN' @Ident"`
		Fields []*operandF `parser:"'THEN' @@ ( ',' @@ )*"`
	}
	// operandF is a field or a function of one.
	operandF struct {
		Pos  lexer.Position
		Name string `parser:"@Ident"`
		Call bool   `parser:"( @'('"`
		Arg  string `parser:"  @Ident? ')' )?"`
	}
	junction struct {
		First *term   `parser:"@@"`
		And   []*term `parser:"( ( 'AND' @@ )+"`
		Or    []*term `parser:"| ( 'OR' @@ )+ )?"`
	}
	term struct {
		Not  *term       `parser:"  'NOT' @@"`
		Nest *junction   `parser:"| '(' @@ ')'"`
		Cmp  *comparison `parser:"| @@"`
	}
	comparison struct {
		Pos   lexer.Position
		Left  *operandF  `parser:"@@"`
		Not   bool       `parser:"( @'NOT'?"`
		In    bool       `parser:"  @'IN'"`
		Sub   *statement `parser:"  ( '(' @@ ')'"`
		List  []*literal `parser:"  | '(' @@ ( ',' @@ )* ')' )"`
		Op    string     `parser:"| @( '=' | '!=' | '<>' | '<=' | '>=' | '<' | '>' | 'LIKE' )"`
		Value *literal   `parser:"  @@ )"`
	}
	literal struct {
		Pos      lexer.Position
		String   *string `parser:"  @String"`
		Number   *string `parser:"| @Number"`
		Date     *string `parser:"| @Date"`
		DateTime *string `parser:"| @DateTime"`
		Word     *string `parser:"| @Ident"`
	}
	ordering struct {
		Pos   lexer.Position
		Field *operandF `parser:"@@"`
		Dir   string    `parser:"@( 'ASC' | 'DESC' )?"`
		Nulls string    `parser:"( 'NULLS' @( 'FIRST' | 'LAST' ) )?"`
	}
)

// soqlLexer tells participle the names of the tokens; the lexing is lexSOQL's.
type soqlLexer struct{}

func (soqlLexer) Symbols() map[string]lexer.TokenType {
	return map[string]lexer.TokenType{
		"EOF": lexer.EOF, "Keyword": tokKeyword, "Ident": tokIdent, "String": tokString,
		"Number": tokNumber, "Date": tokDate, "DateTime": tokDateTime, "Punct": tokPunct,
	}
}

func (soqlLexer) Lex(_ string, r io.Reader) (lexer.Lexer, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	list, e := lexSOQL(string(b))
	if e != nil {
		return nil, errors.New(e.Message)
	}
	return &tokens{list: list}, nil
}

func newGrammar() *participle.Parser[statement] {
	return participle.MustBuild[statement](
		participle.Lexer(soqlLexer{}), participle.CaseInsensitive("Ident", "Keyword"), participle.UseLookahead(2))
}

// parseSOQL reads a query.
func parseSOQL(p *participle.Parser[statement], q string) (*statement, *apiError) {
	if strings.TrimSpace(q) == "" {
		return nil, refuse(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null")
	}
	if n := len([]rune(q)); n > longestSOQL {
		return nil, refuse(400, "MALFORMED_QUERY", "SOQL statements cannot be longer than %d characters.", longestSOQL)
	}
	list, e := lexSOQL(q)
	if e != nil {
		return nil, e
	}
	peeking, err := lexer.Upgrade(&tokens{list: list})
	if err != nil {
		return nil, refuse(400, "MALFORMED_QUERY", "%v", err)
	}
	st, err := p.ParseFromLexer(peeking)
	if err == nil {
		return st, nil
	}
	var unexpected *participle.UnexpectedTokenError
	var other participle.Error
	switch {
	case errors.As(err, &unexpected):
		tok := unexpected.Unexpected
		if tok.EOF() {
			return nil, soqlError(q, tok.Pos, "MALFORMED_QUERY", "unexpected token: '<EOF>'")
		}
		return nil, soqlError(q, tok.Pos, "MALFORMED_QUERY", "unexpected token: '"+tok.Value+"'")
	case errors.As(err, &other):
		return nil, soqlError(q, other.Position(), "MALFORMED_QUERY", other.Message())
	}
	return nil, refuse(400, "MALFORMED_QUERY", "%v", err)
}

// soqlError is a refusal that shows where in the query the mistake is.
func soqlError(q string, pos lexer.Position, code, message string) *apiError {
	const before, after = 40, 30
	at := min(pos.Offset, len(q))
	start := strings.LastIndexByte(q[:at], '\n') + 1
	if at-start > before {
		cut := at - before
		if i := strings.IndexByte(q[cut:at], ' '); i >= 0 {
			cut += i + 1
		}
		start = cut
	}
	end := min(len(q), at+after)
	if i := strings.IndexByte(q[at:end], '\n'); i >= 0 {
		end = at + i
	}
	indent := strings.Repeat(" ", len([]rune(strings.ToValidUTF8(q[start:at], "?"))))
	return refuse(400, code, "\n%s\n%s^\nERROR at Row:%d:Column:%d\n%s",
		strings.ToValidUTF8(q[start:end], ""), indent, max(pos.Line, 1), max(pos.Column, 1), message)
}

// outerFrom finds the object that a query is about, for the kind of the request
// alone: the word behind the FROM that is in no parentheses.
func outerFrom(q string) string {
	list, e := lexSOQL(q)
	if e != nil {
		return ""
	}
	depth := 0
	for i, t := range list {
		switch {
		case t.Value == "(":
			depth++
		case t.Value == ")":
			depth--
		case depth == 0 && t.Type == tokKeyword && strings.EqualFold(t.Value, "FROM") && i+1 < len(list):
			return list[i+1].Value
		}
	}
	return ""
}

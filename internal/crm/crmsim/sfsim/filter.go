package sfsim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

type test = func(*record) bool

// junction understands conditions joined by AND or OR.
func (c *compiler) junction(j *junction) (test, *apiError) {
	first, e := c.term(j.First)
	if e != nil {
		return nil, e
	}
	tests := []test{first}
	for _, t := range slices.Concat(j.And, j.Or) {
		next, e := c.term(t)
		if e != nil {
			return nil, e
		}
		tests = append(tests, next)
	}
	switch {
	case len(tests) == 1:
		return first, nil
	case len(j.Or) > 0:
		return func(r *record) bool {
			for _, t := range tests {
				if t(r) {
					return true
				}
			}
			return false
		}, nil
	}
	return func(r *record) bool {
		for _, t := range tests {
			if !t(r) {
				return false
			}
		}
		return true
	}, nil
}

func (c *compiler) term(t *term) (test, *apiError) {
	switch {
	case t.Not != nil:
		inner, e := c.term(t.Not)
		if e != nil {
			return nil, e
		}
		return func(r *record) bool { return !inner(r) }, nil
	case t.Nest != nil:
		return c.junction(t.Nest)
	}
	return c.comparison(t.Cmp)
}

func (c *compiler) comparison(cmp *comparison) (test, *apiError) {
	if cmp.Left.Call {
		return nil, c.fail(cmp.Pos, "MALFORMED_QUERY", "unexpected token: '('")
	}
	col, e := c.column(cmp.Left.Name, cmp.Left.Pos)
	if e != nil {
		return nil, e
	}
	if !col.f.filter {
		return nil, c.fail(cmp.Left.Pos, "INVALID_FIELD", "field '"+col.f.name+"' can not be filtered in a query call")
	}
	if cmp.In {
		return c.membership(cmp, col)
	}
	op := cmp.Op
	if op == "<>" {
		op = "!="
	}
	op = strings.ToUpper(op)
	if w := cmp.Value.Word; w != nil {
		if strings.EqualFold(*w, "null") {
			return nullTest(col, op), nil
		}
		if col.f.kind == "date" || col.f.kind == "datetime" {
			return c.period(cmp, col, op)
		}
	}
	if op == "LIKE" {
		return c.like(cmp, col)
	}
	if col.f.kind == "boolean" && op != "=" && op != "!=" {
		return nil, c.fail(cmp.Pos, "INVALID_FIELD", "invalid operator on boolean field")
	}
	want, e := c.value(cmp.Value, col)
	if e != nil {
		return nil, e
	}
	if want == nil {
		return nullTest(col, op), nil
	}
	return compareTest(col, op, want), nil
}

func nullTest(col *column, op string) test {
	get := col.get
	switch op {
	case "=":
		return func(r *record) bool { return get(r) == nil }
	case "!=":
		return func(r *record) bool { return get(r) != nil }
	}
	return func(*record) bool { return false }
}

// compareTest compares a column with a value of its own kind. Blank is unequal
// to everything, and neither more nor less than anything.
func compareTest(col *column, op string, want any) test {
	get, fold := col.get, col.f.text()
	if fold {
		want = strings.ToLower(want.(string))
	}
	cmp := func(r *record) (int, bool) {
		v := get(r)
		if v == nil {
			return 0, false
		}
		if s, ok := v.(string); ok && fold {
			v = strings.ToLower(s)
		}
		return compare(v, want), true
	}
	switch op {
	case "=":
		return func(r *record) bool { n, ok := cmp(r); return ok && n == 0 }
	case "!=":
		return func(r *record) bool { n, ok := cmp(r); return !ok || n != 0 }
	case "<":
		return func(r *record) bool { n, ok := cmp(r); return ok && n < 0 }
	case "<=":
		return func(r *record) bool { n, ok := cmp(r); return ok && n <= 0 }
	case ">":
		return func(r *record) bool { n, ok := cmp(r); return ok && n > 0 }
	}
	return func(r *record) bool { n, ok := cmp(r); return ok && n >= 0 }
}

// compare orders two values of one kind.
func compare(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	case stamp:
		if y, ok := b.(stamp); ok {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	case bool:
		if y, ok := b.(bool); ok && x != y {
			if y {
				return -1
			}
			return 1
		}
		return 0
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// value reads a literal as the column's kind; nil for the empty string.
func (c *compiler) value(l *literal, col *column) (any, *apiError) {
	f := col.f
	wrong := func() *apiError {
		kind, quotes := f.kind, "should not be enclosed in quotes"
		switch {
		case kind == "datetime":
			kind = "dateTime"
		case f.text():
			kind, quotes = "string", "should be enclosed in quotes"
		case f.isID():
			return c.fail(l.Pos, "INVALID_FIELD", "value of filter criterion for field '"+f.name+"' must be of type string and should be enclosed in quotes")
		}
		return c.fail(l.Pos, "INVALID_FIELD", "value of filter criterion for field '"+f.name+"' must be of type "+kind+" and "+quotes)
	}
	switch {
	case f.kind == "boolean":
		if l.Word != nil && (strings.EqualFold(*l.Word, "true") || strings.EqualFold(*l.Word, "false")) {
			return strings.EqualFold(*l.Word, "true"), nil
		}
	case f.number():
		text := ""
		if l.Number != nil {
			text = *l.Number
		} else if l.Word != nil && f.kind == "currency" && len(*l.Word) > 3 {
			text = (*l.Word)[3:]
		}
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n, nil
		}
	case f.kind == "date":
		if l.Date != nil {
			return *l.Date, nil
		}
	case f.kind == "datetime":
		if l.DateTime != nil {
			if at, ok := parseTime(*l.DateTime); ok {
				return at, nil
			}
			return nil, c.fail(l.Pos, "MALFORMED_QUERY", "unexpected token: '"+*l.DateTime+"'")
		}
	case l.String != nil:
		return c.text(l, f)
	}
	return nil, wrong()
}

const longestLiteral = 4000

func (c *compiler) text(l *literal, f *field) (any, *apiError) {
	text, ok := unquote(*l.String, false)
	switch {
	case !ok:
		return nil, c.fail(l.Pos, "MALFORMED_QUERY", "Invalid string literal "+*l.String+". Illegal character sequence in string literal.")
	case units(text) > longestLiteral:
		return nil, c.tooLong(l)
	case text == "":
		return nil, nil
	case !f.isID():
		return entityID(f, text), nil
	}
	id, ok := fullID(text)
	if !ok {
		return nil, c.fail(l.Pos, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: "+text)
	}
	return id, nil
}

// entityID gives the id of a custom object the length that a column keeps it in.
func entityID(f *field, text string) string {
	id, ok := fullID(text)
	if !ok || !strings.HasPrefix(id, "01I") {
		return text
	}
	switch f.name {
	case "TableEnumOrId":
		return id
	case "EntityDefinitionId", "DurableId":
		return id[:15]
	}
	return text
}

func (c *compiler) tooLong(l *literal) *apiError {
	return c.fail(l.Pos, "MALFORMED_QUERY", "filter value is too long, the maximum is "+strconv.Itoa(longestLiteral)+" characters")
}

// membership understands IN and NOT IN.
func (c *compiler) membership(cmp *comparison, col *column) (test, *apiError) {
	set := map[any]bool{}
	if cmp.Sub != nil {
		ids, e := c.ids(cmp, col)
		if e != nil {
			return nil, e
		}
		for _, id := range ids {
			set[id] = true
		}
	}
	for _, l := range cmp.List {
		var v any
		if l.Word == nil || !strings.EqualFold(*l.Word, "null") {
			var e *apiError
			if v, e = c.value(l, col); e != nil {
				return nil, e
			}
		}
		if s, ok := v.(string); ok && col.f.text() {
			v = strings.ToLower(s)
		}
		set[v] = true
	}
	get, fold, not := col.get, col.f.text(), cmp.Not
	return func(r *record) bool {
		v := get(r)
		if s, ok := v.(string); ok && fold {
			v = strings.ToLower(s)
		}
		return set[v] != not
	}, nil
}

// ids lists the ids that a comparison with = or IN asks for.
func (c *compiler) ids(cmp *comparison, col *column) ([]string, *apiError) {
	if cmp.Sub != nil {
		return c.semiJoin(cmp, col)
	}
	list := cmp.List
	if cmp.Value != nil {
		list = []*literal{cmp.Value}
	}
	var out []string
	for _, l := range list {
		if l.Word != nil {
			out = append(out, "")
			continue
		}
		v, e := c.value(l, col)
		if e != nil {
			return nil, e
		}
		id, _ := v.(string)
		out = append(out, id)
	}
	return out, nil
}

// semiJoin runs the query behind IN.
func (c *compiler) semiJoin(cmp *comparison, col *column) ([]string, *apiError) {
	st := cmp.Sub
	if c.sub {
		return nil, c.fail(cmp.Pos, "MALFORMED_QUERY", "Nesting of semi join sub-selects is not supported")
	}
	if !col.f.isID() {
		return nil, c.fail(cmp.Pos, "INVALID_FIELD", "semi join sub-selects are only allowed on ID and reference fields")
	}
	if strings.EqualFold(st.From.Name, "ContentDocumentLink") {
		return nil, c.fail(st.From.Pos, "MALFORMED_QUERY", "Entity 'ContentDocumentLink' is not supported for semi join inner selects")
	}
	inner := &compiler{s: c.s, q: c.q, version: c.version, tooling: c.tooling, all: c.all, now: c.now, sub: true}
	p, e := inner.compile(st)
	if e != nil {
		return nil, e
	}
	if p.root == nil || len(p.root.items) != 1 || p.root.items[0].leaf == nil || !p.root.items[0].leaf.isID() {
		return nil, c.fail(cmp.Pos, "MALFORMED_QUERY", "The inner select field of a semi join must be an ID or a reference field")
	}
	if len(st.Order) > 0 || st.Limit != nil || st.Offset != nil {
		return nil, c.fail(cmp.Pos, "MALFORMED_QUERY", "ORDER BY, LIMIT and OFFSET are not allowed in semi join sub-selects")
	}
	var out []string
	for _, r := range c.s.run(p, c.now) {
		if id, ok := r.get(p.root.items[0].pos).(string); ok {
			out = append(out, id)
		}
	}
	return out, nil
}

func (c *compiler) like(cmp *comparison, col *column) (test, *apiError) {
	if !col.f.text() {
		return nil, c.fail(cmp.Pos, "INVALID_FIELD", "invalid operator on "+col.f.kind+" field")
	}
	if cmp.Value.String == nil {
		_, e := c.value(cmp.Value, col)
		return nil, e
	}
	pattern, ok := unquote(*cmp.Value.String, true)
	if !ok {
		return nil, c.fail(cmp.Value.Pos, "MALFORMED_QUERY", "Invalid string literal "+*cmp.Value.String+". Illegal character sequence in string literal.")
	}
	if units(pattern) > longestLiteral {
		return nil, c.tooLong(cmp.Value)
	}
	steps := likeSteps(strings.ToLower(pattern))
	get := col.get
	return func(r *record) bool {
		s, ok := get(r).(string)
		return ok && likeMatch(steps, []rune(strings.ToLower(s)))
	}, nil
}

// Wildcards of a pattern; everything else stands for itself.
const (
	anyRun rune = -1
	anyOne rune = -2
)

func likeSteps(pattern string) []rune {
	var out []rune
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch runes[i] {
		case '%':
			out = append(out, anyRun)
		case '_':
			out = append(out, anyOne)
		case '\\':
			if i+1 < len(runes) {
				i++
			}
			out = append(out, runes[i])
		default:
			out = append(out, runes[i])
		}
	}
	return out
}

func likeMatch(steps, s []rune) bool {
	i, j, star, mark := 0, 0, -1, 0
	for j < len(s) {
		switch {
		case i < len(steps) && (steps[i] == anyOne || steps[i] == s[j]):
			i++
			j++
		case i < len(steps) && steps[i] == anyRun:
			star, mark = i, j
			i++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(steps) && steps[i] == anyRun {
		i++
	}
	return i == len(steps)
}

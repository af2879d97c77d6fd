package hssim

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A test decides whether one indexed record matches one filter.
type test func(*record, *state) bool

// A question is a compiled search. Bounds on the record id are kept apart when
// there is one group: they cut the id-ordered index, and all pages of a keyset
// walk then share one set of matches.
type question struct {
	key    string   // what the matches are cached under; "" not at all
	groups [][]test // any group, all of its tests; nil matches all
	lo, hi int64    // record ids, both included
	order  *property
	down   bool
}

func (q *question) match(r *record) bool {
	st := r.seen
	if st == nil || st.archived != 0 {
		return false
	}
	if len(q.groups) == 0 {
		return true
	}
groups:
	for _, g := range q.groups {
		for _, ok := range g {
			if !ok(r, st) {
				continue groups
			}
		}
		return true
	}
	return false
}

// compile turns the filters into tests, or says what is wrong with them.
func (s *Server) compile(t *table, in search) (*question, *apiError) {
	q := &question{lo: 0, hi: math.MaxInt64}
	volatile := false
	var keyed []groupInput
	for _, g := range in.groups {
		var tests []test
		var kept []filterInput
		for _, f := range g.Filters {
			if f.Property == "hs_object_id" && len(in.groups) == 1 && q.narrow(f) {
				continue
			}
			ok, moves, e := s.filter(t, f)
			if e != nil {
				return nil, e
			}
			volatile = volatile || moves
			tests, kept = append(tests, ok), append(kept, f)
		}
		q.groups, keyed = append(q.groups, tests), append(keyed, groupInput{kept})
	}
	if in.query != "" {
		ok := s.fullText(t, in.query)
		if len(q.groups) == 0 {
			q.groups = [][]test{nil}
		}
		for i := range q.groups {
			q.groups[i] = append(q.groups[i], ok)
		}
	}
	if !volatile {
		text, err := json.Marshal(struct {
			G []groupInput
			Q string
		}{keyed, in.query})
		if err == nil {
			q.key = string(text)
		}
	}
	return q, nil
}

// narrow takes an id filter into the bounds; false if it is not a plain range.
func (q *question) narrow(f filterInput) bool {
	if f.Value == nil || f.Values != nil {
		return false
	}
	n, err := strconv.ParseInt(*f.Value, 10, 64)
	if err != nil || n < 0 || n == math.MaxInt64 {
		return false
	}
	switch f.Operator {
	case "GT":
		q.lo = max(q.lo, n+1)
	case "GTE":
		q.lo = max(q.lo, n)
	case "LT":
		q.hi = min(q.hi, n-1)
	case "LTE":
		q.hi = min(q.hi, n)
	case "EQ":
		q.lo, q.hi = max(q.lo, n), min(q.hi, n)
	default:
		return false
	}
	return true
}

var operators = []string{
	"EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
}

// filter compiles one filter. moves tells that matches change without the
// record changing, so they must not be cached.
func (s *Server) filter(t *table, f filterInput) (ok test, moves bool, e *apiError) {
	if !slices.Contains(operators, f.Operator) {
		return nil, false, invalid("Invalid input JSON: %q is not an operator", f.Operator)
	}
	if name, linked := strings.CutPrefix(f.Property, "associations."); linked {
		ok, e = s.linkFilter(name, f)
		return ok, true, e
	}
	p := t.prop(f.Property)
	if p == nil {
		return nil, false, unknownInSearch(f.Property)
	}
	// Contacts never fill this one, so the filter finds nothing, silently.
	has := func(r *record, st *state) bool { return r.value(st, p) != "" }
	switch f.Operator {
	case "HAS_PROPERTY":
		return has, false, nil
	case "NOT_HAS_PROPERTY":
		return func(r *record, st *state) bool { return !has(r, st) }, false, nil
	case "IN", "NOT_IN":
		if f.Values == nil || len(*f.Values) == 0 {
			return nil, false, invalid("%s needs values", f.Operator)
		}
		if len(*f.Values) > mostListValues {
			return nil, false, invalid("%s takes at most %d values", f.Operator, mostListValues)
		}
		return listTest(p, *f.Values, f.Operator == "IN")
	}
	if f.Value == nil || *f.Value == "" {
		return nil, false, invalid("operator %s needs a value for property %s", f.Operator, f.Property)
	}
	switch f.Operator {
	case "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN":
		want := tokens(*f.Value)
		yes := f.Operator == "CONTAINS_TOKEN"
		return func(r *record, st *state) bool {
			v := r.value(st, p)
			return v != "" && holds(v, want) == yes
		}, false, nil
	case "BETWEEN":
		if f.High == nil || *f.High == "" {
			return nil, false, invalid("operator BETWEEN needs a highValue for property %s", f.Property)
		}
		low, e := compareTest(p, "GTE", *f.Value)
		if e != nil {
			return nil, false, e
		}
		high, e := compareTest(p, "LTE", *f.High)
		if e != nil {
			return nil, false, e
		}
		return func(r *record, st *state) bool { return low(r, st) && high(r, st) }, false, nil
	}
	ok, e = compareTest(p, f.Operator, *f.Value)
	return ok, false, e
}

// compareTest compares by the property's type. Records without a value match no
// comparison, not even NEQ.
func compareTest(p *property, op, want string) (test, *apiError) {
	if p.number() || p.temporal() {
		limit, err := strconv.ParseFloat(want, 64)
		if err != nil || p.temporal() && limit != math.Trunc(limit) {
			return nil, unreadable(p, want)
		}
		return func(r *record, st *state) bool {
			n, ok := p.numeric(r, st)
			return ok && compared(op, n-limit)
		}, nil
	}
	if p.listed() {
		return func(r *record, st *state) bool {
			v := r.value(st, p)
			if v == "" {
				return false
			}
			if p.many() && (op == "EQ" || op == "NEQ") {
				return slices.Contains(strings.Split(v, ";"), want) == (op == "EQ")
			}
			return compared(op, float64(strings.Compare(v, want)))
		}, nil
	}
	want = strings.ToLower(want)
	return func(r *record, st *state) bool {
		v := r.value(st, p)
		return v != "" && compared(op, float64(strings.Compare(strings.ToLower(v), want)))
	}, nil
}

// unreadable is the answer to times that are not epoch milliseconds and numbers
// that are none.
func unreadable(p *property, text string) *apiError {
	e := invalid("There was a problem with the request.")
	e.Errors = []errorDetail{{Message: "the value " + strconv.Quote(text) + " of property " + p.name + " is not a " + p.typ}}
	return e
}

func compared(op string, diff float64) bool {
	switch op {
	case "EQ":
		return diff == 0
	case "NEQ":
		return diff != 0
	case "LT":
		return diff < 0
	case "LTE":
		return diff <= 0
	case "GT":
		return diff > 0
	default:
		return diff >= 0
	}
}

// numeric is the value as a number, of times as epoch milliseconds.
func (p *property) numeric(r *record, st *state) (float64, bool) {
	switch {
	case p.stamp != nil:
		at := p.stamp(st)
		return float64(at), at != 0
	case p.name == "hs_object_id":
		return float64(r.id), true
	}
	v := r.value(st, p)
	if v == "" {
		return 0, false
	}
	if p.temporal() {
		return float64(parseInstant(v)), true
	}
	n, err := strconv.ParseFloat(v, 64)
	return n, err == nil
}

// listTest is IN and NOT_IN. The index holds strings in lower case and compares
// the wanted values as they are.
func listTest(p *property, values []string, in bool) (test, bool, *apiError) {
	if p.number() || p.temporal() {
		want := map[float64]bool{}
		for _, v := range values {
			n, err := strconv.ParseFloat(v, 64)
			if err != nil {
				return nil, false, unreadable(p, v)
			}
			want[n] = true
		}
		return func(r *record, st *state) bool {
			n, ok := p.numeric(r, st)
			return ok && want[n] == in
		}, false, nil
	}
	want := map[string]bool{}
	for _, v := range values {
		want[v] = true
	}
	return func(r *record, st *state) bool {
		v := r.value(st, p)
		if v == "" {
			return false
		}
		if !p.listed() {
			return want[strings.ToLower(v)] == in
		}
		if p.many() {
			return slices.ContainsFunc(strings.Split(v, ";"), func(x string) bool { return want[x] }) == in
		}
		return want[v] == in
	}, false, nil
}

// linkFilter is the pseudo-property associations.{kind}: EQ or IN record ids.
func (s *Server) linkFilter(name string, f filterInput) (test, *apiError) {
	to := s.table(name)
	if to == nil {
		return nil, unknownInSearch(f.Property)
	}
	var ids []string
	switch {
	case f.Operator == "EQ" && f.Value != nil:
		ids = []string{*f.Value}
	case f.Operator == "IN" && f.Values != nil:
		ids = *f.Values
	default:
		return nil, invalid("operator %s is not allowed for %s", f.Operator, f.Property)
	}
	var targets []*record
	for _, id := range ids {
		if _, ok := parseID(id); !ok {
			return nil, invalid("%q is not a record id", id)
		}
		if r := to.find(id); r != nil {
			targets = append(targets, r.survivor())
		}
	}
	return func(r *record, _ *state) bool {
		return slices.ContainsFunc(targets, func(x *record) bool { return x.live() && linkBetween(r, x) != nil })
	}, nil
}

// tokens splits text as the index does; a * stands for any characters.
func tokens(text string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return c != '*' && !unicode.IsLetter(c) && !unicode.IsDigit(c)
	}) {
		out = append(out, regexp.MustCompile("^"+strings.ReplaceAll(regexp.QuoteMeta(w), `\*`, ".*")+"$"))
	}
	return out
}

func holds(text string, want []*regexp.Regexp) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	for _, w := range want {
		if !slices.ContainsFunc(words, w.MatchString) {
			return false
		}
	}
	return len(want) > 0
}

// fullText is the query field: every word must begin a word of a searchable
// property.
func (s *Server) fullText(t *table, query string) test {
	var props []*property
	for _, name := range []string{"dealname", "firstname", "lastname", "email", "phone", "company", "name", "domain", "hs_note_body", "hs_task_subject"} {
		if p := t.prop(name); p != nil {
			props = append(props, p)
		}
	}
	var want []*regexp.Regexp
	for _, w := range strings.Fields(query) {
		want = append(want, tokens(w+"*")...)
	}
	return func(r *record, st *state) bool {
		var text strings.Builder
		for _, p := range props {
			text.WriteString(r.value(st, p))
			text.WriteByte(' ')
		}
		return holds(text.String(), want)
	}
}

package hssim

import (
	"slices"
	"strconv"
	"strings"
)

// A link associates two records. Side a is of the kind that comes first in
// kinds, or the one named first when both are of one kind.
type link struct {
	a, b    *record
	labels  []*label
	primary bool
}

// A label is a custom association label of a pair of kinds. Each direction has
// a type id, and a text, of its own.
type label struct {
	name string
	text [2]string // a to b, b to a
	ids  [2]int
}

// A pair is two kinds in the order of kinds.
type pair [2]string

func (l *link) other(r *record) *record {
	if l.a == r {
		return l.b
	}
	return l.a
}

// side is 0 when r is the first side.
func (l *link) side(r *record) int {
	if l.a == r {
		return 0
	}
	return 1
}

// pairOf orders two kinds, and tells whether from is the second of them.
func (s *Server) pairOf(from, to *table) (pair, int) {
	if s.rank[from.plural] <= s.rank[to.plural] {
		return pair{from.plural, to.plural}, 0
	}
	return pair{to.plural, from.plural}, 1
}

func linkBetween(x, y *record) *link {
	if len(y.links) < len(x.links) {
		x, y = y, x
	}
	for _, l := range x.links {
		if l.other(x) == y {
			return l
		}
	}
	return nil
}

// join associates two records, or returns the association they have.
func (s *Server) join(x, y *record, now int64) *link {
	if l := linkBetween(x, y); l != nil {
		return l
	}
	if s.rank[x.t.plural] > s.rank[y.t.plural] {
		x, y = y, x
	}
	l := &link{a: x, b: y}
	x.links, y.links = append(x.links, l), append(y.links, l)
	s.recount(x, y, now)
	s.recount(y, x, now)
	return l
}

func (s *Server) part(l *link, now int64) {
	drop := func(r *record) {
		if i := slices.Index(r.links, l); i >= 0 {
			r.links = slices.Delete(r.links, i, i+1)
		}
	}
	drop(l.a)
	drop(l.b)
	s.recount(l.a, l.b, now)
	s.recount(l.b, l.a, now)
}

// recount brings the roll-ups of r up to date after its association with other
// came, went, or changed; the modified date follows when one of them differs.
func (s *Server) recount(r, other *record, now int64) {
	if r.t.activity || r.into != nil || other.t == r.t {
		return
	}
	next := *r.cur
	switch {
	case other.t.activity:
		next.logged, next.lastLog = 0, 0
		stamp := uint16(0)
		for _, l := range r.links {
			o := l.other(r)
			if !o.t.activity || !o.live() {
				continue
			}
			next.logged++
			stamp = o.t.props["hs_timestamp"].slot
			if at := parseInstant(o.cur.text(stamp)); at > next.lastLog && at <= now {
				next.lastLog = at
			}
		}
	case other.t.plural == "contacts":
		next.contacts = countLive(r, other.t)
	case other.t.plural == "deals":
		next.deals = countLive(r, other.t)
	default:
		return
	}
	if next.logged == r.cur.logged && next.lastLog == r.cur.lastLog && next.contacts == r.cur.contacts && next.deals == r.cur.deals {
		return
	}
	if other.t.activity || !s.o.LinkKeepsDate {
		next.modified = now
	}
	s.replace(r, &next, now)
}

func countLive(r *record, of *table) int {
	n := 0
	for _, l := range r.links {
		if o := l.other(r); o.t == of && o.live() {
			n++
		}
	}
	return n
}

// linksTo lists the live records of a kind that r is associated with.
func (r *record) linksTo(to *table) []*link {
	var out []*link
	for _, l := range r.links {
		if o := l.other(r); o.t == to && o.live() {
			out = append(out, l)
		}
	}
	return out
}

type typeJSON struct {
	Category string  `json:"category"`
	TypeID   int     `json:"typeId"`
	Label    *string `json:"label"`
}

// types lists what an association is, seen from r: the unlabelled type always,
// labels beside it.
func (s *Server) types(l *link, r *record) []typeJSON {
	to := l.other(r)
	dir := [2]string{r.t.plural, to.t.plural}
	out := make([]typeJSON, 0, 2+len(l.labels))
	if id, ok := primaryTypes[dir]; ok && l.primary {
		out = append(out, typeJSON{"HUBSPOT_DEFINED", id, new("Primary")})
	}
	out = append(out, typeJSON{"HUBSPOT_DEFINED", defaultTypes[dir], nil})
	side := l.side(r)
	for _, lb := range l.labels {
		out = append(out, typeJSON{"USER_DEFINED", lb.ids[side], new(lb.text[side])})
	}
	return out
}

// addLabel defines a custom label for a pair, seen from side.
func (s *Server) addLabel(p pair, name, text, inverse string, side int) *label {
	lb := &label{name: name, text: [2]string{text, text}}
	if inverse != "" {
		lb.text[1-side] = inverse
	}
	s.nextType += 2 + len(s.labels[p])%3
	lb.ids[side], lb.ids[1-side] = s.nextType, s.nextType+1
	s.labels[p] = append(s.labels[p], lb)
	return lb
}

// labelNamed finds a label by the text its admins see.
func (s *Server) labelNamed(p pair, text string) *label {
	for _, lb := range s.labels[p] {
		if lb.text[0] == text || lb.text[1] == text {
			return lb
		}
	}
	return nil
}

// labelWithID finds a label by the type id it has in one direction.
func (s *Server) labelWithID(p pair, side, id int) *label {
	for _, lb := range s.labels[p] {
		if lb.ids[side] == id {
			return lb
		}
	}
	return nil
}

// labelName turns what an admin typed into an internal name.
func labelName(text string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(text) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
		} else {
			b.WriteByte('_')
		}
	}
	name := b.String()
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "label_" + name
	}
	return name
}

func associationName(from, to *table) string { return from.singular + "_to_" + to.singular }

func parseID(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0
}

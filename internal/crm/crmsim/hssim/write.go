package hssim

import (
	"sort"
	"strings"
)

// A change is one accepted value on its way into a record.
type change struct {
	p    *property
	text string
}

// An author is whoever writes: a person in the browser, or the API in one of
// its versions.
type author struct {
	source
	api     bool
	version string
}

var person = author{source: source{kind: "CRM_UI", id: "userId:9100017", user: 9100017}}

func byAPI(version string) author {
	return author{source{kind: "INTEGRATION", id: "3412207"}, true, version}
}

// check judges the properties of one write. r is nil on create. Everything that
// is wrong comes back at once, in the order of names.
func (s *Server) check(t *table, r *record, props map[string]string, by author) ([]change, []problem) {
	names := make([]string, 0, len(props))
	for name := range props {
		names = append(names, name)
	}
	sort.Strings(names)
	var out []change
	var bad []problem
	for _, name := range names {
		p := t.props[name]
		if p == nil || p.archived != 0 || (p.veiled || p.guarded) && by.api {
			bad = append(bad, s.problem("PROPERTY_DOESNT_EXIST", name, "Property %q does not exist", name))
			continue
		}
		if p.calculated || p.stamp != nil || p.readOnly && by.api {
			bad = append(bad, s.problem("READ_ONLY_VALUE", name, "%q is a read only property; its value cannot be set.", name))
			continue
		}
		was := ""
		if r != nil {
			was = r.cur.text(p.slot)
		}
		text, pr := s.accept(p, props[name], was)
		if pr != nil {
			bad = append(bad, *pr)
			continue
		}
		out = append(out, change{p, text})
	}
	if len(bad) == 0 && t.plural == "deals" {
		bad = append(bad, s.checkStage(t, r, &out)...)
	}
	if len(bad) == 0 && by.version == "2026-09" {
		bad = append(bad, s.checkRequired(t, r, out)...)
	}
	return out, bad
}

// after is the value a property will have once the changes are in.
func after(r *record, changes []change, p *property) string {
	for _, c := range changes {
		if c.p == p {
			return c.text
		}
	}
	if r == nil {
		return ""
	}
	return r.value(r.cur, p)
}

// checkStage keeps a deal's stage inside its pipeline. A new deal without a
// pipeline goes to the default one.
func (s *Server) checkStage(t *table, r *record, changes *[]change) []problem {
	pp, sp := t.props["pipeline"], t.props["dealstage"]
	stage := s.stages[after(r, *changes, sp)]
	home := after(r, *changes, pp)
	if home == "" && (r == nil || stage != nil) {
		home = "default"
		*changes = append(*changes, change{pp, home})
	}
	if stage != nil && stage.home.ID != home {
		return []problem{s.problem("INVALID_OPTION", sp.name, "%s is not a stage of pipeline %s", stage.ID, home)}
	}
	return nil
}

// checkRequired applies the admins' conditional rules, as writes through API
// version 2026-09 meet them.
func (s *Server) checkRequired(t *table, r *record, changes []change) []problem {
	var bad []problem
	for _, rule := range s.o.ConditionalRequired {
		when, need := t.props[rule.When], t.props[rule.Required]
		if s.table(rule.Object) != t || need == nil || rule.When != "" && when == nil {
			continue
		}
		applies := when == nil || after(r, changes, when) == rule.Equals
		if applies && after(r, changes, need) == "" {
			bad = append(bad, s.problem("REQUIRED_PROPERTY", need.name, "Property %q is required when %q is %q", need.name, rule.When, rule.Equals))
		}
	}
	return bad
}

// put stores accepted changes in a record: modified date, history, roll-ups and
// the search index follow.
func (s *Server) put(r *record, changes []change, by source, now int64) {
	if s.o.UnchangedKeepsDate && !differs(r, changes) {
		return
	}
	next := r.cur.clone()
	next.modified = now
	s.fill(r, next, changes, by, now)
	s.replace(r, next, now)
	if r.t.activity {
		for _, l := range r.links {
			s.recount(l.other(r), r, now)
		}
	}
}

func differs(r *record, changes []change) bool {
	for _, c := range changes {
		if r.cur.text(c.p.slot) != c.text {
			return true
		}
	}
	return false
}

// fill writes the changes into next, a state nobody else sees yet, and books
// what follows from them.
func (s *Server) fill(r *record, next *state, changes []change, by source, now int64) {
	t := r.t
	closeSet := false
	for _, c := range changes {
		closeSet = closeSet || c.p.name == "closedate"
	}
	for _, c := range changes {
		was := next.text(c.p.slot)
		next.set(c.p.slot, c.text)
		t.claim(c.p, r, was, c.text)
		r.hist = append(r.hist, past{c.p.slot, c.text, now, by})
		if was == c.text {
			continue
		}
		switch c.p.name {
		case "dealstage":
			s.enterStage(t, next, was, c.text, now, closeSet)
		case "hubspot_owner_id":
			next.set(t.props["hubspot_owner_assigneddate"].slot, isoTime(now))
		case "hs_task_status":
			done := ""
			if c.text == "COMPLETED" {
				done = isoTime(now)
			}
			next.set(t.props["hs_task_completion_date"].slot, done)
		case "hs_note_body":
			next.set(t.props["hs_body_preview"].slot, plain(c.text))
		}
	}
}

// replace makes next the current state and tells the search index, which takes
// its time.
func (s *Server) replace(r *record, next *state, now int64) {
	s.seq++
	next.seq = s.seq
	r.cur = next
	r.t.ix.push(r, next, now+s.indexLag(r.id, s.seq))
}

// make creates a record from accepted changes.
func (s *Server) make(t *table, changes []change, by source, now int64) *record {
	st := &state{created: now, modified: now}
	r := t.add(st)
	s.fill(r, st, changes, by, now)
	s.replace(r, st, now)
	return r
}

// conflict finds a live record that already holds a unique value of changes.
func (s *Server) conflict(t *table, self *record, changes []change) (*record, *property) {
	for _, c := range changes {
		if !c.p.unique || c.text == "" {
			continue
		}
		if other := t.findBy(c.p, c.text); other != nil && other != self && other.live() {
			return other, c.p
		}
	}
	return nil, nil
}

// discard archives a record: it leaves search and list, and so do its links.
func (s *Server) discard(r *record, now int64) {
	next := r.cur.clone()
	next.archived = now
	s.replace(r, next, now)
	for _, l := range r.links {
		s.recount(l.other(r), r, now)
	}
}

// plain takes the tags out of HTML, roughly, for previews.
func plain(html string) string {
	var b strings.Builder
	depth := 0
	for _, c := range html {
		switch {
		case c == '<':
			depth++
		case c == '>' && depth > 0:
			depth--
			b.WriteByte(' ')
		case depth == 0:
			b.WriteRune(c)
		}
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	if r := []rune(text); len(r) > 250 {
		text = string(r[:250])
	}
	return text
}

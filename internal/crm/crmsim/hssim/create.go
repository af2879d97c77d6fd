package hssim

import "strings"

// prepared is a record that may be created as it stands.
type prepared struct {
	changes []change
	links   []wanted
}

type wanted struct {
	to     *record
	labels []*label
	main   bool // the primary company
}

func (p prepared) names() []string { return changedNames(p.changes) }

// prepare checks everything about a new record without making it.
func (s *Server) prepare(c *call, t *table, in createInput) (prepared, *apiError) {
	var p prepared
	props, e := in.Properties.plain()
	if e != nil {
		return p, e
	}
	if t.activity && props["hs_timestamp"] == "" {
		return p, invalid("Error creating %s. Some required properties were not set.", strings.ToUpper(t.singular)).with("properties", "hs_timestamp")
	}
	if t.plural == "contacts" && props["email"] == "" && props["firstname"] == "" && props["lastname"] == "" {
		return p, invalid("Error creating CONTACT. Some required properties were not set.").with("properties", "email", "firstname", "lastname")
	}
	changes, bad := s.check(t, nil, props, byAPI(c.version))
	if len(bad) > 0 {
		return p, badValues(bad)
	}
	if other, by := s.conflict(t, nil, changes); other != nil {
		return p, conflictError(t, other, by)
	}
	p.changes = changes
	if in.Associations == nil {
		return p, nil
	}
	for _, a := range *in.Associations {
		w, e := s.wantedLink(t, a)
		if e != nil {
			return p, e
		}
		p.links = append(p.links, w)
	}
	return p, nil
}

// wantedLink resolves an inline association. The other end's kind follows from
// the association type, as nothing else in the request names it.
func (s *Server) wantedLink(t *table, a createLinks) (wanted, *apiError) {
	if len(a.Types) == 0 {
		return wanted{}, invalid("Invalid input JSON: Some required fields were not set: [types]")
	}
	var w wanted
	for _, spec := range a.Types {
		to := s.tableOfType(t, spec)
		if to == nil {
			return w, invalid("Association type %d (%s) does not exist from %s", spec.TypeID, spec.Category, t.plural)
		}
		r := to.find(a.To.ID)
		if r == nil || !r.survivor().live() {
			return w, invalid("Associated object %s of type %s does not exist", a.To.ID, to.plural).with("id", a.To.ID)
		}
		w.to = r.survivor()
		lb, main, e := s.specOf(t, to, spec)
		if e != nil {
			return w, e
		}
		w.main = w.main || main
		if lb != nil {
			w.labels = append(w.labels, lb)
		}
	}
	return w, nil
}

// tableOfType finds which kind an association type leads to from t.
func (s *Server) tableOfType(t *table, spec specInput) *table {
	for _, to := range s.tables {
		if _, known := defaultTypes[[2]string{t.plural, to.plural}]; !known {
			continue
		}
		if _, _, e := s.specOf(t, to, spec); e == nil {
			return to
		}
	}
	return nil
}

// insert makes a prepared record and its associations.
func (s *Server) insert(t *table, p prepared, by source, now int64) *record {
	r := s.make(t, p.changes, by, now)
	for _, w := range p.links {
		l := s.join(r, w.to, now)
		for _, lb := range w.labels {
			l.mark(lb)
		}
		l.primary = l.primary || w.main
	}
	return r
}

func conflictError(t *table, other *record, p *property) *apiError {
	if t.plural == "contacts" && p.name == "email" {
		return refuse(409, "CONFLICT", "Contact already exists. Existing ID: %d", other.id)
	}
	return refuse(409, "CONFLICT", "A %s with %s already exists. Existing ID: %d", t.singular, p.name, other.id)
}

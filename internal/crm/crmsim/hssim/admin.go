package hssim

import (
	"errors"
	"fmt"
	"strconv"
)

// DealID returns the record id that world deal i was given.
func (s *Server) DealID(i int) string { return s.seeded.deals[i].key() }

// ContactID returns the record id that world contact i was given.
func (s *Server) ContactID(i int) string { return s.seeded.contacts[i].key() }

// CompanyID returns the record id that world account i was given.
func (s *Server) CompanyID(i int) string { return s.seeded.companies[i].key() }

// OwnerID returns the owner id of world user i, as records refer to it.
func (s *Server) OwnerID(i int) string { return strconv.FormatInt(s.seeded.owners[i].id, 10) }

// UserID returns the user id of world user i, which is not its owner id.
func (s *Server) UserID(i int) string { return strconv.FormatInt(s.seeded.owners[i].user, 10) }

// PortalID returns the account's id.
func (s *Server) PortalID() string { return strconv.FormatInt(s.portal, 10) }

// record finds a live record, through merges.
func (s *Server) record(object, id string) (*record, error) {
	t := s.table(object)
	if t == nil {
		return nil, fmt.Errorf("no object type %s", object)
	}
	r := t.find(id)
	if r == nil {
		return nil, fmt.Errorf("no %s %s", t.singular, id)
	}
	return r.survivor(), nil
}

// Get reads a property as it stands on the record now. defined is false when
// there is no such record or property; "" with true is null.
func (s *Server) Get(object, id, property string) (value string, defined bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.record(object, id)
	if err != nil {
		return "", false
	}
	p := r.t.props[property]
	if p == nil || p.archived != 0 {
		return "", false
	}
	return r.value(r.cur, p), true
}

// Set is a person's edit in the browser: values are checked, the modified date
// moves and calculated properties follow. A person may fill properties that are
// read-only to the API, but not calculated ones.
func (s *Server) Set(object, id, property, value string) error {
	return s.SetAll(object, id, map[string]string{property: value})
}

// SetAll is Set for several properties at once.
func (s *Server) SetAll(object, id string, props map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.record(object, id)
	if err != nil {
		return err
	}
	if !r.live() {
		return fmt.Errorf("%s %s is archived", r.t.singular, id)
	}
	changes, bad := s.check(r.t, r, props, person)
	if len(bad) > 0 {
		return errors.New(bad[0].Message)
	}
	s.put(r, changes, person.source, s.now())
	return nil
}

// Create makes a record as a person would and returns its id. assoc are record
// ids to associate it with, each as "deals/123".
func (s *Server) Create(object string, props map[string]string, assoc ...string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.table(object)
	if t == nil {
		return "", fmt.Errorf("no object type %s", object)
	}
	changes, bad := s.check(t, nil, props, person)
	if len(bad) > 0 {
		return "", errors.New(bad[0].Message)
	}
	var others []*record
	for _, a := range assoc {
		other, err := s.named(a)
		if err != nil {
			return "", err
		}
		others = append(others, other)
	}
	r := s.make(t, changes, person.source, s.now())
	for _, other := range others {
		s.join(r, other, s.now())
	}
	return r.key(), nil
}

// named finds a record written as "deals/123".
func (s *Server) named(text string) (*record, error) {
	for i := range text {
		if text[i] == '/' {
			return s.record(text[:i], text[i+1:])
		}
	}
	return nil, fmt.Errorf("%q is not an object and an id", text)
}

// Label sets the labels of the association between a deal and a contact, which
// it makes if there is none. No modified date moves because of a label, unless
// Options.LabelMovesDate says so.
func (s *Server) Label(dealID, contactID string, labels ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.record("deals", dealID)
	if err != nil {
		return err
	}
	c, err := s.record("contacts", contactID)
	if err != nil {
		return err
	}
	var wanted []*label
	for _, text := range labels {
		lb := s.labelNamed(pair{"deals", "contacts"}, text)
		if lb == nil {
			return fmt.Errorf("no label %q between deals and contacts", text)
		}
		wanted = append(wanted, lb)
	}
	l := s.join(d, c, s.now())
	l.labels = wanted
	if s.o.LabelMovesDate {
		s.touch(d, s.now())
		s.touch(c, s.now())
	}
	return nil
}

// Labels lists the label texts of the association between a deal and a contact;
// linked is false when there is none.
func (s *Server) Labels(dealID, contactID string) (labels []string, linked bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d, err := s.record("deals", dealID)
	if err != nil {
		return nil, false
	}
	c, err := s.record("contacts", contactID)
	if err != nil {
		return nil, false
	}
	l := linkBetween(d, c)
	if l == nil {
		return nil, false
	}
	for _, lb := range l.labels {
		labels = append(labels, lb.text[0])
	}
	return labels, true
}

// Linked lists the ids of the live records of kind to that a record is
// associated with.
func (s *Server) Linked(object, id, to string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.record(object, id)
	t := s.table(to)
	if err != nil || t == nil {
		return nil
	}
	var out []string
	for _, l := range r.linksTo(t) {
		out = append(out, l.other(r).key())
	}
	return out
}

// Associate links two records without a label.
func (s *Server) Associate(object, id, toObject, toID string) error {
	return s.pairUp(object, id, toObject, toID, func(x, y *record) { s.join(x, y, s.now()) })
}

// Dissociate removes the association of two records with all its labels.
func (s *Server) Dissociate(object, id, toObject, toID string) error {
	return s.pairUp(object, id, toObject, toID, func(x, y *record) {
		if l := linkBetween(x, y); l != nil {
			s.part(l, s.now())
		}
	})
}

func (s *Server) pairUp(object, id, toObject, toID string, do func(x, y *record)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, err := s.record(object, id)
	if err != nil {
		return err
	}
	y, err := s.record(toObject, toID)
	if err != nil {
		return err
	}
	do(x, y)
	return nil
}

// IDs lists the ids of an object's records that are not archived.
func (s *Server) IDs(object string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []string
	for _, r := range s.table(object).order {
		if r.live() {
			out = append(out, r.key())
		}
	}
	return out
}

// Binned lists the ids of an object's records in the recycle bin.
func (s *Server) Binned(object string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []string
	for _, r := range s.table(object).order {
		if r.cur.archived != 0 {
			out = append(out, r.key())
		}
	}
	return out
}

// Archive moves a record to the recycle bin.
func (s *Server) Archive(object, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.record(object, id)
	if err != nil {
		return err
	}
	if r.live() {
		s.discard(r, s.now())
	}
	return nil
}

// Restore takes a record back out of the recycle bin, with its associations.
func (s *Server) Restore(object, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.record(object, id)
	if err != nil {
		return err
	}
	if r.cur.archived == 0 {
		return fmt.Errorf("%s %s is not archived", r.t.singular, id)
	}
	next := r.cur.clone()
	next.archived, next.modified = 0, s.now()
	s.replace(r, next, s.now())
	for _, l := range r.links {
		s.recount(l.other(r), r, s.now())
	}
	return nil
}

// Merge folds loser into winner and returns the id of what remains.
func (s *Server) Merge(object, winner, loser string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.record(object, winner)
	if err != nil {
		return "", err
	}
	l, err := s.record(object, loser)
	if err != nil {
		return "", err
	}
	if w == l || !w.live() || !l.live() {
		return "", fmt.Errorf("%s and %s cannot be merged", winner, loser)
	}
	return s.merge(w, l, s.now()).key(), nil
}

// HideProperty takes a property out of the token's sight: definitions and
// answers leave it out, writes refuse it as unknown.
func (s *Server) HideProperty(object, name string) error {
	return s.changeProperty(object, name, func(p *property) { p.veiled = true })
}

// ShowProperty undoes HideProperty.
func (s *Server) ShowProperty(object, name string) error {
	return s.changeProperty(object, name, func(p *property) { p.veiled = false })
}

// ProtectProperty makes a property's value read-only to the API.
func (s *Server) ProtectProperty(object, name string) error {
	return s.changeProperty(object, name, func(p *property) { p.readOnly = true })
}

// GuardProperty makes a property one for sensitive data. Its definition is listed
// where sensitive ones are asked for; its values are out of the token's reach.
func (s *Server) GuardProperty(object, name string) error {
	return s.changeProperty(object, name, func(p *property) { p.guarded = true })
}

// ArchiveProperty deletes a property in the settings; its name stays taken.
func (s *Server) ArchiveProperty(object, name string) error {
	return s.changeProperty(object, name, func(p *property) { p.archived = s.now() })
}

func (s *Server) changeProperty(object, name string, do func(*property)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.table(object)
	if t == nil || t.props[name] == nil {
		return fmt.Errorf("no property %s on %s", name, object)
	}
	do(t.props[name])
	t.ix.forget()
	return nil
}

// EditPipeline is an admin's edit: every deal of the pipeline gets the same
// modified date. It returns how many that were.
func (s *Server) EditPipeline(id, label string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pipelines {
		if p.ID == id {
			p.Label = label
			now := s.now()
			s.edited(p, now)
			n := 0
			for _, r := range s.table("deals").order {
				if r.live() && r.cur.modified == now {
					n++
				}
			}
			return n, nil
		}
	}
	return 0, fmt.Errorf("no pipeline %s", id)
}

// DeactivateOwner archives an owner: it keeps its id, and its user id becomes
// null.
func (s *Server) DeactivateOwner(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.owners[id]
	if o == nil {
		return fmt.Errorf("no owner %s", id)
	}
	o.archived = true
	return nil
}

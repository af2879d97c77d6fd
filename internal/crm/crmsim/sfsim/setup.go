package sfsim

import (
	"fmt"
	"strings"
)

// What an admin does in Setup. Every change gives describe a new date.

// HideField takes read and edit access to a field from the integration user.
func (s *Server) HideField(object, name string) { s.permit(s.hidden, object+"."+name, true) }

// ShowField gives HideField's access back.
func (s *Server) ShowField(object, name string) { s.permit(s.hidden, object+"."+name, false) }

// HideObject takes all access to an object from the integration user.
func (s *Server) HideObject(object string) { s.permit(s.hidden, object, true) }

// LockField takes edit access to a field from the integration user.
func (s *Server) LockField(object, name string) { s.permit(s.locked, object+"."+name, true) }

func (s *Server) permit(set map[string]bool, what string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set[strings.ToLower(what)] = on
	s.schemaMoved()
}

// SetPicklist replaces the values of a picklist.
func (s *Server) SetPicklist(object, name string, values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table(object).field(name).values = values
	s.schemaMoved()
}

// RenameStage gives a stage another label. The records in it follow, without a
// new stamp; its API name stays, and what deals have been through keeps the old
// label.
func (s *Server) RenameStage(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, f := s.stages[from], s.opp.field("StageName")
	g.name = to
	delete(s.stages, from)
	s.stages[to] = g
	for i, name := range f.values {
		if name == from {
			f.values[i] = to
		}
	}
	for _, r := range s.opp.rows {
		if r.val("StageName") == from {
			s.put(r, f.pos, to)
		}
	}
	for _, r := range s.table("OpportunityStage").rows {
		if r.val("MasterLabel") == from {
			s.set(r, "MasterLabel", to)
		}
	}
	s.schemaMoved()
}

func (s *Server) schemaMoved() {
	s.schemaAt = s.now()
	s.described.start()
}

// A Rule is a validation rule: API writes that leave a record for which Broken
// holds are refused with FIELD_CUSTOM_VALIDATION_EXCEPTION.
type Rule struct {
	Name    string // as Setup lists it; "" means made up
	Object  string
	Message string
	Field   string // where the message is shown; "" means at the top of the page
	// Broken looks at the record as the write would leave it. get returns nil,
	// string, bool, float64 or time.Time; fields that the platform derives
	// still have their old values.
	Broken func(get func(field string) any) bool
}

// AddRule switches a validation rule on.
func (s *Server) AddRule(r Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, r)
	if r.Name == "" {
		r.Name = fmt.Sprintf("Rule_%d", len(s.rules))
	}
	row := s.newRecord(s.table("ValidationRule")).fill(map[string]any{
		"ValidationName": r.Name, "Active": true, "EntityDefinitionId": r.Object, "ErrorDisplayField": r.Field, "ErrorMessage": r.Message,
	})
	s.add(row)
}

// ClearRules switches all validation rules off.
func (s *Server) ClearRules() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
	for _, r := range s.table("ValidationRule").rows {
		s.set(r, "Active", false)
	}
}

func (s *Server) checkRules(d *draft) *recordError {
	for _, rule := range s.rules {
		if !strings.EqualFold(rule.Object, d.t.name) {
			continue
		}
		get := func(name string) any {
			f := d.t.field(name)
			if f == nil {
				return nil
			}
			v, ok := d.set[f]
			if !ok && d.r != nil {
				v = d.r.get(f.pos)
			}
			if at, ok := v.(stamp); ok {
				return at.time()
			}
			return v
		}
		if rule.Broken(get) {
			if rule.Field != "" {
				return deny("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.Message, rule.Field)
			}
			return deny("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.Message)
		}
	}
	return nil
}

// readableField finds a column that the integration user may read.
func (s *Server) readableField(t *table, name string) *field {
	f := t.field(name)
	if f == nil || s.unseen(t, f) {
		return nil
	}
	return f
}

// unseen reports whether a field is kept from the integration user.
func (s *Server) unseen(t *table, f *field) bool {
	return f.custom && !f.seen || len(s.hidden) > 0 && s.hidden[strings.ToLower(t.name+"."+f.name)]
}

// readableTable finds an object that the integration user may read.
func (s *Server) readableTable(name string, tooling bool) *table {
	t := s.table(name)
	if t == nil || s.hidden[strings.ToLower(t.name)] || s.setupOnly(t) || t.object != nil && !t.object.may.read {
		return nil
	}
	if t.tooling != tooling {
		switch t.name {
		case "User", "Profile", "PermissionSet", "Group", "RecordType":
		default:
			return nil
		}
		if t.tooling {
			return nil
		}
	}
	return t
}

// readableRel follows a relationship to the parent, by name.
func (s *Server) readableRel(t *table, name string) *field {
	f := t.rels[strings.ToLower(name)]
	if f == nil || s.unseen(t, f) {
		return nil
	}
	return f
}

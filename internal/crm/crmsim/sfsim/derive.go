package sfsim

import (
	"fmt"
	"strconv"
	"strings"
)

// expected is what ExpectedRevenue shows.
func expected(amount any, probability float64) any {
	n, ok := amount.(float64)
	if !ok {
		return nil
	}
	return round(n*probability/100, 2)
}

// deriveStage sets what follows from an opportunity's stage, dates and amount.
func (s *Server) deriveStage(r *record) {
	g := s.stages[r.str("StageName")]
	if g.forecast == "" {
		g.forecast, g.forecastName = "Pipeline", "Pipeline"
	}
	s.set(r, "IsClosed", g.closed)
	s.set(r, "IsWon", g.won)
	s.set(r, "ForecastCategory", g.forecast)
	s.set(r, "ForecastCategoryName", g.forecastName)
	p, _ := r.val("Probability").(float64)
	s.set(r, "ExpectedRevenue", expected(r.val("Amount"), p))
	if on := r.str("CloseDate"); len(on) == len(dateLayout) {
		year, _ := strconv.Atoi(on[:4])
		month, _ := strconv.Atoi(on[5:7])
		quarter := (month + 2) / 3
		s.set(r, "FiscalYear", float64(year))
		s.set(r, "FiscalQuarter", float64(quarter))
		s.set(r, "Fiscal", fmt.Sprintf("%d %d", year, quarter))
	}
}

// derive sets the columns that follow from those just written. old is the row
// before, nil for a new one.
func (s *Server) derive(r *record, old []any, now stamp) {
	changed := func(name string) bool {
		pos := r.t.at(name)
		return old == nil || old[pos] != r.vals[pos]
	}
	switch r.t {
	case s.opp:
		if changed("StageName") {
			if !changed("Probability") || r.val("Probability") == nil {
				s.set(r, "Probability", s.stages[r.str("StageName")].probability)
			}
			s.set(r, "LastStageChangeDate", now)
		}
		s.deriveStage(r)
	case s.task:
		s.deriveTask(r, old, now)
	case s.event:
		s.deriveEvent(r)
	case s.table("ContentNote"):
		if changed("Content") {
			body, _ := decode64(r.str("Content"))
			s.set(r, "TextPreview", preview(string(body)))
			s.set(r, "ContentSize", float64(len(body)))
			s.set(r, "ContentModifiedDate", now)
		}
	case s.table("Contact"), s.table("User"):
		s.set(r, "Name", strings.TrimSpace(r.str("FirstName")+" "+r.str("LastName")))
		if r.t == s.contact {
			s.set(r, "IsEmailBounced", r.val("EmailBouncedDate") != nil)
		}
	}
}

func (s *Server) deriveTask(r *record, old []any, now stamp) {
	closed := s.closes[r.str("Status")]
	s.set(r, "IsClosed", closed)
	s.set(r, "IsHighPriority", r.str("Priority") == "High")
	switch {
	case !closed:
		s.set(r, "CompletedDateTime", nil)
	case old == nil || old[s.taskClosed] != true:
		s.set(r, "CompletedDateTime", now)
	}
	s.set(r, "AccountId", s.accountOf(r.val("WhatId")))
}

func (s *Server) deriveEvent(r *record) {
	start, ok := r.val("StartDateTime").(stamp)
	if !ok {
		start, ok = r.val("ActivityDateTime").(stamp)
	}
	if ok {
		s.set(r, "StartDateTime", start)
		s.set(r, "ActivityDateTime", start)
		s.set(r, "ActivityDate", dateOf(start))
		if end, ok := r.val("EndDateTime").(stamp); ok {
			s.set(r, "DurationInMinutes", float64((end-start)/60))
		} else if n, ok := r.val("DurationInMinutes").(float64); ok {
			s.set(r, "EndDateTime", start+stamp(n)*60)
		}
	}
	s.set(r, "AccountId", s.accountOf(r.val("WhatId")))
}

func (s *Server) accountOf(what any) any {
	switch r := s.byRef(what); {
	case r == nil:
		return nil
	case r.t == s.account:
		return r.id
	case r.t == s.opp:
		return r.val("AccountId")
	}
	return nil
}

// lastActivity is the day of the latest finished activity on a record, and when
// that activity was last touched.
func (s *Server) lastActivity(r *record) (string, stamp) {
	last, at := "", stamp(0)
	for _, a := range s.task.by("WhatId", r.id) {
		if on, _ := a.vals[s.taskDate].(string); !a.deleted && a.vals[s.taskClosed] == true && on >= last && on != "" {
			last, at = on, max(at, a.vals[s.task.mod].(stamp))
		}
	}
	today := dateOf(s.now())
	for _, a := range s.event.by("WhatId", r.id) {
		if on, _ := a.vals[s.eventDate].(string); !a.deleted && on != "" && on >= last && on <= today {
			last, at = on, max(at, a.vals[s.event.mod].(stamp))
		}
	}
	return last, at
}

// ripple does what a write means for other records.
func (s *Server) ripple(r *record, old []any, by string, now stamp) {
	switch r.t {
	case s.opp:
		s.keepHistory(r, old, by, now)
	case s.task, s.event:
		s.rippleActivity(r.val("WhatId"), now)
		if old != nil {
			if before := old[r.t.at("WhatId")]; before != r.val("WhatId") {
				s.rippleActivity(before, now)
			}
		}
	case s.role:
		s.ripplePrimary(r)
	}
}

// rippleActivity moves LastActivityDate, and with it SystemModstamp alone.
func (s *Server) rippleActivity(what any, now stamp) {
	r := s.byRef(what)
	if r == nil || (r.t != s.opp && r.t != s.account) {
		return
	}
	last, _ := s.lastActivity(r)
	var v any
	if last != "" {
		v = last
	}
	if r.val("LastActivityDate") != v {
		s.set(r, "LastActivityDate", v)
		s.put(r, r.t.mod, now)
	}
}

// ripplePrimary keeps one primary contact role an opportunity, and mirrors it
// there without touching the opportunity's stamps.
func (s *Server) ripplePrimary(r *record) {
	opp := s.byRef(r.val("OpportunityId"))
	if opp == nil {
		return
	}
	var primary any
	for _, other := range s.role.by("OpportunityId", opp.id) {
		if other.deleted || other.gone || other.val("IsPrimary") != true {
			continue
		}
		if other != r && !r.deleted && !r.gone && r.val("IsPrimary") == true {
			s.set(other, "IsPrimary", false)
			continue
		}
		primary = other.val("ContactId")
	}
	s.set(opp, "ContactId", primary)
}

// keepHistory writes the stage history and the history of tracked fields.
func (s *Server) keepHistory(r *record, old []any, by string, now stamp) {
	moved := old == nil
	for _, name := range []string{"StageName", "Amount", "Probability", "CloseDate", "ForecastCategory", "ExpectedRevenue"} {
		moved = moved || old[r.t.at(name)] != r.val(name)
	}
	if moved {
		h := s.newRecord(s.table("OpportunityHistory")).fill(map[string]any{
			"OpportunityId": r.id, "CreatedById": by, "CreatedDate": now, "SystemModstamp": now, "StageName": r.val("StageName"),
			"Amount": r.val("Amount"), "CloseDate": r.val("CloseDate"), "Probability": r.val("Probability"),
			"ForecastCategory": r.val("ForecastCategory"), "ExpectedRevenue": r.val("ExpectedRevenue"),
		})
		if old != nil {
			h.fill(map[string]any{"PrevAmount": old[r.t.at("Amount")], "PrevCloseDate": old[r.t.at("CloseDate")]})
		}
		s.add(h)
	}
	if old == nil {
		s.addFieldHistory(r, by, now, "created", "", nil, nil)
		return
	}
	for _, f := range r.t.fields {
		if f.pos >= 0 && s.tracked[f.name] && old[f.pos] != r.vals[f.pos] {
			s.trackChange(r, f, old[f.pos], by, now)
		}
	}
}

func (s *Server) trackChange(r *record, f *field, from any, by string, now stamp) {
	to := r.vals[f.pos]
	switch {
	case f.long(): // the platform notes that they changed, not how
		s.addFieldHistory(r, by, now, f.name, "TextArea", nil, nil)
	case f.kind == "reference":
		name := f.name
		if !f.custom {
			name = strings.TrimSuffix(name, "Id")
		}
		s.addFieldHistory(r, by, now, name, "Text", s.nameOf(from), s.nameOf(to))
		s.addFieldHistory(r, by, now, name, "EntityId", from, to)
	default:
		s.addFieldHistory(r, by, now, f.name, historyKind(f), from, to)
	}
}

func historyKind(f *field) string {
	switch f.kind {
	case "double", "percent", "int":
		return "Double"
	case "currency":
		return "Currency"
	case "boolean":
		return "Boolean"
	case "date":
		return "DateOnly"
	case "datetime":
		return "DateTime"
	}
	return "Text"
}

func (s *Server) addFieldHistory(r *record, by string, now stamp, name, kind string, from, to any) {
	s.add(s.newRecord(s.table("OpportunityFieldHistory")).fill(map[string]any{
		"OpportunityId": r.id, "CreatedById": by, "CreatedDate": now, "Field": name, "DataType": kind, "OldValue": from, "NewValue": to,
	}))
}

// nameOf is the name of the record that an id leads to; nil if there is none.
func (s *Server) nameOf(id any) any {
	r := s.byRef(id)
	if r == nil {
		return nil
	}
	for _, f := range r.t.fields {
		if f.nameField {
			return r.get(f.pos)
		}
	}
	return nil
}

package sfsim

import (
	"encoding/base64"
	"slices"
)

func decode64(s string) ([]byte, error) { return base64.StdEncoding.DecodeString(s) }

// remove deletes a record and what hangs on it.
func (s *Server) remove(a actor, r *record) *recordError {
	if e := s.allowed(a, r.t, r.t.canDelete, "deleted"); e != nil {
		return e
	}
	if r.deleted || r.gone {
		return deny("ENTITY_IS_DELETED", "entity is deleted")
	}
	if s.lacks(a, r.t, func(may access) bool { return may.remove }) {
		return noAccess()
	}
	if s.held(r) {
		return deny("DELETE_FAILED", "Your attempt to delete "+r.t.label+" could not be completed because some records are associated with it and their lookups restrict deletion.")
	}
	if grantTables[r.t.name] != "" {
		s.undoing(s.regrant)
		defer s.regrant()
	}
	s.toBin(a, r, r)
	switch r.t {
	case s.task, s.event:
		s.rippleActivity(r.val("WhatId"), a.at)
	case s.role:
		s.ripplePrimary(r)
	}
	return nil
}

// toBin moves a row to the Recycle Bin. A contact role that is deleted by
// itself has no place there: it is gone at once, and so is a post.
func (s *Server) toBin(a actor, r, cause *record) {
	s.logDeletion(r, a.at)
	if r.t.isDeleted < 0 || (r == cause && (r.t == s.role || r.t.name == "FeedItem")) || r.t.name == "ContentDocumentLink" {
		if r.t.name == "PermissionSet" {
			for _, c := range slices.Clone(s.hangsOn(r)) {
				s.vanish(c)
			}
		}
		s.vanish(r)
		return
	}
	s.setDeleted(r, true, a.at, cause)
	s.touch(r, a, false)
	s.clearLookups(a, r, cause)
	for _, c := range s.hangsOn(r) {
		if !c.deleted && !c.gone {
			s.toBin(a, c, cause)
		}
	}
}

// hangsOn lists the rows that go where a record goes.
func (s *Server) hangsOn(r *record) []*record {
	var out []*record
	along := func(t *table, column string) { out = append(out, t.by(column, r.id)...) }
	switch r.t.name {
	case "Account":
		along(s.contact, "AccountId")
		along(s.opp, "AccountId")
	case "Opportunity":
		along(s.role, "OpportunityId")
		along(s.table("OpportunityHistory"), "OpportunityId")
		along(s.table("OpportunityFieldHistory"), "OpportunityId")
	case "Contact":
		along(s.role, "ContactId")
		return out
	case "PermissionSet":
		along(s.table("FieldPermissions"), "ParentId")
		along(s.table("ObjectPermissions"), "ParentId")
		along(s.table("PermissionSetAssignment"), "PermissionSetId")
		return out
	case "ContentDocument", "ContentNote":
		along(s.table("ContentVersion"), "ContentDocumentId")
		along(s.table("ContentDocumentLink"), "ContentDocumentId")
		for _, name := range []string{"ContentNote", "ContentDocument"} {
			if twin := s.table(name).byID[r.id]; twin != nil && twin != r {
				out = append(out, twin)
			}
		}
		return out
	}
	out = append(out, s.feedOf(r)...)
	if r.t == s.account || r.t == s.opp {
		along(s.task, "WhatId")
		along(s.event, "WhatId")
		along(s.table("Note"), "ParentId")
		along(s.table("EmailMessage"), "RelatedToId")
		along(s.table("ContentDocumentLink"), "LinkedEntityId")
	}
	return out
}

// restore takes a record and all that went with it out of the Recycle Bin.
func (s *Server) restore(a actor, r *record) *recordError {
	switch {
	case !r.t.undeletable:
		return deny("INVALID_TYPE_FOR_OPERATION", "entity type cannot be undeleted: "+r.t.label)
	case !r.deleted || r.gone || r.cause != r:
		return deny("UNDELETE_FAILED", "Entity is not in the recycle bin")
	}
	for _, t := range s.list {
		for _, other := range t.rows {
			if other.deleted && other.cause == r {
				s.setDeleted(other, false, 0, nil)
				s.touch(other, a, false)
				s.refillLookups(other)
			}
		}
	}
	s.rippleActivity(r.val("WhatId"), a.at)
	return nil
}

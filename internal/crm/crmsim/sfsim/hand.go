package sfsim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The methods below are what people do in the browser. They act as an admin,
// through the same rules and stamps as API writes, without field permissions.

// Get reads a stored value: nil, string, bool, float64 or time.Time. It panics
// if the object or field does not exist, and returns nil for unknown ids.
func (s *Server) Get(object, id, name string) any {
	s.tick()
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.table(object)
	if t == nil || t.field(name) == nil {
		panic("sfsim: no field " + object + "." + name)
	}
	r := s.find(t, id)
	if r == nil {
		return nil
	}
	if at, ok := r.get(t.field(name).pos).(stamp); ok {
		return at.time()
	}
	return r.get(t.field(name).pos)
}

// IDs lists the ids of an object's records that are not deleted, in the order
// in which they were made.
func (s *Server) IDs(object string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []string
	for _, r := range s.table(object).rows {
		if !r.gone && !r.deleted {
			out = append(out, r.id)
		}
	}
	return out
}

// Binned lists the ids of an object's records in the recycle bin.
func (s *Server) Binned(object string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []string
	for _, r := range s.table(object).rows {
		if !r.gone && r.deleted {
			out = append(out, r.id)
		}
	}
	return out
}

// Set is a person's edit of one field. v is nil, a string, a bool, a number or
// a time.Time.
func (s *Server) Set(object, id, name string, v any) error {
	return s.SetLate(object, id, name, v, 0)
}

// SetLate is an edit inside a transaction that takes lag to commit: the record
// carries the stamp of now, and nobody sees it before.
func (s *Server) SetLate(object, id, name string, v any, lag time.Duration) error {
	return s.byHand(lag, func(a actor) error {
		t := s.table(object)
		if t == nil {
			return fmt.Errorf("sfsim: no object %s", object)
		}
		r := s.find(t, id)
		if r == nil {
			return fmt.Errorf("sfsim: no %s %s", object, id)
		}
		if strings.HasPrefix(name, "EmailBounced") { // the mail server's doing, not a person's
			return s.setBounce(a, r, name, v)
		}
		d, bad, whole := s.draft(a, t, r, map[string]any{name: handValue(v)})
		if err := handError(bad, whole); err != nil {
			return err
		}
		s.commit(a, d)
		return nil
	})
}

func (s *Server) setBounce(a actor, r *record, name string, v any) error {
	f := r.t.field(name)
	if f == nil {
		return fmt.Errorf("sfsim: no field %s.%s", r.t.name, name)
	}
	stored, bad, whole := s.coerce(f, handValue(v))
	if err := handError(bad, whole); err != nil {
		return err
	}
	s.put(r, f.pos, stored)
	s.set(r, "IsEmailBounced", r.val("EmailBouncedDate") != nil)
	s.put(r, r.t.mod, a.at)
	return nil
}

// Insert makes a record and returns its id.
func (s *Server) Insert(object string, values map[string]any) (string, error) {
	return s.InsertLate(object, values, 0)
}

// InsertLate makes a record inside a transaction that takes lag to commit. The
// id is "" if lag is not 0.
func (s *Server) InsertLate(object string, values map[string]any, lag time.Duration) (string, error) {
	var id string
	err := s.byHand(lag, func(a actor) error {
		t := s.table(object)
		if t == nil {
			return fmt.Errorf("sfsim: no object %s", object)
		}
		in := map[string]any{}
		for k, v := range values {
			in[k] = handValue(v)
		}
		d, bad, whole := s.draft(a, t, nil, in)
		if err := handError(bad, whole); err != nil {
			return err
		}
		id = s.commit(a, d).id
		return nil
	})
	return id, err
}

// Delete moves a record to the Recycle Bin with what hangs on it. Contact roles
// and file links are gone at once.
func (s *Server) Delete(object, id string) error {
	return s.withRecord(object, id, s.remove)
}

// Undelete takes a record and what was deleted with it out of the Recycle Bin.
func (s *Server) Undelete(object, id string) error {
	return s.withRecord(object, id, s.restore)
}

// Purge empties a deleted record from the Recycle Bin.
func (s *Server) Purge(object, id string) error {
	return s.withRecord(object, id, func(_ actor, r *record) *recordError {
		if !r.deleted {
			return deny("DELETE_FAILED", "record is not in the recycle bin")
		}
		for _, t := range s.list {
			for _, other := range slices.Clone(t.rows) {
				if !other.gone && other.deleted && other.cause == r {
					s.vanish(other)
				}
			}
		}
		return nil
	})
}

// Merge folds losers into the winner: their children move, silently unless
// Options.MergeStampsChildren, and they end in the Recycle Bin with the winner
// as their MasterRecordId.
func (s *Server) Merge(object, winner string, losers ...string) error {
	return s.withRecord(object, winner, func(a actor, w *record) *recordError {
		if !w.t.merges {
			return deny("INVALID_TYPE_FOR_OPERATION", "entity type cannot be merged: "+w.t.label)
		}
		for _, id := range losers {
			l := s.find(w.t, id)
			if l == nil || l == w || l.deleted {
				return deny("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
			}
			s.moveChildren(a, l, w)
			s.set(l, "MasterRecordId", w.id)
			s.toBin(a, l, l)
		}
		s.touch(w, a, false)
		return nil
	})
}

func (s *Server) moveChildren(a actor, from, to *record) {
	for _, c := range from.t.children {
		for _, r := range c.t.index[c.f.pos][from.id] {
			s.put(r, c.f.pos, to.id)
			if s.o.MergeStampsChildren && r.t.mod >= 0 {
				s.put(r, r.t.mod, a.at)
			}
		}
	}
	if from.t == s.contact {
		for _, r := range s.opp.rows {
			if r.val("ContactId") == from.id {
				s.set(r, "ContactId", to.id)
			}
		}
	}
}

func (s *Server) withRecord(object, id string, do func(actor, *record) *recordError) error {
	return s.byHand(0, func(a actor) error {
		t := s.table(object)
		if t == nil {
			return fmt.Errorf("sfsim: no object %s", object)
		}
		r := s.find(t, id)
		if r == nil {
			return fmt.Errorf("sfsim: no %s %s", object, id)
		}
		return handError(do(a, r), nil)
	})
}

// A pendingEdit is done but not committed.
type pendingEdit struct {
	due time.Time
	do  func()
}

// byHand runs an edit as the admin, now or when its transaction commits. A late
// edit that fails then is dropped, as a rolled-back transaction is.
func (s *Server) byHand(lag time.Duration, do func(actor) error) error {
	s.tick()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	a := actor{id: s.admin, at: stampOf(now)}
	atomic := func() error {
		var err error
		s.atomically(func() bool { err = do(a); return err == nil })
		return err
	}
	if lag <= 0 {
		return atomic()
	}
	s.pending = append(s.pending, pendingEdit{due: now.Add(lag), do: func() { _ = atomic() }})
	return nil
}

// tick commits the transactions and does the bulk jobs that are due.
func (s *Server) tick() {
	now := s.clock.Now()
	s.mu.RLock()
	waiting := len(s.pending) > 0 || len(s.bulkDue(now)) > 0
	s.mu.RUnlock()
	if !waiting {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.workBulk(now)
	s.pending = slices.DeleteFunc(s.pending, func(p pendingEdit) bool {
		if p.due.After(now) {
			return false
		}
		p.do()
		return true
	})
}

// handValue turns a Go value into what a JSON body would hold.
func handValue(v any) any {
	switch v := v.(type) {
	case int:
		return json.Number(strconv.Itoa(v))
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case float64:
		return json.Number(strconv.FormatFloat(v, 'f', -1, 64))
	case time.Time:
		return v.UTC().Format(timeLayout)
	}
	return v
}

func handError(bad *recordError, whole *apiError) error {
	switch {
	case whole != nil:
		return fmt.Errorf("sfsim: %s: %s", whole.Code, whole.Message)
	case bad != nil:
		return fmt.Errorf("sfsim: %s: %s", bad.Code, bad.Message)
	}
	return nil
}

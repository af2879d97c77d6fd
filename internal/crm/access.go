package crm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Access says who may read a field of a field set.
type Access uint8

// Who may read a field. Sellers are whoever owns a deal and holds no manager's
// role.
const (
	Internal   Access = iota // CSMs and managers; no harm is done where others can
	Open                     // sellers too: it tells no number and no band
	Restricted               // CSMs and managers alone: it tells a number or a band
)

// AttemptsField stands in leaks for what records of attempts tell.
const AttemptsField = "attempts"

// Visibility is who can read the restricted fields, as far as the CRM tells.
type Visibility struct {
	Known bool   // false: the CRM, or what we may read of it, does not say
	Leaks []Leak // sellers that can read restricted fields
	// Withheld are the logical names of fields of ours that are not written
	// because of a leak: the adapter tells them as not writable. AttemptsField is
	// among them where records of attempts are not kept for that reason.
	Withheld []string
	// Untold says in plain words what cannot be known, and what a person has to
	// look at; "" if all is told.
	Untold string
}

// Waiver is a person's word that sellers may read numbers.
type Waiver struct {
	By    string
	Until time.Time // from then on it no longer holds
}

// Holds reports whether somebody's word holds at a moment.
func (w Waiver) Holds(now time.Time) bool { return w.By != "" && now.Before(w.Until) }

// Withhold works out what is not written: our own restricted fields that leak,
// unless somebody has waived that.
func (v *Visibility) Withhold(s Setup, now time.Time) {
	v.Withheld = nil
	if s.Waiver.Holds(now) {
		return
	}
	if s.Attempts && slices.ContainsFunc(v.Leaks, func(l Leak) bool { return l.Field == AttemptsField }) {
		v.Withheld = append(v.Withheld, AttemptsField)
	}
	for _, f := range s.Fields {
		leaks := func(l Leak) bool { return l.Field == f.Name }
		if f.Writer == Ours && f.Access == Restricted && slices.ContainsFunc(v.Leaks, leaks) {
			v.Withheld = append(v.Withheld, f.Name)
		}
	}
}

// Problem tells of leaks in a sentence, nil if there are none.
func (v *Visibility) Problem(w Waiver, now time.Time) *Problem {
	if len(v.Leaks) == 0 {
		return nil
	}
	names, grants := map[string]bool{}, map[string]bool{}
	for _, l := range v.Leaks {
		names[l.Native] = true
		grants[fmt.Sprintf("%s (%d sellers)", l.By, l.Sellers)] = true
	}
	p := &Problem{
		Severity: Fail, Place: "visibility",
		Message: fmt.Sprintf("sellers can read numbers or bands: %s, by %s", some(names), some(grants)),
		Fix:     "take the read access to these fields away from whoever sells, or have somebody answer for it until a day under visibility_waiver",
	}
	switch {
	case w.Holds(now):
		p.Severity, p.Fix = Warn, ""
		p.Message += fmt.Sprintf("; waived by %s until %s", w.By, w.Until.Format(time.DateOnly))
	case len(v.Withheld) > 0:
		p.Message += "; what syncd writes of these is held back"
	}
	if w.By != "" && !w.Holds(now) {
		p.Message += fmt.Sprintf("; the waiver of %s ended on %s", w.By, w.Until.Format(time.DateOnly))
	}
	return p
}

// some names a few of a set.
func some(set map[string]bool) string {
	return Some(slices.Sorted(maps.Keys(set)))
}

// Some names a few of a list and counts the rest.
func Some(names []string) string {
	const few = 4
	if len(names) > few {
		return strings.Join(names[:few], ", ") + fmt.Sprintf(" and %d more", len(names)-few)
	}
	return strings.Join(names, ", ")
}

// Leak is a restricted field that sellers can read.
type Leak struct {
	Field   string // logical name
	Native  string
	By      string // what grants it: a profile, a permission set
	Sellers int    // how many active ones that covers
}

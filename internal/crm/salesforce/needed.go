package salesforce

import (
	"fmt"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// Kinds of part, in the vendor's words.
const (
	partField      = "field"
	partSet        = "permission set"
	partPermission = "field permission"
	partObject     = "object"
	partObjectUse  = "object permission"
)

// The permission sets that a set-up needs. They are the same whatever the
// fields are called.
const (
	syncSet    = "Handoff_Sync"
	csmSet     = "Handoff_CSM"
	managerSet = "Handoff_Manager"
	sellerSet  = "Handoff_Seller"
)

// permissionSet is one of them and whom it is for.
type permissionSet struct {
	name, label, about, holders string
}

func permissionSets() []permissionSet {
	return []permissionSet{
		{syncSet, "Handoff Sync", "Reads and writes the handoff fields; for the integration user alone", "the integration user that syncd signs in as, and nobody else"},
		{csmSet, "Handoff CSM", "Reads all handoff fields and fills in the scores", "every CSM who scores handoffs"},
		{managerSet, "Handoff Manager", "Reads all handoff fields and settles disputes", "CS managers, Sales managers and RevOps"},
		{sellerSet, "Handoff Seller", "Reads the handoff fields that tell no number", "everybody who owns deals"},
	}
}

// managers names the fields, within a field set, that a CS manager fills in.
var managers = map[string]bool{"dispute_outcome": true, "dispute_score": true, "duplicate_decision": true}

// What a new field holds.
const (
	numberDigits   = 5 // before the point; there are none behind it
	enoughDigits   = 3 // in a field that is there already
	textLength     = 255
	longTextLength = 32_768
	noteLength     = 2_000 // an object holds 1.6 million characters of long text in all
	visibleLines   = 6
	keyLength      = 80
)

// wanted is a custom field that the set-up needs.
type wanted struct {
	object  string // Opportunity, Activity for what tasks have, or the object of attempts
	native  string
	logical string
	kind    crm.Kind
	label   string
	help    string
	options []string
	key     bool   // an external id
	unique  bool   // no two records share it
	to      string // the object that it refers to, "" if it is no lookup; users are a kind of their own
	sealed  bool   // sellers are not to read it
	either  bool   // a date would do as well
	note    bool   // for people alone: our user neither reads nor writes it
	writer  crm.Writer
	access  crm.Access
	base    string
}

func (w *wanted) fullName() string { return w.object + "." + w.native }

// path is how permissions name the field: what activities have goes by Task.
func (w *wanted) path() string {
	if w.object == "Activity" {
		return "Task." + w.native
	}
	return w.fullName()
}

// neededFields lists the fields to create: those of a field set that nobody
// mapped to a field of the org's own. Optional ones are among them: they are
// in the set-up because somebody asked for them.
func neededFields(setup crm.Setup) []wanted {
	var out []wanted
	for i, f := range slices.Concat(setup.Fields, setup.Notes) {
		native := nativeName(f)
		if f.Native != "" || native == "" || f.Object == crm.ObjectContact || f.Writer != crm.Ours && f.Writer != crm.CSM {
			continue
		}
		w := wanted{
			object: "Opportunity", native: native, logical: f.Name, kind: f.Kind, label: f.Label, help: f.Help, options: f.Options,
			writer: f.Writer, access: f.Access, base: f.Base, note: i >= len(setup.Fields),
		}
		if w.kind == "" {
			w.kind, w.either = crm.DateTime, true
		}
		if w.label == "" {
			w.label = strings.ReplaceAll(strings.TrimSuffix(native, "__c"), "_", " ")
		}
		out = append(out, w)
	}
	if setup.Attempts {
		for _, f := range attemptFields {
			key := f.native == attemptKey
			out = append(out, wanted{
				object: attemptObject, native: f.native, kind: f.kind, label: f.label, help: f.help, to: f.to, key: key, unique: key, sealed: f.restricted, writer: crm.Ours,
			})
		}
	}
	return append(out, wanted{
		object: "Activity", native: keyField, kind: crm.Text, label: "Handoff Key", key: true, writer: crm.Ours,
		help: "Filled by syncd: finds its own tasks again.",
	})
}

// says is the type in people's words.
func (w *wanted) says() string {
	if w.to != "" {
		return "lookup of " + w.to
	}
	switch w.kind {
	case crm.Number:
		return fmt.Sprintf("number %d.0", numberDigits)
	case crm.Picklist:
		return fmt.Sprintf("picklist of %d", len(w.options))
	case crm.Bool:
		return "checkbox"
	case crm.Date:
		return "date"
	case crm.DateTime:
		return "date-time"
	case crm.User:
		return "lookup of a user"
	case crm.LongText:
		return fmt.Sprintf("long text %d", w.length())
	}
	if w.key {
		if w.unique {
			return fmt.Sprintf("text %d, unique, external id", keyLength)
		}
		return fmt.Sprintf("text %d, external id", keyLength)
	}
	return fmt.Sprintf("text %d", textLength)
}

// allowance is a permission on one field in one permission set.
type allowance struct {
	set  string
	path string // Opportunity.Handoff_Score__c
	of   *wanted
	edit bool
}

func (a *allowance) name() string { return a.set + "/" + a.path }

func (a *allowance) says() string { return readsOrEdits(a.edit) }

func readsOrEdits(edit bool) string {
	if edit {
		return "read and edit"
	}
	return "read"
}

// allowances lists what each permission set has to grant: by set, then in the
// order of fields.
func allowances(fields []wanted) []allowance {
	var out []allowance
	for _, set := range permissionSets() {
		for i := range fields {
			w := &fields[i]
			a := allowance{set: set.name, path: w.path(), of: w}
			switch {
			case set.name == syncSet && w.note:
				continue
			case set.name == syncSet:
				a.edit = true
			case w.object == "Activity", w.object == attemptObject && set.name == sellerSet:
				continue
			case set.name == csmSet:
				a.edit = w.writer == crm.CSM && !managers[w.base]
			case set.name == managerSet:
				a.edit = managers[w.base]
			case w.access != crm.Open:
				continue
			}
			out = append(out, a)
		}
	}
	return out
}

// objectUse is what a permission set allows with an object of ours. Whoever may
// read it reads all its records: they belong to the integration user.
type objectUse struct {
	set    string
	object string
	edit   bool // create and edit too
}

func (u *objectUse) name() string { return u.set + "/" + u.object }

func (u *objectUse) says() string {
	if u.edit {
		return "read, create and edit all"
	}
	return "read all"
}

// objectUses lists what each permission set has to allow with our object, where
// the set-up needs one.
func objectUses(setup crm.Setup) []objectUse {
	if !setup.Attempts {
		return nil
	}
	return []objectUse{{syncSet, attemptObject, true}, {csmSet, attemptObject, false}, {managerSet, attemptObject, false}}
}

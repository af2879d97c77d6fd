package apptest

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// Deal is the CRM's id of a deal of the world.
func (r *Rig) Deal(i int) string {
	if r.HS != nil {
		return r.HS.DealID(i)
	}
	return r.SF.DealID(i)
}

// ContactID is the CRM's id of a contact of the world.
func (r *Rig) ContactID(i int) string {
	if r.HS != nil {
		return r.HS.ContactID(i)
	}
	return r.SF.ContactID(i)
}

// Holder is the contact of the world that holds a role on a deal, or -1.
func (r *Rig) Holder(deal int, role string) int {
	for _, held := range r.World.Deals[deal].Roles {
		if held.Name == role {
			return held.Contact
		}
	}
	return -1
}

// native is a deal field's API name by its logical one: "arr", "status",
// "item_1_1_score", "evidence.1.1".
func (r *Rig) native(t *testing.T, name string) string {
	t.Helper()
	i := slices.IndexFunc(r.World.Fields, func(f world.Field) bool { return f.Object == "deal" && f.Name == name })
	if i < 0 {
		t.Fatalf("the world has no deal field %q", name)
	}
	if r.HS != nil {
		return r.World.Fields[i].HubSpot
	}
	return r.World.Fields[i].Salesforce
}

// Field reads a deal's field as text, by its logical name: numbers without
// needless zeros, instants as RFC 3339 in UTC, "" for blank.
func (r *Rig) Field(t *testing.T, id, name string) string {
	t.Helper()
	if r.HS != nil {
		v, _ := r.HS.Get("deals", id, r.native(t, name))
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			return at.UTC().Format(time.RFC3339)
		}
		return v
	}
	switch v := r.SF.Get("Opportunity", id, r.native(t, name)).(type) {
	case nil:
		return ""
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case string:
		return v
	default:
		t.Fatalf("%s holds %T", name, v)
		return ""
	}
}

// Own reads syncd's own fields of a deal, times of writing apart.
func (r *Rig) Own(t *testing.T, id string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, f := range r.World.Fields {
		if f.Object == "deal" && strings.HasPrefix(f.HubSpot, "handoff_") && f.Name != "updated_at" {
			all[f.Name] = r.Field(t, id, f.Name)
		}
	}
	return all
}

// Set is a person's edit of one field of a deal, by its logical name. Booleans
// are "true" and "false".
func (r *Rig) Set(t *testing.T, id, name, value string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Set("deals", id, r.native(t, name), value))
		return
	}
	must(t, r.SF.Set("Opportunity", id, r.native(t, name), r.value(t, name, value)))
}

func (r *Rig) value(t *testing.T, name, text string) any {
	t.Helper()
	i := slices.IndexFunc(r.World.Fields, func(f world.Field) bool { return f.Object == "deal" && f.Name == name })
	switch kind := string(r.World.Fields[i].Kind); {
	case text == "":
		return nil
	case kind == "number" || kind == "money":
		n, err := strconv.ParseFloat(text, 64)
		must(t, err)
		return n
	case kind == "bool":
		return text == "true"
	case kind == "datetime":
		at, err := time.Parse(time.RFC3339, text)
		must(t, err)
		return at
	}
	return text
}

// SetPhone is a person's edit of a contact's phone number.
func (r *Rig) SetPhone(t *testing.T, contact int, phone string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Set("contacts", r.ContactID(contact), "phone", phone))
		return
	}
	must(t, r.SF.Set("Contact", r.ContactID(contact), "Phone", phone))
}

// Unlink takes the holder of a role off a deal.
func (r *Rig) Unlink(t *testing.T, deal int, role string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Dissociate("deals", r.Deal(deal), "contacts", r.ContactID(r.Holder(deal, role))))
		return
	}
	must(t, r.SF.Delete("OpportunityContactRole", r.role(t, deal, role)))
}

// Relabel gives the holder of a role another one.
func (r *Rig) Relabel(t *testing.T, deal int, from, to string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Label(r.Deal(deal), r.ContactID(r.Holder(deal, from)), to))
		return
	}
	must(t, r.SF.Set("OpportunityContactRole", r.role(t, deal, from), "Role", to))
}

// Link puts a contact on a deal in a role.
func (r *Rig) Link(t *testing.T, deal, contact int, role string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Label(r.Deal(deal), r.ContactID(contact), role))
		return
	}
	_, err := r.SF.Insert("OpportunityContactRole", map[string]any{"OpportunityId": r.Deal(deal), "ContactId": r.ContactID(contact), "Role": role})
	must(t, err)
}

// role is the id of a contact role.
func (r *Rig) role(t *testing.T, deal int, role string) string {
	t.Helper()
	for _, id := range r.SF.IDs("OpportunityContactRole") {
		if r.SF.Get("OpportunityContactRole", id, "OpportunityId") == r.Deal(deal) && r.SF.Get("OpportunityContactRole", id, "Role") == role {
			return id
		}
	}
	t.Fatalf("deal %d has no %s", deal, role)
	return ""
}

// Delete is a person's deletion of a deal.
func (r *Rig) Delete(t *testing.T, id string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Archive("deals", id))
		return
	}
	must(t, r.SF.Delete("Opportunity", id))
}

// Undelete takes a deletion back.
func (r *Rig) Undelete(t *testing.T, id string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Restore("deals", id))
		return
	}
	must(t, r.SF.Undelete("Opportunity", id))
}

// DealsWritten counts the deal records written through the API so far.
func (r *Rig) DealsWritten() int {
	if r.HS != nil {
		return r.HS.Stats().Written["deals"]
	}
	return r.SF.Stats().Written["Opportunity"]
}

// Requests lists what the CRM was asked for, oldest first, as "METHOD path".
func (r *Rig) Requests() []string {
	var all []string
	if r.HS != nil {
		for _, q := range r.HS.Requests() {
			all = append(all, q.Method+" "+q.Path)
		}
		return all
	}
	for _, q := range r.SF.Requests() {
		all = append(all, q.Method+" "+q.Path)
	}
	return all
}

// ResetStats forgets what the CRM was asked for.
func (r *Rig) ResetStats() {
	if r.HS != nil {
		r.HS.ResetStats()
		return
	}
	r.SF.ResetStats()
}

// Mishap names a fault in words of both vendors.
type Mishap string

// Mishaps.
const (
	ResetBefore   Mishap = "reset before commit"
	ResetAfter    Mishap = "reset after commit"
	Unavailable   Mishap = "503 HTML"
	HTMLPage      Mishap = "200 HTML"
	TruncatedJSON Mishap = "truncated JSON"
	TruncatedBody Mishap = "truncated body"
	EmptyAnswer   Mishap = "empty answer"
	RefuseRecords Mishap = "refuse single records"
)

// Fail plans a mishap for the nth request of a kind ("" is any), times in a row.
func (r *Rig) Fail(do Mishap, on string, nth, times int, ids ...string) {
	if r.HS != nil {
		r.HS.AddFault(hssim.Fault{Do: hssim.Mishap(do), On: on, Nth: nth, Times: times, IDs: ids})
		return
	}
	r.SF.AddFault(sfsim.Fault{Do: sfsim.Mishap(do), On: on, Nth: nth, Times: times, IDs: ids})
}

// Meanwhile lets people act just before the nth request of a kind is served.
func (r *Rig) Meanwhile(on string, nth int, act func()) {
	if r.HS != nil {
		r.HS.AddFault(hssim.Fault{Do: hssim.Meanwhile, On: on, Nth: nth, Act: act})
		return
	}
	r.SF.AddFault(sfsim.Fault{Do: sfsim.Meanwhile, On: on, Nth: nth, Act: act})
}

// Fired counts the mishaps that have happened.
func (r *Rig) Fired() int {
	n := 0
	if r.HS != nil {
		for _, k := range r.HS.Fired() {
			n += k
		}
		return n
	}
	for _, k := range r.SF.Fired() {
		n += k
	}
	return n
}

// ClearFaults cancels every planned mishap.
func (r *Rig) ClearFaults() {
	if r.HS != nil {
		r.HS.ClearFaults()
		return
	}
	r.SF.ClearFaults()
}

// Calls counts the requests since ResetStats by kind, as faults name kinds.
func (r *Rig) Calls() map[string]int {
	n := map[string]int{}
	if r.HS != nil {
		for _, q := range r.HS.Requests() {
			n[q.Kind]++
		}
		return n
	}
	for _, q := range r.SF.Requests() {
		n[strings.TrimSpace(q.Kind+" "+q.Object)]++
	}
	return n
}

// Shows reports whether a deal's record holds a value as a write carries it,
// by the field's API name.
func (r *Rig) Shows(id, native string, v any) bool {
	var have any
	if r.HS != nil {
		have, _ = r.HS.Get("deals", id, native)
	} else {
		have = r.SF.Get("Opportunity", id, native)
	}
	return plain(have) == plain(v)
}

// plain is a value in one form, whichever way it is written down.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.UTC().Truncate(time.Second).Format(time.RFC3339)
	case string:
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.000-0700"} {
			if at, err := time.Parse(layout, v); err == nil {
				return plain(at)
			}
		}
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			return plain(n)
		}
		return strings.TrimSpace(v)
	}
	return "?"
}

// MergeContacts folds one contact of the world into another.
func (r *Rig) MergeContacts(t *testing.T, winner, loser int) {
	t.Helper()
	if r.HS != nil {
		_, err := r.HS.Merge("contacts", r.ContactID(winner), r.ContactID(loser))
		must(t, err)
		return
	}
	must(t, r.SF.Merge("Contact", r.ContactID(winner), r.ContactID(loser)))
}

// MergeDeals folds one deal of the world into another; only HubSpot can.
func (r *Rig) MergeDeals(t *testing.T, winner, loser int) {
	t.Helper()
	_, err := r.HS.Merge("deals", r.Deal(winner), r.Deal(loser))
	must(t, err)
}

// Win takes a deal to its pipeline's stage for won ones.
func (r *Rig) Win(t *testing.T, deal int) {
	t.Helper()
	if r.SF != nil {
		must(t, r.SF.Set("Opportunity", r.Deal(deal), "StageName", "Closed Won"))
		return
	}
	stage := "closedwon"
	if pipeline, _ := r.HS.Get("deals", r.Deal(deal), "pipeline"); pipeline != "default" {
		stage = "148230642"
	}
	must(t, r.HS.Set("deals", r.Deal(deal), "dealstage", stage))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

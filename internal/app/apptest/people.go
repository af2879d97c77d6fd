package apptest

import (
	"testing"
	"time"
)

// User is the id by which records refer to a user of the world.
func (r *Rig) User(i int) string {
	if r.HS != nil {
		return r.HS.OwnerID(i)
	}
	return r.SF.UserID(i)
}

// SetTitle is a person's edit of a contact's job title.
func (r *Rig) SetTitle(t *testing.T, contact int, title string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Set("contacts", r.ContactID(contact), "jobtitle", title))
		return
	}
	must(t, r.SF.Set("Contact", r.ContactID(contact), "Title", title))
}

// Write puts a note on a deal.
func (r *Rig) Write(t *testing.T, deal int, text string) {
	t.Helper()
	var err error
	if r.HS != nil {
		at := r.Clock.Now().Format(time.RFC3339)
		_, err = r.HS.Create("notes", map[string]string{"hs_timestamp": at, "hs_note_body": "<p>" + text + "</p>"}, "deals/"+r.Deal(deal))
	} else {
		_, err = r.SF.Insert("Note", map[string]any{"ParentId": r.Deal(deal), "Title": "Note", "Body": text})
	}
	must(t, err)
}

// Reopen takes a won deal back to a stage in which it is negotiated.
func (r *Rig) Reopen(t *testing.T, deal int) {
	t.Helper()
	if r.SF != nil {
		must(t, r.SF.Set("Opportunity", r.Deal(deal), "StageName", "Negotiation/Review"))
		return
	}
	stage := "contractsent"
	if pipeline, _ := r.HS.Get("deals", r.Deal(deal), "pipeline"); pipeline != "default" {
		stage = "148230641"
	}
	must(t, r.HS.Set("deals", r.Deal(deal), "dealstage", stage))
}

package apptest

import (
	"encoding/base64"
	"testing"
	"time"
)

// AddNote is a person's note on a deal, of the kind that people write there
// today, and returns its id.
func (r *Rig) AddNote(t *testing.T, deal int, text string) string {
	t.Helper()
	if r.HS != nil {
		id, err := r.HS.Create("notes", map[string]string{"hs_note_body": text, "hs_timestamp": r.Clock.Now().UTC().Format(time.RFC3339)}, "deals/"+r.Deal(deal))
		must(t, err)
		return id
	}
	id, err := r.SF.Insert("ContentNote", map[string]any{"Title": "Note", "Content": base64.StdEncoding.EncodeToString([]byte(text))})
	must(t, err)
	_, err = r.SF.Insert("ContentDocumentLink", map[string]any{"ContentDocumentId": id, "LinkedEntityId": r.Deal(deal), "ShareType": "V"})
	must(t, err)
	return id
}

// EditNote is a person's edit of such a note.
func (r *Rig) EditNote(t *testing.T, id, text string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Set("notes", id, "hs_note_body", text))
		return
	}
	must(t, r.SF.Set("ContentNote", id, "Content", base64.StdEncoding.EncodeToString([]byte(text))))
}

// HasPhone reports whether a contact's phone number is the one given.
func (r *Rig) HasPhone(contact int, phone string) bool {
	if r.HS != nil {
		v, _ := r.HS.Get("contacts", r.ContactID(contact), "phone")
		return v == phone
	}
	return r.SF.Get("Contact", r.ContactID(contact), "Phone") == phone
}

package hubspot

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// activityKind is one of the kinds of record that people log on a deal.
type activityKind struct {
	object string
	kind   crm.NoteKind
	title  string   // property, "" if the kind has none
	bodies []string // properties that hold the words
	join   bool     // all bodies count, else the first that holds something
	scope  string   // what a token needs to read them
}

var activityKinds = []activityKind{
	{object: "notes", kind: crm.NoteText, bodies: []string{"hs_note_body"}, scope: "crm.objects.contacts.read"},
	{object: "calls", kind: crm.NoteCall, title: "hs_call_title", bodies: []string{"hs_call_body"}, scope: "crm.objects.contacts.read"},
	{object: "emails", kind: crm.NoteEmail, title: "hs_email_subject", bodies: []string{"hs_email_text", "hs_email_html"}, scope: "sales-email-read"},
	{object: "meetings", kind: crm.NoteMeeting, title: "hs_meeting_title", bodies: []string{"hs_meeting_body", "hs_internal_meeting_notes"}, join: true, scope: "crm.objects.contacts.read"},
	{object: "tasks", kind: crm.NoteTask, title: "hs_task_subject", bodies: []string{"hs_task_body"}, scope: "crm.objects.contacts.read"},
}

// activity is one kind of logged record of a batch of deals.
type activity struct {
	kind   activityKind
	linked *linked
	notes  map[string]crm.Note
	dark   map[string]bool // ids that cannot be read
	denied bool            // none of the kind can be read
}

func (a *activity) fetch(ctx context.Context, c *Client, ids []string) (err error) {
	if a.linked, err = c.link(ctx, ids, a.kind.object); err != nil {
		return err
	}
	targets := a.linked.targets()
	if len(targets) == 0 {
		return nil
	}
	if c.refusals.of(a.kind.object) != nil {
		a.denied = true
		return nil
	}
	properties := append([]string{"hs_timestamp", "hs_createdate", "hubspot_owner_id"}, a.kind.bodies...)
	if a.kind.title != "" {
		properties = append(properties, a.kind.title)
	}
	recs, err := c.read(ctx, a.kind.object, targets, properties, nil, objectBatch)
	if e, refused := refusedKind(err); refused {
		c.refusals.add(a.kind.object, e)
		a.denied = true
		return nil
	}
	if err != nil {
		return err
	}
	a.notes, a.dark = make(map[string]crm.Note, len(recs.found)), map[string]bool{}
	for id, rec := range recs.found {
		note, known := a.kind.note(rec)
		if !known {
			a.dark[id] = true
		}
		a.notes[id] = note
	}
	for _, id := range recs.refused {
		a.dark[id] = true
	}
	return nil
}

// note reads one logged record; known is false if its words cannot be seen.
func (k activityKind) note(rec *record) (n crm.Note, known bool) {
	owner, _ := rec.value("hubspot_owner_id")
	n = crm.Note{ID: rec.id, Kind: k.kind, At: k.at(rec), Author: crm.UserID(strings.TrimSpace(owner))}
	if k.title != "" {
		n.Title, _ = rec.value(k.title)
	}
	var parts []string
	for _, name := range k.bodies {
		text, spoken := rec.value(name)
		known = known || spoken
		if text != "" && (k.join || len(parts) == 0) {
			parts = append(parts, text)
		}
	}
	n.Body = strings.Join(parts, "\n")
	n.Ours = crm.IsOwnMark(strings.ReplaceAll(n.Title+"\n"+n.Body, "&nbsp;", " "))
	return n, known
}

// at is when something was logged. A note, call or mail is dated by its
// timestamp. That of a task is when it is due, and that of a meeting when it
// takes place, which may lie ahead.
func (k activityKind) at(rec *record) time.Time {
	stamp, hasStamp := instant(rec.text("hs_timestamp"))
	created := stampOf(rec.created, rec.text("hs_createdate"))
	switch {
	case !hasStamp:
		return created
	case created.IsZero():
		return stamp
	case k.kind == crm.NoteTask, k.kind == crm.NoteMeeting && created.Before(stamp):
		return created
	}
	return stamp
}

// notesOf collects what is logged on a deal, in the order of time.
func (b *batch) notesOf(deal string) (notes []crm.Note, state crm.State) {
	state = crm.Unmapped
	for _, a := range b.activities {
		switch a.linked.state(deal) {
		case crm.Unmapped:
			continue
		case crm.Unreadable:
			state = crm.Unreadable
			continue
		}
		if state == crm.Unmapped {
			state = crm.Read
		}
		for _, l := range a.linked.of[deal] {
			note, found := a.notes[l.to]
			if a.denied || a.dark[l.to] {
				state = crm.Unreadable
			}
			if found {
				notes = append(notes, note)
			}
		}
	}
	slices.SortFunc(notes, func(x, y crm.Note) int {
		if c := x.At.Compare(y.At); c != 0 {
			return c
		}
		return strings.Compare(string(x.Kind)+x.ID, string(y.Kind)+y.ID)
	})
	return notes, state
}

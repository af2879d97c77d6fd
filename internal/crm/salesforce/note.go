package salesforce

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// noteObject is one of the places where people write about a deal.
type noteObject struct {
	object string
	parent string // the column that holds the deal
	title  string
	body   string
	kind   crm.NoteKind
	extra  []string // asked for where our user can see them
	all    bool     // archived rows too
	// expected: every org has it, so if it is absent our user may not see it.
	expected bool
}

var noteObjects = []noteObject{
	{object: "Task", parent: "WhatId", title: "Subject", body: "Description", kind: crm.NoteTask, extra: []string{"TaskSubtype", "Type"}, all: true, expected: true},
	{object: "Event", parent: "WhatId", title: "Subject", body: "Description", kind: crm.NoteMeeting, all: true},
	{object: "Note", parent: "ParentId", title: "Title", body: "Body", kind: crm.NoteText},
	{object: "EmailMessage", parent: "RelatedToId", title: "Subject", body: "TextBody", kind: crm.NoteEmail, extra: []string{"ActivityId"}},
}

// noteAsks asks for the notes in each place the org has, and settles whether
// all of them could be asked for.
func (l *loading) noteAsks() []*ask {
	l.notesState = crm.Unmapped
	var asks []*ask
	for _, n := range noteObjects {
		switch l.s.noteState(n) {
		case crm.Unmapped:
			continue
		case crm.Unreadable:
			l.notesState = crm.Unreadable
			continue
		}
		if l.notesState == crm.Unmapped {
			l.notesState = crm.Read
		}
		asks = append(asks, l.noteAsk(n, l.s.objects[n.object]))
	}
	return asks
}

// noteState tells whether notes of one kind can be asked for: Unmapped if the
// org does not have the kind.
func (s *schema) noteState(n noteObject) crm.State {
	standing, o := s.standing(n.object), s.objects[n.object]
	switch {
	case standing == absent && !n.expected:
		return crm.Unmapped
	case standing != readable, o.field(n.body) == nil, o.field(n.parent) == nil:
		return crm.Unreadable
	}
	return crm.Read
}

// fileState is noteState of notes that are files.
func (s *schema) fileState() crm.State {
	switch {
	case s.standing("ContentNote") == absent:
		return crm.Unmapped
	case s.standing("ContentNote") != readable, s.standing("ContentDocumentLink") != readable,
		s.objects["ContentNote"].field("TextPreview") == nil:
		return crm.Unreadable
	}
	return crm.Read
}

func (l *loading) noteAsk(n noteObject, o *object) *ask {
	cols := []string{"Id", n.parent, n.body}
	cols = append(cols, o.having(n.title, "CreatedDate", "CreatedById")...)
	cols = append(cols, o.having(n.extra...)...)
	all, where := n.all && o.field("IsDeleted") != nil, ""
	if all { // archived rows come with the deleted ones
		where = "IsDeleted = false"
	}
	return &ask{
		object: n.object, cols: cols, key: n.parent, where: where, ids: l.ids,
		all: all, optional: true,
		row: func(v gjson.Result) { l.note(n, v) },
	}
}

func (l *loading) note(n noteObject, v gjson.Result) {
	r := l.row.read(v)
	d := l.at(r.get(n.parent).String())
	if d == nil {
		return
	}
	note := crm.Note{
		ID: id18(r.get("Id").String()), Kind: n.kind, At: instant(r.get("CreatedDate").String()),
		Author: crm.UserID(id18(r.get("CreatedById").String())),
		Title:  strings.Clone(r.get(n.title).String()), Body: strings.Clone(r.get(n.body).String()),
	}
	if n.object == "Task" {
		note.Kind = taskKind(r)
		note.Ours = crm.IsOwnMark(note.Body)
	}
	if task := r.get("ActivityId").String(); task != "" {
		if d.emailed == nil {
			d.emailed = map[string]bool{}
		}
		d.emailed[id18(task)] = true
	}
	d.notes = append(d.notes, note)
}

// taskKind tells logged calls and e-mails from tasks.
func taskKind(r *row) crm.NoteKind {
	for _, v := range []string{r.get("TaskSubtype").String(), r.get("Type").String()} {
		switch strings.ToLower(v) {
		case "call":
			return crm.NoteCall
		case "email":
			return crm.NoteEmail
		case "meeting":
			return crm.NoteMeeting
		}
	}
	return crm.NoteTask
}

// fileLinks asks which files hang on the deals; notes of the Lightning kind are
// files. The org wants a literal list of ids for it.
func (l *loading) fileLinks() *ask {
	switch l.s.fileState() {
	case crm.Unmapped:
		return nil
	case crm.Unreadable:
		l.notesState = crm.Unreadable
		return nil
	}
	if l.notesState == crm.Unmapped {
		l.notesState = crm.Read
	}
	return &ask{
		object: "ContentDocumentLink", cols: []string{"Id", "LinkedEntityId", "ContentDocumentId", "ContentDocument.FileType"},
		key: "LinkedEntityId", ids: l.ids, optional: true,
		row: func(v gjson.Result) {
			r := l.row.read(v)
			deal, doc := id18(r.get("LinkedEntityId").String()), id18(r.get("ContentDocumentId").String())
			kind := r.get("ContentDocument.FileType").String()
			if l.at(deal) == nil || !isID(doc) || kind != "" && kind != "SNOTE" {
				return
			}
			l.files[doc] = append(l.files[doc], deal)
			l.sure[doc] = l.sure[doc] || kind == "SNOTE"
		},
	}
}

// contentNotes asks for the text of the notes among the files, nil if there
// are none. The preview, 255 characters, is all that a query gives; it is
// enough to tell whether somebody wrote something.
func (l *loading) contentNotes() *ask {
	if len(l.files) == 0 {
		return nil
	}
	o := l.s.objects["ContentNote"]
	cols := append([]string{"Id", "TextPreview"}, o.having("Title", "CreatedDate", "CreatedById")...)
	l.preview = &ask{
		object: "ContentNote", cols: cols, key: "Id", ids: sortedKeys(l.files), optional: true,
		row: func(v gjson.Result) {
			r := l.row.read(v)
			doc := id18(r.get("Id").String())
			delete(l.sure, doc)
			for _, deal := range l.files[doc] {
				d := l.drafts[deal]
				d.notes = append(d.notes, crm.Note{
					ID: doc, Kind: crm.NoteText, At: instant(r.get("CreatedDate").String()),
					Author: crm.UserID(id18(r.get("CreatedById").String())),
					Title:  strings.Clone(r.get("Title").String()), Body: strings.Clone(r.get("TextPreview").String()),
				})
			}
		},
	}
	return l.preview
}

// settleNotes decides of every deal whether all its notes were read, and drops
// the tasks that stand for e-mails which were read by themselves.
func (l *loading) settleNotes() {
	state := l.notesState
	for _, a := range append([]*ask{l.links, l.preview}, l.notes...) {
		if a != nil && a.refused != nil {
			state = crm.Unreadable
		}
	}
	for _, d := range l.drafts {
		if d == nil {
			continue
		}
		d.deal.NotesState = state
		if len(d.emailed) == 0 {
			continue
		}
		kept := d.notes[:0]
		for _, n := range d.notes {
			if !d.emailed[n.ID] {
				kept = append(kept, n)
			}
		}
		d.notes = kept
	}
	for doc, isNote := range l.sure {
		if !isNote {
			continue // an unread file that may be anything
		}
		for _, deal := range l.files[doc] { // linked, and hidden from our user
			l.drafts[deal].deal.NotesState = crm.Unreadable
		}
	}
}

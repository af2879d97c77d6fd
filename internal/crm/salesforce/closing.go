package salesforce

import (
	"context"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// CloseTasks completes tasks in collections of 200 and puts the note before the
// mark. What they are now is read first, in one go: a person may have
// completed, deleted or edited them.
func (c *Client) CloseTasks(ctx context.Context, list []crm.Closing) ([]crm.TaskOutcome, error) {
	w := c.writing(http.MethodPatch, "Task", make([]crm.Outcome, len(list)))
	w.logical, w.spare = taskWords, func(native string) bool { return native == "Description" }
	if len(list) == 0 {
		return nil, nil
	}
	for i, cl := range list {
		w.made[i] = string(cl.ID)
	}
	var records []*record
	err := c.withSchema(ctx, func(s *schema) (err error) {
		records, err = w.closings(ctx, s, list)
		return err
	})
	if err != nil {
		return w.tasks(), err
	}
	err = w.send(counted(ctx, "tasks close"), records)
	for i := range w.out { // deleted since it was read
		if o := &w.out[i]; o.Status == crm.Rejected && o.Class == crm.ClassGone {
			*o = crm.Outcome{ID: o.ID, Status: crm.Confirmed}
		}
	}
	return w.tasks(), err
}

// closings reads the tasks and returns what is to be written to those that are
// open; the others are settled.
func (w *writing) closings(ctx context.Context, s *schema, list []crm.Closing) ([]*record, error) {
	if err := s.findable(); err != nil {
		return nil, err
	}
	statuses, err := w.c.taskStatuses(ctx, s)
	if err != nil {
		return nil, err
	}
	if status := s.objects["Task"].field("Status"); statuses.closed == "" || !status.Updateable {
		return nil, &crm.Error{
			Op: "salesforce.tasks", Kind: crm.Permission, Err: errText("tasks cannot be completed: no status that closes them can be set"),
			Fix: "let the integration user read Task Status Values and edit the field Status of Tasks",
		}
	}
	now, err := w.c.tasksNow(ctx, list)
	if err != nil {
		return nil, err
	}
	described := s.objects["Task"].field("Description")
	var records []*record
	byID := map[string]*record{}
	for i, cl := range list {
		id, o := id18(string(cl.ID)), &w.out[i]
		task := now[id]
		o.ID = task.deal
		switch {
		case !isID(id):
			o.Status, o.Class, o.Code, o.Message = crm.Rejected, crm.ClassInvalid, "MALFORMED_ID", "not a Salesforce record id"
			continue
		case !task.open:
			o.Status = crm.Confirmed // completed or deleted by somebody
			continue
		case byID[id] != nil:
			byID[id].to = append(byID[id].to, i)
			continue
		}
		r := &record{id: id, logical: w.logical, to: []int{i}}
		r.values.setText("Status", statuses.closed)
		if noted, ok := cl.Noted(task.text, described.Length, nil); ok && described.Updateable && !w.c.isLost("Task", described.Name) {
			r.values.setText(described.Name, noted)
		}
		byID[id] = r
		records = append(records, r)
	}
	return records, nil
}

// taskNow is a task as it stands. One that is not there is not open.
type taskNow struct {
	deal crm.DealID
	open bool // neither completed nor deleted
	text string
}

func (c *Client) tasksNow(ctx context.Context, list []crm.Closing) (map[string]taskNow, error) {
	var ids []string
	now := map[string]taskNow{}
	for _, cl := range list {
		id := id18(string(cl.ID))
		if _, asked := now[id]; !asked && isID(id) {
			now[id] = taskNow{}
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return now, nil
	}
	err := c.run(counted(ctx, "tasks find"), &ask{
		object: "Task", key: "Id", ids: ids, all: true,
		cols: []string{"Id", "WhatId", "IsClosed", "IsDeleted", "Description"},
		row: func(r gjson.Result) {
			now[id18(r.Get("Id").String())] = taskNow{
				deal: crm.DealID(id18(r.Get("WhatId").String())),
				open: !r.Get("IsClosed").Bool() && !r.Get("IsDeleted").Bool(),
				text: r.Get("Description").String(),
			}
		},
	})
	return now, err
}

package salesforce

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// TaskBatch is how many tasks one call makes or closes.
func (c *Client) TaskBatch() int { return writeBatch }

// FindTasks reads all tasks on the deals, the deleted and archived ones too,
// and what was posted there, and returns those of ours. A description cannot be asked for in a query, so
// which they are is told here, by the key field or the mark.
func (c *Client) FindTasks(ctx context.Context, deals []crm.DealID) (found []crm.FoundTask, err error) {
	var ids []string
	for _, id := range deals {
		if isID(string(id)) {
			ids = append(ids, id18(string(id)))
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		return nil, nil
	}
	err = c.withSchema(ctx, func(s *schema) error {
		found = nil
		if err := s.findable(); err != nil {
			return err
		}
		tasks, posts := &ask{
			object: "Task", key: "WhatId", ids: ids, all: true,
			cols: append([]string{"Id", "WhatId", "OwnerId", "IsClosed", "IsDeleted", "Description"}, s.objects["Task"].having(keyField)...),
			row: func(r gjson.Result) {
				if t, ours := foundTask(r); ours {
					found = append(found, t)
				}
			},
		}, c.findPosts(s, ids, &found)
		if posts == nil {
			return c.run(counted(ctx, "tasks find"), tasks)
		}
		err := c.run(counted(ctx, "tasks find"), tasks, posts)
		if posts.refused != nil {
			c.silence(s, posts.refused)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b crm.FoundTask) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return found, nil
}

// findable says what our user lacks to find tasks again.
func (s *schema) findable() error {
	for _, name := range []string{"WhatId", "OwnerId", "IsClosed", "IsDeleted", "Description"} {
		if s.standing("Task") != readable || s.objects["Task"].field(name) == nil {
			return &crm.Error{
				Op: "salesforce.tasks", Kind: crm.Permission, Err: errText("tasks cannot be read, or not their field " + name),
				Fix: "give the integration user read access to Tasks and their fields",
			}
		}
	}
	return nil
}

// MakeTasks makes tasks in collections of 200, and posts one by one. Nothing is
// sent where our user could not find it again. Of two with one key the first
// is made.
func (c *Client) MakeTasks(ctx context.Context, tasks []crm.Task) ([]crm.TaskOutcome, error) {
	out := make([]crm.Outcome, len(tasks))
	for i, t := range tasks {
		out[i].ID = t.Deal
	}
	if len(tasks) == 0 {
		return nil, nil
	}
	w := c.writing(http.MethodPost, "Task", out)
	w.logical, w.spare = taskWords, spareInTask
	form, err := c.taskForm(ctx)
	if err != nil {
		return w.tasks(), err
	}
	if err = w.send(counted(ctx, "tasks make"), w.newTasks(form, tasks)); err == nil {
		err = w.post(counted(ctx, "posts make"), tasks)
	}
	return w.tasks(), err
}

// taskForm learns how the org takes tasks from us.
func (c *Client) taskForm(ctx context.Context) (taskForm, error) {
	s, _, err := c.current(ctx)
	if err != nil {
		return taskForm{}, err
	}
	form := taskForm{of: s.objects["Task"], lost: func(native string) bool { return c.isLost("Task", native) }, zone: c.setup.Zone}
	if err := s.findable(); err != nil {
		return form, err
	}
	for _, name := range []string{"WhatId", "OwnerId", "Subject", "Description", "ActivityDate"} {
		if !form.has(name) {
			return form, &crm.Error{
				Op: "salesforce.tasks", Kind: crm.Permission, Err: errText("tasks cannot be made with their field " + name),
				Fix: "let the integration user create Tasks and edit their fields",
			}
		}
	}
	form.taskStatuses, err = c.taskStatuses(ctx, s)
	return form, err
}

// newTasks translates tasks to records. What can be told to fail is rejected
// here and never sent.
func (w *writing) newTasks(form taskForm, tasks []crm.Task) []*record {
	var records []*record
	byKey := map[string]*record{}
	for i, t := range tasks {
		if t.Post {
			continue
		}
		if first := byKey[t.Key]; first != nil {
			first.to = append(first.to, i)
			continue
		}
		values, why := form.values(t)
		if why != "" {
			o := &w.out[i]
			o.Status, o.Class, o.Message = crm.Rejected, crm.ClassInvalid, why
			continue
		}
		r := &record{values: values, logical: w.logical, to: []int{i}}
		byKey[t.Key] = r
		records = append(records, r)
	}
	return records
}

// tasks are the outcomes with the tasks that were made.
func (w *writing) tasks() []crm.TaskOutcome {
	out := make([]crm.TaskOutcome, len(w.out))
	for i, o := range w.out {
		out[i] = crm.TaskOutcome{Outcome: o, Task: crm.TaskID(w.made[i])}
	}
	return out
}

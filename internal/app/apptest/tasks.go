package apptest

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// Task is a task of syncd's own as it stands in the CRM.
type Task struct {
	ID, Key, Deal, Owner string
	Subject, Body        string
	Done                 bool
}

// Kind is what the task asks for, as its key says.
func (k Task) Kind() string { return part(k.Key, 3) }

// Attempt is of which attempt, as its key says.
func (k Task) Attempt() string { return part(k.Key, 2) }

func part(key string, n int) string {
	if parts := strings.Split(key, "/"); len(parts) > n {
		return parts[n]
	}
	return ""
}

// Tasks are all tasks in the CRM that bear syncd's mark, in the order in which
// they were made. Deleted ones are gone.
func (r *Rig) Tasks(t *testing.T) []Task {
	t.Helper()
	return r.marked(r.shelf().IDs(r.taskObject()))
}

// Binned are the tasks with syncd's mark that were deleted.
func (r *Rig) Binned(t *testing.T) []Task {
	t.Helper()
	return r.marked(r.shelf().Binned(r.taskObject()))
}

// shelf is what lists records.
type shelf interface {
	IDs(object string) []string
	Binned(object string) []string
}

func (r *Rig) shelf() shelf {
	if r.HS != nil {
		return r.HS
	}
	return r.SF
}

func (r *Rig) taskObject() string {
	if r.HS != nil {
		return "tasks"
	}
	return "Task"
}

// marked are those of some tasks that bear syncd's mark.
func (r *Rig) marked(ids []string) []Task {
	var all []Task
	for _, id := range ids {
		if k := r.task(id); k.Key != "" {
			all = append(all, k)
		}
	}
	return all
}

func (r *Rig) task(id string) Task {
	if r.HS != nil {
		body := value(r.HS.Get("tasks", id, "hs_task_body"))
		k := Task{
			ID: id, Key: crm.MarkedKey(body), Body: unhtml(body), Subject: value(r.HS.Get("tasks", id, "hs_task_subject")),
			Owner: value(r.HS.Get("tasks", id, "hubspot_owner_id")), Done: value(r.HS.Get("tasks", id, "hs_task_status")) == "COMPLETED",
		}
		if deals := r.HS.Linked("tasks", id, "deals"); len(deals) > 0 {
			k.Deal = deals[0]
		}
		return k
	}
	text := func(name string) string { v, _ := r.SF.Get("Task", id, name).(string); return v }
	body := text("Description")
	return Task{
		ID: id, Key: crm.MarkedKey(body), Deal: text("WhatId"), Owner: text("OwnerId"), Subject: text("Subject"), Body: body,
		Done: r.SF.Get("Task", id, "IsClosed") == true,
	}
}

// TasksOn are syncd's tasks on one deal, of one kind unless that is "".
func (r *Rig) TasksOn(t *testing.T, deal int, kind string) []Task {
	t.Helper()
	return slices.DeleteFunc(r.Tasks(t), func(k Task) bool { return k.Deal != r.Deal(deal) || kind != "" && k.Kind() != kind })
}

func value(v string, _ bool) string { return v }

var tags = regexp.MustCompile(`<[^>]*>`)

func unhtml(s string) string {
	return html.UnescapeString(tags.ReplaceAllString(strings.ReplaceAll(s, "<br>", "\n"), "\n"))
}

// FinishTask is a person who completes a task.
func (r *Rig) FinishTask(t *testing.T, id string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Set("tasks", id, "hs_task_status", "COMPLETED"))
		return
	}
	for _, s := range r.SF.IDs("TaskStatus") {
		if r.SF.Get("TaskStatus", s, "IsClosed") == true {
			must(t, r.SF.Set("Task", id, "Status", r.SF.Get("TaskStatus", s, "ApiName")))
			return
		}
	}
	t.Fatal("the org has no status that closes a task")
}

// RemoveTask is a person who deletes a task.
func (r *Rig) RemoveTask(t *testing.T, id string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Archive("tasks", id))
		return
	}
	must(t, r.SF.Delete("Task", id))
}

// GiveTask is a person who gives a task to somebody else.
func (r *Rig) GiveTask(t *testing.T, id, owner string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Set("tasks", id, "hubspot_owner_id", owner))
		return
	}
	must(t, r.SF.Set("Task", id, "OwnerId", owner))
}

// EditTask is a person who puts a line at the head of a task's text.
func (r *Rig) EditTask(t *testing.T, id, line string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Set("tasks", id, "hs_task_body", "<p>"+html.EscapeString(line)+"</p>"+value(r.HS.Get("tasks", id, "hs_task_body"))))
		return
	}
	body, _ := r.SF.Get("Task", id, "Description").(string)
	must(t, r.SF.Set("Task", id, "Description", line+"\n"+body))
}

// CopyTask makes a second task like one that stands there: what must never be.
func (r *Rig) CopyTask(t *testing.T, k Task) {
	t.Helper()
	var err error
	if r.HS != nil {
		_, err = r.HS.Create("tasks", map[string]string{
			"hs_timestamp": r.Clock.Now().Format(time.RFC3339), "hs_task_subject": k.Subject,
			"hs_task_body": value(r.HS.Get("tasks", k.ID, "hs_task_body")), "hubspot_owner_id": k.Owner,
		}, "deals/"+k.Deal)
	} else {
		_, err = r.SF.Insert("Task", map[string]any{"WhatId": k.Deal, "OwnerId": k.Owner, "Subject": k.Subject, "Description": r.SF.Get("Task", k.ID, "Description")})
	}
	must(t, err)
}

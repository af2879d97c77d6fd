package apptest

import (
	"testing"

	"github.com/handoffscore/syncd/internal/handoff"
)

// Task is a task of syncd's own as it stands in the CRM.
type Task struct {
	ID, Key, Subject, Body string
	Owner                  string // as records name users
	Done                   bool
}

// Tasks are syncd's own tasks on a deal that nobody has deleted.
func (r *Rig) Tasks(deal int) []Task {
	var all []Task
	add := func(task Task) {
		if task.Key = handoff.KeyIn(task.Body); task.Key != "" {
			all = append(all, task)
		}
	}
	if r.HS != nil {
		for _, id := range r.HS.Linked("deals", r.Deal(deal), "tasks") {
			get := func(name string) string { v, _ := r.HS.Get("tasks", id, name); return v }
			add(Task{ID: id, Subject: get("hs_task_subject"), Body: get("hs_task_body"), Owner: get("hubspot_owner_id"), Done: get("hs_task_status") == "COMPLETED"})
		}
		return all
	}
	for _, id := range r.SF.IDs("Task") {
		get := func(name string) string { v, _ := r.SF.Get("Task", id, name).(string); return v }
		if get("WhatId") == r.Deal(deal) {
			add(Task{ID: id, Subject: get("Subject"), Body: get("Description"), Owner: get("OwnerId"), Done: r.SF.Get("Task", id, "IsClosed") == true})
		}
	}
	return all
}

// CompleteTask is a person's tick on a task.
func (r *Rig) CompleteTask(t *testing.T, id string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Set("tasks", id, "hs_task_status", "COMPLETED"))
		return
	}
	must(t, r.SF.Set("Task", id, "Status", "Completed"))
}

// DeleteTask is a person's deletion of a task.
func (r *Rig) DeleteTask(t *testing.T, id string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Archive("tasks", id))
		return
	}
	must(t, r.SF.Delete("Task", id))
}

package salesforce

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// keyField is a custom field of activities that holds a task's key. An org
// need not have it: the mark in the description does as well.
const keyField = "Handoff_Key__c"

// What a task holds where the org does not say (read 2026-11-20).
const (
	longestSubject = 255
	longestBody    = 32_000
)

// taskWords are the fields of a task by what they are to syncd.
var taskWords = map[string]string{
	"Subject": "subject", "Description": "body", "WhatId": "deal", "OwnerId": "owner",
	"ActivityDate": "due", "Priority": "urgent", "Status": "status", keyField: "key",
}

// spareInTask reports whether a task does its work without a field.
func spareInTask(native string) bool {
	return strings.EqualFold(native, keyField) || strings.EqualFold(native, "Priority")
}

// taskForm is how the org takes tasks from us.
type taskForm struct {
	of   *object
	lost func(native string) bool
	taskStatuses
	zone *time.Location
}

// has reports whether a new task may hold a field.
func (t taskForm) has(native string) bool {
	f := t.of.field(native)
	return f != nil && f.Createable && !t.lost(native)
}

// values are the fields of a new task. why names a fault of the task itself.
func (t taskForm) values(task crm.Task) (set values, why string) {
	switch {
	case !crm.Markable(task.Key):
		return nil, "the task's key cannot be found again in a text"
	case !isID(string(task.Deal)):
		return nil, "the deal's id is not a Salesforce record id"
	case !isID(string(task.Owner)):
		return nil, "the owner's id is not a Salesforce record id"
	}
	set.setText("WhatId", id18(string(task.Deal)))
	set.setText("OwnerId", id18(string(task.Owner)))
	set.setText("Subject", crm.Cut(task.Title(), cmp.Or(t.of.field("Subject").Length, longestSubject)))
	set.setText("Description", task.Marked(cmp.Or(t.of.field("Description").Length, longestBody), nil))
	if !task.Due.IsZero() {
		set.setText("ActivityDate", task.Due.In(t.zone).Format(time.DateOnly))
	}
	priority := "Normal"
	if task.Urgent {
		priority = "High"
	}
	if t.has("Priority") && slices.Contains(t.of.field("Priority").options(), priority) {
		set.setText("Priority", priority)
	}
	if t.open != "" && t.has("Status") {
		set.setText("Status", t.open)
	}
	if f := t.of.field(keyField); t.has(keyField) && crm.Units(task.Key) <= f.Length {
		set.setText(keyField, task.Key) // a part of a key would be another task's
	}
	return set, ""
}

// foundTask reads one task; ours is false for one that people made.
func foundTask(r gjson.Result) (t crm.FoundTask, ours bool) {
	key := strings.TrimSpace(r.Get(keyField).String())
	if key == "" {
		key = crm.MarkedKey(r.Get("Description").String())
	}
	if key == "" {
		return t, false
	}
	return crm.FoundTask{
		ID: crm.TaskID(id18(r.Get("Id").String())), Key: strings.Clone(key),
		Deal: crm.DealID(id18(r.Get("WhatId").String())), Owner: crm.UserID(id18(r.Get("OwnerId").String())),
		Done: r.Get("IsClosed").Bool(), Deleted: r.Get("IsDeleted").Bool(),
	}, true
}

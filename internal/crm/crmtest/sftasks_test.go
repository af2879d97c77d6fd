package crmtest_test

import (
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/crmtest"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

// taskOrg is an org with a client whose wire can be pulled.
func taskOrg(t *testing.T, deals int, o sfsim.Options, with salesforce.Options) (deskInOrg, *salesforce.Client) {
	t.Helper()
	d := deskInOrg{newOrg(t, deals, o), &plug{}}
	with.HTTP = d.plug
	c, err := salesforce.New(crmtest.TaskSetup(d.world, func(f world.Field) string { return f.Salesforce }), d.auth(salesforce.ClientCredentials), with)
	if err != nil {
		t.Fatal(err)
	}
	return d, c
}

func TestSalesforceTasks(t *testing.T) {
	key := func(length int) []sfsim.CustomField {
		return []sfsim.CustomField{{Object: "Task", Name: "Handoff_Key__c", Length: length, ExternalID: true}}
	}
	own := []sfsim.TaskStatus{{Name: "Abgesagt", Closed: true}, {Name: "Neu"}, {Name: "Offen", Default: true}, {Name: "Erledigt", Closed: true}}
	for _, c := range []struct {
		name string
		o    sfsim.Options
		with salesforce.Options
	}{
		{"as it comes", sfsim.Options{}, salesforce.Options{}},
		{"with a key field", sfsim.Options{Custom: key(80)}, salesforce.Options{}},
		{"with a key field that is too short", sfsim.Options{Custom: key(12)}, salesforce.Options{CompositeWrites: true}},
		{"with statuses of its own", sfsim.Options{TaskStatuses: own, LocatorsOnce: true}, salesforce.Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, client := taskOrg(t, 500, c.o, c.with)
			crmtest.RunTasks(t, crmtest.TaskRig{Subject: d.subject(client), Book: client, Desk: d, TellsDeleted: true, Crowd: 2100})
		})
	}
}

// deskInOrg is a person at work on the tasks of an org.
type deskInOrg struct {
	*org
	*plug
}

func (d deskInOrg) Put(deal, owner, text string) (string, error) {
	return d.Insert("Task", map[string]any{"WhatId": deal, "OwnerId": owner, "Subject": "Mine", "Description": text})
}

func (d deskInOrg) status(closed bool) string {
	for _, id := range d.IDs("TaskStatus") {
		if d.Get("TaskStatus", id, "IsClosed") == closed {
			return d.Get("TaskStatus", id, "ApiName").(string)
		}
	}
	return ""
}

func (d deskInOrg) Finish(task string) error { return d.Set("Task", task, "Status", d.status(true)) }

func (d deskInOrg) Reopen(task string) error { return d.Set("Task", task, "Status", d.status(false)) }

func (d deskInOrg) Hand(task, owner string) error { return d.Set("Task", task, "OwnerId", owner) }

func (d deskInOrg) Edit(task, text string) error { return d.Set("Task", task, "Description", text) }

func (d deskInOrg) Bin(task string) error { return d.Delete("Task", task) }

func (d deskInOrg) BinDeal(deal string) error { return d.Delete("Opportunity", deal) }

func (d deskInOrg) Show(task string) crmtest.Shown {
	text := func(name string) string { v, _ := d.Get("Task", task, name).(string); return v }
	return crmtest.Shown{
		Subject: text("Subject"), Text: text("Description"), Due: text("ActivityDate"), Owner: text("OwnerId"),
		Urgent: text("Priority") == "High", Done: d.Get("Task", task, "IsClosed") == true,
	}
}

func (d deskInOrg) Made() int { return len(d.IDs("Task")) }

func (d deskInOrg) Spoil(how crmtest.Spoiled) func() {
	do := map[crmtest.Spoiled]sfsim.Mishap{
		crmtest.LostAnswer: sfsim.ResetAfterCommit, crmtest.LostCall: sfsim.ResetBeforeCommit,
		crmtest.Failed: sfsim.BadGateway, crmtest.Crowded: sfsim.ConcurrentLimit,
	}[how]
	d.AddFault(sfsim.Fault{Do: do, On: "collections insert"})
	d.AddFault(sfsim.Fault{Do: do, On: "collections update"})
	return d.ClearFaults
}

// A user who left is given no tasks.
func TestSalesforceTasksOfInactiveUsers(t *testing.T) {
	d, c := taskOrg(t, 50, sfsim.Options{}, salesforce.Options{})
	left := d.UserID(0)
	if left == d.Credentials().UserID {
		left = d.UserID(1)
	}
	if err := d.Set("User", left, "IsActive", false); err != nil {
		t.Fatal(err)
	}
	task := crm.Task{Key: "D-1/card/1/x", Deal: crm.DealID(d.DealID(0)), Owner: crm.UserID(left), Subject: "Handoff"}
	out, err := c.MakeTasks(t.Context(), []crm.Task{task})
	if err != nil || out[0].Status != crm.Rejected || out[0].Class != crm.ClassValidation || out[0].Code != "INACTIVE_OWNER_OR_USER" {
		t.Errorf("%+v %v", out, err)
	}
}

// With the key field a task is known however much a person rewrote it.
func TestSalesforceTasksAreKnownByTheKeyField(t *testing.T) {
	field := sfsim.CustomField{Object: "Task", Name: "Handoff_Key__c", Length: 80}
	d, c := taskOrg(t, 50, sfsim.Options{Custom: []sfsim.CustomField{field}}, salesforce.Options{})
	task := crm.Task{Key: "D-1/card/1/x", Deal: crm.DealID(d.DealID(0)), Owner: crm.UserID(d.UserID(1)), Subject: "Handoff"}
	out, err := c.MakeTasks(t.Context(), []crm.Task{task})
	if err != nil || out[0].Status != crm.Confirmed {
		t.Fatalf("%+v %v", out, err)
	}
	if err := d.Edit(string(out[0].Task), "All mine now."); err != nil {
		t.Fatal(err)
	}
	found, err := c.FindTasks(t.Context(), []crm.DealID{task.Deal})
	if err != nil || len(found) != 1 || found[0].Key != task.Key || found[0].ID != out[0].Task {
		t.Errorf("%+v %v", found, err)
	}
}

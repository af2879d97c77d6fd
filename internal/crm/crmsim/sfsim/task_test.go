package sfsim

import (
	"fmt"
	"strings"
	"testing"
)

// What an org refuses of a task, record by record.
func TestTaskRules(t *testing.T) {
	r := newRig(t, 10, Options{TaskStatuses: []TaskStatus{{Name: "Neu"}, {Name: "Offen", Default: true}, {Name: "Erledigt", Closed: true}}})
	deal, owner := r.s.DealID(0), r.s.UserID(0)
	if err := r.s.Delete("Opportunity", r.s.DealID(1)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ fields, code string }{
		{`"OwnerId":"` + owner + `"`, ""},
		{`"OwnerId":"` + r.s.UserID(5) + `"`, "INACTIVE_OWNER_OR_USER"},
		{`"OwnerId":"` + deal + `"`, "FIELD_INTEGRITY_EXCEPTION"},
		{`"OwnerId":"` + owner + `","WhatId":"` + r.s.DealID(1) + `"`, "ENTITY_IS_DELETED"},
		{`"OwnerId":"` + owner + `","WhatId":"006000000000zzzAAA"`, "INVALID_CROSS_REFERENCE_KEY"},
		{`"OwnerId":"` + owner + `","Subject":"` + strings.Repeat("😀", 128) + `"`, "STRING_TOO_LONG"},
		{`"OwnerId":"` + owner + `","Description":"` + strings.Repeat("x", 32_001) + `"`, "STRING_TOO_LONG"},
		{`"OwnerId":"` + owner + `","Status":"Not Started"`, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
		{`"OwnerId":"` + owner + `","IsClosed":true`, "INVALID_FIELD_FOR_INSERT_UPDATE"},
	} {
		if !strings.Contains(c.fields, "WhatId") {
			c.fields += `,"WhatId":"` + deal + `"`
		}
		p := r.do("POST", api+"/composite/sobjects", `{"records":[{"attributes":{"type":"Task"},`+c.fields+`}]}`)
		if c.code == "" && !strings.Contains(p.body, `"success":true`) || c.code != "" && !strings.Contains(p.body, `"statusCode":"`+c.code+`"`) {
			t.Errorf("%.80s: %.200s", c.fields, p.body)
		}
	}
	tasks := r.s.IDs("Task")
	task := tasks[len(tasks)-1]
	if got := fmt.Sprintf("%v %v", r.s.Get("Task", task, "Status"), r.s.Get("Task", task, "IsClosed")); got != "Offen false" {
		t.Errorf("a new task is %s", got)
	}
	if err := r.s.Set("Task", task, "Status", "Erledigt"); err != nil || r.s.Get("Task", task, "IsClosed") != true {
		t.Errorf("a completed task is open: %v", err)
	}
	if n := len(r.query("SELECT ApiName FROM TaskStatus WHERE IsClosed = true AND ApiName = 'Erledigt'").rows()); n != 1 {
		t.Errorf("%d statuses", n)
	}
}

package hssim_test

import (
	"fmt"
	"strings"
	"testing"
)

// newTask is one input of a batch that makes tasks.
func (p *portal) newTask(trace, deal, props string) string {
	return fmt.Sprintf(`{"objectWriteTraceId":%q,"properties":{"hs_task_subject":"Handoff","hs_timestamp":"2026-11-25T09:00:00Z"%s},`+
		`"associations":[{"to":{"id":%q},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":216}]}]}`, trace, props, deal)
}

// What a portal refuses of a task: row by row if every row has a trace id of
// its own, else the whole batch for one bad row.
func TestTaskRules(t *testing.T) {
	p := small(t)
	good, gone := p.DealID(0), p.DealID(1)
	if err := p.Archive("deals", gone); err != nil {
		t.Fatal(err)
	}
	before := len(p.IDs("tasks"))
	undated := strings.Replace(p.newTask("undated", good, ""), `,"hs_timestamp":"2026-11-25T09:00:00Z"`, "", 1)
	rows := []string{
		p.newTask("good", good, `,"hubspot_owner_id":"`+p.OwnerID(0)+`"`), undated, p.newTask("gone", gone, ""), p.newTask("never", "999", ""),
		p.newTask("owner", good, `,"hubspot_owner_id":"999"`), p.newTask("status", good, `,"hs_task_status":"DONE"`),
		strings.Replace(p.newTask("backwards", good, ""), "216", "215", 1),
	}
	for _, base := range []string{"/crm/v3/objects/tasks", "/crm/objects/2026-03/tasks"} {
		a := p.do("POST", base+"/batch/create", `{"inputs":[`+strings.Join(rows, ",")+`]}`).want(t, 207, `"hs_timestamp"`)
		same(t, "made", len(a.ids()), 1)
		same(t, "named", a.at("results.0.objectWriteTraceId"), "good")
		same(t, "refused", a.at("numErrors"), len(rows)-1)
		same(t, "linked", p.Linked("tasks", a.ids()[0], "deals"), []string{good})
	}
	mixed := strings.Replace(rows[0], `"objectWriteTraceId":"good",`, "", 1) + "," + rows[1]
	p.do("POST", "/crm/v3/objects/tasks/batch/create", `{"inputs":[`+mixed+`]}`).want(t, 400, "Error creating TASK")
	p.do("POST", "/crm/objects/2026-09/tasks/batch/create", `{"inputs":[{"properties":{"hs_timestamp":"0"}}]}`).want(t, 400, "associations")
	p.do("POST", "/crm/v3/objects/tasks/batch/create", `{"inputs":[`+strings.Repeat(rows[0]+",", 100)+rows[0]+`]}`).want(t, 400, "maximum number")
	same(t, "tasks made", len(p.IDs("tasks"))-before, 2)
}

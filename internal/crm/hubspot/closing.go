package hubspot

import (
	"context"

	"github.com/handoffscore/syncd/internal/crm"
)

// CloseTasks completes tasks in batches of 100 and puts the note before the
// mark. What they are now is read first: a person may have completed, deleted
// or edited them.
func (c *Client) CloseTasks(ctx context.Context, list []crm.Closing) ([]crm.TaskOutcome, error) {
	w := c.tasksWriting(len(list))
	first := map[crm.TaskID]int{}
	var ids []string
	for i, cl := range list {
		w.made[i] = string(cl.ID)
		if !digits(string(cl.ID)) {
			w.reject(i, crm.ClassInvalid, "", "the task's id is not one of HubSpot's", nil)
		} else if _, twice := first[cl.ID]; !twice {
			first[cl.ID] = i
			ids = append(ids, string(cl.ID))
		}
	}
	if len(ids) == 0 {
		return w.tasks(), nil
	}
	now, err := c.read(counted(ctx, "tasks find"), "tasks", ids, taskProperties, nil, objectBatch)
	if err != nil {
		return w.tasks(), err
	}
	err = w.all(counted(ctx, "tasks close"), w.closings(now, ids, list, first))
	for i, cl := range list {
		if at, known := first[cl.ID]; known {
			w.out[i] = w.out[at]
		}
		if o := &w.out[i]; o.Status == crm.Rejected && o.Class == crm.ClassGone { // deleted since it was read
			*o = crm.Outcome{ID: o.ID, Status: crm.Confirmed}
		}
	}
	return w.tasks(), err
}

// closings are what is to be written to tasks that are open; the others are
// settled.
func (w *writing) closings(now *records, ids []string, list []crm.Closing, first map[crm.TaskID]int) []job {
	for _, id := range now.missing { // deleted by somebody
		w.out[first[crm.TaskID(id)]].Status = crm.Confirmed
	}
	for _, id := range now.refused {
		w.reject(first[crm.TaskID(id)], crm.ClassBusy, "", "the task could not be read", nil)
	}
	var jobs []job
	for _, id := range ids {
		rec, at := now.found[id], first[crm.TaskID(id)]
		if rec == nil {
			continue
		}
		if rec.text("hs_task_status") == taskDone {
			w.out[at].Status = crm.Confirmed
			continue
		}
		j := job{at: at, id: id, props: map[string]string{"hs_task_status": taskDone}}
		if body, known := rec.value("hs_task_body"); known {
			if noted, ok := list[at].Noted(body, longestText, rich); ok {
				j.props["hs_task_body"] = noted
			}
		}
		jobs = append(jobs, j)
	}
	return jobs
}

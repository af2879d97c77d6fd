package hubspot

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// TaskBatch is how many tasks one call makes or closes.
func (c *Client) TaskBatch() int { return objectBatch }

// taskProperties are what is read of a task.
var taskProperties = []string{"hs_task_body", "hs_task_status", "hubspot_owner_id"}

// FindTasks reads all tasks that the deals are associated with and returns
// those of ours. Neither step is a search: the index lags. Of deleted tasks
// HubSpot tells only while the association stands.
func (c *Client) FindTasks(ctx context.Context, deals []crm.DealID) ([]crm.FoundTask, error) {
	ctx = counted(ctx, "tasks find")
	var ids []string
	for _, id := range deals {
		if digits(string(id)) {
			ids = append(ids, string(id))
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		return nil, nil
	}
	x, err := c.associations(ctx, "deals", ids, "tasks")
	if err != nil {
		return nil, err
	}
	if err := c.allRead(ctx, x); err != nil {
		return nil, err
	}
	on := map[string]string{} // task -> deal
	for _, deal := range ids {
		for _, l := range x.of[deal] {
			if on[l.to] == "" {
				on[l.to] = deal
			}
		}
	}
	return c.oursAmong(ctx, on)
}

// allRead makes sure that a deal whose associations were refused is one that is
// not there any more: a task that is not seen would be made again.
func (c *Client) allRead(ctx context.Context, x *linked) error {
	for deal, failed := range x.failed {
		if !failed {
			continue
		}
		f, err := c.fateOf(ctx, "deals", deal)
		if err != nil {
			return err
		}
		if !f.gone && f.survivor == "" {
			return &crm.Error{Op: "hubspot.tasks", Kind: crm.Unavailable, ID: deal, Err: errors.New("the tasks of a deal could not be listed")}
		}
	}
	return nil
}

// oursAmong reads tasks, the archived ones too, and keeps those of ours.
func (c *Client) oursAmong(ctx context.Context, on map[string]string) ([]crm.FoundTask, error) {
	ids := sortedIDs(on)
	if len(ids) == 0 {
		return nil, nil
	}
	live, err := c.read(ctx, "tasks", ids, taskProperties, nil, objectBatch)
	if err != nil {
		return nil, err
	}
	binned := &records{}
	if len(live.missing) > 0 {
		if binned, err = c.readBinned(ctx, "tasks", live.missing, taskProperties); err != nil {
			return nil, err
		}
	}
	if refused := append(live.refused, binned.refused...); len(refused) > 0 {
		return nil, &crm.Error{Op: "hubspot.tasks", Kind: crm.Unavailable, ID: refused[0], Err: errors.New("a task could not be read")}
	}
	var out []crm.FoundTask
	for _, id := range ids {
		rec, deleted := live.found[id], false
		if rec == nil {
			rec, deleted = binned.found[id], true
		}
		if rec == nil {
			continue // gone for good
		}
		t, ours, known := foundTask(rec, on[id])
		if !known {
			return nil, &crm.Error{
				Op: "hubspot.tasks", Kind: crm.Permission, Err: errors.New("the property hs_task_body of tasks cannot be read"),
				Fix: "let the app see all properties of tasks",
			}
		}
		if ours {
			t.Deleted = deleted
			out = append(out, t)
		}
	}
	return out, nil
}

func sortedIDs(on map[string]string) []string {
	ids := make([]string, 0, len(on))
	for id := range on {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return ids
}

// MakeTasks makes tasks in batches of 100, each associated with its deal. Of
// two tasks with one key the first is made.
func (c *Client) MakeTasks(ctx context.Context, tasks []crm.Task) ([]crm.TaskOutcome, error) {
	w := c.tasksWriting(len(tasks))
	first := map[string]int{}
	var jobs []job
	for i, t := range tasks {
		w.out[i].ID = t.Deal
		if _, twice := first[t.Key]; twice {
			continue
		}
		j, why := newTask(i, t)
		if why != "" {
			w.reject(i, crm.ClassInvalid, "", why, nil)
			continue
		}
		first[t.Key] = i
		jobs = append(jobs, j)
	}
	err := w.all(counted(ctx, "tasks make"), jobs)
	for i, t := range tasks {
		if at, known := first[t.Key]; known {
			w.out[i], w.made[i] = w.out[at], w.made[at]
		}
	}
	return w.tasks(), err
}

func (c *Client) tasksWriting(n int) *writing {
	return &writing{
		c: c, object: "tasks", word: "task", out: make([]crm.Outcome, n), made: make([]string, n),
		bad: map[value]refusedValue{}, logical: taskWord,
	}
}

// tasks are the outcomes with the tasks they are of.
func (w *writing) tasks() []crm.TaskOutcome {
	var out []crm.TaskOutcome
	for i, o := range w.out {
		out = append(out, crm.TaskOutcome{Outcome: o, Task: crm.TaskID(w.made[i])})
	}
	return out
}

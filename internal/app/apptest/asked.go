package apptest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/store"
)

// Asked reads syncd's tasks by the deal that their keys name, all but those of
// some deals: whose each is and whether it is done, the texts and times apart.
// Several by one key stand beside each other; deleted ones are among them.
func (r *Rig) Asked(t *testing.T, but []int) Records {
	t.Helper()
	all, deals := Records{}, map[string]int{}
	for i := range r.World.Deals {
		deals[r.Deal(i)] = i
	}
	for _, i := range but {
		delete(deals, r.Deal(i))
	}
	note := func(list []Task, word string) {
		for _, k := range list {
			of, name, _ := strings.Cut(k.Key, "/")
			i, ok := deals[of]
			if !ok {
				continue
			}
			says := fmt.Sprintf("%s's, done %v", k.Owner, k.Done)
			if word == "" && k.Deal != of {
				says += ", on deal " + k.Deal
			}
			if all[i] == nil {
				all[i] = map[string]string{}
			}
			if before := all[i]["task "+name]; before != "" {
				says = before + " and " + says
			}
			all[i]["task "+name] = says + word
		}
	}
	note(r.Tasks(t), "")
	note(r.Binned(t), ", deleted")
	return all
}

// TasksWritten counts the tasks made or changed through the API so far.
func (r *Rig) TasksWritten() int {
	if r.HS != nil {
		return r.HS.Stats().Written["tasks"]
	}
	return r.SF.Stats().Written["Task"]
}

// Unasked counts the tasks in the store that are still to be made or closed, or
// whose end is not known, by status and class.
func (r *Rig) Unasked(t *testing.T) map[string]int {
	t.Helper()
	ids := make([]string, len(r.World.Deals))
	for i := range ids {
		ids[i] = r.Deal(i)
	}
	list, err := r.Store(t).TasksOf(t.Context(), r.Name(), ids)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]int{}
	for _, k := range list {
		switch k.Status {
		case store.TaskWanted, store.TaskSent, store.TaskClosing:
			left[k.Status+" "+k.Class]++
		}
	}
	return left
}

package salesforce

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/tidwall/gjson"
)

// statusCache holds which statuses of tasks the org has. It lives as long as
// the schema it is part of.
type statusCache struct {
	mu   sync.Mutex // guards all; held while they are read
	read bool
	taskStatuses
}

// taskStatuses are what a new and a completed task is given.
type taskStatuses struct {
	open   string // "" leaves it to the org
	closed string // "" if the org does not tell which mean closed
}

// taskStatuses reads the org's task statuses, once a schema.
func (c *Client) taskStatuses(ctx context.Context, s *schema) (taskStatuses, error) {
	k := &s.statuses
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.read {
		return k.taskStatuses, nil
	}
	rows, err := c.small(ctx, "SELECT ApiName, SortOrder, IsClosed, IsDefault FROM TaskStatus")
	if err != nil {
		if err := tolerable(err); err != nil {
			return taskStatuses{}, err
		}
	}
	k.taskStatuses, k.read = chooseStatuses(rows, s.objects["Task"].field("Status")), true
	return k.taskStatuses, nil
}

// chooseStatuses takes the default among the open statuses, and the first of
// the closed ones. A value that an admin deactivated is not among them.
func chooseStatuses(rows []gjson.Result, f *field) (of taskStatuses) {
	if f == nil {
		return of
	}
	active := f.options()
	slices.SortStableFunc(rows, func(a, b gjson.Result) int {
		return cmp.Compare(a.Get("SortOrder").Int(), b.Get("SortOrder").Int())
	})
	byDefault := false
	for _, r := range rows {
		name := strings.Clone(r.Get("ApiName").String())
		switch closed := r.Get("IsClosed").Bool(); {
		case name == "", len(active) > 0 && !slices.Contains(active, name):
		case closed && of.closed == "":
			of.closed = name
		case !closed && (of.open == "" || !byDefault && r.Get("IsDefault").Bool()):
			of.open, byDefault = name, r.Get("IsDefault").Bool()
		}
	}
	return of
}

package sfsim

import (
	"slices"
	"strings"
)

const (
	updatedDays = 30
	deletedDays = 15
)

// window reads start and end of a replication call, to the minute.
func (c *call) window(t *table, days stamp) (from, to stamp, e *apiError) {
	if !t.replicates {
		return 0, 0, refuse(400, "INVALID_TYPE_FOR_OPERATION", "object type %s is not replicable", t.name)
	}
	read := func(name string) (stamp, *apiError) {
		text := c.params.Get(name)
		if text == "" {
			return 0, refuse(400, "MISSING_ARGUMENT", "%s parameter is required", name)
		}
		at, ok := parseTime(strings.Replace(text, " ", "+", 1))
		if !ok {
			return 0, refuse(400, "INVALID_REPLICATION_DATE", "invalid date: %s", text)
		}
		return at - at%60, nil
	}
	if from, e = read("start"); e != nil {
		return 0, 0, e
	}
	if to, e = read("end"); e != nil {
		return 0, 0, e
	}
	switch {
	case from >= to:
		return 0, 0, refuse(400, "INVALID_REPLICATION_DATE", "startDate before endDate")
	case from < c.now-days*day:
		return 0, 0, refuse(400, "INVALID_REPLICATION_DATE", "startDate cannot be more than %d days ago", int(days))
	}
	return from, to, nil
}

func (c *call) covered(to stamp) string {
	at := min(to, c.now)
	return (at - at%60).String()
}

// updated answers GET /sobjects/{object}/updated.
func (c *call) updated(t *table) (*answer, *apiError) {
	from, to, e := c.window(t, updatedDays)
	if e != nil {
		return nil, e
	}
	ids := []string{}
	for _, r := range t.rows {
		if at, ok := r.get(max(t.mod, 0)).(stamp); ok && !r.gone && !r.deleted && at >= from && at < to {
			ids = append(ids, r.id)
		}
	}
	c.served(t, len(ids))
	return ok(map[string]any{"ids": ids, "latestDateCovered": c.covered(to)}), nil
}

// deleted answers GET /sobjects/{object}/deleted from the delete log. Records
// that came back are not in it.
func (c *call) deleted(t *table) (*answer, *apiError) {
	from, to, e := c.window(t, deletedDays)
	if e != nil {
		return nil, e
	}
	type entry struct {
		Date string `json:"deletedDate"`
		ID   string `json:"id"`
	}
	list := []entry{}
	for _, d := range slices.Backward(t.log) {
		r := t.byID[d.id]
		again := slices.ContainsFunc(list, func(x entry) bool { return x.ID == d.id })
		if d.at >= from && d.at < to && (r == nil || r.deleted) && !again {
			list = append(list, entry{d.at.String(), d.id})
		}
	}
	slices.Reverse(list)
	earliest := c.now - deletedDays*day
	return ok(map[string]any{"deletedRecords": list, "earliestDateAvailable": earliest.String(), "latestDateCovered": c.covered(to)}), nil
}

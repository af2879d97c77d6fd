package app

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/syncer"
)

// nameOwners fills in the names of those who would be given tasks.
func (a *App) nameOwners(ctx context.Context, c *syncer.Connection, tasks []PlannedTask) error {
	var ids []crm.UserID
	for _, t := range tasks {
		if t.Owner != "" {
			ids = append(ids, crm.UserID(t.Owner))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	people, err := c.Source.People(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	for i := range tasks {
		tasks[i].Name = people[crm.UserID(tasks[i].Owner)].Name
	}
	return nil
}

// named is a connection by its name, nil if there is none.
func (a *App) named(name string) *syncer.Connection {
	for _, c := range a.connections {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// natural orders field names as people count: item_1_2 before item_1_10.
func natural(a, b string) int {
	as, bs := strings.Split(a, "_"), strings.Split(b, "_")
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		order := strings.Compare(as[i], bs[i])
		if errX == nil && errY == nil {
			order = cmp.Compare(x, y)
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(as), len(bs))
}

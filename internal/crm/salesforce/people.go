package salesforce

import (
	"context"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// mostManagers is how far up the line of managers people are resolved.
const mostManagers = 5

// People resolves users, inactive ones included, with the managers above them,
// five levels up. Answers are kept as long as the schema.
func (c *Client) People(ctx context.Context, ids []crm.UserID) (map[crm.UserID]crm.Person, error) {
	out := make(map[crm.UserID]crm.Person, len(ids))
	level := ids
	for depth := 0; depth <= mostManagers && len(level) > 0; depth++ {
		found, err := c.users(ctx, level)
		if err != nil {
			return nil, err
		}
		level = nil
		for id, p := range found {
			if _, ok := out[id]; ok {
				continue
			}
			out[id] = p
			if p.Manager != "" {
				if _, ok := out[p.Manager]; !ok {
					level = append(level, p.Manager)
				}
			}
		}
	}
	for _, id := range ids { // also under the form they were asked for by
		if p, ok := out[crm.UserID(id18(string(id)))]; ok {
			out[id] = p
		}
	}
	return out, nil
}

// users resolves one level, from memory where it can.
func (c *Client) users(ctx context.Context, ids []crm.UserID) (map[crm.UserID]crm.Person, error) {
	var unknown []string
	found, wanted := map[crm.UserID]crm.Person{}, map[crm.UserID]bool{}
	c.peopleMu.Lock()
	for _, raw := range ids {
		id := crm.UserID(id18(string(raw)))
		if !isUser(string(id)) || wanted[id] {
			continue // queues and the like are no people
		}
		wanted[id] = true
		if p, ok := c.people[id]; !ok {
			unknown = append(unknown, string(id))
		} else if p != nil {
			found[id] = *p
		}
	}
	c.peopleMu.Unlock()

	fresh := map[crm.UserID]*crm.Person{}
	for _, id := range unknown {
		fresh[crm.UserID(id)] = nil // asked for and not there
	}
	if len(unknown) > 0 {
		err := c.run(ctx, &ask{
			object: "User", cols: []string{"Id", "Name", "Email", "IsActive", "ManagerId"}, key: "Id", ids: unknown,
			row: func(r gjson.Result) {
				p := &crm.Person{
					ID:   crm.UserID(id18(r.Get("Id").String())),
					Name: strings.Clone(r.Get("Name").String()), Email: strings.Clone(r.Get("Email").String()),
					Active:  r.Get("IsActive").Bool(),
					Manager: crm.UserID(id18(r.Get("ManagerId").String())),
				}
				fresh[p.ID] = p
			},
		})
		if err != nil {
			return nil, err
		}
	}
	c.peopleMu.Lock()
	defer c.peopleMu.Unlock()
	for id, p := range fresh {
		c.people[id] = p
		if p != nil {
			found[id] = *p
		}
	}
	return found, nil
}

func (c *Client) forgetPeople() {
	c.peopleMu.Lock()
	defer c.peopleMu.Unlock()
	clear(c.people)
}

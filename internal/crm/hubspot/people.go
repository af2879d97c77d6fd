package hubspot

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// ownersLife is how long the list of owners is believed when it knows everybody
// who is asked for, and unknownLife when somebody is missing.
const (
	ownersLife  = time.Hour
	unknownLife = time.Minute
)

// peopleCache holds all owners, by owner id and by both forms of user id.
type peopleCache struct {
	mu    sync.Mutex // guards the rest; held while owners are read
	at    time.Time
	index map[string]crm.Person
}

// People resolves owners, archived ones included. A user's id, which some
// places hold in place of the owner's, resolves to the same person.
func (c *Client) People(ctx context.Context, ids []crm.UserID) (map[crm.UserID]crm.Person, error) {
	out := make(map[crm.UserID]crm.Person, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	p := &c.people
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		known := true
		for _, id := range ids {
			person, ok := p.index[string(id)]
			if ok {
				out[id] = person
			}
			known = known && ok
		}
		age := time.Since(p.at)
		if p.index != nil && (known && age < ownersLife || !known && age < unknownLife) {
			return out, nil
		}
		index, err := c.readOwners(ctx)
		if err != nil {
			return nil, err
		}
		p.index, p.at = index, time.Now()
		clear(out)
	}
}

// readOwners reads all owners, first those who left, so that the present wins
// where both lists name somebody.
func (c *Client) readOwners(ctx context.Context) (map[string]crm.Person, error) {
	byOwner, byUser := map[string]crm.Person{}, map[string]crm.Person{}
	for _, archived := range []bool{true, false} {
		after := ""
		for more := true; more; more = after != "" {
			r, err := c.vendor.ownerPage(ctx, after, archived)
			if err != nil {
				return nil, err
			}
			r.Get("results").ForEach(func(_, o gjson.Result) bool {
				p := ownerOf(o, archived)
				if p.ID == "" {
					return true
				}
				byOwner[string(p.ID)] = p
				for _, name := range []string{"userIdIncludingInactive", "userId"} {
					if id := idOf(o.Get(name)); id != "" && o.Get(name).Type != gjson.Null {
						byUser[id] = p
					}
				}
				return true
			})
			next := strings.Clone(r.Get("paging.next.after").String())
			if next != "" && next == after {
				return nil, malformed("owners", "the next page of owners is the same page")
			}
			after = next
		}
	}
	for id, p := range byUser {
		if _, taken := byOwner[id]; !taken {
			byOwner[id] = p
		}
	}
	return byOwner, nil
}

func ownerOf(o gjson.Result, archived bool) crm.Person {
	p := crm.Person{
		ID: crm.UserID(idOf(o.Get("id"))), Email: strings.Clone(o.Get("email").String()),
		Name:   strings.TrimSpace(o.Get("firstName").String() + " " + o.Get("lastName").String()),
		Active: !archived && !o.Get("archived").Bool(),
	}
	o.Get("teams").ForEach(func(_, t gjson.Result) bool {
		id := idOf(t.Get("id"))
		if t.Get("primary").Bool() {
			p.Teams = append([]string{id}, p.Teams...)
		} else {
			p.Teams = append(p.Teams, id)
		}
		return true
	})
	return p
}

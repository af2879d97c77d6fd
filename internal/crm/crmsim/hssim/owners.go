package hssim

import (
	"strconv"
	"strings"
)

// An owner is a user as records refer to it. Its id is not the user's id.
type owner struct {
	id       int64
	user     int64
	first    string
	last     string
	email    string
	team     string
	teamID   string
	at       int64
	archived bool
}

type teamJSON struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Primary bool   `json:"primary"`
}

type ownerJSON struct {
	ID        string     `json:"id"`
	Email     string     `json:"email"`
	Type      string     `json:"type"`
	FirstName string     `json:"firstName"`
	LastName  string     `json:"lastName"`
	UserID    *int64     `json:"userId"`
	UserIDAny int64      `json:"userIdIncludingInactive"`
	CreatedAt string     `json:"createdAt"`
	UpdatedAt string     `json:"updatedAt"`
	Archived  bool       `json:"archived"`
	Teams     []teamJSON `json:"teams,omitempty"`
}

func (o *owner) json() ownerJSON {
	out := ownerJSON{
		ID: strconv.FormatInt(o.id, 10), Email: o.email, Type: "PERSON", FirstName: o.first, LastName: o.last,
		UserIDAny: o.user, CreatedAt: isoTime(o.at), UpdatedAt: isoTime(o.at), Archived: o.archived,
	}
	if !o.archived {
		out.UserID = new(o.user)
		if o.team != "" {
			out.Teams = []teamJSON{{o.teamID, o.team, true}}
		}
	}
	return out
}

func (s *Server) ownerRoutes(c *call, seg []string) methods {
	scopes := [][]string{{"crm.objects.owners.read"}}
	switch len(seg) {
	case 0:
		return methods{"GET": {op: "owners", handle: s.ownerListing, scopes: scopes}}
	case 1:
		return methods{"GET": {op: "owner", scopes: scopes, handle: func(c *call) (any, *apiError) { return s.ownerGet(c, seg[0]) }}}
	}
	return nil
}

func (s *Server) ownerListing(c *call) (any, *apiError) {
	q := c.r.URL.Query()
	limit, e := limitParam(q, 100, 500)
	if e != nil {
		return nil, e
	}
	archived, e := boolParam(q, "archived")
	if e != nil {
		return nil, e
	}
	from, email := int64(0), q.Get("email")
	if text := q.Get("after"); text != "" {
		n, ok := parseID(text)
		if !ok {
			return nil, invalid("Invalid after value: %s", text)
		}
		from = n
	}
	rows := []ownerJSON{}
	answer := map[string]any{}
	for _, o := range s.ownerList {
		if o.archived != archived || o.id < from || email != "" && !strings.EqualFold(o.email, email) {
			continue
		}
		if len(rows) == limit {
			after := strconv.FormatInt(o.id, 10)
			answer["paging"] = map[string]any{"next": map[string]string{"after": after, "link": "?after=" + after}}
			break
		}
		rows = append(rows, o.json())
	}
	answer["results"] = rows
	c.served("owners", len(rows))
	return answer, nil
}

// ownerGet finds an owner by its id, or with idProperty=userId by the user's.
func (s *Server) ownerGet(c *call, id string) (any, *apiError) {
	archived, e := boolParam(c.r.URL.Query(), "archived")
	if e != nil {
		return nil, e
	}
	by := c.r.URL.Query().Get("idProperty")
	for _, o := range s.ownerList {
		key := o.id
		if by == "userId" {
			key = o.user
		}
		if strconv.FormatInt(key, 10) == id && o.archived == archived {
			c.served("owners", 1)
			return o.json(), nil
		}
	}
	return nil, notFound("Owner %s does not exist", id)
}

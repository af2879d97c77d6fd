package hssim

import "net/http"

type groupInputJSON struct {
	Name  string  `json:"name"`
	Label *string `json:"label"`
	Order *int    `json:"displayOrder"`
}

func (s *Server) groupList(_ *call, t *table) (any, *apiError) {
	rows := []group{}
	for _, g := range t.groups {
		if !g.Archived {
			rows = append(rows, *g)
		}
	}
	return map[string]any{"results": rows}, nil
}

func (s *Server) groupGet(_ *call, t *table, name string) (any, *apiError) {
	g := t.groupNamed(name)
	if g == nil {
		return nil, notFound("Property group %s does not exist", name)
	}
	return *g, nil
}

func (s *Server) groupCreate(c *call, t *table) (any, *apiError) {
	var in groupInputJSON
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if in.Name == "" || in.Label == nil || *in.Label == "" {
		return nil, invalid("Invalid input JSON: Some required fields were not set: [name, label]")
	}
	if !propertyNames.MatchString(in.Name) {
		return nil, invalid("Property group name %q is not valid", in.Name)
	}
	if t.groupNamed(in.Name) != nil {
		return nil, refuse(409, "OBJECT_ALREADY_EXISTS", "A property group named '%s' already exists.", in.Name)
	}
	g := &group{Name: in.Name, Label: *in.Label, DisplayOrder: -1}
	assign(&g.DisplayOrder, in.Order)
	t.groups = append(t.groups, g)
	c.status = http.StatusCreated
	return *g, nil
}

func (s *Server) groupUpdate(c *call, t *table, name string) (any, *apiError) {
	var in groupInputJSON
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	g := t.groupNamed(name)
	if g == nil {
		return nil, notFound("Property group %s does not exist", name)
	}
	assign(&g.Label, in.Label)
	assign(&g.DisplayOrder, in.Order)
	return *g, nil
}

func (s *Server) groupArchive(c *call, t *table, name string) (any, *apiError) {
	g := t.groupNamed(name)
	if g == nil {
		return nil, notFound("Property group %s does not exist", name)
	}
	for _, p := range t.slots {
		if p.group == name && p.archived == 0 {
			return nil, invalid("Property group %s still has properties", name)
		}
	}
	g.Archived = true
	c.status = http.StatusNoContent
	return nil, nil
}

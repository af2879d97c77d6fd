package hssim

// associationRoutes are the v4 calls on pairs of kinds.
func (s *Server) associationRoutes(c *call, seg []string) (methods, *apiError) {
	if len(seg) < 3 {
		return nil, nil
	}
	from, e := s.tableIn(seg[0])
	if e != nil {
		return nil, e
	}
	to, e := s.tableIn(seg[1])
	if e != nil {
		return nil, e
	}
	if _, known := defaultTypes[[2]string{from.plural, to.plural}]; !known {
		return nil, invalid("%s and %s cannot be associated", from.plural, to.plural)
	}
	c.kind = from.plural + "/" + to.plural
	read := [][]string{objectScope(from, "read"), objectScope(to, "read")}
	write := [][]string{objectScope(from, "write"), objectScope(to, "write")}
	on := func(f func(*call, *table, *table) (any, *apiError)) func(*call) (any, *apiError) {
		return func(c *call) (any, *apiError) { return f(c, from, to) }
	}
	create := func(plain bool) func(*call) (any, *apiError) {
		return func(c *call) (any, *apiError) { return s.linkCreate(c, from, to, plain) }
	}
	post := func(op string, f func(*call) (any, *apiError)) methods {
		return methods{"POST": {op: op, handle: f, scopes: write, policy: associating, writes: true}}
	}
	switch rest := seg[2:]; {
	case len(rest) == 2 && rest[0] == "batch" && rest[1] == "read":
		return methods{"POST": {op: "associations_batch_read", handle: on(s.linkRead), scopes: read, policy: associating}}, nil
	case len(rest) == 2 && rest[0] == "batch" && rest[1] == "create":
		return post("associations_batch_create", create(false)), nil
	case len(rest) == 3 && rest[0] == "batch" && rest[1] == "associate" && rest[2] == "default":
		return post("associations_batch_default", create(true)), nil
	case len(rest) == 2 && rest[0] == "batch" && rest[1] == "archive":
		return post("associations_batch_archive", on(s.linkArchive)), nil
	case len(rest) == 3 && rest[0] == "batch" && rest[1] == "labels" && rest[2] == "archive":
		return post("associations_labels_archive", on(s.labelArchive)), nil
	case len(rest) == 1 && rest[0] == "labels":
		return methods{
			"GET":  {op: "labels", handle: on(s.labelList), scopes: read, policy: associating},
			"POST": {op: "label_create", handle: on(s.labelCreate), scopes: write, policy: associating, writes: true},
			"PUT":  {op: "label_update", handle: on(s.labelUpdate), scopes: write, policy: associating, writes: true},
		}, nil
	case len(rest) == 2 && rest[0] == "labels":
		return methods{"DELETE": {op: "label_delete", scopes: write, policy: associating, writes: true, handle: func(c *call) (any, *apiError) {
			return s.labelDelete(c, from, to, rest[1])
		}}}, nil
	}
	return nil, nil
}

// recordLinkRoutes are the calls on one record's associations. v3 answers in
// its own older shape and only reads here.
func (s *Server) recordLinkRoutes(c *call, from *table, seg []string) (methods, *apiError) {
	rest := seg[3:]
	plain := len(rest) == 3 && rest[0] == "default"
	if plain {
		rest = rest[1:]
	}
	to, e := s.tableIn(rest[0])
	if e != nil {
		return nil, e
	}
	c.kind = from.plural + "/" + to.plural
	read := [][]string{objectScope(from, "read"), objectScope(to, "read")}
	write := [][]string{objectScope(from, "write"), objectScope(to, "write")}
	pair := func(f func(*call, *table, string, *table, string) (any, *apiError)) func(*call) (any, *apiError) {
		return func(c *call) (any, *apiError) { return f(c, from, seg[1], to, rest[1]) }
	}
	switch {
	case len(rest) == 1 && c.version == "v3":
		return methods{"GET": {op: "associations_list", scopes: read, policy: associating, handle: func(c *call) (any, *apiError) {
			return s.oldLinkList(c, from, seg[1], to)
		}}}, nil
	case len(rest) == 1 && !plain:
		return methods{"GET": {op: "associations_list", scopes: read, policy: associating, handle: func(c *call) (any, *apiError) {
			return s.linkList(c, from, seg[1], to)
		}}}, nil
	case len(rest) == 2 && plain && c.version != "v3":
		return methods{"PUT": {op: "associations_default", handle: pair(s.linkDefault), scopes: write, policy: associating, writes: true}}, nil
	case len(rest) == 2 && c.version != "v3":
		return methods{
			"PUT":    {op: "associations_put", handle: pair(s.linkPut), scopes: write, policy: associating, writes: true},
			"DELETE": {op: "associations_delete", handle: pair(s.linkDelete), scopes: write, policy: associating, writes: true},
		}, nil
	}
	return nil, nil
}

// oldAssociationRoutes is the v3 batch read, which ignores cursors.
func (s *Server) oldAssociationRoutes(c *call, seg []string) (methods, *apiError) {
	if len(seg) != 4 || seg[2] != "batch" || seg[3] != "read" {
		return nil, nil
	}
	from, e := s.tableIn(seg[0])
	if e != nil {
		return nil, e
	}
	to, e := s.tableIn(seg[1])
	if e != nil {
		return nil, e
	}
	c.kind = from.plural + "/" + to.plural
	read := [][]string{objectScope(from, "read"), objectScope(to, "read")}
	return methods{"POST": {op: "associations_v3_read", scopes: read, policy: associating, handle: func(c *call) (any, *apiError) {
		return s.oldLinkRead(c, from, to)
	}}}, nil
}

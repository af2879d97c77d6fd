package hssim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

type methods map[string]endpoint

// route finds the endpoint of a request. The refusal it may return is not sent
// before the request has been authenticated and counted.
func (s *Server) route(c *call) *apiError {
	path := c.r.URL.EscapedPath()
	seg := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, part := range seg {
		if plain, err := url.PathUnescape(part); err == nil {
			seg[i] = plain
		}
	}
	// Owners are served with a trailing slash too; both official and other
	// clients call them so.
	if n := len(seg); n > 1 && seg[n-1] == "" && slices.Contains(seg, "owners") {
		seg = seg[:n-1]
	}
	var found methods
	var e *apiError
	switch seg[0] {
	case "oauth":
		found = s.oauthRoutes(c, seg[1:])
	case "account-info":
		found = s.accountRoutes(c, seg[1:])
	case "crm":
		found, e = s.crmRoutes(c, seg[1:])
	}
	if e != nil {
		return e
	}
	if found == nil {
		return refuse(http.StatusNotFound, "", "resource not found")
	}
	ep, ok := found[c.r.Method]
	if !ok {
		return refuse(http.StatusMethodNotAllowed, "", "HTTP 405 Method Not Allowed")
	}
	c.ep = ep
	c.kind = strings.TrimSpace(ep.op + " " + c.kind)
	return nil
}

func datedVersion(v string) bool { return v == "2026-03" || v == "2026-09" }

func (s *Server) oauthRoutes(c *call, seg []string) methods {
	if strings.Join(seg, "/") == "v2/private-apps/get/access-token-info" {
		c.version = "v2"
		return methods{"POST": {op: "token_info", handle: s.tokenInfo}}
	}
	if len(seg) != 2 || seg[1] != "token" || seg[0] != "v1" && seg[0] != "v3" && !datedVersion(seg[0]) {
		return nil
	}
	c.version = seg[0]
	return methods{"POST": {op: "oauth_token", handle: s.token, policy: unrestricted}}
}

func (s *Server) accountRoutes(c *call, seg []string) methods {
	if len(seg) < 2 || seg[0] != "v3" && !datedVersion(seg[0]) {
		return nil
	}
	c.version = seg[0]
	switch strings.Join(seg[1:], "/") {
	case "details":
		return methods{"GET": {op: "account_details", handle: s.accountDetails}}
	case "api-usage/daily/private-apps":
		return methods{"GET": {op: "account_usage", handle: s.accountUsage}}
	}
	return nil
}

// crmRoutes handles both spellings of a path: /crm/{version}/{family}/... up to
// v4, and /crm/{family}/{version}/... for dated versions.
func (s *Server) crmRoutes(c *call, seg []string) (methods, *apiError) {
	if len(seg) < 2 {
		return nil, nil
	}
	family, version := seg[1], seg[0]
	if version != "v3" && version != "v4" {
		family, version = seg[0], seg[1]
		if !datedVersion(version) && !(family == "associations" && version == "v4") {
			return nil, nil
		}
	}
	c.version = version
	rest := seg[2:]
	v4 := version == "v4"
	switch family {
	case "objects":
		return s.objectRoutes(c, rest)
	case "associations":
		if version == "v3" {
			return s.oldAssociationRoutes(c, rest)
		}
		return s.associationRoutes(c, rest)
	case "properties":
		if !v4 {
			return s.propertyRoutes(c, rest)
		}
	case "pipelines":
		if !v4 {
			return s.pipelineRoutes(c, rest)
		}
	case "owners":
		if !v4 {
			return s.ownerRoutes(c, rest), nil
		}
	}
	return nil, nil
}

func (s *Server) tableIn(path string) (*table, *apiError) {
	if t := s.table(path); t != nil {
		return t, nil
	}
	return nil, invalid("Unable to infer object type from: %s", path)
}

func (s *Server) objectRoutes(c *call, seg []string) (methods, *apiError) {
	if len(seg) == 0 {
		return nil, nil
	}
	t, e := s.tableIn(seg[0])
	if e != nil {
		return nil, e
	}
	c.kind = t.plural
	read, write := [][]string{objectScope(t, "read")}, [][]string{objectScope(t, "write")}
	on := func(f func(*call, *table) (any, *apiError)) func(*call) (any, *apiError) {
		return func(c *call) (any, *apiError) { return f(c, t) }
	}
	one := func(f func(*call, *table, string) (any, *apiError)) func(*call) (any, *apiError) {
		return func(c *call) (any, *apiError) { return f(c, t, seg[1]) }
	}
	if len(seg) > 3 && seg[2] == "associations" {
		return s.recordLinkRoutes(c, t, seg)
	}
	if c.version == "v4" {
		return nil, nil
	}
	switch {
	case len(seg) == 1:
		return methods{
			"GET":  {op: "list", handle: on(s.list), scopes: read},
			"POST": {op: "create", handle: on(s.create), scopes: write, writes: true},
		}, nil
	case len(seg) == 2 && seg[1] == "search":
		return methods{"POST": {op: "search", handle: on(s.search), scopes: read, policy: searching}}, nil
	case len(seg) == 2 && seg[1] == "merge":
		return methods{"POST": {op: "merge", handle: on(s.mergeCall), scopes: write, writes: true}}, nil
	case len(seg) == 2 && seg[1] != "batch":
		return methods{
			"GET":    {op: "get", handle: one(s.get), scopes: read},
			"PATCH":  {op: "update", handle: one(s.update), scopes: write, writes: true},
			"DELETE": {op: "archive", handle: one(s.remove), scopes: write, writes: true},
		}, nil
	case len(seg) == 3 && seg[1] == "batch":
		switch seg[2] {
		case "read":
			return methods{"POST": {op: "batch_read", handle: on(s.batchRead), scopes: read}}, nil
		case "create":
			return methods{"POST": {op: "batch_create", handle: on(s.batchCreate), scopes: write, writes: true}}, nil
		case "update":
			return methods{"POST": {op: "batch_update", handle: on(s.batchUpdate), scopes: write, writes: true}}, nil
		case "upsert":
			return methods{"POST": {op: "batch_upsert", handle: on(s.batchUpsert), scopes: write, writes: true}}, nil
		case "archive":
			return methods{"POST": {op: "batch_archive", handle: on(s.batchArchive), scopes: write, writes: true}}, nil
		}
	}
	return nil, nil
}

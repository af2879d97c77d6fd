package sfsim

import (
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// lock says how an endpoint needs the org's data.
type lock int

const (
	none lock = iota
	reads
	writes
)

// An endpoint is what a path and method lead to.
type endpoint struct {
	handle func() (*answer, *apiError)
	lock   lock
	rest   bool // needs a session and costs a request
	soap   bool // so does a SOAP message, which carries its session inside
}

// segments splits an escaped path, as the edge does: duplicate and trailing
// slashes do not count.
func segments(escaped string) ([]string, bool) {
	var out []string
	for _, p := range strings.Split(escaped, "/") {
		if p == "" {
			continue
		}
		text, err := url.PathUnescape(p)
		if err != nil {
			return nil, false
		}
		out = append(out, text)
	}
	return out, true
}

// route names the request's kind and finds its endpoint. The error is what to
// say once the caller is known.
func (c *call) route(escaped string) (endpoint, *apiError) {
	c.kind = "unknown"
	seg, fine := segments(escaped)
	if !fine || len(seg) == 0 {
		return endpoint{}, down(404, "Not Found")
	}
	if seg[0] == "id" && len(seg) == 3 {
		c.kind = "identity"
		return endpoint{handle: func() (*answer, *apiError) { return c.identity(seg[1], seg[2]) }, lock: reads}, nil
	}
	if seg[0] != "services" || len(seg) < 2 {
		return endpoint{}, down(404, "Not Found")
	}
	switch {
	case seg[1] == "data" && len(seg) == 2:
		c.kind = "versions"
		return endpoint{handle: c.versions}, nil
	case seg[1] == "data":
		return c.routeREST(seg[2], seg[3:])
	case seg[1] == "oauth2" && len(seg) == 3:
		switch seg[2] {
		case "token":
			c.kind = "token"
			return endpoint{handle: c.token}, nil
		case "revoke":
			c.kind = "revoke"
			return endpoint{handle: c.revokeToken}, nil
		case "userinfo":
			c.kind = "userinfo"
			return endpoint{handle: c.userInfo, lock: reads}, nil
		}
	case seg[1] == "Soap" && (len(seg) == 4 || len(seg) == 5) && seg[2] == "m":
		return c.routeMetadata(seg[3]), nil
	case seg[1] == "Soap" && len(seg) >= 4 && seg[2] == "u":
		c.kind = "soap login"
		return endpoint{handle: func() (*answer, *apiError) { return c.soap(seg[3]) }}, nil
	}
	return endpoint{}, down(404, "Not Found")
}

// The versions that the vendor answers (release notes of Winter '27).
const (
	firstVersion = 31
	lastVersion  = 68
)

func (c *call) routeREST(version string, seg []string) (endpoint, *apiError) {
	n, err := strconv.ParseFloat(strings.TrimPrefix(version, "v"), 64)
	if err != nil || !strings.HasPrefix(version, "v") || !strings.HasSuffix(version, ".0") || n > lastVersion || n < 1 {
		return endpoint{rest: true}, notFound()
	}
	if n < firstVersion {
		c.kind = "retired"
		return endpoint{}, refuse(410, "GONE", "API version %s is retired. Please use a supported version.", version)
	}
	c.version = version
	if over := c.params.Get("_HttpMethod"); c.method == http.MethodPost && over != "" {
		c.method = strings.ToUpper(over)
	}
	ep, e := c.routeResource(seg)
	ep.rest = true
	if e == nil && ep.handle == nil {
		e = notFound()
	}
	if e == nil {
		e = c.checkType()
	}
	return ep, e
}

// checkType refuses bodies that do not say they are JSON, or CSV where that is wanted.
func (c *call) checkType() *apiError {
	if c.inner || (c.method != http.MethodPost && c.method != http.MethodPatch && c.method != http.MethodPut) || len(c.body) == 0 {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	want := "application/json"
	if c.csv {
		want = "text/csv"
	}
	if kind != want {
		return refuse(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type header specified is not supported: %s", c.r.Header.Get("Content-Type"))
	}
	return nil
}

// A method table says which methods a resource has.
type methods map[string]endpoint

// pick chooses by method; HEAD is GET without its body.
func (c *call) pick(m methods) (endpoint, *apiError) {
	method := c.method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if ep, ok := m[method]; ok {
		return ep, nil
	}
	allowed := slices.Sorted(maps.Keys(m))
	if slices.Contains(allowed, http.MethodGet) { // the vendor names it first
		allowed = append([]string{http.MethodHead}, allowed...)
	}
	return endpoint{}, notAllowed(c.method, allowed...)
}

type handler = func() (*answer, *apiError)

func get(h handler) methods { return methods{"GET": {handle: h, lock: reads}} }

func (c *call) routeResource(seg []string) (endpoint, *apiError) {
	if len(seg) == 0 {
		c.kind = "resources"
		return c.pick(get(c.resources))
	}
	tooling := seg[0] == "tooling" && len(seg) > 1
	if tooling {
		seg = seg[1:]
	}
	prefix := ""
	if tooling {
		prefix = "tooling "
	}
	switch {
	case seg[0] == "query" || seg[0] == "queryAll":
		if len(seg) == 2 {
			c.kind = prefix + "queryMore"
			c.object = c.s.locatorObject(seg[1])
			return c.pick(methods{"GET": {handle: func() (*answer, *apiError) { return c.queryMore(seg[1]) }, lock: reads}})
		}
		c.kind, c.object = prefix+seg[0], outerFrom(c.params.Get("q"))
		if len(seg) == 1 {
			return c.pick(get(func() (*answer, *apiError) { return c.query(seg[0] == "queryAll", tooling) }))
		}
	case seg[0] == "sobjects":
		return c.routeObject(seg[1:], prefix)
	case tooling:
		return endpoint{}, notFound()
	case seg[0] == "limits" && len(seg) == 1:
		c.kind = "limits"
		return c.pick(get(c.showLimits))
	case seg[0] == "chatter" && len(seg) == 2 && seg[1] == "feed-elements":
		c.kind, c.object = "chatter post", "FeedItem"
		return c.pick(methods{"POST": {handle: c.postElement, lock: writes}})
	case seg[0] == "composite":
		return c.routeComposite(seg[1:])
	case seg[0] == "jobs" && len(seg) > 1:
		return c.routeJobs(seg[1], seg[2:])
	}
	return endpoint{}, notFound()
}

func (c *call) routeObject(seg []string, prefix string) (endpoint, *apiError) {
	tooling := prefix != ""
	if len(seg) == 0 {
		c.kind = prefix + "global"
		return c.pick(get(func() (*answer, *apiError) { return c.describeGlobal(tooling) }))
	}
	c.object = seg[0]
	with := func(f func(*table) (*answer, *apiError)) handler {
		return func() (*answer, *apiError) {
			t := c.s.readableTable(seg[0], tooling)
			if t == nil {
				return nil, notFound()
			}
			return f(t)
		}
	}
	if tooling && seg[0] == "CustomField" && (len(seg) == 1 && c.method == http.MethodPost || len(seg) == 2 && seg[1] != "describe") {
		return c.routeField(seg[1:])
	}
	if len(seg) == 1 {
		c.kind = map[bool]string{true: prefix + "insert", false: prefix + "basic"}[c.method == "POST"]
		return c.pick(methods{"GET": {handle: with(c.basic), lock: reads}, "POST": {handle: with(c.insertOne), lock: writes}})
	}
	if len(seg) == 2 {
		switch seg[1] {
		case "describe":
			c.kind = prefix + "describe"
			return c.pick(get(with(c.describe)))
		case "updated":
			c.kind = "updated"
			return c.pick(get(with(c.updated)))
		case "deleted":
			c.kind = "deleted"
			return c.pick(get(with(c.deleted)))
		}
		c.kind = prefix + map[string]string{"PATCH": "update", "DELETE": "delete"}[c.method]
		if c.method == "GET" || c.method == "HEAD" {
			c.kind = prefix + "get"
		}
		id := seg[1]
		return c.pick(methods{
			"GET": {handle: with(func(t *table) (*answer, *apiError) { return c.getOne(t, id) }), lock: reads},
			"PATCH": {handle: with(func(t *table) (*answer, *apiError) {
				if t.field(id) != nil { // an upsert whose key is empty
					return nil, notAllowed(c.method, "HEAD", "GET", "POST")
				}
				return c.updateOne(t, id)
			}), lock: writes},
			"DELETE": {handle: with(func(t *table) (*answer, *apiError) { return c.deleteOne(t, id) }), lock: writes},
		})
	}
	if len(seg) == 3 {
		return c.routeKeyed(seg[1], seg[2], with)
	}
	return endpoint{}, notFound()
}

// routeField is what can be done to custom fields.
func (c *call) routeField(seg []string) (endpoint, *apiError) {
	visible := func(h handler) handler {
		return func() (*answer, *apiError) {
			if c.s.readableTable("CustomField", true) == nil {
				return nil, notFound()
			}
			return h()
		}
	}
	if len(seg) == 0 {
		c.kind = "tooling insert"
		return endpoint{handle: visible(c.createField), lock: writes}, nil
	}
	c.kind = "tooling " + map[string]string{"PATCH": "update", "DELETE": "delete", "GET": "get", "HEAD": "get"}[c.method]
	return c.pick(methods{
		"GET":    {handle: visible(func() (*answer, *apiError) { return c.showField(seg[0]) }), lock: reads},
		"PATCH":  {handle: visible(func() (*answer, *apiError) { return c.changeField(seg[0]) }), lock: writes},
		"DELETE": {handle: visible(func() (*answer, *apiError) { return c.dropField(seg[0]) }), lock: writes},
	})
}

// routeKeyed is {object}/{external id field}/{value} or {object}/{id}/{blob}.
func (c *call) routeKeyed(a, b string, with func(func(*table) (*answer, *apiError)) handler) (endpoint, *apiError) {
	c.kind = "upsert"
	if c.method == "GET" || c.method == "HEAD" {
		c.kind = "get"
		if _, isID := fullID(a); isID {
			c.kind = "blob"
			return c.pick(get(with(func(t *table) (*answer, *apiError) { return c.blob(t, a, b) })))
		}
	}
	return c.pick(methods{
		"GET":    {handle: with(func(t *table) (*answer, *apiError) { return c.getKeyed(t, a, b) }), lock: reads},
		"PATCH":  {handle: with(func(t *table) (*answer, *apiError) { return c.upsertOne(t, a, b) }), lock: writes},
		"DELETE": {handle: with(func(t *table) (*answer, *apiError) { return c.deleteKeyed(t, a, b) }), lock: writes},
	})
}

// firstType finds the object of the first record of a collections body, for the
// kind of the request alone.
func firstType(body []byte) string {
	m := regexp.MustCompile(`"type"\s*:\s*"(\w+)"`).FindSubmatch(body[:min(len(body), 4096)])
	if m == nil {
		return ""
	}
	return string(m[1])
}

func (c *call) routeComposite(seg []string) (endpoint, *apiError) {
	switch {
	case len(seg) == 0:
		c.kind = "composite"
		return c.pick(methods{"POST": {handle: c.composite, lock: writes}})
	case seg[0] == "batch" && len(seg) == 1:
		c.kind = "batch"
		return c.pick(methods{"POST": {handle: c.batch, lock: writes}})
	case seg[0] != "sobjects":
		return endpoint{}, notFound()
	case len(seg) == 1:
		c.kind, c.object = "collections "+map[string]string{"POST": "insert", "PATCH": "update", "DELETE": "delete"}[c.method], firstType(c.body)
		return c.pick(methods{
			"POST":   {handle: c.insertMany, lock: writes},
			"PATCH":  {handle: c.updateMany, lock: writes},
			"DELETE": {handle: c.deleteMany, lock: writes},
		})
	case len(seg) == 2:
		c.kind, c.object = "collections get", seg[1]
		h := func() (*answer, *apiError) { return c.getMany(seg[1]) }
		return c.pick(methods{"POST": {handle: h, lock: reads}, "GET": {handle: h, lock: reads}})
	case len(seg) == 3:
		c.kind, c.object = "collections upsert", seg[1]
		return c.pick(methods{"PATCH": {handle: func() (*answer, *apiError) { return c.upsertMany(seg[1], seg[2]) }, lock: writes}})
	}
	return endpoint{}, notFound()
}

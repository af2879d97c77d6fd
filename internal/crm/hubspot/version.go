package hubspot

import (
	"net/http"
	"strings"
)

// rewrites are the paths of each API version, by the prefix that code uses.
// The dated versions put the family before the version.
var rewrites = map[string][][2]string{
	"v3": {
		{"/crm/v3/owners/", "/crm/v3/owners"},
	},
	"2026-03": dated("2026-03"),
	"2026-09": dated("2026-09"),
}

func dated(v string) [][2]string {
	return [][2]string{
		{"/crm/v3/owners/", "/crm/owners/" + v},
		{"/crm/v3/objects/", "/crm/objects/" + v + "/"},
		{"/crm/v4/objects/", "/crm/objects/" + v + "/"},
		{"/crm/v4/associations/", "/crm/associations/" + v + "/"},
		{"/crm/v3/properties/", "/crm/properties/" + v + "/"},
		{"/crm/v3/pipelines/", "/crm/pipelines/" + v + "/"},
		{"/oauth/v3/", "/oauth/" + v + "/"},
	}
}

func knownVersion(v string) bool {
	_, ok := rewrites[v]
	return ok
}

// path is a v3 or v4 path in the words of a version. Account information has
// one path for all.
func path(version, p string) string {
	for _, r := range rewrites[version] {
		if rest, ok := strings.CutPrefix(p, r[0]); ok {
			return r[1] + rest
		}
	}
	return p
}

// rewriter brings the requests of a client library, which speaks v3, to the
// version in use.
type rewriter struct {
	prefix  string // of the base address
	version string
	next    http.RoundTripper
}

func (r rewriter) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Path = r.prefix + path(r.version, strings.TrimPrefix(req.URL.Path, r.prefix))
	req.URL.RawPath = ""
	resp, err := r.next.RoundTrip(req)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

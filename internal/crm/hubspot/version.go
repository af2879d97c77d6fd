package hubspot

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
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

// speech is the version that a portal is spoken to in: the one asked for, or a
// substitute once the portal had nothing at the addresses of that one.
type speech struct {
	version string // asked for
	other   atomic.Bool
}

// spoken is the version in use.
func (s *speech) spoken() string {
	if s.other.Load() {
		return s.substitute()
	}
	return s.version
}

func (s *speech) substitute() string {
	if s.version == "v3" {
		return defaultVersion
	}
	return "v3"
}

func (s *speech) path(p string) string { return path(s.spoken(), p) }

// unserved reports whether an answer may mean that the portal does not serve a
// version: nothing is at the address of something that every portal has.
func unserved(err error) bool {
	var e *crm.Error
	return errors.As(err, &e) && (e.Kind == crm.NotFound || e.Code == codeNowhere)
}

// served asks for something that every portal has. If there is nothing at its
// address, the substitute is tried, and kept if that is served.
func (c *Client) served(ask func() error) error {
	err := ask()
	if !unserved(err) || !c.api.other.CompareAndSwap(false, true) {
		return err
	}
	other := ask()
	if other == nil {
		c.log.Warn("the portal does not serve the API version asked for", zap.String("asked", c.api.version), zap.String("spoken", c.api.spoken()))
		return nil
	}
	c.api.other.Store(false)
	if !unserved(other) {
		return other // which does not show that it is served
	}
	var e *crm.Error
	if errors.As(err, &e) && e.Fix == "" {
		e.Fix = "check base_url and api_version: neither " + c.api.version + " nor " + c.api.substitute() + " is served whole"
	}
	return err
}

func (s *schema) checkVersion(api *speech) {
	if api.other.Load() {
		s.problem(crm.Warn, "api_version", "the portal does not serve "+api.version+", so "+api.spoken()+" is spoken", "set api_version to one that it serves")
	}
}

// rewriter brings the requests of a client library, which speaks v3, to the
// version in use.
type rewriter struct {
	prefix string // of the base address
	api    *speech
	next   http.RoundTripper
}

func (r rewriter) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Path = r.prefix + r.api.path(strings.TrimPrefix(req.URL.Path, r.prefix))
	req.URL.RawPath = ""
	resp, err := r.next.RoundTrip(req)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

package cli

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// hubspotSimulator keeps to the vendor's limits and its search index lags as
// the vendor's does.
func hubspotSimulator(w *world.World, clock *simclock.Clock, o simOptions) (*simulator, http.Handler) {
	s := hssim.New(w, hssim.Options{Clock: clock, EnforceLimits: o.limits, NoSearchLag: !o.lag, Latency: o.latency, NoHandoffFields: o.bare})
	return &simulator{
		title: "HubSpot", connection: "portal",
		secrets: map[string]string{"hubspot-token": s.Credentials().Token},
		native:  func(f world.Field) string { return f.HubSpot },
		config: func(dir, url string) string {
			lines := fmt.Sprintf("    crm: hubspot\n    base_url: %s\n    auth: {token: \"${file:%s}\"}\n", url, filepath.Join(dir, "hubspot-token"))
			if !o.limits {
				lines += "    budget: {searches_per_second: 1000}\n" // this portal counts none
			}
			return lines + "    managers: {owners: {" + managers(s, w) + "}}\n" // a portal knows none
		},
		counters: func() simCounters {
			n := s.Stats()
			return simCounters{Requests: n.ByKind, Rows: n.Rows, Written: n.Written, InFlight: n.MaxInFlight, Bytes: n.BytesOut}
		},
	}, s
}

// managers maps the owners who report to somebody to their managers.
func managers(s *hssim.Server, w *world.World) string {
	var list []string
	for i, u := range w.Users {
		if u.Manager >= 0 {
			list = append(list, fmt.Sprintf("%q: %q", s.OwnerID(i), s.OwnerID(u.Manager)))
		}
	}
	return strings.Join(list, ", ")
}

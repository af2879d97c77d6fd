package cli

import (
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// salesforceSimulator is an org with an external client app whose run-as user
// is the integration user.
func salesforceSimulator(w *world.World, clock *simclock.Clock, o simOptions) (*simulator, http.Handler) {
	s := sfsim.New(w, sfsim.Options{Clock: clock, EnforceLimits: o.limits, Latency: o.latency, WallClockAssertions: true, NoHandoffFields: o.bare})
	c := s.Credentials()
	return &simulator{
		title: "Salesforce", connection: "sales-org",
		secrets: map[string]string{"salesforce-client-id": c.ClientID, "salesforce-client-secret": c.ClientSecret},
		native:  func(f world.Field) string { return f.Salesforce },
		config: func(dir, url string) string {
			lines := "    crm: salesforce\n"
			if o.composite {
				lines += "    composite_writes: true\n"
			}
			return lines + fmt.Sprintf("    auth:\n      flow: client_credentials\n      login_url: %s\n      client_id: ${file:%s}\n      client_secret: ${file:%s}\n",
				url, filepath.Join(dir, "salesforce-client-id"), filepath.Join(dir, "salesforce-client-secret"))
		},
		assign: func(set string) { s.Assign(set, s.Me()) },
		counters: func() simCounters {
			n := s.Stats()
			return simCounters{Requests: n.Requests, Rows: n.Rows, Written: n.Written, InFlight: n.MaxInFlight, Bytes: n.Bytes}
		},
	}, s
}

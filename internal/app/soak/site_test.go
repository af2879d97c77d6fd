package soak

import (
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/store"
)

// site is a connection with its CRM and the people who work there.
type site struct {
	*apptest.Rig
	*door
	*people
	every time.Duration        // between passes
	runs  map[string]store.Run // all that were seen, by id
	// mark is the moment from which on passes are waited for; over is when edits
	// and faults had ended.
	mark, over time.Time
	born       time.Time       // when the daemon was last started
	early      apptest.Records // what passes alone have brought about
	written    int             // deals written by then
}

// searchLag is the longest that HubSpot's search lags; the configured lag is
// more than that.
const searchLag = time.Second

// newSite makes a company whose clock is ours.
func newSite(t *testing.T, crm, database string, p plan, n uint64) *site {
	t.Helper()
	s := &site{door: &door{}, every: p.every, runs: map[string]store.Run{}}
	now := time.Now().UTC().Truncate(time.Second)
	w := world.Generate(world.GenerateOptions{Deals: p.deals, Seed: 100*p.seed + n, Now: now})
	w.Company += " " + crm // two connections to one org are refused
	s.Rig = apptest.New(t, apptest.Options{
		CRM: crm, World: w, Database: database, Limits: limits, Scope: "{go_live: " + now.AddDate(0, 0, -45).Format(time.DateOnly) + ", threshold: 5000}", Front: s.front, HubSpot: hssim.Options{SearchLag: searchLag},
		Extra: "    schedule: \"@every " + p.every.String() + "\"\n    sweep: \"@every 1h\"\n    lag: 2s\n    overlap: 4s\n    budget: {daily_share: 1}\n",
	})
	s.Close(t) // the program is another process
	s.door.rig = s.Rig
	s.people = newPeople(t, s.Rig, p.seed*10+n)
	return s
}

// limits: a guard that fires would hide what happens.
const limits = "{max_escalations_per_run: 0, max_band_changes: 1}"

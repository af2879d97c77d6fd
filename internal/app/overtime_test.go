package app_test

import (
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/job"
)

// What a slice has asked for when its time is up it still judges. A portal that
// allows a hundred requests in ten seconds, which is the least, has to let
// them through before the job is stopped, or they are made in vain in every
// slice.
func TestWhatASliceHasUnderWayEndsWithinItsOvertime(t *testing.T) {
	t.Parallel()
	r := apptest.New(t, quick(apptest.Options{CRM: apptest.HubSpot, World: apptest.World(1000), Extra: "    tasks: false\n"}))
	r.Pass(t)
	source := r.App.Connections()[0].Source
	made := func() (n int64) {
		for _, calls := range source.Calls() {
			n += calls
		}
		return n
	}
	ids := make([]crm.DealID, source.LoadBatch())
	if len(ids) > len(r.World.Deals) {
		t.Fatalf("a load takes %d deals, there are %d", len(ids), len(r.World.Deals))
	}
	for i := range ids {
		ids[i] = crm.DealID(r.Deal(i))
	}
	before := made()
	if _, err := source.Load(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	calls := made() - before
	if calls < int64(len(ids))/100 {
		t.Fatalf("a load of %d deals made %d calls", len(ids), calls)
	}
	wait := time.Duration(calls) * time.Duration(1+source.LoadsAhead()) * 10 * time.Second / 100
	if wait > job.Overtime*3/4 { // judging and writing take their time too
		t.Errorf("%d loads of %d calls take %v, a slice has %v", 1+source.LoadsAhead(), calls, wait, job.Overtime)
	}
}

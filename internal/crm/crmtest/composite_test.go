package crmtest_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/crmtest"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

// An org where writes travel together passes the same suite.
func TestSalesforceCompositeWrites(t *testing.T) {
	o := newOrg(t, 500, sfsim.Options{})
	c := o.clientWith(t, o.auth(salesforce.ClientCredentials), salesforce.Options{CompositeWrites: true})
	crmtest.Run(t, o.subject(c))
	if n := o.Stats().Subrequests["collections update"]; n < 2 {
		t.Errorf("%d collections travelled together", n)
	}
}

// What becomes of 1,000 records in one batch: whatever happens, each is written
// at most once, and its outcome is true.
func TestAThousandRecordsInOneBatch(t *testing.T) {
	for _, c := range []struct {
		name   string
		o      sfsim.Options
		fault  sfsim.Fault
		want   map[crm.Status]int
		kind   crm.ErrorKind // "" means no error
		batch  int           // afterwards
		writes int           // calls that wrote or tried to
	}{
		{"one call", sfsim.Options{}, sfsim.Fault{}, map[crm.Status]int{crm.Confirmed: 1000}, "", 1000, 1},
		{"the answer is lost", sfsim.Options{}, sfsim.Fault{Do: sfsim.ResetAfterCommit, On: "composite"}, map[crm.Status]int{crm.Unknown: 1000}, crm.Unavailable, 1000, 1},
		{"the call is lost", sfsim.Options{}, sfsim.Fault{Do: sfsim.ResetBeforeCommit, On: "composite"}, map[crm.Status]int{crm.Unknown: 1000}, crm.Unavailable, 1000, 1},
		{"the session died", sfsim.Options{}, sfsim.Fault{Do: sfsim.KillSession, On: "composite"}, map[crm.Status]int{crm.Confirmed: 1000}, "", 1000, 2},
		{"too many long requests", sfsim.Options{}, sfsim.Fault{Do: sfsim.ConcurrentLimit, On: "composite"}, map[crm.Status]int{crm.Confirmed: 1000}, "", 1000, 2},
		{"the day is used up", sfsim.Options{}, sfsim.Fault{Do: sfsim.DailyLimit, On: "composite"}, map[crm.Status]int{crm.NotSent: 1000}, crm.Quota, 1000, 1},
		{"one part fails", sfsim.Options{}, sfsim.Fault{Do: sfsim.ServerError, On: "collections update", Nth: 3}, map[crm.Status]int{crm.Confirmed: 800, crm.Unknown: 200}, crm.Unavailable, 1000, 1},
		{"one part is refused", sfsim.Options{}, sfsim.Fault{Do: sfsim.EmptyArray, On: "collections update", Nth: 3}, map[crm.Status]int{crm.Confirmed: 1000}, "", 200, 2},
		{"locked rows", sfsim.Options{}, sfsim.Fault{Do: sfsim.RefuseRecords, On: "collections update", Nth: 3}, map[crm.Status]int{crm.Confirmed: 800, crm.Rejected: 200}, "", 1000, 1},
		{"an org that takes three", sfsim.Options{CompositeCollections: 3}, sfsim.Fault{}, map[crm.Status]int{crm.Confirmed: 1000}, "", 200, 6},
		{"an org that takes none", sfsim.Options{CompositeCollections: -1}, sfsim.Fault{}, map[crm.Status]int{crm.Confirmed: 1000}, "", 200, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOrg(t, 1000, c.o)
			client := o.clientWith(t, o.auth(salesforce.ClientCredentials), salesforce.Options{CompositeWrites: true})
			if _, err := client.Describe(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c.fault.Do != "" {
				o.AddFault(c.fault)
			}
			o.ResetStats()
			var updates []crm.Update
			for i := range o.world.Deals {
				updates = append(updates, crm.Update{ID: crm.DealID(o.DealID(i)), Fields: map[string]string{"key": "k/" + strconv.Itoa(i)}})
			}
			out, err := client.Write(t.Context(), updates)
			if c.kind == "" && err != nil || c.kind != "" && (err == nil || crm.KindOf(err) != c.kind) {
				t.Errorf("error %v, want %q", err, c.kind)
			}
			at := slices.IndexFunc(o.world.Fields, func(f world.Field) bool { return f.Name == "key" })
			got, shown := map[crm.Status]int{}, 0
			for i, x := range out {
				got[x.Status]++
				shows := o.Get("Opportunity", o.DealID(i), o.world.Fields[at].Salesforce) == "k/"+strconv.Itoa(i)
				if shows {
					shown++
				}
				if x.ID != updates[i].ID || x.Status != crm.Unknown && shows != (x.Status == crm.Confirmed) {
					t.Fatalf("outcome %d: %+v, the record shows it: %v", i, x, shows)
				}
			}
			for status, n := range c.want {
				if got[status] != n {
					t.Errorf("outcomes %v, want %v", got, c.want)
				}
			}
			if n := int(client.Calls()["write"]); n != c.writes || client.WriteBatch() != c.batch {
				t.Errorf("%d calls, want %d; the next batch is of %d, want %d", n, c.writes, client.WriteBatch(), c.batch)
			}
			// A call whose connection was reset is counted a moment later.
			s := o.Stats()
			for range 100 {
				if s.Requests["composite"]+s.Requests["collections update"] == c.writes {
					break
				}
				time.Sleep(20 * time.Millisecond)
				s = o.Stats()
			}
			if n := s.Written["Opportunity"]; n != shown || s.Requests["composite"]+s.Requests["collections update"] != c.writes {
				t.Errorf("%d records were written %d times, by %v", shown, n, s.Requests)
			}
		})
	}
}

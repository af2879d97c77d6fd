package lessons_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/syncer"
)

// finals are final deals whose champion and sponsor are two people.
func finals(t *testing.T, r *apptest.Rig, n int) []int {
	t.Helper()
	var all []int
	for _, i := range with(t, r, "final") {
		a, b := r.Holder(i, "Champion"), r.Holder(i, "Executive Sponsor")
		if a >= 0 && b >= 0 && a != b && len(all) < n {
			all = append(all, i)
		}
	}
	if len(all) < n {
		t.Fatal("no deal fits: the world is too small")
	}
	return all
}

// shared tells whether a contact is on a deal.
func shared(r *apptest.Rig, deal, contact int) bool {
	return slices.ContainsFunc(r.World.Deals[deal].Roles, func(x world.Role) bool { return x.Contact == contact })
}

// quiet makes passes until one reads only the deals whose clock runs, moves the
// clock past every overlap, and returns how many those are.
func quiet(t *testing.T, r *apptest.Rig) int64 {
	t.Helper()
	settle(t, r)
	n := r.Pass(t).DealsRead
	r.Clock.Advance(time.Hour)
	return n
}

// snapshot is the last one of a deal.
func snapshot(t *testing.T, r *apptest.Rig, deal int) crm.Deal {
	t.Helper()
	snap, ok, err := r.Store(t).SnapshotAt(t.Context(), crm.Ref{Connection: r.Name(), Object: crm.ObjectDeal, ID: r.Deal(deal)}, time.Time{})
	if err != nil || !ok {
		t.Fatalf("no snapshot of deal %d: %v", deal, err)
	}
	return decoded(t, snap.Body)
}

// What people do after a score is final moves no deal; the next pass sees it,
// and what it sees is what a full read sees.
func TestLesson11FinalDealsAreWatchedToo(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		r := open(t, apptest.Options{CRM: name, World: apptest.World(120)})
		r.Pass(t)
		deals := finals(t, r, 4)
		note := r.AddNote(t, deals[2], "Kickoff is planned")
		running := quiet(t, r)
		before := map[int]crm.Deal{}
		for _, i := range deals {
			before[i] = snapshot(t, r, i)
		}
		r.SetPhone(t, r.Holder(deals[0], "Champion"), "+49 30 5550111")
		r.SetPhone(t, r.Holder(deals[1], "Executive Sponsor"), "+49 30 5550122")
		r.EditNote(t, note, "Kickoff went well, two questions are open")
		r.Clock.Advance(time.Minute)
		report := r.Pass(t)
		if report.Kind != syncer.KindIncremental || report.DealsRead < running+3 || report.DealsRead > running+10 {
			t.Errorf("a pass that is %s read %d deals, %d of them with a clock", report.Kind, report.DealsRead, running)
		}
		for n, i := range deals {
			if d := cmp.Diff(before[i], snapshot(t, r, i)); (d != "") != (n < 3) {
				t.Errorf("deal %d is number %d of three that changed:\n%s", i, n, d)
			}
		}
		incremental := snapshots(t, r)
		r.LoseStore(t)
		r.Full(t)
		for id, body := range snapshots(t, r) {
			if d := cmp.Diff(decoded(t, body), decoded(t, incremental[id])); d != "" {
				t.Errorf("deal %s (-full +incremental):\n%s", id, d)
			}
		}
	})
}

// A gap about the champion is filled after the score is final, on the contact
// alone: the next pass marks it on the record.
func TestLesson11AGapThatIsFilledTooLateIsMarked(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		r := open(t, apptest.Options{CRM: name, World: apptest.World(120)})
		r.Pass(t)
		champion := func(deal int) (line string) {
			for line := range strings.Lines(r.Field(t, r.Deal(deal), "gaps")) {
				if strings.HasPrefix(line, "2.1 ") {
					return line
				}
			}
			return ""
		}
		all := with(t, r, "final")
		at := slices.IndexFunc(all, func(i int) bool { return champion(i) != "" && r.Holder(i, "Champion") >= 0 })
		if at < 0 {
			t.Fatal("no final deal has a gap about its champion: the world is too small")
		}
		deal := all[at]
		quiet(t, r)
		if strings.Contains(champion(deal), "filled after") {
			t.Fatal(champion(deal))
		}
		r.SetPhone(t, r.Holder(deal, "Champion"), "+49 30 5550111")
		r.Clock.Advance(time.Minute)
		if report := r.Pass(t); report.Kind != syncer.KindIncremental || !strings.Contains(champion(deal), "(filled after, check)") {
			t.Errorf("after a pass that is %s: %q", report.Kind, champion(deal))
		}
		r.Clock.Advance(time.Minute)
		if report := r.Pass(t); report.FieldsWritten != 0 { // the overlap names the contact again
			t.Errorf("the next pass wrote %d fields", report.FieldsWritten)
		}
	})
}

// Nobody reads a deal that is not tracked because a contact of it moved, and
// when nothing moved each stream costs one call and nothing follows.
func TestLesson17WhatIsNotTrackedIsNotRead(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		r := open(t, apptest.Options{CRM: name, World: apptest.World(120)})
		r.Pass(t)
		running := quiet(t, r)
		r.ResetStats()
		if report := r.Pass(t); report.DealsRead != running || report.FieldsWritten != 0 {
			t.Errorf("an idle pass read %d deals, of which %d have a clock, and wrote %d fields", report.DealsRead, running, report.FieldsWritten)
		}
		streams := 0
		for kind, n := range r.Calls() {
			switch {
			case strings.HasPrefix(kind, "search "), strings.HasPrefix(kind, "queryAll "):
				if streams++; n != 1 {
					t.Errorf("%d calls %s", n, kind)
				}
			case strings.HasPrefix(kind, "associations_batch_read ") && !strings.Contains(kind, " deals/"), kind == "queryMore ContentDocumentLink":
				t.Errorf("%d calls %s", n, kind)
			}
		}
		if streams != 7 { // deals, and six kinds of what hangs on them
			t.Errorf("%d streams: %v", streams, r.Calls())
		}
		r.Clock.Advance(time.Hour)
		tracked := map[int]bool{}
		for i := range r.World.Deals {
			tracked[i] = r.Field(t, r.Deal(i), "status") != ""
		}
		moved := 0
		for c := range r.World.Contacts {
			on, free := false, false
			for i := range r.World.Deals {
				if shared(r, i, c) {
					on, free = on || tracked[i], free || !tracked[i]
				}
			}
			if free && !on {
				r.SetPhone(t, c, "+49 30 5550111")
				moved++
			}
		}
		if moved == 0 {
			t.Fatal("every contact is on a tracked deal")
		}
		r.Clock.Advance(time.Minute)
		if report := r.Pass(t); report.DealsRead != running {
			t.Errorf("%d deals read, %d of them with a clock, after %d contacts of others moved", report.DealsRead, running, moved)
		}
	})
}

// A pass that dies among the streams goes on there, and does not ask again
// which deals changed.
func TestLesson20APassGoesOnAmongItsStreams(t *testing.T) {
	t.Parallel()
	for where, at := range map[string]struct{ hubspot, salesforce, place string }{
		"at the first": {"search contacts", "queryAll OpportunityContactRole", ""},
		"at the last":  {"search tasks", "queryAll ContentNote", "|"},
	} {
		t.Run(where, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, name string) {
				r := open(t, apptest.Options{CRM: name, World: apptest.World(120)})
				r.Pass(t)
				deal := finals(t, r, 1)[0]
				quiet(t, r)
				r.SetPhone(t, r.Holder(deal, "Champion"), "+49 30 5550111")
				note := r.AddNote(t, deal, "Asked about the rollout")
				r.Clock.Advance(time.Minute)
				if r.HS != nil {
					r.HS.AddFault(hssim.Fault{Do: hssim.Daily, On: at.hubspot, Times: -1})
				} else {
					r.SF.AddFault(sfsim.Fault{Do: sfsim.DailyLimit, On: at.salesforce, Times: -1})
				}
				if report := r.Try(t); crm.KindOf(report.Err) != crm.Quota {
					t.Fatalf("the pass ended with %v", report.Err)
				}
				_, run := books(t, r)
				if run.Phase != syncer.PhaseTouched || strings.Contains(run.Cursor, "|") != (at.place != "") {
					t.Errorf("the run stands at %q in %s", run.Cursor, run.Phase)
				}
				r.ClearFaults()
				r.ResetStats()
				r.Clock.Advance(time.Hour)
				report := r.Pass(t)
				calls := r.Calls()
				if report.Run != run.ID || calls["search deals"]+calls["queryAll Opportunity"] != 0 {
					t.Errorf("run %s went on as %s with %v", run.ID, report.Run, calls)
				}
				d := snapshot(t, r, deal)
				phone := slices.ContainsFunc(d.Contacts, func(c crm.Contact) bool { return c.Phone.Text == "+49 30 5550111" })
				if !phone || !slices.ContainsFunc(d.Notes, func(n crm.Note) bool { return n.ID == note }) {
					t.Errorf("phone seen %v, notes %v", phone, d.Notes)
				}
			})
		})
	}
}

// A stream that is refused is told of as a problem and ends no pass; the sweep
// finds what it would have named.
func TestAStreamThatIsRefusedIsTold(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, name string) {
		var x tap
		r := open(t, apptest.Options{CRM: name, World: apptest.World(120), Front: x.front})
		r.Pass(t)
		deal := finals(t, r, 1)[0]
		quiet(t, r)
		r.SetPhone(t, r.Holder(deal, "Champion"), "+49 30 5550111")
		r.Clock.Advance(time.Minute)
		x.set(func(w http.ResponseWriter, q *call) bool { // what loads them asks by ids
			soql := q.URL.Query().Get("q")
			switch {
			case strings.HasSuffix(q.URL.Path, "/contacts/search"):
				return say(w, 400, `{"status":"error","category":"VALIDATION_ERROR","message":"not in this portal"}`)
			case strings.Contains(soql, "FROM OpportunityContactRole WHERE") && !strings.Contains(soql, " IN ("):
				return say(w, 400, `[{"errorCode":"INVALID_FIELD","message":"not in this org"}]`)
			}
			return false
		})
		for n := range 2 {
			report := r.Pass(t)
			told := strings.Contains(strings.Join(report.Problems, "\n"), "only the sweep finds")
			if told != (n > 0) {
				t.Errorf("pass %d: %v", n, report.Problems)
			}
			r.Clock.Advance(time.Hour)
		}
		seen := func() bool {
			return slices.ContainsFunc(snapshot(t, r, deal).Contacts, func(c crm.Contact) bool { return c.Phone.Text == "+49 30 5550111" })
		}
		if seen() {
			t.Error("the pass saw it: the test shows nothing")
		}
		x.set(nil)
		if r.Full(t); !seen() {
			t.Error("the sweep did not see it")
		}
	})
}

// What loading was refused is among the problems of the pass, and every pass
// tries again.
func TestAKindThatIsRefusedIsTold(t *testing.T) {
	t.Parallel()
	r := open(t, apptest.Options{CRM: apptest.HubSpot, World: apptest.World(60)})
	r.HS.AddFault(hssim.Fault{Do: hssim.NoScope, On: "batch_read emails", Times: -1})
	for n := range 4 {
		report := r.Pass(t)
		if told := strings.Contains(strings.Join(report.Problems, "\n"), "emails on deals cannot be read"); told != (n < 2) {
			t.Errorf("pass %d: %v", n, report.Problems)
		}
		if n == 1 {
			r.HS.ClearFaults()
			r.Clock.Advance(10 * time.Minute) // within the overlap: the same deals are read again
		}
	}
}

package traps_test

import (
	"slices"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/handoff"
)

// csm is the nth CSM of the company, as records name users.
func csm(r *apptest.Rig, n int) string {
	for i, u := range r.World.Users {
		if u.Job == world.CSM {
			if n == 0 {
				return r.User(i)
			}
			n--
		}
	}
	return ""
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Nobody is late while there is no CSM. The 48 hours begin when one is named.
// Mutation: internal/handoff/advance.go: people works out a due time without a CSM.
func TestTrap16TheClockRunsAgainstSomebody(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(1)
		delete(w.Deals[0].Fields, "csm")
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		for _, h := range []int{-3, 49, 24 * 12} {
			r.At(t, hour(h))
			shows(t, r, 0, fields{"status": "needs CSM", "due_at": "", "ball": "CS manager: name a CSM", "escalation": "None"})
		}
		if s := r.State(t, 0); !s.NoCSM.Equal(apptest.EvenWin) {
			t.Errorf("without a CSM since %s, want the win", s.NoCSM)
		}
		r.Clock.Set(hour(24*12 + 1))
		r.Set(t, r.Deal(0), "csm", csm(r, 0))
		r.At(t, hour(24*12+1))
		shows(t, r, 0, fields{"status": "scoring open", "due_at": stamp(hour(24*12 + 49))})
	})
}

// A deal that is handed to another CSM when the time is nearly up gives the new
// one 48 hours, and blames nobody.
// Mutation: internal/handoff/advance.go: people keeps CSMSince when the CSM is replaced.
func TestTrap17ANewCSMIsNotLate(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 1)
		r.Pass(t)
		r.At(t, hour(47))
		shows(t, r, 0, fields{"status": "scoring open", "due_at": stamp(hour(48))})
		r.Set(t, r.Deal(0), "csm", csm(r, 1))
		r.At(t, hour(47))
		shows(t, r, 0, fields{"status": "scoring open", "due_at": stamp(hour(95))})
		r.At(t, hour(94))
		shows(t, r, 0, fields{"status": "scoring open"})
		if s := r.State(t, 0); string(s.CSM) != csm(r, 1) || !s.CSMSince.Equal(hour(47)) || len(s.Notices) != 0 {
			t.Errorf("CSM %s since %s, asked %v", s.CSM, s.CSMSince, s.Notices)
		}
		r.At(t, hour(95))
		shows(t, r, 0, fields{"status": "overdue"})
	})
}

// Without a kickoff nothing is due, however long ago the deal was won.
// Mutation: internal/handoff/advance.go: people takes the win for a kickoff where there never was one.
func TestTrap18WithoutAKickoffNothingIsDue(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(1)
		delete(w.Deals[0].Fields, "kickoff_at")
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		for _, h := range []int{-3, 49, 24 * 20} {
			r.At(t, hour(h))
			shows(t, r, 0, fields{"status": "awaiting kickoff", "due_at": "", "ball": "CSM: set the kickoff"})
		}
		if s := r.State(t, 0); !s.NoKickoff.Equal(apptest.EvenWin) || len(s.Notices) != 0 {
			t.Errorf("without a kickoff since %s, asked %v", s.NoKickoff, s.Notices)
		}
	})
}

// The clock follows the kickoff: when it is moved the due time moves, when it
// is called off there is none.
// Mutation: internal/handoff/advance.go: people keeps the kickoff when the cell is emptied.
func TestTrap19AMovedKickoffMovesTheClock(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 1)
		r.Pass(t)
		r.At(t, hour(2))
		shows(t, r, 0, fields{"status": "scoring open", "due_at": stamp(hour(48))})
		r.Set(t, r.Deal(0), "kickoff_at", stamp(hour(72)))
		r.At(t, hour(49))
		shows(t, r, 0, fields{"status": "awaiting kickoff", "due_at": stamp(hour(120)), "ball": "CSM: hold the kickoff"})
		r.Set(t, r.Deal(0), "kickoff_at", "")
		r.At(t, hour(200))
		shows(t, r, 0, fields{"status": "awaiting kickoff", "due_at": "", "ball": "CSM: set the kickoff"})
	})
}

// A kickoff of which only the day is known is the end of that day where the
// company is, and a note of the closing day counts by whether the deal was won
// by then, not by the day.
// Mutation: internal/handoff/human.go: a date is the beginning of its day.
func TestTrap26DaysAreDaysWhereTheCompanyIs(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(2)
		at := slices.IndexFunc(w.Fields, func(f world.Field) bool { return f.Name == "kickoff_at" })
		w.Fields[at].Kind = world.Date
		for i := range w.Deals {
			w.Deals[i].Fields["kickoff_at"] = "2026-11-18"
		}
		w.Deals[1].Notes[0].At = apptest.EvenWin.Add(-2 * time.Hour)
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		midnight := time.Date(2026, 11, 18, 23, 0, 0, 0, time.UTC) // in Berlin
		r.At(t, midnight.Add(-time.Minute))
		shows(t, r, 0, fields{"status": "awaiting kickoff", "due_at": stamp(midnight.Add(48 * time.Hour)), "item_5_2_score": "2"})
		shows(t, r, 1, fields{"item_5_2_score": "1"})
		r.At(t, midnight.Add(48*time.Hour-time.Minute))
		shows(t, r, 0, fields{"status": "scoring open"})
		r.At(t, midnight.Add(48*time.Hour))
		shows(t, r, 0, fields{"status": "overdue"})
	})
}

// reminders are what was asked of the CSM of a deal.
func reminders(t *testing.T, r *apptest.Rig, deal int) []handoff.Notice {
	t.Helper()
	return slices.DeleteFunc(slices.Clone(r.State(t, deal).Notices), func(n handoff.Notice) bool { return n.Kind != handoff.Reminder })
}

// What falls due on a Friday evening is overdue there and then; the CSM hears
// of it on Monday morning.
// Mutation: internal/handoff/notice.go: remind does not wait for working hours.
func TestTrap27NobodyIsRemindedAtTheWeekend(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(1)
		due := time.Date(2026, 11, 20, 18, 30, 0, 0, time.UTC) // a Friday
		w.Deals[0].Fields["kickoff_at"] = stamp(due.Add(-48 * time.Hour))
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w, Company: `working_hours: "Mon-Fri 09:00-17:00"`})
		r.Pass(t)
		for _, at := range []time.Time{due, due.Add(15 * time.Hour), due.Add(38 * time.Hour), time.Date(2026, 11, 23, 7, 59, 0, 0, time.UTC)} {
			r.At(t, at)
			shows(t, r, 0, fields{"status": "overdue"})
			if asked := reminders(t, r, 0); len(asked) != 0 {
				t.Errorf("at %s the CSM was reminded: %+v", at.Format("Mon 15:04"), asked)
			}
		}
		for range 2 {
			r.At(t, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)) // nine in Berlin
			if asked := reminders(t, r, 0); len(asked) != 1 || asked[0].Due.Before(due) {
				t.Errorf("on Monday the CSM was reminded %d times: %+v", len(asked), asked)
			}
		}
	})
}

// After a week in which nothing ran, what fell due is told in one digest, with
// the date of today; what falls due from then on is told by itself.
// Mutation: internal/handoff/notice.go: remind never marks a notice as one for the digest.
func TestTrap45AWeekOfSilenceEndsInOneDigest(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		t.Parallel()
		w := apptest.Even(4)
		w.Deals[3].Fields["kickoff_at"] = stamp(hour(24 * 7))
		r := apptest.Still(t, apptest.Options{CRM: crm, World: w})
		r.At(t, hour(1))
		back := hour(24 * 8)
		r.At(t, back)
		for i := range 3 {
			shows(t, r, i, fields{"status": "overdue"})
			if asked := reminders(t, r, i); len(asked) != 1 || !asked[0].Digest || !asked[0].RaisedAt.Equal(back) {
				t.Errorf("deal %d: %+v", i, asked)
			}
		}
		r.At(t, back.Add(23*time.Hour))
		r.At(t, hour(24*9))
		if asked := reminders(t, r, 3); len(asked) != 1 || asked[0].Digest {
			t.Errorf("what fell due after it: %+v", asked)
		}
		if asked := reminders(t, r, 0); len(asked) != 1 {
			t.Errorf("deal 0 was told of again: %+v", asked)
		}
	})
}

// A CSM who is late for two weeks costs the deal nothing: no flag, no hold, and
// nobody in Sales is asked for anything. The score that comes then is the one
// that would have come in time.
// Mutation: internal/handoff/notice.go: roleOf sends the reminder to the Sales manager.
func TestTrap31ALateCSMIsNoMatterForSales(t *testing.T) {
	apptest.Each(t, func(t *testing.T, crm string) {
		r := begin(t, crm, 2)
		r.Pass(t)
		r.Score(t, 1, allTwo)
		r.At(t, hour(1))
		for _, days := range []int{3, 7, 14} {
			r.At(t, hour(24*days))
			shows(t, r, 0, fields{"score": "", "escalation": "None", "hold": "false", "escalated_at": "", "action": ""})
			for _, n := range r.State(t, 0).Notices {
				if n.To != handoff.ToCSM {
					t.Errorf("after %d days the %s was asked: %s", days, n.To, n.Kind)
				}
			}
		}
		if len(reminders(t, r, 0)) != 1 {
			t.Errorf("the CSM was asked %d times", len(reminders(t, r, 0)))
		}
		r.Score(t, 0, allTwo)
		r.At(t, hour(24*14+1))
		late, inTime := r.Own(t, r.Deal(0)), r.Own(t, r.Deal(1))
		for _, name := range []string{"status", "score", "band", "health", "escalation", "hold", "gaps", "ball"} {
			if late[name] != inTime[name] {
				t.Errorf("%s of the deal scored late is %q, %q in time", name, late[name], inTime[name])
			}
		}
	})
}

package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/handoff"
)

// stage is what a cell is played on: a CRM with its world, and the pass of it
// that is looked at.
type stage struct {
	crm   string
	many  bool // enough deals for several pages of names and several writes
	later bool // the pass after people have worked for a while, else the first
	oauth bool // HubSpot signs in as an OAuth app, else with a token
	// composite: writes to Salesforce travel together.
	composite bool
	// attempts: the org keeps records of attempts.
	attempts bool
}

func (s stage) String() string {
	name := s.crm
	if s.oauth {
		name += " oauth"
	}
	if s.many {
		name += " many"
	}
	if s.composite {
		name += " composite"
	}
	if s.attempts {
		name += " attempts"
	}
	if s.later {
		return name + " later"
	}
	return name + " first"
}

// stages are all there are.
func stages(crm string) []stage {
	all := []stage{{crm: crm}, {crm: crm, later: true}, {crm: crm, many: true}}
	switch {
	case crm == apptest.HubSpot:
		all = append(all, stage{crm: crm, oauth: true})
	case everything():
		all = append(all, stage{crm: crm, attempts: true}, stage{crm: crm, many: true, composite: true})
	default:
		all = append(all, stage{crm: crm, attempts: true})
	}
	return all
}

// Worlds are read only once they are made.
var (
	small = apptest.World(60)
	large = apptest.World(400)
)

func (s stage) world() *world.World {
	if s.many {
		return large
	}
	return small
}

// set builds the stage and leaves it right before the pass that is looked at.
// Pages are short, so that most reads have several.
func (s stage) set(t *testing.T, o apptest.Options) (*apptest.Rig, *watch) {
	t.Helper()
	w := newWatch()
	o.CRM, o.World, o.Front = s.crm, s.world(), w.front
	o.HubSpot.NoSearchLag, o.HubSpot.AssociationPageSize = true, 1
	o.Salesforce.PageSize, o.Salesforce.LocatorsOnce = 8, true
	if s.many {
		o.Salesforce.PageSize = 120
	}
	if s.composite {
		o.Extra += "    composite_writes: true\n"
	}
	if s.attempts {
		o.Extra += "    attempt_object: true\n"
	}
	r := apptest.New(t, o)
	if w.rig = r; s.attempts {
		r.MakeAttemptObject(t)
	}
	r.Clock.Freeze(true)
	r.Clock.Set(apptest.Start) // it ran on a little while the rig was built
	if s.oauth {
		s.open(t, r)
	}
	if s.later {
		r.Pass(t)
		r.Clock.Advance(25 * time.Minute) // past overlap and lag
		work(t, r)
		r.Clock.Advance(time.Minute)
	}
	r.ResetStats()
	w.reset()
	return r, w
}

// open builds the program anew, as the next run from the command line does.
func (s stage) open(t *testing.T, r *apptest.Rig) {
	t.Helper()
	if !s.oauth {
		r.Open(t)
		return
	}
	r.Close(t)
	path, cred := r.WriteConfig(t), r.HS.Credentials()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "    auth:") {
			line = "    auth: {flow: oauth"
			for key, value := range map[string]string{"client_id": cred.ClientID, "client_secret": cred.ClientSecret, "refresh_token": cred.RefreshToken} {
				file := filepath.Join(r.Dir, key)
				if err := os.WriteFile(file, []byte(value), 0o600); err != nil {
					t.Fatal(err)
				}
				line += fmt.Sprintf(", %s: %q", key, "${file:"+file+"}")
			}
			line += "}\n"
		}
		lines = append(lines, line)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if r.App, err = app.New(t.Context(), cfg, app.Options{}); err != nil {
		t.Fatal(err)
	}
}

// lateNumber is filled in for a contact whose deals are all final: they do not
// move, and only the streams of what was touched tell.
const lateNumber = "+49 30 7654321"

// fillLate fills in a late number.
func fillLate(t *testing.T, r *apptest.Rig) {
	t.Helper()
	final := standing(t, r, "final")
	for _, i := range final {
		contact, alone := r.Holder(i, "Champion"), true
		for j, d := range r.World.Deals {
			on := slices.ContainsFunc(d.Roles, func(x world.Role) bool { return x.Contact == contact })
			alone = alone && (!on || slices.Contains(final, j))
		}
		if alone {
			r.SetPhone(t, contact, lateNumber)
			return
		}
	}
	t.Fatal("every champion is on a deal that is not final: the world is too small")
}

// unseen names a deal whose snapshot lacks a late number, "" if there is none.
func unseen(t *testing.T, r *apptest.Rig) string {
	t.Helper()
	s := r.Store(t)
	for c := range r.World.Contacts {
		if !r.HasPhone(c, lateNumber) {
			continue
		}
		for i, d := range r.World.Deals {
			if !slices.ContainsFunc(d.Roles, func(x world.Role) bool { return x.Contact == c }) {
				continue
			}
			snap, ok, err := s.SnapshotAt(t.Context(), crm.Ref{Connection: r.Name(), Object: crm.ObjectDeal, ID: r.Deal(i)}, time.Time{})
			if err != nil || !ok {
				t.Fatalf("no snapshot of deal %d: %v", i, err)
			}
			if !strings.Contains(snap.Body, lateNumber) {
				return fmt.Sprintf("deal %d is final, and its champion's late number was not seen", i)
			}
		}
	}
	return ""
}

// work is what people do between two passes: deals are won, scored, deleted,
// their contacts change hands, and somebody fills in what is too late.
func work(t *testing.T, r *apptest.Rig) {
	t.Helper()
	won := 0
	for i, d := range r.World.Deals {
		if d.Stage == world.Engaging && d.Type != "Renewal" && won < 5 {
			r.Win(t, i)
			won++
		}
	}
	open := standing(t, r, "scoring open", "overdue")
	if won == 0 || len(open) < 5 {
		t.Fatalf("%d deals won and %d being scored: the world is too small", won, len(open))
	}
	r.Delete(t, r.Deal(open[0]))
	r.Unlink(t, open[1], "Champion")
	r.SetPhone(t, r.Holder(open[2], "Champion"), "+49 30 1234567")
	for _, item := range world.JudgementItems() {
		r.Set(t, r.Deal(open[3]), "item_"+strings.ReplaceAll(item, ".", "_")+"_score", "1")
	}
	r.Set(t, r.Deal(open[4]), "evidence.1.1", "")
	fillLate(t, r)
	correct(t, r)
}

// correct is a CSM who raises the scores of a deal for which a Sales manager
// was asked: what was asked is not needed any more.
func correct(t *testing.T, r *apptest.Rig) {
	t.Helper()
	for _, k := range r.Tasks(t) {
		if k.Kind() == handoff.Escalation && !k.Done {
			for _, item := range world.JudgementItems() {
				r.Set(t, k.Deal, "item_"+strings.ReplaceAll(item, ".", "_")+"_score", "2")
			}
			return
		}
	}
	t.Fatal("no Sales manager was asked: the world is too small")
}

// standing lists the deals with one of some statuses whose champion and sponsor
// are two contacts.
func standing(t *testing.T, r *apptest.Rig, statuses ...string) []int {
	t.Helper()
	var all []int
	for i := range r.World.Deals {
		a, b := r.Holder(i, "Champion"), r.Holder(i, "Executive Sponsor")
		if slices.Contains(statuses, r.Field(t, r.Deal(i), "status")) && a >= 0 && b >= 0 && a != b {
			all = append(all, i)
		}
	}
	return all
}

package lessons_test

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/cli"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/hubspot"
	"github.com/handoffscore/syncd/internal/store"
)

// open starts the program with its clock standing still. The search index has
// no lag unless the test asks for one.
func open(t *testing.T, o apptest.Options) *apptest.Rig {
	t.Helper()
	o.HubSpot.NoSearchLag = o.HubSpot.SearchLag == 0
	if o.World == nil {
		o.World = apptest.World(60)
	}
	r := apptest.New(t, o)
	r.Clock.Freeze(true)
	r.Clock.Set(o.World.Now) // it ran on while the program was opened
	return r
}

// source is the connection's adapter, described and ready to read.
func source(t *testing.T, r *apptest.Rig) crm.Source {
	t.Helper()
	s := r.App.Connections()[0].Source
	if _, err := s.Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// portal is a HubSpot adapter that does not pace its searches.
func portal(t *testing.T, r *apptest.Rig, a hubspot.Auth, o hubspot.Options) *hubspot.Client {
	t.Helper()
	if a.Flow == "" {
		a.Token = r.HS.Credentials().Token
	}
	o.BaseURL, o.SearchPerSecond = r.URL, -1
	c, err := hubspot.New(r.App.Connections()[0].Setup, a, o)
	if err == nil {
		_, err = c.Describe(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// named reads a window to its end: how often each deal is named, and how many
// pages there were.
func named(t *testing.T, s crm.Source, w crm.Window) (times map[crm.DealID]int, pages int) {
	t.Helper()
	times = map[crm.DealID]int{}
	for page, err := range s.Changed(t.Context(), w, "") {
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Deals {
			times[m.ID]++
		}
		pages++
	}
	return times, pages
}

// once fails unless exactly n deals were named, each once.
func once(t *testing.T, times map[crm.DealID]int, n int) {
	t.Helper()
	for id, k := range times {
		if k != 1 {
			t.Fatalf("deal %s was named %d times", id, k)
		}
	}
	if len(times) != n {
		t.Fatalf("%d deals were named, want %d", len(times), n)
	}
}

// engaged are deals that nobody has won yet, of types that are scored.
func engaged(r *apptest.Rig, n int) []int {
	var all []int
	for i, d := range r.World.Deals {
		if d.Stage == world.Engaging && d.Type != "Renewal" && len(all) < n {
			all = append(all, i)
		}
	}
	return all
}

// won is the stage a deal goes to when somebody wins it.
func won(r *apptest.Rig, deal int) (field, stage string) {
	if r.SF != nil {
		return "StageName", "Closed Won"
	}
	if pipeline, _ := r.HS.Get("deals", r.Deal(deal), "pipeline"); pipeline != "default" {
		return "dealstage", "148230642"
	}
	return "dealstage", "closedwon"
}

// win is a person's winning of a deal, seen only after a while: on Salesforce
// its transaction takes as long to commit; on HubSpot the index lags anyway.
func win(t *testing.T, r *apptest.Rig, deal int, late time.Duration) {
	t.Helper()
	field, stage := won(r, deal)
	var err error
	if r.SF != nil {
		err = r.SF.SetLate("Opportunity", r.Deal(deal), field, stage, late)
	} else {
		err = r.HS.Set("deals", r.Deal(deal), field, stage)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// with lists the deals whose record shows a status.
func with(t *testing.T, r *apptest.Rig, status string) []int {
	t.Helper()
	var all []int
	for i := range r.World.Deals {
		if r.Field(t, r.Deal(i), "status") == status {
			all = append(all, i)
		}
	}
	if len(all) == 0 {
		t.Fatalf("no deal is %s: the world is too small", status)
	}
	return all
}

// writes are the writes of a deal that stand in the store with a status.
func writes(t *testing.T, r *apptest.Rig, deal int, status string) []store.Intent {
	t.Helper()
	return writesIn(t, r.Store(t), r, deal, status)
}

func writesIn(t *testing.T, s *store.Store, r *apptest.Rig, deal int, status string) []store.Intent {
	t.Helper()
	all, err := s.Writes(t.Context(), r.Name(), r.Deal(deal))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(in store.Intent) bool { return in.Status != status })
}

// books are the connection and its latest run as the store has them.
func books(t *testing.T, r *apptest.Rig) (store.Connection, store.Run) {
	t.Helper()
	s := r.Store(t)
	c, err := s.Connection(t.Context(), r.Name())
	if err != nil {
		t.Fatal(err)
	}
	runs, err := s.Runs(t.Context(), r.Name(), 1)
	if err != nil || len(runs) == 0 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	return c, runs[0]
}

// state is where a deal's handoff stands in the store.
func state(t *testing.T, r *apptest.Rig, deal string) store.State {
	t.Helper()
	all, err := r.Store(t).States(t.Context(), r.Name(), []string{deal})
	if err != nil || len(all) != 1 {
		t.Fatalf("deal %s has %d states, %v", deal, len(all), err)
	}
	return all[0]
}

// alike fails unless syncd's own fields read the same on every deal of both.
func alike(t *testing.T, want, got *apptest.Rig) {
	t.Helper()
	for i := range want.World.Deals {
		a, b := want.Own(t, want.Deal(i)), got.Own(t, got.Deal(i))
		for name := range a {
			if a[name] != b[name] {
				t.Fatalf("deal %d: %s is %q, want %q", i, name, b[name], a[name])
			}
		}
	}
}

// command runs syncd as a person would, on the rig's configuration and store.
func command(t *testing.T, r *apptest.Rig, args ...string) (code int, said string) {
	t.Helper()
	r.Close(t)
	defer r.Open(t)
	var out bytes.Buffer
	code = cli.Main(t.Context(), append(args, "-c", r.WriteConfig(t)), &out, io.Discard)
	return code, out.String()
}

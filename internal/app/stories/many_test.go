package stories_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// Two hundred handoffs, interrupted at random: by faults of the CRM, by kill
// -9, by a store that is lost and by one that is brought back from a backup,
// while people complete, delete, edit and hand on tasks. Each person was asked
// for each thing once, and the record has shown each escalation once.
func TestManyStories(t *testing.T) {
	worlds, deals := 2, 50
	if testing.Short() {
		worlds, deals = 1, 12
	}
	bin, err := apptest.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	apptest.Each(t, func(t *testing.T, crm string) {
		for seed := range worlds {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				c := newCrowd(t, crm, bin, deals, uint64(seed))
				for range 12 {
					c.round()
				}
				faults := c.count()
				for _, f := range faults {
					t.Error(f)
				}
				t.Logf("%s: %d stories, %d passes, %d of them interrupted (%v), %d tasks asked for", crm, deals, c.passes, c.cut, c.cuts, len(c.seen))
				if len(c.seen) < deals/2 || len(c.cuts) < 4 {
					t.Error("too little has happened for the count to show anything")
				}
				// The count can fail: a second task by one key is told.
				list := c.Tasks(t)
				c.CopyTask(t, list[len(list)/2])
				c.observe()
				if after := c.count(); len(after) <= len(faults) {
					t.Error("a task that stands there twice is not told")
				}
			})
		}
	})
}

// grade is how an attempt came out, as the oracle has it: what judgement alone
// decides, whatever syncd's own items add.
type grade int

const (
	poor  grade = iota // 8 to 14 of 40: the Sales manager and the AE are asked
	short              // 20 to 27: the AE is asked
	good               // 30 and more: nobody is
)

func (g grade) judged() int { return [...]int{8, 21, 30}[g] }
func (g grade) asks() []string {
	return [...][]string{{"ae_rehandoff", "sales_manager_escalation"}, {"ae_fields_needed"}, nil}[g]
}
func (g grade) escalates() bool { return g != good }

// tale is one handoff as the oracle knows it: from what people did, and from
// nothing that syncd shows.
type tale struct {
	deal    int
	stage   int
	attempt int
	grade   grade
	left    bool
	silent  bool            // it has left once: what was asked is asked no more
	asked   map[string]bool // "attempt/kind" that was due at some time
	handled map[string]bool // that a person has completed or deleted
	raised  int
	fixed   bool // the attempt was corrected
	unseen  bool // it left, and the store that may have seen it was lost
}

// crowd is many handoffs in one CRM.
type crowd struct {
	*story
	rng    *rand.Rand
	tales  []*tale
	seen   map[string]map[string]bool // ids by key of every task that ever stood there
	shown  map[int]map[string]bool    // times of escalation by deal
	passes int
	cut    int
	cuts   map[string]int
	backup string
}

func newCrowd(t *testing.T, crm, bin string, deals int, seed uint64) *crowd {
	w := world.Generate(world.GenerateOptions{Deals: deals * 8, Seed: seed + 11, Now: apptest.Start})
	c := &crowd{
		story: &story{t: t, door: &door{}, bin: bin}, rng: rand.New(rand.NewPCG(seed, 77)),
		seen: map[string]map[string]bool{}, shown: map[int]map[string]bool{}, cuts: map[string]int{},
	}
	for i := range w.Users {
		w.Users[i].Active = true
	}
	for i := range w.Deals {
		d := &w.Deals[i]
		if len(c.tales) == deals || d.Stage != world.Engaging && d.Stage != world.Prospecting || strings.Contains(strings.ToLower(d.Type), "renew") || w.Users[d.Owner].Manager < 0 {
			continue
		}
		for name := range d.Fields {
			if strings.HasPrefix(name, "item_") || name == "csm" || name == "kickoff_at" || name == "attempt_scored" {
				delete(d.Fields, name)
			}
		}
		d.Amount = strconv.Itoa(90_000 + i)
		c.tales = append(c.tales, &tale{deal: i, asked: map[string]bool{}, handled: map[string]bool{}})
	}
	if len(c.tales) < deals {
		t.Fatalf("the world has %d deals that are still open", len(c.tales))
	}
	o := apptest.Options{CRM: crm, World: w, Front: c.door.before, Scope: "{go_live: 2026-11-17}", Limits: "{max_escalations_per_run: 0, max_band_changes: 0}"}
	o.HubSpot.NoSearchLag = true
	o.Salesforce.TrackedFields = []string{"OwnerId", "StageName", "Handoff_Key__c", "Handoff_Attempt_Scored__c", "Handoff_CSM__c"}
	c.Rig = apptest.New(t, o)
	c.csmID = slices.IndexFunc(w.Users, func(u world.User) bool { return u.Job == world.CSM })
	return c
}

// round lets people act, passes be interrupted, and one pass come through.
func (c *crowd) round() {
	for _, x := range c.tales {
		if c.rng.IntN(4) > 0 {
			c.act(x)
		}
	}
	for range 1 + c.rng.IntN(3) {
		c.Clock.Advance(time.Duration(15+c.rng.IntN(60)) * time.Minute)
		c.interrupted()
		c.observe()
	}
	c.Clock.Advance(15 * time.Minute)
	c.Pass(c.t)
	c.passes++
	c.observe()
	c.handle()
}

// act takes a tale a step further.
func (c *crowd) act(x *tale) {
	id := c.Deal(x.deal)
	switch x.stage {
	case 0:
		c.Win(c.t, x.deal)
		c.Set(c.t, id, "csm", c.User(c.csmID))
	case 1:
		c.Set(c.t, id, "kickoff_at", c.Clock.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
		if c.rng.IntN(2) == 0 {
			return // the CSM takes another while
		}
	case 2:
		x.attempt = 1
		c.score(x, grade(c.rng.IntN(3)))
	case 3:
		switch n := c.rng.IntN(8); {
		case n == 0:
			c.Reopen(c.t, x.deal)
			x.left, x.silent, x.stage = true, true, 4
			return
		case n < 3 && !x.fixed && !x.silent:
			// Inside the window, for rounds are short.
			x.fixed = true
			c.score(x, grade((int(x.grade)+1+c.rng.IntN(2))%3))
		case n < 6 && x.attempt < 4:
			x.attempt++
			x.fixed, x.silent = false, false
			c.score(x, grade(c.rng.IntN(3)))
			c.Set(c.t, id, "attempt_scored", strconv.Itoa(x.attempt))
		}
		return
	case 4:
		c.Win(c.t, x.deal)
		x.left, x.stage = false, 3
		return
	}
	x.stage++
}

// score is a CSM who scores all items, to a sum of judgement.
func (c *crowd) score(x *tale, g grade) {
	for item, score := range spread(c.World, g.judged()) {
		c.Set(c.t, c.Deal(x.deal), item, score)
	}
	x.grade = g
	if g.escalates() {
		x.raised++
	}
	for _, kind := range g.asks() {
		x.asked[fmt.Sprintf("%d/%s", x.attempt, kind)] = true
	}
}

// interrupted makes a pass that something comes in the way of.
func (c *crowd) interrupted() {
	c.passes++
	c.cut++
	switch n := c.rng.IntN(20); {
	case n < 2:
		c.cuts["store lost"]++
		for _, x := range c.tales {
			x.unseen = x.unseen || x.left
		}
		c.LoseStore(c.t)
		c.Try(c.t)
	case n == 2:
		c.bringBack()
		c.Try(c.t)
	case n < 8:
		c.killed()
	default:
		mishaps := []apptest.Mishap{apptest.ResetBefore, apptest.ResetAfter, apptest.Unavailable, apptest.TruncatedBody}
		do := mishaps[c.rng.IntN(len(mishaps))]
		before := c.Fired()
		for range 1 + c.rng.IntN(3) {
			c.Fail(do, "", 1+c.rng.IntN(30), 1)
		}
		c.Try(c.t)
		if c.Fired() > before {
			c.cuts[string(do)]++
		}
		c.ClearFaults()
	}
}

// killed makes a pass in a process of its own that is killed at a request that
// changes something, or somewhere before.
func (c *crowd) killed() {
	c.Close(c.t)
	when := []string{"before", "after"}[c.rng.IntN(2)]
	if c.runInto(when, []string{"asking", "writing"}[c.rng.IntN(2)]) == "" {
		c.cuts["kill "+when]++
	}
	c.HandOver(c.t)
	c.Open(c.t)
}

// bringBack puts an older copy of the store in its place, or keeps one for later.
func (c *crowd) bringBack() {
	c.Close(c.t)
	defer c.Open(c.t)
	if c.backup == "" {
		c.backup = filepath.Join(c.Dir, "backup.db")
		c.copy(c.Database, c.backup)
		return
	}
	files, err := filepath.Glob(c.Database + "*")
	c.check(err)
	for _, f := range files {
		c.check(os.Remove(f))
	}
	c.copy(c.backup, c.Database)
	c.backup = ""
	c.cuts["store brought back"]++
}

func (c *crowd) copy(from, to string) {
	b, err := os.ReadFile(from)
	c.check(err)
	c.check(os.WriteFile(to, b, 0o600))
}

func (c *crowd) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// observe keeps what stands in the CRM after a pass.
func (c *crowd) observe() {
	for _, k := range c.Tasks(c.t) {
		if c.seen[k.Key] == nil {
			c.seen[k.Key] = map[string]bool{}
		}
		c.seen[k.Key][k.ID] = true
	}
	for _, x := range c.tales {
		if at := c.Field(c.t, c.Deal(x.deal), "escalated_at"); at != "" {
			if c.shown[x.deal] == nil {
				c.shown[x.deal] = map[string]bool{}
			}
			c.shown[x.deal][at] = true
		}
	}
}

// handle is people who do something about their tasks.
func (c *crowd) handle() {
	for _, k := range c.Tasks(c.t) {
		x := c.taleOf(k.Deal)
		if x == nil || k.Done || c.rng.IntN(6) > 0 {
			continue
		}
		name := k.Attempt() + "/" + k.Kind()
		switch c.rng.IntN(4) {
		case 0:
			c.FinishTask(c.t, k.ID)
			x.handled[name] = true
		case 1:
			c.RemoveTask(c.t, k.ID)
			x.handled[name] = true
		case 2:
			c.GiveTask(c.t, k.ID, c.User(c.csmID))
		case 3:
			c.EditTask(c.t, k.ID, "I have called them.")
		}
	}
}

func (c *crowd) taleOf(deal string) *tale {
	for _, x := range c.tales {
		if c.Deal(x.deal) == deal {
			return x
		}
	}
	return nil
}

// count holds what stands in the CRM against the tales.
func (c *crowd) count() (faults []string) {
	tell := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for key, ids := range c.seen {
		if len(ids) > 1 {
			tell("%s was made %d times", key, len(ids))
		}
	}
	done := map[string]bool{}
	for _, k := range c.Tasks(c.t) {
		done[k.Key] = k.Done
	}
	for _, x := range c.tales {
		id := c.Deal(x.deal)
		have := map[string]bool{}
		for key := range c.seen {
			parts := strings.Split(key, "/")
			if parts[0] == id && !strings.HasPrefix(parts[3], "csm_") {
				have[parts[2]+"/"+parts[3]] = true
			}
		}
		if !maps.Equal(have, x.asked) {
			tell("deal %s: asked for %v, want %v", id, slices.Sorted(maps.Keys(have)), slices.Sorted(maps.Keys(x.asked)))
		}
		for name := range have {
			attempt, kind, _ := strings.Cut(name, "/")
			open := attempt == strconv.Itoa(x.attempt) && slices.Contains(x.grade.asks(), kind) && !x.silent
			if !x.handled[name] && !x.unseen && done[id+"/sales-to-cs/"+name] == open {
				tell("deal %s: %s is closed: %v", id, name, !open)
			}
		}
		if n := len(c.shown[x.deal]); n != x.raised {
			tell("deal %s: %d escalations were shown, want %d", id, n, x.raised)
		}
	}
	return faults
}

package world_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/need"
)

var now = time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)

func TestGenerateIsTheSameForTheSameSeed(t *testing.T) {
	o := world.GenerateOptions{Deals: 200, Seed: 7, Now: now}
	a, b := world.Generate(o), world.Generate(o)
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("two worlds of one seed differ:\n%.500s", d)
	}
	o.Seed = 8
	if cmp.Equal(a, world.Generate(o)) {
		t.Error("the seed changes nothing")
	}
}

func TestGenerateHoldsTogether(t *testing.T) {
	w := world.Generate(world.GenerateOptions{Deals: 500, Seed: 7, Now: now})
	names := map[string]bool{}
	for _, f := range w.Fields {
		if f.Object == "deal" {
			names[f.Name] = true
		}
	}
	won := 0
	for i, d := range w.Deals {
		if d.Account >= len(w.Accounts) || d.Owner >= len(w.Users) || d.Seller >= len(w.Users) {
			t.Fatalf("deal %d points outside", i)
		}
		for name := range d.Fields {
			if !names[name] {
				t.Fatalf("deal %d has %q, which is no field", i, name)
			}
		}
		for _, r := range d.Roles {
			if w.Contacts[r.Contact].Account != d.Account {
				t.Errorf("deal %d has somebody else's contact", i)
			}
		}
		if d.Stage == world.Won {
			won++
			if d.WonAt.IsZero() || d.WonAt.After(w.Now) {
				t.Errorf("deal %d was won at %s", i, d.WonAt)
			}
		}
	}
	if won < 300 {
		t.Errorf("%d of 500 deals are won", won)
	}
	managed := 0
	for _, u := range w.Users {
		if u.Job == world.AE && u.Manager >= 0 {
			managed++
		}
	}
	if managed < 6 {
		t.Errorf("%d AEs have a manager", managed)
	}
}

// A scored world waits for nobody; without it some handoffs do.
func TestGenerateScored(t *testing.T) {
	for _, scored := range []bool{true, false} {
		w := world.Generate(world.GenerateOptions{Deals: 200, Seed: 7, Now: now, Won: true, Scored: scored})
		waiting := 0
		for _, d := range w.Deals {
			kickoff, err := time.Parse(time.RFC3339, d.Fields["kickoff_at"])
			done := err == nil && !kickoff.After(now) && d.Fields["csm"] != "" && d.Fields["attempt_scored"] == "1"
			for _, item := range world.JudgementItems() {
				done = done && d.Fields["item_"+strings.ReplaceAll(item, ".", "_")+"_score"] != ""
			}
			if !done {
				waiting++
			}
		}
		if scored != (waiting == 0) {
			t.Errorf("scored %v: %d deals wait for somebody", scored, waiting)
		}
	}
}

func TestImportOfRealData(t *testing.T) {
	w, err := world.Import(need.DataSet(t), world.ImportOptions{Seed: 7, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	stages := map[world.Stage]int{}
	for _, d := range w.Deals {
		stages[d.Stage]++
	}
	if d := cmp.Diff(map[world.Stage]int{world.Won: 4238, world.Lost: 2473, world.Engaging: 1589, world.Prospecting: 500}, stages); d != "" {
		t.Error(d)
	}
	flaws := map[string]int{}
	for _, f := range w.Flaws {
		for _, what := range []string{"GTXPro", "no account", "no opportunity", "technolgy", "Philipines"} {
			if strings.Contains(f.Message, what) {
				flaws[what]++
			}
		}
		if f.Row < 2 {
			t.Errorf("%+v has no row", f)
		}
	}
	if d := cmp.Diff(map[string]int{"GTXPro": 1480, "no account": 1425, "no opportunity": 5, "technolgy": 12, "Philipines": 1}, flaws); d != "" {
		t.Error(d)
	}
}

func TestImportNamesWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := world.Import(dir, world.ImportOptions{Now: now})
	if err == nil || !strings.Contains(err.Error(), "sales_teams.csv") {
		t.Errorf("empty folder: %v", err)
	}
	write("sales_teams.csv", "sales_agent,manager,regional_office\r\nAda Lind,Piet Vos,West\r\n")
	write("accounts.csv", "account,sector,office_location\nTessel,retail,Chile\n")
	write("products.csv", "product\nCore\n")
	write("sales_pipeline.csv", "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date\n")
	_, err = world.Import(dir, world.ImportOptions{Now: now})
	if err == nil || !strings.Contains(err.Error(), `"close_value"`) {
		t.Errorf("missing column: %v", err)
	}
	write("sales_pipeline.csv", "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\r\n"+
		"A1,Ada Lind,Core,Tessel,Won,2026-01-01,2026-02-01,1000\r\n"+
		"A1,Ada Lind,Core,Tessel,Won,2026-01-01,2026-02-01,1000\r\n"+
		"A2,Nobody,Extra,,Won,2026-01-01,soon,much\r\nA3,short\r\nA4,Ada Lind,Core,Tessel,Gone,,,\r\n")
	w, err := world.Import(dir, world.ImportOptions{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	var rows []int
	for _, f := range w.Flaws {
		rows = append(rows, f.Row)
	}
	if d := cmp.Diff([]int{3, 4, 4, 4, 4, 4, 4, 5, 6}, rows); d != "" {
		t.Errorf("flaws %+v\n%s", w.Flaws, d)
	}
	if len(w.Deals) != 2 {
		t.Errorf("%d deals, want the two that can be told apart", len(w.Deals))
	}
}

// Partners are laid over deals that are otherwise the same.
func TestPartnersChangeNothingElse(t *testing.T) {
	o := world.GenerateOptions{Deals: 120, Seed: 7, Now: now}
	plain := world.Generate(o)
	o.Partners = 90
	with := world.Generate(o)
	added := map[string]bool{}
	for _, f := range world.PartnerCells() {
		added[f.Name] = true
	}
	sent := map[world.Stage]int{}
	for i, d := range with.Deals {
		if d.Fields["sent_at"] != "" {
			sent[d.Stage]++
		}
		for name := range d.Fields {
			if added[name] {
				delete(d.Fields, name)
			}
		}
		with.Deals[i].EditedAt = time.Time{}
		if i >= o.Partners && sent[d.Stage] == 0 {
			t.Errorf("nothing was sent for a deal that is %s", d.Stage)
		}
	}
	with.Fields = with.Fields[:len(plain.Fields)]
	if d := cmp.Diff(plain, with); d != "" {
		t.Errorf("the world with partners is another one:\n%.500s", d)
	}
}

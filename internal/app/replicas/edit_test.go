package replicas

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// edit is a person's edit of one field of a deal.
type edit struct {
	org, deal    int
	field, value string
}

func (e edit) make(t *testing.T, r *apptest.Rig) {
	t.Helper()
	r.Set(t, r.Deal(e.deal), e.field, e.value)
}

// editsOf are edits whose outcome does not depend on which pass sees them: AEs
// write and rewrite what they know of deals that have no kickoff, and CSMs score
// deals of which no cell is filled, each cell once, until they are final.
func editsOf(rng *rand.Rand, orgs, deals, count int) []edit {
	var texts, scores [][]edit // of one deal each
	for n := range orgs {
		w := companyOf(n, deals)
		for i, d := range w.Deals {
			switch e := (edit{org: n, deal: i}); {
			case d.Fields["kickoff_at"] == "":
				texts = append(texts, []edit{e})
			case blank(d) && !after(d.Fields["kickoff_at"], w.Now):
				var all []edit
				for _, item := range world.JudgementItems() {
					e.field, e.value = "item_"+strings.ReplaceAll(item, ".", "_")+"_score", strconv.Itoa(rng.IntN(3))
					all = append(all, e)
				}
				rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
				scores = append(scores, all)
			}
		}
	}
	items := []string{"1.1", "1.2", "1.4", "3.1", "3.4", "4.1"}
	rng.Shuffle(len(scores), func(i, j int) { scores[i], scores[j] = scores[j], scores[i] })
	scores = scores[:min(len(scores), count/40)]
	var list []edit
	for len(list) < count {
		if k := rng.IntN(2 + len(scores)); k < 2 || len(scores[k-2]) == 0 {
			e := texts[rng.IntN(len(texts))][0]
			e.field = "evidence." + items[rng.IntN(len(items))]
			e.value = []string{"", "see email", fmt.Sprintf("Replaces the reporting of %d teams by the end of the quarter", len(list))}[rng.IntN(3)]
			list = append(list, e)
		} else {
			list, scores[k-2] = append(list, scores[k-2][0]), scores[k-2][1:]
		}
	}
	return list
}

func blank(d world.Deal) bool {
	for name := range d.Fields {
		if strings.HasPrefix(name, "item_") {
			return false
		}
	}
	return true
}

func after(text string, now time.Time) bool {
	at, err := time.Parse(time.RFC3339, text)
	return err != nil || at.After(now)
}

// undisturbed is the same company after the same edits, worked by one process
// that nothing happened to.
func undisturbed(t *testing.T, n int, o *org, edits []edit, end time.Time) *apptest.Rig {
	t.Helper()
	r := apptest.New(t, apptest.Options{
		CRM: o.CRM, World: companyOf(n, len(o.World.Deals)), Scope: o.Scope, Limits: o.Limits, HubSpot: hssim.Options{NoSearchLag: true},
	})
	r.Pass(t)
	made := 0
	for _, e := range edits {
		if e.org != n {
			continue
		}
		e.make(t, r)
		if made++; made%5 == 0 {
			r.Clock.Advance(time.Second)
			r.Pass(t)
		}
	}
	r.Clock.Set(end)
	r.Pass(t)
	return r
}

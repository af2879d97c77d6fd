package hubspot

import (
	"context"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

const fixStages = "set the probability of the stage in HubSpot's Settings > Objects > Deals > Pipelines: Won is 100 %, Lost is 0 %"

// stages tells which stages of each pipeline count as won.
func (x *inspection) stages(ctx context.Context) {
	answer, err := x.c.vendor.dealPipelines(ctx)
	if err != nil {
		x.refused("stages", "pipelines", "the pipelines of deals could not be read", err)
		return
	}
	anyWon := false
	for _, p := range answer.Get("results").Array() {
		name := strings.Clone(p.Get("label").String())
		var won []string
		for _, st := range p.Get("stages").Array() {
			if !strings.EqualFold(st.Get("metadata.isClosed").String(), "true") {
				continue
			}
			label := strings.Clone(st.Get("label").String())
			switch chance := number(st.Get("metadata.probability").String()); chance {
			case "1":
				won = append(won, label)
			case "0":
			default:
				x.add("stages", name, crm.Doubt, fmt.Sprintf("the stage %q is closed with a probability of %q: neither won nor lost", label, clean(chance)), fixStages)
			}
		}
		anyWon = anyWon || len(won) > 0
		if len(won) == 0 {
			x.add("stages", name, crm.Doubt, "no stage of the pipeline is won, so its deals are never in scope", fixStages)
			continue
		}
		x.fine("stages", name, "won stages: "+strings.Join(won, ", "))
	}
	if !anyWon {
		x.add("stages", "pipelines", crm.Fault, "no pipeline has a won stage", fixStages)
	}
}

// mostTypes bounds the searches for counts.
const mostTypes = 20

// types counts the won deals since scoring begins, by deal type and by close
// date.
func (x *inspection) types(ctx context.Context) {
	won := []filter{{"hs_is_closed_won", "EQ", "true"}}
	subject := "won deals"
	if since := x.c.setup.Since; !since.IsZero() {
		won = append(won, filter{"closedate", "GTE", millis(since)})
		subject += " closed since " + since.Format("2006-01-02")
	}
	all, err := x.count(ctx, won)
	if err != nil {
		x.refused("stages", subject, "won deals could not be counted", err)
		return
	}
	var parts []string
	left := all
	if x.h != nil {
		p := x.h.deals["dealtype"]
		for i, v := range valuesOf(p) {
			if i == mostTypes {
				break
			}
			n, err := x.count(ctx, append(won[:len(won):len(won)], filter{"dealtype", "EQ", v}))
			if err != nil {
				x.refused("stages", subject, "won deals could not be counted by type", err)
				return
			}
			left -= n
			parts = append(parts, fmt.Sprintf("%s %d", p.optionLabel(v), n))
		}
	}
	if left > 0 && len(parts) > 0 {
		parts = append(parts, fmt.Sprintf("without a type or of another %d", left))
	}
	message := fmt.Sprintf("%d in all", all)
	if len(parts) > 0 {
		message += ": " + strings.Join(parts, ", ")
	}
	x.fine("stages", subject, message)
	x.deals = int(all)
}

func valuesOf(p *property) []string {
	if p == nil {
		return nil
	}
	return p.values()
}

// count is how many deals a search finds.
func (x *inspection) count(ctx context.Context, filters []filter) (int64, error) {
	r, _, err := x.c.post(ctx, "/crm/v3/objects/deals/search", map[string]any{
		"filterGroups": []any{map[string]any{"filters": filters}},
		"sorts":        []string{"hs_object_id"}, "properties": []string{"hs_object_id"}, "limit": 1, "after": "0",
	})
	if err != nil {
		return 0, err
	}
	total := r.Get("total")
	if total.Type != gjson.Number {
		return 0, malformed("search", "the search does not say how many deals it found")
	}
	return total.Int(), nil
}

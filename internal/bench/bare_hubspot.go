package bench

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/internal/crm"
)

type hsRecord struct {
	ID         string             `json:"id"`
	Properties map[string]*string `json:"properties"`
	UpdatedAt  string             `json:"updatedAt"`
	History    map[string][]struct {
		Value string    `json:"value"`
		At    time.Time `json:"timestamp"`
	} `json:"propertiesWithHistory"`
}

// text is a property's value, "" if it has none.
func (r hsRecord) text(name string) string {
	if v := r.Properties[name]; v != nil {
		return *v
	}
	return ""
}

type hsLinks struct {
	Results []struct {
		From struct {
			ID string `json:"id"`
		} `json:"from"`
		To []struct {
			ID    json.Number `json:"toObjectId"` // portals send text or number
			Types []struct {
				Label  *string `json:"label"`
				TypeID int     `json:"typeId"`
			} `json:"associationTypes"`
		} `json:"to"`
	} `json:"results"`
}

type hsInput struct {
	ID         string         `json:"id"`
	Properties map[string]any `json:"properties,omitempty"`
}

func inputs(ids []string) []hsInput {
	list := make([]hsInput, len(ids))
	for i, id := range ids {
		list[i].ID = id
	}
	return list
}

// hubspotVersion is the API's version that syncd uses where none is configured.
const hubspotVersion = "2026-03"

// what the bare program asks of each kind of record
var hubspotAsks = map[string][]string{
	"contacts": {"firstname", "lastname", "jobtitle", "email", "phone", "mobilephone", "hs_email_bad_address", "hs_email_hard_bounce_reason_enum", "hs_buying_role"},
	"notes":    {"hs_timestamp", "hs_createdate", "hs_note_body", "hubspot_owner_id"},
	"calls":    {"hs_timestamp", "hs_createdate", "hs_call_title", "hs_call_body", "hubspot_owner_id"},
	"emails":   {"hs_timestamp", "hs_createdate", "hs_email_subject", "hs_email_text", "hs_email_html", "hubspot_owner_id"},
	"meetings": {"hs_timestamp", "hs_createdate", "hs_meeting_title", "hs_meeting_body", "hs_internal_meeting_notes", "hubspot_owner_id"},
	"tasks":    {"hs_timestamp", "hs_createdate", "hs_task_subject", "hs_task_body", "hubspot_owner_id"},
}

func (b *bare) hubspot(ctx context.Context) error {
	won, err := b.wonStages(ctx)
	if err != nil {
		return err
	}
	properties := []string{"dealname", "pipeline", "dealstage", "dealtype", "amount", "deal_currency_code", "closedate", "hs_is_closed_won", "hs_is_closed", "hs_closed_won_date", "hubspot_owner_id", "hubspot_owner_assigneddate", "hs_lastmodifieddate", "createdate"}
	for _, id := range won {
		properties = append(properties, "hs_v2_date_entered_"+id)
	}
	contacts := slices.Clone(hubspotAsks["contacts"])
	for _, f := range b.setup.Fields {
		if f.Object == crm.ObjectContact {
			contacts = append(contacts, nativeOf(f))
		} else {
			properties = append(properties, nativeOf(f))
		}
	}
	values := map[string]any{}
	for _, f := range b.own() {
		values[nativeOf(f)] = b.like[f.Name]
	}
	var held []string
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for after := "0"; ; {
		var page struct {
			Results []hsRecord `json:"results"`
		}
		ask := map[string]any{
			"filterGroups": []any{map[string]any{"filters": []any{
				map[string]string{"propertyName": "hs_object_id", "operator": "GT", "value": after},
				map[string]string{"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"},
			}}},
			"sorts": []any{map[string]string{"propertyName": "hs_object_id", "direction": "ASCENDING"}},
			"limit": searchPage, "after": "0", "properties": []string{"hs_is_closed_won", "hs_lastmodifieddate", "dealstage", "hs_merged_object_ids"},
		}
		if err := b.call(ctx, "POST", "/crm/objects/"+hubspotVersion+"/deals/search", ask, &page); err != nil {
			return err
		}
		for _, r := range page.Results {
			held = append(held, r.ID)
			after = r.ID
		}
		last := len(page.Results) < searchPage
		if len(held) >= linkBatch || last {
			ids := held
			held = nil
			g.Go(func() error { return b.hubspotBatch(gctx, ids, properties, contacts, values) })
		}
		if last {
			return g.Wait()
		}
	}
}

// wonStages are the ids of the stages of won deals.
func (b *bare) wonStages(ctx context.Context) ([]string, error) {
	var list struct {
		Results []struct {
			Stages []struct {
				ID       string            `json:"id"`
				Metadata map[string]string `json:"metadata"`
			} `json:"stages"`
		} `json:"results"`
	}
	if err := b.call(ctx, "GET", "/crm/pipelines/"+hubspotVersion+"/deals", nil, &list); err != nil {
		return nil, err
	}
	var won []string
	for _, p := range list.Results {
		for _, s := range p.Stages {
			if s.Metadata["isClosed"] == "true" && s.Metadata["probability"] == "1.0" {
				won = append(won, s.ID)
			}
		}
	}
	return won, nil
}

func (b *bare) hubspotBatch(ctx context.Context, ids, properties, contacts []string, values map[string]any) error {
	if len(ids) == 0 {
		return nil
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.hubspotDeals(gctx, ids, properties) })
	for _, kind := range hubspotKinds {
		g.Go(func() error {
			var links hsLinks
			if err := b.call(gctx, "POST", "/crm/associations/"+hubspotVersion+"/deals/"+kind+"/batch/read", map[string]any{"inputs": inputs(ids)}, &links); err != nil {
				return err
			}
			if kind == "companies" {
				return nil
			}
			seen := map[string]bool{}
			var to []string
			for _, r := range links.Results {
				for _, l := range r.To {
					if id := l.ID.String(); !seen[id] {
						seen[id] = true
						to = append(to, id)
					}
				}
			}
			ask := hubspotAsks[kind]
			if kind == "contacts" {
				ask = contacts
			}
			_, err := b.hubspotRead(gctx, kind, to, ask)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return chunks(ctx, ids, batchSize, func(ctx context.Context, ids []string) error {
		list := inputs(ids)
		for i := range list {
			list[i].Properties = values
		}
		var done struct {
			Results []hsRecord `json:"results"`
		}
		return b.call(ctx, "POST", "/crm/objects/"+hubspotVersion+"/deals/batch/update", map[string]any{"inputs": list}, &done)
	})
}

// hubspotDeals reads deals, and then the history of those whose times count: a
// CSM scores them, and has not done with it.
func (b *bare) hubspotDeals(ctx context.Context, ids, properties []string) error {
	deals, err := b.hubspotRead(ctx, "deals", ids, properties)
	if err != nil {
		return err
	}
	var begun []string
	cells := b.judged()
	for _, id := range ids {
		d := deals[id]
		open := slices.ContainsFunc(cells, func(name string) bool { return d.text(name) == "" })
		if open && d.text("handoff_csm") != "" && d.text("handoff_kickoff_at") != "" {
			begun = append(begun, id)
		}
	}
	tracked := []string{"hubspot_owner_id"}
	for _, f := range b.setup.Fields {
		if f.Track {
			tracked = append(tracked, nativeOf(f))
		}
	}
	return chunks(ctx, begun, historyBatch, func(ctx context.Context, ids []string) error {
		var page struct {
			Results []hsRecord `json:"results"`
		}
		return b.call(ctx, "POST", "/crm/objects/"+hubspotVersion+"/deals/batch/read", map[string]any{"inputs": inputs(ids), "properties": []string{}, "propertiesWithHistory": tracked}, &page)
	})
}

// judged are the cells that a CSM scores in.
func (b *bare) judged() []string {
	var list []string
	for _, f := range b.setup.Fields {
		if f.Writer != crm.Ours && strings.HasPrefix(f.Base, "item_") && strings.HasSuffix(f.Base, "_score") {
			list = append(list, nativeOf(f))
		}
	}
	return list
}

func nativeOf(f crm.Field) string {
	if f.Native != "" {
		return f.Native
	}
	return f.Prefix + "_" + f.Base
}

func (b *bare) hubspotRead(ctx context.Context, kind string, ids, properties []string) (map[string]hsRecord, error) {
	var mu sync.Mutex
	found := make(map[string]hsRecord, len(ids))
	return found, chunks(ctx, ids, batchSize, func(ctx context.Context, ids []string) error {
		var page struct {
			Results []hsRecord `json:"results"`
		}
		ask := map[string]any{"inputs": inputs(ids), "properties": properties, "propertiesWithHistory": []string{}}
		if err := b.call(ctx, "POST", "/crm/objects/"+hubspotVersion+"/"+kind+"/batch/read", ask, &page); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, r := range page.Results {
			found[r.ID] = r
		}
		return nil
	})
}

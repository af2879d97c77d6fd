package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/crm"
)

type sfPage struct {
	Done    bool             `json:"done"`
	Next    string           `json:"nextRecordsUrl"`
	Records []map[string]any `json:"records"`
}

// sfAsk is one query about a batch of deals; size is how many deals' rows come
// on one page.
type sfAsk struct {
	soql string // with %s where the ids go
	size int
}

const sfBatch = 800

func (b *bare) salesforce(ctx context.Context, con *config.Connection) error {
	id, err := con.Auth.ClientID.Value()
	if err != nil {
		return err
	}
	secret, err := con.Auth.ClientSecret.Value()
	if err != nil {
		return err
	}
	b.base = con.Auth.LoginURL
	var token struct {
		Token    string `json:"access_token"`
		Instance string `json:"instance_url"`
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	if err := b.call(ctx, "POST", "/services/oauth2/token", form, &token); err != nil {
		return err
	}
	b.base, b.token = token.Instance, token.Token
	names, err := b.names(ctx)
	if err != nil {
		return err
	}
	asks, values := b.salesforceAsks(names)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	var held []string
	next := "/services/data/v60.0/query?q=" + url.QueryEscape("SELECT Id, IsWon, IsDeleted, SystemModstamp FROM Opportunity ORDER BY SystemModstamp, Id")
	for next != "" {
		var page sfPage
		if err := b.call(ctx, "GET", next, nil, &page); err != nil {
			return err
		}
		for _, r := range page.Records {
			if id, ok := r["Id"].(string); ok {
				held = append(held, id)
			}
		}
		for ; len(held) >= sfBatch || page.Next == "" && len(held) > 0; held = held[min(sfBatch, len(held)):] {
			ids := slices.Clone(held[:min(sfBatch, len(held))])
			g.Go(func() error { return b.salesforceBatch(gctx, ids, asks, values) })
		}
		next = page.Next
	}
	return g.Wait()
}

// names are the API names of the deal's fields, by their lower-cased form.
func (b *bare) names(ctx context.Context) (map[string]string, error) {
	var d struct {
		Fields []struct {
			Name string `json:"name"`
		} `json:"fields"`
	}
	if err := b.call(ctx, "GET", "/services/data/v60.0/sobjects/Opportunity/describe", nil, &d); err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, f := range d.Fields {
		names[strings.ToLower(f.Name)] = f.Name
	}
	return names, nil
}

func (b *bare) salesforceAsks(names map[string]string) ([]sfAsk, map[string]any) {
	cols := []string{"Id", "Name", "AccountId", "StageName", "IsWon", "IsClosed", "CloseDate", "Amount", "Type", "OwnerId", "CreatedDate", "SystemModstamp"}
	add := func(list []string, name string) []string {
		if real := names[strings.ToLower(name)]; real != "" && !slices.Contains(list, real) {
			return append(list, real)
		}
		return list
	}
	for _, f := range b.setup.Fields {
		cols = add(add(cols, f.Native), f.Prefix+"_"+f.Base+"__c")
	}
	values := map[string]any{}
	for _, f := range b.own() {
		if name := names[strings.ToLower(f.Prefix+"_"+f.Base+"__c")]; name != "" {
			values[name] = typed(f, b.like[f.Name])
		}
	}
	from := func(object, key, cols string) string {
		return "SELECT " + cols + " FROM " + object + " WHERE " + key + " IN (%s)"
	}
	return []sfAsk{
		{from("Opportunity", "Id", strings.Join(cols, ", ")), 200},
		{from("OpportunityContactRole", "OpportunityId", "Id, OpportunityId, ContactId, Role, Contact.Name, Contact.Title, Contact.Email, Contact.Phone, Contact.MobilePhone, Contact.IsEmailBounced"), 500},
		{from("OpportunityHistory", "OpportunityId", "Id, OpportunityId, StageName, CreatedDate"), 600},
		{from("OpportunityFieldHistory", "OpportunityId", "Id, OpportunityId, Field, OldValue, NewValue, CreatedDate"), sfBatch},
		{from("Task", "WhatId", "Id, WhatId, Subject, Description, CreatedDate, OwnerId"), sfBatch},
		{from("Event", "WhatId", "Id, WhatId, Subject, Description, CreatedDate, OwnerId"), sfBatch},
		{from("Note", "ParentId", "Id, ParentId, Title, Body, CreatedDate, OwnerId"), sfBatch},
		{from("EmailMessage", "RelatedToId", "Id, RelatedToId, Subject, TextBody, HtmlBody, CreatedDate"), sfBatch},
		{from("ContentDocumentLink", "LinkedEntityId", "ContentDocumentId, LinkedEntityId, ContentDocument.FileType"), sfBatch},
	}, values
}

// typed is a field's text as the API takes it.
func typed(f crm.Field, text string) any {
	switch {
	case text == "":
		return nil
	case f.Kind == crm.Number:
		return json.Number(text)
	case f.Kind == crm.Bool:
		return text == "true"
	}
	return text
}

func (b *bare) salesforceBatch(ctx context.Context, ids []string, asks []sfAsk, values map[string]any) error {
	var subs []map[string]string
	for _, a := range asks {
		for part := range slices.Chunk(ids, a.size) {
			soql := fmt.Sprintf(a.soql, "'"+strings.Join(part, "','")+"'")
			subs = append(subs, map[string]string{"method": "GET", "referenceId": fmt.Sprint("q", len(subs)), "url": "/services/data/v60.0/queryAll?q=" + url.QueryEscape(soql)})
		}
	}
	var notes []string
	g, gctx := errgroup.WithContext(ctx)
	found := make(chan []string, len(subs))
	for group := range slices.Chunk(subs, 5) {
		g.Go(func() error { return b.composite(gctx, group, found) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	close(found)
	for list := range found {
		notes = append(notes, list...)
	}
	if len(notes) > 0 {
		soql := "SELECT Id, Title, TextPreview, CreatedDate FROM ContentNote WHERE Id IN ('" + strings.Join(notes, "','") + "')"
		sub := map[string]string{"method": "GET", "referenceId": "q0", "url": "/services/data/v60.0/queryAll?q=" + url.QueryEscape(soql)}
		if err := b.composite(ctx, []map[string]string{sub}, make(chan []string, 1)); err != nil {
			return err
		}
	}
	return chunks(ctx, ids, collection, func(ctx context.Context, ids []string) error {
		records := make([]map[string]any, len(ids))
		for i, id := range ids {
			records[i] = map[string]any{"attributes": map[string]string{"type": "Opportunity"}, "id": id}
			for name, v := range values {
				records[i][name] = v
			}
		}
		var done []struct {
			Success bool `json:"success"`
		}
		return b.call(ctx, "PATCH", "/services/data/v60.0/composite/sobjects", map[string]any{"allOrNone": false, "records": records}, &done)
	})
}

// composite puts up to five queries in one call and follows their pages;
// documents found on the way are sent to notes.
func (b *bare) composite(ctx context.Context, subs []map[string]string, notes chan<- []string) error {
	var answer struct {
		Answers []struct {
			Body   sfPage `json:"body"`
			Status int    `json:"httpStatusCode"`
		} `json:"compositeResponse"`
	}
	if err := b.call(ctx, "POST", "/services/data/v60.0/composite", map[string]any{"compositeRequest": subs}, &answer); err != nil {
		return err
	}
	var ids []string
	for _, a := range answer.Answers {
		page := a.Body
		for {
			for _, r := range page.Records {
				if id, ok := r["ContentDocumentId"].(string); ok {
					ids = append(ids, id)
				}
			}
			if page.Next == "" {
				break
			}
			next := page.Next
			page = sfPage{}
			if err := b.call(ctx, "GET", next, nil, &page); err != nil {
				return err
			}
		}
	}
	notes <- ids
	return nil
}

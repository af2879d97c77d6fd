package clients

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	hubspot "github.com/clarkmcc/go-hubspot"
	"github.com/clarkmcc/go-hubspot/generated/v3/deals"
	"github.com/clarkmcc/go-hubspot/generated/v3/owners"
	"github.com/clarkmcc/go-hubspot/generated/v3/pipelines"
	"github.com/clarkmcc/go-hubspot/generated/v3/properties"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// TestGoHubSpot drives the portal with the generated Go client, unchanged: its
// numeric search cursor, its trailing slash, and its blindness to 207.
func TestGoHubSpot(t *testing.T) {
	portal := hssim.New(bigWorld(250), hssim.Options{})
	server := httptest.NewServer(portal)
	defer server.Close()
	ctx := hubspot.WithAuthorizer(context.Background(), hubspot.NewTokenAuthorizer(portal.Credentials().Token))

	dc := deals.NewConfiguration()
	dc.Servers = deals.ServerConfigurations{{URL: server.URL}}
	api := deals.NewAPIClient(dc)
	won := deals.NewFilter("hs_is_closed_won", "EQ")
	won.SetValue("true")
	ask := deals.NewPublicObjectSearchRequest([]deals.FilterGroup{{Filters: []deals.Filter{*won}}}, []string{"hs_object_id"}, []string{"dealname"}, 200, 0)
	found, _, err := api.SearchApi.Search(ctx).PublicObjectSearchRequest(*ask).Execute()
	if err != nil {
		t.Fatal(err)
	}
	if found.Total != 225 || len(found.Results) != 200 || found.Paging.Next.After != "200" {
		t.Errorf("search: %d of %d", len(found.Results), found.Total)
	}

	ids := []deals.SimplePublicObjectId{{Id: found.Results[0].Id}, {Id: "999"}}
	read, res, err := api.BatchApi.BatchRead(ctx).BatchReadInputSimplePublicObjectId(deals.BatchReadInputSimplePublicObjectId{
		Inputs: ids, Properties: []string{"dealname"}, PropertiesWithHistory: []string{},
	}).Execute()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(read.Results) != 1 || res.StatusCode != 207 || !strings.Contains(string(body), `"999"`) {
		t.Errorf("batch read: %d results, status %d: %s", len(read.Results), res.StatusCode, body)
	}

	updated, _, err := api.BatchApi.BatchUpdate(ctx).BatchInputSimplePublicObjectBatchInput(deals.BatchInputSimplePublicObjectBatchInput{
		Inputs: []deals.SimplePublicObjectBatchInput{{Id: found.Results[0].Id, Properties: map[string]string{"amount": "5"}}},
	}).Execute()
	if err != nil || len(updated.Results) != 1 {
		t.Errorf("batch update: %v", err)
	}
	if v, _ := portal.Get("deals", found.Results[0].Id, "amount"); v != "5" {
		t.Errorf("amount is %q", v)
	}

	oc := owners.NewConfiguration()
	oc.Servers = owners.ServerConfigurations{{URL: server.URL}}
	people, _, err := owners.NewAPIClient(oc).OwnersApi.GetPage(ctx).Archived(false).Execute()
	if err != nil || len(people.Results) != 1 {
		t.Errorf("owners: %v", err)
	}
	pc := pipelines.NewConfiguration()
	pc.Servers = pipelines.ServerConfigurations{{URL: server.URL}}
	pipes, _, err := pipelines.NewAPIClient(pc).PipelinesApi.GetAll(ctx, "deals").Execute()
	if err != nil || len(pipes.Results) != 2 {
		t.Errorf("pipelines: %v", err)
	}
	rc := properties.NewConfiguration()
	rc.Servers = properties.ServerConfigurations{{URL: server.URL}}
	props, _, err := properties.NewAPIClient(rc).CoreApi.GetAll(ctx, "deals").Execute()
	if err != nil || len(props.Results) < 20 {
		t.Errorf("properties: %v", err)
	}
}

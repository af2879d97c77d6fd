package hssim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

const linkRead = "/crm/v4/associations/deals/contacts/batch/read"

// typeOf finds a label's type id in one direction, as a client has to.
func (p *portal) typeOf(from, to, text string) int {
	p.t.Helper()
	for _, r := range p.do("GET", "/crm/v4/associations/"+from+"/"+to+"/labels", "").want(p.t, 200).rows("results") {
		if row := r.(map[string]any); row["label"] == text {
			return int(row["typeId"].(float64))
		}
	}
	p.t.Fatalf("no label %s from %s to %s", text, from, to)
	return 0
}

func TestAssociationBatchRead(t *testing.T) {
	p := small(t)
	a := p.do("POST", linkRead, p.fill(`{"inputs":[{"id":"{d0}"},{"id":"{d1}"}]}`)).want(t, 207)
	same(t, "from", a.at("results.0.from.id"), p.DealID(0))
	same(t, "results", len(a.rows("results")), 1)
	same(t, "contacts", len(a.rows("results.0.to")), 2)
	same(t, "a string id", a.at("results.0.to.0.toObjectId"), p.ContactID(0))
	types := a.rows("results.0.to.0.associationTypes")
	same(t, "types of a contact with two roles", len(types), 3)
	plain := types[0].(map[string]any)
	same(t, "unlabelled type", fmt.Sprintln(plain["category"], plain["typeId"], plain["label"]), "HUBSPOT_DEFINED 3 <nil>\n")
	same(t, "label", a.at("results.0.to.0.associationTypes.1.label"), "Champion")
	same(t, "none", a.at("errors.0.subCategory"), "crm.associations.NO_ASSOCIATIONS_FOUND")
	same(t, "none of", a.at("errors.0.context.fromObjectId.0"), p.DealID(1))
	same(t, "message", a.at("errors.0.message"), "No contact is associated with deal "+p.DealID(1)+".")
	if there, back := p.typeOf("deals", "contacts", "Champion"), p.typeOf("contacts", "deals", "Champion"); there == back {
		t.Error("both directions share a type id")
	}
	q := open(t, smallWorld(), hssim.Options{NumericToObjectID: true})
	q.do("POST", linkRead, q.fill(`{"inputs":[{"id":"{d0}"}]}`)).want(t, 200, `"toObjectId":`+q.ContactID(0)+`,`)
}

func TestAssociationPaging(t *testing.T) {
	p := open(t, smallWorld(), hssim.Options{AssociationPageSize: 2})
	p.Associate("deals", p.DealID(0), "contacts", p.ContactID(2))
	var ids []string
	after := ""
	for page := 0; page == 0 || after != ""; page++ {
		a := p.do("POST", linkRead, p.fill(`{"inputs":[{"id":"{d0}","after":"`+after+`"},{"id":"{d1}"}]}`)).want(t, 207)
		for _, r := range a.rows("results.0.to") {
			ids = append(ids, r.(map[string]any)["toObjectId"].(string))
		}
		after, _ = a.at("results.0.paging.next.after").(string)
		if page > 3 {
			t.Fatal("the pages never end")
		}
	}
	same(t, "contacts", ids, []string{p.ContactID(0), p.ContactID(1), p.ContactID(2)})
	a := p.do("GET", p.fill("/crm/v4/objects/deals/{d0}/associations/contacts?limit=2"), "").want(t, 200)
	b := p.do("GET", p.fill("/crm/v4/objects/deals/{d0}/associations/contacts?limit=2&after=")+a.at("paging.next.after").(string), "").want(t, 200)
	same(t, "second page", b.at("results.0.toObjectId"), p.ContactID(2))
	p.do("GET", p.fill("/crm/v4/objects/deals/{d1}/associations/contacts?after=")+a.at("paging.next.after").(string), "").want(t, 400)
}

func TestAssociationWrites(t *testing.T) {
	p := small(t)
	champion := p.typeOf("deals", "contacts", "Champion")
	back := p.typeOf("contacts", "deals", "Economic Buyer")
	spec := func(category string, id int) string {
		return fmt.Sprintf(`{"associationCategory":"%s","associationTypeId":%d}`, category, id)
	}
	state := func() (labels []string, linked bool) { return p.Labels(p.DealID(1), p.ContactID(2)) }
	p.do("PUT", p.fill("/crm/v4/objects/deals/{d1}/associations/contacts/{c2}"), "["+spec("USER_DEFINED", champion)+"]").want(t, 201, `"labels":["Champion"]`)
	p.do("POST", "/crm/v4/associations/contacts/deals/batch/create", p.fill(`{"inputs":[{"from":{"id":"{c2}"},"to":{"id":"{d1}"},"types":[`+spec("USER_DEFINED", back)+`]}]}`)).want(t, 201)
	labels, _ := state()
	same(t, "labels", labels, []string{"Champion", "Economic Buyer"})
	p.do("POST", "/crm/v4/associations/deals/contacts/batch/labels/archive", p.fill(`{"inputs":[{"from":{"id":"{d1}"},"to":{"id":"{c2}"},"types":[`+spec("USER_DEFINED", champion)+`]}]}`)).want(t, 204)
	labels, linked := state()
	same(t, "one label left", fmt.Sprint(labels, linked), "[Economic Buyer] true")
	p.do("POST", "/crm/v4/associations/deals/contacts/batch/labels/archive", p.fill(`{"inputs":[{"from":{"id":"{d1}"},"to":{"id":"{c2}"},"types":[`+spec("HUBSPOT_DEFINED", 3)+`]}]}`)).want(t, 204)
	if _, linked := state(); linked {
		t.Error("taking the unlabelled type off left the association")
	}
	p.do("PUT", p.fill("/crm/v4/objects/deals/{d1}/associations/default/contacts/{c2}"), "").want(t, 200, "COMPLETE")
	same(t, "count follows", p.value("deals", p.DealID(1), "num_associated_contacts"), "1")
	p.do("DELETE", p.fill("/crm/v4/objects/deals/{d1}/associations/contacts/{c2}"), "").want(t, 204)
	p.do("POST", "/crm/v4/associations/deals/contacts/batch/associate/default", p.fill(`{"inputs":[{"from":{"id":"{d1}"},"to":{"id":"{c2}"}},{"from":{"id":"999"},"to":{"id":"{c2}"}}]}`)).want(t, 207)
	p.do("POST", "/crm/v4/associations/deals/contacts/batch/archive", p.fill(`{"inputs":[{"from":{"id":"{d1}"},"to":[{"id":"{c2}"}]}]}`)).want(t, 204)
	if _, linked := state(); linked {
		t.Error("batch archive left the association")
	}
}

func TestLabels(t *testing.T) {
	p := small(t)
	path := "/crm/v4/associations/deals/contacts/labels"
	a := p.do("POST", path, `{"label":"Sponsor","name":"sponsor","inverseLabel":"Sponsored by"}`).want(t, 200)
	same(t, "rows", len(a.rows("results")), 2)
	id := p.typeOf("deals", "contacts", "Sponsor")
	p.typeOf("contacts", "deals", "Sponsored by")
	p.do("PUT", path, fmt.Sprintf(`{"associationTypeId":%d,"label":"Patron"}`, id)).want(t, 204)
	same(t, "renamed", p.typeOf("deals", "contacts", "Patron"), id)
	if err := p.Label(p.DealID(0), p.ContactID(1), "Patron"); err != nil {
		t.Fatal(err)
	}
	p.do("DELETE", fmt.Sprintf("%s/%d", path, id), "").want(t, 204)
	labels, linked := p.Labels(p.DealID(0), p.ContactID(1))
	same(t, "the association stays without it", fmt.Sprint(labels, linked), "[] true")
	if err := p.Label(p.DealID(0), p.ContactID(1), "Nobody"); err == nil {
		t.Error("an unknown label was set")
	}
}

// TestOldAssociations: v3 ignores the cursor it hands out.
func TestOldAssociations(t *testing.T) {
	p := small(t)
	a := p.do("POST", "/crm/v3/associations/deals/contacts/batch/read", p.fill(`{"inputs":[{"id":"{d0}"}]}`)).want(t, 200)
	b := p.do("POST", "/crm/v3/associations/deals/contacts/batch/read", p.fill(`{"inputs":[{"id":"{d0}","after":"x"}]}`)).want(t, 200)
	same(t, "rows", len(a.rows("results.0.to")), len(b.rows("results.0.to")))
	p.do("GET", p.fill("/crm/v3/objects/deals/{d0}/associations/contacts"), "").want(t, 200, "deal_to_contact", "champion")
}

func TestOwners(t *testing.T) {
	p := small(t)
	live := p.do("GET", "/crm/v3/owners/?limit=1&archived=false", "").want(t, 200)
	same(t, "first", live.at("results.0.id"), p.OwnerID(0))
	same(t, "user", fmt.Sprintf("%.0f", live.at("results.0.userId")), p.UserID(0))
	same(t, "team", live.at("results.0.teams.0.name"), "North")
	next := p.do("GET", "/crm/v3/owners/?limit=1&after="+live.at("paging.next.after").(string), "").want(t, 200)
	same(t, "second", next.at("results.0.id"), p.OwnerID(2))
	if next.at("paging") != nil || next.at("results.0.teams") != nil {
		t.Errorf("unexpected: %s", next.text)
	}
	gone := p.do("GET", "/crm/v3/owners?archived=true", "").want(t, 200, `"userId":null`)
	same(t, "archived", gone.at("results.0.id"), p.OwnerID(1))
	same(t, "user of archived", fmt.Sprintf("%.0f", gone.at("results.0.userIdIncludingInactive")), p.UserID(1))
	same(t, "by email", p.do("GET", "/crm/v3/owners?email=CAY@example.com", "").at("results.0.id"), p.OwnerID(2))
	same(t, "by user", p.do("GET", "/crm/v3/owners/"+p.UserID(2)+"?idProperty=userId", "").want(t, 200).at("id"), p.OwnerID(2))
}

func TestPipelines(t *testing.T) {
	p := small(t)
	a := p.do("GET", "/crm/v3/pipelines/deals", "").want(t, 200, `"isClosed":"true"`, `"probability":"1.0"`)
	same(t, "pipelines", len(a.rows("results")), 2)
	won := strings.Count(a.text, `"probability":"1.0"`)
	if won < 4 || a.at("paging") != nil {
		t.Errorf("%d won stages: %s", won, a.text)
	}
	made := p.do("POST", "/crm/v3/pipelines/deals", `{"label":"Partners","displayOrder":3,"stages":[{"label":"In","displayOrder":0,"metadata":{"probability":"0.5"}},{"label":"Won","displayOrder":1,"metadata":{"probability":"1.0"}}]}`).want(t, 201)
	stage := made.at("stages.1.id").(string)
	p.do("PATCH", p.fill("/crm/v3/objects/deals/{d1}"), `{"properties":{"pipeline":"`+made.at("id").(string)+`","dealstage":"`+stage+`"}}`).want(t, 200)
	same(t, "won there", p.value("deals", p.DealID(1), "hs_is_closed_won"), "true")
	p.do("GET", "/crm/v3/properties/deals/hs_v2_date_entered_"+stage, "").want(t, 200)
	p.do("PATCH", "/crm/v3/pipelines/deals/"+made.at("id").(string)+"/stages/"+stage, `{"metadata":{"probability":"0.9"}}`).want(t, 200, `"isClosed":"false"`)
	same(t, "no longer won", p.value("deals", p.DealID(1), "hs_is_closed_won"), "false")
	if ids := p.do("POST", search, one("hs_is_closed_won", "EQ", `"value":"true"`)).ids(); slices.Contains(ids, p.DealID(1)) {
		t.Error("search still finds it as won")
	}
}

func TestPropertyLife(t *testing.T) {
	p := small(t)
	base := "/crm/v3/properties/deals"
	p.do("POST", base+"/groups", `{"name":"handoff","label":"Handoff"}`).want(t, 201)
	p.do("POST", base, `{"name":"item","label":"Item","type":"enumeration","fieldType":"select","groupName":"handoff","options":[{"label":"Zero","value":"0","hidden":false},{"label":"One","value":"1","hidden":false}]}`).want(t, 201, `"readOnlyValue":false`)
	p.do("PATCH", p.fill("/crm/v3/objects/deals/{d0}"), `{"properties":{"item":"1"}}`).want(t, 200, `"item":"1"`)
	p.do("PATCH", p.fill("/crm/v3/objects/deals/{d0}"), `{"properties":{"item":"2"}}`).want(t, 400)
	p.do("PATCH", base+"/item", `{"options":[{"label":"Two","value":"2","hidden":false}]}`).want(t, 200)
	p.do("PATCH", p.fill("/crm/v3/objects/deals/{d0}"), `{"properties":{"item":"1"}}`).want(t, 400)
	p.do("DELETE", base+"/item", "").want(t, 204)
	p.do("GET", base+"/item", "").want(t, 404)
	p.do("GET", base+"/item?archived=true", "").want(t, 200, `"archived":true`)
	p.do("POST", base, `{"name":"item","label":"Item","type":"string","fieldType":"text","groupName":"handoff"}`).want(t, 409)
	a := p.do("POST", base+"/batch/create", `{"inputs":[{"name":"a","label":"A","type":"string","fieldType":"text","groupName":"handoff"},{"name":"amount","label":"A","type":"string","fieldType":"text","groupName":"handoff"}]}`).want(t, 207)
	same(t, "made", len(a.rows("results")), 1)
	p.do("POST", base+"/batch/read", `{"inputs":[{"name":"a"},{"name":"zz"}]}`).want(t, 207)
	p.do("POST", base+"/batch/archive", `{"inputs":[{"name":"a"}]}`).want(t, 204)
	p.do("DELETE", base+"/groups/handoff", "").want(t, 204)
	csm := p.do("GET", base+"/handoff_csm", "").want(t, 200, `"externalOptions":true`)
	same(t, "referenced", csm.at("referencedObjectType"), "OWNER")
	hidden := p.do("GET", base+"/hs_is_closed_won", "").want(t, 200, `"calculated":true`, `"readOnlyValue":true`, `"hubspotDefined":true`)
	same(t, "type", hidden.at("type"), "bool")
}

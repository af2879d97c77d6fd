package hssim_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

const batchUpdate = "/crm/v3/objects/deals/batch/update"

func (p *portal) value(object, id, name string) string {
	p.t.Helper()
	v, defined := p.Get(object, id, name)
	if !defined {
		p.t.Fatalf("%s %s has no %s", object, id, name)
	}
	return v
}

func TestSeededDeal(t *testing.T) {
	p := small(t)
	for name, want := range map[string]string{
		"dealname": "Acme rollout", "amount": "1200.50", "dealtype": "newbusiness", "hubspot_owner_id": p.OwnerID(0), "handoff_csm": p.OwnerID(2),
		"handoff_kickoff": "2026-11-10T15:00:00Z", "handoff_hold": "false", "handoff_due": "", "hs_is_closed": "true", "hs_is_closed_won": "true",
		"hs_is_closed_lost": "false", "hs_closed_won_date": "2026-11-02T09:30:00Z", "hs_v2_date_entered_closedwon": "2026-11-02T09:30:00Z",
		"num_associated_contacts": "2", "num_notes": "2", "notes_last_updated": "2026-11-16T09:30:00Z", "hs_lastmodifieddate": "2026-11-16T09:30:00Z",
		"createdate": "2026-09-20T09:30:00Z", "hs_arr": "", "hs_object_id": p.DealID(0), "hs_all_owner_ids": p.OwnerID(0), "closedate": "2026-11-02T14:00:00Z",
	} {
		same(t, name, p.value("deals", p.DealID(0), name), want)
	}
	same(t, "open", p.value("deals", p.DealID(1), "hs_is_closed"), "false")
	same(t, "bounced", p.value("contacts", p.ContactID(1), "hs_email_hard_bounce_reason_enum"), "UNKNOWN_USER")
	same(t, "contact field", p.value("contacts", p.ContactID(0), "buying_context"), "signs")
	same(t, "email", p.value("contacts", p.ContactID(0), "email"), "dee@example.com")
	note := p.Linked("deals", p.DealID(0), "notes")
	body := p.value("notes", note[0], "hs_note_body")
	if !strings.Contains(body, "Wants &lt;fast&gt; start") || !strings.Contains(body, "<p>") {
		t.Errorf("note body %q", body)
	}
	same(t, "calls", len(p.Linked("deals", p.DealID(0), "calls")), 1)
}

func TestPathSpellings(t *testing.T) {
	p := small(t)
	for _, path := range []string{
		"/crm/v3/objects/deals/{d0}", "/crm/v3/objects/deal/{d0}", "/crm/v3/objects/0-3/{d0}", "/crm/objects/2026-03/deals/{d0}", "/crm/objects/2026-09/0-3/{d0}",
	} {
		a := p.do("GET", p.fill(path), "").want(t, 200)
		same(t, path, a.at("id"), p.DealID(0))
		if (a.at("url") != nil) != strings.Contains(path, "2026") {
			t.Errorf("%s: url %v", path, a.at("url"))
		}
	}
	dated := `{"filterGroups":[],"sorts":["hs_object_id"],"properties":["amount"],"limit":10,"after":"0"}`
	p.do("POST", "/crm/objects/2026-03/0-3/search", dated).want(t, 200)
	for _, path := range []string{"/crm/v3/owners", "/crm/v3/owners/", "/crm/owners/2026-03", "/crm/v3/pipelines/deals", "/crm/pipelines/2026-09/deals", "/crm/properties/2026-03/deals", "/crm/v4/associations/deals/contacts/labels", "/crm/associations/v4/deals/contacts/labels", "/crm/associations/2026-09/0-3/0-1/labels", "/crm/objects/2026-03/deals/{d0}/associations/contacts"} {
		p.do("GET", p.fill(path), "").want(t, 200, "results")
	}
}

func TestList(t *testing.T) {
	p := small(t)
	a := p.do("GET", "/crm/v3/objects/deals?limit=2&properties=dealname,nope&associations=contacts,notes", "").want(t, 200)
	same(t, "ids", a.ids(), []string{p.DealID(0), p.DealID(1)})
	same(t, "after is the next id", a.at("paging.next.after"), p.DealID(2))
	same(t, "associations", len(a.rows("results.0.associations.contacts.results")), 5) // two pairs, three labels
	if a.at("results.1.associations") != nil || strings.Contains(a.text, `"nope"`) {
		t.Errorf("unexpected: %s", a.text)
	}
	same(t, "link", strings.HasPrefix(a.at("paging.next.link").(string), p.base+"/crm/v3/objects/deals?after="), true)
	b := p.do("GET", "/crm/v3/objects/deals?limit=2&after="+p.DealID(2), "").want(t, 200)
	same(t, "second page", b.ids(), []string{p.DealID(2)})
	if b.at("paging") != nil {
		t.Error("the last page has paging")
	}
	one := p.do("GET", p.fill("/crm/v3/objects/deals/{d1}?properties=amount,nope"), "").want(t, 200, `"amount":null`)
	if _, there := one.at("properties").(map[string]any)["nope"]; there {
		t.Error("an undefined property is not absent")
	}
}

func TestBatchRead(t *testing.T) {
	p := small(t)
	a := p.do("POST", "/crm/v3/objects/deals/batch/read", p.fill(`{"inputs":[{"id":"{d0}"},{"id":"999"},{"id":"{d1}"},{"id":"nonsense"}],"properties":["amount","nope"],"propertiesWithHistory":["dealstage","hubspot_owner_id"]}`)).want(t, 207)
	same(t, "status", a.at("status"), "COMPLETE")
	same(t, "numErrors", a.at("numErrors"), 1)
	same(t, "missing", a.at("errors.0.context.ids"), []string{"999", "nonsense"})
	same(t, "category", a.at("errors.0.category"), "OBJECT_NOT_FOUND")
	same(t, "found", len(a.ids()), 2)
	i := slices.Index(a.ids(), p.DealID(0))
	row := "results." + strconv.Itoa(i) + ".propertiesWithHistory."
	same(t, "stage now", a.at(row+"dealstage.0.value"), "closedwon")
	same(t, "stage since", a.at(row+"dealstage.0.timestamp"), "2026-11-02T09:30:00Z")
	same(t, "stage before", a.at(row+"dealstage.1.value"), "appointmentscheduled")
	same(t, "owner when won", a.at(row+"hubspot_owner_id.1.value"), p.OwnerID(2))
	b := p.do("POST", "/crm/objects/2026-09/deals/batch/read", `{"inputs":[{"id":"999"}],"properties":[],"propertiesWithHistory":[]}`).want(t, 200)
	same(t, "2026-09 reports errors inside a 200", b.at("numErrors"), 1)
	c := p.do("POST", "/crm/v3/objects/contacts/batch/read", `{"inputs":[{"id":"DEE@example.com"}],"idProperty":"email","properties":[]}`).want(t, 200)
	same(t, "by email", c.ids(), []string{p.ContactID(0)})
	d := p.do("POST", "/crm/v3/objects/deals/batch/read", p.fill(`{"inputs":[{"id":"{d0}"},{"id":"{d1}"}],"properties":[],"propertiesWithHistory":[]}`)).want(t, 200)
	if d.at("errors") != nil || d.at("numErrors") != nil {
		t.Errorf("a whole batch has errors: %s", d.text)
	}
}

func TestBatchUpdate(t *testing.T) {
	p := small(t)
	p.Clock().Advance(time.Minute)
	a := p.do("POST", batchUpdate, p.fill(`{"inputs":[{"id":"{d0}","properties":{"handoff_total":"12","handoff_status":" final "}},{"id":"999","objectWriteTraceId":"t9","properties":{"handoff_total":"1"}},{"id":"{d1}","properties":{"amount":""}}]}`)).want(t, 207)
	same(t, "errors", a.at("errors.0.context.ids.0"), "999")
	same(t, "trace", a.at("errors.0.context.objectWriteTraceId.0"), "t9")
	same(t, "value", p.value("deals", p.DealID(0), "handoff_status"), "final")
	same(t, "stamp", p.value("deals", p.DealID(0), "hs_lastmodifieddate"), "2026-11-20T09:31:00Z")
	p.do("POST", batchUpdate, p.fill(`{"inputs":[{"id":"{d0}","properties":{"handoff_total":"13"}},{"id":"{d1}","properties":{"handoff_total":"x"}}]}`)).want(t, 400, "INVALID_INTEGER")
	same(t, "nothing of a refused batch is written", p.value("deals", p.DealID(0), "handoff_total"), "12")
	p.do("POST", batchUpdate, p.fill(`{"inputs":[{"id":"{d0}","objectWriteTraceId":"a","properties":{"handoff_total":"13"}},{"id":"{d1}","objectWriteTraceId":"b","properties":{"handoff_total":"x"}}]}`)).want(t, 400)

	q := open(t, smallWorld(), hssim.Options{ValidationAs207: true})
	b := q.do("POST", batchUpdate, q.fill(`{"inputs":[{"id":"{d0}","objectWriteTraceId":"a","properties":{"handoff_total":"13"}},{"id":"{d1}","objectWriteTraceId":"b","properties":{"handoff_total":"x"}}]}`)).want(t, 207)
	same(t, "category", b.at("errors.0.category"), "VALIDATION_ERROR")
	same(t, "trace", b.at("errors.0.context.objectWriteTraceId.0"), "b")
	same(t, "the other one is written", q.value("deals", q.DealID(0), "handoff_total"), "13")
}

func TestBatchCreateAndUpsert(t *testing.T) {
	p := small(t)
	a := p.do("POST", "/crm/v3/objects/contacts/batch/create", `{"inputs":[{"objectWriteTraceId":"a","properties":{"email":"new@example.com"}},{"objectWriteTraceId":"b","properties":{"email":"eli@example.com"}}]}`).want(t, 207)
	same(t, "created", len(a.ids()), 1)
	same(t, "refused", a.at("errors.0.context.objectWriteTraceId.0"), "b")
	p.do("POST", "/crm/v3/objects/contacts/batch/create", `{"inputs":[{"properties":{"email":"more@example.com"}},{"properties":{"email":"eli@example.com"}}]}`).want(t, 409)
	if a := p.do("GET", "/crm/v3/objects/contacts/more@example.com?idProperty=email", ""); a.status != 404 {
		t.Errorf("a refused batch created: %s", a.text)
	}
	p.do("POST", "/crm/v3/objects/contacts/batch/create", `{"inputs":[{"properties":{"email":"fine@example.com"}}]}`).want(t, 201)
	u := p.do("POST", "/crm/v3/objects/contacts/batch/upsert", `{"inputs":[{"id":"eli@example.com","idProperty":"email","properties":{"jobtitle":"CTO"}},{"id":"gus@example.com","idProperty":"email","properties":{"jobtitle":"CIO"}}]}`).want(t, 200, `"new":true`, `"new":false`)
	same(t, "rows", len(u.ids()), 2)
	same(t, "written", p.value("contacts", p.ContactID(1), "jobtitle"), "CTO")
	p.do("POST", "/crm/v3/objects/contacts/batch/archive", p.fill(`{"inputs":[{"id":"{c1}"},{"id":"999"}]}`)).want(t, 204)
	p.do("GET", p.fill("/crm/v3/objects/contacts/{c1}"), "").want(t, 404)
}

func TestStageFollows(t *testing.T) {
	p := small(t)
	id := p.DealID(1)
	patch := func(props string) {
		p.Clock().Advance(time.Minute)
		p.do("PATCH", "/crm/v3/objects/deals/"+id, `{"properties":{`+props+`}}`).want(t, 200)
	}
	patch(`"dealstage":"closedwon"`)
	won := p.value("deals", id, "hs_closed_won_date")
	same(t, "won", p.value("deals", id, "hs_is_closed_won"), "true")
	same(t, "won date", won, "2026-11-20T09:31:00Z")
	same(t, "close date is set", p.value("deals", id, "closedate"), won)
	same(t, "entered", p.value("deals", id, "hs_v2_date_entered_closedwon"), won)
	patch(`"dealstage":"148230511"`)
	same(t, "still won", p.value("deals", id, "hs_is_closed_won"), "true")
	same(t, "close date stays between won stages", p.value("deals", id, "closedate"), won)
	same(t, "won date stays", p.value("deals", id, "hs_closed_won_date"), won)
	patch(`"dealstage":"contractsent"`)
	same(t, "reopened", p.value("deals", id, "hs_is_closed_won"), "false")
	same(t, "won date goes", p.value("deals", id, "hs_closed_won_date"), "")
	patch(`"dealstage":"148230643","pipeline":"75201846","closedate":"2026-11-05T00:00:00Z"`)
	same(t, "own close date", p.value("deals", id, "closedate"), "2026-11-05T00:00:00Z")
	same(t, "won elsewhere", p.value("deals", id, "hs_is_closed_won"), "true")
}

// TestWhatMovesTheDate pins down when a deal's modified date moves.
func TestWhatMovesTheDate(t *testing.T) {
	task := `{"properties":{"hs_timestamp":"2026-11-25T09:00:00Z","hs_task_subject":"x"},"associations":[{"to":{"id":"{d0}"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":216}]}]}`
	for _, c := range []struct {
		name  string
		o     hssim.Options
		do    func(p *portal)
		moves bool
	}{
		{"a property", hssim.Options{}, func(p *portal) { p.Set("deals", p.DealID(0), "amount", "1") }, true},
		{"the same value", hssim.Options{}, func(p *portal) { p.Set("deals", p.DealID(0), "amount", "1200.50") }, true},
		{"the same value, switched", hssim.Options{UnchangedKeepsDate: true}, func(p *portal) { p.Set("deals", p.DealID(0), "amount", "1200.50") }, false},
		{"a task", hssim.Options{}, func(p *portal) { p.do("POST", "/crm/v3/objects/tasks", p.fill(task)).want(p.t, 201) }, true},
		{"a contact", hssim.Options{}, func(p *portal) { p.Associate("deals", p.DealID(0), "contacts", p.ContactID(2)) }, true},
		{"a contact leaving", hssim.Options{}, func(p *portal) { p.Dissociate("deals", p.DealID(0), "contacts", p.ContactID(1)) }, true},
		{"a contact, switched", hssim.Options{LinkKeepsDate: true}, func(p *portal) { p.Associate("deals", p.DealID(0), "contacts", p.ContactID(2)) }, false},
		{"a label", hssim.Options{}, func(p *portal) { p.Label(p.DealID(0), p.ContactID(1)) }, false},
		{"a label, switched", hssim.Options{LabelMovesDate: true}, func(p *portal) { p.Label(p.DealID(0), p.ContactID(1)) }, true},
		{"the contact's phone", hssim.Options{}, func(p *portal) { p.Set("contacts", p.ContactID(0), "phone", "1") }, false},
		{"the note's text", hssim.Options{}, func(p *portal) {
			p.Set("notes", p.Linked("deals", p.DealID(0), "notes")[0], "hs_note_body", "<p>x</p>")
		}, false},
		{"the note's archival", hssim.Options{}, func(p *portal) { p.Archive("notes", p.Linked("deals", p.DealID(0), "notes")[0]) }, true},
		{"an edit of the pipeline", hssim.Options{}, func(p *portal) { p.EditPipeline("default", "x") }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := open(t, smallWorld(), c.o)
			was := p.value("deals", p.DealID(0), "hs_lastmodifieddate")
			p.Clock().Advance(time.Second)
			c.do(p)
			if now := p.value("deals", p.DealID(0), "hs_lastmodifieddate"); (now != was) != c.moves {
				t.Errorf("from %s to %s", was, now)
			}
		})
	}
}

func TestArchiveAndRestore(t *testing.T) {
	p := small(t)
	id := p.DealID(0)
	p.do("DELETE", "/crm/v3/objects/deals/"+id, "").want(t, 204)
	p.do("GET", "/crm/v3/objects/deals/"+id, "").want(t, 404)
	p.do("GET", "/crm/v3/objects/deals/"+id+"?archived=true", "").want(t, 200, `"archived":true`, "archivedAt")
	p.do("POST", "/crm/v3/objects/deals/batch/read", `{"inputs":[{"id":"`+id+`"}]}`).want(t, 207)
	p.do("POST", "/crm/v3/objects/deals/batch/read?archived=true", `{"inputs":[{"id":"`+id+`"}]}`).want(t, 200)
	p.do("POST", batchUpdate, `{"inputs":[{"id":"`+id+`","properties":{"amount":"1"}}]}`).want(t, 207, "OBJECT_NOT_FOUND")
	same(t, "searched", len(p.do("POST", search, `{}`).ids()), 2)
	same(t, "listed", len(p.do("GET", "/crm/v3/objects/deals", "").ids()), 2)
	same(t, "listed as archived", p.do("GET", "/crm/v3/objects/deals?archived=true", "").ids(), []string{id})
	same(t, "associations to it are gone", len(p.Linked("contacts", p.ContactID(0), "deals")), 0)
	if err := p.Restore("deals", id); err != nil {
		t.Fatal(err)
	}
	p.do("GET", "/crm/v3/objects/deals/"+id, "").want(t, 200)
	same(t, "associations are back", p.Linked("contacts", p.ContactID(0), "deals"), []string{id})
}

func TestMerge(t *testing.T) {
	p := small(t)
	a, b := p.DealID(0), p.DealID(1)
	merged, err := p.Merge("deals", a, b)
	if err != nil {
		t.Fatal(err)
	}
	if merged == a || merged == b {
		t.Fatal("the merge minted no new id")
	}
	for _, old := range []string{a, b} {
		same(t, "GET by the old id", p.do("GET", "/crm/v3/objects/deals/"+old, "").want(t, 200).at("id"), merged)
		same(t, "PATCH by the old id", p.do("PATCH", "/crm/v3/objects/deals/"+old, `{"properties":{"amount":"5"}}`).want(t, 200).at("id"), merged)
	}
	u := p.do("POST", batchUpdate, `{"inputs":[{"id":"`+a+`","properties":{"amount":"6"}},{"id":"`+merged+`","properties":{"handoff_total":"1"}}]}`).want(t, 200)
	same(t, "batch update drops the old id", u.ids(), []string{merged})
	same(t, "dropped write", p.value("deals", merged, "amount"), "5")
	p.do("POST", "/crm/v3/objects/deals/batch/read", `{"inputs":[{"id":"`+a+`"}]}`).want(t, 207)
	same(t, "losers", p.value("deals", merged, "hs_merged_object_ids"), b+";"+a)
	same(t, "contacts moved", len(p.Linked("deals", merged, "contacts")), 2)
	labels, _ := p.Labels(merged, p.ContactID(0))
	same(t, "labels moved", labels, []string{"Champion", "Economic Buyer"})
	same(t, "search", p.do("POST", search, `{}`).ids(), []string{p.DealID(2), merged})

	q := open(t, smallWorld(), hssim.Options{MergeKeepsID: true})
	res := q.do("POST", "/crm/v3/objects/contacts/merge", q.fill(`{"primaryObjectId":"{c0}","objectIdToMerge":"{c1}"}`)).want(t, 200)
	same(t, "kept id", res.at("id"), q.ContactID(0))
	same(t, "old id", q.do("GET", q.fill("/crm/v3/objects/contacts/{c1}"), "").at("id"), q.ContactID(0))
}

func TestHiddenAndProtectedProperties(t *testing.T) {
	p := small(t)
	p.HideProperty("deals", "handoff_total")
	a := p.do("GET", p.fill("/crm/v3/objects/deals/{d0}?properties=handoff_total,amount"), "").want(t, 200)
	if strings.Contains(a.text, "handoff_total") {
		t.Error("a hidden property is shown")
	}
	p.do("GET", "/crm/v3/properties/deals/handoff_total", "").want(t, 404)
	p.do("PATCH", p.fill("/crm/v3/objects/deals/{d0}"), `{"properties":{"handoff_total":"1"}}`).want(t, 400, "PROPERTY_DOESNT_EXIST")
	p.ShowProperty("deals", "handoff_total")
	p.ProtectProperty("deals", "handoff_total")
	p.do("GET", "/crm/v3/properties/deals/handoff_total", "").want(t, 200, `"readOnlyValue":true`)
	p.do("PATCH", p.fill("/crm/v3/objects/deals/{d0}"), `{"properties":{"handoff_total":"1"}}`).want(t, 400, "READ_ONLY_VALUE")
	if err := p.Set("deals", p.DealID(0), "handoff_total", "4"); err != nil {
		t.Errorf("a person cannot edit it: %v", err)
	}
	if err := p.Set("deals", p.DealID(0), "hs_is_closed_won", "true"); err == nil {
		t.Error("a person can edit a calculated property")
	}
}

func TestConditionalRule(t *testing.T) {
	p := open(t, smallWorld(), hssim.Options{ConditionalRequired: []hssim.Requirement{{Object: "deals", When: "handoff_status", Equals: "open", Required: "description"}}})
	write := p.fill(`{"inputs":[{"id":"{d0}","properties":{"handoff_total":"3"}}]}`)
	p.do("POST", batchUpdate, write).want(t, 200)
	p.do("POST", "/crm/objects/2026-03/deals/batch/update", write).want(t, 200)
	p.do("POST", "/crm/objects/2026-09/deals/batch/update", write).want(t, 400, "VALIDATION_ERROR", "description")
	p.Set("deals", p.DealID(0), "description", "there")
	p.do("POST", "/crm/objects/2026-09/deals/batch/update", write).want(t, 200)
}

func TestValuesAreNormalised(t *testing.T) {
	p := small(t)
	for _, c := range []struct{ object, name, write, want string }{
		{"deals", "handoff_due", "1763596800000", "2025-11-20"},
		{"deals", "handoff_due", "2026-11-30", "2026-11-30"},
		{"deals", "handoff_kickoff", "1763630000123", "2025-11-20T09:13:20.123Z"},
		{"deals", "handoff_kickoff", "2026-11-10T10:00:00-05:00", "2026-11-10T15:00:00Z"},
		{"deals", "handoff_status", " open ", "open"},
		{"deals", "handoff_text", " kept as it is \n", " kept as it is \n"},
		{"deals", "handoff_total", "", ""},
		{"deals", "handoff_csm", p.OwnerID(1), p.OwnerID(1)},
		{"contacts", "hs_buying_role", "CHAMPION;END_USER", "CHAMPION;END_USER"},
		{"contacts", "hs_buying_role", ";DECISION_MAKER", "CHAMPION;END_USER;DECISION_MAKER"},
	} {
		id := p.DealID(0)
		if c.object == "contacts" {
			id = p.ContactID(0)
		}
		p.do("PATCH", "/crm/v3/objects/"+c.object+"/"+id, `{"properties":{"`+c.name+`":`+strconv.Quote(c.write)+`}}`).want(t, 200)
		same(t, c.name, p.value(c.object, id, c.name), c.want)
	}
}

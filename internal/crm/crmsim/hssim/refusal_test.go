package hssim_test

import (
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

const search = "/crm/v3/objects/deals/search"

func filters(n int) string {
	f := strings.Repeat(`{"propertyName":"amount","operator":"HAS_PROPERTY"},`, n)
	return `{"filters":[` + strings.TrimSuffix(f, ",") + `]}`
}

// TestRefusals lists what HubSpot refuses, with the status it has.
func TestRefusals(t *testing.T) {
	p := open(t, smallWorld(), hssim.Options{NoSearchLag: true, ConditionalRequired: []hssim.Requirement{
		{Object: "deals", When: "handoff_status", Equals: "open", Required: "description"},
	}})
	cases := []struct {
		name, method, path, body string
		status                   int
		words                    string // separated by |
	}{
		{"unknown path", "GET", "/crm/v3/nothing/deals", "", 404, "resource not found"},
		{"wrong method", "GET", search, "", 405, ""},
		{"unknown object type", "GET", "/crm/v3/objects/widgets", "", 400, "Unable to infer object type from: widgets"},
		{"v4 has no records", "GET", "/crm/v4/objects/deals", "", 404, ""},
		{"unknown dated version", "GET", "/crm/objects/2025-09/deals", "", 404, ""},
		{"trailing slash elsewhere than owners", "GET", "/crm/v3/objects/deals/", "", 404, ""},
		{"no body", "POST", search, "", 400, "Invalid input JSON"},
		{"broken JSON", "POST", search, "{\n\"limit\":}", 400, "Invalid input JSON on line 2"},

		{"search page over 200", "POST", search, `{"limit":201}`, 400, "200"},
		{"search past 10,000", "POST", search, `{"limit":1,"after":"10000"}`, 400, "10000"},
		{"search page across 10,000", "POST", search, `{"limit":200,"after":"9900"}`, 400, "10000"},
		{"search body over 3,000", "POST", search, `{"query":"` + strings.Repeat("x", 3000) + `"}`, 400, "3000"},
		{"search six groups", "POST", search, `{"filterGroups":[` + strings.Repeat(filters(1)+",", 5) + filters(1) + `]}`, 400, "at most 5"},
		{"search seven filters", "POST", search, `{"filterGroups":[` + filters(7) + `]}`, 400, "at most 6"},
		{"search nineteen filters", "POST", search, `{"filterGroups":[` + filters(5) + "," + filters(5) + "," + filters(5) + "," + filters(4) + `]}`, 400, "at most 18"},
		{"search unknown operator", "POST", search, `{"filterGroups":[{"filters":[{"propertyName":"amount","operator":"LIKE","value":"1"}]}]}`, 400, "LIKE"},
		{"search unknown property", "POST", search, `{"filterGroups":[{"filters":[{"propertyName":"nope","operator":"EQ","value":"1"}]}]}`, 400, "There was a problem with the request.|nope"},
		{"search unknown sort", "POST", search, `{"sorts":["nope"]}`, 400, "nope"},
		{"search wrong direction", "POST", search, `{"sorts":[{"propertyName":"amount","direction":"UP"}]}`, 400, "UP"},
		{"search time as ISO", "POST", search, `{"filterGroups":[{"filters":[{"propertyName":"hs_lastmodifieddate","operator":"GT","value":"2026-11-01"}]}]}`, 400, "There was a problem"},
		{"search EQ without a value", "POST", search, `{"filterGroups":[{"filters":[{"propertyName":"amount","operator":"EQ"}]}]}`, 400, "needs a value"},
		{"search BETWEEN without highValue", "POST", search, `{"filterGroups":[{"filters":[{"propertyName":"amount","operator":"BETWEEN","value":"1"}]}]}`, 400, "highValue"},
		{"search IN without values", "POST", search, `{"filterGroups":[{"filters":[{"propertyName":"amount","operator":"IN","value":"1"}]}]}`, 400, "needs values"},
		{"search after that is no number", "POST", search, `{"after":"x"}`, 400, "Invalid after"},
		{"search association filter with GT", "POST", search, `{"filterGroups":[{"filters":[{"propertyName":"associations.contact","operator":"GT","value":"1"}]}]}`, 400, "not allowed"},
		{"dated search with numeric after", "POST", "/crm/objects/2026-03/deals/search", `{"filterGroups":[],"sorts":[],"properties":[],"limit":1,"after":0}`, 400, "string"},
		{"dated search without sorts", "POST", "/crm/objects/2026-03/deals/search", `{"filterGroups":[],"properties":[],"limit":1,"after":"0"}`, 400, "sorts"},

		{"list page over 100", "GET", "/crm/v3/objects/deals?limit=101", "", 400, "100"},
		{"list limit word", "GET", "/crm/v3/objects/deals?limit=many", "", 400, "many"},
		{"list after that is no id", "GET", "/crm/v3/objects/deals?after=x", "", 400, "Invalid after"},
		{"very long URI", "GET", "/crm/v3/objects/deals?properties=" + strings.Repeat("a,", 9000), "", 414, "<html>"},
		{"get unknown id", "GET", "/crm/v3/objects/deals/999", "", 404, "OBJECT_NOT_FOUND"},
		{"get id that is no number", "GET", "/crm/v3/objects/deals/abc", "", 404, "objectId are usually numeric"},
		{"idProperty hs_object_id", "GET", "/crm/v3/objects/deals/{d0}?idProperty=hs_object_id", "", 400, "non-unique 0-3 property hs_object_id"},

		{"batch read over 100", "POST", "/crm/v3/objects/deals/batch/read", manyInputs(101, ""), 400, "100"},
		{"batch read of nothing", "POST", "/crm/v3/objects/deals/batch/read", `{"inputs":[]}`, 400, "inputs"},
		{"batch read history over 50", "POST", "/crm/v3/objects/deals/batch/read", manyInputs(51, `,"propertiesWithHistory":["dealstage"]`), 400, "50"},
		{"batch read null history", "POST", "/crm/v3/objects/deals/batch/read", `{"inputs":[{"id":"1"}],"properties":[],"propertiesWithHistory":null}`, 400, "propertiesWithHistory"},
		{"dated batch read without history", "POST", "/crm/objects/2026-03/deals/batch/read", `{"inputs":[{"id":"1"}],"properties":[]}`, 400, "propertiesWithHistory"},
		{"batch read numeric id", "POST", "/crm/v3/objects/deals/batch/read", `{"inputs":[{"id":1}]}`, 400, "Invalid input JSON"},
		{"batch update over 100", "POST", "/crm/v3/objects/deals/batch/update", manyInputs(101, ""), 400, "100"},
		{"batch update number value", "POST", "/crm/v3/objects/deals/batch/update", `{"inputs":[{"id":"{d0}","properties":{"amount":5}}]}`, 400, "Invalid input JSON"},
		{"batch update null value", "POST", "/crm/v3/objects/deals/batch/update", `{"inputs":[{"id":"{d0}","properties":{"amount":null}}]}`, 400, "string"},
		{"batch update twice the same id", "POST", "/crm/v3/objects/deals/batch/update", `{"inputs":[{"id":"{d0}","properties":{}},{"id":"{d0}","properties":{}}]}`, 400, "Duplicate IDs"},
		{"batch update by hs_object_id", "POST", "/crm/v3/objects/deals/batch/update", `{"inputs":[{"id":"{d0}","idProperty":"hs_object_id","properties":{}}]}`, 400, "non-unique"},
		{"upsert without idProperty", "POST", "/crm/v3/objects/contacts/batch/upsert", `{"inputs":[{"id":"x@example.com","properties":{}}]}`, 400, "idProperty"},

		{"write unknown property", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"nope":"1"}}`, 400, `Property values were not valid: [|PROPERTY_DOESNT_EXIST`},
		{"write calculated property", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"hs_is_closed_won":"true"}}`, 400, "READ_ONLY_VALUE"},
		{"write read-only stamp", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"hs_lastmodifieddate":"1"}}`, 400, "READ_ONLY_VALUE"},
		{"write bad option", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"handoff_status":"Open"}}`, 400, "INVALID_OPTION"},
		{"write bad bool", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"handoff_hold":"yes"}}`, 400, "INVALID_OPTION"},
		{"write bad number", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"handoff_total":"1,5"}}`, 400, "INVALID_INTEGER"},
		{"write bad date", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"handoff_due":"20 Nov"}}`, 400, "INVALID_DATE"},
		{"write date off midnight", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"handoff_due":"1760000000001"}}`, 400, "INVALID_DATE"},
		{"write bad datetime", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"handoff_kickoff":"soon"}}`, 400, "INVALID_DATE"},
		{"write unknown owner", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"hubspot_owner_id":"7"}}`, 400, "INVALID_OPTION"},
		{"write user id as owner", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"handoff_csm":"9100017"}}`, 400, "INVALID_OPTION"},
		{"write stage of another pipeline", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"dealstage":"148230642"}}`, 400, "not a stage of pipeline"},
		{"write too long text", "PATCH", "/crm/v3/objects/deals/{d0}", `{"properties":{"handoff_text":"` + strings.Repeat("x", 65_537) + `"}}`, 400, "65536"},
		{"write bad email", "PATCH", "/crm/v3/objects/contacts/{c0}", `{"properties":{"email":"nobody"}}`, 400, "INVALID_EMAIL"},
		{"write taken email", "PATCH", "/crm/v3/objects/contacts/{c0}", `{"properties":{"email":"ELI@example.com"}}`, 409, "Existing ID: {c1}"},
		{"create taken email", "POST", "/crm/v3/objects/contacts", `{"properties":{"email":"eli@example.com"}}`, 409, "CONFLICT|Contact already exists. Existing ID: {c1}"},
		{"create contact of nothing", "POST", "/crm/v3/objects/contacts", `{"properties":{"jobtitle":"CFO"}}`, 400, "required properties"},
		{"create task without time", "POST", "/crm/v3/objects/tasks", `{"properties":{"hs_task_subject":"x"}}`, 400, "Error creating TASK. Some required properties were not set.|hs_timestamp"},
		{"dated create without associations", "POST", "/crm/objects/2026-09/tasks", `{"properties":{"hs_timestamp":"1760000000000"}}`, 400, "associations"},
		{"create with an association the wrong way", "POST", "/crm/v3/objects/tasks", `{"properties":{"hs_timestamp":"1760000000000"},"associations":[{"to":{"id":"{d0}"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":215}]}]}`, 400, "215"},
		{"2026-09 conditional rule", "POST", "/crm/objects/2026-09/deals/batch/update", `{"inputs":[{"id":"{d0}","properties":{"handoff_total":"3"}}]}`, 400, "VALIDATION_ERROR|description"},

		{"associations over 1,000", "POST", "/crm/v4/associations/deals/contacts/batch/read", manyInputs(1001, ""), 400, "1000"},
		{"associations with a made-up cursor", "POST", "/crm/v4/associations/deals/contacts/batch/read", `{"inputs":[{"id":"{d0}","after":"100"}]}`, 400, "cursor"},
		{"associations page over 500", "GET", "/crm/v4/objects/deals/{d0}/associations/contacts?limit=501", "", 400, "500"},
		{"associate with an unknown type", "PUT", "/crm/v4/objects/deals/{d0}/associations/contacts/{c2}", `[{"associationCategory":"USER_DEFINED","associationTypeId":9999}]`, 400, "9999"},
		{"associate with nobody", "PUT", "/crm/v4/objects/deals/{d0}/associations/default/contacts/999", ``, 404, "999"},
		{"label name with a hyphen", "POST", "/crm/v4/associations/deals/contacts/labels", `{"label":"A","name":"a-b"}`, 400, "hyphens"},
		{"label name with a digit first", "POST", "/crm/v4/associations/deals/contacts/labels", `{"label":"A","name":"1a"}`, 400, "number"},
		{"label text taken", "POST", "/crm/v4/associations/deals/contacts/labels", `{"label":"Champion","name":"other"}`, 400, "already exists"},
		{"label that is not there", "DELETE", "/crm/v4/associations/deals/contacts/labels/9999", "", 404, ""},

		{"property without group", "POST", "/crm/v3/properties/deals", `{"name":"a","label":"A","type":"string","fieldType":"text","groupName":"nope"}`, 400, "GROUP_DOES_NOT_EXIST"},
		{"property without label", "POST", "/crm/v3/properties/deals", `{"name":"a","type":"string","fieldType":"text","groupName":"dealinformation"}`, 400, "label"},
		{"property of wrong pair", "POST", "/crm/v3/properties/deals", `{"name":"a","label":"A","type":"number","fieldType":"select","groupName":"dealinformation"}`, 400, "field type select"},
		{"property of unknown type", "POST", "/crm/v3/properties/deals", `{"name":"a","label":"A","type":"money","fieldType":"number","groupName":"dealinformation"}`, 400, "money"},
		{"property name with capitals", "POST", "/crm/v3/properties/deals", `{"name":"Abc","label":"A","type":"string","fieldType":"text","groupName":"dealinformation"}`, 400, "Abc"},
		{"property name of HubSpot", "POST", "/crm/v3/properties/deals", `{"name":"hs_a","label":"A","type":"string","fieldType":"text","groupName":"dealinformation"}`, 400, "hs_"},
		{"property twice", "POST", "/crm/v3/properties/deals", `{"name":"amount","label":"A","type":"number","fieldType":"number","groupName":"dealinformation"}`, 409, "already exists"},
		{"enumeration without options", "POST", "/crm/v3/properties/deals", `{"name":"a","label":"A","type":"enumeration","fieldType":"select","groupName":"dealinformation"}`, 400, "options"},
		{"option without hidden", "POST", "/crm/v3/properties/deals", `{"name":"a","label":"A","type":"enumeration","fieldType":"select","groupName":"dealinformation","options":[{"label":"x","value":"x"}]}`, 400, "hidden"},
		{"dated option without order", "POST", "/crm/properties/2026-03/deals", `{"name":"a","label":"A","type":"enumeration","fieldType":"select","groupName":"dealinformation","options":[{"label":"x","value":"x","hidden":false}]}`, 400, "displayOrder"},
		{"bool with three options", "POST", "/crm/v3/properties/deals", `{"name":"a","label":"A","type":"bool","fieldType":"booleancheckbox","groupName":"dealinformation","options":[{"label":"x","value":"x","hidden":false}]}`, 400, "true and false"},
		{"change of uniqueness", "PATCH", "/crm/v3/properties/deals/handoff_total", `{"hasUniqueValue":true}`, 400, "hasUniqueValue"},
		{"change of a built-in type", "PATCH", "/crm/v3/properties/deals/amount", `{"type":"string"}`, 400, "defined by HubSpot"},
		{"delete a built-in property", "DELETE", "/crm/v3/properties/deals/amount", "", 400, "defined by HubSpot"},
		{"delete a property in use", "DELETE", "/crm/v3/properties/deals/handoff_status", "", 400, "PropertyValidationError.PROPERTY_USAGE"},
		{"property that is not there", "GET", "/crm/v3/properties/deals/nope", "", 404, ""},
		{"group twice", "POST", "/crm/v3/properties/deals/groups", `{"name":"dealinformation","label":"x"}`, 409, "already exists"},
		{"group with properties", "DELETE", "/crm/v3/properties/deals/groups/dealinformation", "", 400, "still has"},
		{"pipelines of contacts", "GET", "/crm/v3/pipelines/contacts", "", 400, "no pipelines"},
		{"pipeline that is not there", "GET", "/crm/v3/pipelines/deals/nope", "", 404, ""},
		{"pipeline with deals, 2026-09", "DELETE", "/crm/pipelines/2026-09/deals/default", "", 400, "still has"},
		{"owners page over 500", "GET", "/crm/v3/owners?limit=501", "", 400, "500"},
		{"archived owner read as live", "GET", "/crm/v3/owners/{o1}", "", 404, ""},
		{"merge with itself", "POST", "/crm/v3/objects/deals/merge", `{"primaryObjectId":"{d0}","objectIdToMerge":"{d0}"}`, 400, "merged"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			words := strings.Split(p.fill(c.words), "|")
			a := p.do(c.method, p.fill(c.path), p.fill(c.body)).want(t, c.status, words...)
			if c.status != 414 && (a.at("status") != "error" || a.at("correlationId") == nil) {
				t.Errorf("the body is not of the vendor's shape: %s", a.text)
			}
		})
	}
	if s := p.Stats(); len(s.Written) != 0 {
		t.Errorf("refused requests wrote %v", s.Written)
	}
}

func TestWrongContentType(t *testing.T) {
	p := small(t)
	p.do("POST", "/oauth/v1/token", "").want(t, 415)
}

func TestMostUniqueProperties(t *testing.T) {
	p := small(t)
	for i := range 11 {
		name := "u" + string(rune('a'+i))
		a := p.do("POST", "/crm/v3/properties/deals", `{"name":"`+name+`","label":"U","type":"string","fieldType":"text","groupName":"dealinformation","hasUniqueValue":true}`)
		if i < 10 {
			a.want(t, 201)
		} else {
			a.want(t, 400, "10")
		}
	}
}

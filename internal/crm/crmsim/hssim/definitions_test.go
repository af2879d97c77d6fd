package hssim_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

const defs = "/crm/v3/properties/deals"

func TestAPortalWithoutHandoffFields(t *testing.T) {
	w := smallWorld()
	w.Fields = append(w.Fields, w.Fields[1])
	w.Fields[len(w.Fields)-1].HubSpot = "arr"
	p := open(t, w, hssim.Options{NoHandoffFields: true})
	p.do("GET", defs+"/handoff_total", "").want(t, 404)
	p.do("GET", defs+"/arr", "").want(t, 200)
	p.do("POST", defs, `{"name":"handoff_total","label":"T","groupName":"handoff","type":"number","fieldType":"number"}`).want(t, 400, "GROUP_DOES_NOT_EXIST")
	p.do("POST", defs+"/groups", `{"name":"handoff","label":"Handoff"}`).want(t, 201)
	p.do("POST", defs, `{"name":"handoff_total","label":"T","groupName":"handoff","type":"number","fieldType":"number"}`).want(t, 201)
	p.do("PATCH", "/crm/v3/objects/deals/"+p.DealID(0), `{"properties":{"handoff_total":"31"}}`).want(t, 200)
}

func TestNamesThatAreTaken(t *testing.T) {
	p := small(t)
	body := `{"name":"handoff_total","label":"T","groupName":"dealinformation","type":"number","fieldType":"number"}`
	p.do("POST", defs, body).want(t, 409, "OBJECT_ALREADY_EXISTS", "Properties.PROPERTY_WITH_NAME_EXISTS")
	if err := p.ArchiveProperty("deals", "handoff_total"); err != nil {
		t.Fatal(err)
	}
	p.do("POST", defs, body).want(t, 409)
	p.do("GET", defs+"/handoff_total", "").want(t, 404)
	p.do("GET", defs+"/handoff_total?archived=true", "").want(t, 200)
	a := p.do("GET", defs+"?archived=true", "").want(t, 200, `"handoff_total"`)
	if strings.Contains(a.text, "dealname") {
		t.Error("the archived list names others")
	}
}

// A property for sensitive data is listed where such are asked for, and its
// values are told nobody.
func TestSensitiveProperties(t *testing.T) {
	p := small(t)
	if err := p.GuardProperty("deals", "handoff_total"); err != nil {
		t.Fatal(err)
	}
	if a := p.do("GET", defs, "").want(t, 200, "handoff_text"); strings.Contains(a.text, "handoff_total") {
		t.Error("it is in the usual list")
	}
	p.do("GET", defs+"?dataSensitivity=sensitive", "").want(t, 200, "handoff_total", `"dataSensitivity":"sensitive"`)
	if a := p.do("GET", defs+"?dataSensitivity=highly_sensitive", "").want(t, 200); strings.Contains(a.text, "handoff_") {
		t.Errorf("%s", a.text)
	}
	p.do("GET", defs+"?dataSensitivity=secret", "").want(t, 400)
	if a := p.do("GET", "/crm/v3/objects/deals/"+p.DealID(0)+"?properties=handoff_total,dealname", "").want(t, 200, "dealname"); strings.Contains(a.text, "handoff_total") {
		t.Errorf("%s", a.text)
	}
	p.do("PATCH", "/crm/v3/objects/deals/"+p.DealID(0), `{"properties":{"handoff_total":"1"}}`).want(t, 400, "PROPERTY_DOESNT_EXIST")
}

func TestMostCustomProperties(t *testing.T) {
	p := small(t)
	n := strings.Count(p.do("GET", defs, "").want(t, 200).text, `"archivable":true`)
	for n < 1000 {
		var inputs []string
		for range min(100, 1000-n) {
			inputs = append(inputs, fmt.Sprintf(`{"name":"more_%d","label":"M","groupName":"dealinformation","type":"number","fieldType":"number"}`, n))
			n++
		}
		p.do("POST", defs+"/batch/create", `{"inputs":[`+strings.Join(inputs, ",")+`]}`).want(t, 201)
	}
	p.do("POST", defs, `{"name":"one_more","label":"M","groupName":"dealinformation","type":"number","fieldType":"number"}`).want(t, 400, "1000")
	p.do("DELETE", defs+"/more_500", "").want(t, 204)
	p.do("POST", defs, `{"name":"one_more","label":"M","groupName":"dealinformation","type":"number","fieldType":"number"}`).want(t, 201)
}

func TestTokenInfo(t *testing.T) {
	p := small(t)
	p.RevokeScope("crm.objects.deals.write")
	const path = "/oauth/v2/private-apps/get/access-token-info"
	a := p.do("POST", path, `{"tokenKey":"`+p.token+`"}`).want(t, 200, "crm.objects.deals.read", `"hubId":`+p.PortalID())
	if strings.Contains(a.text, "crm.objects.deals.write") {
		t.Errorf("%s", a.text)
	}
	p.do("POST", path, `{"tokenKey":"pat-na1-0"}`).want(t, 401)
	q := *p
	q.token = ""
	q.do("POST", path, `{"tokenKey":"`+p.token+`"}`).want(t, 401)
}

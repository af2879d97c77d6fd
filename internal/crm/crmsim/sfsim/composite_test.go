package sfsim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// overLimit checks that a composite call was refused as a whole for its size:
// with status 200 and one result that names no subrequest.
func (p reply) overLimit(part string) {
	p.t.Helper()
	results := p.composite()
	if p.status != 200 || len(results) != 1 || results[0].Status != 400 || results[0].Ref != nil {
		p.t.Fatalf("status %d: %s", p.status, p.body)
	}
	reply{t: p.t, status: 400, body: string(results[0].Body)}.refused(400, "LIMIT_EXCEEDED", part)
}

// updates is a composite call that updates so many deals with every collections
// call, none of them twice.
func (r *rig) updates(allOrNone bool, sizes ...int) string {
	var subs []string
	deal := 0
	for i, n := range sizes {
		var records []string
		for range n {
			records = append(records, fmt.Sprintf(`{"attributes":{"type":"Opportunity"},"id":"%s","NextStep":"step %d"}`, r.s.DealID(deal), deal))
			deal++
		}
		subs = append(subs, fmt.Sprintf(`{"method":"PATCH","url":"%s/composite/sobjects","referenceId":"c%d","body":{"allOrNone":false,"records":[%s]}}`, api, i, strings.Join(records, ",")))
	}
	return fmt.Sprintf(`{"allOrNone":%t,"compositeRequest":[%s]}`, allOrNone, strings.Join(subs, ","))
}

// A thousand records go through with one call, each with an outcome of its own.
func TestFiveCollectionsInOneCall(t *testing.T) {
	r := newRig(t, 1000, Options{})
	r.s.AddFault(Fault{Do: RefuseRecords, On: "collections update", Times: -1, IDs: []string{r.s.DealID(1), r.s.DealID(999)}})
	used, _ := r.s.limits.usage(r.s.now())
	r.s.ResetStats()
	results := r.do("POST", api+"/composite", r.updates(false, 200, 200, 200, 200, 200)).composite()
	if now, _ := r.s.limits.usage(r.s.now()); now != used+1 || len(results) != 5 {
		t.Fatalf("%d results cost %d requests", len(results), now-used)
	}
	for i, res := range results {
		list := reply{t: t, body: string(res.Body)}.list()
		if res.Status != 200 || *res.Ref != fmt.Sprint("c", i) || len(list) != 200 {
			t.Fatalf("result %d: status %d, %d records", i, res.Status, len(list))
		}
		for k, rec := range list {
			deal := 200*i + k
			locked := deal == 1 || deal == 999
			if rec["success"] == locked || !locked && rec["id"] != r.s.DealID(deal) {
				t.Errorf("deal %d: %v", deal, rec)
			}
			if v := r.s.Get("Opportunity", r.s.DealID(deal), "NextStep"); (v == fmt.Sprint("step ", deal)) == locked {
				t.Errorf("deal %d shows %v", deal, v)
			}
		}
	}
	if s := r.s.Stats(); s.Written["Opportunity"] != 998 || s.Subrequests["collections update"] != 5 || s.Requests["composite"] != 1 {
		t.Errorf("%+v", s)
	}
}

// More collections than a call may have, queries counted with them, are refused
// as a whole and nothing is written.
func TestTooManyCollectionsInOneCall(t *testing.T) {
	query := `{"method":"GET","url":"` + api + `/query?q=SELECT+Id+FROM+User","referenceId":"q"},`
	for _, c := range []struct {
		name string
		o    Options
		body func(*rig) string
		says string // "" means it is taken
	}{
		{"six", Options{}, func(r *rig) string { return r.updates(false, 1, 1, 1, 1, 1, 1) }, "5 query or sObject Collections"},
		{"five and a query", Options{}, func(r *rig) string {
			return strings.Replace(r.updates(false, 1, 1, 1, 1, 1), `[{"method"`, `[`+query+`{"method"`, 1)
		}, "5 query or sObject Collections"},
		{"two where one is taken", Options{CompositeCollections: 1}, func(r *rig) string { return r.updates(false, 1, 1) }, "1 sObject Collections"},
		{"one where one is taken", Options{CompositeCollections: 1}, func(r *rig) string { return r.updates(false, 1) }, ""},
		{"one where none is taken", Options{CompositeCollections: -1}, func(r *rig) string { return r.updates(false, 1) }, "0 sObject Collections"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, 10, c.o)
			p := r.do("POST", api+"/composite", c.body(r))
			want := 0
			if c.says == "" {
				want = 1
			} else {
				p.overLimit(c.says)
			}
			if n := r.s.Stats().Written["Opportunity"]; n != want {
				t.Errorf("%d records were written: %s", n, p.body)
			}
		})
	}
}

// A subrequest that is refused as a whole leaves the others alone, unless all
// or none was asked for, which outweighs what the collections say.
func TestOneCollectionOfACallFails(t *testing.T) {
	for allOrNone, want := range map[bool][]int{false: {200, 400, 200}, true: {400, 400, 400}} {
		r := newRig(t, 700, Options{})
		results := r.do("POST", api+"/composite", r.updates(allOrNone, 200, 201, 200)).composite()
		var status []int
		var all string
		for _, res := range results {
			status = append(status, res.Status)
			all += string(res.Body)
		}
		if d := cmp.Diff(want, status); d != "" || !strings.Contains(all, "EXCEEDED_ID_LIMIT") || strings.Contains(all, "PROCESSING_HALTED") != allOrNone {
			t.Errorf("all or none %v: %s", allOrNone, d)
		}
		if v := r.s.Get("Opportunity", r.s.DealID(0), "NextStep"); (v == nil) != allOrNone {
			t.Errorf("all or none %v: the first deal shows %v", allOrNone, v)
		}
		if v := r.s.Get("Opportunity", r.s.DealID(600), "NextStep"); (v == nil) != allOrNone {
			t.Errorf("all or none %v: the last deal shows %v", allOrNone, v)
		}
	}
}

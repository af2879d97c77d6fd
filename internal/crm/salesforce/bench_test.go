package salesforce

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// BenchmarkRows takes 2,000 Opportunities of 90 fields from an answer that is
// there already; decode does the least a client must, into maps.
func BenchmarkRows(b *testing.B) {
	s := &schema{objects: map[string]*object{"Opportunity": {byName: map[string]*field{}}}}
	s.mapping.byNative = map[string][]*mapped{}
	names := []string{"Id", "Name", "StageName", "IsWon", "CloseDate", "Amount", "OwnerId", "SystemModstamp"}
	row := map[string]any{"attributes": map[string]any{"type": "Opportunity", "url": "/services/data/v60.0/sobjects/Opportunity/x"}}
	for i := range 90 {
		name := fmt.Sprintf("Handoff_Item_%d_Evidence__c", i)
		f := &field{Name: name, Type: "textarea", Length: 32000}
		m := &mapped{logical: crm.Field{Name: fmt.Sprint("evidence.", i)}, native: name, object: "Opportunity", on: f}
		s.mapping.all = append(s.mapping.all, *m)
		s.mapping.byNative[name] = []*mapped{m}
		if row[name] = nil; i%3 == 0 {
			row[name] = strings.Repeat("routing of tickets ", 6)
		}
	}
	for _, n := range names {
		row[n] = "2026-11-20"
	}
	var ids []crm.DealID
	var rows []map[string]any
	for i := range 2000 {
		r := map[string]any{}
		for k, v := range row {
			r[k] = v
		}
		r["Id"] = oppID(i)
		rows = append(rows, r)
		ids = append(ids, crm.DealID(oppID(i)))
	}
	body, _ := json.Marshal(map[string]any{"records": rows})
	b.Run("load", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			l := newLoading(crm.Setup{}, s, ids)
			if !gjson.ValidBytes(body) {
				b.Fatal("invalid")
			}
			gjson.ParseBytes(body).Get("records").ForEach(func(_, r gjson.Result) bool {
				l.opportunity(r)
				return true
			})
			if got := l.loaded(); len(got.Deals) != 2000 {
				b.Fatal(len(got.Deals))
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			var v struct {
				Records []map[string]any `json:"records"`
			}
			if err := json.NewDecoder(strings.NewReader(string(body))).Decode(&v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

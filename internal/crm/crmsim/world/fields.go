package world

import (
	"fmt"
	"strings"
)

// Cells returns the custom fields of an org that uses syncd: syncd's own, the
// CSM's, and the org's, with the names both vendors give them.
func Cells() []Field {
	var all []Field
	own := func(kind Kind, scale int, options []string, names ...string) {
		for _, n := range names {
			all = append(all, Field{
				Name: n, Object: "deal", Label: label(n), Salesforce: "Handoff_" + title(n) + "__c", HubSpot: "handoff_" + n,
				Kind: kind, Scale: scale, Options: options,
			})
		}
	}
	own(Picklist, 0, []string{"needs CSM", "awaiting kickoff", "scoring open", "overdue", "final", "disputed", "closed"}, "status")
	own(Picklist, 0, []string{"Excellent", "Acceptable", "Below Standard", "Incomplete"}, "band")
	own(Picklist, 0, []string{"green", "yellow", "orange", "red"}, "health")
	own(Picklist, 0, []string{"None", "CS manager", "Sales manager"}, "escalation")
	own(Number, 0, nil, "score", "score_out_of", "attempt", "category_1", "category_2", "category_3", "category_4", "category_5",
		"item_5_1_score", "item_5_2_score", "item_5_3_score", "attempt_scored")
	own(Text, 0, nil, "range", "action", "ball", "key", "scorecard_version", "sync_message")
	own(LongText, 0, nil, "gaps")
	own(Bool, 0, nil, "hold")
	own(DateTime, 0, nil, "due_at", "escalated_at", "resolved_at", "updated_at", "kickoff_at")
	own(UserRef, 0, nil, "csm")
	own(Text, 0, nil, "dispute_item")
	own(LongText, 0, nil, "dispute_reason")
	own(Picklist, 0, []string{"upheld", "changed", "clarified"}, "dispute_outcome")
	own(Picklist, 0, []string{"0", "1", "2"}, "dispute_score")
	own(Picklist, 0, []string{"same sale", "own sale"}, "duplicate_decision")
	for _, item := range JudgementItems() {
		own(Picklist, 0, []string{"0", "1", "2"}, "item_"+strings.ReplaceAll(item, ".", "_")+"_score")
		own(LongText, 0, nil, "item_"+strings.ReplaceAll(item, ".", "_")+"_note")
	}
	org := func(name, sf, hs string, kind Kind, scale int, options ...string) {
		all = append(all, Field{Name: name, Object: "deal", Label: label(hs), Salesforce: sf, HubSpot: hs, Kind: kind, Scale: scale, Options: options})
	}
	org("arr", "ARR__c", "arr", Money, 2)
	org("term_months", "Contract_Term__c", "contract_term", Number, 0)
	org("discount", "Discount__c", "discount", Number, 2)
	for _, e := range []struct{ item, name string }{
		{"1.1", "Use_Case"},
		{"1.2", "Business_Problem"},
		{"1.3", "Why_Now"},
		{"1.4", "Deal_Risk"},
		{"1.5", "Competition"},
		{"2.4", "Objections"},
		{"3.1", "Integrations"},
		{"3.2", "Custom_Configuration"},
		{"3.3", "Timeline"},
		{"3.4", "IT_Readiness"},
		{"4.1", "Success_Criteria"},
		{"4.2", "Promises"},
		{"4.3", "Go_Live_Milestone"},
		{"4.4", "Exceptions"},
	} {
		org("evidence."+e.item, e.name+"__c", strings.ToLower(e.name), LongText, 0)
	}
	for _, item := range []string{"1.5", "2.4", "3.2", "4.2", "4.4"} {
		n := strings.ReplaceAll(item, ".", "_")
		org("none."+item, "None_Confirmed_"+n+"__c", "none_confirmed_"+n, Bool, 0)
	}
	org("pick.1.3", "Buying_Trigger__c", "buying_trigger", Picklist, 0, "Budget cycle", "Executive push", "Contract end", "Trigger event")
	org("pick.1.5", "Main_Competitor__c", "main_competitor", Picklist, 0, "Northwind Suite", "Spreadsheets", "In-house tool")
	org("date.3.3", "Go_Live_Target__c", "go_live_target", Date, 0)
	org("date.4.3", "Milestone_Date__c", "milestone_date", Date, 0)
	return append(all, Field{
		Name: "contact_context", Object: "contact", Label: "Relationship note", Salesforce: "Relationship_Note__c", HubSpot: "relationship_note", Kind: LongText,
	})
}

// JudgementItems are the items of the shipped sales-to-CS card that a CSM scores.
func JudgementItems() []string {
	return []string{"1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "4.4"}
}

// title writes item_1_1_score as Item_1_1_Score.
func title(name string) string {
	parts := strings.Split(name, "_")
	for i, p := range parts {
		parts[i] = strings.ToUpper(p[:1]) + p[1:]
	}
	return strings.Join(parts, "_")
}

func label(name string) string { return strings.ReplaceAll(title(name), "_", " ") }

func userRef(i int) string { return fmt.Sprintf("user:%d", i) }

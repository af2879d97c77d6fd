package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/scorecard"
)

func TestPartnerHandoffsNeedTheirFields(t *testing.T) {
	for _, c := range []struct{ name, cards, fields, says string }{
		{"both mapped", "[sales-to-cs, partner-handoff]", "partner: P__c, sent_at: S__c", ""},
		{"alone", "[partner-handoff]", "partner: P__c, sent_at: S__c, accepted_at: A__c, declined_at: D__c, partner_csm: M__c, partner_item_1_score: I__c", ""},
		{"no partner", "[sales-to-cs, partner-handoff]", "sent_at: S__c", "fields.partner"},
		{"no sending", "[partner-handoff]", "partner: P__c", "fields.sent_at"},
		{"fields without the card", "[sales-to-cs]", "partner: P__c, sent_at: S__c, accepted_at: A__c", ""},
		{"a kickoff that there is not", "[partner-handoff]", "partner: P__c, sent_at: S__c, partner_kickoff_at: K__c", `"partner_kickoff_at"`},
		{"the simplified card beside it alone", "[sales-to-cs-simplified, partner-handoff]", "partner: P__c, sent_at: S__c", "alone"},
	} {
		src := strings.Replace(good, "    scope:", "    scorecards: "+c.cards+"\n    scope:", 1)
		src = strings.Replace(src, "arr: ARR__c", "arr: ARR__c, "+c.fields, 1)
		if !strings.Contains(src, c.fields) || !strings.Contains(src, c.cards) {
			t.Fatal("the row changes nothing")
		}
		_, faults := config.Parse("x.yaml", []byte(src))
		switch {
		case c.says == "" && len(faults) > 0, c.says != "" && len(faults) != 1:
			t.Errorf("%s: %v", c.name, faults)
		case c.says != "" && !strings.Contains(faults[0].Message, c.says):
			t.Errorf("%s: %v, want it to say %s", c.name, faults, c.says)
		}
	}
}

func TestSetupOfPartnerHandoffs(t *testing.T) {
	var names, natives []string
	for _, f := range world.PartnerCells() {
		if !strings.HasPrefix(f.Name, "partner_") {
			names, natives = append(names, f.Name), append(natives, f.Salesforce)
		}
	}
	text, _ := config.Example("salesforce", config.Usual)
	c, faults := config.Parse("x", []byte(text))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	set, err := c.Cards()
	if err != nil {
		t.Fatal(err)
	}
	con := &c.Connections[0]
	for i, name := range names {
		con.Fields[name] = natives[i]
	}
	plain := c.Setup(con, []*scorecard.Card{set["sales-to-cs"]})
	both := c.Setup(con, []*scorecard.Card{set["sales-to-cs"], set["partner-handoff"]})
	if plain.Partner != "" || both.Partner != "partner" {
		t.Errorf("asks for %q and %q", plain.Partner, both.Partner)
	}
	have := map[string]bool{}
	for _, f := range slices.Concat(world.Cells(), world.PartnerCells()) {
		have[f.Name] = true
	}
	known := func(s crm.Setup) map[string]crm.Field {
		m := map[string]crm.Field{}
		for _, f := range s.Fields {
			if m[f.Name].Name != "" {
				t.Errorf("%s is asked for twice", f.Name)
			}
			if !have[f.Name] {
				t.Errorf("%s is not in the simulated org", f.Name)
			}
			m[f.Name] = f
		}
		return m
	}
	before, after := known(plain), known(both)
	for name, f := range before {
		if f.Name == "sent_at" {
			f.Track = true
		}
		if d := cmp.Diff(f, after[name]); d != "" {
			t.Errorf("%s with the card:\n%s", name, d)
		}
	}
	if before["sent_at"].Track || before["accepted_at"].Name != "" || after["accepted_at"].Native != "Accepted_At__c" {
		t.Errorf("%+v, %+v, %+v", before["sent_at"], before["accepted_at"], after["accepted_at"])
	}
	ours, theirs := 0, 0
	for name, f := range after {
		if strings.HasPrefix(name, "partner_") {
			switch f.Writer {
			case crm.Ours:
				ours++
			case crm.CSM:
				theirs++
			}
		}
	}
	if d := cmp.Diff([]int{20, 15}, []int{ours, theirs}); d != "" {
		t.Errorf("fields of ours and of the partner manager:\n%s", d)
	}
	if f := after["partner_band"]; f.Prefix != "partner" || !slices.Contains(f.Options, "Sales-ready") {
		t.Errorf("%+v", f)
	}
}

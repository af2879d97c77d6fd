package apptest

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/cli"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/syncer"
)

// Still starts the program with its clock standing still at the world's Now,
// and a search index that shows everything at once.
func Still(t *testing.T, o Options) *Rig {
	t.Helper()
	o.HubSpot.NoSearchLag = true
	r := New(t, o)
	r.Clock.Freeze(true)
	r.Clock.Set(o.World.Now) // it ran on while the program was opened
	return r
}

// At moves the clock to a moment and makes a pass.
func (r *Rig) At(t *testing.T, moment time.Time) app.Report {
	t.Helper()
	r.Clock.Set(moment)
	return r.Pass(t)
}

// ScoreField is the logical name of the cell in which a CSM scores an item.
func ScoreField(item string) string { return "item_" + crm.Underscored(item) + "_score" }

// Score is a CSM's scoring of the judgement items of a deal, one digit each in
// the order of the card; "-" leaves one as it is.
func (r *Rig) Score(t *testing.T, deal int, digits string) {
	t.Helper()
	for i, item := range world.JudgementItems() {
		if digits[i] != '-' {
			r.Set(t, r.Deal(deal), ScoreField(item), digits[i:i+1])
		}
	}
}

// Explain is what the program tells of a deal, on the card in use.
func (r *Rig) Explain(t *testing.T, deal int) app.Explanation {
	t.Helper()
	return r.ExplainAt(t, deal, time.Time{})
}

// ExplainAt is what the program knew of a deal at a moment.
func (r *Rig) ExplainAt(t *testing.T, deal int, asOf time.Time) app.Explanation {
	t.Helper()
	all, err := r.App.Explain(t.Context(), r.App.Connections()[0], r.Deal(deal), asOf)
	if err != nil || len(all) != 1 {
		t.Fatalf("deal %d has %d explanations, %v", deal, len(all), err)
	}
	return all[0]
}

// Item is what the program tells of one item of a deal.
func (r *Rig) Item(t *testing.T, deal int, item string) app.ExplainedItem {
	t.Helper()
	for _, x := range r.Explain(t, deal).Items {
		if x.ID == item {
			return x
		}
	}
	t.Fatalf("deal %d has no item %s", deal, item)
	return app.ExplainedItem{}
}

// State is what is remembered of a deal's handoff between passes.
func (r *Rig) State(t *testing.T, deal int) handoff.State {
	t.Helper()
	states, err := r.Store(t).States(t.Context(), r.Name(), []string{r.Deal(deal)})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if !s.InScope && len(states) > 1 {
			continue
		}
		var k syncer.Kept
		must(t, json.Unmarshal([]byte(s.Body), &k))
		return k.State
	}
	t.Fatalf("deal %d is not tracked", deal)
	return handoff.State{}
}

// Snapshot is the deal as it was judged last.
func (r *Rig) Snapshot(t *testing.T, deal int) crm.Deal {
	t.Helper()
	s, ok, err := r.Store(t).SnapshotAt(t.Context(), crm.Ref{Connection: r.Name(), Object: crm.ObjectDeal, ID: r.Deal(deal)}, time.Time{})
	if err != nil || !ok {
		t.Fatalf("no snapshot of deal %d: %v", deal, err)
	}
	var d crm.Deal
	must(t, json.Unmarshal([]byte(s.Body), &d))
	return d
}

// Command runs syncd as a person would, on the rig's configuration and store.
// out is what it prints, log what it says beside it. A program that the test has
// open is closed for it and opened anew.
func (r *Rig) Command(t *testing.T, args ...string) (code int, out, log string) {
	t.Helper()
	if r.App != nil {
		r.Close(t)
		defer r.Open(t)
	}
	var stdout, stderr bytes.Buffer
	code = cli.Main(t.Context(), append(args, "-c", r.WriteConfig(t)), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// Gap is the line about an item on a record's list of gaps, "" if there is none.
func (r *Rig) Gap(t *testing.T, deal int, item string) string {
	t.Helper()
	for line := range strings.Lines(r.Field(t, r.Deal(deal), "gaps")) {
		if strings.HasPrefix(line, item+" ") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// SetAmount is a person's edit of a deal's amount.
func (r *Rig) SetAmount(t *testing.T, deal int, amount string) {
	t.Helper()
	n, err := strconv.ParseFloat(amount, 64)
	must(t, err)
	r.edit(t, deal, "amount", "Amount", amount, n)
}

// SetCloseDate is a person's edit of a deal's close date.
func (r *Rig) SetCloseDate(t *testing.T, deal int, day string) {
	t.Helper()
	r.edit(t, deal, "closedate", "CloseDate", day, day)
}

func (r *Rig) edit(t *testing.T, deal int, hubspot, salesforce, text string, value any) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Set("deals", r.Deal(deal), hubspot, text))
		return
	}
	must(t, r.SF.Set("Opportunity", r.Deal(deal), salesforce, value))
}

// RenameWon gives the stages of won deals another label.
func (r *Rig) RenameWon(t *testing.T, label string) {
	t.Helper()
	if r.SF != nil {
		r.SF.RenameStage("Closed Won", label)
		return
	}
	for _, id := range []string{"closedwon", "148230511", "148230642", "148230643"} {
		must(t, r.HS.RenameStage(id, label))
	}
}

// DeleteContact is a person's deletion of a contact.
func (r *Rig) DeleteContact(t *testing.T, contact int) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.Archive("contacts", r.ContactID(contact)))
		return
	}
	must(t, r.SF.Delete("Contact", r.ContactID(contact)))
}

// Hide takes a field of deals out of the integration user's sight.
func (r *Rig) Hide(t *testing.T, name string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.HideProperty("deals", r.native(t, name)))
		return
	}
	r.SF.HideField("Opportunity", r.native(t, name))
}

// Show takes Hide back.
func (r *Rig) Show(t *testing.T, name string) {
	t.Helper()
	if r.HS != nil {
		must(t, r.HS.ShowProperty("deals", r.native(t, name)))
		return
	}
	r.SF.ShowField("Opportunity", r.native(t, name))
}

// Clone is a person's copy of a deal, with everything that its fields hold, its
// account and its people, on which an amount of its own is typed. It returns the
// new deal's id.
func (r *Rig) Clone(t *testing.T, deal int, amount float64) string {
	t.Helper()
	from := r.Deal(deal)
	if r.HS != nil {
		props := map[string]string{}
		names := []string{"dealname", "dealstage", "pipeline", "amount", "closedate", "hubspot_owner_id", "dealtype"}
		for _, f := range r.World.Fields {
			if f.Object == "deal" {
				names = append(names, f.HubSpot)
			}
		}
		for _, name := range names {
			props[name], _ = r.HS.Get("deals", from, name)
		}
		props["amount"] = strconv.FormatFloat(amount, 'f', -1, 64)
		var links []string
		for _, to := range []string{"companies", "contacts"} {
			for _, id := range r.HS.Linked("deals", from, to) {
				links = append(links, to+"/"+id)
			}
		}
		id, err := r.HS.Create("deals", props, links...)
		must(t, err)
		return id
	}
	values := map[string]any{}
	names := []string{"Name", "AccountId", "OwnerId", "StageName", "CloseDate", "Amount", "Type"}
	for _, f := range r.World.Fields {
		if f.Object == "deal" {
			names = append(names, f.Salesforce)
		}
	}
	for _, name := range names {
		if v := r.SF.Get("Opportunity", from, name); v != nil {
			values[name] = v
		}
	}
	values["Amount"] = amount
	id, err := r.SF.Insert("Opportunity", values)
	must(t, err)
	return id
}

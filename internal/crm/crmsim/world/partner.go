package world

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// PartnerCells returns the further custom fields of an org that scores partner
// handoffs.
func PartnerCells() []Field {
	var all []Field
	own := func(kind Kind, options []string, names ...string) {
		for _, n := range names {
			all = append(all, Field{
				Name: "partner_" + n, Object: "deal", Label: "Partner " + label(n), Salesforce: "Partner_" + title(n) + "__c", HubSpot: "partner_" + n,
				Kind: kind, Options: options,
			})
		}
	}
	own(Picklist, []string{"needs CSM", "awaiting kickoff", "scoring open", "overdue", "final", "disputed", "closed"}, "status")
	own(Picklist, []string{"Sales-ready", "Fix before volume", "Not a handoff yet"}, "band")
	own(Picklist, []string{"green", "yellow", "orange", "red"}, "health")
	own(Picklist, []string{"None", "CS manager", "Sales manager"}, "escalation")
	own(Number, nil, "score", "score_out_of", "attempt", "category_1", "attempt_scored")
	own(Text, nil, "range", "action", "ball", "key", "scorecard_version", "sync_message", "dispute_item")
	own(LongText, nil, "gaps", "dispute_reason")
	own(Bool, nil, "hold")
	own(DateTime, nil, "due_at", "escalated_at", "resolved_at", "updated_at")
	own(UserRef, nil, "csm")
	own(Picklist, []string{"upheld", "changed", "clarified"}, "dispute_outcome")
	own(Picklist, []string{"0", "1", "2"}, "dispute_score")
	for _, item := range Components() {
		own(Picklist, []string{"0", "1", "2"}, "item_"+item+"_score")
	}
	org := func(name, native string, kind Kind) {
		all = append(all, Field{Name: name, Object: "deal", Label: label(strings.ToLower(native)), Salesforce: native + "__c", HubSpot: strings.ToLower(native), Kind: kind})
	}
	org("partner", "Sourcing_Partner", Text)
	org("sent_at", "Packet_Sent_At", DateTime)
	org("accepted_at", "Accepted_At", DateTime)
	org("declined_at", "Declined_At", DateTime)
	for i, native := range []string{"Account_Logic", "Partner_Context", "Relationship_Path", "Buyer_Problem", "Offer", "Next_Move", "", "Acceptance_Criteria", "Proof"} {
		if native != "" {
			org("evidence."+strconv.Itoa(i+1), "Lead_"+native, LongText)
		}
	}
	org("owner.1", "Account_Seller", Text)
	org("listed.1", "Priority_Account", Bool)
	org("ours.3", "Our_Contact", Text)
	org("theirs.3", "Their_Contact", Text)
	org("date.5", "Offer_Date", Date)
	org("agreed.5", "Offer_Agreed", Bool)
	org("owner.7", "Move_Owner", Text)
	org("days.8", "Response_Days", Number)
	org("set_at.8", "Criteria_Set_At", DateTime)
	return all
}

// Components are the items of the shipped partner card, all scored by a person.
func Components() []string { return []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} }

var partnerNames = []string{"Cobalt Analytics", "Fernway Consulting", "Osprey Cloud"}

// partners makes partner handoffs of the first n deals, by a chance of its own:
// nothing else of the world changes.
func (g *generator) partners(n int, seed uint64) {
	g.w.Fields = append(g.w.Fields, PartnerCells()...)
	rng := rand.New(rand.NewPCG(seed, 18))
	for i := range n {
		g.partner(&g.w.Deals[i], rng)
	}
}

func (g *generator) partner(d *Deal, rng *rand.Rand) {
	f := d.Fields
	f["partner"] = partnerNames[rng.IntN(len(partnerNames))]
	if rng.IntN(10) == 0 {
		return // nothing was sent yet
	}
	sent := g.w.Now.Add(-time.Duration(1+rng.IntN(30*24)) * time.Hour).Truncate(time.Minute)
	if sent.Before(d.CreatedAt) {
		sent = d.CreatedAt.Add(time.Hour).Truncate(time.Minute)
	}
	f["sent_at"], d.EditedAt = sent.Format(time.RFC3339), sent
	f["owner.1"], f["owner.7"] = "Mara Ionescu", "Mara Ionescu"
	f["ours.3"], f["theirs.3"] = "Jonas Weber", "Ada Lindqvist"
	if days := rng.IntN(4); days > 0 {
		f["days.8"] = strconv.Itoa(2 + days)
		f["set_at.8"] = sent.Add(-48 * time.Hour).Format(time.RFC3339)
	}
	for _, item := range Components() {
		if item != "7" && rng.IntN(8) > 0 {
			f["evidence."+item] = fmt.Sprintf("What the packet says of component %s: the carrier audit of March showed 12 late loads in every 100.", item)
		}
	}
	switch answer := sent.Add(time.Duration(1+rng.IntN(150)) * time.Hour); rng.IntN(4) {
	case 0, 1:
		if answer.Before(g.w.Now) {
			f["accepted_at"], d.EditedAt = answer.Format(time.RFC3339), answer
		}
	case 2:
		if answer.Before(g.w.Now) {
			f["declined_at"], d.EditedAt = answer.Format(time.RFC3339), answer
		}
	}
	if rng.IntN(8) == 0 {
		return // nobody scores it
	}
	f["partner_csm"] = userRef(g.csm[rng.IntN(len(g.csm))])
	level, filled := rng.IntN(4), []int{50, 100, 100}[rng.IntN(3)]
	for _, item := range Components() {
		if rng.IntN(100) < filled {
			f["partner_item_"+item+"_score"] = strconv.Itoa(min(2, max(0, rng.IntN(3)+level-1)))
		}
	}
}

package autoscore

import (
	"slices"
	"testing"
)

func TestPartner(t *testing.T) {
	runRows(t, New(testRules(t)), partnerCard(), partnerDeal, []row{
		{"text, owner and list", "1", "", "1-2 suggest 2", "priority list", ""},
		{"not listed", "1", "p.listed=false", "1-2", "not on the owner's", ""},
		{"list not mapped", "1", "p.listed=~", "1-2", "", "priority"},
		{"no owner", "1", "p.account_owner=", "1-2", "Nobody is named", ""},
		{"listed, no text", "1", "p.1=", "1 proven", "text is missing", ""},
		{"no text and not listed", "1", "p.1=; p.listed=false", "0 proven", "", ""},
		{"cannot be read", "1", "p.listed=!", "0-2 unknown", "", ""},
		{"listed, text not mapped", "1", "p.1=~", "1-2", "", ""},
		{"text", "2", "", "1-2", "", "standard words"},
		{"the partner's standard words", "2", "p.2=Cobalt is the leading  provider of synergy, as ever.", "1-2", "standard words", ""},
		{"not mapped", "2", "p.2=~", "0-2", "", ""},
		{"both sides named", "3", "", "1-2", "", ""},
		{"our side unnamed", "3", "p.ours=", "1 proven", "our side", ""},
		{"their side unnamed", "3", "p.theirs=tbd", "1 proven", "customer's side", ""},
		{"named, no thread", "3", "p.3=", "1 proven", "text is missing", ""},
		{"nobody and no thread", "3", "p.3=; p.ours=; p.theirs=", "0 proven", "", ""},
		{"sides not mapped", "3", "p.ours=~; p.theirs=~", "1-2", "", ""},
		{"none typed beside names", "3", "p.3=none", "1-2", "", ""},
		{"none typed, nobody named", "3", "p.3=none; p.ours=; p.theirs=", "0-2", "", ""},
		{"cannot be read", "3", "p.ours=!", "0-2 unknown", "", ""},
		{"in the buyer's words", "4", "", "1-2", "", ""},
		{"dated and agreed", "5", "", "1-2 suggest 2", "", ""},
		{"undated", "5", "p.offer_date=", "1 proven", "no date", ""},
		{"on the day it was sent", "5", "p.offer_date=2026-11-03", "1-2 suggest 2", "", ""},
		{"in 14 days", "5", "p.offer_date=2026-11-17", "1-2 suggest 2", "", ""},
		{"in 15 days", "5", "p.offer_date=2026-11-18", "1 proven", "15 days after", ""},
		{"before it was sent", "5", "p.offer_date=2026-11-02", "1 proven", "before the handoff", ""},
		{"not agreed", "5", "p.agreed=false", "1 proven", "not agreed", ""},
		{"not agreed in words", "5", "p.agreed=Not yet", "1 proven", "not agreed", ""},
		{"agreed in words", "5", "p.agreed=Agreed", "1-2 suggest 2", "", ""},
		{"nobody knows when it was sent", "5", "sent_at=; p.offer_date=2027-11-18", "1-2 suggest 2", "", ""},
		{"dated, no text", "5", "p.5=", "1 proven", "", ""},
		{"neither date nor pick mapped", "5", "p.offer_date=~; p.agreed=~", "1-2", "", ""},
		{"nothing", "5", "p.5=; p.offer_date=; p.agreed=", "0 proven", "", ""},
		{"cannot be read", "5", "sent_at=!", "0-2 unknown", "", ""},
		{"one move with a task", "6", "", "1-2", "", ""},
		{"two lines", "6", "p.6=Write to Leo.\n\nBook a room.", "1 proven", "2 lines", ""},
		{"two bullets", "6", "p.6=<ul><li>Write to Leo</li><li>Book a room</li></ul>", "1 proven", "2 lines", ""},
		{"no open task", "6", "p.task=0", "1 proven", "no open task", ""},
		{"tasks not mapped", "6", "p.task=~", "1-2", "", ""},
		{"task, no text", "6", "p.6=", "1 proven", "", ""},
		{"picture beside a task", "6", `p.6=<img src="x">`, "1-2", "", ""},
		{"cannot be read", "6", "p.task=!", "0-2 unknown", "", ""},
		{"one name", "7", "", "1-2 suggest 2", "One person", ""},
		{"one name, last name first", "7", "p.owner=Quist, Ada", "1-2 suggest 2", "", ""},
		{"a user's id", "7", "p.owner=u-4711", "1-2 suggest 2", "", ""},
		{"blank", "7", "p.owner=", "0 proven", "Nobody", ""},
		{"placeholder", "7", "p.owner=tbd", "0 proven", "", ""},
		{"a queue", "7", "p.owner=Northern Queue", "1 proven", "a team, a queue", ""},
		{"a shared mailbox", "7", "p.owner=partners@cobalt.example.com", "1 proven", "shared mailbox", ""},
		{"a person's mailbox", "7", "p.owner=ada.quist@cobalt.example.com", "1-2 suggest 2", "", ""},
		{"a department by its alias", "7", "p.owner=Sales Ops", "1 proven", "a team", ""},
		{"two names", "7", "p.owner=Ada Quist, Leo Marsh", "1 proven", "More than one", ""},
		{"two names with and", "7", "p.owner=Ada and Leo", "1 proven", "More than one", ""},
		{"not mapped", "7", "p.owner=~", "0-2", "", ""},
		{"cannot be read", "7", "p.owner=!", "0-2 unknown", "", ""},
		{"criteria and window before sending", "8", "", "1-2 suggest 2", "", ""},
		{"no window", "8", "p.days=", "1 proven", "no response window", ""},
		{"a window of 0 days", "8", "p.days=0", "1 proven", "no response window", ""},
		{"set after sending", "8", "p.set_at=2026-11-03T09:00:00.001Z", "1 proven", "after the handoff was sent", ""},
		{"set at the moment of sending", "8", "p.set_at=2026-11-03T09:00:00.000Z", "1-2 suggest 2", "", ""},
		{"set on the day of sending", "8", "p.set_at=2026-11-03", "1-2 suggest 2", "", ""},
		{"set the day after", "8", "p.set_at=2026-11-04", "1 proven", "after", ""},
		{"nobody knows when it was set", "8", "p.set_at=", "1-2", "", ""},
		{"window, no criteria", "8", "p.8=", "1 proven", "", ""},
		{"nothing", "8", "p.8=; p.days=", "0 proven", "", ""},
		{"cannot be read", "8", "p.set_at=!", "0-2 unknown", "", ""},
		{"a link", "9", "", "1-2", "a seller can open", ""},
		{"a link in rich text", "9", `p.9=<a href="https://cobalt.example.com">Leeds audit</a>`, "1-2", "can open", ""},
		{"words only", "9", "p.9=They did this in Leeds before", "1-2", "no link", ""},
		{"an office program's schema is no link", "9", `p.9=<p xmlns="http://www.w3.org/1999/xhtml">Leeds audit</p>`, "1-2", "no link", ""},
		{"nothing", "9", "p.9=", "0 proven", "", ""},
		{"placeholder", "9", "p.9=to follow", "0 proven", "placeholder", ""},
		{"cannot be read", "9", "p.9=!", "0-2 unknown", "", ""},
	})
}

func TestBoilerplateIsFlagged(t *testing.T) {
	d := partnerDeal()
	d.Fields.Set("p.4", d.Fields.Get("p.stock"))
	j := New(testRules(t))
	if res := j.Score(partnerCard(), d, nil, at()); !slices.Contains(res.Flags, "boilerplate:4") {
		t.Errorf("flags %v", res.Flags)
	}
}

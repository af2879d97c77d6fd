package autoscore

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

func TestContactsComplete(t *testing.T) {
	rules := testRules(t)
	rules.Aliases = []string{"depot"}
	runRows(t, New(rules), salesCard(), richDeal, []row{
		{"six usable values", "5.1", "", "2 auto", "All 6", "not verified"},
		{"no bounce data is no fault", "5.1", "champion.bounce=~", "2 auto", "not verified by the CRM", ""},
		{"bounced", "5.1", "champion.bounce=bounced", "1 auto", "came back", ""},
		{"sponsor phone missing", "5.1", "executive_sponsor.phone=", "1 auto", "executive sponsor has no phone", ""},
		{"the mobile stands in", "5.1", "executive_sponsor.phone=tbd; executive_sponsor.mobile=+49 1512 3456789", "2 auto", "", ""},
		{"a national number of the company's region", "5.1", "champion.phone=030 901820", "2 auto", "", ""},
		{"team mailbox", "5.1", "champion.email=info@millbrook.example.com", "1 auto", "team mailbox", ""},
		{"team mailbox of two words", "5.1", "champion.email=it-support@millbrook.example.com", "1 auto", "team mailbox", ""},
		{"team mailbox with a tag", "5.1", "champion.email=sales+eu@millbrook.example.com", "1 auto", "team mailbox", ""},
		{"team mailbox of the company's list", "5.1", "champion.email=depot@millbrook.example.com", "1 auto", "team mailbox", ""},
		{"a person whose name holds a team's word", "5.1", "champion.email=anna.office@millbrook.example.com", "2 auto", "", ""},
		{"the seller's own domain", "5.1", "champion.email=h@SELLER.example.net", "1 auto", "own domain", ""},
		{"below the seller's own domain", "5.1", "champion.email=h@eu.seller.example.net", "1 auto", "own domain", ""},
		{"a domain that only ends alike", "5.1", "champion.email=h@reseller.example.net", "2 auto", "", ""},
		{"no at sign", "5.1", "champion.email=hanna.millbrook.example.com", "1 auto", "not well-formed", ""},
		{"no dot in the host", "5.1", "champion.email=hanna@millbrook", "1 auto", "not well-formed", ""},
		{"a host label that begins with a dash", "5.1", "champion.email=hanna@-millbrook.com", "1 auto", "not well-formed", ""},
		{"an IP address", "5.1", "champion.email=hanna@[127.0.0.1]", "1 auto", "not well-formed", ""},
		{"a name before the address", "5.1", "champion.email=Hanna <hanna@millbrook.example.com>", "1 auto", "not well-formed", ""},
		{"a suffix nobody runs", "5.1", "champion.email=hanna@millbrook.locl", "1 auto", "does not exist", ""},
		{"a suffix alone", "5.1", "champion.email=hanna@co.uk", "1 auto", "does not exist", ""},
		{"a host under a company's suffix", "5.1", "champion.email=hanna@millbrook.github.io", "2 auto", "", ""},
		{"letters beyond ASCII", "5.1", "champion.email=jürgen@exämple.com", "2 auto", "", ""},
		{"a placeholder before the at sign", "5.1", "champion.email=test@millbrook.example.com", "1 auto", "no e-mail", ""},
		{"placeholder", "5.1", "champion.email=n/a", "1 auto", "no e-mail", ""},
		{"a number nobody can dial", "5.1", "champion.phone=12345", "1 auto", "not a valid number", ""},
		{"a nameless contact counts here", "5.1", "champion.name=Unknown", "2 auto", "", ""},
		{"a role without anybody", "5.1", "champion=nobody", "1 auto", "Nobody is the champion", ""},
		{"a role that is not mapped drops out", "5.1", "champion=~", "2 auto", "All 4", ""},
		{"no role is mapped", "5.1", "champion=~; executive_sponsor=~; day_to_day=~", "0-2", "No role", ""},
		{"roles cannot be read", "5.1", "champion=!", "0-2 unknown", "", ""},
		{"an e-mail cannot be read", "5.1", "champion.email=!", "0-2 unknown", "cannot be read", ""},
		{"a phone cannot be read", "5.1", "champion.phone=!", "0-2 unknown", "cannot be read", ""},
		{"a phone cannot be read, the mobile is good", "5.1", "champion.phone=!; champion.mobile=+44 20 7946 0101", "2 auto", "", ""},
		{"phones are not mapped at all", "5.1", "champion.phone=~; champion.mobile=~", "2 auto", "All 5", ""},
		{"e-mails are not mapped at all", "5.1", "champion.email=~", "2 auto", "All 5", ""},
		{"three people with one number", "5.1", "champion.phone=+44 20 7946 0101; executive_sponsor.phone=0044 2079460101; day_to_day.phone=+442079460101", "1 auto", "3 people share one", ""},
		{"two roles mapped, two people with one number", "5.1", "champion=~; executive_sponsor.phone=+44 20 7946 0101; day_to_day.phone=+44 20 7946 0101", "2 auto", "All 4", ""},
		{"one usable value of six", "5.1", "champion=nobody; executive_sponsor=nobody; day_to_day.phone=", "1 auto", "1 of 6", ""},
		{"three extensions of one switchboard", "5.1", "champion.phone=+44 20 7946 0101 ext 1; executive_sponsor.phone=+44 20 7946 0101 ext 2; day_to_day.phone=+44 20 7946 0101 ext 3", "2 auto", "", ""},
		{"two people with one number", "5.1", "champion.phone=+44 20 7946 0101; executive_sponsor.phone=+44 20 7946 0101", "2 auto", "", ""},
		{"the objector does not count", "5.1", "objector=nobody", "2 auto", "", ""},
	})
}

func TestOnePersonInEveryRole(t *testing.T) {
	j := New(testRules(t))
	d := richDeal()
	only := crm.Role{State: crm.Read, Contacts: []crm.ContactID{"c1"}}
	d.Roles["champion"], d.Roles["executive_sponsor"], d.Roles["day_to_day"] = only, only, only
	res := j.Score(salesCard(), d, nil, at())
	if got := brief(*res.Item("5.1")); got != "2 auto" {
		t.Errorf("one person is allowed: %s", got)
	}
	if !slices.Contains(res.Flags, "single_threaded") {
		t.Errorf("flags %v", res.Flags)
	}
	d.Roles["day_to_day"] = crm.Role{State: crm.Read, Contacts: []crm.ContactID{"c1", "c2", "c3", "c4"}}
	if res = j.Score(salesCard(), d, nil, at()); slices.Contains(res.Flags, "single_threaded") {
		t.Error("flagged although a role has others")
	}
	d.Roles["day_to_day"] = crm.Role{State: crm.Read}
	if res = j.Score(salesCard(), d, nil, at()); slices.Contains(res.Flags, "single_threaded") {
		t.Error("flagged although a role is empty")
	}
}

func TestBestContactForReaching(t *testing.T) {
	j := New(testRules(t))
	d := richDeal()
	d.Contacts[0].Email = crm.Cell{State: crm.Unreadable}
	d.Roles["champion"] = crm.Role{State: crm.Read, Contacts: []crm.ContactID{"c1", "c4", "gone"}}
	res := j.Score(salesCard(), d, nil, at())
	if got := brief(*res.Item("5.1")); got != "2 auto" {
		t.Errorf("a full second contact makes the unreadable one needless: %s", got)
	}
	for i := range d.Contacts { // all on one number but the second champion
		d.Contacts[i].Email = crm.Value("p" + string(rune('a'+i)) + "@millbrook.example.com")
		d.Contacts[i].Phone = crm.Value("+44 20 7946 0101")
	}
	d.Contacts[3].Phone = crm.Value("+44 20 7946 0109")
	res = j.Score(salesCard(), d, nil, at())
	if got := brief(*res.Item("5.1")); got != "2 auto" {
		t.Errorf("another contact as good has a number of their own: %s", got)
	}
}

func TestNotesAfterClose(t *testing.T) {
	const solid = "Purchasing gave up the exit clause once the first depot report was promised."
	after, before := wonAt.Add(time.Hour), wonAt.Add(-50*time.Hour)
	j := New(testRules(t))
	rows := []struct {
		name   string
		change func(*crm.Deal)
		want   string
		says   string
	}{
		{"substance after the win", func(*crm.Deal) {}, "2 auto", "at or after"},
		{"at the very moment", func(d *crm.Deal) { d.Notes[0].At = wonAt }, "2 auto", ""},
		{"a moment before", func(d *crm.Deal) { d.Notes[0].At = wonAt.Add(-time.Millisecond) }, "1 auto", "only before"},
		{"days before", func(d *crm.Deal) { d.Notes[0].At = before }, "1 auto", "2 days before"},
		{"40 letters", func(d *crm.Deal) { d.Notes[0].Body = strings.Repeat("abcd ", 10) }, "2 auto", ""},
		{"39 letters", func(d *crm.Deal) { d.Notes[0].Body = strings.Repeat("abc ", 13) }, "1 auto", "thin"},
		{"40 times one letter", func(d *crm.Deal) { d.Notes[0].Body = strings.Repeat("x", 40) }, "1 auto", "thin"},
		{"HTML around nothing", func(d *crm.Deal) { d.Notes[0].Body = "<div><p>&nbsp;</p></div>" }, "0 auto", "none after"},
		{"HTML around substance", func(d *crm.Deal) { d.Notes[0].Body = "<p>" + solid + "</p>" }, "2 auto", ""},
		{"the words of tags are no substance", func(d *crm.Deal) {
			d.Notes[0].Body = `<p class="averylongclassnamethatisnosubstance">see email</p>`
		}, "1 auto", "thin"},
		{"our own task", func(d *crm.Deal) { d.Notes[0].Ours = true }, "0 auto", ""},
		{"our own task, known by its mark", func(d *crm.Deal) { d.Notes[0].Body = solid + " [syncd D-7]" }, "0 auto", ""},
		{"our own task, marked in the title", func(d *crm.Deal) { d.Notes[0].Title = "Fields [syncd D-7]" }, "0 auto", ""},
		{"an activity with a title only", func(d *crm.Deal) { d.Notes[0].Body, d.Notes[0].Title = "", solid }, "0 auto", ""},
		{"thin after, substance before", func(d *crm.Deal) {
			d.Notes = append([]crm.Note{{At: before, Body: solid}}, crm.Note{At: after, Body: "ok"})
		}, "1 auto", ""},
		{"thin before only", func(d *crm.Deal) { d.Notes = []crm.Note{{At: before, Body: "Rang twice."}} }, "0 auto", ""},
		{"no notes", func(d *crm.Deal) { d.Notes = nil }, "0 auto", "No note"},
		{"notes field changed after", func(d *crm.Deal) {
			d.Notes = nil
			d.Fields.Set("notes", crm.Cell{State: crm.Read, Text: solid, At: after})
		}, "2 auto", ""},
		{"notes field changed before", func(d *crm.Deal) {
			d.Notes = nil
			d.Fields.Set("notes", crm.Cell{State: crm.Read, Text: solid, At: before})
		}, "1 auto", ""},
		{"notes field, nobody knows when", func(d *crm.Deal) {
			d.Notes = nil
			d.Fields.Set("notes", crm.Value(solid))
		}, "1 auto", "last changed is not known"},
		{"notes field cannot be read", func(d *crm.Deal) { d.Fields.Set("notes", crm.Cell{State: crm.Unreadable}) }, "0-2 unknown", ""},
		{"notes cannot be read", func(d *crm.Deal) { d.NotesState = crm.Unreadable }, "0-2 unknown", "notes or activities"},
		{"nothing is mapped", func(d *crm.Deal) { d.NotesState, d.Notes = crm.Unmapped, nil }, "0-2", "No notes are mapped"},
		{"only the field is mapped, and blank", func(d *crm.Deal) {
			d.NotesState, d.Notes = crm.Unmapped, nil
			d.Fields.Set("notes", crm.Value(""))
		}, "0 auto", ""},
		{"won, nobody knows when", func(d *crm.Deal) { d.WonAt = crm.Moment{} }, "0-2 unknown", "not known"},
		{"not won", func(d *crm.Deal) { d.Won, d.WonAt = false, crm.Moment{} }, "1 auto", "only before"},
		{"only the day of the win is known", func(d *crm.Deal) {
			d.WonAt = crm.Moment{At: time.Date(2026, 11, 9, 23, 0, 0, 0, time.UTC), Imprecise: true}
			d.Notes[0].At = d.WonAt.At.Add(time.Hour)
		}, "2 auto", "Only the day"},
		{"the deal's name again", func(d *crm.Deal) {
			d.Name = crm.Value(solid)
			d.Notes[0].Body = solid
		}, "1 auto", ""},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			d := richDeal()
			r.change(d)
			res := j.Score(salesCard(), d, nil, at())
			it := res.Item("5.2")
			if got := brief(*it); got != r.want || !strings.Contains(said(it.Evidence), r.says) {
				t.Errorf("got %q, want %q saying %q: %s", got, r.want, r.says, said(it.Evidence))
			}
		})
	}
}

func TestDealCorrect(t *testing.T) {
	rules := testRules(t)
	rules.FreeTypes = []string{"Pilot"}
	rules.Required = append(rules.Required, RequiredField{Name: "next_step", Label: "next step"})
	runRows(t, New(rules), salesCard(), func() *crm.Deal {
		d := richDeal()
		d.Fields.Set("next_step", crm.Value("Plan the first depot"))
		return d
	}, []row{
		{"everything there", "5.3", "", "2 auto", "everything filled", ""},
		{"not won", "5.3", "won=false", "0 auto", "not marked as won", ""},
		{"close date blank", "5.3", "close_date=", "1 auto", "close date is missing", ""},
		{"close date is no date", "5.3", "close_date=soon", "1 auto", "close date is missing", ""},
		{"close date tomorrow", "5.3", "close_date=2026-11-18", "1 auto", "in the future", ""},
		{"close date today", "5.3", "close_date=2026-11-17", "2 auto", "", ""},
		{"close date with a time", "5.3", "close_date=2026-11-10T00:00:00.000Z", "2 auto", "", ""},
		{"close date far from the win", "5.3", "close_date=2026-09-01", "2 auto", "70 days from", ""},
		{"close date cannot be read", "5.3", "close_date=!", "0-2 unknown", "close date", ""},
		{"close date not mapped", "5.3", "close_date=~", "2 auto", "not counted", ""},
		{"no ARR", "5.3", "arr=", "1 auto", "ARR is missing", ""},
		{"ARR of 0", "5.3", "arr=0", "1 auto", "not above 1", ""},
		{"ARR of 1", "5.3", "arr=1", "1 auto", "not above 1", ""},
		{"ARR of 2", "5.3", "arr=2", "2 auto", "", ""},
		{"ARR in words", "5.3", "arr=24k", "1 auto", "not a number", ""},
		{"infinite ARR", "5.3", "arr=Inf", "1 auto", "not a number", ""},
		{"ARR not mapped", "5.3", "arr=~", "2 auto", "ARR, so it is not counted", ""},
		{"ARR cannot be read", "5.3", "arr=!", "0-2 unknown", "", ""},
		{"term of 0", "5.3", "term_months=0", "1 auto", "outside 1 to 120", ""},
		{"term of 1", "5.3", "term_months=1", "2 auto", "", ""},
		{"term of 120", "5.3", "term_months=120", "2 auto", "", ""},
		{"term of 121", "5.3", "term_months=121", "1 auto", "outside", ""},
		{"term blank", "5.3", "term_months=", "1 auto", "contract term is missing", ""},
		{"term in words", "5.3", "term_months=two years", "1 auto", "not a number", ""},
		{"term not mapped", "5.3", "term_months=~", "2 auto", "not counted", ""},
		{"ARR and term missing", "5.3", "arr=; term_months=", "0 auto", "ARR is missing", ""},
		{"ARR missing, term not mapped", "5.3", "arr=; term_months=~", "1 auto", "", ""},
		{"a free deal needs no ARR", "5.3", "type=pilot; arr=", "2 auto", "may be missing", ""},
		{"a free deal needs a term", "5.3", "type=Pilot; arr=0; term_months=", "1 auto", "", ""},
		{"type cannot be read", "5.3", "type=!", "0-2 unknown", "deal type", ""},
		{"currency nobody knows", "5.3", "currency=XAU", "1 auto", "neither", ""},
		{"currency in small letters", "5.3", "currency=usd", "2 auto", "", ""},
		{"no currency", "5.3", "currency=", "1 auto", "currency is missing", ""},
		{"currency not mapped", "5.3", "currency=~", "2 auto", "", ""},
		{"required field blank", "5.3", "billing_country=", "1 auto", "billing_country is missing", ""},
		{"required field with a label blank", "5.3", "next_step=", "1 auto", "next step is missing", ""},
		{"required field holds its label", "5.3", "next_step=Next step", "1 auto", "next step is missing", ""},
		{"required field is none, which is an answer", "5.3", "next_step=None", "2 auto", "", ""},
		{"required field is a number", "5.3", "billing_country=111", "2 auto", "", ""},
		{"both required fields blank, each named", "5.3", "billing_country=; next_step=tbd", "1 auto", "billing_country is missing.\nThe next step is missing", ""},
		{"required field not mapped", "5.3", "next_step=~", "2 auto", "next step, so it is not counted", ""},
		{"required field cannot be read", "5.3", "next_step=!", "0-2 unknown", "next step", ""},
	})
}

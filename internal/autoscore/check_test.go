package autoscore

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// row is one fact changed on a whole deal and what follows for one item. set
// is "key=value; key=value" as testdata/deals.yaml has it. says must be in the
// item's evidence, unsaid must not.
type row struct {
	name, item, set, want, says, unsaid string
}

func runRows(t *testing.T, j *Judge, card *scorecard.Card, deal func() *crm.Deal, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.item+" "+r.name, func(t *testing.T) {
			d := deal()
			if r.set != "" {
				for change := range strings.SplitSeq(r.set, "; ") {
					key, value, _ := strings.Cut(change, "=")
					set(t, d, key, value)
				}
			}
			res := j.Score(card, d, nil, at())
			it := res.Item(r.item)
			if got := brief(*it); got != r.want {
				t.Errorf("got %q, want %q: %s", got, r.want, said(it.Evidence))
			}
			if all := said(it.Evidence); !strings.Contains(all, r.says) {
				t.Errorf("evidence lacks %q: %s", r.says, all)
			} else if r.unsaid != "" && strings.Contains(all, r.unsaid) {
				t.Errorf("evidence holds %q: %s", r.unsaid, all)
			}
			unknown := slices.ContainsFunc(res.Items, func(i Item) bool { return i.Unknown })
			if res.Degraded != unknown {
				t.Errorf("degraded is %v while some item being unknown is %v", res.Degraded, unknown)
			}
		})
	}
}

func TestText(t *testing.T) {
	runRows(t, New(testRules(t)), salesCard(), richDeal, []row{
		{"real text", "1.1", "", "1-2", "for a person", ""},
		{"not mapped", "1.1", "evidence.1.1=~", "0-2", "no CRM field is mapped", ""},
		{"unreadable is not blank", "1.1", "evidence.1.1=!", "0-2 unknown", "cannot be read", ""},
		{"blank", "1.1", "evidence.1.1=", "0 proven", "use case: the field is blank", ""},
		{"spaces", "1.1", "evidence.1.1= \u00a0 ", "0 proven", "blank", ""},
		{"placeholder", "1.1", "evidence.1.1=see email", "0 proven", "placeholder", ""},
		{"the deal's name", "1.1", "evidence.1.1=Millbrook Dairies, Platform", "0 proven", "placeholder", ""},
		{"the field's own label", "1.1", "evidence.1.1=Use case documented", "0 proven", "placeholder", ""},
		{"the gap's words", "1.1", "evidence.1.1=Use case", "0 proven", "placeholder", ""},
		{"a picture and no words", "1.1", `evidence.1.1=<p><img src="https://f.example.com/a.png"></p>`, "0-2", "picture", ""},
		{"none where there is no pick", "1.1", "evidence.1.1=None", "0-2", "may be an answer", ""},
		{"Japanese", "1.1", "evidence.1.1=在庫管理", "1-2", "", ""},
		{"placeholder in Japanese", "1.1", "evidence.1.1=見積参照", "0 proven", "", ""},
		{"vague wish", "1.2", "evidence.1.2=Customer wanted better reporting", "1-2", "names no number, date or event", ""},
		{"board review", "1.2", "evidence.1.2=Customer's Q3 board review required pipeline visibility they couldn't get from their current tool", "1-2", "", "names no number"},
		{"a named event without a number", "1.2", "evidence.1.2=The board asked for it", "1-2", "", "names no number"},
		{"text and pick", "1.3", "", "1-2", "", ""},
		{"pick alone", "1.3", "evidence.1.3=", "1 proven", "picked, but the reason", ""},
		{"pick beside a placeholder", "1.3", "evidence.1.3=tbd", "1 proven", "placeholder", ""},
		{"pick that is a placeholder", "1.3", "evidence.1.3=; pick.1.3=TBD", "0 proven", "", ""},
		{"text with a blank pick", "1.3", "pick.1.3=", "1-2", "", ""},
		{"none typed beside a pick", "1.3", "evidence.1.3=None", "1-2", "", ""},
		{"a picture beside a pick", "1.3", `evidence.1.3=<img src="x">`, "1-2", "picture", ""},
		{"pick cannot be read", "1.3", "pick.1.3=!", "0-2 unknown", "why now pick", ""},
		{"pick where no text is mapped", "1.3", "evidence.1.3=~", "1-2", "no field is mapped for the reason", ""},
		{"nothing mapped", "1.3", "evidence.1.3=~; pick.1.3=~", "0-2", "", ""},
		{"nothing caps at 1", "1.4", "evidence.1.4=Nothing.", "1 proven", "only says that there was nothing", ""},
		{"nothing in a sentence is text", "1.4", "evidence.1.4=Nothing but the price, which we cut", "1-2", "", ""},
		{"they use Salesforce", "3.1", "evidence.3.1=They use Salesforce", "1-2", "no version", ""},
		{"the seed's integration", "3.1", "evidence.3.1=Salesforce integration via REST API, customer IT review required, 3-week lead time; go-live target April 30", "1-2", "", "no version"},
		{"a method without a number", "3.1", "evidence.3.1=Workday over SOAP", "1-2", "", "no version"},
		{"directionally correct", "4.1", "evidence.4.1=They want better pipeline visibility", "1-2", "nothing that can be measured", ""},
		{"measurable", "4.1", "evidence.4.1=Customer success = first pipeline report running in CRM by Day 30, used by 3+ reps", "1-2", "", "measured"},
	})
}

func TestTextOrNone(t *testing.T) {
	runRows(t, New(testRules(t)), salesCard(), richDeal, []row{
		{"text", "1.5", "", "1-2", "", ""},
		{"competitor picked, no reason", "1.5", "evidence.1.5=", "1 proven", "reason is not written", ""},
		{"no competitor, confirmed", "1.5", "evidence.1.5=; pick.1.5=; none.1.5=true", "1-2 suggest 2", "confirmed", ""},
		{"picked none from the list", "1.5", "evidence.1.5=; pick.1.5=No competitor", "1-2 suggest 2", "confirmed", ""},
		{"competitor picked beside a confirmed none", "1.5", "evidence.1.5=; none.1.5=true", "1 proven", "picked beside it", ""},
		{"none typed beside a pick", "1.5", "evidence.1.5=none", "1 proven", "", ""},
		{"pick where no text is mapped", "1.5", "evidence.1.5=~", "1-2", "no field is mapped for the reason", ""},
		{"blank", "3.2", "evidence.3.2=", "0 proven", "blank", ""},
		{"placeholder", "3.2", "evidence.3.2=k.A.", "0 proven", "placeholder", ""},
		{"box not ticked", "3.2", "evidence.3.2=; none.3.2=false", "0 proven", "", ""},
		{"box ticked", "3.2", "evidence.3.2=; none.3.2=true", "1-2 suggest 2", "", ""},
		{"pick says so", "3.2", "evidence.3.2=; none.3.2=None, confirmed", "1-2 suggest 2", "", ""},
		{"pick says not asked", "3.2", "evidence.3.2=; none.3.2=Not asked", "0 proven", "", ""},
		{"box ticked over a placeholder", "3.2", "evidence.3.2=n/a; none.3.2=true", "1-2 suggest 2", "", ""},
		{"box ticked beside text", "3.2", "none.3.2=true", "1-2", "judged instead", ""},
		{"box ticked and none typed", "3.2", "evidence.3.2=none; none.3.2=true", "1-2 suggest 2", "", ""},
		{"none typed", "3.2", "evidence.3.2=None made", "0-2", "pick would settle", ""},
		{"none typed in German", "3.2", "evidence.3.2=Keine", "0-2", "pick would settle", ""},
		{"none typed where no pick is mapped", "3.2", "evidence.3.2=None; none.3.2=~", "0-2", "may be an answer", ""},
		{"picture", "3.2", `evidence.3.2=<img src="x">`, "0-2", "picture", ""},
		{"not mapped", "3.2", "evidence.3.2=~; none.3.2=~", "0-2", "mapped", ""},
		{"pick mapped and not ticked, text not mapped", "3.2", "evidence.3.2=~", "0-2", "", ""},
		{"pick ticked, text not mapped", "3.2", "evidence.3.2=~; none.3.2=true", "1-2 suggest 2", "", ""},
		{"text cannot be read", "3.2", "evidence.3.2=!", "0-2 unknown", "", ""},
		{"pick cannot be read", "3.2", "none.3.2=!", "0-2 unknown", "", ""},
		{"discount with text", "4.4", "discount=18", "1-2", "", "discount"},
		{"discount and blank", "4.4", "evidence.4.4=; discount=18", "0 proven", "the discount is 18 %", ""},
		{"discount and placeholder", "4.4", "evidence.4.4=tbd; discount=0.5", "0 proven", "the discount is 0.5 %", ""},
		{"discount that is an amount", "4.4", "evidence.4.4=; discount=4800", "0 proven", "the discount is above 0.", "4800"},
		{"discount and none typed", "4.4", "evidence.4.4=none; discount=18", "0 proven", "18 %", ""},
		{"discount and none confirmed", "4.4", "evidence.4.4=; none.4.4=true; discount=18 %", "0 proven", "18 %", ""},
		{"discount and none confirmed, text not mapped", "4.4", "evidence.4.4=~; none.4.4=true; discount=18", "0 proven", "18 %", ""},
		{"discount, text not mapped", "4.4", "evidence.4.4=~; discount=18", "0-2", "mapped", ""},
		{"no discount and none confirmed", "4.4", "evidence.4.4=; none.4.4=true; discount=0", "1-2 suggest 2", "", ""},
		{"blank discount and none typed", "4.4", "evidence.4.4=none; discount=", "0-2", "", ""},
		{"discount is a word", "4.4", "evidence.4.4=none; discount=some", "0-2", "not a number", ""},
		{"discount cannot be read", "4.4", "discount=!", "0-2 unknown", "discount", ""},
		{"discount not mapped", "4.4", "evidence.4.4=; none.4.4=true; discount=~", "1-2 suggest 2", "", ""},
	})
}

func TestRole(t *testing.T) {
	runRows(t, New(testRules(t)), salesCard(), richDeal, []row{
		{"all four", "2.1", "", "1-2 suggest 2", "everything else", ""},
		{"nobody", "2.1", "champion=nobody", "0 proven", "Nobody is the champion", ""},
		{"role not offered by the CRM", "2.1", "champion=~", "0-2", "No role of the CRM", ""},
		{"roles cannot be read", "2.1", "champion=!", "0-2 unknown", "cannot be read", ""},
		{"name only", "2.1", "champion.title=; champion.email=; champion.phone=; champion.context=", "1 proven", "lacks: title, e-mail or phone, relationship note", ""},
		{"no title", "2.1", "champion.title=", "1 proven", "lacks: title.", ""},
		{"title is a placeholder", "2.1", "champion.title=unknown", "1 proven", "title", ""},
		{"title is none", "2.1", "champion.title=None", "1 proven", "title", ""},
		{"e-mail alone is a contact detail", "2.1", "champion.phone=", "1-2 suggest 2", "", ""},
		{"mobile alone is a contact detail", "2.1", "champion.email=; champion.phone=; champion.mobile=+44 20 7946 0101", "1-2 suggest 2", "", ""},
		{"details are placeholders", "2.1", "champion.email=tbd; champion.phone=n/a", "1 proven", "e-mail or phone", ""},
		{"no relationship note", "2.1", "champion.context=", "1 proven", "relationship note", ""},
		{"relationship note of two letters", "2.1", "champion.context=ok", "1 proven", "relationship note", ""},
		{"relationship note not mapped", "2.1", "champion.context=~", "1-2 suggest 2", "none is asked of the champion", ""},
		{"not mapped, and no title", "2.1", "champion.context=~; champion.title=", "1 proven", "none is asked", ""},
		{"relationship note cannot be read", "2.1", "champion.context=!", "0-2 unknown", "Some details", ""},
		{"title cannot be read", "2.1", "champion.title=!", "0-2 unknown", "", ""},
		{"name cannot be read", "2.1", "champion.name=!", "0-2 unknown", "", ""},
		{"phone cannot be read but an e-mail is there", "2.1", "champion.phone=!", "1-2 suggest 2", "", ""},
		{"phone cannot be read and no e-mail is there", "2.1", "champion.phone=!; champion.email=", "0-2 unknown", "", ""},
		{"name is a placeholder", "2.1", "champion.name=Unknown", "0 proven", "without a real name", ""},
		{"name is N.N.", "2.1", "champion.name=N. N.", "0 proven", "without a real name", ""},
		{"name is an address", "2.1", "champion.name=hanna@millbrook.example.com", "0 proven", "without a real name", ""},
		{"name is a number", "2.1", "champion.name=4711", "0 proven", "without a real name", ""},
		{"name is one letter", "2.1", "champion.name=H.", "0 proven", "without a real name", ""},
		{"name is one sign of Chinese", "2.1", "champion.name=王", "1-2 suggest 2", "", ""},
		{"name is the role", "2.1", "champion.name=Champion", "0 proven", "without a real name", ""},
		{"name is the deal's", "2.1", "champion.name=Millbrook Dairies - Platform", "0 proven", "", ""},
		{"name is not mapped", "2.1", "champion.name=~", "0 proven", "", ""},
		{"a senior title", "2.2", "", "1-2 suggest 2", "", "senior"},
		{"no senior word", "2.2", "executive_sponsor.title=Accountant", "1-2 suggest 2", "executive sponsor has no senior word", ""},
		{"a senior title in German", "2.2", "executive_sponsor.title=Geschäftsführer", "1-2 suggest 2", "", "senior"},
		{"a senior title in Japanese", "2.2", "executive_sponsor.title=営業部長", "1-2 suggest 2", "", "senior"},
		{"no title, so no hint", "2.2", "executive_sponsor.title=", "1 proven", "title", "senior"},
	})
}

func TestBestSingleContactCounts(t *testing.T) {
	j := New(testRules(t))
	d := richDeal()
	d.Contacts[0].Title, d.Contacts[0].Context = crm.Value(""), crm.Value("")
	d.Roles["champion"] = crm.Role{State: crm.Read, Contacts: []crm.ContactID{"c1", "gone", "c3"}}
	res := j.Score(salesCard(), d, nil, at())
	if got := brief(*res.Item("2.1")); got != "1-2 suggest 2" {
		t.Errorf("with a full second contact: %s", got)
	}
	d.Contacts[2].Title = crm.Value("")
	res = j.Score(salesCard(), d, nil, at())
	if got := said(res.Item("2.1").Evidence); !strings.Contains(got, "lacks: title.") {
		t.Errorf("the contact lacking least should speak: %s", got)
	}
	d.Roles["champion"] = crm.Role{State: crm.Read, Contacts: []crm.ContactID{"gone"}}
	res = j.Score(salesCard(), d, nil, at())
	if got := brief(*res.Item("2.1")); got != "0 proven" {
		t.Errorf("a deleted contact holds no role: %s", got)
	}
}

func TestObjector(t *testing.T) {
	const noText = "evidence.2.4="
	runRows(t, New(testRules(t)), salesCard(), richDeal, []row{
		{"contact with all four and no text", "2.4", "", "1-2 suggest 2", "", ""},
		{"contact without a relationship note and no text", "2.4", "objector.context=", "1 proven", "relationship note", ""},
		{"contact, note not mapped, text blank", "2.4", "objector.context=~", "1 proven", "concern was is not written", ""},
		{"contact, note not mapped, text not mapped", "2.4", "objector.context=~; evidence.2.4=~", "1-2", "", ""},
		{"contact, note not mapped, text", "2.4", "objector.context=~; evidence.2.4=Feared a silo", "1-2 suggest 2", "", ""},
		{"contact without note, text tells", "2.4", "objector.context=; evidence.2.4=Feared a silo", "1-2 suggest 2", "", ""},
		{"contact without title, text tells", "2.4", "objector.title=; evidence.2.4=Feared a silo", "1-2", "", ""},
		{"contact without title", "2.4", "objector.title=", "1 proven", "lacks: title", ""},
		{"the seed's vague one", "2.4", "objector=nobody; evidence.2.4=there was a skeptic in IT", "1-2", "", ""},
		{"the seed's full one", "2.4", "objector=nobody; evidence.2.4=Mark Chen, IT Director, concerned about data security, resolved with our SOC2 documentation", "1-2", "", ""},
		{"all three blank", "2.4", "objector=nobody", "0 proven", "Nobody is the objector", ""},
		{"placeholder and nobody", "2.4", "objector=nobody; evidence.2.4=n/a", "0 proven", "placeholder", ""},
		{"a nameless contact is nobody", "2.4", "objector.name=tbd", "0 proven", "without a real name", ""},
		{"none confirmed", "2.4", "objector=nobody; none.2.4=true", "1-2 suggest 2", "confirmed", ""},
		{"none confirmed beside a contact", "2.4", "none.2.4=true", "1-2 suggest 2", "judged instead", ""},
		{"none confirmed beside a text", "2.4", "objector=nobody; none.2.4=true; evidence.2.4=Feared a silo", "1-2", "judged instead", ""},
		{"none typed", "2.4", "objector=nobody; evidence.2.4=Nobody objected", "0-2", "pick would settle", ""},
		{"none typed beside a contact", "2.4", "evidence.2.4=none", "1-2 suggest 2", "judged instead", ""},
		{"role not mapped", "2.4", "objector=~", "0-2", "No role of the CRM", ""},
		{"role not mapped, but text", "2.4", "objector=~; evidence.2.4=Feared a silo", "1-2", "", ""},
		{"text not mapped, nobody", "2.4", "objector=nobody; evidence.2.4=~", "0-2", "no CRM field", ""},
		{"pick not mapped, all else blank", "2.4", "objector=nobody; none.2.4=~", "0 proven", "", ""},
		{"picture", "2.4", `objector=nobody; evidence.2.4=<img src="x">`, "0-2", "", ""},
		{"text cannot be read", "2.4", "evidence.2.4=!", "0-2 unknown", "", ""},
		{"role cannot be read", "2.4", "objector=!; " + noText, "0-2 unknown", "", ""},
		{"contact cannot be read", "2.4", "objector.name=!", "0-2 unknown", "", ""},
	})
}

func TestDates(t *testing.T) {
	runRows(t, New(testRules(t)), salesCard(), richDeal, []row{
		{"date", "3.3", "", "1-2 suggest 2", "not before the close date", ""},
		{"date and time", "3.3", "date.3.3=2027-01-15T08:00:00.000Z", "1-2 suggest 2", "", ""},
		{"range", "3.3", "date.3.3=2026-11-01; until.3.3=2027-03-31", "1-2 suggest 2", "", ""},
		{"only the end of a range", "3.3", "date.3.3=; until.3.3=2027-03-31", "1-2 suggest 2", "", ""},
		{"range backwards", "3.3", "date.3.3=2027-03-31; until.3.3=2027-01-15", "1-2", "ends before it begins", ""},
		{"before close", "3.3", "date.3.3=2026-11-09", "1 proven", "before the close date", ""},
		{"past at kickoff", "3.3", "date.3.3=2026-11-15", "1 proven", "past at kickoff", ""},
		{"on the day of the kickoff", "3.3", "date.3.3=2026-11-16", "1-2 suggest 2", "", ""},
		{"past at kickoff with text beside it", "3.3", "date.3.3=2026-11-15; evidence.3.3=Pilot depot first", "1 proven", "", ""},
		{"before the win where no close date is known", "3.3", "close_date=; date.3.3=2026-11-09", "1 proven", "before", ""},
		{"text only", "3.3", "date.3.3=; evidence.3.3=End of the first quarter", "1-2", "text", ""},
		{"text only, none", "3.3", "date.3.3=; evidence.3.3=none", "0-2", "", ""},
		{"words in the date field", "3.3", "date.3.3=End of the first quarter", "1-2", "text", ""},
		{"a day that does not exist", "3.3", "date.3.3=2027-02-30", "1-2", "", ""},
		{"placeholder in the text beside a date", "3.3", "evidence.3.3=tbd", "1-2 suggest 2", "placeholder", ""},
		{"picture", "3.3", `date.3.3=; evidence.3.3=<img src="x">`, "0-2", "", ""},
		{"all blank", "3.3", "date.3.3=", "0 proven", "blank", ""},
		{"only the date is mapped, and blank", "3.3", "date.3.3=; until.3.3=~; evidence.3.3=~", "0 proven", "", ""},
		{"nothing is mapped", "3.3", "date.3.3=~; until.3.3=~; evidence.3.3=~", "0-2", "mapped", ""},
		{"none in the text, words in the date field", "3.3", "evidence.3.3=none; date.3.3=End of the first quarter", "1-2", "", ""},
		{"cannot be read", "3.3", "until.3.3=!", "0-2 unknown", "", ""},
		{"text and date", "4.3", "", "1-2", "", "date"},
		{"date alone", "4.3", "evidence.4.3=", "1 proven", "no words for what live means", ""},
		{"date beside a placeholder", "4.3", "evidence.4.3=TBC", "1 proven", "", ""},
		{"text alone", "4.3", "date.4.3=", "1-2", "", ""},
		{"both blank", "4.3", "evidence.4.3=; date.4.3=", "0 proven", "", ""},
		{"date before close is said", "4.3", "date.4.3=2026-11-01", "1-2", "before the close date", ""},
		{"date on the day of the close is not before it", "4.3", "date.4.3=2026-11-10", "1-2", "past at kickoff", "before the close"},
		{"date past at kickoff is said", "4.3", "date.4.3=2026-11-12", "1-2", "past at kickoff", ""},
		{"identical to the timeline", "4.3", "evidence.3.3=Live in May!; evidence.4.3=live in May", "1-2", "identical", ""},
		{"identical to the timeline and long", "4.3", "evidence.3.3=" + strings.Repeat("Live in May. ", 30) + "; evidence.4.3=" + strings.Repeat("Live in May. ", 30), "1-2", "identical", ""},
		{"text not mapped, date", "4.3", "evidence.4.3=~", "1-2", "mapped", ""},
		{"text not mapped, no date", "4.3", "evidence.4.3=~; date.4.3=", "0-2", "", ""},
		{"none typed", "4.3", "evidence.4.3=none; date.4.3=", "0-2", "", ""},
		{"cannot be read", "4.3", "date.4.3=!", "0-2 unknown", "", ""},
	})
}

func TestTimelineWithoutKickoff(t *testing.T) {
	d := richDeal()
	d.Fields.Set("date.3.3", crm.Value("2026-11-12"))
	j := New(testRules(t))
	res := j.Score(salesCard(), d, nil, At{Now: now})
	if got := brief(*res.Item("3.3")); got != "1-2 suggest 2" {
		t.Errorf("past now, no kickoff known: %s", got)
	}
	d.Fields.Set("date.3.3", crm.Value("2026-11-10"))
	res = j.Score(salesCard(), d, nil, At{Now: now})
	if got := brief(*res.Item("3.3")); got != "1-2 suggest 2" {
		t.Errorf("on the day of the close: %s", got)
	}
	d.CloseDate, d.WonAt = crm.Value(""), crm.Moment{}
	d.Fields.Set("date.3.3", crm.Value("2001-01-01"))
	res = j.Score(salesCard(), d, nil, At{Now: now})
	if got := brief(*res.Item("3.3")); got != "1-2 suggest 2" {
		t.Errorf("nothing to compare with: %s", got)
	}
}

// The closed set is implemented, all of it and no more.
func TestEveryCheckIsImplemented(t *testing.T) {
	for name := range scorecard.Checks() {
		if checkNamed(name) == nil {
			t.Errorf("check %s is not implemented", name)
		}
	}
	names := slices.Collect(maps.Keys(scorecard.Checks()))
	for _, card := range []*scorecard.Card{salesCard(), partnerCard()} {
		for it := range card.Items() {
			if !slices.Contains(names, it.Check.Name) {
				t.Errorf("the tests use %s, which is no check", it.Check.Name)
			}
			names = append(names, "")
		}
	}
	card := salesCard()
	card.Categories[0].Items[0].Check.Name = "astrology"
	j := New(testRules(t))
	res := j.Score(card, richDeal(), nil, at())
	if got := brief(res.Items[0]); got != "0-2 unknown" || !res.Degraded {
		t.Errorf("an unknown check gave %s", got)
	}
}

// Only a person gives a 2 to a judgement item, whatever check it uses.
func TestJudgementItemsHaveNoFloorOf2(t *testing.T) {
	card := salesCard()
	card.Item("5.1").Auto = false
	j := New(testRules(t))
	res := j.Score(card, richDeal(), nil, at())
	if got := brief(*res.Item("5.1")); got != "1-2 suggest 2" {
		t.Errorf("got %s", got)
	}
}

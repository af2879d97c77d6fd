package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
)

const (
	owner   = "005000000000001AAA"
	seller  = "005000000000002AAA"
	boss    = "005000000000003AAA"
	dana    = "003000000000001AAA"
	kim     = "003000000000002AAA"
	account = "001000000000001AAA"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func setupOf(t *testing.T) crm.Setup {
	return crm.Setup{
		Connection: "sales", Zone: berlin(t),
		Fields: []crm.Field{
			{Name: "score", Prefix: "handoff", Base: "score", Kind: crm.Number, Writer: crm.Ours},
			{Name: "hold", Prefix: "handoff", Base: "hold", Kind: crm.Bool, Writer: crm.Ours},
			{Name: "gaps", Prefix: "handoff", Base: "gaps", Kind: crm.LongText, Writer: crm.Ours},
			{Name: "csm", Prefix: "handoff", Base: "csm", Kind: crm.User, Writer: crm.CSM},
			{Name: "arr", Native: "arr__c"},
			{Name: "evidence.1.1", Native: "Use_Case__c", Writer: crm.AE, Track: true},
			{Name: "discount", Prefix: "handoff", Base: "discount", Optional: true, Writer: crm.Ours},
			{Name: "context", Object: crm.ObjectContact, Native: "Relationship__c"},
		},
		Roles: map[string][]string{"champion": {" champion "}, "executive_sponsor": {"Economic Buyer", "Sponsor"}, "objector": {"Blocker"}},
	}
}

// full is an org with one won deal that has everything.
func full(t *testing.T) *fakeOrg {
	o := newFakeOrg(t)
	o.custom("Handoff_Score__c", "double", nil)
	o.custom("Handoff_Hold__c", "boolean", nil)
	o.custom("Handoff_Gaps__c", "textarea", map[string]any{"length": 32000})
	o.custom("Handoff_Csm__c", "reference", map[string]any{"referenceTo": []string{"User"}})
	o.custom("ARR__c", "currency", nil)
	o.custom("Use_Case__c", "textarea", map[string]any{"length": 32000})
	o.fields["Contact"]["Relationship__c"] = map[string]any{"type": "string", "length": 255}
	o.fields["OpportunityFieldHistory"] = map[string]map[string]any{}
	for _, f := range []string{"Id", "OpportunityId", "Field", "OldValue", "NewValue", "CreatedDate"} {
		o.fields["OpportunityFieldHistory"][f] = map[string]any{"type": "string"}
	}
	at := func(h int) string { return sfTime(day.Add(time.Duration(h) * time.Hour)) }
	o.tables["Opportunity"] = []map[string]any{{
		"Id": oppID(1), "Name": "Acme, 40 seats", "AccountId": account,
		"StageName": "Paid", "IsWon": true, "IsClosed": true, "CloseDate": "2026-11-19", "Amount": 12000.50, "Type": "New Business",
		"OwnerId": owner, "CreatedDate": at(-500), "SystemModstamp": at(5), "IsDeleted": false,
		"Handoff_Score__c": 31.0, "Handoff_Hold__c": false, "Handoff_Gaps__c": nil, "Handoff_Csm__c": owner, "ARR__c": 9000, "Use_Case__c": "Routing",
	}}
	person := map[string]any{"Name": "Dana Fox", "Title": "CFO", "Email": "dana@example.com", "Phone": "1", "MobilePhone": nil, "IsEmailBounced": true, "EmailBouncedDate": nil, "Relationship__c": "signs"}
	o.tables["OpportunityContactRole"] = []map[string]any{
		{"Id": "00K1", "OpportunityId": oppID(1), "ContactId": dana, "Role": "Champion", "Contact": person},
		{"Id": "00K2", "OpportunityId": oppID(1), "ContactId": dana, "Role": "Economic Buyer", "Contact": person},
		{"Id": "00K3", "OpportunityId": oppID(1), "ContactId": kim, "Role": "Economic Buyer", "Contact": nil},
	}
	o.tables["OpportunityHistory"] = []map[string]any{
		{"Id": "0081", "OpportunityId": oppID(1), "StageName": "Closed Won", "CreatedDate": at(-100)},
		{"Id": "0082", "OpportunityId": oppID(1), "StageName": "Prospecting", "CreatedDate": at(-50)},
		{"Id": "0084", "OpportunityId": oppID(1), "StageName": "Paid", "CreatedDate": at(2)},
		{"Id": "0083", "OpportunityId": oppID(1), "StageName": "Closed Won", "CreatedDate": at(0)},
	}
	o.tables["OpportunityFieldHistory"] = []map[string]any{
		{"Id": "0171", "OpportunityId": oppID(1), "Field": "Owner", "OldValue": seller, "NewValue": owner, "CreatedDate": at(0)},
		{"Id": "0172", "OpportunityId": oppID(1), "Field": "Owner", "OldValue": "Sam Ray", "NewValue": "Kit Lee", "CreatedDate": at(0)},
		{"Id": "0173", "OpportunityId": oppID(1), "Field": "Use_Case__c", "OldValue": nil, "NewValue": nil, "CreatedDate": at(3)},
		{"Id": "0174", "OpportunityId": oppID(1), "Field": "Use_Case__c", "OldValue": nil, "NewValue": nil, "CreatedDate": at(1)},
	}
	o.tables["Task"] = []map[string]any{
		{"Id": "00T000000000001AAA", "WhatId": oppID(1), "Subject": "Call", "Description": "They want SSO", "TaskSubtype": "Call", "CreatedDate": at(4), "CreatedById": owner},
		{"Id": "00T000000000002AAA", "WhatId": oppID(1), "Subject": "Handoff", "Description": "do it " + crm.OwnMark + "x]", "TaskSubtype": "Task", "CreatedDate": at(3), "CreatedById": owner},
		{"Id": "00T000000000003AAA", "WhatId": oppID(1), "Subject": "Email: hi", "Description": "copy", "TaskSubtype": "Email", "CreatedDate": at(2), "CreatedById": owner},
		{"Id": "00T000000000004AAA", "WhatId": oppID(1), "Subject": "gone", "IsDeleted": true, "CreatedDate": at(2)},
	}
	o.tables["EmailMessage"] = []map[string]any{{"Id": "02s000000000001AAA", "RelatedToId": oppID(1), "ActivityId": "00T000000000003AAA", "Subject": "hi", "TextBody": "text", "CreatedDate": at(2), "CreatedById": owner}}
	o.tables["Note"] = []map[string]any{{"Id": "002000000000001AAA", "ParentId": oppID(1), "Title": "n", "Body": "b", "CreatedDate": at(1), "CreatedById": owner}}
	o.tables["ContentDocumentLink"] = []map[string]any{
		{"Id": "06A1", "LinkedEntityId": oppID(1), "ContentDocumentId": "069000000000001AAA", "ContentDocument": map[string]any{"FileType": "SNOTE"}},
		{"Id": "06A2", "LinkedEntityId": oppID(1), "ContentDocumentId": "069000000000002AAA", "ContentDocument": map[string]any{"FileType": "PDF"}},
	}
	o.tables["ContentNote"] = []map[string]any{{"Id": "069000000000001AAA", "Title": "Kickoff", "TextPreview": "agreed", "CreatedDate": at(0), "CreatedById": owner}}
	o.tables["User"] = []map[string]any{
		{"Id": owner, "Name": "Kit Lee", "Email": "kit@seller.example.com", "IsActive": true, "ManagerId": boss},
		{"Id": boss, "Name": "Bo Hart", "Email": "bo@seller.example.com", "IsActive": false, "ManagerId": owner}, // a loop
	}
	return o
}

func TestASnapshotHoldsEverything(t *testing.T) {
	o := full(t)
	o.pageSize = 2 // every set of rows has further pages
	c := o.client(setupOf(t))
	got, err := c.Load(context.Background(), []crm.DealID{crm.DealID(oppID(1)), "006000000000099", "D-104", crm.DealID(oppID(1)[:15])})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]crm.DealID{"006000000000099", "D-104"}, got.Gone); diff != "" {
		t.Errorf("gone: %s", diff)
	}
	if len(got.Deals) != 1 {
		t.Fatalf("%d deals", len(got.Deals))
	}
	hours := func(h int) time.Time { return day.Add(time.Duration(h) * time.Hour) }
	hidden := crm.Cell{State: crm.Unreadable}
	want := crm.Deal{
		Ref:  crm.Ref{Connection: "sales", Object: crm.ObjectDeal, ID: oppID(1)},
		Name: crm.Value("Acme, 40 seats"), AccountID: account,
		Won: true, Closed: true, WonAt: crm.Moment{At: day, Source: "stage history"},
		Stage: crm.Value("Paid"), Type: crm.Value("New Business"), Amount: crm.Value("12000.5"), CloseDate: crm.Value("2026-11-19"),
		Owner: owner, Seller: seller, CreatedAt: hours(-500), ModifiedAt: hours(5),
		Fields: crm.CellsOf(map[string]crm.Cell{
			"score": crm.Value("31"), "hold": crm.Value("false"), "gaps": crm.Value(""), "csm": crm.Value(owner), "arr": crm.Value("9000"),
			"evidence.1.1": {State: crm.Read, Text: "Routing", At: hours(3)},
		}),
		Roles: map[string]crm.Role{
			"champion":          {State: crm.Read, Contacts: []crm.ContactID{dana}},
			"executive_sponsor": {State: crm.Read, Contacts: []crm.ContactID{dana, kim}},
			"objector":          {State: crm.Unmapped},
		},
		Contacts: []crm.Contact{
			{ID: dana, Name: crm.Value("Dana Fox"), Title: crm.Value("CFO"), Email: crm.Value("dana@example.com"), Phone: crm.Value("1"), Mobile: crm.Value(""), Context: crm.Value("signs"), Bounce: crm.Bounced},
			{ID: kim, Name: hidden, Title: hidden, Email: hidden, Phone: hidden, Mobile: hidden, Context: hidden},
		},
		Notes: []crm.Note{
			{ID: "069000000000001AAA", Kind: crm.NoteText, At: hours(0), Author: owner, Title: "Kickoff", Body: "agreed"},
			{ID: "002000000000001AAA", Kind: crm.NoteText, At: hours(1), Author: owner, Title: "n", Body: "b"},
			{ID: "02s000000000001AAA", Kind: crm.NoteEmail, At: hours(2), Author: owner, Title: "hi", Body: "text"},
			{ID: "00T000000000002AAA", Kind: crm.NoteTask, At: hours(3), Author: owner, Title: "Handoff", Body: "do it [syncd x]", Ours: true},
			{ID: "00T000000000001AAA", Kind: crm.NoteCall, At: hours(4), Author: owner, Title: "Call", Body: "They want SSO"},
		},
		NotesState: crm.Read,
	}
	if diff := cmp.Diff(want, got.Deals[0]); diff != "" {
		t.Errorf("deal (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeReadIsNotBlank(t *testing.T) {
	for _, c := range []struct {
		name string
		hurt func(o *fakeOrg)
		look func(d *crm.Deal) bool
	}{
		{
			"a configured field that is hidden", func(o *fakeOrg) { delete(o.fields["Opportunity"], "ARR__c") },
			func(d *crm.Deal) bool { return d.Field("arr").State == crm.Unreadable },
		},
		{
			"an optional field that is not there", func(*fakeOrg) {},
			func(d *crm.Deal) bool { return d.Field("discount").State == crm.Unmapped },
		},
		{
			"contacts hidden altogether", func(o *fakeOrg) { o.hidden["Contact"] = true },
			func(d *crm.Deal) bool { return d.Contacts[0].Email.State == crm.Unreadable && len(d.Contacts) == 2 },
		},
		{
			"the contact's phone hidden", func(o *fakeOrg) { delete(o.fields["Contact"], "Phone") },
			func(d *crm.Deal) bool {
				return d.Contacts[0].Phone.State == crm.Unreadable && d.Contacts[0].Email.Known()
			},
		},
		{"no bounce fields", func(o *fakeOrg) {
			delete(o.fields["Contact"], "IsEmailBounced")
			delete(o.fields["Contact"], "EmailBouncedDate")
		}, func(d *crm.Deal) bool { return d.Contacts[0].Bounce == crm.BounceUnknown }},
		{
			"roles hidden", func(o *fakeOrg) { o.hidden["OpportunityContactRole"] = true },
			func(d *crm.Deal) bool {
				return d.Roles["champion"].State == crm.Unreadable && d.Roles["objector"].State == crm.Unreadable
			},
		},
		{
			"the text of tasks hidden", func(o *fakeOrg) { delete(o.fields["Task"], "Description") },
			func(d *crm.Deal) bool { return d.NotesState == crm.Unreadable },
		},
		{
			"tasks hidden", func(o *fakeOrg) { o.hidden["Task"] = true },
			func(d *crm.Deal) bool { return d.NotesState == crm.Unreadable },
		},
		{
			"no e-mail in this org", func(o *fakeOrg) { o.hidden["EmailMessage"] = true },
			func(d *crm.Deal) bool { return d.NotesState == crm.Read && len(d.Notes) == 5 },
		},
		{
			"a linked note that is hidden", func(o *fakeOrg) { o.tables["ContentNote"] = nil },
			func(d *crm.Deal) bool { return d.NotesState == crm.Unreadable },
		},
		{"notes refused when asked for", func(o *fakeOrg) {
			for name := range o.fields["Note"] {
				if name == "Title" {
					delete(o.fields["Note"], name)
				}
			}
		}, func(d *crm.Deal) bool { return d.NotesState == crm.Read }},
		{
			"no account", func(o *fakeOrg) { o.tables["Opportunity"][0]["AccountId"] = nil },
			func(d *crm.Deal) bool { return d.AccountID == "" },
		},
		{
			"no stage history", func(o *fakeOrg) { o.hidden["OpportunityHistory"] = true },
			func(d *crm.Deal) bool {
				return d.WonAt.Imprecise && d.WonAt.At.Equal(time.Date(2026, 11, 18, 23, 0, 0, 0, time.UTC))
			},
		},
		{
			"no field history", func(o *fakeOrg) { o.hidden["OpportunityFieldHistory"] = true },
			func(d *crm.Deal) bool { return d.Seller == owner && d.Field("evidence.1.1").At.IsZero() },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := full(t)
			c.hurt(o)
			got, err := o.client(setupOf(t)).Load(context.Background(), []crm.DealID{crm.DealID(oppID(1))})
			if err != nil {
				t.Fatal(err)
			}
			if d := &got.Deals[0]; !c.look(d) {
				t.Errorf("got %+v", d)
			}
		})
	}
}

func TestDescribeSaysWhatToMend(t *testing.T) {
	o := full(t)
	setup := setupOf(t)
	delete(o.fields["Opportunity"], "Handoff_Gaps__c")
	o.fields["Opportunity"]["Handoff_Score__c"]["updateable"] = false
	setup.Fields = append(setup.Fields,
		crm.Field{Name: "band", Prefix: "handoff", Base: "band", Kind: crm.Picklist, Writer: crm.Ours, Options: []string{"Good", "Bad"}},
		crm.Field{Name: "action", Native: "Use_Case__c", Writer: crm.Ours})
	o.custom("Handoff_Band__c", "picklist", map[string]any{"restrictedPicklist": true, "picklistValues": picks("Good")})
	d, err := o.client(setup).Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if d.OrgID != "00D000000000001EAA" || d.OrgName != "Acme" || d.TimeZone != "Europe/Berlin" || d.Self != "005000000000009AAA" || !d.Now.Equal(o.now) {
		t.Errorf("got %+v", d)
	}
	if diff := cmp.Diff([]string{"New Business", "Renewal"}, d.Types); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Champion", "Economic Buyer", "Business User"}, d.Roles); diff != "" {
		t.Error(diff)
	}
	if st := d.Fields["arr"]; !st.Exists || st.Native != "ARR__c" || st.Kind != crm.Number || st.Writable {
		t.Errorf("arr is %+v", st)
	}
	for _, want := range []string{"fields.gaps", "fields.score", "fields.band", "fields.action", "roles.objector", "company.currency"} {
		n := 0
		for _, p := range d.Problems {
			if p.Place == want && p.Fix != "" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d problems name %s: %+v", n, want, d.Problems)
		}
	}
	if len(d.Problems) != 6 {
		t.Errorf("%d problems", len(d.Problems))
	}

	o = full(t)
	delete(o.fields["Task"], "Description")
	delete(o.fields["Contact"], "Phone")
	o.hidden["OpportunityHistory"], o.hidden["OpportunityFieldHistory"], o.hidden["ContentDocumentLink"] = true, true, true
	if d, err = o.client(setupOf(t)).Describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	var places []string
	for _, p := range d.Problems {
		places = append(places, p.Place)
	}
	want := []string{"company.currency", "roles.objector", "Task", "ContentNote", "Contact.Phone", "OpportunityHistory", "OpportunityFieldHistory"}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Error(diff)
	}
}

func TestDescribeKeepsTheSchemaAndReadsTheClock(t *testing.T) {
	o := full(t)
	c := o.client(setupOf(t))
	if _, err := c.Describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	before := len(o.requests)
	o.now = o.now.Add(time.Hour)
	d, err := c.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !d.Now.Equal(o.now) || len(o.requests) != before+1 {
		t.Errorf("clock %v after %d requests", d.Now, len(o.requests)-before)
	}
	if used, limit := c.Usage(); used != 18 || limit != 15000 {
		t.Errorf("usage %d of %d", used, limit)
	}
}

func TestAVersionThatIsNotOfferedIsNamed(t *testing.T) {
	o := full(t)
	c, err := New(setupOf(t), o.auth(), Options{APIVersion: "v67.0"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Describe(context.Background())
	if err == nil || !strings.Contains(err.Error(), "67.0") || !strings.Contains(err.Error(), "59.0 to 60.0") {
		t.Errorf("got %v", err)
	}
}

func TestManyDealsTakeFewCalls(t *testing.T) {
	o := full(t)
	first := o.tables["Opportunity"][0]
	var ids []crm.DealID
	o.tables["Opportunity"] = nil
	for i := range 300 {
		row := map[string]any{}
		for k, v := range first {
			row[k] = v
		}
		row["Id"] = oppID(i)
		o.tables["Opportunity"] = append(o.tables["Opportunity"], row)
		ids = append(ids, crm.DealID(oppID(i)))
	}
	c := o.client(setupOf(t))
	if _, err := c.Describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	before := len(o.requests)
	got, err := c.Load(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Deals) != 300 {
		t.Errorf("%d deals", len(got.Deals))
	}
	if n := len(o.requests) - before; n > 3 { // nine questions in two composites, and the notes' texts
		t.Errorf("%d calls: %v", n, o.requests[before:])
	}
}

func TestWithoutCompositeEachQuestionGoesAlone(t *testing.T) {
	o := full(t)
	o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if !strings.HasSuffix(r.URL.Path, "/composite") {
			return false
		}
		send(w, 404, fail("NOT_FOUND", "The requested resource does not exist"))
		return true
	}
	c := o.client(setupOf(t))
	for range 2 {
		got, err := c.Load(context.Background(), []crm.DealID{crm.DealID(oppID(1))})
		if err != nil || len(got.Deals) != 1 || len(got.Deals[0].Notes) != 5 {
			t.Fatalf("%v %+v", err, got)
		}
	}
	if n := o.count("/composite"); n > 2 {
		t.Errorf("asked for composite %d times", n)
	}
}

func TestAFieldThatVanishedIsFoundOut(t *testing.T) {
	o := full(t)
	c := o.client(setupOf(t))
	ids := []crm.DealID{crm.DealID(oppID(1))}
	if _, err := c.Load(context.Background(), ids); err != nil {
		t.Fatal(err)
	}
	o.mu.Lock()
	delete(o.fields["Opportunity"], "ARR__c")
	o.mu.Unlock()
	got, err := c.Load(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Deals[0].Field("arr").State; s != crm.Unreadable {
		t.Errorf("arr is %v", s)
	}
}

func TestPeopleComeWithTheirManagers(t *testing.T) {
	o := full(t)
	c := o.client(setupOf(t))
	for range 2 {
		got, err := c.People(context.Background(), []crm.UserID{owner, "005000000000077AAA", "00G000000000001AAA", "nobody"})
		if err != nil {
			t.Fatal(err)
		}
		want := map[crm.UserID]crm.Person{
			owner: {ID: owner, Name: "Kit Lee", Email: "kit@seller.example.com", Active: true, Manager: boss},
			boss:  {ID: boss, Name: "Bo Hart", Email: "bo@seller.example.com", Manager: owner},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if n := o.count("/query"); n != 2 {
		t.Errorf("%d queries for two levels asked for twice", n)
	}
}

func TestTheSellerIsWhoOwnedItWhenItWasWon(t *testing.T) {
	won := crm.Moment{At: day}
	owned := func(h int, from, to string) change {
		return change{at: day.Add(time.Duration(h) * time.Hour), field: "Owner", old: from, new: to}
	}
	for _, c := range []struct {
		name    string
		changes []change
		want    crm.UserID
	}{
		{"never changed", nil, ""},
		{"changed before", []change{owned(-2, owner, seller)}, seller},
		{"changed after", []change{owned(2, seller, owner)}, seller},
		{"changed in the second of the win", []change{owned(0, seller, owner)}, seller},
		{"changed twice after", []change{owned(1, seller, owner), owned(2, owner, boss)}, seller},
		{"a row of names", []change{owned(1, "Sam Ray", "Kit Lee")}, ""},
	} {
		if got := ownerAt(c.changes, won); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestWonIsTheStartOfTheLastRunOfWonStages(t *testing.T) {
	l := &loading{s: &schema{won: map[string]bool{"Won": true, "Paid": true}}, setup: crm.Setup{Zone: time.UTC}}
	at := func(h int) time.Time { return day.Add(time.Duration(h) * time.Hour) }
	for _, c := range []struct {
		name string
		rows []stageRow
		want time.Time
	}{
		{"none", nil, time.Time{}},
		{"won at once", []stageRow{{at(1), "a", "Won"}}, at(1)},
		{"won, then paid", []stageRow{{at(2), "b", "Paid"}, {at(1), "a", "Won"}}, at(1)},
		{"won, reopened, won", []stageRow{{at(1), "a", "Won"}, {at(2), "b", "Open"}, {at(3), "c", "Won"}, {at(4), "d", "Paid"}}, at(3)},
		{"opened and won in one second", []stageRow{{at(1), "z", "Open"}, {at(1), "a", "Won"}}, at(1)},
	} {
		if got := l.lastWin(c.rows, &draft{}); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTooMuchAtOnceIsAskedInHalves(t *testing.T) {
	o := full(t)
	var ids []crm.DealID
	first := o.tables["Opportunity"][0]
	o.tables["Opportunity"] = nil
	for i := range 40 {
		row := map[string]any{}
		for k, v := range first {
			row[k] = v
		}
		row["Id"] = oppID(i)
		o.tables["Opportunity"] = append(o.tables["Opportunity"], row)
		ids = append(ids, crm.DealID(oppID(i)))
	}
	c := o.client(setupOf(t))
	if _, err := c.Describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	var slow atomic.Int32 // parts are asked for side by side
	o.before = func(w http.ResponseWriter, r *http.Request, body string) bool {
		if !strings.HasSuffix(r.URL.Path, "/composite") || strings.Count(body, "006") < 15*5 {
			return false
		}
		slow.Add(1)
		n := strings.Count(body, "referenceId")
		var out []map[string]any
		for i := range n {
			out = append(out, map[string]any{"httpStatusCode": 400, "referenceId": fmt.Sprintf("q%d", i), "body": fail("QUERY_TIMEOUT", "too long")})
		}
		send(w, 200, map[string]any{"compositeResponse": out})
		return true
	}
	got, err := c.Load(context.Background(), ids)
	if err != nil || len(got.Deals) != 40 || slow.Load() == 0 {
		t.Fatalf("%v, %d deals, %d time-outs", err, len(got.Deals), slow.Load())
	}
}

// A schema in which something is amiss is not believed for an hour.
func TestWhatWasMendedIsSeenSoon(t *testing.T) {
	o := newFakeOrg(t)
	c := o.client(setupOf(t))
	amiss := func() bool {
		t.Helper()
		d, err := c.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(d.Problems, func(p crm.Problem) bool { return p.Place == "Task" })
	}
	age := func(d time.Duration) { c.schema.value.at = c.schema.value.at.Add(-d) }
	o.hidden["Task"] = true
	before := amiss()
	delete(o.hidden, "Task")
	age(doubtedLife - 30*time.Second)
	soon := amiss()
	age(time.Minute)
	if later := amiss(); !before || !soon || later {
		t.Errorf("hidden: %v; four minutes later: %v; six minutes later: %v", before, soon, later)
	}
}

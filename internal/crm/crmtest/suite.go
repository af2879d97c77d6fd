// Package crmtest is the one suite that every adapter must pass, so that a
// deal means the same whichever CRM it comes from. What a deal should be is
// told from the world a simulator was filled with, in no vendor's words.
package crmtest

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/richtext"
)

// Subject is an adapter on a simulator filled with a world.
type Subject struct {
	World  *world.World
	Source crm.Source
	Sink   crm.Sink
	Deal   func(i int) string // ids of what the world holds, by position
	Person func(i int) string
	// Contact gives a contact's id.
	Contact func(i int) string
	Hand    Hand
	Streams int             // kinds of record that are watched beside deals
	Tells   map[string]Told // of edits that are not told as touched
}

// Setup asks for the world's fields with the given API names.
func Setup(w *world.World, native func(world.Field) string) crm.Setup {
	s := crm.Setup{
		Connection: "c", Zone: time.UTC, Since: time.Time{},
		Roles: map[string][]string{
			"champion": {" champion "}, "executive_sponsor": {"Executive Sponsor"}, "day_to_day": {"Day-to-day"}, "objector": {"Blocker"}, "nobody": {"No such role"},
		},
	}
	kinds := map[world.Kind]crm.Kind{
		world.Text: crm.Text, world.LongText: crm.LongText, world.Number: crm.Number, world.Money: crm.Number, world.Bool: crm.Bool,
		world.Date: crm.Date, world.DateTime: crm.DateTime, world.Picklist: crm.Picklist, world.UserRef: crm.User,
	}
	for _, f := range w.Fields {
		field := crm.Field{Name: f.Name, Native: native(f), Kind: kinds[f.Kind], Object: crm.ObjectDeal, Writer: crm.Org, Options: f.Options}
		if f.Object == "contact" {
			field.Object = crm.ObjectContact
		}
		switch f.Name {
		case "status", "score", "range", "gaps", "hold", "due_at", "band", "key":
			field.Writer = crm.Ours
		case "csm", "kickoff_at":
			field.Writer, field.Track = crm.CSM, true
		}
		s.Fields = append(s.Fields, field)
	}
	return s
}

// Run is the suite.
func Run(t *testing.T, s Subject) {
	t.Run("describes its schema", s.describes)
	t.Run("names every won deal", s.changed)
	t.Run("goes on behind a page", s.resumes)
	t.Run("loads whole snapshots", s.loads)
	t.Run("accounts for every id", s.missing)
	t.Run("knows people and managers", s.people)
	t.Run("names deals to which nothing happened but something moved", s.touched)
	t.Run("tiles time with what was touched", s.touchedWindows)
	t.Run("asks once a stream when nothing moved", s.untouched)
	t.Run("names the deals of a crowd of notes", s.crowd)
	t.Run("goes on from none but its own places", s.touchedElsewhere)
	t.Run("leaves out a stream that is refused", s.denied)
	t.Run("writes, shows and clears", s.writes)
	t.Run("rejects one record and keeps the rest", s.rejects)
	t.Run("writes a whole batch", s.writesMany)
	t.Run("counts its calls", func(t *testing.T) {
		if len(s.Source.Calls()) == 0 {
			t.Error("no call was counted")
		}
	})
}

func (s Subject) describes(t *testing.T) {
	d, err := s.Source.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d.OrgID == "" || d.Currency != s.World.Currency || d.Now.Sub(s.World.Now).Abs() > time.Hour {
		t.Errorf("org %q currency %q now %s", d.OrgID, d.Currency, d.Now)
	}
	for _, f := range s.World.Fields {
		if f.Object == "deal" && !d.Fields[f.Name].Exists {
			t.Errorf("field %s is not found", f.Name)
		}
	}
	for _, role := range s.World.Roles {
		if !slices.ContainsFunc(d.Roles, func(r string) bool { return strings.EqualFold(r, role) }) {
			t.Errorf("role %s is not on offer: %v", role, d.Roles)
		}
	}
	told := false
	for _, p := range d.Problems {
		told = told || strings.Contains(p.Place+p.Message, "nobody") || strings.Contains(p.Message, "No such role")
	}
	if !told {
		t.Errorf("a role that is not on offer is not told: %v", d.Problems)
	}
}

// all gathers what Changed names.
func (s Subject) all(t *testing.T, w crm.Window, after string) (map[crm.DealID]crm.Moved, []crm.Page) {
	t.Helper()
	seen := map[crm.DealID]crm.Moved{}
	var pages []crm.Page
	for page, err := range s.Source.Changed(t.Context(), w, after) {
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page)
		for _, m := range page.Deals {
			seen[m.ID] = m
		}
	}
	return seen, pages
}

func (s Subject) changed(t *testing.T) {
	seen, pages := s.all(t, crm.Window{}, "")
	for i, d := range s.World.Deals {
		m, ok := seen[crm.DealID(s.Deal(i))]
		if d.Stage == world.Won && (!ok || !m.Won || m.Gone) {
			t.Errorf("won deal %d: named %v, %+v", i, ok, m)
		}
		if d.Stage != world.Won && ok && m.Won {
			t.Errorf("deal %d is not won: %+v", i, m)
		}
	}
	if last := pages[len(pages)-1]; last.Next != "" {
		t.Errorf("the last page goes on at %q", last.Next)
	}
	if later, _ := s.all(t, crm.Window{From: s.World.Now.Add(24 * time.Hour)}, ""); len(later) != 0 {
		t.Errorf("%d deals moved tomorrow", len(later))
	}
}

func (s Subject) resumes(t *testing.T) {
	whole, pages := s.all(t, crm.Window{}, "")
	if len(pages) < 2 {
		t.Fatalf("%d page: the world is too small to go on behind one", len(pages))
	}
	rest, _ := s.all(t, crm.Window{}, pages[0].Next)
	for _, m := range pages[0].Deals {
		rest[m.ID] = m
	}
	if len(rest) != len(whole) {
		t.Errorf("%d deals with a break, %d without", len(rest), len(whole))
	}
}

func (s Subject) loads(t *testing.T) {
	var ids []crm.DealID
	at := map[string]int{}
	for i, d := range s.World.Deals {
		if d.Stage == world.Won {
			ids = append(ids, crm.DealID(s.Deal(i)))
			at[s.Deal(i)] = i
		}
	}
	account, of := map[int]crm.AccountID{}, map[crm.AccountID]int{} // each other's
	for chunk := range slices.Chunk(ids, s.Source.LoadBatch()) {
		l, err := s.Source.Load(t.Context(), chunk)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Deals) != len(chunk) {
			t.Fatalf("%d of %d deals", len(l.Deals), len(chunk))
		}
		for i := range l.Deals {
			got := plain(&l.Deals[i])
			want := s.want(at[l.Deals[i].Ref.ID])
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("deal %d (-want +got):\n%s", at[l.Deals[i].Ref.ID], d)
			}
			id, a := l.Deals[i].AccountID, s.World.Deals[at[l.Deals[i].Ref.ID]].Account
			if _, seen := account[a]; !seen {
				account[a] = id
			}
			if _, seen := of[id]; !seen {
				of[id] = a
			}
			if id == "" || account[a] != id || of[id] != a {
				t.Fatalf("deal %d: account %q stands for accounts %d and %d", at[l.Deals[i].Ref.ID], id, of[id], a)
			}
		}
	}
}

// deal is what a deal means, with nothing left that a vendor may choose.
type deal struct {
	Name, Type, Amount, Currency, Close string
	Won                                 bool
	WonAt                               time.Time
	Owner, Seller                       crm.UserID
	Fields                              map[string]string
	Roles                               map[string][]string
	Contacts                            map[string]contact
	Notes                               []string
}

type contact struct {
	Name, Title, Email, Phone, Context string
	Bounced                            bool
}

// plain is a loaded deal by its meaning.
func plain(d *crm.Deal) deal {
	p := deal{
		Name: d.Name.Text, Type: strings.ToLower(strings.ReplaceAll(d.Type.Text, " ", "")), Amount: d.Amount.Text, Currency: d.Currency.Text,
		Close: d.CloseDate.Text, Won: d.Won, WonAt: d.WonAt.At.UTC().Truncate(time.Second), Owner: d.Owner, Seller: d.Seller,
		Fields: map[string]string{}, Roles: map[string][]string{}, Contacts: map[string]contact{},
	}
	for name, c := range d.Fields.All() {
		if strings.TrimSpace(c.Text) != "" && c.Text != "false" {
			p.Fields[name] = seconds(c.Text)
		}
	}
	for key, r := range d.Roles {
		for _, id := range r.Contacts {
			p.Roles[key] = append(p.Roles[key], string(id))
		}
	}
	for _, c := range d.Contacts {
		p.Contacts[string(c.ID)] = contact{c.Name.Text, c.Title.Text, c.Email.Text, c.Phone.Text, c.Context.Text, c.Bounce == crm.Bounced}
	}
	for _, n := range d.Notes {
		p.Notes = append(p.Notes, n.At.UTC().Format(time.DateTime)+" "+string(n.Kind)+" "+untitled(richtext.Plain(n.Body)))
	}
	slices.Sort(p.Notes)
	return p
}

// untitled takes a title off a note's text: where a vendor's notes have none,
// it stands at the top of the text.
func untitled(text string) string {
	text = strings.TrimSpace(text)
	for _, title := range []string{"Close", "Negotiation"} {
		if rest, ok := strings.CutPrefix(text+"\n", title+"\n"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return text
}

// seconds cuts a date-time to the whole seconds that both vendors keep.
func seconds(text string) string {
	if t, err := time.Parse(time.RFC3339, text); err == nil && len(text) > 10 {
		return t.UTC().Truncate(time.Second).Format(time.RFC3339)
	}
	return text
}

// want is what the world says of a deal.
func (s Subject) want(i int) deal {
	d := s.World.Deals[i]
	p := deal{
		Name: d.Name, Type: strings.ToLower(strings.ReplaceAll(d.Type, " ", "")), Amount: d.Amount, Currency: s.World.Currency,
		Close: d.CloseDate, Won: true, WonAt: d.WonAt.UTC().Truncate(time.Second),
		Owner: crm.UserID(s.Person(d.Owner)), Seller: crm.UserID(s.Person(d.Seller)),
		Fields: map[string]string{}, Roles: map[string][]string{}, Contacts: map[string]contact{},
	}
	for name, v := range d.Fields {
		if n, ok := strings.CutPrefix(v, "user:"); ok {
			at, _ := strconv.Atoi(n)
			v = s.Person(at)
		}
		if strings.TrimSpace(v) != "" && v != "false" {
			p.Fields[name] = seconds(v)
		}
	}
	keys := map[string]string{"Champion": "champion", "Executive Sponsor": "executive_sponsor", "Day-to-day": "day_to_day", "Blocker": "objector"}
	for _, r := range d.Roles {
		id := s.Contact(r.Contact)
		if key := keys[r.Name]; key != "" {
			p.Roles[key] = append(p.Roles[key], id)
		}
		c := s.World.Contacts[r.Contact]
		p.Contacts[id] = contact{c.First + " " + c.Last, c.Title, c.Email, c.Phone, c.Fields["contact_context"], c.Bounced}
	}
	for _, n := range d.Notes {
		p.Notes = append(p.Notes, n.At.UTC().Truncate(time.Second).Format(time.DateTime)+" "+n.Kind+" "+strings.TrimSpace(n.Body))
	}
	slices.Sort(p.Notes)
	return p
}

func (s Subject) missing(t *testing.T) {
	id := crm.DealID(s.Deal(0))
	unknown := nextID(id)
	l, err := s.Source.Load(t.Context(), []crm.DealID{id, unknown})
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Deals) != 1 || len(l.Gone) != 1 || l.Gone[0] != unknown {
		t.Errorf("%d deals, gone %v", len(l.Deals), l.Gone)
	}
}

// nextID is an id of the same form that no record has.
func nextID(id crm.DealID) crm.DealID {
	if n, err := strconv.ParseInt(string(id), 10, 64); err == nil {
		return crm.DealID(strconv.FormatInt(n+7_000_000_000, 10))
	}
	return "006000000000zzzAAA"
}

func (s Subject) people(t *testing.T) {
	var ids []crm.UserID
	for i := range s.World.Users {
		ids = append(ids, crm.UserID(s.Person(i)))
	}
	people, err := s.Source.People(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range s.World.Users {
		p, ok := people[ids[i]]
		if !ok || p.Name != u.Name || p.Active != u.Active {
			t.Errorf("user %d: %+v, want %s active %v", i, p, u.Name, u.Active)
		}
		if p.Manager != "" && u.Manager >= 0 && p.Manager != ids[u.Manager] {
			t.Errorf("user %d: manager %s, want %s", i, p.Manager, ids[u.Manager])
		}
	}
}

// won are some won deals.
func (s Subject) won(n int) []int {
	var list []int
	for i, d := range s.World.Deals {
		if d.Stage == world.Won && len(list) < n {
			list = append(list, i)
		}
	}
	return list
}

func (s Subject) writes(t *testing.T) {
	fields := map[string]string{
		"status": "final", "score": "17", "range": "17 of 40", "gaps": "1.1 use case - ask\n1.2 problem - ask", "hold": "true", "due_at": "2026-11-20T09:00:00.000Z",
		"band": "Incomplete", "key": "k/1",
	}
	cleared := map[string]string{"status": "", "score": "", "range": "", "gaps": "", "hold": "false", "due_at": "", "band": "", "key": ""}
	deals := s.won(3)
	for _, set := range []map[string]string{fields, cleared} {
		var updates []crm.Update
		var ids []crm.DealID
		for _, i := range deals {
			ids = append(ids, crm.DealID(s.Deal(i)))
			updates = append(updates, crm.Update{ID: ids[len(ids)-1], Fields: set})
		}
		outcomes, err := s.Sink.Write(t.Context(), updates)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range outcomes {
			if o.Status != crm.Confirmed || o.ID != ids[i] {
				t.Errorf("outcome %d: %+v", i, o)
			}
		}
		l, err := s.Source.Load(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		for i := range l.Deals {
			for name, want := range set {
				got := l.Deals[i].Field(name).Text
				if seconds(got) != seconds(want) && !(name == "hold" && want == "false" && got == "") {
					t.Errorf("%s is %q after writing %q", name, got, want)
				}
			}
		}
	}
}

// writesMany fills a batch as far as the world has won deals, with one unknown
// record in the middle of it.
func (s Subject) writesMany(t *testing.T) {
	var updates []crm.Update
	for n, i := range s.won(s.Sink.WriteBatch() - 1) {
		updates = append(updates, crm.Update{ID: crm.DealID(s.Deal(i)), Fields: map[string]string{"score": strconv.Itoa(n % 41), "key": "k/" + strconv.Itoa(n)}})
	}
	middle := len(updates) / 2
	updates = slices.Insert(updates, middle, crm.Update{ID: nextID(updates[0].ID), Fields: map[string]string{"score": "1"}})
	outcomes, err := s.Sink.Write(t.Context(), updates)
	if err != nil || len(outcomes) != len(updates) {
		t.Fatalf("%d outcomes of %d: %v", len(outcomes), len(updates), err)
	}
	want := map[string]string{}
	var ids []crm.DealID
	for i, o := range outcomes {
		status := crm.Confirmed
		if i == middle {
			status = crm.Rejected
		} else {
			ids = append(ids, o.ID)
			want[string(o.ID)] = updates[i].Fields["score"] + " " + updates[i].Fields["key"]
		}
		if o.ID != updates[i].ID || o.Status != status {
			t.Fatalf("outcome %d of %d: %+v", i, len(outcomes), o)
		}
	}
	for chunk := range slices.Chunk(ids, s.Source.LoadBatch()) {
		l, err := s.Source.Load(t.Context(), chunk)
		if err != nil {
			t.Fatal(err)
		}
		for i := range l.Deals {
			d := &l.Deals[i]
			if got := d.Field("score").Text + " " + d.Field("key").Text; got != want[d.Ref.ID] {
				t.Fatalf("%s shows %q after writing %q", d.Ref.ID, got, want[d.Ref.ID])
			}
			delete(want, d.Ref.ID)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d deals are not shown", len(want))
	}
}

func (s Subject) rejects(t *testing.T) {
	id := crm.DealID(s.Deal(s.won(1)[0]))
	unknown := nextID(id)
	outcomes, err := s.Sink.Write(t.Context(), []crm.Update{
		{ID: unknown, Fields: map[string]string{"score": "1"}},
		{ID: id, Fields: map[string]string{"score": "2"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(outcomes) != 2 || outcomes[0].Status != crm.Rejected || outcomes[0].Class != crm.ClassGone || outcomes[1].Status != crm.Confirmed {
		t.Errorf("%+v", outcomes)
	}
}

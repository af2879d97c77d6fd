package crmtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// Hand is a person at work in the simulated CRM. Ids are the CRM's.
type Hand interface {
	Clock() *simclock.Clock
	Phone(contact, number string) error
	Bounce(contact string) error // the mail server's doing
	Link(deal, contact, role string) error
	Unlink(deal, contact string) error
	Recast(deal, contact, role string) error // gives a linked contact another role
	Write(deal, text string) (note string, err error)
	Rewrite(note, text string) error
	Erase(note string) error
	// Deny takes notes out of the integration user's sight until allow.
	Deny() (allow func())
}

// Told is where a vendor tells of an edit.
type Told uint8

// Touched is the rule. Changed: the deal itself moves, by a roll-up. Nowhere:
// only a full read finds it.
const (
	Touched Told = iota
	Changed
	Nowhere
)

// pause lies between two edits; a session outlives it.
const pause = 20 * time.Minute

// hidden are edits that nobody made to a deal.
var hidden = []struct {
	name string
	edit func(s Subject, deal, contact, stranger string) error
}{
	{"a contact's phone is filled", func(s Subject, _, c, _ string) error { return s.Hand.Phone(c, "+49 30 5550199") }},
	{"a contact's mail bounces", func(s Subject, _, c, _ string) error { return s.Hand.Bounce(c) }},
	{"a contact gets another role", func(s Subject, d, c, _ string) error { return s.Hand.Recast(d, c, "Blocker") }},
	{"a contact is put on the deal", func(s Subject, d, _, c string) error { return s.Hand.Link(d, c, "Champion") }},
	{"a contact is taken off the deal", func(s Subject, d, c, _ string) error { return s.Hand.Unlink(d, c) }},
	{"a note is added", func(s Subject, d, _, _ string) error { _, err := s.Hand.Write(d, "Kickoff is on Monday"); return err }},
	{"a note is edited", func(s Subject, d, _, _ string) error { return s.onOldNote(d, s.Hand.Rewrite) }},
	{"a note is deleted", func(s Subject, d, _, _ string) error {
		return s.onOldNote(d, func(note, _ string) error { return s.Hand.Erase(note) })
	}},
}

// onOldNote edits a note that was written a while before.
func (s Subject) onOldNote(deal string, edit func(note, text string) error) error {
	note, err := s.Hand.Write(deal, "Security review is open")
	if err != nil {
		return err
	}
	s.Hand.Clock().Advance(pause)
	return edit(note, "Security review is done")
}

// moves gathers what Touched names and the pages it came on.
func (s Subject) moves(t *testing.T, w crm.Window, after string) (map[crm.DealID]crm.Moved, []crm.Page) {
	t.Helper()
	seen := map[crm.DealID]crm.Moved{}
	var pages []crm.Page
	for page, err := range s.Source.Touched(t.Context(), w, after) {
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page)
		for _, m := range page.Deals {
			if m.Gone || m.At.Before(w.From) || !w.To.IsZero() && !m.At.Before(w.To) {
				t.Errorf("named %+v in %v", m, w)
			}
			seen[m.ID] = m
		}
	}
	return seen, pages
}

// cast is a won deal with a contact on it, and one who is not.
func (s Subject) cast(t *testing.T, nth int) (deal, contact, stranger int) {
	t.Helper()
	for _, i := range s.won(len(s.World.Deals)) {
		d := s.World.Deals[i]
		if len(d.Roles) == 0 || d.Roles[0].Name == "Blocker" || d.Roles[0].Primary {
			continue
		}
		if nth--; nth >= 0 {
			continue
		}
		for c := range s.World.Contacts {
			if !slices.ContainsFunc(d.Roles, func(r world.Role) bool { return r.Contact == c }) {
				return i, d.Roles[0].Contact, c
			}
		}
	}
	t.Fatal("the world is too small")
	return 0, 0, 0
}

func (s Subject) touched(t *testing.T) {
	clock := s.Hand.Clock()
	clock.Freeze(true)
	t.Cleanup(func() { clock.Freeze(false) })
	for n, c := range hidden {
		t.Run(c.name, func(t *testing.T) {
			i, contact, stranger := s.cast(t, n)
			deal := crm.DealID(s.Deal(i))
			clock.Advance(pause)
			if err := c.edit(s, string(deal), s.Contact(contact), s.Contact(stranger)); err != nil {
				t.Fatal(err)
			}
			at := clock.Now().Truncate(time.Second)
			clock.Advance(time.Minute)
			w := crm.Window{From: at}
			touched, _ := s.moves(t, w, "")
			changed, _ := s.all(t, w, "")
			_, moved := changed[deal]
			if m, named := touched[deal]; named != (s.Tells[c.name] == Touched) || named && m.At.Sub(at).Abs() > time.Second {
				t.Errorf("touched: %v %+v, edited at %s", named, m, at)
			}
			if s.Tells[c.name] != Touched && moved != (s.Tells[c.name] == Changed) {
				t.Errorf("the deal moved: %v", moved)
			}
			for id := range touched {
				if at := s.position(t, id); at != i && !s.plays(at, contact) && !s.plays(at, stranger) {
					t.Errorf("deal %d is named, which has nothing to do with it", at)
				}
			}
			if after, _ := s.moves(t, crm.Window{From: at.Add(time.Second)}, ""); len(after) != 0 {
				t.Errorf("%d deals are touched after the edit", len(after))
			}
		})
	}
}

// position is where a deal stands in the world.
func (s Subject) position(t *testing.T, id crm.DealID) int {
	t.Helper()
	for i := range s.World.Deals {
		if s.Deal(i) == string(id) {
			return i
		}
	}
	t.Fatalf("%s is no deal of the world", id)
	return 0
}

// plays reports whether a contact is on a deal.
func (s Subject) plays(deal, contact int) bool {
	return slices.ContainsFunc(s.World.Deals[deal].Roles, func(r world.Role) bool { return r.Contact == contact })
}

// Every instant is in exactly one of the windows that tile time.
func (s Subject) touchedWindows(t *testing.T) {
	clock := s.Hand.Clock()
	clock.Freeze(true)
	t.Cleanup(func() { clock.Freeze(false) })
	clock.Set(clock.Now().Truncate(time.Second).Add(pause))
	i, contact, _ := s.cast(t, 0)
	deal, at := crm.DealID(s.Deal(i)), clock.Now()
	if err := s.Hand.Phone(s.Contact(contact), "+49 30 5550177"); err != nil {
		t.Fatal(err)
	}
	clock.Advance(pause)
	for _, c := range []struct {
		from, to time.Duration
		in       bool
	}{
		{-time.Minute, 0, false},
		{0, time.Second, true},
		{time.Second, time.Minute, false},
		{-time.Second, time.Second, true},
		{0, 0, false},
	} {
		got, _ := s.moves(t, crm.Window{From: at.Add(c.from), To: at.Add(c.to)}, "")
		if _, in := got[deal]; in != c.in {
			t.Errorf("from %v to %v: %v, want %v", c.from, c.to, in, c.in)
		}
	}
}

// When nothing moved, each stream costs a call and names nothing.
func (s Subject) untouched(t *testing.T) {
	s.Hand.Clock().Advance(pause)
	w := crm.Window{From: s.Hand.Clock().Now()}
	if _, err := s.Source.Describe(t.Context()); err != nil { // the schema is read
		t.Fatal(err)
	}
	before := s.Source.Calls()
	got, pages := s.moves(t, w, "")
	n := 0
	for kind, calls := range s.Source.Calls() {
		n += int(calls - before[kind])
	}
	if len(got) != 0 || n != s.Streams {
		t.Errorf("%d deals in %d calls, want none in %d", len(got), n, s.Streams)
	}
	if len(pages) == 0 || pages[len(pages)-1].Next != "" {
		t.Errorf("%d pages, none of them the last", len(pages))
	}
}

// Many notes share one stamp, over several pages: every deal is named, and from
// every page on the rest is named again.
func (s Subject) crowd(t *testing.T) {
	clock := s.Hand.Clock()
	clock.Freeze(true)
	t.Cleanup(func() { clock.Freeze(false) })
	clock.Advance(pause)
	w := crm.Window{From: clock.Now().Truncate(time.Second)}
	deals, want := s.won(len(s.World.Deals)), map[crm.DealID]bool{}
	for n := range 3000 {
		id := s.Deal(deals[n*len(deals)/3000])
		want[crm.DealID(id)] = true
		if _, err := s.Hand.Write(id, fmt.Sprintf("Imported note %d of many", n)); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(time.Minute)
	whole, pages := s.moves(t, w, "")
	if len(whole) != len(want) {
		t.Errorf("%d deals are named, want %d", len(whole), len(want))
	}
	for id := range want {
		if _, named := whole[id]; !named {
			t.Fatalf("deal %s is not named", id)
		}
	}
	cursors := map[string]bool{}
	for i, p := range pages[:len(pages)-1] {
		if p.Next == "" || cursors[p.Next] {
			t.Fatalf("page %d of %d goes on at %q", i, len(pages), p.Next)
		}
		cursors[p.Next] = true
		rest := map[crm.DealID]bool{}
		for _, later := range pages[i+1:] {
			for _, m := range later.Deals {
				rest[m.ID] = true
			}
		}
		again, _ := s.moves(t, w, p.Next)
		if !maps.Equal(rest, set(again)) {
			t.Errorf("behind page %d of %d: %d deals, want %d", i, len(pages), len(again), len(rest))
		}
	}
	if len(pages) < s.Streams+2 {
		t.Errorf("%d pages: 3,000 notes are too few to show anything", len(pages))
	}
}

func set(moved map[crm.DealID]crm.Moved) map[crm.DealID]bool {
	out := map[crm.DealID]bool{}
	for id := range moved {
		out[id] = true
	}
	return out
}

// A place that is none of ours is refused, and not read as the beginning.
func (s Subject) touchedElsewhere(t *testing.T) {
	for _, after := range []string{"x", "notes", "companies|1", "contacts|x", "contact roles|x", "31400000023", "2026-11-20T00:00:00Z|00K000000000001AAA"} {
		for _, err := range s.Source.Touched(t.Context(), crm.Window{From: s.World.Now}, after) {
			if crm.KindOf(err) != crm.Invalid || err == nil {
				t.Errorf("%q was taken: %v", after, err)
			}
		}
	}
}

// Notes are refused for a while: the other streams are read, it is told, and
// told no more once notes are to be seen again.
func (s Subject) denied(t *testing.T) {
	clock := s.Hand.Clock()
	clock.Advance(pause)
	w := crm.Window{From: clock.Now().Truncate(time.Second)}
	told := func() []string {
		t.Helper()
		d, err := s.Source.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, p := range d.Problems {
			if strings.Contains(p.Message, "only the sweep finds") {
				all = append(all, p.Place)
				if p.Severity != crm.Warn {
					t.Errorf("%+v", p)
				}
			}
		}
		return all
	}
	a, contact, _ := s.cast(t, 0)
	b, _, _ := s.cast(t, 20)
	if s.plays(b, contact) {
		t.Fatal("one contact on both deals")
	}
	if err := s.Hand.Phone(s.Contact(contact), "+49 30 5550133"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Hand.Write(s.Deal(b), "What was promised"); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Minute)
	if before := told(); len(before) != 0 {
		t.Fatalf("told before: %v", before)
	}
	allow := s.Hand.Deny()
	for range 2 {
		got, _ := s.moves(t, w, "")
		if _, named := got[crm.DealID(s.Deal(a))]; !named {
			t.Error("another stream is not read")
		}
		if _, named := got[crm.DealID(s.Deal(b))]; named {
			t.Error("notes are read")
		}
		for range 2 { // a pass asks twice
			if all := told(); len(all) != 1 || !strings.HasPrefix(strings.ToLower(all[0]), "note") {
				t.Errorf("told of %v", all)
			}
		}
	}
	allow()
	if got, _ := s.moves(t, w, ""); got[crm.DealID(s.Deal(b))].ID == "" {
		t.Error("notes are not read again")
	}
	if all := told(); len(all) != 0 {
		t.Errorf("still told of %v", all)
	}
}

package crmtest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// Partners is the part of the suite for deals that came with a partner. The
// subject asks for them; without is the same connection that does not.
func Partners(t *testing.T, s Subject, without crm.Source) {
	for _, c := range []crm.Source{s.Source, without} {
		if _, err := c.Describe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	plain := s
	plain.Source = without
	t.Run("names deals with a partner, won or not", func(t *testing.T) { s.partnersNamed(t, plain) })
	t.Run("asks no more often for them", func(t *testing.T) { s.partnersCost(t, plain) })
	t.Run("loads deals that are not won", s.loadsOpen)
	t.Run("tells what moves beside an open deal with a partner", s.partnersTouched)
}

// of reports whether a deal of the world came with a partner.
func of(d world.Deal) bool { return d.Fields["partner"] != "" }

func (s Subject) partnersNamed(t *testing.T, plain Subject) {
	named, _ := s.all(t, crm.Window{}, "")
	other, _ := plain.all(t, crm.Window{}, "")
	open := 0
	for i, d := range s.World.Deals {
		m, ok := named[crm.DealID(s.Deal(i))]
		if m.Partner != of(d) || of(d) && !ok {
			t.Errorf("deal %d: named %v, %+v; its partner is %q", i, ok, m, d.Fields["partner"])
		}
		if m.Partner && !m.Won {
			open++
		}
		m.Partner = false
		if d := cmp.Diff(other[crm.DealID(s.Deal(i))], m); d != "" {
			t.Errorf("deal %d is told otherwise where nobody asks for partners:\n%s", i, d)
		}
	}
	if open == 0 {
		t.Error("the world has no open deal with a partner")
	}
}

func (s Subject) partnersCost(t *testing.T, plain Subject) {
	cost := func(s Subject) map[string]int64 {
		before := maps.Clone(s.Source.Calls())
		s.all(t, crm.Window{}, "")
		if _, err := s.Source.Earlier(t.Context()); err != nil {
			t.Fatal(err)
		}
		spent := map[string]int64{}
		for kind, n := range s.Source.Calls() {
			if n -= before[kind]; n != 0 {
				spent[kind] = n
			}
		}
		return spent
	}
	if d := cmp.Diff(cost(plain), cost(s)); d != "" {
		t.Errorf("calls without and with partners:\n%s", d)
	}
}

// loadsOpen: a deal that is not won has no win, and everything else.
func (s Subject) loadsOpen(t *testing.T) {
	var ids []crm.DealID
	at := map[string]int{}
	for i, d := range s.World.Deals {
		if of(d) && d.Stage != world.Won {
			ids = append(ids, crm.DealID(s.Deal(i)))
			at[s.Deal(i)] = i
		}
	}
	for chunk := range slices.Chunk(ids, s.Source.LoadBatch()) {
		l, err := s.Source.Load(t.Context(), chunk)
		if err != nil || len(l.Deals) != len(chunk) {
			t.Fatalf("%d of %d deals, %v", len(l.Deals), len(chunk), err)
		}
		for i := range l.Deals {
			d, n := &l.Deals[i], at[l.Deals[i].Ref.ID]
			lost := s.World.Deals[n].Stage == world.Lost
			if d.Won || d.Closed != lost || !d.WonAt.At.IsZero() {
				t.Errorf("deal %d: won %v, closed %v, at %s", n, d.Won, d.Closed, d.WonAt.At)
			}
			if diff := cmp.Diff(s.want(n).Fields, plain(d).Fields); diff != "" {
				t.Errorf("deal %d (-want +got):\n%s", n, diff)
			}
		}
	}
}

// partnersTouched: a contact's edit names the open deal it is on.
func (s Subject) partnersTouched(t *testing.T) {
	i := slices.IndexFunc(s.World.Deals, func(d world.Deal) bool { return of(d) && d.Stage != world.Won && len(d.Roles) > 0 })
	if i < 0 {
		t.Fatal("the world is too small")
	}
	clock := s.Hand.Clock()
	clock.Freeze(true)
	t.Cleanup(func() { clock.Freeze(false) })
	clock.Advance(pause)
	at := clock.Now().Truncate(time.Second)
	if err := s.Hand.Phone(s.Contact(s.World.Deals[i].Roles[0].Contact), "+49 30 5550123"); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Minute)
	if moved, _ := s.moves(t, crm.Window{From: at}, ""); moved[crm.DealID(s.Deal(i))].ID == "" {
		t.Errorf("deal %d is not named: %v", i, moved)
	}
}
